//! What staff see of the e-mails, and sending one again by hand.

use chrono::{DateTime, Utc};
use tandem_domain::errors::{Code, UserError};
use tandem_domain::ids::{DeliveryId, ExpertId, Id, MenteeId};
use tandem_domain::policy::{Action, Resource};
use tandem_storage::PgConnection;
pub use tandem_storage::deliveries::Filter as DeliveryFilter;
use tandem_storage::deliveries::{self, Delivery, NewDelivery, RecipientKind};
use tandem_storage::paging::{Page, Slice};
use uuid::Uuid;

use super::{Trigger, insert};
use crate::{App, Audit, Caller, Result, refuse};

/// The deliveries that the caller may see, newest first, and how many there are where `total` is wanted.
pub async fn list(
    app: &App,
    caller: &Caller,
    filter: &DeliveryFilter,
    page: &Page<(DateTime<Utc>, Uuid)>,
    total: bool,
) -> Result<(Slice<Delivery>, Option<i64>)> {
    let mut tx = app.begin(caller).await?;
    let scope = caller.scope(Action::ViewDeliveries);
    let slice = deliveries::list(&mut tx, &scope, filter, page).await?;
    let total = if total {
        Some(deliveries::count(&mut tx, &scope, filter).await?)
    } else {
        None
    };
    // the log of one person is read of that person
    if let (Some(kind), Some(recipient), true) = (filter.recipient_kind, filter.recipient, caller.is_staff())
    {
        let entry = match kind {
            RecipientKind::Expert => Some(viewed(ExpertId::from(recipient))),
            RecipientKind::Mentee | RecipientKind::Guardian => Some(viewed(MenteeId::from(recipient))),
            // staff, offices and centres in their function
            RecipientKind::User | RecipientKind::Center | RecipientKind::Office => None,
        };
        app.audit(&mut tx, caller, entry.as_slice()).await?;
    }
    let shape = [
        ("states", !filter.states.is_empty()),
        ("trigger", filter.trigger.is_some()),
        ("subject", filter.subject.is_some()),
        ("recipientKind", filter.recipient_kind.is_some()),
        ("recipient", filter.recipient.is_some()),
        ("addressRefused", filter.address_refused),
    ];
    app.listed(tx, caller, "deliveries.listed", &shape).await?;
    Ok((slice, total))
}

fn viewed<P: Id + Copy>(person: P) -> Audit {
    Audit::new("deliveries.viewed", person).about(person)
}

/// Those of the deliveries that the caller may see.
pub async fn by_ids(app: &App, caller: &Caller, ids: &[DeliveryId]) -> Result<Vec<Delivery>> {
    let mut conn = app.acquire(caller).await?;
    let scope = caller.scope(Action::ViewDeliveries);
    Ok(deliveries::by_ids(&mut conn, &scope, ids).await?)
}

/// A mail that the caller may see.
async fn found(conn: &mut PgConnection, caller: &Caller, id: DeliveryId) -> Result<Delivery> {
    let Some((delivery, office)) = deliveries::find(conn, id).await? else {
        return refuse(UserError::not_found("deliveryId", "e-mail"));
    };
    let resource = Resource {
        office,
        ..Resource::default()
    };
    caller.authorize(Action::ViewDeliveries, &resource, "deliveryId", "e-mail")?;
    Ok(delivery)
}

/// Sends a mail again: a new delivery with a key of its own, whose trigger's condition is asked as for
/// the first. Two calls at the same moment are one effect.
///
/// # Errors
/// `CONFLICT` while the mail, or an earlier repetition, is still on its way; `FORBIDDEN` for a sign-in
/// link, which only the person asks for.
pub async fn resend(app: &App, caller: &Caller, id: DeliveryId) -> Result<Delivery> {
    let mut tx = app.begin(caller).await?;
    let delivery = found(&mut tx, caller, id).await?;
    if delivery.trigger == Trigger::SignIn.as_str() {
        return refuse(UserError {
            field: "deliveryId".into(),
            ..UserError::forbidden("a sign-in link is sent only to the person who asks for it")
        });
    }
    let (count, open) = deliveries::siblings(&mut tx, &delivery).await?;
    let on_its_way = || {
        UserError::new(
            Code::Conflict,
            "deliveryId",
            "this e-mail is still on its way: wait until it was sent or has failed",
        )
    };
    if open {
        return refuse(on_its_way());
    }
    let recipient = format!("{}:{}", delivery.recipient_kind.as_str(), delivery.recipient_id);
    let again = NewDelivery {
        id: app.id(),
        key: format!(
            "{}:{}:{}:{recipient}:again:{count}",
            delivery.trigger, delivery.subject_id, delivery.step
        ),
        trigger: delivery.trigger.clone(),
        step: delivery.step,
        subject_kind: delivery.subject_kind.clone(),
        subject_id: delivery.subject_id,
        recipient_kind: delivery.recipient_kind,
        recipient_id: delivery.recipient_id,
        occasion: delivery.occasion,
    };
    let [id] = insert(&mut tx, app, &[again], app.now()).await?[..] else {
        return refuse(on_its_way());
    };
    let audit = Audit::new("delivery.resent", id).detail(serde_json::json!({ "trigger": delivery.trigger }));
    app.audit(&mut tx, caller, &[audit]).await?;
    let (delivery, _) = deliveries::find(&mut tx, id)
        .await?
        .expect("the row was written in this transaction");
    tx.commit().await?;
    Ok(delivery)
}

/// Takes the address that refused this mail off the list of those that take none: the recipient has made
/// room, or it was the server's mistake. What is due from then on is sent; what was not is sent by
/// [`resend`].
///
/// # Errors
/// `CONFLICT` where it is not on the list.
pub async fn allow_address(app: &App, caller: &Caller, id: DeliveryId) -> Result<Delivery> {
    let mut tx = app.begin(caller).await?;
    let delivery = found(&mut tx, caller, id).await?;
    if !deliveries::allow_address(&mut tx, id).await? {
        return refuse(UserError::new(
            Code::Conflict,
            "deliveryId",
            "the address of this e-mail is not on the list because of it: the filter addressRefused finds those that are",
        ));
    }
    let mut audit = Audit::new("delivery.address_allowed", id);
    if delivery.recipient_kind == RecipientKind::Expert {
        let expert = ExpertId::from(delivery.recipient_id);
        deliveries::mark_address_deliverable(&mut tx, expert).await?;
        audit = audit.about(expert);
    }
    app.audit(&mut tx, caller, &[audit]).await?;
    tx.commit().await?;
    Ok(delivery)
}
