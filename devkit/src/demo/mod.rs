//! `cargo xtask demo`: the whole product with a believable programme in it, from nothing.

mod client;
mod progress;
mod scenario;
mod staff;
mod weeks;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use chrono::NaiveDate;
use tandem_domain::clock::{Clock, SystemClock};

use crate::programme::{Plan, generate, split};
use crate::servers::{self, Durability};
use crate::signals::Requests;
use crate::stack::{self, Stack};

/// What to show.
#[derive(Debug, Clone, clap::Args)]
pub struct Options {
    /// End after the main job; the last line is JSON.
    #[arg(long)]
    pub once: bool,
    /// Leave the data in place at the end.
    #[arg(long)]
    pub keep: bool,
    /// Number of experts to invent.
    #[arg(long, default_value_t = 12_000, value_name = "N")]
    pub experts: u32,
    /// Number of cases to invent.
    #[arg(long, default_value_t = 3_000, value_name = "N")]
    pub cases: u32,
    /// The same seed invents the same programme.
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub seed: u64,
    /// Experts of your own instead of invented ones.
    #[arg(long, value_name = "FILE")]
    pub experts_csv: Option<PathBuf>,
    /// Cases of your own instead of invented ones.
    #[arg(long, value_name = "FILE")]
    pub cases_csv: Option<PathBuf>,
    /// Service centres of your own instead of invented ones.
    #[arg(long, value_name = "FILE")]
    pub centers_csv: Option<PathBuf>,
}

/// Starts everything, shows it, and cleans up at Ctrl-C.
pub async fn run(options: Options) -> Result<()> {
    let mut requests = Requests::listen()?;
    options.check()?;
    // Whatever has been started when the request comes is dropped with this future, in order.
    tokio::select! {
        _ = requests.next() => Ok(()),
        outcome = start_and_show(&options) => outcome,
    }
}

impl Options {
    /// Files are looked for before anything is started.
    fn check(&self) -> Result<()> {
        for file in [&self.experts_csv, &self.cases_csv, &self.centers_csv]
            .into_iter()
            .flatten()
        {
            if !file.is_file() {
                bail!("{} is not a file that can be read", file.display());
            }
        }
        Ok(())
    }

    fn stack(&self) -> stack::Options {
        stack::Options {
            servers: servers::Options {
                keep: self.keep,
                ..servers::Options::new(Durability::Durable)
            },
            api_port: Some(4000),
            inbox_port: Some(8025),
            // Not even SMTP_URL may send a demo's mails to people.
            smtp_url: None,
            clock_shift: if self.has_past() {
                weeks::shift(0)
            } else {
                chrono::Duration::zero()
            },
        }
    }

    fn plan(&self, day: NaiveDate) -> Plan {
        Plan {
            experts: self.experts as usize,
            cases: self.cases as usize,
            seed: self.seed,
            day,
        }
    }

    /// An invented programme begins four weeks ago; a list of one's own tells of today.
    fn has_past(&self) -> bool {
        self.experts_csv.is_none() && self.cases_csv.is_none() && self.centers_csv.is_none()
    }
}

/// So many cases are there from the beginning, four weeks ago; the others come in a list of today.
const EARLY_CASES: usize = 60;

/// The lists to import when the programme begins, each with its kind, in the order of their import: invented
/// ones, or the caller's own instead.
fn programme_files(options: &Options, folder: &Path) -> Result<Vec<(&'static str, PathBuf)>> {
    let mut lists = generate(&options.plan(if options.has_past() {
        weeks::day(0)
    } else {
        SystemClock.today()
    }));
    if options.has_past() {
        lists.cases = split(&lists.cases, EARLY_CASES).0;
    }
    lists
        .write(folder)
        .context("the invented programme cannot be written")?;
    let own = |kind: &str| match kind {
        "centers" => options.centers_csv.clone(),
        "experts" => options.experts_csv.clone(),
        "cases" => options.cases_csv.clone(),
        _ => None,
    };
    let files = lists.named().map(|(kind, _)| {
        let invented = || folder.join(format!("{kind}.csv"));
        (kind, own(kind).unwrap_or_else(invented))
    });
    Ok(files.into())
}

/// The list of the cases that come today.
fn cases_of_today(options: &Options, folder: &Path) -> Result<PathBuf> {
    let cases = split(&generate(&options.plan(SystemClock.today())).cases, EARLY_CASES).1;
    let file = folder.join("cases-of-today.csv");
    std::fs::write(&file, cases).context("the invented cases cannot be written")?;
    Ok(file)
}

async fn start_and_show(options: &Options) -> Result<()> {
    eprintln!("Starting PostgreSQL, Redis, the mail catcher, the api and the worker …");
    let mut stack = Stack::start(&options.stack()).await?;
    scenario::fill(&stack, options).await?;
    staff::hire(&stack).await?;
    if options.has_past() {
        weeks::live(&mut stack).await?;
        scenario::fill_up(&stack, options).await?;
    }
    let outcome = tokio::select! {
        outcome = scenario::play(&stack) => outcome?,
        failure = stack.failure() => bail!(failure),
    };
    if !options.once {
        tokio::select! {
            () = stay(&stack, options) => {}
            failure = stack.failure() => bail!(failure),
        }
    }
    let kept = stack.servers().folder().map(Path::to_owned);
    stack.stop().await;
    if options.once {
        tell_kept(options, kept.as_deref());
        println!("{}", serde_json::to_string(&outcome)?);
    }
    Ok(())
}

/// Says where everything is and stays up.
async fn stay(stack: &Stack, options: &Options) {
    println!("API explorer  {}/graphql", stack.api_url());
    println!("Mailbox       {}", stack.catcher().http_url());
    println!("Logs          {}", stack.logs().display());
    tell_kept(options, stack.servers().folder());
    println!("Ctrl-C ends it.");
    std::future::pending::<()>().await;
}

fn tell_kept(options: &Options, folder: Option<&Path>) {
    if let (true, Some(folder)) = (options.keep, folder) {
        println!("Data          {} (kept)", folder.display());
    }
}
