//! The details of an object of the cluster, in words: how it stands and why, what belongs to it, what was said of it, and
//! where it is changed.

use super::resource::conditions;
use super::{DetailLine, Piece, Tone, advice, age, blank, heading, health_text, present, said};
use crate::domain::{ClusterKind, ClusterObject, FeedId, Health, Text, Timestamp, Uid};
use crate::store::table::Slot;
use crate::store::{Held, Store};

/// The most of the objects that belong to one that are listed.
const LISTED: usize = 40;

/// The most events that are listed, the newest.
const EVENTS: usize = 20;

/// The title and the lines of the object `uid` that `feed` tells.
pub(super) fn lines(store: &Store, feed: FeedId, uid: &Uid) -> Option<(Text, Vec<DetailLine>)> {
    let held = find(store, feed, uid)?;
    let object = &*held.object;
    let mut lines = head(held);
    lines.extend(object.flux.as_ref().map(|flux| owned(store, object, flux)));
    lines.extend(times(object));
    lines.extend(object.fields.iter().map(|field| match Timestamp::parse(field.value.as_str()) {
        Some(at) => DetailLine {
            label: "",
            pieces: vec![Piece::Text(Tone::Muted, label(&field.path)), Piece::Age(at)],
        },
        None => DetailLine {
            label: "",
            pieces: vec![
                Piece::Text(Tone::Muted, label(&field.path)),
                Piece::Text(Tone::Plain, field.value.clone()),
            ],
        },
    }));
    if !object.conditions.is_empty() {
        conditions(&mut lines, &object.conditions);
    }
    belongings(&mut lines, store, object);
    occurrences(&mut lines, &events_of(store, object));
    lines.extend(runbook(object));
    Some((object.meta.name.clone(), lines))
}

/// What is copied of the object `uid`.
pub(super) fn copied(store: &Store, feed: FeedId, uid: &Uid, all: bool) -> Option<String> {
    let object = &find(store, feed, uid)?.object;
    if all {
        return serde_json::to_string_pretty(&**object).ok();
    }
    Some(object.meta.name.to_string())
}

fn find<'a>(store: &'a Store, feed: FeedId, uid: &Uid) -> Option<&'a Held<ClusterObject>> {
    let collection = store.cluster(feed.cluster_kind()?);
    collection.get(collection.find(uid)?)
}

/// The path of a field, in the width of labels.
fn label(path: &Text) -> Text {
    Text::from(format!("{path:<14} "))
}

fn head(held: &Held<ClusterObject>) -> Vec<DetailLine> {
    let object = &*held.object;
    let stands = format!("{}, {}", health_text(object.health), object.state);
    let tone = match object.health {
        Health::Failed => Tone::Error,
        Health::Degraded => Tone::Warning,
        Health::Progressing | Health::Unknown | Health::Healthy => Tone::Plain,
    };
    let mut lines = vec![
        said("kind", Tone::Plain, &Text::clean(object.kind.name())),
        said("stands", Tone::Health(object.health), &Text::from(stands)),
    ];
    if !object.message.is_empty() {
        lines.push(said("why", tone, &object.message));
    }
    let optional = |label, text: Option<&Text>| text.and_then(|text| present(label, text));
    lines.extend(optional("namespace", object.meta.namespace.as_ref()));
    lines.extend(optional("tenant", object.tenant.as_ref()));
    lines.extend(optional("run", object.run.as_ref()));
    lines.extend(optional("belongs to", object.owner.as_ref()));
    if let Some((ready, wanted)) = object.ready {
        let text = format!("{ready} of {wanted}");
        lines.push(said("ready", Tone::Plain, &Text::from(text)));
    }
    if object.restarts > 0 {
        lines.push(said("restarts", Tone::Plain, &Text::from(object.restarts.to_string())));
    }
    if matches!(object.kind, ClusterKind::Pod | ClusterKind::Job | ClusterKind::Deployment) {
        lines.push(said("log", Tone::Muted, &Text::clean("press l to read it")));
    }
    lines
}

/// Says that the object must be changed in git, and where.
fn owned(store: &Store, object: &ClusterObject, flux: &Text) -> DetailLine {
    let kustomizations = store.cluster(ClusterKind::Kustomization);
    let owner = kustomizations.iter().find(|(_, held)| held.object.meta.name == *flux);
    let path = owner.and_then(|(_, held)| held.object.field("path").cloned());
    let path = path.map_or_else(|| format!("infra/k8s/{flux}/"), |path| path.to_string());
    let text = format!(
        "owned by Flux ({flux}): what is changed here is undone within a minute; change {path} in git, where this {} \
         is declared",
        object.kind.word()
    );
    said("git", Tone::Key, &Text::from(text))
}

fn times(object: &ClusterObject) -> Vec<DetailLine> {
    let label = match object.kind {
        ClusterKind::Certificate => "ends",
        ClusterKind::CronJob => "last success",
        ClusterKind::Job => "ended",
        ClusterKind::Occurrence => "last seen",
        ClusterKind::Kustomization => "applied",
        _ => "last",
    };
    let mut lines: Vec<DetailLine> = object.at.map(|at| age(label, at)).into_iter().collect();
    lines.extend(object.meta.created.map(|at| age("created", at)));
    lines.extend(object.meta.deleting.map(|at| age("being removed", at)));
    lines
}

