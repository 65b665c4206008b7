//! API tokens: what a partner's program shows instead of a session (api.md "Sign-in").

use chrono::{DateTime, Duration, Utc};
use strum::VariantArray;

use crate::errors::{Problems, UserError};
use crate::ids::{ApiTokenId, UserId};
use crate::policy::Action;
use crate::values::{required_line, words};

/// How every token begins, so that it is known for what it is wherever it leaks.
pub const TOKEN_PREFIX: &str = "tandem_api_";
/// A token lasts for at most so many days.
pub const TOKEN_DAYS_AT_MOST: i64 = 366;

words! {
    /// What a token may be used for. It never gives more than its user may do.
    TokenScope {
        /// Read offices, centres, staff and settings.
        ReadOrganisation,
        /// Read experts with their contact details and checks.
        ReadExperts,
        /// Register and change experts.
        WriteExperts,
        /// Read mentees and cases.
        ReadCases,
        /// Register mentees; draft, change and submit cases.
        WriteCases,
        /// Read matches.
        ReadMatches,
        /// Approach experts, take approaches back, introduce, record meetings and milestones.
        WriteMatches,
        /// Read matching runs.
        ReadRuns,
        /// Start and decide matching runs.
        WriteRuns,
    }
}

impl TokenScope {
    /// The scope that an action needs; none where no token may do it: whoever answers for a person,
    /// inspects a certificate, gives rights, changes rules or reads the log has to be there in person.
    pub fn for_action(action: Action) -> Option<Self> {
        use Action as A;
        match action {
            A::ViewOffice | A::ViewCenter | A::ViewUser | A::ViewSettings => Some(Self::ReadOrganisation),
            A::ViewExpert | A::ViewExpertContact | A::ViewCheck => Some(Self::ReadExperts),
            A::ManageExpert => Some(Self::WriteExperts),
            A::ViewMentee | A::ViewCase | A::ViewCandidates => Some(Self::ReadCases),
            A::ManageMentee | A::ManageCase | A::DecideCase => Some(Self::WriteCases),
            A::ViewMatch | A::ViewFeedback => Some(Self::ReadMatches),
            A::Approach
            | A::IntroduceMatch
            | A::RecordBriefing
            | A::ArrangeFirstMeeting
            | A::LogMeeting
            | A::RecordMilestone => Some(Self::WriteMatches),
            A::ViewRun => Some(Self::ReadRuns),
            A::ManageRun => Some(Self::WriteRuns),
            _ => None,
        }
    }
}

/// One token; the token itself is known at its making alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiToken {
    /// The id.
    pub id: ApiTokenId,
    /// As whom it acts.
    pub user: UserId,
    /// What it is for, in its maker's words.
    pub name: String,
    /// What it may be used for.
    pub scopes: Vec<TokenScope>,
    /// Who made it; none where a command did.
    pub created_by: Option<UserId>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it ends.
    pub expires_at: DateTime<Utc>,
    /// When it was last used, to the minute.
    pub last_used_at: Option<DateTime<Utc>>,
    /// When it was ended by hand.
    pub revoked_at: Option<DateTime<Utc>>,
}

impl ApiToken {
    /// Whether it still counts.
    pub fn is_open(&self, now: DateTime<Utc>) -> bool {
        self.revoked_at.is_none() && now < self.expires_at
    }
}

/// What somebody wrote about a token to be made, not yet checked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ApiTokenInput {
    /// What it is for.
    pub name: String,
    /// What it may be used for.
    pub scopes: Vec<TokenScope>,
    /// For how many days.
    pub days: i64,
}

/// A token's checked details.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiTokenDraft {
    /// What it is for.
    pub name: String,
    /// What it may be used for, each scope once.
    pub scopes: Vec<TokenScope>,
    /// For how long.
    pub life: Duration,
}

impl ApiTokenInput {
    /// Checks every field.
    ///
    /// # Errors
    /// Every problem at once, by field.
    pub fn check(mut self) -> Result<ApiTokenDraft, Vec<UserError>> {
        let mut problems = Problems::new();
        let name = problems.take("name", required_line("name", &self.name, 200));
        self.scopes.sort_unstable();
        self.scopes.dedup();
        if self.scopes.is_empty() {
            let all: Vec<&str> = TokenScope::VARIANTS.iter().map(|scope| scope.as_str()).collect();
            problems.invalid("scopes", format!("needs at least one of {}", all.join(", ")));
        }
        if !(1..=TOKEN_DAYS_AT_MOST).contains(&self.days) {
            problems.invalid("expiresInDays", format!("must be 1 to {TOKEN_DAYS_AT_MOST}"));
        }
        let draft = name.map(|name| ApiTokenDraft {
            name,
            scopes: self.scopes,
            life: Duration::try_days(self.days).unwrap_or_default(),
        });
        problems.finish(draft)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_problem_of_a_token_is_named_at_once() {
        let input = ApiTokenInput {
            days: 367,
            ..ApiTokenInput::default()
        };
        let fields: Vec<String> = input.check().unwrap_err().into_iter().map(|e| e.field).collect();
        assert_eq!(fields, ["name", "scopes", "expiresInDays"]);
    }

    #[test]
    fn no_token_answers_for_a_person_or_gives_rights() {
        for action in [
            Action::AnswerApproach,
            Action::RecordAnswer,
            Action::RecordPaper,
            Action::SignAgreement,
            Action::ManageUser,
            Action::ManageApiToken,
            Action::ManageCheck,
            Action::ManageSettings,
            Action::ViewAudit,
        ] {
            assert_eq!(TokenScope::for_action(action), None, "{action}");
        }
    }
}
