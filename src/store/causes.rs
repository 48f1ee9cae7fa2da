//! Alerts by cause: how each stands, and which of them have one cause, so that a storm reads as a few rows.
//!
//! Kept up to date change by change. What a row shows of a group is made when a member comes or goes, never when it is
//! drawn. Grouping begins when there are more than [`MANY`] alerts and ends below [`FEW`], so that it does not flap.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::changes::Changes;
use super::table::{Fold, Slot};
use crate::domain::{Alert, AlertStanding, Severity, Text, Timestamp, Uid};

/// With more alerts than this those of one cause are one row.
pub const MANY: usize = 40;
/// With fewer than this they are rows of their own again.
const FEW: usize = 30;
/// So many alerts of one cause make a group.
const GROUP: usize = 3;

/// Alerts that have everything in common that matters when one thing broke.
#[derive(Clone, Debug)]
pub struct Group {
    /// What they have in common, as an identity.
    pub key: Text,
    /// Their name.
    pub name: Text,
    /// Where their cause is to be looked for.
    pub cause: Option<Text>,
    /// How bad they are.
    pub severity: Severity,
    /// How they stand.
    pub standing: AlertStanding,
    /// How many there are, in words.
    pub words: Text,
    /// Where they are, and what one of them says.
    pub says: Text,
    /// Members by the rank of their tenant's tier, best first, and the oldest first.
    members: BTreeSet<(u8, Timestamp, Slot)>,
}

impl Group {
    /// Its members: the rank of the tier, since when, and the slot in the collection of alerts.
    pub fn members(&self) -> impl Iterator<Item = (u8, Timestamp, Slot)> + '_ {
        self.members.iter().copied()
    }

    /// How many members it has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.members.len()
    }

    /// Whether it has none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// The rank of the best tier, and the oldest member of it and of each tier below.
    pub fn oldest(&self) -> impl Iterator<Item = (u8, Timestamp)> + '_ {
        TIERS.into_iter().filter_map(|rank| {
            let from = (rank, Timestamp::from_ms(i64::MIN), 0);
            let first = self.members.range(from..).next()?;
            (first.0 == rank).then_some((rank, first.1))
        })
    }

    fn is_shown(&self) -> bool {
        self.members.len() >= GROUP
    }
}

/// The ranks of tiers: enterprise, pro, starter, none.
const TIERS: [u8; 4] = [0, 1, 2, 3];

/// The rank of a tier: what is promised most comes first.
#[must_use]
pub(super) fn tier_rank(tier: Option<&str>) -> u8 {
    match tier {
        Some("enterprise") => 0,
        Some("pro") => 1,
        Some("starter") => 2,
        Some(_) | None => 3,
    }
}

/// The word of a tier's rank.
#[must_use]
pub const fn tier_word(rank: u8) -> Option<&'static str> {
    match rank {
        0 => Some("enterprise"),
        1 => Some("pro"),
        2 => Some("starter"),
        _ => None,
    }
}

/// Where an alert sits.
#[derive(Clone, Debug)]
struct Seat {
    group: usize,
    standing: AlertStanding,
    severity: Severity,
    rank: u8,
    since: Timestamp,
    silences: Box<[Uid]>,
}

/// How many alerts there are of one severity, by how they stand.
pub type Counts = BTreeMap<(AlertStanding, Severity), usize>;

/// The alerts of a store by cause.
#[derive(Clone, Debug, Default)]
pub struct Causes {
    seats: HashMap<Slot, Seat>,
    groups: Vec<Option<Group>>,
    free: Vec<usize>,
    by_key: HashMap<Text, usize>,
    counts: Counts,
    /// How many alerts each silence hides.
    hidden: HashMap<Uid, u64>,
    /// Since when nobody looks after an alert, the oldest first.
    waiting: BTreeSet<(Timestamp, Slot)>,
    many: bool,
    pub(super) changes: Changes,
}

