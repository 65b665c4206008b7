//! Lists of experts: filters as they are typed, text search, the neighbourhood of a place.

use tandem_domain::errors::{Problems, UserError};
use tandem_domain::experts::{ExpertState, TRAVEL_RADIUS_KM, in_range, search_words};
use tandem_domain::geo::distance_m;
use tandem_domain::ids::{CenterId, ExpertId, OfficeId};
use tandem_domain::occupations::KldbCode;
use tandem_domain::policy::{Action, Decision, Resource, Scope};
use tandem_domain::postal_codes::{self, PostalCode};
use tandem_domain::values::{Language, SupportArea};
use tandem_storage::experts::{self, Expert, ExpertFilter, Found, Key, Near, Order, Readiness, TextSearch};
use tandem_storage::paging::{Page, Slice};

use crate::occupations::place;
use crate::{App, Caller, Error, Result, centers, refuse};

/// Around what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NearPlace {
    /// A service centre (S19).
    Center(CenterId),
    /// A postal code, as it was typed.
    PostalCode(String),
}

/// The neighbourhood of a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NearInput {
    /// Around what.
    pub place: NearPlace,
    /// Kilometres.
    pub radius_km: i64,
}

/// Narrows a list of experts; what is not given narrows nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ListFilter {
    /// Of these offices.
    pub offices: Option<Vec<OfficeId>>,
    /// In one of these states.
    pub states: Option<Vec<ExpertState>>,
    /// The postal code begins so: one to five digits.
    pub postal_code_prefix: Option<String>,
    /// The KldB code of an occupation or interest begins so: one to five digits.
    pub occupation_code_prefix: Option<String>,
    /// Speaks this language (ISO 639).
    pub language: Option<String>,
    /// Offers this area.
    pub support_area: Option<SupportArea>,
    /// Readiness today.
    pub readiness: Option<Readiness>,
    /// Paused today, or not.
    pub paused: Option<bool>,
    /// Free text over names, place, occupations and interests.
    pub text: Option<String>,
    /// The neighbourhood of a place.
    pub near: Option<NearInput>,
}

/// An expert of a list.
pub type Row = (Found, Expert);

/// The experts that the caller may see and that the filter leaves, and how many they are where `total` is
/// wanted. Without an order the best answer to the text comes first, else the nearest, else by name.
pub async fn list(
    app: &App,
    caller: &Caller,
    filter: ListFilter,
    order: Option<Order>,
    page: &Page<Key>,
    total: bool,
) -> Result<(Slice<Row>, Option<i64>)> {
    let scope = caller.scope(Action::ViewExpert);
    let inquisitive = filter.states.is_some() || filter.readiness.is_some() || filter.paused.is_some();
    if inquisitive && !sees_as_office(&scope) {
        // why somebody is or is not available stays inside the offices (L)
        return refuse(UserError::forbidden(
            "only offices can filter by state, readiness and pauses",
        ));
    }
    let order = match order {
        Some(Order::Relevance) if filter.text.is_none() => {
            return refuse(UserError::invalid(
                "orderBy",
                "RELEVANCE needs a text to search for",
            ));
        }
        Some(Order::Distance) if filter.near.is_none() => {
            return refuse(UserError::invalid(
                "orderBy",
                "DISTANCE needs a place to be near to",
            ));
        }
        Some(order) => order,
        None if filter.text.is_some() => Order::Relevance,
        None if filter.near.is_some() => Order::Distance,
        None => Order::Name,
    };
    let near = match &filter.near {
        Some(near) => Some(reached(app, caller, near).await?),
        None => None,
    };
    let shape = [
        ("offices", filter.offices.is_some()),
        ("states", filter.states.is_some()),
        ("postalCodePrefix", filter.postal_code_prefix.is_some()),
        ("occupationCodePrefix", filter.occupation_code_prefix.is_some()),
        ("language", filter.language.is_some()),
        ("supportArea", filter.support_area.is_some()),
        ("readiness", filter.readiness.is_some()),
        ("paused", filter.paused.is_some()),
        ("text", filter.text.is_some()),
        ("near", filter.near.is_some()),
    ];
    let filter = checked(filter, near)?;
    let today = app.today();
    let mut conn = app.begin(caller).await?;
    let found = experts::list(&mut conn, &scope, &filter, order, today, page).await?;
    let ids: Vec<ExpertId> = found.rows.iter().map(|found| found.key.id).collect();
    let mut rows = experts::by_ids(&mut conn, &ids).await?;
    rows.sort_unstable_by_key(|expert| expert.id);
    let total = if total {
        Some(experts::count(&mut conn, &scope, &filter, today).await?)
    } else {
        None
    };
    app.listed(conn, caller, "experts.listed", &shape).await?;
    // Who vanished between the two statements is no longer shown.
    let slice = Slice {
        rows: found
            .rows
            .into_iter()
            .filter_map(|found| {
                let position = rows
                    .binary_search_by_key(&found.key.id, |expert| expert.id)
                    .ok()?;
                Some((found, rows[position].clone()))
            })
            .collect(),
        has_next: found.has_next,
        has_previous: found.has_previous,
    };
    Ok((slice, total))
}

