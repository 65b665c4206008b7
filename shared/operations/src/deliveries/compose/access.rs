//! Mails that let somebody in.

use tandem_mail::mails::SignInMail;
use tandem_mail::{Mail, MailAddress};
use tandem_storage::PgConnection;
use tandem_storage::deliveries::{self, ContactFacts};

use super::{Letter, Verdict, Writing, helper, language, one_name, page_url, suppress};
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
