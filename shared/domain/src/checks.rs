//! Background checks (L: BZRG § 30, § 30a; SGB VIII § 72a (5)).
//!
//! Stored, and nothing else: kind, date of the certificate, date and person of the inspection, and one
//! boolean "no relevant entry". States follow from dates; nobody sets them.

mod erasure;

pub use erasure::{Activity, activity_ended_on, erase_on};

use chrono::{Datelike, Days, Months, NaiveDate};
use serde::{Deserialize, Serialize};

use crate::errors::{Code, UserError};
use crate::ids::UserId;
use crate::settings::Settings;
use crate::values::words;

words! {
    /// Which certificate.
    CheckKind {
        /// The simple one.
        Simple,
        /// The extended one, for who meets minors.
        Extended,
    }

    /// Follows from the stored facts and a date.
    CheckState {
        /// Asked for, not shown yet.
        Requested,
        /// Inspected and valid.
        Valid,
        /// Valid, but it ends within 12 weeks.
        Expiring,
        /// No longer valid.
        Expired,
        /// A relevant entry; visible to the office alone.
        Unsuitable,
        /// The inspection's data are erased.
        Erased,
    }
}

/// What an inspection found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inspection {
    /// The certificate's own date.
    pub certificate_date: NaiveDate,
    /// When it was inspected.
    pub inspected_on: NaiveDate,
    /// The one thing that is recorded of its content.
    pub no_relevant_entry: bool,
    /// The last day on which it is valid.
    pub valid_until: NaiveDate,
}

/// A background check as it is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BackgroundCheck {
    /// Simple or extended.
    pub kind: CheckKind,
    /// None while it is only requested, or after erasure.
    pub inspection: Option<Inspection>,
    /// Whether the inspection's data have been erased.
    pub erased: bool,
}

impl BackgroundCheck {
    /// The state on a day; `expiring_weeks` before the end it is `EXPIRING`.
    pub fn state(&self, today: NaiveDate, expiring_weeks: u32) -> CheckState {
        match self.inspection {
            _ if self.erased => CheckState::Erased,
            None => CheckState::Requested,
            Some(inspection) if !inspection.no_relevant_entry => CheckState::Unsuitable,
            Some(inspection) if today > inspection.valid_until => CheckState::Expired,
            Some(inspection)
                if inspection.valid_until - Days::new(u64::from(expiring_weeks) * 7) <= today =>
            {
                CheckState::Expiring
            }
            Some(_) => CheckState::Valid,
        }
    }

    /// Whether it permits a meeting on that day with a mentee who needs `needed`.
    pub fn permits(&self, needed: CheckKind, day: NaiveDate) -> bool {
        self.kind >= needed
            && !self.erased
            && self.inspection.is_some_and(|inspection| {
                inspection.no_relevant_entry
                    && inspection.inspected_on <= day
                    && day <= inspection.valid_until
            })
    }
}

/// The last day on which these checks permit meeting a mentee who needs `needed`; none where they never
/// did.
///
/// A relevant entry takes the ground from under every earlier inspection, and from one of the same day: who
/// showed a clean certificate two years ago is not deployed on it any more. A later inspection without an
/// entry counts again.
pub fn permitted_until(checks: &[BackgroundCheck], needed: CheckKind) -> Option<NaiveDate> {
    counting(checks)
        .filter(|(kind, _)| *kind >= needed)
        .map(|(_, inspection)| inspection.valid_until)
        .max()
}

/// Whether these checks, taken together, permit meeting a mentee who needs `needed` on a day.
pub fn permitted(checks: &[BackgroundCheck], needed: CheckKind, day: NaiveDate) -> bool {
    counting(checks).any(|(kind, inspection)| {
        kind >= needed && inspection.inspected_on <= day && day <= inspection.valid_until
    })
}

/// The inspections without an entry that none with an entry has overtaken.
pub(crate) fn counting(checks: &[BackgroundCheck]) -> impl Iterator<Item = (CheckKind, Inspection)> + '_ {
    let inspections = || {
        checks
            .iter()
            .filter(|check| !check.erased)
            .filter_map(|check| Some((check.kind, check.inspection?)))
    };
    let overtaken = inspections()
        .filter(|(_, inspection)| !inspection.no_relevant_entry)
        .map(|(_, inspection)| inspection.inspected_on)
        .max();
    inspections().filter(move |(_, inspection)| {
        inspection.no_relevant_entry && overtaken.is_none_or(|day| inspection.inspected_on > day)
    })
}

