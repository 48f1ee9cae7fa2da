//! What the stand-in answers.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::query::Query;
use super::{Request, Shared};

/// No query may ask for more lines.
const ENTRIES_MAX: usize = 5_000;

type Answer = (u16, &'static str, String);

fn text(status: u16, text: impl Into<String>) -> Answer {
    (status, "text/plain; charset=utf-8", text.into())
}

/// The status, type and body of the answer.
pub(super) fn to(request: &Request, shared: &Shared) -> Answer {
    if request.asked == "GET /ready" {
        return text(200, "ready\n");
    }
    let organisation = match (&request.organisation, shared.options.organisations) {
        (None, true) => return text(401, "no org id\n"),
        (Some(name), true) => name.as_str(),
        (_, false) => "fake",
    };
    match request.asked.as_str() {
        "POST /loki/api/v1/push" => push(request, organisation, shared),
        "GET /loki/api/v1/query_range" => match query_range(request, organisation, shared) {
            Ok(answer) => (200, "application/json; charset=UTF-8", answer.to_string()),
            Err(why) => text(400, why),
        },
        "GET /loki/api/v1/labels" => {
            let kept = shared.kept();
            let streams = kept.get(organisation).into_iter().flatten();
            let names: std::collections::BTreeSet<&String> =
                streams.flat_map(|stream| stream.labels.keys()).collect();
            let body = json!({ "status": "success", "data": names });
            (200, "application/json; charset=UTF-8", body.to_string())
        }
        _ => text(404, "404 page not found\n"),
    }
}

fn push(request: &Request, organisation: &str, shared: &Shared) -> Answer {
    let Ok(body) = serde_json::from_slice::<Value>(&request.body) else {
        return text(400, "loghttp.PushRequest: not JSON\n");
    };
    for stream in body["streams"].as_array().into_iter().flatten() {
        let labels: BTreeMap<String, String> = stream["stream"]
            .as_object()
            .into_iter()
            .flatten()
            .map(|(name, value)| (name.clone(), value.as_str().unwrap_or_default().to_owned()))
            .collect();
        let lines = stream["values"].as_array().into_iter().flatten().filter_map(|pair| {
            Some((pair[0].as_str()?.parse().ok()?, pair[1].as_str()?.to_owned()))
        });
        shared.keep(organisation, labels, lines);
    }
    text(204, "")
}

fn query_range(request: &Request, organisation: &str, shared: &Shared) -> Result<Value, String> {
    let parameter = |name: &str| request.parameters.get(name).map(String::as_str);
    let number = |name: &str| -> Result<Option<i64>, String> {
        let refused = |_| format!("could not parse '{name}'");
        parameter(name).map(str::parse).transpose().map_err(refused)
    };
    let query = Query::parse(parameter("query").unwrap_or_default())?;
    let limit = usize::try_from(number("limit")?.unwrap_or(100)).map_err(|_| "limit".to_owned())?;
    if limit > ENTRIES_MAX {
        return Err(format!(
            "max entries limit per query exceeded, limit > max_entries_limit ({limit} > {ENTRIES_MAX})"
        ));
    }
    let start = number("start")?.unwrap_or(0);
    let end = number("end")?.unwrap_or(i64::MAX);
    if end <= start {
        return Err("end timestamp must not be before or equal to start time".into());
    }
    let forward = parameter("direction") == Some("forward");
    let kept = shared.kept();
    let mut found: Vec<(i64, usize, usize, &str)> = Vec::new();
    let streams = kept.get(organisation).into_iter().flatten().enumerate();
    for (index, stream) in streams.filter(|(_, stream)| query.has(stream)) {
        let within = stream.lines.range((start, 0)..(end, 0)).filter(|(_, line)| query.keeps(line));
        found.extend(within.map(|((at, number), line)| (*at, index, *number, line.as_str())));
    }
    found.sort_unstable();
    if !forward {
        found.reverse();
    }
    found.truncate(limit);
    let mut streams: BTreeMap<usize, Vec<Value>> = BTreeMap::new();
    for (at, index, _, line) in found {
        streams.entry(index).or_default().push(json!([at.to_string(), line]));
    }
    let all = kept.get(organisation);
    let result: Vec<Value> = streams
        .into_iter()
        .map(|(index, values)| {
            let labels = all.and_then(|all| all.get(index)).map(|stream| &stream.labels);
            json!({ "stream": labels, "values": values })
        })
        .collect();
    Ok(
        json!({ "status": "success", "data": { "resultType": "streams", "result": result, "stats": {} } }),
    )
}
