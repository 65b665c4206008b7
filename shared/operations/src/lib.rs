//! The use cases: authorize, load, decide, save, enqueue.
//!
//! The only place where policy, storage, matching, mail and jobs meet. An operation opens one
//! transaction, in which everything that it promises is written; nothing is enqueued after a commit.

mod access;
pub mod addresses;
pub mod answers;
mod app;
pub mod audit_trail;
pub mod auth;
pub mod candidates;
pub mod cases;
pub mod centers;
pub mod checks;
pub mod deliveries;
pub mod documents;
mod error;
pub mod experts;
pub mod idempotency;
pub mod import;
pub mod jobs;
pub mod ledger;
pub mod links;
pub mod matches;
pub mod mentees;
pub mod occupations;
pub mod offices;
pub mod personal_data;
pub mod persons;
pub mod problems;
pub mod profile;
pub mod publicity;
pub mod readings;
pub mod reminders;
pub mod runs;
pub mod settings;
pub mod statistics;
pub mod training;
pub mod users;

pub use access::{Audit, Caller, Who};
pub use app::App;
pub use error::{Error, Result, refuse};
