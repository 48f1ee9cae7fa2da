//! The live tail of events: held still, followed by tenant or type, gone to by time, saved.

use chrono::{DateTime, NaiveDateTime, NaiveTime, TimeZone as _};
use chrono_tz::Tz;

use super::action::{LineAction, Motion, TailAction};
use super::detail;
use super::notices::Level;
use super::pane::{Held, Jump};
use super::{App, Effect};
use crate::domain::{Span, Text, Timestamp};
use crate::store::filter;
use crate::store::table::TableId;
use crate::store::{EventsTable, Line};

/// An event further from the time asked for than this is said to be.
const NEAR: Span = Span::from_secs(60);

impl App {
    pub(super) fn tail(&mut self, action: TailAction) -> Vec<Effect> {
        match action {
            TailAction::Pause => self.pause(),
            TailAction::Newest => {
                self.pane_mut().held = None;
                self.sort_by(None);
                self.settle();
                self.move_cursor(Motion::Last);
            }
            TailAction::FollowTenant => self.follow_tenant(),
            TailAction::FollowType => self.follow_type(),
            TailAction::Jump => self.pane_mut().jump = Some(Jump::default()),
            TailAction::Save => return self.save(),
            TailAction::NextGap | TailAction::PreviousGap => {
                let rows = self.geometry().page();
                let forward = action == TailAction::NextGap;
                if !self.with_pane(|pane, table| pane.to_gap(table, forward, rows)) {
                    self.say(Level::Info, "There is no further gap in that direction.");
                }
            }
        }
        Vec::new()
    }

    fn pause(&mut self) {
        let since: Timestamp = self.now();
        let received = self.store.stream().received();
        self.with_pane(|pane, table| {
            pane.held = match pane.held {
                None => Some(Held { since, revision: table.revision(), received }),
                Some(_) => None,
            };
        });
    }

    fn follow_tenant(&mut self) {
        let id = self.pane().cursor.id.as_ref();
        match id.and_then(|id| detail::tenant(&self.store, id)) {
            Some(tenant) => self.follow("tenant", &tenant),
            None => self.say(Level::Info, "This row speaks of no tenant."),
        }
    }

    fn follow_type(&mut self) {
        let table = EventsTable::new(&self.store);
        let kind =
            match self.pane().cursor_slot(&table).and_then(|slot| self.store.stream().get(slot)) {
                Some(Line::Entry { entry, .. }) => entry.event().map(|event| event.kind.clone()),
                Some(Line::Gap(_) | Line::Left(_)) | None => None,
            };
        match kind.filter(|kind| !kind.is_empty()) {
            Some(kind) => self.follow("type", &kind),
            None => self.say(Level::Info, "This row is of no type."),
        }
    }

