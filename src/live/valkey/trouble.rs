//! What can go wrong between the console and the server, as sentences for a tired person.
//!
//! A [`Failure`] is what happened; [`explain`] says it with the server's name and what to do next. No
//! sentence holds the password: it is in no reply of the server, and requests are never quoted.

use std::path::PathBuf;

use redis::RedisError;

use super::connect::Target;
use super::wire::Odd;
use crate::domain::{Trouble, TroubleKind};

/// What went wrong.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    /// The address is none.
    #[error("the address can't be read: {reason}")]
    Url {
        /// Why not.
        reason: String,
    },
    /// The file of certificates is of no use.
    #[error("{}: {reason}", path.display())]
    CaFile {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A command failed; `connect` stands for connecting.
    #[error("{command}: {error}")]
    Command {
        /// The command.
        command: &'static str,
        /// How it failed.
        error: RedisError,
    },
    /// A command was answered against the protocol.
    #[error("{command}: {odd}")]
    Odd {
        /// The command.
        command: &'static str,
        /// What was odd.
        odd: Odd,
    },
}

impl Failure {
    pub(super) fn sending(command: &'static str) -> impl FnOnce(RedisError) -> Self {
        move |error| Self::Command { command, error }
    }

    /// The parser's own words without what only its developers need; they never hold the address.
    pub(super) fn bad_url(error: &RedisError) -> Self {
        let said = error.to_string();
        Self::Url { reason: said.split(" - ").next().unwrap_or_default().to_lowercase() }
    }

    pub(super) fn odd(command: &'static str) -> impl FnOnce(Odd) -> Self {
        move |odd| Self::Odd { command, odd }
    }

    /// Whether the server answered, and said no.
    pub(super) fn is_refusal(&self) -> bool {
        self.code().is_some()
    }

    /// Whether the server said that this user may not.
    pub(super) fn is_no_permission(&self) -> bool {
        self.code() == Some("NOPERM")
    }

    /// Whether the server said that there is no such stream.
    pub(super) fn is_no_such_key(&self) -> bool {
        matches!(self, Self::Command { error, .. }
            if error.detail().is_some_and(|detail| detail.contains("no such key")))
    }

    /// Whether the answer did not come in time.
    pub(super) fn is_timeout(&self) -> bool {
        matches!(self, Self::Command { error, .. } if error.is_timeout())
    }

    fn code(&self) -> Option<&str> {
        match self {
            Self::Command { error, .. } => error.code(),
            _ => None,
        }
    }
}

/// The failure as the operator reads it.
pub(super) fn explain(failure: &Failure, target: &Target) -> Trouble {
    match failure {
        Failure::Url { .. } => address(failure),
        Failure::CaFile { path, reason } => Trouble::new(
            TroubleKind::Config,
            &format!("The certificates in {} can't be used: {reason}", path.display()),
            "Set `valkey.ca_file` to a PEM file that holds the certificates to trust.",
        ),
        Failure::Odd { command, odd } => Trouble::new(
            TroubleKind::Protocol,
            &format!("{} answered {command} oddly: {odd}", server(target)),
            "Check that `valkey.url` is the address of a Valkey or Redis server.",
        ),
        Failure::Command { command, error } => match error.code() {
            Some(code) => refused(target, command, code, error.detail().unwrap_or_default()),
            None => broken(target, command, error),
        },
    }
}

/// The failure of an address, which has no server yet. It does not quote the address.
pub(super) fn address(failure: &Failure) -> Trouble {
    Trouble::new(
        TroubleKind::Config,
        &failure.to_string().replacen("the address", "The address of the Valkey", 1),
        "Set `valkey.url` to an address such as rediss://valkey.example:6379/0.",
    )
}

fn server(target: &Target) -> String {
    format!("Valkey at {}", target.name)
}

fn user(target: &Target) -> String {
    target.username.as_ref().map_or_else(|| "the default user".to_owned(), |name| format!("user {name}"))
}

