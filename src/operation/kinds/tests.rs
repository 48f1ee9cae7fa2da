//! Plans from made-up evidence.

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use serde_json::{Value, json};

use super::{Inputs, Request, fields};
use crate::domain::operation::{
    Asks, BackupSeen, CheckResult, ContentsSeen, DatabaseSeen, Expect, Goal, Oid, Plan, Query,
    Reached, Seen, Step, Verb,
};
use crate::domain::{Role, Span, Text, Timestamp, Trouble};
use crate::operation::{Caution, Guard, Manifests, Shape, plan};
use crate::platform::Inspect;

/// A plan that looks at one database.
pub(crate) fn any_plan() -> Plan {
    let query = Query::Database { name: Text::from("acme.planapulse.app") };
    Plan {
        id: Text::from("k3f9x2"),
        verb: Verb::Backup,
        scope: Text::from("acme"),
        tenant: Some(Text::from("acme")),
        title: Text::from("Take a backup of acme now"),
        damage: Text::from("Nothing is damaged."),
        by: Text::from("maria"),
        at: Timestamp::default(),
        asks: Asks::Yes,
        role: Role::Operator,
        word: Text::from("acme"),
        pins: Vec::new(),
        checks: Vec::new(),
        notes: Vec::new(),
        steps: vec![Step {
            name: Text::from("look at the database"),
            act: None,
            begun: None,
            settled: Goal::new(query, Expect::Present),
            limit: Span::from_secs(60),
            undo: None,
            log: None,
        }],
        no_return: None,
        back: None,
        due: Vec::new(),
    }
}

/// Which questions have another answer.
type Which = fn(&Query) -> bool;

/// A world with the tenant acme, in which everything is as it should be.
#[derive(Clone)]
struct World {
    /// What is otherwise: answers before all others.
    otherwise: Vec<(Which, Seen)>,
}

const DUMP: &str = "acme/backup-20261120T020000.dump.gz";

fn now() -> Timestamp {
    Timestamp::parse("2026-11-20T16:22:00Z").expect("a time")
}

fn tenant(name: &str) -> Value {
    json!({
        "kind": "PLANAClient",
        "metadata": { "name": name, "uid": "uid-1", "generation": 1 },
        "spec": { "subdomain": name, "tier": "pro", "odooVersion": "18" },
    })
}

fn backup(key: &str, bytes: u64) -> BackupSeen {
    BackupSeen {
        key: Text::from(key),
        etag: Text::from("e1"),
        bytes,
        modified: Timestamp::parse("2026-11-20T02:00:10Z").expect("a time"),
        head: Some(vec![0x1f, 0x8b, 8, 0]),
    }
}

impl World {
    fn usual() -> Self {
        Self { otherwise: Vec::new() }
    }

    fn with(mut self, which: Which, seen: Seen) -> Self {
        self.otherwise.push((which, seen));
        self
    }

    fn database(name: &str) -> Seen {
        let known = ["acme.planapulse.app", "pro-template-18.planapulse.app", KEPT];
        if !known.contains(&name) {
            return Seen::Absent;
        }
        let oid = Oid(if name == KEPT { 900 } else { 100 });
        Seen::Database(DatabaseSeen { oid, bytes: 12_400_000_000, sessions: 34, open: true })
    }

    fn object(kind: &str, name: &str) -> Seen {
        match (kind, name) {
            ("PLANAClient", "acme") => Seen::Object(tenant("acme")),
            ("CronJob", "acme-backup") => Seen::Object(json!({
                "metadata": { "name": name, "uid": "uid-2" },
                "spec": { "jobTemplate": { "spec": { "template": { "spec": { "containers": [
                    { "name": "dump", "env": [{ "name": "BACKUP_KEY", "value": "daily" }] }
                ] } } } } },
            })),
            ("Deployment", "worker-odoo") => {
                Seen::Object(json!({ "metadata": { "name": name, "uid": "uid-3" } }))
            }
            _ => Seen::Absent,
        }
    }

