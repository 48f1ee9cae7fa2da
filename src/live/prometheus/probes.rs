//! Results of probes: whether each address answered, joined with how and when.

use std::collections::HashMap;

use super::answer::{Asked, Labels, Sample, Vector, ask};
use super::{ANSWER_WITHIN, PROBES_BYTES, seconds};
use crate::domain::{Probe, Span, Text, Timestamp, Uid, tenant_at};
use crate::live::http::{Get, Http};

/// What else the prober says of an address.
const STATUS: &str = "probe_http_status_code";
const TOOK: &str = "probe_duration_seconds";
const EXPIRY: &str = "probe_ssl_earliest_cert_expiry";
/// The most probes that are kept.
const PROBES_MAX: usize = 20_000;
/// The longest identity and address, in bytes.
const NAME_MAX: usize = 512;

/// Asks for all probes as they are at `now`.
pub(super) async fn read(
    http: &Http,
    query: &str,
    domain: &str,
    now: Timestamp,
) -> Asked<Vec<Probe>> {
    let extras = format!("{{__name__=~\"{STATUS}|{TOOK}|{EXPIRY}\"}}");
    let times = format!("timestamp({query})");
    let mut answers = [Vec::new(), Vec::new(), Vec::new()];
    for (answer, query) in answers.iter_mut().zip([query, &extras, &times]) {
        match question(http, query, now).await {
            Asked::Told(Vector(samples)) => *answer = samples,
            Asked::Refused(why) => return Asked::Refused(why),
            Asked::Lost(trouble) => return Asked::Lost(trouble),
        }
    }
    let [results, extras, times] = answers;
    Asked::Told(joined(results, &extras, &times, domain))
}

async fn question(http: &Http, query: &str, now: Timestamp) -> Asked<Vector> {
    let time = seconds(now);
    let get = Get {
        doing: "reading the probes",
        path: "/api/v1/query",
        query: &[("query", query), ("time", &time)],
        within: ANSWER_WITHIN,
        bytes: PROBES_BYTES,
    };
    ask(http, get).await
}

/// Joins the results with what else is known of the same series.
fn joined(results: Vec<Sample>, extras: &[Sample], times: &[Sample], domain: &str) -> Vec<Probe> {
    let extras = Index::of(extras);
    let times = Index::of(times);
    let mut probes: Vec<Probe> = results
        .into_iter()
        .take(PROBES_MAX)
        .map(|sample| {
            let labels = &sample.labels;
            let number = |name| extras.number(name, labels).filter(|number| number.is_finite());
            let target = labels.get("instance").or_else(|| labels.get("target"));
            let target = target.map_or("", String::as_str);
            let tenant = tenant_at(target, domain)
                .or_else(|| labels.get("tenant").map(|name| Text::bounded(name, 253)));
            // The moment of the probe itself; that of the question, where the query hides it.
            let probed = times.number("", labels).filter(|at| at.is_finite());
            Probe {
                uid: Uid(identity(labels)),
                target: Text::bounded(target, NAME_MAX),
                job: labels.get("job").map(|job| Text::bounded(job, NAME_MAX)),
                tenant,
                up: sample.value.number() > 0.0,
                status: number(STATUS).map(|code| code as u16).filter(|code| *code > 0),
                took: number(TOOK).map(|secs| Span::from_ms((secs * 1_000.0).round() as u64)),
                certificate_until: number(EXPIRY)
                    .filter(|at| *at > 0.0)
                    .map(|at| Timestamp::from_ms((at * 1_000.0) as i64)),
                at: probed.map_or_else(
                    || Timestamp::from_ms(sample.value.ms()),
                    |at| Timestamp::from_ms((at * 1_000.0) as i64),
                ),
            }
        })
        .collect();
    // One identity is told once, though two series may have the same labels up to the bound.
    probes.sort_by(|one, other| one.uid.cmp(&other.uid));
    probes.dedup_by(|one, other| one.uid == other.uid);
    probes
}

/// The labels in one line, without the name of the series.
fn identity(labels: &Labels) -> Text {
    let mut words = vec![labels.get("instance").cloned().unwrap_or_default()];
    let others =
        labels.iter().filter(|(name, _)| !matches!(name.as_str(), "__name__" | "instance"));
    words.extend(others.map(|(name, value)| format!("{name}={value}")));
    Text::bounded(&words.join(" "), NAME_MAX)
}

