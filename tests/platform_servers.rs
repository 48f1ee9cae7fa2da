//! The harness itself: each server beside the API server and Valkey starts, is filled, is killed and comes back.
#![cfg(feature = "real-servers")]
#![allow(clippy::indexing_slicing, reason = "a test that finds less fails")]

mod platform;

use std::time::Duration;

use chrono::{DateTime, Utc};
use futures_util::TryStreamExt as _;
use object_store::aws::AmazonS3Builder;
use object_store::path::Path;
use object_store::{ObjectMeta, ObjectStore as _, ObjectStoreExt as _};
use platform::{
    Alertmanager, Answer, BACKUPS, DOWN, EMPTY_BACKUP, HALF_BACKUP, LATE_BACKUP, Load, ORPHAN,
    Objects, PLATFORM_DATABASES, PgBouncer, PgBouncerOptions, PlatformError, Postgres, Prometheus,
    PrometheusOptions, Proxy, REGION, Role, SLOW, SMALL_BACKUP, Scripted, TEMPLATES,
    WITHOUT_BACKUP, WITHOUT_DATABASE, alert, client_name, database_name, storm, usual_moment,
};
use serde_json::Value;
use sqlx::{ConnectOptions as _, Row as _};

type Outcome = Result<(), PlatformError>;

