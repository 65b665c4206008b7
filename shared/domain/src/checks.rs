//! Background checks (L: BZRG § 30, § 30a; SGB VIII § 72a (5)).
//!
//! Stored, and nothing else: kind, date of the certificate, date and person of the inspection, and one
//! boolean "no relevant entry". States follow from dates; nobody sets them.

use chrono::{Datelike, Days, Months, NaiveDate};
use serde::{Deserialize, Serialize};

use crate::errors::{Code, UserError};
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
