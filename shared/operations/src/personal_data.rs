//! Export and erasure of what is kept about one person (Art. 15, 17 GDPR), holds, and retention.
//!
//! Which table holds what follows from [`tandem_storage::personal_data::TABLES`].

mod execute;
mod report;
mod retention;

pub use execute::{Found, execute, finish_export};
pub(crate) use retention::due_on;
pub use retention::{Due, due, enforce};
pub use tandem_storage::personal_data::requests::{DataRequest, Kind, State};
pub use tandem_storage::personal_data::{Subject, record};

use chrono::{DateTime, NaiveDate, Utc};
use serde_json::json;
use tandem_domain::errors::UserError;
use tandem_domain::ids::{DataRequestId, ExpertId, MenteeId, UserId};
use tandem_domain::policy::{Action, Decision, Resource};
use tandem_storage::PgConnection;
use tandem_storage::paging::{Page, Slice};
use tandem_storage::personal_data::requests::{self, NewRequest, Obstacles, PersonFacts};
use uuid::Uuid;

use crate::jobs::{Job, enqueue};
use crate::{App, Audit, Caller, Result, Who, refuse};

/// Somebody whose data are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Person {
    /// An expert.
    Expert(ExpertId),
    /// A mentee, with the guardian.
    Mentee(MenteeId),
    /// Somebody who signs in.
    User(UserId),
}

impl Person {
    /// The person of a request.
    pub fn of(request: &DataRequest) -> Option<Self> {
        Some(match request.subject {
            Subject::Expert => Self::Expert(request.subject_id.into()),
            Subject::Mentee => Self::Mentee(request.subject_id.into()),
            Subject::User => Self::User(request.subject_id.into()),
            Subject::Case => return None,
        })
    }

    fn parts(self) -> (Subject, Uuid) {
        match self {
            Self::Expert(id) => (Subject::Expert, id.uuid()),
            Self::Mentee(id) => (Subject::Mentee, id.uuid()),
            Self::User(id) => (Subject::User, id.uuid()),
        }
    }

    fn audit(self, action: &'static str, id: DataRequestId) -> Audit {
        let audit = Audit::new(action, id);
        match self {
            Self::Expert(id) => audit.about(id),
            Self::Mentee(id) => audit.about(id),
            Self::User(id) => audit.about(id),
        }
    }

    fn resource(self, facts: &PersonFacts) -> Resource {
        Resource {
            office: facts.office.map(Into::into),
            center: facts.center.map(Into::into),
            expert: match self {
                Self::Expert(id) => Some(id),
                _ => None,
            },
            mentee: match self {
                Self::Mentee(id) => Some(id),
                _ => None,
            },
            ..Resource::default()
        }
    }
}

/// Whether the caller may ask about this person, and whether it is the person.
fn may_ask(caller: &Caller, person: Person, facts: &PersonFacts) -> (bool, bool) {
    let own = match (&caller.who, person) {
        // not by a token, which is for programs
        (Who::User(actor), Person::User(id)) => actor.user == id && actor.scopes.is_none(),
        _ => false,
    };
    let allowed = own || caller.can(Action::RequestData, &person.resource(facts)) == Decision::Allowed;
    let manages = caller.can(Action::ManageData, &Resource::programme()) == Decision::Allowed;
    (allowed, !manages)
}

/// Asks for everything about a person, or for its erasure. An administrator's request begins at once; a
/// person's own erasure waits for an administrator to confirm it. Asked for again while it is open, it is
/// the same request.
///
/// # Errors
/// Not found where the caller may not ask about this person; in conflict where something stands in the way of
/// its erasure, with what to do about it. Of somebody who was erased already it is the erasure that was done.
pub async fn request(app: &App, caller: &Caller, kind: Kind, person: Person) -> Result<DataRequest> {
    let mut tx = app.begin(caller).await?;
    let (subject, subject_id) = person.parts();
    let facts = requests::person(&mut tx, subject, subject_id)
        .await?
        .ok_or_else(|| UserError::not_found("personId", "person"))?;
    let (allowed, by_the_person) = may_ask(caller, person, &facts);
    if !allowed {
        return refuse(UserError::not_found("personId", "person"));
    }
    if kind == Kind::Erasure {
        if facts.erased_at.is_some() {
            // asked for again, it is what was done already, with its receipt
            return match requests::erased(&mut tx, subject_id).await? {
                Some(earlier) => Ok(earlier),
                None => refuse(UserError::conflict("this person was erased already")),
            };
        }
        refuse_obstacles(&mut tx, app, person).await?;
    }
    let state = if kind == Kind::Erasure && by_the_person {
        State::Waiting
    } else {
        State::Queued
    };
    let new = NewRequest {
        id: app.id(),
        kind,
        subject,
        subject_id,
        requested_by: caller.user_id(),
        state,
    };
    if !requests::insert(&mut tx, &new, app.now()).await? {
        let open = requests::open(&mut tx, kind, subject_id).await?;
        return found(open);
    }
    let action = match kind {
        Kind::Export => "data.export_requested",
        Kind::Erasure => "data.erasure_requested",
    };
    app.audit(&mut tx, caller, &[person.audit(action, new.id)])
        .await?;
    if state == State::Queued {
        enqueue(&mut tx, app, &[Job::DataRequest { request: new.id }]).await?;
    }
    let request = found(requests::by_ids(&mut tx, &[new.id]).await?.pop())?;
    tx.commit().await?;
    Ok(request)
}

