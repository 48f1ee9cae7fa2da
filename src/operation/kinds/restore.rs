//! Restores of a backup: beside the live database, and over it.

use serde_json::{Value, json};

use super::Ask;
use super::parts::{
    BRIEF, Client, act, bad, bytes, can_end, check, chosen_backup, doubtful, good, look, moment,
    people, pin, say,
};
use crate::domain::operation::{
    Asks, BackupSeen, Check, Command, ContentsSeen, DatabaseSeen, Expect, Goal, Plan, PodsOf,
    Query, Seen, Step, Undo, WayBack, Which,
};
use crate::domain::{Span, Text};
use crate::operation::Unplanned;

/// How long a restore may take.
const RESTORE_LIMIT: Span = Span::from_secs(3 * 60 * 60);
/// How long a tenant may take to answer again.
pub(super) const HEALTH_LIMIT: Span = Span::from_secs(5 * 60);
/// A dump is packed: the database that comes of it is about so many times as large.
const UNPACKED: u64 = 6;
/// A dump smaller than this holds no database of Odoo.
const LEAST: u64 = 1024;

/// What a restore is made from.
pub(super) struct Source<'a> {
    pub(super) client: Client<'a>,
    pub(super) host: Text,
    pub(super) live: &'a DatabaseSeen,
    pub(super) contents: Option<&'a ContentsSeen>,
    pub(super) dump: &'a BackupSeen,
    /// The key of the files that belong to the dump, where they are restored too.
    pub(super) files: Option<&'a Text>,
}

/// Looks at everything that a restore is made from.
pub(super) fn source<'a>(ask: &Ask<'a>) -> Result<Source<'a>, Unplanned> {
    let client = ask.client()?;
    let host = ask.shape.host_of(client.name.as_str());
    let live = ask.database(&host)?;
    let contents = match ask.look(&Query::Contents { database: host.clone() })? {
        Seen::Contents(contents) => Some(contents),
        _ => None,
    };
    let (dump, twin) = chosen_backup(ask, client.name.as_str())?;
    let files = twin.filter(|_| ask.request.get("filestore") != "no").map(|twin| &twin.key);
    Ok(Source { client, host, live, contents, dump, files })
}

