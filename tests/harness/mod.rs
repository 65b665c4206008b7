//! Tests of the whole product: a world of its own for each test.
//!
//! ```ignore
//! let app = TestApp::start().await;
//! let office = app.office("Büro Nord", "20095").await;
//! let coordinator = app.coordinator(office).await;
//! let answer = coordinator.ask("{ viewer { user { name } } }", json!({})).await;
//! assert_eq!(answer.data()["viewer"]["user"]["name"], "Coordinator");
//! app.finish().await;
//! ```
//!
//! The api is served over real TCP and talks to PostgreSQL as its own database role, as does the
//! worker, whose handlers [`TestApp::drain`] runs. Time moves only when told to. [`TestApp::finish`]
//! fails where a job or a mail is left that the test did not explain.

mod actors;
mod client;
mod database;
mod factories;

use std::sync::{Arc, Mutex};

use chrono::{DateTime, Duration, Utc};
use tandem_api::{
    config::HttpOptions,
    limits::{RateLimiter, Rule, Rules},
    server::{ApiState, serve_on},
};
use tandem_devkit::catcher::{Catcher, Message};
use tandem_domain::{
    clock::{Clock, ManualClock},
    random::SeededRandom,
    users::SessionLimits,
};
use tandem_mail::{SmtpMailer, SmtpOptions};
use tandem_operations::{App, deliveries::Sender, links::LinkKey};
use tandem_storage::{
    PgConnection,
    jobs::{Filter, State},
};
use tandem_worker::{Ran, Registry, handlers::Handlers};
use tokio::{net::TcpListener, sync::oneshot};

pub use actors::Actor;
pub use client::{Answer, Client};
pub use database::{Database, env};
pub use factories::date;

/// When every test begins: a Monday morning in Germany.
pub const START: &str = "2026-11-23T08:00:00Z";

/// One test's world.
#[derive(Debug)]
pub struct TestApp {
    /// What the api's operations use.
    pub api: App,
    /// What the worker's operations use: the same clock and secrets, another database role.
    pub worker: App,
    /// Time.
    pub clock: Arc<ManualClock>,
    /// Where mails arrive.
    pub catcher: Catcher,
    /// Where the api is served, as `http://127.0.0.1:1234`.
    pub url: String,
    /// The prefix of this test's keys in Redis.
    pub redis_namespace: String,
    registry: Registry,
    explained: Mutex<Vec<u64>>,
    stop: Mutex<Vec<oneshot::Sender<()>>>,
    database: Database,
    finished: bool,
}

impl TestApp {
    /// A fresh world with the standard HTTP options.
    pub async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    /// A fresh world whose HTTP options `change` has changed.
    pub async fn start_with(change: impl FnOnce(&mut HttpOptions)) -> Self {
        let database = Database::create().await;
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let clock = Arc::new(ManualClock::at(start()));
        let api = App {
            db: database.pool("tandem_api").await,
            clock: clock.clone(),
            random: Arc::new(SeededRandom::new(1)),
            links: LinkKey::new(&[7; 32]).expect("32 bytes"),
            public_url: url.parse().expect("a URL"),
            session_limits: SessionLimits::default(),
        };
        let worker = App {
            db: database.pool("tandem_worker").await,
            random: Arc::new(SeededRandom::new(2)),
            ..api.clone()
        };
        let mut options = HttpOptions::new(api.public_url.clone());
        change(&mut options);
        // what a test is about is not how often it asks
        let limiter = RateLimiter::local(unlimited(), clock.clone());
        let stop = serve(listener, ApiState::new(api.clone(), options, limiter));
        let catcher = Catcher::start().await.expect("a mail catcher");
        let mailer = SmtpMailer::new(&catcher.smtp_url(), SmtpOptions::default()).expect("an SMTP URL");
        let from = "tandem@example.org".parse().expect("an address");
        let handlers = Handlers {
            sender: Sender::new(mailer, from),
            anchor: None,
        };
        Self {
            redis_namespace: database.name().to_owned(),
            api,
            worker,
            clock,
            catcher,
            url,
            registry: handlers.registry(),
            explained: Mutex::default(),
            stop: Mutex::new(vec![stop]),
            database,
            finished: false,
        }
    }

    /// Serves the same world once more, with other options and limits; the address of that server.
    pub async fn replica(&self, change: impl FnOnce(&mut HttpOptions), limiter: RateLimiter) -> String {
        self.serve(|state| state, change, limiter).await
    }

