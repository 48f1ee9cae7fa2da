//! What each trouble says, and what it tells the operator to do.

#![expect(clippy::too_many_lines, reason = "tables of cases")]

use std::io;

use super::*;
use crate::live::valkey::Options;

fn target(url: &str) -> Target {
    Target::new(&Options::new(url)).expect("a valid address")
}

fn reply(command: &'static str, resp: &str) -> Failure {
    let error = redis::parse_redis_value(format!("-{resp}\r\n").as_bytes())
        .and_then(redis::Value::extract_error)
        .expect_err("an error reply");
    Failure::Command { command, error }
}

#[test]
fn refusals_say_what_to_do() {
    let target = target("redis://alice:hunter2@valkey.example:6380/2");
    for (command, resp, kind, what, remedy) in [
        (
            "AUTH",
            "WRONGPASS invalid username-password pair",
            TroubleKind::Unauthenticated,
            "does not accept the password of user alice",
            "valkey.password",
        ),
        (
            "XINFO STREAM",
            "NOAUTH Authentication required.",
            TroubleKind::Unauthenticated,
            "asks again for a password",
            "valkey.password",
        ),
        (
            "AUTH",
            "ERR AUTH <password> called without any password configured for the default user.",
            TroubleKind::Unauthenticated,
            "has no password",
            "valkey.password",
        ),
        (
            "XREAD",
            "NOPERM User alice has no permissions to run the 'xread' command",
            TroubleKind::Denied,
            "does not let user alice run XREAD on PLANA:events",
            "+xread",
        ),
        (
            "XREAD",
            "WRONGTYPE Operation against a key",
            TroubleKind::Config,
            "is not a stream",
            "valkey.stream",
        ),
        (
            "XINFO STREAM",
            "LOADING Valkey is loading the dataset in memory",
            TroubleKind::Server,
            "loads its data",
            "Wait",
        ),
        ("XREAD", "MOVED 1234 10.0.0.7:6379", TroubleKind::Config, "10.0.0.7:6379", "valkey.url"),
        (
            "SELECT",
            "ERR DB index is out of range",
            TroubleKind::Config,
            "out of range",
            "valkey.url",
        ),
        (
            "CLIENT",
            "DENIED Running in protected mode",
            TroubleKind::Denied,
            "protected mode",
            "tunnel",
        ),
        ("XREAD", "ODDCODE what is this", TroubleKind::Server, "ODDCODE what is this", ""),
    ] {
        let trouble = explain(&reply(command, resp), &target);
        assert_eq!(trouble.kind, kind, "{resp}");
        assert!(trouble.what.as_str().contains(what), "{} lacks {what}", trouble.what);
        assert!(trouble.what.as_str().contains("valkey.example:6380"), "{}", trouble.what);
        assert!(trouble.remedy.as_str().contains(remedy), "{} lacks {remedy}", trouble.remedy);
        assert!(!trouble.to_string().contains("hunter2"), "{trouble}");
    }
}

#[test]
fn broken_links_say_what_to_do() {
    let target = target("rediss://valkey.example:6380");
    for (command, io, said, kind, what) in [
        (
            "connect",
            io::ErrorKind::ConnectionRefused,
            "refused",
            TroubleKind::Unreachable,
            "refuses connections",
        ),
        (
            "connect",
            io::ErrorKind::TimedOut,
            "timed out",
            TroubleKind::Unreachable,
            "does not answer",
        ),
        (
            "XREAD",
            io::ErrorKind::TimedOut,
            "timed out",
            TroubleKind::Slow,
            "did not answer XREAD in time",
        ),
        (
            "XREAD",
            io::ErrorKind::BrokenPipe,
            "broken pipe",
            TroubleKind::Unreachable,
            "closed the connection",
        ),
        (
            "connect",
            io::ErrorKind::Other,
            "failed to lookup address information: x",
            TroubleKind::Unreachable,
            "DNS",
        ),
        (
            "connect",
            io::ErrorKind::InvalidData,
            "invalid peer certificate: UnknownIssuer",
            TroubleKind::Certificate,
            "nobody this machine trusts",
        ),
        (
            "connect",
            io::ErrorKind::InvalidData,
            "invalid peer certificate: certificate expired: x",
            TroubleKind::Certificate,
            "has expired",
        ),
        (
            "connect",
            io::ErrorKind::InvalidData,
            "received corrupt message of type InvalidContentType",
            TroubleKind::Protocol,
            "does not speak TLS",
        ),
    ] {
        let error = io::Error::new(io, said).into();
        let trouble = explain(&Failure::Command { command, error }, &target);
        assert_eq!(trouble.kind, kind, "{said}");
        assert!(trouble.what.as_str().contains(what), "{} lacks {what}", trouble.what);
    }
    let error = redis::parse_redis_value(b"HTTP/1.1 400 Bad Request\r\n").expect_err("no RESP");
    let trouble = explain(&Failure::Command { command: "CLIENT", error }, &target);
    assert!(trouble.what.as_str().contains("is not a Valkey"), "{}", trouble.what);
}

#[test]
fn a_bad_address_is_not_quoted() {
    for url in [
        "http://u:hunter2@host",
        "redis://u:hunter2@host/x",
        "rediss://u:hunter2@h#insecure",
        "hunter2",
        "unix:///tmp/s",
    ] {
        let failure = Target::new(&Options::new(url)).err().expect("no valid address");
        let trouble = address(&failure);
        assert_eq!(trouble.kind, TroubleKind::Config);
        assert!(!trouble.to_string().contains("hunter2"), "{trouble}");
        assert!(trouble.remedy.as_str().contains("valkey.url"));
    }
}
