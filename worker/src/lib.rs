//! The worker of Tandem: relay, job handlers and sweeps.
//!
//! The ledger in PostgreSQL is the truth (`tandem_storage::jobs`); apalis over Redis only carries ids to
//! a free worker, at least once. [`attempt`] is the one path on which a job runs, whether [`serve`]
//! works for real or a test [`drain`]s what is due.

mod attempt;
pub mod config;
mod drain;
pub mod handlers;
mod queues;
mod registry;
mod relay;
mod serve;
pub mod sweeps;
mod wake;

pub use attempt::{Outcome, attempt};
pub use drain::{Ran, drain, run_due_sweeps};
pub use queues::{Depths, Queues, capacity};
pub use registry::{Registry, Sweep};
pub use relay::Relay;
pub use serve::{Settings, serve};