/// Confirms the erasure that a person asked for.
pub async fn confirm(app: &App, caller: &Caller, id: DataRequestId) -> Result<DataRequest> {
    caller.authorize(Action::ManageData, &Resource::programme(), "requestId", "request")?;
    let mut tx = app.begin(caller).await?;
    let request = found(requests::lock(&mut tx, id).await?)?;
    if request.state != State::Waiting {
        return refuse(UserError::conflict(
            "this request does not wait for anybody any more",
        ));
    }
    let person = Person::of(&request).ok_or_else(|| UserError::not_found("requestId", "request"))?;
    refuse_obstacles(&mut tx, app, person).await?;
    requests::set_state(&mut tx, id, State::Queued, 0).await?;
    app.audit(&mut tx, caller, &[person.audit("data.erasure_confirmed", id)])
        .await?;
    enqueue(&mut tx, app, &[Job::DataRequest { request: id }]).await?;
    let request = found(requests::by_ids(&mut tx, &[id]).await?.pop())?;
    tx.commit().await?;
    Ok(request)
}

/// One request, with the content of an export; fetching it leaves a trace.
pub async fn get(app: &App, caller: &Caller, id: DataRequestId) -> Result<DataRequest> {
    let mut tx = app.begin(caller).await?;
    let request = found(requests::by_ids(&mut tx, &[id]).await?.pop())?;
    if !may_see(caller, &request) {
        return refuse(UserError::not_found("id", "request"));
    }
    if request.content.is_some()
        && let Some(person) = Person::of(&request)
    {
        app.audit(&mut tx, caller, &[person.audit("data.export_fetched", id)])
            .await?;
    }
    tx.commit().await?;
    Ok(request)
}

/// An export as a file: its name, without the name of a person, and its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportFile {
    /// The file's name, in ASCII.
    pub name: String,
    /// What is in it.
    pub bytes: Vec<u8>,
}

/// As what an export is fetched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::Display)]
pub enum ExportForm {
    /// For programs, and whole.
    #[strum(to_string = "json")]
    Json,
    /// For people.
    #[strum(to_string = "pdf")]
    Pdf,
}

/// An export as a file, until it expires; fetching it leaves a trace.
///
/// # Errors
/// Not found where there is none, or the caller may not have it.
pub async fn download(app: &App, caller: &Caller, id: DataRequestId, form: ExportForm) -> Result<ExportFile> {
    let mut tx = app.begin(caller).await?;
    let request = found(requests::by_ids(&mut tx, &[id]).await?.pop())?;
    let kept = request.expires_at.is_some_and(|until| until > app.now());
    let (true, true, Some(person)) = (may_see(caller, &request), kept, Person::of(&request)) else {
        return refuse(UserError::not_found("id", "request"));
    };
    let bytes = match form {
        ExportForm::Json => request.content.map(String::into_bytes),
        ExportForm::Pdf => requests::report(&mut tx, id).await?,
    };
    let Some(bytes) = bytes else {
        return refuse(UserError::not_found("id", "request"));
    };
    let entry = person.audit("data.export_fetched", id);
    app.audit(
        &mut tx,
        caller,
        &[entry.detail(json!({ "as": form.to_string() }))],
    )
    .await?;
    tx.commit().await?;
    Ok(ExportFile {
        name: format!("Auskunft-{}.{form}", request.created_at.date_naive()),
        bytes,
    })
}

