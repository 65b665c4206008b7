//! Reading a GraphQL request, as the GraphQL-over-HTTP specification says.

use async_graphql::{Request, Variables};
use axum::http::{HeaderMap, StatusCode, header};
use serde_json::{Map, Value};

use super::persisted::Documents;

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

/// What a POST's body holds.
pub(crate) enum Body {
    /// One operation.
    One(Box<Request>),
    /// Several, to be run one after another.
    Batch(Vec<Request>),
}

impl Body {
    /// How many operations.
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::One(_) => 1,
            Self::Batch(requests) => requests.len(),
        }
    }
}

/// The request of a POST's body, or up to `batch` of them where that is more than one.
pub(crate) fn from_body(body: &[u8], documents: &Documents, batch: usize) -> Result<Body, Unreadable> {
    let value: Value = match serde_json::from_slice(body) {
        Ok(value) => value,
        Err(error) => return unreadable(format!("the body is not JSON: {error}")),
    };
    match value {
        Value::Object(parameters) => {
            from_parameters(parameters, documents).map(|one| Body::One(Box::new(one)))
        }
        Value::Array(_) if batch < 2 => unreadable("batches are not taken: send one operation a request"),
        Value::Array(all) if all.is_empty() || all.len() > batch => {
            unreadable(format!("a batch has 1 to {batch} operations"))
        }
        Value::Array(all) => {
            let all = all.into_iter().map(|one| match one {
                Value::Object(parameters) => from_parameters(parameters, documents),
                _ => unreadable("a batch is a list of JSON objects with \"query\""),
            });
            Ok(Body::Batch(all.collect::<Result<_, _>>()?))
        }
        _ => unreadable("the body must be a JSON object with \"query\""),
    }
}

/// The request of a GET's query string; `variables` and `extensions` are JSON in it.
pub(crate) fn from_query_string(text: &str, documents: &Documents) -> Result<Request, Unreadable> {
    let mut parameters = Map::new();
    for (name, value) in url::form_urlencoded::parse(text.as_bytes()) {
        let value = match name.as_ref() {
            "query" | "operationName" | "documentId" => Value::String(value.into_owned()),
            "variables" | "extensions" => match serde_json::from_str(&value) {
                Ok(value) => value,
                Err(error) => return unreadable(format!("{name} is not JSON: {error}")),
            },
            _ => continue,
        };
        parameters.insert(name.into_owned(), value);
    }
    from_parameters(parameters, documents)
}

/// The document that a request names, or sends. Where only known ones are taken, what is sent must be one
/// of them.
fn document(parameters: &mut Map<String, Value>, documents: &Documents) -> Result<String, Unreadable> {
    let id = match parameters.remove("documentId") {
        None | Some(Value::Null) => parameters
            .get("extensions")
            .and_then(|extensions| extensions.pointer("/persistedQuery/sha256Hash")?.as_str())
            .map(str::to_owned),
        Some(Value::String(id)) => match id.strip_prefix("sha256:") {
            Some(hash) => Some(hash.to_owned()),
            None => return unreadable("documentId must begin with \"sha256:\""),
        },
        Some(_) => return unreadable("documentId must be a string"),
    };
    match (parameters.remove("query"), id) {
        (Some(Value::String(query)), _) => {
            if documents.admits(&query) {
                Ok(query)
            } else {
                unreadable(
                    "this server takes only the documents that it knows: send one of them, or its documentId",
                )
            }
        }
        (None | Some(Value::Null), Some(id)) => match documents.get(&id) {
            Some(document) => Ok(document.to_owned()),
            None => unreadable("this server knows no document with this SHA-256"),
        },
        (None, None) => unreadable("query is missing: it holds the GraphQL document"),
        (Some(_), _) => unreadable("query must be a string"),
    }
}

/// The request that parameters describe, wherever they came from.
pub(crate) fn from_parameters(
    mut parameters: Map<String, Value>,
    documents: &Documents,
) -> Result<Request, Unreadable> {
    let query = document(&mut parameters, documents)?;
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
            let error = from_body(body.as_bytes(), &Documents::default(), 1)
                .err()
                .unwrap();
            assert!(error.message.contains(word), "{body}: {}", error.message);
        }
        assert!(
            from_body(
                br#"{"query":"{x}","operationName":null,"variables":null,"extensions":null}"#,
                &Documents::default(),
                1
            )
            .is_ok()
        );
    }

    #[test]
    fn a_query_string_carries_json_in_its_variables() {
        let read = |text| from_query_string(text, &Documents::default());
        assert!(read("query=%7Bx%7D&variables=%7B%22a%22%3A1%7D").is_ok());
        assert!(read("query=%7Bx%7D&variables=oops").is_err());
        assert!(read("").is_err());
    }

    #[test]
    fn a_batch_is_bounded() {
        let body = br#"[{"query":"{x}"},{"query":"{y}"}]"#;
        let none = Documents::default();
        assert!(matches!(from_body(body, &none, 2), Ok(Body::Batch(all)) if all.len() == 2));
        for (body, batch) in [(&body[..], 1), (&b"[]"[..], 2), (&b"[1]"[..], 2)] {
            assert!(from_body(body, &none, batch).is_err());
        }
    }
}
