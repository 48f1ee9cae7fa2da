//! The details of an object: what was asked for, its conditions, what it is composed of, and what belongs
//! to its tenant.

use super::{DetailLine, Piece, Tone, age, blank, heading, health_text, present, run, said};
use crate::domain::{
    ClientSpec, Condition, Field, Health, Kind, Reference, Resource, Spec, Status, Text, Uid,
    UpgradeSpec,
};
use crate::store::table::Slot;
use crate::store::{Held, Joined, Store, TenantsTable};

/// The title and the lines of the object `uid`.
pub(super) fn lines(store: &Store, uid: &Uid) -> Option<(Text, Vec<DetailLine>)> {
    let held = find(store, uid)?;
    let resource = &*held.object;
    if resource.kind().is_run() {
        return Some((resource.meta.name.clone(), run::lines(store, held)));
    }
    let mut lines = head(held);
    if resource.kind() == Kind::Client {
        judged(&mut lines, TenantsTable::new(store).worst(resource), resource);
    }
    conditions(&mut lines, &resource.conditions);
    if resource.kind() == Kind::Client
        && let Some(tenant) = resource.tenant()
    {
        belongings(&mut lines, store, tenant);
    }
    lines.extend([blank(), heading("Asked for")]);
    lines.extend(spec(&resource.spec));
    composed(&mut lines, &resource.composed);
    lines.extend([blank(), said("uid", Tone::Muted, &resource.meta.uid.0)]);
    Some((resource.meta.name.clone(), lines))
}

/// What is copied of the object `uid`.
pub(super) fn copied(store: &Store, uid: &Uid, all: bool) -> Option<String> {
    let resource = &find(store, uid)?.object;
    if !all {
        return Some(resource.meta.name.to_string());
    }
    serde_json::to_string_pretty(&**resource).ok()
}

fn find<'a>(store: &'a Store, uid: &Uid) -> Option<&'a Held> {
    Kind::ALL.into_iter().find_map(|kind| {
        let collection = store.collection(kind);
        collection.get(collection.find(uid)?)
    })
}

fn head(held: &Held) -> Vec<DetailLine> {
    let Resource { meta, .. } = &*held.object;
    let health = held.object.health();
    let mut lines = vec![
        said("kind", Tone::Plain, &Text::clean(held.object.kind().name())),
        said("health", Tone::Health(health), &health_text(health)),
    ];
    lines.extend(meta.namespace.as_ref().map(|name| said("namespace", Tone::Plain, name)));
    lines.extend(meta.created.map(|at| age("created", at)));
    lines.extend(meta.deleting.map(|at| age("being removed", at)));
    lines.extend(held.changed.map(|at| age("seen to change", at)));
    lines
}

/// Says which environment makes the tenant worse off than its own object is.
fn judged(lines: &mut Vec<DetailLine>, worst: &Resource, client: &Resource) {
    if worst.meta.uid == client.meta.uid {
        return;
    }
    let health = worst.health();
    let reason = worst.reason().map(|reason| format!(": {reason}")).unwrap_or_default();
    let text = format!("{} {}{reason}, from {}", health.sign(), health.word(), worst.meta.name);
    if let Some(own) = lines.iter_mut().find(|line| line.label == "health") {
        own.label = "its object";
    }
    lines.insert(1, said("health", Tone::Health(health), &Text::clean(&text)));
}

pub(super) fn spec(spec: &Spec) -> Vec<DetailLine> {
    match spec {
        Spec::Client(spec) => client(spec),
        Spec::Upgrade(spec) => upgrade(spec),
        Spec::Environment(spec) => fields(&spec.fields),
        Spec::Template(spec) => fields(&spec.fields),
        Spec::Restore(spec) => fields(&spec.fields),
    }
}

