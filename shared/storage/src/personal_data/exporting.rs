//! Exporting: what the catalogue says is about a person, as JSON.

use serde_json::{Map, Value};
use sqlx::{AssertSqlSafe, PgConnection};
use uuid::Uuid;

use super::{Subject, TABLES, Whose};
use crate::Result;

/// Everything about a person: the name of each table with the person's rows. What a row says about
/// somebody else is left out.
pub async fn export(conn: &mut PgConnection, subject: Subject, id: Uuid) -> Result<Map<String, Value>> {
    let mut found = Map::new();
    for table in TABLES {
        let Some(condition) = table.rows_of(subject) else {
            continue;
        };
        let columns: Vec<&str> = table
            .fields()
            .filter(|(_, group)| group.whose == Whose::Nobody || subject.reaches(group.whose))
            // secrets are nobody's to read, and bytes say nothing in JSON
            .filter(|(column, _)| {
                !column.ends_with("_hash")
                    && !matches!(
                        *column,
                        "salt" | "detail_commitment" | "bytes" | "content" | "search_text" | "sort_name"
                    )
            })
            .map(|(column, _)| column)
            .collect();
        // nothing but constants of the catalogue
        let sql = format!(
            "SELECT COALESCE(jsonb_agg(to_jsonb(found)), '[]') FROM (SELECT {} FROM {} WHERE {condition}) AS found",
            columns.join(", "),
            table.name,
        );
        let rows: Value = sqlx::query_scalar(AssertSqlSafe(sql))
            .bind(id)
            .fetch_one(&mut *conn)
            .await?;
        if rows.as_array().is_some_and(|rows| !rows.is_empty()) {
            found.insert(table.name.to_owned(), rows);
        }
    }
    Ok(found)
}
