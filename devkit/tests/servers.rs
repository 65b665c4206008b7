//! Private servers on this machine, from their start to the last trace of them.

use std::path::Path;

use sqlx::{Connection, PgConnection};
use tandem_devkit::servers::{Durability, Options, Servers};

fn options(folder: &Path, durability: Durability) -> Options {
    Options {
        durability,
        folder: folder.to_owned(),
        keep: false,
    }
}

fn is_alive(pid: i32) -> bool {
    nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid), None).is_ok()
}

async fn setting(url: &str, name: &str) -> String {
    let mut connection = PgConnection::connect(url).await.unwrap();
    let query = sqlx::query_scalar::<_, String>("SELECT current_setting($1)");
    query.bind(name).fetch_one(&mut connection).await.unwrap()
}

#[tokio::test]
async fn private_servers_work_for_every_role_and_leave_no_process_and_no_data() {
    let folder = tempfile::tempdir().unwrap();
    let servers = Servers::start(&options(folder.path(), Durability::Fast))
        .await
        .unwrap();
    let urls = servers.urls().clone();

    let mut owner = PgConnection::connect(&urls.migration_database_url).await.unwrap();
    for statement in [
        "CREATE EXTENSION pg_trgm",
        "CREATE TABLE things (name text)",
        "GRANT SELECT ON things TO tandem_worker",
    ] {
        sqlx::raw_sql(statement).execute(&mut owner).await.unwrap();
    }
    let mut worker = PgConnection::connect(&urls.worker_database_url).await.unwrap();
    sqlx::raw_sql("SELECT * FROM things")
        .execute(&mut worker)
        .await
        .unwrap();
    let mut api = PgConnection::connect(&urls.api_database_url).await.unwrap();
    sqlx::raw_sql("SELECT * FROM things")
        .execute(&mut api)
        .await
        .unwrap_err();
    sqlx::raw_sql("CREATE TABLE mine (name text)")
        .execute(&mut api)
        .await
        .unwrap_err();
    let lower: String = sqlx::query_scalar("SELECT lower('ÄÖÜ')")
        .fetch_one(&mut api)
        .await
        .unwrap();
    assert_eq!(lower, "äöü");
    assert_eq!(setting(&urls.admin_database_url, "fsync").await, "off");

    let client = redis::Client::open(urls.redis_url.as_str()).unwrap();
    let mut redis = client.get_multiplexed_async_connection().await.unwrap();
    let () = redis::cmd("SET")
        .arg("a")
        .arg(1)
        .query_async(&mut redis)
        .await
        .unwrap();
    let stranger = urls.redis_url.split('@').nth(1).unwrap();
    let client = redis::Client::open(format!("redis://{stranger}")).unwrap();
    let refused = async {
        let mut connection = client.get_multiplexed_async_connection().await?;
        redis::cmd("GET")
            .arg("a")
            .query_async::<Option<i32>>(&mut connection)
            .await
    };
    refused.await.unwrap_err();

    let pids = [servers.postgres_pid().unwrap(), servers.redis_pid().unwrap()];
    let data = servers.folder().unwrap().to_owned();
    assert!(pids.into_iter().all(is_alive) && data.exists());
    // The sessions are still open: stopping must not wait for them.
    servers.stop().await;
    assert!(!pids.into_iter().any(is_alive));
    assert!(!data.exists());
}

#[tokio::test]
async fn durable_servers_wait_for_the_disk_and_dropping_them_stops_them() {
    let folder = tempfile::tempdir().unwrap();
    let servers = Servers::start(&options(folder.path(), Durability::Durable))
        .await
        .unwrap();
    let url = &servers.urls().admin_database_url;
    assert_eq!(setting(url, "fsync").await, "on");
    assert_eq!(setting(url, "synchronous_commit").await, "on");
    let (pids, data) = (
        [servers.postgres_pid().unwrap(), servers.redis_pid().unwrap()],
        servers.folder().unwrap().to_owned(),
    );
    drop(servers);
    assert!(!pids.into_iter().any(is_alive) && !data.exists());
}

#[tokio::test]
async fn a_server_that_dies_is_reported_with_its_last_words() {
    let folder = tempfile::tempdir().unwrap();
    let servers = Servers::start(&options(folder.path(), Durability::Fast))
        .await
        .unwrap();
    let redis = nix::unistd::Pid::from_raw(servers.redis_pid().unwrap());
    nix::sys::signal::kill(redis, nix::sys::signal::Signal::SIGTERM).unwrap();
    let failure = servers.failure().await;
    assert!(failure.starts_with("redis has ended"), "{failure}");
}

#[tokio::test]
async fn kept_data_stay_where_they_are() {
    let folder = tempfile::tempdir().unwrap();
    let options = Options {
        keep: true,
        ..options(folder.path(), Durability::Fast)
    };
    let servers = Servers::start(&options).await.unwrap();
    let data = servers.folder().unwrap().to_owned();
    servers.stop().await;
    assert!(data.join("postgres/data/PG_VERSION").exists());
    std::fs::remove_dir_all(data).unwrap();
}
