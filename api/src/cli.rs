//! The command line.

mod admin;
mod audit;
mod import;
pub mod migrate;

use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context as _;
use clap::{Parser, Subcommand};
use secrecy::ExposeSecret as _;
use tandem_domain::random::SystemRandom;
use tandem_operations::App;
use tracing_subscriber::EnvFilter;

use crate::{
    config::{self, LogFormat, Variables},
    graphql, server,
};

#[derive(Debug, Parser)]
#[command(name = "tandem-api", version, about = "The GraphQL API of Tandem.")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the API and the pages behind e-mail links.
    Serve,
    /// Bring the database's schema and reference data up to date.
    Migrate,
    /// Print the GraphQL schema.
    Schema,
    /// Print the record of processing: the tables at the end of docs/privacy.md.
    PrivacyRecord,
    /// Take over a list of offices, centres, experts or cases.
    Import(import::ImportArguments),
    /// Look after administrators.
    #[command(subcommand)]
    Admin(admin::AdminCommand),
    /// Look after the audit log.
    #[command(subcommand)]
    Audit(audit::AuditCommand),
}

/// Runs the program.
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let variables = Variables::from_environment();
    start_logging(config::log_format(&variables));
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("error: no runtime: {error}");
            return ExitCode::FAILURE;
        }
    };
    match runtime.block_on(run(arguments.command, &variables)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(command: Command, variables: &Variables) -> anyhow::Result<()> {
    match command {
        Command::Serve => server::serve(config::serve(variables)?).await,
        Command::Migrate => migrate::run(config::migration_database_url(variables)?.expose_secret()).await,
        Command::Schema => {
            print!("{}", graphql::sdl());
            Ok(())
        }
        Command::PrivacyRecord => {
            print!("{}", tandem_operations::personal_data::record());
            Ok(())
        }
        Command::Import(arguments) => import::run(arguments, &command_app(variables).await?).await,
        Command::Audit(command) => audit::run(command, &command_app(variables).await?).await,
        Command::Admin(command) => admin::run(command, &command_app(variables).await?).await,
    }
}

/// The app of a command that somebody with a shell on the server runs: it sends no links itself.
async fn command_app(variables: &Variables) -> anyhow::Result<App> {
    let db = tandem_storage::connect(
        config::database_url(variables)?.expose_secret(),
        2,
        "tandem-api command",
    )
    .await
    .context("the database of DATABASE_URL cannot be reached")?;
    let random = SystemRandom;
    let secret = (&random as &dyn tandem_domain::random::Random).secret();
    Ok(App {
        db,
        clock: config::clock(variables)?,
        random: Arc::new(random),
        links: tandem_operations::links::LinkKey::new(&secret).expect("a secret has 32 bytes"),
        public_url: "http://localhost/".parse().expect("a constant URL"),
        session_limits: tandem_domain::users::SessionLimits::default(),
    })
}

fn start_logging(format: LogFormat) {
    let filter = EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| EnvFilter::new("info,sqlx=warn,async_graphql=warn"));
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    match format {
        LogFormat::Text => builder.init(),
        LogFormat::Json => builder.json().init(),
    }
}
