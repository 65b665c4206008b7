//! `tandem-devkit`: what `cargo xtask` runs for its heavier commands.

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};
use tandem_devkit::{commands, demo};

#[derive(Parser)]
#[command(about = "Private servers, mail catcher and demo for development and tests.")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Show the whole product with an invented programme.
    Demo(demo::Options),
    /// Run the whole product for daily work, rebuilt and restarted on change.
    Dev(commands::dev::Arguments),
    /// Start private servers that are fast and forgetful, run a command with their URLs in its environment,
    /// and end with the command's exit code.
    WithServers(commands::with_servers::Arguments),
    /// Start private servers, print their URLs and stay up until Ctrl-C.
    Servers(commands::servers::Arguments),
    /// Write the lists of an invented programme, as `tandem-api import` takes them.
    Generate(commands::generate::Arguments),
    /// Run the mail catcher alone.
    Catcher(commands::catcher::Arguments),
}

#[tokio::main]
async fn main() -> ExitCode {
    match execute(Arguments::parse().command).await {
        Ok(code) => code,
        Err(problem) => {
            // For people: the whole chain of causes, and no backtrace whatever RUST_BACKTRACE says.
            eprintln!("error: {problem:#}");
            ExitCode::FAILURE
        }
    }
}

async fn execute(command: Command) -> Result<ExitCode> {
    match command {
        Command::Demo(options) => demo::run(options).await?,
        Command::Dev(arguments) => commands::dev::run(arguments).await?,
        Command::WithServers(arguments) => return commands::with_servers::run(arguments).await,
        Command::Generate(arguments) => commands::generate::run(&arguments)?,
        Command::Catcher(arguments) => commands::catcher::run(arguments).await?,
        Command::Servers(arguments) => commands::servers::run(arguments).await?,
    }
    Ok(ExitCode::SUCCESS)
}
