//! Deployments, their pods, autoscalers and quotas, and what befalls them as the night goes on.

use super::making::{Making, Saying, node, number};
use super::workloads::{WORKLOADS, Workload};
use crate::domain::{ClusterKind, ClusterObject, Health, Span, Status, Timestamp};
use crate::sim::engine::Engine;
use crate::sim::scenario::ClusterPlan;

const MINUTE: u64 = 60;
const DAY: u64 = 86_400;

/// What befell a pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::sim) enum Trouble {
    /// Nothing.
    None,
    /// It was killed for its memory at this time; `back` when it answers again.
    Killed { at: Timestamp, restarts: u32, back: bool },
    /// It ends soon after each start; last at this time, since that one.
    Crashing { at: Timestamp, since: Timestamp, restarts: u32 },
}

impl Trouble {
    const fn is_ready(self) -> bool {
        matches!(self, Self::None | Self::Killed { back: true, .. })
    }

    const fn restarts(self) -> u32 {
        match self {
            Self::None => 0,
            Self::Killed { restarts, .. } | Self::Crashing { restarts, .. } => restarts,
        }
    }

    /// When its container was started last; none when it was never started again.
    pub(in crate::sim) const fn restarted(self) -> Option<Timestamp> {
        match self {
            Self::None => None,
            Self::Killed { at, .. } | Self::Crashing { at, .. } => Some(at),
        }
    }
}

/// A container that crashes is started again after so long.
const BACK_OFF: u64 = 5 * MINUTE;

/// What befell pod `index` of `workload`, in a night that began at `start`.
pub(in crate::sim) fn trouble(
    workload: &Workload,
    index: u32,
    (start, now): (Timestamp, Timestamp),
) -> Trouble {
    let elapsed = now.since(start).secs();
    match (workload.namespace, workload.name, index) {
        ("plana-odoo-18", "worker-odoo", 2) => Trouble::Killed {
            at: start.before(Span::from_secs(41 * MINUTE)),
            restarts: 3,
            back: true,
        },
        ("plana-odoo-18", "worker-odoo", 4) if elapsed >= 3 * MINUTE => Trouble::Killed {
            at: start.after(Span::from_secs(3 * MINUTE)),
            restarts: 1,
            back: elapsed >= 3 * MINUTE + 40,
        },
        ("pulse-banking", "pulse-banking", 1) => {
            let times = elapsed / BACK_OFF;
            Trouble::Crashing {
                at: start.before(Span::from_secs(70)).after(Span::from_secs(times * BACK_OFF)),
                since: start.before(Span::from_secs(38 * MINUTE)),
                restarts: 9 + u32::try_from(times).unwrap_or(u32::MAX / 2),
            }
        }
        _ => Trouble::None,
    }
}

/// One pod after the other is made anew, each so long after the one before.
const ROLLS: u64 = 5;

/// How many pods of a Deployment that was restarted at `since` are new.
pub(in crate::sim) fn rolled(since: Timestamp, now: Timestamp) -> u32 {
    u32::try_from(now.since(since).secs() / ROLLS).unwrap_or(u32::MAX)
}

/// Puts everything that runs into the world as it is now.
pub(super) fn beat(engine: &mut Engine, plan: ClusterPlan) {
    let (start, now) = (engine.scenario.start, engine.now());
    for workload in &WORKLOADS {
        let mut ready = 0;
        let restarted = engine.operations.restarted(workload.namespace, workload.name);
        let new = restarted.map_or(0, |since| rolled(since, now));
        for index in 0..workload.wanted {
            let trouble =
                if plan.troubles { trouble(workload, index, (start, now)) } else { Trouble::None };
            ready += u32::from(trouble.is_ready());
            let made = restarted
                .filter(|_| index < new)
                .map(|since| since.after(Span::from_secs(ROLLS * u64::from(index + 1))));
            engine.put(pod(workload, (index, made), start, trouble));
            if let Some(said) = occurrence(workload, index, trouble, now) {
                engine.put(said);
            }
        }
        let rolls = restarted.filter(|_| new < workload.wanted).map(|_| new);
        engine.put(deployment(workload, (ready, rolls), start));
        if workload.name == "worker-odoo" {
            engine.put(autoscaler(workload, start));
            engine.put(quota(workload, start));
        }
    }
}

fn deployment(
    workload: &Workload,
    (ready, rolls): (u32, Option<u32>),
    start: Timestamp,
) -> ClusterObject {
    let wanted = workload.wanted;
    let made = start.before(Span::from_secs(210 * DAY));
    let since = start.before(Span::from_secs(38 * MINUTE));
    let making = Making::new(ClusterKind::Deployment, Some(workload.namespace), workload.name)
        .created(made)
        .flux(workload.flux)
        .ready(ready, wanted)
        .fields(&[(ClusterObject::IMAGE, workload.image()), ("revision", "14".to_owned())]);
    if let Some(new) = rolls {
        return making
            .state(Health::Progressing, &format!("{new} of {wanted} are new"))
            .message("it is restarted pod by pod")
            .done();
    }
    match (ready, wanted) {
        (_, 0) => making
            .state(Health::Healthy, "scaled to nothing")
            .message("no tenant is left on this major"),
        (ready, wanted) if ready < wanted => making
            .state(
                if ready == 0 { Health::Failed } else { Health::Degraded },
                &format!("{ready} of {wanted} ready"),
            )
            .message(&format!("{} of its pods does not answer", wanted - ready))
            .condition(
                ("Available", Status::True, "MinimumReplicasAvailable"),
                "Deployment has minimum availability.",
                made,
            )
            .condition(
                ("Progressing", Status::False, "ProgressDeadlineExceeded"),
                &format!("ReplicaSet \"{}\" has timed out progressing.", workload.replica_set()),
                since,
            ),
        (ready, wanted) => {
            making.state(Health::Healthy, &format!("{ready} of {wanted} ready")).condition(
                ("Available", Status::True, "MinimumReplicasAvailable"),
                "Deployment has minimum availability.",
                made,
            )
        }
    }
    .done()
}

