//! What Prometheus answers: vectors of samples now, and matrices of samples over time.
//!
//! Numbers come as texts, `NaN` and `+Inf` among them; they are kept as they are said. An answer is read only up to a size.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use crate::domain::{Text, Trouble};
use crate::live::http::{Get, Http, Why};

/// The labels of a series.
pub(super) type Labels = BTreeMap<String, String>;

/// What became of a question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Asked<T> {
    /// The server answered.
    Told(T),
    /// The server is there and won't or can't answer this: why, as a clause.
    Refused(Text),
    /// There is no answer: the server may be gone.
    Lost(Trouble),
}

/// The answer to a question about one moment.
#[derive(Debug, PartialEq)]
pub(super) struct Vector(pub(super) Vec<Sample>);

/// One series at one moment.
#[derive(Debug, PartialEq, Deserialize)]
pub(super) struct Sample {
    #[serde(rename = "metric")]
    pub(super) labels: Labels,
    pub(super) value: Point,
}

/// The answer to a question about a stretch of time.
#[derive(Debug, PartialEq)]
pub(super) struct Matrix(pub(super) Vec<Run>);

/// One series over time.
#[derive(Debug, PartialEq, Deserialize)]
pub(super) struct Run {
    pub(super) values: Vec<Point>,
}

/// Seconds since the epoch, and a number as text.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub(super) struct Point(pub(super) f64, String);

impl Point {
    /// The number; NaN when it is none.
    pub(super) fn number(&self) -> f64 {
        self.1.parse().unwrap_or(f64::NAN)
    }

    /// The moment, in milliseconds.
    pub(super) fn ms(&self) -> i64 {
        (self.0 * 1_000.0).round() as i64
    }
}

/// An answer of one sort.
pub(super) trait Shape: Sized {
    type Item: DeserializeOwned;
    /// The protocol's word for it.
    const NAME: &'static str;
    fn new(items: Vec<Self::Item>) -> Self;
}

impl Shape for Vector {
    type Item = Sample;
    const NAME: &'static str = "vector";
    fn new(items: Vec<Sample>) -> Self {
        Self(items)
    }
}

impl Shape for Matrix {
    type Item = Run;
    const NAME: &'static str = "matrix";
    fn new(items: Vec<Run>) -> Self {
        Self(items)
    }
}

#[derive(Deserialize)]
struct Answer<'a> {
    status: String,
    #[serde(borrow)]
    data: Option<Data<'a>>,
    error: Option<String>,
    #[serde(rename = "errorType")]
    sort: Option<String>,
}

#[derive(Deserialize)]
struct Data<'a> {
    #[serde(rename = "resultType")]
    sort: String,
    #[serde(borrow)]
    result: &'a RawValue,
}

/// Asks, and reads the answer.
pub(super) async fn ask<T: Shape>(http: &Http, get: Get<'_>) -> Asked<T> {
    match http.ask(get).await {
        Ok(bytes) => told(http, &bytes, get.doing),
        Err(refused) => match refused.why {
            Why::Status(code @ (400 | 422 | 503), said) => match complaint(&said) {
                Some(why) => Asked::Refused(why),
                None if code == 503 => Asked::Lost(refused.trouble),
                None => Asked::Refused(Text::bounded(&format!("it answered {code} {said}"), 300)),
            },
            Why::Late => Asked::Refused(Text::clean("it took too long")),
            Why::Large => Asked::Refused(Text::clean("the answer is too large")),
            Why::Status(..) | Why::Link => Asked::Lost(refused.trouble),
        },
    }
}

/// Reads an answer that came while `doing` something.
pub(super) fn told<T: Shape>(http: &Http, bytes: &[u8], doing: &str) -> Asked<T> {
    read(bytes).unwrap_or_else(|error| {
        // Whoever answered so is no Prometheus: said in the same words as of every server.
        match http.read::<Strict>(bytes, doing) {
            Err(trouble) => Asked::Lost(trouble),
            Ok(_) => Asked::Refused(Text::bounded(&error.to_string(), 200)),
        }
    })
}

/// What every answer has.
#[derive(Deserialize)]
struct Strict {
    #[serde(rename = "status")]
    _status: String,
    #[serde(rename = "data")]
    _data: serde::de::IgnoredAny,
}

