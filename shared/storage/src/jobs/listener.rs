//! Hears of new jobs.

use sqlx::{PgPool, postgres::PgListener};

use super::CHANNEL;
use crate::Result;

/// A connection that listens for inserts of jobs.
#[derive(Debug)]
pub struct Listener(PgListener);

impl Listener {
    /// Listens from now on, on a connection of the pool that it keeps.
    pub async fn start(pool: &PgPool) -> Result<Self> {
        let mut listener = PgListener::connect_with(pool).await?;
        listener.listen(CHANNEL).await?;
        Ok(Self(listener))
    }

    /// Returns when jobs were inserted since the last call, once for any number of inserts.
    ///
    /// A lost connection is made anew; what was inserted meanwhile is not heard of, so callers poll as
    /// well.
    pub async fn heard(&mut self) -> Result<()> {
        self.0.recv().await?;
        while self.0.next_buffered().is_some() {}
        Ok(())
    }
}
