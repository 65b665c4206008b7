//! Signing in and out, and who one is.

use async_graphql::{Context, Enum, ID, Object, SimpleObject};
use chrono::{DateTime, Utc};
use tandem_domain::{
    ids::SessionId,
    users::{RoleGrant, Session as Row, User as UserRow},
};
use tandem_operations::auth::{self, Proof};

use super::{
    app, caller, ids,
    payload::{UserError, payload, settle},
    sender,
    users::{RoleGrantObject, User},
};
use crate::{
    auth::{BearerToken, Origin},
    config::HttpOptions,
    limits::{Act, RateLimiter},
};

/// How somebody signed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "tandem_domain::users::SignInMethod")]
pub enum SignInMethod {
    /// By a link in an e-mail.
    Link,
    /// By the organisation's OpenID Connect provider.
    OpenidConnect,
}

/// Where somebody is signed in.
#[derive(Debug, Clone, SimpleObject)]
pub struct Session {
    /// The global id.
    id: ID,
    /// Since when.
    created_at: DateTime<Utc>,
    /// When it was last used, to the minute.
    last_used_at: DateTime<Utc>,
    /// When it ends if it is not used any more.
    ends_at: DateTime<Utc>,
    /// When it was ended by hand.
    revoked_at: Option<DateTime<Utc>>,
    /// How it began.
    method: SignInMethod,
    /// What the browser or program called itself.
    user_agent: String,
    /// The network address that signed in.
    address: String,
}

impl From<Row> for Session {
    fn from(row: Row) -> Self {
        Self {
            id: ids::global(row.id),
            created_at: row.created_at,
            last_used_at: row.last_used_at,
            ends_at: row.ends_at(),
            revoked_at: row.revoked_at,
            method: row.method.into(),
            user_agent: row.user_agent,
            address: row.address,
        }
    }
}

/// You.
pub struct Viewer {
    user: UserRow,
    roles: Vec<RoleGrant>,
}

/// You.
#[Object]
impl Viewer {
    /// Your user.
    async fn user(&self) -> User {
        User(self.user.clone())
    }

    /// What you may do.
    #[graphql(complexity = "1 + 3 * child_complexity")]
    async fn roles(&self) -> Vec<RoleGrantObject> {
        self.roles.iter().copied().map(RoleGrantObject::from).collect()
    }

    /// Where you are signed in, the last used first.
    #[graphql(complexity = "1 + 5 * child_complexity")]
    async fn sessions(&self, ctx: &Context<'_>) -> async_graphql::Result<Vec<Session>> {
        let sessions = auth::my_sessions(app(ctx), caller(ctx)?).await?;
        Ok(sessions.into_iter().map(Session::from).collect())
    }

    /// The session of this request; null for a program with a token.
    async fn current_session_id(&self, ctx: &Context<'_>) -> Option<ID> {
        sender(ctx).as_ref()?.session().map(ids::global)
    }
}

/// A session that has just begun.
#[derive(SimpleObject)]
pub struct NewSession {
    /// Send it as `Authorization: Bearer …`. It is shown this once.
    token: String,
    /// The session.
    session: Session,
    /// Who you are.
    user: User,
}

impl From<auth::NewSession> for NewSession {
    fn from(new: auth::NewSession) -> Self {
        Self {
            token: new.token,
            session: new.session.into(),
            user: new.user.into(),
        }
    }
}

/// The answer to `requestSignInLink`: the same whether the address is known.
#[derive(SimpleObject)]
pub struct RequestSignInLinkPayload {
    /// Whether the request was taken. If the address is known, an e-mail is on its way.
    accepted: bool,
    /// Six digits to be shown to whoever asked: the link works without them in the browser that asked, and
    /// asks for them everywhere else. They are there whether the address is known or not.
    code: Option<String>,
    /// Why it was not taken; empty where it was.
    user_errors: Vec<UserError>,
}

payload! {
    /// The answer to `signInWithToken`.
    SignInWithTokenPayload {
        /// The session that begins.
        new_session: NewSession,
    }
}

payload! {
    /// The answer to `revokeSession`.
    RevokeSessionPayload {
        /// The session, ended.
        session: Session,
    }
}

payload! {
    /// The answer to `rotateSession`.
    RotateSessionPayload {
        /// The session with its new token.
        new_session: NewSession,
    }
}

payload! {
    /// The answer to `signOutEverywhere`.
    SignOutEverywherePayload {
        /// How many sessions were ended.
        sessions: i32,
    }
}

payload! {
    /// The answer to `signOut`.
    SignOutPayload {
        /// The session, ended.
        session: Session,
    }
}

/// Who one is.
#[derive(Default)]
pub struct AuthQuery;

