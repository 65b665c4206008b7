//! E-mail templates, rendering and SMTP.
//!
//! A mail is a struct with typed data ([`mails`]), rendered in a language into subject, text and HTML
//! ([`Mail::render`]), put into an [`Envelope`] by [`message()`] and handed over by [`SmtpMailer::send`].
//! Nothing here reads a clock or draws a random number: the same delivery rendered twice is the same
//! message, byte for byte (architecture.md, decision 4).

pub mod case;
pub mod invitation;
pub mod language;
mod letter;
pub mod mails;
pub mod message;
pub mod people;
mod render;
pub mod samples;
pub mod smtp;
mod spoken;
mod words;

pub use crate::{
    case::{AgeGroup, CaseDescription, LanguageLevel, SupportArea},
    invitation::Invitation,
    language::Language,
    message::{Attachment, Envelope, MailAddress, MessageError, message, message_with},
    people::{Addressee, Contact, Letterhead, Organisation, Salutation},
    render::{Mail, RenderedMail},
    smtp::{SendError, SmtpMailer, SmtpOptions, SmtpUrlError},
    words::Words,
};
