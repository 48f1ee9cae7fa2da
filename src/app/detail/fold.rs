//! Long lines, folded to the width of the drawer: what a condition says must be readable whole.

use unicode_width::UnicodeWidthChar;

use super::{DetailLine, LABELS, Piece, Tone};
use crate::domain::Text;

/// Cells that a time with its age takes at most.
const AGE: usize = 36;

/// Cells that a time takes, with the space after it.
const CLOCK: usize = 27;

/// Cells that the state of a promise takes at most.
const PROMISE: usize = 45;

/// The most lines that one line is folded to.
const FOLDS: usize = 200;

/// `lines`, none longer than `width` cells.
#[must_use]
pub fn fold(lines: Vec<DetailLine>, width: usize) -> Vec<DetailLine> {
    lines.into_iter().flat_map(|line| fold_line(line, width.max(20))).collect()
}

fn fold_line(line: DetailLine, width: usize) -> Vec<DetailLine> {
    let lead = if line.label.is_empty() { 0 } else { usize::from(LABELS) };
    let wide: usize = line.pieces.iter().map(piece_cells).sum();
    if lead + wide <= width {
        return vec![line];
    }
    let indent = if lead > 0 { lead } else { first_indent(&line) + 2 };
    let mut out = Folded {
        done: vec![DetailLine { label: line.label, pieces: Vec::new() }],
        used: lead,
        width,
        indent: indent.min(width / 2),
    };
    for piece in line.pieces {
        match piece {
            Piece::Age(_) => out.whole(piece, AGE),
            Piece::Clock(_) => out.whole(piece, CLOCK),
            Piece::Promise(_) => out.whole(piece, PROMISE),
            Piece::Text(tone, text) => out.text(tone, text.as_str()),
        }
    }
    out.done.truncate(FOLDS);
    out.done
}

fn piece_cells(piece: &Piece) -> usize {
    match piece {
        Piece::Age(_) => AGE,
        Piece::Clock(_) => CLOCK,
        Piece::Promise(_) => PROMISE,
        Piece::Text(_, text) => text.as_str().chars().map(cells).sum(),
    }
}

fn cells(c: char) -> usize {
    c.width().unwrap_or(0)
}

fn first_indent(line: &DetailLine) -> usize {
    match line.pieces.first() {
        Some(Piece::Text(_, text)) => text.as_str().chars().take_while(|c| *c == ' ').count(),
        Some(Piece::Age(_) | Piece::Clock(_) | Piece::Promise(_)) | None => 0,
    }
}

struct Folded {
    done: Vec<DetailLine>,
    used: usize,
    width: usize,
    indent: usize,
}

impl Folded {
    fn whole(&mut self, piece: Piece, cells: usize) {
        if self.used + cells > self.width && self.used > self.indent {
            self.next_line();
        }
        self.used += cells;
        self.push(piece);
    }

    /// Adds `text` word by word; a word longer than a line is broken where the line ends.
    fn text(&mut self, tone: Tone, text: &str) {
        let mut run = String::new();
        for word in text.split_inclusive(' ') {
            let wide: usize = word.chars().map(cells).sum();
            let seen: usize = word.trim_end().chars().map(cells).sum();
            if self.used + seen > self.width && self.used > self.indent {
                self.flush(tone, &mut run);
                self.next_line();
            }
            if self.used + seen <= self.width {
                run.push_str(word);
                self.used += wide;
                continue;
            }
            for c in word.chars() {
                if self.used + cells(c) > self.width {
                    self.flush(tone, &mut run);
                    self.next_line();
                }
                run.push(c);
                self.used += cells(c);
            }
        }
        self.flush(tone, &mut run);
    }

    fn flush(&mut self, tone: Tone, run: &mut String) {
        if !run.is_empty() {
            let text = Text::clean(&std::mem::take(run));
            self.push(Piece::Text(tone, text));
        }
    }

    fn next_line(&mut self) {
        // The space after a word that ends where the line does is beyond it.
        if let Some(Piece::Text(_, last)) =
            self.done.last_mut().and_then(|line| line.pieces.last_mut())
        {
            *last = Text::clean(last.as_str().trim_end());
        }
        let indent = Piece::Text(Tone::Plain, Text::clean(&" ".repeat(self.indent)));
        self.done.push(DetailLine { label: "", pieces: vec![indent] });
        self.used = self.indent;
    }

    fn push(&mut self, piece: Piece) {
        if let Some(line) = self.done.last_mut() {
            line.pieces.push(piece);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folded(label: &'static str, text: &str, width: usize) -> Vec<String> {
        let piece = Piece::Text(Tone::Plain, Text::clean(text));
        let line = DetailLine { label, pieces: vec![piece] };
        let shown = |line: DetailLine| -> String {
            line.pieces
                .iter()
                .map(|piece| match piece {
                    Piece::Text(_, text) => text.to_string(),
                    Piece::Age(at) | Piece::Clock(at) => at.to_string(),
                    Piece::Promise(clock) => clock.due().to_string(),
                })
                .collect()
        };
        fold(vec![line], width).into_iter().map(shown).collect()
    }

    #[test]
    fn long_lines_break_at_spaces_and_long_words_where_the_line_ends() {
        assert_eq!(folded("", "short", 20), ["short"]);
        assert_eq!(
            folded("", "cannot compose the resources of acme", 20),
            ["cannot compose the", "  resources of acme"]
        );
        // A word may end where the line does.
        assert_eq!(folded("", "cannot compose these two", 20), ["cannot compose these", "  two"]);
        assert_eq!(
            folded("", &"x".repeat(45), 20),
            ["x".repeat(20), format!("  {}", "x".repeat(18)), format!("  {}", "x".repeat(7))]
        );
    }

    #[test]
    fn a_flood_is_bounded() {
        assert_eq!(folded("", &"x".repeat(60_000), 20).len(), FOLDS);
    }
}