fn read<T: Shape>(bytes: &[u8]) -> Result<Asked<T>, serde_json::Error> {
    let answer: Answer<'_> = serde_json::from_slice(bytes)?;
    let Some(data) = answer.data.filter(|_| answer.status == "success") else {
        return Ok(Asked::Refused(words(answer.sort.as_deref(), answer.error.as_deref())));
    };
    if data.sort != T::NAME {
        let why = format!("it gives a {} instead of a {}", data.sort, T::NAME);
        return Ok(Asked::Refused(Text::bounded(&why, 200)));
    }
    serde_json::from_str(data.result.get()).map(|items| Asked::Told(T::new(items)))
}

/// What the body of an error says, if it is one of Prometheus; the body may be cut off.
fn complaint(said: &str) -> Option<Text> {
    if let Ok(answer) = serde_json::from_str::<Answer<'_>>(said) {
        return Some(words(answer.sort.as_deref(), answer.error.as_deref()));
    }
    let cut = said.split_once("\"error\":\"")?.1;
    Some(words(None, Some(&cut.replace("\\\"", "\""))))
}

fn words(sort: Option<&str>, error: Option<&str>) -> Text {
    let why = match (sort, error) {
        (Some("timeout"), _) => "it took too long for the server".to_owned(),
        (Some("canceled"), _) => "the server gave it up".to_owned(),
        (_, Some(error)) => error.to_owned(),
        (Some(sort), None) => sort.to_owned(),
        (None, None) => "the server does not say why".to_owned(),
    };
    Text::bounded(why.trim_end_matches('.'), 300)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How the answer was read, and what it holds or says.
    fn brief<T: Shape>(answer: &str, count: impl Fn(&T) -> usize) -> String {
        match read::<T>(answer.as_bytes()) {
            Ok(Asked::Told(all)) => format!("{} told", count(&all)),
            Ok(Asked::Refused(why)) => why.to_string(),
            Ok(Asked::Lost(trouble)) => trouble.to_string(),
            Err(_) => "strange".to_owned(),
        }
    }

    #[test]
    fn answers_are_read_or_refused_in_words() {
        for (answer, said) in [
            (r#"{"status":"success","data":{"resultType":"vector","result":[]}}"#, "0 told"),
            (
                r#"{"status":"success","data":{"resultType":"vector","result":[{"metric":{"a":"b"},"value":[1.5,"NaN"],"extra":1}]},"warnings":["w"]}"#,
                "1 told",
            ),
            (
                r#"{"status":"success","data":{"resultType":"scalar","result":[1,"1"]}}"#,
                "it gives a scalar instead of a vector",
            ),
            (
                r#"{"status":"error","errorType":"bad_data","error":"1:3: parse error: unexpected \"}\""}"#,
                "1:3: parse error: unexpected \"}\"",
            ),
            (
                r#"{"status":"error","errorType":"timeout","error":"query timed out in expression evaluation"}"#,
                "it took too long for the server",
            ),
            (r#"{"status":"error"}"#, "the server does not say why"),
            (
                r#"{"status":"success","data":{"resultType":"vector","result":[{"metric":{}}]}}"#,
                "strange",
            ),
            (r#"{"status":"success","data":[]}"#, "strange"),
            ("[]", "strange"),
            ("<html>", "strange"),
        ] {
            assert_eq!(brief::<Vector>(answer, |all| all.0.len()), said, "{answer}");
        }
    }

    #[test]
    fn numbers_are_what_they_say() {
        for (text, number) in [("1.5", 1.5), ("+Inf", f64::INFINITY), ("-Inf", f64::NEG_INFINITY)] {
            assert_eq!(
                Point(0.0, text.into()).number().total_cmp(&number),
                std::cmp::Ordering::Equal
            );
        }
        assert!(Point(0.0, "NaN".into()).number().is_nan());
        assert!(Point(0.0, "many".into()).number().is_nan());
        assert_eq!(Point(1_780_000_000.25, String::new()).ms(), 1_780_000_000_250);
    }

    #[test]
    fn errors_are_understood_when_cut_off() {
        let whole = r#"{"status":"error","errorType":"execution","error":"many-to-many \"on\" ("#;
        assert_eq!(complaint(whole), Some(Text::from("many-to-many \"on\" (")));
        assert_eq!(complaint("upstream connect error"), None);
    }
}
