//! The queues in Redis, as apalis lays them out. They carry ids and nothing else, and may be lost at any
//! time.

use std::{collections::BTreeMap, time::Duration};

use anyhow::Context;
use apalis_core::task::{builder::TaskBuilder, task_id::TaskId};
use apalis_redis::{Config, RedisStorage, RedisTask};
use chrono::{DateTime, Utc};
use redis::{
    Client,
    aio::{ConnectionManager, ConnectionManagerConfig},
};
use strum::VariantArray;
use tandem_domain::ids::JobId;
use tandem_storage::jobs::Queue;
use uuid::Uuid;

/// How long a worker may be silent before its ids are given to others: 6 × 5 s.
const HEARTBEAT: Duration = Duration::from_secs(5);
const MISSED_HEARTBEATS: usize = 6;
/// Finished ids removed in one go.
const FORGET_BATCH: usize = 1_000;
/// The length of a UUID as text.
const ID_LENGTH: usize = 36;

/// How many ids of a queue may wait in Redis. Together 2,000: with some thousands more, a script of apalis
/// runs out of Lua's stack and every worker dies of it.
pub fn capacity(queue: Queue) -> u64 {
    match queue {
        Queue::Urgent | Queue::Matching => 100,
        Queue::Mail => 1_400,
        Queue::Maintenance => 400,
    }
}

/// What Redis holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Depths {
    /// Whether it still is the Redis that was given what is dispatched.
    pub intact: bool,
    /// Ids that wait, by queue.
    pub waiting: BTreeMap<Queue, u64>,
}

/// A connection to the queues; cheap to clone.
#[derive(Clone)]
pub struct Queues {
    conn: ConnectionManager,
    namespace: String,
}

impl std::fmt::Debug for Queues {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Queues")
            .field("namespace", &self.namespace)
            .finish_non_exhaustive()
    }
}

impl Queues {
    /// Connects; `namespace` keeps several installations apart in one Redis.
    pub async fn connect(url: &str, namespace: &str) -> anyhow::Result<Self> {
        let client = Client::open(url).context("REDIS_URL is not usable")?;
        // The defaults give up on a busy machine's answers too early, and too late on a connection that
        // is gone.
        let config = ConnectionManagerConfig::new()
            .set_response_timeout(Some(Duration::from_secs(5)))
            .set_connection_timeout(Some(Duration::from_secs(2)))
            .set_max_delay(Duration::from_secs(1));
        let conn = client
            .get_connection_manager_with_config(config)
            .await
            .context("Redis (REDIS_URL) cannot be reached")?;
        Ok(Self {
            conn,
            namespace: namespace.to_owned(),
        })
    }

    /// How apalis treats a queue. The braces put all of its keys on one node of a Redis Cluster.
    pub(crate) fn config(&self, queue: Queue) -> Config {
        Config::default()
            .queue(format!("{{{}:{queue}}}", self.namespace))
            .batch_size(1)
            .heartbeat_interval(HEARTBEAT)
            .missed_heartbeats(MISSED_HEARTBEATS)
            .lock_tasks(false)
            .emit_events(false)
    }

    pub(crate) fn storage(&self, queue: Queue) -> RedisStorage<String> {
        RedisStorage::new(self.conn.clone()).with_config(self.config(queue))
    }

    fn epoch_key(&self) -> String {
        format!("{}:epoch", self.namespace)
    }

    /// Asks Redis what it holds.
    pub async fn depths(&self) -> anyhow::Result<Depths> {
        let mut pipe = redis::pipe();
        pipe.exists(self.epoch_key());
        for queue in Queue::VARIANTS {
            let config = self.config(*queue);
            pipe.zcard(config.scheduled_jobs_set())
                .llen(config.active_jobs_list());
        }
        let answers: Vec<u64> = pipe.query_async(&mut self.conn.clone()).await?;
        let (intact, depths) = answers.split_first().context("Redis answered nothing")?;
        let waiting = Queue::VARIANTS
            .iter()
            .copied()
            .zip(depths.chunks(2).map(|depth| depth.iter().sum()))
            .collect();
        Ok(Depths {
            intact: *intact == 1,
            waiting,
        })
    }

    /// Marks this Redis as the one that is given what is dispatched from now on.
    pub async fn begin_epoch(&self, now: DateTime<Utc>) -> anyhow::Result<()> {
        let () = redis::cmd("SET")
            .arg(self.epoch_key())
            .arg(now.to_rfc3339())
            .query_async(&mut self.conn.clone())
            .await?;
        Ok(())
    }

    /// Gives ids to a queue.
    ///
    /// Each dispatch has a task id of its own: apalis refuses one that it has finished before, and a job
    /// that is tried again would be forgotten.
    pub async fn push(&self, queue: Queue, ids: &[JobId], now: DateTime<Utc>) -> anyhow::Result<()> {
        let tasks = ids
            .iter()
            .map(|id| {
                let payload = serde_json::to_vec(&id.to_string())?;
                let task = TaskId::from_string(format!("{id}@{}", now.timestamp_micros()));
                Ok(TaskBuilder::new(payload).task_id(task).build())
            })
            .collect::<anyhow::Result<Vec<RedisTask>>>()?;
        apalis_redis::queries::push_tasks(&mut self.conn.clone(), &self.config(queue), &tasks).await?;
        Ok(())
    }

    /// The jobs whose ids wait in Redis; one that is there twice may be named twice.
    pub async fn waiting(&self, queue: Queue) -> anyhow::Result<Vec<JobId>> {
        let config = self.config(queue);
        let (scheduled, active): (Vec<String>, Vec<String>) = redis::pipe()
            .zrange(config.scheduled_jobs_set(), 0, -1)
            .lrange(config.active_jobs_list(), 0, -1)
            .query_async(&mut self.conn.clone())
            .await?;
        Ok(scheduled
            .iter()
            .chain(&active)
            .filter_map(|task| job_of(task))
            .collect())
    }

    /// Removes some of the ids that Redis keeps of what is finished; says how many, 0 when none is left.
    pub async fn forget_finished(&self, queue: Queue) -> anyhow::Result<u64> {
        let config = self.config(queue);
        let mut removed = 0;
        for set in [config.done_jobs_set(), config.dead_jobs_set()] {
            let tasks: Vec<String> = redis::cmd("SRANDMEMBER")
                .arg(&set)
                .arg(FORGET_BATCH)
                .query_async(&mut self.conn.clone())
                .await?;
            if tasks.is_empty() {
                continue;
            }
            let meta: Vec<String> = tasks
                .iter()
                .map(|task| format!("{}:{task}", config.job_meta_hash()))
                .collect();
            let () = redis::pipe()
                .atomic()
                .hdel(config.job_data_hash(), &tasks)
                .del(meta)
                .srem(&set, &tasks)
                .ignore()
                .query_async(&mut self.conn.clone())
                .await?;
            removed += tasks.len() as u64;
        }
        Ok(removed)
    }
}

/// The job that a task id was made for.
fn job_of(task: &str) -> Option<JobId> {
    Uuid::parse_str(task.get(..ID_LENGTH)?).ok().map(JobId::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_queues_together_hold_no_more_than_two_thousand_ids() {
        assert!(Queue::VARIANTS.iter().map(|queue| capacity(*queue)).sum::<u64>() <= 2_000);
    }

    #[test]
    fn a_task_id_names_its_job() {
        let id = Uuid::from_u128(7);
        assert_eq!(job_of(&format!("{id}@1700000000000000")), Some(id.into()));
        assert_eq!(job_of("something else"), None);
    }
}
