//! A runbook on a page of details: the whole of it, or what to look at first and what not to do.

use super::{DetailLine, Tone, blank, heading, said};
use crate::domain::{Text, runbook};

/// The sections shown beside what is broken; the rest is for those who read the whole of it.
const SHOWN: [&str; 2] = ["Check first", "What not to do"];

/// The runbook for `topic` in short, with the labels that `label` knows filled in.
pub(super) fn lines<'a>(topic: &str, label: impl Fn(&str) -> Option<&'a str>) -> Vec<DetailLine> {
    let Some(book) = runbook::for_topic(topic) else { return Vec::new() };
    let mut lines = vec![blank(), heading(&format!("Runbook: {}", book.title()))];
    for (title, text) in book.body().sections().filter(|(title, _)| SHOWN.contains(title)) {
        lines.push(said("", Tone::Key, &Text::clean(title)));
        lines.extend(instructions(&runbook::fill(text, &label)));
    }
    lines
}

/// The text of a runbook, its titles and commands standing out.
pub(super) fn instructions(text: &str) -> Vec<DetailLine> {
    runbook::flowed(text)
        .lines()
        .map(|line| {
            let trimmed = line.trim();
            if let Some(title) = trimmed.strip_prefix("## ") {
                return heading(title);
            }
            let command = trimmed.strip_prefix('`').and_then(|rest| rest.strip_suffix('`'));
            match command.filter(|command| !command.contains('`')) {
                Some(command) => said("", Tone::Key, &Text::clean(&format!("     {command}"))),
                None => said("", Tone::Plain, &Text::clean(line)),
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::detail::Piece;

    #[test]
    fn commands_and_headings_of_a_runbook_stand_out() {
        let lines = instructions(
            "## Check first\n\n1. The pods:\n   `kubectl get pods`\n   Say `a` or `b`",
        );
        let tones: Vec<Tone> = lines
            .iter()
            .filter_map(|line| match line.pieces.first() {
                Some(Piece::Text(tone, _)) => Some(*tone),
                _ => None,
            })
            .collect();
        assert_eq!(tones, [Tone::Heading, Tone::Plain, Tone::Plain, Tone::Key, Tone::Plain]);
    }
}
