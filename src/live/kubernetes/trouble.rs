//! Failures as sentences for a tired person: what failed, why, and what to do next.

use std::error::Error;
use std::io;

use rustls::{AlertDescription, CertificateError, InvalidMessage};

use super::api::{Failure, Refusal};
use super::caller::Caller;
use super::target::Target;
use crate::domain::{Kind, Timestamp, Trouble, TroubleKind};
use crate::live::causes::{causes, find};

/// Where the server is and who asks, for the sentences.
#[derive(Clone, Debug, Default)]
pub(super) struct Place {
    /// Host and port of the API server.
    pub(super) address: String,
    /// Where this is set: `context prod of /home/x/.kube/config`.
    pub(super) source: String,
    /// The user of the kubeconfig.
    pub(super) user: String,
    /// Where the user's credentials are set.
    pub(super) file: String,
    /// When the user's client certificate runs out, where there is one.
    pub(super) certificate_ends: Option<Timestamp>,
    /// The command that gives the user's credentials, where one does.
    pub(super) plugin: Option<String>,
    /// As whom it is asked.
    pub(super) caller: Caller,
    /// Who is signed in, where it is asked as them.
    pub(super) person: Option<String>,
}

/// What was asked for, for the sentences.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked<'a> {
    /// What was being done: a clause such as `listing PLANAClients`.
    pub(super) doing: &'a str,
    /// The resource to ask rights for, such as `planaclients`.
    pub(super) resource: &'a str,
    /// Its API group.
    pub(super) group: &'a str,
}

/// Turns `failure` of a request into trouble. `now` tells whether a client certificate has run out.
pub(super) fn of(failure: &Failure, asked: Asked<'_>, place: &Place, now: Timestamp) -> Trouble {
    match failure {
        Failure::Link(error) => link(error, place),
        Failure::Late(limit) => {
            let what = format!(
                "{}: no answer from {} within {} s",
                asked.doing,
                place.address,
                limit.as_secs()
            );
            Trouble::new(
                TroubleKind::Slow,
                &what,
                "Look at the network between here and there; the console tries again by itself.",
            )
        }
        Failure::Cut => {
            let what = format!(
                "{}: {} ended the answer before it was complete",
                asked.doing, place.address
            );
            Trouble::new(TroubleKind::Unreachable, &what, "The console tries again by itself.")
        }
        Failure::Nobody => place.caller.nobody(),
        Failure::Status(refusal) => answered(refusal, asked, place, now),
        Failure::Strange(how) => {
            let what = format!(
                "{}: {} does not answer as an API server: {how}",
                asked.doing, place.address
            );
            let remedy = format!(
                "See whether the server address in {} is right and no proxy stands between.",
                place.source
            );
            Trouble::new(TroubleKind::Protocol, &what, &remedy)
        }
    }
}

fn answered(refusal: &Refusal, asked: Asked<'_>, place: &Place, now: Timestamp) -> Trouble {
    let Asked { doing, resource, group } = asked;
    let said =
        if refusal.message.is_empty() { String::new() } else { format!(" ({})", refusal.message) };
    let address = &place.address;
    match refusal.code {
        401 => place.caller.refused(address, now).unwrap_or_else(|| unknown_user(place, now)),
        403 if refusal.message.contains("cannot impersonate") => may_not_act(refusal, place),
        403 => {
            let known = place.person.as_ref().unwrap_or(&place.user);
            let who = subject(&refusal.message).unwrap_or(known);
            let what = format!("{doing} is forbidden for user {who} on {address}");
            let remedy = format!(
                "Ask an administrator for the verbs list and watch on {resource} in {}.",
                named(group)
            );
            Trouble::new(TroubleKind::Denied, &what, &remedy)
        }
        404 => missing(resource, group, address, Target::Composite(Kind::Client).remedy()),
        429 => {
            let what = format!("{doing}: {address} is too busy and asks to wait{said}");
            Trouble::new(TroubleKind::Server, &what, "")
        }
        code if code >= 500 => {
            let what = format!("{doing}: {address} answered {code}{said}");
            Trouble::new(
                TroubleKind::Server,
                &what,
                "See how the control plane is; the console tries again by itself.",
            )
        }
        code => {
            let what = format!("{doing}: {address} answered {code}{said}");
            let remedy = format!("See whether the server address in {} is right.", place.source);
            Trouble::new(TroubleKind::Protocol, &what, &remedy)
        }
    }
}

