//! A GraphQL client over HTTP.

use reqwest::{StatusCode, header};
use serde_json::{Value, json};

/// Somebody who sends requests, with a session's token or without.
#[derive(Debug, Clone)]
pub struct Client {
    http: reqwest::Client,
    url: String,
    token: Option<String>,
}

impl Client {
    /// A client of the api at `url`.
    pub fn new(url: &str, token: Option<String>) -> Self {
        Self {
            http: reqwest::Client::new(),
            url: url.to_owned(),
            token,
        }
    }

    /// The token, for requests that are made otherwise.
    pub fn token(&self) -> Option<&str> {
        self.token.as_deref()
    }

    /// Sends an operation and reads the answer, whatever it is.
    pub async fn ask(&self, query: &str, variables: Value) -> Answer {
        let mut request = self
            .http
            .post(format!("{}/graphql", self.url))
            .header(
                header::ACCEPT,
                "application/graphql-response+json, application/json;q=0.9",
            )
            .json(&json!({ "query": query, "variables": variables }));
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        let response = request.send().await.expect("the api answers");
        let status = response.status();
        let text = response.text().await.expect("the api answers with text");
        let body = serde_json::from_str(&text).unwrap_or_else(|_| panic!("no JSON: {status} {text}"));
        Answer { status, body }
    }
}

/// What came back.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The HTTP status.
    pub status: StatusCode,
    /// The body.
    pub body: Value,
}

impl Answer {
    /// The data.
    ///
    /// # Panics
    /// Where there are errors.
    pub fn data(&self) -> &Value {
        assert!(self.body.get("errors").is_none(), "errors: {:#}", self.body);
        &self.body["data"]
    }

    /// The code of the first error; none where there are no errors.
    pub fn code(&self) -> Option<&str> {
        self.body["errors"][0]["extensions"]["code"].as_str()
    }

    /// What a mutation says happened, after making sure that it was not refused.
    ///
    /// # Panics
    /// Where there are errors or refusals.
    pub fn done(&self, mutation: &str) -> &Value {
        let payload = &self.data()[mutation];
        assert_eq!(
            payload["userErrors"],
            json!([]),
            "{mutation} was refused: {payload:#}"
        );
        payload
    }

    /// The refusals of a mutation as "CODE field".
    ///
    /// # Panics
    /// Where there are errors.
    pub fn refusals(&self, mutation: &str) -> Vec<String> {
        self.data()[mutation]["userErrors"]
            .as_array()
            .unwrap_or_else(|| panic!("{mutation} has no userErrors: {:#}", self.body))
            .iter()
            .map(|error| {
                let word = |key: &str| error[key].as_str().unwrap_or_default().to_owned();
                format!("{} {}", word("code"), word("field")).trim().to_owned()
            })
            .collect()
    }
}
