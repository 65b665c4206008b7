//! Finds or installs PostgreSQL and Redis and starts private instances of them.
//!
//! Private means: own data, own free loopback port, own random passwords, an unprivileged user when this
//! process is root. Nothing that already runs on the machine is needed or touched. The servers stop and
//! their data go when [`Servers`] is dropped, and also when this process dies.

mod docker;
mod find;
mod folder;
mod install;
mod postgres;
mod redis;

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Result, bail};

use self::folder::PrivateFolder;
use self::install::Missing;
use self::postgres::Postgres;
use self::redis::Redis;
use crate::keeper::Keeper;

const START_DEADLINE: Duration = Duration::from_secs(60);
/// Tries with another free port each, in case somebody takes one between its choice and its use.
const START_TRIES: u32 = 5;
/// Marks a folder whose data somebody wants to keep.
const KEPT: &str = "kept";

/// Whether what PostgreSQL has committed survives a crash of the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// As in production. For the demo, benchmarks and crash tests.
    Durable,
    /// Without waiting for the disk. For tests only.
    Fast,
}

/// How servers are started.
#[derive(Debug, Clone)]
pub struct Options {
    /// Whether to wait for the disk.
    pub durability: Durability,
    /// Folder below which the servers' data are kept, normally `target/servers`.
    pub folder: PathBuf,
    /// Leaves the data in place when the servers stop.
    pub keep: bool,
}

impl Options {
    /// Data below the build's target folder, removed at the end.
    pub fn new(durability: Durability) -> Self {
        Self {
            durability,
            folder: target_folder().join("servers"),
            keep: false,
        }
    }
}

/// Where the servers are: complete connection URLs with passwords.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerUrls {
    /// A superuser, for tests that create databases of their own.
    pub admin_database_url: String,
    /// The role `tandem_owner`, which owns the database and migrates it.
    pub migration_database_url: String,
    /// The role `tandem_api`.
    pub api_database_url: String,
    /// The role `tandem_worker`.
    pub worker_database_url: String,
    /// The Redis database.
    pub redis_url: String,
}

impl ServerUrls {
    /// The environment variables that name these servers to commands. `DATABASE_URL` is the api's.
    pub fn variables(&self) -> Vec<(&'static str, &str)> {
        vec![
            ("TANDEM_TEST_ADMIN_DATABASE_URL", &self.admin_database_url),
            ("MIGRATION_DATABASE_URL", &self.migration_database_url),
            ("DATABASE_URL", &self.api_database_url),
            ("WORKER_DATABASE_URL", &self.worker_database_url),
            ("REDIS_URL", &self.redis_url),
        ]
    }
}

/// Running servers, or the ones that the environment names. Dropping it stops the private ones.
#[derive(Debug)]
pub struct Servers {
    urls: ServerUrls,
    // Dropped in this order: servers first, then their data.
    postgres: Option<Postgres>,
    redis: Option<Redis>,
    folder: Option<PrivateFolder>,
}

impl Servers {
    /// Uses the servers that `DATABASE_URL` and `REDIS_URL` name and starts private ones for what is
    /// not set. Beside `DATABASE_URL`, the variables `MIGRATION_DATABASE_URL`, `WORKER_DATABASE_URL` and
    /// `TANDEM_TEST_ADMIN_DATABASE_URL` name further roles of the same server; without them one role
    /// does everything.
    pub async fn from_env_or_start(options: &Options) -> Result<Self> {
        let read = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        Self::start_missing(options, External::from(read)).await
    }

    /// Starts private servers, whatever the environment says.
    pub async fn start(options: &Options) -> Result<Self> {
        Self::start_missing(options, External::default()).await
    }

    /// Where the servers are.
    pub fn urls(&self) -> &ServerUrls {
        &self.urls
    }

    /// The folder of the private servers' data and logs, if there are any.
    pub fn folder(&self) -> Option<&Path> {
        self.folder.as_ref().map(PrivateFolder::path)
    }

