//! `cargo xtask check`: all that CI checks besides tests.

use std::time::Instant;

use anyhow::{Result, bail};

use crate::cargo::{Workspace, build, cargo, has_subcommand, run};
use crate::generated;

type Step = fn(&Workspace) -> Result<()>;

/// Cheap ones first.
const STEPS: &[(&str, Step)] = &[
    ("format", |_| run(cargo().args(["fmt", "--all", "--check"]))),
    ("unused dependencies", |_| optional("machete", &[])),
    ("bans, licences and sources", |_| {
        optional("deny", &["check", "bans", "licenses", "sources"])
    }),
    ("lints", |_| {
        run(cargo().args(["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]))
    }),
    ("documentation", |_| {
        run(cargo()
            .args(["doc", "--workspace", "--no-deps", "--quiet"])
            .env("RUSTDOCFLAGS", "-D warnings"))
    }),
    ("build", |_| build()),
    ("api/schema.graphql", generated::check_schema),
    (".sqlx", generated::check_sqlx),
];

/// Takes every step, also after a failed one, and names the failed ones at the end.
pub(crate) fn all(workspace: &Workspace) -> Result<()> {
    let mut failed = Vec::new();
    for (name, step) in STEPS {
        eprintln!("── {name}");
        let start = Instant::now();
        match step(workspace) {
            Ok(()) => eprintln!("   {name}: fine ({:.1} s)", start.elapsed().as_secs_f64()),
            Err(problem) => {
                eprintln!("   {name}: {problem:#}");
                failed.push(*name);
            }
        }
    }
    if !failed.is_empty() {
        bail!("failed: {}", failed.join(", "));
    }
    Ok(())
}

/// Runs a tool that a newcomer may lack.
fn optional(tool: &str, arguments: &[&str]) -> Result<()> {
    if !has_subcommand(tool) {
        eprintln!("   skipped: cargo-{tool} is not installed (`cargo install --locked cargo-{tool}`)");
        return Ok(());
    }
    run(cargo().arg(tool).args(arguments))
}
