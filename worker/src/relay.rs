//! Jobs → Redis, the only writer of queues. Any number of relays; one dispatches at a time.

use std::{collections::BTreeMap, time::Duration};

use strum::VariantArray;
use tandem_operations::{App, Caller};
use tandem_storage::jobs::{self, Listener, Queue};

use crate::{
    queues::{Queues, capacity},
    wake::Wake,
};

/// How long a job waits at most when nobody heard of it.
const POLL: Duration = Duration::from_millis(500);
/// Ids dispatched in one transaction; a claim waits for the transaction that dispatched its job.
const BATCH: u64 = 250;

/// Carries ids of due jobs from the ledger to Redis.
#[derive(Debug)]
pub struct Relay {
    app: App,
    queues: Queues,
    wakes: BTreeMap<Queue, Wake>,
}

impl Relay {
    /// A relay that wakes no worker; they look for themselves.
    pub fn new(app: App, queues: Queues) -> Self {
        Self {
            app,
            queues,
            wakes: BTreeMap::new(),
        }
    }

    pub(crate) fn waking(app: App, queues: Queues, wakes: BTreeMap<Queue, Wake>) -> Self {
        Self { app, queues, wakes }
    }

    /// Runs for ever.
    pub async fn run(self, mut listener: Listener) {
        loop {
            match self.pass().await {
                Ok(1..) => continue,
                Ok(0) => {}
                Err(error) => tracing::error!(error = format!("{error:#}"), "the relay could not dispatch"),
            }
            if let Ok(Err(error)) = tokio::time::timeout(POLL, listener.heard()).await {
                tracing::warn!(%error, "the relay cannot listen for jobs");
                tokio::time::sleep(POLL).await;
            }
        }
    }

    /// Dispatches what is due and what Redis has room for, up to a batch of each queue; says how many.
    pub async fn pass(&self) -> anyhow::Result<u64> {
        let mut tx = self.app.begin(&Caller::system()).await?;
        if !jobs::try_relay_lock(&mut tx).await? {
            return Ok(0);
        }
        let now = self.app.now();
        let depths = self.queues.depths().await?;
        if !depths.intact {
            // Redis was flushed, or it is another one: what it had been given is given again.
            let lost = jobs::undispatch_all(&mut tx).await?;
            self.queues.begin_epoch(now).await?;
            tracing::warn!(
                jobs = lost,
                "Redis begins anew: what was dispatched will be dispatched again"
            );
        }
        let dispatched = jobs::count_dispatched(&mut tx).await?;
        let mut pushed = BTreeMap::new();
        for queue in Queue::VARIANTS {
            // The ledger counts what another relay pushed a moment ago; Redis counts duplicates as well.
            let waiting = dispatched
                .get(queue)
                .max(depths.waiting.get(queue))
                .copied()
                .unwrap_or(0);
            let room = capacity(*queue).saturating_sub(waiting).min(BATCH);
            if room == 0 {
                continue;
            }
            let ids = jobs::dispatch(&mut tx, *queue, room as i64, now).await?;
            if !ids.is_empty() {
                self.queues.push(*queue, &ids, now).await?;
                pushed.insert(*queue, ids.len() as u64);
            }
        }
        tx.commit().await?;
        for queue in pushed.keys() {
            if let Some(wake) = self.wakes.get(queue) {
                wake.wake();
            }
        }
        Ok(pushed.values().sum())
    }
}
