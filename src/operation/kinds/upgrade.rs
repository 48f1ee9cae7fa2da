//! Upgrades: new code on the same major, and another major.

use serde_json::{Value, json};

use super::Ask;
use super::parts::{Client, bad, bytes, doubtful, good, look, pin, say};
use super::restore::HEALTH_LIMIT;
use crate::domain::operation::{
    Asks, Check, Command, Due, Expect, Goal, ObjectRef, Plan, PodsOf, Query, Seen, Step, Which,
};
use crate::domain::{Span, Text, Uid};
use crate::operation::Unplanned;

/// How long an update within a major may take.
const SAME_LIMIT: Span = Span::from_secs(60 * 60);
/// How long an upgrade to another major may take.
const CROSS_LIMIT: Span = Span::from_secs(12 * 60 * 60);
/// How long the workers may take to run the new code.
const ROLLOUT_LIMIT: Span = Span::from_secs(15 * 60);
/// What the Job of an upgrade takes: cores, and bytes of memory.
const JOB: (f64, f64) = (2.0, 4.0 * 1024.0 * 1024.0 * 1024.0);

/// Updates a tenant within its major.
pub(super) fn same(ask: &Ask<'_>) -> Result<Plan, Unplanned> {
    let client = ask.client()?;
    let (name, major) = (client.name, client.version.clone());
    let mut plan = ask.plan_for(&client, Asks::Typed);
    let host = pinned_database(ask, &client, &mut plan)?;
    let namespace = ask.shape.namespace_of(major.as_str());
    let shared = tenants_of(ask, &major)?;
    let restarts = ask.request.get("restart") != "later";
    plan.title = say(&format!("Update {name} within {major} ({})", ask.request.need("modules")?));
    plan.damage = say(&format!(
        "{name} is held up for 2 to 5 minutes{}.",
        if restarts {
            format!("; then the workers of {major} restart, which {shared} tenants share")
        } else {
            "; the workers keep their code until somebody restarts them".to_owned()
        }
    ));
    plan.checks.push(headroom(ask, &namespace)?);
    let run = Run { from: &major, to: &major, strategy: "same-major", limit: SAME_LIMIT };
    steps(ask, &client, &mut plan, &run)?;
    if restarts {
        plan.steps.extend(restart(ask, &namespace, &mut plan.checks)?);
    } else {
        plan.due.push(Due {
            what: say(&format!("restart the workers of {major}")),
            at: ask.request.at,
        });
    }
    plan.steps.push(look(
        "see that the tenant answers",
        Query::Health { host },
        Expect::Well,
        HEALTH_LIMIT,
    ));
    after(ask, &client, &mut plan, ask.shape.soak_same);
    Ok(plan)
}

/// Upgrades a tenant to another major.
pub(super) fn cross(ask: &Ask<'_>) -> Result<Plan, Unplanned> {
    let client = ask.client()?;
    let (name, from) = (client.name, client.version.clone());
    let to = ask.request.need("version")?;
    let place = |version: &Text| ask.shape.versions.iter().position(|known| known == version);
    let mut plan = ask.plan_for(&client, Asks::StepUp);
    plan.checks.push(match (place(&from), place(to)) {
        (Some(from), Some(to)) if to == from + 1 => good("it is the next version"),
        (Some(old), Some(new)) if new > old => {
            bad(&format!("{from} can't go to {to} at once: one version at a time"))
        }
        _ => bad(&format!("{name} has {from}: {to} is not the next version")),
    });
    let host = pinned_database(ask, &client, &mut plan)?;
    let (old, new) = (ask.shape.namespace_of(from.as_str()), ask.shape.namespace_of(to.as_str()));
    plan.title = say(&format!("Upgrade {name} from {from} to {to}"));
    plan.damage = say(&format!(
        "{name} can't be used while it is upgraded, which takes an hour or more; back again means a restore from the insurance backup."
    ));
    plan.notes
        .push(say("Rehearse it first on a copy: restore a backup beside it, and upgrade that."));
    plan.notes.push(say(
        "Its files are carried to the namespace of the new version, and stay in the old one too.",
    ));
    plan.checks.push(headroom(ask, &new)?);
    plan.checks.push(doubtful(
        "whether each module that it uses exists in the new version is known to people only",
    ));
    let run = Run { from: &from, to, strategy: "snapshot-then-upgrade", limit: CROSS_LIMIT };
    steps(ask, &client, &mut plan, &run)?;
    plan.steps.push(carry_files(ask, &client, &host, (&old, &new))?);
    let is = Query::Object(client.what.clone());
    plan.steps.push(Step {
        act: Some(Command::Patch {
            what: client.what.clone(),
            which: Which::Uid(client.uid.clone()),
            patch: json!({ "spec": { "odooVersion": to } }),
        }),
        ..look(
            "serve it from the new version",
            is.clone(),
            Expect::Field { pointer: say("/spec/odooVersion"), value: json!(to) },
            HEALTH_LIMIT,
        )
    });
    plan.steps.push(look("see that it is ready", is, Expect::Ready, ROLLOUT_LIMIT));
    plan.steps.push(look(
        "see that the tenant answers",
        Query::Health { host },
        Expect::Well,
        HEALTH_LIMIT,
    ));
    after(ask, &client, &mut plan, ask.shape.soak_cross);
    Ok(plan)
}

