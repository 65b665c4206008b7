//! Cases, to centres and offices.

use super::{Sample, day, helper, letterhead, office, sample, url};
use crate::{
    mails::{CaseSearchingCenterMail, CaseSearchingMail, OutcomeConfirmationMail, Turns18Mail},
    people::Addressee,
};

pub(super) fn all() -> Vec<Sample> {
    let reference = || "B-2026-0147".to_owned();
    let case = || url("cases/01935a7e");
    let reader = || Addressee::plain("Jana", "Köhler");
    vec![
        sample(
            "case_searching",
            "a case still searches, to the office",
            CaseSearchingMail {
                letterhead: helper(),
                reader: office(),
                center_name: "Servicestelle Berlin-Mitte".to_owned(),
                case_reference: reference(),
                since: day("2026-11-09"),
                open_approaches: 2,
                url: case(),
            },
        ),
        sample(
            "case_searching_center",
            "a case still searches, to the centre",
            CaseSearchingCenterMail {
                letterhead: letterhead(),
                reader: reader(),
                case_reference: reference(),
                since: day("2026-11-09"),
                url: case(),
            },
        ),
        sample(
            "outcome_confirmation",
            "four months after a training began",
            OutcomeConfirmationMail {
                letterhead: letterhead(),
                reader: reader(),
                case_reference: reference(),
                training_starts_on: day("2026-08-03"),
                url: case(),
            },
        ),
        sample(
            "turns_18",
            "a mentee comes of age",
            Turns18Mail {
                letterhead: letterhead(),
                reader: reader(),
                case_reference: reference(),
                on: day("2026-12-21"),
                url: case(),
            },
        ),
    ]
}
