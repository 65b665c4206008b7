//! What went wrong with the request itself. Expected refusals of a mutation are data
//! ([`super::payload`]), never errors.
//!
//! A resolver may use `?` on anything: what has no `extensions.code` gets one in [`finish`], and the
//! cause of a fault goes to the log, never to the caller.

use std::sync::Arc;

use async_graphql::{Error, ErrorExtensionValues, Response, ServerError};
use tandem_domain::errors::{Code, UserError};
use uuid::Uuid;

use crate::limits::TooMany;

/// Nobody is signed in.
pub const UNAUTHENTICATED: &str = "UNAUTHENTICATED";
/// The document or a value in it is not acceptable.
pub const BAD_USER_INPUT: &str = "BAD_USER_INPUT";
/// The document asks for too much.
pub const QUERY_TOO_COMPLEX: &str = "QUERY_TOO_COMPLEX";
/// Too many came from there or from this person.
pub const RATE_LIMITED: &str = "RATE_LIMITED";
/// It took too long.
pub const TIMEOUT: &str = "TIMEOUT";
/// A fault of ours.
pub const INTERNAL: &str = "INTERNAL";

fn coded(code: &str, message: impl Into<String>) -> Error {
    let mut extensions = ErrorExtensionValues::default();
    extensions.set("code", code);
    Error {
        message: message.into(),
        source: None,
        extensions: Some(extensions),
    }
}

/// Nobody is signed in.
pub fn unauthenticated() -> Error {
    coded(
        UNAUTHENTICATED,
        "sign in first: send a session's token as \"Authorization: Bearer …\" or its cookie",
    )
}

/// A value that is not acceptable; the message names it and says what would be right.
pub fn bad_input(message: impl Into<String>) -> Error {
    coded(BAD_USER_INPUT, message)
}

/// The same for an expected refusal that a query cannot express otherwise.
pub fn refused(errors: &[UserError]) -> Error {
    let words: Vec<String> = errors
        .iter()
        .map(|error| match error.field.as_str() {
            "" => error.message.clone(),
            field => format!("{field}: {}", error.message),
        })
        .collect();
    bad_input(words.join("; "))
}

/// Too many; the answer says when to come back.
pub fn rate_limited(wait: TooMany) -> Error {
    let mut error = coded(
        RATE_LIMITED,
        format!("too many requests: try again in {} seconds", wait.seconds()),
    );
    error
        .extensions
        .get_or_insert_default()
        .set("retryAfterSeconds", wait.seconds());
    error
}

/// After how many seconds to come back, where an error says so.
pub fn retry_after(error: &ServerError) -> Option<u64> {
    match error.extensions.as_ref()?.get("retryAfterSeconds")? {
        async_graphql::Value::Number(seconds) => seconds.as_u64(),
        _ => None,
    }
}

/// Whether nothing was executed: such an error has no path.
pub fn is_before_execution(response: &Response) -> bool {
    !response.errors.is_empty()
        && response.errors.iter().all(|error| error.path.is_empty())
        && response.data == async_graphql::Value::Null
}

/// What a query for one object answers: what one may not see is null, like what is not there.
pub fn visible<T>(result: tandem_operations::Result<T>) -> async_graphql::Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(tandem_operations::Error::Refused(errors))
            if errors
                .iter()
                .all(|error| matches!(error.code, Code::NotFound | Code::Forbidden)) =>
        {
            Ok(None)
        }
        Err(error) => Err(error.into()),
    }
}

/// The code of an error that has one.
pub fn code_of(error: &ServerError) -> Option<&str> {
    match error.extensions.as_ref()?.get("code")? {
        async_graphql::Value::String(code) => Some(code),
        _ => None,
    }
}

fn recode(error: &mut ServerError, code: &str) {
    error.extensions.get_or_insert_default().set("code", code);
}

/// Gives an error its code, and hides what is nobody's business; `new_id` makes the id under which the
/// log has the cause.
pub fn finish(error: &mut ServerError, new_id: impl FnOnce() -> Uuid) {
    if code_of(error).is_some() {
        return;
    }
    let operation = error
        .source::<tandem_operations::Error>()
        .or_else(|| error.source::<Arc<tandem_operations::Error>>().map(AsRef::as_ref));
    if let Some(tandem_operations::Error::Refused(errors)) = operation {
        error.message = refused(errors).message;
        recode(error, BAD_USER_INPUT);
    } else if let Some(refusal) = error.source::<UserError>() {
        error.message = refused(std::slice::from_ref(refusal)).message;
        recode(error, BAD_USER_INPUT);
    } else if error.source.is_some() {
        // the log has the cause, which `message` is until here
        let id = new_id();
        tracing::error!(error_id = %id, path = ?error.path, cause = %error.message, "an operation failed");
        error.message =
            format!("something went wrong on our side; quote the error id {id} when you report it");
        recode(error, INTERNAL);
        error
            .extensions
            .get_or_insert_default()
            .set("errorId", id.to_string());
    } else if matches!(
        error.message.as_str(),
        "Query is too complex." | "Query is nested too deep."
    ) || error.message.starts_with("The recursion depth of the query")
        || error.message.starts_with("The number of directives")
    {
        error.message = match error.message.as_str() {
            "Query is too complex." => {
                "this document asks for too much at once: ask for smaller pages or fewer fields"
            }
            "Query is nested too deep." => "this document is nested too deep: ask in several steps",
            other => other,
        }
        .to_owned();
        recode(error, QUERY_TOO_COMPLEX);
    } else {
        // without a source: syntax, validation, coercion of values
        recode(error, BAD_USER_INPUT);
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::Pos;

    use super::*;

    fn finished(error: Error) -> ServerError {
        let mut error = error.into_server_error(Pos::default());
        finish(&mut error, || Uuid::from_u128(7));
        error
    }

    #[test]
    fn a_fault_shows_an_id_and_never_its_cause() {
        let fault = tandem_operations::Error::Fault("password is hunter2".into());
        let error = finished(fault.into());
        assert_eq!(code_of(&error), Some(INTERNAL));
        assert!(!error.message.contains("hunter2"), "{}", error.message);
        assert!(error.message.contains("00000000-0000-0000-0000-000000000007"));
    }

    #[test]
    fn a_text_that_somebody_returned_carelessly_is_hidden_as_well() {
        assert_eq!(
            code_of(&finished("relation users does not exist".into())),
            Some(INTERNAL)
        );
    }

    #[test]
    fn a_refusal_in_a_query_is_bad_input_with_its_field() {
        let refusal = tandem_operations::Error::from(UserError::invalid("radiusKm", "must be 1 to 300"));
        let error = finished(refusal.into());
        assert_eq!(code_of(&error), Some(BAD_USER_INPUT));
        assert_eq!(error.message, "radiusKm: must be 1 to 300");
    }

    #[test]
    fn what_one_may_not_see_is_null_and_what_is_wrong_is_an_error() {
        assert_eq!(
            visible::<u8>(Err(UserError::not_found("id", "office").into())).unwrap(),
            None
        );
        assert!(visible::<u8>(Err(UserError::invalid("id", "wrong").into())).is_err());
    }
}
