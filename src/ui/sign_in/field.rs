//! A line that is typed into: its label, and as much of it as fits around the cursor.

use ratatui::layout::Rect;
use unicode_width::UnicodeWidthChar as _;

use super::super::paint::Paint;
use super::super::theme::Role;
use crate::app::{App, SecretLine};
use crate::platform::Prompt;

/// Cells of a label, with the sign before it and the space after it.
pub(super) const LABEL: u16 = 12;

/// What is shown for each character of what is hidden.
const HIDDEN: char = '•';

/// Where what is typed begins.
pub(super) fn start(place: Rect) -> u16 {
    place.x + LABEL
}

/// Cells for what is typed; the last is for the cursor behind it.
pub(super) fn room(place: Rect) -> u16 {
    place.width.saturating_sub(LABEL)
}

pub(super) fn draw(app: &App, prompt: Prompt, number: usize, place: Rect, paint: &mut Paint<'_>) {
    let page = app.sign_in_page();
    let chosen = page.chosen == number;
    let ground = if chosen { Role::Cursor } else { Role::CursorUnfocused };
    let at = Rect { x: start(place), width: room(place), ..place };
    let (sign, label) = if chosen { ("▸", Role::Key) } else { (" ", Role::Muted) };
    paint.text(place.x, place.y, 1, sign, Role::Key);
    paint.text(place.x + 2, place.y, LABEL - 3, prompt.label(), label);
    paint.lay(at, ground);
    let Some(line) = page.lines.get(number) else { return };
    if line.is_empty() {
        // Beside the cursor, so that the first letter of it does not look typed.
        paint.text(at.x + 1, at.y, at.width.saturating_sub(1), wanted(prompt), Role::InputHint);
    } else {
        let (text, _) = shown(prompt, line, at.width);
        paint.text(at.x, at.y, at.width, &text, Role::Input);
    }
}

/// What could be typed.
const fn wanted(prompt: Prompt) -> &'static str {
    match prompt {
        Prompt::User => "name or e-mail address",
        Prompt::Password => "",
        Prompt::Code => "from the authenticator, or one kept for emergencies",
    }
}

/// What is seen of `line` in `room` cells, and the cells of it before the cursor: the part that the cursor is in.
pub(super) fn shown(prompt: Prompt, line: &SecretLine, room: u16) -> (String, u16) {
    let seen = |c: char| if prompt.is_hidden() { HIDDEN } else { c };
    let wide = |c: char| u16::try_from(c.width().unwrap_or(0)).unwrap_or(0);
    let all: Vec<char> = line.text().chars().map(seen).collect();
    let (before, after) = all.split_at(line.cursor().min(all.len()));
    let mut used = 0;
    // The cursor stands on a cell of its own.
    let fits = |c: &&char| {
        used += wide(**c);
        used < room
    };
    let kept = before.iter().rev().take_while(fits).count();
    let before = before.get(before.len() - kept..).unwrap_or_default();
    let cells: u16 = before.iter().map(|c| wide(*c)).sum();
    let mut used = cells;
    let after = after.iter().take_while(|c| {
        used += wide(**c);
        used <= room
    });
    (before.iter().chain(after).collect(), cells)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(text: &str, left: usize) -> SecretLine {
        let mut line = SecretLine::default();
        line.paste(text);
        for _ in 0..left {
            line.key(crossterm::event::KeyEvent::from(crossterm::event::KeyCode::Left));
        }
        line
    }

    #[test]
    fn the_part_around_the_cursor_is_seen() {
        for (text, left, room, seen, cursor) in [
            ("maria", 0, 10, "maria", 5),
            ("maria", 2, 10, "maria", 3),
            ("maria", 0, 5, "aria", 4),
            ("maria", 5, 3, "mar", 0),
            ("мария", 1, 10, "мария", 4),
            ("日本語", 0, 10, "日本語", 6),
            ("日本語", 1, 10, "日本語", 4),
            ("日本語", 0, 4, "語", 2),
            ("日本語", 3, 3, "日", 0),
            ("e\u{301}a", 0, 10, "e\u{301}a", 2),
            ("", 0, 4, "", 0),
        ] {
            let found = shown(Prompt::User, &line(text, left), room);
            assert_eq!(found, (seen.to_owned(), cursor), "{text} {left} left in {room}");
        }
    }

    #[test]
    fn what_is_hidden_is_told_by_its_length_only() {
        let found = shown(Prompt::Password, &line("日本 x", 1), 10);
        assert_eq!(found, ("••••".to_owned(), 3));
    }
}
