//! Mails about a changed address: to one of its two ends, whichever of them is the person's own by now.

use tandem_domain::addresses::{AddressChange, Outcome, masked};
use tandem_domain::ids::AddressChangeId;
use tandem_domain::parties::{Party, Side};
use tandem_domain::values::Email;
use tandem_mail::mails::{AddressMail, AddressNews, AddressUnsettledMail};
use tandem_mail::{Addressee, Language, Mail, MailAddress};
use tandem_storage::deliveries::{self, RecipientKind};
use tandem_storage::{PgConnection, addresses, persons};
use url::Url;

use super::{
    Letter, Verdict, Writing, addressee, case_reference, language, one_name, page_url, person_url, suppress,
};
use crate::Result;
use crate::deliveries::Trigger;
use crate::links::Purpose;

async fn change(conn: &mut PgConnection, writing: &Writing<'_>) -> Result<Option<AddressChange>> {
    Ok(addresses::get(conn, AddressChangeId::from(writing.delivery.subject_id)).await?)
}

/// What the mail says, to which end; none where it is not to be sent any more.
fn news(writing: &Writing<'_>, trigger: Trigger, change: &AddressChange) -> Option<(AddressNews, Email)> {
    let open = change.is_open() && !change.has_run_out(writing.app.now());
    let ended = change.ended.map(|(_, outcome)| outcome);
    let (old, new) = (change.old.clone(), change.new.clone());
    let until = change.expires_at;
    match trigger {
        Trigger::AddressOld if open && change.old_confirmed_at.is_none() => Some((
            AddressNews::ConfirmOld {
                new_address: masked(&new?),
                until,
            },
            old?,
        )),
        Trigger::AddressNew if open && change.new_confirmed_at.is_none() => {
            Some((AddressNews::ConfirmNew { until }, new?))
        }
        Trigger::AddressVouched if open => Some((
            AddressNews::Vouched {
                new_address: masked(&new?),
                spoken_on: change.voucher?.spoken_on,
                from: change.vouched_from(writing.settings.address_vouch_days)?,
            },
            old?,
        )),
        Trigger::AddressChanged if ended == Some(Outcome::Confirmed) => Some((AddressNews::Changed, new?)),
        Trigger::AddressLeft if ended == Some(Outcome::Confirmed) => Some((AddressNews::Left, old?)),
        Trigger::AddressRemoved if ended == Some(Outcome::Removed) => Some((AddressNews::Removed, old?)),
        _ => None,
    }
}

/// To the person.
pub(super) async fn to_person(
    conn: &mut PgConnection,
    writing: &Writing<'_>,
    trigger: Trigger,
) -> Result<Verdict<Letter>> {
    let Some(change) = change(conn, writing).await? else {
        return Ok(suppress("the change of the address is not stored any more"));
    };
    let Some((news, address)) = news(writing, trigger, &change) else {
        return Ok(suppress(
            "the change of the address is over, or was confirmed already",
        ));
    };
    let (person, name, code, contact) = match change.party {
        Party::Expert(id) => {
            let Some((expert, contact)) = deliveries::expert_contact(conn, id).await? else {
                return Ok(suppress("the expert does not exist any more"));
            };
            let person = addressee(&expert);
            let name = person.full_name();
            // experts' mails are German or English
            let code = if expert.language == "en" { "en" } else { "de" };
            (person, name, code.to_owned(), contact)
        }
        Party::Mentee(_) | Party::Guardian(_) => {
            let Some(facts) = persons::person(conn, change.party).await? else {
                return Ok(suppress("the person is not stored any more"));
            };
            let person = Addressee::plain(&facts.called, "");
            (person, facts.called, facts.language, facts.contact)
        }
    };
    let mail = AddressMail {
        letterhead: writing.letterhead(&contact)?,
        person,
        url: page(writing, &change, &news)?,
        news,
    };
    let to = MailAddress {
        name: Some(name),
        address: address.to_string(),
    };
    Ok(Verdict::send(to, &contact, mail.render(language(&code))))
}

/// The page to which the mail leads.
fn page(writing: &Writing<'_>, change: &AddressChange, news: &AddressNews) -> Result<Option<Url>> {
    let delivery = writing.delivery.id;
    match news {
        AddressNews::ConfirmOld { .. } | AddressNews::ConfirmNew { .. } | AddressNews::Vouched { .. } => {
            let token = writing.app.links.token(Purpose::Address, delivery);
            page_url(writing.app, &format!("p/address/{token}")).map(Some)
        }
        AddressNews::Changed => match change.party {
            // all of an expert's pages, and not those of one match
            Party::Expert(_) => page_url(writing.app, "p/sign-in").map(Some),
            Party::Mentee(_) | Party::Guardian(_) => person_url(writing.app, delivery).map(Some),
        },
        AddressNews::Left | AddressNews::Removed => Ok(None),
    }
}

/// To office and centre: that it has come to nothing.
pub(super) async fn to_staff(conn: &mut PgConnection, writing: &Writing<'_>) -> Result<Verdict<Letter>> {
    let Some(change) = change(conn, writing).await? else {
        return Ok(suppress("the change of the address is not stored any more"));
    };
    let contested = change.ended.map(|(_, outcome)| outcome) == Some(Outcome::Contested);
    let (whose, reader, office) = match change.party {
        Party::Expert(id) => {
            let Some((expert, office)) = deliveries::expert_contact(conn, id).await? else {
                return Ok(suppress("the expert does not exist any more"));
            };
            (addressee(&expert).full_name(), office.clone(), office)
        }
        Party::Mentee(id) | Party::Guardian(id) => {
            let Some(case) = persons::case_of(conn, id, None).await? else {
                return Ok(suppress("the mentee has no case"));
            };
            let Some((center, office, external_id)) = deliveries::case_staff(conn, case.uuid()).await? else {
                return Ok(suppress("the case does not exist any more"));
            };
            let reader = match writing.delivery.recipient_kind {
                RecipientKind::Office => office.clone(),
                _ => center,
            };
            (
                case_reference(external_id.as_deref(), case.uuid()),
                reader,
                office,
            )
        }
    };
    let mail = AddressUnsettledMail {
        letterhead: writing.letterhead(&office)?,
        reader: one_name(&reader.name),
        whose,
        guardian: change.party.side() == Side::Guardian,
        contested,
    };
    let to = MailAddress {
        name: Some(reader.name.clone()),
        address: reader.email.clone(),
    };
    Ok(Verdict::send(to, &office, mail.render(Language::De)))
}
