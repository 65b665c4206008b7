//! How fast reminders are found and mails leave.
//!
//! `cargo xtask bench mail` prints the time of a sweep with 12,000 and with 1,000,000 experts while equally
//! many reminders are due, the ratio of the two, and mails a second from the ledger to a mail server that
//! throws them away: Debian's `smtp-sink`. It need not be installed, which would start a mail server: where it
//! is not, its package is downloaded with apt and unpacked below `target`, and nothing else happens to it.
//! Without apt the mail catcher of this project takes the mails; the output says which of the two it was.
//! Arguments: experts in the large sweep, mails that are sent.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use sqlx::{AssertSqlSafe, PgConnection};
use tandem_mail::{SmtpMailer, SmtpOptions};
use tandem_operations::{deliveries::Sender, documents, reminders};
use tandem_tests::TestApp;
use tandem_worker::{Queues, Settings, handlers::Handlers, serve};
use tokio::net::TcpStream;
use tokio::sync::oneshot;

/// Reminders that are due in each sweep.
const DUE: i64 = 300;
const INSTALLED: &str = "/usr/sbin/smtp-sink";
/// Where the package of `smtp-sink` is unpacked.
const UNPACKED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/postfix");
/// Downloads and unpacks it: no script of the package runs, so that no server starts and nothing is asked.
const FETCH: &str = "apt-get download -q postfix && dpkg-deb -x postfix_*.deb . && rm postfix_*.deb";

async fn run(conn: &mut PgConnection, sql: String) {
    sqlx::raw_sql(AssertSqlSafe(sql))
        .execute(conn)
        .await
        .expect("a statement of the benchmark");
}

/// Adds experts `from` to `to`, each with a check that ends in `weeks` weeks and is watched.
async fn add_experts(conn: &mut PgConnection, now: &str, from: i64, to: i64, weeks: i64) {
    // in bulk, without the triggers: what they would have written is written by hand
    run(conn, format!(
        "SET session_replication_role = replica;
         INSERT INTO experts (id, office_id, state, given_name, family_name, sort_name, postal_code, email, activated_on, search_text, created_at, updated_at)
         SELECT md5('e' || n)::uuid, (SELECT id FROM regional_offices LIMIT 1), 'ACTIVE', 'Ingrid', 'Weber ' || n, 'weber ' || n, '20095',
             'e' || n || '@sink.example.org', '2020-01-01', 'weber ' || n, '{now}', '{now}' FROM generate_series({from}, {to}) n;
         INSERT INTO background_checks (id, expert_id, kind, certificate_date, inspected_on, no_relevant_entry, valid_until, created_at, updated_at)
         SELECT md5('c' || n)::uuid, md5('e' || n)::uuid, 'SIMPLE', '2024-01-01', '2024-01-01', true, date '{now}' + {weeks} * 7, '{now}', '{now}'
             FROM generate_series({from}, {to}) n;
         INSERT INTO reminders (kind, subject_id, anchor, next_on)
         SELECT kind, md5('c' || n)::uuid, date '{now}' + {weeks} * 7, date '{now}' + ({weeks} - lead) * 7
             FROM generate_series({from}, {to}) n, (VALUES ('CHECK_EXPIRY', 12), ('CHECK_EXPIRY_OFFICE', 4)) k (kind, lead);
         SET session_replication_role = DEFAULT;"
    )).await;
}

async fn sweep(app: &TestApp) -> (Duration, reminders::Swept) {
    let began = Instant::now();
    let swept = reminders::sweep(&app.worker).await.expect("the sweep runs");
    (began.elapsed(), swept)
}

/// A mail server that throws mails away.
enum Sink {
    Debian(Child, String),
    Own(String),
}

/// Debian's program, and the folder of its libraries where it is only unpacked.
fn smtp_sink() -> Option<(PathBuf, Option<PathBuf>)> {
    if Path::new(INSTALLED).exists() {
        return Some((INSTALLED.into(), None));
    }
    let folder = Path::new(UNPACKED);
    let program = folder.join("usr/sbin/smtp-sink");
    if !program.exists() {
        std::fs::create_dir_all(folder).expect("a folder below target");
        let fetched = Command::new("sh")
            .args(["-c", FETCH])
            .current_dir(folder)
            .status();
        if !fetched.is_ok_and(|status| status.success()) {
            eprintln!(
                "smtp-sink is not there and could not be fetched. On Debian or Ubuntu: `cd {UNPACKED} && {FETCH}`"
            );
            return None;
        }
    }
    Some((program, Some(folder.join("usr/lib/postfix"))))
}

