//! `tandem-worker run`: does what was promised.

use std::{sync::Arc, time::Duration};

use anyhow::Context;
use clap::{Parser, Subcommand};
use secrecy::ExposeSecret as _;
use tandem_domain::random::SystemRandom;
use tandem_mail::{SmtpMailer, SmtpOptions};
use tandem_operations::{App, deliveries::Sender};
use tandem_worker::{
    Queues,
    config::{Config, LogFormat},
    handlers::Handlers,
    serve,
};
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

/// Does the jobs of Tandem: matching runs, e-mails, sweeps.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Works until told to stop (SIGTERM, SIGINT); prints "ready" when it does.
    ///
    /// Configured by environment: DATABASE_URL, REDIS_URL, SMTP_URL, PUBLIC_URL, MAIL_FROM, LINK_SECRET or
    /// LINK_SECRET_FILE; optional are REDIS_NAMESPACE, LOG_FORMAT (text, json), RUST_LOG,
    /// WORKER_MATCHING_CONCURRENCY, WORKER_MAIL_CONCURRENCY and WORKER_LEASE_SECONDS.
    Run,
}

/// How long computations that cannot be stopped hold up the end of the program.
const LAST_WORDS: Duration = Duration::from_secs(1);

fn main() -> anyhow::Result<()> {
    // Before anything connects: rediss:// asks for the process's provider and panics without one.
    rustls::crypto::ring::default_provider()
        .install_default()
        .ok()
        .context("a TLS provider is installed already")?;
    let Command::Run = Arguments::parse().command;
    let config = Config::from_env()?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let ended = runtime.block_on(run(config));
    // What still computes after the grace was given up: its lease expires and another worker takes it.
    runtime.shutdown_timeout(LAST_WORDS);
    ended
}

async fn run(config: Config) -> anyhow::Result<()> {
    start_logging(config.log_format);
    let db = tandem_storage::connect(
        config.database_url.expose_secret(),
        config.settings.connections(),
        "tandem-worker",
    )
    .await
    .context("PostgreSQL (DATABASE_URL) cannot be reached")?;
    let queues = Queues::connect(config.redis_url.expose_secret(), &config.redis_namespace).await?;
    let app = App {
        db,
        clock: config.clock,
        random: Arc::new(SystemRandom),
        links: config.links,
        public_url: config.public_url,
        session_limits: tandem_domain::users::SessionLimits::default(),
    };
    let smtp = SmtpOptions {
        max_connections: config.settings.mail,
        ..SmtpOptions::default()
    };
    let smtp = SmtpMailer::new(config.smtp_url.expose_secret(), smtp).context("SMTP_URL")?;
    let handlers = Handlers {
        sender: Sender::new(smtp, config.mail_from),
        anchor: config.audit_anchor,
    };
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let told_to_stop = async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    };
    serve(
        app,
        queues,
        handlers.registry(),
        config.settings,
        || println!("ready"),
        told_to_stop,
    )
    .await
}

fn start_logging(format: LogFormat) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    match format {
        LogFormat::Text => lines.with_ansi(false).init(),
        LogFormat::Json => lines.json().init(),
    }
}
