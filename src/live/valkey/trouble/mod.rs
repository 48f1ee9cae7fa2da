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

    /// Whether a refusal is about the key, not about the command.
    pub(super) fn is_about_a_key(&self) -> bool {
        matches!(self, Self::Command { error, .. }
            if error.detail().is_some_and(|detail| detail.contains("key")))
    }

    /// Whether the server can do nothing of the sort with this key, or at all, and is well otherwise.
    pub(super) fn is_about_its_target(&self) -> bool {
        matches!(self.code(), Some("ERR" | "WRONGTYPE" | "NOGROUP" | "UNKNOWN"))
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
            "Check that `valkey.url` is the address of a Valkey, or of a Redis 6 or later, itself; it is asked again by itself.",
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

pub(super) fn server(target: &Target) -> String {
    format!("Valkey at {}", target.name)
}

pub(super) fn user(target: &Target) -> String {
    target
        .username
        .as_ref()
        .map_or_else(|| "the default user".to_owned(), |name| format!("user {name}"))
}

/// The server answered and said no.
fn refused(target: &Target, command: &str, code: &str, detail: &str) -> Trouble {
    if let Some(trouble) = unknown(target, command, code, detail) {
        return trouble;
    }
    let (server, stream) = (server(target), &target.stream);
    let (kind, what, remedy) = match code {
        "NOPERM" => (
            TroubleKind::Denied,
            format!("{server} does not let {} run {command} on {stream}", user(target)),
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

/// The server does not know who is asking; none if it is about something else.
fn unknown(target: &Target, command: &str, code: &str, detail: &str) -> Option<Trouble> {
    let (server, user) = (server(target), user(target));
    let (what, remedy) = match code {
        "NOAUTH" if target.has_password() => (
            format!("{server} asks again for a password"),
            "Check `valkey.username` and `valkey.password`.",
        ),
        "NOAUTH" => (
            format!("{server} asks for a password and none is set"),
            "Set `valkey.password` to where the password is kept.",
        ),
        "WRONGPASS" => (
            format!("{server} does not accept the password of {user}"),
            "Check what `valkey.password` refers to, and `valkey.username`.",
        ),
        "ERR" if command == "AUTH" && detail.contains("without any password") => (
            format!("{server} has no password for {user}, and one is set"),
            "Remove `valkey.password`, or check that `valkey.url` is the right server.",
        ),
        _ => return None,
    };
    Some(Trouble::new(TroubleKind::Unauthenticated, &what, remedy))
}

/// There was no answer, or none that is Valkey's.
fn broken(target: &Target, command: &str, error: &RedisError) -> Trouble {
    let said = error.to_string();
    if let Some(trouble) = not_tls(target, &said) {
        return trouble;
    }
    let server = server(target);
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
    } else if error.is_timeout() {
        return late(target, command);
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

/// No answer in time.
fn late(target: &Target, command: &str) -> Trouble {
    let server = server(target);
    let (kind, what, remedy) = match (command, target.tls) {
        ("connect", true) => (
            TroubleKind::Unreachable,
            format!("{server} does not answer"),
            "Check the network and the firewall; if the port has no TLS, use redis:// in `valkey.url`.",
        ),
        ("connect", false) => (
            TroubleKind::Unreachable,
            format!("{server} does not answer"),
            "Check the network and the firewall between here and there.",
        ),
        _ => (
            TroubleKind::Slow,
            format!("{server} did not answer {command} in time"),
            "It is tried again by itself; the link may be cut or very slow.",
        ),
    };
    Trouble::new(kind, &what, remedy)
}

/// There is no TLS between the two; none if that is not what is wrong.
fn not_tls(target: &Target, said: &str) -> Option<Trouble> {
    let server = server(target);
    if said.contains("invalid peer certificate") {
        return Some(certificate(&server, said));
    }
    let (kind, what, remedy) =
        if said.contains("InvalidContentType") || said.contains("corrupt message") {
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
        } else {
            return None;
        };
    Some(Trouble::new(kind, &what, remedy))
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
mod tests;