fn pod(
    workload: &Workload,
    (index, made): (u32, Option<Timestamp>),
    start: Timestamp,
    trouble: Trouble,
) -> ClusterObject {
    let name = workload.pod(index);
    let age = DAY + number(&name) % (6 * DAY);
    let making = Making::new(ClusterKind::Pod, Some(workload.namespace), &name)
        .created(made.unwrap_or_else(|| start.before(Span::from_secs(age))))
        .owner(&format!("ReplicaSet/{}", workload.replica_set()))
        .ready(u32::from(trouble.is_ready()), 1)
        .restarts(trouble.restarts())
        .fields(&[
            ("node", node(&name).to_owned()),
            (ClusterObject::CONTAINER, workload.name.to_owned()),
            (ClusterObject::IMAGE, workload.image()),
        ]);
    let ended = |making: Making, how: &str, at: Timestamp| {
        making.fields(&[
            (ClusterObject::LAST_END, how.to_owned()),
            (ClusterObject::LAST_ENDED, at.to_string()),
        ])
    };
    match trouble {
        Trouble::None => making.state(Health::Healthy, "running"),
        Trouble::Killed { at, back, .. } => {
            let limit = if workload.is_worker() { "4 GiB" } else { "512 MiB" };
            let making = ended(making, "OOMKilled (exit 137)", at)
                .message(&format!("killed for its memory: the limit is {limit}"));
            if back {
                making.state(Health::Healthy, "running")
            } else {
                making.state(Health::Degraded, "starting, not ready")
            }
        }
        Trouble::Crashing { at, since, .. } => ended(making, "Error (exit 1)", at)
            .state(Health::Failed, "CrashLoopBackOff")
            .message("back-off 5m0s before the next start; ended last with Error (exit 1)")
            .condition(
                ("Ready", Status::False, "ContainersNotReady"),
                &format!("containers with unready status: [{}]", workload.name),
                since,
            ),
    }
    .done()
}

/// What the cluster says of a pod's trouble.
fn occurrence(
    workload: &Workload,
    index: u32,
    trouble: Trouble,
    now: Timestamp,
) -> Option<ClusterObject> {
    let pod = format!("Pod/{}", workload.pod(index));
    let saying = |reason: &'static str, message: String, count: u64, at: Timestamp| Saying {
        namespace: workload.namespace,
        about: &pod,
        reason,
        message,
        warning: true,
        count,
        at,
    };
    match trouble {
        Trouble::None => None,
        Trouble::Killed { at, back: true, .. } if now.since(at).secs() > 60 * MINUTE => None,
        Trouble::Killed { at, .. } => {
            let message =
                format!("Memory cgroup out of memory: killed process of {}", workload.name);
            Some(saying("OOMKilling", message, 1, at).done(Span::default()))
        }
        Trouble::Crashing { since, .. } => {
            let message = format!("Back-off restarting failed container {}", workload.name);
            let minutes = now.since(since).secs() / MINUTE;
            let at = since.after(Span::from_secs(minutes * MINUTE));
            Some(saying("BackOff", message, minutes * 4, at).done(at.since(since)))
        }
    }
}

fn autoscaler(workload: &Workload, start: Timestamp) -> ClusterObject {
    let (least, most, load) = match workload.wanted {
        0 => (0, 2, 0),
        2 => (2, 4, 31),
        _ => (4, 12, 58),
    };
    let wanted = workload.wanted;
    Making::new(ClusterKind::Autoscaler, Some(workload.namespace), workload.name)
        .created(start.before(Span::from_secs(210 * DAY)))
        .owner(&format!("Deployment/{}", workload.name))
        .flux(workload.flux)
        .ready(wanted, wanted)
        .state(Health::Healthy, &format!("{wanted} pods, of {least} to {most}"))
        .message(&format!("cpu {load}% of the 70% that it aims at"))
        .fields(&[
            ("least", least.to_string()),
            ("most", most.to_string()),
            ("cpu", format!("{load}%")),
            ("aims at cpu", "70%".to_owned()),
        ])
        .done()
}

fn quota(workload: &Workload, start: Timestamp) -> ClusterObject {
    let (hard, used) = match workload.namespace {
        "plana-odoo-18" => ((24, 48, 40), (16, 32, 9)),
        "plana-odoo-19" => ((8, 16, 12), (6, 12, 4)),
        _ => ((4, 8, 8), (0, 0, 0)),
    };
    let fits = hard.0 - used.0 >= 2 && hard.1 - used.1 >= 4;
    let making = Making::new(ClusterKind::Quota, Some(workload.namespace), "odoo-quota")
        .created(start.before(Span::from_secs(210 * DAY)))
        .flux(workload.flux)
        .fields(&[
            ("limits.cpu", format!("{} of {}", used.0, hard.0)),
            ("limits.memory", format!("{} of {} GiB", used.1, hard.1)),
            ("pods", format!("{} of {}", used.2, hard.2)),
        ]);
    let state = format!("cpu {} of {}, memory {} of {} GiB", used.0, hard.0, used.1, hard.1);
    if fits {
        making.state(Health::Healthy, &state)
    } else {
        making
            .state(Health::Degraded, &state)
            .message("there is no room for one more Job of 2 CPU and 4 GiB")
    }
    .done()
}
