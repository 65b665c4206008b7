//! `tandem-devkit dev`: the product for daily work, rebuilt and restarted on change.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use notify::{EventKind, RecursiveMode, Watcher};
use tokio::process::Command;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use crate::servers::{self, Durability};
use crate::signals::Requests;
use crate::stack::{self, Stack};

/// What the programs are made of, below the workspace's root.
const WATCHED: &[&str] = &[
    "api",
    "worker",
    "shared",
    "migrations",
    "Cargo.toml",
    "Cargo.lock",
];
/// Editors and version control write many files in a row.
const QUIET: Duration = Duration::from_millis(300);

/// How to run.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Leave the data in place at the end.
    #[arg(long)]
    pub keep: bool,
    /// Port of the api; another one when it is taken.
    #[arg(long, default_value_t = 4000)]
    pub api_port: u16,
    /// Port of the mail catcher's inbox; another one when it is taken.
    #[arg(long, default_value_t = 8025)]
    pub inbox_port: u16,
}

/// Runs the product until Ctrl-C. The working directory is the workspace's root.
pub async fn run(arguments: Arguments) -> Result<()> {
    let mut requests = Requests::listen()?;
    tokio::select! {
        _ = requests.next() => Ok(()),
        outcome = work(&arguments) => outcome,
    }
}

async fn work(arguments: &Arguments) -> Result<()> {
    let (sender, mut changes) = unbounded_channel();
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        if event.is_ok_and(|event| is_change(&event)) {
            let _ = sender.send(());
        }
    })?;
    for part in WATCHED {
        watcher
            .watch(Path::new(part), RecursiveMode::Recursive)
            .with_context(|| format!("{part} cannot be watched"))?;
    }
    let options = stack::Options {
        servers: servers::Options {
            keep: arguments.keep,
            ..servers::Options::new(Durability::Durable)
        },
        api_port: Some(arguments.api_port),
        inbox_port: Some(arguments.inbox_port),
        smtp_url: std::env::var("SMTP_URL").ok().filter(|url| !url.is_empty()),
        clock_shift: chrono::Duration::zero(),
    };
    let mut stack = Stack::start(&options).await?;
    announce(&stack);
    loop {
        tokio::select! {
            () = settled(&mut changes) => {}
            failure = stack.failure() => {
                eprintln!("{failure}\nWaiting for a change.");
                settled(&mut changes).await;
            }
        }
        match rebuild_and_restart(&mut stack).await {
            Ok(()) => eprintln!("Restarted."),
            Err(problem) => eprintln!("{problem:#}"),
        }
    }
}

async fn rebuild_and_restart(stack: &mut Stack) -> Result<()> {
    eprintln!("Changed; building …");
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    // The whole workspace: another package set would unify features differently and build them anew.
    let status = cargo
        .args(["build", "--workspace", "--bins"])
        .kill_on_drop(true)
        .status()
        .await?;
    if !status.success() {
        bail!("The build failed; api and worker go on as they were.");
    }
    stack.restart_programs().await
}

/// Waits for a change and then for the end of the changes.
async fn settled(changes: &mut UnboundedReceiver<()>) {
    if changes.recv().await.is_none() {
        // The watcher lives as long as the receiver does.
        std::future::pending::<()>().await;
    }
    while let Ok(Some(())) = tokio::time::timeout(QUIET, changes.recv()).await {}
}

/// Reading is none, and a build reads everything.
fn is_change(event: &notify::Event) -> bool {
    matches!(
        event.kind,
        EventKind::Create(_) | EventKind::Modify(_) | EventKind::Remove(_)
    )
}

fn announce(stack: &Stack) {
    println!("API explorer  {}/graphql", stack.api_url());
    println!("Mailbox       {}", stack.catcher().http_url());
    println!("Logs          {}", stack.logs().display());
    for (name, value) in stack.servers().urls().variables() {
        println!("{name}={value}");
    }
    println!("Changes are built and started; Ctrl-C ends it.");
}

#[cfg(test)]
mod tests {
    use notify::event::{AccessKind, CreateKind};

    use super::*;

    #[test]
    fn reading_a_file_is_no_change() {
        assert!(!is_change(&notify::Event::new(EventKind::Access(
            AccessKind::Any
        ))));
        assert!(is_change(&notify::Event::new(EventKind::Create(
            CreateKind::File
        ))));
    }

    #[tokio::test]
    async fn many_changes_in_a_row_are_one() {
        let (sender, mut changes) = unbounded_channel();
        for _ in 0..5 {
            sender.send(()).unwrap();
        }
        settled(&mut changes).await;
        assert!(changes.try_recv().is_err());
    }
}
