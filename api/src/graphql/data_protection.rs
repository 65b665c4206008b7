//! Export and erasure of what is kept about one person, and holds.

use async_graphql::{Context, Enum, ID, Object, SimpleObject};
use chrono::{DateTime, Utc};
use tandem_domain::errors::UserError as Refusal;
use tandem_domain::ids::{DataRequestId, ExpertId, Id, MenteeId, UserId};
use tandem_operations::personal_data::{self, DataRequest as Row, Kind, Person};
use uuid::Uuid;

use super::{
    app, caller,
    connection::{Connection, connection, cost, page},
    error::visible,
    ids,
    payload::{UserError, payload, settle},
    scalars::Date,
    users::User,
};

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "tandem_operations::personal_data::Kind")]
pub enum DataRequestKind {
    /// Everything about the person (Art. 15 GDPR).
    Export,
    /// Nothing of the person is to be left (Art. 17 GDPR).
    Erasure,
}

/// Where a request stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "tandem_operations::personal_data::State")]
pub enum DataRequestState {
    /// An administrator has to confirm it.
    Waiting,
    /// A worker will do it.
    Queued,
    /// A worker is at it.
    Running,
    /// Done; the receipt says what was done.
    Done,
    /// Not done; the refusal says why.
    Refused,
}

/// A request to export or to erase what is kept about one person.
#[derive(Debug, Clone)]
pub struct DataRequest(pub Row);

impl From<Row> for DataRequest {
    fn from(row: Row) -> Self {
        Self(row)
    }
}

impl DataRequest {
    /// Where a file of an export is, until it expires.
    fn file(&self, ctx: &Context<'_>, name: &str) -> async_graphql::Result<Option<String>> {
        let app = app(ctx);
        if self.0.expires_at.is_none_or(|until| until <= app.now()) {
            return Ok(None);
        }
        let path = format!("data-requests/{}/{name}", ids::global(self.0.id).as_str());
        Ok(Some(app.public_url.join(&path)?.into()))
    }
}

/// A request to export or to erase what is kept about one person.
#[Object]
impl DataRequest {
    /// The global id.
    async fn id(&self) -> ID {
        ids::global(self.0.id)
    }

    /// What is asked for.
    async fn kind(&self) -> DataRequestKind {
        self.0.kind.into()
    }

    /// The global id of the person; a pseudonym once the person is erased.
    async fn person_id(&self) -> Option<ID> {
        Some(match Person::of(&self.0)? {
            Person::Expert(id) => ids::global(id),
            Person::Mentee(id) => ids::global(id),
            Person::User(id) => ids::global(id),
        })
    }

