//! The API as a rich frontend uses it: GraphQL over HTTP, signed in by an e-mail link.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use crate::catcher::Catcher;

/// One browser's worth of cookies.
#[derive(Debug)]
pub(super) struct Client {
    http: reqwest::Client,
    api_url: String,
}

impl Client {
    /// Somebody who is not signed in yet.
    pub(super) fn new(api_url: &str) -> Result<Self> {
        let http = reqwest::Client::builder()
            .cookie_store(true)
            .timeout(Duration::from_secs(60))
            .build()?;
        Ok(Self {
            http,
            api_url: api_url.to_owned(),
        })
    }

    /// Signs in as people do: asks for a link, opens the mail, presses the button on the page.
    pub(super) async fn sign_in(&self, catcher: &Catcher, email: &str) -> Result<()> {
        self.mutate(
            "requestSignInLink",
            "mutation($email: String!) { requestSignInLink(email: $email) { userErrors { field message } } }",
            json!({ "email": email }),
        )
        .await?;
        let mail = catcher
            .wait_for_message_to(email, Duration::from_secs(30))
            .await?;
        let link = mail
            .links()
            .into_iter()
            .find(|link| link.contains("/sign-in/"))
            .map(str::to_owned)
            .context("the sign-in mail has no link")?;
        let page = self.http.get(&link).send().await?;
        if !page.status().is_success() {
            bail!("the sign-in page answered {}", page.status());
        }
        let done = self
            .http
            .post(&link)
            .header("Origin", &self.api_url)
            .send()
            .await?;
        if !done.status().is_success() {
            bail!("signing in answered {}", done.status());
        }
        let viewer = self.query("{ viewer { user { email } } }", json!({})).await?;
        if viewer["viewer"]["user"]["email"] != email {
            bail!(
                "signed in as {} instead of {email}",
                viewer["viewer"]["user"]["email"]
            );
        }
        Ok(())
    }

    /// The data of an operation without GraphQL errors.
    pub(super) async fn query(&self, document: &str, variables: Value) -> Result<Value> {
        let response = self
            .http
            .post(format!("{}/graphql", self.api_url))
            .header("Origin", &self.api_url)
            .json(&json!({ "query": document, "variables": variables }))
            .send()
            .await?;
        let status = response.status();
        let mut answer: Value = response
            .json()
            .await
            .with_context(|| format!("the api answered {status} without JSON"))?;
        if let Some(errors) = answer.get("errors") {
            bail!("the api refused: {errors}");
        }
        Ok(answer["data"].take())
    }

    /// The payload of a mutation without user errors.
    pub(super) async fn mutate(&self, field: &str, document: &str, variables: Value) -> Result<Value> {
        let mut data = self.query(document, variables).await?;
        let payload = data[field].take();
        match payload["userErrors"].as_array() {
            Some(errors) if errors.is_empty() => Ok(payload),
            Some(errors) => {
                let messages: Vec<String> = errors
                    .iter()
                    .map(|error| format!("{} {}", text(&error["field"]), text(&error["message"])))
                    .collect();
                bail!("{field} was refused: {}", messages.join("; "))
            }
            None => bail!("{field} answered without userErrors: {payload}"),
        }
    }
}

/// A text of an answer, or nothing.
pub(super) fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