async fn databases(postgres: &Postgres, role: Role) -> Result<Vec<(String, i64)>, PlatformError> {
    let mut connection = postgres.connection(role, "postgres").await?;
    let rows = sqlx::query("SELECT datname::text, pg_database_size(oid) FROM pg_database")
        .fetch_all(&mut connection)
        .await?;
    rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres_holds_the_fleet_and_outlives_a_power_cut() -> Outcome {
    let mut postgres = Postgres::start().await?;
    postgres.fill(32).await?;
    let port = postgres.port();
    let all = databases(&postgres, Role::Console).await?;
    for index in 0..32 {
        let there = all.iter().any(|(name, _)| *name == database_name(index));
        assert_eq!(there, index != WITHOUT_DATABASE, "{}", database_name(index));
    }
    for name in PLATFORM_DATABASES.iter().map(|(name, _)| *name).chain([ORPHAN]) {
        assert!(all.iter().any(|(there, _)| there == name), "{name} is not there");
    }
    let size = |name: String| all.iter().find(|(there, _)| *there == name).map(|(_, size)| *size);
    assert!(size(database_name(9)) > size(database_name(8)), "all are of one size");
    let refused = databases(&postgres, Role::Denied).await.err().map(|error| error.to_string());
    assert!(refused.is_some_and(|why| why.contains("permission denied")), "denied may look");

    let _load = postgres.load(4);
    let block = postgres.block(&client_name(1)).await?;
    let mut watcher = postgres.connection(Role::Console, "postgres").await?;
    let count = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'odoo-worker'";
    let sessions: i64 = sqlx::query(count).fetch_one(&mut watcher).await?.try_get(0)?;
    assert!(sessions >= 2, "{sessions}");
    block.release().await?;

    postgres.kill();
    assert!(postgres.connection(Role::Super, "postgres").await.is_err(), "killed, and answers");
    postgres.start_again().await?;
    assert_eq!(
        (postgres.port(), databases(&postgres, Role::Console).await?.len()),
        (port, all.len())
    );

    postgres.freeze();
    let silence =
        tokio::time::timeout(Duration::from_millis(300), databases(&postgres, Role::Console)).await;
    assert!(silence.is_err(), "a frozen server may not answer");
    postgres.thaw();
    databases(&postgres, Role::Console).await?;
    postgres.stop().await;
    assert!(postgres.connection(Role::Super, "postgres").await.is_err(), "stopped, and answers");
    postgres.start_again().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pgbouncer_pools_lets_look_and_comes_back() -> Outcome {
    let postgres = Postgres::start().await?;
    postgres.fill(2).await?;
    let options = PgBouncerOptions { pool_size: 1, ..PgBouncerOptions::default() };
    let mut pgbouncer = PgBouncer::start_with(&postgres, options).await?;
    let _load: Load = pgbouncer.load(5);
    let queue = tokio::time::timeout(Duration::from_secs(10), async {
        while waiting(&pgbouncer).await.unwrap_or(0) == 0 {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    });
    assert!(queue.await.is_ok(), "nobody waits for the only connection");

    let look: sqlx::postgres::PgConnectOptions = pgbouncer.url().parse()?;
    let mut look = look.password(&pgbouncer.password()).connect().await?;
    let pause = sqlx::raw_sql("PAUSE").execute(&mut look).await;
    assert!(pause.is_err(), "one who may look may pause");
    pgbouncer.admin(&format!("PAUSE \"{}\"", database_name(1))).await?;
    pgbouncer.admin(&format!("RESUME \"{}\"", database_name(1))).await?;

    pgbouncer.kill();
    assert!(waiting(&pgbouncer).await.is_err(), "killed, and answers");
    pgbouncer.start_again().await?;
    waiting(&pgbouncer).await?;
    pgbouncer.stop().await;

    let options = PgBouncerOptions { open: true, ..PgBouncerOptions::default() };
    let open = PgBouncer::start_with(&postgres, options).await?;
    let anybody = open.options(&database_name(0)).username("anybody").password("").connect().await;
    let user = sqlx::raw_sql("SELECT current_user::text").fetch_one(&mut anybody?).await?;
    assert_eq!(user.try_get::<String, _>(0)?, Role::Owner.name());
    Ok(())
}

/// Clients that wait, over all pools.
async fn waiting(pgbouncer: &PgBouncer) -> Result<i64, PlatformError> {
    let look: sqlx::postgres::PgConnectOptions = pgbouncer.url().parse()?;
    let mut look = look.password(&pgbouncer.password()).connect().await?;
    let rows = sqlx::raw_sql("SHOW POOLS").fetch_all(&mut look).await?;
    let mut sum = 0;
    for row in rows {
        sum += row.try_get_unchecked::<i32, _>("cl_waiting").map_or(0, i64::from);
    }
    Ok(sum)
}

/// The dumps and filestores of one tenant, the newest first, without the insurance.
async fn backups(objects: &Objects, index: usize) -> Result<Vec<ObjectMeta>, PlatformError> {
    let prefix = Path::from(client_name(index));
    let listed = objects.store(BACKUPS)?.list_with_delimiter(Some(&prefix)).await?;
    let mut found = listed.objects;
    found.sort_by_key(|object| std::cmp::Reverse(object.last_modified));
    Ok(found)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_buckets_hold_ninety_days_and_every_defect() -> Outcome {
    let mut objects = Objects::start().await?;
    let now = usual_moment();
    objects.fill(20, now)?;
    let dumps = |all: &[ObjectMeta]| -> Vec<ObjectMeta> {
        all.iter().filter(|one| one.location.as_ref().contains("/backup-")).cloned().collect()
    };

    let pro = backups(&objects, 6).await?;
    assert_eq!((pro.len(), backups(&objects, 0).await?.len()), (180, 60), "by the tier");
    let newest = dumps(&pro)[0].clone();
    assert!(now - newest.last_modified < chrono::Duration::hours(26), "{newest:?}");
    let head = objects.store(BACKUPS)?.head(&newest.location).await?;
    assert_eq!((head.size, head.last_modified), (newest.size, newest.last_modified));

    let late = dumps(&backups(&objects, LATE_BACKUP).await?)[0].last_modified;
    assert_eq!((now - late).num_hours(), 31);
    let half = backups(&objects, HALF_BACKUP).await?;
    assert_eq!(half.len() % 2, 1, "the newest has its filestore");
    let small = dumps(&backups(&objects, SMALL_BACKUP).await?);
    assert!(small[0].size * 20 < small[1].size);
    assert_eq!(dumps(&backups(&objects, EMPTY_BACKUP).await?)[0].size, 0);
    for index in WITHOUT_BACKUP {
        assert!(backups(&objects, index).await?.is_empty(), "{index}");
    }
    let prefixes = objects.store(BACKUPS)?.list_with_delimiter(None).await?.common_prefixes;
    for folder in ["perelik", "platform"] {
        assert!(prefixes.iter().any(|prefix| prefix.as_ref() == folder), "{folder}");
    }
    // More than a thousand come in pages.
    let all: Vec<ObjectMeta> = objects.store(BACKUPS)?.list(None).try_collect().await?;
    assert!(all.len() > 1_500, "{}", all.len());
    assert!(all.iter().any(|one| one.location.as_ref().contains("/insurance/")));
    let seeds: Vec<ObjectMeta> = objects.store(TEMPLATES)?.list(None).try_collect().await?;
    assert_eq!(seeds.len(), 18);

    let stranger = AmazonS3Builder::new()
        .with_endpoint(objects.url())
        .with_allow_http(true)
        .with_region(REGION)
        .with_bucket_name(BACKUPS)
        .with_access_key_id(objects.access_key())
        .with_secret_access_key("guessed");
    let refused = stranger.build()?.list_with_delimiter(None).await.err();
    assert!(refused.is_some_and(|why| why.to_string().contains("403")), "a stranger is let in");

    objects.kill();
    assert!(backups(&objects, 0).await.is_err(), "killed, and answers");
    objects.start_again().await?;
    assert_eq!(backups(&objects, 0).await?.len(), 60);
    objects.stop().await;
    Ok(())
}

/// Asks until `question` gives something, at most so many seconds.
async fn soon<T>(seconds: u64, mut question: impl AsyncFnMut() -> Option<T>) -> Option<T> {
    let asked = tokio::time::timeout(Duration::from_secs(seconds), async {
        loop {
            if let Some(found) = question().await {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    });
    asked.await.ok()
}

#[expect(clippy::disallowed_methods, reason = "the servers live in real time")]
fn now() -> DateTime<Utc> {
    Utc::now()
}

fn named<'a>(alerts: &'a [Value], name: &str, tenant: usize) -> Option<&'a Value> {
    let labels = |alert: &Value| alert["labels"].clone();
    alerts.iter().find(|alert| {
        labels(alert)["alertname"] == name && labels(alert)["tenant"] == client_name(tenant)
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn alertmanager_takes_a_storm_silences_and_inhibits() -> Outcome {
    let mut alertmanager = Alertmanager::start().await?;
    alertmanager.post(&storm(800, now())).await?;
    let all = soon(10, async || alertmanager.alerts().await.ok().filter(|all| all.len() == 800));
    assert!(all.await.is_some(), "800 are posted and not told");

    alertmanager.post(&[alert("TenantSlow", "warning", 2, now())]).await?;
    let hour = chrono::Duration::hours(1);
    let until = [now(), now() + hour];
    let labels = [("tenant", client_name(3))];
    let labels: Vec<_> = labels.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let id = alertmanager.silence(&labels, "deyan", "disk is being grown", until).await?;
    let quiet = soon(10, async || {
        let all = alertmanager.alerts().await.ok()?;
        let status = |name, tenant| named(&all, name, tenant).map(|alert| alert["status"].clone());
        let silenced = status("TenantOdooDown", 3)?["silencedBy"][0] == id.as_str();
        let inhibited = status("TenantSlow", 2)?["inhibitedBy"].as_array()?.len() == 1;
        (silenced && inhibited).then_some(())
    });
    assert!(quiet.await.is_some(), "neither silenced nor inhibited");
    alertmanager.expire(&id).await?;
    assert_eq!(alertmanager.silences().await?[0]["status"]["state"], "expired");

    alertmanager.freeze();
    let silence = tokio::time::timeout(Duration::from_millis(300), alertmanager.alerts()).await;
    assert!(silence.is_err(), "a frozen server may not answer");
    alertmanager.thaw();
    alertmanager.stop().await;
    assert!(alertmanager.alerts().await.is_err(), "stopped, and answers");
    alertmanager.start_again().await?;
    assert_eq!((alertmanager.alerts().await?.len(), alertmanager.silences().await?.len()), (0, 1));
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rules_fire_for_real_and_reach_the_alertmanager() -> Outcome {
    let alertmanager = Alertmanager::start().await?;
    let mut prometheus = Prometheus::start_with(PrometheusOptions {
        tenants: 40,
        alertmanager: Some(alertmanager.port()),
        past_hours: 3,
        ..PrometheusOptions::default()
    })
    .await?;
    let told = soon(25, async || {
        let all = alertmanager.alerts().await.ok()?;
        DOWN.iter().try_for_each(|index| named(&all, "TenantOdooDown", *index).map(drop))?;
        let inhibited = named(&all, "TenantSlow", SLOW[0])?["status"]["state"] == "suppressed";
        named(&all, "TenantSlow", SLOW[1])?;
        let fires = |name: &str| all.iter().any(|alert| alert["labels"]["alertname"] == name);
        (inhibited && ["CertExpiringSoon", "HighPodRestartRate", "Watchdog"].into_iter().all(fires))
            .then_some(())
    });
    assert!(told.await.is_some(), "{:?}", alertmanager.alerts().await?);
    let past = prometheus.query("count_over_time(probe_success{tenant=\"acme\"}[2h])").await?;
    assert_eq!(past.len(), 1, "history and present are one series");
    let samples: u32 = past[0]["value"][1].as_str().unwrap_or_default().parse().unwrap_or(0);
    assert!(samples > 50, "{samples} samples of the past");
    let pending = prometheus.query("ALERTS{alertstate=\"pending\"}").await?;
    assert_eq!(pending.len(), 1);

    prometheus.kill();
    assert!(prometheus.query("up").await.is_err(), "killed, and answers");
    prometheus.start_again().await?;
    assert!(!prometheus.query("probe_success").await?.is_empty(), "the data is lost");
    prometheus.stop().await;
    Ok(())
}

#[tokio::test]
async fn a_wrong_server_says_what_it_is_told_when_it_is_told() -> Outcome {
    let wrong = Scripted::start(Answer::html()).await?;
    let ask = async || {
        let answer = reqwest::Client::builder().no_proxy().build()?.get(wrong.url()).send().await?;
        Ok::<_, reqwest::Error>((answer.status().as_u16(), answer.text().await?))
    };
    let (status, text) = ask().await?;
    assert!(status == 200 && text.starts_with("<!DOCTYPE html>"), "{status} {text}");
    for status in [403, 500] {
        wrong.say(Answer::status(status), Duration::ZERO);
        assert_eq!(ask().await?.0, status);
    }
    wrong.say(Answer::json("{}"), Duration::from_secs(4));
    let soon = tokio::time::timeout(Duration::from_secs(2), ask()).await;
    assert!(soon.is_err(), "it answers too soon");
    assert_eq!(ask().await?.1, "{}");
    for answer in [Answer::Close, Answer::Bytes(b"220 mail.example ESMTP\r\n".to_vec())] {
        wrong.say(answer.clone(), Duration::ZERO);
        assert!(ask().await.is_err(), "{answer:?} is taken for HTTP");
    }
    wrong.say(Answer::Silence, Duration::ZERO);
    assert!(tokio::time::timeout(Duration::from_secs(2), ask()).await.is_err());
    assert!(wrong.asked() >= 8, "{}", wrong.asked());
    Ok(())
}

#[tokio::test]
async fn a_proxy_holds_and_cuts_a_real_server() -> Outcome {
    let valkey = platform::Valkey::start().await?;
    let proxy = Proxy::start(valkey.port()).await?;
    let client = redis::Client::open(format!("redis://127.0.0.1:{}", proxy.port()))?;
    let ping = async || {
        let mut connection = client.get_multiplexed_async_connection().await?;
        redis::cmd("PING").query_async::<String>(&mut connection).await
    };
    assert_eq!(ping().await?, "PONG");
    let mut open = client.get_multiplexed_async_connection().await?;
    proxy.hold(Duration::from_secs(60));
    let held = tokio::time::timeout(Duration::from_millis(200), ping()).await;
    assert!(held.is_err(), "an answer is not held");
    proxy.mend();
    assert_eq!(ping().await?, "PONG");
    proxy.cut();
    assert!(ping().await.is_err(), "a cut link answers");
    let lost = redis::cmd("PING").query_async::<String>(&mut open).await;
    assert!(lost.is_err(), "an open connection outlives the cut");
    proxy.mend();
    assert_eq!(ping().await?, "PONG");
    Ok(())
}
