//! The command `with-servers`, as `cargo xtask test` uses it.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

fn devkit(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tandem-devkit"));
    // Under `cargo xtask test` they name servers that would be used instead.
    for name in ["DATABASE_URL", "REDIS_URL"] {
        command.env_remove(name);
    }
    command.arg("with-servers").arg("--folder").arg(folder).arg("--");
    command
}

fn with_servers(folder: &Path, script: &str) -> Output {
    devkit(folder).args(["sh", "-c", script]).output().unwrap()
}

fn is_alive(pid: i32) -> bool {
    kill(Pid::from_raw(pid), None).is_ok()
}

fn noted_pid(file: &Path) -> i32 {
    std::fs::read_to_string(file)
        .unwrap()
        .lines()
        .next()
        .unwrap()
        .trim()
        .parse()
        .unwrap()
}

#[test]
fn the_exit_code_and_the_output_of_the_command_are_passed_on() {
    let folder = tempfile::tempdir().unwrap();
    let script = "for v in TANDEM_TEST_ADMIN_DATABASE_URL DATABASE_URL MIGRATION_DATABASE_URL REDIS_URL; do \
                  eval echo \\$$v; done; exit 42";
    let output = with_servers(folder.path(), script);
    assert_eq!(output.status.code(), Some(42));
    let said = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<_> = said.lines().collect();
    assert_eq!(lines.len(), 4, "{said}");
    for (line, start) in lines.iter().zip([
        "postgres://tandem_admin:",
        "postgres://tandem_api:",
        "postgres://tandem_owner:",
        "redis://:",
    ]) {
        assert!(line.starts_with(start), "{line}");
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn a_command_that_a_signal_ends_counts_as_a_shell_counts_it() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(
        with_servers(folder.path(), "kill -TERM $$").status.code(),
        Some(128 + 15)
    );
}

#[test]
fn a_command_that_does_not_exist_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_tandem-devkit"));
    command
        .arg("with-servers")
        .arg("--folder")
        .arg(folder.path())
        .args(["--", "no-such-command"]);
    let output = command.output().unwrap();
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("no-such-command could not be started"));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn servers_and_data_go_even_when_the_devkit_is_killed() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = devkit(folder.path());
    let mut devkit = command
        .args(["sh", "-c", "echo $$; exec sleep 600"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(devkit.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    let data = std::fs::read_dir(folder.path())
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
        .path();
    let postgres = noted_pid(&data.join("postgres/data/postmaster.pid"));
    let redis = noted_pid(&data.join("redis/redis.pid"));
    assert!(is_alive(postgres) && is_alive(redis));
    devkit.kill().unwrap();
    devkit.wait().unwrap();
    kill(Pid::from_raw(line.trim().parse().unwrap()), Signal::SIGKILL).unwrap();

    let gone = || !is_alive(postgres) && !is_alive(redis) && !data.join("postgres").exists();
    let deadline = Instant::now() + Duration::from_secs(30);
    while !gone() {
        assert!(
            Instant::now() < deadline,
            "the servers outlived the devkit by half a minute"
        );
        std::thread::yield_now();
    }
    // The folder itself lies where the servers' user may not write; the next start takes it away.
    assert!(with_servers(folder.path(), "true").status.success());
    assert!(!data.exists());
}
