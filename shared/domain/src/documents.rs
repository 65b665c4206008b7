//! What the documents say that people print. Pure content: `shared/documents` sets it in type, and adds
//! no word about a person that is not here.

use chrono::{NaiveDate, NaiveTime};
use serde::{Deserialize, Serialize};

use crate::checks::CheckKind;
use crate::parties::Side;
use crate::values::{Channel, SupportArea, words};

words! {
    /// What kind of document.
    DocumentKind {
        /// The written agreement of a tandem (S35).
        Agreement,
        /// The letter with which an expert asks the authority for the certificate, free of charge.
        CheckLetter,
        /// Says that an expert attended a training.
        TrainingCertificate,
        /// Everything that is stored about one person.
        PersonReport,
    }
}

/// The office that writes, and the human being there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Sender {
    /// The programme's name.
    pub programme: String,
    /// The organisation that answers for it.
    pub organisation: String,
    /// The regional office.
    pub office: String,
    /// Its postal code and place.
    pub place: String,
    /// Whom to call.
    pub contact: String,
    /// Telephone.
    pub phone: String,
    /// E-mail.
    pub email: String,
}

/// Name and address of a service centre.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CenterAddress {
    /// The centre's name.
    pub name: String,
    /// The organisation that carries it (S31).
    pub carrier: String,
    /// Street and number; may be empty.
    pub street: String,
    /// Postal code and place.
    pub place: String,
    /// The owner of the case there (S32).
    pub contact: String,
    /// Telephone.
    pub phone: String,
    /// E-mail.
    pub email: String,
}

/// A signature that was given already.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Signature {
    /// Whose.
    pub side: Side,
    /// The day in Germany.
    pub on: NaiveDate,
    /// On paper, recorded by the centre; otherwise by the person online.
    pub on_paper: bool,
}

/// The written agreement (S35, S36): the same content as the data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Agreement {
    /// The programme's name.
    pub programme: String,
    /// The organisation that answers for it.
    pub organisation: String,
    /// The version: amendments make a new one (S51).
    pub number: u16,
    /// The expert's full name with title.
    pub expert: String,
    /// The mentee's full name.
    pub mentee: String,
    /// The guardian's name, for a mentee under 18.
    pub guardian: Option<String>,
    /// The centre that stands between the two.
    pub center: CenterAddress,
    /// In which areas the expert helps, the most important first.
    pub areas: Vec<SupportArea>,
    /// What the expert does.
    pub expert_tasks: String,
    /// What the mentee does.
    pub mentee_tasks: String,
    /// How often the two meet, in days (S38).
    pub rhythm_days: u16,
    /// Where.
    pub place: String,
    /// How they reach each other between meetings (S48).
    pub channels: Vec<Channel>,
    /// To what end (S11).
    pub goals: String,
    /// The first day.
    pub starts_on: NaiveDate,
    /// The last day.
    pub ends_on: NaiveDate,
    /// The signatures that were given already; the others get a line to sign on.
    pub signatures: Vec<Signature>,
}

/// The letter that an expert shows to the authority (BZRG § 30, § 30a).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CheckLetter {
    /// Who confirms the reason and the voluntary work.
    pub sender: Sender,
    /// The expert's full name with title.
    pub name: String,
    /// Birth date, where known; otherwise a line to fill in.
    pub birth_date: Option<NaiveDate>,
    /// Street and number; may be empty.
    pub street: String,
    /// Postal code and place.
    pub place: String,
    /// Simple or extended.
    pub kind: CheckKind,
    /// The date of the letter.
    pub written_on: NaiveDate,
    /// How old the certificate may be when it is shown, in months.
    pub max_age_months: u32,
}

/// Says that an expert attended a training.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TrainingCertificate {
    /// Who issues it.
    pub sender: Sender,
    /// The expert's full name with title.
    pub name: String,
    /// The module's name.
    pub module: String,
    /// The module's code, as `BASE`; the two required ones are described in a sentence.
    pub code: String,
    /// When it was attended.
    pub attended_on: NaiveDate,
    /// From and until, where it was a session of the programme's calendar.
    pub hours: Option<(NaiveTime, NaiveTime)>,
    /// Where, or none for a session online or without a record of it.
    pub place: Option<String>,
    /// Whether it took place by video.
    pub online: bool,
    /// The last day on which it counts; none: for ever.
    pub counts_until: Option<NaiveDate>,
    /// Who confirmed the attendance.
    pub confirmed_by: Option<String>,
    /// The date of the certificate.
    pub issued_on: NaiveDate,
}

/// One fact about a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Entry {
    /// What it is.
    pub label: String,
    /// The value, as stored; may have several lines.
    pub value: String,
}

/// What is stored about one thing: a heading and its records.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Section {
    /// The heading.
    pub heading: String,
    /// A sentence under the heading; may be empty.
    pub note: String,
    /// The records; an empty section says that nothing is stored.
    pub records: Vec<Vec<Entry>>,
}

/// Everything that is stored about one person (GDPR Art. 15).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PersonReport {
    /// The organisation that answers for the data.
    pub organisation: String,
    /// The programme's name.
    pub programme: String,
    /// Whom to ask about it, in one line.
    pub contact: String,
    /// The person's full name.
    pub name: String,
    /// As of which day.
    pub written_on: NaiveDate,
    /// The sections in their order.
    pub sections: Vec<Section>,
}

/// The content of one document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Content {
    /// An agreement.
    Agreement(Agreement),
    /// A request letter.
    CheckLetter(CheckLetter),
    /// A certificate of attendance.
    TrainingCertificate(TrainingCertificate),
    /// A report about a person.
    PersonReport(PersonReport),
}

impl Content {
    /// What kind of document it is.
    pub fn kind(&self) -> DocumentKind {
        match self {
            Self::Agreement(_) => DocumentKind::Agreement,
            Self::CheckLetter(_) => DocumentKind::CheckLetter,
            Self::TrainingCertificate(_) => DocumentKind::TrainingCertificate,
            Self::PersonReport(_) => DocumentKind::PersonReport,
        }
    }
}
