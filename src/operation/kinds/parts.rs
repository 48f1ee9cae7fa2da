//! What the kinds have in common: names, goals, and steps that several of them take.

use serde_json::{Value, json};

use super::Ask;
use crate::domain::operation::{
    Asks, BackupSeen, Check, CheckResult, Command, DatabaseSeen, Expect, Goal, OPERATION_MARK,
    ObjectRef, Pin, Plan, PodsOf, Query, Seen, Step, Undo, Verb,
};
use crate::domain::{Bytes, Role, Span, Text, Timestamp, Uid};
use crate::operation::Unplanned;

/// How long one look may take that changes nothing.
pub(super) const BRIEF: Span = Span::from_secs(60);
/// So far the clock of this machine may be ahead of the bucket's. The key of a backup holds its moment, so an older one
/// has another key.
const ASTRAY: Span = Span::from_secs(24 * 60 * 60);
/// How long a backup of one tenant may take.
const BACKUP_LIMIT: Span = Span::from_secs(60 * 60);

/// A tenant as the cluster has it.
pub(super) struct Client<'a> {
    pub(super) name: &'a Text,
    pub(super) what: ObjectRef,
    pub(super) object: &'a Value,
    pub(super) uid: Uid,
    pub(super) tier: Text,
    pub(super) version: Text,
}

/// A text of what is built.
pub(super) fn say(text: &str) -> Text {
    Text::bounded(text, 1024)
}

/// Reads `30m`, `2h`, `1d`.
pub(super) fn span(text: &str) -> Option<Span> {
    let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 60 * 60,
        "d" => 24 * 60 * 60,
        _ => return None,
    };
    let number: u64 = number.parse().ok().filter(|number| *number > 0)?;
    Some(Span::from_secs(number.checked_mul(seconds)?))
}

