//! News for subscribers: PostgreSQL's NOTIFY inside the transaction that makes them, so that nobody
//! hears of what was not committed and nothing committed stays unheard, by any number of api replicas.
//!
//! An event says that something changed, never what it is now: who hears of it asks again, under the
//! policy.

use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
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
