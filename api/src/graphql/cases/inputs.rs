//! What is said of cases, and how lists of them are narrowed.

use async_graphql::{Enum, ID, InputObject};
use chrono::{DateTime, Days, Utc};
use tandem_domain::cases::CaseDraft;
use tandem_domain::errors::UserError;
use tandem_operations::cases::CaseFilter;

use super::CaseState;
use crate::graphql::enums::{Gender, SupportArea};
use crate::graphql::ids;
use crate::graphql::scalars::Date;

/// Longer waits are typing errors: the programme is not that old.
const MOST_DAYS: i32 = 36_500;

/// An area in which help is wished for.
#[derive(Debug, InputObject)]
pub struct CaseSupportAreaInput {
    /// The area; each one once.
    pub area: SupportArea,
    /// From 1, the most important, to 3.
    pub priority: i32,
}

/// A target occupation.
#[derive(Debug, InputObject)]
pub struct CaseOccupationInput {
    /// One to five digits of KldB 2010; `occupations` finds them.
    pub kldb_code: String,
    /// In words.
    #[graphql(default)]
    pub label: String,
}

/// What a case wishes for. A draft may still lack what submitting needs.
#[derive(Debug, InputObject)]
pub struct CaseInput {
    /// The id in the centre's own list.
    pub external_id: Option<String>,
    /// The named contact person.
    #[graphql(default)]
    pub contact_name: String,
    /// What the mentee wishes for.
    #[graphql(default)]
    pub mentee_wishes: String,
    /// What the centre wishes for.
    #[graphql(default)]
    pub center_wishes: String,
    /// Where the mentee starts from.
    #[graphql(default)]
    pub start_level: String,
    /// The radius around the centre, from 1 to 300 km; the programme's default where none is given.
    pub radius_km: Option<i32>,
    /// When the accompaniment should begin.
    pub planned_start: Option<Date>,
    /// A wish for the expert's gender, if any.
    pub expert_gender_wish: Option<Gender>,
    /// Where help is wished for. At least one is needed to submit.
    #[graphql(default)]
    pub support_areas: Vec<CaseSupportAreaInput>,
    /// The target occupations, the first choice first, at most 5.
    #[graphql(default)]
    pub occupations: Vec<CaseOccupationInput>,
    /// Whether the centre confirms that the mentee may take part. Needed to submit; nothing else is
    /// asked about residence.
    #[graphql(default)]
    pub eligibility_confirmed: bool,
    /// The day on which the mentee consented to the sharing of data, as the paper has it that you have in hand. Needed
    /// to submit, unless the mentee consents on the own page. The mentee gets a notice with "this is not right".
    pub mentee_consent_on: Option<Date>,
    /// The day on which the guardian of a mentee under 18 did, in the same way. Needed to submit.
    pub guardian_consent_on: Option<Date>,
}

impl From<CaseInput> for CaseDraft {
    fn from(input: CaseInput) -> Self {
        Self {
            external_id: input.external_id,
            contact_name: input.contact_name,
            mentee_wishes: input.mentee_wishes,
            center_wishes: input.center_wishes,
            start_level: input.start_level,
            radius_km: input.radius_km.map(i64::from),
            planned_start: input.planned_start.map(Into::into),
            expert_gender_wish: input.expert_gender_wish.map(Into::into),
            support_areas: input
                .support_areas
                .into_iter()
                .map(|wish| (wish.area.into(), wish.priority.into()))
                .collect(),
            occupations: input
                .occupations
                .into_iter()
                .map(|wish| (wish.kldb_code, wish.label))
                .collect(),
            eligibility_confirmed: input.eligibility_confirmed,
            mentee_consent_on: input.mentee_consent_on.map(Into::into),
            guardian_consent_on: input.guardian_consent_on.map(Into::into),
        }
    }
}

/// Narrows the list of cases.
#[derive(Debug, Default, InputObject)]
pub struct CaseFilterInput {
    /// Only cases in one of these states.
    #[graphql(default)]
    pub states: Vec<CaseState>,
    /// Only cases of this service centre.
    pub center_id: Option<ID>,
    /// Only cases of service centres that this regional office serves.
    pub office_id: Option<ID>,
    /// Only cases of this mentee.
    pub mentee_id: Option<ID>,
    /// Only cases that have waited at least so many days and still wait (SUBMITTED or SEARCHING).
    pub waiting_days: Option<i32>,
    /// Only cases with (true) or without (false) an expert who is being asked or has said yes.
    pub has_open_match: Option<bool>,
    /// Only open cases whose recorded consent is in doubt (true), or all others (false).
    pub consent_contested: Option<bool>,
    /// Part of the mentee's name or of a target occupation, or the id in the centre's list.
    pub text: Option<String>,
}

impl CaseFilterInput {
    pub(super) fn check(self, now: DateTime<Utc>) -> Result<CaseFilter, UserError> {
        let waiting_since = match self.waiting_days {
            None => None,
            Some(days @ 0..=MOST_DAYS) => Some(now - Days::new(days.unsigned_abs().into())),
            Some(days) => {
                return Err(UserError::invalid(
                    "filter.waitingDays",
                    format!("waitingDays is {days}, it must be from 0 to {MOST_DAYS}"),
                ));
            }
        };
        Ok(CaseFilter {
            states: self.states.into_iter().map(Into::into).collect(),
            center: ids::parse_optional("filter.centerId", self.center_id.as_ref())?,
            office: ids::parse_optional("filter.officeId", self.office_id.as_ref())?,
            mentee: ids::parse_optional("filter.menteeId", self.mentee_id.as_ref())?,
            waiting_since,
            has_open_match: self.has_open_match,
            consent_contested: self.consent_contested,
            text: self.text,
        })
    }
}

/// The order of a list of cases.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(name = "CaseOrder", remote = "tandem_operations::cases::CaseOrder")]
pub enum CaseOrderInput {
    /// Who has waited longest comes first; what was not submitted counts from its draft.
    WaitingLongest,
    /// The newest comes first.
    Newest,
}
