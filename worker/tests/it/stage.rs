//! A database of its own for each test, and handlers that leave a trace in it.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use chrono::{DateTime, Utc};
use sqlx::{
    AssertSqlSafe, Connection, Executor, PgConnection, PgPool,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use tandem_domain::{
    clock::{Clock, ManualClock, SystemClock},
    ids::{DeliveryId, JobId},
    random::SystemRandom,
};
use tandem_operations::{
    App, Caller,
    jobs::{self, Job, JobContext, JobError},
    links::LinkKey,
};
use tandem_storage::jobs::{Job as Row, find};
use tandem_worker::Queues;
use tokio::sync::OnceCell;

/// When tests with a clock of their own begin.
pub(crate) const START: &str = "2026-11-23T07:00:00Z";

static TEMPLATE: OnceCell<String> = OnceCell::const_new();
static COUNT: AtomicU32 = AtomicU32::new(0);

pub(crate) fn env(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set: run cargo xtask test"))
}

pub(crate) fn admin_options() -> PgConnectOptions {
    env("TANDEM_TEST_ADMIN_DATABASE_URL")
        .parse()
        .expect("TANDEM_TEST_ADMIN_DATABASE_URL is an address")
}

async fn admin() -> PgConnection {
    PgConnection::connect_with(&admin_options())
        .await
        .expect("PostgreSQL can be reached")
}

async fn execute(conn: &mut PgConnection, sql: String) {
    conn.execute(sqlx::raw_sql(AssertSqlSafe(sql)))
        .await
        .expect("a statement of the tests works");
}

/// A migrated database that the others are copies of.
async fn template() -> &'static str {
    TEMPLATE
        .get_or_init(|| async {
            let name = format!("tandem_worker_test_{}", std::process::id());
            let mut admin = admin().await;
            execute(&mut admin, format!("DROP DATABASE IF EXISTS {name}")).await;
            execute(&mut admin, format!("CREATE DATABASE {name}")).await;
            let mut conn = PgConnection::connect_with(&admin_options().database(&name))
                .await
                .unwrap();
            tandem_storage::MIGRATIONS
                .run(&mut conn)
                .await
                .expect("the migrations apply");
            let effects =
                "CREATE TABLE effects (job uuid NOT NULL, attempt integer NOT NULL, what text NOT NULL);
                           GRANT SELECT, INSERT ON effects TO tandem_worker";
            execute(&mut conn, effects.to_owned()).await;
            conn.close().await.unwrap();
            name
        })
        .await
}

/// A pool as the worker's own role, so that its rights are tested as well.
pub(crate) async fn worker_pool(database: &str) -> PgPool {
    let options = admin_options()
        .database(database)
        .options([("role", "tandem_worker")]);
    PgPoolOptions::new()
        .max_connections(24)
        .connect_with(options)
        .await
        .expect("the test's database can be reached")
}

pub(crate) fn app(db: PgPool, clock: Arc<dyn Clock>) -> App {
    App {
        db,
        clock,
        random: Arc::new(SystemRandom),
        links: LinkKey::new(&[7; 32]).unwrap(),
        public_url: "http://localhost:8080".parse().unwrap(),
        session_limits: tandem_domain::users::SessionLimits::default(),
    }
}

/// One test's world.
pub(crate) struct Stage {
    pub(crate) app: App,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) database: String,
}

impl Stage {
    /// With a clock that moves only when told to.
    pub(crate) async fn new() -> Self {
        let database = format!("{}_{}", template().await, COUNT.fetch_add(1, Ordering::Relaxed));
        let mut admin = admin().await;
        execute(&mut admin, format!("DROP DATABASE IF EXISTS {database}")).await;
        execute(
            &mut admin,
            format!("CREATE DATABASE {database} TEMPLATE {}", template().await),
        )
        .await;
        let clock = Arc::new(ManualClock::at(START.parse().unwrap()));
        let app = app(worker_pool(&database).await, clock.clone());
        Self { app, clock, database }
    }

