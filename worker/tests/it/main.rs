//! The ledger and the worker against a real PostgreSQL and a real Redis.

mod attempts;
mod ledger;
mod processes;
mod redis;
mod stage;
mod sweeps;
