//! `tandem-devkit`: what `cargo xtask` runs for its heavier commands.

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};
use tandem_devkit::commands;

#[derive(Parser)]
#[command(about = "Private servers, mail catcher and demo for development and tests.")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Show the whole product with an invented programme.
    Demo(tandem_devkit::demo::Options),
    /// Run the whole product for daily work, rebuilt and restarted on change.
    Dev(commands::dev::Arguments),
    /// Start private servers that are fast and forgetful, run a command with their URLs in its environment,
    /// and end with the command's exit code.
    WithServers(commands::with_servers::Arguments),
    /// Start private servers, print their URLs and stay up until Ctrl-C.
    Servers(commands::servers::Arguments),
    /// Run the mail catcher alone.
    Catcher(commands::catcher::Arguments),
}

#[tokio::main]
async fn main() -> Result<ExitCode> {
    match Arguments::parse().command {
        Command::Demo(options) => tandem_devkit::demo::run(options)
            .await
            .map(|()| ExitCode::SUCCESS),
        Command::Dev(arguments) => commands::dev::run(arguments).await.map(|()| ExitCode::SUCCESS),
        Command::WithServers(arguments) => commands::with_servers::run(arguments).await,
        Command::Catcher(arguments) => commands::catcher::run(arguments)
            .await
            .map(|()| ExitCode::SUCCESS),
        Command::Servers(arguments) => commands::servers::run(arguments)
            .await
            .map(|()| ExitCode::SUCCESS),
    }
}
