//! What lets somebody in.

use super::{Sample, expert, letterhead, sample, url};
use crate::mails::SignInMail;

pub(super) fn all() -> Vec<Sample> {
    vec![sample("sign_in", "a sign-in link", sign_in())]
}

fn sign_in() -> SignInMail {
    SignInMail {
        letterhead: letterhead(),
        person: expert(),
        url: url("anmelden/8sLZr1bQmPq3vXyT6nKd0Hj5uWcE2aFg"),
        valid_minutes: 15,
    }
}
