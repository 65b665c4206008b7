//! The running worker: relay, one apalis worker a queue, sweeps.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use anyhow::Context;
use apalis::prelude::{BackendExt, Monitor, ParallelizeExt, WorkerBuilder, WorkerBuilderExt};
use apalis_core::error::BoxDynError;
use strum::VariantArray;
use tandem_operations::App;
use tandem_storage::jobs::{Listener, Queue};
use tokio::task::JoinSet;
use tokio_util::task::TaskTracker;
use uuid::Uuid;

use crate::{
    Registry, attempt,
    queues::Queues,
    relay::Relay,
    sweeps,
    wake::{OftenAndAtOnce, Wake},
};

/// How long Redis may take to hear that the last job has ended.
const ACKNOWLEDGEMENT: Duration = Duration::from_secs(1);

/// How a worker works.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Jobs at a time that somebody waits for.
    pub urgent: usize,
    /// Bulk matching runs at a time.
    pub matching: usize,
    /// E-mails at a time.
    pub mail: usize,
    /// Other jobs at a time.
    pub maintenance: usize,
    /// How long a worker may be silent about a job before another one takes it.
    pub lease: Duration,
    /// How often expired leases are looked for.
    pub lease_sweep: Duration,
    /// How long a dispatched job may stay unclaimed.
    pub patience: Duration,
    /// How long running jobs may take to finish when the worker is told to stop.
    pub grace: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            urgent: 2,
            matching: 1,
            mail: 8,
            maintenance: 4,
            lease: Duration::from_secs(20),
            lease_sweep: Duration::from_secs(2),
            patience: Duration::from_secs(60),
            grace: Duration::from_secs(25),
        }
    }
}

impl Settings {
    fn concurrency(&self, queue: Queue) -> usize {
        match queue {
            Queue::Urgent => self.urgent,
            Queue::Matching => self.matching,
            Queue::Mail => self.mail,
            Queue::Maintenance => self.maintenance,
        }
    }

    /// Connections that the worker needs: one a job and one for its lease, relay, listener and sweeps.
    pub fn connections(&self) -> u32 {
        let jobs = self.urgent + self.matching + self.mail + self.maintenance;
        u32::try_from(jobs + self.matching + 8).unwrap_or(u32::MAX)
    }
}

/// Works until `shutdown` returns, then lets running jobs finish for up to [`Settings::grace`].
///
/// `ready` is called as soon as jobs are listened for.
pub async fn serve(
    app: App,
    queues: Queues,
    registry: Registry,
    settings: Settings,
    ready: impl FnOnce(),
    shutdown: impl Future<Output = ()> + Send,
) -> anyhow::Result<()> {
    let listener = Listener::start(&app.db)
        .await
        .context("the worker cannot listen for jobs")?;
    let registry = Arc::new(registry);
    let wakes: BTreeMap<Queue, Wake> = Queue::VARIANTS
        .iter()
        .map(|queue| (*queue, Wake::default()))
        .collect();
    let running = TaskTracker::new();
    let monitor = monitor(&app, &queues, &registry, &settings, &wakes, &running);

    let mut background = JoinSet::new();
    background.spawn(Relay::waking(app.clone(), queues.clone(), wakes).run(listener));
    spawn_ledger_sweeps(&mut background, &app, &queues, &settings);
    for sweep in registry.sweeps() {
        background.spawn(sweeps::keep(sweep.clone(), app.clone()));
    }

    ready();
    let monitored = monitor.run_with_signal(async {
        shutdown.await;
        tracing::info!("told to stop: running jobs may finish");
        running.close();
        Ok(())
    });
    tokio::select! {
        ended = monitored => ended.context("a worker failed")?,
        // apalis may miss that the last of several jobs has ended, and would wait until the grace is over
        () = async {
            running.wait().await;
            tokio::time::sleep(ACKNOWLEDGEMENT).await;
        } => {}
    }
    background.shutdown().await;
    Ok(())
}

fn monitor(
    app: &App,
    queues: &Queues,
    registry: &Arc<Registry>,
    settings: &Settings,
    wakes: &BTreeMap<Queue, Wake>,
    running: &TaskTracker,
) -> Monitor {
    let mut monitor = Monitor::new()
        .shutdown_timeout(settings.grace)
        .should_restart(|worker, error| {
            tracing::warn!(worker = worker.name(), %error, "Redis failed a worker: it starts again");
            true
        });
    // No two workers that ever register share a name, or Redis refuses the second one as still active.
    let process: Uuid = app.id::<tandem_domain::ids::JobId>().uuid();
    let starts = Arc::new(AtomicU64::new(0));
    for queue in Queue::VARIANTS.iter().copied() {
        let (app, queues, registry) = (app.clone(), queues.clone(), Arc::clone(registry));
        let (starts, wake, lease) = (Arc::clone(&starts), wakes[&queue].clone(), settings.lease);
        let running = running.clone();
        let concurrency = settings.concurrency(queue);
        monitor = monitor.register(move |_| {
            let start = starts.fetch_add(1, Ordering::Relaxed);
            let (app, registry, running) = (app.clone(), Arc::clone(&registry), running.clone());
            WorkerBuilder::new(format!("{queue}-{process}-{start}"))
                .backend(
                    queues
                        .storage(queue)
                        .poll_with_strategy(OftenAndAtOnce::new(wake.clone())),
                )
                .concurrency(concurrency)
                .catch_panic()
                .parallelize(tokio::spawn)
                .build(move |id: String| {
                    let (app, registry) = (app.clone(), Arc::clone(&registry));
                    running.track_future(async move {
                        run(&app, &registry, lease, &id).await;
                        Ok::<(), BoxDynError>(())
                    })
                })
        });
    }
    monitor
}

/// Redis is told that all is well, whatever happens: the ledger knows.
async fn run(app: &App, registry: &Registry, lease: Duration, id: &str) {
    let Ok(id) = id.parse::<Uuid>() else {
        tracing::error!(id, "Redis holds something that is not the id of a job");
        return;
    };
    if let Err(error) = attempt(registry, app, lease, id.into()).await {
        tracing::error!(job = %id, %error, "the ledger could not be reached");
    }
}

fn spawn_ledger_sweeps(background: &mut JoinSet<()>, app: &App, queues: &Queues, settings: &Settings) {
    let sweeping = app.clone();
    background.spawn(again_and_again("leases", settings.lease_sweep, move || {
        let app = sweeping.clone();
        async move { Ok(sweeps::leases::sweep(&app).await.map(drop)?) }
    }));
    let (sweeping, redis, patience) = (app.clone(), queues.clone(), settings.patience);
    background.spawn(again_and_again("undispatched", patience / 12, move || {
        let (app, queues) = (sweeping.clone(), redis.clone());
        async move {
            sweeps::undispatched::sweep(&app, &queues, patience)
                .await
                .map(drop)
        }
    }));
    for queue in Queue::VARIANTS.iter().copied() {
        let redis = queues.clone();
        background.spawn(again_and_again("finished", Duration::from_secs(5), move || {
            let queues = redis.clone();
            async move { sweeps::finished::sweep(&queues, queue).await.map(drop) }
        }));
    }
}

async fn again_and_again<F, Fut>(name: &'static str, period: Duration, sweep: F)
where
    F: Fn() -> Fut,
    Fut: Future<Output = anyhow::Result<()>>,
{
    loop {
        tokio::time::sleep(period).await;
        if let Err(error) = sweep().await {
            tracing::error!(sweep = name, error = format!("{error:#}"), "will be tried again");
        }
    }
}
