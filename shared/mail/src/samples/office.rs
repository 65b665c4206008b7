//! What an office learns.

use super::{Sample, letterhead, now, sample, url};
use crate::{
    mails::ApproachUndeliverableMail,
    people::{Addressee, Contact, Letterhead, Salutation},
};

pub(super) fn all() -> Vec<Sample> {
    vec![sample(
        "approach_undeliverable",
        "the office learns of a refused mail",
        undeliverable(),
    )]
}

fn undeliverable() -> ApproachUndeliverableMail {
    ApproachUndeliverableMail {
        letterhead: Letterhead {
            contact: Contact {
                name: "Jonas Berger".to_owned(),
                office_name: "Geschäftsstelle, Betreuung der Software".to_owned(),
                phone: "+49 (0)30 23125 140".to_owned(),
                email: "jonas.berger@tandem.example".to_owned(),
                office_hours: None,
            },
            ..letterhead()
        },
        coordinator: Addressee {
            salutation: Salutation::Ms,
            title: None,
            given_name: "Katrin".to_owned(),
            family_name: "Sommer".to_owned(),
        },
        expert_name: "Dr. Maria Weber".to_owned(),
        expert_phone: Some("030 23125 815".to_owned()),
        address: "m.weber@mail.example".to_owned(),
        case_reference: "B-2026-0147".to_owned(),
        refused_at: now(),
        reason: "550 5.1.1 [address]: Recipient address rejected: User unknown".to_owned(),
        url: url("ansprachen/01935a7e-4a1b-7c3d-9e2f-0a1b2c3d4e5f"),
    }
}
