//! The catalogue of training occupations: public facts, for who is signed in.

use async_graphql::{Context, Object, SimpleObject};
use tandem_domain::occupations::Occupation as Row;
use tandem_operations::occupations;

use super::{app, caller, error::bad_input};

/// At most so many occupations of one search.
const MOST: i32 = 50;
/// So many where none are asked for.
const USUAL: i32 = 10;

/// An occupation of the catalogue, for which one can train in Germany.
#[derive(Debug, Clone, SimpleObject)]
pub struct Occupation {
    /// Its key in the catalogue, which never changes, as "kaufmann-im-einzelhandel".
    key: String,
    /// The five digits of the German classification of occupations (KldB 2010). Several occupations may
    /// share one.
    kldb_code: String,
    /// Both genders in one, as "Kaufmann/-frau im Einzelhandel".
    title: String,
    /// The feminine form.
    title_feminine: String,
    /// The masculine form.
    title_masculine: String,
    /// The occupational field, in German.
    field: String,
    /// Everyday, former and abbreviated names.
    aliases: Vec<String>,
}

impl From<Row> for Occupation {
    fn from(row: Row) -> Self {
        Self {
            key: row.id,
            kldb_code: row.kldb_code.into(),
            title: row.title,
            title_feminine: row.title_feminine,
            title_masculine: row.title_masculine,
            field: row.field,
            aliases: row.aliases,
        }
    }
}

fn size(first: Option<i32>) -> async_graphql::Result<usize> {
    let first = first.unwrap_or(USUAL);
    if (1..=MOST).contains(&first) {
        Ok(first.unsigned_abs() as usize)
    } else {
        Err(bad_input(format!(
            "first is {first}, but a search gives 1 to {MOST} occupations"
        )))
    }
}

/// Queries for occupations.
#[derive(Default)]
pub struct OccupationQuery;

#[Object]
impl OccupationQuery {
    /// The training occupations that answer a text best, the best first; for a field that completes what
    /// is typed. Typing errors, umlauts and gender forms are forgiven.
    #[graphql(complexity = "1 + first.unwrap_or(10).clamp(1, 50) as usize * child_complexity")]
    async fn occupations(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "A name or a part of one, or the first two digits or more of a KldB 2010 code.")]
        search: String,
        #[graphql(desc = "At most so many: 1 to 50, 10 where it is not given.")] first: Option<i32>,
    ) -> async_graphql::Result<Vec<Occupation>> {
        caller(ctx)?;
        let found = occupations::search(app(ctx), &search, size(first)?).await?;
        Ok(found.into_iter().map(|(_, row)| row.into()).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_for_a_million_occupations_is_refused_with_what_would_be_right() {
        let error = size(Some(1_000_000)).unwrap_err();
        assert!(error.message.contains("1 to 50"), "{}", error.message);
        assert!(size(Some(0)).is_err());
        assert!(size(Some(-1)).is_err());
        assert_eq!(size(None).unwrap(), 10);
    }
}
