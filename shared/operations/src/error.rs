//! Refusals are data for the caller; faults are ours.

use tandem_domain::errors::{InvalidTransition, UserError};

/// Why an operation did not happen.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Expected: the caller is told, field by field.
    #[error("refused: {}", .0.iter().map(|error| error.message.as_str()).collect::<Vec<_>>().join("; "))]
    Refused(Vec<UserError>),
    /// The database failed, or a row is corrupt.
    #[error(transparent)]
    Storage(#[from] tandem_storage::Error),
    /// Anything else that should not happen; the caller learns an error id and no more.
    #[error("{0}")]
    Fault(String),
}

/// What every operation returns.
pub type Result<T> = std::result::Result<T, Error>;

/// A single expected refusal.
pub fn refuse<T>(error: UserError) -> Result<T> {
    Err(Error::Refused(vec![error]))
}

impl From<UserError> for Error {
    fn from(error: UserError) -> Self {
        Self::Refused(vec![error])
    }
}

impl From<Vec<UserError>> for Error {
    fn from(errors: Vec<UserError>) -> Self {
        Self::Refused(errors)
    }
}

impl From<InvalidTransition> for Error {
    fn from(transition: InvalidTransition) -> Self {
        Self::Refused(vec![transition.into()])
    }
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        Self::Storage(error.into())
    }
}