impl Causes {
    /// How many alerts there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.seats.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.seats.is_empty()
    }

    /// How many there are, by how they stand and how bad they are.
    #[must_use]
    pub const fn counts(&self) -> &Counts {
        &self.counts
    }

    /// How many stand so.
    #[must_use]
    pub fn standing(&self, standing: AlertStanding) -> usize {
        self.counts.iter().filter(|((other, _), _)| *other == standing).map(|(_, n)| n).sum()
    }

    /// The alert that waits longest for somebody to look after it, and since when.
    #[must_use]
    pub fn oldest_waiting(&self) -> Option<(Timestamp, Slot)> {
        self.waiting.first().copied()
    }

    /// How many alerts the silence `uid` hides now.
    #[must_use]
    pub fn hidden_by(&self, uid: &Uid) -> u64 {
        self.hidden.get(uid).copied().unwrap_or(0)
    }

    /// Whether alerts of one cause are one row now.
    #[must_use]
    pub const fn is_grouped(&self) -> bool {
        self.many
    }

    /// How the alert at `alert` stands.
    #[must_use]
    pub fn standing_of(&self, alert: Slot) -> Option<AlertStanding> {
        self.seats.get(&alert).map(|seat| seat.standing)
    }

    /// The rank of the tier of the alert at `alert`.
    #[must_use]
    pub fn rank_of(&self, alert: Slot) -> u8 {
        self.seats.get(&alert).map_or(3, |seat| seat.rank)
    }

    /// The group numbered `number`, while it is a row.
    #[must_use]
    pub fn group(&self, number: usize) -> Option<&Group> {
        self.groups.get(number)?.as_ref().filter(|group| self.many && group.is_shown())
    }

    /// The number of the group with this key, while it is a row.
    #[must_use]
    pub fn find(&self, key: &Text) -> Option<usize> {
        self.by_key.get(key).copied().filter(|number| self.group(*number).is_some())
    }

    /// Every group that is a row, with its number.
    pub fn groups(&self) -> impl Iterator<Item = (usize, &Group)> {
        (0..self.groups.len()).filter_map(|number| Some((number, self.group(number)?)))
    }

    /// How the row of the alert at `alert` stands to groups.
    #[must_use]
    pub fn fold(&self, alert: Slot) -> Fold {
        let number = self.seats.get(&alert).map(|seat| seat.group);
        number
            .filter(|number| self.group(*number).is_some())
            .map_or(Fold::Alone, |number| Fold::Under(group_slot(number)))
    }

    /// The order in which rows are looked after: firing first, then by severity; groups, then single alerts by tier and
    /// age; members right after their group.
    #[must_use]
    pub fn urgency(&self, row: Slot) -> Option<u64> {
        match row_of(row) {
            RowOf::Group(number) => {
                let group = self.group(number)?;
                Some(group_urgency(group.standing, group.severity, number))
            }
            RowOf::Alert(alert) => {
                let seat = self.seats.get(&alert)?;
                let secs = u64::try_from(seat.since.ms() / 1000).unwrap_or(0) & MASK;
                let own = u64::from(seat.rank) << 34 | secs;
                match self.fold(alert) {
                    Fold::Under(_) => {
                        // Behind the head, and in an order of its own within 38 bits.
                        let head = group_urgency(seat.standing, seat.severity, seat.group);
                        Some(head | 1 << 36 | own & ((1 << 36) - 1))
                    }
                    _ => Some(head(seat.standing, seat.severity) | 1 << 56 | own),
                }
            }
        }
    }

    /// Takes in the state of the alert at `slot`. Gives the silences whose count changed.
    pub(super) fn put(
        &mut self,
        slot: Slot,
        alert: &Alert,
        acked: bool,
        tier: Option<&str>,
    ) -> Vec<Uid> {
        let mut touched = self.unseat(slot);
        let standing = AlertStanding::of(alert.state, acked);
        let rank = tier_rank(tier);
        let group = self.group_of(alert, standing);
        let seat = Seat {
            group,
            standing,
            severity: alert.severity,
            rank,
            since: alert.since,
            silences: alert.silenced_by.clone(),
        };
        *self.counts.entry((standing, alert.severity)).or_default() += 1;
        if standing == AlertStanding::Firing && alert.severity != Severity::Info {
            self.waiting.insert((alert.since, slot));
        }
        for silence in &seat.silences {
            *self.hidden.entry(silence.clone()).or_default() += 1;
            touched.push(silence.clone());
        }
        self.seats.insert(slot, seat);
        self.member(group, |members| {
            members.insert((rank, alert.since, slot));
        });
        self.changes.note(alert_slot(slot));
        self.judge();
        touched
    }

    /// The alert at `slot` is gone. Gives the silences whose count changed.
    pub(super) fn take(&mut self, slot: Slot) -> Vec<Uid> {
        let touched = self.unseat(slot);
        self.changes.note(alert_slot(slot));
        self.judge();
        touched
    }

    fn unseat(&mut self, slot: Slot) -> Vec<Uid> {
        let Some(seat) = self.seats.remove(&slot) else { return Vec::new() };
        if let Some(count) = self.counts.get_mut(&(seat.standing, seat.severity)) {
            *count = count.saturating_sub(1);
        }
        self.counts.retain(|_, count| *count > 0);
        self.waiting.remove(&(seat.since, slot));
        for silence in &seat.silences {
            if let Some(count) = self.hidden.get_mut(silence) {
                *count = count.saturating_sub(1);
                if *count == 0 {
                    self.hidden.remove(silence);
                }
            }
        }
        self.member(seat.group, |members| {
            members.remove(&(seat.rank, seat.since, slot));
        });
        seat.silences.into_vec()
    }

    /// The group that `alert` belongs to, made where there is none.
    fn group_of(&mut self, alert: &Alert, standing: AlertStanding) -> usize {
        let cause = alert.cause().cloned();
        let place = cause.as_ref().map(|cause| format!(" in {cause}")).unwrap_or_default();
        let words = (standing.word(), alert.severity.word());
        let key =
            Text::bounded(&format!("{}{place} · {} · {}", alert.name, words.0, words.1), 1024);
        if let Some(number) = self.by_key.get(&key) {
            return *number;
        }
        let number = self.free.pop().unwrap_or_else(|| {
            self.groups.push(None);
            self.groups.len() - 1
        });
        let group = Group {
            key: key.clone(),
            name: alert.name.clone(),
            cause,
            severity: alert.severity,
            standing,
            words: Text::default(),
            says: says(alert),
            members: BTreeSet::new(),
        };
        if let Some(place) = self.groups.get_mut(number) {
            *place = Some(group);
        }
        self.by_key.insert(key, number);
        number
    }

    /// Changes the members of a group, and what follows from that.
    fn member(&mut self, number: usize, change: impl FnOnce(&mut BTreeSet<(u8, Timestamp, Slot)>)) {
        let Some(place) = self.groups.get_mut(number) else { return };
        let Some(group) = place else { return };
        let before = group.is_shown();
        change(&mut group.members);
        let count = group.members.len();
        group.words = Text::clean(&format!("{count} alerts"));
        if before != group.is_shown() {
            // The rows of its members fold or unfold.
            for (_, _, slot) in &group.members {
                self.changes.note(alert_slot(*slot));
            }
        }
        self.changes.note(group_slot(number));
        if count == 0 {
            self.by_key.remove(&group.key);
            *place = None;
            self.free.push(number);
        }
    }

    /// Whether there are many is judged anew.
    fn judge(&mut self) {
        let count = self.seats.len();
        let many = if self.many { count >= FEW } else { count > MANY };
        if many != self.many {
            self.many = many;
            self.changes.note_all();
        }
    }
}

