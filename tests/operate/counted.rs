//! The doors of the training world by which something is changed, with everything counted that goes through them.

#![allow(dead_code, reason = "each test uses a part of it")]

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use pulse_console::platform::{
    Call, Clock, Control, Feed, Intercepted, Interceptor, Journal, Pass, Platform, World,
};
use pulse_console::sim::Sim;

/// How often what was called.
#[derive(Default)]
pub(crate) struct Calls(Mutex<BTreeMap<&'static str, u32>>);

impl Calls {
    /// The calls so far.
    pub(crate) fn all(&self) -> BTreeMap<&'static str, u32> {
        self.0.lock().expect("calls").clone()
    }
}

impl Interceptor for Calls {
    fn before<'a>(&'a self, call: Call<'a>) -> BoxFuture<'a, Pass> {
        let what = match call {
            Call::Look(_) => None,
            Call::Act(_) => Some("act"),
            Call::Tell(_) => Some("tell"),
            Call::Open(_) => Some("open"),
            Call::Append(_) => Some("append"),
            Call::Forget(_) => Some("forget"),
            Call::Lease(_) => Some("lease"),
            Call::Release(_) => Some("release"),
        };
        if let Some(what) = what {
            *self.0.lock().expect("calls").entry(what).or_default() += 1;
        }
        async { Box::new(()) as Pass }.boxed()
    }
}

/// The training world, with its doors counted.
pub(crate) struct Counted {
    pub(crate) sim: Arc<Sim>,
    pub(crate) calls: Arc<Calls>,
}

impl Platform for Counted {
    fn world(&self) -> World {
        self.sim.world()
    }

    fn feeds(&self) -> Vec<Box<dyn Feed>> {
        Vec::new()
    }

    fn control(&self) -> Option<Arc<dyn Control>> {
        Some(Arc::new(Intercepted { door: self.sim.control()?, interceptor: self.calls.clone() }))
    }

    fn journal(&self) -> Option<Arc<dyn Journal>> {
        Some(Arc::new(Intercepted { door: self.sim.journal()?, interceptor: self.calls.clone() }))
    }

    fn clock(&self) -> Arc<dyn Clock> {
        self.sim.clock()
    }
}
