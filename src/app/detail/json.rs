//! JSON as coloured lines.

use serde_json::Value;

use super::{DetailLine, Piece, Tone, said};
use crate::domain::Text;

/// The most bytes of one payload that are shown, 256 KiB.
const SHOWN_BYTES: usize = 256 * 1024;

/// The most lines of one payload that are shown.
const SHOWN_LINES: usize = 5_000;

/// `raw` as indented lines; as plain lines when it is not JSON.
pub(super) fn lines(raw: &str) -> Vec<DetailLine> {
    let mut out = Lines { done: Vec::new(), bytes: 0, full: false };
    match serde_json::from_str::<Value>(raw) {
        Ok(value) => out.value(&mut Vec::new(), 0, &value, ""),
        Err(_) => raw.lines().for_each(|line| out.push(vec![text(Tone::Plain, line)])),
    }
    if out.full {
        let note = "… the rest is not shown; copying the whole event gives all that is kept";
        out.done.push(said("", Tone::Gap, &Text::clean(note)));
    }
    out.done
}

/// `raw` as indented text without control characters; as it is when it is not JSON.
pub(super) fn plain(raw: &str) -> String {
    let pretty = serde_json::from_str::<Value>(raw)
        .and_then(|value| serde_json::to_string_pretty(&value))
        .unwrap_or_else(|_| raw.to_owned());
    let lines: Vec<String> =
        pretty.lines().map(|line| Text::bounded(line, usize::MAX).to_string()).collect();
    lines.join("\n")
}

fn text(tone: Tone, text: &str) -> Piece {
    Piece::Text(tone, Text::bounded(text, 4096))
}

struct Lines {
    done: Vec<DetailLine>,
    bytes: usize,
    full: bool,
}

impl Lines {
    fn push(&mut self, pieces: Vec<Piece>) {
        if self.full || self.bytes > SHOWN_BYTES || self.done.len() >= SHOWN_LINES {
            self.full = true;
            return;
        }
        self.bytes += pieces
            .iter()
            .map(|piece| match piece {
                Piece::Text(_, text) => text.as_str().len(),
                Piece::Age(_) | Piece::Clock(_) | Piece::Promise(_) => 0,
            })
            .sum::<usize>();
        self.done.push(DetailLine { label: "", pieces });
    }

    /// Adds `value` after `lead`, the pieces that its first line begins with, and `comma` after its last.
    fn value(&mut self, lead: &mut Vec<Piece>, depth: usize, value: &Value, comma: &str) {
        let (tone, scalar) = match value {
            Value::Object(members) if !members.is_empty() => {
                lead.push(text(Tone::Plain, "{"));
                self.push(std::mem::take(lead));
                let last = members.len() - 1;
                for (n, (key, member)) in members.iter().enumerate() {
                    let key = serde_json::to_string(key).unwrap_or_default();
                    let mut lead =
                        vec![indent(depth + 1), text(Tone::JsonKey, &key), text(Tone::Plain, ": ")];
                    self.value(&mut lead, depth + 1, member, if n < last { "," } else { "" });
                }
                return self.push(vec![indent(depth), text(Tone::Plain, &format!("}}{comma}"))]);
            }
            Value::Array(items) if !items.is_empty() => {
                lead.push(text(Tone::Plain, "["));
                self.push(std::mem::take(lead));
                let last = items.len() - 1;
                for (n, item) in items.iter().enumerate() {
                    let mut lead = vec![indent(depth + 1)];
                    self.value(&mut lead, depth + 1, item, if n < last { "," } else { "" });
                }
                return self.push(vec![indent(depth), text(Tone::Plain, &format!("]{comma}"))]);
            }
            Value::Object(_) => (Tone::Plain, "{}".to_owned()),
            Value::Array(_) => (Tone::Plain, "[]".to_owned()),
            Value::String(string) => (Tone::JsonString, quoted(string)),
            Value::Number(number) => (Tone::JsonNumber, number.to_string()),
            Value::Bool(_) | Value::Null => (Tone::JsonLiteral, value.to_string()),
        };
        lead.push(text(tone, &scalar));
        if !comma.is_empty() {
            lead.push(text(Tone::Plain, comma));
        }
        self.push(std::mem::take(lead));
    }
}

fn quoted(string: &str) -> String {
    serde_json::to_string(string).unwrap_or_default()
}

fn indent(depth: usize) -> Piece {
    text(Tone::Plain, &"  ".repeat(depth.min(40)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(raw: &str) -> Vec<String> {
        let piece = |piece: &Piece| match piece {
            Piece::Text(_, text) => text.to_string(),
            Piece::Age(at) | Piece::Clock(at) => at.to_string(),
            Piece::Promise(clock) => clock.due().to_string(),
        };
        lines(raw).iter().map(|line| line.pieces.iter().map(piece).collect()).collect()
    }

    #[test]
    fn json_is_indented() {
        assert_eq!(
            shown(r#"{"a":1,"b":["x",null],"c":{}}"#),
            [
                "{",
                r#"  "a": 1,"#,
                r#"  "b": ["#,
                r#"    "x","#,
                "    null",
                "  ],",
                r#"  "c": {}"#,
                "}"
            ]
        );
    }

    #[test]
    fn what_is_not_json_is_shown_as_it_is() {
        assert_eq!(shown("not json\u{1b}[2J\nsecond"), ["not json␛[2J", "second"]);
    }

    #[test]
    fn what_is_shown_is_bounded() {
        let raw = format!("[{}]", vec!["1"; 100_000].join(","));
        assert_eq!(lines(&raw).len(), SHOWN_LINES + 1);
        let long = format!("\"{}\"", "x".repeat(1_000_000));
        assert!(shown(&long).concat().len() < 8192);
    }
}
