//! Operations on the screen: what is asked, what is shown of a plan, and what must be given before it runs.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test says what it expects"
)]

#[path = "operate/bench.rs"]
mod bench;
mod journey;

use bench::Bench;
use pulse_console::app::Msg;
use pulse_console::domain::{Role, Status};
use pulse_console::session::Presence;

/// Before the alerts of a stormy night, with the cursor on one.
fn before_an_alert() -> Bench {
    let mut bench = Bench::on("alert-storm");
    bench.journey.advance(120);
    bench.journey.keys("8 / ").types("TenantDown").keys("enter");
    bench
}

#[test]
fn an_alert_is_looked_after() {
    let mut bench = before_an_alert();
    bench.journey.keys("a").sees("look after an alert").sees("4h");
    bench.slowly("enter");
    bench.works();
    bench.journey.sees("it fires on").sees("nobody else looks after it").sees("Do it? y/N");
    bench.rest().slowly("y");
    bench.journey.sees("say who looks after it");
    bench.works();
    bench.journey.sees("✓ 1 say who looks after it").sees("Look after");
}

#[test]
fn eyes() {
    for (w, h) in [(80, 24), (120, 36)] {
        let mut bench = before_an_alert();
        bench.journey.size(w, h);
        bench.journey.keys("m");
        println!("{}", bench.journey.screen());
        bench.slowly("enter");
        println!("{}", bench.journey.screen());
        bench.slowly("enter").works();
        println!("{}", bench.journey.screen());
        bench.rest().slowly("y");
        println!("{}", bench.journey.screen());
        bench.works();
        println!("{}", bench.journey.screen());
        bench.slowly("u");
        println!("{}", bench.journey.screen());
        bench.slowly("n esc z");
        println!("{}", bench.journey.screen());
        bench.slowly("esc 9");
        println!("{}", bench.journey.screen());
        bench.slowly("tab");
        println!("{}", bench.journey.screen());
        bench.slowly("x v");
        println!("{}", bench.journey.screen());
    }
}
