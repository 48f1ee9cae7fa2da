//! Cells: the one place that writes them.
//!
//! Text is cut at a cell, never in the middle of a wide character, and what is cut off is shown as `…`.

use ratatui::buffer::{Buffer, Cell};
use ratatui::layout::Rect;
use ratatui::style::{Color, Style};
use unicode_width::UnicodeWidthChar;

use super::theme::{Role, Theme};
use crate::domain::Text;

/// A buffer to draw on, with a theme to draw by.
pub(super) struct Paint<'a> {
    buffer: &'a mut Buffer,
    theme: &'a Theme,
    zero_width: String,
}

impl<'a> Paint<'a> {
    pub(super) fn new(buffer: &'a mut Buffer, theme: &'a Theme) -> Self {
        Self { buffer, theme, zero_width: String::new() }
    }

    /// Empties `area` in the style of `role`.
    pub(super) fn fill(&mut self, area: Rect, role: Role) {
        let mut empty = Cell::EMPTY;
        empty.set_style(self.theme.style(Role::Screen).patch(self.theme.style(role)));
        let (screen, area) = (self.buffer.area, area.intersection(self.buffer.area));
        let lines = self.buffer.content.chunks_mut(usize::from(screen.width).max(1));
        let within =
            usize::from(area.left() - screen.left())..usize::from(area.right() - screen.left());
        for line in
            lines.skip(usize::from(area.top() - screen.top())).take(usize::from(area.height))
        {
            if let Some(cells) = line.get_mut(within.clone()) {
                cells.fill(empty.clone());
            }
        }
    }

    /// Lays the style of `role` over `area`, keeping what is written there.
    pub(super) fn lay(&mut self, area: Rect, role: Role) {
        let style = self.theme.style(role);
        self.buffer.set_style(area.intersection(self.buffer.area), style);
    }

    /// Writes `text` from `x` on, at most `width` cells; gives the cells used.
    pub(super) fn text(&mut self, x: u16, y: u16, width: u16, text: &str, role: Role) -> u16 {
        let style = self.theme.style(role);
        self.styled(x, y, width, text, style)
    }

    /// Writes `text` so that it ends `width` cells after `x`.
    pub(super) fn right(&mut self, x: u16, y: u16, width: u16, text: &str, role: Role) {
        let used = cells(text).min(width);
        self.text(x + (width - used), y, used, text, role);
    }

    fn styled(&mut self, x: u16, y: u16, width: u16, text: &str, style: Style) -> u16 {
        let edge = x.saturating_add(width).min(self.buffer.area.right());
        if text.len() <= usize::from(edge.saturating_sub(x)) && text.bytes().all(is_plain) {
            // Nearly every text is so, and then each byte is a cell.
            for (at, byte) in (x..edge).zip(text.bytes()) {
                self.put(at, y, char::from(byte), style);
            }
            return u16::try_from(text.len()).unwrap_or(u16::MAX);
        }
        let mut at = x;
        let mut chars = text.chars().peekable();
        while let Some(c) = chars.next() {
            let c = if Text::is_hostile(c) { '\u{fffd}' } else { c };
            let cells = u16::try_from(c.width().unwrap_or(0)).unwrap_or(0);
            if cells == 0 {
                self.combine(x, at, y, c);
                continue;
            }
            let rest = chars.peek().is_some();
            if at + cells > edge || (rest && at + cells == edge && !fits(&chars, edge - at - cells))
            {
                return self.ellipsis(x, at, y, edge, style);
            }
            self.put(at, y, c, style);
            for beside in at + 1..at + cells {
                if let Some(cell) = self.buffer.cell_mut((beside, y)) {
                    cell.reset();
                    cell.set_style(style);
                }
            }
            at += cells;
        }
        at - x
    }

    /// Black and white in the colours that are drawn with; none where there are no colours.
    pub(super) fn ink(&self) -> Option<(Color, Color)> {
        match self.theme.style(Role::HealthFailed).fg {
            None | Some(Color::Reset) => None,
            Some(Color::Rgb(..)) => Some((Color::Rgb(0, 0, 0), Color::Rgb(255, 255, 255))),
            Some(Color::Indexed(_)) => Some((Color::Indexed(16), Color::Indexed(231))),
            Some(_) => Some((Color::Black, Color::White)),
        }
    }

    /// Draws a cell of two dots, one above the other: black if `dark`, else white, whatever the theme.
    pub(super) fn halves(&mut self, (x, y): (u16, u16), dark: [bool; 2]) {
        let Some((black, white)) = self.ink() else { return };
        let [upper, lower] = dark.map(|dark| if dark { black } else { white });
        let symbol = if upper == lower { ' ' } else { '▀' };
        self.put(x, y, symbol, Style::reset().fg(upper).bg(lower));
    }

