//! The state of the training platform: its objects and its stream.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::objects::{Maker, keep_since};
use super::stream::Stream;
use crate::domain::{
    ClientSpec, Condition, FeedId, Kind, Object, Resource, Spec, Text, Timestamp, Uid,
};

/// The objects of one tenant.
#[derive(Clone, Debug, Default)]
pub(super) struct Tenant {
    pub(super) client: Option<Uid>,
    pub(super) environments: Vec<Uid>,
}

/// What exists on the training platform.
#[derive(Debug, Default)]
pub struct World {
    objects: BTreeMap<Uid, Arc<Resource>>,
    /// Everything beside the platform's own kinds, by the feed that tells it.
    others: BTreeMap<FeedId, BTreeMap<Uid, Object>>,
    tenants: BTreeMap<Text, Tenant>,
    /// Objects to pick from by chance; may name some that are gone.
    roster: Vec<Uid>,
    pub(super) stream: Stream,
    pub(super) maker: Maker,
}

impl World {
    pub(super) fn empty() -> Self {
        Self { maker: Maker::new(), ..Self::default() }
    }

    /// The objects of `kind`.
    pub fn objects(&self, kind: Kind) -> impl Iterator<Item = &Arc<Resource>> {
        self.objects.values().filter(move |object| object.kind() == kind)
    }

    /// Everything that `feed` tells, beside the platform's own kinds.
    pub fn others(&self, feed: FeedId) -> impl Iterator<Item = &Object> {
        self.others.get(&feed).into_iter().flat_map(BTreeMap::values)
    }

    /// The object `uid` that `feed` tells, beside the platform's own kinds.
    #[must_use]
    pub fn other(&self, feed: FeedId, uid: &Uid) -> Option<&Object> {
        self.others.get(&feed)?.get(uid)
    }

    /// Puts `object` into the world, or into its place there; says whether that changed anything.
    pub(super) fn put_other(&mut self, object: &Object) -> bool {
        let of_feed = self.others.entry(object.feed()).or_default();
        of_feed.insert(object.uid().clone(), object.clone()).as_ref() != Some(object)
    }

    /// Takes the object `uid` that `feed` tells out of the world.
    pub(super) fn take_other(&mut self, feed: FeedId, uid: &Uid) -> Option<Object> {
        self.others.get_mut(&feed)?.remove(uid)
    }

    /// The object with this identity.
    #[must_use]
    pub fn object(&self, uid: &Uid) -> Option<&Arc<Resource>> {
        self.objects.get(uid)
    }

    /// The client object of a tenant.
    #[must_use]
    pub fn client(&self, tenant: &str) -> Option<&Arc<Resource>> {
        self.object(self.tenants.get(tenant)?.client.as_ref()?)
    }

    /// The environments of a tenant.
    pub fn environments(&self, tenant: &str) -> impl Iterator<Item = &Arc<Resource>> {
        let environments = self.tenants.get(tenant).map(|tenant| tenant.environments.as_slice());
        environments.unwrap_or_default().iter().filter_map(|uid| self.object(uid))
    }

    /// The object of `kind` named `name`.
    #[must_use]
    pub fn named(&self, kind: Kind, name: &str) -> Option<&Arc<Resource>> {
        self.objects(kind).find(|object| object.meta.name == name)
    }

    /// What a tenant was ordered as.
    pub(super) fn order(&self, tenant: &str) -> Option<&ClientSpec> {
        match &self.client(tenant)?.spec {
            Spec::Client(spec) => Some(spec),
            Spec::Environment(_) | Spec::Upgrade(_) | Spec::Template(_) | Spec::Restore(_) => None,
        }
    }

    /// Some tenant, by chance.
    pub(super) fn any_tenant(&self, rng: &mut fastrand::Rng) -> Option<&ClientSpec> {
        match &self.any(rng)?.spec {
            Spec::Client(spec) => Some(spec),
            Spec::Environment(spec) => self.order(spec.tenant.as_ref()?.as_str()),
            Spec::Upgrade(_) | Spec::Template(_) | Spec::Restore(_) => None,
        }
    }

    /// Some client or environment, by chance.
    pub(super) fn any(&self, rng: &mut fastrand::Rng) -> Option<&Arc<Resource>> {
        if self.roster.is_empty() {
            return None;
        }
        self.object(self.roster.get(rng.usize(..self.roster.len()))?)
    }

    /// Puts `object` into the world, or into its place there.
    pub(super) fn put(&mut self, object: Resource) -> Arc<Resource> {
        let uid = object.meta.uid.clone();
        let object = Arc::new(object);
        if let Some(old) = self.objects.insert(uid.clone(), Arc::clone(&object)) {
            self.forget(&old);
        } else if matches!(object.kind(), Kind::Client | Kind::Environment) {
            self.roster.push(uid.clone());
        }
        if let Some(tenant) = object.tenant() {
            let tenant = self.tenants.entry(tenant.clone()).or_default();
            match object.kind() {
                Kind::Client => tenant.client = Some(uid),
                Kind::Environment => tenant.environments.push(uid),
                Kind::Upgrade | Kind::Template | Kind::Restore => {}
            }
        }
        object
    }

    /// Takes the object out of the world.
    pub(super) fn take(&mut self, uid: &Uid) -> Option<Arc<Resource>> {
        let object = self.objects.remove(uid)?;
        self.forget(&object);
        self.roster.retain(|known| known != uid);
        Some(object)
    }

    /// Gives the object other conditions and with them another version.
    pub(super) fn set_conditions(
        &mut self,
        uid: &Uid,
        conditions: Box<[Condition]>,
    ) -> Option<Arc<Resource>> {
        let old = Arc::clone(self.object(uid)?);
        let mut object = Resource::clone(&old);
        object.conditions = keep_since(&old.conditions, conditions);
        object.meta.version = self.maker.version();
        Some(self.put(object))
    }

    /// Marks the object as being removed since `at`.
    pub(super) fn mark_deleting(&mut self, uid: &Uid, at: Timestamp) -> Option<Arc<Resource>> {
        let mut object = Resource::clone(self.object(uid)?);
        object.meta.deleting = Some(at);
        object.meta.version = self.maker.version();
        Some(self.put(object))
    }

    fn forget(&mut self, object: &Resource) {
        let Some(tenant) = object.tenant().and_then(|name| self.tenants.get_mut(name)) else {
            return;
        };
        if tenant.client.as_ref() == Some(&object.meta.uid) {
            tenant.client = None;
        }
        tenant.environments.retain(|uid| *uid != object.meta.uid);
    }
}
