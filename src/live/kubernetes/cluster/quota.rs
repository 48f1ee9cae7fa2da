//! Quotas: how much of each is used, and whether the Job of an upgrade still fits.

use super::Raw;
use super::draft::Draft;
use super::quantity::{bytes, thousandths};
use super::view::View;
use crate::domain::Health;

/// What the pod of an upgrade needs: processors and bytes, in thousandths.
const NEEDED: [(&str, u128); 2] = [("cpu", 2_000), ("memory", 4 * (1 << 30) * 1_000)];
/// From so many thousandths used on it is tight.
const TIGHT: u128 = 900;

/// One resource of a quota.
struct Line {
    name: String,
    used: u128,
    hard: u128,
    shown: String,
}

impl Line {
    fn share(&self) -> u128 {
        if self.hard == 0 { 0 } else { self.used.saturating_mul(1_000) / self.hard }
    }

    /// `memory` of `limits.memory`.
    fn what(&self) -> &str {
        self.name.rsplit('.').next().unwrap_or_default()
    }
}

/// Reads a `ResourceQuota`.
pub(super) fn read(draft: &mut Draft<'_>, raw: &Raw<'_>) {
    let (spec, status) = raw.parts();
    let (spec, status) = (View::new(&spec), View::new(&status));
    let hard = if status.get("hard").is_there() { status.get("hard") } else { spec.get("hard") };
    let lines: Vec<Line> = hard
        .entries()
        .filter_map(|(name, hard)| {
            let (used, hard) = (status.get("used").get(name).word(), hard.word());
            Some(Line {
                name: name.to_owned(),
                used: thousandths(&used).unwrap_or(0),
                hard: thousandths(&hard)?,
                shown: shown(name, &used, &hard),
            })
        })
        .collect();
    let room = room(&lines);
    match lines.iter().max_by_key(|line| line.share()) {
        None => draft.stands(Health::Unknown, "no limits"),
        Some(worst) => {
            let share = worst.share();
            let health = if share > TIGHT { Health::Degraded } else { Health::Healthy };
            draft.stands(health, &format!("{} {} % used", worst.name, share / 10));
        }
    }
    if let Some(room) = &room {
        draft.says(room);
    }
    for line in &lines {
        draft.field(&format!("used.{}", line.name), &line.shown);
    }
}

fn shown(name: &str, used: &str, hard: &str) -> String {
    let used = if used.is_empty() { "0" } else { used };
    if name.ends_with("memory") || name.ends_with("storage") {
        format!("{} of {}", bytes(used), bytes(hard))
    } else {
        format!("{used} of {hard}")
    }
}

/// How many pods of an upgrade still fit, in words; none where the quota limits nothing that they need.
fn room(lines: &[Line]) -> Option<String> {
    let fits = lines.iter().filter_map(|line| {
        let left = line.hard.saturating_sub(line.used);
        let needed =
            NEEDED.iter().find(|(what, _)| *what == line.what()).map(|(_, needed)| *needed);
        // A pod counts as one.
        let needed = needed.or_else(|| (line.name == "pods").then_some(1_000))?;
        Some((left / needed, line))
    });
    let (count, line) = fits.min_by_key(|(count, _)| *count)?;
    Some(match count {
        0 => format!(
            "No room for the pod of an upgrade (2 CPU, 4 GiB): {} has {} used.",
            line.name, line.shown
        ),
        1 => "Room for 1 pod of an upgrade (2 CPU, 4 GiB).".to_owned(),
        count => format!("Room for {count} pods of an upgrade (2 CPU, 4 GiB)."),
    })
}