    /// Who asked; null where the end of retention did, or where you may not see who.
    async fn requested_by(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<User>> {
        match self.0.requested_by {
            Some(id) => User::load(ctx, id).await,
            None => Ok(None),
        }
    }

    /// Where it stands.
    async fn state(&self) -> DataRequestState {
        self.0.state.into()
    }

    /// Why it is not done, and what would help.
    async fn refusal(&self) -> Option<&str> {
        self.0.refusal.as_deref()
    }

    /// How many steps are done: one a table of the database, and for an export one more for its PDF.
    async fn tables_done(&self) -> i32 {
        self.0.progress_done
    }

    /// How many there are; 0 before it begins.
    async fn tables_total(&self) -> i32 {
        self.0.progress_total
    }

    /// What was done, as JSON: how many rows of which table.
    async fn receipt(&self) -> Option<String> {
        self.0.receipt.as_ref().map(ToString::to_string)
    }

    /// The export, as JSON; only where a single request is asked for, and only until it expires.
    async fn content(&self) -> Option<&str> {
        self.0.content.as_deref()
    }

    /// Where an export is downloaded as JSON, with the same session; null where there is none to be had.
    async fn json_url(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<String>> {
        self.file(ctx, "export.json")
    }

    /// Where an export is downloaded as a PDF that people can read, with the same session; null where there is
    /// none to be had.
    async fn pdf_url(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<String>> {
        self.file(ctx, "export.pdf")
    }

    /// When it was asked for.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }

    /// When it was done or refused.
    async fn finished_at(&self) -> Option<DateTime<Utc>> {
        self.0.finished_at
    }

    /// Until when an export can be fetched.
    async fn expires_at(&self) -> Option<DateTime<Utc>> {
        self.0.expires_at
    }
}

payload! {
    /// The answer to `requestDataExport`.
    RequestDataExportPayload {
        /// The request.
        request: DataRequest,
    }
}
payload! {
    /// The answer to `requestErasure`.
    RequestErasurePayload {
        /// The request.
        request: DataRequest,
    }
}
payload! {
    /// The answer to `confirmErasure`.
    ConfirmErasurePayload {
        /// The request.
        request: DataRequest,
    }
}

/// The answer to `holdPersonalData`.
#[derive(SimpleObject)]
pub struct HoldPersonalDataPayload {
    /// Until when the person's data must not be erased; null where the hold was ended.
    pub held_until: Option<Date>,
    /// Why it did not happen; empty where it did.
    pub user_errors: Vec<UserError>,
}

fn person(id: &ID) -> Result<Person, Refusal> {
    match ids::decode(id) {
        Some((kind, uuid)) if kind == ExpertId::KIND => Ok(Person::Expert(uuid.into())),
        Some((kind, uuid)) if kind == MenteeId::KIND => Ok(Person::Mentee(uuid.into())),
        Some((kind, uuid)) if kind == UserId::KIND => Ok(Person::User(uuid.into())),
        _ => Err(Refusal::invalid(
            "personId",
            "this is not the id of a person: an expert's, a mentee's or a user's is needed, as the API gave it",
        )),
    }
}

/// Queries about data protection.
#[derive(Default)]
pub struct DataProtectionQuery;

#[Object]
impl DataProtectionQuery {
    /// One request, with the content of an export; null where you may not see it. For administrators, and
    /// for the person.
    async fn data_request(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The request.")] id: ID,
    ) -> async_graphql::Result<Option<DataRequest>> {
        let caller = caller(ctx)?;
        let Ok(id) = ids::parse::<DataRequestId>("id", &id) else {
            return Ok(None);
        };
        Ok(visible(personal_data::get(app(ctx), caller, id).await)?.map(DataRequest))
    }

    /// The requests, newest first, without contents: all of them for administrators, else one's own.
    #[graphql(complexity = "cost(first, last, child_complexity)")]
    async fn data_requests(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The first so many, at most 200.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "The last so many, at most 200.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
    ) -> async_graphql::Result<Connection<DataRequest>> {
        let page = page::<(DateTime<Utc>, Uuid)>(first, after, last, before)?;
        let slice = personal_data::list(app(ctx), caller(ctx)?, &page).await?;
        Ok(connection(slice, None, |request: &Row| {
            (request.created_at, request.id.uuid())
        }))
    }
}

/// Mutations about data protection.
#[derive(Default)]
pub struct DataProtectionMutation;

#[Object]
impl DataProtectionMutation {
    /// Asks for everything that is kept about a person. For administrators, and for the person; asked for
    /// again while it is open, it is the same request.
    async fn request_data_export(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The expert, mentee or user.")] person_id: ID,
    ) -> async_graphql::Result<RequestDataExportPayload> {
        settle(ask(ctx, Kind::Export, &person_id).await?)
    }

    /// Asks for a person's data to be erased. An administrator's request begins at once, a person's own
    /// waits for an administrator. Refused while a match or a case is open, or while the data are on hold.
    async fn request_erasure(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The expert, mentee or user.")] person_id: ID,
    ) -> async_graphql::Result<RequestErasurePayload> {
        settle(ask(ctx, Kind::Erasure, &person_id).await?)
    }

    /// Confirms the erasure that a person asked for. For administrators.
    async fn confirm_erasure(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The request.")] request_id: ID,
    ) -> async_graphql::Result<ConfirmErasurePayload> {
        let (app, caller) = (app(ctx), caller(ctx)?);
        let confirmed = async {
            let id = ids::parse("requestId", &request_id)?;
            personal_data::confirm(app, caller, id).await
        };
        settle(confirmed.await)
    }

    /// Forbids the erasure of a person's data until a day: a complaint, a lawsuit, an insurance case.
    /// Without a day, ends the hold. For administrators.
    async fn hold_personal_data(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The expert, mentee or user.")] person_id: ID,
        #[graphql(desc = "The last day of the hold; null ends it.")] until: Option<Date>,
        #[graphql(desc = "Why, in at most 500 characters.")] reason: Option<String>,
    ) -> async_graphql::Result<HoldPersonalDataPayload> {
        let (app, caller) = (app(ctx), caller(ctx)?);
        let held = async {
            let person = person(&person_id)?;
            personal_data::hold(
                app,
                caller,
                person,
                until.map(Into::into),
                reason.as_deref().unwrap_or_default(),
            )
            .await
        };
        match held.await {
            Ok(()) => Ok(HoldPersonalDataPayload {
                held_until: until,
                user_errors: Vec::new(),
            }),
            Err(tandem_operations::Error::Refused(errors)) => Ok(HoldPersonalDataPayload {
                held_until: None,
                user_errors: errors.into_iter().map(UserError::from).collect(),
            }),
            Err(error) => Err(error.into()),
        }
    }
}

async fn ask(
    ctx: &Context<'_>,
    kind: Kind,
    person_id: &ID,
) -> async_graphql::Result<tandem_operations::Result<Row>> {
    let (app, caller) = (app(ctx), caller(ctx)?);
    Ok(async {
        let person = person(person_id)?;
        personal_data::request(app, caller, kind, person).await
    }
    .await)
}
