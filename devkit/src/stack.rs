//! The whole product, running: servers, mail catcher, api and worker.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::catcher::{Addresses, Catcher};
use crate::processes::{Process, Program, Ready};
use crate::servers::{self, Servers};
use crate::{ports, programs, secret};

/// How the product is started.
#[derive(Debug, Clone)]
pub struct Options {
    /// How PostgreSQL and Redis are started.
    pub servers: servers::Options,
    /// Port of the api on the loopback interface; a free one when it is taken or absent.
    pub api_port: Option<u16>,
    /// Port of the mail catcher's inbox; a free one when it is taken or absent.
    pub inbox_port: Option<u16>,
    /// Where the worker sends mail instead of to the mail catcher.
    pub smtp_url: Option<String>,
    /// How far the programs' clock is moved.
    pub clock_shift: chrono::Duration,
}

/// The running product. Dropping it stops everything in order and removes the data unless they are kept.
#[derive(Debug)]
pub struct Stack {
    // Dropped in this order: programs first, then what they use.
    api: Option<Process>,
    worker: Option<Process>,
    catcher: Catcher,
    servers: Servers,
    logs: Logs,
    settings: Settings,
}

/// What the programs are told; the same after a restart.
#[derive(Debug)]
struct Settings {
    listen: SocketAddr,
    link_secret: String,
    smtp_url: String,
    clock_shift: chrono::Duration,
}

/// Where the programs' output goes.
#[derive(Debug)]
enum Logs {
    /// Beside the private servers' data, and with their fate.
    BesideData(PathBuf),
    /// All servers belong to somebody else.
    Temporary(tempfile::TempDir),
}

impl Logs {
    fn path(&self) -> &Path {
        match self {
            Self::BesideData(path) => path,
            Self::Temporary(folder) => folder.path(),
        }
    }
}

impl Stack {
    /// Starts everything, migrates the database and returns when api and worker are ready.
    pub async fn start(options: &Options) -> Result<Self> {
        let inbox = ports::free_or(options.inbox_port.unwrap_or_default())?;
        let addresses = Addresses {
            http: loopback(inbox),
            ..Addresses::default()
        };
        let servers = Servers::from_env_or_start(&options.servers);
        let (servers, catcher) = tokio::try_join!(servers, Catcher::start_at(addresses))?;
        let logs = match servers.folder() {
            Some(folder) => Logs::BesideData(folder.join("logs")),
            None => Logs::Temporary(tempfile::tempdir()?),
        };
        let settings = Settings {
            listen: loopback(ports::free_or(options.api_port.unwrap_or_default())?),
            link_secret: secret::generate(),
            smtp_url: options.smtp_url.clone().unwrap_or_else(|| catcher.smtp_url()),
            clock_shift: options.clock_shift,
        };
        let mut stack = Self {
            api: None,
            worker: None,
            catcher,
            servers,
            logs,
            settings,
        };
        programs::migrate(stack.servers.urls()).await?;
        stack.start_programs().await?;
        Ok(stack)
    }

    /// Base address of the api, without a slash at the end.
    pub fn api_url(&self) -> String {
        format!("http://{}", self.settings.listen)
    }

    /// The mail catcher.
    pub fn catcher(&self) -> &Catcher {
        &self.catcher
    }

    /// PostgreSQL and Redis.
    pub fn servers(&self) -> &Servers {
        &self.servers
    }

    /// The folder with the programs' output.
    pub fn logs(&self) -> &Path {
        self.logs.path()
    }

    /// The worker, unless it was taken to be killed.
    pub fn worker(&self) -> Option<&Process> {
        self.worker.as_ref()
    }

    /// Hands over the worker, to kill it, say.
    pub fn take_worker(&mut self) -> Option<Process> {
        self.worker.take()
    }

    /// Starts a worker, beside the one that may run.
    pub async fn start_worker(&self) -> Result<Process> {
        let urls = self.servers.urls();
        let own = [
            ("DATABASE_URL", urls.worker_database_url.clone()),
            ("SMTP_URL", self.settings.smtp_url.clone()),
            ("MAIL_FROM", "Tandem <office@tandem.example>".to_owned()),
        ];
        let program = Program {
            name: "worker".to_owned(),
            path: programs::find("tandem-worker")?,
            arguments: vec!["run".to_owned()],
            variables: self.variables(own),
            ready: Ready::Line("ready".to_owned()),
        };
        Process::start(&program, self.logs()).await
    }