/// What belongs to `object`, as told by whom.
fn of<'a>(store: &'a Store, object: &ClusterObject) -> Vec<&'a ClusterObject> {
    let namespace = object.meta.namespace.as_ref().map(Text::as_str);
    let name = object.meta.name.as_str();
    let kind = object.kind.name();
    let mut places: Vec<(ClusterKind, Slot)> = store.owners().of(namespace, kind, name).to_vec();
    if namespace.is_none() {
        // What is said of an object without a namespace is said in this one.
        places.extend(store.owners().of(Some("default"), kind, name));
    }
    let held = places.into_iter().filter_map(|(kind, slot)| store.cluster(kind).get(slot));
    held.map(|held| &*held.object).collect()
}

fn belongings(lines: &mut Vec<DetailLine>, store: &Store, object: &ClusterObject) {
    let all = of(store, object);
    for (kind, title) in [
        (ClusterKind::Pod, "Pods"),
        (ClusterKind::Job, "Jobs"),
        (ClusterKind::Autoscaler, "Autoscaler"),
    ] {
        let some = all.iter().filter(|other| other.kind == kind).copied().collect();
        list(lines, title, some);
    }
}

/// The objects under a heading, the worst first and of those alike the newest.
pub(super) fn list(lines: &mut Vec<DetailLine>, title: &str, mut objects: Vec<&ClusterObject>) {
    if objects.is_empty() {
        return;
    }
    objects.sort_by_key(|object| (object.health, std::cmp::Reverse(object.meta.created)));
    lines.extend([blank(), heading(title)]);
    let more = objects.len().saturating_sub(LISTED);
    for object in objects.into_iter().take(LISTED) {
        let name = format!("{} {} ", object.health.sign(), object.meta.name);
        let mut pieces = vec![
            Piece::Text(Tone::Health(object.health), Text::from(name)),
            Piece::Text(Tone::Plain, Text::from(format!("{} ", object.state))),
        ];
        if object.restarts > 0 {
            let text = format!("{} restarts ", object.restarts);
            pieces.push(Piece::Text(Tone::Warning, Text::from(text)));
        }
        let (word, at) = match object.at {
            Some(at) => ("ended ", Some(at)),
            None => ("made ", object.meta.created),
        };
        if let Some(at) = at {
            pieces.extend([Piece::Text(Tone::Muted, Text::clean(word)), Piece::Age(at)]);
        }
        lines.push(DetailLine { label: "", pieces });
        let end =
            object.field(ClusterObject::LAST_END).filter(|_| object.health != Health::Healthy);
        if let Some(end) = end.filter(|end| **end != object.state) {
            let text = format!("  ended last: {end}");
            lines.push(said("", Tone::Muted, &Text::from(text)));
        }
    }
    if more > 0 {
        lines.push(said("", Tone::Muted, &Text::from(format!("and {more} more"))));
    }
}

/// What was said of `object` and of its pods and Jobs.
pub(super) fn events_of<'a>(store: &'a Store, object: &ClusterObject) -> Vec<&'a ClusterObject> {
    let mut found = Vec::new();
    for other in of(store, object) {
        match other.kind {
            ClusterKind::Occurrence => found.push(other),
            ClusterKind::Pod | ClusterKind::Job => {
                let more = of(store, other).into_iter();
                found.extend(more.filter(|other| other.kind == ClusterKind::Occurrence));
            }
            _ => {}
        }
    }
    found
}

/// Events under a heading, the newest first.
pub(super) fn occurrences(lines: &mut Vec<DetailLine>, events: &[&ClusterObject]) {
    if events.is_empty() {
        return;
    }
    let mut events = events.to_vec();
    events.sort_by_key(|event| std::cmp::Reverse(event.at));
    lines.extend([blank(), heading("Events")]);
    for event in events.into_iter().take(EVENTS) {
        let tone = if event.health == Health::Healthy { Tone::Plain } else { Tone::Warning };
        let times = event.field("count").map(Text::as_str).filter(|count| *count != "1");
        let times = times.map(|count| format!("{count} times ")).unwrap_or_default();
        let mut pieces = vec![
            Piece::Text(tone, Text::from(format!("{} ", event.state))),
            Piece::Text(Tone::Muted, Text::from(times)),
        ];
        pieces.extend(event.at.map(Piece::Age));
        lines.push(DetailLine { label: "", pieces });
        lines.push(said("", Tone::Plain, &Text::from(format!("  {}", event.message))));
    }
}

/// What to do about it, when it is unwell.
fn runbook(object: &ClusterObject) -> Vec<DetailLine> {
    let topic = match object.kind {
        _ if !matches!(object.health, Health::Failed | Health::Degraded) => return Vec::new(),
        ClusterKind::Certificate => "certificate",
        ClusterKind::Kustomization => "flux",
        ClusterKind::CronJob => "backup",
        _ => return Vec::new(),
    };
    advice::lines(topic, |name| match name {
        "namespace" => object.meta.namespace.as_ref().map(Text::as_str),
        "tenant" => object.tenant.as_ref().map(Text::as_str),
        _ => None,
    })
}
