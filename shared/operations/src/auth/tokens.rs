//! API tokens of partners' programs: made and ended by administrators, shown once, stored as hashes.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde_json::json;
use tandem_domain::{
    errors::UserError,
    ids::{ApiTokenId, UserId},
    policy::{Action, Actor, Decision, Resource},
    tokens::{ApiToken, ApiTokenInput, TOKEN_PREFIX},
};
use tandem_storage::{PgConnection, PgTransaction, tokens, users};

use super::sessions::{TOUCH_AFTER, actor, hash};
use crate::{App, Audit, Caller, Result, refuse};

/// A token that was just made: the only moment at which it is known.
#[derive(Debug, Clone)]
pub struct NewToken {
    /// What the program shows.
    pub secret: String,
    /// What is stored of it.
    pub token: ApiToken,
}

/// Makes a token that acts as this user, within its scopes.
pub async fn create(app: &App, caller: &Caller, user: UserId, input: ApiTokenInput) -> Result<NewToken> {
    caller.authorize(Action::ManageApiToken, &Resource::programme(), "userId", "user")?;
    let draft = input.check()?;
    let mut tx = app.begin(caller).await?;
    let owner = users::find(&mut tx, user)
        .await?
        .ok_or_else(|| UserError::not_found("userId", "user"))?;
    if !owner.active {
        return refuse(UserError::invalid(
            "userId",
            "this user may not sign in, so no program may act for it",
        ));
    }
    let now = app.now();
    let secret = format!(
        "{TOKEN_PREFIX}{}",
        BASE64_URL_SAFE_NO_PAD.encode(app.random.secret())
    );
    let token = ApiToken {
        id: app.id(),
        user,
        name: draft.name,
        scopes: draft.scopes,
        created_by: caller.user_id(),
        created_at: now,
        expires_at: now + draft.life,
        last_used_at: None,
        revoked_at: None,
    };
    tokens::insert(&mut tx, &token, &hash(&secret)).await?;
    let audit = Audit::new("api_token.created", token.id)
        .about(user)
        .detail(json!({ "scopes": token.scopes }));
    app.audit(&mut tx, caller, &[audit]).await?;
    tx.commit().await?;
    Ok(NewToken { secret, token })
}

/// Tokens, the newest first: all of them for whom they concern, otherwise the caller's own.
pub async fn list(app: &App, caller: &Caller) -> Result<Vec<ApiToken>> {
    let mut conn = app.acquire(caller).await?;
    if caller.scope(Action::ManageApiToken).everything {
        return Ok(tokens::list(&mut conn, None).await?);
    }
    match caller.user_id().filter(|_| !caller.has_token()) {
        Some(user) => Ok(tokens::list(&mut conn, Some(user)).await?),
        None => Ok(Vec::new()),
    }
}

/// Ends a token: an administrator any, everybody the own ones.
pub async fn revoke(app: &App, caller: &Caller, id: ApiTokenId) -> Result<ApiToken> {
    let mut tx = app.begin(caller).await?;
    let token = find_visible(&mut tx, caller, id).await?;
    let now = app.now();
    if token.revoked_at.is_none() {
        tokens::revoke(&mut tx, id, now).await?;
        let audit = Audit::new("api_token.revoked", id).about(token.user);
        app.audit(&mut tx, caller, &[audit]).await?;
    }
    tx.commit().await?;
    Ok(ApiToken {
        revoked_at: token.revoked_at.or(Some(now)),
        ..token
    })
}

async fn find_visible(conn: &mut PgConnection, caller: &Caller, id: ApiTokenId) -> Result<ApiToken> {
    let manages = caller.can(Action::ManageApiToken, &Resource::programme()) == Decision::Allowed;
    tokens::find(conn, id)
        .await?
        .filter(|token| manages || (Some(token.user) == caller.user_id() && !caller.has_token()))
        .ok_or_else(|| UserError::not_found("id", "token").into())
}

/// Who a token acts as; nobody where it is unknown, ended or too old.
pub async fn authenticate(app: &App, secret: &str) -> Result<Option<(ApiTokenId, Actor)>> {
    let mut tx = app.begin(&Caller::nobody()).await?;
    let token = tokens::find_by_hash(&mut tx, &hash(secret)).await?;
    open(tx, app, token).await
}

/// The same by now: for connections that outlive a request.
pub async fn still_open(app: &App, id: ApiTokenId) -> Result<Option<(ApiTokenId, Actor)>> {
    let mut tx = app.begin(&Caller::nobody()).await?;
    let token = tokens::find_active(&mut tx, id).await?;
    open(tx, app, token).await
}

async fn open(
    mut tx: PgTransaction<'static>,
    app: &App,
    token: Option<ApiToken>,
) -> Result<Option<(ApiTokenId, Actor)>> {
    let now = app.now();
    let Some(token) = token.filter(|token| token.is_open(now)) else {
        return Ok(None);
    };
    let actor = actor(&mut tx, token.user).await?.limited_to(token.scopes);
    if token.last_used_at.is_none_or(|at| at + TOUCH_AFTER <= now) {
        tokens::touch(&mut tx, token.id, now).await?;
        tx.commit().await?;
    }
    Ok(Some((token.id, actor)))
}
