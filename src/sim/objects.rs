//! Making the platform's objects look as its controllers leave them.

use std::collections::HashMap;

use super::scenario::{Phase, Tier, Word};
use crate::domain::{
    ClientSpec, Condition, EnvironmentSpec, Field, MadeBy, Meta, Reference, Resource, RestoreSpec,
    Spec, Status, TemplateSpec, Text, Timestamp, Uid, UpgradeSpec,
};

/// What a tenant is made from.
#[derive(Clone, Debug)]
pub(super) struct Order {
    pub(super) slug: Text,
    pub(super) owner: Text,
    pub(super) tier: Tier,
    pub(super) version: Text,
    pub(super) created: Timestamp,
}

/// How an object stands, since when, and why when that is known.
#[derive(Clone, Debug)]
pub(super) struct Standing {
    pub(super) word: Word,
    pub(super) since: Timestamp,
    pub(super) reason: Option<Text>,
    pub(super) message: Option<Text>,
}

impl Standing {
    pub(super) const fn plain(word: Word, since: Timestamp) -> Self {
        Self { word, since, reason: None, message: None }
    }
}

/// An upgrade, a restore or a template build to be made.
#[derive(Clone, Debug)]
pub(super) struct RunOrder {
    pub(super) name: Text,
    pub(super) tenant: Text,
    pub(super) from: Text,
    pub(super) to: Text,
    pub(super) created: Timestamp,
}

/// Makes objects; it hands out identities and versions, and shares the words that repeat.
#[derive(Debug, Default)]
pub(super) struct Maker {
    words: HashMap<&'static str, Text>,
    version: u64,
    project: i64,
}

impl Maker {
    pub(super) fn new() -> Self {
        Self { words: HashMap::new(), version: 48_213_000, project: 0 }
    }

    fn word(&mut self, word: &'static str) -> Text {
        self.words.entry(word).or_insert_with(|| Text::clean(word)).clone()
    }

    /// The next `metadata.resourceVersion`.
    pub(super) fn version(&mut self) -> Text {
        self.version += 1;
        Text::clean(&self.version.to_string())
    }

    pub(super) fn meta(&mut self, name: Text, created: Timestamp, rng: &mut fastrand::Rng) -> Meta {
        let (high, low) = (rng.u64(..), rng.u64(..));
        let uid = format!(
            "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
            high >> 32,
            (high >> 16) & 0xffff,
            high & 0xfff,
            0x8000 | ((low >> 48) & 0x3fff),
            low & 0xffff_ffff_ffff
        );
        Meta {
            version: self.version(),
            created: Some(created),
            ..Meta::named(name, Uid(Text::clean(&uid)))
        }
    }

    /// Of a run, with who asked for it: a colleague, or for every third a program that names nobody.
    fn run_meta(&mut self, run: &RunOrder, rng: &mut fastrand::Rng) -> Meta {
        const PEOPLE: [&str; 2] = ["i.kolev@plana.solutions", "m.petrova@plana.solutions"];
        let sum = run.name.as_str().bytes().map(usize::from).sum::<usize>();
        let by = match PEOPLE.get(sum % 3) {
            Some(person) => MadeBy::Person(self.word(person)),
            None => MadeBy::Program(self.word("kubectl-create"), Some(run.created)),
        };
        Meta { by: Some(Box::new(by)), ..self.meta(run.name.clone(), run.created, rng) }
    }

    /// A customer with all that it is composed of.
    pub(super) fn client(
        &mut self,
        order: &Order,
        standing: &Standing,
        rng: &mut fastrand::Rng,
    ) -> Resource {
        self.project += 1;
        let tier = match order.tier {
            Tier::Starter => "starter",
            Tier::Pro => "pro",
            Tier::Enterprise => "enterprise",
        };
        let slug = &order.slug;
        let room = format!("support-{slug}-{:03}", self.project);
        let odoo = Text::clean(&format!("plana-odoo-{}", order.version));
        let system = self.word("crossplane-system");
        let composed = [
            self.reference(
                "planapulse.com/v1alpha1",
                "TenantEnvironment",
                format!("{slug}-prod"),
                None,
            ),
            self.reference(
                "postgresql.sql.crossplane.io/v1alpha1",
                "Database",
                format!("{slug}.planapulse.app"),
                None,
            ),
            self.reference(
                "gateway.networking.k8s.io/v1",
                "HTTPRoute",
                slug.to_string(),
                Some(odoo.clone()),
            ),
            self.reference("batch/v1", "CronJob", format!("{slug}-backup"), Some(odoo)),
            self.reference(
                "kubernetes.crossplane.io/v1alpha2",
                "Object",
                format!("{slug}-filestore"),
                None,
            ),
            self.reference("batch/v1", "Job", format!("{slug}-portal-webhook"), Some(system)),
            self.reference("matrix.planapulse.com/v1alpha1", "Room", room, None),
        ];
        Resource {
            meta: self.meta(slug.clone(), order.created, rng),
            conditions: self.conditions(standing, order.created),
            composed: Box::new(composed),
            spec: Spec::Client(ClientSpec {
                subdomain: slug.clone(),
                project: Some(self.project),
                tier: self.word(tier),
                odoo_version: order.version.clone(),
                owner_email: Text::clean(&format!("office@{slug}.example")),
                owner_name: order.owner.clone(),
            }),
        }
    }

