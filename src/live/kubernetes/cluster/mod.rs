//! Objects of the cluster, judged where they are read: what they say becomes a health, a few words, and what is wrong.
//!
//! Each kind has a file of its own, which knows that kind's status and nothing else. Whatever an object lacks or has
//! of another type than promised is as if it weren't there; an object that can't be read at all is a row that says so.
//! Nothing is kept that isn't shown.

mod belongs;
mod certificate;
mod claim;
mod draft;
mod flux;
mod hpa;
mod job;
mod node;
mod occurrence;
mod pod;
mod quantity;
mod quota;
mod route;
mod view;
mod workload;

#[cfg(test)]
mod tests;

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use self::draft::Draft;
use self::occurrence::Newest;
pub(super) use self::pod::Ended;
pub(super) use self::view::View;
use super::interner::Interner;
use super::loose::{Loose, Scalar};
use super::meta::{self, RawMeta};
use super::reading::{Reads, Received};
use crate::domain::{ClusterKind, ClusterObject, Fact, Health, Timestamp};

/// An object of the cluster as received; also a bookmark and a `Status`, which come in its place.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Raw<'a> {
    #[serde(borrow)]
    metadata: Loose<RawMeta<'a>>,
    #[serde(borrow)]
    spec: Option<&'a RawValue>,
    #[serde(borrow)]
    status: Option<&'a RawValue>,
    /// Of a `Status`: the HTTP code.
    #[serde(borrow)]
    code: Scalar<'a>,
    /// Of a `Status` and of an event: a sentence.
    #[serde(borrow)]
    message: Scalar<'a>,
    /// Of an event: the object that it speaks of.
    #[serde(borrow, rename = "involvedObject")]
    involved: Loose<occurrence::Involved<'a>>,
    /// Of an event: one word.
    #[serde(borrow)]
    reason: Scalar<'a>,
    /// Of an event: `Normal` or `Warning`.
    #[serde(borrow, rename = "type")]
    severity: Scalar<'a>,
    /// Of an event: how often it was seen.
    #[serde(borrow)]
    count: Scalar<'a>,
    /// Of an event: when it was seen last, as the older way of writing events says it.
    #[serde(borrow, rename = "lastTimestamp")]
    last: Scalar<'a>,
    /// Of an event: when it was seen, as the newer way says it.
    #[serde(borrow, rename = "eventTime")]
    time: Scalar<'a>,
    /// Of an event: how it went on, as the newer way says it.
    #[serde(borrow)]
    series: Loose<occurrence::Went<'a>>,
}

impl<'a> Received<'a> for Raw<'a> {
    fn meta(&self) -> &RawMeta<'a> {
        &self.metadata.0
    }

    fn status(&self) -> (&str, &str) {
        (self.code.as_str(), self.message.as_str())
    }
}

impl Raw<'_> {
    fn spec_json(&self) -> &str {
        self.spec.map_or("null", RawValue::get)
    }

    /// `spec` and `status`; null where there is none.
    fn parts(&self) -> (Value, Value) {
        let read = |part: Option<&RawValue>| {
            part.and_then(|part| serde_json::from_str(part.get()).ok()).unwrap_or_default()
        };
        (read(self.spec), read(self.status))
    }
}

/// Reads the objects of one kind of the cluster.
#[derive(Debug)]
pub(super) struct Reader {
    kind: ClusterKind,
    /// Tenants' addresses are subdomains of it.
    domain: String,
    texts: Interner,
    lost: u64,
    newest: Newest,
}

impl Reader {
    /// A reader of objects of `kind`. Tenants' addresses are subdomains of `domain`.
    pub(super) fn new(kind: ClusterKind, domain: &str) -> Self {
        Self {
            kind,
            domain: domain.to_owned(),
            texts: Interner::default(),
            lost: 0,
            newest: Newest::default(),
        }
    }

    /// A new listing begins.
    pub(super) fn restart(&mut self) {
        self.lost = 0;
        self.newest = Newest::default();
    }

    /// The object as it is kept; none when it has neither a name nor a uid.
    fn object(&mut self, raw: &Raw<'_>, now: Timestamp) -> Option<ClusterObject> {
        let meta = raw.metadata.0.kept(raw.metadata.0.identity()?, &mut self.texts);
        let mut draft = Draft::new(&mut self.texts);
        draft.flux = belongs::flux(raw, draft.texts);
        draft.owner = belongs::owner(raw, draft.texts);
        draft.run = belongs::run(raw);
        draft.tenant = belongs::tenant(raw, self.kind);
        judge(&mut draft, self.kind, raw, (&self.domain, now));
        if meta.deleting.is_some() && draft.health != Health::Failed {
            draft.stands(Health::Progressing, "being removed");
        }
        Some(draft.object(meta, self.kind))
    }

    /// A row in place of an object that could not be read.
    fn unreadable(&mut self, why: &str) -> ClusterObject {
        self.lost += 1;
        let (kind, number) = (self.kind, self.lost);
        tracing::warn!(%kind, number, "an object can't be read");
        let mut draft = Draft::new(&mut self.texts);
        draft.stands(Health::Unknown, "can't be read");
        draft.says(&format!("this {kind} can't be read: {why}; look at it with kubectl"));
        draft.object(meta::unreadable(kind.name(), number), kind)
    }
}

/// Writes what `raw` says of itself into `draft`.
fn judge(draft: &mut Draft<'_>, kind: ClusterKind, raw: &Raw<'_>, around: (&str, Timestamp)) {
    let (domain, now) = around;
    match kind {
        ClusterKind::Pod => pod::read(draft, raw),
        ClusterKind::Deployment => workload::read(draft, raw),
        ClusterKind::Autoscaler => hpa::read(draft, raw),
        ClusterKind::Quota => quota::read(draft, raw),
        ClusterKind::Occurrence => occurrence::read(draft, raw),
        ClusterKind::Gateway => route::read_gateway(draft, raw),
        ClusterKind::Route => route::read_route(draft, raw, domain),
        ClusterKind::Certificate => certificate::read(draft, raw, now),
        ClusterKind::Kustomization => flux::read(draft, raw),
        ClusterKind::CronJob => job::read_cron_job(draft, raw),
        ClusterKind::Job => job::read_job(draft, raw),
        ClusterKind::Node => node::read(draft, raw),
        ClusterKind::Claim => claim::read(draft, raw),
    }
}

impl Reads for Reader {
    type Raw<'a> = Raw<'a>;

    fn upsert(&mut self, raw: &Raw<'_>, now: Timestamp, facts: &mut Vec<Fact>) {
        if self.kind == ClusterKind::Occurrence && raw.severity.as_str() == "Normal" {
            return;
        }
        let Some(object) = self.object(raw, now) else {
            let lost = self.unreadable("it has neither a name nor a uid");
            return facts.push(Fact::Upsert(lost.into()));
        };
        if self.kind == ClusterKind::Occurrence {
            let (is_kept, gone) = self.newest.take(&object);
            facts.extend(gone.into_iter().map(Fact::Remove));
            if !is_kept {
                return;
            }
        }
        facts.push(Fact::Upsert(object.into()));
    }

    fn remove(&mut self, raw: &Raw<'_>, facts: &mut Vec<Fact>) {
        let Some(uid) = raw.metadata.0.identity() else { return };
        // What was never told can't go.
        if self.kind != ClusterKind::Occurrence || self.newest.forget(&uid) {
            facts.push(Fact::Remove(uid));
        }
    }

    fn lost(&mut self, why: &str, facts: &mut Vec<Fact>) {
        facts.push(Fact::Upsert(self.unreadable(why).into()));
    }
}
