//! Expected refusals. They are data in a mutation's payload, never faults.

use serde::{Deserialize, Serialize};

/// What kind of refusal it is.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    Serialize,
    Deserialize,
    strum::Display,
    strum::EnumString,
    strum::VariantArray,
)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum Code {
    /// A value is not acceptable; `field` names it.
    Invalid,
    /// It is not there, or the caller may not know of it.
    NotFound,
    /// The caller sees it but may not do this.
    Forbidden,
    /// Somebody else changed it meanwhile, or the state does not allow it (any more).
    Conflict,
    /// Something has to be done first, for instance a background check.
    NotReady,
}

/// One expected refusal, in words for the person who caused it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{message}")]
pub struct UserError {
    /// What kind of refusal.
    pub code: Code,
    /// The input field in question, as a path (`occupations.0.kldbCode`); empty where none is.
    pub field: String,
    /// What is wrong with which value, and what would be right.
    pub message: String,
}

impl UserError {
    /// A refusal about one field.
    pub fn new(code: Code, field: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            code,
            field: field.into(),
            message: message.into(),
        }
    }

    /// A value that is not acceptable.
    pub fn invalid(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(Code::Invalid, field, message)
    }

    /// A state that does not allow it.
    pub fn conflict(message: impl Into<String>) -> Self {
        Self::new(Code::Conflict, "", message)
    }

    /// Not there, for this caller.
    pub fn not_found(field: impl Into<String>, what: &str) -> Self {
        Self::new(Code::NotFound, field, format!("there is no such {what}"))
    }

    /// Seen, but not allowed.
    pub fn forbidden(message: impl Into<String>) -> Self {
        Self::new(Code::Forbidden, "", message)
    }
}

/// A step that a state machine does not have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{entity} is {from}, so it cannot be {step}")]
pub struct InvalidTransition {
    /// The entity in words, as "this case".
    pub entity: &'static str,
    /// The state it is in.
    pub from: String,
    /// The step that was wanted, as "submitted".
    pub step: &'static str,
}

impl From<InvalidTransition> for UserError {
    fn from(transition: InvalidTransition) -> Self {
        Self::conflict(transition.to_string())
    }
}

/// Collects every problem of an input, so that a person fixes all of them at once.
#[derive(Debug, Default)]
pub struct Problems(Vec<UserError>);

impl Problems {
    /// No problem yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Notes a value that is not acceptable.
    pub fn invalid(&mut self, field: impl Into<String>, message: impl Into<String>) {
        self.0.push(UserError::invalid(field, message));
    }

    /// Keeps the value or notes what is wrong with it under `field`.
    pub fn take<T, E: std::fmt::Display>(&mut self, field: &str, value: Result<T, E>) -> Option<T> {
        value.map_err(|error| self.invalid(field, error.to_string())).ok()
    }

    /// The value where nothing was wrong, every problem otherwise.
    pub fn finish<T>(self, value: Option<T>) -> Result<T, Vec<UserError>> {
        match value {
            Some(value) if self.0.is_empty() => Ok(value),
            _ => {
                debug_assert!(!self.0.is_empty(), "a missing value comes with a problem");
                Err(self.0)
            }
        }
    }
}
