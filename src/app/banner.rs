//! The banner: what is wrong with the feed of the pane shown, and how old its rows are.

use unicode_width::UnicodeWidthStr;

use super::App;
use crate::domain::TroubleKind;
use crate::store::Freshness;

/// The most lines of a banner: the feeds page says all of it.
const LINES: usize = 3;

/// What is wrong with the feed of the pane shown.
pub struct Banner {
    text: String,
    /// Whether it is no cause for worry.
    pub quiet: bool,
}

impl Banner {
    /// The banner of the pane shown; none while its feeds are well, and none while there are no rows, because
    /// then the trouble stands in their place.
    #[must_use]
    pub fn of(app: &App) -> Option<Self> {
        let (feed, state) = app.trouble()?;
        let nothing = app.store.with_table(app.screen.pane, |table| table.is_empty());
        if nothing && matches!(state.freshness, Freshness::Down(_)) {
            return None;
        }
        let why = state.freshness.trouble();
        let quiet = why.is_some_and(|why| why.kind == TroubleKind::NotConfigured);
        let age = state.freshness.age(app.now());
        let lead = match (&state.freshness, age) {
            (Freshness::Stale(..), Some(age)) => format!("▲ {feed}: {age} old, "),
            (Freshness::Live(_), Some(age)) => format!("▲ {feed}: nothing heard for {age}"),
            _ if quiet => format!("– {feed}: "),
            _ => format!("✗ {feed}: "),
        };
        let why = why.map(ToString::to_string).unwrap_or_default();
        Some(Self { text: lead + &why, quiet })
    }

    /// Its lines on a screen of `width` cells.
    #[must_use]
    pub fn lines(&self, width: u16) -> Vec<String> {
        let mut lines = wrapped(&self.text, width.saturating_sub(2));
        lines.truncate(LINES);
        lines
    }
}

/// `text` as lines of at most `width` cells, broken at spaces.
#[must_use]
pub fn wrapped(text: &str, width: u16) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        let fits = lines.last().is_some_and(|line| {
            line.is_empty() || line.width() + 1 + word.width() <= usize::from(width)
        });
        if !fits {
            lines.push(String::new());
        }
        if let Some(line) = lines.last_mut() {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    lines
}
