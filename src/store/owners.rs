//! What belongs to what within the cluster: pods to Deployments and Jobs, Jobs to `CronJob`s and to runs, what is said of
//! objects to those objects.
//!
//! It knows slots and names only; whether they still hold what they held is the collections' to say.

use std::collections::HashMap;

use super::table::Slot;
use crate::domain::{ClusterKind, ClusterObject, Kind, Object, Resource, Text};

/// Where objects are that are tied to a name.
type Places<K> = HashMap<Text, Vec<(K, Slot)>>;

/// The ties between objects of the cluster, and between them and runs.
#[derive(Clone, Debug, Default)]
pub struct Owners {
    /// What belongs to or speaks of an object, by `namespace/Kind/name`.
    of: Places<ClusterKind>,
    /// Deployments and Jobs by the same; Jobs by their name alone too.
    named: Places<ClusterKind>,
    /// Runs by their name, and by the names of the Jobs that they say they are composed of.
    runs: Places<Kind>,
    /// Jobs and pods by the name of the run that they belong to.
    work: Places<ClusterKind>,
}

fn key(namespace: Option<&str>, kind: &str, name: &str) -> Text {
    Text::from(format!("{}/{kind}/{name}", namespace.unwrap_or_default()))
}

fn add<K: PartialEq>(places: &mut Places<K>, key: Text, place: (K, Slot)) {
    let list = places.entry(key).or_default();
    if !list.contains(&place) {
        list.push(place);
    }
}

fn drop_from<K: PartialEq>(places: &mut Places<K>, key: &Text, place: &(K, Slot)) {
    if let Some(list) = places.get_mut(key) {
        list.retain(|other| other != place);
        if list.is_empty() {
            places.remove(key);
        }
    }
}

fn namespace(object: &ClusterObject) -> Option<&str> {
    object.meta.namespace.as_ref().map(Text::as_str)
}

/// The names under which `object` is looked for.
fn names(object: &ClusterObject) -> Vec<Text> {
    let name = &object.meta.name;
    match object.kind {
        ClusterKind::Deployment => vec![key(namespace(object), "Deployment", name.as_str())],
        ClusterKind::Job => vec![key(namespace(object), "Job", name.as_str()), name.clone()],
        _ => Vec::new(),
    }
}

/// The names by which `run` is found.
fn run_names(run: &Resource) -> impl Iterator<Item = &Text> {
    let jobs = run.composed.iter().filter(|reference| reference.kind == "Job");
    let jobs = jobs.map(|reference| &reference.name).filter(|name| !name.is_empty());
    std::iter::once(&run.meta.name).chain(jobs)
}

impl Owners {
    /// What belongs to or speaks of the object `name` of `kind` (as the API server calls it).
    #[must_use]
    pub fn of(&self, namespace: Option<&str>, kind: &str, name: &str) -> &[(ClusterKind, Slot)] {
        self.of.get(&key(namespace, kind, name)).map_or(&[], Vec::as_slice)
    }

    /// Where the Deployment `name` is.
    #[must_use]
    pub fn deployment(&self, namespace: Option<&str>, name: &str) -> Option<Slot> {
        self.named.get(&key(namespace, "Deployment", name))?.first().map(|(_, slot)| *slot)
    }

    /// Where the Job `name` is.
    #[must_use]
    pub fn job(&self, namespace: Option<&str>, name: &str) -> Option<Slot> {
        self.named.get(&key(namespace, "Job", name))?.first().map(|(_, slot)| *slot)
    }

    /// The Jobs and pods of `run`: those that say so, and the Jobs that it says it is composed of.
    #[must_use]
    pub fn work_of(&self, run: &Resource) -> Vec<(ClusterKind, Slot)> {
        let mut work = self.work.get(&run.meta.name).cloned().unwrap_or_default();
        for reference in run.composed.iter().filter(|reference| reference.kind == "Job") {
            let named = match &reference.namespace {
                Some(namespace) => {
                    self.named.get(&key(Some(namespace.as_str()), "Job", reference.name.as_str()))
                }
                None => self.named.get(&reference.name),
            };
            for place in named.into_iter().flatten() {
                if !work.contains(place) {
                    work.push(*place);
                }
            }
        }
        work
    }

    /// The runs that `object`, a Job or a pod, is part of.
    pub(super) fn runs_of(&self, object: &ClusterObject) -> Vec<(Kind, Slot)> {
        let mut runs = Vec::new();
        let named = (object.kind == ClusterKind::Job).then_some(&object.meta.name);
        for name in object.run.iter().chain(named) {
            runs.extend(self.runs.get(name).into_iter().flatten().copied());
        }
        runs
    }

    /// The slot of the Deployment that `pod` belongs to.
    pub(super) fn deployment_of(&self, pod: &ClusterObject) -> Option<Slot> {
        match pod.belongs_to()? {
            ("Deployment", name) => self.deployment(namespace(pod), name),
            _ => None,
        }
    }

    /// Notes that `object` is at `slot`.
    pub(super) fn insert(&mut self, object: &Object, slot: Slot) {
        match object {
            Object::ClusterObject(object) => {
                let place = (object.kind, slot);
                if let Some((kind, name)) = object.belongs_to() {
                    add(&mut self.of, key(namespace(object), kind, name), place);
                }
                for name in names(object) {
                    add(&mut self.named, name, place);
                }
                if let Some(run) = &object.run {
                    add(&mut self.work, run.clone(), place);
                }
            }
            Object::Resource(run) if run.kind().is_run() => {
                for name in run_names(run) {
                    add(&mut self.runs, name.clone(), (run.kind(), slot));
                }
            }
            _ => {}
        }
    }

