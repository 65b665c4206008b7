//! Cases: one young person's wish for one expert (domain.md "Life of a case").

use chrono::NaiveDate;

use crate::checks::is_minor;
use crate::errors::{Code, InvalidTransition, Problems, UserError};
use crate::experts::{TRAVEL_RADIUS_KM, in_range};
use crate::occupations::KldbCode;
use crate::values::{Gender, SupportArea, optional_line, optional_text, required_line, words};

/// The programme started on 1 August 2016 (S2); earlier dates are typing errors.
pub const PROGRAMME_START: NaiveDate = NaiveDate::from_ymd_opt(2016, 8, 1).expect("a date of the calendar");
/// At most so many target occupations (S49 knows two).
pub const MOST_OCCUPATIONS: usize = 5;

words! {
    /// `DRAFT → SUBMITTED → SEARCHING → MATCHED → ACTIVE → CLOSED`.
    CaseState {
        /// Being written by the centre.
        Draft,
        /// Waits for the office.
        Submitted,
        /// The office looks for an expert.
        Searching,
        /// One match is between interest and first meeting.
        Matched,
        /// Accompanied.
        Active,
        /// Ended, with an outcome.
        Closed,
        /// Taken back.
        Withdrawn,
    }

    /// The first axis of an outcome (S26): the way into training.
    TransitionOutcome {
        /// A training place.
        TrainingPlace,
        /// An introductory qualification.
        Eq,
        /// School.
        School,
        /// Vocational preparation.
        VocationalPreparation,
        /// A language course.
        LanguageCourse,
        /// Work.
        Work,
        /// No transition.
        NoTransition,
        /// Dropped out.
        DroppedOut,
        /// Moved away.
        MovedAway,
        /// Not known.
        Unknown,
    }

    /// The second axis (S26): a place in society.
    SocialOutcome {
        /// Has friends, a club, a circle.
        Settled,
        /// First contacts.
        FirstContacts,
        /// Still alone.
        Isolated,
        /// Not known.
        Unknown,
    }
}

impl CaseState {
    /// Neither closed nor withdrawn.
    pub fn is_open(self) -> bool {
        !matches!(self, Self::Closed | Self::Withdrawn)
    }

    fn step(self, step: &'static str, from: &[Self], to: Self) -> Result<Self, InvalidTransition> {
        if from.contains(&self) {
            Ok(to)
        } else {
            Err(InvalidTransition {
                entity: "this case",
                from: self.to_string(),
                step,
            })
        }
    }

    /// The centre submits (S18).
    pub fn submit(self) -> Result<Self, InvalidTransition> {
        self.step("submitted", &[Self::Draft], Self::Submitted)
    }

    /// The office returns it with a note.
    pub fn send_back(self) -> Result<Self, InvalidTransition> {
        self.step("returned", &[Self::Submitted], Self::Draft)
    }

    /// The office accepts it.
    pub fn accept(self) -> Result<Self, InvalidTransition> {
        self.step("accepted", &[Self::Submitted], Self::Searching)
    }

    /// An expert said yes.
    pub fn matched(self) -> Result<Self, InvalidTransition> {
        self.step("matched", &[Self::Searching], Self::Matched)
    }

    /// The match did not form, or ended: the search goes on with the same waiting time (S14).
    pub fn search_again(self) -> Result<Self, InvalidTransition> {
        self.step(
            "searched for again",
            &[Self::Matched, Self::Active],
            Self::Searching,
        )
    }

    /// The match became active.
    pub fn activate(self) -> Result<Self, InvalidTransition> {
        self.step("activated", &[Self::Matched], Self::Active)
    }

    /// The centre closes it with an outcome (S5).
    pub fn close(self) -> Result<Self, InvalidTransition> {
        self.step("closed", &[Self::Active, Self::Searching], Self::Closed)
    }

    /// Opened again within 30 days.
    pub fn reopen(self) -> Result<Self, InvalidTransition> {
        self.step("reopened", &[Self::Closed], Self::Searching)
    }

