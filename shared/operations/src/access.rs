//! Who calls, what the policy says to it, and the trace that it leaves.

use tandem_domain::errors::UserError;
use tandem_domain::ids::{AuditEventId, Id, UserId};
use tandem_domain::policy::{self, Action, Actor, Decision, Resource, Scope};
use tandem_storage::PgConnection;
use tandem_storage::audit::{self, AuditEvent};
use uuid::Uuid;

use crate::{App, Result, refuse};

/// Who calls an operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Who {
    /// Somebody signed in.
    User(Actor),
    /// A person by a link that only this person received; what the link is for is all it permits.
    Link(Uuid),
    /// A worker, or a command of somebody with a shell on the server.
    System,
}

/// Who calls, and from where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// Who.
    pub who: Who,
    /// The network address, for the audit log; empty for the system.
    pub address: String,
}

impl Caller {
    /// The worker or a command.
    pub fn system() -> Self {
        Self {
            who: Who::System,
            address: String::new(),
        }
    }

    /// Somebody signed in.
    pub fn user(actor: Actor, address: impl Into<String>) -> Self {
        Self {
            who: Who::User(actor),
            address: address.into(),
        }
    }

    /// The user, where it is one.
    pub fn user_id(&self) -> Option<UserId> {
        match &self.who {
            Who::User(actor) => Some(actor.user),
            Who::Link(_) | Who::System => None,
        }
    }

    /// Whether it is a program with a token, which does not manage the sign-ins of its user.
    pub fn has_token(&self) -> bool {
        matches!(&self.who, Who::User(actor) if actor.scopes.is_some())
    }

    /// What the policy says. The system may do everything but answer for a person; a link nothing
    /// beyond the operation that it is for, which does not ask here.
    pub fn can(&self, action: Action, resource: &Resource) -> Decision {
        match &self.who {
            Who::User(actor) => policy::can(actor, action, resource),
            Who::System if action != Action::AnswerApproach => Decision::Allowed,
            Who::System | Who::Link(_) => Decision::Hidden,
        }
    }

    /// Lets pass or refuses: what one may not see is `NOT_FOUND`, what one sees but may not do is
    /// `FORBIDDEN`. `field` is the input that named it, `what` the word for it.
    pub fn authorize(&self, action: Action, resource: &Resource, field: &str, what: &str) -> Result<()> {
        match self.can(action, resource) {
            Decision::Allowed => Ok(()),
            Decision::Forbidden => refuse(UserError {
                field: field.to_owned(),
                ..UserError::forbidden(format!("you may see this {what}, but not do this"))
            }),
            Decision::Hidden => refuse(UserError::not_found(field, what)),
        }
    }

    /// The rows that a list may show.
    pub fn scope(&self, action: Action) -> Scope {
        match &self.who {
            Who::User(actor) => policy::scope(actor, action),
            Who::System => Scope {
                everything: true,
                ..Scope::default()
            },
            Who::Link(_) => Scope::default(),
        }
    }
}

/// What is written into the audit log about one row.
#[derive(Debug, Clone)]
pub struct Audit {
    action: &'static str,
    entity_kind: &'static str,
    entity_id: Uuid,
    subject: Option<(&'static str, Uuid)>,
    detail: serde_json::Value,
}

impl Audit {
    /// `action` happened to `entity`, as `expert.updated`.
    pub fn new<T: Id>(action: &'static str, entity: T) -> Self {
        Self {
            action,
            entity_kind: T::KIND,
            entity_id: entity.into(),
            subject: None,
            detail: serde_json::json!({}),
        }
    }

    /// Whose data it is: an expert's, a mentee's, a user's.
    pub fn about<T: Id>(self, person: T) -> Self {
        Self {
            subject: Some((T::KIND, person.into())),
            ..self
        }
    }

    /// Names of fields and states; never personal values.
    pub fn detail(self, detail: serde_json::Value) -> Self {
        Self { detail, ..self }
    }
}

impl App {
    /// Appends to the audit log, inside the operation's transaction.
    pub async fn audit(&self, conn: &mut PgConnection, caller: &Caller, entries: &[Audit]) -> Result<()> {
        let (actor_kind, actor_id) = match &caller.who {
            Who::User(actor) => ("USER", Some(actor.user.uuid())),
            Who::Link(person) => ("LINK", Some(*person)),
            Who::System => ("SYSTEM", None),
        };
        let at = self.now();
        let events: Vec<AuditEvent> = entries
            .iter()
            .map(|entry| AuditEvent {
                id: self.id::<AuditEventId>().into(),
                at,
                actor_kind: actor_kind.into(),
                actor_id,
                action: entry.action.into(),
                entity_kind: entry.entity_kind.into(),
                entity_id: entry.entity_id,
                subject_kind: entry.subject.map(|(kind, _)| kind.into()),
                subject_id: entry.subject.map(|(_, id)| id),
                detail: entry.detail.clone(),
                address: caller.address.clone(),
            })
            .collect();
        Ok(audit::append(conn, &events).await?)
    }
}
