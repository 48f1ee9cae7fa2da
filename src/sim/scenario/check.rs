//! What a file's shape can't say: that the story speaks of tenants that exist, and says enough.

use std::cell::OnceCell;
use std::collections::BTreeSet;

use toml::Spanned;

use super::{Incident, NamedTenant, Run, RunKind, Scenario, What, people};
use crate::domain::{Text, nearest};
use crate::sim::names::{self, Company};

/// The most incidents, runs and named tenants, each.
const MAX_ITEMS: usize = 1_000;

/// Where the first mistake is, and a clause that says what it is.
type Mistake = (usize, String);

pub(super) fn mistake(scenario: &Scenario) -> Option<Mistake> {
    too_many(&scenario.named, "tenants")
        .or_else(|| too_many(&scenario.runs, "runs"))
        .or_else(|| too_many(&scenario.incidents, "incidents"))
        .or_else(|| too_many(&scenario.stream.past, "past events"))
        .or_else(|| too_many(&scenario.backups, "backups"))
        .or_else(|| too_many(&scenario.databases.block, "blocks"))
        .or_else(|| too_many(&scenario.silences, "silences"))
        .or_else(|| too_many(&scenario.faults, "faults"))
        .or_else(|| too_many(&scenario.acks, "acks"))
        .or_else(|| people::mistake(scenario))
        .or_else(|| story(scenario).err())
}

fn too_many<T>(items: &[Spanned<T>], what: &str) -> Option<Mistake> {
    let first = items.get(MAX_ITEMS)?;
    Some((
        first.span().start,
        format!("there are {} {what}; at most {MAX_ITEMS} are read", items.len()),
    ))
}

/// The subdomains that a story may speak of.
struct Roster<'a> {
    scenario: &'a Scenario,
    named: BTreeSet<String>,
    /// Made when the first tenant is looked for that is not named.
    generated: OnceCell<BTreeSet<String>>,
}

impl Roster<'_> {
    fn contains(&self, tenant: &str) -> bool {
        self.named.contains(tenant) || self.generated().contains(tenant)
    }

    fn generated(&self) -> &BTreeSet<String> {
        let make = || generated(self.scenario).map(|company| company.slug).collect();
        self.generated.get_or_init(make)
    }

    fn known(&self, tenant: &str) -> Result<(), String> {
        if self.contains(tenant) {
            return Ok(());
        }
        let names = self.named.iter().chain(self.generated()).map(String::as_str);
        let hint = nearest(tenant, names)
            .map_or_else(String::new, |nearest| format!("; perhaps “{nearest}” is meant"));
        Err(format!("there is no tenant “{tenant}”{hint}"))
    }
}

fn story(scenario: &Scenario) -> Result<(), Mistake> {
    let mut roster = Roster { scenario, named: BTreeSet::new(), generated: OnceCell::new() };
    for tenant in &scenario.named {
        named(tenant.get_ref(), &mut roster.named).map_err(|what| (tenant.span().start, what))?;
    }
    for run in &scenario.runs {
        check_run(run.get_ref(), &roster).map_err(|what| (run.span().start, what))?;
    }
    for backup in &scenario.backups {
        let known = roster.known(backup.get_ref().tenant.as_str());
        known.map_err(|what| (backup.span().start, what))?;
    }
    for past in &scenario.stream.past {
        let tenant = past.get_ref().tenant.as_ref();
        tenant
            .map_or(Ok(()), |tenant| roster.known(tenant.as_str()))
            .map_err(|what| (past.span().start, what))?;
    }
    for block in &scenario.databases.block {
        let tenant = block.get_ref().tenant.as_str();
        roster.known(tenant).map_err(|what| (block.span().start, what))?;
    }
    let plan = &scenario.operations;
    let named = [&plan.upgrades_fail, &plan.restores_fail, &plan.backups_fail];
    for tenant in named.into_iter().flatten().chain(&scenario.databases.broken) {
        let known = roster.known(tenant.get_ref().as_str());
        known.map_err(|what| (tenant.span().start, what))?;
    }
    for fault in &scenario.faults {
        fault.get_ref().mistake().map_or(Ok(()), |what| Err((fault.span().start, what)))?;
    }
    let silences = scenario.silences.iter().map(|it| (it.span(), it.get_ref().tenant.as_ref()));
    let acks = scenario.acks.iter().map(|it| (it.span(), Some(&it.get_ref().tenant)));
    for (span, tenant) in silences.chain(acks) {
        tenant
            .map_or(Ok(()), |tenant| roster.known(tenant.as_str()))
            .map_err(|what| (span.start, what))?;
    }
    for silence in &scenario.silences {
        if silence.get_ref().tenant.is_none() && silence.get_ref().alert.is_none() {
            let what = "a silence needs an alert or a tenant".to_owned();
            return Err((silence.span().start, what));
        }
    }
    let mut incidents: Vec<_> = scenario.incidents.iter().collect();
    incidents.sort_by_key(|incident| incident.get_ref().at);
    for incident in incidents {
        check_incident(incident.get_ref(), &mut roster)
            .map_err(|what| (incident.span().start, what))?;
    }
    Ok(())
}

