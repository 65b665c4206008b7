//! Sessions: opaque tokens, stored as hashes, replaced now and then.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};
use tandem_domain::{
    errors::UserError,
    ids::{SessionId, UserId},
    policy::Actor,
    users::{ROTATION_GRACE, RoleGrant, Session, SignInMethod, User},
};
use tandem_storage::{PgConnection, PgTransaction, sessions, users};

use crate::{App, Audit, Caller, Result, refuse};

/// How long a session's last use may lie behind what is stored.
pub(super) const TOUCH_AFTER: chrono::Duration = chrono::Duration::minutes(1);

/// Where somebody signs in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Place {
    /// The network address.
    pub address: String,
    /// What the browser or program calls itself.
    pub user_agent: String,
}

/// A session that has just begun: the only moment at which its token is known.
#[derive(Debug, Clone)]
pub struct NewSession {
    /// What the browser or program shows from now on.
    pub token: String,
    /// The session.
    pub session: Session,
    /// Who it is.
    pub user: User,
}

/// Somebody who shows the token of an open session.
#[derive(Debug, Clone)]
pub struct SignedIn {
    /// By which session.
    pub session: SessionId,
    /// Who.
    pub actor: Actor,
    /// Whether the token is so old that it should be replaced.
    pub rotation_due: bool,
}

/// Begins a session and says so in the audit log.
pub(super) async fn open(
    conn: &mut PgConnection,
    app: &App,
    user: UserId,
    method: SignInMethod,
    place: &Place,
) -> Result<NewSession> {
    let new = begin_session(conn, app, user, method, place).await?;
    let caller = Caller::user(Actor::new(user, Vec::new()), place.address.clone());
    let audit = Audit::new("session.opened", new.session.id)
        .about(user)
        .detail(serde_json::json!({ "method": method }));
    app.audit(conn, &caller, &[audit]).await?;
    Ok(new)
}

/// Begins a session; for signing in, and for tests that sign in many people.
pub async fn begin_session(
    conn: &mut PgConnection,
    app: &App,
    user: UserId,
    method: SignInMethod,
    place: &Place,
) -> Result<NewSession> {
    let token = new_token(app);
    let now = app.now();
    let session = Session {
        id: app.id(),
        user,
        created_at: now,
        last_used_at: now,
        expires_at: now + app.session_limits.life,
        idle: app.session_limits.idle,
        rotated_at: now,
        method,
        revoked_at: None,
        user_agent: place
            .user_agent
            .chars()
            .filter(|c| !c.is_control())
            .take(200)
            .collect(),
        address: place.address.clone(),
    };
    sessions::insert(conn, &session, &hash(&token)).await?;
    let user = users::find(conn, user)
        .await?
        .ok_or_else(|| crate::Error::Fault(format!("user {user} of a new session is gone")))?;
    Ok(NewSession { token, session, user })
}

fn new_token(app: &App) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(app.random.secret())
}

pub(super) fn hash(token: &str) -> Vec<u8> {
    Sha256::digest(token.as_bytes()).to_vec()
}

/// Who a session's token belongs to; nobody where it is unknown, ended or too old.
///
/// A token that was replaced counts for a moment longer. Whoever shows it later has stolen it, or was
/// stolen from: the session ends.
pub async fn authenticate(app: &App, token: &str) -> Result<Option<SignedIn>> {
    let token = hash(token);
    let now = app.now();
    let mut tx = app.begin(&Caller::nobody()).await?;
    if let Some(session) = sessions::find_by_token(&mut tx, &token).await? {
        return signed_in(tx, app, session).await;
    }
    let Some(session) = sessions::find_by_previous_token(&mut tx, &token).await? else {
        return Ok(None);
    };
    if now <= session.rotated_at + ROTATION_GRACE {
        let found = signed_in(tx, app, session).await?;
        return Ok(found.map(|found| SignedIn {
            rotation_due: false,
            ..found
        }));
    }
    if session.is_open(now) {
        tracing::warn!(session = %session.id, "a token was shown that had been replaced; its session ends");
        sessions::revoke(&mut tx, session.id, now).await?;
        let audit = Audit::new("session.token_reused", session.id).about(session.user);
        app.audit(&mut tx, &Caller::system(), &[audit]).await?;
        tx.commit().await?;
    }
    Ok(None)
}

/// Who a session belongs to by now: for connections that outlive a request.
pub async fn still_signed_in(app: &App, id: SessionId) -> Result<Option<SignedIn>> {
    let mut tx = app.begin(&Caller::nobody()).await?;
    match sessions::find(&mut tx, id).await? {
        Some(session) => signed_in(tx, app, session).await,
        None => Ok(None),
    }
}