    /// Process id of the private PostgreSQL, for tests that kill it.
    pub fn postgres_pid(&self) -> Option<i32> {
        self.postgres
            .as_ref()
            .map(|postgres| postgres.keeper().pid().as_raw())
    }

    /// Process id of the private Redis, for tests that kill it.
    pub fn redis_pid(&self) -> Option<i32> {
        self.redis.as_ref().map(|redis| redis.keeper().pid().as_raw())
    }

    /// Returns when a private server has ended by itself, with its name and last words; never for
    /// servers that the environment names.
    pub async fn failure(&self) -> String {
        let ended = async |keeper: Option<&Keeper>| match keeper {
            Some(keeper) => {
                keeper.ended().await;
                format!(
                    "{} has ended. Its last words:\n{}",
                    keeper.name(),
                    keeper.last_words()
                )
            }
            None => std::future::pending().await,
        };
        tokio::select! {
            failure = ended(self.postgres.as_ref().map(Postgres::keeper)) => failure,
            failure = ended(self.redis.as_ref().map(Redis::keeper)) => failure,
        }
    }

    /// Stops the private servers in order, both at once. Dropping does the same, but holds up the
    /// current thread.
    pub async fn stop(mut self) {
        let mut keepers: Vec<&mut Keeper> = Vec::new();
        keepers.extend(self.postgres.as_mut().map(Postgres::keeper_mut));
        keepers.extend(self.redis.as_mut().map(Redis::keeper_mut));
        for keeper in &mut keepers {
            keeper.ask_to_end();
        }
        for keeper in keepers {
            keeper.stop().await;
        }
    }

    async fn start_missing(options: &Options, external: External) -> Result<Self> {
        if let (Some(database), Some(redis_url)) = (external.database.clone(), external.redis.clone()) {
            let urls = database.with_redis(redis_url);
            return Ok(Self {
                urls,
                postgres: None,
                redis: None,
                folder: None,
            });
        }
        std::fs::create_dir_all(&options.folder).ok();
        folder::sweep(&options.folder);
        let sources = Sources::find(external.database.is_none(), external.redis.is_none())?;
        let run_as = folder::unprivileged_user()?;
        let folder = PrivateFolder::create(&options.folder, run_as, options.keep)?;
        if options.keep {
            std::fs::write(
                folder.path().join(KEPT),
                "These data are kept on request; remove the folder at will.\n",
            )?;
        }
        let start_postgres = async {
            match &sources.postgres {
                Some(source) => Postgres::start(source, &folder, run_as, options.durability, options.keep)
                    .await
                    .map(Some),
                None => Ok(None),
            }
        };
        let start_redis = async {
            match &sources.redis {
                Some(source) => Redis::start(source, &folder, run_as, options.keep)
                    .await
                    .map(Some),
                None => Ok(None),
            }
        };
        let (postgres, redis) = tokio::try_join!(start_postgres, start_redis)?;
        let redis_url = external
            .redis
            .or_else(|| redis.as_ref().map(|redis| redis.url().to_owned()));
        let database = match (&postgres, external.database) {
            (Some(postgres), _) => {
                let urls = postgres.bootstrap().await?;
                ExternalDatabase {
                    admin: urls.admin,
                    migration: urls.migration,
                    api: urls.api,
                    worker: urls.worker,
                }
            }
            (None, Some(database)) => database,
            (None, None) => unreachable!("a database that is not named is started"),
        };
        let urls = database.with_redis(redis_url.expect("a Redis that is not named is started"));
        Ok(Self {
            urls,
            postgres,
            redis,
            folder: Some(folder),
        })
    }
}

/// Servers named by the environment.
#[derive(Debug, Default)]
struct External {
    database: Option<ExternalDatabase>,
    redis: Option<String>,
}

#[derive(Debug, Clone)]
struct ExternalDatabase {
    admin: String,
    migration: String,
    api: String,
    worker: String,
}

