//! Two years of reminders: 500 experts, 100 matches, three workers, nights in which nobody works, days on which
//! they come too late, workers that are killed anywhere or taken for dead while they still write, a mail server that
//! drops, delays and refuses, a pace that holds most days' mails back for minutes.
//! Afterwards everybody has got exactly the mails that an independent, slow and obvious oracle computes from
//! what happened; and nothing was promised, kept back or refused that it does not know of.

mod oracle;
mod world;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, NaiveDate, TimeDelta, TimeZone, Utc};
use sqlx::postgres::PgPoolOptions;
use sqlx::{PgConnection, Row};
use tandem_devkit::catcher::{Message, Rule, Stage};
use tandem_domain::random::SeededRandom;
use tandem_mail::{SmtpMailer, SmtpOptions};
use tandem_operations::deliveries::{self, Sender};
use tandem_operations::jobs::{Job, JobKind};
use tandem_operations::{App, documents, reminders};
use tandem_storage::jobs;
use tandem_tests::TestApp;
use tandem_worker::{Ran, Registry, drain, handlers::Handlers, sweeps};

use self::oracle::{Expected, Mail, Work};
use self::world::{Dice, PACE, Size, World};

/// In so many nights of a hundred nobody works.
const MISSED: u64 = 35;
/// So many minutes lie between two looks of the workers.
const MINUTES: usize = 3;
/// On so many days of a hundred on which somebody worked at night, nobody works before the evening.
const LATE: u64 = 4;

#[derive(Clone)]
struct Worker {
    app: App,
    registry: Registry,
}

impl Worker {
    fn new(app: &TestApp, number: u64) -> Self {
        let mailer = SmtpMailer::new(&app.catcher.smtp_url(), SmtpOptions::default()).expect("an SMTP URL");
        let sender = Sender::new(mailer, "tandem@example.org".parse().expect("an address"));
        let registry = Handlers { sender, anchor: None }.registry();
        Self {
            app: App {
                random: Arc::new(SeededRandom::new(100 + number)),
                ..app.worker.clone()
            },
            // what letters look like is not what this is about, and setting one in type takes a second
            registry: registry.on(JobKind::RenderDocument, |app, job, _| async move {
                match job {
                    Job::RenderDocument { document } => {
                        Ok(documents::store(&app, document, b"%PDF-1.7").await?)
                    }
                    other => unreachable!("{other:?}"),
                }
            }),
        }
    }

    async fn sweep(&self) -> reminders::Swept {
        reminders::sweep(&self.app).await.expect("the sweep runs")
    }

    async fn work(&self) -> Vec<Ran> {
        sweeps::leases::sweep(&self.app).await.expect("leases return");
        while deliveries::recover(&self.app).await.expect("the sweep runs") > 0 {}
        drain(&self.registry, &self.app)
            .await
            .expect("the ledger can be read")
    }
}

/// What all workers do at the same moment.
async fn all<T: Send + 'static, F: Future<Output = T> + Send + 'static>(
    workers: &[Worker],
    what: fn(Worker) -> F,
) -> Vec<T> {
    let running: Vec<_> = workers
        .iter()
        .map(|worker| tokio::spawn(what(worker.clone())))
        .collect();
    let mut done = Vec::with_capacity(running.len());
    for one in running {
        done.push(one.await.expect("a worker does not panic"));
    }
    done
}

/// A worker that is killed somewhere in its work: the work stops, and the server loses its connections, as
/// when a process dies. Says whether it was in the middle of something.
async fn killed(app: &TestApp, conn: &mut PgConnection, dice: &mut Dice, sweeping: bool) -> bool {
    let options = (*app.worker.db.connect_options())
        .clone()
        .application_name("victim");
    let mut victim = Worker::new(app, dice.up_to(1_000));
    // it is connected before its time runs
    victim.app.db = PgPoolOptions::new()
        .min_connections(1)
        .max_connections(1)
        .connect_with(options)
        .await
        .expect("the test's database can be reached");
    let moment = Duration::from_micros(dice.up_to(40_000));
    let work = async {
        if sweeping {
            victim.sweep().await;
        } else {
            victim.work().await;
        }
    };
    let interrupted = tokio::time::timeout(moment, work).await.is_err();
    sqlx::query(
        "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE application_name = 'victim'",
    )
    .execute(conn)
    .await
    .expect("the connections end");
    interrupted
}

