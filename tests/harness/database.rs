//! A database of its own for each test: a copy of a template that is migrated once.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::atomic::{AtomicU32, Ordering};

use sqlx::{
    AssertSqlSafe, Connection, Executor, PgConnection, PgPool,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use tandem_domain::{occupations, postal_codes};
use tokio::sync::OnceCell;

/// Names the making of templates among PostgreSQL's advisory locks.
const LOCK: i64 = 0x7461_6e64_656d_7470;

static TEMPLATE: OnceCell<String> = OnceCell::const_new();
static COUNT: AtomicU32 = AtomicU32::new(0);

/// A variable that `cargo xtask test` sets.
///
/// # Panics
/// Where it is not set.
pub fn env(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set: run cargo xtask test"))
}

fn options() -> PgConnectOptions {
    env("TANDEM_TEST_ADMIN_DATABASE_URL")
        .parse()
        .expect("TANDEM_TEST_ADMIN_DATABASE_URL is a URL")
}

async fn connect(options: &PgConnectOptions) -> PgConnection {
    PgConnection::connect_with(options)
        .await
        .expect("PostgreSQL can be reached")
}

async fn execute(conn: &mut PgConnection, sql: String) {
    conn.execute(sqlx::raw_sql(AssertSqlSafe(sql)))
        .await
        .expect("a statement of the harness works");
}

/// The template for exactly these migrations and reference data. It stays: the next run finds it.
async fn template() -> &'static str {
    TEMPLATE
        .get_or_init(|| async {
            let mut hasher = DefaultHasher::new();
            for migration in tandem_storage::MIGRATIONS.iter() {
                (migration.version, &migration.checksum).hash(&mut hasher);
            }
            format!("{:?}", postal_codes::builtin()).hash(&mut hasher);
            format!("{:?}", occupations::builtin()).hash(&mut hasher);
            let name = format!("tandem_template_{:016x}", hasher.finish());

            let mut admin = connect(&options()).await;
            // several test programs may begin at the same moment
            sqlx::query("SELECT pg_advisory_lock($1)")
                .bind(LOCK)
                .execute(&mut admin)
                .await
                .expect("an advisory lock");
            let ready: bool = sqlx::query_scalar(
                "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1 AND datistemplate)",
            )
            .bind(&name)
            .fetch_one(&mut admin)
            .await
            .expect("the list of databases");
            if !ready {
                execute(&mut admin, format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await;
                execute(&mut admin, format!("CREATE DATABASE {name}")).await;
                let pool = PgPoolOptions::new()
                    .max_connections(1)
                    .connect_with(options().database(&name))
                    .await
                    .expect("the template can be reached");
                tandem_api::cli::migrate::apply(&pool)
                    .await
                    .expect("the migrations apply");
                pool.close().await;
                execute(&mut admin, format!("ALTER DATABASE {name} WITH IS_TEMPLATE true")).await;
            }
            // closing the connection gives the lock back
            admin.close().await.expect("a connection can be closed");
            name
        })
        .await
}

/// A test's database; it goes when this is dropped, unless TANDEM_TEST_KEEP is set.
#[derive(Debug)]
pub struct Database {
    name: String,
}

impl Database {
    /// A fresh copy of the template.
    pub async fn create() -> Self {
        let template = template().await;
        let name = format!(
            "tandem_test_{}_{}",
            std::process::id(),
            COUNT.fetch_add(1, Ordering::Relaxed)
        );
        let mut admin = connect(&options()).await;
        execute(&mut admin, format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await;
        execute(&mut admin, format!("CREATE DATABASE {name} TEMPLATE {template}")).await;
        Self { name }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// A pool that has the rights of this role and no others.
    pub async fn pool(&self, role: &str) -> PgPool {
        PgPoolOptions::new()
            .max_connections(12)
            .connect_with(tandem_storage::with_lock_timeout(
                options().database(&self.name).options([("role", role)]),
                tandem_storage::LOCK_TIMEOUT,
            ))
            .await
            .expect("the test's database can be reached")
    }

    /// A connection that may do everything.
    pub async fn superuser(&self) -> PgConnection {
        connect(&options().database(&self.name)).await
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if std::env::var_os("TANDEM_TEST_KEEP").is_some() {
            eprintln!("the database {} is kept", self.name);
            return;
        }
        let sql = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name);
        // a runtime of its own, since the test's cannot be waited for here
        let dropped = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()?;
            runtime.block_on(async {
                let mut admin = PgConnection::connect_with(&options()).await?;
                admin.execute(sqlx::raw_sql(AssertSqlSafe(sql))).await?;
                Ok::<_, anyhow::Error>(())
            })
        });
        if !matches!(dropped.join(), Ok(Ok(()))) {
            eprintln!("the database {} could not be dropped", self.name);
        }
    }
}
