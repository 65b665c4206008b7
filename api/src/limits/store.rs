//! Where counts are kept: in Redis, shared between replicas, or in this process.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use redis::{Client, RedisError, Script, aio::ConnectionManager, aio::ConnectionManagerConfig};
use tandem_domain::clock::Clock;

use super::Rule;

/// Redis is not waited for longer than this: it is there to protect, not to slow down.
const PATIENCE: Duration = Duration::from_millis(250);
/// After a failure Redis is not asked for so long.
const RETRY_AFTER_MICROS: i64 = 1_000_000;
/// Keys that this process remembers at most.
const LOCAL_KEYS: usize = 100_000;

/// The rule of [`Rule::next`] for several keys at once: either all are counted or none. Answers with the
/// microseconds to wait; 0 where all have room.
const SCRIPT: &str = r"
local now = tonumber(ARGV[1])
local nexts, wait = {}, 0
for i, key in ipairs(KEYS) do
    local cost, span = tonumber(ARGV[2 * i]), tonumber(ARGV[2 * i + 1])
    local stored = tonumber(redis.call('GET', key) or '0')
    if stored < now then stored = now end
    nexts[i] = stored + cost
    local over = nexts[i] - span - now
    if over > wait then wait = over end
end
if wait > 0 then return wait end
for i, key in ipairs(KEYS) do
    redis.call('SET', key, string.format('%.0f', nexts[i]), 'PX', math.ceil((nexts[i] - now) / 1000) + 1)
end
return 0
";

/// Counts in Redis.
pub(super) struct Shared {
    connection: ConnectionManager,
    script: Script,
    prefix: String,
    /// Redis failed and is left alone until then.
    away_until: AtomicI64,
}

/// Redis cannot be asked at the moment.
#[derive(Debug)]
pub(super) struct Away;

impl Shared {
    pub(super) fn new(url: &str, namespace: &str) -> Result<Self, RedisError> {
        let config = ConnectionManagerConfig::new()
            .set_connection_timeout(Some(PATIENCE))
            .set_response_timeout(Some(PATIENCE))
            .set_number_of_retries(1);
        Ok(Self {
            connection: ConnectionManager::new_lazy_with_config(Client::open(url)?, config)?,
            script: Script::new(SCRIPT),
            prefix: format!("{namespace}:limits:"),
            away_until: AtomicI64::new(i64::MIN),
        })
    }

    pub(super) async fn take(&self, clock: &dyn Clock, wanted: &[(String, Rule)]) -> Result<i64, Away> {
        let now = micros(clock);
        if now < self.away_until.load(Ordering::Relaxed) {
            return Err(Away);
        }
        let mut call = self.script.prepare_invoke();
        call.arg(now);
        for (key, rule) in wanted {
            call.key(format!("{}{key}", self.prefix))
                .arg(rule.cost())
                .arg(rule.span());
        }
        let mut connection = self.connection.clone();
        let asked = tokio::time::timeout(PATIENCE * 2, call.invoke_async::<i64>(&mut connection));
        let problem = match asked.await {
            Ok(Ok(wait)) => return Ok(wait),
            Ok(Err(error)) => error.to_string(),
            Err(_) => "no answer in time".to_owned(),
        };
        tracing::warn!(problem, "rate limits cannot be shared: Redis cannot be asked");
        self.away_until.store(now + RETRY_AFTER_MICROS, Ordering::Relaxed);
        Err(Away)
    }
}

/// Counts in this process.
#[derive(Default)]
pub(super) struct Local(Mutex<HashMap<String, i64>>);

impl Local {
    /// Microseconds to wait; 0 where all have room. Where too many keys are remembered, nobody has.
    pub(super) fn take(&self, clock: &dyn Clock, wanted: &[(String, Rule)]) -> i64 {
        let now = micros(clock);
        let mut counts = self.0.lock().expect("no holder of this lock panics");
        if counts.len() >= LOCAL_KEYS {
            counts.retain(|_, stored| *stored > now);
            if counts.len() >= LOCAL_KEYS {
                return wanted.iter().map(|(_, rule)| rule.span()).max().unwrap_or(0);
            }
        }
        let decided: Vec<Result<i64, i64>> = wanted
            .iter()
            .map(|(key, rule)| rule.next(counts.get(key).copied().unwrap_or(0), now))
            .collect();
        if let Some(wait) = decided.iter().filter_map(|one| one.err()).max() {
            return wait;
        }
        for ((key, _), next) in wanted.iter().zip(decided) {
            counts.insert(key.clone(), next.unwrap_or(now));
        }
        0
    }
}

fn micros(clock: &dyn Clock) -> i64 {
    clock.now().timestamp_micros()
}
