//! What all doors of the training world stand on: its engine and its time.
//!
//! While the feed runs it moves the time. While it does not, whoever asks makes up for what passed.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::clock::SimClock;
use super::engine::Engine;
use crate::domain::Span;
use crate::platform::Clock as _;

/// What passed unwatched is made up for in pieces of this.
const PIECE: Span = Span::from_secs(60);

/// The engine, its time, and whose turn it is to move it.
pub(super) struct Ground {
    engine: Mutex<Engine>,
    clock: Arc<SimClock>,
    turn: tokio::sync::Mutex<()>,
}

impl Ground {
    pub(super) fn new(engine: Engine, clock: Arc<SimClock>) -> Self {
        Self { engine: Mutex::new(engine), clock, turn: tokio::sync::Mutex::default() }
    }

    /// The turn to move the world, which one feed has at a time.
    pub(super) async fn turn(&self) -> tokio::sync::MutexGuard<'_, ()> {
        self.turn.lock().await
    }

    /// The world as far as it came.
    pub(super) fn engine(&self) -> MutexGuard<'_, Engine> {
        self.engine.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The world as it is now.
    pub(super) fn now(&self) -> MutexGuard<'_, Engine> {
        while !self.make_up_some() {}
        let mut engine = self.engine();
        if !self.clock.is_held() {
            let passed = self.clock.now().since(engine.now());
            engine.pass_unwatched(passed);
        }
        engine
    }

    /// Makes up for a piece of the time that passed while nobody watched; whether less than a piece is left.
    pub(super) fn make_up_some(&self) -> bool {
        let mut engine = self.engine();
        if self.clock.is_held() || self.clock.now().since(engine.now()) <= PIECE {
            return true;
        }
        engine.pass_unwatched(PIECE);
        false
    }
}
