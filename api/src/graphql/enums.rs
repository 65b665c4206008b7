//! Enums of the domain that several aggregates use.

use async_graphql::Enum;

/// What kind of refusal it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(name = "UserErrorCode", remote = "tandem_domain::errors::Code")]
pub enum UserErrorCode {
    /// A value is not acceptable; `field` names it.
    Invalid,
    /// It is not there, or you may not know of it.
    NotFound,
    /// You see it but may not do this.
    Forbidden,
    /// Somebody else changed it meanwhile, or its state does not allow this (any more).
    Conflict,
    /// Something has to be done first, for instance a background check.
    NotReady,
}

/// Gender, where somebody gave it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "tandem_domain::values::Gender")]
pub enum Gender {
    /// Female.
    Female,
    /// Male.
    Male,
    /// Diverse.
    Diverse,
}

/// What a young person wants help with, and an expert offers it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "tandem_domain::values::SupportArea")]
pub enum SupportArea {
    /// German: courses and practice.
    Language,
    /// Applications and interviews.
    Application,
    /// Leisure, clubs, contacts.
    SocialContacts,
    /// School, internship, work.
    SchoolAndWork,
    /// Dealing with authorities.
    Authorities,
    /// Anything else.
    Other,
}

/// An earlier one-to-one programme in which an expert took part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "tandem_domain::values::Programme")]
pub enum Programme {
    /// VerA.
    Vera,
    /// MobiPro-EU.
    MobiproEu,
    /// Make it in Germany.
    MakeItInGermany,
    /// The German-Tunisian mobility pact.
    GermanTunisianMobilityPact,
    /// Another one.
    Other,
}

/// A way in which somebody likes to be reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "tandem_domain::values::Channel")]
pub enum Channel {
    /// By e-mail.
    Email,
    /// By telephone.
    Phone,
    /// In person.
    InPerson,
    /// By video.
    Video,
    /// By a messenger.
    Messenger,
}

/// A level of the Common European Framework of Reference for languages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "tandem_domain::values::CefrLevel")]
pub enum CefrLevel {
    /// No German yet.
    None,
    /// Beginner.
    #[graphql(name = "A1")]
    A1,
    /// Elementary.
    #[graphql(name = "A2")]
    A2,
    /// Intermediate.
    #[graphql(name = "B1")]
    B1,
    /// Upper intermediate.
    #[graphql(name = "B2")]
    B2,
    /// Advanced.
    #[graphql(name = "C1")]
    C1,
    /// Proficient.
    #[graphql(name = "C2")]
    C2,
}

/// Which police clearance certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "tandem_domain::checks::CheckKind")]
pub enum CheckKind {
    /// The simple one: enough for a mentee of age.
    Simple,
    /// The extended one: for who meets a mentee under 18.
    Extended,
}

/// Where an expert stands in the programme. "Paused" is no state: it follows from dates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "tandem_domain::experts::ExpertState")]
pub enum ExpertState {
    /// In the list; no first talk yet.
    Registered,
    /// Activated by the office after a first talk.
    Active,
    /// Suspended at once by the office, in an emergency.
    Suspended,
    /// No longer in the programme.
    Left,
}

/// A former occupation, or an interest that is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "tandem_domain::experts::OccupationKind")]
pub enum OccupationKind {
    /// What the expert worked as.
    Occupation,
    /// What the expert likes besides.
    Interest,
}

/// What an expert still has to do before a first meeting is dated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(name = "MissingForReadiness", remote = "tandem_domain::eligibility::Missing")]
pub enum Missing {
    /// A valid police clearance certificate, simple or extended, is to be shown.
    SimpleCheck,
    /// A valid extended police clearance certificate is to be shown.
    ExtendedCheck,
    /// The training for one-to-one accompaniment.
    BaseTraining,
    /// The training for intercultural work with refugees.
    InterculturalTraining,
    /// Another training that the programme requires.
    OtherTraining,
}
