//! What the console costs by itself, as one JSON document: frames, updates, events, filters, reading, memory.
//!
//! It needs no server and no terminal, compares nothing with a bar, and never fails on a time. `--quick` takes few
//! samples, to see that it runs. Times are in microseconds unless a name says otherwise.
#![allow(
    unreachable_pub,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    clippy::expect_used,
    reason = "a benchmark reads the clock, exports nothing, and ends at once when its own input is wrong"
)]

mod events;
mod facts;
mod filters;
mod frames;
mod memory;
#[cfg(feature = "live")]
mod reading;
mod timing;
mod updates;

use std::io::Write as _;

use serde_json::{Value, json};

/// So many tenants are measured with.
const SIZES: [usize; 3] = [100, 10_000, 100_000];

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let after = |flag: &str| {
        arguments.iter().position(|word| word == flag).and_then(|at| arguments.get(at + 1))
    };
    let document = match after(memory::FLAG) {
        Some(what) => memory::child(what),
        None => all(timing::Effort { quick: arguments.iter().any(|word| word == "--quick") }),
    };
    let text = serde_json::to_string_pretty(&document).expect("a document of plain values");
    writeln!(std::io::stdout(), "{text}").expect("someone reads what is measured");
}

fn all(effort: timing::Effort) -> Value {
    let by_size = |measure: &dyn Fn(usize) -> Value| -> Value {
        SIZES.iter().map(|tenants| (tenants.to_string(), measure(*tenants))).collect()
    };
    let document = json!({
        "quick": effort.quick,
        "frame_160x48_by_tenants": by_size(&|tenants| frames::tenants(tenants, effort)),
        "frame_160x48_of": frames::others(effort),
        "update_by_tenants": by_size(&|tenants| updates::one_object(tenants, effort)),
        "events_at_a_full_ring": events::batch(effort),
        "filter_10000_rows_per_key": filters::typed(effort),
        "memory_mib": memory::parent(),
    });
    #[cfg(feature = "live")]
    let document = {
        let mut document = document;
        document["read"] = reading::all(effort);
        document
    };
    document
}
