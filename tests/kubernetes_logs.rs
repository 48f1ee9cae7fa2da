//! The harness itself: logs that a made-up kubelet says come through the real API server, are followed, cut and resumed.
#![cfg(feature = "real-servers")]

mod platform;

use std::time::Duration;

use futures_util::{AsyncBufReadExt as _, AsyncReadExt as _, StreamExt as _};
use k8s_openapi::api::core::v1::Pod;
use kube::Api;
use kube::api::LogParams;
use platform::{
    ApiServer, Cluster, Kubelet, PlatformError, User, WORKLOADS, pod_names, usual_moment,
};

type Outcome = Result<(), PlatformError>;

/// Long enough for a loaded machine, short enough for a person.
const PATIENCE: Duration = Duration::from_mins(1);
const NAMESPACE: &str = "plana-odoo-18";

struct World {
    server: ApiServer,
    kubelet: Kubelet,
    pod: String,
}

impl World {
    async fn new() -> Result<Self, PlatformError> {
        let server = ApiServer::start().await?;
        let kubelet = Kubelet::start(&server).await?;
        let cluster = Cluster { kubelet: Some(kubelet.port()), ..Cluster::new(1, usual_moment()) };
        server.fill_cluster(&cluster).await?;
        let workers = WORKLOADS.iter().find(|one| one.namespace == NAMESPACE && one.is_worker());
        let pod = workers.and_then(|one| pod_names(one).into_iter().next()).unwrap_or_default();
        Ok(Self { server, kubelet, pod })
    }

    fn speaker(&self) -> (&str, &str, &str) {
        (NAMESPACE, &self.pod, "worker-odoo")
    }

    async fn pods(&self) -> Result<Api<Pod>, PlatformError> {
        Ok(Api::namespaced(self.server.client_of(User::Viewer).await?, NAMESPACE))
    }

    fn count_to(&self, last: usize) {
        let lines: Vec<String> = (1..=last).map(|number| format!("line {number}")).collect();
        self.kubelet.say_all(self.speaker(), usual_moment(), 1, &lines);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_is_read_whole_by_its_tail_with_times_and_from_before_the_restart() -> Outcome {
    let world = World::new().await?;
    world.count_to(5);
    let before = LogParams { previous: true, ..LogParams::default() };
    let refused = world.pods().await?.logs(&world.pod, &before).await;
    assert!(format!("{refused:?}").contains("previous terminated container"), "{refused:?}");
    world.kubelet.said_before(world.speaker(), usual_moment(), &["out of memory"]);
    let pods = world.pods().await?;
    let whole = LogParams { container: Some("worker-odoo".into()), ..LogParams::default() };
    let at = "2026-05-29T09:00:00.000000000Z";
    let since = usual_moment().timestamp() - 1;
    let since = k8s_openapi::jiff::Timestamp::from_second(since).unwrap_or_default();
    let cases = [
        (whole.clone(), "line 1\nline 2\nline 3\nline 4\nline 5\n".to_owned()),
        (LogParams { tail_lines: Some(2), ..whole.clone() }, "line 4\nline 5\n".to_owned()),
        (
            LogParams { tail_lines: Some(1), timestamps: true, ..whole.clone() },
            format!("{at} line 5\n"),
        ),
        (LogParams { since_time: Some(since), ..whole.clone() }, "line 4\nline 5\n".to_owned()),
        (LogParams { previous: true, ..whole.clone() }, "out of memory\n".to_owned()),
    ];
    for (asked, wanted) in cases {
        assert_eq!(pods.logs(&world.pod, &asked).await?, wanted, "{asked:?}");
    }

    world.kubelet.set_out_of_order(true);
    assert!(pods.logs(&world.pod, &whole).await.is_err(), "a broken kubelet gives no log");
    world.kubelet.set_out_of_order(false);
    assert_eq!(pods.logs(&world.pod, &whole).await?.lines().count(), 5);
    let nobody = Api::<Pod>::namespaced(world.server.client_of(User::FiveKinds).await?, NAMESPACE);
    assert!(nobody.logs(&world.pod, &whole).await.is_err(), "logs are not for everyone");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_followed_log_keeps_coming_is_cut_in_a_line_and_resumes_without_a_gap() -> Outcome {
    let world = World::new().await?;
    world.count_to(3);
    let pods = world.pods().await?;
    let followed = LogParams { follow: true, timestamps: true, ..LogParams::default() };

    let mut lines = pods.log_stream(&world.pod, &followed).await?.lines();
    let mut next = async || {
        let line = tokio::time::timeout(PATIENCE, lines.next()).await.ok()??;
        line.ok().and_then(|line| line.split_once(' ').map(|(_, text)| text.to_owned()))
    };
    for wanted in ["line 1", "line 2", "line 3"] {
        assert_eq!(next().await.as_deref(), Some(wanted));
    }
    world.kubelet.wait_for_followers(1).await;
    let later = |seconds| usual_moment() + chrono::Duration::seconds(seconds);
    world.kubelet.say(world.speaker(), later(1), "line 4");
    assert_eq!(next().await.as_deref(), Some("line 4"));

    let long = format!("line 5 {}", "x".repeat(200));
    world.kubelet.say_and_cut(world.speaker(), later(2), &long);
    let half = next().await;
    assert!(half.is_none_or(|half| half.starts_with("line 5") && half.len() < long.len()));
    assert!(next().await.is_none(), "the connection is lost");
    world.kubelet.wait_for_followers(0).await;

    // What was said meanwhile is there for one who asks from the last whole line on.
    world.kubelet.say(world.speaker(), later(3), "line 6");
    let since = k8s_openapi::jiff::Timestamp::from_second(later(1).timestamp()).unwrap_or_default();
    let resumed = LogParams { since_time: Some(since), timestamps: false, ..followed };
    let mut stream = pods.log_stream(&world.pod, &resumed).await?;
    world.kubelet.wait_for_followers(1).await;
    world.kubelet.end(world.speaker());
    let mut rest = String::new();
    let read = tokio::time::timeout(PATIENCE, stream.read_to_string(&mut rest)).await;
    assert!(matches!(read, Ok(Ok(_))), "a container that ends ends its log in order");
    assert_eq!(rest, format!("line 4\n{long}\nline 6\n"));
    Ok(())
}
