//! Which logs there are behind a row.

use crate::app::operate::pods_of;
use crate::domain::operation::PodsOf;
use crate::domain::{
    ClusterKind, ClusterObject, FeedId, Health, Kind, LogSource, Object, Text, Uid,
};
use crate::store::Store;
use crate::store::table::{RowId, Slot};

/// The most logs to choose from.
const MOST: usize = 64;

/// Why a row has no log to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum NoLog {
    /// It is nothing that logs.
    #[error(
        "This row has no log. Pods have one, and so have the Jobs, runs, services and workers that pods belong to."
    )]
    Silent,
    /// No step of the operation has its work done by pods.
    #[error("No step so far has pods with a log.")]
    NoStep,
    /// Its pods are gone, or there are none yet.
    #[error("There is no pod of it now, so there is no log: it was removed, or has not begun.")]
    NoPod,
}

/// The logs behind the row `id`, the likeliest wanted first: of pods that are unwell before the others, then of the
/// newest; of each pod its containers in order.
pub(super) fn sources(store: &Store, id: &RowId) -> Result<Vec<LogSource>, NoLog> {
    let (feed, uid) = match id {
        RowId::Object(FeedId::Operations, uid) => return of_operation(store, uid),
        RowId::Due(operation, _) => return of_operation(store, &Uid(operation.clone())),
        RowId::Object(feed, uid) => (feed, uid),
        _ => return Err(NoLog::Silent),
    };
    let mut pods = pods(store, *feed, uid)?;
    pods.sort_by(|a, b| {
        let order = |pod: &ClusterObject| (unwell(pod), pod.meta.created);
        order(b).cmp(&order(a)).then_with(|| a.meta.name.cmp(&b.meta.name))
    });
    pods.dedup_by(|a, b| a.meta.uid == b.meta.uid);
    let sources: Vec<LogSource> = pods.into_iter().flat_map(containers).take(MOST).collect();
    if sources.is_empty() { Err(NoLog::NoPod) } else { Ok(sources) }
}

/// The logs of the step of an operation that is under way, or went wrong.
fn of_operation(store: &Store, uid: &Uid) -> Result<Vec<LogSource>, NoLog> {
    let operations = &store.objects().operations;
    let held = operations.find(uid).and_then(|slot| operations.get(slot)).ok_or(NoLog::Silent)?;
    let pods = pods_of(&held.object).ok_or(NoLog::NoStep)?;
    sources(store, &of_label(store, pods).ok_or(NoLog::NoPod)?)
}

/// The runs that pods work for.
const RUNS: [Kind; 3] = [Kind::Upgrade, Kind::Restore, Kind::Template];

/// The row whose log is that of `pods`: the Job of that name, or the run.
pub(super) fn of_label(store: &Store, pods: &PodsOf) -> Option<RowId> {
    let name = &pods.label.1;
    let job = store.owners().job(Some(pods.namespace.as_str()), name.as_str());
    if let Some(held) = job.and_then(|slot| store.cluster(ClusterKind::Job).get(slot)) {
        return Some(RowId::Object(FeedId::Jobs, held.object.meta.uid.clone()));
    }
    RUNS.into_iter().find_map(|kind| {
        let mut runs = store.collection(kind).iter();
        let (_, held) = runs.find(|(_, held)| held.object.meta.name == *name)?;
        Some(RowId::Object(FeedId::of(kind), held.object.meta.uid.clone()))
    })
}

/// Grows with every change of what [`of_label`] and its [`sources`] are found in.
pub(super) fn revision(store: &Store) -> u64 {
    let runs: u64 = RUNS.into_iter().map(|kind| store.collection(kind).revision()).sum();
    runs + store.cluster(ClusterKind::Job).revision() + store.cluster(ClusterKind::Pod).revision()
}

/// The name by which the row `id` stands in audit records: of an object of the cluster its own, of anything else that of
/// its tenant.
pub(super) fn audited(store: &Store, id: &RowId) -> Option<Text> {
    let object = match id {
        RowId::Object(feed, uid) => store.object(*feed, uid),
        _ => None,
    };
    match object {
        Some(Object::Resource(object)) => Some(object.meta.name.clone()),
        Some(Object::ClusterObject(object)) => Some(object.meta.name.clone()),
        _ => crate::app::detail::tenant(store, id),
    }
}

fn unwell(pod: &ClusterObject) -> bool {
    matches!(pod.health, Health::Failed | Health::Degraded)
}

fn containers(pod: &ClusterObject) -> Vec<LogSource> {
    let source = |container: Option<&Text>| LogSource::Pod {
        namespace: pod.meta.namespace.clone().unwrap_or_default(),
        pod: pod.meta.name.clone(),
        container: container.cloned(),
        previous: false,
    };
    let named: Vec<LogSource> = pod.containers().map(|name| source(Some(name))).collect();
    if named.is_empty() { vec![source(None)] } else { named }
}

fn pods<'a>(store: &'a Store, feed: FeedId, uid: &Uid) -> Result<Vec<&'a ClusterObject>, NoLog> {
    match store.object(feed, uid).ok_or(NoLog::Silent)? {
        Object::Resource(run) => match feed {
            FeedId::Upgrades | FeedId::Restores | FeedId::Templates => {
                Ok(of_places(store, &store.owners().work_of(&run)))
            }
            _ => Err(NoLog::Silent),
        },
        Object::ClusterObject(object) => of_object(store, &object),
        _ => Err(NoLog::Silent),
    }
}

fn of_object<'a>(
    store: &'a Store,
    object: &ClusterObject,
) -> Result<Vec<&'a ClusterObject>, NoLog> {
    let namespace = object.meta.namespace.as_ref().map(Text::as_str);
    let name = object.meta.name.as_str();
    match (object.kind, object.belongs_to()) {
        (ClusterKind::Pod, _) => {
            let pods = store.cluster(ClusterKind::Pod);
            let slot = pods.find(&object.meta.uid);
            Ok(slot.and_then(|slot| pods.get(slot)).map(|held| &*held.object).into_iter().collect())
        }
        (kind @ (ClusterKind::Deployment | ClusterKind::Job | ClusterKind::CronJob), _) => {
            Ok(of_places(store, store.owners().of(namespace, kind.name(), name)))
        }
        (ClusterKind::Autoscaler, Some((kind, name))) => {
            Ok(of_places(store, store.owners().of(namespace, kind, name)))
        }
        _ => Err(NoLog::Silent),
    }
}

/// The pods at `places`, and those of the Jobs there.
fn of_places<'a>(store: &'a Store, places: &[(ClusterKind, Slot)]) -> Vec<&'a ClusterObject> {
    let mut found = Vec::new();
    for (kind, slot) in places {
        let Some(held) = store.cluster(*kind).get(*slot) else { continue };
        match kind {
            ClusterKind::Pod => found.push(&*held.object),
            ClusterKind::Job => {
                let meta = &held.object.meta;
                let namespace = meta.namespace.as_ref().map(Text::as_str);
                let of = store.owners().of(namespace, "Job", meta.name.as_str());
                let pods = of.iter().filter(|(kind, _)| *kind == ClusterKind::Pod);
                let held = pods.filter_map(|(kind, slot)| store.cluster(*kind).get(*slot));
                found.extend(held.map(|held| &*held.object));
            }
            _ => {}
        }
    }
    found
}
