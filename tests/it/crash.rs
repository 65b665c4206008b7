//! A worker killed in the middle of a matching run: another one ends with the same plan.

use std::sync::Arc;
use std::time::Duration;

use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection, PgConnection, Row};
use tandem_devkit::processes::{Process, Program, Ready};
use tandem_devkit::programme::{Plan, generate};
use tandem_devkit::programs;
use tandem_devkit::servers::{Durability, Options, Servers};
use tandem_domain::clock::{Clock, SystemClock};
use tandem_domain::ids::RunId;
use tandem_domain::policy::{Actor, Grant};
use tandem_domain::random::SystemRandom;
use tandem_domain::users::UserInput;
use tandem_operations::import::{Kind, import};
use tandem_operations::links::LinkKey;
use tandem_operations::runs::{self, StartInput};
use tandem_operations::{App, Caller, users};
use tandem_storage::paging::Page;

const SECRET: &str = "0123456789abcdef0123456789abcdef";
/// Far longer than anything here takes, for a machine that is busy.
const PATIENCE: Duration = Duration::from_secs(120);

/// Sees and may do everything in the programme's database.
async fn superuser(servers: &Servers) -> PgConnection {
    let urls = servers.urls();
    let programme: PgConnectOptions = urls.migration_database_url.parse().expect("a URL");
    let options: PgConnectOptions = urls.admin_database_url.parse().expect("a URL");
    let database = programme.get_database().expect("the URL names a database");
    PgConnection::connect_with(&options.database(database))
        .await
        .expect("a connection")
}

/// Servers that wait for the disk, a small programme in them, and a coordinator.
struct Scene {
    servers: Servers,
    app: App,
    coordinator: Caller,
    admin: PgConnection,
    logs: tempfile::TempDir,
}

impl Scene {
    async fn start() -> Self {
        let servers = Servers::start(&Options::new(Durability::Durable))
            .await
            .expect("private servers");
        programs::migrate(servers.urls())
            .await
            .expect("a migrated database");
        let app = App {
            db: tandem_storage::connect(&servers.urls().api_database_url, 4, "crash-test")
                .await
                .expect("a pool"),
            clock: Arc::new(SystemClock),
            random: Arc::new(SystemRandom),
            links: LinkKey::new(SECRET.as_bytes()).expect("32 bytes"),
            public_url: "http://127.0.0.1:1/".parse().expect("a URL"),
            session_limits: tandem_domain::users::SessionLimits::default(),
        };
        let plan = Plan {
            experts: 800,
            cases: 200,
            seed: 7,
            day: SystemClock.today(),
        };
        for (kind, list) in generate(&plan).named() {
            let kind: Kind = kind.parse().expect("a kind of list");
            let report = import(&app, &Caller::system(), kind, list.as_bytes())
                .await
                .expect("an import");
            assert!(report.bad.is_empty(), "{report}");
        }
        let grants = [Grant::Coordinator(None)];
        let input = UserInput {
            email: "coordinator@example.org".into(),
            name: "Coordinator".into(),
            ..UserInput::default()
        };
        let user = users::create(&app, &Caller::system(), input, &grants, None)
            .await
            .expect("a user");
        let admin = superuser(&servers).await;
        Self {
            app,
            coordinator: Caller::user(Actor::new(user.id, grants.to_vec()), ""),
            admin,
            logs: tempfile::tempdir().expect("a folder"),
            servers,
        }
    }

    async fn worker(&self) -> Process {
        let urls = self.servers.urls();
        let program = Program {
            name: "worker".into(),
            path: programs::find("tandem-worker").expect("cargo xtask test has built it"),
            arguments: vec!["run".into()],
            variables: [
                ("DATABASE_URL", urls.worker_database_url.as_str()),
                ("REDIS_URL", urls.redis_url.as_str()),
                ("SMTP_URL", "smtp://127.0.0.1:9"),
                ("PROFILE", "development"),
                ("PUBLIC_URL", "http://127.0.0.1:1/"),
                ("MAIL_FROM", "tandem@example.org"),
                ("LINK_SECRET", SECRET),
                ("WORKER_LEASE_SECONDS", "2"),
            ]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into(),
            ready: Ready::Line("ready".into()),
        };
        Process::start(&program, self.logs.path())
            .await
            .expect("a worker")
    }

    async fn start_run(&self) -> RunId {
        let offices =
            tandem_operations::offices::list(&self.app, &self.coordinator, &Page::first(200), false)
                .await
                .expect("offices");
        let input = StartInput {
            offices: offices.0.rows.iter().map(|office| office.id).collect(),
            ..StartInput::default()
        };
        runs::start(&self.app, &self.coordinator, input, None)
            .await
            .expect("a run")
            .id
    }