fn set_clock(app: &TestApp, day: NaiveDate, hour: u32, minute: u32) {
    let at = Utc.from_utc_datetime(&day.and_hms_opt(hour, minute, 0).expect("a time of day"));
    app.advance(at - app.now());
}

async fn number(conn: &mut PgConnection, sql: &'static str) -> i64 {
    sqlx::query_scalar(sql).fetch_one(conn).await.expect("a number")
}

/// Jobs that are left to do, and mails that nobody is at any more.
async fn open_jobs(conn: &mut PgConnection) -> i64 {
    number(
        conn,
        "SELECT (SELECT count(*) FROM jobs WHERE state NOT IN ('DONE', 'DEAD'))
              + (SELECT count(*) FROM email_deliveries WHERE state IN ('QUEUED', 'SENDING'))",
    )
    .await
}

/// What happened to the workers.
#[derive(Debug, Default)]
struct Troubles {
    /// After so many interruptions a message may have come twice.
    repeats_explained: usize,
    /// Workers that were killed in the middle of something.
    killed: usize,
    /// Sweeps of several workers at the same moment.
    together: usize,
    /// Jobs that a worker left behind as not done after their mail was written down as finished.
    between_commits: u64,
    /// Attempts that another took over while they were still to write how they ended.
    taken_over: usize,
}

/// A worker that dies after it has written down how a mail ended and before it has written that its job is done:
/// somebody does the job again, and nothing is mailed.
async fn dead_between_commits(conn: &mut PgConnection, dice: &mut Dice, troubles: &mut Troubles) {
    let left = sqlx::query(
        "UPDATE jobs SET state = 'PENDING', finished_at = NULL, max_attempts = attempts + 1
          WHERE id IN (SELECT id FROM jobs WHERE kind = 'SEND_EMAIL' AND state = 'DONE'
                        ORDER BY finished_at DESC, id LIMIT $1)",
    )
    .bind(1 + dice.up_to(4) as i64)
    .execute(conn)
    .await
    .expect("the ledger can be written");
    troubles.between_commits += left.rows_affected();
}

/// A worker that is taken for dead: another sends the mail, and while the server thinks about that, the first one
/// writes that it has failed.
async fn taken_over(world: &World, app: &TestApp, conn: &mut PgConnection, worker: &Worker) -> bool {
    use tandem_storage::deliveries::{State, claim, finish};
    let waiting: Option<(uuid::Uuid, String, uuid::Uuid)> = sqlx::query_as(
        "SELECT d.id, d.recipient_kind, d.recipient_id
           FROM email_deliveries d JOIN jobs j ON j.payload ->> 'delivery' = d.id::text
          WHERE d.state = 'QUEUED' AND d.attempts = 0 AND j.state = 'PENDING' AND j.run_at <= $1
          ORDER BY j.run_at, j.id LIMIT 1",
    )
    .bind(app.now())
    .fetch_optional(&mut *conn)
    .await
    .expect("the ledger can be read");
    let Some((id, kind, recipient)) = waiting else {
        return false;
    };
    let address = world.address((&kind, recipient));
    let first = claim(conn, id.into(), app.now()).await.expect("a claim");
    let first = first.expect("the mail is open");
    let slow = Rule::delay(Stage::Data, Duration::from_millis(60)).to(&address);
    app.catcher.inject(slow.times(1)).expect("a fault");
    let other = worker.clone();
    let other = tokio::spawn(async move { other.work().await });
    let under_way =
        "SELECT attempts > 1 OR state NOT IN ('QUEUED', 'SENDING') FROM email_deliveries WHERE id = $1";
    loop {
        let seen: bool = sqlx::query_scalar(under_way)
            .bind(id)
            .fetch_one(&mut *conn)
            .await
            .expect("the delivery");
        if seen || other.is_finished() {
            break;
        }
        tokio::task::yield_now().await;
    }
    let late = Some("the connection broke");
    finish(
        conn,
        id.into(),
        first.attempts,
        State::Failed,
        late,
        true,
        false,
        app.now(),
    )
    .await
    .expect("the row can be written");
    other.await.expect("a worker does not panic");
    // what was not sent after all met no fault
    app.catcher.clear_faults();
    true
}

