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

/// A pool of at most `connections` connections to `url`.
pub async fn connect(url: &str, connections: u32, application: &str) -> Result<PgPool> {
    let options: PgConnectOptions = url.parse::<PgConnectOptions>()?.application_name(application);
    Ok(PgPoolOptions::new()
        .max_connections(connections)
        .connect_with(options)
        .await?)
}