    /// Asks again and again until it is so.
    async fn until(&mut self, what: &str, sql: &'static str) {
        let asked = tokio::time::timeout(PATIENCE, async {
            loop {
                let so: bool = sqlx::query_scalar(sql)
                    .fetch_one(&mut self.admin)
                    .await
                    .expect("an answer");
                if so {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        });
        asked
            .await
            .unwrap_or_else(|_| panic!("waited in vain until {what}"));
    }

    async fn until_ready(&mut self) {
        self.until(
            "the run is ready",
            "SELECT bool_and(state IN ('READY', 'DISCARDED')) FROM matching_runs",
        )
        .await;
    }

    /// The plan, by the names of its pairs.
    async fn plan(&mut self, run: RunId) -> Vec<(String, String, i16, i32)> {
        sqlx::query(
            "SELECT c.external_id, e.external_id, p.rank, p.score FROM proposals p
             JOIN cases c ON c.id = p.case_id JOIN experts e ON e.id = p.expert_id
             WHERE p.run_id = $1 ORDER BY 1, 3",
        )
        .bind(run.uuid())
        .fetch_all(&mut self.admin)
        .await
        .expect("a plan")
        .into_iter()
        .map(|row| (row.get(0), row.get(1), row.get(2), row.get(3)))
        .collect()
    }

    /// A run whose worker is killed as soon as it wants to write into `table`; the plan of its successor.
    async fn plan_after_a_kill_before(&mut self, lock: &'static str) -> Vec<(String, String, i16, i32)> {
        let mut gate = superuser(&self.servers).await;
        let mut gate = gate.begin().await.expect("a transaction");
        sqlx::query(lock).execute(&mut *gate).await.expect("a lock");
        let victim = self.worker().await;
        let run = self.start_run().await;
        self.until(
            "the worker waits at the lock",
            "SELECT EXISTS (SELECT FROM pg_stat_activity
             WHERE application_name = 'tandem-worker' AND wait_event_type = 'Lock'
               AND (query LIKE 'INSERT INTO matching_run_snapshots%' OR query LIKE 'INSERT INTO proposals%'))",
        )
        .await;
        victim.kill().await.expect("a killed worker");
        gate.rollback().await.expect("an open gate");
        self.until(
            "its connections are gone",
            "SELECT count(*) = 0 FROM pg_stat_activity WHERE application_name = 'tandem-worker'",
        )
        .await;
        self.until("nothing is half done", "SELECT count(*) = 0 FROM proposals")
            .await;
        let successor = self.worker().await;
        self.until_ready().await;
        let attempts: i32 = sqlx::query_scalar(
            "SELECT attempts FROM jobs WHERE kind = 'MATCHING_RUN' AND dedupe_key = 'MATCHING_RUN:' || $1",
        )
        .bind(run.to_string())
        .fetch_one(&mut self.admin)
        .await
        .expect("a job");
        assert_eq!(attempts, 2);
        successor.stop().await;
        let plan = self.plan(run).await;
        self.discard(run).await;
        plan
    }

    /// Puts the run away, and its rows, so that the next one is looked at alone.
    async fn discard(&mut self, run: RunId) {
        runs::discard(&self.app, &self.coordinator, run)
            .await
            .expect("discarded");
        sqlx::query("DELETE FROM proposals")
            .execute(&mut self.admin)
            .await
            .expect("deleted");
    }
}

#[tokio::test]
async fn a_worker_killed_in_the_middle_of_a_run_is_followed_by_another_one_with_the_same_plan() {
    let mut scene = Scene::start().await;
    let worker = scene.worker().await;
    let run = scene.start_run().await;
    scene.until_ready().await;
    worker.stop().await;
    let undisturbed = scene.plan(run).await;
    assert!(undisturbed.len() > 150, "{}", undisturbed.len());
    scene.discard(run).await;

    let before_the_snapshot = scene
        .plan_after_a_kill_before("LOCK TABLE matching_run_snapshots IN SHARE ROW EXCLUSIVE MODE")
        .await;
    assert_eq!(before_the_snapshot, undisturbed);
    let while_writing = scene
        .plan_after_a_kill_before("LOCK TABLE proposals IN SHARE ROW EXCLUSIVE MODE")
        .await;
    assert_eq!(while_writing, undisturbed);
    scene.servers.stop().await;
}
