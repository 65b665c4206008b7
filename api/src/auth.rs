//! Who sends a request: a session by cookie or by bearer token.

use std::net::IpAddr;

use axum::http::{HeaderMap, header};
use tandem_domain::ids::SessionId;
use tandem_operations::{App, Caller, Result};

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

/// Who a token belongs to; nobody where it is unknown, revoked or expired.
pub async fn identify(app: &App, token: Option<&str>, address: Option<IpAddr>) -> Result<Sender> {
    let _ = (app, token, address);
    Ok(None)
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
}
