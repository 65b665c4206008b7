//! A mutation that creates takes an optional key: the same key twice is one effect (api.md, "Shape").

use tandem_domain::{errors::UserError, ids::Id};
use tandem_storage::{PgConnection, idempotency};
use uuid::Uuid;

use crate::{App, Caller, Result, refuse};

/// The longest key.
const LONGEST: usize = 200;

/// Takes the caller's key for `entity`, inside the operation's transaction. What an earlier call with
/// the same key made, where there was one: then there is nothing left to do but to answer with it.
///
/// Keys belong to a user; the system needs none.
pub async fn claim<T: Id + From<Uuid>>(
    conn: &mut PgConnection,
    app: &App,
    caller: &Caller,
    mutation: &'static str,
    key: Option<&str>,
    entity: T,
) -> Result<Option<T>> {
    let (Some(key), Some(user)) = (key, caller.user_id()) else {
        return Ok(None);
    };
    if key.is_empty() || key.len() > LONGEST {
        return refuse(UserError::invalid(
            "idempotencyKey",
            format!("idempotencyKey must have 1 to {LONGEST} bytes, as a UUID has"),
        ));
    }
    let earlier = idempotency::claim(conn, user, mutation, key, entity.into(), app.now()).await?;
    Ok(earlier.map(T::from))
}
