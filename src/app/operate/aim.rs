//! What a row gives to an operation: which verbs fit it, and which of their fields are known by it.

use crate::app::App;
use crate::app::detail;
use crate::app::overlay::Overlay;
use crate::domain::operation::Verb;
use crate::domain::{FeedId, Object, Text};
use crate::operation::kinds::Field;
use crate::store::OverviewTable;
use crate::store::table::RowId;

/// What is aimed at.
#[derive(Clone, Debug)]
pub(super) struct Aim {
    /// What it is called.
    pub(super) subject: Text,
    /// The tenant that it belongs to.
    pub(super) tenant: Option<Text>,
    /// Whether the operator chose it for the operation, so that its tenant is not to be changed any more.
    pub(super) chosen: bool,
    /// The feed by whose facts it was chosen.
    pub(super) feed: FeedId,
    kind: Kind,
}

#[derive(Clone, Debug)]
enum Kind {
    Nothing,
    Tenant,
    Session { pid: Text, began: Text },
    Alert { fingerprint: Text, name: Text, matchers: Text, looked_after: bool },
    Silence(Text),
    Kept(Text),
    Operation,
}

/// What stands in the name of a database that was kept.
const KEPT: &str = "-kept-";

/// Whether a database of this name was kept by a swap.
pub(super) fn is_kept(name: &str) -> bool {
    name.contains(KEPT)
}

impl App {
    /// What the keys point at now.
    pub(super) fn aim(&self) -> Aim {
        let feed = self.aimed_feed();
        if let Some(Overlay::Card(card)) = &self.overlay {
            let tenant = card.tenant.clone();
            let (subject, kind) = (tenant.clone(), Kind::Tenant);
            return Aim { subject, tenant: Some(tenant), chosen: false, feed, kind };
        }
        if let Some(Overlay::Run(page)) = &self.overlay {
            let tenant = page.plan.tenant.clone();
            let (subject, kind) = (page.plan.title.clone(), Kind::Operation);
            return Aim { subject, tenant, chosen: false, feed, kind };
        }
        if let Some(id) = &self.pane().cursor.id {
            return self.aim_at(id, feed);
        }
        let (subject, kind) = (Text::default(), Kind::Nothing);
        Aim { subject, tenant: None, chosen: false, feed, kind }
    }

    fn aim_at(&self, id: &RowId, feed: FeedId) -> Aim {
        // What a finding is about is meant, not the finding.
        let found = OverviewTable::new(&self.store).finding(id).and_then(|it| it.row.clone());
        let id = found.as_ref().unwrap_or(id);
        let tenant = detail::tenant(&self.store, id);
        let name = detail::copied(&self.store, id, false).unwrap_or_default();
        let kind = match id {
            RowId::Object(feed, uid) => match self.store.object(*feed, uid) {
                Some(object) => self.kind_of(&object),
                None => Kind::Nothing,
            },
            RowId::Due(..) => Kind::Operation,
            _ => Kind::Nothing,
        };
        let kind = match kind {
            Kind::Nothing if tenant.is_some() => Kind::Tenant,
            other => other,
        };
        let subject = match (&kind, &tenant) {
            (Kind::Tenant, Some(tenant)) => tenant.clone(),
            _ => Text::clean(&name),
        };
        Aim { subject, tenant, chosen: false, feed, kind }
    }

    fn kind_of(&self, object: &Object) -> Kind {
        match object {
            Object::Session(session) => match session.connected {
                Some(began) => Kind::Session {
                    pid: Text::clean(&session.pid.to_string()),
                    began: Text::clean(&began.to_string()),
                },
                None => Kind::Nothing,
            },
            Object::Alert(alert) => {
                let named = |label: &str| {
                    let value = alert.label(label)?;
                    Some(format!("{label}={value}"))
                };
                let matchers: Vec<String> =
                    ["alertname", "tenant"].into_iter().filter_map(named).collect();
                let acks = &self.store.objects().acks;
                Kind::Alert {
                    fingerprint: alert.uid.0.clone(),
                    name: alert.name.clone(),
                    matchers: Text::clean(&matchers.join(",")),
                    looked_after: acks.find(&alert.uid).is_some(),
                }
            }
            Object::Silence(silence) => Kind::Silence(silence.uid.0.clone()),
            Object::Database(database) if is_kept(database.name.as_str()) => {
                Kind::Kept(database.name.clone())
            }
            Object::Operation(_) => Kind::Operation,
            _ => Kind::Nothing,
        }
    }

    /// The feed whose facts an operation that begins here is chosen by.
    pub(in crate::app) fn aimed_feed(&self) -> FeedId {
        match &self.overlay {
            Some(Overlay::Menu(menu)) => menu.aim.feed,
            Some(Overlay::Card(_)) => FeedId::Clients,
            Some(Overlay::Run(_)) => FeedId::Operations,
            _ => {
                crate::store::feeds_of(self.screen.pane).first().copied().unwrap_or(FeedId::Clients)
            }
        }
    }
}

impl Aim {
    /// Whether it is an alert.
    pub(super) const fn is_alert(&self) -> bool {
        matches!(self.kind, Kind::Alert { .. })
    }

    /// The actions that fit, the most usual first.
    pub(super) const fn actions(&self) -> &'static [&'static str] {
        match self.kind {
            Kind::Nothing => &[],
            Kind::Tenant => &[
                "operate.backup",
                "operate.restore-swap",
                "operate.upgrade-same",
                "operate.tier",
                "operate.pause-pool",
                "operate.resume-pool",
                "operate.deprovision",
            ],
            Kind::Session { .. } => &["operate.cancel", "operate.terminate"],
            Kind::Alert { looked_after: false, .. } => &["operate.ack", "operate.silence"],
            Kind::Alert { .. } => &["operate.unack", "operate.ack", "operate.silence"],
            Kind::Silence(_) => &["operate.expire-silence"],
            Kind::Kept(_) => &["operate.drop-kept"],
            Kind::Operation => &[
                "operation.open",
                "operation.resume",
                "operation.approve",
                "operation.undo",
                "operation.give-up",
                "operation.export",
            ],
        }
    }

    /// What it says of `field` of `verb`, and whether that is what the row is, so that it is not to be changed.
    pub(super) fn given(&self, verb: Verb, field: &Field) -> Option<(Text, bool)> {
        let tenant = || self.tenant.clone().filter(|_| verb != Verb::Provision);
        match (field.name, &self.kind) {
            ("pid", Kind::Session { pid, .. }) => Some((pid.clone(), true)),
            ("began", Kind::Session { began, .. }) => Some((began.clone(), true)),
            ("alert", Kind::Alert { fingerprint, .. }) => Some((fingerprint.clone(), true)),
            ("matchers", Kind::Alert { matchers, .. }) => Some((matchers.clone(), false)),
            ("silence", Kind::Silence(id)) => Some((id.clone(), true)),
            ("database", Kind::Kept(name)) | ("name", Kind::Alert { name, .. }) => {
                Some((name.clone(), true))
            }
            ("tenant", _) => tenant().map(|tenant| (tenant, self.chosen)),
            _ => None,
        }
    }
}
