//! Samples of a time, and what is told of them.

use std::hint::black_box;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// How much is measured.
#[derive(Clone, Copy)]
pub struct Effort {
    /// Only to see that it runs.
    pub quick: bool,
}

impl Effort {
    /// As many samples as this effort takes where `full` are wanted.
    pub fn samples(self, full: usize) -> usize {
        if self.quick { (full / 100).max(3) } else { full }
    }
}

/// Times that were measured.
#[derive(Default)]
pub struct Samples(Vec<Duration>);

impl Samples {
    /// Times `act`, after a tenth as many runs that are not counted.
    pub fn of<R>(count: usize, mut act: impl FnMut(usize) -> R) -> Self {
        for round in 0..=count / 10 {
            black_box(act(round));
        }
        let mut samples = Self::default();
        for round in 0..count {
            samples.time(|| act(round));
        }
        samples
    }

    /// Times `act` once.
    pub fn time<R>(&mut self, act: impl FnOnce() -> R) -> R {
        let began = Instant::now();
        let done = black_box(act());
        self.0.push(began.elapsed());
        done
    }

    /// Median, 99th percentile and number of samples.
    pub fn told(mut self) -> Value {
        self.0.sort_unstable();
        let at = |part: usize| {
            let place = (self.0.len() * part / 100).min(self.0.len().saturating_sub(1));
            self.0.get(place).map_or(0.0, |time| tenths(time.as_secs_f64() * 1e6))
        };
        json!({ "median": at(50), "p99": at(99), "samples": self.0.len() })
    }
}

/// `value` with one digit after the point.
pub fn tenths(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}