/// The server does not have the kind; `own` is the group of the platform's own kinds.
pub(super) fn absent(target: Target, own: &str, address: &str) -> Trouble {
    missing(target.name(), target.group(own), address, target.remedy())
}

fn missing(resource: &str, group: &str, address: &str, remedy: &str) -> Trouble {
    let what = format!("the API server at {address} has no {resource} in {}", named(group));
    Trouble::new(TroubleKind::Absent, &what, remedy)
}

fn named(group: &str) -> String {
    if group.is_empty() { "the core API group".into() } else { format!("the API group {group}") }
}

/// The server has begun to answer, and isn't ready to answer truly.
pub(super) fn starting(address: &str) -> Trouble {
    let what = format!("the API server at {address} is there and says that it is not ready");
    Trouble::new(
        TroubleKind::Server,
        &what,
        "Wait while it starts; if it stays so, look at the control plane.",
    )
}

fn unknown_user(place: &Place, now: Timestamp) -> Trouble {
    let Place { address, user, file, .. } = place;
    if let Some(ends) = place.certificate_ends.filter(|ends| *ends <= now) {
        let what = format!("the client certificate of user {user} in {file} expired on {ends}");
        return Trouble::new(
            TroubleKind::Certificate,
            &what,
            "Fetch a fresh kubeconfig, or have the certificate renewed.",
        );
    }
    let what = format!(
        "the API server at {address} does not accept the credentials of user {user} in {file} (401)"
    );
    let remedy = match &place.plugin {
        Some(plugin) => format!("Log in again: run {plugin} by hand and see what it says."),
        None => "They may have run out or been revoked: log in again, or fetch a fresh kubeconfig."
            .to_owned(),
    };
    Trouble::new(TroubleKind::Unauthenticated, &what, &remedy)
}

/// The kubeconfig's user may not act as the person who is signed in.
fn may_not_act(refusal: &Refusal, place: &Place) -> Trouble {
    let Place { address, user, file, .. } = place;
    let person = place.person.as_deref().unwrap_or("somebody else");
    let what =
        format!("user {user} of {file} may not act as {person} on {address} ({})", refusal.message);
    let remedy = "kubernetes.identity is impersonate: grant that user the verb impersonate on this user and all of the \
                  groups, or set kubernetes.identity to oidc.";
    Trouble::new(TroubleKind::Denied, &what, remedy)
}

/// The user that the server names in a refusal: `... User "bob" cannot list ...`.
pub(super) fn subject(message: &str) -> Option<&str> {
    let (_, rest) = message.split_once("User \"")?;
    let (user, _) = rest.split_once('"')?;
    (!user.is_empty()).then_some(user)
}

/// Trouble with the connection itself.
pub(super) fn link(error: &kube::Error, place: &Place) -> Trouble {
    if let Some(tls) = find::<rustls::Error>(error) {
        return secured(tls, place);
    }
    if let Some(auth) = find::<kube::client::AuthError>(error) {
        let Place { user, file, .. } = place;
        let what = format!("the credentials of user {user} in {file} can't be used: {auth}");
        let remedy = "Log in again, or fetch a fresh kubeconfig.";
        return Trouble::new(TroubleKind::Config, &what, remedy);
    }
    unreached(find::<io::Error>(error).map(io::Error::kind), &chain(error), place)
}