    fn answer(&self, query: &Query) -> Seen {
        if let Some((_, seen)) = self.otherwise.iter().find(|(which, _)| which(query)) {
            return seen.clone();
        }
        match query {
            Query::Object(what) => Self::object(what.kind.as_str(), what.name.as_str()),
            Query::Objects { kind, .. } if *kind == "PLANAClient" => {
                Seen::Objects(vec![tenant("acme"), tenant("other")])
            }
            Query::Objects { .. } => Seen::Objects(Vec::new()),
            Query::DryRun { manifest, .. } => Seen::Object(manifest.clone()),
            Query::Database { name } => Self::database(name.as_str()),
            Query::Contents { .. } => Seen::Contents(ContentsSeen {
                tables: 500,
                modules: Some(60),
                users: Some(34),
                last_write: None,
                uuid: Some(Text::from("u-acme")),
            }),
            Query::DatabaseServer => Seen::Server { version: 170_004, free: Some(500_000_000_000) },
            Query::Session(_) => Seen::Session {
                state: Text::from("active"),
                database: Text::from("acme.planapulse.app"),
                user: Text::from("odoo"),
            },
            Query::Pool { .. } => Seen::Pool { paused: false, active: 3, waiting: 0 },
            Query::Backup { key } if *key == DUMP => Seen::Backup(backup(DUMP, 2_000_000_000)),
            Query::Backup { .. } | Query::Acknowledgement { .. } => Seen::Absent,
            Query::Backups { prefix } if *prefix == "acme/" => Seen::Backups(vec![
                backup("acme/backup-20261119T020000.dump.gz", 1_900_000_000),
                backup(DUMP, 2_000_000_000),
                backup("acme/filestore-20261120T020000.tar.gz", 9_000_000),
            ]),
            Query::Backups { .. } => Seen::Backups(Vec::new()),
            Query::Silence { mark } => Seen::Silence {
                id: mark.clone(),
                active: true,
                until: now().after(Span::from_secs(3600)),
            },
            Query::WouldHide(_) => Seen::Alerts(vec![Text::from("HighLoad")]),
            Query::Health { .. } => Seen::Health { well: true, says: Text::from("200") },
            Query::Rights(_) => Seen::Lacking(Vec::new()),
        }
    }
}

impl Inspect for World {
    fn look<'a>(&'a self, query: &'a Query) -> BoxFuture<'a, Result<Seen, Trouble>> {
        let seen = self.answer(query);
        async move { Ok(seen) }.boxed()
    }
}

const KEPT: &str = "acme-kept-202611010200-k3f9x2.planapulse.app";

/// What is given for `verb` by who wants nothing special.
fn request(verb: Verb, given: &[(&str, &str)]) -> Request {
    let mut inputs: Inputs = fields(verb)
        .iter()
        .map(|field| (field.name.to_owned(), Text::from(field.default)))
        .collect();
    let usual = [
        ("tenant", if verb == Verb::Provision { "newco" } else { "acme" }),
        ("project", "23"),
        ("owner-email", "ceo@newco.bg"),
        ("owner-name", "Newco"),
        ("accepted-by", "Mr. Petrov, by phone"),
        ("database", KEPT),
        ("pid", "4711"),
        ("began", "2026-11-20T10:00:00Z"),
        ("matchers", "alertname=HighLoad"),
        ("reason", "known"),
        ("silence", "s1"),
        ("alert", "f1"),
        ("name", "HighLoad"),
    ];
    for (name, value) in usual.iter().chain(given) {
        let last = given.iter().rev().find(|(other, _)| other == name);
        let value = last.map_or(*value, |(_, value)| *value);
        if fields(verb).iter().any(|field| field.name == *name) {
            inputs.insert((*name).to_owned(), Text::from(value));
        }
    }
    if verb == Verb::UpgradeCross && !given.iter().any(|(name, _)| *name == "version") {
        inputs.insert("version".to_owned(), Text::from("19"));
    }
    if verb == Verb::Tier && !given.iter().any(|(name, _)| *name == "tier") {
        inputs.insert("tier".to_owned(), Text::from("enterprise"));
    }
    Request { verb, id: Text::from("k3f9x2"), by: Text::from("maria"), at: now(), inputs }
}

