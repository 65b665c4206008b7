//! A changed e-mail address, at both its ends.

use super::{Sample, day, expert, letterhead, mentee, now, office, sample, url};
use crate::mails::{AddressMail, AddressNews, AddressUnsettledMail};

pub(super) fn all() -> Vec<Sample> {
    let mut samples = Vec::new();
    for (name, to_expert, news, page) in news() {
        samples.push(sample(
            name,
            "a changed address",
            AddressMail {
                letterhead: letterhead(),
                person: if to_expert { expert() } else { mentee() },
                news,
                url: page.then(|| url("p/address/8sLZr1bQmPq3vXyT6nKd0Hj5uWcE2aFg")),
            },
        ));
    }
    for (name, whose, guardian, contested) in [
        ("address_contested", "Dr. Maria Weber", false, true),
        ("address_expired", "B-2026-0147", true, false),
    ] {
        samples.push(sample(
            name,
            "a changed address that has come to nothing",
            AddressUnsettledMail {
                letterhead: letterhead(),
                reader: office(),
                whose: whose.to_owned(),
                guardian,
                contested,
            },
        ));
    }
    samples
}

fn news() -> Vec<(&'static str, bool, AddressNews, bool)> {
    let new_address = || "m…@mail.example".to_owned();
    vec![
        (
            "address_old",
            true,
            AddressNews::ConfirmOld {
                new_address: new_address(),
                until: now(),
            },
            true,
        ),
        (
            "address_new",
            false,
            AddressNews::ConfirmNew { until: now() },
            true,
        ),
        (
            "address_vouched",
            false,
            AddressNews::Vouched {
                new_address: new_address(),
                spoken_on: day("2026-11-20"),
                from: now(),
            },
            true,
        ),
        ("address_changed", false, AddressNews::Changed, true),
        ("address_left", true, AddressNews::Left, false),
        ("address_removed", false, AddressNews::Removed, false),
    ]
}
