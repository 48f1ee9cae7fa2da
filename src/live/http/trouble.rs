//! Failures of HTTP as sentences for a tired person: what failed, why, and what to do next.

use std::error::Error;
use std::io;
use std::time::Duration;

use rustls::CertificateError;

use super::service::Cluster;
use crate::domain::{System, Trouble, TroubleKind};
use crate::live::causes::{causes, find};

/// As much of what an error says as is kept, in characters.
const SAID: usize = 1_000;

/// Where the server is, for the sentences.
#[derive(Clone, Debug)]
pub(super) struct Place {
    /// What it is.
    pub(super) system: System,
    /// Its settings, such as `alertmanager`.
    pub(super) settings: &'static str,
    /// Its address.
    pub(super) address: String,
    /// Whether a token is sent.
    pub(super) has_token: bool,
}

/// Why a request did not succeed.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    /// No connection, or it broke.
    #[error("the link failed: {0}")]
    Link(#[source] reqwest::Error),
    /// No whole answer in time.
    #[error("no answer within {:.1} s", .0.as_secs_f32())]
    Late(Duration),
    /// The answer has more bytes than that.
    #[error("the answer is larger than {0} bytes")]
    Large(usize),
    /// It answered with a code other than success, and these words.
    #[error("it answered {0} {1}")]
    Status(u16, String),
    /// It points to another server.
    #[error("it points to {0}")]
    Moved(String),
    /// It answered with a page for people.
    #[error("it answered with a web page")]
    Page,
    /// It answers what the protocol does not promise: a clause that says how.
    #[error("{0}")]
    Strange(String),
    /// The API server on the way refuses: its code, what it refuses, and its words.
    #[error("the API server answered {0} {2}")]
    Proxy(u16, Cluster, String),
    /// The API server on the way can't be read.
    #[error("{0}")]
    Reach(Trouble),
    /// The API server on the way can't be reached, or does not know who asks: nothing was asked behind it.
    #[error("{0}")]
    Unsent(Trouble),
}

impl Failure {
    /// An answer other than success.
    pub(super) fn status(code: u16, said: &str) -> Self {
        let said = said.trim();
        // A page says nothing in a sentence.
        let said = if is_page(said.as_bytes()) { "" } else { said };
        Self::Status(code, said.chars().take(SAID).collect())
    }

    /// The code that the server answered with, if it answered.
    pub(super) fn code(&self) -> Option<u16> {
        match self {
            Self::Status(code, _) => Some(*code),
            _ => None,
        }
    }

    /// Whether another token, file of certificates or kubeconfig may mend it.
    pub(super) fn is_the_ways_fault(&self) -> bool {
        match self {
            Self::Status(code, _) => *code == 401,
            Self::Link(error) => find::<rustls::Error>(error).is_some(),
            Self::Reach(_) | Self::Unsent(_) => true,
            _ => false,
        }
    }
}

/// What is known of a change that failed.
impl Failure {
    /// Whether the server was never asked.
    pub(super) fn is_unsent(&self) -> bool {
        match self {
            Self::Unsent(_) | Self::Status(401 | 429, _) => true,
            Self::Link(error) => error.is_connect() || error.is_builder(),
            _ => false,
        }
    }

    /// Whether the server, or who stands before it, answers that it won't.
    pub(super) fn is_refused(&self) -> bool {
        match self {
            Self::Status(code, _) => (400..500).contains(code),
            Self::Proxy(_, who, _) => matches!(who, Cluster::Forbidden | Cluster::Unknown),
            Self::Moved(_) => true,
            _ => false,
        }
    }
}

/// What an answer is that is not the JSON expected.
pub(super) fn not_json(answer: &[u8], error: &serde_json::Error) -> Failure {
    if is_page(answer) {
        return Failure::Page;
    }
    Failure::Strange(format!("its answer is not the JSON expected ({error})"))
}

fn is_page(answer: &[u8]) -> bool {
    answer.trim_ascii_start().starts_with(b"<")
}

