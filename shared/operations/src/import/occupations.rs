//! The official table of KldB 2010, which operators may have and this project does not ship: it adds the
//! titles of all classes to the search, beside the catalogue of training occupations.

use std::collections::HashMap;

use tandem_domain::occupations::{KldbCode, Occupation};
use tandem_storage::{PgConnection, reference};

use super::cells::Row;
use super::file::{Column, Table, column, needed};
use super::report::BadRow;
use super::{CHUNK, Outcome};
use crate::Result;

/// Documented in docs/import.md.
pub(super) const COLUMNS: &[Column] = &[
    needed("code", &["Kode", "KldB", "KldB-Kode", "Schlüssel", "kldbCode"]),
    needed("title", &["Titel", "Bezeichnung"]),
    column("level", &["Ebene", "Gliederungsebene"]),
];

/// The digits of a group that names the occupational field.
const FIELD_DIGITS: usize = 2;

/// Rows with five digits are occupations; shorter codes are groups, of which those with two digits name the
/// occupational fields. A title that is stored already stays as it is.
pub(super) async fn run(conn: &mut PgConnection, table: &Table) -> Result<Outcome> {
    let mut outcome = Outcome::default();
    let mut titles: Vec<(KldbCode, String)> = Vec::with_capacity(table.rows.len());
    let mut seen: HashMap<KldbCode, u64> = HashMap::with_capacity(table.rows.len());
    for record in &table.rows {
        let mut row = Row::new(table, record);
        let code = match row.text("code").unwrap_or_default().parse::<KldbCode>() {
            Ok(code) => Some(code),
            Err(problem) => {
                row.refuse("code", problem.to_string());
                None
            }
        };
        if let Some(line) = code.and_then(|code| seen.insert(code, row.line())) {
            row.refuse("code", format!("this code stands on line {line} already"));
        }
        let title = row.text("title").unwrap_or_default();
        if title.is_empty() {
            row.refuse("title", "the title is missing");
        }
        match code.filter(|_| row.is_good()) {
            Some(code) => titles.push((code, title)),
            None => outcome.bad.push(BadRow {
                line: row.line(),
                problems: row.problems(),
                cells: record.cells.clone(),
            }),
        }
    }
    let fields: HashMap<KldbCode, &String> = titles
        .iter()
        .filter(|(code, _)| code.as_str().len() == FIELD_DIGITS)
        .map(|(code, title)| (*code, title))
        .collect();
    let occupations: Vec<Occupation> = titles
        .iter()
        .filter(|(code, _)| code.as_str().len() == usize::from(KldbCode::MAX_DIGITS))
        .map(|(code, title)| Occupation {
            id: format!("kldb-{code}"),
            kldb_code: *code,
            title: title.clone(),
            title_feminine: title.clone(),
            title_masculine: title.clone(),
            field: fields
                .get(&code.field())
                .map(|field| (*field).clone())
                .unwrap_or_default(),
            aliases: Vec::new(),
        })
        .collect();
    for chunk in occupations.chunks(CHUNK) {
        outcome.created += reference::upsert_occupations(conn, chunk).await? as usize;
    }
    outcome.unchanged = titles.len().saturating_sub(outcome.created);
    Ok(outcome)
}