async fn signed_in(mut tx: PgTransaction<'static>, app: &App, session: Session) -> Result<Option<SignedIn>> {
    let now = app.now();
    if !session.is_open(now) {
        return Ok(None);
    }
    let actor = actor(&mut tx, session.user).await?;
    if session.last_used_at + TOUCH_AFTER <= now {
        sessions::touch(&mut tx, session.id, now).await?;
        tx.commit().await?;
    }
    Ok(Some(SignedIn {
        session: session.id,
        actor,
        rotation_due: session.rotated_at + app.session_limits.rotate_after <= now,
    }))
}

/// A user with all roles.
pub(super) async fn actor(conn: &mut PgConnection, user: UserId) -> Result<Actor> {
    let grants = users::grants(conn, &[user]).await?;
    Ok(Actor::new(
        user,
        grants.into_iter().map(|given| given.grant).collect(),
    ))
}

/// Replaces a session's token. None where somebody else did so at the same moment: the token that the
/// caller has still counts for a while, and the other answer carries the new one.
pub async fn rotate(app: &App, session: SessionId, token: &str) -> Result<Option<String>> {
    let new = new_token(app);
    let mut tx = app.begin(&Caller::nobody()).await?;
    let done = sessions::rotate(&mut tx, session, &hash(token), &hash(&new), app.now()).await?;
    tx.commit().await?;
    Ok(done.then_some(new))
}

/// The same for a program that asks for it itself.
pub async fn rotate_mine(app: &App, caller: &Caller, session: SessionId, token: &str) -> Result<NewSession> {
    let Some(token) = rotate(app, session, token).await? else {
        return refuse(UserError::conflict(
            "this token was replaced already: use the new one",
        ));
    };
    let mut conn = app.acquire(caller).await?;
    let session = sessions::find(&mut conn, session).await?;
    let user = users::by_ids(&mut conn, caller.user_id().as_slice()).await?.pop();
    match (session, user) {
        (Some(session), Some(user)) => Ok(NewSession { token, session, user }),
        _ => refuse(UserError::conflict("this session was ended meanwhile")),
    }
}

/// The caller's own row and roles.
pub async fn myself(app: &App, caller: &Caller) -> Result<Option<(User, Vec<RoleGrant>)>> {
    let Some(id) = caller.user_id() else {
        return Ok(None);
    };
    let mut conn = app.acquire(caller).await?;
    let Some(user) = users::find(&mut conn, id).await? else {
        return Ok(None);
    };
    let grants = users::grants(&mut conn, &[id]).await?;
    Ok(Some((user, grants)))
}

/// Where the caller is signed in; a program with a token does not learn it.
pub async fn my_sessions(app: &App, caller: &Caller) -> Result<Vec<Session>> {
    let Some(id) = caller.user_id().filter(|_| !caller.has_token()) else {
        return Ok(Vec::new());
    };
    let mut conn = app.acquire(caller).await?;
    let mut all = sessions::of_user(&mut conn, id).await?;
    all.retain(|session| session.is_open(app.now()));
    Ok(all)
}

/// Ends one of the caller's own sessions.
pub async fn revoke_session(app: &App, caller: &Caller, id: SessionId) -> Result<Session> {
    let mut tx = app.begin(caller).await?;
    let session = sessions::find(&mut tx, id)
        .await?
        .filter(|session| Some(session.user) == caller.user_id() && !caller.has_token())
        .ok_or_else(|| UserError::not_found("id", "session"))?;
    let now = app.now();
    sessions::revoke(&mut tx, id, now).await?;
    let audit = Audit::new("session.revoked", id).about(session.user);
    app.audit(&mut tx, caller, &[audit]).await?;
    tx.commit().await?;
    Ok(Session {
        revoked_at: session.revoked_at.or(Some(now)),
        ..session
    })
}

/// Ends all of the caller's own sessions, the present one too; says how many.
pub async fn sign_out_everywhere(app: &App, caller: &Caller) -> Result<u64> {
    let Some(user) = caller.user_id().filter(|_| !caller.has_token()) else {
        return refuse(UserError::forbidden(
            "a program's token ends no sessions: sign in to do so",
        ));
    };
    let mut tx = app.begin(caller).await?;
    let ended = sessions::revoke_all(&mut tx, user, app.now()).await?;
    let audit = Audit::new("session.all_revoked", user)
        .about(user)
        .detail(serde_json::json!({ "sessions": ended }));
    app.audit(&mut tx, caller, &[audit]).await?;
    tx.commit().await?;
    Ok(ended)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_stored_as_its_hash() {
        assert_eq!(hash("abc").len(), 32);
        assert_ne!(hash("abc"), b"abc");
    }
}
