//! The bars, and whether they are held.

use serde_json::{Value, json};

/// Where a figure stands in the document, and the most that it should be.
const BARS: [(&str, f64); 19] = [
    ("/alone/version_ms", 5.0),
    ("/alone/demo_first_rows_ms", 150.0),
    ("/alone/binary_mib", 25.0),
    ("/listing/first_rows_ms", 250.0),
    ("/listing/all_counted_over_bare", 1.3),
    ("/at_rest/resident_mib", 60.0),
    ("/at_rest/cpu_percent", 0.5),
    ("/at_rest/terminal_bytes_per_second", 2048.0),
    ("/change/asked_to_screen_ms", 200.0),
    ("/filter/key_to_screen_p99_ms", 16.0),
    ("/events/cpu_percent_of_a_core", 15.0),
    ("/events/key_to_screen_p99_ms", 50.0),
    ("/events/marked_doubled", 0.0),
    ("/restart/api_server_ready_to_live_ms", 3000.0),
    ("/restart/valkey_ready_to_live_ms", 3000.0),
    ("/kept/to_first_pane_without_the_provider_ms", 300.0),
    ("/mixed/at_rest/resident_mib", 120.0),
    ("/mixed/at_rest/cpu_percent", 0.5),
    ("/mixed/at_rest/terminal_bytes_per_second", 2048.0),
];

/// Adds to `document` what holds and what misses.
pub fn judge(document: &mut Value) {
    let verdicts: Vec<Value> = BARS
        .iter()
        .map(|(place, most)| {
            let figure = document.pointer(place).and_then(Value::as_f64);
            let held = figure.is_some_and(|figure| figure <= *most);
            json!({ "figure": place, "is": figure, "at_most": most, "verdict": if held { "pass" } else { "miss" } })
        })
        .collect();
    let lost =
        [("/events/sent"), ("/events/received")].map(|place| document.pointer(place).cloned());
    let none_lost = if lost[0] == lost[1] { "pass" } else { "miss" };
    if let Some(sections) = document.as_object_mut() {
        sections.insert("bars".to_owned(), verdicts.into());
        sections.insert("every_event_received".to_owned(), none_lost.into());
    }
}