/// The server answered and said no.
fn refused(target: &Target, command: &str, code: &str, detail: &str) -> Trouble {
    let (server, user, stream) = (server(target), user(target), &target.stream);
    let is_auth = command == "AUTH";
    let (kind, what, remedy) = match code {
        "NOAUTH" if target.has_password() => (
            TroubleKind::Unauthenticated,
            format!("{server} asks again for a password"),
            "Check `valkey.username` and `valkey.password`.",
        ),
        "NOAUTH" => (
            TroubleKind::Unauthenticated,
            format!("{server} asks for a password and none is set"),
            "Set `valkey.password` to where the password is kept.",
        ),
        "WRONGPASS" => (
            TroubleKind::Unauthenticated,
            format!("{server} does not accept the password of {user}"),
            "Check what `valkey.password` refers to, and `valkey.username`.",
        ),
        "ERR" if is_auth && detail.contains("without any password") => (
            TroubleKind::Unauthenticated,
            format!("{server} has no password for {user}, and one is set"),
            "Remove `valkey.password`, or check that `valkey.url` is the right server.",
        ),
        "NOPERM" => (
            TroubleKind::Denied,
            format!("{server} does not let {user} run {command} on {stream}"),
            "Ask for the ACL rules `+xread +xrevrange +xrange +xinfo|stream` and the key of the stream.",
        ),
        "WRONGTYPE" => (
            TroubleKind::Config,
            format!("The key {stream} of {server} is not a stream"),
            "Set `valkey.stream` to the key of the stream, and check the database in `valkey.url`.",
        ),
        "LOADING" => (
            TroubleKind::Server,
            format!("{server} is starting and still loads its data"),
            "Wait: it is tried again by itself.",
        ),
        "MASTERDOWN" | "CLUSTERDOWN" | "TRYAGAIN" => (
            TroubleKind::Server,
            format!("{server} can't answer now: {code} {detail}"),
            "Wait: it is tried again by itself.",
        ),
        "MOVED" | "ASK" => (
            TroubleKind::Config,
            format!("{server} is part of a cluster, and {stream} is on another node: {detail}"),
            "Set `valkey.url` to the node that has the stream.",
        ),
        "DENIED" => (
            TroubleKind::Denied,
            format!("{server} takes no connections from this machine (protected mode)"),
            "Reach it through a tunnel, or have a password set on the server.",
        ),
        _ if command == "SELECT" => (
            TroubleKind::Config,
            format!("{server} refuses the database: {code} {detail}"),
            "Check the number of the database at the end of `valkey.url`.",
        ),
        _ => (TroubleKind::Server, format!("{server} refuses {command}: {code} {detail}"), ""),
    };
    Trouble::new(kind, &what, remedy)
}

/// There was no answer, or none that is Valkey's.
fn broken(target: &Target, command: &str, error: &RedisError) -> Trouble {
    let (server, said) = (server(target), error.to_string());
    let (kind, what, remedy) = if error.is_connection_refusal() {
        (
            TroubleKind::Unreachable,
            format!("{server} refuses connections"),
            "Check that it runs and that `valkey.url` has the right port.",
        )
    } else if said.contains("failed to lookup address") || said.contains("No address found") {
        (
            TroubleKind::Unreachable,
            format!("The name of {server} is not known to DNS"),
            "Check `valkey.url` and the network; inside the cluster only, it needs a port-forward.",
        )
    } else if said.contains("invalid peer certificate") {
        return certificate(&server, &said);
    } else if said.contains("InvalidContentType") || said.contains("corrupt message") {
        (
            TroubleKind::Protocol,
            format!("{server} does not speak TLS on this port"),
            "Use redis:// in `valkey.url`, or the port that has TLS.",
        )
    } else if said.contains("received fatal alert") {
        (
            TroubleKind::Certificate,
            format!("{server} broke off the TLS handshake: {said}"),
            "It may want a certificate of the client, which the console does not have.",
        )
    } else if error.is_timeout() && command == "connect" {
        let remedy = if target.tls {
            "Check the network and the firewall; if the port has no TLS, use redis:// in `valkey.url`."
        } else {
            "Check the network and the firewall between here and there."
        };
        (TroubleKind::Unreachable, format!("{server} does not answer"), remedy)
    } else if error.is_timeout() {
        (
            TroubleKind::Slow,
            format!("{server} did not answer {command} in time"),
            "It is tried again by itself; the link may be cut or very slow.",
        )
    } else if error.kind() == redis::ErrorKind::Parse {
        (
            TroubleKind::Protocol,
            format!("What answers at {} is not a Valkey", target.name),
            "Check the host and the port in `valkey.url`; for TLS it begins with rediss://.",
        )
    } else if error.is_connection_dropped() {
        (
            TroubleKind::Unreachable,
            format!("{server} closed the connection"),
            "It is tried again by itself; if it goes on, check whether the port wants rediss://.",
        )
    } else {
        (TroubleKind::Unreachable, format!("{server} can't be reached: {said}"), "")
    };
    Trouble::new(kind, &what, remedy)
}

