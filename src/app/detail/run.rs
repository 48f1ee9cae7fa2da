//! The details of a run: how far it is and why it failed in words, its Job and pods, how long it is still watched, whom it
//! touches, and what the runbook says.

use super::cluster::{events_of, list, occurrences};
use super::resource::{composed, conditions, spec};
use super::{DetailLine, Piece, Tone, advice, age, blank, heading, health_text, present, said};
use crate::domain::{
    ClusterKind, ClusterObject, Health, Kind, MadeBy, Resource, RunPhase, Spec, Status, Text,
};
use crate::store::{Held, Store, UpgradesTable};

/// The lines of the run that `held` holds.
pub(super) fn lines(store: &Store, held: &Held) -> Vec<DetailLine> {
    let run = &*held.object;
    let work = work(store, run);
    let mut lines = head(store, held);
    lines.extend(why(run, &work));
    lines.extend(soak(run));
    lines.extend(touches(store, run));
    let of_kind = |kind| work.iter().filter(|it| it.kind == kind).copied().collect::<Vec<_>>();
    if work.is_empty() {
        lines.extend([blank(), heading("Job")]);
        let text = match run.run_phase() {
            RunPhase::Done => "none any more: it was removed after the run was done",
            _ => "none yet, or it was removed",
        };
        lines.push(said("", Tone::Muted, &Text::clean(text)));
    }
    list(&mut lines, "Job", of_kind(ClusterKind::Job));
    list(&mut lines, "Pods", of_kind(ClusterKind::Pod));
    let mut events: Vec<&ClusterObject> =
        work.iter().flat_map(|object| events_of(store, object)).collect();
    events.sort_by(|a, b| a.meta.uid.cmp(&b.meta.uid));
    events.dedup_by(|a, b| a.meta.uid == b.meta.uid);
    occurrences(&mut lines, &events);
    conditions(&mut lines, &run.conditions);
    lines.extend([blank(), heading("Asked for")]);
    lines.extend(spec(&run.spec));
    composed(&mut lines, &run.composed);
    lines.extend(runbook(run));
    lines.extend([blank(), said("uid", Tone::Muted, &run.meta.uid.0)]);
    lines
}

/// The Jobs of `run` and their pods.
fn work<'a>(store: &'a Store, run: &Resource) -> Vec<&'a ClusterObject> {
    let mut places = store.owners().work_of(run);
    for (kind, slot) in places.clone() {
        let Some(held) = store.cluster(kind).get(slot) else { continue };
        if kind == ClusterKind::Job {
            let meta = &held.object.meta;
            let namespace = meta.namespace.as_ref().map(Text::as_str);
            let of = store.owners().of(namespace, "Job", meta.name.as_str());
            places.extend(of.iter().filter(|(kind, _)| *kind == ClusterKind::Pod));
        }
    }
    places.sort_unstable();
    places.dedup();
    let held = places.into_iter().filter_map(|(kind, slot)| store.cluster(kind).get(slot));
    held.map(|held| &*held.object).collect()
}

fn head(store: &Store, held: &Held) -> Vec<DetailLine> {
    let run = &*held.object;
    let health = run.health();
    let mut lines = vec![
        said("kind", Tone::Plain, &Text::clean(run.kind().name())),
        said("health", Tone::Health(health), &health_text(health)),
    ];
    let mut pieces = vec![Piece::Text(
        Tone::Plain,
        Text::from(format!("{} since ", UpgradesTable::new(store).phase(run))),
    )];
    pieces.extend(UpgradesTable::new(store).since(run).map(Piece::Age));
    lines.push(DetailLine { label: "phase", pieces });
    lines.extend(run.tenant().and_then(|tenant| present("tenant", tenant)));
    if let Spec::Upgrade(spec) = &run.spec {
        let majors = if spec.from == spec.to {
            format!("stays on Odoo {}, new code", spec.to)
        } else {
            format!("from Odoo {} to {}", spec.from, spec.to)
        };
        lines.push(said("what", Tone::Plain, &Text::from(format!("{majors} ({})", spec.strategy))));
    }
    lines.extend(run.meta.created.map(|at| age("asked for", at)));
    lines.extend(run.meta.by.as_deref().map(by));
    lines.extend(run.meta.deleting.map(|at| age("being removed", at)));
    lines.push(said("log", Tone::Muted, &Text::clean("press l to read it")));
    lines
}

