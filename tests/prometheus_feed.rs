//! The feed of figures and probes against a real Prometheus that scrapes a real blackbox exporter.
#![cfg(feature = "real-servers")]
#![allow(
    clippy::expect_used,
    clippy::needless_for_each,
    clippy::unnecessary_wraps,
    reason = "a test says what it expects"
)]

mod live_watch;
mod platform;

use std::time::Duration;

use live_watch::{Machine, Watch, settings, url};
use platform::{
    Answer, Blackbox, PlatformError, Prometheus, PrometheusOptions, Proxy, Scripted, Target,
};
use pulse_console::config::Settings;
use pulse_console::domain::{Fact, FeedId, Probe, Series, Text, TroubleKind};
use pulse_console::platform::Clock as _;

const FEEDS: [FeedId; 2] = [FeedId::Series, FeedId::Probes];
const TOLD_WITHIN: Duration = Duration::from_secs(5);

fn at(address: &str) -> Settings {
    let mut settings = settings();
    settings.prometheus.url.value = url(address);
    settings
}

fn both_live(watch: &Watch) -> bool {
    FEEDS.into_iter().all(|feed| watch.is_live(feed))
}

fn both_in_trouble(watch: &Watch, kind: TroubleKind) -> bool {
    FEEDS.into_iter().all(|feed| watch.trouble(feed).is_some_and(|why| why.kind == kind))
}

fn series(watch: &Watch, word: &str) -> Option<Series> {
    let all = &watch.store.objects().series;
    all.iter().map(|(_, held)| &*held.object).find(|series| series.uid.0 == word).cloned()
}

fn probe(watch: &Watch, tenant: &str) -> Option<Probe> {
    let all = &watch.store.objects().probes;
    let of = |probe: &&Probe| probe.tenant.as_ref().is_some_and(|name| name == tenant);
    all.iter().map(|(_, held)| &*held.object).find(of).cloned()
}

async fn small() -> Result<Prometheus, PlatformError> {
    Prometheus::start_with(PrometheusOptions { tenants: 12, ..PrometheusOptions::default() }).await
}

#[tokio::test]
async fn an_hour_of_figures_and_every_probe_are_told() -> Result<(), PlatformError> {
    let options = PrometheusOptions { tenants: 40, past_hours: 2, ..PrometheusOptions::default() };
    let server = Prometheus::start_with(options).await?;
    let mut watch = Watch::start(&at(&server.url()), FeedId::Series);
    let took = watch.until("both feeds", both_live).await;
    println!("all figures and 40 probes after {} ms", took.as_millis());
    watch.until("the probes", |watch| watch.store.objects().probes.len() >= 40).await;

    let connections = series(&watch, "pg-connections").expect("the figure");
    // The past is sampled every two minutes and lasts five beyond its last point.
    assert!(connections.points.len() > 50, "{} points", connections.points.len());
    assert!(connections.points.is_sorted_by_key(|(at, _)| *at));
    assert!(connections.points.iter().all(|(_, value)| (40_000..200_000).contains(value)));
    let success = series(&watch, "probe-success").expect("the figure");
    assert_eq!(success.newest().map(|(_, value)| value), Some(950), "2 of 40 are down");
    // Nothing here knows these: they are left out, without a word.
    for absent in ["node-cpu", "errors", "pg-transactions"] {
        assert_eq!(series(&watch, absent), None);
    }
    let down = probe(&watch, &platform::client_name(platform::DOWN[0])).expect("a probe");
    assert_eq!((down.up, down.status), (false, Some(503)));
    let slow = probe(&watch, &platform::client_name(platform::SLOW[1])).expect("a probe");
    assert!(slow.up && slow.took.is_some_and(|took| took.ms() > 2_000));
    assert!(Machine.now().since(slow.at).secs() < 30);

    watch
        .until("signs of life", |watch| {
            FEEDS.into_iter().all(|feed| watch.count(feed, |fact| *fact == Fact::Alive) >= 2)
        })
        .await;
    Ok(())
}

#[tokio::test]
async fn a_killed_server_is_told_and_comes_back_by_itself() -> Result<(), PlatformError> {
    let mut server = small().await?;
    let mut watch = Watch::start(&at(&server.url()), FeedId::Series);
    watch.until("both feeds", both_live).await;
    let probes = watch.store.objects().probes.len();

    server.kill();
    let took =
        watch.until("the trouble", |watch| both_in_trouble(watch, TroubleKind::Unreachable)).await;
    assert!(took < TOLD_WITHIN, "{took:?}");
    let why = watch.trouble(FeedId::Probes).expect("trouble").to_string();
    assert!(why.contains("refuses the connection") && why.contains("prometheus.url"), "{why}");
    assert_eq!(watch.store.objects().probes.len(), probes, "rows stay");
    server.start_again().await?;
    let took = watch.until("the return", both_live).await;
    println!("back after {} ms", took.as_millis());
    Ok(())
}

#[tokio::test]
async fn a_slow_server_is_said_to_be_slow() -> Result<(), PlatformError> {
    let server = small().await?;
    let proxy = Proxy::start(server.port()).await?;
    let mut watch =
        Watch::start(&at(&format!("http://127.0.0.1:{}", proxy.port())), FeedId::Series);
    watch.until("both feeds", both_live).await;
    proxy.hold(Duration::from_secs(5));
    let took = watch.until("the trouble", |watch| both_in_trouble(watch, TroubleKind::Slow)).await;
    assert!(took < TOLD_WITHIN, "{took:?}");
    proxy.mend();
    watch.until("the return", both_live).await;
    Ok(())
}