fn certificate(server: &str, said: &str) -> Trouble {
    let (why, remedy) = if said.contains("xpired") {
        ("has expired", "Have it renewed, and check the clock of this machine.")
    } else if said.contains("UnknownIssuer") {
        (
            "is signed by nobody this machine trusts",
            "Set `valkey.ca_file` to the certificate of the authority that signed it.",
        )
    } else if said.contains("not valid for name") || said.contains("NotValidForName") {
        ("is for another host", "Use the name that the certificate has in `valkey.url`.")
    } else {
        let said = said.rsplit("invalid peer certificate: ").next().unwrap_or(said);
        return Trouble::new(
            TroubleKind::Certificate,
            &format!("The certificate of {server} is not accepted: {said}"),
            "Have the certificate of the server checked.",
        );
    };
    Trouble::new(TroubleKind::Certificate, &format!("The certificate of {server} {why}"), remedy)
}

#[cfg(test)]
mod tests {
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
            ("AUTH", "WRONGPASS invalid username-password pair", TroubleKind::Unauthenticated,
                "does not accept the password of user alice", "valkey.password"),
            ("XINFO STREAM", "NOAUTH Authentication required.", TroubleKind::Unauthenticated,
                "asks again for a password", "valkey.password"),
            ("AUTH", "ERR AUTH <password> called without any password configured for the default user.",
                TroubleKind::Unauthenticated, "has no password", "valkey.password"),
            ("XREAD", "NOPERM User alice has no permissions to run the 'xread' command",
                TroubleKind::Denied, "does not let user alice run XREAD on PLANA:events", "+xread"),
            ("XREAD", "WRONGTYPE Operation against a key", TroubleKind::Config, "is not a stream", "valkey.stream"),
            ("XINFO STREAM", "LOADING Valkey is loading the dataset in memory", TroubleKind::Server, "loads its data", "Wait"),
            ("XREAD", "MOVED 1234 10.0.0.7:6379", TroubleKind::Config, "10.0.0.7:6379", "valkey.url"),
            ("SELECT", "ERR DB index is out of range", TroubleKind::Config, "out of range", "valkey.url"),
            ("CLIENT", "DENIED Running in protected mode", TroubleKind::Denied, "protected mode", "tunnel"),
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
            ("connect", io::ErrorKind::ConnectionRefused, "refused", TroubleKind::Unreachable, "refuses connections"),
            ("connect", io::ErrorKind::TimedOut, "timed out", TroubleKind::Unreachable, "does not answer"),
            ("XREAD", io::ErrorKind::TimedOut, "timed out", TroubleKind::Slow, "did not answer XREAD in time"),
            ("XREAD", io::ErrorKind::BrokenPipe, "broken pipe", TroubleKind::Unreachable, "closed the connection"),
            ("connect", io::ErrorKind::Other, "failed to lookup address information: x", TroubleKind::Unreachable, "DNS"),
            ("connect", io::ErrorKind::InvalidData, "invalid peer certificate: UnknownIssuer", TroubleKind::Certificate, "nobody this machine trusts"),
            ("connect", io::ErrorKind::InvalidData, "invalid peer certificate: certificate expired: x", TroubleKind::Certificate, "has expired"),
            ("connect", io::ErrorKind::InvalidData, "received corrupt message of type InvalidContentType", TroubleKind::Protocol, "does not speak TLS"),
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
        for url in ["http://u:hunter2@host", "redis://u:hunter2@host/x", "rediss://u:hunter2@h#insecure", "hunter2", "unix:///tmp/s"] {
            let failure = Target::new(&Options::new(url)).err().expect("no valid address");
            let trouble = address(&failure);
            assert_eq!(trouble.kind, TroubleKind::Config);
            assert!(!trouble.to_string().contains("hunter2"), "{trouble}");
            assert!(trouble.remedy.as_str().contains("valkey.url"));
        }
    }
}
