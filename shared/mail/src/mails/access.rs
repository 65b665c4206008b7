//! Mails that let somebody in.

use url::Url;

use crate::{
    letter::letters,
    people::{Addressee, Letterhead},
    render::templates,
};

/// The link that signs a person in.
#[derive(Debug, Clone, PartialEq)]
pub struct SignInMail {
    /// Who writes; the contact helps those who cannot sign in.
    pub letterhead: Letterhead,
    /// Who signs in.
    pub person: Addressee,
    /// The page that signs in by a button; single use.
    pub url: Url,
    /// How long the link works, in minutes.
    pub valid_minutes: u32,
}

templates! {
    SignInMail, "sign_in",
    De: "sign_in/de.subject.txt", "sign_in/de.txt", "sign_in/de.html";
    En: "sign_in/en.subject.txt", "sign_in/en.txt", "sign_in/en.html";
}

/// A new link to a person's own pages, which somebody with an old one asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct NewLinkMail {
    /// Who writes.
    pub letterhead: Letterhead,
    /// The person.
    pub person: Addressee,
    /// The person's own page.
    pub url: Url,
}

letters! {
    NewLinkMail, "new_link",
    De: "new_link/de.md"; En: "new_link/en.md"; Ar: "new_link/ar.md"; Fa: "new_link/fa.md";
    Uk: "new_link/uk.md"; Tr: "new_link/tr.md";
}