/// No connection, or it broke: `io` is the system's reason, `causes` the words for it.
fn unreached(io: Option<io::ErrorKind>, causes: &str, place: &Place) -> Trouble {
    use io::ErrorKind::{
        BrokenPipe, ConnectionAborted, ConnectionRefused, ConnectionReset, HostUnreachable,
        NetworkUnreachable, TimedOut, UnexpectedEof,
    };
    let Place { address, source, .. } = place;
    let says = |words: &[&str]| words.iter().any(|word| causes.contains(word));
    let network = "See whether it is up and can be reached from here (VPN, firewall)";
    let connecting = |kind, how: &str| {
        let what = format!("connecting to the API server at {address}: {how}");
        let remedy = format!("{network}, and whether the server address in {source} is right.");
        Trouble::new(kind, &what, &remedy)
    };
    let limit = super::connect::CONNECT.as_secs();
    let (what, remedy) = match io {
        _ if says(&["dns error", "failed to lookup address"]) => (
            format!("the name of the API server at {address} is not known here"),
            format!(
                "Look at the VPN and DNS, and whether the server address in {source} is right."
            ),
        ),
        Some(ConnectionRefused) => {
            return connecting(TroubleKind::Unreachable, "connection refused");
        }
        Some(NetworkUnreachable | HostUnreachable) => {
            return connecting(TroubleKind::Unreachable, "no route to it");
        }
        Some(TimedOut) => {
            return connecting(TroubleKind::Slow, &format!("no answer within {limit} s"));
        }
        Some(UnexpectedEof | ConnectionReset | ConnectionAborted | BrokenPipe) => {
            return cut(address);
        }
        _ if says(&["connection closed"]) => return cut(address),
        _ if says(&["tunnel", "socks", "proxy"]) => (
            format!("the proxy on the way to the API server at {address} refuses: {causes}"),
            format!("Look at proxy-url in {source} and at HTTPS_PROXY."),
        ),
        _ => (
            format!("the link to the API server at {address} broke ({causes})"),
            format!("{network}."),
        ),
    };
    Trouble::new(TroubleKind::Unreachable, &what, &remedy)
}

fn cut(address: &str) -> Trouble {
    let what = format!("the link to the API server at {address} was cut");
    Trouble::new(
        TroubleKind::Unreachable,
        &what,
        "The console tries again by itself; look at the network if it stays so.",
    )
}

fn secured(error: &rustls::Error, place: &Place) -> Trouble {
    let Place { address, source, user, file, .. } = place;
    let renew =
        "Have the server's certificate renewed; see that the clock of this machine is right too.";
    let (what, remedy) = match error {
        rustls::Error::InvalidCertificate(bad) => match bad {
            CertificateError::ExpiredContext { not_after, .. } => {
                let ends = Timestamp::from_ms(i64::try_from(not_after.as_secs()).unwrap_or(i64::MAX / 1000).saturating_mul(1000));
                (format!("the certificate of the API server at {address} expired on {ends}"), renew.to_owned())
            }
            CertificateError::Expired => {
                (format!("the certificate of the API server at {address} has expired"), renew.to_owned())
            }
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => (
                format!("the certificate of the API server at {address} is not valid yet"),
                "See that the clock of this machine is right.".to_owned(),
            ),
            CertificateError::UnknownIssuer | CertificateError::BadSignature => (
                format!("the certificate of the API server at {address} is signed by an authority that {source} does not trust"),
                "Fetch a fresh kubeconfig: its certificate-authority-data must be the cluster's own. If it is, someone may be listening in.".to_owned(),
            ),
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => (
                format!("the certificate of the API server at {address} is not for that name: {bad}"),
                format!("Use a name that it is for, or set tls-server-name, in {source}."),
            ),
            CertificateError::Other(other) => {
                (format!("the certificate of the API server at {address} is not accepted: {}", other.0), renew.to_owned())
            }
            other => (format!("the certificate of the API server at {address} is not accepted: {other}"), renew.to_owned()),
        },
        rustls::Error::AlertReceived(
            alert @ (AlertDescription::BadCertificate
            | AlertDescription::CertificateExpired
            | AlertDescription::CertificateUnknown
            | AlertDescription::CertificateRequired
            | AlertDescription::CertificateRevoked
            | AlertDescription::UnknownCA),
        ) => (
            format!("the API server at {address} does not accept the client certificate of user {user} in {file} ({alert:?})"),
            "Fetch a fresh kubeconfig, or have the certificate renewed.".to_owned(),
        ),
        rustls::Error::InvalidMessage(InvalidMessage::InvalidContentType) => (
            format!("the server at {address} does not speak TLS"),
            format!("See whether the server address in {source} is right, its port above all."),
        ),
        other => (
            format!("no secure link to the API server at {address}: {other}"),
            format!("See whether the server address in {source} is right."),
        ),
    };
    Trouble::new(TroubleKind::Certificate, &what, &remedy)
}