words! {
    /// How somebody stands with the checks, all of them together.
    Standing {
        /// Valid for longer than the weeks in which it counts as expiring.
        Valid,
        /// Valid, but it ends soon.
        Expiring,
        /// Was valid once.
        Expired,
        /// Never shown, or erased.
        Missing,
        /// A relevant entry; visible to the office alone.
        Unsuitable,
    }
}

/// How somebody stands on a day who needs `needed`, and until when that check is or was valid. Storage's
/// overview means the same; a test holds the two together.
pub fn standing(
    checks: &[BackgroundCheck],
    needed: CheckKind,
    today: NaiveDate,
    expiring_weeks: u32,
) -> (Standing, Option<NaiveDate>) {
    let until = permitted_until(checks, needed);
    let standing = match until {
        Some(until) if until < today => Standing::Expired,
        Some(until) if until - Days::new(u64::from(expiring_weeks) * 7) <= today => Standing::Expiring,
        Some(_) => Standing::Valid,
        None if counting(checks).next().is_none() && has_entry(checks) => Standing::Unsuitable,
        None => Standing::Missing,
    };
    (standing, until)
}

fn has_entry(checks: &[BackgroundCheck]) -> bool {
    checks.iter().any(|check| {
        !check.erased
            && check
                .inspection
                .is_some_and(|inspection| !inspection.no_relevant_entry)
    })
}

/// A mentee whom the expert accompanies or is about to meet, as far as the kind of certificate depends on
/// it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Encounter {
    /// The mentee's birth date.
    pub mentee_birth_date: NaiveDate,
    /// The day on which they meet, or met first, or are planned to.
    pub day: NaiveDate,
}

/// The kind that these encounters need on a day: who has met a mentee when they were a minor goes on with
/// one who has come of age by then.
pub fn kind_for(encounters: &[Encounter], today: NaiveDate) -> CheckKind {
    encounters
        .iter()
        .map(|encounter| needed_kind(encounter.mentee_birth_date, encounter.day.max(today)))
        .max()
        .unwrap_or(CheckKind::Simple)
}

/// Refuses a simple certificate where a minor's match asks for the extended one. One with a relevant entry
/// is recorded whatever its kind.
///
/// # Errors
/// The refusal, under `kind`.
pub fn check_kind(
    shown: CheckKind,
    no_relevant_entry: bool,
    encounters: &[Encounter],
    today: NaiveDate,
) -> Result<(), UserError> {
    if no_relevant_entry && shown < kind_for(encounters, today) {
        return Err(UserError::invalid(
            "kind",
            "this is the simple certificate, but the expert accompanies a mentee under 18: the extended one is needed (BZRG § 30a)",
        ));
    }
    Ok(())
}

/// Asks whether a second person may confirm an inspection: not the one who inspected.
///
/// # Errors
/// The refusal.
pub fn check_second_person(inspected_by: UserId, confirming: UserId) -> Result<(), UserError> {
    if inspected_by == confirming {
        return Err(UserError::forbidden(
            "you inspected this certificate yourself: a second person confirms it",
        ));
    }
    Ok(())
}

/// The kind that meeting this mentee needs: extended where the mentee is under 18 on that day.
pub fn needed_kind(birth_date: NaiveDate, day: NaiveDate) -> CheckKind {
    if is_minor(birth_date, day) {
        CheckKind::Extended
    } else {
        CheckKind::Simple
    }
}

/// Whether somebody is under 18 on a day.
pub fn is_minor(birth_date: NaiveDate, day: NaiveDate) -> bool {
    // who is born on 29 February turns 18 at the end of the 28th (BGB § 188 (2)): on 1 March
    let birthday = birth_date + Months::new(18 * 12);
    let adult_from = if birthday.day() == birth_date.day() {
        birthday
    } else {
        birthday + Days::new(1)
    };
    day < adult_from
}

