//! Leases: who may work on what. The API server's own check of versions decides between two consoles.
//!
//! Whether a holder is gone is judged by how long this console has seen no word of it, by a clock that only goes forward:
//! what others write of the time is for people.

use std::time::Duration;

use chrono::SecondsFormat;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tokio::time::Instant;

use super::{Book, unwritten};
use crate::domain::{Span, Text};
use crate::platform::{Lease, Unwritten};

/// How often a lease that changed meanwhile is looked at again.
const TRIES: usize = 3;
/// The most leases of others that are remembered.
const WATCHED: usize = 256;
/// The longest term of another that is believed.
const LONGEST: u64 = 10 * 60;

/// A lease of another, and since when it has been the same.
pub(super) struct Watched {
    version: String,
    since: Instant,
    /// Whether it was another before.
    lives: bool,
}

/// What is known of the holder of a lease.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Holder {
    /// Nothing was heard of it for the whole of its term.
    Silent,
    /// It may be gone.
    Doubtful,
    /// It was heard of meanwhile.
    Lives,
}

/// A lease as the cluster has it.
struct Held {
    version: String,
    by: String,
    fence: u64,
    term: Duration,
}

impl Held {
    fn of(lease: &Value) -> Self {
        let text = |pointer| lease.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
        let number = |pointer| lease.pointer(pointer).and_then(Value::as_u64).unwrap_or(0);
        Self {
            version: text("/metadata/resourceVersion").to_owned(),
            by: text("/spec/holderIdentity").to_owned(),
            fence: number("/spec/leaseTransitions"),
            term: Duration::from_secs(number("/spec/leaseDurationSeconds").min(LONGEST)),
        }
    }
}

/// The name of the lease of `scope`: readable, and no other scope's.
fn name(scope: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
    let readable: String = scope.chars().take(40).map(plain).collect();
    let readable = readable.trim_matches('-');
    let digest = Sha256::digest(scope.as_bytes());
    let short = digest.iter().take(5).fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
    format!("operation-{readable}-{short:010x}").replace("--", "-")
}

#[expect(
    clippy::disallowed_methods,
    reason = "how long nothing was heard must not depend on what time it is"
)]
fn now() -> Instant {
    Instant::now()
}

impl Book {
    fn leases(&self) -> String {
        format!("/apis/coordination.k8s.io/v1/namespaces/{}/leases", self.namespace)
    }

    fn spec(&self, console: &str, term: Span, fence: u64) -> Value {
        let at = self.line.clock.now().utc().to_rfc3339_opts(SecondsFormat::Micros, true);
        json!({
            "holderIdentity": console,
            "leaseDurationSeconds": term.secs().max(1),
            "renewTime": at,
            "leaseTransitions": fence,
        })
    }

    pub(super) async fn take(
        &self,
        scope: &Text,
        console: &Text,
        term: Span,
    ) -> Result<Lease, Unwritten> {
        let mut last = Unwritten::Moved;
        for _ in 0..TRIES {
            match self.try_to_take(scope, console, term).await {
                Err(Unwritten::Moved) => last = Unwritten::Moved,
                other => return other,
            }
        }
        Err(last)
    }

    async fn try_to_take(
        &self,
        scope: &Text,
        console: &Text,
        term: Span,
    ) -> Result<Lease, Unwritten> {
        let path = format!("{}/{}", self.leases(), name(scope.as_str()));
        let doing = format!("taking the lease of {scope}");
        let found = self.line.find(&doing, &path).await;
        let found = found.map_err(|miss| Unwritten::Trouble(miss.trouble))?;
        let Some(found) = found else {
            return self.make(scope, console, term).await;
        };
        let held = Held::of(&found);
        let is_mine = held.by == console.as_str();
        if !is_mine && !held.by.is_empty() {
            let holder = self.holder(scope, &held).await;
            if holder != Holder::Silent {
                let (scope, by) = (scope.clone(), Text::bounded(&held.by, 256));
                return Err(Unwritten::Held { scope, by, lives: holder == Holder::Lives });
            }
        }
        let fence = if is_mine { held.fence } else { held.fence + 1 };
        let change = json!({
            "metadata": { "resourceVersion": held.version },
            "spec": self.spec(console.as_str(), term, fence),
        });
        self.line.merge(&doing, &path, &change).await.map_err(unwritten)?;
        self.watched.lock().await.remove(scope);
        Ok(Lease { scope: scope.clone(), console: console.clone(), fence })
    }

    async fn make(&self, scope: &Text, console: &Text, term: Span) -> Result<Lease, Unwritten> {
        let lease = json!({
            "apiVersion": "coordination.k8s.io/v1",
            "kind": "Lease",
            "metadata": {
                "name": name(scope.as_str()),
                "labels": { "app.kubernetes.io/managed-by": "pulse-console" },
                "annotations": { "console.planapulse.com/scope": scope },
            },
            "spec": self.spec(console.as_str(), term, 1),
        });
        let doing = format!("making the lease of {scope}");
        self.line.post(&doing, &self.leases(), &lease).await.map_err(unwritten)?;
        Ok(Lease { scope: scope.clone(), console: console.clone(), fence: 1 })
    }

    /// What this console knows of who holds the lease of `scope`.
    async fn holder(&self, scope: &Text, held: &Held) -> Holder {
        let mut watched = self.watched.lock().await;
        let lives = match watched.get(scope) {
            Some(seen) if seen.version == held.version => {
                let silent = now().duration_since(seen.since) >= held.term;
                return match (silent, seen.lives) {
                    (true, _) => Holder::Silent,
                    (false, true) => Holder::Lives,
                    (false, false) => Holder::Doubtful,
                };
            }
            Some(_) => true,
            None => false,
        };
        if watched.len() >= WATCHED {
            watched.clear();
        }
        watched
            .insert(scope.clone(), Watched { version: held.version.clone(), since: now(), lives });
        if lives { Holder::Lives } else { Holder::Doubtful }
    }

    pub(super) async fn let_go(&self, lease: &Lease) -> Result<(), Unwritten> {
        let path = format!("{}/{}", self.leases(), name(lease.scope.as_str()));
        let doing = format!("letting go the lease of {}", lease.scope);
        for _ in 0..TRIES {
            let found = self.line.find(&doing, &path).await;
            let found = found.map_err(|miss| Unwritten::Trouble(miss.trouble))?;
            let Some(held) = found.as_ref().map(Held::of) else { return Ok(()) };
            if held.by != lease.console.as_str() || held.fence != lease.fence {
                return Ok(());
            }
            let change = json!({
                "metadata": { "resourceVersion": held.version },
                "spec": { "holderIdentity": "", "leaseDurationSeconds": 1 },
            });
            match self.line.merge(&doing, &path, &change).await.map_err(unwritten) {
                Err(Unwritten::Moved) => {}
                other => return other.map(drop),
            }
        }
        Err(Unwritten::Moved)
    }
}

#[cfg(test)]
mod tests {
    use super::name;

    #[test]
    fn names_are_readable_and_differ_where_scopes_do() {
        assert!(name("acme").starts_with("operation-acme-"));
        assert_ne!(name("alert A"), name("alert a"));
        for scope in ["silence alertname=~\"a.*\"", "", "-", "жълт", &"x".repeat(400)] {
            let name = name(scope);
            let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
            assert!(name.len() <= 63 && name.chars().all(fits), "{name}");
        }
    }
}
