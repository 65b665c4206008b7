//! Mails to regional offices.

use tandem_domain::ids::{DeliveryId, OfficeId};
use tandem_domain::matches::MatchState;
use tandem_mail::mails::{ApproachUndeliverableMail, MailUndeliverableMail};
use tandem_mail::{Mail, MailAddress};
use tandem_storage::PgConnection;
use tandem_storage::deliveries;

use super::{
    Letter, START, Verdict, Writing, addressee, case_reference, helper, one_name, page_url, suppress,
};
use crate::Result;

pub(super) async fn undeliverable(conn: &mut PgConnection, writing: &Writing<'_>) -> Result<Verdict<Letter>> {
    let Writing {
        app,
        settings,
        delivery,
        ..
    } = *writing;
    let Some(failure) = deliveries::failure(conn, DeliveryId::from(delivery.subject_id)).await? else {
        return Ok(suppress("the approach has not failed"));
    };
    let Some(facts) = deliveries::match_facts(conn, &[failure.matching]).await?.pop() else {
        return Ok(suppress("the match does not exist any more"));
    };
    if facts.state != MatchState::Approached || !facts.undeliverable {
        return Ok(suppress(
            "the approach is no longer open, or was delivered after all",
        ));
    }
    let Some(office) = deliveries::office_contact(conn, OfficeId::from(delivery.recipient_id)).await? else {
        return Ok(suppress("the office does not exist any more"));
    };
    let contact = helper(conn, settings).await?.unwrap_or_else(|| office.clone());
    let case = &facts.case;
    let mail = ApproachUndeliverableMail {
        letterhead: writing.letterhead(&contact)?,
        coordinator: one_name(&office.name),
        expert_name: addressee(&facts.expert).full_name(),
        expert_phone: Some(facts.expert.phone.clone()).filter(|phone| !phone.is_empty()),
        address: facts.expert.email.clone(),
        case_reference: case_reference(case.external_id.as_deref(), case.id),
        refused_at: failure.at,
        reason: failure.reason,
        url: page_url(app, START)?,
    };
    let to = MailAddress {
        name: Some(office.name),
        address: office.email,
    };
    Ok(Verdict::send(to, &contact, mail.render(writing.staff_language)))
}

/// Tells an office that a mail to somebody it looks after was refused. It names an expert or a mailbox; a
/// mentee is told by the number of the case.
pub(super) async fn mail_undeliverable(
    conn: &mut PgConnection,
    writing: &Writing<'_>,
) -> Result<Verdict<Letter>> {
    let Writing {
        app,
        settings,
        delivery,
        ..
    } = *writing;
    let Some(failure) = deliveries::undelivered(conn, DeliveryId::from(delivery.subject_id)).await? else {
        return Ok(suppress("the mail was delivered after all"));
    };
    let Some(office) = deliveries::office_contact(conn, OfficeId::from(delivery.recipient_id)).await? else {
        return Ok(suppress("the office does not exist any more"));
    };
    let contact = helper(conn, settings).await?.unwrap_or_else(|| office.clone());
    let mail = MailUndeliverableMail {
        letterhead: writing.letterhead(&contact)?,
        coordinator: one_name(&office.name),
        recipient: failure.recipient,
        phone: failure.phone,
        refused_at: failure.at,
        reason: failure.reason,
        url: page_url(app, START)?,
    };
    let to = MailAddress {
        name: Some(office.name),
        address: office.email,
    };
    Ok(Verdict::send(to, &contact, mail.render(writing.staff_language)))
}
