//! Exporting: what the catalogue says is about a person, as JSON.

use serde_json::Value;
use sqlx::{AssertSqlSafe, PgConnection};
use uuid::Uuid;

use super::{Subject, Table, Whose};
use crate::Result;

/// A person's rows of a table. What a row says about somebody else is left out.
pub async fn export(
    conn: &mut PgConnection,
    table: &Table,
    subject: Subject,
    id: Uuid,
) -> Result<Vec<Value>> {
    let Some(condition) = table.rows_of(subject) else {
        return Ok(Vec::new());
    };
    let columns: Vec<&str> = table
        .fields()
        .filter(|(_, group)| group.whose == Whose::Nobody || subject.reaches(group.whose))
        // secrets are nobody's to read, and bytes say nothing in JSON
        .filter(|(column, _)| {
            !column.ends_with("_hash")
                && !matches!(
                    *column,
                    "salt"
                        | "detail_commitment"
                        | "bytes"
                        | "content"
                        | "report"
                        | "search_text"
                        | "sort_name"
                )
        })
        .map(|(column, _)| column)
        .collect();
    // nothing but constants of the catalogue
    let sql = format!(
        "SELECT to_jsonb(found) FROM (SELECT {} FROM {} WHERE {condition}) AS found",
        columns.join(", "),
        table.name,
    );
    Ok(sqlx::query_scalar(AssertSqlSafe(sql))
        .bind(id)
        .fetch_all(conn)
        .await?)
}
