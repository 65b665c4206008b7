//! News for subscribers: PostgreSQL's NOTIFY inside the transaction that makes them, so that nobody
//! hears of what was not committed and nothing committed stays unheard, by any number of api replicas.
//!
//! An event says that something changed, never what it is now: who hears of it asks again, under the
//! policy.

use serde::{Deserialize, Serialize};
use sqlx::{PgConnection, PgPool, postgres::PgListener};
use tandem_domain::ids::{CaseId, CenterId, RunId, UserId};

use crate::Result;

/// The channel on which news travel.
pub const CHANNEL: &str = "tandem_events";

/// What changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "kind", content = "id")]
pub enum Event {
    /// A matching run's state or progress.
    Run(RunId),
    /// A case, or a match of it.
    Case(CaseId, CenterId),
    /// Something waits for a user.
    Inbox(UserId),
}

/// Tells the news at commit.
pub async fn notify(conn: &mut PgConnection, event: Event) -> Result<()> {
    let payload = serde_json::to_string(&event).expect("ids are plain data");
    sqlx::query!("SELECT pg_notify($1, $2)", CHANNEL, payload)
        .execute(conn)
        .await?;
    Ok(())
}

/// Tells several news at commit, in one statement; the same one twice is told once.
pub async fn notify_all(conn: &mut PgConnection, events: &[Event]) -> Result<()> {
    let payloads: Vec<String> = events
        .iter()
        .map(|event| serde_json::to_string(event).expect("ids are plain data"))
        .collect();
    sqlx::query!(
        "SELECT pg_notify($1, payload) FROM unnest($2::text[]) AS payload",
        CHANNEL,
        &payloads
    )
    .fetch_all(conn)
    .await?;
    Ok(())
}

/// A connection that hears the news.
#[derive(Debug)]
pub struct Listener(PgListener);

impl Listener {
    /// Listens from now on, on a connection of the pool that it keeps.
    pub async fn start(pool: &PgPool) -> Result<Self> {
        let mut listener = PgListener::connect_with(pool).await?;
        listener.listen(CHANNEL).await?;
        Ok(Self(listener))
    }

    /// The next event. None: something may have been missed, because the connection was made anew or a
    /// newer program told something that this one does not know.
    pub async fn next(&mut self) -> Result<Option<Event>> {
        let notification = self.0.try_recv().await?;
        Ok(notification.and_then(|notification| serde_json::from_str(notification.payload()).ok()))
    }
}
