//! What every operation needs.

use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};
use tandem_domain::{clock::Clock, ids::Id, random::Random, users::SessionLimits};
use tandem_storage::{PgPool, PgTransaction, wall};
use url::Url;
use uuid::Uuid;

use crate::{Caller, Result, links::LinkKey};

/// Database, time, randomness and the few secrets; cheap to clone.
#[derive(Debug, Clone)]
pub struct App {
    /// The pool of the program's own database role.
    pub db: PgPool,
    /// Where the time comes from.
    pub clock: Arc<dyn Clock>,
    /// Where ids, tokens and jitter come from.
    pub random: Arc<dyn Random>,
    /// The key from which every link in an e-mail is derived.
    pub links: LinkKey,
    /// Where people reach the pages behind those links.
    pub public_url: Url,
    /// How long sessions last.
    pub session_limits: SessionLimits,
}

impl App {
    /// Opens the one transaction of an operation, behind the wall that the caller has in the database.
    pub async fn begin(&self, caller: &Caller) -> Result<PgTransaction<'static>> {
        Ok(wall::begin(&self.db, &caller.wall()).await?)
    }

    /// Opens what an operation that only reads needs: a transaction that can write nothing and ends when
    /// it is dropped, behind the same wall.
    pub async fn acquire(&self, caller: &Caller) -> Result<PgTransaction<'static>> {
        Ok(wall::begin_reading(&self.db, &caller.wall()).await?)
    }

    /// Now.
    pub fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// Today's date in Germany.
    pub fn today(&self) -> NaiveDate {
        self.clock.today()
    }

    /// A fresh id.
    pub fn id<T: Id + From<Uuid>>(&self) -> T {
        self.random.id(&*self.clock)
    }
}
