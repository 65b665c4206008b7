//! Jobs that were given to Redis and that nobody claimed: a part of Redis was lost, or a worker died
//! between fetching an id and claiming it.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use tandem_domain::ids::JobId;
use tandem_operations::App;
use tandem_storage::jobs;

use crate::queues::Queues;

const BATCH: i64 = 5_000;

/// Makes jobs pending again that were dispatched longer than `patience` ago, except those that still
/// wait their turn in Redis; says how many.
pub async fn sweep(app: &App, queues: &Queues, patience: Duration) -> anyhow::Result<u64> {
    let before = app.now() - patience;
    let mut conn = app.db.acquire().await?;
    let mut overdue: BTreeMap<_, BTreeSet<JobId>> = BTreeMap::new();
    for job in jobs::overdue(&mut conn, before, BATCH).await? {
        overdue.entry(job.queue).or_default().insert(job.id);
    }
    let mut returned = 0;
    for (queue, mut ids) in overdue {
        for waiting in queues.waiting(queue).await? {
            ids.remove(&waiting);
        }
        if !ids.is_empty() {
            let ids: Vec<JobId> = ids.into_iter().collect();
            returned += jobs::undispatch(&mut conn, &ids, before).await?;
        }
    }
    if returned > 0 {
        tracing::warn!(
            jobs = returned,
            "dispatched and not claimed: will be dispatched again"
        );
    }
    Ok(returned)
}
