//! The card's parts from the cluster and from Alertmanager: alerts, objects, runs, routes, jobs.

use super::super::{DetailLine, Piece, Tone};
use super::{Item, Page, plain, resource_item, sign};
use crate::domain::{
    Alert, AlertState, ClusterKind, ClusterObject, FeedId, Health, Kind, Severity, Status,
    Timestamp,
};
use crate::store::soak_ends;

/// The most lines of a section that may be long.
const MOST: usize = 6;

impl<'a> Page<'a> {
    pub(super) fn alerts(&self) -> Vec<DetailLine> {
        let alerts = &self.store.objects().alerts;
        let mut own: Vec<&Alert> = self
            .joined
            .of(FeedId::Alerts)
            .filter_map(|slot| alerts.get(slot).map(|held| &*held.object))
            .collect();
        own.sort_by_key(|alert| (alert.state, alert.severity, alert.since));
        let items = own.into_iter().map(|alert| self.alert(alert));
        self.section("alerts", &[FeedId::Alerts], bounded(items))
    }

    fn alert(&self, alert: &Alert) -> Item {
        let health = match (alert.state, alert.severity) {
            (AlertState::Silenced | AlertState::Inhibited, _) => Health::Unknown,
            (AlertState::Firing, Severity::Critical) => Health::Failed,
            (AlertState::Firing, Severity::Info) => Health::Healthy,
            (AlertState::Firing, _) => Health::Degraded,
        };
        let says = format!("{} {}", alert.severity.word(), alert.name);
        let mut item = vec![sign(health), plain(Tone::Health(health), &says)];
        item.push(self.when(alert.since));
        let objects = self.store.objects();
        let ack = objects.acks.find(&alert.uid).and_then(|slot| objects.acks.get(slot));
        let kept = match (alert.state, ack) {
            (AlertState::Firing, Some(ack)) => {
                let ack = &ack.object;
                let until = ack.until.map(|at| format!(", till {}", self.ago(at)));
                let until = until.unwrap_or_default();
                format!("  {} looks after it, {}{until}", ack.by, self.ago(ack.at))
            }
            (AlertState::Firing, None) => "  nobody looks after it".to_owned(),
            (AlertState::Inhibited, _) => "  inhibited by another alert".to_owned(),
            (AlertState::Silenced, _) => {
                let silence = alert.silenced_by.iter().find_map(|uid| {
                    objects.silences.get(objects.silences.find(uid)?).map(|held| &held.object)
                });
                silence.map_or_else(
                    || "  silenced".to_owned(),
                    |it| {
                        format!(
                            "  silenced by {}, ends {}: {}",
                            it.by,
                            self.ago(it.ends),
                            it.comment
                        )
                    },
                )
            }
        };
        item.push(plain(Tone::Plain, &kept));
        item
    }

    pub(super) fn conditions(&self) -> Vec<DetailLine> {
        let Some(held) = self.client() else { return Vec::new() };
        let mut items: Vec<Item> = Vec::new();
        for condition in &held.object.conditions {
            let health = match condition.status {
                Status::True => Health::Healthy,
                Status::False if condition.name == "Synced" => Health::Failed,
                Status::False => Health::Degraded,
                Status::Unknown => Health::Unknown,
            };
            let says =
                format!("{}={} {}", condition.name, condition.status.word(), condition.reason);
            let mut item = vec![sign(health), plain(Tone::Health(health), &says)];
            item.extend(condition.since.map(|at| self.when(at)));
            if condition.status != Status::True && !condition.message.is_empty() {
                item.push(plain(Tone::Plain, &format!("  {}", condition.message)));
            }
            items.push(item);
        }
        if items.is_empty() {
            items.push(vec![plain(Tone::Muted, "its controller has set none yet")]);
        }
        super::listed("conditions", items)
    }

    pub(super) fn environments(&self) -> Vec<DetailLine> {
        let held = self.of_kind(Kind::Environment, &self.joined.environments);
        let items = held.into_iter().map(|held| resource_item(self, &held.object));
        self.section("environments", &[FeedId::Environments], bounded(items))
    }

    pub(super) fn upgrades(&self) -> Vec<DetailLine> {
        let held = self.of_kind(Kind::Upgrade, &self.joined.upgrades);
        let items = held.into_iter().map(|held| {
            let mut item = resource_item(self, &held.object);
            if let Some(ends) = soak_ends(&held.object) {
                let over = if ends > self.now { "soak ends" } else { "soak ended" };
                item.push(plain(Tone::Plain, &format!("  {over} {}", self.ago(ends))));
            }
            item
        });
        self.section("upgrades", &[FeedId::Upgrades], bounded(items))
    }

    pub(super) fn restores(&self) -> Vec<DetailLine> {
        let held = self.of_kind(Kind::Restore, &self.joined.restores);
        let items = held.into_iter().map(|held| resource_item(self, &held.object));
        self.section("restores", &[FeedId::Restores], bounded(items))
    }

