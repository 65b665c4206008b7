//! `tandem-devkit generate`: lists of an invented programme.

use std::path::PathBuf;

use anyhow::Context as _;
use chrono::NaiveDate;
use clap::Args;
use tandem_domain::clock::{Clock as _, SystemClock};

use crate::programme::{Plan, generate};

/// What to make, and where to.
#[derive(Debug, Args)]
pub struct Arguments {
    /// How many experts.
    #[arg(long, default_value_t = 12_000)]
    experts: usize,
    /// How many cases.
    #[arg(long, default_value_t = 3_000)]
    cases: usize,
    /// Another seed is another programme.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The day that all dates are relative to; today where not given.
    #[arg(long)]
    day: Option<NaiveDate>,
    /// The folder for offices.csv, centers.csv, experts.csv and cases.csv.
    #[arg(long)]
    out: PathBuf,
}

/// Writes the lists.
///
/// # Errors
/// What the file system says.
pub fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let plan = Plan {
        experts: arguments.experts,
        cases: arguments.cases,
        seed: arguments.seed,
        day: arguments.day.unwrap_or_else(|| SystemClock.today()),
    };
    generate(&plan)
        .write(&arguments.out)
        .with_context(|| format!("{} cannot be written", arguments.out.display()))
}
