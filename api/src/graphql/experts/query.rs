//! Reading experts: one, lists, the neighbourhood of a place.

use async_graphql::{Context, ID, Object, SimpleObject};
use tandem_domain::errors::UserError;
use tandem_operations::{
    Error,
    experts::{self, ListFilter},
};
use tandem_storage::experts::Key;
use uuid::Uuid;

use super::Expert;
use super::input::{ExpertFilter, ExpertNearInput, ExpertOrder};
use crate::graphql::{
    app, caller,
    connection::{Connection, connection_with, cost, page, wants_total},
    error::{bad_input, refused, visible},
    ids,
};

/// What the edge of an expert has besides Relay's fields.
#[derive(Debug, Clone, Copy, SimpleObject)]
pub struct Distance {
    /// How far the expert lives from the place that the list is near to, as the crow flies, in kilometres;
    /// null where it is near to none.
    pub distance_km: Option<f64>,
}

/// A page of a list of experts.
pub type ExpertConnection = Connection<Expert, Distance>;

/// The arguments of a page, as they came.
struct Paging {
    first: Option<i32>,
    after: Option<String>,
    last: Option<i32>,
    before: Option<String>,
}

/// The argument that a refused value came in, out of the path of a filter's field.
fn argument(mut refusal: UserError, near: &str) -> UserError {
    if refusal.field == "filter.text" {
        refusal.field = "search".to_owned();
    } else if let Some(rest) = refusal.field.strip_prefix("filter.near") {
        refusal.field = format!("{near}{rest}");
    }
    refusal
}

/// A page of experts; `near` is the path of the argument that names a neighbourhood.
async fn found(
    ctx: &Context<'_>,
    filter: ListFilter,
    order: Option<ExpertOrder>,
    paging: Paging,
    near: &str,
) -> async_graphql::Result<ExpertConnection> {
    let page = page::<(i64, String, Uuid)>(paging.first, paging.after, paging.last, paging.before)?;
    let page = page.map(|(number, text, id)| Key {
        number,
        text,
        id: id.into(),
    });
    let order = order.map(Into::into);
    let result = experts::list(app(ctx), caller(ctx)?, filter, order, &page, wants_total(ctx)).await;
    let (slice, total) = match result {
        Err(Error::Refused(errors)) => {
            let errors: Vec<UserError> = errors
                .into_iter()
                .map(|refusal| argument(refusal, near))
                .collect();
            return Err(refused(&errors));
        }
        result => result?,
    };
    Ok(connection_with(slice, total, |(found, expert)| {
        let key = (found.key.number, found.key.text, found.key.id.uuid());
        // coordinates are those of postal codes: more digits would say more than is known
        let distance_km = found
            .distance_m
            .map(|metres| (f64::from(metres) / 100.0).round() / 10.0);
        (key, Expert(expert), Distance { distance_km })
    }))
}

/// Queries for experts.
#[derive(Default)]
pub struct ExpertQuery;

#[Object]
impl ExpertQuery {
    /// One expert; null where the expert is not there or you may not see the expert. Staff's reading is
    /// recorded.
    async fn expert(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The expert.")] id: ID,
    ) -> async_graphql::Result<Option<Expert>> {
        let (app, caller) = (app(ctx), caller(ctx)?);
        let found = experts::get(app, caller, ids::parse("id", &id)?).await;
        Ok(visible(found)?.map(Expert))
    }

    /// The experts that you may see. Without `orderBy` the best answer to `search` comes first, else the
    /// nearest, else by name.
    #[graphql(complexity = "cost(first, last, child_complexity)")]
    async fn experts(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Narrows the list.")] filter: Option<ExpertFilter>,
        #[graphql(
            desc = "Words to be found in names, place, occupations and interests; typing errors are forgiven."
        )]
        search: Option<String>,
        #[graphql(desc = "What the list is sorted by.")] order_by: Option<ExpertOrder>,
        #[graphql(desc = "The first so many, at most 200.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "The last so many, at most 200.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
    ) -> async_graphql::Result<ExpertConnection> {
        let filter = filter.unwrap_or_default().check(search);
        let filter = filter.map_err(|errors| refused(&errors))?;
        let paging = Paging {
            first,
            after,
            last,
            before,
        };
        found(ctx, filter, order_by, paging, "filter.near").await
    }

    /// The experts around a service centre or a postal code, the nearest first; the edges tell how far.
    #[graphql(complexity = "cost(first, last, child_complexity)")]
    async fn experts_nearby(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Around what, and how far.")] near: ExpertNearInput,
        #[graphql(desc = "Narrows the list further; its own `near` is not allowed here.")] filter: Option<
            ExpertFilter,
        >,
        #[graphql(desc = "The first so many, at most 200.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "The last so many, at most 200.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
    ) -> async_graphql::Result<ExpertConnection> {
        let filter = filter.unwrap_or_default();
        if filter.near.is_some() {
            return Err(bad_input("filter.near: give the neighbourhood once, as near"));
        }
        let mut filter = filter.check(None).map_err(|errors| refused(&errors))?;
        filter.near = Some(near.check("near")?);
        let paging = Paging {
            first,
            after,
            last,
            before,
        };
        found(ctx, filter, None, paging, "near").await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_names_the_argument_as_the_client_gave_it() {
        let of = |field: &str, near| argument(UserError::invalid(field, "wrong"), near).field;
        assert_eq!(of("filter.text", "filter.near"), "search");
        assert_eq!(of("filter.near.radiusKm", "near"), "near.radiusKm");
        assert_eq!(of("filter.near.radiusKm", "filter.near"), "filter.near.radiusKm");
        assert_eq!(of("filter.language", "near"), "filter.language");
    }
}