impl Source<'_> {
    /// What a restore loses.
    pub(super) fn loss(&self, ask: &Ask<'_>) -> String {
        let age = ask.request.at.since(self.dump.modified);
        format!("everything written after {} ({age})", moment(self.dump.modified))
    }

    /// The facts that a restore goes by.
    pub(super) fn pin(&self, plan: &mut Plan) {
        let BackupSeen { key, etag, bytes, .. } = self.dump;
        let tagged = Expect::Tagged { etag: etag.clone(), bytes: *bytes };
        plan.pins.push(pin("the backup", Goal::new(Query::Backup { key: key.clone() }, tagged)));
        let live = Query::Database { name: self.host.clone() };
        plan.pins.push(pin("the live database", Goal::new(live, Expect::Oid(self.live.oid))));
    }

    /// The preconditions of a restore.
    pub(super) fn checks(&self, ask: &Ask<'_>) -> Result<Vec<Check>, Unplanned> {
        let mut checks = vec![self.looks_like_a_dump(), self.room(ask)?];
        let named = self.dump.key.as_str().starts_with(&format!("{}/", self.client.name));
        checks.push(check(
            named,
            "the backup lies in the tenant's own folder",
            "the backup lies in the folder of another tenant",
        ));
        checks.push(match (self.files, ask.request.get("filestore")) {
            (Some(key), _) => good(&format!("its files are restored too: {key}")),
            (None, "no") => doubtful("files are not restored: what is attached may not fit"),
            (None, _) => {
                doubtful("there are no files with this backup: only the database comes back")
            }
        });
        Ok(checks)
    }

    /// Whether the first bytes are those of a packed dump. What is encrypted can't be told.
    fn looks_like_a_dump(&self) -> Check {
        let size = bytes(self.dump.bytes);
        if self.dump.bytes < LEAST {
            return bad(&format!("the backup has {size} only: that is no database"));
        }
        match self.dump.head.as_deref() {
            Some([0x1f, 0x8b, ..]) => good(&format!("the backup is packed with gzip, {size}")),
            Some([b'P', b'G', b'D', b'M', b'P', ..]) => {
                good(&format!("the backup is a dump, {size}"))
            }
            Some([b'a', b'g', b'e', b'-', ..]) => {
                good(&format!("the backup is encrypted with age, {size}"))
            }
            Some(_) => bad(
                "the backup is neither packed nor a dump: its first bytes are of something else",
            ),
            None => doubtful(&format!("the backup has {size}; its first bytes can't be read")),
        }
    }

    /// Whether pg01 has room for another database.
    fn room(&self, ask: &Ask<'_>) -> Result<Check, Unplanned> {
        // The larger of what the dump may become and what the live one is.
        let wanted = self.dump.bytes.saturating_mul(UNPACKED).max(self.live.bytes);
        Ok(match ask.look(&Query::DatabaseServer)? {
            Seen::Server { free: Some(free), .. } => check(
                *free > wanted.saturating_add(wanted / 4),
                &format!("pg01 has {} free; about {} are needed", bytes(*free), bytes(wanted)),
                &format!(
                    "pg01 has {} free, and about {} are needed: make room first",
                    bytes(*free),
                    bytes(wanted)
                ),
            ),
            _ => doubtful(&format!(
                "nobody knows how much room pg01 has; about {} are needed",
                bytes(wanted)
            )),
        })
    }

    /// The manifest of the restore into `database`, a run of this name and mode.
    pub(super) fn manifest(
        &self,
        ask: &Ask<'_>,
        (run, mode): (&str, &str),
        database: &Text,
    ) -> Result<(crate::domain::operation::ObjectRef, Value), Unplanned> {
        let what =
            ask.own("EnvironmentRestore", ask.name_of(self.client.name.as_str(), run).as_str());
        let values = json!({
            "name": what.name,
            "tenant": self.client.name,
            "mode": mode,
            "backup": self.dump.key,
            "filestore": self.files,
            "database": database,
        });
        let manifest = ask.manifest("environmentrestore", values)?;
        Ok((what, manifest))
    }

    /// The steps that restore the backup into a new `database`, and look at what came of it. Taken back, the database
    /// goes again.
    pub(super) fn beside(
        &self,
        ask: &Ask<'_>,
        plan: &mut Plan,
        (run, database): (&str, &Text),
    ) -> Result<(), Unplanned> {
        let (what, manifest) = self.manifest(ask, (run, "side-by-side"), database)?;
        plan.checks.push(ask.dry_run(&what, &manifest)?);
        let new = Query::Database { name: database.clone() };
        plan.pins.push(pin("the name of the new database", Goal::new(new.clone(), Expect::Absent)));
        let dropped = Command::DropDatabase { name: database.clone(), oid: None };
        // Before the restore, so that on the way back the database goes after the run that may have made it, even where
        // nobody saw it yet.
        let free = look(
            "see that the name of the new database is free",
            new.clone(),
            Expect::Absent,
            BRIEF,
        );
        plan.steps.push(free.undone_by(dropped, new.clone(), Expect::Absent));
        plan.steps.push(restore_step(
            ask,
            what,
            manifest,
            &format!("restore the backup into {database}"),
        ));
        plan.steps.push(look("see the new database on pg01", new, Expect::Present, HEALTH_LIMIT));
        plan.steps.push(look(
            "compare the copy with what the live database holds",
            Query::Contents { database: database.clone() },
            Expect::Holds(self.least()),
            HEALTH_LIMIT,
        ));
        Ok(())
    }

    /// What a copy must hold at least: some of it may have been made after the backup.
    fn least(&self) -> ContentsSeen {
        let some = |count: u32| count - count / 5;
        let known = self.contents;
        ContentsSeen {
            tables: known.map_or(1, |it| some(it.tables).max(1)),
            modules: known.and_then(|it| it.modules).map(some),
            users: known.and_then(|it| it.users).map(|users| users.min(1)),
            last_write: None,
            uuid: known.and_then(|it| it.uuid.clone()),
        }
    }

    /// What is connected and how large it is.
    pub(super) fn size(&self) -> String {
        format!("{}, {}", people(self.live.sessions), bytes(self.live.bytes))
    }
}

/// The step that applies a restore run, and waits for it.
pub(super) fn restore_step(
    ask: &Ask<'_>,
    what: crate::domain::operation::ObjectRef,
    manifest: Value,
    name: &str,
) -> Step {
    let is = Query::Object(what.clone());
    let delete =
        Command::Delete { what: what.clone(), which: Which::MadeBy(ask.request.id.clone()) };
    Step {
        name: say(name),
        act: Some(Command::Apply { what: what.clone(), manifest }),
        begun: Some(Goal::new(is.clone(), Expect::Present)),
        settled: Goal::new(is.clone(), Expect::Ready),
        limit: RESTORE_LIMIT,
        undo: Some(Undo { act: delete, settled: Goal::new(is, Expect::Absent) }),
        log: Some(PodsOf {
            namespace: ask.shape.jobs.clone(),
            label: (say("environmentrestore"), what.name),
        }),
    }
}