    /// Notes that `object` is no longer at `slot`.
    pub(super) fn remove(&mut self, object: &Object, slot: Slot) {
        match object {
            Object::ClusterObject(object) => {
                let place = (object.kind, slot);
                if let Some((kind, name)) = object.belongs_to() {
                    drop_from(&mut self.of, &key(namespace(object), kind, name), &place);
                }
                for name in names(object) {
                    drop_from(&mut self.named, &name, &place);
                }
                if let Some(run) = &object.run {
                    drop_from(&mut self.work, run, &place);
                }
            }
            Object::Resource(run) if run.kind().is_run() => {
                for name in run_names(run) {
                    drop_from(&mut self.runs, name, &(run.kind(), slot));
                }
            }
            _ => {}
        }
    }
}

/// Whether the two states of an object have the same ties.
pub(super) fn same_ties(before: &Object, after: &Object) -> bool {
    match (before, after) {
        (Object::ClusterObject(before), Object::ClusterObject(after)) => {
            let ties = |it: &ClusterObject| {
                (it.owner.clone(), it.run.clone(), it.meta.name.clone(), it.meta.namespace.clone())
            };
            ties(before) == ties(after)
        }
        (Object::Resource(before), Object::Resource(after)) => {
            before.composed == after.composed && before.meta.name == after.meta.name
        }
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Meta, Reference, Spec, Uid, UpgradeSpec};

    fn meta(name: &str, namespace: Option<&str>) -> Meta {
        let namespace = namespace.map(Text::clean);
        Meta { namespace, ..Meta::named(name, Uid(Text::clean(name))) }
    }

    fn object(kind: ClusterKind, name: &str, owner: &str, run: Option<&str>) -> Object {
        Object::from(ClusterObject {
            run: run.map(Text::clean),
            owner: (!owner.is_empty()).then(|| Text::clean(owner)),
            ..ClusterObject::bare(kind, meta(name, Some("ns")))
        })
    }

    fn run(name: &str, job: Option<(&str, Option<&str>)>) -> Resource {
        let reference = |(name, namespace): (&str, Option<&str>)| Reference {
            kind: Text::clean("Job"),
            name: Text::clean(name),
            api_version: Text::clean("batch/v1"),
            namespace: namespace.map(Text::clean),
        };
        Resource {
            meta: meta(name, None),
            conditions: Box::default(),
            composed: job.map(reference).into_iter().collect(),
            spec: Spec::Upgrade(UpgradeSpec::default()),
        }
    }

    #[test]
    fn a_run_finds_its_job_by_label_and_by_name() {
        let mut owners = Owners::default();
        owners.insert(&object(ClusterKind::Job, "labelled", "", Some("acme-1")), 3);
        owners.insert(&object(ClusterKind::Job, "named", "", None), 4);
        let job = (ClusterKind::Job, 3);
        for (run, found) in [
            (run("acme-1", None), vec![job]),
            (run("acme-1", Some(("labelled", Some("ns")))), vec![job]),
            (run("other", Some(("named", Some("ns")))), vec![(ClusterKind::Job, 4)]),
            (run("other", Some(("named", None))), vec![(ClusterKind::Job, 4)]),
            (run("other", Some(("named", Some("elsewhere")))), vec![]),
            (run("other", None), vec![]),
        ] {
            assert_eq!(owners.work_of(&run), found, "{run:?}");
        }
    }

    #[test]
    fn a_job_finds_its_runs_and_a_pod_its_deployment() {
        let mut owners = Owners::default();
        owners.insert(&Object::from(run("acme-1", Some(("job", Some("ns"))))), 7);
        let runs = |owners: &Owners, object: &Object| match object {
            Object::ClusterObject(object) => owners.runs_of(object),
            _ => Vec::new(),
        };
        let upgrade = vec![(Kind::Upgrade, 7)];
        assert_eq!(runs(&owners, &object(ClusterKind::Job, "job", "", None)), upgrade);
        assert_eq!(runs(&owners, &object(ClusterKind::Pod, "pod", "", Some("acme-1"))), upgrade);
        assert!(runs(&owners, &object(ClusterKind::Pod, "job", "", None)).is_empty());
        owners.insert(&object(ClusterKind::Deployment, "worker", "", None), 2);
        let pod = object(ClusterKind::Pod, "pod", "ReplicaSet/worker-7d9f", None);
        let Object::ClusterObject(inner) = &pod else { panic!("a pod") };
        assert_eq!(owners.deployment_of(inner), Some(2));
        owners.insert(&pod, 9);
        assert_eq!(owners.of(Some("ns"), "Deployment", "worker"), [(ClusterKind::Pod, 9)]);
    }

    #[test]
    fn nothing_is_left_of_what_is_gone() {
        let mut owners = Owners::default();
        let objects = [
            object(ClusterKind::Pod, "pod", "Job/job", Some("acme-1")),
            object(ClusterKind::Job, "job", "CronJob/nightly", Some("acme-1")),
            object(ClusterKind::Deployment, "worker", "", None),
            Object::from(run("acme-1", Some(("job", None)))),
        ];
        for (slot, object) in (0..).zip(&objects) {
            owners.insert(object, slot);
            owners.insert(object, slot);
        }
        for (slot, object) in (0..).zip(&objects) {
            owners.remove(object, slot);
        }
        let Owners { of, named, runs, work } = owners;
        assert!(of.is_empty() && named.is_empty() && runs.is_empty() && work.is_empty());
    }
}
