//! The product's programs as child processes that are waited for, stopped in order and never orphaned.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use nix::sys::signal::Signal;

use crate::keeper::{Keeper, Spec};

const POLL: Duration = Duration::from_millis(25);
const START_DEADLINE: Duration = Duration::from_secs(60);
/// Longer than the programs' own deadline for what is under way.
const GRACE: Duration = Duration::from_secs(30);

/// How a program tells that it works.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ready {
    /// This address answers with a status of 200 to 299.
    Http(String),
    /// It prints a line that contains this text.
    Line(String),
}

/// What to run.
#[derive(Debug, Clone)]
pub struct Program {
    /// Name in messages and of the log file.
    pub name: String,
    /// The executable file.
    pub path: PathBuf,
    /// Its arguments.
    pub arguments: Vec<String>,
    /// Variables set in addition to the inherited environment.
    pub variables: Vec<(String, String)>,
    /// How it tells that it works.
    pub ready: Ready,
}

/// A running program. Dropping it stops it.
#[derive(Debug)]
pub struct Process {
    keeper: Keeper,
}

impl Process {
    /// Starts the program and waits until it works. Its output is appended to `<name>.log` in the folder
    /// `logs`; the error of a program that ends or takes too long holds its last lines.
    pub async fn start(program: &Program, logs: &Path) -> Result<Self> {
        std::fs::create_dir_all(logs).with_context(|| format!("{} cannot be made", logs.display()))?;
        let log = logs.join(format!("{}.log", program.name));
        let earlier = log.metadata().map(|data| data.len()).unwrap_or_default();
        let mut command = vec![program.path.clone().into_os_string()];
        command.extend(program.arguments.iter().map(OsString::from));
        let keeper = Keeper::start(Spec {
            name: program.name.clone(),
            command,
            env: program.variables.clone(),
            directory: std::env::current_dir()?,
            log,
            run_as: None,
            orderly: Signal::SIGTERM,
            abandoned: Signal::SIGKILL,
            remove: None,
            grace: GRACE,
        })?;
        let process = Self { keeper };
        process.wait_until_ready(&program.ready, earlier).await?;
        Ok(process)
    }

    /// Name of the program.
    pub fn name(&self) -> &str {
        self.keeper.name()
    }

    /// Process id of the program itself.
    pub fn pid(&self) -> i32 {
        self.keeper.pid().as_raw()
    }

    /// The file with the program's output.
    pub fn log(&self) -> &Path {
        self.keeper.log()
    }

    /// The last lines of the program's output.
    pub fn last_words(&self) -> String {
        self.keeper.last_words()
    }

    /// Waits until the program has ended by itself.
    pub async fn ended(&self) {
        self.keeper.ended().await;
    }

    /// Ends the program as a power failure would (SIGKILL), and waits until it is gone.
    pub async fn kill(self) -> Result<()> {
        self.keeper.signal(Signal::SIGKILL)?;
        self.keeper.ended().await;
        Ok(())
    }

    /// Asks the program to end (SIGTERM), without waiting.
    pub fn ask_to_end(&mut self) {
        self.keeper.ask_to_end();
    }

    /// Ends the program in order, by force if it takes more than half a minute, and returns how it
    /// ended.
    pub async fn stop(mut self) -> Option<ExitStatus> {
        self.keeper.stop().await
    }

    async fn wait_until_ready(&self, ready: &Ready, earlier: u64) -> Result<()> {
        let deadline = Instant::now() + START_DEADLINE;
        let client = reqwest::Client::builder()
            .no_proxy()
            .timeout(Duration::from_secs(5))
            .build()?;
        loop {
            let is_ready = match ready {
                Ready::Http(url) => client
                    .get(url)
                    .send()
                    .await
                    .is_ok_and(|response| response.status().is_success()),
                Ready::Line(text) => self.has_printed(text, earlier),
            };
            if is_ready {
                return Ok(());
            }
            let name = self.name();
            if self.keeper.has_ended() {
                bail!(
                    "{name} ended while starting. Its last words:\n{}",
                    self.last_words()
                );
            }
            if Instant::now() > deadline {
                bail!(
                    "{name} was not ready after {START_DEADLINE:?}. Its last words:\n{}",
                    self.last_words()
                );
            }
            tokio::time::sleep(POLL).await;
        }
    }