/// One night: two workers look for what is due at the same moment.
async fn night(
    app: &TestApp,
    conn: &mut PgConnection,
    dice: &mut Dice,
    workers: &[Worker],
    today: NaiveDate,
    troubles: &mut Troubles,
) {
    if dice.percent(15) && killed(app, conn, dice, true).await {
        troubles.killed += 1;
    }
    let due: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM reminders WHERE next_on <= $1
            AND (SELECT coalesce(max(version), 0) FROM settings) = (SELECT settings FROM reminder_plan)",
    )
    .bind(today)
    .fetch_one(&mut *conn)
    .await
    .expect("a number");
    let swept = all(&workers[1..], |worker| async move { worker.sweep().await }).await;
    let looked_at: usize = swept.iter().map(|swept| swept.looked_at).sum();
    if due > 0 {
        troubles.together += 1;
        assert_eq!(
            looked_at as i64, due,
            "{today}: two workers looked at the same row"
        );
    }
    for ran in workers[1].work().await {
        assert_ne!(ran.kind, "SEND_EMAIL", "{today}: a mail's job began at night");
    }
}

/// One day: all three work until nothing is left.
async fn day(
    app: &TestApp,
    conn: &mut PgConnection,
    dice: &mut Dice,
    workers: &[Worker],
    world: &World,
    troubles: &mut Troubles,
) {
    let lasting = world.refused.len();
    if open_jobs(conn).await == 0 {
        return;
    }
    if dice.percent(20) {
        let rule = match dice.up_to(3) {
            0 => {
                troubles.repeats_explained += 1;
                Rule::drop(Stage::Stored)
            }
            1 => Rule::refuse(Stage::Data, 451),
            _ => Rule::delay(Stage::Data, Duration::from_millis(3)),
        };
        app.catcher.inject(rule.times(1)).expect("a fault");
    } else if dice.percent(15) && app.catcher.faults().len() == lasting {
        // a fault that no mail has met yet would be met in a last attempt, which is then given up rightly
        troubles.repeats_explained += 1;
        // it is the last attempt, so that nobody would come back to what is left
        sqlx::query(
            "UPDATE jobs SET max_attempts = attempts + 1 WHERE kind = 'SEND_EMAIL' AND state = 'PENDING'",
        )
        .execute(&mut *conn)
        .await
        .expect("the ledger can be written");
        if killed(app, conn, dice, false).await {
            troubles.killed += 1;
        }
        sqlx::query(
            "UPDATE jobs SET max_attempts = attempts + 12 WHERE kind = 'SEND_EMAIL' AND state = 'PENDING'",
        )
        .execute(&mut *conn)
        .await
        .expect("the ledger can be written");
    } else if dice.percent(15)
        && app.catcher.faults().len() == lasting
        && taken_over(world, app, conn, &workers[0]).await
    {
        troubles.taken_over += 1;
        refuse_for_good(world, app);
    }
    until_nothing_is_left(app, conn, workers).await;
    if dice.percent(15) {
        dead_between_commits(conn, dice, troubles).await;
        until_nothing_is_left(app, conn, workers).await;
    }
}

