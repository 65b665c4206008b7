//! Applying the migrations, and knowing whether they were.

use sqlx::{AssertSqlSafe, Executor, PgConnection, PgPool};

use crate::{MIGRATIONS, Result};

/// Applies what is missing. The connections belong to the role that owns the schema.
pub async fn run(pool: &PgPool) -> Result<()> {
    MIGRATIONS.run(pool).await?;
    // A constant text; the table is made by the migrator itself, so no migration can grant on it.
    pool.execute(AssertSqlSafe(
        "GRANT SELECT ON _sqlx_migrations TO tandem_api, tandem_worker",
    ))
    .await?;
    Ok(())
}

/// Whether every migration that this program was built with was applied.
pub async fn are_applied(conn: &mut PgConnection) -> Result<bool> {
    // Not a checked query: the table does not exist while queries are checked.
    let applied: Vec<i64> = sqlx::query_scalar("SELECT version FROM _sqlx_migrations WHERE success")
        .fetch_all(conn)
        .await?;
    Ok(MIGRATIONS
        .iter()
        .all(|migration| applied.contains(&migration.version)))
}
