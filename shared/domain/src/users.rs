//! People who sign in, and by what.

use chrono::{DateTime, Duration, Utc};

use crate::errors::{Problems, UserError};
use crate::ids::{RoleGrantId, SessionId, UserId};
use crate::policy::Grant;
use crate::values::{Email, Language, optional_line, required_line, words};

/// How long a sign-in link works (api.md "Sign-in").
pub const LINK_VALIDITY: Duration = Duration::minutes(15);
/// An address gets at most this many links …
pub const LINKS_AT_MOST: i64 = 5;
/// … within this time, so that nobody's mailbox is filled by others.
pub const LINKS_WITHIN: Duration = Duration::hours(1);
/// A link is void after so many wrong codes.
pub const CODE_TRIES: i16 = 5;
/// After a token was replaced, the one before still counts for so long: requests that were under way
/// carry it.
pub const ROTATION_GRACE: Duration = Duration::minutes(1);

/// How long sessions last; what counted when a session began counts for all its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionLimits {
    /// A session ends when it was not used for so long.
    pub idle: Duration,
    /// A session ends so long after it began, whatever happens.
    pub life: Duration,
    /// A token that a browser keeps is replaced when it is so old.
    pub rotate_after: Duration,
}

impl Default for SessionLimits {
    fn default() -> Self {
        Self {
            idle: Duration::hours(12),
            life: Duration::days(7),
            rotate_after: Duration::hours(1),
        }
    }
}

words! {
    /// How somebody signed in.
    SignInMethod {
        /// By a link in an e-mail.
        Link,
        /// By the organisation's OpenID Connect provider.
        OpenidConnect,
    }
}

/// Somebody who can sign in.
#[derive(Debug, Clone, PartialEq)]
pub struct User {
    /// The id.
    pub id: UserId,
    /// Where sign-in links go.
    pub email: Email,
    /// The name.
    pub name: String,
    /// A telephone number, for colleagues; may be empty.
    pub phone: String,
    /// The language of e-mails.
    pub language: Language,
    /// Whether this user may sign in.
    pub active: bool,
    /// Grows by one with each change.
    pub version: i64,
    /// When the user was created.
    pub created_at: DateTime<Utc>,
    /// When the user was last changed.
    pub updated_at: DateTime<Utc>,
}

/// One role of a user with its scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RoleGrant {
    /// The id.
    pub id: RoleGrantId,
    /// Whose.
    pub user: UserId,
    /// What.
    pub grant: Grant,
    /// Since when.
    pub created_at: DateTime<Utc>,
}

/// One signed-in browser or program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// The id.
    pub id: SessionId,
    /// Whose.
    pub user: UserId,
    /// Since when.
    pub created_at: DateTime<Utc>,
    /// When it was last used, to the minute.
    pub last_used_at: DateTime<Utc>,
    /// When it ends at the latest.
    pub expires_at: DateTime<Utc>,
    /// It ends when it was not used for so long.
    pub idle: Duration,
    /// When its token was last replaced.
    pub rotated_at: DateTime<Utc>,
    /// How it began.
    pub method: SignInMethod,
    /// When it was ended.
    pub revoked_at: Option<DateTime<Utc>>,
    /// What the browser or program called itself.
    pub user_agent: String,
    /// The network address that signed in.
    pub address: String,
}

impl Session {
    /// Whether it still counts.
    pub fn is_open(&self, now: DateTime<Utc>) -> bool {
        self.revoked_at.is_none() && now < self.ends_at()
    }

    /// When it ends if it is not used any more.
    pub fn ends_at(&self) -> DateTime<Utc> {
        self.expires_at.min(self.last_used_at + self.idle)
    }
}

/// What a sign-in link is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkState {
    /// It signs in, once.
    Open,
    /// It did already.
    Used,
    /// It is too old.
    Expired,
    /// It is no link of ours, or its user may not sign in any more.
    Unknown,
}

/// What somebody wrote about a user, not yet checked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UserInput {
    /// Where sign-in links go.
    pub email: String,
    /// The name.
    pub name: String,
    /// A telephone number, for colleagues.
    pub phone: Option<String>,
    /// The language of e-mails; German where none is given.
    pub language: Option<String>,
}

/// A user's checked details.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserDraft {
    /// Where sign-in links go.
    pub email: Email,
    /// The name.
    pub name: String,
    /// A telephone number; may be empty.
    pub phone: String,
    /// The language of e-mails.
    pub language: Language,
}

impl UserInput {
    /// Checks every field.
    ///
    /// # Errors
    /// Every problem at once, by field.
    pub fn check(self) -> Result<UserDraft, Vec<UserError>> {
        let mut problems = Problems::new();
        let email = problems.take("email", self.email.parse::<Email>());
        let name = problems.take("name", required_line("name", &self.name, 200));
        let phone = problems.take(
            "phone",
            optional_line("phone", self.phone.as_deref().unwrap_or_default(), 50),
        );
        let language = match self.language.as_deref() {
            None => Some(Language::german()),
            Some(text) => problems.take("language", text.parse::<Language>()),
        };
        let draft = (|| {
            Some(UserDraft {
                email: email?,
                name: name?,
                phone: phone?,
                language: language?,
            })
        })();
        problems.finish(draft)
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn session(created: DateTime<Utc>) -> Session {
        Session {
            id: Uuid::from_u128(1).into(),
            user: Uuid::from_u128(2).into(),
            created_at: created,
            last_used_at: created,
            expires_at: created + SessionLimits::default().life,
            idle: SessionLimits::default().idle,
            rotated_at: created,
            method: SignInMethod::Link,
            revoked_at: None,
            user_agent: String::new(),
            address: String::new(),
        }
    }

    #[test]
    fn a_session_ends_when_it_is_idle_and_in_any_case_in_the_end() {
        let start: DateTime<Utc> = "2026-11-23T08:00:00Z".parse().unwrap();
        let mut session = session(start);
        let SessionLimits { idle, life, .. } = SessionLimits::default();
        assert!(session.is_open(start + idle - Duration::seconds(1)));
        assert!(!session.is_open(start + idle));
        session.last_used_at = start + life - Duration::minutes(1);
        assert!(session.is_open(start + life - Duration::seconds(1)));
        assert!(!session.is_open(start + life));
        session.revoked_at = Some(start);
        assert!(!session.is_open(start));
    }

    #[test]
    fn every_problem_of_a_user_is_named_at_once() {
        let input = UserInput {
            email: "x".into(),
            name: String::new(),
            phone: Some("1\n2".into()),
            language: Some("german".into()),
        };
        let fields: Vec<String> = input.check().unwrap_err().into_iter().map(|e| e.field).collect();
        assert_eq!(fields, ["email", "name", "phone", "language"]);
    }
}