    /// Objects of the cluster of the tenant, of `kind`.
    fn cluster(&self, kind: ClusterKind) -> Vec<&'a ClusterObject> {
        let collection = self.store.cluster(kind);
        let slots = self.joined.of(FeedId::of_cluster(kind));
        let mut own: Vec<&ClusterObject> =
            slots.filter_map(|slot| collection.get(slot).map(|held| &*held.object)).collect();
        own.sort_by(|a, b| (a.health, b.at, &a.meta.name).cmp(&(b.health, a.at, &b.meta.name)));
        own
    }

    fn cluster_item(&self, object: &ClusterObject, at: Option<Timestamp>) -> Item {
        let mut item = vec![sign(object.health), plain(Tone::Plain, object.meta.name.as_str())];
        if !object.state.is_empty() {
            let tone = Tone::Health(object.health);
            item.push(plain(tone, &format!("  {}", object.state)));
        }
        if object.restarts > 0 {
            item.push(plain(Tone::Plain, &format!("  {} restarts", object.restarts)));
        }
        item.extend(at.map(|at| self.when(at)));
        if object.health < Health::Unknown && !object.message.is_empty() {
            item.push(plain(Tone::Plain, &format!("  {}", object.message)));
        }
        item
    }

    pub(super) fn routes(&self) -> Vec<DetailLine> {
        let own = self.cluster(ClusterKind::Route);
        let items = own.into_iter().map(|route| self.cluster_item(route, None));
        self.section("routes", &[FeedId::Routes], bounded(items))
    }

    /// The certificates of its own, or else the wildcard ones that cover everybody.
    pub(super) fn certificate(&self) -> Vec<DetailLine> {
        let mut own = self.cluster(ClusterKind::Certificate);
        if own.is_empty() {
            let all = self.store.cluster(ClusterKind::Certificate).iter();
            own = all.map(|(_, held)| &*held.object).filter(|it| is_wildcard(it)).collect();
        }
        let items = own.into_iter().map(|it| {
            let mut item = self.cluster_item(it, None);
            if let Some(end) = it.at {
                let word = if end > self.now { "ends" } else { "ended" };
                item.push(plain(Tone::Plain, &format!("  {word} {}", self.ago(end))));
            }
            item
        });
        self.section("certificate", &[FeedId::Certificates], bounded(items))
    }

    pub(super) fn jobs(&self) -> Vec<DetailLine> {
        let jobs = [ClusterKind::CronJob, ClusterKind::Job].map(|kind| self.cluster(kind));
        let items = jobs.into_iter().flatten().map(|job| {
            let mut item = self.cluster_item(job, job.at);
            item.insert(1, plain(Tone::Muted, &format!("{} ", job.kind.word())));
            item
        });
        self.section("jobs", &[FeedId::CronJobs, FeedId::Jobs], bounded(items))
    }

    /// Whatever else of the cluster belongs to it: pods, claims, workloads.
    pub(super) fn others(&self) -> Vec<DetailLine> {
        const KINDS: [ClusterKind; 3] =
            [ClusterKind::Deployment, ClusterKind::Pod, ClusterKind::Claim];
        let items = KINDS.into_iter().flat_map(|kind| self.cluster(kind)).map(|object| {
            let mut item = self.cluster_item(object, None);
            item.insert(1, plain(Tone::Muted, &format!("{} ", object.kind.word())));
            item
        });
        self.section("workloads", &KINDS.map(FeedId::of_cluster), bounded(items))
    }

    /// What the customer object is composed of.
    pub(super) fn composed(&self) -> Vec<DetailLine> {
        let Some(held) = self.client() else { return Vec::new() };
        let items = held.object.composed.iter().map(|reference| {
            let place = reference.namespace.as_ref().map(|name| format!(" in {name}"));
            let name =
                if reference.name.is_empty() { "not named yet" } else { reference.name.as_str() };
            let says = format!("  {}{}", reference.api_version, place.unwrap_or_default());
            vec![
                plain(Tone::Plain, &format!("{} {name}", reference.kind)),
                plain(Tone::Muted, &says),
            ]
        });
        self.section("composed of", &[FeedId::Clients], items.take(64).collect())
    }
}

/// Whether a certificate is for all names of a domain.
fn is_wildcard(certificate: &ClusterObject) -> bool {
    let named = certificate.meta.name.as_str().contains("wildcard");
    named || certificate.fields.iter().any(|field| field.value.as_str().contains("*."))
}

/// The first few of `items`, and how many there are more.
pub(super) fn bounded(items: impl Iterator<Item = Item>) -> Vec<Item> {
    let mut items: Vec<Item> = items.collect();
    let more = items.len().saturating_sub(MOST);
    // A line that says "1 more" is no shorter than that one.
    if more > 1 {
        items.truncate(MOST);
        let says: Piece = plain(Tone::Muted, &format!("and {more} more"));
        items.push(vec![says]);
    }
    items
}