    fn put(&mut self, x: u16, y: u16, c: char, style: Style) {
        if let Some(cell) = self.buffer.cell_mut((x, y)) {
            cell.set_char(c);
            cell.set_style(style);
        }
    }

    /// Adds a combining character to the cell before, but not a flood of them.
    fn combine(&mut self, start: u16, at: u16, y: u16, c: char) {
        const MOST: usize = 16;
        if at <= start {
            return;
        }
        if let Some(cell) = self.buffer.cell_mut((at - 1, y))
            && cell.symbol().len() < MOST
        {
            self.zero_width.clear();
            self.zero_width.push_str(cell.symbol());
            self.zero_width.push(c);
            cell.set_symbol(&self.zero_width);
        }
    }

    fn ellipsis(&mut self, x: u16, at: u16, y: u16, edge: u16, style: Style) -> u16 {
        if at < edge {
            self.put(at, y, '…', style);
            return at + 1 - x;
        }
        at - x
    }

    /// Draws a border round `area` with `title` in it, and empties what is inside onto `ground`.
    pub(super) fn frame(&mut self, area: Rect, title: &str, (border, ground): (Role, Role)) {
        self.fill(area, ground);
        let (right, bottom) = (area.right().saturating_sub(1), area.bottom().saturating_sub(1));
        for x in area.left()..=right {
            self.text(x, area.top(), 1, "─", border);
            self.text(x, bottom, 1, "─", border);
        }
        for y in area.top()..=bottom {
            self.text(area.left(), y, 1, "│", border);
            self.text(right, y, 1, "│", border);
        }
        for (x, y, corner) in [
            (area.left(), area.top(), "╭"),
            (right, area.top(), "╮"),
            (area.left(), bottom, "╰"),
            (right, bottom, "╯"),
        ] {
            self.text(x, y, 1, corner, border);
        }
        let room = area.width.saturating_sub(4);
        let title = format!(" {title} ");
        self.text(area.left() + 1, area.top(), room, &title, Role::Title);
    }
}

/// Whether what is left of a text needs no cells beyond `room`.
fn fits(rest: &std::iter::Peekable<std::str::Chars<'_>>, room: u16) -> bool {
    rest.clone().all(|c| c.width().unwrap_or(0) == 0) || room > 0
}

/// Whether `byte` is a character that takes one cell.
const fn is_plain(byte: u8) -> bool {
    matches!(byte, b' '..=b'~')
}

/// How many cells `text` takes.
pub(super) fn cells(text: &str) -> u16 {
    if text.bytes().all(is_plain) {
        return u16::try_from(text.len()).unwrap_or(u16::MAX);
    }
    let cells = text.chars().map(|c| c.width().unwrap_or(0)).take(65_535).sum::<usize>();
    u16::try_from(cells).unwrap_or(u16::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_cut_alike_whether_plain_or_not() {
        let theme = Theme::default();
        for width in 0..9 {
            let [plain, other] = ["abcdef", "ábcdef"].map(|text| {
                let mut buffer = Buffer::empty(Rect::new(3, 1, 8, 2));
                let mut paint = Paint::new(&mut buffer, &theme);
                paint.fill(Rect::new(0, 0, 40, 40), Role::Screen);
                let used = paint.text(4, 2, width, text, Role::Text);
                let shown: String = buffer.content.iter().map(Cell::symbol).collect();
                (used, shown.replace('á', "a"))
            });
            assert_eq!(plain, other, "{width} cells");
        }
    }

    #[test]
    fn only_what_is_asked_for_is_filled() {
        let theme = Theme::default();
        let screen = Rect::new(3, 1, 4, 3);
        for (area, left) in [
            (Rect::new(0, 0, 40, 40), "            "),
            (Rect::new(4, 2, 2, 1), "xxxxx  xxxxx"),
            (Rect::new(6, 3, 9, 9), "xxxxxxxxxxx "),
            (Rect::new(0, 0, 3, 1), "xxxxxxxxxxxx"),
            (Rect::new(20, 20, 3, 1), "xxxxxxxxxxxx"),
        ] {
            let mut buffer = Buffer::filled(screen, Cell::new("x"));
            Paint::new(&mut buffer, &theme).fill(area, Role::Screen);
            let shown: String = buffer.content.iter().map(Cell::symbol).collect();
            assert_eq!(shown, left, "{area}");
        }
    }
}