/// One run of an upgrade.
struct Run<'a> {
    from: &'a Text,
    to: &'a Text,
    strategy: &'a str,
    limit: Span,
}

fn pinned_database(ask: &Ask<'_>, client: &Client<'_>, plan: &mut Plan) -> Result<Text, Unplanned> {
    let host = ask.shape.host_of(client.name.as_str());
    let seen = ask.database(&host)?;
    let is = Query::Database { name: host.clone() };
    plan.pins.push(pin("the database", Goal::new(is, Expect::Oid(seen.oid))));
    plan.notes.push(say(&format!("{host} has {}.", bytes(seen.bytes))));
    Ok(host)
}

/// The insurance backup, then the run. From the run on it can't be taken back step by step.
fn steps(
    ask: &Ask<'_>,
    client: &Client<'_>,
    plan: &mut Plan,
    run: &Run<'_>,
) -> Result<(), Unplanned> {
    let what = ask.own("TenantUpgrade", ask.name_of(client.name.as_str(), "upgrade").as_str());
    let modules = ask.request.get("modules");
    let values = json!({
        "name": what.name,
        "tenant": client.name,
        "from": run.from,
        "to": run.to,
        "strategy": run.strategy,
        "modules": if modules.is_empty() { "all" } else { modules },
    });
    let manifest = ask.manifest("tenantupgrade", values)?;
    plan.checks.push(ask.dry_run(&what, &manifest)?);
    plan.steps.extend(ask.insurance(client)?);
    plan.no_return = Some(plan.steps.len());
    let is = Query::Object(what.clone());
    plan.steps.push(Step {
        name: say(&format!("run the upgrade {}", what.name)),
        act: Some(Command::Apply { what: what.clone(), manifest }),
        begun: Some(Goal::new(is.clone(), Expect::Present)),
        settled: Goal::new(is, Expect::Ready),
        limit: run.limit,
        undo: None,
        log: Some(PodsOf {
            namespace: ask.shape.namespace_of(run.to.as_str()),
            label: (say("tenantupgrade"), what.name),
        }),
    });
    Ok(())
}

/// How many tenants have the version `major`.
fn tenants_of(ask: &Ask<'_>, major: &Text) -> Result<usize, Unplanned> {
    let query = Query::Objects {
        group: ask.shape.group.clone(),
        kind: say("PLANAClient"),
        namespace: None,
        label: None,
    };
    let Seen::Objects(all) = ask.look(&query)? else { return Ok(0) };
    let of = |object: &&Value| {
        object.pointer("/spec/odooVersion").and_then(Value::as_str) == Some(major.as_str())
    };
    Ok(all.iter().filter(of).count())
}

/// Whether the quota of `namespace` has room for the Job.
fn headroom(ask: &Ask<'_>, namespace: &Text) -> Result<Check, Unplanned> {
    let query = Query::Objects {
        group: Text::default(),
        kind: say("ResourceQuota"),
        namespace: Some(namespace.clone()),
        label: None,
    };
    let Seen::Objects(quotas) = ask.look(&query)? else {
        return Ok(doubtful(&format!("the quota of {namespace} can't be read")));
    };
    for quota in quotas {
        for (names, wanted) in
            [(["requests.cpu", "limits.cpu"], JOB.0), (["requests.memory", "limits.memory"], JOB.1)]
        {
            for name in names {
                let of = |part: &str| {
                    let map = quota.pointer(&format!("/status/{part}"))?;
                    amount(map.get(name)?.as_str()?)
                };
                if let (Some(hard), Some(used)) = (of("hard"), of("used"))
                    && hard - used < wanted
                {
                    return Ok(bad(&format!(
                        "the quota of {namespace} has no room for the Job: {name} is used up"
                    )));
                }
            }
        }
    }
    Ok(if quotas.is_empty() {
        good(&format!("{namespace} has no quota"))
    } else {
        good(&format!("the quota of {namespace} has room for the Job"))
    })
}