    /// Runs a subcommand of `tandem-api` to its end with the api's environment, and with the right to
    /// migrate; its output is returned, or is the error when it fails.
    pub async fn run_api_command(&self, arguments: &[&str]) -> Result<String> {
        let urls = self.servers.urls();
        let mut command = tokio::process::Command::new(programs::find("tandem-api")?);
        command.args(arguments).envs(self.api_variables());
        command.env("MIGRATION_DATABASE_URL", &urls.migration_database_url);
        programs::output(command, &format!("tandem-api {}", arguments.join(" "))).await
    }

    /// Migrates, then replaces api and worker by new ones of the programs as they are on disk now. When
    /// the migration fails, the old ones go on.
    pub async fn restart_programs(&mut self) -> Result<()> {
        programs::migrate(self.servers.urls()).await?;
        self.stop_programs().await;
        self.start_programs().await
    }

    /// Restarts api and worker with a clock that is moved so far.
    pub async fn move_clock(&mut self, shift: chrono::Duration) -> Result<()> {
        self.settings.clock_shift = shift;
        self.stop_programs().await;
        self.start_programs().await
    }

    /// Returns when something that should run has ended by itself, with its name and last words.
    pub async fn failure(&self) -> String {
        let ended = async |process: Option<&Process>| match process {
            Some(process) => {
                process.ended().await;
                format!(
                    "{} has ended. Its last words:\n{}",
                    process.name(),
                    process.last_words()
                )
            }
            None => std::future::pending().await,
        };
        tokio::select! {
            failure = ended(self.api.as_ref()) => failure,
            failure = ended(self.worker.as_ref()) => failure,
            failure = self.servers.failure() => failure,
        }
    }

    /// Stops everything in order.
    pub async fn stop(mut self) {
        self.stop_programs().await;
        self.servers.stop().await;
    }

    async fn start_programs(&mut self) -> Result<()> {
        let (api, worker) = tokio::try_join!(self.start_api(), self.start_worker())?;
        (self.api, self.worker) = (Some(api), Some(worker));
        Ok(())
    }

    async fn start_api(&self) -> Result<Process> {
        let program = Program {
            name: "api".to_owned(),
            path: programs::find("tandem-api")?,
            arguments: vec!["serve".to_owned()],
            variables: self.api_variables(),
            ready: Ready::Http(format!("{}/health/ready", self.api_url())),
        };
        Process::start(&program, self.logs())
            .await
            .context("the api does not start")
    }

    async fn stop_programs(&mut self) {
        let mut running: Vec<_> = self.api.take().into_iter().chain(self.worker.take()).collect();
        for process in &mut running {
            process.ask_to_end();
        }
        for process in running {
            process.stop().await;
        }
    }

    fn api_variables(&self) -> Vec<(String, String)> {
        let own = [
            ("DATABASE_URL", self.servers.urls().api_database_url.clone()),
            ("LISTEN_ADDR", self.settings.listen.to_string()),
            ("EXPLORER", "on".to_owned()),
            ("INTROSPECTION", "on".to_owned()),
        ];
        self.variables(own)
    }

    /// What both programs are told, and what only one of them is.
    fn variables(&self, own: impl IntoIterator<Item = (&'static str, String)>) -> Vec<(String, String)> {
        let common = [
            ("REDIS_URL", self.servers.urls().redis_url.clone()),
            ("PROFILE", "development".to_owned()),
            ("PUBLIC_URL", self.api_url()),
            ("LINK_SECRET", self.settings.link_secret.clone()),
            ("CLOCK_SHIFT", self.settings.clock_shift.num_seconds().to_string()),
            // The logs are files.
            ("NO_COLOR", "1".to_owned()),
        ];
        common
            .into_iter()
            .chain(own)
            .map(|(name, value)| (name.to_owned(), value))
            .collect()
    }
}

fn loopback(port: u16) -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, port))
}
