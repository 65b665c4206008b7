//! Two years of reminders: 500 experts, 100 matches, three workers, nights in which nobody works, workers
//! that are killed anywhere, a mail server that drops, delays and refuses. Afterwards everybody has got
//! exactly the mails that an independent, slow and obvious oracle computes from what happened.

mod oracle;
mod world;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use chrono::{DateTime, NaiveDate, TimeDelta, TimeZone, Utc};
use sqlx::postgres::PgPoolOptions;
use sqlx::{PgConnection, Row};
use tandem_devkit::catcher::{Rule, Stage};
use tandem_domain::random::SeededRandom;
use tandem_mail::{SmtpMailer, SmtpOptions};
use tandem_operations::App;
use tandem_operations::deliveries::{self, Sender};
use tandem_operations::reminders;
use tandem_tests::TestApp;
use tandem_worker::{Registry, drain, handlers::Handlers, sweeps};

use self::oracle::Mail;
use self::world::{Dice, World};

const DAYS: i64 = 730;
/// In so many nights of a hundred nobody works.
const MISSED: u64 = 35;

struct Worker {
    app: App,
    registry: Registry,
}

impl Worker {
    fn new(app: &TestApp, number: u64) -> Self {
        let mailer = SmtpMailer::new(&app.catcher.smtp_url(), SmtpOptions::default()).expect("an SMTP URL");
        let sender = Sender::new(mailer, "tandem@example.org".parse().expect("an address"));
        Self {
            app: App {
                random: std::sync::Arc::new(SeededRandom::new(100 + number)),
                ..app.worker.clone()
            },
            registry: Handlers { sender, anchor: None }.registry(),
        }
    }

    async fn sweep(&self) {
        reminders::sweep(&self.app).await.expect("the sweep runs");
        while deliveries::recover(&self.app).await.expect("the sweep runs") > 0 {}
    }

    async fn work(&self) {
        sweeps::leases::sweep(&self.app).await.expect("leases return");
        drain(&self.registry, &self.app)
            .await
            .expect("the ledger can be read");
    }
}

/// A worker that is killed somewhere in its work: the work stops, and the server loses its connections, as
/// when a process dies.
async fn killed(app: &TestApp, conn: &mut PgConnection, dice: &mut Dice, sweeping: bool) {
    let options = (*app.worker.db.connect_options())
        .clone()
        .application_name("victim");
    let mut victim = Worker::new(app, dice.up_to(1_000));
    victim.app.db = PgPoolOptions::new().max_connections(4).connect_lazy_with(options);
    let moment = Duration::from_micros(dice.up_to(40_000));
    let work = async {
        if sweeping {
            victim.sweep().await;
        } else {
            victim.work().await;
        }
    };
    let _ = tokio::time::timeout(moment, work).await;
    sqlx::query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'victim'")
        .execute(conn)
        .await
        .expect("the connections end");
}

fn set_clock(app: &TestApp, day: NaiveDate, hour: u32, minute: u32) {
    let at = Utc.from_utc_datetime(&day.and_hms_opt(hour, minute, 0).expect("a time of day"));
    app.advance(at - app.now());
}

async fn open_jobs(conn: &mut PgConnection, now: DateTime<Utc>) -> i64 {
    sqlx::query_scalar("SELECT count(*) FROM jobs WHERE state NOT IN ('DONE', 'DEAD') AND created_at <= $1")
        .bind(now)
        .fetch_one(conn)
        .await
        .expect("the ledger can be read")
}

#[tokio::test]
async fn in_two_years_everybody_gets_exactly_the_mails_that_are_due() {
    let app = TestApp::start().await;
    let mut conn = app.superuser().await;
    let mut dice = Dice::new(20_261_123);
    let start = app.now().date_naive();
    let world = World::invent(&mut dice, start);
    world.found(&mut conn).await;
    for address in &world.refused {
        app.catcher
            .inject(Rule::refuse(Stage::Recipient, 550).to(address))
            .expect("a fault");
    }
    let workers: Vec<Worker> = (0..3).map(|number| Worker::new(&app, number)).collect();
    let mut worked = BTreeSet::new();
    let mut drops = 0;
    for past in 0..DAYS {
        let day = start + TimeDelta::days(past);
        let works = !dice.percent(MISSED);
        if works {
            worked.insert(day);
            // at night, when nobody may be mailed
            set_clock(&app, day, 0, 30);
            if dice.percent(30) {
                killed(&app, &mut conn, &mut dice, true).await;
            }
            tokio::join!(workers[1].sweep(), workers[2].sweep());
            workers[1].work().await;
        }
        set_clock(&app, day, 9, 0);
        world.live(&mut conn, day).await;
        if !works {
            continue;
        }
        if dice.percent(20) {
            let rule = match dice.up_to(3) {
                0 => {
                    drops += 1;
                    Rule::drop(Stage::Stored)
                }
                1 => Rule::refuse(Stage::Data, 451),
                _ => Rule::delay(Stage::Data, Duration::from_millis(3)),
            };
            app.catcher.inject(rule.times(1)).expect("a fault");
        }
        set_clock(&app, day, 10, 0);
        if dice.percent(15) {
            drops += 1;
            killed(&app, &mut conn, &mut dice, false).await;
        }
        for _ in 0..60 {
            tokio::join!(workers[0].work(), workers[1].work(), workers[2].work());
            if open_jobs(&mut conn, app.now()).await == 0 {
                break;
            }
            app.advance(TimeDelta::minutes(3));
        }
        assert_eq!(open_jobs(&mut conn, app.now()).await, 0, "{day}: jobs are left");
    }

    let got = arrived(&app, &mut conn, drops).await;
    let expected = oracle::mails(&world, &worked);
    compare(&got, &expected);
    refusals_are_told(&mut conn, &world, &expected).await;
    assert!(
        expected.len() > 1_500,
        "the world is too quiet: {}",
        expected.len()
    );
    println!("{} mails on {} working days", expected.len(), worked.len());
    app.ignore_mails();
    app.finish().await;
}

