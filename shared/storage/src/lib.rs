//! All SQL: one file an aggregate, transactions, the job ledger.
//!
//! Functions take a connection, so that an operation decides what one transaction is. Rows are
//! converted fallibly: a corrupt one names its table, column and id. Named constraints become domain
//! errors through [`Error::constraint`].

pub mod accompaniment;
pub mod addresses;
pub mod agreements;
pub mod audit;
pub mod cases;
pub mod centers;
pub mod checks;
pub mod chemistry;
pub mod deliveries;
pub mod documents;
mod error;
pub mod events;
pub mod experts;
pub mod facts;
pub mod feedback;
pub mod idempotency;
pub mod import;
pub mod jobs;
pub mod matches;
pub mod mentees;
pub mod migrations;
pub mod occupations;
pub mod offices;
pub mod openid;
pub mod paging;
pub mod papers;
pub mod personal_data;
pub mod persons;
pub mod problems;
pub mod reference;
pub mod reminders;
pub mod runs;
pub mod sessions;
pub mod settings;
pub mod statistics;
pub mod sweep_ticks;
pub mod tokens;
pub mod training;
pub mod users;
pub mod wall;

pub use error::{Error, Result, parse};
pub use sqlx::{PgConnection, PgPool, PgTransaction};

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

/// The migrations, embedded.
pub static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!("../../migrations");

/// Makes a transaction that has not read yet see the database as of its first statement, and write
/// nothing.
pub async fn freeze(conn: &mut PgConnection) -> Result<()> {
    sqlx::query!("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        .execute(conn)
        .await?;
    Ok(())
}

/// No statement waits longer for a lock; what fails of it is tried again ([`Error::is_retryable`]).
pub const LOCK_TIMEOUT: &str = "20s";

/// Connections whose statements wait for a lock no longer than this.
///
/// Whoever gives up on a transaction (a job that took too long, a request that was broken off) drops it, and
/// it is rolled back as soon as its connection answers. One whose statement waits for a lock does not answer,
/// and keeps everything locked that it had locked before.
pub fn with_lock_timeout(options: PgConnectOptions, timeout: &str) -> PgConnectOptions {
    options.options([("lock_timeout", timeout)])
}

/// A pool of at most `connections` connections to `url`.
pub async fn connect(url: &str, connections: u32, application: &str) -> Result<PgPool> {
    let options = url.parse::<PgConnectOptions>()?.application_name(application);
    let options = with_lock_timeout(options, LOCK_TIMEOUT);
    Ok(PgPoolOptions::new()
        .max_connections(connections)
        .connect_with(options)
        .await?)
}
