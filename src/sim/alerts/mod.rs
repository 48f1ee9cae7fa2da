//! The training platform's Prometheus rules and its Alertmanager: what fires follows from how the world is.
//!
//! Rules are judged anew at each beat. A tenant that has something critical needs no warnings; a silence hides what it
//! matches; an acknowledgement is a colleague's word. None of it draws from the engine's chances.

mod make;

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use self::make::Case;
use super::engine::Engine;
use super::scenario::{AckPlan, Incident, SilencePlan};
use crate::domain::{
    Ack, Alert, AlertState, ClientSpec, ClusterKind, FeedId, Health, Kind, Matcher, Object,
    Resource, Severity, Silence, SilenceState, Span, Spec, Text, Timestamp, Uid, in_words,
};

/// A tenant must be unwell for so long before it is told.
const PENDING: Span = Span::from_secs(45);
/// A run that failed is told of for so long.
const TOLD_OF: Span = Span::from_secs(3 * 86_400);
/// A backup older than this is late.
const LATE: Span = Span::from_secs(26 * 3_600);
/// The most alerts that rules make; a scenario's storm comes on top.
const MOST: usize = 400;
/// A storm comes in over this time.
const STORM: Span = Span::from_secs(25);

/// What the scenario makes fire beside the rules.
#[derive(Debug, Default)]
pub(super) struct Alerting {
    /// Each with its end.
    planned: Vec<(Case, Option<Timestamp>)>,
    /// What was told of at the last beat.
    known: BTreeSet<Uid>,
}

/// Puts it into the world of `engine`.
pub(super) fn found(engine: &mut Engine) {
    let scenario = Arc::clone(&engine.scenario);
    for (number, plan) in scenario.silences.iter().enumerate() {
        let silence = silence(plan.get_ref(), number, engine.now());
        engine.put(silence);
    }
    judge(engine);
    for plan in &scenario.acks {
        acknowledge(engine, plan.get_ref());
    }
}

/// It goes on.
pub(super) fn beat(engine: &mut Engine) {
    end_silences(engine);
    end_acks(engine);
    judge(engine);
}

/// The scenario makes an alert, or a storm of them, fire.
pub(super) fn incident(engine: &mut Engine, incident: &Incident) {
    let now = engine.now();
    let ends = incident.lasts.map(|lasts| now.after(lasts));
    let count = incident.count.get().max(1);
    let tenants: Vec<ClientSpec> = match &incident.tenant {
        Some(tenant) => engine.world.order(tenant.as_str()).cloned().into_iter().collect(),
        None => clients(engine).map(|(_, spec)| spec.clone()).take(count as usize).collect(),
    };
    let severity = match incident.severity {
        Some(Severity::Critical) | None => "critical",
        Some(Severity::High) => "high",
        Some(Severity::Normal) => "warning",
        Some(Severity::Info | Severity::Unknown) => "info",
    };
    let says = incident.message.clone().unwrap_or_else(|| Text::clean("the probe fails"));
    let named = incident.alert.clone();
    for (number, tenant) in (0..count).zip(tenants) {
        let since = now.after(Span::from_ms(STORM.ms() * number / count));
        let says = Text::clean(&format!("{}: {says}", tenant.subdomain));
        let case = Case {
            name: "TenantOdooDown",
            named: named.clone(),
            severity,
            tenant: Some(tenant),
            subject: None,
            says,
            since,
        };
        engine.alerting.planned.push((case, ends));
    }
    judge(engine);
}

fn clients(engine: &Engine) -> impl Iterator<Item = (&Arc<Resource>, &ClientSpec)> {
    engine.world.objects(Kind::Client).filter_map(|client| match &client.spec {
        Spec::Client(spec) => Some((client, spec)),
        _ => None,
    })
}

/// What fires now is told, and what no longer does is taken back.
pub(super) fn judge(engine: &mut Engine) {
    let now = engine.now();
    engine.alerting.planned.retain(|(_, ends)| ends.is_none_or(|ends| ends > now));
    let mut cases = vec![watchdog(engine)];
    cases.extend(unwell(engine, now));
    cases.extend(runs(engine, now));
    cases.extend(backups(engine, now));
    cases.extend(certificates(engine));
    cases.truncate(MOST);
    let planned = &engine.alerting.planned;
    cases.extend(planned.iter().map(|(case, _)| case).filter(|case| case.since <= now).cloned());
    let alerts = muted(engine, &cases);
    let known: BTreeSet<Uid> = alerts.keys().cloned().collect();
    let gone: Vec<Uid> = engine.alerting.known.difference(&known).cloned().collect();
    for uid in gone {
        engine.take(FeedId::Alerts, &uid);
    }
    for alert in alerts.into_values() {
        engine.put(alert);
    }
    engine.alerting.known = known;
}

