//! Sealing what was written since the last seal.

use tandem_storage::audit::sealing::{self, Seal};

use super::chain;
use crate::{App, Caller, Result};

/// How many events a seal holds at most.
const BATCH: i64 = 5_000;

/// Seals everything that waits for it; the new seals, the oldest first.
///
/// What is sealed next is what is committed and not sealed yet, whatever its time and its id: an event
/// whose transaction ends after a later one was sealed comes into the next seal.
pub async fn seal(app: &App) -> Result<Vec<Seal>> {
    let mut seals = Vec::new();
    loop {
        let mut tx = app.begin(&Caller::system()).await?;
        sealing::lock(&mut tx).await?;
        let ids = sealing::take_unsealed(&mut tx, BATCH).await?;
        if ids.is_empty() {
            return Ok(seals);
        }
        let events = sealing::committed(&mut tx, &ids).await?;
        let entries: Vec<_> = ids
            .iter()
            .map(|id| {
                let found = events.binary_search_by_key(id, |committed| committed.event.id);
                let commitment = found.map_or([0; 32], |position| {
                    let committed = &events[position];
                    chain::event(&committed.event, &committed.detail_commitment)
                });
                if found.is_err() {
                    // sealed as missing, so that every later check says so too
                    tracing::error!(event = %id, "an audit event vanished before it was sealed");
                }
                (*id, commitment)
            })
            .collect();
        let before = sealing::newest(&mut tx).await?;
        let number = before.as_ref().map_or(0, |seal| seal.number) + 1;
        let head = chain::head(
            number,
            before.as_ref().map(|seal| &seal.head[..]),
            entries.iter().map(|(_, commitment)| &commitment[..]),
        );
        let seal = Seal {
            number,
            sealed_at: app.now(),
            events: entries.len() as i32,
            head: head.to_vec(),
        };
        sealing::insert(&mut tx, &seal, &entries).await?;
        tx.commit().await?;
        seals.push(seal);
    }
}
