//! Who may read the event stream, and what is said to who may not, against a real Valkey.
#![cfg(feature = "real-servers")]

mod platform;
mod valkey_watch;

use std::collections::BTreeSet;

use platform::{PlatformError, Validity, Valkey, ValkeyOptions};
use pulse_console::domain::{Fact, Missed, Trouble, TroubleKind};
use pulse_console::live::valkey::Options;
use valkey_watch::{Watch, add, numbers, run};

const STREAM: &str = "PLANA:events";

/// All that the feed may ever send, with the names of the server's statistics.
const COMMANDS: [&str; 7] =
    ["auth", "select", "client|setname", "xinfo|stream", "xrange", "xrevrange", "xread"];

fn with_password(server: &Valkey, username: Option<&str>, password: &str) -> Options {
    Options {
        username: username.map(str::to_owned),
        password: Some(password.to_owned().into()),
        ..Options::new(server.url())
    }
}

/// The first trouble of a feed that must not get in.
async fn trouble(options: Options) -> Trouble {
    let mut watch = Watch::start(options);
    watch.until("a trouble", |watch| !watch.troubles().is_empty()).await;
    assert!(!watch.is_listed());
    let trouble = watch.troubles().remove(0);
    for secret in ["hunter2", "sesame"] {
        assert!(!trouble.to_string().contains(secret), "{trouble}");
    }
    trouble
}

fn check(trouble: &Trouble, kind: TroubleKind, what: &str, remedy: &str) {
    assert_eq!(trouble.kind, kind, "{trouble}");
    assert!(trouble.what.as_str().contains(what), "{} lacks {what}", trouble.what);
    assert!(trouble.remedy.as_str().contains(remedy), "{} lacks {remedy}", trouble.remedy);
}

#[tokio::test]
async fn passwords_are_needed_checked_and_never_shown() -> Result<(), PlatformError> {
    let password = Some("sesame".to_owned());
    let server = Valkey::start_with(ValkeyOptions { password, ..ValkeyOptions::default() }).await?;
    let none = trouble(Options::new(server.url())).await;
    check(
        &none,
        TroubleKind::Unauthenticated,
        "asks for a password and none is set",
        "valkey.password",
    );
    let wrong = trouble(with_password(&server, None, "hunter2")).await;
    check(
        &wrong,
        TroubleKind::Unauthenticated,
        "does not accept the password of the default user",
        "valkey.password",
    );
    let nobody = trouble(with_password(&server, Some("nobody"), "hunter2")).await;
    check(&nobody, TroubleKind::Unauthenticated, "password of user nobody", "valkey.username");

    let options = with_password(&server, None, "sesame");
    assert!(!format!("{options:?}").contains("sesame"));
    let mut watch = Watch::start(options);
    watch.until("a sign of life", Watch::is_alive).await;
    let url = server.url().replace("redis://", "redis://:sesame@");
    let mut watch = Watch::start(Options::new(url));
    watch.until("a sign of life", Watch::is_alive).await;

    let open = Valkey::start().await?;
    let needless = trouble(with_password(&open, None, "hunter2")).await;
    check(
        &needless,
        TroubleKind::Unauthenticated,
        "has no password for the default user",
        "valkey.password",
    );
    Ok(())
}

/// The server itself counts what it was asked to do, and would log what it refused.
#[tokio::test]
async fn nothing_but_reads_is_ever_sent() -> Result<(), PlatformError> {
    let server = Valkey::start().await?;
    let mut connection = server.connection().await?;
    let rules: Vec<String> = COMMANDS.iter().skip(1).map(|command| format!("+{command}")).collect();
    run(&mut connection, &format!("ACL SETUSER console on >hunter2 ~{STREAM} {}", rules.join(" ")))
        .await;
    add(&mut connection, STREAM, 0..1_000).await;
    run(&mut connection, "CONFIG RESETSTAT").await;

    let mut watch = Watch::start(with_password(&server, Some("console"), "hunter2"));
    watch.until("the history", |watch| watch.entries().len() + watch.older().len() == 1_000).await;
    let name = format!("{:?}", run(&mut connection, "CLIENT LIST").await);
    assert!(name.contains("name=pulse-console"), "{name}");
    run(&mut connection, "CLIENT KILL TYPE normal SKIPME yes").await;
    watch.until("a sign of life", |watch| watch.count(|fact| *fact == Fact::Alive) > 2).await;
    run(&mut connection, "DEL PLANA:events").await;
    add(&mut connection, STREAM, 1_000..1_010).await;
    watch.until("the reset", |watch| !watch.gaps().is_empty()).await;

    let stats: String = redis::cmd("INFO").arg("commandstats").query_async(&mut connection).await?;
    let asked: BTreeSet<&str> = stats
        .lines()
        .filter_map(|line| line.strip_prefix("cmdstat_")?.split(':').next())
        .filter(|name| {
            !["xadd", "del", "info", "client|list", "client|kill", "config|resetstat"]
                .contains(name)
        })
        .collect();
    assert!(asked.iter().all(|name| COMMANDS.contains(name)), "{asked:?}");
    assert!(asked.contains("xread") && asked.contains("xinfo|stream"), "{asked:?}");
    let refused: Vec<redis::Value> =
        redis::cmd("ACL").arg("LOG").query_async(&mut connection).await?;
    assert!(refused.is_empty(), "{refused:?}");
    Ok(())
}