    /// The environment `sort` (`prod` or `staging`) of a customer.
    pub(super) fn environment(
        &mut self,
        order: &Order,
        sort: &'static str,
        standing: &Standing,
        rng: &mut fastrand::Rng,
    ) -> Resource {
        let slug = &order.slug;
        let (host, deployment) = if sort == "prod" {
            (format!("{slug}.planapulse.app"), "worker-odoo")
        } else {
            (format!("{slug}-{sort}.planapulse.dev"), "worker-odoo-test")
        };
        let host = Text::clean(&host);
        let name = Text::clean(&format!("{slug}-{sort}"));
        let odoo = Text::clean(&format!("plana-odoo-{}", order.version));
        let composed = [
            self.reference(
                "postgresql.sql.crossplane.io/v1alpha1",
                "Database",
                host.to_string(),
                None,
            ),
            self.reference(
                "gateway.networking.k8s.io/v1",
                "HTTPRoute",
                name.to_string(),
                Some(odoo),
            ),
            self.reference(
                "kubernetes.crossplane.io/v1alpha2",
                "Object",
                format!("{name}-filestore"),
                None,
            ),
        ];
        let fields = Box::new([
            Field { path: self.word("client"), value: slug.clone() },
            Field { path: self.word("environment"), value: self.word(sort) },
            Field { path: self.word("hostname"), value: host },
            Field { path: self.word("odooVersion"), value: order.version.clone() },
            Field { path: self.word("pool"), value: self.word(deployment) },
        ]);
        Resource {
            meta: self.meta(name, order.created, rng),
            conditions: self.conditions(standing, order.created),
            composed: Box::new(composed),
            spec: Spec::Environment(EnvironmentSpec { tenant: Some(slug.clone()), fields }),
        }
    }

    /// One run of an upgrade.
    pub(super) fn upgrade(&mut self, run: &RunOrder, rng: &mut fastrand::Rng) -> Resource {
        let namespace = Text::clean(&format!("plana-odoo-{}", run.to));
        let job = self.reference("batch/v1", "Job", run.name.to_string(), Some(namespace));
        let strategy = if run.from == run.to { "same-major" } else { "snapshot-then-upgrade" };
        Resource {
            meta: self.run_meta(run, rng),
            conditions: Box::default(),
            composed: Box::new([job]),
            spec: Spec::Upgrade(UpgradeSpec {
                tenant: run.tenant.clone(),
                from: run.from.clone(),
                to: run.to.clone(),
                strategy: self.word(strategy),
                modules: self.word("all"),
            }),
        }
    }

    /// One run of a restore beside the live database, from the last nightly backup.
    pub(super) fn restore(&mut self, run: &RunOrder, rng: &mut fastrand::Rng) -> Resource {
        let system = self.word("crossplane-system");
        let job = self.reference("batch/v1", "Job", run.name.to_string(), Some(system));
        let key =
            format!("{}/backup-{}.dump.gz", run.tenant, run.created.utc().format("%Y%m%dT000412"));
        let target = format!("{}-staging.planapulse.dev", run.tenant);
        let fields = Box::new([
            Field { path: self.word("client"), value: run.tenant.clone() },
            Field { path: self.word("mode"), value: self.word("side-by-side") },
            Field { path: self.word("source.bucket"), value: self.word("plana-pulse-backups") },
            Field { path: self.word("source.key"), value: Text::clean(&key) },
            Field { path: self.word("target.database"), value: Text::clean(&target) },
        ]);
        Resource {
            meta: self.run_meta(run, rng),
            conditions: Box::default(),
            composed: Box::new([job]),
            spec: Spec::Restore(RestoreSpec { tenant: Some(run.tenant.clone()), fields }),
        }
    }