    /// Filters to rows whose `column` is `value`. When one column is followed already, rows are to be of both.
    fn follow(&mut self, column: &str, value: &Text) {
        let clause = |column: &str, value: &str| {
            format!("{column}=\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""))
        };
        let wanted = clause(column, value.as_str());
        let known = self.pane().filter.text.as_str();
        let other = if column == "tenant" { "type=\"" } else { "tenant=\"" };
        let alone =
            known.starts_with(other) && known.matches('"').count() == 2 && known.ends_with('"');
        let text = if alone { format!("{known} {wanted}") } else { wanted };
        self.filter_to(&text);
    }

    /// The line of the time to go to is taken, or left.
    pub(super) fn jump_line(&mut self, action: LineAction) {
        let Some(jump) = &self.pane().jump else { return };
        match action {
            LineAction::Accept => {
                let typed = jump.line.text().to_owned();
                match moment(&typed, self.now(), self.setting.zone) {
                    Ok(wanted) => {
                        self.pane_mut().jump = None;
                        self.jump_to(wanted);
                    }
                    Err(why) => {
                        if let Some(jump) = &mut self.pane_mut().jump {
                            jump.error = Some(why);
                        }
                    }
                }
            }
            LineAction::Cancel => self.pane_mut().jump = None,
            LineAction::Previous | LineAction::Next => {}
        }
    }

    fn jump_to(&mut self, wanted: Timestamp) {
        if self.pane().view.sort().is_some() {
            self.sort_by(None);
            self.settle();
        }
        let rows = self.geometry().page();
        let reached = self.with_pane(|pane, table| pane.to_time(table, wanted, rows));
        let Some(reached) = reached else {
            self.say(Level::Info, "There is no event to go to.");
            return;
        };
        let zone = self.setting.zone;
        let clock = |at: Timestamp| at.utc().with_timezone(&zone).format("%d %b %H:%M:%S");
        let oldest = self.store.stream().iter().find_map(|(_, line)| match line {
            Line::Entry { entry, .. } => Some(entry.id.at()),
            Line::Gap(_) | Line::Left(_) => None,
        });
        let far = reached.since(wanted).max(wanted.since(reached));
        let (level, said) = if oldest.is_some_and(|oldest| wanted < oldest) {
            let oldest = oldest.map(|at| clock(at).to_string()).unwrap_or_default();
            let text =
                format!("{} is older than what is kept, which begins {oldest}.", clock(wanted));
            (Level::Warning, text)
        } else if wanted > self.now() {
            (Level::Warning, format!("{} is yet to come; this is the newest event.", clock(wanted)))
        } else if far > NEAR {
            let text = format!("The event nearest to {} is {far} away.", clock(wanted));
            (Level::Info, text)
        } else {
            (Level::Info, format!("This is the event nearest to {}.", clock(wanted)))
        };
        self.say(level, &said);
    }

    /// Asks for the lines that are shown to be written to a file.
    fn save(&mut self) -> Vec<Effect> {
        if self.screen.pane != TableId::Events {
            return Vec::new();
        }
        let pane = self.pane();
        let stream = self.store.stream();
        let lines: Vec<Line> = (0..pane.view.len())
            .filter_map(|position| stream.get(pane.view.slot(position)?).cloned())
            .collect();
        if lines.is_empty() {
            self.say(Level::Info, "There is no event to save.");
            return Vec::new();
        }
        vec![Effect::Save(lines)]
    }
}

/// The moment that `typed` means at `now`: a span back, a time of day in `zone` (the last such), a date and a time of
/// day there, or a moment with its offset.
fn moment(typed: &str, now: Timestamp, zone: Tz) -> Result<Timestamp, String> {
    let typed = typed.trim();
    let back = typed.strip_prefix('-').or_else(|| typed.strip_suffix(" ago"));
    if let Some(span) = back.and_then(|written| filter::span(written.trim())) {
        return Ok(now.before(span));
    }
    if let Some(at) = Timestamp::parse(typed) {
        return Ok(at);
    }
    let local = now.utc().with_timezone(&zone);
    let of = |at: NaiveDateTime| zone.from_local_datetime(&at).latest().map(stamp);
    let time = ["%H:%M:%S", "%H:%M"].iter().find_map(|f| NaiveTime::parse_from_str(typed, f).ok());
    if let Some(time) = time {
        let today = local.date_naive();
        let days = [Some(today), today.pred_opt()];
        let found = days.into_iter().flatten().filter_map(|day| of(day.and_time(time)));
        if let Some(at) = found.into_iter().find(|at| *at <= now) {
            return Ok(at);
        }
    }
    let dated = ["%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M"];
    let dated = dated.iter().find_map(|f| NaiveDateTime::parse_from_str(typed, f).ok());
    dated.and_then(of).ok_or_else(|| {
        let typed = Text::bounded(typed, 60);
        format!(
            "“{typed}” is no time. Write -30m, 02:41, 2026-11-21 02:41 or 2026-11-21T00:41:00Z."
        )
    })
}

fn stamp(at: DateTime<Tz>) -> Timestamp {
    Timestamp::from_ms(at.timestamp_millis())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_they_are_said() {
        let now = Timestamp::parse("2026-11-21T00:47:00Z").expect("a moment");
        let read = |typed: &str| {
            moment(typed, now, chrono_tz::Europe::Sofia).map(|at| at.utc().to_rfc3339())
        };
        for (typed, at) in [
            ("-30m", "2026-11-21T00:17:00+00:00"),
            (" -1h30m ", "2026-11-20T23:17:00+00:00"),
            ("2d ago", "2026-11-19T00:47:00+00:00"),
            ("02:41", "2026-11-21T00:41:00+00:00"),
            ("02:41:07", "2026-11-21T00:41:07+00:00"),
            ("02:47", "2026-11-21T00:47:00+00:00"),
            ("02:48", "2026-11-20T00:48:00+00:00"),
            ("23:10", "2026-11-20T21:10:00+00:00"),
            ("2026-11-21T00:41:00Z", "2026-11-21T00:41:00+00:00"),
            ("2026-11-21T02:41:00+02:00", "2026-11-21T00:41:00+00:00"),
            ("2026-11-20 02:41", "2026-11-20T00:41:00+00:00"),
            // An hour that there is twice: the later one.
            ("2026-10-25 03:30", "2026-10-25T01:30:00+00:00"),
        ] {
            assert_eq!(read(typed).as_deref(), Ok(at), "{typed}");
        }
        for typed in ["", "-", "soon", "25:00", "2:4:1:0", "-\u{1b}[2J", "2026-03-29 03:30"] {
            assert!(read(typed).is_err(), "{typed}");
        }
    }
}
