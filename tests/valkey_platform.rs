//! The harness itself: Valkey starts, fills, and comes back empty on the same port.
#![cfg(feature = "real-servers")]

mod platform;

use std::time::Duration;

use platform::{
    EventLayout, EventStream, PlatformError, Validity, Valkey, ValkeyOptions, usual_moment,
};

const STREAM: &str = "PLANA:events";

type Outcome = Result<(), PlatformError>;

#[tokio::test]
async fn a_restart_loses_everything_and_keeps_the_port() -> Outcome {
    let mut valkey = Valkey::start().await?;
    let port = valkey.port();
    valkey.publish(&EventStream::default(), 0..1_200, usual_moment()).await?;
    assert_eq!(valkey.length(STREAM).await?, 1_200);

    valkey.kill();
    assert!(valkey.length(STREAM).await.is_err(), "nothing may answer after a kill");
    valkey.start_again().await?;
    assert_eq!((valkey.port(), valkey.length(STREAM).await?), (port, 0));

    valkey.publish(&EventStream::default(), 0..10, usual_moment()).await?;
    valkey.stop().await;
    assert!(valkey.length(STREAM).await.is_err(), "nothing may answer after a stop");
    valkey.start_again().await?;
    assert_eq!(valkey.length(STREAM).await?, 0);
    Ok(())
}

#[tokio::test]
async fn a_frozen_server_keeps_silent_and_then_goes_on() -> Outcome {
    let valkey = Valkey::start().await?;
    valkey.freeze();
    let silence = tokio::time::timeout(Duration::from_millis(200), valkey.length(STREAM)).await;
    assert!(!matches!(silence, Ok(Ok(_))), "a frozen server may not answer");
    valkey.thaw();
    assert_eq!(valkey.length(STREAM).await?, 0);
    Ok(())
}

#[tokio::test]
async fn the_stream_is_trimmed_and_laid_out_as_asked() -> Outcome {
    let valkey = Valkey::start().await?;
    let small = EventStream { keep: 1_000, ..EventStream::default() };
    valkey.publish(&small, 0..3_000, usual_moment()).await?;
    let length = valkey.length(STREAM).await?;
    assert!((1_000..1_200).contains(&length), "about 1 000 are kept, not {length}");

    for (key, layout, wanted) in [
        ("one", EventLayout::OneField("payload".into()), "payload"),
        ("many", EventLayout::Separate, "specversion"),
    ] {
        let stream = EventStream { key: key.into(), layout, keep: 10 };
        valkey.publish(&stream, 0..1, usual_moment()).await?;
        let mut connection = valkey.connection().await?;
        let entries: redis::streams::StreamRangeReply =
            redis::cmd("XRANGE").arg(key).arg("-").arg("+").query_async(&mut connection).await?;
        assert!(entries.ids.iter().all(|entry| entry.map.contains_key(wanted)), "{key}");
    }
    Ok(())
}

#[tokio::test]
async fn passwords_and_the_reader_are_enforced() -> Outcome {
    let options = ValkeyOptions {
        password: Some("open sesame".into()),
        reader: Some(("console".into(), "look-only".into())),
        ..Default::default()
    };
    let valkey = Valkey::start_with(options).await?;
    valkey.publish(&EventStream::default(), 0..5, usual_moment()).await?;

    let stranger = redis::Client::open(valkey.url())?;
    assert!(xlen(&stranger).await.is_err(), "a stranger is let in");
    let reader =
        redis::Client::open(format!("redis://console:look-only@127.0.0.1:{}", valkey.port()))?;
    assert_eq!(xlen(&reader).await?, 5);
    let mut connection =
        reader.get_multiplexed_async_connection_with_config(&platform::patient()).await?;
    redis::cmd("INFO").query_async::<String>(&mut connection).await?;
    redis::cmd("XINFO")
        .arg("STREAM")
        .arg(STREAM)
        .query_async::<redis::Value>(&mut connection)
        .await?;
    for forbidden in [["DEL", STREAM], ["XGROUP", "HELP"], ["FLUSHALL", "SYNC"]] {
        let answer = redis::cmd(forbidden[0])
            .arg(forbidden[1])
            .query_async::<redis::Value>(&mut connection)
            .await;
        assert!(format!("{answer:?}").contains("NoPerm"), "{forbidden:?}: {answer:?}");
    }
    Ok(())
}

#[tokio::test]
async fn tls_is_verified_against_its_own_authority() -> Outcome {
    let options = ValkeyOptions { tls: Some(Validity::Valid), ..Default::default() };
    let valkey = Valkey::start_with(options).await?;
    valkey.publish(&EventStream::default(), 0..3, usual_moment()).await?;
    assert_eq!(valkey.length(STREAM).await?, 3);
    assert!(valkey.authority_file().is_some_and(|file| file.is_file()));
    let untrusting = redis::Client::open(valkey.url())?;
    assert!(xlen(&untrusting).await.is_err(), "an unknown authority is trusted");

    let options = ValkeyOptions { tls: Some(Validity::Expired), ..Default::default() };
    let expired = Valkey::start_with(options).await?;
    assert_eq!(expired.length(STREAM).await?, 0, "the harness itself gets in");
    Ok(())
}

async fn xlen(client: &redis::Client) -> Result<usize, redis::RedisError> {
    let mut connection =
        client.get_multiplexed_async_connection_with_config(&platform::patient()).await?;
    redis::cmd("XLEN").arg(STREAM).query_async(&mut connection).await
}
