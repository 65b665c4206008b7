//! What lets somebody in.

use super::{Sample, expert, letterhead, mentee, sample, url};
use crate::mails::{NewLinkMail, SignInMail};

pub(super) fn all() -> Vec<Sample> {
    let new_link = NewLinkMail {
        letterhead: letterhead(),
        person: mentee(),
        url: url("p/me/8sLZr1bQmPq3vXyT6nKd0Hj5uWcE2aFg"),
    };
    vec![
        sample("sign_in", "a sign-in link", sign_in()),
        sample("new_link", "a new link in place of an old one", new_link),
    ]
}

fn sign_in() -> SignInMail {
    SignInMail {
        letterhead: letterhead(),
        person: expert(),
        url: url("anmelden/8sLZr1bQmPq3vXyT6nKd0Hj5uWcE2aFg"),
        valid_minutes: 15,
    }
}
