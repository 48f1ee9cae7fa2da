//! What the store judges of alerts: who looks after them, whose they are, and when an answer is due.

use chrono_tz::Tz;

use super::Store;
use super::causes::tier_word;
use super::table::Slot;
use crate::domain::sla::{SlaClock, target};
use crate::domain::{
    Ack, Alert, AlertStanding, FeedId, Kind, Resource, Severity, Spec, Timestamp, Uid,
};

impl Store {
    /// The zone of business hours.
    #[must_use]
    pub const fn zone(&self) -> Tz {
        self.zone
    }

    /// Who looks after the alert `uid`, if somebody does.
    #[must_use]
    pub fn ack(&self, uid: &Uid) -> Option<&Ack> {
        let acks = &self.objects.acks;
        acks.get(acks.find(uid)?).map(|held| &*held.object)
    }

    /// The customer object of `tenant`.
    #[must_use]
    pub fn client(&self, tenant: &str) -> Option<&Resource> {
        let slot = self.joins.of(tenant)?.client?;
        self.collection(Kind::Client).get(slot).map(|held| &*held.object)
    }

    /// The tier of `tenant`.
    #[must_use]
    pub fn tier(&self, tenant: &str) -> Option<&str> {
        match &self.client(tenant)?.spec {
            Spec::Client(spec) => Some(spec.tier.as_str()).filter(|tier| !tier.is_empty()),
            _ => None,
        }
    }

    /// The promise to the customer of the alert: none where nothing is promised, or nobody is waited for.
    #[must_use]
    pub fn promise(&self, alert: &Alert) -> Option<SlaClock> {
        let tier = self.tier(alert.tenant.as_ref()?.as_str())?;
        let target = target(tier, alert.severity)?;
        Some(SlaClock::new(alert.since, target, self.zone))
    }

    /// When an answer to the first of several alerts is due: of each tier the oldest counts.
    pub(super) fn first_due(
        &self,
        severity: Severity,
        oldest: impl Iterator<Item = (u8, Timestamp)>,
    ) -> Option<Timestamp> {
        oldest
            .filter_map(|(rank, since)| {
                let target = target(tier_word(rank)?, severity)?;
                Some(SlaClock::new(since, target, self.zone).due())
            })
            .min()
    }

    /// The alert at `slot` came, changed or went.
    pub(super) fn judge_alert(&mut self, slot: Slot) {
        let held = self.objects.alerts.get(slot).map(|held| held.object.clone());
        let touched = match held {
            None => self.causes.take(slot),
            Some(alert) => {
                let acked = self.objects.acks.find(&alert.uid).is_some();
                let tenant = alert.tenant.as_ref();
                let tier = tenant.and_then(|it| self.tier(it.as_str())).map(str::to_owned);
                self.causes.put(slot, &alert, acked, tier.as_deref())
            }
        };
        for silence in touched {
            if let Some(slot) = self.objects.silences.find(&silence) {
                self.touch(FeedId::Silences, slot);
            }
        }
    }

    /// Somebody began or ceased to look after the alert `uid`.
    pub(super) fn judge_ack(&mut self, uid: &Uid) {
        if let Some(slot) = self.objects.alerts.find(uid) {
            self.judge_alert(slot);
        }
    }

    /// How the alert `uid` stands.
    #[must_use]
    pub fn standing(&self, uid: &Uid) -> Option<AlertStanding> {
        self.causes.standing_of(self.objects.alerts.find(uid)?)
    }
}