/// The alerts of `cases`, with what mutes them.
fn muted(engine: &Engine, cases: &[Case]) -> BTreeMap<Uid, Alert> {
    let mut alerts: BTreeMap<Uid, Alert> = BTreeMap::new();
    for case in cases {
        alerts.entry(case.uid()).or_insert_with(|| case.alert());
    }
    let critical: BTreeMap<Text, Uid> = alerts
        .values()
        .filter(|alert| alert.severity == Severity::Critical)
        .filter_map(|alert| Some((alert.tenant.clone()?, alert.uid.clone())))
        .collect();
    let silences: Vec<&Silence> = engine
        .world
        .others(FeedId::Silences)
        .filter_map(|object| match object {
            Object::Silence(silence) if silence.state == SilenceState::Active => Some(&**silence),
            _ => None,
        })
        .collect();
    let covers: Vec<_> = silences.iter().map(|silence| (silence, silence.covers())).collect();
    for alert in alerts.values_mut() {
        let worse = alert.tenant.as_ref().and_then(|tenant| critical.get(tenant));
        if let Some(worse) = worse.filter(|_| alert.severity == Severity::Normal) {
            alert.inhibited_by = Box::new([worse.clone()]);
            alert.state = AlertState::Inhibited;
        }
        let hidden = covers.iter().filter(|(_, covers)| covers.hides(alert));
        alert.silenced_by = hidden.map(|(silence, _)| silence.uid.clone()).collect();
        if !alert.silenced_by.is_empty() {
            alert.state = AlertState::Silenced;
        }
    }
    alerts
}

fn case(name: &'static str, severity: &'static str, says: &str, since: Timestamp) -> Case {
    let says = Text::clean(says);
    Case { name, named: None, severity, tenant: None, subject: None, says, since }
}

/// The alert that always fires: its absence says that nothing is watched.
fn watchdog(engine: &Engine) -> Case {
    let since = engine.scenario.start.before(Span::from_secs(9 * 86_400));
    case("Watchdog", "none", "alerts can reach you: this one always fires", since)
}

/// Tenants that do not work.
fn unwell(engine: &Engine, now: Timestamp) -> Vec<Case> {
    let mut found = Vec::new();
    for (client, spec) in clients(engine) {
        let worst = engine
            .world
            .environments(spec.subdomain.as_str())
            .chain([client])
            .filter(|object| matches!(object.health(), Health::Failed | Health::Degraded))
            .min_by_key(|object| object.health());
        let Some(object) = worst else { continue };
        let bad = if object.health() == Health::Failed { "Synced" } else { "Ready" };
        let Some(condition) = object.condition(bad) else { continue };
        let since = condition.since.unwrap_or(now).after(PENDING);
        if since > now {
            continue;
        }
        let (name, severity) = match object.health() {
            Health::Failed => ("TenantNotReconciled", "high"),
            _ => ("TenantOdooDown", "critical"),
        };
        let says = format!("{}: {}", spec.subdomain, condition.message);
        found.push(Case { tenant: Some(spec.clone()), ..case(name, severity, &says, since) });
    }
    found
}

/// Runs that failed.
fn runs(engine: &Engine, now: Timestamp) -> Vec<Case> {
    let kinds = [
        (Kind::Upgrade, "TenantUpgradeFailed", "the upgrade"),
        (Kind::Restore, "EnvironmentRestoreFailed", "the restore"),
        (Kind::Template, "TemplateSnapshotFailed", "the template"),
    ];
    let mut found = Vec::new();
    for (kind, name, what) in kinds {
        for run in engine.world.objects(kind) {
            let since = run.condition("Ready").and_then(|condition| condition.since);
            let since = since.or(run.meta.created).unwrap_or(now);
            if run.health() != Health::Failed || now.since(since) > TOLD_OF {
                continue;
            }
            let says = format!("{what} {} failed", run.meta.name);
            let tenant = run.tenant().and_then(|tenant| engine.world.order(tenant.as_str()));
            found.push(Case {
                tenant: tenant.cloned(),
                subject: Some(("run", run.meta.name.clone())),
                ..case(name, "warning", &says, since)
            });
        }
    }
    found
}

