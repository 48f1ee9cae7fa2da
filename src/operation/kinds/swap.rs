//! The restore that can be taken back: the copy takes the place of the live database, which is kept.

use super::Ask;
use super::parts::{BRIEF, act, bad, bytes, can_end, good, look, moment, people, pin, say};
use super::restore::{HEALTH_LIMIT, source};
use crate::domain::operation::{
    Asks, Command, Due, Expect, Goal, Oid, Plan, Query, Seen, Step, WayBack,
};
use crate::domain::{Span, Text, Timestamp};
use crate::operation::Unplanned;

/// How the name of a kept database goes on after the tenant's.
const KEPT: &str = "-kept-";
/// How a stamp in a name is written.
const STAMP: &str = "%Y%m%d%H%M";
/// How long work that is under way may take to come to its end.
const PAUSE_LIMIT: Span = Span::from_secs(2 * 60);

/// Puts a tenant back to a backup and keeps what is there now.
pub(super) fn swap(ask: &Ask<'_>) -> Result<Plan, Unplanned> {
    let source = source(ask)?;
    let (name, live) = (source.client.name.clone(), source.host.clone());
    let copy = ask.shape.host_of(ask.name_of(name.as_str(), "copy").as_str());
    let stamp = ask.request.at.utc().format(STAMP);
    let kept = ask.shape.host_of(&format!("{name}{KEPT}{stamp}-{}", ask.request.id));
    let until = ask.request.at.after(ask.shape.floor);
    let mut plan = ask.plan_for(&source.client, Asks::StepUp);
    plan.title = say(&format!(
        "Put {name} back to {}, and keep what is there now",
        moment(source.dump.modified)
    ));
    plan.damage = say(&format!(
        "{name}: {}; its people lose {}. It is kept in {kept} until {}.",
        source.size(),
        source.loss(ask),
        moment(until)
    ));
    plan.notes
        .push(say("Its people see a pause of a few seconds while the databases change places."));
    plan.notes.push(say("It can be taken back as long as the kept database is there."));
    source.pin(&mut plan);
    plan.checks = source.checks(ask)?;
    let is_kept = Query::Database { name: kept.clone() };
    plan.pins.push(pin("the name for what is kept", Goal::new(is_kept, Expect::Absent)));
    plan.steps.extend(ask.insurance(&source.client)?);
    source.beside(ask, &mut plan, ("restore", &copy))?;
    plan.steps.push(can_end(&live));
    plan.steps.extend(exchange(&live, &copy, &kept, source.live.oid));
    plan.back = Some(WayBack {
        from: plan.steps.len(),
        damage: say(&format!(
            "{name}: its people lose everything written since it was put back: {kept} is {live} again, and what {live} is now is dropped."
        )),
        asks: Asks::StepUp,
        pins: vec![pin(
            "the kept database",
            Goal::new(Query::Database { name: kept.clone() }, Expect::Oid(source.live.oid)),
        )],
    });
    plan.steps.push(look(
        "see that the tenant answers",
        Query::Health { host: live },
        Expect::Well,
        HEALTH_LIMIT,
    ));
    plan.due.push(Due { what: say(&format!("{kept} may be dropped")), at: until });
    Ok(plan)
}

