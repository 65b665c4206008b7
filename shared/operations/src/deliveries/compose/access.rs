//! Mails that let somebody in.

use tandem_domain::parties::Party;
use tandem_mail::mails::{NewLinkMail, SignInMail};
use tandem_mail::{Addressee, Mail, MailAddress};
use tandem_storage::deliveries::{self, ContactFacts, RecipientKind};
use tandem_storage::{PgConnection, persons};

use super::{
    Letter, Verdict, Writing, addressee, helper, language, one_name, page_url, person_url, suppress,
};
use crate::Result;
use crate::links::Purpose;

pub(super) async fn sign_in(conn: &mut PgConnection, writing: &Writing<'_>) -> Result<Verdict<Letter>> {
    let Writing {
        app,
        settings,
        delivery,
        from,
        ..
    } = *writing;
    let Some(facts) = deliveries::sign_in_facts(conn, delivery.id).await? else {
        return Ok(suppress("the link does not exist any more"));
    };
    if !facts.active {
        return Ok(suppress("the user may not sign in any more"));
    }
    if facts.used_at.is_some() || facts.expires_at <= app.now() {
        return Ok(suppress("the link was used or has expired"));
    }
    let contact = match facts.office {
        Some(office) => office,
        None => helper(conn, settings).await?.unwrap_or_else(|| ContactFacts {
            name: settings.organisation_name.clone(),
            office_name: settings.programme_name.clone(),
            phone: String::new(),
            email: from.to_owned(),
        }),
    };
    let mail = SignInMail {
        letterhead: writing.letterhead(&contact)?,
        person: one_name(&facts.name),
        url: page_url(
            app,
            &format!("p/sign-in/{}", app.links.token(Purpose::SignIn, delivery.id)),
        )?,
        valid_minutes: (facts.expires_at - facts.created_at).num_minutes().max(1) as u32,
    };
    let to = MailAddress {
        name: Some(facts.name),
        address: facts.email,
    };
    Ok(Verdict::send(
        to,
        &contact,
        mail.render(language(&facts.language)),
    ))
}

/// A new link: to whoever may open it, at the address that is stored at this moment.
pub(super) async fn new_link(conn: &mut PgConnection, writing: &Writing<'_>) -> Result<Verdict<Letter>> {
    let delivery = writing.delivery;
    let party = match delivery.recipient_kind {
        RecipientKind::Expert => Party::Expert(delivery.recipient_id.into()),
        RecipientKind::Mentee => Party::Mentee(delivery.recipient_id.into()),
        RecipientKind::Guardian => Party::Guardian(delivery.recipient_id.into()),
        _ => return Ok(suppress("this is no person with pages")),
    };
    let Some(facts) = persons::person(conn, party).await? else {
        return Ok(suppress("the person is not stored any more"));
    };
    if facts.left {
        return Ok(suppress("the person has left the programme"));
    }
    let Some(address) = facts.email else {
        return Ok(suppress("there is no e-mail address"));
    };
    let (person, code) = match party {
        Party::Expert(id) => match deliveries::expert_contact(conn, id).await? {
            Some((expert, _)) => (
                addressee(&expert),
                if expert.language == "en" { "en" } else { "de" },
            ),
            None => return Ok(suppress("the expert does not exist any more")),
        },
        Party::Mentee(_) | Party::Guardian(_) => {
            (Addressee::plain(&facts.called, ""), facts.language.as_str())
        }
    };
    let mail = NewLinkMail {
        letterhead: writing.letterhead(&facts.contact)?,
        person,
        url: person_url(writing.app, delivery.id)?,
    };
    let to = MailAddress {
        name: Some(facts.called.clone()),
        address,
    };
    Ok(Verdict::send(to, &facts.contact, mail.render(language(code))))
}