/// Samples by name and address.
struct Index<'a>(HashMap<(&'a str, &'a str), Vec<&'a Sample>>);

impl<'a> Index<'a> {
    fn of(samples: &'a [Sample]) -> Self {
        let mut index: HashMap<(&str, &str), Vec<&Sample>> = HashMap::new();
        for sample in samples {
            let label = |name| sample.labels.get(name).map_or("", String::as_str);
            index.entry((label("__name__"), label("instance"))).or_default().push(sample);
        }
        Self(index)
    }

    /// The number of the series `name` with `labels`; of the first that has them and more, where the others were summed
    /// away.
    fn number(&self, name: &str, labels: &Labels) -> Option<f64> {
        let instance = labels.get("instance").map_or("", String::as_str);
        let found = self.0.get(&(name, instance))?;
        let mut fits = found.iter().filter(|sample| has_all(&sample.labels, labels));
        fits.clone()
            .find(|sample| has_all(labels, &sample.labels))
            .or_else(|| fits.next())
            .map(|sample| sample.value.number())
    }
}

/// Whether `labels` has all of `wanted`; the name of the series is no label.
fn has_all(labels: &Labels, wanted: &Labels) -> bool {
    wanted.iter().all(|(name, value)| name == "__name__" || labels.get(name) == Some(value))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn samples(all: Value) -> Vec<Sample> {
        serde_json::from_value(all).expect("samples")
    }

    fn series(name: &str, job: &str, instance: &str, value: &str) -> Value {
        json!({
            "metric": { "__name__": name, "job": job, "instance": instance },
            "value": [1000.0, value],
        })
    }

    const ACME: &str = "https://acme.planapulse.app/web/health";

    #[test]
    fn a_probe_is_joined_with_what_was_measured_beside_it() {
        let results = samples(json!([
            series("probe_success", "b", ACME, "1"),
            series("probe_success", "a", ACME, "0"),
            series("probe_success", "b", "10.0.0.1:22", "1"),
            { "metric": { "tenant": "globex" }, "value": [1000, "NaN"] },
        ]));
        let extras = samples(json!([
            series(STATUS, "a", ACME, "503"),
            series(STATUS, "b", ACME, "200"),
            series(TOOK, "b", ACME, "0.0841"),
            series(STATUS, "b", "10.0.0.1:22", "0"),
            series(TOOK, "b", "10.0.0.1:22", "NaN"),
            series(EXPIRY, "b", ACME, "1780000000"),
        ]));
        let mut at = json!([series("", "a", ACME, "980"), series("", "b", ACME, "990.5")]);
        for sample in at.as_array_mut().expect("samples") {
            sample["metric"].as_object_mut().expect("labels").remove("__name__");
        }
        let found = joined(results, &extras, &samples(at), "planapulse.app");
        let brief: Vec<_> = found
            .iter()
            .map(|probe| {
                let tenant = probe.tenant.as_ref().map_or("-", Text::as_str);
                format!("{} {tenant} {probe} at {}", probe.uid.0, probe.at.ms())
            })
            .collect();
        assert_eq!(
            brief,
            [
                " tenant=globex globex down, no answer at 1000000",
                "10.0.0.1:22 job=b - up at 1000000",
                &format!("{ACME} job=a acme down, HTTP 503 at 980000"),
                &format!("{ACME} job=b acme up, HTTP 200 in 84 ms at 990500"),
            ]
        );
        let until = found.last().and_then(|probe| probe.certificate_until);
        assert_eq!(until, Some(Timestamp::from_ms(1_780_000_000_000)));
    }

    #[test]
    fn hostile_labels_are_shown_and_bounded() {
        let long = format!("\u{1b}[2J{}", "x".repeat(100_000));
        let results = samples(json!([{ "metric": { "instance": long }, "value": [0, "1"] }]));
        let found = joined(results, &[], &[], "planapulse.app");
        let target = found[0].target.as_str();
        assert!(target.starts_with("␛[2J") && target.len() < NAME_MAX + 8);
    }
}
