//! Real processes: one is killed in a job, one is told to stop, one has a bad environment.

use std::{
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
    sync::Arc,
    time::Duration,
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use tandem_domain::clock::SystemClock;
use tandem_operations::jobs::JobKind;
use tandem_worker::{Queues, Registry, Settings, serve};

use crate::stage::{Stage, admin_options, app, effect, env, worker_pool};

const DATABASE: &str = "TANDEM_TEST_CHILD_DATABASE";

/// The body of a worker process whose handler never ends at its first attempt; nothing when it is run as
/// a test.
#[tokio::test(flavor = "multi_thread")]
async fn a_worker_process_of_these_tests() {
    let Ok(database) = std::env::var(DATABASE) else {
        return;
    };
    let app = app(worker_pool(&database).await, Arc::new(SystemClock));
    let queues = Queues::connect(&env("REDIS_URL"), &database).await.unwrap();
    let registry = Registry::new().on(JobKind::SendEmail, |app, _, context| async move {
        effect(&app, &context, "begun").await?;
        if context.attempt == 1 {
            std::future::pending::<()>().await;
        }
        effect(&app, &context, "done").await
    });
    let settings = Settings {
        lease: Duration::from_secs(1),
        lease_sweep: Duration::from_millis(100),
        ..Settings::default()
    };
    serve(
        app,
        queues,
        registry,
        settings,
        || println!("ready"),
        std::future::pending(),
    )
    .await
    .unwrap();
}

/// A process that does not outlive its test, whatever becomes of that.
struct Process(Child);

impl Process {
    fn worker(stage: &Stage) -> Self {
        let child = Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "processes::a_worker_process_of_these_tests",
                "--nocapture",
            ])
            .env(DATABASE, &stage.database)
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        Self(child)
    }

    /// `kill -9`.
    fn kill(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_whose_worker_is_killed_is_done_by_another_one_on_attempt_two() {
    let stage = Stage::in_real_time().await;
    let id = stage.promise_mails(1).await[0];
    let mut first = Process::worker(&stage);
    stage
        .until("SELECT EXISTS (SELECT FROM effects WHERE what = 'begun')")
        .await;
    let second = Process::worker(&stage);
    first.kill();
    stage.until_all_done().await;
    drop(second);
    assert_eq!(stage.attempts_that("begun").await, [1, 2]);
    assert_eq!(stage.attempts_that("done").await, [2]);
    let job = stage.job(id).await;
    assert_eq!(
        job.last_error.as_deref(),
        Some("attempt 1 ended without a word: its lease expired")
    );
    stage.close().await;
}

fn tandem_worker() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tandem-worker"));
    command.arg("run").env_clear();
    command
}

#[tokio::test(flavor = "multi_thread")]
async fn the_program_says_when_it_is_ready_and_stops_when_told_to() {
    let stage = Stage::in_real_time().await;
    let mut database: url::Url = env("TANDEM_TEST_ADMIN_DATABASE_URL").parse().unwrap();
    database.set_path(&stage.database);
    assert_eq!(
        admin_options().get_host(),
        database.host_str().unwrap_or_default()
    );
    let mut program = tandem_worker()
        .env("DATABASE_URL", database.as_str())
        .env("REDIS_URL", env("REDIS_URL"))
        .env("REDIS_NAMESPACE", &stage.database)
        .env("SMTP_URL", "smtp://127.0.0.1:1")
        .env("PROFILE", "development")
        .env("PUBLIC_URL", "http://localhost:8080")
        .env("MAIL_FROM", "Tandem <tandem@example.org>")
        .env("LINK_SECRET", "0123456789abcdef0123456789abcdef")
        .env("RUST_LOG", "warn")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(program.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    assert_eq!(line, "ready\n");
    kill(
        Pid::from_raw(i32::try_from(program.id()).unwrap()),
        Signal::SIGTERM,
    )
    .unwrap();
    let status = tokio::task::spawn_blocking(move || program.wait())
        .await
        .unwrap()
        .unwrap();
    assert!(status.success(), "{status}");
    stage.close().await;
}

#[test]
fn a_program_without_its_environment_names_all_that_is_missing() {
    let output = tandem_worker().env("LOG_FORMAT", "xml").output().unwrap();
    assert!(!output.status.success());
    let said = String::from_utf8(output.stderr).unwrap();
    for name in [
        "DATABASE_URL",
        "REDIS_URL",
        "SMTP_URL",
        "PUBLIC_URL",
        "MAIL_FROM",
        "LINK_SECRET",
        "LOG_FORMAT",
    ] {
        assert!(said.contains(name), "{name}: {said}");
    }
}
