//! What is resident, each measured in a process of its own.

use std::process::Command;

use pulse_console::domain::{Fact, FeedId};
use serde_json::{Value, json};

use super::facts::{app, app_of, client, entry, environment, listing, tell, upgrade};
use super::timing::tenths;

/// Before the name of what a child process is to hold.
pub const FLAG: &str = "--memory";

/// Measures everything, each in a child.
pub fn parent() -> Value {
    ["nothing", "clients_10000", "tenants_2000_objects_10000_events_50000"]
        .into_iter()
        .map(|what| (what.to_owned(), run(what)))
        .collect()
}

fn run(what: &str) -> Value {
    let program = std::env::current_exe().expect("this program");
    let output = Command::new(program).args([FLAG, what]).output().expect("this program runs");
    serde_json::from_slice(&output.stdout).unwrap_or(Value::Null)
}

/// Holds `what` and gives the resident MiB.
pub fn child(what: &str) -> Value {
    let app = match what {
        "clients_10000" => app_of(10_000),
        "tenants_2000_objects_10000_events_50000" => mixed(),
        _ => app(),
    };
    let resident = resident_mib();
    drop(app);
    json!(resident)
}

fn mixed() -> pulse_console::app::App {
    let mut app = app();
    listing(&mut app, FeedId::Clients, (0..2_000).map(|n| client(n, 0)));
    listing(&mut app, FeedId::Environments, (0..6_000).map(environment));
    listing(&mut app, FeedId::Upgrades, (0..2_000).map(upgrade));
    tell(&mut app, FeedId::Events, [Fact::RelistBegun, Fact::RelistEnded]);
    for first in (0..50_000).step_by(500) {
        let entries = (first..first + 500).map(|n| entry(n, 2_000)).collect();
        tell(&mut app, FeedId::Events, [Fact::Entries(entries)]);
        app.settle();
    }
    app
}

fn resident_mib() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
    let kib: f64 = line.trim().trim_end_matches(" kB").parse().unwrap_or_default();
    tenths(kib / 1024.0)
}
