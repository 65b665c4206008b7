//! A private PostgreSQL.

use std::ffi::OsString;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use nix::sys::signal::Signal;
use sqlx::{AssertSqlSafe, Connection, PgConnection};

use super::docker;
use super::find::PostgresPrograms;
use super::folder::{PrivateFolder, write_private};
use super::{Durability, START_DEADLINE, START_TRIES};
use crate::keeper::{Keeper, RunAs, Spec};
use crate::{ports, secret};

/// Name of the superuser and of the database of a private server.
const ADMIN: &str = "tandem_admin";
pub(crate) const OWNER: &str = "tandem_owner";
pub(crate) const API: &str = "tandem_api";
pub(crate) const WORKER: &str = "tandem_worker";
const DATABASE: &str = "tandem";
const POLL: Duration = Duration::from_millis(20);

/// Locales to try in turn: the first knows about all letters and exists on every current Linux, the
/// second is macOS', the last exists everywhere but folds ASCII letters only.
const LOCALES: &[&str] = &["C.UTF-8", "en_US.UTF-8", "C"];

/// How PostgreSQL comes onto this machine.
#[derive(Debug, Clone)]
pub(crate) enum Source {
    Installed(PostgresPrograms),
    Docker,
}

/// A running private server. Stops on drop.
#[derive(Debug)]
pub(crate) struct Postgres {
    keeper: Keeper,
    port: u16,
    password: String,
}

/// The connection URLs of a private server.
#[derive(Debug)]
pub(crate) struct PostgresUrls {
    pub(crate) admin: String,
    pub(crate) migration: String,
    pub(crate) api: String,
    pub(crate) worker: String,
}