fn sees_as_office(scope: &Scope) -> bool {
    scope.everything || !scope.offices.is_empty()
}

fn checked(filter: ListFilter, near: Option<Near>) -> Result<ExpertFilter> {
    let mut problems = Problems::new();
    if let Some(prefix) = &filter.postal_code_prefix
        && (prefix.is_empty() || prefix.len() > 5 || !prefix.bytes().all(|digit| digit.is_ascii_digit()))
    {
        problems.invalid(
            "filter.postalCodePrefix",
            "the beginning of a postal code must have 1 to 5 digits",
        );
    }
    let code = filter
        .occupation_code_prefix
        .as_deref()
        .map(KldbCode::parse)
        .transpose();
    let code = problems.take("filter.occupationCodePrefix", code);
    let language = filter.language.as_deref().map(str::parse::<Language>).transpose();
    let language = problems.take("filter.language", language);
    let words = filter.text.as_deref().map(search_words);
    if words.as_ref().is_some_and(Vec::is_empty) {
        problems.invalid(
            "filter.text",
            "the text to search for must contain a letter or a digit",
        );
    }
    let filter = code.zip(language).map(|(code, language)| ExpertFilter {
        offices: filter.offices,
        states: filter.states,
        postal_code_prefix: filter.postal_code_prefix,
        occupation_prefix: code.map(String::from),
        language,
        support_area: filter.support_area,
        readiness: filter.readiness,
        paused: filter.paused,
        text: words.map(|words| TextSearch { words }),
        near,
    });
    problems.finish(filter).map_err(Error::from)
}

async fn reached(app: &App, caller: &Caller, near: &NearInput) -> Result<Near> {
    let radius_km = in_range("radius in km", near.radius_km, &TRAVEL_RADIUS_KM)
        .map_err(|problem| UserError::invalid("filter.near.radiusKm", problem))?;
    let code = match &near.place {
        NearPlace::Center(id) => {
            let mut conn = app.acquire(caller).await?;
            let center = centers::require(&mut conn, *id, "filter.near.centerId").await?;
            let resource = Resource::center(*id, center.office_id);
            if caller.can(Action::ViewCenter, &resource) != Decision::Allowed {
                return refuse(UserError::not_found("filter.near.centerId", "service centre"));
            }
            center.profile.postal_code
        }
        NearPlace::PostalCode(text) => {
            tandem_domain::experts::check_postal_code(text, crate::occupations::exists)
                .map_err(|problem| UserError::invalid("filter.near.postalCode", problem))?
        }
    };
    Ok(Near {
        reached: around(code, radius_km as u32 * 1000),
    })
}

/// The postal codes within a radius, with their distance in metres.
fn around(code: PostalCode, radius_m: u32) -> Vec<(PostalCode, u32)> {
    let Some(middle) = place(code) else {
        return Vec::new();
    };
    postal_codes::builtin()
        .iter()
        .map(|place| {
            (
                place.postal_code,
                distance_m(middle.coordinates, place.coordinates),
            )
        })
        .filter(|(_, metres)| *metres <= radius_m)
        .collect()
}