/// The requests that the caller may see, the newest first, without their contents.
pub async fn list(
    app: &App,
    caller: &Caller,
    page: &Page<(DateTime<Utc>, Uuid)>,
) -> Result<Slice<DataRequest>> {
    let own = own(caller);
    let subjects = if caller.can(Action::ManageData, &Resource::programme()) == Decision::Allowed {
        None
    } else {
        Some(&own[..])
    };
    let mut conn = app.acquire(caller).await?;
    let mut slice = requests::list(&mut conn, subjects, page).await?;
    for request in &mut slice.rows {
        request.content = None;
    }
    Ok(slice)
}

/// The people that a caller is.
fn own(caller: &Caller) -> Vec<Uuid> {
    let wall = caller.wall();
    let mut own = wall.experts;
    own.extend(wall.mentees);
    own.extend(wall.user);
    own
}

fn may_see(caller: &Caller, request: &DataRequest) -> bool {
    caller.can(Action::ManageData, &Resource::programme()) == Decision::Allowed
        || own(caller).contains(&request.subject_id)
}

/// Forbids the erasure of a person until a day, for a reason; without a day, ends the hold.
pub async fn hold(
    app: &App,
    caller: &Caller,
    person: Person,
    until: Option<NaiveDate>,
    reason: &str,
) -> Result<()> {
    caller.authorize(Action::ManageData, &Resource::programme(), "personId", "person")?;
    let mut tx = app.begin(caller).await?;
    let (subject, id) = person.parts();
    let facts = requests::person(&mut tx, subject, id)
        .await?
        .ok_or_else(|| UserError::not_found("personId", "person"))?;
    if facts.erased_at.is_some() {
        return refuse(UserError::conflict("this person was erased already"));
    }
    let action = match until {
        Some(until) => {
            if until < app.today() {
                return refuse(UserError::invalid("until", "a hold ends today or later"));
            }
            let reason = reason.trim();
            if reason.is_empty() || reason.chars().count() > 500 {
                return refuse(UserError::invalid(
                    "reason",
                    "the reason must have 1 to 500 characters",
                ));
            }
            requests::hold(&mut tx, (subject, id), reason, until, caller.user_id(), app.now()).await?;
            "data.held"
        }
        None => {
            if !requests::release(&mut tx, id).await? {
                return refuse(UserError::conflict("there is no hold on this person"));
            }
            "data.released"
        }
    };
    let audit = match person {
        Person::Expert(id) => Audit::new(action, id).about(id),
        Person::Mentee(id) => Audit::new(action, id).about(id),
        Person::User(id) => Audit::new(action, id).about(id),
    };
    app.audit(&mut tx, caller, &[audit.detail(json!({ "until": until }))])
        .await?;
    tx.commit().await?;
    Ok(())
}

async fn refuse_obstacles(conn: &mut PgConnection, app: &App, person: Person) -> Result<()> {
    let (subject, id) = person.parts();
    let obstacles = requests::obstacles(conn, subject, id, app.today()).await?;
    match obstacle(&obstacles) {
        Some(reason) => refuse(UserError::conflict(reason)),
        None => Ok(()),
    }
}

/// What stands in the way, and what to do about it.
fn obstacle(obstacles: &Obstacles) -> Option<String> {
    if let Some((_, until)) = obstacles.hold {
        return Some(format!(
            "this person's data are on hold until {until} and must not be erased before; an administrator can end the hold"
        ));
    }
    if obstacles.open_matches > 0 {
        return Some(format!(
            "{} open: end the accompaniment or take the question back first, then erase",
            match obstacles.open_matches {
                1 => "a match is".to_owned(),
                number => format!("{number} matches are"),
            }
        ));
    }
    if obstacles.open_cases > 0 {
        return Some("a case is open: close or withdraw it first, then erase".to_owned());
    }
    obstacles
        .active_staff
        .then(|| "this is an account of the staff that is in use: deactivate it first, then erase".to_owned())
}

fn found(request: Option<DataRequest>) -> Result<DataRequest> {
    request.ok_or_else(|| UserError::not_found("id", "request").into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_in_the_way_says_what_to_do() {
        let open = Obstacles {
            open_matches: 1,
            ..Obstacles::default()
        };
        assert_eq!(
            obstacle(&open).as_deref(),
            Some("a match is open: end the accompaniment or take the question back first, then erase")
        );
        assert_eq!(obstacle(&Obstacles::default()), None);
    }
}
