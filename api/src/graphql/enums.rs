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
