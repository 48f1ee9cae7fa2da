//! Silences that end: whoever made one is told what it hid, because people are told of that again from then on.

use super::App;
use crate::domain::{Alert, AlertState, Fact, Object, Observation, SilenceState};

/// How many alerts are named.
const NAMED: usize = 3;

impl App {
    /// What there is to say of `observation`, which is not taken in yet: that a silence has ended, and what it hid.
    pub(super) fn silence_ended(&self, observation: &Observation) -> Option<String> {
        let (uid, ends) = match &observation.fact {
            Fact::Upsert(Object::Silence(now)) if now.state == SilenceState::Expired => {
                (&now.uid, Some(now.ends))
            }
            Fact::Remove(uid) => (uid, None),
            _ => return None,
        };
        let silences = &self.store.objects().silences;
        let before = &silences.get(silences.find(uid)?)?.object;
        if before.state != SilenceState::Active {
            return None;
        }
        let whose = if before.by == self.operator() {
            "Your".to_owned()
        } else {
            format!("{}’s", before.by)
        };
        let early =
            if ends.is_some_and(|ends| ends < before.ends) { " before its time" } else { "" };
        // The alerts may have been asked for after its end, and before the silences: then they no longer name it, and what
        // began while it held and meets its conditions is what it hid.
        let (covers, end) = (before.covers(), ends.unwrap_or(observation.at));
        let was_hidden = |alert: &Alert| {
            let fires_again = alert.state == AlertState::Firing && alert.since <= end;
            alert.silenced_by.contains(uid) || fires_again && covers.hides(alert)
        };
        let alerts = self.store.objects().alerts.iter().map(|(_, held)| &*held.object);
        let hidden: Vec<&str> =
            alerts.filter(|alert| was_hidden(alert)).map(|alert| alert.name.as_str()).collect();
        let fires = match hidden.len() {
            0 => "it hid nothing that fires now".to_owned(),
            few if few <= NAMED => {
                format!("it hid {}, of which people are told again", hidden.join(", "))
            }
            many => format!("it hid {many} alerts, of which people are told again"),
        };
        Some(format!("{whose} silence ({}) has ended{early}: {fires}.", before.words))
    }
}