/// What is said of a group that `alert` is the first of.
fn says(alert: &Alert) -> Text {
    let said = alert.says().map_or("", Text::as_str);
    match alert.cause() {
        Some(cause) => Text::bounded(&format!("all in {cause}; {said}"), 256),
        None => Text::bounded(said, 256),
    }
}

/// What a row of the table of alerts stands for.
pub(super) enum RowOf {
    /// The alert at this slot of its collection.
    Alert(Slot),
    /// The group of this number.
    Group(usize),
}

/// What the row at `slot` stands for.
pub(super) fn row_of(slot: Slot) -> RowOf {
    if slot & 1 == 0 {
        RowOf::Alert(slot >> 1)
    } else {
        RowOf::Group(usize::try_from(slot >> 1).unwrap_or(usize::MAX))
    }
}

/// The row of the alert at `alert`.
pub(super) const fn alert_slot(alert: Slot) -> Slot {
    alert << 1
}

/// The row of the group numbered `number`.
pub(super) const fn group_slot(number: usize) -> Slot {
    (number as Slot) << 1 | 1
}

/// Seconds since the epoch, as far as they are told apart: until the year 2514.
const MASK: u64 = (1 << 34) - 1;

fn head(standing: AlertStanding, severity: Severity) -> u64 {
    let apart: u64 = match standing {
        // What always fires, or only informs, is nobody's to look after.
        AlertStanding::Firing if severity == Severity::Info => 2,
        AlertStanding::Firing => 0,
        AlertStanding::Acked => 1,
        AlertStanding::Inhibited => 3,
        AlertStanding::Silenced => 4,
    };
    apart << 61 | (severity as u64) << 57
}