/// The tenants that are not named by the scenario.
pub(in crate::sim) fn generated(scenario: &Scenario) -> impl Iterator<Item = Company> {
    let name = |tenant: &Spanned<NamedTenant>| tenant.get_ref().name.as_str().to_owned();
    let named: BTreeSet<_> = scenario.named.iter().map(name).collect();
    let count = scenario.tenants.count.size().saturating_sub(named.len());
    (0..).map(names::company).filter(move |company| !named.contains(&company.slug)).take(count)
}

fn named(tenant: &NamedTenant, roster: &mut BTreeSet<String>) -> Result<(), String> {
    subdomain(tenant.name.as_str())?;
    if roster.insert(tenant.name.as_str().to_owned()) {
        Ok(())
    } else {
        Err(format!("the tenant “{}” comes twice", tenant.name))
    }
}

fn subdomain(name: &str) -> Result<(), String> {
    let rule = |c| matches!(c, 'a'..='z' | '0'..='9' | '-');
    if (1..=30).contains(&name.len()) && name.chars().all(rule) {
        Ok(())
    } else {
        Err(format!("“{name}” is not a subdomain: 1 to 30 of a-z, 0-9 and -"))
    }
}

fn check_run(run: &Run, roster: &Roster<'_>) -> Result<(), String> {
    match (&run.tenant, &run.name, run.kind) {
        (None, None, RunKind::Template) => Err("a template needs a name".to_owned()),
        (Some(_), _, RunKind::Template) => Err("a template has no tenant".to_owned()),
        (None, Some(_), RunKind::Template) => Ok(()),
        (None, _, RunKind::Upgrade | RunKind::Restore) => Err("this run needs a tenant".to_owned()),
        (Some(tenant), _, RunKind::Upgrade | RunKind::Restore) => roster.known(tenant.as_str()),
    }
}

fn check_incident(incident: &Incident, roster: &mut Roster<'_>) -> Result<(), String> {
    let tenant = incident.tenant.as_ref().map(Text::as_str);
    match incident.what {
        What::ReadyFalse
        | What::SyncedFalse
        | What::Recover
        | What::Deleting
        | What::UpgradeStart
        | What::RestoreStart
        | What::Alert => match tenant {
            Some(tenant) => roster.known(tenant),
            None => Err("this incident needs a tenant".to_owned()),
        },
        What::Provision => match tenant {
            Some(tenant) if roster.contains(tenant) => {
                Err(format!("the tenant “{tenant}” exists already"))
            }
            Some(tenant) => {
                roster.named.insert(tenant.to_owned());
                subdomain(tenant)
            }
            None => Err("this incident needs a tenant".to_owned()),
        },
        What::FeedDown | What::FeedUp | What::FeedDenied if incident.feed.is_none() => {
            Err("this incident needs a feed".to_owned())
        }
        What::StreamGap | What::Burst | What::Alerts if incident.count.get() == 0 => {
            Err("this incident needs a count".to_owned())
        }
        What::Event if incident.kind.is_none() => Err("this incident needs a type".to_owned()),
        What::Event | What::Burst => tenant.map_or(Ok(()), |tenant| roster.known(tenant)),
        What::FeedDown
        | What::FeedUp
        | What::FeedDenied
        | What::StreamGap
        | What::StreamReset
        | What::Alerts
        | What::ProviderDown => Ok(()),
    }
}