    /// With the machine's clock, for tests in which real workers work.
    pub(crate) async fn in_real_time() -> Self {
        let mut stage = Self::new().await;
        stage.app.clock = Arc::new(SystemClock);
        stage
    }

    pub(crate) async fn close(self) {
        self.app.db.close().await;
        execute(
            &mut admin().await,
            format!("DROP DATABASE {} WITH (FORCE)", self.database),
        )
        .await;
    }

    pub(crate) async fn conn(&self) -> PgConnection {
        self.app.db.acquire().await.unwrap().detach()
    }

    /// A queue of its own in Redis.
    pub(crate) async fn queues(&self) -> Queues {
        Queues::connect(&env("REDIS_URL"), &self.database).await.unwrap()
    }

    /// Promises `count` e-mails in one transaction.
    pub(crate) async fn promise_mails(&self, count: usize) -> Vec<JobId> {
        let mails: Vec<Job> = (0..count)
            .map(|_| Job::SendEmail {
                delivery: self.app.id::<DeliveryId>(),
            })
            .collect();
        self.promise(&mails).await
    }

    pub(crate) async fn promise(&self, promised: &[Job]) -> Vec<JobId> {
        let mut tx = self.app.begin(&Caller::system()).await.unwrap();
        let ids = jobs::enqueue(&mut tx, &self.app, promised).await.unwrap();
        tx.commit().await.unwrap();
        ids
    }

    pub(crate) async fn job(&self, id: JobId) -> Row {
        find(&mut self.conn().await, id)
            .await
            .unwrap()
            .expect("the job is in the ledger")
    }

    /// Moves the clock past a job's backoff.
    pub(crate) async fn wait_for(&self, id: JobId) {
        let wait = self.job(id).await.run_at - self.app.now();
        self.clock.advance(wait.max(chrono::Duration::zero()));
    }

    /// How often each job had its effect, in all.
    pub(crate) async fn effects(&self) -> Vec<i64> {
        sqlx::query_scalar("SELECT count(*) FROM effects WHERE what = 'done' GROUP BY job")
            .fetch_all(&self.app.db)
            .await
            .unwrap()
    }

    /// The attempts at which a job did something.
    pub(crate) async fn attempts_that(&self, what: &str) -> Vec<i32> {
        sqlx::query_scalar("SELECT attempt FROM effects WHERE what = $1 ORDER BY attempt")
            .bind(what)
            .fetch_all(&self.app.db)
            .await
            .unwrap()
    }

    /// Waits until no job is open, for at most a minute.
    pub(crate) async fn until_all_done(&self) {
        self.until("SELECT NOT EXISTS (SELECT FROM jobs WHERE state <> 'DONE')")
            .await;
    }

    /// Waits until a question is answered with true, for at most a minute.
    pub(crate) async fn until(&self, question: &'static str) {
        let asking = async {
            let mut pause = tokio::time::interval(Duration::from_millis(20));
            loop {
                pause.tick().await;
                let answer: Option<bool> = sqlx::query_scalar(question)
                    .fetch_one(&self.app.db)
                    .await
                    .unwrap();
                if answer == Some(true) {
                    return;
                }
            }
        };
        if tokio::time::timeout(Duration::from_secs(60), asking)
            .await
            .is_err()
        {
            let states: Vec<(String, i64)> =
                sqlx::query_as("SELECT state, count(*) FROM jobs GROUP BY state")
                    .fetch_all(&self.app.db)
                    .await
                    .unwrap();
            panic!("not within a minute: {question}; jobs: {states:?}");
        }
    }
}

/// Leaves a trace of an attempt.
pub(crate) async fn effect(app: &App, context: &JobContext, what: &str) -> Result<(), JobError> {
    sqlx::query("INSERT INTO effects (job, attempt, what) VALUES ($1, $2, $3)")
        .bind(context.id.uuid())
        .bind(context.attempt)
        .bind(what)
        .execute(&app.db)
        .await
        .map_err(|error| JobError::Retry(error.to_string()))?;
    Ok(())
}

pub(crate) fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}
