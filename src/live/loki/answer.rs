//! What Loki answers: lines of several streams, each with nanoseconds, put into one order.

use std::hash::{Hash as _, Hasher as _};

use serde::Deserialize;
use serde_json::value::RawValue;

use super::follow::Question;
use super::{LINE_MAX, LINES_BYTES, LINES_WITHIN};
use crate::domain::{LogLine, Text, Timestamp, Trouble};
use crate::live::http::{Get, Http, Why};

/// A line and where it stands among the others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line {
    /// Nanoseconds since the epoch.
    pub(super) ns: i64,
    /// What tells it from others of the same time: of its stream and its words.
    pub(super) print: u64,
    pub(super) shown: LogLine,
}

/// What became of a question.
pub(super) enum Asked {
    /// These lines, oldest first.
    Told(Vec<Line>),
    /// The answer is larger than is read.
    Large,
    /// The server won't answer this, whenever it is asked: why, as a clause.
    Refused(Text),
    /// There is no answer now.
    Lost(Trouble),
}

#[derive(Deserialize)]
struct Answer<'a> {
    #[serde(borrow)]
    data: Data<'a>,
}

/// What every answer has.
#[derive(Deserialize)]
struct Strict {
    #[serde(rename = "status")]
    _status: String,
}

#[derive(Deserialize)]
struct Data<'a> {
    #[serde(rename = "resultType")]
    sort: String,
    #[serde(borrow)]
    result: &'a RawValue,
}

#[derive(Deserialize)]
struct Stream<'a> {
    #[serde(borrow)]
    stream: &'a RawValue,
    /// Nanoseconds, the line, and with some versions more.
    values: Vec<Vec<serde_json::Value>>,
}

/// Asks `question`, and reads the answer.
pub(super) async fn ask(http: &Http, question: &Question) -> Asked {
    let (start, end) = (question.start.to_string(), question.end.to_string());
    let limit = question.limit.to_string();
    let direction = if question.forward { "forward" } else { "backward" };
    let get = Get {
        doing: "reading lines",
        path: "/loki/api/v1/query_range",
        query: &[
            ("query", question.query.as_str()),
            ("start", &start),
            ("end", &end),
            ("limit", &limit),
            ("direction", direction),
        ],
        within: LINES_WITHIN,
        bytes: LINES_BYTES,
    };
    match http.ask(get).await {
        Ok(bytes) => match lines(&bytes) {
            Ok(Ok(lines)) => Asked::Told(lines),
            Ok(Err(why)) => Asked::Refused(why),
            // Whoever answered so is no Loki: said in the same words as of every server.
            Err(error) => match http.read::<Strict>(&bytes, get.doing) {
                Err(trouble) => Asked::Lost(trouble),
                Ok(_) => Asked::Refused(Text::bounded(&error.to_string(), 200)),
            },
        },
        Err(refused) => match refused.why {
            Why::Status(400 | 422, said) => Asked::Refused(Text::bounded(said.trim(), 500)),
            Why::Large => Asked::Large,
            Why::Status(..) | Why::Late | Why::Link => Asked::Lost(refused.trouble),
        },
    }
}

/// Whether an answer about labels is one of Loki.
pub(super) fn check(http: &Http, bytes: &[u8], doing: &str) -> Result<(), Trouble> {
    http.read::<Strict>(bytes, doing).map(drop)
}

/// The lines of an answer, oldest first; why there can be none.
fn lines(bytes: &[u8]) -> Result<Result<Vec<Line>, Text>, serde_json::Error> {
    let answer: Answer<'_> = serde_json::from_slice(bytes)?;
    if answer.data.sort != "streams" {
        let why = format!("it gives figures (a {}) and no lines", answer.data.sort);
        return Ok(Err(Text::bounded(&why, 200)));
    }
    let streams: Vec<Stream<'_>> = serde_json::from_str(answer.data.result.get())?;
    let mut lines = Vec::new();
    for stream in &streams {
        for value in &stream.values {
            lines.extend(line(stream.stream.get(), value));
        }
    }
    // Stable: lines of one stream and one time keep their order.
    lines.sort_by_key(|line| line.ns);
    Ok(Ok(lines))
}

fn line(stream: &str, value: &[serde_json::Value]) -> Option<Line> {
    let ns: i64 = value.first()?.as_str()?.parse().ok()?;
    let text = value.get(1)?.as_str()?;
    let mut hasher = std::hash::DefaultHasher::new();
    (stream, text).hash(&mut hasher);
    let at = Some(Timestamp::from_ms(ns.div_euclid(1_000_000)));
    let text = Text::bounded(text.trim_end_matches(['\n', '\r']), LINE_MAX);
    Some(Line { ns, print: hasher.finish(), shown: LogLine { at, text } })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_many_streams_come_in_one_order() {
        let answer = r#"{"status":"success","data":{"resultType":"streams","result":[
            {"stream":{"a":"1"},"values":[["3000000","c\r\n"],["1000000","a"]]},
            {"stream":{"a":"2"},"values":[["2000000","\u001b[31mb",{"trace":"1"}],["many","x"],[]]}
        ],"stats":{"more":1}}}"#;
        let lines = lines(answer.as_bytes()).expect("an answer").expect("lines");
        let brief: Vec<_> = lines
            .iter()
            .map(|line| (line.ns, line.shown.at.map(Timestamp::ms), line.shown.text.as_str()))
            .collect();
        assert_eq!(
            brief,
            [(1_000_000, Some(1), "a"), (2_000_000, Some(2), "␛[31mb"), (3_000_000, Some(3), "c")]
        );
    }

    #[test]
    fn what_holds_no_lines_is_said() {
        let figures = r#"{"data":{"resultType":"matrix","result":[]}}"#;
        let why = lines(figures.as_bytes()).expect("an answer").expect_err("no lines");
        assert_eq!(why, "it gives figures (a matrix) and no lines");
        for strange in ["{}", "[]", "<html>", r#"{"data":{"resultType":"streams","result":{}}}"#] {
            assert!(lines(strange.as_bytes()).is_err(), "{strange}");
        }
    }

    #[test]
    fn a_line_is_bounded() {
        let long = serde_json::json!(["1", "x".repeat(LINE_MAX * 4)]);
        let line = line("{}", long.as_array().expect("a pair")).expect("a line");
        assert!(line.shown.text.as_str().len() <= LINE_MAX + 3);
    }
}
