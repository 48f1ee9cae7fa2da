//! The log that the operator has open, from a real API server whose nodes answer: followed, cut, resumed, ended, refused.
#![cfg(feature = "real-servers")]
#![allow(
    clippy::expect_used,
    clippy::excessive_nesting,
    clippy::disallowed_methods,
    clippy::too_many_lines,
    reason = "a test may fail, and measures time"
)]

mod kubernetes;
mod platform;

use std::time::{Duration, Instant};

use kubernetes::Seen;
use platform::{
    ApiServer, Cluster, Kind, Kubelet, PlatformError, Resource, RunJob, RunState, User, WORKLOADS,
    Workload, pod_names, usual_moment,
};
use pulse_console::domain::{Attention, FeedId, LogSource, LogTold, Text, Trouble, TroubleKind};
use pulse_console::live::kubernetes::Options;

type Outcome = Result<(), PlatformError>;

const NAMESPACE: &str = "plana-odoo-18";
const CONTAINER: &str = "worker-odoo";

struct World {
    server: ApiServer,
    kubelet: Kubelet,
    workload: &'static Workload,
    pod: String,
}

impl World {
    async fn new() -> Result<Self, PlatformError> {
        let server = ApiServer::start().await?;
        let kubelet = Kubelet::start(&server).await?;
        let cluster = Cluster { kubelet: Some(kubelet.port()), ..Cluster::new(2, usual_moment()) };
        server.fill_cluster(&cluster).await?;
        let workload = WORKLOADS.iter().find(|one| one.namespace == NAMESPACE && one.is_worker());
        let workload = workload.expect("workers of Odoo 18");
        // The second one is well.
        let pod = pod_names(workload).swap_remove(1);
        Ok(Self { server, kubelet, workload, pod })
    }

    fn speaker(&self) -> (&str, &str, &str) {
        (NAMESPACE, &self.pod, CONTAINER)
    }

    fn say(&self, numbers: std::ops::RangeInclusive<u32>) {
        for number in numbers {
            self.kubelet.say(self.speaker(), at(number), &format!("line {number}"));
        }
    }

    fn seen(&self, user: User) -> Seen {
        Seen::of(Options {
            kubeconfig: Some(self.server.kubeconfig(user)),
            ask_again: Duration::from_secs(2),
            ..Options::default()
        })
    }
}

fn at(number: u32) -> chrono::DateTime<chrono::Utc> {
    usual_moment() + chrono::Duration::milliseconds(i64::from(number) * 300)
}

fn log(pod: &str, container: Option<&str>, previous: bool) -> Attention {
    let source = LogSource::Pod {
        namespace: Text::from(NAMESPACE),
        pod: Text::from(pod),
        container: container.map(Text::from),
        previous,
    };
    Attention { log: Some(source), ..Attention::default() }
}

/// What was told of the log of `pod`: lines as they are, gaps and ends in brackets.
fn told(seen: &Seen, pod: &str) -> Vec<String> {
    let mut all = Vec::new();
    for chunk in &seen.chunks {
        if !matches!(&chunk.source, LogSource::Pod { pod: other, .. } if *other == pod) {
            continue;
        }
        match &chunk.told {
            LogTold::Lines(lines) => all.extend(lines.iter().map(|line| line.text.to_string())),
            LogTold::Gap(why) => all.push(format!("[{why}]")),
            LogTold::End(why) => all.push(format!("<{why}>")),
        }
    }
    all
}