/// Tenants whose newest backup is too old.
fn backups(engine: &Engine, now: Timestamp) -> Vec<Case> {
    let late = |object: &Object| {
        let Object::Shelf(shelf) = object else { return None };
        let taken = shelf.last_good(true)?.taken();
        let tenant = engine.world.order(shelf.owner()?.as_str())?;
        (now.since(taken) > LATE).then(|| {
            let since = taken.after(LATE);
            let says = format!("{}: the last good backup is too old", tenant.subdomain);
            Case { tenant: Some(tenant.clone()), ..case("BackupLate", "warning", &says, since) }
        })
    };
    engine.world.others(FeedId::Backups).filter_map(late).collect()
}

/// Certificates that are not well.
fn certificates(engine: &Engine) -> Vec<Case> {
    let feed = FeedId::of_cluster(ClusterKind::Certificate);
    let bad = |object: &Object| {
        let Object::ClusterObject(object) = object else { return None };
        if !matches!(object.health, Health::Failed | Health::Degraded) {
            return None;
        }
        let says = format!("the certificate {} is about to expire", object.meta.name);
        let since = engine.scenario.start.before(Span::from_secs(5 * 3_600));
        let subject = Some(("certificate", object.meta.name.clone()));
        Some(Case { subject, ..case("CertExpiringSoon", "warning", &says, since) })
    };
    engine.world.others(feed).filter_map(bad).collect()
}

fn silence(plan: &SilencePlan, number: usize, now: Timestamp) -> Silence {
    let labels = [("alertname", &plan.alert), ("tenant", &plan.tenant)];
    let matcher = |(name, value): (&str, &Option<Text>)| {
        let value = value.clone()?;
        Some(Matcher { name: Text::clean(name), value, regex: false, equal: true })
    };
    let matchers: Box<[Matcher]> = labels.into_iter().filter_map(matcher).collect();
    let starts = now.before(plan.ago);
    Silence {
        uid: Uid(Text::clean(&format!("silence-{number}"))),
        words: in_words(&matchers),
        matchers,
        starts,
        ends: starts.after(plan.lasts),
        by: plan.by.clone(),
        comment: plan.reason.clone(),
        state: SilenceState::Active,
    }
}

fn end_silences(engine: &mut Engine) {
    let now = engine.now();
    let ended: Vec<Silence> = engine
        .world
        .others(FeedId::Silences)
        .filter_map(|object| match object {
            Object::Silence(silence) if silence.ends <= now => {
                Some(Silence { state: SilenceState::Expired, ..Silence::clone(silence) })
            }
            _ => None,
        })
        .collect();
    for silence in ended {
        engine.put(silence);
    }
}

fn acknowledge(engine: &mut Engine, plan: &AckPlan) {
    let fits = |object: &&Object| match object {
        Object::Alert(alert) => {
            alert.tenant.as_ref() == Some(&plan.tenant) && alert.name == plan.alert
        }
        _ => false,
    };
    let Some(uid) = engine.world.others(FeedId::Alerts).find(fits).map(Object::uid).cloned() else {
        return;
    };
    let at = engine.now().before(plan.ago);
    let until = Some(at.after(plan.lasts));
    engine.put(Ack { uid, by: plan.by.clone(), at, until, note: plan.note.clone() });
}

/// Who said for how long is no longer taken at his word after that; nor is it kept of alerts that are gone.
fn end_acks(engine: &mut Engine) {
    let now = engine.now();
    let known: HashSet<&Uid> = engine.alerting.known.iter().collect();
    let over = |object: &Object| match object {
        Object::Ack(ack) => {
            ack.until.is_some_and(|until| until <= now) || !known.contains(&ack.uid)
        }
        _ => false,
    };
    let ended: Vec<Uid> = engine
        .world
        .others(FeedId::Acks)
        .filter(|object| over(object))
        .map(|object| object.uid().clone())
        .collect();
    for uid in ended {
        engine.take(FeedId::Acks, &uid);
    }
}
