//! `tandem-devkit with-servers -- COMMAND…`

use std::ffi::OsString;
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{ExitCode, ExitStatus};

use anyhow::{Context, Result};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::process::Command;

use crate::programs;
use crate::servers::{Durability, Options, Servers};
use crate::signals::{Request, Requests};

/// What to run, and with which servers.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Apply the files of the folder migrations before the command starts.
    #[arg(long)]
    pub migrate: bool,
    /// Let DATABASE_URL name the role that owns the database, as the query macros need it.
    #[arg(long)]
    pub as_owner: bool,
    /// Wait for the disk, as in production; for benchmarks and crash tests.
    #[arg(long)]
    pub durable: bool,
    /// Folder for the servers' data [default: target/servers].
    #[arg(long)]
    pub folder: Option<PathBuf>,
    /// The command and its arguments.
    #[arg(last = true, required = true)]
    pub command: Vec<OsString>,
}

/// Runs the command; the result is its exit code, or 128 plus the number of the signal that ended it.
pub async fn run(arguments: Arguments) -> Result<ExitCode> {
    let mut requests = Requests::listen()?;
    let durability = if arguments.durable {
        Durability::Durable
    } else {
        Durability::Fast
    };
    let mut options = Options::new(durability);
    options.folder = arguments.folder.unwrap_or(options.folder);
    let servers = Servers::from_env_or_start(&options).await?;
    if arguments.migrate {
        programs::apply_migration_files(servers.urls()).await?;
    }
    let (program, rest) = arguments.command.split_first().expect("clap asks for a command");
    let mut command = Command::new(program);
    command.args(rest).envs(servers.urls().variables());
    if arguments.as_owner {
        command.env("DATABASE_URL", &servers.urls().migration_database_url);
    }
    let mut child = command
        .spawn()
        .with_context(|| format!("{} could not be started", program.to_string_lossy()))?;
    let status = loop {
        tokio::select! {
            status = child.wait() => break status?,
            request = requests.next() => {
                // Ctrl-C reaches the command without our help.
                if let (Request::Terminate, Some(pid)) = (request, child.id()) {
                    let _ = kill(Pid::from_raw(pid.cast_signed()), Signal::SIGTERM);
                }
            }
        }
    };
    servers.stop().await;
    Ok(ExitCode::from(code_of(status)))
}

/// The exit code by which a shell would report the status.
fn code_of(status: ExitStatus) -> u8 {
    let code = status
        .code()
        .or_else(|| status.signal().map(|signal| 128 + signal));
    code.and_then(|code| u8::try_from(code).ok()).unwrap_or(1)
}
