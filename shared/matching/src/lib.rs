//! Exact bipartite matching with capacities: plan, certificate, prices and what-if.

pub mod bmi;
mod certificate;
mod instance;
mod plan;
mod solve;

pub use certificate::{Certificate, Violation, certify};
pub use instance::{Instance, InstanceError, MAX_NODES};
pub use plan::{Duals, Objective, Observer, Phase, Pin, Silent, Solution, SolveError};
pub use solve::solve;
