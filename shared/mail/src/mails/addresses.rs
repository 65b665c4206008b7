//! Mails about a changed e-mail address. Experts read them in German or English, mentees and guardians in all
//! languages.

use chrono::{DateTime, NaiveDate, Utc};
use url::Url;

use crate::{
    letter::letters,
    people::{Addressee, Letterhead},
};

/// What a mail to one of the two addresses says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AddressNews {
    /// To the old one: is the change right?
    ConfirmOld {
        /// The new address, as who knows it recognises it.
        new_address: String,
        /// Until when it can be confirmed.
        until: DateTime<Utc>,
    },
    /// To the new one: does the person read here?
    ConfirmNew {
        /// Until when it can be confirmed.
        until: DateTime<Utc>,
    },
    /// To the old one: the office has spoken with the person, and the change counts without this address.
    Vouched {
        /// The new address, as who knows it recognises it.
        new_address: String,
        /// The day of the telephone call.
        spoken_on: NaiveDate,
        /// From when on it counts.
        from: DateTime<Utc>,
    },
    /// To the new one: it counts.
    Changed,
    /// To the old one: another address is used from now on.
    Left,
    /// To the one that was taken away.
    Removed,
}

/// A mail to the old or the new address of a person.
#[derive(Debug, Clone, PartialEq)]
pub struct AddressMail {
    /// Who writes.
    pub letterhead: Letterhead,
    /// The person.
    pub person: Addressee,
    /// What it says.
    pub news: AddressNews,
    /// The page behind it; none where there is nothing to do.
    pub url: Option<Url>,
}

letters! {
    AddressMail, "address",
    De: "address/de.md"; En: "address/en.md"; Ar: "address/ar.md"; Fa: "address/fa.md";
    Uk: "address/uk.md"; Tr: "address/tr.md";
}

/// Tells an office or a centre that a change of an address has come to nothing. Never a mentee's name.
#[derive(Debug, Clone, PartialEq)]
pub struct AddressUnsettledMail {
    /// Who writes.
    pub letterhead: Letterhead,
    /// The reader.
    pub reader: Addressee,
    /// An expert's name, or the number of a mentee's case.
    pub whose: String,
    /// Whether it is the guardian's address.
    pub guardian: bool,
    /// Whether somebody said that it is not right; otherwise nobody confirmed it in time.
    pub contested: bool,
}

letters! {
    AddressUnsettledMail, "address_unsettled", De: "address_unsettled/de.md"; En: "address_unsettled/en.md";
}
