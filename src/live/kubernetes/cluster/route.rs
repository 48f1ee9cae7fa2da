//! Gateways and the routes through them.

use super::Raw;
use super::draft::Draft;
use super::view::{Stated, View};
use crate::domain::{Health, Status, Text};
use crate::live::kubernetes::meta::NAME;

/// Reads a Gateway.
pub(super) fn read_gateway(draft: &mut Draft<'_>, raw: &Raw<'_>) {
    let (spec, status) = raw.parts();
    let (spec, status) = (View::new(&spec), View::new(&status));
    let listeners: Vec<View<'_>> = status.get("listeners").items().collect();
    let bad = |one: View<'_>| -> Option<String> {
        let wrong = ["Programmed", "Accepted", "ResolvedRefs"]
            .into_iter()
            .find_map(|name| one.condition(name).filter(|stated| stated.is(Status::False)))?;
        Some(format!("{}: {}", one.get("name").text(), wrong.words()))
    };
    let wrong: Vec<String> = listeners.iter().filter_map(|one| bad(*one)).collect();
    let wanted = spec.get("listeners").items().count().max(listeners.len());
    let ready = listeners.len().saturating_sub(wrong.len());
    draft.ready = Some((count(ready), count(wanted)));
    let refused = ["Accepted", "Programmed"]
        .into_iter()
        .find_map(|name| status.condition(name).filter(|one| one.is(Status::False)));
    let told = status.condition("Programmed");
    if let Some(refused) = refused {
        draft.stands(Health::Failed, "not programmed");
        draft.says(refused.words());
    } else if told.is_none_or(|told| told.is(Status::Unknown)) {
        draft.stands(Health::Progressing, "no controller has taken it yet");
    } else if let Some(first) = wrong.first() {
        draft.stands(Health::Degraded, &format!("{ready} of {wanted} listeners work"));
        draft.says(first);
    } else {
        draft.stands(Health::Healthy, "programmed");
    }
    draft.conditions(status);
    draft.field("class", spec.get("gatewayClassName").text());
    let addresses: Vec<&str> =
        status.get("addresses").items().map(|one| one.get("value").text()).collect();
    draft.field("addresses", &addresses.join(", "));
    for listener in spec.get("listeners").items() {
        let name = listener.get("name").text();
        let found = listeners.iter().find(|one| one.get("name").text() == name);
        let routes = found.map_or(0, |one| one.get("attachedRoutes").count());
        let state = found.map_or("unknown".to_owned(), |one| {
            bad(*one).map_or("works".into(), |_| "does not work".into())
        });
        let host = listener.get("hostname").text();
        let port = listener.get("port").word();
        draft.field(
            &format!("listener.{name}"),
            &format!("{host}:{port}, {routes} routes, {state}"),
        );
    }
}

/// Reads an `HTTPRoute`. Tenants' addresses are subdomains of `domain`.
pub(super) fn read_route(draft: &mut Draft<'_>, raw: &Raw<'_>, domain: &str) {
    let (spec, status) = raw.parts();
    let (spec, status) = (View::new(&spec), View::new(&status));
    let hosts: Vec<&str> = spec.get("hostnames").items().map(View::text).collect();
    if draft.tenant.is_none() {
        draft.tenant = hosts.iter().find_map(|host| tenant(host, domain));
    }
    let parents: Vec<View<'_>> = status.get("parents").items().collect();
    let wrong = |name: &str| -> Option<Stated<'_>> {
        parents.iter().find_map(|one| one.condition(name).filter(|told| told.is(Status::False)))
    };
    let (refused, broken) = (wrong("Accepted"), wrong("ResolvedRefs"));
    let taken = parents
        .iter()
        .filter(|one| one.condition("Accepted").is_some_and(|told| told.is(Status::True)));
    draft.ready = Some((count(taken.count()), count(spec.get("parentRefs").items().count())));
    match (refused, broken) {
        (Some(refused), _) => {
            draft.stands(Health::Failed, &format!("not accepted: {}", refused.reason));
            draft.says(refused.words());
            draft.at = refused.since;
        }
        (None, Some(broken)) => {
            draft.stands(Health::Failed, &format!("leads nowhere: {}", broken.reason));
            draft.says(broken.words());
            draft.at = broken.since;
        }
        (None, None) if draft.ready.is_some_and(|(taken, _)| taken == 0) => {
            draft.stands(Health::Progressing, "no gateway has taken it yet");
        }
        (None, None) => draft.stands(Health::Healthy, "accepted"),
    }
    if draft.health != Health::Healthy {
        for parent in &parents {
            draft.conditions(*parent);
        }
    }
    draft.field("hosts", &hosts.join(", "));
    let leads: Vec<String> = spec
        .get("rules")
        .items()
        .flat_map(|rule| rule.get("backendRefs").items())
        .map(|to| format!("{}:{}", to.get("name").text(), to.get("port").word()))
        .collect();
    draft.field("leads to", &leads.join(", "));
    let through: Vec<String> = spec
        .get("parentRefs")
        .items()
        .map(|one| {
            let (name, section) = (one.get("name").text(), one.get("sectionName").text());
            if section.is_empty() { name.to_owned() } else { format!("{name}/{section}") }
        })
        .collect();
    draft.field("gateway", &through.join(", "));
}

/// The tenant whose address `host` is.
fn tenant(host: &str, domain: &str) -> Option<Text> {
    let name = host.strip_suffix(domain)?.strip_suffix('.')?;
    let is_name = !domain.is_empty() && !name.is_empty() && !name.contains(['.', '*']);
    is_name.then(|| Text::bounded(name, NAME))
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