    /// Taken back from any open state.
    pub fn withdraw(self) -> Result<Self, InvalidTransition> {
        self.step(
            "withdrawn",
            &[
                Self::Draft,
                Self::Submitted,
                Self::Searching,
                Self::Matched,
                Self::Active,
            ],
            Self::Withdrawn,
        )
    }
}

/// What a case wishes for, validated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseWishes {
    /// The id in the centre's own list.
    pub external_id: Option<String>,
    /// The named contact person (S32).
    pub contact_name: String,
    /// The mentee's wishes (S10).
    pub mentee_wishes: String,
    /// The centre's wishes (S10).
    pub center_wishes: String,
    /// Where the mentee starts from (S52).
    pub start_level: String,
    /// Around the centre (S19), in kilometres.
    pub radius_km: u16,
    /// When the accompaniment should begin.
    pub planned_start: Option<NaiveDate>,
    /// A wish for the expert's gender, if any.
    pub expert_gender_wish: Option<Gender>,
    /// Each area once, with its priority: 1 is the most important (S45).
    pub support_areas: Vec<(SupportArea, u8)>,
    /// Target occupations, the first choice first (S49): code and label.
    pub occupations: Vec<(KldbCode, String)>,
    /// The centre confirms that the mentee may take part (S30): a boolean and nothing else.
    pub eligibility_confirmed: bool,
    /// The day on which the mentee consented to the sharing of data.
    pub mentee_consent_on: Option<NaiveDate>,
    /// The day on which a minor's guardian did.
    pub guardian_consent_on: Option<NaiveDate>,
}

/// The same as it was typed.
#[derive(Debug, Clone, Default)]
pub struct CaseDraft {
    /// See [`CaseWishes`]; so for every field.
    pub external_id: Option<String>,
    /// Contact person.
    pub contact_name: String,
    /// The mentee's wishes.
    pub mentee_wishes: String,
    /// The centre's wishes.
    pub center_wishes: String,
    /// Start level.
    pub start_level: String,
    /// Kilometres; the programme's default where none.
    pub radius_km: Option<i64>,
    /// Planned start.
    pub planned_start: Option<NaiveDate>,
    /// Gender wish.
    pub expert_gender_wish: Option<Gender>,
    /// Areas with priority.
    pub support_areas: Vec<(SupportArea, i64)>,
    /// Codes and labels.
    pub occupations: Vec<(String, String)>,
    /// Eligibility.
    pub eligibility_confirmed: bool,
    /// Consent of the mentee.
    pub mentee_consent_on: Option<NaiveDate>,
    /// Consent of the guardian.
    pub guardian_consent_on: Option<NaiveDate>,
}