    /// One build of a template database, such as `pro-template-18`.
    pub(super) fn template(&mut self, run: &RunOrder, rng: &mut fastrand::Rng) -> Resource {
        let edition = run.name.as_str().split('-').next().unwrap_or_default();
        let database = format!("{}.planapulse.app", run.name);
        let composed = [
            self.reference(
                "postgresql.sql.crossplane.io/v1alpha1",
                "Database",
                database.clone(),
                None,
            ),
            self.reference("batch/v1", "Job", format!("{}-build", run.name), None),
        ];
        let sha = format!("{:08x}", rng.u32(..));
        let fields = Box::new([
            Field { path: self.word("edition"), value: Text::clean(edition) },
            Field { path: self.word("odooVersion"), value: run.to.clone() },
            Field { path: self.word("database"), value: Text::clean(&database) },
            Field { path: self.word("sha"), value: Text::clean(&sha) },
        ]);
        Resource {
            meta: self.run_meta(run, rng),
            conditions: Box::default(),
            composed: Box::new(composed),
            spec: Spec::Template(TemplateSpec { fields }),
        }
    }

    fn reference(
        &mut self,
        api_version: &'static str,
        kind: &'static str,
        name: String,
        namespace: Option<Text>,
    ) -> Reference {
        Reference {
            kind: self.word(kind),
            name: Text::from(name),
            api_version: self.word(api_version),
            namespace,
        }
    }

    /// The conditions of an object of `standing` that was made at `created`.
    pub(super) fn conditions(
        &mut self,
        standing: &Standing,
        created: Timestamp,
    ) -> Box<[Condition]> {
        let settled = created.after(crate::domain::Span::from_secs(94));
        let synced = self.condition("Synced", Status::True, "ReconcileSuccess", created);
        let ready = self.condition("Ready", Status::True, "Available", settled);
        match standing.word {
            Word::Unknown => Box::default(),
            Word::Healthy => Box::new([synced, ready]),
            Word::Degraded => Box::new([
                synced,
                self.why("Ready", ("Unavailable", "Unready resources: HTTPRoute"), standing),
            ]),
            Word::Creating => Box::new([
                synced,
                self.why("Ready", ("Creating", "Unready resources: Database, HTTPRoute"), standing),
            ]),
            Word::Failed => Box::new([
                self.why(
                    "Synced",
                    ("ReconcileError", "cannot compose resources: cannot apply composed resource"),
                    standing,
                ),
                ready,
            ]),
        }
    }

    fn condition(
        &mut self,
        name: &'static str,
        status: Status,
        reason: &'static str,
        since: Timestamp,
    ) -> Condition {
        Condition {
            name: self.word(name),
            status,
            reason: self.word(reason),
            message: self.word(""),
            since: Some(since),
        }
    }

    fn why(
        &mut self,
        name: &'static str,
        (reason, message): (&'static str, &'static str),
        standing: &Standing,
    ) -> Condition {
        Condition {
            name: self.word(name),
            status: Status::False,
            reason: standing.reason.clone().unwrap_or_else(|| self.word(reason)),
            message: standing.message.clone().unwrap_or_else(|| self.word(message)),
            since: Some(standing.since),
        }
    }

    /// The conditions of a run in `phase` since `since`.
    pub(super) fn phase(&mut self, run: &Text, phase: Phase, since: Timestamp) -> Box<[Condition]> {
        let synced = self.condition("Synced", Status::True, "ReconcileSuccess", since);
        let (status, reason, message) = match phase {
            Phase::Pending => (Status::False, "Creating", String::new()),
            Phase::Running => {
                (Status::False, "Running", format!("Job {run}: 1 active, 0 succeeded"))
            }
            Phase::Finished => (Status::True, "Available", format!("Job {run} completed")),
            Phase::Failed => {
                (Status::False, "Failed", format!("Job {run} failed: BackoffLimitExceeded"))
            }
        };
        let mut ready = self.condition("Ready", status, reason, since);
        ready.message = Text::from(message);
        Box::new([synced, ready])
    }
}

/// `new`, but what did not change its status keeps the time since when it has it.
pub(super) fn keep_since(old: &[Condition], mut new: Box<[Condition]>) -> Box<[Condition]> {
    for condition in &mut new {
        let before = old.iter().find(|old| old.name == condition.name);
        if let Some(before) = before.filter(|before| before.status == condition.status) {
            condition.since = before.since;
        }
    }
    new
}
