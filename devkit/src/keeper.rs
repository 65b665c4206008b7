//! Child processes that never become orphans.
//!
//! Each program runs under a small POSIX shell script, its keeper, in a process group of its own:
//! Ctrl-C in a terminal reaches only this process, which then stops its programs in the right order,
//! and if this process dies without a chance to do so (`kill -9`, a crash), the keeper notices the
//! closed pipe, ends its program and removes its data. A pipe works on every Unix and does not depend
//! on which thread started the child, unlike Linux's parent-death signal.

use std::ffi::OsString;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use nix::sys::signal::{Signal, kill};
use nix::unistd::{Gid, Pid, Uid};
use tokio::sync::watch;

const SCRIPT: &str = include_str!("keeper.sh");
const POLL: Duration = Duration::from_millis(10);

/// The user that a program runs as, when that is not the current one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RunAs {
    pub(crate) uid: Uid,
    pub(crate) gid: Gid,
}

impl RunAs {
    /// Lets `command` run as this user, without any further groups.
    pub(crate) fn apply(self, command: &mut Command) {
        command.uid(self.uid.as_raw()).gid(self.gid.as_raw());
    }
}

/// What to run, and how to end it.
#[derive(Debug)]
pub(crate) struct Spec {
    /// Name used in messages.
    pub(crate) name: String,
    /// The program and its arguments.
    pub(crate) command: Vec<OsString>,
    /// Variables set in addition to the inherited environment.
    pub(crate) env: Vec<(String, String)>,
    /// Working directory; the user must be able to enter it.
    pub(crate) directory: PathBuf,
    /// File that both output streams are appended to.
    pub(crate) log: PathBuf,
    /// Unprivileged user to run as.
    pub(crate) run_as: Option<RunAs>,
    /// Signal of an orderly end.
    pub(crate) orderly: Signal,
    /// Signal used when this process has died.
    pub(crate) abandoned: Signal,
    /// Removed by the keeper when this process has died.
    pub(crate) remove: Option<PathBuf>,
    /// How long an orderly end may take before the program is killed.
    pub(crate) grace: Duration,
}

/// A running program together with its keeper. Dropping it stops the program.
#[derive(Debug)]
pub(crate) struct Keeper {
    name: String,
    log: PathBuf,
    grace: Duration,
    shell: Child,
    orders: Option<ChildStdin>,
    program: Pid,
    ended: watch::Receiver<bool>,
    status: Option<ExitStatus>,
}

impl Keeper {
    /// Starts the program. Returns as soon as it has a process id; whether it works is for the caller to
    /// find out.
    pub(crate) fn start(spec: Spec) -> Result<Self> {
        let mut command = Command::new("sh");
        command
            .arg("-c")
            .arg(without_comments(SCRIPT))
            .arg(format!("tandem-keeper-{}", spec.name));
        command
            .arg(signal_name(spec.orderly))
            .arg(signal_name(spec.abandoned));
        command
            .arg(spec.remove.as_deref().unwrap_or(Path::new("")))
            .arg(&spec.log);
        command
            .args(&spec.command)
            .envs(spec.env)
            .current_dir(&spec.directory);
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .process_group(0);
        if let Some(user) = spec.run_as {
            user.apply(&mut command);
        }
        let mut keeper = command
            .spawn()
            .with_context(|| format!("{} could not be started", spec.name))?;
        let orders = keeper.stdin.take();
        let mut answers = BufReader::new(keeper.stdout.take().expect("stdout was asked to be a pipe"));
        let mut line = String::new();
        answers.read_line(&mut line)?;
        let Ok(program) = line.trim().parse() else {
            let _ = keeper.wait();
            bail!(
                "{} could not be started: its keeper said {line:?} instead of a process id",
                spec.name
            );
        };
        let (sender, ended) = watch::channel(false);
        std::thread::spawn(move || {
            let _ = answers.read_to_end(&mut Vec::new());
            let _ = sender.send(true);
        });
        Ok(Self {
            name: spec.name,
            log: spec.log,
            grace: spec.grace,
            shell: keeper,
            orders,
            program: Pid::from_raw(program),
            ended,
            status: None,
        })
    }

    /// Name used in messages.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// The program's own process id, not the keeper's.
    pub(crate) fn pid(&self) -> Pid {
        self.program
    }

    /// The file that takes the program's output.
    pub(crate) fn log(&self) -> &Path {
        &self.log
    }

    /// Whether the program has ended by itself.
    pub(crate) fn has_ended(&self) -> bool {
        *self.ended.borrow()
    }

    /// Waits until the program has ended.
    pub(crate) async fn ended(&self) {
        let mut ended = self.ended.clone();
        // An error means that the watching thread is gone, which it is only after the end.
        let _ = ended.wait_for(|ended| *ended).await;
    }

    /// Sends a signal to the program.
    pub(crate) fn signal(&self, signal: Signal) -> Result<()> {
        kill(self.program, signal).with_context(|| format!("{} did not take {signal}", self.name))
    }

    /// Asks the program to end, without waiting.
    pub(crate) fn ask_to_end(&mut self) {
        if let Some(mut orders) = self.orders.take() {
            // A keeper that is gone cannot be told, and need not be.
            let _ = orders.write_all(b"stop\n");
        }
    }

