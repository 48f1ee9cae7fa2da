//! Objects made by hand, written as a recording has them.

use pulse_console::domain::backup::{Rules, ShelfBuilder};
use pulse_console::domain::{Object, Span, Timestamp};
use serde_json::{Map, Value, json};

/// The time at which the tests play.
pub(crate) fn now() -> Timestamp {
    Timestamp::parse("2026-11-21T01:00:00Z").expect("a time")
}

/// So many seconds before [`now`].
pub(crate) fn ago(secs: u64) -> i64 {
    now().before(Span::from_secs(secs)).ms()
}

/// An object of the type called `kind`: `base` with the fields of `with` in place.
fn object(kind: &str, base: Value, with: Value) -> Object {
    let (Value::Object(mut fields), Value::Object(with)) = (base, with) else {
        panic!("{kind}: not an object")
    };
    fields.extend(with);
    let tagged: Map<String, Value> =
        [(kind.to_owned(), Value::Object(fields))].into_iter().collect();
    serde_json::from_value(Value::Object(tagged)).unwrap_or_else(|error| panic!("{kind}: {error}"))
}

fn meta(name: &str, created: Option<i64>) -> Value {
    json!({ "name": name, "namespace": null, "uid": format!("uid-{name}"), "version": "1",
        "created": created, "deleting": null })
}

/// A condition as the cluster has it, since a minute.
pub(crate) fn condition(name: &str, status: &str, reason: &str) -> Value {
    json!({ "name": name, "status": status, "reason": reason, "message": "", "since": ago(60) })
}

fn resource(name: &str, spec: Value, with: Value) -> Object {
    let base = json!({ "meta": meta(name, Some(ago(86_400 * 30))), "composed": [], "spec": spec,
        "conditions": [condition("Synced", "True", "ReconcileSuccess"),
            condition("Ready", "True", "Available")] });
    object("resource", base, with)
}

/// A tenant.
pub(crate) fn tenant(name: &str, tier: &str, with: Value) -> Object {
    let spec = json!({ "Client": { "subdomain": name, "project": 7, "tier": tier, "odoo_version": "18",
        "owner_email": "ops@example.com", "owner_name": "Owner" } });
    resource(name, spec, with)
}

/// An upgrade of `tenant`.
pub(crate) fn upgrade(name: &str, tenant: &str, with: Value) -> Object {
    let spec = json!({ "Upgrade": { "tenant": tenant, "from": "18", "to": "18",
        "strategy": "same-major", "modules": "all" } });
    resource(name, spec, with)
}

/// The database of `tenant`.
pub(crate) fn database(tenant: &str, with: Value) -> Object {
    let base = json!({ "uid": format!("db-{tenant}"), "name": format!("{tenant}.planapulse.app"),
        "class": "tenant", "tenant": tenant, "owner": "plana", "open": true,
        "size": { "bytes": 2_147_483_648_u64, "at": ago(300) },
        "connections": { "active": 1, "idle": 2, "in_transaction": 0, "other": 0 },
        "figures": { "commits": 1, "rollbacks": 0, "commits_per_minute": null, "hit_permille": 991,
            "deadlocks": 0, "temp_files": 0, "temp_bytes": 0 },
        "oldest_transaction": null, "vacuumed": null, "frozen_age": 1_000,
        "blocked": 0, "deadlock_seen": null });
    object("database", base, with)
}

/// A session of the process `pid` on the database of `tenant`.
pub(crate) fn session(pid: u32, tenant: &str, with: Value) -> Object {
    let base = json!({ "uid": format!("s-{pid}"), "pid": pid,
        "database": format!("{tenant}.planapulse.app"), "tenant": tenant, "user": "odoo",
        "application": "", "client": "10.0.0.1", "state": "active", "wait": null, "connected": null,
        "transaction": null, "statement_at": ago(20), "since": null, "statement": "UPDATE x",
        "blocked_by": [], "blocks": 0 });
    object("session", base, with)
}

/// The PostgreSQL server.
pub(crate) fn database_server(with: Value) -> Object {
    let base = json!({ "uid": "pg01", "version": "16", "started": null, "connections": 40,
        "connections_max": 200, "reserved": 3, "standby": false, "wal_per_minute": null,
        "wal_bytes": null, "disk": null, "replicas": [], "hidden": [], "blocked": 0,
        "cost": { "asked": 0, "took": 0, "every": 0 } });
    object("database-server", base, with)
}

/// The pool of `tenant`.
pub(crate) fn pool(tenant: &str, with: Value) -> Object {
    let base = json!({ "uid": format!("pool-{tenant}"), "database": format!("{tenant}.planapulse.app"),
        "tenant": tenant, "user": "odoo", "clients_active": 3, "clients_waiting": 0,
        "servers_active": 1, "servers_idle": 2, "servers_other": 0, "longest_wait": 0,
        "mode": "transaction", "paused": false, "size": 20, "queries_per_second": null,
        "query_time": null, "wait_time": null });
    object("pool", base, with)
}