fn lines(numbers: std::ops::RangeInclusive<u32>) -> Vec<String> {
    numbers.map(|number| format!("line {number}")).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_is_followed_through_cuts_and_outages_and_no_line_is_told_twice() -> Outcome {
    let mut world = World::new().await?;
    world.say(1..=5);
    let mut seen = world.seen(User::Viewer);
    seen.until(|seen| seen.is_listed(FeedId::Log)).await;
    let pod = world.pod.clone();
    let began = Instant::now();
    seen.look_at(log(&pod, None, false));
    seen.until(|seen| told(seen, &pod) == lines(1..=5)).await;
    println!("open: its tail after {:?}", began.elapsed());
    let first = seen.chunks.iter().find_map(|chunk| match &chunk.told {
        LogTold::Lines(lines) => lines.first().and_then(|line| line.at),
        _ => None,
    });
    assert_eq!(first.map(pulse_console::domain::Timestamp::ms), Some(at(1).timestamp_millis()));

    world.kubelet.wait_for_followers(1).await;
    let began = Instant::now();
    world.say(6..=6);
    seen.until(|seen| told(seen, &pod) == lines(1..=6)).await;
    println!("a line: told after {:?}", began.elapsed());

    // Cut in the middle of a line; what was said meanwhile comes, and nothing twice.
    for round in 0..3 {
        world.kubelet.wait_for_followers(1).await;
        let next = 7 + round * 2;
        world.kubelet.say_and_cut(world.speaker(), at(next), &format!("line {next}"));
        world.say(next + 1..=next + 1);
        let began = Instant::now();
        seen.until(|seen| told(seen, &pod) == lines(1..=next + 1)).await;
        println!("cut: taken up again after {:?}", began.elapsed());
    }

    // The node can't answer, then it can.
    world.kubelet.wait_for_followers(1).await;
    world.kubelet.set_out_of_order(true);
    world.kubelet.say_and_cut(world.speaker(), at(13), "line 13");
    let is_broken = |why: &Trouble| why.kind == TroubleKind::Server;
    seen.until(|seen| seen.trouble(FeedId::Log).is_some_and(is_broken)).await;
    world.kubelet.set_out_of_order(false);
    seen.until(|seen| told(seen, &pod) == lines(1..=13) && seen.is_listed(FeedId::Log)).await;

    // The API server dies and comes back.
    let began = Instant::now();
    world.server.kill();
    seen.until(|seen| seen.trouble(FeedId::Log).is_some()).await;
    println!("killed: told after {:?}", began.elapsed());
    assert!(began.elapsed() < Duration::from_secs(5));
    world.say(14..=15);
    world.server.start_again().await?;
    seen.until(|seen| told(seen, &pod) == lines(1..=15) && seen.is_listed(FeedId::Log)).await;

    // The container is started again: its log begins anew, which is said.
    world.kubelet.wait_for_followers(1).await;
    let moment = at(16);
    world.server.restart_pod(world.workload, 1, moment).await?;
    world.kubelet.restart(world.speaker());
    world.say(16..=17);
    seen.until(|seen| told(seen, &pod).last().is_some_and(|last| last == "line 17")).await;
    let all = told(&seen, &pod);
    assert_eq!(all.get(..15), Some(lines(1..=15).as_slice()));
    assert_eq!(all.get(15..).map(<[String]>::len), Some(3), "{all:?}");
    assert!(
        all.iter().any(|line| line.starts_with("[worker-odoo was started again here")),
        "{all:?}"
    );

    // What it wrote before is read once, to its end.
    seen.look_at(Attention::default());
    world.kubelet.wait_for_followers(0).await;
    seen.chunks.clear();
    seen.look_at(log(&pod, Some(CONTAINER), true));
    seen.until(|seen| told(seen, &pod).last().is_some_and(|last| last.starts_with('<'))).await;
    let all = told(&seen, &pod);
    assert_eq!(all.get(..15), Some(lines(1..=15).as_slice()));
    assert_eq!(
        all.last().map(String::as_str),
        Some("<That is all that it wrote before its restart.>")
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_that_ends_is_gone_or_forgotten_says_so() -> Outcome {
    let world = World::new().await?;
    let spec = serde_json::json!({ "slug": "acme", "fromVersion": "18", "toVersion": "18", "strategy": "same-major" });
    world.server.create_spec(Kind::Upgrade, "acme-1", &spec).await?;
    let mut job = RunJob::upgrade("acme-1", "18", RunState::Running, [usual_moment(), at(20)]);
    world.server.run_job(&job).await?;
    let pod = job.pods().swap_remove(0);
    let speaker = (job.namespace(), pod.as_str(), job.container());
    for number in 1..=3 {
        world.kubelet.say(speaker, at(number), &format!("line {number}"));
    }
    let mut seen = world.seen(User::Viewer);
    seen.look_at(log(&pod, None, false));
    seen.until(|seen| told(seen, &pod) == lines(1..=3)).await;
    world.kubelet.wait_for_followers(1).await;
    job.state = RunState::Failed;
    world.server.run_job(&job).await?;
    world.kubelet.end(speaker);
    seen.until(|seen| told(seen, &pod).len() == 4).await;
    assert_eq!(told(&seen, &pod)[3], "<upgrade failed (exit code 1).>");

    // Another one, which is not there, has never run, or can't be.
    for (name, container, previous, wanted) in [
        (
            "nobody",
            None,
            false,
            "<There is no pod nobody in plana-odoo-18; it may be gone.>".to_owned(),
        ),
        ("../secrets", None, false, "<No pod can have such a name.>".to_owned()),
    ] {
        seen.look_at(log(name, container, previous));
        seen.until(|seen| !told(seen, name).is_empty()).await;
        assert_eq!(told(&seen, name), [wanted]);
    }

    // The log was rotated away while the link was cut.
    let pod = world.pod.clone();
    world.say(1..=3);
    seen.look_at(log(&pod, None, false));
    seen.until(|seen| told(seen, &pod) == lines(1..=3)).await;
    world.kubelet.wait_for_followers(1).await;
    world.kubelet.set_out_of_order(true);
    world.kubelet.say_and_cut(world.speaker(), at(4), "line 4");
    world.kubelet.wait_for_followers(0).await;
    world.kubelet.forget(world.speaker());
    world.say(900..=901);
    world.kubelet.set_out_of_order(false);
    seen.until(|seen| told(seen, &pod).last().is_some_and(|last| last == "line 901")).await;
    let all = told(&seen, &pod);
    assert!(all.iter().any(|line| line.starts_with("[Lines may be missing here")), "{all:?}");

    world.server.remove(Resource::POD, NAMESPACE, &pod).await?;
    world.kubelet.end(world.speaker());
    seen.until(|seen| told(seen, &pod).last().is_some_and(|last| last.starts_with('<'))).await;
    assert_eq!(told(&seen, &pod).last(), Some(&format!("<The pod {pod} is gone.>")));
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_may_not_read_logs_is_told_so_and_sees_all_else() -> Outcome {
    let world = World::new().await?;
    let mut seen = world.seen(User::FiveKinds);
    seen.look_at(log(&world.pod, None, false));
    let denied =
        |seen: &Seen| seen.trouble(FeedId::Log).is_some_and(|why| why.kind == TroubleKind::Denied);
    seen.until(denied).await;
    let said = seen.trouble(FeedId::Log).map(ToString::to_string).unwrap_or_default();
    println!("{said}");
    assert!(said.starts_with("reading the log of plana-odoo-18/worker-odoo-"), "{said}");
    assert!(said.contains("pods/log"), "{said}");
    assert!(
        seen.nothing_for(Duration::from_secs(4), |fact| {
            matches!(fact, pulse_console::domain::Fact::Log(_))
        })
        .await
    );
    assert!(denied(&seen), "a beat of the heart does not hide it");
    seen.look_at(Attention::default());
    seen.until(|seen| seen.is_listed(FeedId::Log) && seen.is_listed(FeedId::Clients)).await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_container_that_talks_much_is_told_in_few_batches_and_whole() -> Outcome {
    const MANY: u32 = 4_000;
    let world = World::new().await?;
    let mut seen = world.seen(User::Viewer);
    world.say(1..=1);
    seen.look_at(log(&world.pod, None, false));
    let pod = world.pod.clone();
    seen.until(|seen| told(seen, &pod).len() == 1).await;
    world.kubelet.wait_for_followers(1).await;
    let (before, began) = (seen.chunks.len(), Instant::now());
    world.say(2..=MANY);
    world.kubelet.say(world.speaker(), at(MANY + 1), &"x".repeat(100_000));
    let count = MANY as usize + 1;
    seen.until(|seen| seen.chunks.len() > before && told(seen, &pod).len() == count).await;
    println!("{MANY} lines after {:?} in {} chunks", began.elapsed(), seen.chunks.len() - before);
    assert!(seen.chunks.len() - before < 200);
    let all = told(&seen, &pod);
    assert_eq!(all.get(..count - 1), Some(lines(1..=MANY).as_slice()));
    let long = all.last().map(String::as_str).unwrap_or_default();
    assert!(long.len() < 17_000 && long.ends_with("bytes more)"), "{}", long.len());
    Ok(())
}
