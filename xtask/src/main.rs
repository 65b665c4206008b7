//! `cargo xtask`: the project's commands. This program stays small so that it builds in seconds; what
//! is heavy happens in `tandem-devkit`, which it builds together with everything else.

mod cargo;
mod check;
mod generated;

use std::ffi::OsString;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

use crate::cargo::{Workspace, build, cargo, run};

#[derive(Parser)]
#[command(name = "cargo xtask", about = "The commands of this project.")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Show the whole product, from nothing: servers, an invented programme, a bulk matching run
    #[command(disable_help_flag = true)]
    Demo {
        /// Options of the demo; `--help` lists them
        #[arg(allow_hyphen_values = true, trailing_var_arg = true)]
        options: Vec<OsString>,
    },
    /// Run the product for daily work, rebuilt and restarted on change
    #[command(disable_help_flag = true)]
    Dev {
        /// Options; `--help` lists them
        #[arg(allow_hyphen_values = true, trailing_var_arg = true)]
        options: Vec<OsString>,
    },
    /// Run all tests of the workspace, with servers started for them
    Test {
        /// Arguments of `cargo test`
        #[arg(allow_hyphen_values = true, trailing_var_arg = true)]
        arguments: Vec<OsString>,
    },
    /// Check everything that CI checks besides tests
    Check,
    /// Regenerate api/schema.graphql
    Schema,
    /// Regenerate .sqlx, the query macros' description of the database
    Sqlx,
    /// Render every mail in every language with invented data into target/mails, with an index page
    Mails,
    /// Run one benchmark, with servers of the durability of production
    Bench {
        /// `matching`, or a file in some package's folder benches
        name: String,
        /// Arguments of the benchmark; of `matching` the instances to measure, `run` for the whole run
        #[arg(allow_hyphen_values = true, trailing_var_arg = true)]
        arguments: Vec<OsString>,
    },
}

fn main() -> ExitCode {
    match execute(Arguments::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("error: {problem:#}");
            ExitCode::FAILURE
        }
    }
}

fn execute(command: Command) -> Result<()> {
    let workspace = Workspace::enter()?;
    match command {
        Command::Demo { options } => {
            build()?;
            run(workspace.devkit().arg("demo").args(options))
        }
        Command::Dev { options } => {
            build()?;
            run(workspace.devkit().arg("dev").args(options))
        }
        Command::Test { arguments } => {
            // Tests start the programs themselves, which `cargo test` alone would not build.
            build()?;
            let mut devkit = workspace.devkit();
            devkit
                .args(["with-servers", "--"])
                .arg(cargo::program())
                .args(["test", "--workspace"]);
            run(devkit.args(arguments))
        }
        Command::Check => check::all(&workspace),
        Command::Schema => generated::write_schema(&workspace),
        Command::Sqlx => generated::write_sqlx(&workspace),
        // of the whole workspace, so that nothing is compiled a second time with other features
        Command::Mails => run(cargo().args(["run", "--example", "mails", "--", "target/mails"])),
        Command::Bench { name, arguments } if name == "matching" => bench_matching(&workspace, arguments),
        Command::Bench { name, arguments } => {
            build()?;
            run(cargo().args(["build", "--release", "--workspace", "--bins"]))?;
            let mut devkit = workspace.devkit();
            devkit
                .args(["with-servers", "--durable", "--"])
                .arg(cargo::program());
            devkit.args(["bench", "--workspace", "--bench", &name, "--"]);
            run(devkit.args(arguments))
        }
    }
}

/// The name of the whole run among the instances of the matching benchmark.
const WHOLE_RUN: &str = "run";

/// The engine at every size, beside OR-tools, which the benchmark installs for itself; then a whole run on
/// servers of the durability of production, beside COPY alone. Of these those that are named, if any are.
fn bench_matching(workspace: &Workspace, names: Vec<OsString>) -> Result<()> {
    let (whole_run, instances): (Vec<_>, Vec<_>) = names.into_iter().partition(|name| name == WHOLE_RUN);
    if whole_run.is_empty() || !instances.is_empty() {
        let mut engine = cargo();
        engine.args([
            "run",
            "--release",
            "--package",
            "tandem-domain",
            "--example",
            "bench_matching",
            "--",
        ]);
        run(engine.args(&instances))?;
    }
    if whole_run.is_empty() && !instances.is_empty() {
        return Ok(());
    }
    build()?;
    let mut whole = workspace.devkit();
    whole
        .args(["with-servers", "--durable", "--"])
        .arg(cargo::program())
        .args(["bench", "--package", "tandem-tests", "--bench", "matching_run"]);
    run(&mut whole)
}