fn client(spec: &ClientSpec) -> Vec<DetailLine> {
    let project = spec.project.map(|project| Text::clean(&project.to_string()));
    [
        present("subdomain", &spec.subdomain),
        present("tier", &spec.tier),
        present("Odoo", &spec.odoo_version),
        present("owner", &spec.owner_name),
        present("e-mail", &spec.owner_email),
        project.and_then(|project| present("project", &project)),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn upgrade(spec: &UpgradeSpec) -> Vec<DetailLine> {
    [
        present("tenant", &spec.tenant),
        present("from", &spec.from),
        present("to", &spec.to),
        present("strategy", &spec.strategy),
        present("modules", &spec.modules),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn fields(fields: &[Field]) -> Vec<DetailLine> {
    let line = |field: &Field| DetailLine {
        label: "",
        pieces: vec![
            Piece::Text(Tone::Muted, Text::clean(&format!("{} ", field.path))),
            Piece::Text(Tone::Plain, field.value.clone()),
        ],
    };
    fields.iter().map(line).collect()
}

pub(super) fn conditions(lines: &mut Vec<DetailLine>, conditions: &[Condition]) {
    lines.extend([blank(), heading("Conditions")]);
    if conditions.is_empty() {
        lines.push(said("", Tone::Muted, &Text::clean("its controller has set none yet")));
    }
    for condition in conditions {
        let health = match condition.status {
            Status::True => Health::Healthy,
            Status::False if condition.name == "Synced" => Health::Failed,
            Status::False => Health::Degraded,
            Status::Unknown => Health::Unknown,
        };
        let mut pieces = vec![
            Piece::Text(
                Tone::Health(health),
                Text::clean(&format!(
                    "{} {}={} ",
                    health.sign(),
                    condition.name,
                    condition.status.word()
                )),
            ),
            Piece::Text(Tone::Plain, Text::clean(&format!("{} ", condition.reason))),
        ];
        pieces.extend(condition.since.map(Piece::Age));
        lines.push(DetailLine { label: "", pieces });
        if !condition.message.is_empty() {
            lines.push(said("", Tone::Muted, &Text::clean(&format!("  {}", condition.message))));
        }
    }
}

/// What belongs to the tenant beside its customer object.
fn belongings(lines: &mut Vec<DetailLine>, store: &Store, tenant: &Text) {
    let none = Joined::default();
    let joined = store.joins().of(tenant.as_str()).unwrap_or(&none);
    objects(lines, store, "Environments", Kind::Environment, &joined.environments);
    objects(lines, store, "Upgrades", Kind::Upgrade, &joined.upgrades);
    objects(lines, store, "Restores", Kind::Restore, &joined.restores);
    lines.extend([blank(), heading("Last event")]);
    match store.joins().last_event(tenant.as_str()) {
        None => lines.push(said(
            "",
            Tone::Muted,
            &Text::clean("none on the stream as far as it is kept"),
        )),
        Some(event) => lines.push(DetailLine {
            label: "",
            pieces: vec![
                Piece::Text(Tone::Plain, Text::clean(&format!("{} ", event.kind))),
                Piece::Age(event.at),
            ],
        }),
    }
}

fn objects(lines: &mut Vec<DetailLine>, store: &Store, title: &str, kind: Kind, slots: &[Slot]) {
    let collection = store.collection(kind);
    let mut held: Vec<&Held> = slots.iter().filter_map(|slot| collection.get(*slot)).collect();
    if held.is_empty() {
        return;
    }
    held.sort_by_key(|held| std::cmp::Reverse(held.object.meta.created));
    lines.extend([blank(), heading(title)]);
    for held in held {
        let resource = &held.object;
        let health = resource.health();
        let name = Text::clean(&format!("{} {} ", health.sign(), resource.meta.name));
        let mut pieces = vec![Piece::Text(Tone::Health(health), name)];
        if let Some(reason) = resource.reason() {
            pieces.push(Piece::Text(Tone::Plain, Text::clean(&format!("{reason} "))));
        }
        pieces.extend(resource.meta.created.map(Piece::Age));
        lines.push(DetailLine { label: "", pieces });
    }
}

pub(super) fn composed(lines: &mut Vec<DetailLine>, references: &[Reference]) {
    lines.extend([blank(), heading("Composed of")]);
    if references.is_empty() {
        lines.push(said("", Tone::Muted, &Text::clean("nothing yet")));
    }
    for reference in references {
        let place = reference.namespace.as_ref().map(|namespace| format!(" in {namespace}"));
        lines.push(DetailLine {
            label: "",
            pieces: vec![
                Piece::Text(Tone::Plain, Text::clean(&format!("{} ", reference.kind))),
                Piece::Text(Tone::Plain, reference.name.clone()),
                Piece::Text(
                    Tone::Muted,
                    Text::clean(&format!(
                        "{} {}",
                        place.unwrap_or_default(),
                        reference.api_version
                    )),
                ),
            ],
        });
    }
}