    /// The same with whatever else a server may have.
    pub async fn serve(
        &self,
        complete: impl FnOnce(ApiState) -> ApiState,
        change: impl FnOnce(&mut HttpOptions),
        limiter: RateLimiter,
    ) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let mut options = HttpOptions::new(url.parse().expect("a URL"));
        change(&mut options);
        let state = complete(ApiState::new(self.api.clone(), options, limiter));
        let stop = serve(listener, state);
        self.stop
            .lock()
            .expect("no holder of this lock panics")
            .push(stop);
        url
    }

    /// Now.
    pub fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// Moves time forward.
    pub fn advance(&self, by: Duration) {
        self.clock.advance(by);
    }

    /// Runs due jobs, and those that they bring about, as the worker does; none of them fails.
    pub async fn drain(&self) -> Vec<Ran> {
        let ran = self.drain_some().await;
        for job in &ran {
            assert_eq!(
                job.outcome,
                tandem_worker::Outcome::Done,
                "a job of kind {} failed: {:?}",
                job.kind,
                self.job_error(job).await
            );
        }
        ran
    }

    /// The same where some may fail.
    pub async fn drain_some(&self) -> Vec<Ran> {
        tandem_worker::drain(&self.registry, &self.worker)
            .await
            .expect("the ledger can be read")
    }

    /// Runs the worker's scheduled sweeps that are due, then the jobs that they brought about.
    pub async fn sweep(&self) -> Vec<&'static str> {
        let ran = tandem_worker::run_due_sweeps(&self.registry, &self.worker)
            .await
            .expect("the sweeps run");
        self.drain().await;
        ran
    }

    async fn job_error(&self, ran: &Ran) -> Option<String> {
        let mut conn = self.conn().await;
        let job = tandem_storage::jobs::find(&mut conn, ran.id).await.ok()??;
        job.last_error
    }

    /// A connection as the api's role, with its rights and before no wall.
    pub async fn conn(&self) -> PgConnection {
        let mut conn = self
            .api
            .db
            .acquire()
            .await
            .expect("the test's database can be reached")
            .detach();
        sqlx::query("SET tandem.everything = 'on'")
            .execute(&mut conn)
            .await
            .expect("a setting");
        conn
    }

    /// A connection as the superuser, to look at what no program may touch, or to break it.
    pub async fn superuser(&self) -> PgConnection {
        self.database.superuser().await
    }

    /// The mails to an address, the oldest first; they are explained thereby.
    pub fn mails_to(&self, address: &str) -> Vec<Arc<Message>> {
        let mails = self.catcher.messages_to(address);
        self.explained
            .lock()
            .expect("no holder of this lock panics")
            .extend(mails.iter().map(|mail| mail.id));
        mails
    }

    /// The one mail to an address.
    ///
    /// # Panics
    /// Where there is none or more than one.
    pub fn mail_to(&self, address: &str) -> Arc<Message> {
        let mut mails = self.mails_to(address);
        assert_eq!(
            mails.len(),
            1,
            "mails to {address}: {:?}",
            mails.iter().map(|mail| &mail.subject).collect::<Vec<_>>()
        );
        mails.remove(0)
    }

    /// Explains every mail so far, for tests that are about something else.
    pub fn ignore_mails(&self) {
        self.explained
            .lock()
            .expect("no holder of this lock panics")
            .extend(self.catcher.messages().iter().map(|mail| mail.id));
    }

    /// Ends the test: no job is left to do or has died, and every mail was explained.
    pub async fn finish(mut self) {
        self.finish_despite_jobs(&[]).await;
    }

    /// The same for a test that leaves jobs of these states on purpose.
    pub async fn finish_leaving(mut self, states: &[State]) {
        self.finish_despite_jobs(states).await;
    }

    async fn finish_despite_jobs(&mut self, states: &[State]) {
        self.finished = true;
        let mut conn = self.conn().await;
        let filter = Filter::default();
        let jobs = tandem_storage::jobs::list(
            &mut conn,
            &filter,
            None,
            tandem_storage::jobs::Direction::Older,
            10_000,
        )
        .await
        .expect("the ledger can be read");
        let left: Vec<String> = jobs
            .iter()
            .filter(|job| job.state != State::Done && !states.contains(&job.state))
            .map(|job| format!("{} is {}: {:?}", job.kind, job.state, job.last_error))
            .collect();
        assert!(left.is_empty(), "jobs are left unexplained: {left:#?}");
        let explained = self
            .explained
            .lock()
            .expect("no holder of this lock panics")
            .clone();
        let unexplained: Vec<String> = self
            .catcher
            .messages()
            .iter()
            .filter(|mail| !explained.contains(&mail.id))
            .map(|mail| format!("{:?} to {:?}", mail.subject, mail.recipients))
            .collect();
        assert!(
            unexplained.is_empty(),
            "mails are left unexplained: {unexplained:#?}"
        );
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        let servers = self.stop.get_mut().map(std::mem::take).unwrap_or_default();
        for stop in servers {
            let _ = stop.send(());
        }
        assert!(
            self.finished || std::thread::panicking(),
            "end a test with app.finish().await"
        );
    }
}

fn serve(listener: TcpListener, state: ApiState) -> oneshot::Sender<()> {
    let (stop, stopped) = oneshot::channel::<()>();
    tokio::spawn(serve_on(listener, state, async {
        let _ = stopped.await;
    }));
    stop
}

/// Rules that no test comes near to.
pub fn unlimited() -> Rules {
    let plenty = Rule::new(1_000_000, 1);
    Rules {
        operations_per_person: plenty,
        operations_per_address: plenty,
        sign_ins_per_address: plenty,
        pages_per_address: plenty,
    }
}

fn start() -> DateTime<Utc> {
    START.parse().expect("a constant instant")
}
