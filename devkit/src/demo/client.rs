//! The API as a rich frontend uses it: GraphQL over HTTP, signed in by an e-mail link.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use crate::catcher::Catcher;
use crate::stack::Stack;

/// How long one mail may take: on a busy machine it stands behind those of the sweeps.
const PATIENCE: Duration = Duration::from_secs(900);

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

    /// Somebody of the staff, signed in by the link in an e-mail.
    pub(super) async fn signed_in(stack: &Stack, email: &str) -> Result<Self> {
        let client = Self::new(&stack.api_url())?;
        client.sign_in(stack.catcher(), email).await?;
        Ok(client)
    }

    /// Signs in as people do: asks for a link, opens the mail, presses the button on the page.
    async fn sign_in(&self, catcher: &Catcher, email: &str) -> Result<()> {
        let before = catcher.messages().last().map_or(0, |message| message.id);
        self.mutate(
            "requestSignInLink",
            "mutation($email: String!) { requestSignInLink(email: $email) { userErrors { field message } } }",
            json!({ "email": email }),
        )
        .await?;
        let link = newest_link(catcher, email, "/sign-in/", before).await?;
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

/// The newest link with `part` in it, in a mail to this address that came after the one with the id `after`.
async fn newest_link(catcher: &Catcher, email: &str, part: &str, after: u64) -> Result<String> {
    catcher
        .wait_until(
            &format!("a mail to {email} with a link to {part}"),
            PATIENCE,
            |messages| {
                let mut mails = messages.iter().rev().take_while(|mail| mail.id > after);
                let to_them = mails.by_ref().filter(|mail| mail.is_to(email));
                to_them
                    .flat_map(|mail| mail.links().into_iter().map(str::to_owned).collect::<Vec<_>>())
                    .find(|link| link.contains(part))
            },
        )
        .await
}

/// An expert or a mentee, who comes by the links in their mails and fills in the forms of the pages.
#[derive(Debug)]
pub(super) struct Visitor<'a> {
    stack: &'a Stack,
    email: &'a str,
    http: reqwest::Client,
}

impl<'a> Visitor<'a> {
    /// Whoever reads the mails to this address.
    pub(super) fn of(stack: &'a Stack, email: &'a str) -> Self {
        Self {
            stack,
            email,
            http: reqwest::Client::new(),
        }
    }

    /// The newest link in their mails to such a page.
    pub(super) async fn link(&self, part: &str) -> Result<String> {
        newest_link(self.stack.catcher(), self.email, part, 0).await
    }

    /// Sends a form of a page, as its button does.
    pub(super) async fn post(&self, url: &str, form: &[(&str, &str)]) -> Result<()> {
        let shown = self.http.post(url).form(form).send().await?;
        let status = shown.status();
        if !status.is_success() {
            let page = shown.text().await.unwrap_or_default();
            bail!("the page answered {status} to {form:?}:\n{page}");
        }
        Ok(())
    }

    /// Sends a form of a page about their tandem, which the first page of their link leads to.
    pub(super) async fn post_about(&self, page: &str, form: &[(&str, &str)]) -> Result<()> {
        let own = self.link("/p/me/").await?;
        let start = own.split("/p/me/").nth(1).unwrap_or_default();
        let token = start.split('/').next().unwrap_or_default();
        let base = format!("{}/p/me/{token}", self.stack.api_url());
        let home = self.http.get(&base).send().await?.text().await?;
        let after = home
            .split("/match/")
            .nth(1)
            .with_context(|| format!("the first page of {} leads to no tandem", self.email))?;
        let id: String = after
            .chars()
            .take_while(|c| c.is_ascii_hexdigit() || *c == '-')
            .collect();
        self.post(&format!("{base}/match/{id}/{page}"), form).await
    }
}

/// A text of an answer, or nothing.
pub(super) fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