fn planned_in(world: &World, request: &Request, shape: &Shape) -> Result<Plan, String> {
    let manifests = Manifests::default();
    let planning = plan(world, request, shape, &manifests);
    planning.now_or_never().expect("nothing is waited for").map_err(|why| why.to_string())
}

fn planned(world: &World, verb: Verb, given: &[(&str, &str)]) -> Result<Plan, String> {
    let shape = Shape { can_step_up: true, ..Shape::default() };
    planned_in(world, &request(verb, given), &shape)
}

/// What the usual world has otherwise where a verb needs it.
fn world_for(verb: Verb) -> World {
    let is_pool = |query: &Query| matches!(query, Query::Pool { .. });
    let is_ack = |query: &Query| matches!(query, Query::Acknowledgement { .. });
    match verb {
        Verb::ResumePool => {
            World::usual().with(is_pool, Seen::Pool { paused: true, active: 0, waiting: 7 })
        }
        Verb::Unack => World::usual()
            .with(is_ack, Seen::Acknowledgement { by: Text::from("ivan"), until: None }),
        _ => World::usual(),
    }
}

#[test]
fn each_verb_has_a_plan_that_says_its_damage_and_can_be_run() {
    for verb in Verb::ALL {
        let plan =
            planned(&world_for(*verb), *verb, &[]).unwrap_or_else(|why| panic!("{verb}: {why}"));
        assert!(!plan.damage.is_empty() && !plan.title.is_empty(), "{verb}");
        assert!(!plan.steps.is_empty(), "{verb}");
        let bad: Vec<_> = plan.refusals().collect();
        assert!(bad.is_empty(), "{verb}: {bad:?}");
        assert_eq!(plan.verb, *verb);
        assert!(plan.steps.iter().any(|step| step.act.is_some()), "{verb}");
        // What is pinned holds when nothing has changed.
        for pin in &plan.pins {
            let seen = world_for(*verb).answer(&pin.goal.query);
            let reached = pin.goal.expect.judge(&seen);
            assert!(matches!(reached, Reached::Yes(_)), "{verb}: {}: {reached:?}", pin.what);
        }
        if let Some(edge) = plan.no_return {
            assert!(edge < plan.steps.len(), "{verb}");
            assert!(plan.steps.iter().skip(edge).all(|step| step.undo.is_none()), "{verb}");
        }
    }
}

#[test]
fn what_destroys_asks_for_a_factor_and_is_for_seniors() {
    use Verb::{Deprovision, DropKept, RestoreInPlace, RestoreSwap, UpgradeCross};
    for verb in [Deprovision, DropKept, RestoreInPlace, RestoreSwap, UpgradeCross] {
        let plan = planned(&World::usual(), verb, &[]).expect("a plan");
        assert_eq!((plan.asks, plan.role), (Asks::StepUp, Role::Senior), "{verb}");
        assert!(plan.word.as_str().starts_with("acme"), "{verb}: {}", plan.word);
    }
}

#[test]
fn the_damage_of_a_restore_is_in_its_first_line() {
    let plan = planned(&World::usual(), Verb::RestoreSwap, &[]).expect("a plan");
    let damage = plan.damage.as_str();
    for part in
        ["acme: 34 sessions are connected", "everything written after 2026-11-20", "(14h21m)"]
    {
        assert!(damage.contains(part), "{part}: {damage}");
    }
}

#[test]
fn a_swap_is_taken_back_from_any_of_its_steps() {
    let plan = planned(&World::usual(), Verb::RestoreSwap, &[]).expect("a plan");
    assert_eq!(plan.no_return, None);
    let named = |part: &str| {
        let at = plan.steps.iter().position(|step| step.name.as_str().contains(part));
        at.unwrap_or_else(|| panic!("no step {part}"))
    };
    let order = [
        named("insurance backup of"),
        named("restore the backup into"),
        named("compare the copy"),
        named("hold new work back"),
        named("end what is connected"),
        named("keep the live database"),
        named("give the copy its place"),
        named("let the pool go on"),
        named("the tenant answers"),
    ];
    assert!(order.is_sorted(), "{order:?}");
    for at in [order[3], order[5], order[6], order[7]] {
        assert!(plan.steps[at].undo.is_some(), "{}", plan.steps[at].name);
    }
}

