//! The audit log.

use async_graphql::{Context, ID, InputObject, Object};
use chrono::{DateTime, Utc};
use tandem_operations::audit_trail;
use tandem_storage::audit::{AuditEvent as Row, AuditFilter};
use uuid::Uuid;

use super::{
    app, caller,
    connection::{Connection, connection, cost, page},
    error::bad_input,
    ids,
    users::User,
};

/// Who did what to which row, whose data it is, when and from where. Never changed, never deleted.
#[derive(Debug, Clone)]
pub struct AuditEvent(pub Row);

impl From<Row> for AuditEvent {
    fn from(row: Row) -> Self {
        Self(row)
    }
}

/// Who did what to which row, whose data it is, when and from where. Never changed, never deleted.
#[Object]
impl AuditEvent {
    /// The global id.
    async fn id(&self) -> ID {
        ids::of_kind("AuditEvent", self.0.id)
    }

    /// When.
    async fn at(&self) -> DateTime<Utc> {
        self.0.at
    }

    /// USER (somebody signed in), LINK (a person by a link) or SYSTEM (the worker or a command).
    async fn actor_kind(&self) -> &str {
        &self.0.actor_kind
    }

    /// The user who did it.
    async fn actor(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<User>> {
        match self.0.actor_id {
            Some(id) if self.0.actor_kind == "USER" => User::load(ctx, id.into()).await,
            _ => Ok(None),
        }
    }

    /// What was done, as `expert.updated`.
    async fn action(&self) -> &str {
        &self.0.action
    }

    /// The kind of row that it was done to.
    async fn entity_kind(&self) -> &str {
        &self.0.entity_kind
    }

    /// The global id of that row, which may be gone.
    async fn entity_id(&self) -> ID {
        ids::of_kind(&self.0.entity_kind, self.0.entity_id)
    }

    /// The global id of the person whose data it is.
    async fn subject_id(&self) -> Option<ID> {
        Some(ids::of_kind(self.0.subject_kind.as_deref()?, self.0.subject_id?))
    }

    /// Names of fields and states, as JSON; never personal values.
    async fn detail(&self) -> String {
        self.0.detail.to_string()
    }

    /// The network address; empty for the system.
    async fn address(&self) -> &str {
        &self.0.address
    }
}

/// Narrows the audit log.
#[derive(Debug, Default, InputObject)]
pub struct AuditEventFilter {
    /// Only what was done to this row.
    pub entity_id: Option<ID>,
    /// Only what concerns this person's data.
    pub subject_id: Option<ID>,
    /// Only what this user did.
    pub actor_id: Option<ID>,
    /// Only actions that begin so, as `expert.`.
    pub action: Option<String>,
    /// Only from this moment on.
    pub from: Option<DateTime<Utc>>,
    /// Only before this moment.
    pub until: Option<DateTime<Utc>>,
}

fn row(field: &str, id: Option<&ID>) -> async_graphql::Result<Option<Uuid>> {
    id.map(|id| {
        ids::decode(id)
            .map(|(_, uuid)| uuid)
            .ok_or_else(|| bad_input(format!("filter.{field} is no id; use one that the API gave")))
    })
    .transpose()
}

/// Reading the audit log.
#[derive(Default)]
pub struct AuditQuery;

#[Object]
impl AuditQuery {
    /// The audit log, newest first. For administrators; empty for others.
    #[graphql(complexity = "cost(first, last, child_complexity)")]
    async fn audit_events(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Narrows the log.")] filter: Option<AuditEventFilter>,
        #[graphql(desc = "The first so many, at most 200.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "The last so many, at most 200.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
    ) -> async_graphql::Result<Connection<AuditEvent>> {
        let page = page::<(DateTime<Utc>, Uuid)>(first, after, last, before)?;
        let filter = filter.unwrap_or_default();
        let filter = AuditFilter {
            entity: row("entityId", filter.entity_id.as_ref())?,
            subject: row("subjectId", filter.subject_id.as_ref())?,
            actor: row("actorId", filter.actor_id.as_ref())?,
            action_prefix: filter.action,
            from: filter.from,
            until: filter.until,
        };
        let slice = audit_trail::list(app(ctx), caller(ctx)?, &filter, &page).await?;
        Ok(connection(slice, None, |event: &Row| (event.at, event.id)))
    }
}