#[tokio::test]
async fn the_least_rights_are_enough_and_the_rest_is_said_to_be_unknown()
-> Result<(), PlatformError> {
    let server = Valkey::start().await?;
    let mut connection = server.connection().await?;
    run(
        &mut connection,
        &format!("ACL SETUSER least on >hunter2 ~{STREAM} +xread +xrevrange +xrange"),
    )
    .await;
    add(&mut connection, STREAM, 0..200).await;
    let mut watch = Watch::start(with_password(&server, Some("least"), "hunter2"));
    watch.until("the history", |watch| watch.entries().len() + watch.older().len() == 200).await;
    add(&mut connection, STREAM, 200..210).await;
    watch.until("the tail", |watch| watch.entries().len() == 74).await;
    assert_eq!((watch.troubles(), watch.gaps()), (vec![], vec![]));

    let mut pipe = redis::pipe();
    pipe.atomic().cmd("CLIENT").arg(&["KILL", "TYPE", "normal", "SKIPME", "yes"]).ignore();
    for number in 210..310 {
        let json = format!(r#"{{"type":"t","subject":"{number}"}}"#);
        pipe.cmd("XADD").arg(STREAM).arg(&["MAXLEN", "=", "40", "*", "event"]).arg(json).ignore();
    }
    pipe.query_async::<()>(&mut connection).await?;
    watch.until("what is left", |watch| watch.entries().len() == 114).await;
    assert_eq!(watch.gaps().iter().map(|gap| gap.missed).collect::<Vec<_>>(), [Missed::Some]);
    assert_eq!(numbers(&watch.entries()).last(), Some(&309));
    Ok(())
}

#[tokio::test]
async fn a_right_that_is_missing_is_named() -> Result<(), PlatformError> {
    let server = Valkey::start().await?;
    let mut connection = server.connection().await?;
    add(&mut connection, STREAM, 0..5).await;
    run(&mut connection, "SET PLANA:other text").await;
    run(&mut connection, "ACL SETUSER elsewhere on >hunter2 ~other:* +xread +xrevrange +xinfo")
        .await;
    run(
        &mut connection,
        &format!("ACL SETUSER deaf on >hunter2 ~{STREAM} +xrevrange +xrange +xinfo"),
    )
    .await;
    let key = trouble(with_password(&server, Some("elsewhere"), "hunter2")).await;
    check(&key, TroubleKind::Denied, "does not let user elsewhere run", "the key of the stream");

    let mut watch = Watch::start(with_password(&server, Some("deaf"), "hunter2"));
    watch.until("a trouble", |watch| !watch.troubles().is_empty()).await;
    check(&watch.troubles()[0], TroubleKind::Denied, "run XREAD on PLANA:events", "+xread");
    assert!(!watch.is_alive(), "what can't be read is not alive");

    let text = Options { stream: "PLANA:other".to_owned(), ..Options::new(server.url()) };
    check(&trouble(text).await, TroubleKind::Config, "PLANA:other", "valkey.stream");
    let database = Options::new(format!("{}/99", server.url()));
    check(&trouble(database).await, TroubleKind::Config, "database", "valkey.url");
    Ok(())
}

#[tokio::test]
async fn certificates_are_checked() -> Result<(), PlatformError> {
    let tls = |validity| ValkeyOptions { tls: Some(validity), ..ValkeyOptions::default() };
    let server = Valkey::start_with(tls(Validity::Valid)).await?;
    add(&mut server.connection().await?, STREAM, 0..5).await;
    let trusting = Options { ca_file: server.authority_file(), ..Options::new(server.url()) };
    let mut watch = Watch::start(trusting.clone());
    watch.until("the events", |watch| watch.entries().len() == 5).await;

    let untrusted = trouble(Options::new(server.url())).await;
    check(
        &untrusted,
        TroubleKind::Certificate,
        "signed by nobody this machine trusts",
        "valkey.ca_file",
    );
    let plain = Options::new(server.url().replace("rediss", "redis"));
    let plain = trouble(plain).await;
    assert!(plain.remedy.as_str().contains("rediss://"), "{plain}");
    let missing = Options { ca_file: Some("/nowhere/ca.pem".into()), ..Options::new(server.url()) };
    check(&trouble(missing).await, TroubleKind::Config, "/nowhere/ca.pem", "valkey.ca_file");

    let expired = Valkey::start_with(tls(Validity::Expired)).await?;
    let options = Options { ca_file: expired.authority_file(), ..Options::new(expired.url()) };
    check(&trouble(options).await, TroubleKind::Certificate, "has expired", "clock");

    let open = Valkey::start().await?;
    let options = Options::new(open.url().replace("redis", "rediss"));
    check(&trouble(options).await, TroubleKind::Unreachable, "does not answer", "redis://");
    Ok(())
}

#[tokio::test]
async fn what_is_no_valkey_is_said() {
    use std::io::{Read as _, Write as _};
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let web = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a connection");
        let mut request = [0; 512];
        let _ = stream.read(&mut request);
        let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
    });
    let url = format!("redis://127.0.0.1:{port}");
    check(
        &trouble(Options::new(&url)).await,
        TroubleKind::Protocol,
        "is not a Valkey",
        "valkey.url",
    );
    web.join().expect("the server ends");
    check(
        &trouble(Options::new(&url)).await,
        TroubleKind::Unreachable,
        "refuses connections",
        "valkey.url",
    );
    let unknown = Options::new("redis://valkey.invalid:6379");
    check(&trouble(unknown).await, TroubleKind::Unreachable, "not known to DNS", "port-forward");
    check(
        &trouble(Options::new("http://127.0.0.1")).await,
        TroubleKind::Config,
        "address",
        "valkey.url",
    );
}
