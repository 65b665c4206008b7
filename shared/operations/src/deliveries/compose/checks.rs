//! Mails about background checks.

use tandem_domain::checks::{BackgroundCheck, CheckKind, is_minor, permitted_until};
use tandem_domain::documents::DocumentKind;
use tandem_domain::experts::ExpertState;
use tandem_domain::ids::{CheckId, DocumentId, ExpertId, OfficeId};
use tandem_mail::mails::{CheckGapMail, CheckRequestedMail, GapCase};
use tandem_mail::{Attachment, Mail, MailAddress, message::AttachmentKind};
use tandem_storage::PgConnection;
use tandem_storage::checks;
use tandem_storage::deliveries;
use tandem_storage::documents;

use super::{
    Letter, START, Verdict, Writing, addressee, case_reference, helper, language, one_name, page_url,
    suppress,
};
use crate::Result;
use crate::checks::unchecked;

/// Asks for a certificate, with the letter: while it is asked for, and the letter is there.
pub(super) async fn requested(conn: &mut PgConnection, writing: &Writing<'_>) -> Result<Verdict<Letter>> {
    let id = DocumentId::from(writing.delivery.subject_id);
    let Some(document) = documents::by_ids(conn, &[id]).await?.pop() else {
        return Ok(suppress("the letter does not exist any more"));
    };
    let check = CheckId::from(document.subject);
    if !checks::requests::is_open(conn, check).await? {
        return Ok(suppress("the certificate is not asked for any more"));
    }
    let Some(facts) = checks::requests::letter_facts(conn, check, writing.app.today()).await? else {
        return Ok(suppress("the certificate is not asked for any more"));
    };
    let expert = ExpertId::from(writing.delivery.recipient_id);
    let Some((reader, contact)) = deliveries::expert_contact(conn, expert).await? else {
        return Ok(suppress("the expert does not exist any more"));
    };
    if reader.state == ExpertState::Left {
        return Ok(suppress("the expert has left the programme"));
    }
    let Some(bytes) = documents::bytes(conn, id).await? else {
        return Ok(suppress("the letter does not exist any more"));
    };
    let before: Vec<BackgroundCheck> = checks::for_experts(conn, &[expert])
        .await?
        .into_iter()
        .map(|check| check.check)
        .collect();
    let mail = CheckRequestedMail {
        letterhead: writing.letterhead(&contact)?,
        expert: addressee(&reader),
        extended: facts.kind == CheckKind::Extended,
        valid_until: permitted_until(&before, facts.kind).filter(|until| *until >= writing.app.today()),
        max_age_months: writing.settings.check_max_age_at_inspection_months,
    };
    let to = MailAddress {
        name: Some(addressee(&reader).full_name()),
        address: reader.email.clone(),
    };
    let letter = Verdict::send(to, &contact, mail.render(language(&reader.language)));
    Ok(letter.attach(authority_letter(bytes)))
}

fn authority_letter(bytes: Vec<u8>) -> Attachment {
    Attachment {
        name: "Anforderung-Fuehrungszeugnis.pdf".into(),
        kind: AttachmentKind::Pdf,
        bytes,
    }
}

/// The letter that the reminder of a check's end carries; none while the worker is at it.
pub(super) async fn renewal_letter(conn: &mut PgConnection, check: CheckId) -> Result<Option<Attachment>> {
    let letters = documents::newest_of(conn, DocumentKind::CheckLetter, &[check.uuid()]).await?;
    let Some(letter) = letters.first() else {
        return Ok(None);
    };
    Ok(documents::bytes(conn, letter.id).await?.map(authority_letter))
}

/// Tells the office of matches that go on without a valid check: while they do.
pub(super) async fn gap(conn: &mut PgConnection, writing: &Writing<'_>) -> Result<Verdict<Letter>> {
    let Writing {
        app,
        settings,
        delivery,
        ..
    } = *writing;
    let Some(facts) = unchecked(conn, app, CheckId::from(delivery.subject_id)).await? else {
        return Ok(suppress("every match is covered by a valid check, or has ended"));
    };
    let Some(office) = deliveries::office_contact(conn, OfficeId::from(delivery.recipient_id)).await? else {
        return Ok(suppress("the office does not exist any more"));
    };
    let contact = helper(conn, settings).await?.unwrap_or_else(|| office.clone());
    let today = app.today();
    let mail = CheckGapMail {
        letterhead: writing.letterhead(&contact)?,
        coordinator: one_name(&office.name),
        expert_name: facts.expert_name,
        expert_phone: Some(facts.expert_phone).filter(|phone| !phone.is_empty()),
        cases: facts
            .matches
            .into_iter()
            .map(|matching| GapCase {
                reference: case_reference(matching.case_reference.as_deref(), matching.case.uuid()),
                minor: is_minor(matching.mentee_birth_date, today),
                place: matching.place,
            })
            .collect(),
        url: page_url(app, START)?,
    };
    let to = MailAddress {
        name: Some(office.name),
        address: office.email,
    };
    Ok(Verdict::send(to, &contact, mail.render(writing.staff_language)))
}
