//! A mutation that creates takes an optional key: the same key twice is one effect (api.md, "Shape").

use tandem_domain::{errors::UserError, ids::Id};
use tandem_storage::{PgConnection, idempotency};
use uuid::Uuid;

use crate::{App, Caller, Result, Who, refuse};

/// The longest key.
const LONGEST: usize = 200;

/// Takes the caller's key for `entity`, inside the operation's transaction. What an earlier call with
/// the same key made, where there was one: then there is nothing left to do but to answer with it.
///
/// Keys belong to a user, or to a person who came by a link or a code; the system needs none.
pub async fn claim<T: Id + From<Uuid>>(
    conn: &mut PgConnection,
    app: &App,
    caller: &Caller,
    mutation: &'static str,
    key: Option<&str>,
    entity: T,
) -> Result<Option<T>> {
    let Some(key) = key else {
        return Ok(None);
    };
    if key.is_empty() || key.len() > LONGEST {
        return refuse(UserError::invalid(
            "idempotencyKey",
            format!("idempotencyKey must have 1 to {LONGEST} bytes, as a UUID has"),
        ));
    }
    let (entity, now) = (entity.into(), app.now());
    let earlier = match &caller.who {
        Who::User(actor) => idempotency::claim(conn, actor.user, mutation, key, entity, now).await?,
        Who::Person(person) => {
            let person = person.party.uuid();
            idempotency::claim_as_person(conn, person, mutation, key, entity, now).await?
        }
        Who::System | Who::Nobody => None,
    };
    Ok(earlier.map(T::from))
}