impl Postgres {
    /// Creates a database cluster in the folder and starts a server for it.
    pub(crate) async fn start(
        source: &Source,
        folder: &PrivateFolder,
        run_as: Option<RunAs>,
        durability: Durability,
        keep: bool,
    ) -> Result<Self> {
        let run_as = run_as.filter(|_| matches!(source, Source::Installed(_)));
        let home = folder.subfolder("postgres", run_as)?;
        let password = secret::generate();
        if let Source::Installed(programs) = source {
            init(programs, &home, &password, run_as).await?;
        }
        let mut tries = 0;
        loop {
            tries += 1;
            let port = ports::free()?;
            let keeper = Keeper::start(spec(source, &home, port, &password, run_as, durability, keep))?;
            let postgres = Self {
                keeper,
                port,
                password: password.clone(),
            };
            match postgres.wait_until_ready().await {
                Ok(()) => return Ok(postgres),
                // Somebody took the port in the meantime.
                Err(_) if tries < START_TRIES && postgres.keeper.has_ended() => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Makes the roles and the database of domain.md's one installation: an owner who migrates, and one
    /// role each for the api and the worker, which own nothing.
    pub(crate) async fn bootstrap(&self) -> Result<PostgresUrls> {
        let [owner, api, worker] = [secret::generate(), secret::generate(), secret::generate()];
        let mut connection = PgConnection::connect(&self.admin_url()).await?;
        for statement in [
            format!("CREATE ROLE {OWNER} LOGIN CREATEROLE PASSWORD '{owner}'"),
            format!("CREATE ROLE {API} LOGIN PASSWORD '{api}'"),
            format!("CREATE ROLE {WORKER} LOGIN PASSWORD '{worker}'"),
            format!("CREATE DATABASE {DATABASE} OWNER {OWNER}"),
            format!("REVOKE ALL ON DATABASE {DATABASE} FROM PUBLIC"),
            format!("GRANT CONNECT ON DATABASE {DATABASE} TO {API}, {WORKER}"),
        ] {
            // Names are constants of this file and passwords hexadecimal digits.
            sqlx::raw_sql(AssertSqlSafe(statement))
                .execute(&mut connection)
                .await?;
        }
        connection.close().await?;
        Ok(PostgresUrls {
            admin: self.admin_url(),
            migration: self.url(OWNER, &owner, DATABASE),
            api: self.url(API, &api, DATABASE),
            worker: self.url(WORKER, &worker, DATABASE),
        })
    }

    pub(crate) fn keeper(&self) -> &Keeper {
        &self.keeper
    }

    pub(crate) fn keeper_mut(&mut self) -> &mut Keeper {
        &mut self.keeper
    }

    fn admin_url(&self) -> String {
        self.url(ADMIN, &self.password, "postgres")
    }

    fn url(&self, role: &str, password: &str, database: &str) -> String {
        format!(
            "postgres://{role}:{password}@127.0.0.1:{}/{database}?sslmode=disable",
            self.port
        )
    }

    async fn wait_until_ready(&self) -> Result<()> {
        let deadline = Instant::now() + START_DEADLINE;
        let url = self.admin_url();
        loop {
            if self.keeper.has_ended() {
                bail!(
                    "PostgreSQL ended while starting. Its last words:\n{}",
                    self.keeper.last_words()
                );
            }
            match PgConnection::connect(&url).await {
                Ok(connection) => return connection.close().await.context("PostgreSQL closed a connection"),
                Err(_) if Instant::now() < deadline => tokio::time::sleep(POLL).await,
                Err(error) => {
                    let words = self.keeper.last_words();
                    bail!("PostgreSQL did not become ready ({error}). Its last words:\n{words}")
                }
            }
        }
    }
}

async fn init(programs: &PostgresPrograms, home: &Path, password: &str, run_as: Option<RunAs>) -> Result<()> {
    let password_file = home.join("password");
    write_private(&password_file, password, run_as)?;
    let mut said = String::new();
    for locale in LOCALES {
        let mut command = std::process::Command::new(programs.folder.join("initdb"));
        command
            .arg("--pgdata")
            .arg(home.join("data"))
            .args(["--username", ADMIN, "--auth=scram-sha-256"]);
        command.arg("--pwfile").arg(&password_file);
        command
            .args(["--encoding=UTF8".to_owned(), format!("--locale={locale}")])
            .current_dir(home);
        if let Some(user) = run_as {
            user.apply(&mut command);
        }
        let output = tokio::process::Command::from(command)
            .output()
            .await
            .context("initdb could not be run")?;
        if output.status.success() {
            std::fs::remove_file(&password_file)?;
            return Ok(());
        }
        said = String::from_utf8_lossy(&output.stderr).into_owned();
    }
    bail!("initdb of PostgreSQL {} failed:\n{said}", programs.version)
}

fn spec(
    source: &Source,
    home: &Path,
    port: u16,
    password: &str,
    run_as: Option<RunAs>,
    durability: Durability,
    keep: bool,
) -> Spec {
    let mut env = Vec::new();
    let command = match source {
        Source::Installed(programs) => {
            let mut command: Vec<OsString> = vec![programs.folder.join("postgres").into(), "-D".into()];
            command.push(home.join("data").into());
            let mut options = settings(durability);
            options.push(format!("port={port}"));
            options.push("listen_addresses=127.0.0.1".to_owned());
            options.push("unix_socket_directories=".to_owned());
            command.extend(as_arguments(&options).into_iter().map(OsString::from));
            command
        }
        Source::Docker => {
            env.push(("POSTGRES_USER".to_owned(), ADMIN.to_owned()));
            env.push(("POSTGRES_PASSWORD".to_owned(), password.to_owned()));
            env.push(("POSTGRES_DB".to_owned(), "postgres".to_owned()));
            let names = ["POSTGRES_USER", "POSTGRES_PASSWORD", "POSTGRES_DB"];
            docker::run(
                docker::POSTGRES_IMAGE,
                port,
                5432,
                &names,
                &as_arguments(&settings(durability)),
            )
        }
    };
    Spec {
        name: "postgres".to_owned(),
        command,
        env,
        directory: home.to_owned(),
        log: home.join("postgres.log"),
        run_as,
        // Fast shutdown ends sessions and writes everything; immediate shutdown leaves out the writing,
        // which data about to be removed are not worth. SIGTERM would wait for the sessions.
        orderly: if keep { Signal::SIGINT } else { Signal::SIGQUIT },
        abandoned: Signal::SIGQUIT,
        remove: (!keep).then(|| home.to_owned()),
        grace: Duration::from_secs(20),
    }
}

fn settings(durability: Durability) -> Vec<String> {
    let common = [
        "max_connections=200",
        "shared_buffers=128MB",
        "jit=off",
        "random_page_cost=1.1",
        "log_timezone=UTC",
        "timezone=UTC",
    ];
    let fast = [
        "fsync=off",
        "synchronous_commit=off",
        "full_page_writes=off",
        "autovacuum_naptime=10s",
    ];
    let fast = if durability == Durability::Fast {
        &fast[..]
    } else {
        &[]
    };
    common
        .iter()
        .chain(fast)
        .map(|setting| (*setting).to_owned())
        .collect()
}

fn as_arguments(settings: &[String]) -> Vec<String> {
    settings
        .iter()
        .flat_map(|setting| ["-c".to_owned(), setting.clone()])
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_fast_server_may_lose_data() {
        let durable = settings(Durability::Durable).join(" ");
        assert!(
            !durable.contains("=off ") || durable.contains("jit=off"),
            "{durable}"
        );
        assert!(
            !durable.contains("fsync") && !durable.contains("synchronous_commit"),
            "{durable}"
        );
        assert!(settings(Durability::Fast).contains(&"fsync=off".to_owned()));
    }
}
