//! What mutations answer with: the object, or why it did not happen.

use async_graphql::SimpleObject;
use tandem_operations::Error;

use super::enums::UserErrorCode;

/// One expected refusal, in words for the person who caused it.
#[derive(Debug, Clone, PartialEq, Eq, SimpleObject)]
pub struct UserError {
    /// What kind of refusal it is.
    pub code: UserErrorCode,
    /// The input field in question, as a path such as `occupations.0.kldbCode`; empty where none is.
    pub field: String,
    /// What is wrong with which value, and what would be right.
    pub message: String,
}

impl From<tandem_domain::errors::UserError> for UserError {
    fn from(error: tandem_domain::errors::UserError) -> Self {
        Self {
            code: error.code.into(),
            field: error.field,
            message: error.message,
        }
    }
}

/// A mutation's answer, as `payload!` declares it.
pub trait Payload {
    /// The object that changed.
    type Object;

    /// The answer: the object, refusals, or after a conflict both.
    fn of(object: Option<Self::Object>, user_errors: Vec<UserError>) -> Self;

    /// The refusals.
    fn into_errors(self) -> Vec<UserError>;
}

/// Declares a mutation's payload: `payload! { /// doc Name { /// doc field: Type } }`.
macro_rules! payload {
    ($(#[$doc:meta])* $name:ident { $(#[$field_doc:meta])* $field:ident: $object:ty $(,)? }) => {
        $(#[$doc])*
        #[derive(async_graphql::SimpleObject)]
        pub struct $name {
            $(#[$field_doc])*
            pub $field: Option<$object>,
            /// Why it did not happen; empty where it did.
            pub user_errors: Vec<$crate::graphql::payload::UserError>,
        }

        impl $crate::graphql::payload::Payload for $name {
            type Object = $object;

            fn of(object: Option<$object>, user_errors: Vec<$crate::graphql::payload::UserError>) -> Self {
                Self { $field: object, user_errors }
            }

            fn into_errors(self) -> Vec<$crate::graphql::payload::UserError> {
                self.user_errors
            }
        }
    };
}
pub(crate) use payload;

/// The payload of what an operation returned: refusals are data, faults are errors.
pub fn settle<P: Payload, T: Into<P::Object>>(
    result: tandem_operations::Result<T>,
) -> async_graphql::Result<P> {
    match result {
        Ok(object) => Ok(P::of(Some(object.into()), Vec::new())),
        Err(Error::Refused(errors)) => Ok(P::of(None, errors.into_iter().map(UserError::from).collect())),
        Err(error) => Err(error.into()),
    }
}

/// The same for an operation with a `version`: after a conflict the payload holds the object as it is
/// now, which `current` reads under the policy.
pub async fn settle_with_current<P: Payload, T: Into<P::Object>>(
    result: tandem_operations::Result<T>,
    current: impl Future<Output = tandem_operations::Result<T>>,
) -> async_graphql::Result<P> {
    use tandem_domain::errors::Code;
    let conflict = matches!(&result, Err(Error::Refused(errors)) if errors.iter().any(|error| error.code == Code::Conflict));
    let mut payload: P = settle(result)?;
    if conflict && let Ok(object) = current.await {
        payload = P::of(Some(object.into()), payload.into_errors());
    }
    Ok(payload)
}
