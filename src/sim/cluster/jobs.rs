//! The backup `CronJob` of each tenant with its last Job, and the Jobs and pods of upgrades, restores and template builds.

use std::collections::BTreeSet;

use super::making::{Making, Saying, node, number, suffix};
use crate::domain::{
    ClusterKind, ClusterObject, FeedId, Health, Kind, Object, Resource, Span, Status, Text,
    Timestamp, Uid,
};
use crate::sim::engine::Engine;
use crate::sim::events::EventType;

const DAY: u64 = 86_400;

/// The backups of a night begin so long before its start: at 02:00 in Sofia.
const BACKUPS_AGO: Span = Span::from_secs(47 * 60);

/// Where the side effects of tenants run.
const SIDE_EFFECTS: &str = "crossplane-system";

/// How a Job stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::sim) enum Stand {
    Waits,
    Runs,
    Done(Timestamp),
    Failed(Timestamp),
}

/// A Job that an operation ordered.
pub(in crate::sim) struct Ordered<'a> {
    pub(in crate::sim) namespace: &'a str,
    pub(in crate::sim) name: &'a str,
    pub(in crate::sim) container: &'static str,
    pub(in crate::sim) began: Timestamp,
    pub(in crate::sim) stand: Stand,
    pub(in crate::sim) tenant: Option<&'a Text>,
}

impl Ordered<'_> {
    /// Puts the Job and its pod into the world; the identity of the Job.
    pub(in crate::sim) fn put(&self, engine: &mut Engine) -> Uid {
        let &Self { namespace, name, container, began, stand, tenant } = self;
        let owner = tenant.map_or_else(String::new, |tenant| format!("PLANAClient/{tenant}"));
        let work = Work { namespace, name, container, began, stand, tenant, run: None, owner };
        work.put(engine);
        Making::new(ClusterKind::Job, Some(namespace), name).done().meta.uid
    }
}

/// A Job and its pods, to be made.
struct Work<'a> {
    namespace: &'a str,
    name: &'a str,
    container: &'static str,
    began: Timestamp,
    stand: Stand,
    tenant: Option<&'a Text>,
    run: Option<&'a Text>,
    owner: String,
}

/// Makes the `CronJob` of each tenant, and the Job of last night, what they should be; those of tenants that are gone go
/// too.
pub(super) fn follow_tenants(engine: &mut Engine) {
    let past = engine.scenario.stream.past.iter().map(toml::Spanned::get_ref);
    let failed: Vec<Text> = past
        .filter(|past| past.kind == EventType::BackupFailed)
        .filter_map(|past| past.tenant.clone())
        .collect();
    let began = engine.scenario.start.before(BACKUPS_AGO);
    let clients: Vec<_> = engine.world.objects(Kind::Client).cloned().collect();
    let mut there: BTreeSet<Text> = BTreeSet::new();
    for client in clients {
        let (Some(tenant), Some(made)) = (client.tenant(), client.meta.created) else { continue };
        let name = format!("{tenant}-backup");
        let ended = began.after(Span::from_secs(70 + number(tenant.as_str()) % 340));
        let failed = failed.contains(tenant);
        let stand = if failed { Stand::Failed(ended) } else { Stand::Done(ended) };
        let new = made > began;
        there.insert(tenant.clone());
        engine.put(cron_job(tenant, &name, (!new).then_some(stand), made));
        if !new {
            let job = format!("{name}-{}", began.ms() / 60_000);
            let work = Work {
                namespace: SIDE_EFFECTS,
                name: &job,
                container: "backup",
                began,
                stand,
                tenant: Some(tenant),
                run: None,
                owner: format!("CronJob/{name}"),
            };
            work.put(engine);
        }
    }
    for feed in [FeedId::CronJobs, FeedId::Jobs, FeedId::Pods] {
        let others = engine.world.others(feed);
        let orphan = |object: &&Object| object.tenant().is_some_and(|own| !there.contains(own));
        let gone: Vec<_> = others.filter(orphan).map(|object| object.uid().clone()).collect();
        for uid in gone {
            engine.take(feed, &uid);
        }
    }
}

