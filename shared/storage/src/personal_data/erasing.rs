//! Erasing: every table of the catalogue, in one transaction.

use sqlx::{AssertSqlSafe, PgConnection};
use uuid::Uuid;

use super::{Purpose, Subject, TABLES, Table, Then};
use crate::Result;

/// Erases a person from every table; how many rows of each were erased or emptied.
///
/// What is left is the row with its key, which is a pseudonym from now on, and the coarse facts.
pub async fn erase(conn: &mut PgConnection, subject: Subject, id: Uuid) -> Result<Vec<(&'static str, u64)>> {
    run(conn, subject, id, |_| true).await
}

/// Erases the free text of a case and of its matches.
pub async fn erase_free_text(conn: &mut PgConnection, case: Uuid) -> Result<Vec<(&'static str, u64)>> {
    run(conn, Subject::Case, case, |purpose| purpose == Purpose::FreeText).await
}

async fn run(
    conn: &mut PgConnection,
    subject: Subject,
    id: Uuid,
    wanted: fn(Purpose) -> bool,
) -> Result<Vec<(&'static str, u64)>> {
    let mut receipt = Vec::new();
    // the rows below first: their conditions look at the rows above
    for table in TABLES.iter().rev() {
        let Some(sql) = statement(table, subject, wanted) else {
            continue;
        };
        // nothing but constants of the catalogue
        let done = sqlx::query(AssertSqlSafe(sql))
            .bind(id)
            .execute(&mut *conn)
            .await?;
        if done.rows_affected() > 0 {
            receipt.push((table.name, done.rows_affected()));
        }
    }
    Ok(receipt)
}

fn statement(table: &Table, subject: Subject, wanted: fn(Purpose) -> bool) -> Option<String> {
    let condition = table.rows_of(subject)?;
    let name = table.name;
    if table.gone_with.contains(&subject) {
        return Some(format!("DELETE FROM {name} WHERE {condition}"));
    }
    let set: Vec<String> = table
        .fields()
        .filter(|(_, group)| subject.reaches(group.whose) && wanted(group.purpose))
        .filter_map(|(column, group)| {
            let value = match group.then {
                Then::Stay | Then::Apart(_) => return None,
                Then::Null => "NULL",
                Then::Empty => "''",
                Then::To(expression) => expression,
            };
            Some(format!("{column} = {value}"))
        })
        .collect();
    (!set.is_empty()).then(|| format!("UPDATE {name} SET {} WHERE {condition}", set.join(", ")))
}
