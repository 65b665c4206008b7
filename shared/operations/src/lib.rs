//! The use cases: authorize, load, decide, save, enqueue.
//!
//! The only place where policy, storage, matching, mail and jobs meet. An operation opens one
//! transaction, in which everything that it promises is written; nothing is enqueued after a commit.

mod access;
pub mod answers;
mod app;
pub mod candidates;
pub mod cases;
pub mod deliveries;
mod error;
pub mod idempotency;
pub mod jobs;
pub mod links;
pub mod matches;
pub mod mentees;
pub mod offices;
pub mod runs;
pub mod settings;

pub use access::{Audit, Caller, Who};
pub use app::App;
pub use error::{Error, Result, refuse};
