//! The address of a stream server: `redis://` or `rediss://host:port/db`.
//!
//! It never carries a user or a password; an address that does is refused without being quoted.

use std::fmt;
use std::net::Ipv6Addr;

use super::error::{Refusal, quote};

const DEFAULT_PORT: u16 = 6379;

/// A checked address without credentials.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ValkeyUrl {
    /// Whether the connection is encrypted (`rediss`).
    pub tls: bool,
    /// Host name or address, an IPv6 one without brackets.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// Number of the database.
    pub database: u32,
}

impl ValkeyUrl {
    /// Reads an address. Port and database may be left out (6379 and 0).
    ///
    /// # Errors
    /// When it has another scheme or shape, a user or a password.
    pub fn parse(text: &str) -> Result<Self, Refusal> {
        if let Some((before, _)) = text.rsplit_once('@') {
            let credentials = before.split_once("://").map_or(before, |(_, rest)| rest);
            if credentials.contains(':') {
                return Err(Refusal::PasswordInUrl);
            }
            let advice = "take it out of the address and use username = \"...\"";
            return Err(because(&format!("must not hold a user; {advice}")));
        }
        let (tls, rest) = if let Some(rest) = text.strip_prefix("rediss://") {
            (true, rest)
        } else if let Some(rest) = text.strip_prefix("redis://") {
            (false, rest)
        } else {
            return Err(Refusal::Expected {
                expected: EXPECTED.to_owned(),
                found: quote(text),
                nearest: None,
            });
        };
        let (authority, database) = rest.split_once('/').unwrap_or((rest, ""));
        let (host, port) = split_authority(authority)
            .ok_or_else(|| because(&format!("has no valid host and port: {}", quote(authority))))?;
        let database = match database {
            "" => 0,
            digits => plain_number(digits).ok_or_else(|| {
                because(&format!("must end in the number of a database, not {}", quote(digits)))
            })?,
        };
        Ok(Self { tls, host: host.to_owned(), port, database })
    }
}

impl fmt::Display for ValkeyUrl {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.tls { "rediss" } else { "redis" };
        let (open, close) = if self.host.contains(':') { ("[", "]") } else { ("", "") };
        write!(out, "{scheme}://{open}{}{close}:{}/{}", self.host, self.port, self.database)
    }
}

/// What an address must be, for messages.
pub(super) const EXPECTED: &str = "an address such as \"rediss://valkey.example:6379/0\"";

fn because(text: &str) -> Refusal {
    Refusal::Because(text.to_owned())
}

fn split_authority(authority: &str) -> Option<(&str, u16)> {
    if let Some(rest) = authority.strip_prefix('[') {
        let (host, port) = rest.split_once(']')?;
        host.parse::<Ipv6Addr>().ok()?;
        return Some((host, port_of(port)?));
    }
    let end = authority.find(':').unwrap_or(authority.len());
    let (host, port) = authority.split_at(end);
    let plain = |char: char| char.is_ascii_alphanumeric() || "-_.".contains(char);
    let named = !host.is_empty() && host.len() <= 253 && host.chars().all(plain);
    Some((named.then_some(host)?, port_of(port)?))
}

fn port_of(text: &str) -> Option<u16> {
    match text.strip_prefix(':') {
        None => text.is_empty().then_some(DEFAULT_PORT),
        Some(digits) => plain_number(digits).filter(|port| *port != 0),
    }
}

fn plain_number<T: std::str::FromStr>(digits: &str) -> Option<T> {
    let plain = digits.chars().all(|char| char.is_ascii_digit());
    if plain { digits.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADDRESSES: &[(&str, Result<&str, &str>)] = &[
        ("redis://localhost", Ok("redis://localhost:6379/0")),
        ("rediss://valkey.plana.example:6380/3", Ok("rediss://valkey.plana.example:6380/3")),
        ("redis://[::1]:7000/", Ok("redis://[::1]:7000/0")),
        (
            "redis://:hunter2@host:1/0",
            Err("must not hold a password; take it out of the address and use password = { ... }"),
        ),
        (
            "redis://me:hunter2/x@host",
            Err("must not hold a password; take it out of the address and use password = { ... }"),
        ),
        (
            "redis://me@host",
            Err("must not hold a user; take it out of the address and use username = \"...\""),
        ),
        (
            "http://host",
            Err(
                "must be an address such as \"rediss://valkey.example:6379/0\", not \"http://host\"",
            ),
        ),
        ("redis://", Err("has no valid host and port: \"\"")),
        ("redis://host:0", Err("has no valid host and port: \"host:0\"")),
        ("redis://host:+1", Err("has no valid host and port: \"host:+1\"")),
        ("redis://host:70000", Err("has no valid host and port: \"host:70000\"")),
        ("redis://[zz]:1", Err("has no valid host and port: \"[zz]:1\"")),
        ("redis://host/x", Err("must end in the number of a database, not \"x\"")),
        ("redis://host/0?a=b", Err("must end in the number of a database, not \"0?a=b\"")),
    ];

    #[test]
    fn addresses() {
        for (text, expected) in ADDRESSES {
            let read = ValkeyUrl::parse(text);
            let shown = read.map(|url| url.to_string()).map_err(|refusal| refusal.to_string());
            assert_eq!(
                shown.as_deref(),
                expected.map_err(str::to_owned).as_ref().copied(),
                "{text}"
            );
        }
    }
}
