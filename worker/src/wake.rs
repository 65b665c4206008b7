//! When a queue's worker looks for ids: each 50 ms, and at once when this process pushed some.

use std::{
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use apalis_core::backend::ext::poll_strategy::{PollSnapshot, PollStrategy};
use futures::task::AtomicWaker;
use tokio::time::{Interval, MissedTickBehavior};

const PERIOD: Duration = Duration::from_millis(50);

/// Wakes a queue's worker of this process.
#[derive(Debug, Clone, Default)]
pub(crate) struct Wake(Arc<AtomicWaker>);

impl Wake {
    /// There is something to fetch.
    pub(crate) fn wake(&self) {
        self.0.wake();
    }
}

/// The strategy behind a worker's fetches.
///
/// apalis's own strategies poll with the heartbeat, or lose wake-ups under load: an interval has to be
/// polled until it is pending, or nothing wakes the worker again.
#[derive(Debug)]
pub(crate) struct OftenAndAtOnce {
    interval: Interval,
    wake: Wake,
}

impl OftenAndAtOnce {
    pub(crate) fn new(wake: Wake) -> Self {
        let mut interval = tokio::time::interval(PERIOD);
        interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self { interval, wake }
    }
}

impl PollStrategy for OftenAndAtOnce {
    fn poll_drive(&mut self, cx: &mut Context<'_>, _snapshot: &PollSnapshot) -> Poll<Option<()>> {
        self.wake.0.register(cx.waker());
        let mut ticked = false;
        while self.interval.poll_tick(cx).is_ready() {
            ticked = true;
        }
        if ticked {
            Poll::Ready(Some(()))
        } else {
            Poll::Pending
        }
    }
}
