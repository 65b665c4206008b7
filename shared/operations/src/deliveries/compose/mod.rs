//! From a delivery to the letter that it is at this moment, or to why it is not sent.
//!
//! A trigger is added in four places: its entry in [`Trigger`], its arm in [`compose`], a function in
//! the file of its group that asks its condition and fills in its mail, and the mail itself in
//! `tandem_mail::mails`. The condition is asked here, at the moment of sending, whatever was true when the
//! mail was promised.

mod access;
mod addresses;
mod approach;
mod case;
mod checks;
mod consent;
mod life;
mod office;
mod reminders;
mod training;

use tandem_domain::ids::DeliveryId;
use tandem_domain::settings::Settings;
use tandem_domain::values::Gender;
use tandem_mail::{
    Addressee, Attachment, Contact, Language, Letterhead, MailAddress, Organisation, RenderedMail, Salutation,
};
use tandem_storage::PgConnection;
use tandem_storage::deliveries::{self, ContactFacts, Delivery, ExpertFacts, RecipientKind};
use url::Url;
use uuid::Uuid;

pub use self::{
    approach::answer_by,
    case::{describe_case, support_area},
};
use super::Trigger;
use crate::links::Purpose;
use crate::{App, Error, Result};

/// What is to be done with a delivery.
pub(super) enum Verdict<T> {
    /// It is sent.
    Send(T),
    /// It is never sent, and this is why.
    Suppress(String),
    /// It cannot be decided yet.
    Wait(String),
}

impl Verdict<Letter> {
    /// A mail to somebody, whose answer reaches the contact.
    fn send(to: MailAddress, contact: &ContactFacts, mail: RenderedMail) -> Self {
        Self::Send(Letter {
            to,
            reply_to: reply_to(contact),
            mail,
            attachments: Vec::new(),
        })
    }

    /// The same mail with a file.
    fn attach(mut self, file: Attachment) -> Self {
        if let Self::Send(letter) = &mut self {
            letter.attachments.push(file);
        }
        self
    }
}

fn suppress<T>(reason: &str) -> Verdict<T> {
    Verdict::Suppress(reason.to_owned())
}

/// A rendered mail and its two addresses.
pub(super) struct Letter {
    pub(super) to: MailAddress,
    pub(super) reply_to: MailAddress,
    pub(super) mail: RenderedMail,
    pub(super) attachments: Vec<Attachment>,
}

/// What every mail is written with.
#[derive(Clone, Copy)]
pub(super) struct Writing<'a> {
    pub(super) app: &'a App,
    pub(super) settings: &'a Settings,
    pub(super) delivery: &'a Delivery,
    /// The programme's own address.
    pub(super) from: &'a str,
    /// The language of the mailbox to which it goes; German where the recipient is a person.
    pub(super) staff_language: Language,
}

impl Writing<'_> {
    /// The frame of the mail; where it is not essential, with the address that ends mails of its kind.
    fn letterhead(&self, contact: &ContactFacts) -> Result<Letterhead> {
        Ok(Letterhead {
            unsubscribe_url: self.unsubscribe_url()?,
            ..letterhead(self.settings, contact)
        })
    }

    /// Where one click ends mails of this kind; none for what is essential.
    pub(super) fn unsubscribe_url(&self) -> Result<Option<Url>> {
        let trigger = Trigger::of(self.delivery)?;
        if trigger.is_essential() {
            return Ok(None);
        }
        let token = self.app.links.token(Purpose::Unsubscribe, self.delivery.id);
        page_url(self.app, &format!("p/unsubscribe/{token}")).map(Some)
    }
}

/// Reads what a delivery is about, asks its trigger's condition and renders it.
pub(super) async fn compose(conn: &mut PgConnection, writing: &Writing<'_>) -> Result<Verdict<Letter>> {
    let trigger = Trigger::of(writing.delivery)?;
    if let Some(reminder) = trigger.reminder() {
        return reminders::compose(conn, writing, reminder).await;
    }
    match trigger {
        Trigger::SignIn => access::sign_in(conn, writing).await,
        Trigger::ApproachUndeliverable => office::undeliverable(conn, writing).await,
        Trigger::MailUndeliverable => office::mail_undeliverable(conn, writing).await,
        Trigger::Approach
        | Trigger::ApproachWithdrawn
        | Trigger::Superseded
        | Trigger::AnswerYes
        | Trigger::AnswerNo => approach::compose(conn, writing, trigger).await,
        Trigger::CheckRequested => checks::requested(conn, writing).await,
        Trigger::CheckGap => checks::gap(conn, writing).await,
        Trigger::TrainingInvited
        | Trigger::TrainingBooked
        | Trigger::TrainingChanged
        | Trigger::TrainingCancelled
        | Trigger::SeatOffered
        | Trigger::SeatLapsed => training::compose(conn, writing, trigger).await,
        Trigger::ProblemReported => life::problem(conn, writing).await,
        Trigger::ConsentNotice => consent::notice(conn, writing).await,
        Trigger::ConsentContested => consent::contested(conn, writing).await,
        Trigger::AddressOld
        | Trigger::AddressNew
        | Trigger::AddressVouched
        | Trigger::AddressChanged
        | Trigger::AddressLeft
        | Trigger::AddressRemoved => addresses::to_person(conn, writing, trigger).await,
        Trigger::NewLink => access::new_link(conn, writing).await,
        Trigger::AddressUnsettled => addresses::to_staff(conn, writing).await,
        Trigger::Introduced
        | Trigger::MeetingDated
        | Trigger::ChemistryQuestion
        | Trigger::ChemistryAgreed
        | Trigger::MatchNotFormed
        | Trigger::AgreementToSign
        | Trigger::AgreementInForce
        | Trigger::PaperNotice
        | Trigger::PaperContested
        | Trigger::AnswerContested
        | Trigger::MatchActive
        | Trigger::MatchPaused
        | Trigger::MatchResumed
        | Trigger::MatchEnded
        | Trigger::ThankYou => life::compose(conn, writing, trigger).await,
        // reminders are written above
        _ => Ok(suppress("there is no mail of this kind")),
    }
}

