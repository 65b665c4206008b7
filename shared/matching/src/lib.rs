#![doc = include_str!("../README.md")]

pub mod bmi;
mod certificate;
mod growing;
mod instance;
mod plan;
mod solve;
mod violation;
mod what_if;

pub use certificate::{Certificate, certify};
pub use growing::{Grown, LeftOut, LeftOutPair, solve_growing};
pub use instance::{Instance, InstanceError, MAX_NODES};
pub use plan::{Duals, Objective, Observer, Phase, Pin, Silent, Solution, SolveError};
pub use solve::solve;
pub use violation::Violation;
pub use what_if::{Difference, WhatIf, WhatIfError};