/// Turns `failure` while `doing` something into trouble.
pub(super) fn of(failure: &Failure, doing: &str, place: &Place) -> Trouble {
    let Place { system, settings, address, .. } = place;
    let right = format!("See whether {settings}.url is right.");
    let (kind, what, remedy) = match failure {
        Failure::Link(error) => return link(error, doing, place),
        Failure::Reach(trouble) | Failure::Unsent(trouble) => return trouble.clone(),
        Failure::Proxy(code, who, said) => return refused(*code, *who, said, place),
        Failure::Status(code, said) => return answered(*code, said, doing, place),
        Failure::Late(limit) => (
            TroubleKind::Slow,
            format!(
                "{doing}: no answer from {system} at {address} within {:.1} s",
                limit.as_secs_f32()
            ),
            "See how busy it is; the console tries again by itself.".to_owned(),
        ),
        Failure::Large(most) => (
            TroubleKind::Protocol,
            format!(
                "{doing}: the answer of {system} is larger than {} MiB and was cut off",
                most >> 20
            ),
            format!("{right} If it is, ask what fills {system}."),
        ),
        Failure::Moved(to) => (
            TroubleKind::Protocol,
            format!("{doing}: {address} points to another address, {to}, which is not followed"),
            format!(
                "If that is the right one, set {settings}.url to it; else log in where it asks to."
            ),
        ),
        Failure::Page => (
            TroubleKind::Protocol,
            format!("{doing}: {address} answered with a web page instead of JSON"),
            format!(
                "Is the address right? {right} A page to log in means that a proxy stands before it: use an address behind it."
            ),
        ),
        Failure::Strange(how) => (
            TroubleKind::Protocol,
            format!("{doing}: {address} does not answer as {system} does: {how}"),
            format!("{right} If it is, it may be of a version that is not known here."),
        ),
    };
    Trouble::new(kind, &what, &remedy)
}

fn answered(code: u16, said: &str, doing: &str, place: &Place) -> Trouble {
    let Place { system, settings, address, has_token } = place;
    let said: String = said.chars().take(200).collect();
    let said = if said.is_empty() { said } else { format!(" ({said})") };
    let (kind, what, remedy) = match code {
        401 if *has_token => (
            TroubleKind::Unauthenticated,
            format!(
                "{doing}: {system} at {address} does not take the token of {settings}.token (401)"
            ),
            "It may have run out: fetch a fresh one; it is read again by itself.".to_owned(),
        ),
        401 => (
            TroubleKind::Unauthenticated,
            format!("{doing}: {system} at {address} wants to know who asks (401)"),
            format!("Set {settings}.token to where a token for it is."),
        ),
        403 => (
            TroubleKind::Denied,
            format!("{doing}: {system} at {address} forbids it (403)"),
            "Ask who runs it for the right to read.".to_owned(),
        ),
        404 => (
            TroubleKind::Protocol,
            format!("{doing}: there is nothing of {system} at {address} (404)"),
            format!(
                "See whether {settings}.url lacks a path before /api, such as /{system}, or names another server."
            ),
        ),
        429 => (
            TroubleKind::Server,
            format!("{doing}: {system} is too busy and asks to wait{said}"),
            String::new(),
        ),
        500.. => (
            TroubleKind::Server,
            format!("{doing}: {system} at {address} answered {code}{said}"),
            format!("See how {system} is; the console tries again by itself."),
        ),
        _ => (
            TroubleKind::Protocol,
            format!("{doing}: {address} answered {code}{said}"),
            format!("See whether {settings}.url is right."),
        ),
    };
    Trouble::new(kind, &what, &remedy)
}

/// The API server on the way refuses.
fn refused(code: u16, who: Cluster, said: &str, place: &Place) -> Trouble {
    let Place { system, settings, address, .. } = place;
    let (kind, what, remedy) = match who {
        Cluster::Forbidden => (
            TroubleKind::Denied,
            format!("the API server does not let you through to {system} at {address} ({code})"),
            "Ask an administrator for the verb get on services/proxy in that namespace.".to_owned(),
        ),
        Cluster::Unknown => (
            TroubleKind::Config,
            format!("the cluster has no service {address}, or nothing stands behind it ({code})"),
            format!("Correct {settings}.url; kubectl get services shows the names and ports."),
        ),
        Cluster::Silent => (
            TroubleKind::Server,
            format!("nothing answers behind the service {address} ({code}: {said})"),
            format!(
                "See whether the pods of {system} are ready; the console tries again by itself."
            ),
        ),
    };
    Trouble::new(kind, &what, &remedy)
}

/// Trouble with the connection itself.
fn link(error: &reqwest::Error, doing: &str, place: &Place) -> Trouble {
    use io::ErrorKind::{HostUnreachable, NetworkUnreachable};
    let Place { system, settings, address, .. } = place;
    if let Some(tls) = find::<rustls::Error>(error) {
        return secured(tls, place);
    }
    let io = find::<io::Error>(error).map(io::Error::kind);
    let network = format!(
        "See whether it is up and can be reached from here (VPN, firewall), and whether {settings}.url is right."
    );
    let (kind, what, remedy) = match io {
        _ if error.is_dns() => (
            TroubleKind::Unreachable,
            format!("the name of {system} at {address} is not known here"),
            format!("Look at the VPN and DNS, and whether {settings}.url is right."),
        ),
        _ if error.is_timeout() => (
            TroubleKind::Slow,
            format!("{doing}: no connection to {system} at {address} in time"),
            network,
        ),
        Some(io::ErrorKind::ConnectionRefused) => (
            TroubleKind::Unreachable,
            format!("{doing}: {system} at {address} refuses the connection"),
            network,
        ),
        Some(NetworkUnreachable | HostUnreachable) => (
            TroubleKind::Unreachable,
            format!("{doing}: there is no route to {system} at {address}"),
            network,
        ),
        _ if error.is_connect() => (
            TroubleKind::Unreachable,
            format!("{doing}: no connection to {system} at {address} ({})", innermost(error)),
            network,
        ),
        _ => (
            TroubleKind::Unreachable,
            format!("{doing}: the link to {system} at {address} broke ({})", innermost(error)),
            "The console tries again by itself; look at the network if it stays so.".to_owned(),
        ),
    };
    Trouble::new(kind, &what, &remedy)
}