/// The steps by which `copy` takes the place of `live`, which is called `kept` from then on. Each is taken back by its
/// opposite, in the opposite order.
fn exchange(live: &Text, copy: &Text, kept: &Text, oid: Oid) -> [Step; 7] {
    let pool = || Query::Pool { database: live.clone() };
    let database = |name: &Text| Query::Database { name: name.clone() };
    let pause = || Command::PausePool { database: live.clone() };
    let resume = || Command::ResumePool { database: live.clone() };
    let allow = |allow| Command::AllowConnections { database: live.clone(), allow };
    let end = || Command::EndSessions { database: live.clone() };
    let rename = |from: &Text, to: &Text, oid| Command::RenameDatabase {
        from: from.clone(),
        to: to.clone(),
        oid,
    };
    [
        act("hold new work back in the pool", pause(), pool(), Expect::Paused(true), PAUSE_LIMIT)
            .undone_by(resume(), pool(), Expect::Paused(false)),
        act(
            "let nobody connect to the live database",
            allow(false),
            database(live),
            Expect::Open(false),
            BRIEF,
        )
        .undone_by(allow(true), database(live), Expect::Open(true)),
        act("end what is connected", end(), database(live), Expect::NoSessions, PAUSE_LIMIT),
        act(
            &format!("keep the live database as {kept}"),
            rename(live, kept, Some(oid)),
            database(kept),
            Expect::Oid(oid),
            BRIEF,
        )
        .undone_by(rename(kept, live, Some(oid)), database(live), Expect::Oid(oid)),
        act(
            "give the copy its place",
            rename(copy, live, None),
            database(live),
            Expect::OtherThan(oid),
            BRIEF,
        )
        .undone_by(rename(live, copy, None), database(copy), Expect::Present),
        // Nothing to do on the way there. On the way back somebody works in the copy by now.
        look("see the copy in its place", database(live), Expect::OtherThan(oid), BRIEF).undone_by(
            end(),
            database(live),
            Expect::NoSessions,
        ),
        act("let the pool go on", resume(), pool(), Expect::Paused(false), BRIEF).undone_by(
            pause(),
            pool(),
            Expect::Paused(true),
        ),
    ]
}

/// Until when the database `name` is kept; none when it is none that was kept.
fn kept_since(name: &str) -> Option<Timestamp> {
    let (_, rest) = name.split_once(KEPT)?;
    let stamp: String = rest.chars().take_while(char::is_ascii_digit).collect();
    let at = |from: usize, to: usize| stamp.get(from..to);
    let (year, month, day) = (at(0, 4)?, at(4, 6)?, at(6, 8)?);
    let (hour, minute) = (at(8, 10)?, at(10, 12)?);
    Timestamp::parse(&format!("{year}-{month}-{day}T{hour}:{minute}:00Z"))
}

/// Drops a database that a swap kept, when its time is up.
pub(super) fn drop_kept(ask: &Ask<'_>) -> Result<Plan, Unplanned> {
    let name = ask.request.need("database")?.clone();
    let Some(since) = kept_since(name.as_str()) else {
        let why = format!("{name} is no database that was kept: its name does not say since when.");
        return Err(Unplanned::refused(&why));
    };
    let tenant = name.as_str().split_once(KEPT).map_or("", |(tenant, _)| tenant);
    let seen = ask.database(&name)?;
    let until = since.after(ask.shape.floor);
    let mut plan = ask.plan(tenant, Asks::StepUp);
    plan.word = name.clone();
    plan.title = say(&format!("Drop {name}"));
    plan.damage = say(&format!(
        "{name}: {}, {}; what {tenant} was before the restore of {} is gone for good.",
        bytes(seen.bytes),
        people(seen.sessions),
        moment(since)
    ));
    plan.checks.push(if ask.request.at >= until {
        good(&format!("its time was up {}", moment(until)))
    } else {
        bad(&format!(
            "it is kept until {}: a restore may still have to be taken back",
            moment(until)
        ))
    });
    let is = Query::Database { name: name.clone() };
    plan.pins.push(pin("the database", Goal::new(is.clone(), Expect::Oid(seen.oid))));
    let host = ask.shape.host_of(tenant);
    if let Seen::Absent = ask.look(&Query::Database { name: host.clone() })? {
        plan.checks.push(bad(&format!("there is no {host}: this may be all that is left of it")));
    }
    plan.no_return = Some(0);
    let dropped = Command::DropDatabase { name, oid: Some(seen.oid) };
    plan.steps.push(act("drop the database", dropped, is, Expect::Absent, HEALTH_LIMIT));
    Ok(plan)
}
