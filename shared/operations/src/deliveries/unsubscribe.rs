//! Ending mails of one kind: by the link at the foot of the mail, or by one click in a mail program
//! (RFC 8058). Only what is not essential can be ended.

use tandem_domain::ids::DeliveryId;
use tandem_storage::deliveries::{self, Delivery};

use super::{Trigger, language};
use crate::links::Purpose;
use crate::{App, Audit, Caller, Result};

/// What a link ends.
#[derive(Debug, Clone)]
pub struct Unsubscription {
    /// Mails of this kind.
    pub trigger: Trigger,
    /// Whether they are ended already.
    pub ended: bool,
    /// The language of the one who holds the link.
    pub language: tandem_mail::Language,
}

/// What the link of a mail would end; none where it is none of ours. Looking changes nothing, since mail
/// scanners follow links.
pub async fn unsubscription(app: &App, token: &str) -> Result<Option<Unsubscription>> {
    let mut conn = app.acquire(&Caller::system()).await?;
    let Some((delivery, trigger)) = find(&mut conn, app, token).await? else {
        return Ok(None);
    };
    let recipient = (delivery.recipient_kind, delivery.recipient_id);
    Ok(Some(Unsubscription {
        trigger,
        ended: deliveries::has_ended(&mut conn, recipient, trigger.as_str()).await?,
        language: language(&deliveries::recipient_language(&mut conn, recipient).await?),
    }))
}

/// Ends mails of this kind to the one who got the link; twice is once.
pub async fn unsubscribe(app: &App, token: &str, address: &str) -> Result<bool> {
    change(app, token, address, true).await
}

/// Takes that back.
pub async fn take_back(app: &App, token: &str, address: &str) -> Result<bool> {
    change(app, token, address, false).await
}

async fn change(app: &App, token: &str, address: &str, ended: bool) -> Result<bool> {
    // the token is the proof; nobody else holds it
    let caller = Caller {
        address: address.to_owned(),
        ..Caller::system()
    };
    let mut tx = app.begin(&caller).await?;
    let Some((delivery, trigger)) = find(&mut tx, app, token).await? else {
        return Ok(false);
    };
    let recipient = (delivery.recipient_kind, delivery.recipient_id);
    if deliveries::end(&mut tx, recipient, trigger.as_str(), ended, app.now()).await? {
        let action = if ended { "mails.ended" } else { "mails.resumed" };
        let trail = Audit::new(action, delivery.id).detail(
            serde_json::json!({ "trigger": trigger.as_str(), "recipient": delivery.recipient_kind.as_str() }),
        );
        app.audit(&mut tx, &caller, &[trail]).await?;
    }
    tx.commit().await?;
    Ok(true)
}

async fn find(
    conn: &mut tandem_storage::PgConnection,
    app: &App,
    token: &str,
) -> Result<Option<(Delivery, Trigger)>> {
    let Some(id): Option<DeliveryId> = app.links.verify(Purpose::Unsubscribe, token) else {
        return Ok(None);
    };
    let Some((delivery, _)) = deliveries::find(conn, id).await? else {
        return Ok(None);
    };
    let trigger = Trigger::of(&delivery)?;
    Ok((!trigger.is_essential()).then_some((delivery, trigger)))
}