async fn until_nothing_is_left(app: &TestApp, conn: &mut PgConnection, workers: &[Worker]) {
    for _ in 0..100 {
        all(workers, |worker| async move { worker.work().await }).await;
        if open_jobs(conn).await == 0 {
            return;
        }
        app.advance(TimeDelta::minutes(MINUTES as i64));
    }
    panic!("{}: jobs are left", app.now());
}

/// These addresses are refused for the whole two years.
fn refuse_for_good(world: &World, app: &TestApp) {
    for address in &world.refused {
        app.catcher
            .inject(Rule::refuse(Stage::Recipient, 550).to(address))
            .expect("a fault");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_two_years_everybody_gets_exactly_the_mails_that_are_due() {
    let size = Size::wanted();
    let app = TestApp::start().await;
    let mut conn = app.superuser().await;
    let mut dice = Dice::new(size.seed);
    let start = app.now().date_naive();
    let world = World::invent(&mut dice, start, size);
    world.found(&mut conn).await;
    refuse_for_good(&world, &app);
    let workers: Vec<Worker> = (0..3).map(|number| Worker::new(&app, number)).collect();
    let mut work = Work {
        nights: BTreeSet::new(),
        late: BTreeSet::new(),
    };
    let mut troubles = Troubles::default();
    for past in 0..size.days {
        let today = start + TimeDelta::days(past);
        // what came too late yesterday is sent today, whoever slept this night
        let carries = past > 0 && work.late.contains(&(today - TimeDelta::days(1)));
        let works = !dice.percent(MISSED);
        if works {
            work.nights.insert(today);
            set_clock(&app, today, 0, 30);
            night(&app, &mut conn, &mut dice, &workers, today, &mut troubles).await;
        }
        set_clock(&app, today, 9, 0);
        world.live(&mut conn, today).await;
        if works && !carries && past + 1 < size.days && dice.percent(LATE) {
            work.late.insert(today);
            let before = app.catcher.messages().len();
            set_clock(&app, today, 21, 30);
            all(&workers, |worker| async move { worker.work().await }).await;
            assert_eq!(
                app.catcher.messages().len(),
                before,
                "{today}: mailed in the evening"
            );
        } else if works || carries {
            set_clock(&app, today, 10, 0);
            day(&app, &mut conn, &mut dice, &workers, &world, &mut troubles).await;
        }
    }

    let expected = oracle::expected(&world, &work);
    let recorded = Recorded::read(&mut conn).await;
    let got = arrived(&app, &recorded, &troubles);
    compare("sent", &got, &expected.sent);
    compare(
        "kept back",
        &recorded.in_state("SUPPRESSED"),
        &expected.suppressed,
    );
    compare("refused", &recorded.in_state("FAILED"), &expected.failed);
    refusals_are_final(&recorded, &expected);
    let fullest = pace_is_kept(&mut conn, &world).await;
    println!(
        "{} mails on {} working days of which {} were late; {} kept back, {} refused; {troubles:?}",
        got.len(),
        work.nights.len(),
        work.late.len(),
        expected.suppressed.len(),
        expected.failed.len(),
    );
    if size.is_whole() {
        everything_happened(&got, &expected, &troubles);
        assert!(
            fullest > 3 * PACE * MINUTES,
            "the pace held nothing back: {fullest}"
        );
    }
    dead_jobs_are_those_of_the_dead(&mut conn, &troubles).await;
    app.ignore_mails();
    app.finish_leaving(&[jobs::State::Dead]).await;
}

/// Who dies in a last attempt, after the end of its mail is written down and before that of its job, leaves a job
/// that is given up, and nothing that it should have done. Others are not given up.
async fn dead_jobs_are_those_of_the_dead(conn: &mut PgConnection, troubles: &Troubles) {
    let dead = number(conn, "SELECT count(*) FROM jobs WHERE state = 'DEAD'").await;
    let explained = number(
        conn,
        "SELECT count(*) FROM jobs j JOIN email_deliveries d ON d.id::text = j.payload ->> 'delivery'
          WHERE j.state = 'DEAD' AND j.last_error LIKE '%ended without a word%' AND d.finished_at IS NOT NULL",
    )
    .await;
    assert_eq!(dead, explained, "jobs are given up");
    assert!(dead <= troubles.killed as i64, "{dead} jobs are given up");
}

/// A world in which something never happens proves nothing about it.
fn everything_happened(got: &BTreeSet<Mail>, expected: &Expected, troubles: &Troubles) {
    let triggers: BTreeSet<&str> = got.iter().map(|mail| mail.trigger.as_str()).collect();
    for reminder in <tandem_domain::reminders::Reminder as strum::VariantArray>::VARIANTS {
        let trigger = deliveries::Trigger::from(*reminder);
        assert!(triggers.contains(trigger.as_str()), "nobody got {trigger}");
    }
    assert!(got.len() > 1_500, "the world is too quiet: {}", got.len());
    assert!(expected.suppressed.len() > 20, "too little is done in time");
    assert!(expected.failed.len() > 20, "too few are refused");
    assert!(troubles.killed > 20 && troubles.together > 200, "{troubles:?}");
    assert!(
        troubles.between_commits > 20 && troubles.taken_over > 15,
        "{troubles:?}"
    );
}

/// No domain gets more at a moment than the minutes since the look before allow. Returns what the fullest day of a
/// domain was.
async fn pace_is_kept(conn: &mut PgConnection, world: &World) -> usize {
    let sent: Vec<(DateTime<Utc>, String, uuid::Uuid)> = sqlx::query_as(
        "SELECT sent_at, recipient_kind, recipient_id FROM email_deliveries WHERE state = 'SENT'",
    )
    .fetch_all(conn)
    .await
    .expect("the deliveries");
    let mut moments: BTreeMap<(String, DateTime<Utc>), usize> = BTreeMap::new();
    let mut days: BTreeMap<(String, NaiveDate), usize> = BTreeMap::new();
    for (at, kind, id) in sent {
        let address = world.address((&kind, id));
        let (_, domain) = address.split_once('@').expect("a domain");
        *moments.entry((domain.to_owned(), at)).or_default() += 1;
        *days.entry((domain.to_owned(), at.date_naive())).or_default() += 1;
    }
    for ((domain, at), mails) in &moments {
        // one or two had their turn before, when the worker that was at them died
        assert!(*mails <= PACE * MINUTES + 2, "{mails} mails for {domain} at {at}");
    }
    days.into_values().max().unwrap_or_default()
}

/// A delivery's row.
struct Delivery {
    mail: Mail,
    state: String,
    reason: String,
}

/// What the product wrote down.
struct Recorded(BTreeMap<String, Delivery>);

impl Recorded {
    async fn read(conn: &mut PgConnection) -> Self {
        let rows = sqlx::query(
            "SELECT d.id::text, d.trigger, d.step, d.recipient_kind, d.recipient_id, d.occasion, d.finished_at,
                    d.state, coalesce(d.reason, '') AS reason,
                    CASE WHEN d.trigger = 'MAIL_UNDELIVERABLE' THEN refused.recipient_id ELSE d.subject_id END AS subject
               FROM email_deliveries d LEFT JOIN email_deliveries refused ON refused.id = d.subject_id",
        )
        .fetch_all(conn)
        .await
        .expect("the deliveries");
        let read = |row: &sqlx::postgres::PgRow| {
            let finished: Option<DateTime<Utc>> = row.get("finished_at");
            let mail = Mail {
                trigger: row.get("trigger"),
                step: row.get("step"),
                subject: row.get("subject"),
                recipient: (row.get("recipient_kind"), row.get("recipient_id")),
                occasion: row.get("occasion"),
                day: finished.map(|at| at.date_naive()).unwrap_or_default(),
            };
            let (state, reason) = (row.get("state"), row.get("reason"));
            (row.get(0), Delivery { mail, state, reason })
        };
        Self(rows.iter().map(read).collect())
    }

    fn in_state(&self, state: &str) -> BTreeSet<Mail> {
        let of_state = self.0.values().filter(|delivery| delivery.state == state);
        of_state
            .map(|delivery| {
                let mut mail = delivery.mail.clone();
                if state == "SUPPRESSED" {
                    mail.day = NaiveDate::default();
                }
                mail
            })
            .collect()
    }
}

/// Every mail that arrived, once. The only repeats are resends of one message after a connection broke or a
/// worker died behind the server's reply.
fn arrived(app: &TestApp, recorded: &Recorded, troubles: &Troubles) -> BTreeSet<Mail> {
    let mut copies: BTreeMap<String, Vec<Arc<Message>>> = BTreeMap::new();
    for message in app.catcher.messages() {
        let id = message.message_id.clone().expect("a Message-ID");
        let date = header(&message, "Date");
        let at = DateTime::parse_from_rfc2822(&date)
            .expect("a date")
            .with_timezone(&Utc);
        let hour: u32 = at.format("%H").to_string().parse().expect("an hour");
        assert!((8..20).contains(&hour), "mailed at night: {date}");
        copies.entry(id).or_default().push(message);
    }
    let repeats: usize = copies.values().map(|copies| copies.len() - 1).sum();
    assert!(
        repeats <= troubles.repeats_explained,
        "{repeats} repeats: {troubles:?}"
    );
    println!(
        "{repeats} repeats after {} interruptions",
        troubles.repeats_explained
    );
    let mut got = BTreeSet::new();
    for (id, copies) in &copies {
        let (delivery, _) = id.split_once('@').expect("an id at a domain");
        let mail = recorded
            .0
            .get(delivery)
            .unwrap_or_else(|| panic!("the Message-ID {id} is that of no delivery"));
        assert_eq!(
            mail.state, "SENT",
            "arrived, and is not sent ({}): {:?}",
            mail.reason, mail.mail
        );
        for copy in copies {
            let same = |name| assert_eq!(header(copy, name), header(&copies[0], name), "a resend differs");
            same("Date");
            same("Subject");
            assert_eq!(copy.text, copies[0].text, "a resend has other words or links");
        }
        assert!(
            got.insert(mail.mail.clone()),
            "under two Message-IDs: {:?}",
            mail.mail
        );
    }
    compare("written down as sent", &recorded.in_state("SENT"), &got);
    got
}

fn header(message: &Message, name: &str) -> String {
    let found = message
        .headers
        .iter()
        .find(|(known, _)| known.eq_ignore_ascii_case(name));
    found
        .unwrap_or_else(|| panic!("a header {name}"))
        .1
        .trim()
        .to_owned()
}

fn compare(what: &str, got: &BTreeSet<Mail>, expected: &BTreeSet<Mail>) {
    let missing: Vec<&Mail> = expected.difference(got).take(5).collect();
    let unexpected: Vec<&Mail> = got.difference(expected).take(5).collect();
    assert!(
        missing.is_empty() && unexpected.is_empty(),
        "{what}: {} expected, {} there; missing: {missing:#?}, unexpected: {unexpected:#?}",
        expected.len(),
        got.len()
    );
}

/// Who refused a mail for good is not tried again: every later one ends with what the list says. That the
/// office hears of it once is in what it gets.
fn refusals_are_final(recorded: &Recorded, expected: &Expected) {
    let mut first: BTreeMap<&(String, uuid::Uuid), NaiveDate> = BTreeMap::new();
    for mail in &expected.failed {
        let day = first.entry(&mail.recipient).or_insert(mail.day);
        *day = mail.day.min(*day);
    }
    for delivery in recorded.0.values().filter(|delivery| delivery.state == "FAILED") {
        let mail = &delivery.mail;
        let kept = delivery
            .reason
            .starts_with("nothing is sent to this address any more");
        assert!(
            kept || mail.day == first[&mail.recipient],
            "tried again after it was refused ({}): {mail:?}",
            delivery.reason
        );
    }
}
