//! A runbook in short: what to look at first, and what not to do.

use super::{DetailLine, Tone, blank, heading, said};
use crate::domain::{Text, runbook};

/// The sections shown beside what is broken; the rest is for those who read the whole of it.
const SHOWN: [&str; 2] = ["Check first", "What not to do"];

/// The lines of the runbook for `topic`, with the labels that `label` knows filled in.
pub(super) fn lines<'a>(topic: &str, label: impl Fn(&str) -> Option<&'a str>) -> Vec<DetailLine> {
    let Some(book) = runbook::for_topic(topic) else { return Vec::new() };
    let mut lines = vec![blank(), heading(&format!("Runbook: {}", book.title()))];
    for (title, text) in book.body().sections().filter(|(title, _)| SHOWN.contains(title)) {
        lines.push(said("", Tone::Key, &Text::clean(title)));
        let filled = runbook::flowed(&runbook::fill(text, &label));
        let shown = filled.lines().map(|line| said("", Tone::Plain, &Text::clean(line)));
        lines.extend(shown);
    }
    lines
}
