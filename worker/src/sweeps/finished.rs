//! Ids that Redis keeps of what is finished: apalis never removes them.

use tandem_storage::jobs::Queue;

use crate::queues::Queues;

/// Removes every finished id of one queue; says how many those were.
pub async fn sweep(queues: &Queues, queue: Queue) -> anyhow::Result<u64> {
    let mut removed = 0;
    loop {
        match queues.forget_finished(queue).await? {
            0 => return Ok(removed),
            batch => removed += batch,
        }
    }
}