fn cron_job(tenant: &Text, name: &str, stand: Option<Stand>, made: Timestamp) -> ClusterObject {
    let making = Making::new(ClusterKind::CronJob, Some(SIDE_EFFECTS), name)
        .created(made)
        .tenant(tenant)
        .owner(&format!("PLANAClient/{tenant}"))
        .fields(&[
            ("schedule", "0 2 * * *".to_owned()),
            ("zone", "Europe/Sofia".to_owned()),
            ("suspended", "no".to_owned()),
        ]);
    match stand {
        Some(Stand::Done(at)) => making.state(Health::Healthy, "daily at 02:00").at(at),
        Some(Stand::Failed(at)) => making
            .state(Health::Degraded, "the last run failed")
            .message("the last run failed; the one before succeeded")
            .at(at.before(Span::from_secs(DAY))),
        Some(Stand::Waits | Stand::Runs) | None => {
            making.state(Health::Healthy, "daily at 02:00, not run yet")
        }
    }
    .done()
}

/// Makes the Job and the pods of every run what the run's phase says.
pub(super) fn follow_runs(engine: &mut Engine) {
    let mut runs: Vec<_> = Vec::new();
    for kind in [Kind::Upgrade, Kind::Restore, Kind::Template] {
        runs.extend(engine.world.objects(kind).cloned());
    }
    for run in runs {
        let job = run.composed.iter().find(|reference| reference.kind == "Job");
        let Some(job) = job.filter(|job| !job.name.is_empty()) else { continue };
        let (Some(created), namespace) =
            (run.meta.created, job.namespace.as_ref().map_or(SIDE_EFFECTS, Text::as_str))
        else {
            continue;
        };
        let Some(stand) = stand(engine, &run, (namespace, job.name.as_str())) else { continue };
        let container = match run.kind() {
            Kind::Restore => "restore",
            Kind::Template => "build",
            Kind::Upgrade | Kind::Client | Kind::Environment => "upgrade",
        };
        let work = Work {
            namespace,
            name: job.name.as_str(),
            container,
            began: created.after(Span::from_secs(4)),
            stand,
            tenant: run.tenant(),
            run: Some(&run.meta.name),
            owner: format!("{}/{}", run.kind(), run.meta.name),
        };
        work.put(engine);
    }
}

/// How the Job of `run` stands, which is in that namespace and has that name; none while it has no Job.
fn stand(engine: &Engine, run: &Resource, (namespace, name): (&str, &str)) -> Option<Stand> {
    let ready = run.condition("Ready")?;
    let created = run.meta.created?;
    let ended = || {
        let uid = Making::new(ClusterKind::Job, Some(namespace), name).done().meta.uid;
        let known = match engine.world.other(FeedId::Jobs, &uid) {
            Some(Object::ClusterObject(job)) => job.at,
            _ => None,
        };
        // A run that was over before the night says no time of its own; one that ends in it ends now.
        let before = created.after(Span::from_secs(194));
        let since = ready.since.filter(|since| *since > created);
        let ended = if before <= engine.scenario.start { before } else { engine.now() };
        known.or(since).unwrap_or(ended)
    };
    match (ready.status, ready.reason.as_str()) {
        (Status::True, _) => Some(Stand::Done(ended())),
        (_, "Failed") => Some(Stand::Failed(ended())),
        (_, "Running") => Some(Stand::Runs),
        (_, "Creating") => Some(Stand::Waits),
        _ => None,
    }
}

