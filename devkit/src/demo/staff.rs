//! Who works for the invented programme.

use anyhow::Result;
use serde_json::{Value, json};

use super::client::Client;
use crate::stack::Stack;

/// Who administers it.
pub(super) const ADMIN: &str = "admin@tandem.example";
/// Who coordinates it, at head office.
pub(super) const COORDINATOR: &str = "coordinator@tandem.example";
/// Who works at the service centre of the first tandems.
pub(super) const CENTER_STAFF: &str = "servicestelle@tandem.example";

/// Makes the first admin on the command line, and as that admin a coordinator.
pub(super) async fn hire(stack: &Stack) -> Result<()> {
    stack
        .run_api_command(&["admin", "create", ADMIN, "--name", "Alexandra Admin"])
        .await?;
    let admin = Client::signed_in(stack, ADMIN).await?;
    lift_pace(&admin).await?;
    let coordinator = json!({ "email": COORDINATOR, "name": "Karin Koordinatorin", "phone": "030 1234567" });
    add(&admin, coordinator, json!({ "role": "COORDINATOR" })).await
}

/// Somebody of a service centre, signed in.
pub(super) async fn of_center(stack: &Stack, id: &str, name: &str) -> Result<Client> {
    let user = json!({ "email": CENTER_STAFF, "name": format!("Sabine Servicestelle ({name})") });
    let admin = Client::signed_in(stack, ADMIN).await?;
    add(&admin, user, json!({ "role": "CENTER_STAFF", "centerId": id })).await?;
    Client::signed_in(stack, CENTER_STAFF).await
}

async fn add(admin: &Client, user: Value, role: Value) -> Result<()> {
    admin
        .mutate(
            "createUser",
            "mutation($input: UserInput!, $role: RoleInput) { createUser(input: $input, role: $role) \
                { user { id } userErrors { field message } } }",
            json!({ "input": user, "role": role }),
        )
        .await?;
    Ok(())
}

/// Lets mails go out as fast as they come: in an invented programme all of them go to one domain, and
/// the mail catcher takes as many as it gets.
async fn lift_pace(admin: &Client) -> Result<()> {
    let data = admin.query("{ settings { version } }", json!({})).await?;
    let input = json!({ "version": data["settings"]["version"], "mailsPerMinuteAndDomain": 60_000 });
    admin
        .mutate(
            "updateSettings",
            "mutation($input: UpdateSettingsInput!) { updateSettings(input: $input) \
                { userErrors { field message } } }",
            json!({ "input": input }),
        )
        .await?;
    Ok(())
}