#[test]
fn what_can_not_go_well_is_refused_before_anything_is_done() {
    let is_dump: Which = |query| matches!(query, Query::Backup { .. });
    let is_server: Which = |query| matches!(query, Query::DatabaseServer);
    let is_dry: Which = |query| matches!(query, Query::DryRun { .. });
    let is_list: Which = |query| matches!(query, Query::Backups { .. });
    let is_quota: Which =
        |query| matches!(query, Query::Objects { kind, .. } if *kind == "ResourceQuota");
    let odd = BackupSeen { head: Some(b"<html>".to_vec()), ..backup(DUMP, 2_000_000_000) };
    let full =
        json!({ "status": { "hard": { "limits.cpu": "8" }, "used": { "limits.cpu": "7500m" } } });
    let taken = Seen::Backups(vec![backup("newco/backup-20260101T020000.dump.gz", 5)]);
    let server = Seen::Server { version: 170_004, free: Some(1_000_000_000) };
    for (verb, which, seen, says) in [
        (Verb::RestoreSwap, is_dump, Seen::Backup(odd), "neither packed nor a dump"),
        (Verb::RestoreBeside, is_dump, Seen::Backup(backup(DUMP, 20)), "that is no database"),
        (Verb::RestoreInPlace, is_server, server, "make room first"),
        (
            Verb::Provision,
            is_dry,
            Seen::Refused("spec.tier: no".into()),
            "would not take the PLANAClient: spec.tier",
        ),
        (Verb::Provision, is_list, taken, "1 backups of an earlier tenant"),
        (Verb::UpgradeSame, is_quota, Seen::Objects(vec![full]), "no room for the Job"),
    ] {
        let plan = planned(&World::usual().with(which, seen), verb, &[]).expect("a plan");
        let bad: Vec<&str> = plan.refusals().map(|check| check.what.as_str()).collect();
        assert!(bad.iter().any(|what| what.contains(says)), "{verb}: {says}: {bad:?}");
    }
}

#[test]
fn a_right_that_lacks_refuses_the_plan_and_one_that_taking_back_lacks_is_said() {
    use crate::domain::operation::Command;
    let lacking = |what: &str| Seen::Lacking(vec![Text::from(what)]);
    let all: Which = |query| matches!(query, Query::Rights(_));
    let plan = planned(&World::usual().with(all, lacking("GRANT plana")), Verb::RestoreSwap, &[]);
    let plan = plan.expect("a plan");
    let said: Vec<_> =
        plan.checks.iter().filter(|check| check.what.as_str().contains("GRANT plana")).collect();
    // Once, however many steps need it.
    assert_eq!(said.len(), 1, "{said:?}");
    assert_eq!(said[0].result, CheckResult::Bad);

    let delete: Which = |query| match query {
        Query::Rights(command) => matches!(**command, Command::Delete { .. }),
        _ => false,
    };
    let world = World::usual().with(delete, lacking("you may not delete"));
    let plan = planned(&world, Verb::Provision, &[]).expect("a plan");
    assert_eq!(plan.refusals().count(), 0);
    let last = plan.checks.last().expect("a check");
    assert_eq!(last.what, "to take it back: you may not delete");
    assert_eq!(last.result, CheckResult::Doubtful);
}

#[test]
fn what_makes_no_sense_has_no_plan() {
    for (verb, given, says) in [
        (Verb::Backup, [("tenant", "acme2")], "There is no tenant acme2"),
        (Verb::Provision, [("tenant", "Acme!")], "can't be in it"),
        (Verb::Provision, [("owner-email", "nobody")], "no e-mail address"),
        (Verb::Tier, [("tier", "pro")], "has the tier pro already"),
        (Verb::Tier, [("tier", "gold")], "it can be starter, pro, enterprise"),
        (Verb::RestoreSwap, [("backup", "20250101T000000")], "There is no backup"),
        (Verb::Silence, [("for", "30d")], "7 days at most"),
        (Verb::Silence, [("matchers", "alertname=~.*")], "at least one label"),
        (Verb::Silence, [("for", "soon")], "no time such as"),
        (Verb::DropKept, [("database", "acme.planapulse.app")], "no database that was kept"),
        (Verb::ResumePool, [("tenant", "acme")], "is not paused"),
    ] {
        let why = planned(&World::usual(), verb, &given).expect_err(says);
        assert!(why.contains(says), "{verb}: {why}");
    }
}