impl Sink {
    async fn start(app: &TestApp) -> Self {
        let Some((program, libraries)) = smtp_sink() else {
            return Self::Own(app.catcher.smtp_url());
        };
        let port = std::net::TcpListener::bind("127.0.0.1:0")
            .and_then(|listener| listener.local_addr())
            .expect("a free port")
            .port();
        let address = format!("127.0.0.1:{port}");
        let mut command = Command::new(program);
        if let Some(libraries) = libraries {
            command.env("LD_LIBRARY_PATH", libraries);
        }
        // root gives its rights away, everybody else has none to give
        if std::fs::metadata("/proc/self").is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0) {
            command.args(["-u", "nobody"]);
        }
        let child = command
            .args([&address, "1000"])
            .stdout(Stdio::null())
            .spawn()
            .expect("smtp-sink starts");
        while TcpStream::connect(&address).await.is_err() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Self::Debian(child, format!("smtp://{address}"))
    }

    fn url(&self) -> &str {
        match self {
            Self::Debian(_, url) | Self::Own(url) => url,
        }
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        if let Self::Debian(child, _) = self {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// The letters that the mails carry are there before, as a word in place of a page: this is about sending, and the
/// clock of this programme stands, so that a mail which waits for its letter would wait for ever.
async fn write_letters(app: &TestApp, conn: &mut PgConnection) {
    let letters: Vec<uuid::Uuid> = sqlx::query_scalar("SELECT id FROM documents WHERE rendered_at IS NULL")
        .fetch_all(&mut *conn)
        .await
        .expect("the documents");
    for id in letters {
        documents::store(&app.worker, id.into(), b"%PDF-1.7")
            .await
            .expect("a letter");
    }
    let done = "UPDATE jobs SET state = 'DONE', finished_at = created_at
                 WHERE kind = 'RENDER_DOCUMENT' AND state = 'PENDING'";
    run(conn, done.to_owned()).await;
}

async fn send(app: &TestApp, conn: &mut PgConnection) {
    write_letters(app, conn).await;
    let mails: i64 = sqlx::query_scalar("SELECT count(*) FROM email_deliveries WHERE state = 'QUEUED'")
        .fetch_one(&mut *conn)
        .await
        .expect("a number");
    let sink = Sink::start(app).await;
    let mailer = SmtpMailer::new(sink.url(), SmtpOptions::default()).expect("an SMTP URL");
    let sender = Sender::new(mailer, "tandem@example.org".parse().expect("an address"));
    let redis = std::env::var("REDIS_URL").expect("REDIS_URL is set by cargo xtask");
    let queues = Queues::connect(&redis, &app.redis_namespace)
        .await
        .expect("Redis");
    let (stop, stopped) = oneshot::channel::<()>();
    let worker = tokio::spawn(serve(
        app.worker.clone(),
        queues,
        Handlers { sender, anchor: None }.registry(),
        Settings::default(),
        || {},
        async { drop(stopped.await) },
    ));
    let began = Instant::now();
    loop {
        tokio::time::sleep(Duration::from_millis(50)).await;
        let left: i64 =
            sqlx::query_scalar("SELECT count(*) FROM email_deliveries WHERE state IN ('QUEUED', 'SENDING')")
                .fetch_one(&mut *conn)
                .await
                .expect("a number");
        if left == 0 {
            break;
        }
    }
    let seconds = began.elapsed().as_secs_f64();
    let which = match &sink {
        Sink::Debian(..) => "smtp-sink",
        Sink::Own(_) => "the own catcher",
    };
    println!(
        "{mails} mails to {which}: {seconds:.1} s, {:.0} a second",
        mails as f64 / seconds
    );
    drop(stop);
    worker.await.expect("the worker").expect("the worker stops");
}

#[tokio::main]
async fn main() {
    let numbers: Vec<i64> = std::env::args()
        .filter_map(|argument| argument.parse().ok())
        .collect();
    let large = numbers.first().copied().unwrap_or(1_000_000);
    let mails = numbers.get(1).copied().unwrap_or(5_000);
    let app = TestApp::start().await;
    let mut conn = app.superuser().await;
    app.office("Büro Hamburg", "20095").await;
    let now = app.now().to_rfc3339();
    run(&mut conn, format!(
        "INSERT INTO settings (version, settings, changed_at) VALUES (1, '{{\"mailsPerMinuteAndDomain\": 100000}}', '{now}')"
    ))
    .await;
    sweep(&app).await;
    let mut there = 0;
    let mut times = Vec::new();
    for experts in [12_000, large] {
        add_experts(&mut conn, &now, there + 1, experts - DUE, 200).await;
        add_experts(&mut conn, &now, experts - DUE + 1, experts, 12).await;
        run(
            &mut conn,
            "ANALYZE reminders; ANALYZE background_checks; ANALYZE experts".to_owned(),
        )
        .await;
        there = experts;
        let (due, swept) = sweep(&app).await;
        // the first sweep after one that did much clears up behind it
        let (after, _) = sweep(&app).await;
        let (idle, _) = sweep(&app).await;
        println!(
            "{experts} experts, {} reminders due: swept in {due:.1?}; nothing due: {after:.1?} right after it, then {idle:.1?}",
            swept.promised
        );
        times.push((due, idle));
    }
    if let [(due, idle), (due_large, idle_large)] = times[..] {
        println!(
            "{large} experts cost {:.2} times what 12000 cost, and {:.2} times with nothing due",
            due_large.as_secs_f64() / due.as_secs_f64(),
            idle_large.as_secs_f64() / idle.as_secs_f64()
        );
    }
    let waiting = 2 * DUE;
    if mails > waiting {
        add_experts(&mut conn, &now, there + 1, there + mails - waiting, 12).await;
        let (time, swept) = sweep(&app).await;
        println!("{} mails promised in {time:.1?}", swept.promised);
    }
    send(&app, &mut conn).await;
    app.finish().await;
}
