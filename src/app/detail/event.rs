//! The details of a line of the event stream.

use super::{DetailLine, Piece, Tone, age, blank, heading, json, said};
use crate::domain::{
    CloudEvent, Content, Gap, GapCause, Missed, Payload, StreamEntry, StreamId, Text,
};

/// The title and the lines of an entry.
pub(super) fn entry_lines(entry: &StreamEntry, duplicate: bool) -> (Text, Vec<DetailLine>) {
    let mut lines = vec![
        said("entry", Tone::Plain, &Text::clean(&entry.id.to_string())),
        age("taken in", entry.id.at()),
    ];
    let title = match &entry.content {
        Content::Event(event) => {
            lines.extend(envelope(event));
            event.kind.clone()
        }
        Content::Malformed(reason) => {
            lines.push(said("malformed", Tone::Gap, reason));
            Text::clean("malformed event")
        }
    };
    if duplicate {
        let text = Text::clean("an event with the same id came before");
        lines.push(said("duplicate", Tone::Gap, &text));
    }
    let kept = entry.raw.raw().len();
    if kept + 4 > Payload::MAX_BYTES {
        let text = format!("{kept} of {} bytes are kept", entry.bytes);
        lines.push(said("cut", Tone::Gap, &Text::clean(&text)));
    }
    lines.extend([blank(), heading("As received")]);
    lines.extend(json::lines(entry.raw.raw()));
    (title, lines)
}

fn envelope(event: &CloudEvent) -> Vec<DetailLine> {
    let mut lines: Vec<DetailLine> = [
        ("type", &event.kind),
        ("tenant", &event.subject),
        ("source", &event.source),
        ("id", &event.id),
    ]
    .into_iter()
    .filter(|(_, text)| !text.is_empty())
    .map(|(label, text)| said(label, Tone::Plain, text))
    .collect();
    lines.extend(event.time.map(|at| age("sent", at)));
    lines
}

/// The sentence that a gap is shown as.
#[must_use]
pub fn gap_sentence(gap: &Gap) -> String {
    let missed = match gap.missed {
        Missed::Exactly(1) => "1 event is missing".to_owned(),
        Missed::Exactly(n) => format!("{} events are missing", grouped(n)),
        Missed::Some => "events may be missing, nobody can say how many".to_owned(),
    };
    let why = match gap.cause {
        GapCause::Trimmed => "trimmed before they were read",
        GapCause::Reset => "the stream began anew",
    };
    format!("{missed}: {why}")
}

/// `n` with its digits in groups of three.
#[must_use]
pub fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            out.push('\u{a0}');
        }
        out.push(digit);
    }
    out
}

/// The title and the lines of a gap.
pub(super) fn gap_lines(gap: &Gap) -> (Text, Vec<DetailLine>) {
    let mut lines = vec![said("", Tone::Gap, &Text::clean(&gap_sentence(gap))), blank()];
    let edge = |label, id: Option<StreamId>| {
        id.map(|id| DetailLine {
            label,
            pieces: vec![
                Piece::Text(Tone::Plain, Text::clean(&format!("{id} "))),
                Piece::Age(id.at()),
            ],
        })
    };
    lines.extend(edge("last seen", gap.after));
    lines.extend(edge("seen again", gap.before));
    (Text::clean("gap in the stream"), lines)
}

/// The title and the lines of the mark where the operator left.
pub(super) fn left_lines(left: StreamId) -> (Text, Vec<DetailLine>) {
    let text = "you left here last time; what stands below came since";
    let lines = vec![said("", Tone::Plain, &Text::clean(text)), age("last read", left.at())];
    (Text::clean("where you left"), lines)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gap_says_how_many_and_why() {
        let gap = |missed, cause| gap_sentence(&Gap { after: None, before: None, missed, cause });
        assert_eq!(
            gap(Missed::Exactly(2143), GapCause::Trimmed),
            "2\u{a0}143 events are missing: trimmed before they were read"
        );
        assert_eq!(
            gap(Missed::Some, GapCause::Reset),
            "events may be missing, nobody can say how many: the stream began anew"
        );
        assert_eq!(
            gap(Missed::Exactly(1), GapCause::Reset),
            "1 event is missing: the stream began anew"
        );
    }
}