    /// Whether a whole line with the text stands in the log after its first `earlier` bytes, which are
    /// an earlier process'.
    fn has_printed(&self, text: &str, earlier: u64) -> bool {
        let log = std::fs::read(self.log()).unwrap_or_default();
        let new = log
            .get(usize::try_from(earlier).unwrap_or(usize::MAX)..)
            .unwrap_or_default();
        String::from_utf8_lossy(new)
            .split_inclusive('\n')
            .any(|line| line.ends_with('\n') && line.contains(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports;

    fn script(script: &str, ready: Ready) -> Program {
        Program {
            name: "script".to_owned(),
            path: PathBuf::from("/bin/sh"),
            arguments: vec!["-c".to_owned(), script.to_owned()],
            variables: vec![("WORD".to_owned(), "ready".to_owned())],
            ready,
        }
    }

    fn line() -> Ready {
        Ready::Line("ready".to_owned())
    }

    fn is_alive(pid: i32) -> bool {
        nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid), None).is_ok()
    }

    const PATIENT: &str = "trap 'echo bye; exit 5' TERM; echo $WORD; while :; do sleep 0.05; done";

    #[tokio::test]
    async fn a_program_is_waited_for_and_stopped_in_order() {
        let logs = tempfile::tempdir().unwrap();
        let process = Process::start(&script(PATIENT, line()), logs.path())
            .await
            .unwrap();
        let pid = process.pid();
        assert!(is_alive(pid));
        assert_eq!(process.stop().await.unwrap().code(), Some(5));
        assert!(!is_alive(pid));
        assert_eq!(
            std::fs::read_to_string(logs.path().join("script.log")).unwrap(),
            "ready\nbye\n"
        );
    }

    #[tokio::test]
    async fn the_word_of_an_earlier_process_does_not_count() {
        let logs = tempfile::tempdir().unwrap();
        let first = Process::start(&script(PATIENT, line()), logs.path())
            .await
            .unwrap();
        first.stop().await;
        let problem = Process::start(&script("exit 1", line()), logs.path())
            .await
            .unwrap_err()
            .to_string();
        assert!(problem.starts_with("script ended while starting"), "{problem}");
    }

    #[tokio::test]
    async fn a_program_that_ends_while_starting_is_quoted() {
        let logs = tempfile::tempdir().unwrap();
        let failing = script("echo DATABASE_URL is missing >&2; exit 2", line());
        let problem = Process::start(&failing, logs.path())
            .await
            .unwrap_err()
            .to_string();
        assert!(problem.contains("  DATABASE_URL is missing"), "{problem}");
    }

    #[tokio::test]
    async fn a_killed_program_is_gone_and_says_nothing_more() {
        let logs = tempfile::tempdir().unwrap();
        let process = Process::start(&script(PATIENT, line()), logs.path())
            .await
            .unwrap();
        let pid = process.pid();
        process.kill().await.unwrap();
        assert!(!is_alive(pid));
        assert_eq!(
            std::fs::read_to_string(logs.path().join("script.log")).unwrap(),
            "ready\n"
        );
    }

    #[tokio::test]
    async fn a_server_is_ready_when_its_address_answers() {
        let logs = tempfile::tempdir().unwrap();
        let port = ports::free().unwrap();
        let url = format!("http://127.0.0.1:{port}/health/ready");
        let address = std::net::SocketAddr::from(([127, 0, 0, 1], port));
        let server = tokio::spawn(async move {
            let routes = axum::Router::new().route("/health/ready", axum::routing::get(async || "ok"));
            axum::serve(tokio::net::TcpListener::bind(address).await.unwrap(), routes).await
        });
        let program = script("while :; do sleep 0.05; done", Ready::Http(url));
        Process::start(&program, logs.path()).await.unwrap();
        server.abort();
    }
}
