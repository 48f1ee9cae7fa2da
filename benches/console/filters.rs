//! What each key of a filter costs over 10 000 rows, until its bytes are ready for the terminal.

use pulse_console::app::Msg;
use pulse_console::input::parse_keys;
use serde_json::{Map, Value, json};

use super::facts::{NOW, app_of, press};
use super::frames::Canvas;
use super::timing::{Effort, Samples};

const ROWS: usize = 10_000;

/// Types filters of each sort again and again.
pub fn typed(effort: Effort) -> Value {
    let mut app = app_of(ROWS);
    let mut canvas = Canvas::new();
    let filters = [
        ("word", "a c m e"),
        ("two_words", "a c m e space 0 0 7"),
        ("regex", "/ a . * 7 $ /"),
        ("comparison", "a g e > 2 h"),
        ("column", "t i e r : p r o"),
        ("joined", "( a c m e space o r space r i l a ) space ! t i e r : p r o"),
    ];
    let mut told = Map::new();
    for (name, keys) in filters {
        let keys = parse_keys(keys).expect("keys");
        let mut shown = Samples::default();
        let mut each: Vec<Samples> = keys.iter().map(|_| Samples::default()).collect();
        for _ in 0..effort.samples(50) {
            press(&mut app, "/");
            for (key, settled) in keys.iter().zip(&mut each) {
                let msg = Msg::Key(key.event());
                shown.time(|| {
                    settled.time(|| {
                        app.update(NOW, msg);
                        app.settle();
                    });
                    canvas.draw(&app);
                });
            }
            press(&mut app, "esc");
        }
        told.insert(
            name.to_owned(),
            json!({ "to_bytes": shown.told(), "update_and_settle_median_of_each_key": medians(each) }),
        );
    }
    told.into()
}

fn medians(each: Vec<Samples>) -> Vec<Value> {
    each.into_iter().map(|samples| samples.told()["median"].take()).collect()
}
