//! What a mentee is told of who comes, besides the name.

use sqlx::PgConnection;
use tandem_domain::ids::ExpertId;

use crate::Result;

/// What an expert is to somebody whom the expert will meet.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WhoComes {
    /// Former occupations, the most important first.
    pub work: Vec<String>,
    /// Codes of the languages that the expert speaks.
    pub languages: Vec<String>,
}

/// Reads it.
pub async fn who_comes(conn: &mut PgConnection, id: ExpertId) -> Result<WhoComes> {
    let work = sqlx::query_scalar!(
        "SELECT label FROM expert_occupations WHERE expert_id = $1 AND kind = 'OCCUPATION' ORDER BY position",
        id.uuid(),
    )
    .fetch_all(&mut *conn)
    .await?;
    let languages = sqlx::query_scalar!(
        "SELECT language FROM expert_languages WHERE expert_id = $1 ORDER BY language",
        id.uuid(),
    )
    .fetch_all(conn)
    .await?;
    Ok(WhoComes { work, languages })
}
