//! Events that the operator saves: a new file of JSON lines, one for each line of the tail, readable by the operator alone.

use std::fs::DirBuilder;
use std::io::{self, BufWriter, Write as _};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::recorder::new_file_named;
use crate::app::Importance;
use crate::domain::{Content, Operation, Timestamp};
use crate::operation::export;
use crate::store::Line;

/// Writes `lines` to a new file in `folder` named after `now`; says which.
///
/// # Errors
/// When the folder or the file can't be made or written. No file that exists is touched.
pub fn save(folder: &Path, lines: &[Line], now: Timestamp) -> io::Result<PathBuf> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let (path, file) = new_file_named(folder, "events-", now, "jsonl")?;
    let mut out = BufWriter::new(file);
    for line in lines {
        serde_json::to_writer(&mut out, &written(line))?;
        out.write_all(b"\n")?;
    }
    out.flush()?;
    Ok(path)
}

/// Writes `lines` as [`save`] does; gives what is to be said of it.
#[must_use]
pub fn report(folder: &Path, lines: &[Line], now: Timestamp) -> (Importance, String) {
    match save(folder, lines, now) {
        Ok(path) => {
            (Importance::Info, format!("Saved {} lines to {}", lines.len(), path.display()))
        }
        Err(error) => {
            let folder = folder.display();
            (Importance::Error, format!("The events could not be saved in {folder}: {error}."))
        }
    }
}

/// Writes `operation` with its plan and its records to a new file in `folder`; gives what is to be said of it.
#[must_use]
pub fn operation(folder: &Path, operation: &Operation, now: Timestamp) -> (Importance, String) {
    let written = || -> io::Result<PathBuf> {
        DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        let lead = format!("operation-{}-", operation.plan.id);
        let (path, file) = new_file_named(folder, &lead, now, "md")?;
        let mut out = BufWriter::new(file);
        out.write_all(export(operation).as_bytes())?;
        out.flush()?;
        Ok(path)
    };
    match written() {
        Ok(path) => (Importance::Info, format!("Wrote the operation to {}", path.display())),
        Err(error) => {
            let folder = folder.display();
            (Importance::Error, format!("The operation could not be written in {folder}: {error}."))
        }
    }
}

/// A line of the tail as JSON: an event as it was received, or what stands between events.
fn written(line: &Line) -> Value {
    match line {
        Line::Entry { entry, duplicate } => {
            let raw = entry.raw.raw();
            let event = serde_json::from_str(raw).unwrap_or_else(|_| Value::from(raw));
            let mut out = json!({ "entry": entry.id.to_string(), "event": event });
            if let Some(fields) = out.as_object_mut() {
                if *duplicate {
                    fields.insert("duplicate".to_owned(), Value::Bool(true));
                }
                if let Content::Malformed(why) = &entry.content {
                    fields.insert("malformed".to_owned(), Value::from(why.as_str()));
                }
            }
            out
        }
        Line::Gap(gap) => json!({ "gap": gap }),
        Line::Left(left) => json!({ "left": left.to_string() }),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::domain::{CloudEvent, Gap, GapCause, Missed, Payload, StreamEntry, StreamId};

    fn entry(ms: u64, raw: &str, content: Content) -> Line {
        let entry = StreamEntry {
            id: StreamId { ms, seq: 0 },
            bytes: raw.len() as u64,
            content,
            raw: Payload::new(raw),
        };
        Line::Entry { entry: Arc::new(entry), duplicate: ms == 2 }
    }

    #[test]
    fn every_line_is_written_and_no_file_is_overwritten() {
        let folder = tempfile::tempdir().expect("a folder");
        let folder = folder.path().join("state/saved");
        let event = || Content::Event(CloudEvent::default());
        let lines = [
            entry(1, "{\n \"id\": \"a\"}", event()),
            Line::Gap(Gap {
                after: None,
                before: None,
                missed: Missed::Some,
                cause: GapCause::Reset,
            }),
            entry(2, r#"{"id":"a"}"#, event()),
            entry(3, "not\u{1b}[2J JSON", Content::Malformed("no JSON".into())),
        ];
        let now = Timestamp::from_ms(0);
        let path = save(&folder, &lines, now).expect("a file");
        assert_eq!(path, folder.join("events-19700101T000000000.jsonl"));
        let text = std::fs::read_to_string(&path).expect("its text");
        let written: Vec<&str> = text.lines().collect();
        assert_eq!(written[0], r#"{"entry":"1-0","event":{"id":"a"}}"#);
        assert!(written[1].starts_with(r#"{"gap":"#), "{text}");
        assert_eq!(written[2], r#"{"duplicate":true,"entry":"2-0","event":{"id":"a"}}"#);
        assert!(written[3].contains(r#""malformed":"no JSON""#) && !text.contains('\u{1b}'));
        assert_eq!(written.len(), 4);

        let second = save(&folder, &lines[..1], now).expect("another file");
        assert_eq!(second, folder.join("events-19700101T000000000-2.jsonl"));
        assert_eq!(std::fs::read_to_string(&path).expect("its text"), text);
    }
}