impl<'a> Ask<'a> {
    /// Asks, and gives the answer when it is known.
    pub(super) fn look(&self, query: &Query) -> Result<&'a Seen, Unplanned> {
        self.evidence.ask(query)
    }

    /// An object of the platform's own kinds.
    pub(super) fn own(&self, kind: &str, name: &str) -> ObjectRef {
        ObjectRef {
            group: self.shape.group.clone(),
            kind: say(kind),
            namespace: None,
            name: say(name),
        }
    }

    /// The name of what this operation makes for `tenant`: it holds the operation's id.
    pub(super) fn name_of(&self, tenant: &str, what: &str) -> Text {
        say(&format!("{tenant}-{what}-{}", self.request.id))
    }

    /// The tenant that is asked about.
    pub(super) fn client(&self) -> Result<Client<'a>, Unplanned> {
        let name = self.request.need("tenant")?;
        let what = self.own("PLANAClient", name.as_str());
        let Seen::Object(object) = self.look(&Query::Object(what.clone()))? else {
            let why = format!("There is no tenant {name}: no PLANAClient has that name.");
            return Err(Unplanned::refused(&why));
        };
        let text = |pointer| object.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
        Ok(Client {
            name,
            what,
            object,
            uid: Uid(say(text("/metadata/uid"))),
            tier: say(text("/spec/tier")),
            version: say(text("/spec/odooVersion")),
        })
    }

    /// The database `name`, which must be there.
    pub(super) fn database(&self, name: &Text) -> Result<&'a DatabaseSeen, Unplanned> {
        match self.look(&Query::Database { name: name.clone() })? {
            Seen::Database(database) => Ok(database),
            _ => Err(Unplanned::refused(&format!("There is no database {name} on pg01."))),
        }
    }

    /// Fills in the template `name`, with what every template can use.
    pub(super) fn manifest(&self, name: &str, mut values: Value) -> Result<Value, Unplanned> {
        let id = &self.request.id;
        let version = format!("{}/{}", self.shape.group, self.shape.version);
        if let Value::Object(values) = &mut values {
            values.insert("api_version".to_owned(), json!(version));
            let label = "app.kubernetes.io/created-by";
            values.insert("labels".to_owned(), json!({ label: "pulse-console" }));
            let by = "console.planapulse.com/requested-by";
            let marks = json!({ OPERATION_MARK: id, by: self.request.by });
            values.insert("annotations".to_owned(), marks);
        }
        let filled = self.manifests.fill(name, values);
        filled.map_err(|error| Unplanned::refused(&error.to_string()))
    }

    /// Has the cluster say what it would make of `manifest`; its refusal is a precondition that does not hold.
    pub(super) fn dry_run(&self, what: &ObjectRef, manifest: &Value) -> Result<Check, Unplanned> {
        let query = Query::DryRun { what: what.clone(), manifest: manifest.clone() };
        Ok(match self.look(&query)? {
            Seen::Refused(why) => {
                bad(&format!("the cluster would not take the {}: {why}", what.kind))
            }
            _ => good(&format!("the cluster would take the {}", what.kind)),
        })
    }

    /// A plan with nothing in it yet.
    pub(super) fn plan(&self, scope: &str, asks: Asks) -> Plan {
        let verb = self.request.verb;
        Plan {
            id: self.request.id.clone(),
            verb,
            scope: say(scope),
            tenant: None,
            title: Text::default(),
            damage: Text::default(),
            by: self.request.by.clone(),
            at: self.request.at,
            asks,
            role: if asks >= Asks::StepUp { Role::Senior } else { Role::Operator },
            word: say(scope),
            pins: Vec::new(),
            checks: Vec::new(),
            notes: Vec::new(),
            steps: Vec::new(),
            no_return: None,
            back: None,
            due: Vec::new(),
        }
    }

    /// A plan about `client`, which is pinned.
    pub(super) fn plan_for(&self, client: &Client<'_>, asks: Asks) -> Plan {
        let spec = client.object.get("spec").cloned().unwrap_or_default();
        let unchanged = Expect::Unchanged { uid: client.uid.clone(), spec };
        let goal = Goal::new(Query::Object(client.what.clone()), unchanged);
        Plan {
            tenant: Some(client.name.clone()),
            pins: vec![pin("the tenant", goal)],
            ..self.plan(client.name.as_str(), asks)
        }
    }

    /// The step that takes a backup of `client` now, below `insurance/`, and the step that looks at what it wrote.
    pub(super) fn insurance(&self, client: &Client<'_>) -> Result<[Step; 2], Unplanned> {
        let (tenant, namespace) = (client.name.as_str(), self.shape.jobs.clone());
        let cron = ObjectRef {
            group: Text::from("batch"),
            kind: Text::from("CronJob"),
            namespace: Some(namespace.clone()),
            name: self.shape.backup_job_of(tenant),
        };
        let Seen::Object(found) = self.look(&Query::Object(cron.clone()))? else {
            let why = format!(
                "The backup Job of {tenant} is not known: there is no {cron}. Set operations.backup_job to its name."
            );
            return Err(Unplanned::refused(&why));
        };
        let key = self.insurance_key(tenant);
        let mut spec = found.pointer("/spec/jobTemplate/spec").cloned().unwrap_or_default();
        tell_key(&mut spec, key.as_str());
        let name = self.name_of(tenant, "insurance");
        let values = json!({ "name": name, "namespace": namespace, "spec": spec });
        let manifest = self.manifest("backup", values)?;
        let what = ObjectRef {
            group: Text::from("batch"),
            kind: Text::from("Job"),
            namespace: Some(namespace.clone()),
            name: name.clone(),
        };
        let taken = Step {
            name: say(&format!("take an insurance backup of {tenant}")),
            begun: Some(Goal::new(Query::Object(what.clone()), Expect::Present)),
            settled: Goal::new(Query::Object(what.clone()), Expect::JobDone),
            act: Some(Command::Apply { what, manifest }),
            limit: BACKUP_LIMIT,
            undo: None,
            log: Some(PodsOf { namespace, label: (Text::from("job-name"), name) }),
        };
        let written = Expect::Written { after: self.request.at.before(ASTRAY), least: 64 };
        let looked = look(
            "see that the insurance backup is in the bucket",
            Query::Backup { key },
            written,
            BRIEF,
        );
        Ok([taken, looked])
    }

    /// The key of the insurance backup that this operation takes of `tenant`.
    pub(super) fn insurance_key(&self, tenant: &str) -> Text {
        let stamp = self.request.at.utc().format("%Y%m%dT%H%M%S");
        say(&format!("{tenant}/insurance/backup-{stamp}.dump.gz"))
    }
}

/// Tells every container of the Job `spec` under which key to write.
fn tell_key(spec: &mut Value, key: &str) {
    let containers = spec.pointer_mut("/template/spec/containers").and_then(Value::as_array_mut);
    for container in containers.into_iter().flatten() {
        let Value::Object(container) = container else { continue };
        let variables = container.entry("env").or_insert_with(|| json!([]));
        if let Value::Array(variables) = variables {
            variables.retain(|one| one.get("name").and_then(Value::as_str) != Some("BACKUP_KEY"));
            variables.push(json!({ "name": "BACKUP_KEY", "value": key }));
        }
    }
}

/// A fact that the plan is made from.
pub(super) fn pin(what: &str, goal: Goal) -> Pin {
    Pin { what: say(what), goal }
}

/// A precondition that holds.
pub(super) fn good(what: &str) -> Check {
    Check { what: say(what), result: CheckResult::Good }
}

/// One that the operator must judge.
pub(super) fn doubtful(what: &str) -> Check {
    Check { what: say(what), result: CheckResult::Doubtful }
}

