//! Who sends a request: a session by cookie or by bearer token.

use std::net::SocketAddr;

use axum::http::{HeaderMap, header};
use tandem_domain::{ids::SessionId, policy::Actor};
use tandem_operations::{App, Caller, Result, auth as operations};

/// The cookie of a session. With HTTPS it has the prefix that binds it to this host.
pub fn cookie_name(secure: bool) -> &'static str {
    if secure { "__Host-tandem" } else { "tandem" }
}

/// Somebody signed in.
#[derive(Debug, Clone)]
pub struct Signed {
    /// Who, and from where.
    pub caller: Caller,
    /// By which session.
    pub session: SessionId,
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
}

impl Origin {
    /// The origin of a request.
    pub fn of(headers: &HeaderMap, peer: Option<SocketAddr>) -> Self {
        let user_agent = headers
            .get(header::USER_AGENT)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default();
        Self {
            address: peer.map(|peer| peer.ip().to_string()).unwrap_or_default(),
            user_agent: user_agent.to_owned(),
        }
    }
}

/// Who a token belongs to; nobody where there is none, or it is unknown, ended or too old.
pub async fn identify(app: &App, token: Option<&str>, origin: &Origin) -> Result<Sender> {
    let Some(token) = token else {
        return Ok(None);
    };
    Ok(signed(operations::authenticate(app, token).await?, origin))
}

/// The sender of a long-lived connection as it is by now: a session may have been ended and roles may
/// have changed since it was opened.
pub async fn identify_again(app: &App, before: &Signed) -> Result<Sender> {
    let origin = Origin {
        address: before.caller.address.clone(),
        user_agent: String::new(),
    };
    Ok(signed(
        operations::still_signed_in(app, before.session).await?,
        &origin,
    ))
}

fn signed(found: Option<(SessionId, Actor)>, origin: &Origin) -> Sender {
    found.map(|(session, actor)| Signed {
        caller: Caller::user(actor, origin.address.clone()),
        session,
    })
}

/// The cookie of a new session, as `Set-Cookie` has it.
pub fn cookie(token: &str, life: chrono::Duration, secure: bool) -> String {
    format!(
        "{}={token}; Path=/; HttpOnly; SameSite=Lax; Max-Age={}{}",
        cookie_name(secure),
        life.num_seconds().max(0),
        if secure { "; Secure" } else { "" }
    )
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
