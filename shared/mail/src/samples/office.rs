//! What an office learns.

use chrono::TimeDelta;

use super::{Sample, day, helper, now, office, sample, url};
use crate::mails::{
    ApproachUndeliverableMail, DigestLine, DigestPart, ErasureDueMail, MailUndeliverableMail,
    WeeklyDigestMail,
};

pub(super) fn all() -> Vec<Sample> {
    vec![
        sample(
            "approach_undeliverable",
            "the office learns of a refused mail",
            undeliverable(),
        ),
        sample(
            "mail_undeliverable",
            "the office learns of another refused mail",
            MailUndeliverableMail {
                letterhead: helper(),
                coordinator: office(),
                recipient: "Dr. Maria Weber".to_owned(),
                phone: "030 23125 815".to_owned(),
                refused_at: now(),
                reason: "550 5.1.1 [address]: Recipient address rejected: User unknown".to_owned(),
                url: url("experts/01935a7e"),
            },
        ),
        sample("weekly_digest", "Monday morning", digest()),
        sample(
            "erasure_due",
            "what is about to be erased",
            ErasureDueMail {
                letterhead: helper(),
                reader: super::Addressee::plain("Jonas", "Berger"),
                checks: 3,
                free_texts: 4,
                mentees: 2,
                experts: 1,
                accounts: 0,
                until: day("2026-12-23"),
                url: url(""),
            },
        ),
    ]
}

fn part(lines: &[(&str, &str, i64)], more: usize) -> DigestPart {
    let line = |(name, reference, days): &(&str, &str, i64)| DigestLine {
        name: (*name).to_owned(),
        reference: (*reference).to_owned(),
        on: day("2026-11-23") + TimeDelta::days(*days),
        url: url("matches/01935a7e"),
    };
    DigestPart {
        lines: lines.iter().map(line).collect(),
        more,
    }
}

fn digest() -> WeeklyDigestMail {
    WeeklyDigestMail {
        letterhead: helper(),
        coordinator: office(),
        on: day("2026-11-23"),
        expiring: part(&[("Dr. Maria Weber", "", 14), ("Ömer Yıldız", "", 41)], 0),
        unanswered: part(&[("Heinz-Jürgen Großmann", "B-2026-0151", -9)], 0),
        silent: DigestPart::default(),
        unfilled: part(
            &[
                ("Berlin", "B-2026-0147", -40),
                ("Potsdam", "P-2026-0012", -33),
                ("Berlin", "B-2026-0149", -21),
            ],
            4,
        ),
        url: url(""),
    }
}

fn undeliverable() -> ApproachUndeliverableMail {
    ApproachUndeliverableMail {
        letterhead: helper(),
        coordinator: office(),
        expert_name: "Dr. Maria Weber".to_owned(),
        expert_phone: Some("030 23125 815".to_owned()),
        address: "m.weber@mail.example".to_owned(),
        case_reference: "B-2026-0147".to_owned(),
        refused_at: now(),
        reason: "550 5.1.1 [address]: Recipient address rejected: User unknown".to_owned(),
        url: url("ansprachen/01935a7e-4a1b-7c3d-9e2f-0a1b2c3d4e5f"),
    }
}
