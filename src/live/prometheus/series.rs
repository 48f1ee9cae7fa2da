//! Figures over time: one question for each, an hour in points of a minute.

use super::answer::{Asked, Matrix, Run, ask};
use super::{ANSWER_WITHIN, SERIES_BYTES, seconds};
use crate::domain::{Figure, Series, Span, Text, Timestamp, Uid, thousandths};
use crate::live::http::{Get, Http};

/// Points of one figure, and the time between two.
const POINTS: u64 = 60;
const STEP: Span = Span::from_secs(60);
/// Questions begin on a grid, so that points stay where they are from one reading to the next.
const GRID_MS: i64 = 10_000;

/// Reads all `figures` as they are at `now`; none when the link broke. A figure that the platform has no metrics for
/// is left out; one that the server refuses has no points and says why.
pub(super) async fn read(http: &Http, figures: &[Figure], now: Timestamp) -> Option<Vec<Series>> {
    let mut found = Vec::with_capacity(figures.len());
    for (rank, figure) in figures.iter().enumerate() {
        let empty = Series {
            uid: Uid(figure.word.clone()),
            what: figure.words.clone(),
            unit: figure.unit,
            rank: rank as u16,
            tenant: None,
            points: Box::default(),
            trouble: None,
        };
        match question(http, figure, now).await {
            Asked::Told(Matrix(runs)) => found.extend(series(empty, runs)),
            Asked::Refused(why) => found.push(Series { trouble: Some(why), ..empty }),
            Asked::Lost(_) => return None,
        }
    }
    Some(found)
}

async fn question(http: &Http, figure: &Figure, now: Timestamp) -> Asked<Matrix> {
    let end = Timestamp::from_ms(now.ms() - now.ms().rem_euclid(GRID_MS));
    let start = end.before(Span::from_ms(STEP.ms() * (POINTS - 1)));
    let (start, end, step) = (seconds(start), seconds(end), STEP.secs().to_string());
    let query =
        [("query", figure.query.as_str()), ("start", &start), ("end", &end), ("step", &step)];
    let doing = format!("reading the figure {}", figure.word);
    let get = Get {
        doing: &doing,
        path: "/api/v1/query_range",
        query: &query,
        within: ANSWER_WITHIN,
        bytes: SERIES_BYTES,
    };
    ask(http, get).await
}

/// The figure with what was found of it; none when there is nothing.
fn series(empty: Series, mut runs: Vec<Run>) -> Option<Series> {
    if runs.len() > 1 {
        let why = format!("the query gives {} series instead of one", runs.len());
        return Some(Series { trouble: Some(Text::from(why)), ..empty });
    }
    let point = |point: &super::answer::Point| {
        Some((Timestamp::from_ms(point.ms()), thousandths(point.number())?))
    };
    let mut points: Vec<(Timestamp, i64)> = runs.pop()?.values.iter().filter_map(point).collect();
    points.sort_by_key(|(at, _)| *at);
    points.dedup_by_key(|(at, _)| *at);
    points.drain(..points.len().saturating_sub(Series::POINTS_MAX));
    (!points.is_empty()).then(|| Series { points: points.into(), ..empty })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Unit;

    /// Points, and trouble.
    type Found = (Vec<(i64, i64)>, Option<String>);

    /// The points and the trouble of what `result` gives.
    fn read(result: &str) -> Option<Found> {
        let empty = Series {
            uid: Uid("w".into()),
            what: "w".into(),
            unit: Unit::Count,
            rank: 0,
            tenant: None,
            points: Box::default(),
            trouble: None,
        };
        let found = series(empty, serde_json::from_str(result).expect("runs"))?;
        let points = found.points.iter().map(|(at, value)| (at.ms(), *value)).collect();
        Some((points, found.trouble.map(|why| why.to_string())))
    }

    #[test]
    fn what_is_no_number_is_a_hole() {
        for (result, found) in [
            ("[]", None),
            (r#"[{"metric":{},"values":[]}]"#, None),
            (r#"[{"metric":{},"values":[[60,"NaN"],[120,"+Inf"]]}]"#, None),
            (
                r#"[{"metric":{},"values":[[120,"0.25"],[60,"2"],[60.0,"2"],[180,"NaN"]]}]"#,
                Some((vec![(60_000, 2_000), (120_000, 250)], None)),
            ),
            (
                r#"[{"metric":{},"values":[[1,"1"]]},{"metric":{"a":"b"},"values":[[1,"1"]]}]"#,
                Some((vec![], Some("the query gives 2 series instead of one".to_owned()))),
            ),
        ] {
            assert_eq!(read(result), found, "{result}");
        }
    }

    #[test]
    fn points_are_bounded() {
        let values: Vec<String> = (0..10_000).map(|at| format!("[{at},\"{at}\"]")).collect();
        let result = format!(r#"[{{"values":[{}]}}]"#, values.join(","));
        let (points, _) = read(&result).expect("a series");
        assert_eq!(points.len(), Series::POINTS_MAX);
        assert_eq!(points.last(), Some(&(9_999_000, 9_999_000)));
    }
}
