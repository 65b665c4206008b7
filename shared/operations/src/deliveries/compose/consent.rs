//! Mails about a consent on paper: the notice to its person, and to the staff that the person denies it.

use tandem_domain::ids::CaseId;
use tandem_domain::parties::{Party, Side};
use tandem_mail::mails::{MenteeNews, MenteeNewsMail, StaffNews};
use tandem_mail::{Addressee, Mail, MailAddress};
use tandem_storage::deliveries::RecipientKind;
use tandem_storage::{PgConnection, cases, mentees, persons};

use super::life::to_staff_of;
use super::{Letter, Verdict, Writing, language, page_url, suppress};
use crate::Result;
use crate::links::Purpose;

/// To mentee or guardian: which consent was entered, while it stands.
pub(super) async fn notice(conn: &mut PgConnection, writing: &Writing<'_>) -> Result<Verdict<Letter>> {
    let id = CaseId::from(writing.delivery.subject_id);
    let mentee = writing.delivery.recipient_id.into();
    let party = match writing.delivery.recipient_kind {
        RecipientKind::Guardian => Party::Guardian(mentee),
        _ => Party::Mentee(mentee),
    };
    let side = party.side();
    let Some(case) = cases::get(conn, id).await? else {
        return Ok(suppress("the case does not exist any more"));
    };
    if !case.state.is_open() {
        return Ok(Verdict::Suppress(format!("the case is {} meanwhile", case.state)));
    }
    let stands = cases::consent_records(conn, &[id])
        .await?
        .into_iter()
        .any(|record| {
            record.side == side && record.number == writing.delivery.step && record.contested_at.is_none()
        });
    if !stands {
        return Ok(suppress("the entry was changed, or denied already"));
    }
    let (Some(facts), Some(mentee)) = (
        persons::person(conn, party).await?,
        mentees::get(conn, mentee).await?,
    ) else {
        return Ok(suppress("the person is not stored any more"));
    };
    let Some(address) = facts.email else {
        return Ok(suppress(
            "there is no e-mail address: the centre prints the page with its code",
        ));
    };
    let token = writing.app.links.token(Purpose::Person, writing.delivery.id);
    let mail = MenteeNewsMail {
        letterhead: writing.letterhead(&facts.contact)?,
        person: Addressee::plain(&facts.called, ""),
        about: (side == Side::Guardian).then_some(mentee.profile.given_name),
        expert_name: String::new(),
        news: MenteeNews::PaperConsent,
        url: page_url(writing.app, &format!("p/me/{token}/case"))?,
    };
    let to = MailAddress {
        name: Some(facts.called),
        address,
    };
    let rendered = mail.render(language(&facts.language));
    Ok(Verdict::send(to, &facts.contact, rendered))
}

/// To centre and office: that a person denies it, while nothing newer settles that.
pub(super) async fn contested(conn: &mut PgConnection, writing: &Writing<'_>) -> Result<Verdict<Letter>> {
    let id = CaseId::from(writing.delivery.subject_id);
    let Some(case) = cases::get(conn, id).await? else {
        return Ok(suppress("the case does not exist any more"));
    };
    if case.consent_contested_at.is_none() {
        return Ok(suppress("the consent was given anew"));
    }
    to_staff_of(conn, writing, id, StaffNews::ConsentContested).await
}
