//! Taking over lists that somebody has already: offices, centres, experts, cases and the official table of
//! occupations (docs/import.md).
//!
//! A list is read whole, every row is checked by the rules of the API, good rows are written and bad ones
//! reported, all in one transaction: a crash leaves nothing half done. The external id is the key, so that a
//! second import of the same list changes what differs and nothing else.

mod cases;
mod cells;
mod experts;
mod file;
mod occupations;
mod organisation;
mod report;

pub use report::{BadRow, Problem, Report};

use std::collections::HashMap;

use serde_json::json;
use tandem_domain::errors::UserError;
use tandem_domain::ids::ImportId;
use tandem_storage::PgConnection;
use tandem_storage::import::lock;

use crate::{App, Audit, Caller, Result, Who, refuse};
use cells::Row;
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
    /// The official table of KldB 2010.
    Occupations,
}

impl Kind {
    fn columns(self) -> &'static [Column] {
        match self {
            Self::Offices => organisation::OFFICE_COLUMNS,
            Self::Centers => organisation::CENTER_COLUMNS,
            Self::Experts => experts::COLUMNS,
            Self::Cases => cases::COLUMNS,
            Self::Occupations => occupations::COLUMNS,
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
    let mut tx = app.begin(caller).await?;
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
        Kind::Offices => organisation::offices(conn, app, table).await,
        Kind::Centers => organisation::centers(conn, app, table).await,
        Kind::Experts => experts::run(conn, app, table).await,
        Kind::Cases => cases::run(conn, app, table).await,
        Kind::Occupations => occupations::run(conn, table).await,
    }
}

/// Offices or centres by external id and by name; a name that several have stands for none of them.
fn by_name<T: Copy + PartialEq>(rows: Vec<(T, Option<String>, String)>) -> HashMap<String, Option<T>> {
    let mut by_name: HashMap<String, Option<T>> = HashMap::new();
    for (id, _, name) in &rows {
        by_name
            .entry(name.clone())
            .and_modify(|known| *known = None)
            .or_insert(Some(*id));
    }
    for (id, external_id, _) in rows {
        if let Some(external_id) = external_id {
            by_name.insert(external_id, Some(id));
        }
    }
    by_name
}

/// What a cell says that names something unknown or ambiguous.
fn unknown(what: &str, cell: &str, ambiguous: bool) -> String {
    match (cell, ambiguous) {
        ("", _) => format!("the {what} is missing: its external id or its name"),
        (_, true) => format!("several have the name {cell:?}: write the external id of the {what}"),
        (_, false) => format!("there is no {what} with the external id or the name {cell:?}"),
    }
}

/// The row's external id, each at most once in a list.
fn external_id(row: &mut Row<'_>, seen: &mut HashMap<String, u64>, scope: &str) -> String {
    let id = row.text("externalId").unwrap_or_default();
    if id.is_empty() {
        row.refuse("externalId", "the external id is missing: it is the key of a row");
    } else if let Some(line) = seen.insert(format!("{scope}\u{0}{id}"), row.line()) {
        row.refuse(
            "externalId",
            format!("the external id {id:?} stands on line {line} already"),
        );
    }
    id
}