#[test]
fn an_upgrade_goes_one_version_at_a_time_and_counts_who_shares_the_workers() {
    let plan = planned(&World::usual(), Verb::UpgradeCross, &[("version", "17")]).expect("a plan");
    assert!(plan.refusals().any(|check| check.what.as_str().contains("not the next version")));
    let plan = planned(&World::usual(), Verb::UpgradeSame, &[]).expect("a plan");
    assert!(plan.damage.as_str().contains("which 2 tenants share"), "{}", plan.damage);
    let later =
        planned(&World::usual(), Verb::UpgradeSame, &[("restart", "later")]).expect("a plan");
    assert_eq!(later.steps.len() + 1, plan.steps.len());
    assert!(later.due.iter().any(|due| due.what.as_str().contains("restart the workers")));
}

#[test]
fn the_insurance_backup_is_the_tenants_own_job_told_where_to_write() {
    use crate::domain::operation::Command;
    let plan = planned(&World::usual(), Verb::Backup, &[]).expect("a plan");
    let Some(Command::Apply { manifest, .. }) = &plan.steps[0].act else {
        panic!("{:?}", plan.steps)
    };
    let variables = manifest.pointer("/spec/template/spec/containers/0/env");
    let key = "acme/insurance/backup-20261120T162200.dump.gz";
    assert_eq!(variables, Some(&json!([{ "name": "BACKUP_KEY", "value": key }])));
    assert_eq!(plan.steps[1].settled.query, Query::Backup { key: key.into() });
}

#[test]
fn a_kept_database_goes_only_when_its_time_is_up() {
    let mut request = request(Verb::DropKept, &[]);
    request.at = Timestamp::parse("2026-11-05T00:00:00Z").expect("a time");
    let plan = planned_in(&World::usual(), &request, &Shape::default()).expect("a plan");
    let bad = plan.refusals().next().expect("it is too early");
    assert!(bad.what.as_str().contains("kept until 2026-11-08"), "{}", bad.what);
}

#[test]
fn the_profiles_rules_deny_and_sharpen() {
    let guard = |verb: &str, caution| Guard {
        tenant: "acme".into(),
        tier: "pro".into(),
        verb: verb.into(),
        caution,
    };
    let guards = vec![
        guard("backup", Caution::AtLeast(Asks::SecondPerson)),
        guard("tier", Caution::Deny("ask sales".into())),
    ];
    let shape = Shape { guards, can_step_up: true, ..Shape::default() };
    let plan = planned_in(&World::usual(), &request(Verb::Backup, &[]), &shape).expect("a plan");
    assert_eq!((plan.asks, plan.refusals().count()), (Asks::SecondPerson, 0));
    // Where nobody signs in nobody is a second person.
    let alone = Shape { can_step_up: false, ..shape.clone() };
    let plan = planned_in(&World::usual(), &request(Verb::Backup, &[]), &alone).expect("a plan");
    let bad = plan.refusals().next().expect("nobody can approve of it");
    assert!(bad.what.as_str().contains("set identity.issuer"), "{}", bad.what);
    let why = planned_in(&World::usual(), &request(Verb::Tier, &[]), &shape).expect_err("denied");
    assert!(why.contains("does not let you change the tier of a tenant: ask sales"), "{why}");
}

#[test]
fn somebody_elses_alert_is_not_taken_from_them() {
    let is_ack: Which = |query| matches!(query, Query::Acknowledgement { .. });
    let ivan = Seen::Acknowledgement { by: "ivan".into(), until: None };
    let plan = planned(&World::usual().with(is_ack, ivan), Verb::Ack, &[]).expect("a plan");
    let bad: Vec<_> = plan.checks.iter().filter(|check| check.result == CheckResult::Bad).collect();
    assert_eq!(bad.len(), 1);
    assert_eq!(bad[0].what, "ivan looks after it already");
}