impl External {
    fn from(read: impl Fn(&str) -> Option<String>) -> Self {
        let database = read("DATABASE_URL").map(|api| {
            let migration = read("MIGRATION_DATABASE_URL").unwrap_or_else(|| api.clone());
            ExternalDatabase {
                admin: read("TANDEM_TEST_ADMIN_DATABASE_URL").unwrap_or_else(|| migration.clone()),
                worker: read("WORKER_DATABASE_URL").unwrap_or_else(|| api.clone()),
                migration,
                api,
            }
        });
        Self {
            database,
            redis: read("REDIS_URL"),
        }
    }
}

impl ExternalDatabase {
    fn with_redis(self, redis_url: String) -> ServerUrls {
        ServerUrls {
            admin_database_url: self.admin,
            migration_database_url: self.migration,
            api_database_url: self.api,
            worker_database_url: self.worker,
            redis_url,
        }
    }
}

/// Where each server that is to be started comes from.
#[derive(Debug)]
struct Sources {
    postgres: Option<postgres::Source>,
    redis: Option<redis::Source>,
}

impl Sources {
    fn find(with_postgres: bool, with_redis: bool) -> Result<Self> {
        let look = || Found {
            postgres: with_postgres.then(find::postgres).flatten(),
            redis: with_redis.then(find::redis).flatten(),
        };
        let mut found = look();
        let mut missing = found.missing(with_postgres, with_redis);
        if !missing.is_empty() && install::possible() {
            install::install(&missing, tempfile::NamedTempFile::new()?.path())?;
            found = look();
            missing = found.missing(with_postgres, with_redis);
        }
        if !missing.is_empty() && !docker::answers() {
            bail!(install::how_to(&missing));
        }
        let postgres = || {
            found
                .postgres
                .map_or(postgres::Source::Docker, postgres::Source::Installed)
        };
        let redis = || {
            found
                .redis
                .map_or(redis::Source::Docker, redis::Source::Installed)
        };
        Ok(Self {
            postgres: with_postgres.then(postgres),
            redis: with_redis.then(redis),
        })
    }
}

/// What is installed of what is wanted.
struct Found {
    postgres: Option<find::PostgresPrograms>,
    redis: Option<PathBuf>,
}

impl Found {
    fn missing(&self, with_postgres: bool, with_redis: bool) -> Vec<Missing> {
        let postgres = (with_postgres && self.postgres.is_none()).then_some(Missing::Postgres);
        let redis = (with_redis && self.redis.is_none()).then_some(Missing::Redis);
        postgres.into_iter().chain(redis).collect()
    }
}

/// The folder that cargo builds into, judged by where this program is; the system's temporary folder for
/// a program that was installed elsewhere.
pub fn target_folder() -> PathBuf {
    let program = std::env::current_exe().unwrap_or_default();
    let marked = program
        .ancestors()
        .find(|folder| folder.join("CACHEDIR.TAG").is_file());
    marked.map_or_else(|| std::env::temp_dir().join("tandem-devkit"), Path::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn external(variables: &[(&str, &str)]) -> External {
        External::from(|name| {
            variables
                .iter()
                .find(|(key, _)| *key == name)
                .map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn a_single_database_url_serves_all_roles() {
        let database = external(&[("DATABASE_URL", "a")]).database.unwrap();
        let urls = database.with_redis("r".to_owned());
        let all = [
            &urls.admin_database_url,
            &urls.migration_database_url,
            &urls.worker_database_url,
        ];
        assert_eq!(all, ["a", "a", "a"]);
    }

    #[test]
    fn each_role_can_be_named() {
        let named = [
            ("DATABASE_URL", "a"),
            ("MIGRATION_DATABASE_URL", "m"),
            ("WORKER_DATABASE_URL", "w"),
            ("TANDEM_TEST_ADMIN_DATABASE_URL", "s"),
            ("REDIS_URL", "r"),
        ];
        let external = external(&named);
        let urls = external.database.unwrap().with_redis(external.redis.unwrap());
        let mut variables = urls.variables();
        variables.sort_unstable();
        let mut expected = named;
        expected.sort_unstable();
        assert_eq!(variables, expected);
    }

    #[test]
    fn without_variables_everything_is_started() {
        let external = external(&[]);
        assert!(external.database.is_none() && external.redis.is_none());
    }
}
