//! Reading a GraphQL request, as the GraphQL-over-HTTP specification says.

use async_graphql::{Request, Variables};
use axum::http::{HeaderMap, StatusCode, header};
use serde_json::{Map, Value};

/// A request that cannot even be read: the status and why.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Unreadable {
    /// A 4xx.
    pub(crate) status: StatusCode,
    /// What would be right.
    pub(crate) message: String,
}

fn unreadable<T>(message: impl Into<String>) -> Result<T, Unreadable> {
    Err(Unreadable {
        status: StatusCode::BAD_REQUEST,
        message: message.into(),
    })
}

/// Whether a POST says that its body is JSON. Nothing else is taken: what an HTML form can send is no
/// `application/json`, so that another site cannot act with a reader's cookie.
pub(crate) fn is_json(headers: &HeaderMap) -> bool {
    let Some(text) = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
    else {
        return false;
    };
    let mut parts = text.split(';').map(str::trim);
    let media = parts.next().unwrap_or_default();
    media.eq_ignore_ascii_case("application/json")
        && parts
            .filter_map(|parameter| parameter.split_once('='))
            .filter(|(name, _)| name.trim().eq_ignore_ascii_case("charset"))
            .all(|(_, charset)| charset.trim().trim_matches('"').eq_ignore_ascii_case("utf-8"))
}

/// The request of a POST's body.
pub(crate) fn from_body(body: &[u8]) -> Result<Request, Unreadable> {
    let value: Value = match serde_json::from_slice(body) {
        Ok(value) => value,
        Err(error) => return unreadable(format!("the body is not JSON: {error}")),
    };
    match value {
        Value::Object(parameters) => from_parameters(parameters),
        Value::Array(_) => unreadable("batches are not taken: send one operation a request"),
        _ => unreadable("the body must be a JSON object with \"query\""),
    }
}

/// The request of a GET's query string; `variables` and `extensions` are JSON in it.
pub(crate) fn from_query_string(text: &str) -> Result<Request, Unreadable> {
    let mut parameters = Map::new();
    for (name, value) in url::form_urlencoded::parse(text.as_bytes()) {
        let value = match name.as_ref() {
            "query" | "operationName" => Value::String(value.into_owned()),
            "variables" | "extensions" => match serde_json::from_str(&value) {
                Ok(value) => value,
                Err(error) => return unreadable(format!("{name} is not JSON: {error}")),
            },
            _ => continue,
        };
        parameters.insert(name.into_owned(), value);
    }
    from_parameters(parameters)
}

fn from_parameters(mut parameters: Map<String, Value>) -> Result<Request, Unreadable> {
    let query = match parameters.remove("query") {
        Some(Value::String(query)) => query,
        Some(_) => return unreadable("query must be a string"),
        None => return unreadable("query is missing: it holds the GraphQL document"),
    };
    let mut request = Request::new(query);
    match parameters.remove("operationName") {
        None | Some(Value::Null) => {}
        Some(Value::String(name)) => {
            if !name.is_empty() {
                request = request.operation_name(name);
            }
        }
        Some(_) => return unreadable("operationName must be a string"),
    }
    match parameters.remove("variables") {
        None | Some(Value::Null) => {}
        Some(variables @ Value::Object(_)) => {
            request = request.variables(Variables::from_json(variables));
        }
        Some(_) => return unreadable("variables must be an object"),
    }
    match parameters.remove("extensions") {
        None | Some(Value::Null | Value::Object(_)) => Ok(request),
        Some(_) => unreadable("extensions must be an object"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(content_type: &str) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, content_type.parse().unwrap());
        is_json(&headers)
    }

    #[test]
    fn only_json_is_taken() {
        assert!(json("application/json"));
        assert!(json("Application/JSON; charset=UTF-8"));
        for other in [
            "text/plain",
            "application/x-www-form-urlencoded",
            "multipart/form-data; boundary=x",
            "application/json; charset=latin1",
            "text/plain; application/json",
        ] {
            assert!(!json(other), "{other}");
        }
        assert!(!is_json(&HeaderMap::new()));
    }

    #[test]
    fn a_body_is_refused_with_what_would_be_right() {
        for (body, word) in [
            ("", "not JSON"),
            ("[]", "batches"),
            ("3", "object"),
            ("{}", "query is missing"),
            (r#"{"query":{}}"#, "string"),
            (r#"{"query":"{x}","operationName":1}"#, "operationName"),
            (r#"{"query":"{x}","variables":[]}"#, "variables"),
            (r#"{"query":"{x}","extensions":"x"}"#, "extensions"),
        ] {
            let error = from_body(body.as_bytes()).unwrap_err();
            assert!(error.message.contains(word), "{body}: {}", error.message);
        }
        assert!(
            from_body(br#"{"query":"{x}","operationName":null,"variables":null,"extensions":null}"#).is_ok()
        );
    }

    #[test]
    fn a_query_string_carries_json_in_its_variables() {
        assert!(from_query_string("query=%7Bx%7D&variables=%7B%22a%22%3A1%7D").is_ok());
        assert!(from_query_string("query=%7Bx%7D&variables=oops").is_err());
        assert!(from_query_string("").is_err());
    }
}
