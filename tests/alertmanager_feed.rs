//! The feed of alerts and silences against a real Alertmanager and a real Prometheus.
#![cfg(feature = "real-servers")]
#![allow(clippy::expect_used, clippy::disallowed_methods, reason = "a test says what it expects")]

mod alertmanager_watch;
mod platform;

use std::time::Duration;

use alertmanager_watch::{Watch, is_live, named, options};
use chrono::{TimeDelta, Utc};
use platform::{
    Alertmanager, Answer, DOWN, PlatformError, Prometheus, Proxy, Scripted, alert, client_name,
    storm,
};
use pulse_console::domain::{
    AlertStanding, AlertState, FeedId, Severity, SilenceState, TroubleKind,
};
use pulse_console::store::table::{Fold, Table as _, TableId};
use pulse_console::store::{AlertsTable, Freshness};

/// Trouble is said within this time.
const SOON: Duration = Duration::from_secs(5);

#[tokio::test]
async fn alerts_fire_are_silenced_inhibited_and_end() -> Result<(), PlatformError> {
    let server = Alertmanager::start().await?;
    let mut watch = Watch::start(options(&server.url()));
    watch.live(FeedId::Alerts).await;
    watch.live(FeedId::Silences).await;
    assert!(watch.store.objects().alerts.is_empty());

    let now = Utc::now();
    let since = now - TimeDelta::minutes(12);
    let down = alert("TenantOdooDown", "critical", 3, since);
    let slow = alert("TenantSlow", "warning", 3, since);
    let late = alert("BackupLate", "warning", 5, since);
    server.post(&[down.clone(), slow, late]).await?;
    watch
        .until("three alerts, one inhibited", |store| {
            store.objects().alerts.len() == 3
                && named(store, "TenantSlow")[0].state == AlertState::Inhibited
        })
        .await;
    let fired = named(&watch.store, "TenantOdooDown")[0].clone();
    assert_eq!((fired.state, fired.severity), (AlertState::Firing, Severity::Critical));
    assert_eq!(fired.tenant.as_ref().map(std::string::ToString::to_string), Some(client_name(3)));
    assert_eq!(fired.since.ms(), since.timestamp_millis());
    assert!(fired.links().any(|(name, _)| name == "runbook"));
    let inhibited = &named(&watch.store, "TenantSlow")[0];
    assert_eq!(&*inhibited.inhibited_by, std::slice::from_ref(&fired.uid));

    let until = now + TimeDelta::hours(2);
    let labels = [("alertname", "BackupLate")];
    let id = server.silence(&labels, "deyan", "the store is being moved", [now, until]).await?;
    watch
        .until("the silence and what it hides", |store| {
            store.objects().silences.len() == 1
                && named(store, "BackupLate")[0].state == AlertState::Silenced
        })
        .await;
    let (_, held) = watch.store.objects().silences.iter().next().expect("a silence");
    let silence = &held.object;
    assert_eq!((silence.uid.0.as_str(), silence.state), (id.as_str(), SilenceState::Active));
    assert_eq!(silence.words, "alertname is BackupLate");
    assert_eq!((silence.by.as_str(), silence.ends.ms()), ("deyan", until.timestamp_millis()));
    assert_eq!(watch.store.causes().hidden_by(&silence.uid), 1);
    assert_eq!(watch.store.causes().standing(AlertStanding::Silenced), 1);

    server.expire(&id).await?;
    watch.until("its end", |store| named(store, "BackupLate")[0].state == AlertState::Firing).await;
    server.resolve(&[down], Utc::now()).await?;
    watch
        .until("what it made needless", |store| {
            named(store, "TenantOdooDown").is_empty()
                && named(store, "TenantSlow")[0].state == AlertState::Firing
        })
        .await;
    Ok(())
}

#[tokio::test]
async fn a_rule_of_prometheus_fires_on_the_screen() -> Result<(), PlatformError> {
    let server = Alertmanager::start().await?;
    let _prometheus = Prometheus::start(&server).await?;
    let mut watch = Watch::start(options(&server.url()));
    watch.until("its alerts", |store| named(store, "TenantOdooDown").len() == DOWN.len()).await;
    watch.until("the watchdog", |store| !named(store, "Watchdog").is_empty()).await;
    for alert in named(&watch.store, "TenantOdooDown") {
        assert!(alert.tenant.is_some() && alert.says().is_some(), "{alert:?}");
    }
    Ok(())
}

