//! Taking over lists that somebody has already: offices, centres, experts, cases (docs/import.md).
//!
//! A list is read whole, every row is checked by the rules of the API, good rows are written and bad ones
//! reported, all in one transaction: a crash leaves nothing half done. The external id is the key, so that a
//! second import of the same list changes what differs and nothing else.

mod cells;
mod experts;
mod file;
mod report;

pub use report::{BadRow, Problem, Report};

use serde_json::json;
use tandem_domain::errors::UserError;
use tandem_domain::ids::ImportId;
use tandem_storage::PgConnection;
use tandem_storage::import::lock;

use crate::{App, Audit, Caller, Result, Who, refuse};
use file::{Column, Table};

/// So many rows are written by one statement.
const CHUNK: usize = 5_000;

/// What a list is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::Display, strum::EnumString, strum::VariantArray)]
#[strum(serialize_all = "lowercase")]
pub enum Kind {
    /// Regional offices.
    Offices,
    /// Service centres.
    Centers,
    /// Senior Experts, with their checks and trainings.
    Experts,
    /// Mentees with their cases.
    Cases,
}

impl Kind {
    fn columns(self) -> &'static [Column] {
        match self {
            Self::Experts => experts::COLUMNS,
            _ => &[],
        }
    }
}

/// What a list's rows came to.
#[derive(Debug, Default)]
struct Outcome {
    created: usize,
    updated: usize,
    unchanged: usize,
    bad: Vec<BadRow>,
    /// What happened to whom.
    trace: Vec<Audit>,
}

/// Takes over the list in `bytes`. For the system alone: it writes across all offices.
///
/// # Errors
/// A refusal under the field `file` where the file as a whole cannot be used; then nothing is written.
pub async fn import(app: &App, caller: &Caller, kind: Kind, bytes: &[u8]) -> Result<Report> {
    if caller.who != Who::System {
        return refuse(UserError::forbidden(
            "lists are imported on the server's command line",
        ));
    }
    let table = file::read(bytes, kind.columns()).map_err(|problem| UserError::invalid("file", problem))?;
    let mut tx = app.begin().await?;
    lock(&mut tx).await?;
    let outcome = rows(&mut tx, app, kind, &table).await?;
    let report = Report {
        kind,
        created: outcome.created,
        updated: outcome.updated,
        unchanged: outcome.unchanged,
        bad: outcome.bad,
        ignored_columns: table.ignored,
        headers: table.headers,
        separator: table.separator,
    };
    let whole = Audit::new("list.imported", app.id::<ImportId>()).detail(json!({
        "list": kind.to_string(),
        "created": report.created,
        "updated": report.updated,
        "unchanged": report.unchanged,
        "refused": report.bad.len(),
    }));
    app.audit(&mut tx, caller, &[whole]).await?;
    for trace in outcome.trace.chunks(CHUNK) {
        app.audit(&mut tx, caller, trace).await?;
    }
    tx.commit().await?;
    Ok(report)
}

async fn rows(conn: &mut PgConnection, app: &App, kind: Kind, table: &Table) -> Result<Outcome> {
    match kind {
        Kind::Experts => experts::run(conn, app, table).await,
        _ => Ok(Outcome::default()),
    }
}
