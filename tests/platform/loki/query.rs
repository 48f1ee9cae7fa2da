//! The part of `LogQL` that the stand-in knows: `{name="value", other!="value"}` and then `|= "text"` and `!= "text"`.

use super::Stream;

/// A query that was understood.
pub(super) struct Query {
    labels: Vec<(String, bool, String)>,
    lines: Vec<(bool, String)>,
}

impl Query {
    /// Reads `text`; what Loki would say of it when it can't be read.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let refusal =
            || format!("parse error at line 1, col {}: syntax error", text.chars().count());
        let mut rest = text.trim_start().strip_prefix('{').ok_or_else(refusal)?;
        let mut labels = Vec::new();
        loop {
            rest = rest.trim_start().trim_start_matches(',').trim_start();
            if let Some(after) = rest.strip_prefix('}') {
                rest = after;
                break;
            }
            let end = rest.find(['=', '!']).ok_or_else(refusal)?;
            let (name, after) = rest.split_at(end);
            let (wanted, after) = match after.strip_prefix("!=") {
                Some(after) => (false, after),
                None => (true, after.strip_prefix('=').ok_or_else(refusal)?),
            };
            let (value, after) = quoted(after).ok_or_else(refusal)?;
            labels.push((name.trim().to_owned(), wanted, value));
            rest = after;
        }
        let matches_nothing = "queries require at least one regexp or equality matcher that does not have an empty-compatible value";
        if !labels.iter().any(|(_, wanted, value)| *wanted && !value.is_empty()) {
            return Err(format!("parse error : {matches_nothing}"));
        }
        let mut lines = Vec::new();
        while !rest.trim().is_empty() {
            rest = rest.trim_start();
            let (wanted, after) = match rest.strip_prefix("|=") {
                Some(after) => (true, after),
                None => (false, rest.strip_prefix("!=").ok_or_else(refusal)?),
            };
            let (value, after) = quoted(after).ok_or_else(refusal)?;
            lines.push((wanted, value));
            rest = after;
        }
        Ok(Self { labels, lines })
    }

    /// Whether the stream is meant.
    pub(super) fn has(&self, stream: &Stream) -> bool {
        self.labels.iter().all(|(name, wanted, value)| {
            (stream.labels.get(name).map_or("", String::as_str) == value) == *wanted
        })
    }

    /// Whether the line is meant.
    pub(super) fn keeps(&self, line: &str) -> bool {
        self.lines.iter().all(|(wanted, text)| line.contains(text.as_str()) == *wanted)
    }
}

/// A string in double quotes or back quotes at the beginning of `text`, and what follows it.
fn quoted(text: &str) -> Option<(String, &str)> {
    let text = text.trim_start();
    if let Some(rest) = text.strip_prefix('`') {
        let (raw, rest) = rest.split_once('`')?;
        return Some((raw.to_owned(), rest));
    }
    let rest = text.strip_prefix('"')?;
    let mut out = String::new();
    let mut chars = rest.char_indices();
    while let Some((index, char)) = chars.next() {
        match char {
            '"' => return Some((out, rest.get(index + 1..)?)),
            '\n' => return None,
            '\\' => match chars.next()?.1 {
                'n' => out.push('\n'),
                't' => out.push('\t'),
                char @ ('"' | '\\') => out.push(char),
                _ => return None,
            },
            char => out.push(char),
        }
    }
    None
}