/// Every mail that arrived, once. The only repeats are resends of one Message-ID after a connection broke
/// or a worker died behind the server's reply.
async fn arrived(app: &TestApp, conn: &mut PgConnection, drops: usize) -> BTreeSet<Mail> {
    let rows = sqlx::query(
        "SELECT id::text, trigger, step, subject_id, recipient_kind, recipient_id, occasion, sent_at, key
           FROM email_deliveries",
    )
    .fetch_all(conn)
    .await
    .expect("the deliveries");
    let mut by_id = BTreeMap::new();
    for row in rows {
        let sent: Option<DateTime<Utc>> = row.get("sent_at");
        let mail = Mail {
            trigger: row.get("trigger"),
            step: row.get("step"),
            subject: row.get("subject_id"),
            recipient: (row.get("recipient_kind"), row.get("recipient_id")),
            occasion: row.get("occasion"),
            day: sent.map(|at| at.date_naive()).unwrap_or_default(),
        };
        by_id.insert(row.get::<String, _>(0), mail);
    }
    let mut copies: BTreeMap<String, usize> = BTreeMap::new();
    for message in app.catcher.messages() {
        let id = message.message_id.clone().expect("a Message-ID");
        *copies.entry(id).or_default() += 1;
        let hour = message_hour(&String::from_utf8_lossy(&message.raw));
        assert!((8..20).contains(&hour), "mailed at night: {hour}");
    }
    let repeats: usize = copies.values().map(|count| count - 1).sum();
    assert!(repeats <= drops, "{repeats} repeats, {drops} interruptions");
    let mut got = BTreeSet::new();
    for id in copies.keys() {
        let (delivery, _) = id.split_once('@').expect("an id at a domain");
        let mail = by_id[delivery].clone();
        if mail.trigger != "MAIL_UNDELIVERABLE" {
            assert!(got.insert(mail.clone()), "under two Message-IDs: {mail:?}");
        }
    }
    got
}

/// The hour in Greenwich of a message's Date.
fn message_hour(raw: &str) -> u32 {
    let date = raw
        .lines()
        .find_map(|line| line.strip_prefix("Date: "))
        .expect("a date");
    let at = DateTime::parse_from_rfc2822(date.trim()).expect("a date");
    at.with_timezone(&Utc)
        .format("%H")
        .to_string()
        .parse()
        .expect("an hour")
}

fn compare(got: &BTreeSet<Mail>, expected: &BTreeSet<Mail>) {
    let missing: Vec<&Mail> = expected.difference(got).take(5).collect();
    let unexpected: Vec<&Mail> = got.difference(expected).take(5).collect();
    assert!(
        missing.is_empty() && unexpected.is_empty(),
        "{} expected, {} arrived; missing: {missing:#?}, unexpected: {unexpected:#?}",
        expected.len(),
        got.len()
    );
}

/// Each address that refuses is told to its office once, and nothing is tried again.
async fn refusals_are_told(conn: &mut PgConnection, world: &World, expected: &BTreeSet<Mail>) {
    let refused: i64 = sqlx::query_scalar("SELECT count(*) FROM email_deliveries WHERE state = 'FAILED'")
        .fetch_one(&mut *conn)
        .await
        .expect("a number");
    let told: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM email_deliveries WHERE trigger = 'MAIL_UNDELIVERABLE' AND state = 'SENT'",
    )
    .fetch_one(conn)
    .await
    .expect("a number");
    let would: BTreeSet<_> = oracle::to_refused(world, expected);
    assert!(
        refused >= told && told as usize <= world.refused.len(),
        "{refused} {told}"
    );
    assert!(told > 0, "nobody was told of {} addresses", would.len());
}