/// One that does not hold.
pub(super) fn bad(what: &str) -> Check {
    Check { what: say(what), result: CheckResult::Bad }
}

/// `what` holds, or it does not.
pub(super) fn check(holds: bool, what: &str, what_not: &str) -> Check {
    if holds { good(what) } else { bad(what_not) }
}

/// A step that changes nothing: it waits until something is so.
pub(super) fn look(name: &str, query: Query, expect: Expect, limit: Span) -> Step {
    Step {
        name: say(name),
        act: None,
        begun: None,
        settled: Goal::new(query, expect),
        limit,
        undo: None,
        log: None,
    }
}

/// The step that looks, before anybody is held up, whether everybody who is in `database` can be put out.
pub(super) fn can_end(database: &Text) -> Step {
    let end = Command::EndSessions { database: database.clone() };
    let query = Query::Rights(Box::new(end));
    look("see that nobody is connected who can't be put out", query, Expect::Allowed, BRIEF)
}

/// A step that makes a change which is seen by its goal.
pub(super) fn act(name: &str, act: Command, query: Query, expect: Expect, limit: Span) -> Step {
    Step { act: Some(act), ..look(name, query, expect, limit) }
}

impl Step {
    /// The same, taken back by `act`, which is seen by its goal.
    pub(super) fn undone_by(self, act: Command, query: Query, expect: Expect) -> Self {
        Self { undo: Some(Undo { act, settled: Goal::new(query, expect) }), ..self }
    }
}

/// A moment as people write it.
pub(super) fn moment(at: Timestamp) -> String {
    at.utc().format("%Y-%m-%d %H:%M UTC").to_string()
}

/// A number of bytes in words.
pub(super) fn bytes(bytes: u64) -> String {
    Bytes(bytes).to_string()
}

/// `1 person`, `3 people`.
pub(super) fn people(count: u32) -> String {
    match count {
        0 => "nobody is connected".to_owned(),
        1 => "1 session is connected".to_owned(),
        n => format!("{n} sessions are connected"),
    }
}

/// The backup that the operator means: a key, a stamp, or `latest`.
pub(super) fn chosen_backup<'a>(
    ask: &Ask<'a>,
    tenant: &str,
) -> Result<(&'a BackupSeen, Option<&'a BackupSeen>), Unplanned> {
    let wanted = ask.request.need("backup")?.as_str();
    let listing = Query::Backups { prefix: say(&format!("{tenant}/")) };
    let Seen::Backups(all) = ask.look(&listing)? else {
        return Err(Unplanned::refused(&format!("There is no backup of {tenant}.")));
    };
    let is_dump = |key: &str| key.contains("backup-") && key.contains(".dump");
    let mut dumps = all.iter().filter(|one| is_dump(one.key.as_str()));
    let dump = if wanted == "latest" {
        dumps.filter(|one| !one.key.as_str().contains("/insurance/")).max_by_key(|one| one.modified)
    } else {
        dumps.find(|one| {
            one.key == wanted || (wanted.len() >= 8 && one.key.as_str().contains(wanted))
        })
    };
    let dump = dump.ok_or_else(|| {
        Unplanned::refused(&format!("There is no backup {wanted} of {tenant} in the bucket."))
    })?;
    let twin = dump.key.as_str().replace("backup-", "filestore-").replace(".dump.", ".tar.");
    // The listing tells neither the tag nor the first bytes.
    let Seen::Backup(looked) = ask.look(&Query::Backup { key: dump.key.clone() })? else {
        return Err(Unplanned::refused(&format!("The backup {} is gone.", dump.key)));
    };
    Ok((looked, all.iter().find(|one| one.key == *twin)))
}

/// The plan as the profile's rules want it.
pub(super) fn guarded(ask: &Ask<'_>, mut plan: Plan) -> Result<Plan, Unplanned> {
    let tenant = plan.tenant.clone().unwrap_or_default();
    let tier = match ask.own("PLANAClient", tenant.as_str()) {
        what if !tenant.is_empty() && plan.verb != Verb::Provision => {
            match ask.look(&Query::Object(what))? {
                Seen::Object(object) => {
                    say(object.pointer("/spec/tier").and_then(Value::as_str).unwrap_or_default())
                }
                _ => Text::default(),
            }
        }
        _ => say(ask.request.get("tier")),
    };
    let careful = ask.shape.careful(plan.verb, tenant.as_str(), tier.as_str(), plan.asks);
    plan.asks = careful.map_err(|why| {
        Unplanned::refused(&format!("This profile does not let you {}: {why}", plan.verb.what()))
    })?;
    if plan.asks == Asks::SecondPerson && !ask.shape.can_step_up {
        plan.checks.push(bad(
            "a second person must approve of it, and where nobody signs in nobody can be told from another: set \
             identity.issuer, or take the rule out of operations.guards",
        ));
    }
    Ok(plan)
}
