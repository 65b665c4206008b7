//! `cargo xtask check`: all that CI checks besides tests.

use std::time::Instant;

use anyhow::{Result, bail};

use crate::cargo::{Workspace, build, cargo, has_subcommand, run};
use crate::generated;

/// How a step ended that did not fail.
enum Outcome {
    Fine,
    /// A tool is missing; says which, and how to get it.
    Skipped(String),
}

type Step = fn(&Workspace) -> Result<Outcome>;

fn fine(result: Result<()>) -> Result<Outcome> {
    result.map(|()| Outcome::Fine)
}

/// Cheap ones first.
const STEPS: &[(&str, Step)] = &[
    ("format", |_| fine(run(cargo().args(["fmt", "--all", "--check"])))),
    ("unused dependencies", |_| optional("machete", &[])),
    ("bans, licences and sources", |_| {
        optional("deny", &["check", "bans", "licenses", "sources"])
    }),
    ("lints", |_| {
        fine(run(cargo().args([
            "clippy",
            "--workspace",
            "--all-targets",
            "--",
            "-D",
            "warnings",
        ])))
    }),
    ("documentation", |_| {
        fine(run(cargo()
            .args(["doc", "--workspace", "--no-deps", "--quiet"])
            .env("RUSTDOCFLAGS", "-D warnings")))
    }),
    ("build", |_| fine(build())),
    ("api/schema.graphql", |workspace| {
        fine(generated::check_schema(workspace))
    }),
    (".sqlx", |workspace| fine(generated::check_sqlx(workspace))),
];

/// Takes every step, also after a failed one, and names the failed ones at the end.
pub(crate) fn all(workspace: &Workspace) -> Result<()> {
    let mut failed = Vec::new();
    for (name, step) in STEPS {
        eprintln!("── {name}");
        let start = Instant::now();
        match step(workspace) {
            Ok(Outcome::Fine) => eprintln!("   {name}: fine ({:.1} s)", start.elapsed().as_secs_f64()),
            Ok(Outcome::Skipped(why)) => eprintln!("   {name}: skipped, {why}"),
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
fn optional(tool: &str, arguments: &[&str]) -> Result<Outcome> {
    if !has_subcommand(tool) {
        let why = format!("cargo-{tool} is not installed (`cargo install --locked cargo-{tool}`)");
        return Ok(Outcome::Skipped(why));
    }
    fine(run(cargo().arg(tool).args(arguments)))
}
