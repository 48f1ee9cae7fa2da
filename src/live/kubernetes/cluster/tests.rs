//! Objects that a real API server would not give, or not easily: broken, half written, hostile, at the limits.

use proptest::prelude::*;

use super::*;
use crate::domain::{Object, Uid};

fn now() -> Timestamp {
    Timestamp::parse("2026-05-29T09:00:00Z").expect("a time")
}

/// What comes of `json`: the objects told.
fn told(kind: ClusterKind, json: &str) -> Vec<ClusterObject> {
    let mut reader = Reader::new(kind, "planapulse.app");
    let mut facts = Vec::new();
    match serde_json::from_str::<Loose<Raw<'_>>>(json) {
        Ok(raw) => reader.upsert(&raw.0, now(), &mut facts),
        Err(error) => reader.lost(&error.to_string(), &mut facts),
    }
    let object = |fact| match fact {
        Fact::Upsert(Object::ClusterObject(object)) => ClusterObject::clone(&object),
        other => panic!("not an object: {other:?}"),
    };
    facts.into_iter().map(object).collect()
}

fn read(kind: ClusterKind, rest: &str) -> ClusterObject {
    let json =
        format!(r#"{{"metadata":{{"name":"a","namespace":"n","uid":"u","generation":3}},{rest}}}"#);
    told(kind, &json).swap_remove(0)
}

/// Reads objects of `kind`, and compares `health: state` and a part of the message.
fn check(kind: ClusterKind, cases: &[(&str, &str, &str)]) {
    for (rest, wanted, message) in cases {
        let object = read(kind, rest);
        assert_eq!(format!("{}: {}", object.health.word(), object.state), *wanted, "{rest}");
        assert!(object.message.as_str().contains(message), "{}: {rest}", object.message);
    }
}

#[test]
fn nothing_that_is_odd_takes_a_row_away() {
    let oddities = [
        "null",
        "7",
        "\"text\"",
        "[]",
        "[1,{}]",
        "{}",
        r#"{"phase":{}}"#,
        r#"{"conditions":"none"}"#,
        r#"{"conditions":[null,7,{"type":"Ready"}]}"#,
        r#"{"containerStatuses":{"a":1}}"#,
        r#"{"containerStatuses":[null,{"restartCount":-7,"state":[]},{"restartCount":99999999999}]}"#,
        r#"{"hard":{"cpu":[],"memory":"-1","pods":7},"used":null}"#,
        r#"{"hard":{"cpu":"0"}}"#,
        r#"{"listeners":[[]],"parents":[{"conditions":{}}],"hostnames":[7,null]}"#,
        r#"{"notAfter":"soon","replicas":"many","rules":[{"backendRefs":[null]}]}"#,
        r#"{"lastScheduleTime":"2026-05-29T02:00:00Z","lastSuccessfulTime":7,"active":9}"#,
    ];
    for kind in ClusterKind::ALL {
        for spec in oddities {
            for status in oddities {
                let object = read(kind, &format!(r#""spec":{spec},"status":{status}"#));
                assert_eq!((object.meta.name.as_str(), object.kind), ("a", kind));
                assert!(!object.state.is_empty(), "{kind} {spec} {status}");
            }
        }
        for json in ["{}", "null", "17", r#"{"metadata":[]}"#, "<html>", r#"{"metadata":{"name":"#]
        {
            let object = told(kind, json).swap_remove(0);
            assert_eq!(object.meta.name, "unreadable-1", "{json}");
            assert!(object.message.as_str().starts_with(&format!("this {kind} can't be read: ")));
        }
    }
}

#[test]
fn pods_say_why_they_do_not_run() {
    let container = |state: &str, last: &str, ready: bool| {
        format!(
            r#""spec":{{"nodeName":"n1","containers":[{{"name":"c"}}]}},"status":{{"phase":"Running",
            "conditions":[{{"type":"Ready","status":"{}","reason":"ContainersNotReady"}}],
            "containerStatuses":[{{"name":"c","ready":{ready},"restartCount":2,"state":{state},"lastState":{last}}}]}}"#,
            if ready { "True" } else { "False" },
        )
    };
    let killed = r#"{"terminated":{"reason":"OOMKilled","exitCode":137,"finishedAt":"2026-05-29T08:00:00Z"}}"#;
    let cases = [
        (container(r#"{"running":{}}"#, "{}", true), "healthy: running", ""),
        (container(r#"{"running":{}}"#, killed, true), "healthy: running", "c: its last run was killed for its memory (OOMKilled, exit code 137)"),
        (container(r#"{"waiting":{"reason":"CreateContainerConfigError","message":"secret \"x\" not found"}}"#, "{}", false), "failed: CreateContainerConfigError", "secret \"x\" not found"),
        (container(killed, "{}", false), "degraded: not ready, a container ended", "killed for its memory"),
        (r#""status":{"phase":"Pending"}"#.to_owned(), "progressing: starting", ""),
        (r#""status":{"phase":"Pending","conditions":[{"type":"PodScheduled","status":"False","reason":"Unschedulable","message":"0/3 nodes are available: 3 Insufficient memory."}]}"#.to_owned(), "degraded: no node takes it", "Insufficient memory"),
        (r#""status":{"phase":"Pending","containerStatuses":[{"name":"c","state":{"waiting":{"reason":"ContainerCreating"}}}]}"#.to_owned(), "progressing: starting: ContainerCreating", ""),
        (r#""status":{"phase":"Pending","initContainerStatuses":[{"name":"i","state":{"waiting":{"reason":"ImagePullBackOff","message":"no"}}}]}"#.to_owned(), "failed: ImagePullBackOff", "no"),
        (r#""status":{"phase":"Failed","reason":"Evicted","message":"The node was low on resource: memory."}"#.to_owned(), "failed: Evicted", "low on resource"),
        (r#""status":{"phase":"Succeeded"}"#.to_owned(), "healthy: done", ""),
        (r#""status":{}"#.to_owned(), "unknown: unknown", ""),
    ];
    let cases: Vec<_> =
        cases.iter().map(|(rest, state, said)| (rest.as_str(), *state, *said)).collect();
    check(ClusterKind::Pod, &cases);
    let object = told(
        ClusterKind::Pod,
        r#"{"metadata":{"name":"a","uid":"u","deletionTimestamp":"2026-05-29T08:59:00Z"},"status":{"phase":"Running"}}"#,
    );
    assert_eq!(
        (object[0].health, object[0].state.as_str()),
        (Health::Progressing, "being removed")
    );
}

#[test]
fn workloads_say_how_many_are_there_and_what_stops_them() {
    check(
        ClusterKind::Deployment,
        &[
            (
                r#""spec":{"replicas":2},"status":{"observedGeneration":3,"readyReplicas":2,"updatedReplicas":2}"#,
                "healthy: 2 of 2 ready",
                "",
            ),
            (
                r#""spec":{"replicas":2},"status":{"observedGeneration":2,"readyReplicas":2,"updatedReplicas":2}"#,
                "progressing: a change is about to begin",
                "",
            ),
            (
                r#""spec":{"replicas":6},"status":{"observedGeneration":3,"readyReplicas":5,"updatedReplicas":2}"#,
                "progressing: 2 of 6 updated",
                "",
            ),
            (r#""spec":{"replicas":0},"status":{}"#, "healthy: scaled to zero", ""),
            (r#""status":{}"#, "failed: 0 of 1 ready", ""),
            (
                r#""spec":{"replicas":2},"status":{"readyReplicas":1,"updatedReplicas":1,"conditions":[{"type":"Progressing","status":"False","reason":"ProgressDeadlineExceeded","message":"ReplicaSet \"x\" has timed out progressing."}]}"#,
                "degraded: 1 of 2 ready, the change does not get through",
                "timed out",
            ),
            (
                r#""spec":{"replicas":1,"paused":true},"status":{"readyReplicas":1,"updatedReplicas":1}"#,
                "degraded: its changes are paused",
                "",
            ),
        ],
    );
    check(
        ClusterKind::Autoscaler,
        &[
            (
                r#""spec":{"minReplicas":2,"maxReplicas":6},"status":{"currentReplicas":6,"desiredReplicas":6}"#,
                "degraded: 6, at its maximum",
                "can't grow",
            ),
            (
                r#""spec":{"minReplicas":2,"maxReplicas":6},"status":{"currentReplicas":3,"desiredReplicas":3}"#,
                "healthy: 3 of 2–6",
                "",
            ),
            (
                r#""spec":{"minReplicas":1,"maxReplicas":1},"status":{"currentReplicas":1,"desiredReplicas":1}"#,
                "healthy: 1 of 1–1",
                "",
            ),
            (
                r#""spec":{"maxReplicas":6},"status":{"conditions":[{"type":"ScalingActive","status":"False","reason":"FailedGetResourceMetric","message":"no metrics"}]}"#,
                "degraded: can't scale",
                "no metrics",
            ),
        ],
    );
    check(
        ClusterKind::Quota,
        &[
            (
                r#""status":{"hard":{"limits.cpu":"10","limits.memory":"20Gi"},"used":{"limits.cpu":"9500m","limits.memory":"2Gi"}}"#,
                "degraded: limits.cpu 95 % used",
                "No room for the pod of an upgrade (2 CPU, 4 GiB): limits.cpu has 9500m of 10 used.",
            ),
            (
                r#""status":{"hard":{"requests.cpu":"10","memory":"20Gi"},"used":{"memory":"4Gi"}}"#,
                "healthy: memory 20 % used",
                "Room for 4 pods",
            ),
            (
                r#""status":{"hard":{"secrets":"10"},"used":{"secrets":"1"}}"#,
                "healthy: secrets 10 % used",
                "",
            ),
            (r#""spec":{"hard":{"pods":"10"}}"#, "healthy: pods 0 % used", "Room for 10 pods"),
            (r#""spec":{}"#, "unknown: no limits", ""),
        ],
    );
}

#[test]
fn ways_in_say_whether_they_lead_somewhere() {
    check(
        ClusterKind::Gateway,
        &[
            (r#""status":{}"#, "progressing: no controller has taken it yet", ""),
            (
                r#""status":{"conditions":[{"type":"Programmed","status":"False","reason":"AddressNotAssigned","message":"no address"}]}"#,
                "failed: not programmed",
                "no address",
            ),
            (
                r#""status":{"conditions":[{"type":"Programmed","status":"True"}],"listeners":[{"name":"a","conditions":[{"type":"ResolvedRefs","status":"False","reason":"InvalidCertificateRef","message":"no secret"}]},{"name":"b"}]}"#,
                "degraded: 1 of 2 listeners work",
                "a: no secret",
            ),
        ],
    );
    check(
        ClusterKind::Route,
        &[
            (
                r#""spec":{"parentRefs":[{}]},"status":{"parents":[]}"#,
                "progressing: no gateway has taken it yet",
                "",
            ),
            (
                r#""status":{"parents":[{"conditions":[{"type":"Accepted","status":"False","reason":"NoMatchingListenerHostname"}]}]}"#,
                "failed: not accepted: NoMatchingListenerHostname",
                "NoMatching",
            ),
            (
                r#""status":{"parents":[{"conditions":[{"type":"Accepted","status":"True"},{"type":"ResolvedRefs","status":"True"}]}]}"#,
                "healthy: accepted",
                "",
            ),
        ],
    );
    for (host, tenant) in [
        ("acme.planapulse.app", Some("acme")),
        ("a.b.planapulse.app", None),
        ("*.planapulse.app", None),
        ("planapulse.app", None),
        ("notplanapulse.app", None),
        ("acme.planapulse.ai", None),
    ] {
        let route = read(ClusterKind::Route, &format!(r#""spec":{{"hostnames":["{host}"]}}"#));
        assert_eq!(route.tenant.as_ref().map(crate::domain::Text::as_str), tenant, "{host}");
    }
    check(
        ClusterKind::Certificate,
        &[
            (
                r#""status":{"notAfter":"2026-08-01T00:00:00Z","conditions":[{"type":"Ready","status":"True"}]}"#,
                "healthy: valid",
                "",
            ),
            (
                r#""status":{"notAfter":"2026-06-11T00:00:00Z"}"#,
                "degraded: ends in less than 14 days",
                "",
            ),
            (
                r#""status":{"notAfter":"2026-06-01T00:00:00Z"}"#,
                "failed: ends in less than 3 days",
                "",
            ),
            (r#""status":{"notAfter":"2026-05-29T09:00:00Z"}"#, "failed: expired", ""),
            (
                r#""status":{"notAfter":"2026-08-01T00:00:00Z","conditions":[{"type":"Ready","status":"False","reason":"DoesNotExist","message":"no secret"}]}"#,
                "degraded: not ready: DoesNotExist",
                "no secret",
            ),
            (r#""status":{}"#, "progressing: not issued yet", ""),
        ],
    );
}

#[test]
fn jobs_nodes_and_what_git_says() {
    check(
        ClusterKind::Kustomization,
        &[
            (
                r#""status":{"lastAppliedRevision":"main@sha1:0123456789abcdef","conditions":[{"type":"Ready","status":"True"}]}"#,
                "healthy: ready at main@01234567",
                "",
            ),
            (
                r#""status":{"conditions":[{"type":"Ready","status":"Unknown","message":"Reconciliation in progress"}]}"#,
                "progressing: being applied",
                "in progress",
            ),
            (
                r#""status":{"conditions":[{"type":"Ready","status":"False","reason":"HealthCheckFailed","message":"timeout"}]}"#,
                "failed: applied, but not well",
                "timeout",
            ),
            (r#""status":{}"#, "unknown: not seen by Flux yet", ""),
        ],
    );
    check(
        ClusterKind::CronJob,
        &[
            (r#""spec":{"suspend":true}"#, "degraded: suspended", ""),
            (
                r#""status":{"active":[{}],"lastScheduleTime":"2026-05-29T02:00:00Z"}"#,
                "progressing: running",
                "",
            ),
            (
                r#""status":{"lastScheduleTime":"2026-05-29T02:00:00Z"}"#,
                "failed: has never succeeded",
                "",
            ),
            (
                r#""status":{"lastScheduleTime":"2026-05-29T02:00:00Z","lastSuccessfulTime":"2026-05-28T02:06:00Z"}"#,
                "degraded: its last run did not succeed",
                "",
            ),
            (
                r#""status":{"lastScheduleTime":"2026-05-29T02:00:00Z","lastSuccessfulTime":"2026-05-29T02:06:00Z"}"#,
                "healthy: its last run succeeded",
                "",
            ),
            (r#""status":{}"#, "unknown: has not run yet", ""),
        ],
    );
    check(
        ClusterKind::Job,
        &[
            (r#""status":{}"#, "progressing: about to begin", ""),
            (r#""status":{"active":1,"failed":2}"#, "progressing: running, 2 tries failed", ""),
            (
                r#""status":{"conditions":[{"type":"Failed","status":"True","reason":"DeadlineExceeded","message":"too long"}]}"#,
                "failed: ran too long",
                "too long",
            ),
            (
                r#""status":{"conditions":[{"type":"Complete","status":"True"}]}"#,
                "healthy: done",
                "",
            ),
            (r#""spec":{"suspend":true}"#, "degraded: suspended", ""),
        ],
    );
    check(
        ClusterKind::Node,
        &[
            (
                r#""status":{"conditions":[{"type":"Ready","status":"Unknown","message":"Kubelet stopped posting node status."}]}"#,
                "failed: not heard of",
                "stopped posting",
            ),
            (
                r#""status":{"conditions":[{"type":"Ready","status":"False","reason":"KubeletNotReady"}]}"#,
                "failed: not ready",
                "KubeletNotReady",
            ),
            (
                r#""spec":{"unschedulable":true},"status":{"conditions":[{"type":"Ready","status":"True"}]}"#,
                "degraded: cordoned",
                "uncordoned",
            ),
            (
                r#""status":{"conditions":[{"type":"Ready","status":"True"},{"type":"DiskPressure","status":"True","message":"full"}]}"#,
                "degraded: short of disk",
                "full",
            ),
        ],
    );
    check(
        ClusterKind::Claim,
        &[
            (r#""status":{"phase":"Pending"}"#, "progressing: waits for a volume", ""),
            (r#""status":{"phase":"Lost"}"#, "failed: its volume is lost", ""),
            (r#""status":{"phase":"Bound"}"#, "healthy: bound", ""),
        ],
    );
}

#[test]
fn events_are_warnings_and_the_newest_only() {
    let mut reader = Reader::new(ClusterKind::Occurrence, "");
    let mut known: std::collections::HashSet<Uid> = std::collections::HashSet::new();
    let mut take = |reader: &mut Reader, json: String, is_gone: bool| {
        let raw: Raw<'_> = serde_json::from_str(&json).expect("an event");
        let mut facts = Vec::new();
        if is_gone {
            reader.remove(&raw, &mut facts);
        } else {
            reader.upsert(&raw, now(), &mut facts);
        }
        for fact in facts {
            match fact {
                Fact::Upsert(object) => drop(known.insert(object.uid().clone())),
                Fact::Remove(uid) => assert!(known.remove(&uid), "{uid:?} was not told"),
                other => panic!("{other:?}"),
            }
        }
        known.len()
    };
    let event = |about: usize, number: usize, severity: &str| {
        format!(
            r#"{{"metadata":{{"name":"e{number}","namespace":"n","uid":"{about}-{number}"}},"type":"{severity}","reason":"BackOff",
            "involvedObject":{{"kind":"Pod","name":"p{about}"}},"lastTimestamp":"2026-05-29T08:{:02}:{:02}Z"}}"#,
            number / 60 % 60,
            number % 60
        )
    };
    assert_eq!(take(&mut reader, event(0, 1, "Normal"), false), 0);
    for number in 1..=20 {
        assert_eq!(take(&mut reader, event(0, number, "Warning"), false), number.min(8));
    }
    // One that is older than all that are kept, one that is known, one that goes, one that was never told.
    assert_eq!(take(&mut reader, event(0, 2, "Warning"), false), 8);
    assert_eq!(take(&mut reader, event(0, 20, "Warning"), false), 8);
    assert_eq!(take(&mut reader, event(0, 20, "Warning"), true), 7);
    assert_eq!(take(&mut reader, event(0, 1, "Warning"), true), 7);
    for about in 1..=3_000 {
        assert!(take(&mut reader, event(about, about, "Warning"), false) <= 2_000);
    }
    let event = read(
        ClusterKind::Occurrence,
        r#""type":"Warning","reason":"Failed","message":"no","count":3,"involvedObject":{"kind":"TenantUpgrade","name":"acme-1"},"series":{"count":9,"lastObservedTime":"2026-05-29T08:00:00Z"}"#,
    );
    assert_eq!(
        (event.state.as_str(), event.at),
        ("Failed ×9", Timestamp::parse("2026-05-29T08:00:00Z"))
    );
    assert_eq!(event.run.as_ref().map(crate::domain::Text::as_str), Some("acme-1"));
}

#[test]
fn what_is_kept_of_one_object_is_bounded_and_safe() {
    let many =
        vec![r#"{"name":"c","image":"i","state":{"waiting":{"reason":"x"}}}"#; 5_000].join(",");
    let long = "x".repeat(100_000);
    let pod = read(
        ClusterKind::Pod,
        &format!(
            r#""spec":{{"containers":[{many}]}},"status":{{"phase":"Failed","reason":"\u001b[2J","message":"{long}","containerStatuses":[{many}]}}"#
        ),
    );
    assert!(pod.fields.len() <= 48 && pod.message.as_str().len() < 1_100);
    assert_eq!(pod.state, "␛[2J");
    let conditions = vec![r#"{"type":"Ready","status":"True"}"#; 5_000].join(",");
    let node = read(ClusterKind::Node, &format!(r#""status":{{"conditions":[{conditions}]}}"#));
    assert!(node.conditions.len() <= 16);
}

proptest! {
    #[test]
    fn no_value_anywhere_is_a_panic(spec in any::<i64>(), text in ".{0,40}", index in 0..13_usize) {
        let text = serde_json::to_string(&text).expect("text");
        for key in ["phase", "replicas", "notAfter", "lastScheduleTime", "hard", "conditions", "startTime", "hostnames"] {
            let rest = format!(r#""spec":{{"{key}":{spec}}},"status":{{"{key}":{text},"capacity":{{"memory":{text}}},"used":{{"cpu":{spec}}}}}"#);
            let object = read(ClusterKind::ALL[index], &rest);
            prop_assert_eq!(object.meta.name.as_str(), "a");
        }
    }
}