/// Checks an inspection before it is recorded.
///
/// # Errors
/// Each fault under its field: a certificate of the future or older than the programme's limit at
/// inspection, an inspection of the future.
pub fn inspect(
    certificate_date: NaiveDate,
    inspected_on: NaiveDate,
    no_relevant_entry: bool,
    today: NaiveDate,
    settings: &Settings,
) -> Result<Inspection, Vec<UserError>> {
    let mut errors = Vec::new();
    if inspected_on > today {
        errors.push(UserError::invalid(
            "inspectedOn",
            format!("inspection date {inspected_on} lies in the future"),
        ));
    }
    if certificate_date > inspected_on {
        errors.push(UserError::invalid(
            "certificateDate",
            format!("certificate date {certificate_date} is after the inspection on {inspected_on}"),
        ));
    }
    let limit = settings.check_max_age_at_inspection_months;
    if certificate_date < inspected_on - Months::new(limit) {
        errors.push(UserError::new(
            Code::Invalid,
            "certificateDate",
            format!(
                "certificate date {certificate_date} is too old: at the inspection on {inspected_on} it may be at most {limit} months old"
            ),
        ));
    }
    if errors.is_empty() {
        let valid_until = inspected_on + Months::new(settings.check_validity_months);
        Ok(Inspection {
            certificate_date,
            inspected_on,
            no_relevant_entry,
            valid_until,
        })
    } else {
        Err(errors)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn check(kind: CheckKind, no_relevant_entry: bool) -> BackgroundCheck {
        let inspection = Inspection {
            certificate_date: day("2024-01-10"),
            inspected_on: day("2024-02-01"),
            no_relevant_entry,
            valid_until: day("2029-02-01"),
        };
        BackgroundCheck {
            kind,
            inspection: Some(inspection),
            erased: false,
        }
    }

    #[test]
    fn the_state_follows_from_the_dates() {
        let valid = check(CheckKind::Simple, true);
        for (today, state) in [
            ("2024-02-01", CheckState::Valid),
            ("2028-11-08", CheckState::Valid),
            ("2028-11-09", CheckState::Expiring),
            ("2029-02-01", CheckState::Expiring),
            ("2029-02-02", CheckState::Expired),
        ] {
            assert_eq!(valid.state(day(today), 12), state, "{today}");
        }
        assert_eq!(
            check(CheckKind::Simple, false).state(day("2024-02-01"), 12),
            CheckState::Unsuitable
        );
        let requested = BackgroundCheck {
            kind: CheckKind::Simple,
            inspection: None,
            erased: false,
        };
        assert_eq!(requested.state(day("2024-02-01"), 12), CheckState::Requested);
        assert_eq!(
            BackgroundCheck {
                erased: true,
                ..valid
            }
            .state(day("2024-02-01"), 12),
            CheckState::Erased
        );
    }

    #[test]
    fn a_minor_is_met_with_the_extended_kind_only() {
        let start = day("2026-03-01");
        assert!(!check(CheckKind::Simple, true).permits(CheckKind::Extended, start));
        assert!(check(CheckKind::Extended, true).permits(CheckKind::Extended, start));
        assert!(check(CheckKind::Extended, true).permits(CheckKind::Simple, start));
        assert!(!check(CheckKind::Extended, false).permits(CheckKind::Simple, start));
        assert!(!check(CheckKind::Extended, true).permits(CheckKind::Simple, day("2029-02-02")));
    }

    fn inspected(kind: CheckKind, on: &str, until: &str, no_relevant_entry: bool) -> BackgroundCheck {
        BackgroundCheck {
            kind,
            inspection: Some(Inspection {
                certificate_date: day(on),
                inspected_on: day(on),
                no_relevant_entry,
                valid_until: day(until),
            }),
            erased: false,
        }
    }

    #[test]
    fn a_relevant_entry_ends_what_earlier_inspections_permitted() {
        let clean = inspected(CheckKind::Extended, "2024-02-01", "2029-02-01", true);
        let entry = inspected(CheckKind::Simple, "2026-02-01", "2031-02-01", false);
        let again = inspected(CheckKind::Extended, "2026-05-01", "2031-05-01", true);
        let today = day("2026-06-01");
        assert!(permitted(&[clean], CheckKind::Extended, today));
        assert!(!permitted(&[clean, entry], CheckKind::Simple, today));
        assert_eq!(
            standing(&[clean, entry], CheckKind::Simple, today, 12),
            (Standing::Unsuitable, None)
        );
        assert!(permitted(&[clean, entry, again], CheckKind::Extended, today));
        assert_eq!(
            permitted_until(&[clean, entry, again], CheckKind::Simple),
            Some(day("2031-05-01"))
        );
    }

    #[test]
    fn the_standing_is_that_of_the_best_check_of_the_needed_kind() {
        let today = day("2026-06-01");
        let simple = inspected(CheckKind::Simple, "2025-02-01", "2030-02-01", true);
        let extended = inspected(CheckKind::Extended, "2021-07-01", "2026-07-01", true);
        let of = |checks: &[BackgroundCheck], needed| standing(checks, needed, today, 12).0;
        assert_eq!(of(&[simple, extended], CheckKind::Simple), Standing::Valid);
        assert_eq!(of(&[simple, extended], CheckKind::Extended), Standing::Expiring);
        assert_eq!(of(&[simple], CheckKind::Extended), Standing::Missing);
        assert_eq!(of(&[], CheckKind::Simple), Standing::Missing);
        let old = inspected(CheckKind::Extended, "2020-07-01", "2026-05-31", true);
        assert_eq!(of(&[old], CheckKind::Extended), Standing::Expired);
    }

    #[test]
    fn a_minors_match_asks_for_the_extended_kind_and_an_entry_is_always_recorded() {
        let today = day("2026-06-01");
        let minor = Encounter {
            mentee_birth_date: day("2009-01-01"),
            day: day("2026-05-01"),
        };
        let grown = Encounter {
            mentee_birth_date: day("2008-05-15"),
            day: day("2026-05-01"),
        };
        assert_eq!(kind_for(&[], today), CheckKind::Simple);
        assert_eq!(kind_for(&[grown], today), CheckKind::Simple);
        assert_eq!(kind_for(&[grown, minor], today), CheckKind::Extended);
        assert_eq!(
            check_kind(CheckKind::Simple, true, &[minor], today)
                .unwrap_err()
                .field,
            "kind"
        );
        assert!(check_kind(CheckKind::Extended, true, &[minor], today).is_ok());
        assert!(check_kind(CheckKind::Simple, false, &[minor], today).is_ok());
        assert!(check_kind(CheckKind::Simple, true, &[grown], today).is_ok());
    }

    #[test]
    fn who_inspected_does_not_confirm() {
        let user = |number| UserId::from(uuid::Uuid::from_u128(number));
        assert!(check_second_person(user(1), user(1)).is_err());
        assert!(check_second_person(user(1), user(2)).is_ok());
    }

    #[test]
    fn one_is_a_minor_until_the_day_of_the_eighteenth_birthday() {
        assert!(is_minor(day("2008-05-10"), day("2026-05-09")));
        assert!(!is_minor(day("2008-05-10"), day("2026-05-10")));
        assert!(is_minor(day("2008-02-29"), day("2026-02-28")));
        assert!(!is_minor(day("2008-02-29"), day("2026-03-01")));
    }

    #[test]
    fn an_old_or_future_certificate_is_refused_with_its_own_message() {
        let settings = Settings::default();
        let today = day("2026-06-01");
        assert!(inspect(day("2026-03-01"), today, true, today, &settings).is_ok());
        let too_old = inspect(day("2026-02-28"), today, true, today, &settings).unwrap_err();
        assert!(too_old[0].message.contains("too old"), "{too_old:?}");
        let future = inspect(day("2026-06-02"), today, true, today, &settings).unwrap_err();
        assert_eq!(future[0].field, "certificateDate");
        let ahead = inspect(day("2026-06-01"), day("2026-06-02"), true, today, &settings).unwrap_err();
        assert_eq!(ahead[0].field, "inspectedOn");
    }

    #[test]
    fn it_is_valid_for_sixty_months_after_the_inspection() {
        let today = day("2026-06-01");
        let inspection = inspect(today, today, true, today, &Settings::default()).unwrap();
        assert_eq!(inspection.valid_until, day("2031-06-01"));
    }
}
