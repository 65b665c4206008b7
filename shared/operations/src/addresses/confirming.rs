//! The pages behind the two mails about a changed address. The link is the permission: it went to one of the two
//! addresses and says of that one alone that somebody reads there.

use chrono::{DateTime, Utc};
use serde_json::json;
use tandem_domain::addresses::{AddressChange, End, Outcome, masked};
use tandem_domain::ids::{AddressChangeId, Id};
use tandem_domain::parties::{About, GivenWay, Party, Person};
use tandem_mail::{Contact, Language, Organisation};
use tandem_storage::persons::{self, PersonFacts};
use tandem_storage::{PgConnection, addresses, deliveries};

use super::settling::{complete, tell_staff};
use super::trail;
use crate::deliveries::{Trigger, language, letterhead};
use crate::links::Purpose;
use crate::{App, Caller, Result, settings};

/// How a change stands for somebody at one of its ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stand {
    /// This end is asked.
    Asked,
    /// This end has confirmed; the other one has not.
    Waiting,
    /// It counts.
    Done,
    /// Somebody said that it is not right.
    Contested,
    /// It was taken back, replaced, or not confirmed in time.
    Over,
}

/// What the page shows.
#[derive(Debug, Clone)]
pub struct Look {
    /// Which end the link went to.
    pub end: End,
    /// How it stands.
    pub stand: Stand,
    /// The new address, as who knows it recognises it.
    pub new_address: String,
    /// Until when it can be confirmed.
    pub until: DateTime<Utc>,
    /// Whether "this was not me" still helps.
    pub can_contest: bool,
    /// The reader's language.
    pub language: Language,
    /// Whom to call.
    pub contact: Contact,
    /// Who writes.
    pub organisation: Organisation,
}

struct Found {
    change: AddressChange,
    end: End,
    facts: PersonFacts,
}

/// The change that a link is about, and the end to which it went.
async fn find(conn: &mut PgConnection, app: &App, token: &str) -> Result<Option<Found>> {
    let Some(id) = app.links.verify(Purpose::Address, token) else {
        return Ok(None);
    };
    let Some((delivery, _)) = deliveries::find(conn, id).await? else {
        return Ok(None);
    };
    let end = match delivery.trigger.parse() {
        Ok(Trigger::AddressOld | Trigger::AddressVouched) => End::Old,
        Ok(Trigger::AddressNew) => End::New,
        _ => return Ok(None),
    };
    if delivery.subject_kind != AddressChangeId::KIND {
        return Ok(None);
    }
    let Some(change) = addresses::get(conn, delivery.subject_id.into()).await? else {
        return Ok(None);
    };
    let facts = persons::person(conn, change.party).await?;
    Ok(facts.map(|facts| Found { change, end, facts }))
}

fn stand(found: &Found, now: DateTime<Utc>) -> Stand {
    let change = &found.change;
    match change.ended {
        Some((_, Outcome::Confirmed)) => Stand::Done,
        Some((_, Outcome::Contested)) => Stand::Contested,
        Some(_) => Stand::Over,
        None if change.has_run_out(now) => Stand::Over,
        None => {
            let confirmed = match found.end {
                End::Old => change.old_confirmed_at,
                End::New => change.new_confirmed_at,
            };
            if confirmed.is_some() {
                Stand::Waiting
            } else {
                Stand::Asked
            }
        }
    }
}

/// Shows a change to who came by the link of a mail about it; none where the link is not one of ours. Changes
/// nothing, so that a mail scanner confirms nothing.
pub async fn look(app: &App, token: &str) -> Result<Option<Look>> {
    let mut conn = app.acquire(&Caller::system()).await?;
    let Some(found) = find(&mut conn, app, token).await? else {
        return Ok(None);
    };
    let settings = settings::current(&mut conn).await?;
    let letterhead = letterhead(&settings, &found.facts.contact);
    let language = match (found.change.party, language(&found.facts.language)) {
        // experts' mails are German or English
        (Party::Expert(_), Language::En) => Language::En,
        (Party::Expert(_), _) => Language::De,
        (_, language) => language,
    };
    Ok(Some(Look {
        end: found.end,
        stand: stand(&found, app.now()),
        new_address: found.change.new.as_ref().map(masked).unwrap_or_default(),
        until: found.change.expires_at,
        can_contest: found.change.is_open(),
        language,
        contact: letterhead.contact,
        organisation: letterhead.organisation,
    }))
}

/// The person, for the audit log: by a link, about the change and nothing else.
fn by_link(change: &AddressChange, address: &str) -> Caller {
    let person = Person {
        party: change.party,
        about: About::Address(change.id),
        way: GivenWay::Link,
    };
    Caller::person(person, address)
}

/// Confirms at the end to which the link went; with the last missing one the address counts. `false` where it
/// does not fit (any more): the page shows how it stands. None where the link is not one of ours.
pub async fn confirm(app: &App, token: &str, address: &str) -> Result<Option<bool>> {
    // who holds the link may write no row of the person's: the proof that it is counts here
    let mut tx = app.begin(&Caller::system()).await?;
    let Some(found) = find(&mut tx, app, token).await? else {
        return Ok(None);
    };
    addresses::lock_person(&mut tx, found.change.party).await?;
    let Some(change) = addresses::get(&mut tx, found.change.id).await? else {
        return Ok(None);
    };
    let now = app.now();
    if !change.can_confirm(found.end, now) || !addresses::confirm(&mut tx, change.id, found.end, now).await? {
        return Ok(Some(false));
    }
    let entry =
        trail("address.confirmed", &change).detail(json!({ "side": change.party.side(), "end": found.end }));
    app.audit(&mut tx, &by_link(&change, address), &[entry]).await?;
    complete(&mut tx, app, change.id).await?;
    tx.commit().await?;
    Ok(Some(true))
}

/// "This was not me": ends the change, and the confirmed address stays. Office and centre are told. `false`
/// where there is nothing to end any more; none where the link is not one of ours.
pub async fn contest(app: &App, token: &str, address: &str) -> Result<Option<bool>> {
    let mut tx = app.begin(&Caller::system()).await?;
    let Some(found) = find(&mut tx, app, token).await? else {
        return Ok(None);
    };
    addresses::lock_person(&mut tx, found.change.party).await?;
    if !addresses::end(&mut tx, found.change.id, Outcome::Contested, app.now()).await? {
        return Ok(Some(false));
    }
    let change = &found.change;
    let entry =
        trail("address.contested", change).detail(json!({ "side": change.party.side(), "end": found.end }));
    app.audit(&mut tx, &by_link(change, address), &[entry]).await?;
    tell_staff(&mut tx, app, change).await?;
    tx.commit().await?;
    Ok(Some(true))
}