/// Reads a quantity of Kubernetes, such as `500m` or `4Gi`.
fn amount(text: &str) -> Option<f64> {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let factor = match unit {
        "" => 1.0,
        "m" => 1e-3,
        "k" => 1e3,
        "M" => 1e6,
        "G" => 1e9,
        "T" => 1e12,
        "Ki" => 1024.0,
        "Mi" => 1024.0 * 1024.0,
        "Gi" => 1024.0 * 1024.0 * 1024.0,
        "Ti" => 1024.0 * 1024.0 * 1024.0 * 1024.0,
        _ => return None,
    };
    number.parse::<f64>().ok().map(|number| number * factor)
}

/// The steps that have the workers of `namespace` run the new code.
fn restart(
    ask: &Ask<'_>,
    namespace: &Text,
    checks: &mut Vec<Check>,
) -> Result<[Step; 1], Unplanned> {
    let what = ObjectRef {
        group: say("apps"),
        kind: say("Deployment"),
        namespace: Some(namespace.clone()),
        name: ask.shape.worker.clone(),
    };
    let Seen::Object(object) = ask.look(&Query::Object(what.clone()))? else {
        return Err(Unplanned::refused(&format!(
            "There is no {what}: its workers can't be restarted. Choose to restart later."
        )));
    };
    let uid = object.pointer("/metadata/uid").and_then(Value::as_str).unwrap_or_default();
    checks.push(good("restarting changes an annotation of the pods only"));
    let mark = "console.planapulse.com/restarted-for";
    let pointer = say("/spec/template/metadata/annotations/console.planapulse.com~1restarted-for");
    let is = Query::Object(what.clone());
    let begun = Expect::Field { pointer, value: json!(ask.request.id) };
    Ok([Step {
        name: say(&format!("restart {} one by one", what.name)),
        act: Some(Command::Patch {
            what,
            which: Which::Uid(Uid(say(uid))),
            patch: json!({ "spec": { "template": { "metadata": { "annotations": { mark: ask.request.id } } } } }),
        }),
        begun: Some(Goal::new(is.clone(), begun)),
        settled: Goal::new(is, Expect::RolledOut),
        limit: ROLLOUT_LIMIT,
        undo: None,
        log: None,
    }])
}

/// The step that carries the files of the tenant from one namespace to the other.
fn carry_files(
    ask: &Ask<'_>,
    client: &Client<'_>,
    host: &Text,
    (old, new): (&Text, &Text),
) -> Result<Step, Unplanned> {
    let name = ask.name_of(client.name.as_str(), "files");
    let claim = |which: &str| json!({ "name": which, "persistentVolumeClaim": { "claimName": format!("filestore-{which}") } });
    let values = json!({
        "name": name,
        "namespace": new,
        "database": host,
        "image": "busybox:1.37",
        "from_path": "/from",
        "to_path": "/to",
        "source_namespace": old,
        "volumes": [claim("from"), claim("to")],
    });
    let manifest = ask.manifest("filestore", values)?;
    let what = ObjectRef {
        group: say("batch"),
        kind: say("Job"),
        namespace: Some(new.clone()),
        name: name.clone(),
    };
    let is = Query::Object(what.clone());
    Ok(Step {
        name: say("carry its files to the new version"),
        act: Some(Command::Apply { what, manifest }),
        begun: Some(Goal::new(is.clone(), Expect::Present)),
        settled: Goal::new(is, Expect::JobDone),
        limit: CROSS_LIMIT,
        undo: None,
        log: Some(PodsOf { namespace: new.clone(), label: (say("job-name"), name) }),
    })
}

/// What is due after an upgrade.
fn after(ask: &Ask<'_>, client: &Client<'_>, plan: &mut Plan, soak: Span) {
    let at = ask.request.at;
    plan.due
        .push(Due { what: say(&format!("the soak of {} ends", client.name)), at: at.after(soak) });
    plan.due.push(Due {
        what: say(&format!(
            "the insurance backup {} may go",
            ask.insurance_key(client.name.as_str())
        )),
        at: at.after(ask.shape.floor.max(soak)),
    });
}
