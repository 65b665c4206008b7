//! Sign-in links: asked for in one browser, opened in the same one, or in another with a code.

use tandem_domain::{
    errors::UserError,
    ids::SignInRequestId,
    users::{LINK_VALIDITY, LINKS_AT_MOST, LINKS_WITHIN, LinkState, SignInMethod},
    values::Email,
};
use tandem_storage::{
    sessions::{self, Link},
    users,
};

use super::{
    NewSession, binding,
    sessions::{Place, open},
};
use crate::{
    App, Caller, Result,
    deliveries::{self, NewDelivery, Recipient, Trigger},
    jobs::{self, Job},
    links::Purpose,
    persons, refuse,
};

/// What a browser or program gets for asking, whether the address is known or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// What the browser keeps; with it the link works without a code.
    pub browser: String,
    /// Six digits; with them the link works elsewhere.
    pub code: String,
}

/// What somebody shows besides the link itself: that they asked for it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Proof<'a> {
    /// What the browser kept.
    pub browser: Option<&'a str>,
    /// The code that was typed.
    pub code: Option<&'a str>,
}

/// What a link is good for in this browser.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Look {
    /// Whether it works.
    pub state: LinkState,
    /// Whether this browser asked for it, so that no code is needed.
    pub bound: bool,
}

/// Takes the wish for a sign-in link.
///
/// The same is written whether the address is known or not, and whether it got too many links already;
/// a worker looks for the user later. So the answer is the same in words and in time, and only a text
/// that is no address at all is refused.
pub async fn request_link(app: &App, email: &str, browser: Option<&str>) -> Result<Asked> {
    let email: Email = email
        .parse()
        .map_err(|problem: String| UserError::invalid("email", problem))?;
    // a browser that asks twice can open either link
    let browser = browser
        .and_then(|token| binding::browser(&app.links, token))
        .unwrap_or_else(|| app.random.id(&*app.clock));
    let request: SignInRequestId = app.id();
    let mut tx = app.begin(&Caller::nobody()).await?;
    sessions::insert_request(&mut tx, request, &email, browser, app.now()).await?;
    jobs::enqueue(&mut tx, app, &[Job::SignInRequest { request }]).await?;
    tx.commit().await?;
    Ok(Asked {
        browser: binding::browser_token(&app.links, browser),
        code: binding::code(&app.links, request),
    })
}

/// The worker's part of a request: sends the link, if the address is that of a user who may sign in and
/// was not sent too many.
pub async fn answer_request(app: &App, request: SignInRequestId) -> Result<()> {
    let now = app.now();
    let mut tx = app.begin(&Caller::system()).await?;
    let Some(asked) = sessions::take_request(&mut tx, request, now).await? else {
        return Ok(());
    };
    let email: Option<Email> = asked.email.parse().ok();
    let user = match &email {
        Some(email) => match users::find_by_email(&mut tx, email).await? {
            Some(user) => Some(user),
            None => persons::account_of(&mut tx, app, email).await?,
        },
        None => None,
    };
    // a worker that was away sends nothing that is of no use any more
    let expires_at = asked.created_at + LINK_VALIDITY;
    if let Some(user) = user.filter(|user| user.active && now < expires_at) {
        sessions::lock_links(&mut tx, user.id).await?;
        if sessions::count_links(&mut tx, user.id, now - LINKS_WITHIN).await? < LINKS_AT_MOST {
            // each link is a mail of its own, so its subject is the request
            let mail = NewDelivery::new(Trigger::SignIn, request, Recipient::User(user.id));
            for delivery in deliveries::queue(&mut tx, app, &[mail]).await? {
                let link = Link {
                    delivery,
                    user: user.id,
                    request,
                    browser: asked.browser,
                    failed_codes: 0,
                    created_at: now,
                    expires_at,
                    used_at: None,
                };
                sessions::insert_link(&mut tx, &link).await?;
            }
        } else {
            tracing::info!(user = %user.id, "a sign-in link was asked for too often and not sent");
        }
    }
    tx.commit().await?;
    Ok(())
}

/// What a link is good for. Looking changes nothing, so a mail scanner that follows links uses nothing
/// up.
pub async fn look_at_link(app: &App, token: &str, browser: Option<&str>) -> Result<Look> {
    let unknown = Look {
        state: LinkState::Unknown,
        bound: false,
    };
    let Some(delivery) = app.links.verify(Purpose::SignIn, token) else {
        return Ok(unknown);
    };
    let mut conn = app.acquire(&Caller::nobody()).await?;
    let link = sessions::find_link(&mut conn, delivery).await?;
    Ok(link.map_or(unknown, |link| Look {
        state: link.state(app.now()),
        bound: asked_here(app, &link, browser),
    }))
}

fn asked_here(app: &App, link: &Link, browser: Option<&str>) -> bool {
    browser.and_then(|token| binding::browser(&app.links, token)) == Some(link.browser)
}

/// Signs in by a link, once: in the browser that asked for it, or with its code.
pub async fn sign_in(app: &App, token: &str, proof: Proof<'_>, place: &Place) -> Result<NewSession> {
    let Some(delivery) = app.links.verify(Purpose::SignIn, token) else {
        return refuse(unusable(LinkState::Unknown));
    };
    let now = app.now();
    let mut tx = app.begin(&Caller::nobody()).await?;
    let Some(link) = sessions::find_link_for_update(&mut tx, delivery).await? else {
        return refuse(unusable(LinkState::Unknown));
    };
    let state = link.state(now);
    if state != LinkState::Open {
        return refuse(unusable(state));
    }
    if !asked_here(app, &link, proof.browser) {
        match proof.code.map(str::trim).filter(|code| !code.is_empty()) {
            Some(code) if binding::is_code(&app.links, link.request, code) => {}
            Some(_) => {
                sessions::count_failed_code(&mut tx, delivery).await?;
                tx.commit().await?;
                return refuse(UserError::invalid(
                    "code",
                    "this is not the code: type the six digits shown where the link was asked for",
                ));
            }
            None => {
                return refuse(UserError::invalid(
                    "code",
                    "the link was asked for somewhere else: give the six digits that are shown there",
                ));
            }
        }
    }
    sessions::use_link(&mut tx, delivery, now).await?;
    let new = open(&mut tx, app, link.user, SignInMethod::Link, place).await?;
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
}
