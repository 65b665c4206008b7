//! Who calls, what the policy says to it, and the trace that it leaves.

use tandem_domain::errors::UserError;
use tandem_domain::ids::{AuditEventId, Id, UserId};
use tandem_domain::parties::{GivenWay, Party, Person, Side};
use tandem_domain::policy::{self, Action, Actor, Decision, Grant, Resource, Scope};
use tandem_storage::audit::{self, AuditEvent, Committed};
use tandem_storage::wall::Wall;
use tandem_storage::{PgConnection, PgTransaction};
use uuid::Uuid;

use crate::audit_trail::chain;
use crate::{App, Result, refuse};

/// Who calls an operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Who {
    /// Somebody signed in.
    User(Actor),
    /// A person by a link or a code that only this person received; what it is about is all it permits.
    Person(Person),
    /// Somebody who is not known yet: signing in, or opening a link. Sees what everybody may see.
    Nobody,
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

    /// Somebody who is not known yet, or for whom it makes no difference.
    pub fn nobody() -> Self {
        Self {
            who: Who::Nobody,
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

    /// A person by a link or a code.
    pub fn person(person: Person, address: impl Into<String>) -> Self {
        Self {
            who: Who::Person(person),
            address: address.into(),
        }
    }

    /// The side of a match that the caller is, with the way in which its word comes: by the link, or
    /// signed in. None for staff, and for those who are none of its people.
    pub fn as_party(&self, resource: &Resource) -> Option<(Party, GivenWay)> {
        match &self.who {
            Who::Person(person) => Some((person.party, person.way)),
            Who::User(actor) => actor.grants.iter().find_map(|grant| match *grant {
                Grant::Expert(id) if resource.expert == Some(id) => {
                    Some((Party::Expert(id), GivenWay::SignedIn))
                }
                Grant::Mentee(id) if resource.mentee == Some(id) => {
                    Some((Party::Mentee(id), GivenWay::SignedIn))
                }
                _ => None,
            }),
            Who::Nobody | Who::System => None,
        }
    }

    /// Whether it is this side's own person.
    pub fn is_side(&self, side: Side, resource: &Resource) -> bool {
        self.as_party(resource)
            .is_some_and(|(party, _)| party.side() == side)
    }

    /// Whether it is somebody who signs in with another role than that of a person about the own things.
    pub fn is_staff(&self) -> bool {
        let own = |grant: &Grant| matches!(grant, Grant::Expert(_) | Grant::Mentee(_));
        matches!(&self.who, Who::User(actor) if !actor.grants.iter().all(own))
    }

    /// The user, where it is one.
    pub fn user_id(&self) -> Option<UserId> {
        match &self.who {
            Who::User(actor) => Some(actor.user),
            Who::Person(_) | Who::Nobody | Who::System => None,
        }
    }

    /// Whether it is a program with a token, which does not manage the sign-ins of its user.
    pub fn has_token(&self) -> bool {
        matches!(&self.who, Who::User(actor) if actor.scopes.is_some())
    }

    /// What the policy says. The system may do everything but answer for a person; a link is confined to
    /// what it is about.
    pub fn can(&self, action: Action, resource: &Resource) -> Decision {
        match &self.who {
            Who::User(actor) => policy::can(actor, action, resource),
            Who::Person(person) => policy::person_can(person, action, resource),
            Who::System if !policy::is_own_word(action) => Decision::Allowed,
            Who::System | Who::Nobody => Decision::Hidden,
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
            // a link opens single things, never a list
            Who::Person(_) | Who::Nobody => Scope::default(),
        }
    }

    /// The wall that the database keeps around this caller, whatever a query asks for.
    pub fn wall(&self) -> Wall {
        let actor = match &self.who {
            Who::User(actor) => actor,
            Who::Person(person) => {
                let mut wall = Wall::default();
                match person.party {
                    Party::Expert(expert) => wall.experts.push(expert.uuid()),
                    Party::Mentee(mentee) | Party::Guardian(mentee) => wall.mentees.push(mentee.uuid()),
                }
                return wall;
            }
            Who::Nobody => return Wall::nobody(),
            Who::System => return Wall::everything(),
        };
        let mut wall = Wall {
            user: Some(actor.user.uuid()),
            ..Wall::default()
        };
        for grant in &actor.grants {
            match grant {
                Grant::Admin | Grant::Coordinator(None) => wall.everything = true,
                Grant::Coordinator(Some(office)) => wall.offices.push(office.uuid()),
                Grant::CenterStaff(center) => wall.centers.push(center.uuid()),
                Grant::Expert(expert) => wall.experts.push(expert.uuid()),
                Grant::Mentee(mentee) => wall.mentees.push(mentee.uuid()),
            }
        }
        wall
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

    /// `action` happened to the programme as a whole, as `settings.changed`.
    pub fn programme(action: &'static str) -> Self {
        Self {
            action,
            entity_kind: "Programme",
            entity_id: Uuid::nil(),
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
            Who::Person(person) => ("LINK", Some(person.party.uuid())),
            Who::Nobody | Who::System => ("SYSTEM", None),
        };
        let at = self.now();
        let events: Vec<Committed> = entries
            .iter()
            .map(|entry| {
                self.committed(AuditEvent {
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
            })
            .collect();
        Ok(audit::append(conn, &events).await?)
    }

    /// Ends the transaction that read a list. Staff's reading is one event with the shape of the filter: the
    /// names of what narrowed it, never the values. Who reads the own rows leaves none.
    pub(crate) async fn listed(
        &self,
        mut tx: PgTransaction<'static>,
        caller: &Caller,
        action: &'static str,
        filter: &[(&str, bool)],
    ) -> Result<()> {
        let (Who::User(actor), true) = (&caller.who, caller.is_staff()) else {
            return Ok(());
        };
        let narrowed: Vec<&str> = filter
            .iter()
            .filter_map(|(name, given)| given.then_some(*name))
            .collect();
        let event = Audit::new(action, actor.user).detail(serde_json::json!({ "filter": narrowed }));
        self.audit(&mut tx, caller, &[event]).await?;
        tx.commit().await?;
        Ok(())
    }

    fn committed(&self, event: AuditEvent) -> Committed {
        let salt = self.random.secret();
        Committed {
            detail_commitment: chain::detail(&salt, &event.detail, &event.address).to_vec(),
            salt: Some(salt.to_vec()),
            event,
        }
    }
}