/// Restores a backup beside the live database.
pub(super) fn beside(ask: &Ask<'_>) -> Result<Plan, Unplanned> {
    let source = source(ask)?;
    let database = ask.shape.host_of(ask.name_of(source.client.name.as_str(), "copy").as_str());
    let mut plan = ask.plan_for(&source.client, Asks::Yes);
    plan.title = say(&format!("Restore {} beside {}", source.dump.key, source.host));
    plan.damage = say(&format!(
        "Nothing of {} is touched: a copy of {} comes into {database}.",
        source.client.name,
        moment(source.dump.modified)
    ));
    source.pin(&mut plan);
    plan.checks = source.checks(ask)?;
    source.beside(ask, &mut plan, ("restore", &database))?;
    plan.back = Some(WayBack {
        from: plan.steps.len(),
        damage: say(&format!("{database} is dropped, with everything that was written in it.")),
        asks: Asks::Typed,
        pins: Vec::new(),
    });
    Ok(plan)
}

/// The steps that restore the backup into a copy which is dropped again: whether a dump can be read, and is the tenant's, is
/// found out while everybody works on.
fn rehearse(ask: &Ask<'_>, source: &Source<'_>, plan: &mut Plan) -> Result<(), Unplanned> {
    let copy = ask.shape.host_of(ask.name_of(source.client.name.as_str(), "copy").as_str());
    plan.notes.push(say(
        "The backup is restored into a copy first, which is dropped again: only one that is sound goes over what is there.",
    ));
    source.beside(ask, plan, ("rehearsal", &copy))?;
    let dropped = Command::DropDatabase { name: copy.clone(), oid: None };
    let is = Query::Database { name: copy };
    plan.steps.push(act("drop the copy again", dropped, is, Expect::Absent, HEALTH_LIMIT));
    Ok(())
}

/// Restores a backup over the live database.
pub(super) fn in_place(ask: &Ask<'_>) -> Result<Plan, Unplanned> {
    let source = source(ask)?;
    let accepted = ask.request.need("accepted-by")?;
    let (name, host) = (source.client.name, source.host.clone());
    let mut plan = ask.plan_for(&source.client, Asks::StepUp);
    plan.title = say(&format!(
        "Put {name} back to {}, over what is there now",
        moment(source.dump.modified)
    ));
    plan.damage = say(&format!("{name}: {}; {} is lost.", source.size(), source.loss(ask)));
    plan.notes.push(say(&format!("Accepted by the customer: {accepted}")));
    plan.notes.push(say(
        "A restore with swap keeps what is there now, and can be taken back: prefer it.",
    ));
    source.pin(&mut plan);
    plan.checks = source.checks(ask)?;
    let (what, manifest) = source.manifest(ask, ("restore", "in-place"), &host)?;
    plan.checks.push(ask.dry_run(&what, &manifest)?);
    plan.steps.extend(ask.insurance(&source.client)?);
    rehearse(ask, &source, &mut plan)?;
    plan.steps.push(can_end(&host));
    let pool = Query::Pool { database: host.clone() };
    let pause = Command::PausePool { database: host.clone() };
    let resume = Command::ResumePool { database: host.clone() };
    plan.steps.push(
        act(
            "hold new work back in the pool",
            pause,
            pool.clone(),
            Expect::Paused(true),
            HEALTH_LIMIT,
        )
        .undone_by(resume.clone(), pool.clone(), Expect::Paused(false)),
    );
    let end = Command::EndSessions { database: host.clone() };
    let live = Query::Database { name: host.clone() };
    plan.steps.push(act("end what is connected", end, live, Expect::NoSessions, HEALTH_LIMIT));
    plan.no_return = Some(plan.steps.len());
    let mut step = restore_step(ask, what, manifest, &format!("restore the backup over {host}"));
    step.undo = None;
    plan.steps.push(step);
    plan.steps.push(act("let the pool go on", resume, pool, Expect::Paused(false), HEALTH_LIMIT));
    plan.steps.push(look(
        "see that the tenant answers",
        Query::Health { host },
        Expect::Well,
        HEALTH_LIMIT,
    ));
    plan.due.push(crate::domain::operation::Due {
        what: say(&format!("the insurance backup {} may go", ask.insurance_key(name.as_str()))),
        at: ask.request.at.after(ask.shape.floor),
    });
    Ok(plan)
}
