//! Who sends a request: a session by cookie or by bearer token, or a partner's program by its token.

use std::net::SocketAddr;

use axum::http::{HeaderMap, header};
use tandem_domain::{
    ids::{ApiTokenId, SessionId},
    tokens::TOKEN_PREFIX,
    users::LINK_VALIDITY,
};
use tandem_operations::{
    App, Caller, Result,
    auth::{self as operations, Place, openid::ATTEMPT_LIFE},
};

/// The cookie of a session. With HTTPS it has the prefix that binds it to this host.
pub fn cookie_name(secure: bool) -> &'static str {
    if secure { "__Host-tandem" } else { "tandem" }
}

/// The cookie of a browser that asked for a sign-in link.
pub fn browser_cookie_name(secure: bool) -> &'static str {
    if secure {
        "__Host-tandem-browser"
    } else {
        "tandem-browser"
    }
}

/// The cookie of a browser that is away at the OpenID Connect provider.
pub fn attempt_cookie_name(secure: bool) -> &'static str {
    if secure {
        "__Host-tandem-attempt"
    } else {
        "tandem-attempt"
    }
}

/// By what somebody is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignedBy {
    /// A session.
    Session(SessionId),
    /// A partner's program, by its token.
    Token(ApiTokenId),
}

/// Somebody signed in.
#[derive(Debug, Clone)]
pub struct Signed {
    /// Who, and from where.
    pub caller: Caller,
    /// By what.
    pub by: SignedBy,
    /// Whether the session's token is so old that a browser should get a new one.
    pub rotation_due: bool,
}

impl Signed {
    /// The session, where it is one.
    pub fn session(&self) -> Option<SessionId> {
        match self.by {
            SignedBy::Session(session) => Some(session),
            SignedBy::Token(_) => None,
        }
    }
}

/// The sender of a request; nobody where there is no session.
pub type Sender = Option<Signed>;

/// A session's token as a request carries it, and whether a browser added it by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credential {
    /// The token.
    pub token: String,
    /// Whether it came as a cookie.
    pub by_cookie: bool,
}

/// In a request's data: the session's token that came as a bearer token.
#[derive(Debug, Clone)]
pub struct BearerToken(pub String);

/// The token of a request: the bearer token, or else the cookie.
pub fn credential(headers: &HeaderMap, secure: bool) -> Option<Credential> {
    if let Some(authorization) = headers.get(header::AUTHORIZATION) {
        let (scheme, token) = authorization.to_str().ok()?.split_once(' ')?;
        return scheme.eq_ignore_ascii_case("bearer").then(|| Credential {
            token: token.trim().to_owned(),
            by_cookie: false,
        });
    }
    let jar = axum_extra::extract::CookieJar::from_headers(headers);
    jar.get(cookie_name(secure)).map(|cookie| Credential {
        token: cookie.value().to_owned(),
        by_cookie: true,
    })
}

/// Where a request comes from, for the audit log and the list of sessions.
#[derive(Debug, Clone, Default)]
pub struct Origin {
    /// The network address.
    pub address: String,
    /// What the browser or program calls itself.
    pub user_agent: String,
    /// What a browser keeps that asked for a sign-in link.
    pub browser: Option<String>,
}

impl Origin {
    /// The origin of a request.
    pub fn of(headers: &HeaderMap, peer: Option<SocketAddr>, secure: bool) -> Self {
        let user_agent = headers
            .get(header::USER_AGENT)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default();
        Self {
            address: peer.map(|peer| peer.ip().to_string()).unwrap_or_default(),
            user_agent: user_agent.to_owned(),
            browser: axum_extra::extract::CookieJar::from_headers(headers)
                .get(browser_cookie_name(secure))
                .map(|cookie| cookie.value().to_owned()),
        }
    }

    /// What a new session keeps of it.
    pub fn place(&self) -> Place {
        Place {
            address: self.address.clone(),
            user_agent: self.user_agent.clone(),
        }
    }
}

