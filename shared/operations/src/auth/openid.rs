//! Signing in by the organisation's OpenID Connect provider: for staff who have a user here already.

use std::time::Duration;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use subtle::ConstantTimeEq;
use tandem_domain::{
    errors::UserError,
    policy::Role,
    users::{SignInMethod, User},
    values::Email,
};
use tandem_storage::{PgConnection, openid, users};
use uuid::Uuid;

use super::{
    binding,
    sessions::{NewSession, Place, open},
};
use crate::{App, Audit, Caller, Result, refuse};

/// Signing in at the provider takes no longer than this.
pub const ATTEMPT_LIFE: Duration = Duration::from_secs(600);

/// One attempt to sign in: what the provider gets and what it must bring back. All of it follows from an
/// id that the browser keeps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// What the browser keeps.
    pub browser: String,
    /// What the provider brings back with the browser.
    pub state: String,
    /// What it puts into the identity token.
    pub nonce: String,
    /// The secret of PKCE, which is shown when the code is exchanged.
    pub verifier: String,
}

impl Attempt {
    /// A new attempt.
    pub fn begin(app: &App) -> Self {
        Self::of(app, app.random.id(&*app.clock))
    }

    /// The attempt that a browser began, where it brings back the right state in time.
    pub fn resume(app: &App, browser: &str, state: &str) -> Option<Self> {
        let id = binding::browser(&app.links, browser)?;
        let (seconds, _) = id.get_timestamp()?.to_unix();
        let age = u64::try_from(app.now().timestamp()).ok()?.checked_sub(seconds)?;
        let attempt = Self::of(app, id);
        let same: bool = attempt.state.as_bytes().ct_eq(state.as_bytes()).into();
        (same && age <= ATTEMPT_LIFE.as_secs()).then_some(attempt)
    }

    fn of(app: &App, id: Uuid) -> Self {
        let secret = |label: &[u8]| BASE64_URL_SAFE_NO_PAD.encode(app.links.seal(label, id));
        Self {
            browser: binding::browser_token(&app.links, id),
            state: secret(b"openid-state"),
            nonce: secret(b"openid-nonce"),
            verifier: secret(b"openid-verifier"),
        }
    }
}

/// Who somebody is, in the provider's words, which were verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The provider.
    pub issuer: String,
    /// Its name for the person.
    pub subject: String,
    /// The address, where the provider has verified it.
    pub verified_email: Option<String>,
}

/// Signs in the user whom the provider means: by its subject, or at the first time by the verified address
/// of a member of staff. Nobody is made a user thereby.
pub async fn sign_in(app: &App, identity: &Identity, place: &Place) -> Result<NewSession> {
    let now = app.now();
    let mut tx = app.begin(&Caller::nobody()).await?;
    let known = openid::find(&mut tx, &identity.issuer, &identity.subject).await?;
    let user = match known {
        Some(id) => {
            openid::touch(&mut tx, &identity.issuer, &identity.subject, now).await?;
            users::find(&mut tx, id).await?.filter(|user| user.active)
        }
        None => match find_staff(&mut tx, identity).await? {
            Some(user) => {
                openid::insert(&mut tx, &identity.issuer, &identity.subject, user.id, now)
                    .await
                    .map_err(|error| match error.constraint() {
                        Some("openid_subjects_one_per_user" | "openid_subjects_pkey") => stranger().into(),
                        _ => crate::Error::from(error),
                    })?;
                let audit = Audit::new("openid_subject.linked", user.id).about(user.id);
                app.audit(&mut tx, &Caller::system(), &[audit]).await?;
                Some(user)
            }
            None => None,
        },
    };
    let Some(user) = user else {
        return refuse(stranger());
    };
    let new = open(&mut tx, app, user.id, SignInMethod::OpenidConnect, place).await?;
    tx.commit().await?;
    Ok(new)
}

async fn find_staff(conn: &mut PgConnection, identity: &Identity) -> Result<Option<User>> {
    let email = identity.verified_email.as_deref();
    let Some(email) = email.and_then(|text| text.parse::<Email>().ok()) else {
        return Ok(None);
    };
    let Some(user) = users::find_by_email(conn, &email)
        .await?
        .filter(|user| user.active)
    else {
        return Ok(None);
    };
    let grants = users::grants(conn, &[user.id]).await?;
    let staff = |role| matches!(role, Role::Admin | Role::Coordinator | Role::CenterStaff);
    let is_staff = !grants.is_empty() && grants.iter().all(|given| staff(given.grant.role()));
    Ok(is_staff.then_some(user))
}

/// The same for everybody whom we do not let in.
fn stranger() -> UserError {
    UserError::forbidden("this account does not belong to a member of staff here")
}
