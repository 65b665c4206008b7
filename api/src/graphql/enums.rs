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

/// What a young person wants help with, and an expert offers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "tandem_domain::values::SupportArea")]
pub enum SupportArea {
    /// German, courses, practice.
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

/// A level of German of the Common European Framework of Reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "tandem_domain::values::CefrLevel")]
pub enum CefrLevel {
    /// No German yet.
    None,
    /// Beginner.
    A1,
    /// Elementary.
    A2,
    /// Intermediate.
    B1,
    /// Upper intermediate.
    B2,
    /// Advanced.
    C1,
    /// Proficient.
    C2,
}