fn secured(error: &rustls::Error, place: &Place) -> Trouble {
    let Place { system, settings, address, .. } = place;
    let (how, remedy) = match error {
        rustls::Error::InvalidCertificate(bad) => match bad {
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => (
                "its certificate has expired".to_owned(),
                "Have it renewed; see that the clock of this machine is right too.".to_owned(),
            ),
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => (
                "its certificate is not valid yet".to_owned(),
                "See that the clock of this machine is right.".to_owned(),
            ),
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                (
                    "its certificate is for another name".to_owned(),
                    format!("Use the name that it is for in {settings}.url."),
                )
            }
            CertificateError::UnknownIssuer | CertificateError::BadSignature => (
                "its certificate is signed by an authority that is not trusted here".to_owned(),
                format!(
                    "Set {settings}.ca_file to the certificate of that authority, if it is yours."
                ),
            ),
            other => (
                format!("its certificate is not accepted: {other}"),
                format!(
                    "Set {settings}.ca_file to the certificate of its authority, if it is yours."
                ),
            ),
        },
        rustls::Error::InvalidMessage(_) => (
            "it does not speak TLS".to_owned(),
            format!("See whether {settings}.url should begin with http:// or has another port."),
        ),
        other => (other.to_string(), format!("See whether {settings}.url is right.")),
    };
    let what = format!("no secure link to {system} at {address}: {how}");
    Trouble::new(TroubleKind::Certificate, &what, &remedy)
}

fn innermost(error: &reqwest::Error) -> String {
    let error: &(dyn Error + 'static) = error;
    let words = causes(error).last().map(ToString::to_string).unwrap_or_default();
    words.chars().take(200).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place() -> Place {
        Place {
            system: System::Alertmanager,
            settings: "alertmanager",
            address: "https://alerts.example".to_owned(),
            has_token: true,
        }
    }

    #[test]
    fn answers_are_whole_sentences() {
        for (failure, kind, said) in [
            (
                Failure::status(401, ""),
                TroubleKind::Unauthenticated,
                "reading the alerts: alertmanager at https://alerts.example does not take the token of alertmanager.token (401). It may have run out: fetch a fresh one; it is read again by itself.",
            ),
            (
                Failure::status(403, "<html>"),
                TroubleKind::Denied,
                "reading the alerts: alertmanager at https://alerts.example forbids it (403). Ask who runs it for the right to read.",
            ),
            (
                Failure::status(404, "404 page not found\n"),
                TroubleKind::Protocol,
                "reading the alerts: there is nothing of alertmanager at https://alerts.example (404). See whether alertmanager.url lacks a path before /api, such as /alertmanager, or names another server.",
            ),
            (
                Failure::status(500, "boom\n"),
                TroubleKind::Server,
                "reading the alerts: alertmanager at https://alerts.example answered 500 (boom). See how alertmanager is; the console tries again by itself.",
            ),
            (
                Failure::Late(Duration::from_millis(2500)),
                TroubleKind::Slow,
                "reading the alerts: no answer from alertmanager at https://alerts.example within 2.5 s. See how busy it is; the console tries again by itself.",
            ),
            (
                not_json(
                    b"\n <!DOCTYPE html>",
                    &serde_json::from_str::<u8>("<").expect_err("no JSON"),
                ),
                TroubleKind::Protocol,
                "reading the alerts: https://alerts.example answered with a web page instead of JSON. Is the address right? See whether alertmanager.url is right. A page to log in means that a proxy stands before it: use an address behind it.",
            ),
            (
                Failure::Proxy(403, Cluster::Forbidden, String::new()),
                TroubleKind::Denied,
                "the API server does not let you through to alertmanager at https://alerts.example (403). Ask an administrator for the verb get on services/proxy in that namespace.",
            ),
        ] {
            let trouble = of(&failure, "reading the alerts", &place());
            assert_eq!(trouble.to_string(), said);
            assert_eq!(trouble.kind, kind, "{said}");
        }
    }
}