impl CaseDraft {
    /// Checks every field of a draft; a draft may still lack what [`ready_to_submit`] asks for.
    ///
    /// # Errors
    /// Every problem at once, each with its field.
    pub fn validate(self, today: NaiveDate, default_radius_km: u16) -> Result<CaseWishes, Vec<UserError>> {
        let mut problems = Problems::new();
        let external_id = match self.external_id.as_deref().map(str::trim) {
            None | Some("") => Some(None),
            Some(id) => problems
                .take("externalId", required_line("external id", id, 100))
                .map(Some),
        };
        let contact_name = problems.take(
            "contactName",
            optional_line("contact person", &self.contact_name, 200),
        );
        let mentee_wishes = problems.take(
            "menteeWishes",
            optional_text("wishes of the mentee", &self.mentee_wishes, 4000),
        );
        let center_wishes = problems.take(
            "centerWishes",
            optional_text("wishes of the centre", &self.center_wishes, 4000),
        );
        let start_level = problems.take(
            "startLevel",
            optional_text("start level", &self.start_level, 1000),
        );
        let radius_km = problems.take(
            "radiusKm",
            in_range(
                "radius in km",
                self.radius_km.unwrap_or(i64::from(default_radius_km)),
                &TRAVEL_RADIUS_KM,
            ),
        );
        if let Some(start) = self.planned_start.filter(|start| *start < PROGRAMME_START) {
            problems.invalid(
                "plannedStart",
                format!("planned start {start} is before the programme began ({PROGRAMME_START})"),
            );
        }
        for (field, date) in [
            ("menteeConsentOn", self.mentee_consent_on),
            ("guardianConsentOn", self.guardian_consent_on),
        ] {
            match date {
                Some(date) if date > today => {
                    problems.invalid(field, format!("consent date {date} lies in the future"));
                }
                Some(date) if date < PROGRAMME_START => {
                    problems.invalid(
                        field,
                        format!("consent date {date} is before the programme began ({PROGRAMME_START})"),
                    );
                }
                _ => {}
            }
        }
        let mut support_areas: Vec<(SupportArea, u8)> = Vec::with_capacity(self.support_areas.len());
        for (position, (area, priority)) in self.support_areas.into_iter().enumerate() {
            let field = format!("supportAreas.{position}");
            if support_areas.iter().any(|(known, _)| *known == area) {
                problems.invalid(field, format!("support area {area} is named twice"));
            } else if let Some(priority) = problems.take(
                &format!("{field}.priority"),
                in_range("priority", priority, &(1..=3)),
            ) {
                support_areas.push((area, priority as u8));
            }
        }
        support_areas.sort_by_key(|(area, priority)| (*priority, *area));
        if self.occupations.len() > MOST_OCCUPATIONS {
            problems.invalid(
                "occupations",
                format!(
                    "{} target occupations are too many: at most {MOST_OCCUPATIONS}",
                    self.occupations.len()
                ),
            );
        }
        let mut occupations = Vec::with_capacity(self.occupations.len());
        for (position, (code, label)) in self.occupations.iter().enumerate() {
            let code = problems.take(
                &format!("occupations.{position}.kldbCode"),
                code.parse::<KldbCode>(),
            );
            let label = problems.take(
                &format!("occupations.{position}.label"),
                optional_line("occupation", label, 200),
            );
            occupations.extend(code.zip(label));
        }
        let wishes = (|| {
            Some(CaseWishes {
                external_id: external_id?,
                contact_name: contact_name?,
                mentee_wishes: mentee_wishes?,
                center_wishes: center_wishes?,
                start_level: start_level?,
                radius_km: radius_km? as u16,
                planned_start: self.planned_start,
                expert_gender_wish: self.expert_gender_wish,
                support_areas,
                occupations,
                eligibility_confirmed: self.eligibility_confirmed,
                mentee_consent_on: self.mentee_consent_on,
                guardian_consent_on: self.guardian_consent_on,
            })
        })();
        problems.finish(wishes)
    }
}

/// What submitting asks for beyond a valid draft: areas, a start, eligibility, and the recorded
/// consent of the mentee and, under 18, of the guardian.
///
/// # Errors
/// Everything that is missing, each with its field.
pub fn ready_to_submit(
    wishes: &CaseWishes,
    mentee_birth_date: NaiveDate,
    today: NaiveDate,
) -> Result<(), Vec<UserError>> {
    let mut errors = Vec::new();
    if wishes.support_areas.is_empty() {
        errors.push(UserError::invalid(
            "supportAreas",
            "a case needs at least one support area, for instance LANGUAGE",
        ));
    }
    if wishes.planned_start.is_none() {
        errors.push(UserError::invalid("plannedStart", "a case needs a planned start"));
    }
    if !wishes.eligibility_confirmed {
        errors.push(UserError::new(
            Code::NotReady,
            "eligibilityConfirmed",
            "the centre has to confirm that the mentee may take part in the programme",
        ));
    }
    if wishes.mentee_consent_on.is_none() {
        errors.push(UserError::new(
            Code::NotReady,
            "menteeConsentOn",
            "the mentee's consent to the sharing of data has to be recorded first",
        ));
    }
    if is_minor(mentee_birth_date, today) && wishes.guardian_consent_on.is_none() {
        errors.push(UserError::new(
            Code::NotReady,
            "guardianConsentOn",
            "the mentee is under 18: the guardian's consent to the sharing of data has to be recorded first",
        ));
    }
    if errors.is_empty() { Ok(()) } else { Err(errors) }
}

