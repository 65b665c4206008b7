//! `tandem-devkit servers`

use anyhow::{Result, bail};

use crate::programs;
use crate::servers::{Durability, Options, Servers};
use crate::signals::Requests;

/// Which servers to start.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Migrate the database (with the program `tandem-api`).
    #[arg(long)]
    pub migrate: bool,
    /// Do not wait for the disk; for tests.
    #[arg(long)]
    pub fast: bool,
    /// Leave the data in place at the end.
    #[arg(long)]
    pub keep: bool,
}

/// Starts servers, prints their variables as shell commands and waits for Ctrl-C.
pub async fn run(arguments: Arguments) -> Result<()> {
    let mut requests = Requests::listen()?;
    let durability = if arguments.fast {
        Durability::Fast
    } else {
        Durability::Durable
    };
    let options = Options {
        keep: arguments.keep,
        ..Options::new(durability)
    };
    let servers = Servers::start(&options).await?;
    if arguments.migrate {
        programs::migrate(servers.urls()).await?;
    }
    for (name, value) in servers.urls().variables() {
        println!("export {name}='{value}'");
    }
    if let (true, Some(folder)) = (arguments.keep, servers.folder()) {
        println!("# data: {}", folder.display());
    }
    tokio::select! {
        _ = requests.next() => {}
        failure = servers.failure() => bail!(failure),
    }
    servers.stop().await;
    Ok(())
}