#[tokio::test]
async fn what_is_no_prometheus_is_said_in_words() -> Result<(), PlatformError> {
    let server = Scripted::start(Answer::html()).await?;
    let mut watch = Watch::start(&at(&server.url()), FeedId::Series);
    for (answer, kind, said) in [
        (Answer::html(), TroubleKind::Protocol, "a web page instead of JSON"),
        (Answer::status(403), TroubleKind::Denied, "forbids it"),
        (Answer::status(401), TroubleKind::Unauthenticated, "Set prometheus.token"),
        (Answer::status(500), TroubleKind::Server, "answered 500"),
        (Answer::status(404), TroubleKind::Protocol, "there is nothing of prometheus"),
        (Answer::json("{\"version\":2}"), TroubleKind::Protocol, "does not answer as prometheus"),
        (
            Answer::json(
                "{\"status\":\"success\",\"data\":{\"resultType\":\"streams\",\"result\":[]}}",
            ),
            TroubleKind::Protocol,
            "no Prometheus",
        ),
        (Answer::Close, TroubleKind::Unreachable, "prometheus at"),
    ] {
        let name = format!("{answer:?}");
        server.say(answer, Duration::ZERO);
        let told = |watch: &Watch| {
            both_in_trouble(watch, kind)
                && watch.trouble(FeedId::Series).is_some_and(|why| why.to_string().contains(said))
        };
        let took = watch.until(&name, told).await;
        assert!(took < TOLD_WITHIN, "{name}: {took:?}");
        println!("{name}: {}", watch.trouble(FeedId::Series).expect("trouble"));
    }
    Ok(())
}

#[tokio::test]
async fn a_query_that_is_refused_is_the_probes_own_trouble() -> Result<(), PlatformError> {
    let server = small().await?;
    let mut settings = at(&server.url());
    settings.prometheus.probes.value = "probe_success{".into();
    let mut watch = Watch::start(&settings, FeedId::Series);
    watch
        .until("the trouble", |watch| {
            watch.is_live(FeedId::Series) && watch.trouble(FeedId::Probes).is_some()
        })
        .await;
    watch
        .until("a sign of life", |watch| {
            watch.count(FeedId::Series, |fact| *fact == Fact::Alive) > 0
        })
        .await;
    let why = watch.trouble(FeedId::Probes).expect("it stays");
    assert_eq!(why.kind, TroubleKind::Config);
    assert!(
        why.to_string().contains("parse error")
            && why.remedy.as_str().contains("prometheus.probes"),
        "{why}"
    );
    Ok(())
}

#[tokio::test]
async fn probes_may_be_summed_up_by_a_query_of_the_operators() -> Result<(), PlatformError> {
    let server = small().await?;
    let mut settings = at(&server.url());
    settings.prometheus.probes.value = "max by (instance) (probe_success)".into();
    let mut watch = Watch::start(&settings, FeedId::Probes);
    let first = platform::client_name(0);
    watch.until("the probe", |watch| probe(watch, &first).is_some()).await;
    let probe = probe(&watch, &first).expect("a probe");
    assert_eq!((probe.up, probe.status, probe.job), (true, Some(200), None::<Text>));
    assert!(probe.took.is_some());
    Ok(())
}

#[tokio::test]
async fn without_a_server_there_is_one_quiet_line() {
    let mut watch = Watch::start(&settings(), FeedId::Series);
    watch.until("it", |watch| both_in_trouble(watch, TroubleKind::NotConfigured)).await;
    assert_eq!(watch.all.len(), 2);
}

#[tokio::test]
async fn a_real_prober_is_understood() -> Result<(), PlatformError> {
    let page = Scripted::start(Answer::json("{}")).await?;
    let broken = Scripted::start(Answer::status(503)).await?;
    let blackbox = Blackbox::start().await?;
    let target = |name: &str, server: &Scripted| Target {
        shown: format!("https://{name}.planapulse.app/web/health"),
        address: server.url(),
    };
    let targets = [target("acme", &page), target("globex", &broken)];
    let options =
        PrometheusOptions { probes: Some(blackbox.job(&targets)), ..PrometheusOptions::default() };
    let server = Prometheus::start_with(options).await?;
    let mut watch = Watch::start(&at(&server.url()), FeedId::Probes);
    // A probe may come too late once.
    let both = |watch: &Watch| {
        probe(watch, "acme").is_some_and(|probe| probe.up)
            && probe(watch, "globex").is_some_and(|probe| probe.status == Some(503))
    };
    watch.until("both", both).await;
    let acme = probe(&watch, "acme").expect("a probe");
    assert_eq!((acme.up, acme.status, acme.job), (true, Some(200), Some("probes".into())));
    assert!(acme.took.is_some());
    let globex = probe(&watch, "globex").expect("a probe");
    assert_eq!((globex.up, globex.status), (false, Some(503)));

    // It follows what happens.
    broken.say(Answer::json("{}"), Duration::ZERO);
    watch.until("a recovery", |watch| probe(watch, "globex").is_some_and(|probe| probe.up)).await;
    Ok(())
}