/// Who a token belongs to; nobody where there is none, or it is unknown, ended or too old.
pub async fn identify(app: &App, token: Option<&str>, origin: &Origin) -> Result<Sender> {
    let Some(token) = token else {
        return Ok(None);
    };
    if token.starts_with(TOKEN_PREFIX) {
        let found = operations::tokens::authenticate(app, token).await?;
        return Ok(found.map(|(id, actor)| Signed {
            caller: Caller::user(actor, origin.address.clone()),
            by: SignedBy::Token(id),
            rotation_due: false,
        }));
    }
    let found = operations::authenticate(app, token).await?;
    Ok(found.map(|found| Signed {
        caller: Caller::user(found.actor, origin.address.clone()),
        by: SignedBy::Session(found.session),
        rotation_due: found.rotation_due,
    }))
}

/// The sender of a long-lived connection as it is by now: a session may have been ended and roles may
/// have changed since it was opened.
pub async fn identify_again(app: &App, before: &Signed) -> Result<Sender> {
    let actor = match before.by {
        SignedBy::Session(session) => operations::still_signed_in(app, session)
            .await?
            .map(|found| found.actor),
        SignedBy::Token(token) => operations::tokens::still_open(app, token)
            .await?
            .map(|(_, actor)| actor),
    };
    Ok(actor.map(|actor| Signed {
        caller: Caller::user(actor, before.caller.address.clone()),
        by: before.by,
        rotation_due: false,
    }))
}

/// The cookie by which a browser is known that asked for a sign-in link, as `Set-Cookie` has it.
pub fn browser_cookie(token: &str, secure: bool) -> String {
    set_cookie(browser_cookie_name(secure), token, LINK_VALIDITY, secure)
}

/// The cookie of a browser that goes to the OpenID Connect provider, as `Set-Cookie` has it.
pub fn attempt_cookie(token: &str, secure: bool) -> String {
    let life = chrono::Duration::from_std(ATTEMPT_LIFE).unwrap_or_default();
    set_cookie(attempt_cookie_name(secure), token, life, secure)
}

/// The cookie that makes a browser forget its attempt.
pub fn no_attempt_cookie(secure: bool) -> String {
    set_cookie(attempt_cookie_name(secure), "", chrono::Duration::zero(), secure)
}

fn set_cookie(name: &str, value: &str, life: chrono::Duration, secure: bool) -> String {
    format!(
        "{name}={value}; Path=/; HttpOnly; SameSite=Lax; Max-Age={}{}",
        life.num_seconds().max(0),
        if secure { "; Secure" } else { "" }
    )
}

/// The cookie of a new session, as `Set-Cookie` has it.
pub fn cookie(token: &str, life: chrono::Duration, secure: bool) -> String {
    set_cookie(cookie_name(secure), token, life, secure)
}

/// The cookie that makes a browser forget its session.
pub fn no_cookie(secure: bool) -> String {
    cookie("", chrono::Duration::zero(), secure)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bearer_token_goes_before_a_cookie() {
        let mut headers = HeaderMap::new();
        headers.insert(header::COOKIE, "a=b; tandem=from-cookie".parse().unwrap());
        assert_eq!(
            credential(&headers, false),
            Some(Credential {
                token: "from-cookie".into(),
                by_cookie: true
            })
        );
        assert_eq!(
            credential(&headers, true),
            None,
            "the secure cookie has another name"
        );
        headers.insert(header::AUTHORIZATION, "bearer from-header".parse().unwrap());
        assert_eq!(
            credential(&headers, false),
            Some(Credential {
                token: "from-header".into(),
                by_cookie: false
            })
        );
        headers.insert(header::AUTHORIZATION, "Basic eDp5".parse().unwrap());
        assert_eq!(credential(&headers, false), None);
    }

    #[test]
    fn a_cookie_is_kept_from_scripts_and_other_sites() {
        let cookie = cookie("t", chrono::Duration::hours(1), true);
        assert_eq!(
            cookie,
            "__Host-tandem=t; Path=/; HttpOnly; SameSite=Lax; Max-Age=3600; Secure"
        );
        assert!(no_cookie(false).contains("tandem=; ") && no_cookie(false).contains("Max-Age=0"));
    }
}