#[tokio::test]
async fn a_storm_reads_as_a_few_rows() -> Result<(), PlatformError> {
    let server = Alertmanager::start().await?;
    server.post(&storm(800, Utc::now())).await?;
    let mut watch = Watch::start(options(&server.url()));
    watch.until("the storm", |store| store.objects().alerts.len() == 800).await;
    let store = &watch.store;
    let table = AlertsTable::new(store);
    let shown = table.slots().filter(|slot| !matches!(table.fold(*slot), Fold::Under(_))).count();
    println!("800 alerts are {shown} rows");
    assert!((3..40).contains(&shown), "{shown}");
    assert_eq!(store.with_table(TableId::Alerts, |table| table.len()), 800);
    Ok(())
}

#[tokio::test]
async fn a_server_that_is_killed_is_said_and_found_again() -> Result<(), PlatformError> {
    let mut server = Alertmanager::start().await?;
    server.post(&[alert("BackupLate", "warning", 5, Utc::now())]).await?;
    let mut watch = Watch::start(options(&server.url()));
    watch.until("an alert", |store| store.objects().alerts.len() == 1).await;

    server.kill();
    let trouble = tokio::time::timeout(SOON, watch.trouble(FeedId::Alerts)).await.expect("soon");
    assert_eq!(trouble.kind, TroubleKind::Unreachable, "{trouble}");
    assert!(trouble.what.as_str().contains("refuses the connection"), "{trouble}");
    assert_eq!(watch.store.objects().alerts.len(), 1, "what was known stays, dated");
    let freshness = &watch.store.feeds().get(FeedId::Alerts).freshness;
    assert!(matches!(freshness, Freshness::Stale(..)), "{freshness:?}");

    server.start_again().await?;
    watch
        .until("it again, without the alert", |store| {
            is_live(store, FeedId::Alerts) && store.objects().alerts.is_empty()
        })
        .await;
    watch.live(FeedId::Silences).await;
    Ok(())
}

#[tokio::test]
async fn a_server_that_is_slow_is_said_and_found_again() -> Result<(), PlatformError> {
    let server = Alertmanager::start().await?;
    server.post(&[alert("BackupLate", "warning", 5, Utc::now())]).await?;
    let proxy = Proxy::start(server.port()).await?;
    let mut watch = Watch::start(options(&format!("http://127.0.0.1:{}", proxy.port())));
    watch.until("an alert", |store| store.objects().alerts.len() == 1).await;
    proxy.hold(Duration::from_secs(5));
    let trouble = tokio::time::timeout(SOON, watch.trouble(FeedId::Alerts)).await.expect("soon");
    assert_eq!(trouble.kind, TroubleKind::Slow, "{trouble}");
    proxy.mend();
    watch.live(FeedId::Alerts).await;
    assert_eq!(watch.store.objects().alerts.len(), 1);
    Ok(())
}

#[tokio::test]
async fn wrong_and_denying_servers_are_told_apart() -> Result<(), PlatformError> {
    let cases = [
        (Answer::html(), TroubleKind::Protocol, "a web page instead of JSON"),
        (
            Answer::json("{\"status\":\"success\"}"),
            TroubleKind::Protocol,
            "does not answer as alertmanager",
        ),
        (Answer::json("[{\"labels\":{}}]"), TroubleKind::Protocol, "missing field"),
        (Answer::status(403), TroubleKind::Denied, "forbids it (403)"),
        (Answer::status(404), TroubleKind::Protocol, "lacks a path"),
        (Answer::status(500), TroubleKind::Server, "answered 500"),
        (Answer::Bytes(b"220 smtp.example ESMTP\r\n".to_vec()), TroubleKind::Unreachable, "broke"),
        (Answer::Close, TroubleKind::Unreachable, "broke"),
        // Asked to log in: a token may be had soon, so it is asked again by itself.
        (Answer::status(401), TroubleKind::Unauthenticated, ""),
    ];
    let told = cases.map(|(answer, kind, said)| told_apart(answer, kind, said));
    futures_util::future::try_join_all(told).await?;
    Ok(())
}

/// A server begins to give `answer`: it is told as a trouble of this kind and in these words, and found again afterwards.
async fn told_apart(answer: Answer, kind: TroubleKind, said: &str) -> Result<(), PlatformError> {
    let server = Scripted::start(Answer::json("[]")).await?;
    let mut watch = Watch::start(options(&server.url()));
    watch.live(FeedId::Alerts).await;
    server.say(answer.clone(), Duration::ZERO);
    let trouble = tokio::time::timeout(SOON, watch.trouble(FeedId::Alerts)).await.expect("soon");
    assert_eq!(trouble.kind, kind, "{answer:?}: {trouble}");
    let whole = trouble.to_string();
    assert!(whole.contains(said), "{answer:?}: {whole}");
    server.say(Answer::json("[]"), Duration::ZERO);
    watch.live(FeedId::Alerts).await;
    Ok(())
}
