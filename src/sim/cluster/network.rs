//! The gateway, the route of each tenant, and the certificates.

use super::making::Making;
use crate::domain::FeedId;
use crate::domain::{
    ClientSpec, ClusterKind, ClusterObject, Condition, Health, Kind, Resource, Span, Spec, Status,
    Text, Timestamp, Uid,
};
use crate::sim::engine::Engine;
use crate::sim::scenario::ClusterPlan;

const DAY: u64 = 86_400;

/// The domains with a wildcard certificate, and the days until it ends.
const CERTIFICATES: [(&str, u64); 5] = [
    ("planapulse.app", 61),
    ("planapulse.com", 74),
    ("planapulse.ai", 48),
    ("planapulse.online", 83),
    ("planapulse.dev", 66),
];

/// A certificate with less than so many days should have been renewed.
const LATE: u64 = 30;

/// Puts the gateway and the certificates into the world of `engine`.
pub(super) fn found(engine: &mut Engine, plan: ClusterPlan) {
    let start = engine.now();
    let made = start.before(Span::from_secs(190 * DAY));
    let gateway = Making::new(ClusterKind::Gateway, Some("plana-odoo"), "eg-gateway")
        .created(made)
        .flux("platform-routes")
        .ready(10, 10)
        .state(Health::Healthy, "10 of 10 listeners programmed")
        .fields(&[
            ("address", "194.182.177.67".to_owned()),
            ("class", "eg".to_owned()),
            ("listeners", "https-app https-online https-ai https-com https-dev, http-*".to_owned()),
        ])
        .condition(("Accepted", Status::True, "Accepted"), "", made)
        .condition(("Programmed", Status::True, "Programmed"), "", made);
    engine.put(gateway.done());
    for (domain, days) in CERTIFICATES {
        let troubled = plan.troubles && domain == "planapulse.dev";
        engine.put(certificate(domain, if troubled { 9 } else { days }, start));
    }
}

fn certificate(domain: &str, days: u64, start: Timestamp) -> ClusterObject {
    let end = start.after(Span::from_secs(days * DAY + 5 * 3_600));
    let name = format!("wildcard-{}", domain.replace('.', "-"));
    let making = Making::new(ClusterKind::Certificate, Some("plana-odoo"), &name)
        .created(start.before(Span::from_secs(190 * DAY)))
        .flux("platform-routes")
        .at(end)
        .fields(&[
            ("names", format!("*.{domain}")),
            ("issuer", "ClusterIssuer/letsencrypt-dns01".to_owned()),
            ("ends", end.to_string()),
        ]);
    let since = start.before(Span::from_secs((90 - days.min(90)) * DAY));
    let ready = ("Ready", Status::True, "Ready");
    let making = making.condition(ready, "Certificate is up to date and has not expired", since);
    if days < LATE {
        let why = "the renewal fails: DNS-01 challenge: the zone did not take the record in time";
        making
            .state(Health::Degraded, &format!("{days} days left"))
            .message(why)
            .condition(
                ("Issuing", Status::False, "Failed"),
                why,
                start.before(Span::from_secs(6 * 3_600)),
            )
            .done()
    } else {
        making.state(Health::Healthy, &format!("{days} days left")).done()
    }
}

/// Makes the route of every tenant what the tenant's own objects say of it; routes of those that are gone go too.
pub(super) fn follow_tenants(engine: &mut Engine) {
    let clients: Vec<_> = engine.world.objects(Kind::Client).cloned().collect();
    let mut there: Vec<Uid> = Vec::with_capacity(clients.len());
    for client in clients {
        let Spec::Client(spec) = &client.spec else { continue };
        let Some(tenant) = client.tenant() else { continue };
        let worst =
            engine.world.environments(tenant.as_str()).chain([&client]).find_map(|object| {
                complaint(object).map(|complaint| (complaint.clone(), object.health()))
            });
        let route = route(&client, spec, tenant, worst);
        there.push(route.meta.uid.clone());
        engine.put(route);
    }
    let known = engine.world.others(FeedId::Routes).map(|object| object.uid().clone());
    let gone: Vec<Uid> = known.filter(|uid| !there.contains(uid)).collect();
    for uid in gone {
        engine.take(FeedId::Routes, &uid);
    }
}

/// The condition of `object` that complains of its route.
fn complaint(object: &Resource) -> Option<&Condition> {
    object.conditions.iter().find(|condition| {
        condition.status == Status::False && condition.message.as_str().contains("HTTPRoute")
    })
}

fn route(
    client: &Resource,
    spec: &ClientSpec,
    tenant: &Text,
    worst: Option<(Condition, Health)>,
) -> ClusterObject {
    let namespace = format!("plana-odoo-{}", spec.odoo_version);
    let host = format!("{tenant}.planapulse.app");
    let made = client.meta.created.unwrap_or_default();
    let making = Making::new(ClusterKind::Route, Some(&namespace), tenant.as_str())
        .created(made)
        .tenant(tenant)
        .owner(&format!("PLANAClient/{}", client.meta.name))
        .fields(&[
            ("hosts", host),
            ("parent", "Gateway/eg-gateway, https-app".to_owned()),
            ("backend", "Service/worker-odoo:8069".to_owned()),
        ])
        .condition(("Accepted", Status::True, "Accepted"), "Route is accepted", made);
    match worst {
        None => making.state(Health::Healthy, "accepted, resolved").condition(
            ("ResolvedRefs", Status::True, "ResolvedRefs"),
            "",
            made,
        ),
        Some((_, Health::Progressing)) => {
            making.state(Health::Progressing, "being made").message("its tenant is being made")
        }
        Some((why, _)) => {
            let since = why.since.unwrap_or(made);
            let message = why.message.as_str();
            let message = message.split_once("HTTPRoute: ").map_or(message, |(_, rest)| rest);
            making.state(Health::Failed, "accepted, not resolved").message(message).condition(
                ("ResolvedRefs", Status::False, "BackendNotFound"),
                message,
                since,
            )
        }
    }
    .done()
}
