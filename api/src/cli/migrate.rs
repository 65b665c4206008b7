//! `tandem-api migrate`.

use anyhow::Context as _;
use tandem_domain::{occupations, postal_codes};
use tandem_storage::{migrations, reference};

/// Applies the migrations and brings the reference data up to date; a second run changes nothing.
pub(super) async fn run(url: &str) -> anyhow::Result<()> {
    let pool = tandem_storage::connect(url, 2, "tandem-api migrate")
        .await
        .context("the database cannot be reached")?;
    apply(&pool).await
}

/// Brings the database of a pool up to date; the pool's role owns the schema.
pub async fn apply(pool: &tandem_storage::PgPool) -> anyhow::Result<()> {
    migrations::run(pool)
        .await
        .context("the migrations cannot be applied")?;
    let mut tx = pool.begin().await?;
    let postal_codes = reference::upsert_postal_codes(&mut tx, postal_codes::builtin()).await?;
    let occupations = reference::upsert_occupations(&mut tx, occupations::builtin()).await?;
    tx.commit().await?;
    tracing::info!(postal_codes, occupations, "the database is up to date");
    Ok(())
}
