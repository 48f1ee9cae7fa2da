//! Putting an object of the cluster together.

use crate::domain::{
    ClusterKind, ClusterObject, Condition, Field, Health, Meta, Span, Status, Text, Timestamp, Uid,
};

/// The names of the nodes.
pub(super) const NODES: [&str; 3] = ["pool-2c7f1-a", "pool-2c7f1-b", "pool-2c7f1-c"];

/// A number that follows from `text`: the same on every run.
pub(in crate::sim) fn number(text: &str) -> u64 {
    // FNV-1a, and a last mix so that names that differ in their end differ everywhere.
    let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let mixed = (hash ^ (hash >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    mixed ^ (mixed >> 33)
}

/// Five letters that follow from `text`, as a controller puts them behind a name.
pub(super) fn suffix(text: &str) -> String {
    const LETTERS: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";
    let mut rest = number(text);
    (0..5)
        .filter_map(|_| {
            let letter = LETTERS.get(usize::try_from(rest % LETTERS.len() as u64).ok()?)?;
            rest /= LETTERS.len() as u64;
            Some(char::from(*letter))
        })
        .collect()
}

/// One of the nodes.
pub(super) fn node(name: &str) -> &'static str {
    let index = usize::try_from(number(name) % NODES.len() as u64).unwrap_or_default();
    NODES.get(index).copied().unwrap_or_default()
}

/// An object that is being put together: well, and saying nothing, until told otherwise.
pub(super) struct Making(ClusterObject);

impl Making {
    pub(super) fn new(kind: ClusterKind, namespace: Option<&str>, name: &str) -> Self {
        let key = format!("{kind}/{}/{name}", namespace.unwrap_or_default());
        let (high, low) = (number(&key), number(&format!("{key}/low")));
        let uid = format!(
            "{:08x}-{:04x}-4{:03x}-8{:03x}-{:012x}",
            high >> 32,
            (high >> 16) & 0xffff,
            high & 0xfff,
            low >> 52,
            low & 0xffff_ffff_ffff
        );
        let namespace = namespace.map(Text::clean);
        let meta = Meta { namespace, ..Meta::named(name, Uid(Text::clean(&uid))) };
        Self(ClusterObject { health: Health::Healthy, ..ClusterObject::bare(kind, meta) })
    }

    pub(super) const fn created(mut self, at: Timestamp) -> Self {
        self.0.meta.created = Some(at);
        self
    }

    pub(super) fn state(mut self, health: Health, state: &str) -> Self {
        self.0.health = health;
        self.0.state = Text::clean(state);
        self
    }

    pub(super) fn message(mut self, message: &str) -> Self {
        self.0.message = Text::clean(message);
        self
    }

    pub(super) fn owner(mut self, owner: &str) -> Self {
        self.0.owner = Some(Text::clean(owner));
        self
    }

    pub(super) fn flux(mut self, kustomization: &str) -> Self {
        self.0.flux = Some(Text::clean(kustomization));
        self
    }

    pub(super) fn tenant(mut self, tenant: &Text) -> Self {
        self.0.tenant = Some(tenant.clone());
        self
    }

    pub(super) fn run(mut self, run: &Text) -> Self {
        self.0.run = Some(run.clone());
        self
    }

    pub(super) const fn ready(mut self, ready: u32, wanted: u32) -> Self {
        self.0.ready = Some((ready, wanted));
        self
    }

    pub(super) const fn restarts(mut self, restarts: u32) -> Self {
        self.0.restarts = restarts;
        self
    }

    pub(super) const fn at(mut self, at: Timestamp) -> Self {
        self.0.at = Some(at);
        self
    }

    pub(super) fn fields(mut self, fields: &[(&str, String)]) -> Self {
        let field = |(path, value): &(&str, String)| Field {
            path: Text::clean(path),
            value: Text::clean(value),
        };
        let more = fields.iter().map(field);
        self.0.fields = std::mem::take(&mut self.0.fields).into_iter().chain(more).collect();
        self
    }

    pub(super) fn condition(
        mut self,
        (name, status, reason): (&str, Status, &str),
        message: &str,
        since: Timestamp,
    ) -> Self {
        let condition = Condition {
            name: Text::clean(name),
            status,
            reason: Text::clean(reason),
            message: Text::clean(message),
            since: Some(since),
        };
        let conditions = std::mem::take(&mut self.0.conditions).into_iter();
        self.0.conditions = conditions.chain([condition]).collect();
        self
    }

    /// The object; its version follows from its state, so that two states never share one.
    pub(super) fn done(mut self) -> ClusterObject {
        let it = &self.0;
        let state =
            format!("{:?}", (&it.state, &it.message, it.ready, it.restarts, it.at, &it.fields));
        self.0.meta.version = Text::clean(&(number(&state) % 100_000_000).to_string());
        self.0
    }
}

/// What is said about an object: once or many times, last at `at`.
pub(super) struct Saying<'a> {
    pub(super) namespace: &'a str,
    /// As `Kind/name`.
    pub(super) about: &'a str,
    pub(super) reason: &'a str,
    pub(super) message: String,
    /// Whether it is a warning.
    pub(super) warning: bool,
    pub(super) count: u64,
    pub(super) at: Timestamp,
}

impl Saying<'_> {
    pub(super) fn done(self, first: Span) -> ClusterObject {
        let about = self.about.split_once('/').map_or(self.about, |(_, name)| name);
        let name = format!("{about}.{:x}", number(&format!("{}{}", self.about, self.reason)) >> 16);
        let (health, sort) =
            if self.warning { (Health::Degraded, "Warning") } else { (Health::Healthy, "Normal") };
        Making::new(ClusterKind::Occurrence, Some(self.namespace), &name)
            .created(self.at.before(first))
            .state(health, self.reason)
            .message(&self.message)
            .owner(self.about)
            .at(self.at)
            .fields(&[("type", sort.to_owned()), ("count", self.count.to_string())])
            .done()
    }
}
