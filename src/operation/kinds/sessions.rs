//! Sessions of the database server, and pools.

use super::Ask;
use super::parts::{BRIEF, act, pin, say};
use super::restore::HEALTH_LIMIT;
use crate::domain::Timestamp;
use crate::domain::operation::{Asks, Command, Expect, Goal, Plan, Query, Seen, SessionRef, Verb};
use crate::operation::Unplanned;

/// Cancels the statement of a session, or ends the session.
pub(super) fn session(ask: &Ask<'_>) -> Result<Plan, Unplanned> {
    let request = ask.request;
    let pid = request.get("pid").parse().unwrap_or_default();
    let began = Timestamp::parse(request.get("began")).unwrap_or_default();
    let session = SessionRef { pid, began };
    let query = Query::Session(session.clone());
    let Seen::Session { state, database, user } = ask.look(&query)? else {
        return Err(Unplanned::refused(&format!(
            "The session {pid} is over: another may have its number by now."
        )));
    };
    let mut plan = ask.plan(&format!("session {pid}"), Asks::Yes);
    plan.pins.push(pin("the session", Goal::new(query.clone(), Expect::Present)));
    plan.no_return = Some(0);
    let whose = format!("{user} in {database} ({state})");
    if request.verb == Verb::Cancel {
        plan.title = say(&format!("Cancel the statement of session {pid}"));
        plan.damage =
            say(&format!("What {whose} is doing now fails, and its transaction with it."));
        let cancel = Command::CancelStatement(session);
        // Whether a statement was cancelled can't be seen: it may be another by now, or none.
        plan.steps.push(act("cancel the statement", cancel, query, Expect::Idle, BRIEF));
    } else {
        plan.title = say(&format!("End session {pid}"));
        plan.damage =
            say(&format!("The connection of {whose} is cut; what it did not commit is lost."));
        let end = Command::EndSession(session);
        plan.steps.push(act("end the session", end, query, Expect::Absent, BRIEF));
    }
    Ok(plan)
}

/// Pauses the pool of a tenant, or lets it go on.
pub(super) fn pool(ask: &Ask<'_>) -> Result<Plan, Unplanned> {
    let client = ask.client()?;
    let database = ask.shape.host_of(client.name.as_str());
    let query = Query::Pool { database: database.clone() };
    let (paused, active, waiting) = match ask.look(&query)? {
        Seen::Pool { paused, active, waiting } => (*paused, *active, *waiting),
        _ => (false, 0, 0),
    };
    let pauses = ask.request.verb == Verb::PausePool;
    if paused == pauses {
        let is = if paused { "is paused already" } else { "is not paused" };
        return Err(Unplanned::refused(&format!("The pool of {} {is}.", client.name)));
    }
    let mut plan = ask.plan_for(&client, if pauses { Asks::Typed } else { Asks::Yes });
    let pause = Command::PausePool { database: database.clone() };
    let resume = Command::ResumePool { database };
    let (paused, open) = (Expect::Paused(true), Expect::Paused(false));
    plan.steps.push(if pauses {
        plan.title = say(&format!("Pause the pool of {}", client.name));
        plan.damage = say(&format!(
            "Everybody at {} waits until it goes on: {active} work now, {waiting} wait already.",
            client.name
        ));
        let step =
            act("hold new work back in the pool", pause, query.clone(), paused, HEALTH_LIMIT);
        step.undone_by(resume, query, open)
    } else {
        plan.title = say(&format!("Let the pool of {} go on", client.name));
        plan.damage = say(&format!("{waiting} who wait go on."));
        let step = act("let the pool go on", resume, query.clone(), open, BRIEF);
        step.undone_by(pause, query, paused)
    });
    Ok(plan)
}