#[Object]
impl AuthQuery {
    /// You; null where you are not signed in.
    async fn viewer(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<Viewer>> {
        let Some(signed) = sender(ctx) else {
            return Ok(None);
        };
        let myself = auth::myself(app(ctx), &signed.caller).await?;
        Ok(myself.map(|(user, roles)| Viewer { user, roles }))
    }
}

/// Signing in and out.
#[derive(Default)]
pub struct AuthMutation;

#[Object]
impl AuthMutation {
    /// Sends a sign-in link by e-mail. It works once, for 15 minutes, in the browser that asked, or with
    /// the code of the answer elsewhere. The answer is the same whether the address is known; an address
    /// gets at most 5 links an hour. No session is needed.
    async fn request_sign_in_link(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The e-mail address.")] email: String,
    ) -> async_graphql::Result<RequestSignInLinkPayload> {
        let origin = origin(ctx);
        count(ctx, &origin).await?;
        match auth::request_link(app(ctx), &email, origin.browser.as_deref()).await {
            Ok(asked) => {
                set_cookie(ctx, |secure| crate::auth::browser_cookie(&asked.browser, secure));
                Ok(RequestSignInLinkPayload {
                    accepted: true,
                    code: Some(asked.code),
                    user_errors: Vec::new(),
                })
            }
            Err(tandem_operations::Error::Refused(errors)) => Ok(RequestSignInLinkPayload {
                accepted: false,
                code: None,
                user_errors: errors.into_iter().map(UserError::from).collect(),
            }),
            Err(error) => Err(error.into()),
        }
    }

    /// Signs a program in with the token at the end of a sign-in link. No session is needed.
    async fn sign_in_with_token(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What follows the last slash of the link.")] token: String,
        #[graphql(desc = "The code that `requestSignInLink` gave; not needed in the browser that asked.")]
        code: Option<String>,
    ) -> async_graphql::Result<SignInWithTokenPayload> {
        let origin = origin(ctx);
        count(ctx, &origin).await?;
        let proof = Proof {
            browser: origin.browser.as_deref(),
            code: code.as_deref(),
        };
        settle(auth::sign_in(app(ctx), token.trim(), proof, &origin.place()).await)
    }

    /// Replaces the token of this session, which must have come as a bearer token; the one before works for
    /// a minute longer. Browsers get new cookies by themselves.
    async fn rotate_session(&self, ctx: &Context<'_>) -> async_graphql::Result<RotateSessionPayload> {
        let signed = sender(ctx).as_ref().ok_or_else(super::error::unauthenticated)?;
        let shown = ctx.data_opt::<BearerToken>();
        settle(match (signed.session(), shown) {
            (Some(session), Some(shown)) => {
                auth::rotate_mine(app(ctx), &signed.caller, session, &shown.0).await
            }
            _ => Err(tandem_domain::errors::UserError::forbidden(
                "only a session whose token came as \"Authorization: Bearer …\" can be given a new one here",
            )
            .into()),
        })
    }

    /// Ends all your sessions, this one too.
    async fn sign_out_everywhere(
        &self,
        ctx: &Context<'_>,
    ) -> async_graphql::Result<SignOutEverywherePayload> {
        let ended = auth::sign_out_everywhere(app(ctx), caller(ctx)?).await;
        if ended.is_ok() {
            set_cookie(ctx, crate::auth::no_cookie);
        }
        settle(ended.map(|sessions| i32::try_from(sessions).unwrap_or(i32::MAX)))
    }

    /// Ends one of your sessions.
    async fn revoke_session(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The session.")] id: ID,
    ) -> async_graphql::Result<RevokeSessionPayload> {
        let caller = caller(ctx)?;
        match ids::parse::<SessionId>("id", &id) {
            Ok(id) => settle(auth::revoke_session(app(ctx), caller, id).await),
            Err(error) => settle(Err::<Row, _>(error.into())),
        }
    }

    /// Ends the session of this request.
    async fn sign_out(&self, ctx: &Context<'_>) -> async_graphql::Result<SignOutPayload> {
        let signed = sender(ctx).as_ref().ok_or_else(super::error::unauthenticated)?;
        let Some(session) = signed.session() else {
            return settle(Err::<Row, _>(
                tandem_domain::errors::UserError::forbidden(
                    "a program's token is no session: revoke it instead",
                )
                .into(),
            ));
        };
        let ended = auth::revoke_session(app(ctx), &signed.caller, session).await;
        if ended.is_ok() {
            set_cookie(ctx, crate::auth::no_cookie);
        }
        settle(ended)
    }
}

fn origin(ctx: &Context<'_>) -> Origin {
    ctx.data_opt::<Origin>().cloned().unwrap_or_default()
}

/// Counts what somebody might guess or fill mailboxes with; several in one document count as several.
async fn count(ctx: &Context<'_>, origin: &Origin) -> async_graphql::Result<()> {
    let limiter = ctx.data::<RateLimiter>()?;
    let taken = limiter.take(&Act::SignIn, &origin.address).await;
    taken.map_err(super::error::rate_limited)
}

fn set_cookie(ctx: &Context<'_>, cookie: impl FnOnce(bool) -> String) {
    if let Some(options) = ctx.data_opt::<HttpOptions>() {
        ctx.append_http_header("set-cookie", cookie(options.secure()));
    }
}