/// Who asked for it.
fn by(maker: &MadeBy) -> DetailLine {
    let pieces = match maker {
        MadeBy::Person(name) => vec![Piece::Text(Tone::Plain, name.clone())],
        MadeBy::Program(name, at) => {
            let written = at.map_or("", |_| " wrote it ");
            let mut pieces =
                vec![Piece::Text(Tone::Plain, Text::from(format!("the program {name}{written}")))];
            pieces.extend(at.map(Piece::Age));
            let more = "; for whom, the audit records may say: press A";
            pieces.push(Piece::Text(Tone::Muted, Text::clean(more)));
            pieces
        }
    };
    DetailLine { label: "by", pieces }
}

/// Why it failed: what its controller says, then its Job, then how its container ended.
fn why(run: &Resource, work: &[&ClusterObject]) -> Vec<DetailLine> {
    if !matches!(run.run_phase(), RunPhase::Failed | RunPhase::Refused) {
        return Vec::new();
    }
    let condition = run.conditions.iter().find(|condition| condition.status == Status::False);
    let said_by = |what: &str, text: &Text| {
        let text = Text::from(format!("{what} {text}"));
        said("", Tone::Error, &text)
    };
    let mut lines = vec![blank(), heading("Why it failed")];
    let own = condition.map(|condition| {
        if condition.message.is_empty() { &condition.reason } else { &condition.message }
    });
    lines.extend(own.map(|text| said_by("its controller says:", text)));
    for object in work.iter().filter(|object| object.health == Health::Failed) {
        match object.kind {
            ClusterKind::Job if !object.message.is_empty() => {
                lines.push(said_by("its Job says:", &object.message));
            }
            ClusterKind::Pod => {
                let end = object.field(ClusterObject::LAST_END).unwrap_or(&object.state);
                lines.push(said_by("its container ended with", end));
            }
            _ => {}
        }
    }
    lines.push(said(
        "",
        Tone::Muted,
        &Text::clean("its last words are at the end of its log: press l"),
    ));
    lines
}

fn soak(run: &Resource) -> Vec<DetailLine> {
    let Some(soak) = run.soak() else { return Vec::new() };
    match run.soak_ends() {
        Some(at) => {
            vec![DetailLine {
                label: "soak",
                pieces: vec![
                    Piece::Text(Tone::Plain, Text::from(format!("watched for {soak}, ends "))),
                    Piece::Age(at),
                ],
            }]
        }
        None => vec![said(
            "soak",
            Tone::Muted,
            &Text::from(format!("it will be watched for {soak} once it is done")),
        )],
    }
}

/// Whom it touches: the workers of a major serve all its tenants.
fn touches(store: &Store, run: &Resource) -> Vec<DetailLine> {
    let Some(major) = run.run_major().filter(|major| !major.is_empty()) else { return Vec::new() };
    if run.kind() != Kind::Upgrade {
        return Vec::new();
    }
    let clients = store.collection(Kind::Client).iter();
    let on = clients.filter(|(_, held)| match &held.object.spec {
        Spec::Client(spec) => spec.odoo_version == major,
        _ => false,
    });
    let count = on.count();
    let text = format!(
        "new code is served after worker-odoo of Odoo {major} was restarted, which serves all {count} tenants of that \
         major"
    );
    vec![said("touches", Tone::Warning, &Text::from(text))]
}

fn runbook(run: &Resource) -> Vec<DetailLine> {
    let topic = match run.kind() {
        Kind::Restore => "restore",
        Kind::Upgrade | Kind::Template | Kind::Client | Kind::Environment => "upgrade",
    };
    let job = run.composed.iter().find(|reference| reference.kind == "Job");
    let namespace = job.and_then(|job| job.namespace.as_ref()).map(Text::as_str);
    advice::lines(topic, |name| match name {
        "tenant" => run.tenant().map(Text::as_str),
        "namespace" => namespace,
        _ => None,
    })
}
