//! The catalogue of training occupations, and postal codes: public facts, for who is signed in.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tandem_domain::errors::UserError;
use tandem_domain::occupations::{self, Occupation};
use tandem_domain::postal_codes::{self, Place, PostalCode};
use tokio::sync::RwLock;

use crate::{App, Caller, Result, refuse};

/// An operator's import of other titles is seen after this time at the latest.
const FRESH: Duration = Duration::from_mins(10);

/// The catalogue, read from the database once in a while and not for every search.
static CATALOGUE: RwLock<Option<(Instant, Arc<Vec<Occupation>>)>> = RwLock::const_new(None);

/// The catalogue of training occupations, by rising id.
pub async fn catalogue(app: &App) -> Result<Arc<Vec<Occupation>>> {
    if let Some((read, catalogue)) = &*CATALOGUE.read().await
        && read.elapsed() < FRESH
    {
        return Ok(Arc::clone(catalogue));
    }
    let mut conn = app.acquire(&Caller::nobody()).await?;
    let catalogue = Arc::new(tandem_storage::occupations::all(&mut conn).await?);
    // A database that is not filled yet is asked again.
    if !catalogue.is_empty() {
        *CATALOGUE.write().await = Some((Instant::now(), Arc::clone(&catalogue)));
    }
    Ok(catalogue)
}

/// The occupations that answer a query best, the best first, with their scores (up to 1000); typing errors,
/// umlauts and gender forms are forgiven.
pub async fn search(app: &App, query: &str, first: usize) -> Result<Vec<(u16, Occupation)>> {
    const LONGEST: usize = 200;
    if query.chars().count() > LONGEST {
        return refuse(UserError::invalid(
            "search",
            format!("the search text must have at most {LONGEST} characters"),
        ));
    }
    let catalogue = catalogue(app).await?;
    let found = occupations::search(&catalogue, query, first);
    Ok(found
        .into_iter()
        .map(|(score, occupation)| (score, occupation.clone()))
        .collect())
}

/// The place of a postal code; none where no such postal code exists in Germany.
pub fn place(code: PostalCode) -> Option<&'static Place> {
    postal_codes::find(postal_codes::builtin(), code)
}

/// Whether a postal code exists; what every draft is validated with.
pub fn exists(code: &PostalCode) -> bool {
    place(*code).is_some()
}
