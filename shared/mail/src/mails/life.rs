//! The news of a match's life: to the mentee's side in plain language, to the expert, to centre and office.
//! One struct a kind of reader, since they read the same news in different words and with different data:
//! a mentee's mail has no field for a family name, a reason or anything that somebody said in private.

use chrono::{DateTime, NaiveDate, Utc};
use url::Url;

use crate::{
    letter::letters,
    people::{Addressee, Letterhead},
};

/// What mentee and guardian learn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MenteeNews {
    /// The first meeting is arranged: they see who comes.
    MeetingDated {
        /// When; German day and time are shown.
        at: DateTime<Utc>,
        /// Where.
        place: String,
    },
    /// Asks whether the chemistry fits.
    Question,
    /// Both said yes.
    Agreed,
    /// It does not become a tandem; nobody learns who said what.
    NotFormed,
    /// A version of the agreement waits for a signature.
    ToSign,
    /// Everybody has signed.
    InForce,
    /// An answer on paper was recorded.
    PaperVerdict,
    /// A signature on paper was recorded.
    PaperSignature,
    /// A consent to the sharing of data, given on paper, was recorded.
    PaperConsent,
    /// It begins.
    Active,
    /// It is interrupted; never why.
    Paused,
    /// It goes on.
    Resumed,
    /// It has ended; asks three questions.
    Ended,
}

/// News to a mentee, or to the guardian, in plain language.
#[derive(Debug, Clone, PartialEq)]
pub struct MenteeNewsMail {
    /// Who writes; the contact is the person at the service centre.
    pub letterhead: Letterhead,
    /// The reader, by given name.
    pub person: Addressee,
    /// The mentee's given name, where the reader is the guardian.
    pub about: Option<String>,
    /// The expert's name; empty in news that come before there is one.
    pub expert_name: String,
    /// What is new.
    pub news: MenteeNews,
    /// The reader's own page.
    pub url: Url,
}

letters! {
    MenteeNewsMail, "mentee_news",
    De: "mentee_news/de.md"; En: "mentee_news/en.md"; Ar: "mentee_news/ar.md"; Fa: "mentee_news/fa.md";
    Uk: "mentee_news/uk.md"; Tr: "mentee_news/tr.md";
}

/// What an expert learns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExpertNews {
    /// Introduced to the centre.
    Introduced {
        /// The centre's name.
        center: String,
        /// The named owner of the case there (S32).
        contact_name: String,
        /// The centre's telephone.
        contact_phone: String,
        /// The centre's e-mail.
        contact_email: String,
    },
    /// The first meeting is arranged.
    MeetingDated {
        /// When; German day and time are shown.
        at: DateTime<Utc>,
        /// Where.
        place: String,
        /// Whom to call.
        contact_name: String,
        /// The telephone there.
        contact_phone: String,
    },
    /// Asks whether the chemistry fits.
    Question {
        /// The last day on which an answer counts.
        until: NaiveDate,
    },
    /// Both said yes.
    Agreed,
    /// It does not become a tandem.
    NotFormed,
    /// A version of the agreement waits for a signature.
    ToSign {
        /// Which version.
        number: i16,
    },
    /// Everybody has signed.
    InForce,
    /// An answer on paper was recorded.
    PaperVerdict {
        /// The day that the paper carries.
        on: NaiveDate,
    },
    /// A signature on paper was recorded.
    PaperSignature {
        /// The day that the paper carries.
        on: NaiveDate,
    },
    /// It begins.
    Active,
    /// It is interrupted.
    Paused {
        /// Whether the expert's own certificate is the cause.
        missing_check: bool,
    },
    /// It goes on.
    Resumed,
    /// It has ended: thanks (S53).
    ThankYou {
        /// The mentee's given name.
        given_name: String,
    },
}

/// News to an expert.
#[derive(Debug, Clone, PartialEq)]
pub struct ExpertNewsMail {
    /// Who writes; the contact is the coordinator of the expert's office.
    pub letterhead: Letterhead,
    /// The expert.
    pub expert: Addressee,
    /// What is new.
    pub news: ExpertNews,
    /// The expert's own page of the match.
    pub url: Url,
}

letters! {
    ExpertNewsMail, "expert_news", De: "expert_news/de.md"; En: "expert_news/en.md";
}

/// What centre and office learn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StaffNews {
    /// Introduced to an expert who said yes.
    Introduced {
        /// The expert's name.
        expert_name: String,
        /// The expert's telephone.
        expert_phone: String,
        /// The expert's e-mail.
        expert_email: String,
    },
    /// The first meeting is arranged.
    MeetingDated {
        /// When; German day and time are shown.
        at: DateTime<Utc>,
        /// Where.
        place: String,
        /// The expert's name.
        expert_name: String,
    },
    /// Both said yes.
    Agreed,
    /// It does not become a tandem.
    NotFormed,
    /// Everybody has signed.
    InForce,
    /// Somebody says that a record of paper is not right.
    PaperContested,
    /// Mentee or guardian says that a consent recorded from paper is not right.
    ConsentContested,
    /// The expert says that an answer by telephone is not right.
    AnswerContested,
    /// It begins.
    Active,
    /// It is interrupted.
    Paused {
        /// Whether the system did it.
        by_system: bool,
    },
    /// It goes on.
    Resumed,
    /// It has ended.
    Ended,
    /// A problem was reported; what it is stands behind the sign-in.
    Problem,
}

/// News to a centre or an office. Never the mentee's name: the number of the case.
#[derive(Debug, Clone, PartialEq)]
pub struct StaffNewsMail {
    /// Who writes; to a centre the office that serves it.
    pub letterhead: Letterhead,
    /// The reader.
    pub reader: Addressee,
    /// The number of the case.
    pub case_reference: String,
    /// The expert's name; empty in news that are about none.
    pub expert_name: String,
    /// What is new.
    pub news: StaffNews,
}

letters! {
    StaffNewsMail, "staff_news", De: "staff_news/de.md"; En: "staff_news/en.md";
}