#[cfg(test)]
mod tests {
    use strum::VariantArray;

    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn draft() -> CaseDraft {
        CaseDraft {
            planned_start: Some(day("2026-12-01")),
            support_areas: vec![(SupportArea::Application, 2), (SupportArea::Language, 1)],
            occupations: vec![("43412".into(), "Fachinformatiker/in".into())],
            eligibility_confirmed: true,
            mentee_consent_on: Some(day("2026-11-01")),
            ..CaseDraft::default()
        }
    }

    #[test]
    fn the_most_important_area_comes_first_and_the_radius_has_a_default() {
        let wishes = draft().validate(day("2026-11-23"), 30).unwrap();
        assert_eq!(wishes.support_areas[0], (SupportArea::Language, 1));
        assert_eq!(wishes.radius_km, 30);
    }

    #[test]
    fn a_case_without_support_areas_is_not_submitted() {
        let wishes = CaseDraft {
            support_areas: vec![],
            ..draft()
        }
        .validate(day("2026-11-23"), 30)
        .unwrap();
        let errors = ready_to_submit(&wishes, day("2000-01-01"), day("2026-11-23")).unwrap_err();
        assert_eq!(errors[0].field, "supportAreas");
    }

    #[test]
    fn a_minors_case_needs_the_guardians_consent_too() {
        let wishes = draft().validate(day("2026-11-23"), 30).unwrap();
        assert!(ready_to_submit(&wishes, day("2008-11-23"), day("2026-11-23")).is_ok());
        let errors = ready_to_submit(&wishes, day("2008-11-24"), day("2026-11-23")).unwrap_err();
        assert_eq!(errors[0].field, "guardianConsentOn");
    }

    #[test]
    fn consent_and_eligibility_are_needed() {
        let wishes = CaseDraft {
            eligibility_confirmed: false,
            mentee_consent_on: None,
            planned_start: None,
            ..draft()
        };
        let errors = ready_to_submit(
            &wishes.validate(day("2026-11-23"), 30).unwrap(),
            day("2000-01-01"),
            day("2026-11-23"),
        );
        let fields: Vec<_> = errors.unwrap_err().into_iter().map(|error| error.field).collect();
        assert_eq!(
            fields,
            ["plannedStart", "eligibilityConfirmed", "menteeConsentOn"]
        );
    }

    #[test]
    fn wrong_values_are_named() {
        let bad = CaseDraft {
            radius_km: Some(0),
            planned_start: Some(day("2016-07-31")),
            mentee_consent_on: Some(day("2026-11-24")),
            support_areas: vec![
                (SupportArea::Language, 1),
                (SupportArea::Language, 2),
                (SupportArea::Other, 4),
            ],
            occupations: vec![("x".into(), String::new())],
            ..draft()
        };
        let fields: Vec<_> = bad
            .validate(day("2026-11-23"), 30)
            .unwrap_err()
            .into_iter()
            .map(|error| error.field)
            .collect();
        assert_eq!(
            fields,
            [
                "radiusKm",
                "plannedStart",
                "menteeConsentOn",
                "supportAreas.1",
                "supportAreas.2.priority",
                "occupations.0.kldbCode"
            ]
        );
    }

    #[test]
    fn a_case_goes_only_the_ways_that_the_programme_knows() {
        use CaseState::{Active, Closed, Draft, Matched, Searching, Submitted, Withdrawn};
        type Step = fn(CaseState) -> Result<CaseState, InvalidTransition>;
        let steps: [(Step, &[CaseState], CaseState); 9] = [
            (CaseState::submit, &[Draft], Submitted),
            (CaseState::send_back, &[Submitted], Draft),
            (CaseState::accept, &[Submitted], Searching),
            (CaseState::matched, &[Searching], Matched),
            (CaseState::search_again, &[Matched, Active], Searching),
            (CaseState::activate, &[Matched], Active),
            (CaseState::close, &[Active, Searching], Closed),
            (CaseState::reopen, &[Closed], Searching),
            (
                CaseState::withdraw,
                &[Draft, Submitted, Searching, Matched, Active],
                Withdrawn,
            ),
        ];
        for (step, from, to) in steps {
            for &state in CaseState::VARIANTS {
                assert_eq!(step(state).ok(), from.contains(&state).then_some(to), "{state}");
            }
        }
    }
}
