//! The address of a server: a scheme, a host, a port and a path, and never a password.

use std::fmt;

use super::error::{Refusal, quote};

/// A checked address of a server, without a password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerUrl {
    text: String,
    /// Whether it is reached through the API server: `service://namespace/name:port`.
    service: bool,
}

/// The schemes that name a server.
const SCHEMES: [&str; 5] = ["http", "https", "postgres", "postgresql", SERVICE];

/// The scheme of a service that only the cluster sees.
const SERVICE: &str = "service";

/// What an address must be, for messages.
pub(super) const EXPECTED: &str = "an address such as \"https://host:9093\", \"postgres://user@host:5432/name\" or \"service://namespace/name:port\"";

impl ServerUrl {
    /// Reads an address.
    ///
    /// # Errors
    /// When it has another scheme or shape, or holds a password, which is then not quoted.
    pub fn parse(text: &str) -> Result<Self, Refusal> {
        let expected = || Refusal::Expected {
            expected: EXPECTED.to_owned(),
            found: quote(text),
            nearest: None,
        };
        let parts = text.split_once("://").filter(|(scheme, _)| SCHEMES.contains(scheme));
        if let Some((before, _)) = text.rsplit_once('@')
            && before.split_once("://").map_or(before, |(_, rest)| rest).contains(':')
        {
            return Err(Refusal::PasswordInUrl);
        }
        let (scheme, rest) = parts.ok_or_else(expected)?;
        let rest = rest.trim_end_matches('/');
        let plain = |char: char| char.is_ascii_graphic() && !"\"'<>\\^`{|}".contains(char);
        let authority = rest.split('/').next().unwrap_or_default();
        if authority.is_empty() || !rest.chars().all(plain) || rest.len() > 1024 {
            return Err(expected());
        }
        let service = scheme == SERVICE;
        if service && !is_service(rest) {
            return Err(expected());
        }
        Ok(Self { text: format!("{scheme}://{rest}"), service })
    }

    /// The address, without a `/` at its end.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Namespace, name and port of the service that it names, where it names one.
    #[must_use]
    pub fn service(&self) -> Option<(&str, &str, &str)> {
        let rest = self.text.strip_prefix("service://").filter(|_| self.service)?;
        let (namespace, rest) = rest.split_once('/')?;
        let (name, port) = rest.split_once(':')?;
        Some((namespace, name, port))
    }
}

fn is_service(rest: &str) -> bool {
    let word = |text: &str| {
        let plain = |char: char| char.is_ascii_alphanumeric() || char == '-';
        !text.is_empty() && text.len() <= 63 && text.chars().all(plain)
    };
    rest.split_once('/')
        .and_then(|(namespace, rest)| Some((namespace, rest.split_once(':')?)))
        .is_some_and(|(namespace, (name, port))| word(namespace) && word(name) && word(port))
}

impl fmt::Display for ServerUrl {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_and_others_refused() {
        for (text, read) in [
            ("http://127.0.0.1:9093", Some("http://127.0.0.1:9093")),
            ("https://alerts.example/am/", Some("https://alerts.example/am")),
            ("postgres://pulse@pg01:5432/postgres", Some("postgres://pulse@pg01:5432/postgres")),
            (
                "service://monitoring/alertmanager:9093",
                Some("service://monitoring/alertmanager:9093"),
            ),
            ("service://monitoring", None),
            ("service://monitoring/a/b:1", None),
            ("ftp://host", None),
            ("http://", None),
            ("http://host name", None),
            ("postgres://user:secret@host/db", None),
            ("alertmanager:9093", None),
        ] {
            assert_eq!(
                ServerUrl::parse(text).ok().map(|url| url.to_string()).as_deref(),
                read,
                "{text}"
            );
        }
        let url = ServerUrl::parse("service://monitoring/loki:http").expect("an address");
        assert_eq!(url.service(), Some(("monitoring", "loki", "http")));
        let refusal = ServerUrl::parse("postgres://user:hunter2@host/db").expect_err("a password");
        assert!(!format!("{refusal:?}").contains("hunter2"));
    }
}
