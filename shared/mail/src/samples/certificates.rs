//! What is written about background checks.

use chrono::NaiveDate;

use super::{Sample, expert, letterhead, sample, url};
use crate::{
    mails::{CheckGapMail, CheckRequestedMail, GapCase},
    people::{Addressee, Salutation},
};

pub(super) fn all() -> Vec<Sample> {
    vec![
        sample("check_requested", "the first request, extended kind", requested()),
        sample(
            "check_requested_again",
            "a renewal, simple kind",
            CheckRequestedMail {
                extended: false,
                valid_until: NaiveDate::from_ymd_opt(2027, 2, 14),
                max_age_months: 1,
                ..requested()
            },
        ),
        sample(
            "check_gap",
            "the office learns of matches without a valid check",
            gap(),
        ),
    ]
}

fn requested() -> CheckRequestedMail {
    CheckRequestedMail {
        letterhead: letterhead(),
        expert: expert(),
        extended: true,
        valid_until: None,
        max_age_months: 3,
    }
}

fn gap() -> CheckGapMail {
    CheckGapMail {
        letterhead: letterhead(),
        coordinator: Addressee {
            salutation: Salutation::Ms,
            title: None,
            given_name: "Katrin".to_owned(),
            family_name: "Sommer".to_owned(),
        },
        expert_name: "Dr. Maria Weber".to_owned(),
        expert_phone: Some("030 23125 815".to_owned()),
        cases: vec![
            GapCase {
                reference: "B-2026-0147".to_owned(),
                place: "Berlin".to_owned(),
                minor: true,
            },
            GapCase {
                reference: "P-2026-0011".to_owned(),
                place: "Potsdam".to_owned(),
                minor: false,
            },
        ],
        url: url("fuehrungszeugnisse"),
    }
}