/// Where staff begin: the page that says what there is for them.
const START: &str = "open";

/// The page on which an expert sees the own seat and gives it back.
fn seat_url(app: &App, delivery: DeliveryId) -> Result<Url> {
    page_url(
        app,
        &format!("p/training/{}", app.links.token(Purpose::Training, delivery)),
    )
}

fn page_url(app: &App, path: &str) -> Result<Url> {
    app.public_url
        .join(path)
        .map_err(|error| Error::Fault(format!("the public address takes no path {path:?}: {error}")))
}

/// The person's own pages about what a mail is about.
fn person_url(app: &App, delivery: DeliveryId) -> Result<Url> {
    page_url(
        app,
        &format!("p/me/{}", app.links.token(Purpose::Person, delivery)),
    )
}

/// The short name of a case in mails: the centre's own number, or the end of its id, where the
/// randomness is. Never the mentee's name.
pub fn case_reference(external_id: Option<&str>, id: Uuid) -> String {
    external_id.map_or_else(
        || {
            let id = id.simple().to_string();
            id[id.len() - 8..].to_uppercase()
        },
        str::to_owned,
    )
}

/// The language in which the mailbox of an office or a centre is written to.
pub(super) async fn staff_language(conn: &mut PgConnection, delivery: &Delivery) -> Result<Language> {
    let recipient = (delivery.recipient_kind, delivery.recipient_id);
    Ok(match delivery.recipient_kind {
        RecipientKind::Center | RecipientKind::Office => {
            language(&deliveries::recipient_language(conn, recipient).await?)
        }
        _ => Language::De,
    })
}

/// Who helps staff with the software.
async fn helper(conn: &mut PgConnection, settings: &Settings) -> Result<Option<ContactFacts>> {
    let admin = deliveries::admin_contact(conn).await?;
    Ok(admin.map(|admin| ContactFacts {
        office_name: settings.organisation_name.clone(),
        ..admin
    }))
}

pub(crate) fn letterhead(settings: &Settings, contact: &ContactFacts) -> Letterhead {
    Letterhead {
        organisation: Organisation {
            programme_name: settings.programme_name.clone(),
            organisation_name: settings.organisation_name.clone(),
            postal_address: Some(settings.organisation_address.clone()).filter(|line| !line.is_empty()),
        },
        contact: self::contact(contact),
        unsubscribe_url: None,
    }
}

fn contact(contact: &ContactFacts) -> Contact {
    Contact {
        name: contact.name.clone(),
        office_name: contact.office_name.clone(),
        phone: contact.phone.clone(),
        email: contact.email.clone(),
        office_hours: None,
    }
}

fn reply_to(contact: &ContactFacts) -> MailAddress {
    MailAddress {
        name: Some(contact.name.clone()),
        address: contact.email.clone(),
    }
}

pub(crate) fn addressee(expert: &ExpertFacts) -> Addressee {
    Addressee {
        salutation: match expert.gender {
            Some(Gender::Female) => Salutation::Ms,
            Some(Gender::Male) => Salutation::Mr,
            Some(Gender::Diverse) | None => Salutation::Unknown,
        },
        title: Some(expert.title.clone()).filter(|title| !title.is_empty()),
        given_name: expert.given_name.clone(),
        family_name: expert.family_name.clone(),
    }
}

fn one_name(name: &str) -> Addressee {
    Addressee {
        salutation: Salutation::Unknown,
        title: None,
        given_name: name.to_owned(),
        family_name: String::new(),
    }
}

/// The language of mails and pages for somebody who chose `code`; German where there is none.
pub(crate) fn language(code: &str) -> Language {
    match code {
        "en" => Language::En,
        "ar" => Language::Ar,
        "fa" | "prs" => Language::Fa,
        "uk" => Language::Uk,
        "tr" => Language::Tr,
        _ => Language::De,
    }
}
