//! Silences and acknowledgements in the training world.

use std::sync::Arc;

use super::{gone, refused};
use crate::domain::operation::{NewSilence, Seen};
use crate::domain::{
    Ack, FeedId, Object, Silence, SilenceState, Text, Timestamp, Trouble, Uid, in_words,
};
use crate::platform::Mark;
use crate::sim::alerts;
use crate::sim::engine::Engine;

/// The silence that has `mark` in its comment, or as its id; of several the one that holds.
pub(super) fn find(engine: &Engine, mark: &Text) -> Option<Arc<Silence>> {
    let fits = |silence: &Silence| {
        silence.uid.0 == *mark || silence.comment.as_str().contains(&format!("[{mark}]"))
    };
    let all = engine.world.others(FeedId::Silences).filter_map(|object| match object {
        Object::Silence(silence) if fits(silence) => Some(Arc::clone(silence)),
        _ => None,
    });
    all.max_by_key(|silence| (silence.state == SilenceState::Active, silence.ends))
}

fn made(new: &NewSilence, uid: Uid, comment: Text, now: Timestamp) -> Silence {
    Silence {
        uid,
        words: in_words(&new.matchers),
        matchers: new.matchers.clone().into(),
        starts: now,
        ends: new.until,
        by: new.by.clone(),
        comment,
        state: SilenceState::Active,
    }
}

pub(super) fn silence(engine: &mut Engine, new: &NewSilence, mark: &Mark) -> bool {
    if find(engine, &mark.operation).is_some() {
        return false;
    }
    let comment = Text::bounded(&format!("{} [{}]", new.reason, mark.operation), 1024);
    let uid = Uid(Text::from(format!("silence-{}", mark.operation)));
    let silence = made(new, uid, comment, engine.now());
    engine.put(silence);
    alerts::judge(engine);
    true
}

pub(super) fn expire(engine: &mut Engine, mark: &Text) -> Result<bool, Trouble> {
    let silence = find(engine, mark).ok_or_else(|| gone(&format!("there is no silence {mark}")))?;
    let changed = silence.state != SilenceState::Expired;
    if changed {
        let (state, ends) = (SilenceState::Expired, engine.now());
        engine.put(Silence { ends, state, ..Silence::clone(&silence) });
        alerts::judge(engine);
    }
    Ok(changed)
}

/// The names of the alerts that it would hide.
pub(super) fn would_hide(engine: &Engine, new: &NewSilence) -> Seen {
    let silence = made(new, Uid(Text::default()), Text::default(), engine.now());
    let covers = silence.covers();
    let hidden = engine.world.others(FeedId::Alerts).filter_map(|object| match object {
        Object::Alert(alert) if covers.hides(alert) => Some(alert.name.clone()),
        _ => None,
    });
    Seen::Alerts(hidden.collect())
}

pub(super) fn ack(engine: &Engine, fingerprint: &Text) -> Option<Arc<Ack>> {
    match engine.world.other(FeedId::Acks, &Uid(fingerprint.clone()))? {
        Object::Ack(ack) => Some(Arc::clone(ack)),
        _ => None,
    }
}

pub(super) fn acknowledge(
    engine: &mut Engine,
    fingerprint: &Text,
    (by, until): (Option<&Text>, Timestamp),
    mark: &Mark,
) -> Result<bool, Trouble> {
    let uid = Uid(fingerprint.clone());
    let before = ack(engine, fingerprint);
    let Some(by) = by else {
        engine.take(FeedId::Acks, &uid);
        return Ok(before.is_some());
    };
    if engine.world.other(FeedId::Alerts, &uid).is_none() {
        return Err(gone(&format!("no alert {fingerprint} fires")));
    }
    if let Some(other) = before.as_ref().filter(|ack| ack.by != *by) {
        return Err(refused(&format!("{} looks after it already", other.by)));
    }
    let at = before.as_ref().map_or_else(|| engine.now(), |ack| ack.at);
    let changed = before.as_ref().is_none_or(|ack| ack.until != Some(until));
    engine.put(Ack { uid, by: by.clone(), at, until: Some(until), note: mark.reason.clone() });
    Ok(changed)
}
