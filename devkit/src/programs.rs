//! The product's own programs, as cargo built them.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use sqlx::migrate::Migrator;
use sqlx::{Connection, PgConnection};
use tokio::process::Command;

use crate::servers::ServerUrls;

/// The program of this name in the folder of the running one, or one above it, where test programs have
/// it.
pub fn find(name: &str) -> Result<PathBuf> {
    let running = std::env::current_exe().context("the running program has no path")?;
    let folders = running.ancestors().skip(1).take(2);
    let found = folders
        .map(|folder| folder.join(name))
        .find(|file| file.is_file());
    found.with_context(|| {
        format!(
            "the program {name} is not beside {}; build it with `cargo build --workspace --bins`",
            running.display()
        )
    })
}

/// Migrates the database with `tandem-api migrate`, as the role that owns it.
pub async fn migrate(urls: &ServerUrls) -> Result<()> {
    let mut command = Command::new(find("tandem-api")?);
    command
        .arg("migrate")
        .env("MIGRATION_DATABASE_URL", &urls.migration_database_url);
    output(command, "tandem-api migrate").await.map(|_| ())
}

/// Applies the files in the folder `migrations` of the working directory, as the role that owns the
/// database. Unlike [`migrate`] this works while the programs do not build because a query is new, and it
/// brings no reference data.
pub async fn apply_migration_files(urls: &ServerUrls) -> Result<()> {
    let migrator = Migrator::new(Path::new("migrations"))
        .await
        .context("the folder migrations cannot be read")?;
    let mut connection = PgConnection::connect(&urls.migration_database_url).await?;
    migrator.run(&mut connection).await.context("a migration failed")
}

/// Runs a command to its end and returns what it printed; everything it said is the error when it fails.
pub async fn output(mut command: Command, name: &str) -> Result<String> {
    let output = command
        .kill_on_drop(true)
        .output()
        .await
        .with_context(|| format!("{name} could not be run"))?;
    if !output.status.success() {
        let said = [output.stdout, output.stderr].concat();
        bail!(
            "{name} ended with {} and said:\n{}",
            output.status,
            String::from_utf8_lossy(&said)
        );
    }
    String::from_utf8(output.stdout).with_context(|| format!("{name} printed something that is no text"))
}