/// The innermost words of an error, which say most.
fn chain(error: &kube::Error) -> String {
    let error: &(dyn Error + 'static) = error;
    let mut words: Vec<String> = causes(error).map(ToString::to_string).collect();
    words.dedup();
    let skip = words.len().saturating_sub(2);
    let kept: Vec<String> = words.into_iter().skip(skip).collect();
    kept.join(": ").chars().take(200).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use rustls::pki_types::UnixTime;

    use super::*;

    fn place() -> Place {
        Place {
            address: "k8s.example:6443".to_owned(),
            source: "context prod of /home/m/.kube/config".to_owned(),
            user: "maria".to_owned(),
            file: "/home/m/.kube/config".to_owned(),
            certificate_ends: Timestamp::parse("2026-05-29T02:00:00Z"),
            plugin: None,
            caller: Caller::Kubeconfig,
            person: None,
        }
    }

    fn check(failure: &Failure, place: &Place, kind: TroubleKind, said: &str) {
        let asked = Asked {
            doing: "listing PLANAClients",
            resource: "planaclients",
            group: "planapulse.com",
        };
        let now = Timestamp::parse("2026-05-28T00:00:00Z").expect("a time");
        let trouble = of(failure, asked, place, now);
        assert_eq!(trouble.to_string(), said);
        assert_eq!(trouble.kind, kind, "{said}");
    }

    fn status(code: u16, message: &str) -> Failure {
        Failure::Status(Box::new(Refusal {
            code,
            message: message.to_owned(),
            ..Refusal::default()
        }))
    }

    fn io(kind: io::ErrorKind) -> Failure {
        Failure::Link(kube::Error::Service(Box::new(io::Error::from(kind))))
    }

    fn tls(error: rustls::Error) -> Failure {
        // As it comes: carried by I/O errors, more than one deep.
        let inner = io::Error::new(io::ErrorKind::InvalidData, error);
        Failure::Link(kube::Error::Service(Box::new(io::Error::other(inner))))
    }

    #[test]
    fn answers_are_whole_sentences() {
        let forbidden = "planaclients.planapulse.com is forbidden: User \"oidc:maria@plana\" cannot list resource";
        for (code, message, kind, said) in [
            (
                401,
                "Unauthorized",
                TroubleKind::Unauthenticated,
                "the API server at k8s.example:6443 does not accept the credentials of user maria in /home/m/.kube/config (401). They may have run out or been revoked: log in again, or fetch a fresh kubeconfig.",
            ),
            (
                403,
                forbidden,
                TroubleKind::Denied,
                "listing PLANAClients is forbidden for user oidc:maria@plana on k8s.example:6443. Ask an administrator for the verbs list and watch on planaclients in the API group planapulse.com.",
            ),
            (
                403,
                "",
                TroubleKind::Denied,
                "listing PLANAClients is forbidden for user maria on k8s.example:6443. Ask an administrator for the verbs list and watch on planaclients in the API group planapulse.com.",
            ),
            (
                404,
                "",
                TroubleKind::Absent,
                "the API server at k8s.example:6443 has no planaclients in the API group planapulse.com. See whether this is the right cluster and whether Crossplane has installed the kind (kubectl get xrd).",
            ),
            (
                429,
                "slow down",
                TroubleKind::Server,
                "listing PLANAClients: k8s.example:6443 is too busy and asks to wait (slow down).",
            ),
            (
                503,
                "a web page",
                TroubleKind::Server,
                "listing PLANAClients: k8s.example:6443 answered 503 (a web page). See how the control plane is; the console tries again by itself.",
            ),
            (
                302,
                "",
                TroubleKind::Protocol,
                "listing PLANAClients: k8s.example:6443 answered 302. See whether the server address in context prod of /home/m/.kube/config is right.",
            ),
        ] {
            check(&status(code, message), &place(), kind, said);
        }
    }

    #[test]
    fn credentials_that_ran_out_are_told_with_the_date() {
        let ended = Place { certificate_ends: Timestamp::parse("2026-05-27T02:00:00Z"), ..place() };
        check(
            &status(401, ""),
            &ended,
            TroubleKind::Certificate,
            "the client certificate of user maria in /home/m/.kube/config expired on 2026-05-27T02:00:00Z. Fetch a fresh kubeconfig, or have the certificate renewed.",
        );
        let plugin = Place { plugin: Some("kubelogin get-token".to_owned()), ..place() };
        check(
            &status(401, ""),
            &plugin,
            TroubleKind::Unauthenticated,
            "the API server at k8s.example:6443 does not accept the credentials of user maria in /home/m/.kube/config (401). Log in again: run kubelogin get-token by hand and see what it says.",
        );
    }

    #[test]
    fn links_that_fail_are_whole_sentences() {
        let dns = Failure::Link(kube::Error::Service(
            "dns error: failed to lookup address information".into(),
        ));
        let right =
            "and whether the server address in context prod of /home/m/.kube/config is right.";
        for (failure, kind, said) in [
            (io(io::ErrorKind::ConnectionRefused), TroubleKind::Unreachable,
             format!("connecting to the API server at k8s.example:6443: connection refused. See whether it is up and can be reached from here (VPN, firewall), {right}")),
            (io(io::ErrorKind::HostUnreachable), TroubleKind::Unreachable,
             format!("connecting to the API server at k8s.example:6443: no route to it. See whether it is up and can be reached from here (VPN, firewall), {right}")),
            (io(io::ErrorKind::TimedOut), TroubleKind::Slow,
             format!("connecting to the API server at k8s.example:6443: no answer within 5 s. See whether it is up and can be reached from here (VPN, firewall), {right}")),
            (io(io::ErrorKind::ConnectionReset), TroubleKind::Unreachable,
             "the link to the API server at k8s.example:6443 was cut. The console tries again by itself; look at the network if it stays so.".to_owned()),
            (Failure::Cut, TroubleKind::Unreachable,
             "listing PLANAClients: k8s.example:6443 ended the answer before it was complete. The console tries again by itself.".to_owned()),
            (Failure::Late(Duration::from_secs(2)), TroubleKind::Slow,
             "listing PLANAClients: no answer from k8s.example:6443 within 2 s. Look at the network between here and there; the console tries again by itself.".to_owned()),
            (dns, TroubleKind::Unreachable,
             format!("the name of the API server at k8s.example:6443 is not known here. Look at the VPN and DNS, {right}")),
            (Failure::Strange("it answered with a web page instead of JSON".to_owned()), TroubleKind::Protocol,
             "listing PLANAClients: k8s.example:6443 does not answer as an API server: it answered with a web page instead of JSON. See whether the server address in context prod of /home/m/.kube/config is right and no proxy stands between.".to_owned()),
        ] {
            check(&failure, &place(), kind, &said);
        }
    }

    #[test]
    fn certificates_that_are_not_accepted_are_whole_sentences() {
        let at = |secs| UnixTime::since_unix_epoch(Duration::from_secs(secs));
        let renew = "Have the server's certificate renewed; see that the clock of this machine is right too.";
        let expired = CertificateError::ExpiredContext {
            time: at(1_780_000_000),
            not_after: at(1_779_000_000),
        };
        for (error, said) in [
            (rustls::Error::InvalidCertificate(expired),
             format!("the certificate of the API server at k8s.example:6443 expired on 2026-05-17T06:40:00Z. {renew}")),
            (rustls::Error::InvalidCertificate(CertificateError::NotValidYet),
             "the certificate of the API server at k8s.example:6443 is not valid yet. See that the clock of this machine is right.".to_owned()),
            (rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer),
             "the certificate of the API server at k8s.example:6443 is signed by an authority that context prod of /home/m/.kube/config does not trust. Fetch a fresh kubeconfig: its certificate-authority-data must be the cluster's own. If it is, someone may be listening in.".to_owned()),
            (rustls::Error::AlertReceived(AlertDescription::CertificateExpired),
             "the API server at k8s.example:6443 does not accept the client certificate of user maria in /home/m/.kube/config (CertificateExpired). Fetch a fresh kubeconfig, or have the certificate renewed.".to_owned()),
            (rustls::Error::InvalidMessage(InvalidMessage::InvalidContentType),
             "the server at k8s.example:6443 does not speak TLS. See whether the server address in context prod of /home/m/.kube/config is right, its port above all.".to_owned()),
        ] {
            check(&tls(error), &place(), TroubleKind::Certificate, &said);
        }
        let other = rustls::Error::InvalidCertificate(CertificateError::Other(rustls::OtherError(
            Arc::new(io::Error::other("x")),
        )));
        check(
            &tls(other),
            &place(),
            TroubleKind::Certificate,
            &format!(
                "the certificate of the API server at k8s.example:6443 is not accepted: x. {renew}"
            ),
        );
    }

    #[test]
    fn hostile_words_of_the_server_are_cleaned() {
        let trouble = of(
            &status(500, "\u{1b}]52;c;AAAA\u{7}"),
            Asked { doing: "listing", resource: "x", group: "y" },
            &place(),
            Timestamp::default(),
        );
        assert!(trouble.what.as_str().contains("␛]52;c;AAAA␇"), "{trouble}");
    }
}