/// Bits from the top: standing 3, severity 4, single 1, then of a group its number and whether it is a member; of a
/// single alert tier and age.
fn group_urgency(standing: AlertStanding, severity: Severity, number: usize) -> u64 {
    head(standing, severity) | (number as u64 & 0x7_FFFF) << 37
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::AlertState;

    fn alert(number: u64, name: &str, severity: Severity, state: AlertState) -> Alert {
        Alert {
            uid: Uid(number.to_string().into()),
            name: name.into(),
            severity,
            tenant: None,
            state,
            since: Timestamp::from_ms(1_000 * i64::try_from(number).expect("small")),
            updated: Timestamp::default(),
            ends: None,
            labels: Box::new([("namespace".into(), "plana-odoo-18".into())]),
            annotations: Box::default(),
            silenced_by: match state {
                AlertState::Silenced => Box::new([Uid("s".into())]),
                _ => Box::default(),
            },
            inhibited_by: Box::default(),
            receivers: Box::default(),
            source: Text::default(),
        }
    }

    #[test]
    fn a_storm_is_a_few_rows_and_calms_down_to_all_of_them() {
        let mut causes = Causes::default();
        for number in 0..50 {
            let (name, severity) = match number % 10 {
                0 => ("Odd", Severity::Normal),
                _ => ("Down", Severity::Critical),
            };
            causes.put(number, &alert(number, name, severity, AlertState::Firing), false, None);
            assert_eq!(causes.is_grouped(), number >= 40, "{number}");
        }
        let groups: Vec<(&str, usize)> =
            causes.groups().map(|(_, group)| (group.name.as_str(), group.len())).collect();
        assert_eq!(groups, [("Odd", 5), ("Down", 45)]);
        assert_eq!(causes.fold(1), Fold::Under(group_slot(1)));
        // Acked one by one they leave the group for another.
        causes.put(1, &alert(1, "Down", Severity::Critical, AlertState::Firing), true, None);
        assert_eq!(causes.standing_of(1), Some(AlertStanding::Acked));
        assert_eq!(causes.fold(1), Fold::Alone, "one alone is no group");
        assert_eq!(causes.oldest_waiting(), Some((Timestamp::from_ms(0), 0)));
        (0..21).for_each(|slot| drop(causes.take(slot)));
        assert!(!causes.is_grouped());
        assert_eq!((causes.groups().count(), causes.len()), (0, 29));
        (0..50).for_each(|slot| drop(causes.take(slot)));
        assert!(causes.is_empty() && causes.counts().is_empty() && causes.by_key.is_empty());
    }

    #[test]
    fn what_must_be_looked_at_comes_first() {
        let mut causes = Causes::default();
        let mut put = |slot: Slot, severity, state, acked, tier| {
            causes.put(slot, &alert(slot, "Any", severity, state), acked, tier);
        };
        put(0, Severity::Critical, AlertState::Silenced, false, None);
        put(1, Severity::Critical, AlertState::Firing, true, Some("pro"));
        put(2, Severity::Normal, AlertState::Firing, false, Some("enterprise"));
        put(3, Severity::Critical, AlertState::Firing, false, Some("starter"));
        put(4, Severity::Critical, AlertState::Firing, false, Some("enterprise"));
        put(5, Severity::Normal, AlertState::Inhibited, false, None);
        put(6, Severity::Critical, AlertState::Firing, false, Some("enterprise"));
        let mut slots: Vec<Slot> = (0..7).collect();
        slots.sort_by_key(|slot| causes.urgency(alert_slot(*slot)));
        assert_eq!(slots, [4, 6, 3, 2, 1, 5, 0]);
        assert_eq!(causes.hidden_by(&Uid("s".into())), 1);
        assert_eq!(causes.take(0), [Uid("s".into())]);
        assert_eq!(causes.hidden_by(&Uid("s".into())), 0);
    }

    #[test]
    fn members_stand_right_behind_their_group() {
        let mut causes = Causes::default();
        for slot in 0..60 {
            let (name, severity) = if slot == 7 {
                ("Single", Severity::Critical)
            } else {
                ("Many", Severity::Critical)
            };
            causes.put(slot, &alert(slot, name, severity, AlertState::Firing), false, Some("pro"));
        }
        let (number, _) = causes.groups().next().expect("a group");
        let mut rows: Vec<Slot> = (0..60).map(alert_slot).chain([group_slot(number)]).collect();
        rows.sort_by_key(|row| causes.urgency(*row));
        assert_eq!(rows.first(), Some(&group_slot(number)));
        assert_eq!(rows.last(), Some(&alert_slot(7)), "single ones come after the storm");
        assert!(rows.is_sorted_by_key(|row| causes.urgency(*row)));
    }
}
