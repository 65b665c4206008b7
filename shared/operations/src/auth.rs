//! Signing in: passwordless, by a link that only the person received (api.md "Sign-in").

use std::time::Duration;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};
use tandem_domain::{
    errors::UserError,
    ids::{SessionId, UserId},
    policy::Actor,
    users::{LINK_VALIDITY, LINKS_AT_MOST, LINKS_WITHIN, LinkState, RoleGrant, SESSION_LIFE, Session, User},
    values::Email,
};
use tandem_storage::{PgConnection, PgTransaction, sessions, users};
use tokio::time::{Instant, sleep_until};

use crate::{
    App, Audit, Caller, Result, Who,
    deliveries::{self, NewDelivery, Recipient, Trigger},
    links::Purpose,
    refuse,
};

/// Every request for a link is answered after this time, so that the time does not tell whether the
/// address is known.
const ANSWER_AFTER: Duration = Duration::from_millis(200);

/// How long a session's last use may lie behind what is stored.
const TOUCH_AFTER: chrono::Duration = chrono::Duration::minutes(1);

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

/// Sends a sign-in link to an address, if it is a user's.
///
/// The answer is the same in words and in time whether the address is known, and whether it was sent
/// too many links already; only a text that is no address at all is refused.
pub async fn request_link(app: &App, email: &str) -> Result<()> {
    let email: Email = email
        .parse()
        .map_err(|problem: String| UserError::invalid("email", problem))?;
    let answer_at = Instant::now() + ANSWER_AFTER;
    let done = send_link(app, &email).await;
    sleep_until(answer_at).await;
    done
}

async fn send_link(app: &App, email: &Email) -> Result<()> {
    let now = app.now();
    let mut tx = app.begin(&Caller::nobody()).await?;
    let Some(user) = users::find_by_email_for_update(&mut tx, email).await? else {
        return Ok(());
    };
    if !user.active || sessions::count_links(&mut tx, user.id, now - LINKS_WITHIN).await? >= LINKS_AT_MOST {
        tracing::info!(user = %user.id, "a sign-in link was asked for and not sent");
        return Ok(());
    }
    // each link is a mail of its own, so its subject is a fresh id
    let mail = NewDelivery {
        trigger: Trigger::SignIn,
        step: 0,
        subject: ("SignIn", app.random.id(&*app.clock)),
        recipient: Recipient::User(user.id),
    };
    for delivery in deliveries::queue(&mut tx, app, &[mail]).await? {
        sessions::insert_link(&mut tx, delivery, user.id, now, now + LINK_VALIDITY).await?;
    }
    tx.commit().await?;
    Ok(())
}

/// What a link is good for. Looking changes nothing, so a mail scanner that follows links uses nothing
/// up.
pub async fn look_at_link(app: &App, token: &str) -> Result<LinkState> {
    let Some(delivery) = app.links.verify(Purpose::SignIn, token) else {
        return Ok(LinkState::Unknown);
    };
    let mut conn = app.acquire(&Caller::nobody()).await?;
    Ok(sessions::link_state(&mut conn, delivery, app.now()).await?)
}

/// Signs in by a link, once.
pub async fn sign_in(app: &App, token: &str, user_agent: &str, address: &str) -> Result<NewSession> {
    let Some(delivery) = app.links.verify(Purpose::SignIn, token) else {
        return refuse(unusable(LinkState::Unknown));
    };
    let mut tx = app.begin(&Caller::nobody()).await?;
    let Some(user) = sessions::take_link(&mut tx, delivery, app.now()).await? else {
        let state = sessions::link_state(&mut tx, delivery, app.now()).await?;
        return refuse(unusable(state));
    };
    let new = begin_session(&mut tx, app, user, user_agent, address).await?;
    let caller = Caller {
        who: Who::User(Actor {
            user,
            grants: Vec::new(),
        }),
        address: address.to_owned(),
    };
    let audit = Audit::new("session.opened", new.session.id).about(user);
    app.audit(&mut tx, &caller, &[audit]).await?;
    tx.commit().await?;
    Ok(new)
}

fn unusable(state: LinkState) -> UserError {
    UserError::invalid(
        "token",
        match state {
            LinkState::Used => "this link was used already: ask for a new one",
            LinkState::Expired => "this link is older than 15 minutes: ask for a new one",
            LinkState::Open | LinkState::Unknown => "this is no sign-in link: ask for a new one",
        },
    )
}

/// Begins a session; for [`sign_in`], and for tests that sign in many people.
pub async fn begin_session(
    conn: &mut PgConnection,
    app: &App,
    user: UserId,
    user_agent: &str,
    address: &str,
) -> Result<NewSession> {
    let token = BASE64_URL_SAFE_NO_PAD.encode(app.random.secret());
    let now = app.now();
    let session = Session {
        id: app.id(),
        user,
        created_at: now,
        last_used_at: now,
        expires_at: now + SESSION_LIFE,
        revoked_at: None,
        user_agent: user_agent.chars().filter(|c| !c.is_control()).take(200).collect(),
        address: address.to_owned(),
    };
    sessions::insert(conn, &session, &hash(&token)).await?;
    let user = users::find(conn, user)
        .await?
        .ok_or_else(|| crate::Error::Fault(format!("user {user} of a new session is gone")))?;
    Ok(NewSession { token, session, user })
}

fn hash(token: &str) -> Vec<u8> {
    Sha256::digest(token.as_bytes()).to_vec()
}

/// Who a session's token belongs to; nobody where it is unknown, ended or too old.
pub async fn authenticate(app: &App, token: &str) -> Result<Option<(SessionId, Actor)>> {
    let mut tx = app.begin(&Caller::nobody()).await?;
    let session = sessions::find_by_token(&mut tx, &hash(token)).await?;
    open_session(tx, app, session).await
}

/// Who a session belongs to by now: for connections that outlive a request.
pub async fn still_signed_in(app: &App, id: SessionId) -> Result<Option<(SessionId, Actor)>> {
    let mut tx = app.begin(&Caller::nobody()).await?;
    let session = sessions::find(&mut tx, id).await?;
    open_session(tx, app, session).await
}

async fn open_session(
    mut tx: PgTransaction<'static>,
    app: &App,
    session: Option<Session>,
) -> Result<Option<(SessionId, Actor)>> {
    let now = app.now();
    let Some(session) = session.filter(|session| session.is_open(now)) else {
        return Ok(None);
    };
    let grants = users::grants(&mut tx, &[session.user]).await?;
    if session.last_used_at + TOUCH_AFTER <= now {
        sessions::touch(&mut tx, session.id, now).await?;
        tx.commit().await?;
    }
    let actor = Actor {
        user: session.user,
        grants: grants.into_iter().map(|given| given.grant).collect(),
    };
    Ok(Some((session.id, actor)))
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

/// Where the caller is signed in.
pub async fn my_sessions(app: &App, caller: &Caller) -> Result<Vec<Session>> {
    let Some(id) = caller.user_id() else {
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
        .filter(|session| Some(session.user) == caller.user_id())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unusable_link_says_why_and_what_to_do() {
        for state in [LinkState::Used, LinkState::Expired, LinkState::Unknown] {
            let error = unusable(state);
            assert_eq!(error.field, "token");
            assert!(error.message.contains("ask for a new one"));
        }
    }

    #[test]
    fn a_token_is_stored_as_its_hash() {
        assert_eq!(hash("abc").len(), 32);
        assert_ne!(hash("abc"), b"abc");
    }
}