    /// Ends the program, by force after the grace period, and returns how it ended.
    pub(crate) async fn stop(&mut self) -> Option<ExitStatus> {
        self.ask_to_end();
        let mut deadline = Some(Instant::now() + self.grace);
        while !self.poll(&mut deadline) {
            tokio::time::sleep(POLL).await;
        }
        self.status
    }

    /// One look at the end of a program that was asked to end; true when it is over.
    fn poll(&mut self, deadline: &mut Option<Instant>) -> bool {
        if self.status.is_some() {
            return true;
        }
        match self.shell.try_wait() {
            Ok(None) => {}
            Ok(status) => {
                self.status = status;
                return true;
            }
            Err(_) => return true,
        }
        if deadline.is_some_and(|at| Instant::now() > at) {
            *deadline = None;
            let _ = kill(self.program, Signal::SIGKILL);
        }
        false
    }

    /// The last lines of the program's output, for an error message.
    pub(crate) fn last_words(&self) -> String {
        tail(&self.log, 15)
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.ask_to_end();
        let mut deadline = Some(Instant::now() + self.grace);
        while !self.poll(&mut deadline) {
            std::thread::sleep(POLL);
        }
    }
}

/// The last `lines` lines of a text file, indented; a note when there are none.
pub(crate) fn tail(file: &Path, lines: usize) -> String {
    let text = std::fs::read(file).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let all: Vec<_> = text.lines().collect();
    if all.is_empty() {
        return "  (it wrote nothing)".to_owned();
    }
    let kept: Vec<_> = all[all.len().saturating_sub(lines)..]
        .iter()
        .map(|line| format!("  {line}"))
        .collect();
    kept.join("\n")
}

/// The script as it shows in the list of processes.
fn without_comments(script: &str) -> String {
    let code = script.lines().filter(|line| !line.trim_start().starts_with('#'));
    code.collect::<Vec<_>>().join("\n")
}

fn signal_name(signal: Signal) -> &'static str {
    signal.as_str().trim_start_matches("SIG")
}

#[cfg(test)]
mod tests {
    use super::*;

    const STUBBORN: &str = "trap '' TERM; echo ready; while :; do sleep 0.05; done";

    fn spec(folder: &Path, script: &str) -> Spec {
        Spec {
            name: "test".to_owned(),
            command: ["sh", "-c", script].map(OsString::from).to_vec(),
            env: vec![("GREETING".to_owned(), "hello".to_owned())],
            directory: folder.to_owned(),
            log: folder.join("log"),
            run_as: None,
            orderly: Signal::SIGTERM,
            abandoned: Signal::SIGKILL,
            remove: Some(folder.join("data")),
            grace: Duration::from_secs(20),
        }
    }

    /// Returns once the program has written something: its traps are set.
    async fn has_spoken(keeper: &Keeper) {
        while std::fs::read(keeper.log()).unwrap_or_default().is_empty() {
            tokio::time::sleep(POLL).await;
        }
    }

    fn is_alive(pid: Pid) -> bool {
        kill(pid, None).is_ok()
    }

    #[tokio::test]
    async fn a_program_that_ends_is_noticed_with_its_output_and_status() {
        let folder = tempfile::tempdir().unwrap();
        let mut keeper = Keeper::start(spec(folder.path(), "echo $GREETING; exit 7")).unwrap();
        keeper.ended().await;
        assert!(keeper.has_ended());
        assert_eq!(keeper.last_words(), "  hello");
        assert_eq!(keeper.stop().await.unwrap().code(), Some(7));
    }

    #[tokio::test]
    async fn a_running_program_is_asked_to_end_in_order() {
        let folder = tempfile::tempdir().unwrap();
        let script = "trap 'echo bye; exit 3' TERM; echo ready; while :; do sleep 0.05; done";
        let mut keeper = Keeper::start(spec(folder.path(), script)).unwrap();
        let pid = keeper.pid();
        has_spoken(&keeper).await;
        assert!(!keeper.has_ended());
        assert!(is_alive(pid));
        assert_eq!(keeper.stop().await.unwrap().code(), Some(3));
        assert!(!is_alive(pid));
        assert_eq!(keeper.last_words(), "  ready\n  bye");
    }

    #[tokio::test]
    async fn a_program_that_ignores_the_request_is_killed_after_the_grace_period() {
        let folder = tempfile::tempdir().unwrap();
        let spec = Spec {
            grace: Duration::from_millis(50),
            ..spec(folder.path(), STUBBORN)
        };
        let keeper = Keeper::start(spec).unwrap();
        has_spoken(&keeper).await;
        let pid = keeper.pid();
        drop(keeper);
        assert!(!is_alive(pid));
    }

    #[tokio::test]
    async fn when_the_asking_process_dies_the_program_ends_and_its_data_go() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("data")).unwrap();
        let mut keeper = Keeper::start(spec(folder.path(), STUBBORN)).unwrap();
        has_spoken(&keeper).await;
        let pid = keeper.pid();
        // What the system does to the pipes of a process that dies.
        drop(keeper.orders.take());
        keeper.ended().await;
        keeper.stop().await;
        assert!(!is_alive(pid));
        assert!(!folder.path().join("data").exists());
    }

    #[test]
    fn only_the_last_lines_of_a_log_are_shown() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("log");
        assert_eq!(tail(&file, 2), "  (it wrote nothing)");
        std::fs::write(&file, "one\ntwo\nthree\n").unwrap();
        assert_eq!(tail(&file, 2), "  two\n  three");
    }
}
