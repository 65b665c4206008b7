//! `tandem-api import`.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::Context as _;
use clap::Args;
use tandem_operations::import::{Kind, Report, import};
use tandem_operations::{App, Caller, Error};

/// Takes over a list that a spreadsheet wrote (docs/import.md).
#[derive(Debug, Args)]
pub(super) struct ImportArguments {
    /// What the list is of: offices, centers, experts, cases or occupations.
    kind: Kind,
    /// The list: comma or semicolon, UTF-8 or Windows-1252, column names in the first line.
    file: PathBuf,
    /// Where rows that are refused go, with line, column and reason; beside the list where not given.
    #[arg(long)]
    error_file: Option<PathBuf>,
}

/// Imports, prints the summary, writes what was refused.
///
/// Good rows are taken over also where others are refused; the program then ends with an error that says
/// so, so that a script notices.
pub(super) async fn run(arguments: ImportArguments, app: &App) -> anyhow::Result<()> {
    let ImportArguments {
        kind,
        file,
        error_file,
    } = arguments;
    let began = Instant::now();
    let bytes = std::fs::read(&file).with_context(|| format!("{} cannot be read", file.display()))?;
    let report = match import(app, &Caller::system(), kind, &bytes).await {
        Ok(report) => report,
        Err(Error::Refused(errors)) => {
            let reasons: Vec<String> = errors.into_iter().map(|error| error.message).collect();
            anyhow::bail!("{}: nothing was imported: {}", file.display(), reasons.join("; "));
        }
        Err(error) => return Err(error).context("nothing was imported"),
    };
    println!("{report} ({:.1} s)", began.elapsed().as_secs_f64());
    if !report.ignored_columns.is_empty() {
        println!(
            "columns without a meaning here: {}",
            report.ignored_columns.join(", ")
        );
    }
    if report.bad.is_empty() {
        return Ok(());
    }
    let error_file = error_file.unwrap_or_else(|| beside(&file));
    write(&report, &error_file).with_context(|| format!("{} cannot be written", error_file.display()))?;
    anyhow::bail!(
        "{} rows were refused; {} says why. Corrected there, they can be imported from it.",
        report.bad.len(),
        error_file.display()
    )
}

fn beside(file: &Path) -> PathBuf {
    file.with_extension("errors.csv")
}

fn write(report: &Report, error_file: &Path) -> std::io::Result<()> {
    report.write_bad_rows(File::create(error_file)?)
}