/// The stream of events with one group.
pub(crate) fn stream(group: Value) -> Object {
    let mut fields = json!({ "name": "portal", "delivered": { "ms": 1, "seq": 0 }, "lag": 0,
        "pending": 0, "oldest_pending": null, "consumers": [], "members": 1 });
    if let (Some(fields), Value::Object(group)) = (fields.as_object_mut(), group) {
        fields.extend(group);
    }
    let base = json!({ "uid": "PLANA:events", "key": "PLANA:events", "tenant": null, "length": 50_000,
        "bytes": null, "first": null, "last": null, "added": 1, "per_minute": null,
        "groups": [fields], "health": "healthy", "why": "" });
    object("stream-info", base, json!({}))
}

/// The server of streams.
pub(crate) fn stream_server(with: Value) -> Object {
    let base = json!({ "uid": "valkey", "version": "8", "run": "a", "started": ago(86_400),
        "memory": 10, "memory_max": 100, "clients": 1, "clients_blocked": 0, "evicted": 0, "keys": 1,
        "commands_per_second": 1, "persistent": false, "slow": [], "hidden": [], "restarted": null,
        "policy": "noeviction", "cost": { "asked": 0, "took": 0, "every": 0 } });
    object("stream-server", base, with)
}

/// An alert on `tenant`.
pub(crate) fn alert(uid: &str, tenant: &str, with: Value) -> Object {
    let base = json!({ "uid": uid, "name": "TenantOdooDown", "severity": "critical", "tenant": tenant,
        "state": "firing", "since": ago(720), "updated": ago(5), "ends": null, "labels": [],
        "annotations": [["summary", "Odoo does not answer"]], "silenced_by": [],
        "inhibited_by": [], "receivers": [], "source": "" });
    object("alert", base, with)
}

/// Somebody looks after the alert `uid`.
pub(crate) fn ack(uid: &str, until: Option<i64>) -> Object {
    let base = json!({ "uid": uid, "by": "mira", "at": ago(300), "until": until, "note": "" });
    object("ack", base, json!({}))
}

/// An object of the cluster.
pub(crate) fn cluster(kind: &str, name: &str, with: Value) -> Object {
    let base = json!({ "meta": meta(name, None), "kind": kind, "health": "healthy", "state": "",
        "message": "", "tenant": null, "run": null, "owner": null, "flux": null, "ready": null,
        "restarts": 0, "at": null, "fields": [], "conditions": [] });
    object("cluster-object", base, with)
}

/// What a probe found of the address of `tenant`.
pub(crate) fn probe(tenant: &str, with: Value) -> Object {
    let base = json!({ "uid": format!("probe-{tenant}"),
        "target": format!("https://{tenant}.planapulse.app/web/health"), "tenant": tenant,
        "up": true, "status": 200, "took": 84, "at": ago(10), "job": null, "certificate_until": null });
    object("probe", base, with)
}

/// A figure of Prometheus.
pub(crate) fn series(uid: &str, points: &[i64]) -> Object {
    let points: Vec<Value> = points.iter().map(|value| json!([ago(60), value])).collect();
    let base = json!({ "uid": uid, "what": uid, "tenant": null, "points": points, "unit": "count",
        "rank": 0, "trouble": null });
    object("series", base, json!({}))
}

/// A call of a tool by an agent.
pub(crate) fn execution(tenant: &str) -> Object {
    let base = json!({ "uid": format!("{tenant}/1-0"), "workspace": tenant, "at": ago(900),
        "agent": "finance", "tool": "register_payment", "status": "would_execute", "shadow": true,
        "took": null, "detail": "" });
    object("execution", base, json!({}))
}

/// The backups of `tenant`: a dump with its filestore each night, the newest so many hours old.
pub(crate) fn shelf(tenant: &str, newest_hours: u64) -> Object {
    let mut builder = ShelfBuilder::new(tenant, Rules::default().drift);
    for night in 0..10 {
        let at = now().before(Span::from_secs((newest_hours + night * 24) * 3_600));
        let stamp = at.utc().format("%Y%m%dT%H%M%S");
        builder.add(&format!("{tenant}/backup-{stamp}.dump.gz"), 1_073_741_824, at);
        builder.add(&format!("{tenant}/filestore-{stamp}.tar.gz"), 3_221_225_472, at);
    }
    Object::from(builder.build())
}

/// The same, with an insurance backup so many hours old.
pub(crate) fn insured(tenant: &str, hours: u64) -> Object {
    let mut builder = ShelfBuilder::new(tenant, Rules::default().drift);
    for (folder, hours) in [("", 3), ("insurance/", hours)] {
        let at = now().before(Span::from_secs(hours * 3_600));
        let stamp = at.utc().format("%Y%m%dT%H%M%S");
        builder.add(&format!("{tenant}/{folder}backup-{stamp}.dump.gz"), 7, at);
        builder.add(&format!("{tenant}/{folder}filestore-{stamp}.tar.gz"), 7, at);
    }
    Object::from(builder.build())
}
