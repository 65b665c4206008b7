//! A private Redis, without persistence.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use nix::sys::signal::Signal;

use super::folder::{PrivateFolder, write_private};
use super::{START_DEADLINE, START_TRIES, docker};
use crate::keeper::{Keeper, RunAs, Spec};
use crate::{ports, secret};

const POLL: Duration = Duration::from_millis(20);

/// How Redis comes onto this machine.
#[derive(Debug, Clone)]
pub(crate) enum Source {
    Installed(PathBuf),
    Docker,
}

/// A running private server. Stops on drop.
#[derive(Debug)]
pub(crate) struct Redis {
    keeper: Keeper,
    url: String,
}

impl Redis {
    pub(crate) async fn start(
        source: &Source,
        folder: &PrivateFolder,
        run_as: Option<RunAs>,
        keep: bool,
    ) -> Result<Self> {
        let run_as = run_as.filter(|_| matches!(source, Source::Installed(_)));
        let home = folder.subfolder("redis", run_as)?;
        let password = secret::generate();
        let mut tries = 0;
        loop {
            tries += 1;
            let port = ports::free()?;
            let keeper = Keeper::start(spec(source, &home, port, &password, run_as, keep)?)?;
            let redis = Self {
                keeper,
                url: format!("redis://:{password}@127.0.0.1:{port}/0"),
            };
            match redis.wait_until_ready().await {
                Ok(()) => return Ok(redis),
                // Somebody took the port in the meantime.
                Err(_) if tries < START_TRIES && redis.keeper.has_ended() => {}
                Err(error) => return Err(error),
            }
        }
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    pub(crate) fn keeper(&self) -> &Keeper {
        &self.keeper
    }

    pub(crate) fn keeper_mut(&mut self) -> &mut Keeper {
        &mut self.keeper
    }

    async fn wait_until_ready(&self) -> Result<()> {
        let deadline = Instant::now() + START_DEADLINE;
        let client = ::redis::Client::open(self.url.as_str())?;
        loop {
            if self.keeper.has_ended() {
                bail!(
                    "Redis ended while starting. Its last words:\n{}",
                    self.keeper.last_words()
                );
            }
            match ping(&client).await {
                Ok(()) => return Ok(()),
                Err(_) if Instant::now() < deadline => tokio::time::sleep(POLL).await,
                Err(error) => {
                    bail!(
                        "Redis did not become ready ({error}). Its last words:\n{}",
                        self.keeper.last_words()
                    )
                }
            }
        }
    }
}

async fn ping(client: &::redis::Client) -> ::redis::RedisResult<()> {
    let mut connection = client.get_multiplexed_async_connection().await?;
    ::redis::cmd("PING").query_async(&mut connection).await
}

fn spec(
    source: &Source,
    home: &Path,
    port: u16,
    password: &str,
    run_as: Option<RunAs>,
    keep: bool,
) -> Result<Spec> {
    let mut env = Vec::new();
    let command = match source {
        Source::Installed(server) => {
            let configuration = home.join("redis.conf");
            write_private(&configuration, &configure(home, port, password), run_as)?;
            vec![server.into(), configuration.into()]
        }
        Source::Docker => {
            env.push(("REDIS_PASSWORD".to_owned(), password.to_owned()));
            let start = "exec redis-server --save '' --appendonly no --requirepass \"$REDIS_PASSWORD\"";
            let arguments = ["sh", "-c", start].map(str::to_owned);
            docker::run(docker::REDIS_IMAGE, port, 6379, &["REDIS_PASSWORD"], &arguments)
        }
    };
    Ok(Spec {
        name: "redis".to_owned(),
        command: command as Vec<OsString>,
        env,
        directory: home.to_owned(),
        log: home.join("redis.log"),
        run_as,
        orderly: Signal::SIGTERM,
        abandoned: Signal::SIGKILL,
        remove: (!keep).then(|| home.to_owned()),
        grace: Duration::from_secs(10),
    })
}

/// The password stands in a file that only the server's user can read, not on the command line.
fn configure(home: &Path, port: u16, password: &str) -> String {
    let home = home.display();
    format!(
        "bind 127.0.0.1\nport {port}\nrequirepass {password}\nsave \"\"\nappendonly no\ndaemonize no\n\
         dir \"{home}\"\npidfile \"{home}/redis.pid\"\nmaxmemory-policy noeviction\n"
    )
}