impl Work<'_> {
    fn put(&self, engine: &mut Engine) {
        engine.put(self.job());
        if self.stand != Stand::Waits {
            engine.put(self.pod());
        }
        if let Stand::Failed(at) = self.stand
            && engine.now().since(at).secs() < 3_600
        {
            let about = format!("Job/{}", self.name);
            let saying = Saying {
                namespace: self.namespace,
                about: &about,
                reason: "BackoffLimitExceeded",
                message: "Job has reached the specified backoff limit".to_owned(),
                warning: true,
                count: 1,
                at,
            };
            engine.put(saying.done(Span::default()));
        }
    }

    fn making(&self, kind: ClusterKind, name: &str) -> Making {
        let mut making = Making::new(kind, Some(self.namespace), name);
        if let Some(tenant) = self.tenant {
            making = making.tenant(tenant);
        }
        if let Some(run) = self.run {
            making = making.run(run);
        }
        making
    }

    fn job(&self) -> ClusterObject {
        let making =
            self.making(ClusterKind::Job, self.name).created(self.began).owner(&self.owner);
        match self.stand {
            Stand::Waits => making.state(Health::Progressing, "waits for a pod").ready(0, 1),
            Stand::Runs => making.state(Health::Progressing, "1 pod runs").ready(0, 1),
            Stand::Done(at) => making
                .state(Health::Healthy, "done")
                .ready(1, 1)
                .at(at)
                .fields(&[("took", at.since(self.began).to_string())])
                .condition(
                    ("Complete", Status::True, "CompletionsReached"),
                    "Reached expected number of succeeded pods",
                    at,
                ),
            Stand::Failed(at) => making
                .state(Health::Failed, "failed")
                .message("BackoffLimitExceeded: Job has reached the specified backoff limit")
                .ready(0, 1)
                .at(at)
                .fields(&[("took", at.since(self.began).to_string())])
                .condition(
                    ("Failed", Status::True, "BackoffLimitExceeded"),
                    "Job has reached the specified backoff limit",
                    at,
                ),
        }
        .done()
    }

    fn pod(&self) -> ClusterObject {
        let name = format!("{}-{}", self.name, suffix(self.name));
        let image = match self.container {
            "backup" | "restore" => "git.planapulse.com/plana-pulse/pulse-backup:61d0f2c8",
            _ => "git.planapulse.com/plana-pulse/base-18:c41d20fa",
        };
        let making = self
            .making(ClusterKind::Pod, &name)
            .created(self.began)
            .owner(&format!("Job/{}", self.name))
            .fields(&[
                ("node", node(&name).to_owned()),
                (ClusterObject::CONTAINER, self.container.to_owned()),
                (ClusterObject::IMAGE, image.to_owned()),
            ]);
        let ended = |making: Making, how: &str, at: Timestamp| {
            making.fields(&[
                (ClusterObject::LAST_END, how.to_owned()),
                (ClusterObject::LAST_ENDED, at.to_string()),
            ])
        };
        match self.stand {
            Stand::Waits | Stand::Runs => making.state(Health::Progressing, "running").ready(1, 1),
            Stand::Done(at) => ended(making, "Completed (exit 0)", at)
                .state(Health::Healthy, "completed")
                .ready(0, 1),
            Stand::Failed(at) => ended(making, "Error (exit 1)", at)
                .state(Health::Failed, "Error (exit 1)")
                .message("its container ended with Error (exit 1)")
                .ready(0, 1),
        }
        .done()
    }
}

/// When the container of a pod of a Job began and how it ended, as its object says it.
pub(in crate::sim) fn ended(pod: &ClusterObject) -> Option<(Timestamp, bool)> {
    let at = Timestamp::parse(pod.field(ClusterObject::LAST_ENDED)?.as_str())?;
    let how = pod.field(ClusterObject::LAST_END)?;
    Some((at, how.as_str().starts_with("Completed")))
}

/// The pod named `name` in `namespace`, if there is one.
pub(in crate::sim) fn pod<'a>(
    engine: &'a Engine,
    namespace: &str,
    name: &str,
) -> Option<&'a ClusterObject> {
    engine.world.others(FeedId::Pods).find_map(|object| match object {
        Object::ClusterObject(pod)
            if pod.meta.name == name
                && pod.meta.namespace.as_ref().is_some_and(|own| *own == namespace) =>
        {
            Some(&**pod)
        }
        _ => None,
    })
}
