//! The one list of what a worker does: a handler for each kind of job, and the schedule of the sweeps.

use std::{collections::BTreeMap, fmt, sync::Arc, time::Duration};

use futures::{FutureExt, future::BoxFuture};
use tandem_operations::{
    App,
    jobs::{Job, JobContext, JobError, JobKind},
};

use crate::sweeps::Schedule;

type Handler =
    Arc<dyn Fn(App, Job, Arc<JobContext>) -> BoxFuture<'static, Result<(), JobError>> + Send + Sync>;
type SweepFn = Arc<dyn Fn(App) -> BoxFuture<'static, Result<(), JobError>> + Send + Sync>;

/// A periodic, input-free "what is due and not yet done?".
#[derive(Clone)]
pub struct Sweep {
    /// Its name among the ticks; never reused for something else.
    pub name: &'static str,
    /// When it runs.
    pub schedule: Schedule,
    pub(crate) run: SweepFn,
}

impl fmt::Debug for Sweep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sweep")
            .field("name", &self.name)
            .field("schedule", &self.schedule)
            .finish_non_exhaustive()
    }
}

/// What a worker does.
#[derive(Clone, Default)]
pub struct Registry {
    handlers: BTreeMap<JobKind, Handler>,
    timeouts: BTreeMap<JobKind, Duration>,
    sweeps: Vec<Sweep>,
}

impl Registry {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Does jobs of `kind` with `handler`, in place of an earlier one.
    #[must_use]
    pub fn on<F, Fut>(mut self, kind: JobKind, handler: F) -> Self
    where
        F: Fn(App, Job, Arc<JobContext>) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<(), JobError>> + Send + 'static,
    {
        self.handlers.insert(
            kind,
            Arc::new(move |app, job, context| handler(app, job, context).boxed()),
        );
        self
    }

    /// Gives attempts at jobs of `kind` this long, in place of what their policy says.
    #[must_use]
    pub fn within(mut self, kind: JobKind, timeout: Duration) -> Self {
        self.timeouts.insert(kind, timeout);
        self
    }

    /// Runs `sweep` once each tick of `schedule`, on one replica.
    #[must_use]
    pub fn sweep<F, Fut>(mut self, name: &'static str, schedule: Schedule, sweep: F) -> Self
    where
        F: Fn(App) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<(), JobError>> + Send + 'static,
    {
        debug_assert!(
            self.sweeps.iter().all(|other| other.name != name),
            "two sweeps are named {name}"
        );
        self.sweeps.push(Sweep {
            name,
            schedule,
            run: Arc::new(move |app| sweep(app).boxed()),
        });
        self
    }

    /// The scheduled sweeps.
    pub fn sweeps(&self) -> &[Sweep] {
        &self.sweeps
    }

    pub(crate) fn timeout(&self, kind: JobKind) -> Duration {
        self.timeouts
            .get(&kind)
            .copied()
            .unwrap_or_else(|| kind.policy().timeout)
    }

    pub(crate) fn handler(&self, kind: JobKind) -> Option<&Handler> {
        self.handlers.get(&kind)
    }
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registry")
            .field("handlers", &self.handlers.keys().collect::<Vec<_>>())
            .field("timeouts", &self.timeouts)
            .field("sweeps", &self.sweeps)
            .finish()
    }
}
