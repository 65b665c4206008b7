//! Regional offices.

use std::collections::HashMap;

use async_graphql::{Context, ID, InputObject, Object, dataloader::Loader};
use chrono::{DateTime, Utc};
use tandem_domain::{
    ids::OfficeId,
    offices::{Office, OfficeInput},
};
use tandem_operations::offices;
use tandem_storage::offices::Key;

use super::{
    app, caller,
    connection::{Connection, connection, cost, page, wants_total},
    ids,
    loaders::{LoadError, Loaders, loader},
    payload::{payload, settle, settle_with_current},
    scalars::{Email, PostalCode},
};

/// One of the programme's regional offices: it owns its experts and serves its centres.
#[derive(Debug, Clone)]
pub struct RegionalOffice(pub Office);

impl From<Office> for RegionalOffice {
    fn from(office: Office) -> Self {
        Self(office)
    }
}

impl RegionalOffice {
    /// The office, through the request's loader.
    pub async fn load(ctx: &Context<'_>, id: OfficeId) -> async_graphql::Result<Option<Self>> {
        Ok(loader(ctx)?.load_one(id).await?.map(Self))
    }
}

impl Loader<OfficeId> for Loaders {
    type Value = Office;
    type Error = LoadError;

    async fn load(&self, keys: &[OfficeId]) -> Result<HashMap<OfficeId, Office>, LoadError> {
        let offices = offices::by_ids(&self.app, &self.caller, keys).await?;
        Ok(offices.into_iter().map(|office| (office.id, office)).collect())
    }
}

/// One of the programme's regional offices: it owns its experts and serves its centres.
#[Object]
impl RegionalOffice {
    /// The global id.
    pub(crate) async fn id(&self) -> ID {
        ids::global(self.0.id)
    }

    /// The key in the list that it came from.
    async fn external_id(&self) -> Option<&str> {
        self.0.external_id.as_deref()
    }

    /// The name.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// Where it is.
    async fn postal_code(&self) -> PostalCode {
        self.0.postal_code.into()
    }

    /// The shared mailbox.
    async fn email(&self) -> Email {
        self.0.email.clone().into()
    }

    /// The telephone number that e-mails name.
    async fn phone(&self) -> &str {
        &self.0.phone
    }

    /// The human being that e-mails name.
    async fn contact_name(&self) -> &str {
        &self.0.contact_name
    }

    /// Grows by one with each change; send it with an update to notice a change by somebody else.
    async fn version(&self) -> i64 {
        self.0.version
    }

    /// When it was created.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }

    /// When it was last changed.
    async fn updated_at(&self) -> DateTime<Utc> {
        self.0.updated_at
    }
}

/// The details of a regional office.
#[derive(Debug, InputObject)]
pub struct RegionalOfficeInput {
    /// The key in the list that it came from.
    pub external_id: Option<String>,
    /// The name.
    pub name: String,
    /// Where it is.
    pub postal_code: String,
    /// The shared mailbox.
    pub email: String,
    /// The telephone number that e-mails name.
    pub phone: String,
    /// The human being that e-mails name.
    pub contact_name: String,
}

impl From<RegionalOfficeInput> for OfficeInput {
    fn from(input: RegionalOfficeInput) -> Self {
        Self {
            external_id: input.external_id,
            name: input.name,
            postal_code: input.postal_code,
            email: input.email,
            phone: input.phone,
            contact_name: input.contact_name,
        }
    }
}

payload! {
    /// The answer to `createRegionalOffice`.
    CreateRegionalOfficePayload {
        /// The new office.
        regional_office: RegionalOffice,
    }
}

payload! {
    /// The answer to `updateRegionalOffice`.
    UpdateRegionalOfficePayload {
        /// The office as it is now, after a conflict as well.
        regional_office: RegionalOffice,
    }
}

/// Queries for regional offices.
#[derive(Default)]
pub struct OfficeQuery;

#[Object]
impl OfficeQuery {
    /// The regional offices, by name.
    #[graphql(complexity = "cost(first, last, child_complexity)")]
    async fn regional_offices(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The first so many, at most 200.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "The last so many, at most 200.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
    ) -> async_graphql::Result<Connection<RegionalOffice>> {
        let page = page::<Key>(first, after, last, before)?;
        let (slice, total) = offices::list(app(ctx), caller(ctx)?, &page, wants_total(ctx)).await?;
        Ok(connection(slice, total, |office: &Office| {
            (office.name.clone(), office.id.uuid())
        }))
    }
}

/// Mutations of regional offices.
#[derive(Default)]
pub struct OfficeMutation;

#[Object]
impl OfficeMutation {
    /// Creates a regional office. For administrators.
    async fn create_regional_office(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The details.")] input: RegionalOfficeInput,
        #[graphql(desc = "The same key twice is one effect.")] idempotency_key: Option<String>,
    ) -> async_graphql::Result<CreateRegionalOfficePayload> {
        settle(offices::create(app(ctx), caller(ctx)?, input.into(), idempotency_key.as_deref()).await)
    }

    /// Changes a regional office. For administrators.
    async fn update_regional_office(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The office.")] id: ID,
        #[graphql(desc = "The version that you read; a stale one is a conflict.")] version: Option<i64>,
        #[graphql(desc = "The details, all of them.")] input: RegionalOfficeInput,
    ) -> async_graphql::Result<UpdateRegionalOfficePayload> {
        let (app, caller) = (app(ctx), caller(ctx)?);
        let id: OfficeId = match ids::parse("id", &id) {
            Ok(id) => id,
            Err(error) => return settle(Err::<Office, _>(error.into())),
        };
        settle_with_current(
            offices::update(app, caller, id, version, input.into()).await,
            offices::get(app, caller, id),
        )
        .await
    }
}
