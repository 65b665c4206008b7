//! What can go wrong between a row and the domain.

use std::str::FromStr;

/// A fault of the database, or a row that does not fit the domain.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// PostgreSQL refused or could not be reached.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
    /// The migrations could not be applied.
    #[error(transparent)]
    Migration(#[from] sqlx::migrate::MigrateError),
    /// A stored value that the domain does not know.
    #[error("row {id} of {table} is corrupt: {column} {problem}")]
    Corrupt {
        /// The table.
        table: &'static str,
        /// The column.
        column: &'static str,
        /// The row's id.
        id: String,
        /// What is wrong with it.
        problem: String,
    },
}

/// What every function here returns.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// The name of the constraint that refused a change, if that is what happened.
    pub fn constraint(&self) -> Option<&str> {
        match self {
            Self::Database(sqlx::Error::Database(error)) => error.constraint(),
            _ => None,
        }
    }

    /// Whether the same transaction may succeed when it is tried again (serialization, deadlock).
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Database(sqlx::Error::Database(error)) => {
                matches!(error.code().as_deref(), Some("40001" | "40P01" | "55P03"))
            }
            Self::Database(sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut) => true,
            _ => false,
        }
    }
}

/// Converts a stored text to its domain value, naming table, column and row where it does not fit.
pub fn parse<T>(
    table: &'static str,
    column: &'static str,
    id: impl std::fmt::Display,
    text: &str,
) -> Result<T>
where
    T: FromStr,
{
    text.parse().map_err(|_| Error::Corrupt {
        table,
        column,
        id: id.to_string(),
        problem: format!("has the unknown value {text:?}"),
    })
}
