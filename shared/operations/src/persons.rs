//! Who opens a person's own pages: by the link of an e-mail, by a one-time code on paper, or signed in.
//!
//! A link is a bearer: whoever holds the e-mail can open it, and a mail program may follow it by itself.
//! So looking changes nothing, a link is confined to one match or case, it ends after
//! `person_link_days`, with a changed address (rule 2 of domain.md "Who may do what") and when the person
//! leaves; what a link shows never includes an address, a birth date or another person's way to be reached
//! before both consented; and whoever wants more than that one match signs in.
//!
//! What a token names is read as the system, for the token is the proof of it; what it shows has been
//! asked of the policy before, as the person.

pub mod codes;

use chrono::Days;
use tandem_domain::errors::UserError;
use tandem_domain::ids::{CaseId, DeliveryId, Id, MatchId, PaperRecordId, UserId};
use tandem_domain::matches::{Obstacle, obstacles};
use tandem_domain::parties::{About, GivenWay, Party, Person, Side};
use tandem_domain::policy::{Action, Grant};
use tandem_domain::settings::Settings;
use tandem_domain::users::{User, UserDraft};
use tandem_domain::values::{self, Email, SupportArea};
use tandem_mail::{Contact, Language, Organisation};
use tandem_storage::deliveries::{self, ContactFacts, Delivery, RecipientKind};
use tandem_storage::events::{self, Event};
use tandem_storage::persons;
pub use tandem_storage::persons::{PersonFacts, WhoComes};
use tandem_storage::{PgConnection, cases, facts, matches, mentees, papers, users};
use url::Url;
use uuid::Uuid;

use crate::cases::consenting;
use crate::deliveries::{NewDelivery, Trigger, language, queue};
use crate::links::Purpose;
use crate::problems::case_resource;
use crate::{App, Audit, Caller, Result, Who, addresses, settings};

/// Somebody in front of their own pages.
#[derive(Debug, Clone)]
pub struct Visitor {
    /// Who it is.
    pub facts: PersonFacts,
    /// For operations.
    pub caller: Caller,
    /// What the link or code is confined to; none for somebody signed in.
    pub about: Option<About>,
    /// How the person came.
    pub way: GivenWay,
    /// Who writes.
    pub organisation: Organisation,
    /// What was recorded on paper in the person's name, where the link is a notice of that.
    pub paper: Option<PaperRecordId>,
    /// Whether the person's answers wait for a changed address to be confirmed.
    pub frozen: bool,
}

impl Visitor {
    /// The language that this person chose.
    pub fn language(&self) -> Language {
        language(&self.facts.language)
    }

    /// Whom the person can call.
    pub fn contact(&self) -> Contact {
        contact(&self.facts.contact)
    }
}

/// What a link opens.
#[derive(Debug)]
pub enum Door {
    /// The person's pages.
    Open(Box<Visitor>),
    /// It is none of ours, or what it was about is no longer stored.
    Unknown,
    /// It is too old, or its pages were closed.
    Expired(Language),
    /// The person's address has changed since it was sent.
    Voided(Language),
    /// The person has left the programme.
    Left(Language),
}

/// Opens the link of an e-mail, or the pages of a code that was typed in. Looking changes nothing.
pub async fn open(app: &App, token: &str, address: &str) -> Result<Door> {
    if let Some(code) = app.links.verify_code(Purpose::Code, token) {
        return codes::open(app, code, address).await;
    }
    let Some(id) = app.links.verify(Purpose::Person, token) else {
        return Ok(Door::Unknown);
    };
    let mut conn = app.acquire(&Caller::system()).await?;
    let Some((delivery, _)) = deliveries::find(&mut conn, id).await? else {
        return Ok(Door::Unknown);
    };
    let Some(party) = recipient(&delivery) else {
        return Ok(Door::Unknown);
    };
    let Some(facts) = persons::person(&mut conn, party).await? else {
        return Ok(Door::Unknown);
    };
    let language = language(&facts.language);
    if facts.left {
        return Ok(Door::Left(language));
    }
    if facts.voids(delivery.created_at) {
        return Ok(Door::Voided(language));
    }
    let settings = settings::current(&mut conn).await?;
    let sent = delivery.sent_at.unwrap_or(delivery.created_at);
    if app.now() >= sent + Days::new(settings.person_link_days.into()) {
        return Ok(Door::Expired(language));
    }
    let Some(about) = about(&mut conn, &delivery, party).await? else {
        return Ok(Door::Unknown);
    };
    let frozen = addresses::is_frozen(&mut conn, app, party).await?;
    let visitor = visitor(facts, about, GivenWay::Link, address, &settings);
    let is_notice = delivery.subject_kind == PaperRecordId::KIND;
    Ok(Door::Open(Box::new(Visitor {
        paper: is_notice.then(|| delivery.subject_id.into()),
        frozen,
        ..visitor
    })))
}

/// Sends a new link in place of one that opens nothing any more, at most once a day: to the address that the person
/// confirmed, about what the old one was about. Whoever asks learns nothing of whether there is anybody to send it
/// to; the worker finds out.
pub async fn send_again(app: &App, token: &str, address: &str) -> Result<()> {
    let verified = [Purpose::Person, Purpose::Answer]
        .into_iter()
        .find_map(|purpose| app.links.verify(purpose, token));
    let Some(id) = verified else {
        return Ok(());
    };
    let mut tx = app.begin(&Caller::system()).await?;
    let Some((delivery, _)) = deliveries::find(&mut tx, id).await? else {
        return Ok(());
    };
    let Some(party) = recipient(&delivery) else {
        return Ok(());
    };
    let mail = NewDelivery {
        trigger: Trigger::NewLink,
        step: 0,
        subject: subject_of(&delivery),
        recipient: addresses::recipient(party),
        // the key of the day: a second wish on the same day is the same mail
        occasion: Some(app.today()),
    };
    if !queue(&mut tx, app, &[mail]).await?.is_empty() {
        let trail =
            Audit::new("person_link.asked_again", id).detail(serde_json::json!({ "side": party.side() }));
        let trail = match party {
            Party::Expert(id) => trail.about(id),
            Party::Mentee(id) | Party::Guardian(id) => trail.about(id),
        };
        // who asks holds an old link and is not known
        let by = Caller {
            address: address.to_owned(),
            ..Caller::nobody()
        };
        app.audit(&mut tx, &by, &[trail]).await?;
    }
    tx.commit().await?;
    Ok(())
}

/// What an e-mail was about, where its pages ask for that; otherwise the e-mail itself, whose pages are about the
/// newest case.
fn subject_of(delivery: &Delivery) -> (&'static str, Uuid) {
    let kind = [MatchId::KIND, CaseId::KIND, PaperRecordId::KIND]
        .into_iter()
        .find(|kind| *kind == delivery.subject_kind);
    match kind {
        Some(kind) => (kind, delivery.subject_id),
        None => (DeliveryId::KIND, delivery.id.uuid()),
    }
}

/// The address to which an e-mail to an expert, a mentee or a guardian leads.
pub fn page_url(app: &App, delivery: DeliveryId) -> Result<Url> {
    let token = app.links.token(Purpose::Person, delivery);
    app.public_url
        .join(&format!("p/me/{token}"))
        .map_err(|error| crate::Error::Fault(format!("the public address takes no path: {error}")))
}

fn visitor(facts: PersonFacts, about: About, way: GivenWay, address: &str, settings: &Settings) -> Visitor {
    let person = Person {
        party: facts.party,
        about,
        way,
    };
    Visitor {
        facts,
        caller: Caller::person(person, address),
        about: Some(about),
        way,
        organisation: organisation(settings),
        paper: None,
        // a code on paper was handed over in person
        frozen: false,
    }
}

fn organisation(settings: &Settings) -> Organisation {
    Organisation {
        programme_name: settings.programme_name.clone(),
        organisation_name: settings.organisation_name.clone(),
        postal_address: None,
    }
}

/// A human being as pages and mails name one.
pub fn contact(facts: &ContactFacts) -> Contact {
    Contact {
        name: facts.name.clone(),
        office_name: facts.office_name.clone(),
        phone: facts.phone.clone(),
        email: facts.email.clone(),
        office_hours: None,
    }
}

fn recipient(delivery: &Delivery) -> Option<Party> {
    match delivery.recipient_kind {
        RecipientKind::Expert => Some(Party::Expert(delivery.recipient_id.into())),
        RecipientKind::Mentee => Some(Party::Mentee(delivery.recipient_id.into())),
        RecipientKind::Guardian => Some(Party::Guardian(delivery.recipient_id.into())),
        RecipientKind::User | RecipientKind::Center | RecipientKind::Office => None,
    }
}

/// What an e-mail was about: its match or case, or else a mentee's newest case. Mails about an expert
/// beyond a match lead to the sign-in page.
async fn about(conn: &mut PgConnection, delivery: &Delivery, party: Party) -> Result<Option<About>> {
    if delivery.subject_kind == MatchId::KIND {
        return Ok(Some(About::Match(delivery.subject_id.into())));
    }
    if delivery.subject_kind == CaseId::KIND {
        return Ok(Some(About::Case(delivery.subject_id.into())));
    }
    if delivery.subject_kind == PaperRecordId::KIND {
        let record = papers::get(conn, delivery.subject_id.into()).await?;
        return Ok(record.map(|record| About::Match(record.matching)));
    }
    match party {
        Party::Expert(_) => Ok(None),
        Party::Mentee(id) | Party::Guardian(id) => {
            Ok(persons::case_of(conn, id, None).await?.map(About::Case))
        }
    }
}

/// The pages of somebody signed in who is an expert or a mentee; none for everybody else.
pub async fn signed_in(app: &App, caller: &Caller) -> Result<Option<Visitor>> {
    let Who::User(actor) = &caller.who else {
        return Ok(None);
    };
    let party = actor.grants.iter().find_map(|grant| match *grant {
        Grant::Expert(id) => Some(Party::Expert(id)),
        Grant::Mentee(id) => Some(Party::Mentee(id)),
        Grant::Admin | Grant::Coordinator(_) | Grant::CenterStaff(_) => None,
    });
    let Some(party) = party else {
        return Ok(None);
    };
    let mut conn = app.acquire(&Caller::system()).await?;
    let facts = persons::person(&mut conn, party).await?;
    let frozen = addresses::is_frozen(&mut conn, app, party).await?;
    let organisation = organisation(&settings::current(&mut conn).await?);
    Ok(facts.filter(|facts| !facts.left).map(|facts| Visitor {
        facts,
        caller: caller.clone(),
        about: None,
        way: GivenWay::SignedIn,
        organisation,
        paper: None,
        frozen,
    }))
}

/// The visitor's matches that a page may show, the newest first.
pub async fn tandems(app: &App, visitor: &Visitor) -> Result<Vec<MatchId>> {
    let mut conn = app.acquire(&Caller::system()).await?;
    Ok(persons::matches_of(&mut conn, visitor.facts.party, visitor.about).await?)
}

/// Who comes to a mentee, from the expert's yes on: besides the name what the expert worked as, and which
/// languages the expert speaks.
///
/// # Errors
/// `NOT_FOUND` where the match is not the visitor's, or not what the link is about.
pub async fn who_comes(app: &App, visitor: &Visitor, id: MatchId) -> Result<WhoComes> {
    let mut conn = app.acquire(&Caller::system()).await?;
    let matching = seen(&mut conn, visitor, id).await?;
    Ok(persons::who_comes(&mut conn, matching.expert).await?)
}

/// What the expert of a match still lacks before a meeting today; for the expert, who may know.
///
/// # Errors
/// `NOT_FOUND` where the match is not the visitor's, or not what the link is about.
pub async fn missing(app: &App, visitor: &Visitor, id: MatchId) -> Result<Vec<Obstacle>> {
    let mut conn = app.acquire(&Caller::system()).await?;
    let matching = seen(&mut conn, visitor, id).await?;
    if !visitor.caller.is_side(Side::Expert, &matching.resource()) {
        return Ok(Vec::new());
    }
    let gone = || crate::Error::Fault(format!("a person of match {id} is gone"));
    let required = facts::required_modules(&mut conn).await?;
    let mentee = mentees::get(&mut conn, matching.mentee).await?.ok_or_else(gone)?;
    let expert = facts::experts(&mut conn, Some(&[matching.expert]), app.now(), app.today())
        .await?
        .pop()
        .ok_or_else(gone)?;
    Ok(obstacles(
        &expert.facts,
        mentee.profile.birth_date,
        &required,
        app.today(),
    ))
}

/// The areas in which the mentee of a match wishes for help, the most important first: where an agreement
/// begins.
///
/// # Errors
/// `NOT_FOUND` where the match is not the visitor's, or not what the link is about.
pub async fn wished_areas(app: &App, visitor: &Visitor, id: MatchId) -> Result<Vec<SupportArea>> {
    let mut conn = app.acquire(&Caller::system()).await?;
    let matching = seen(&mut conn, visitor, id).await?;
    let case = cases::get(&mut conn, matching.case).await?;
    let areas = case.map(|case| case.wishes.support_areas).unwrap_or_default();
    Ok(areas.into_iter().map(|(area, _)| area).collect())
}

async fn seen(conn: &mut PgConnection, visitor: &Visitor, id: MatchId) -> Result<matches::Match> {
    let missing = || UserError::not_found("id", "match");
    let matching = matches::get(conn, id).await?.ok_or_else(missing)?;
    visitor
        .caller
        .authorize(Action::ViewMatch, &matching.resource(), "id", "match")?;
    Ok(matching)
}

/// The visitor's case; none for experts, and for a mentee who has none.
pub async fn case(app: &App, visitor: &Visitor) -> Result<Option<cases::Case>> {
    let (Party::Mentee(mentee) | Party::Guardian(mentee)) = visitor.facts.party else {
        return Ok(None);
    };
    let mut conn = app.acquire(&Caller::system()).await?;
    let Some(id) = persons::case_of(&mut conn, mentee, visitor.about).await? else {
        return Ok(None);
    };
    Ok(cases::get(&mut conn, id).await?)
}

/// The visitor consents to the sharing of data that the search needs: a mentee for itself, a guardian
/// beside it. Consenting twice is one effect.
pub async fn consent(app: &App, visitor: &Visitor, case: CaseId) -> Result<()> {
    let mut tx = app.begin(&visitor.caller).await?;
    let missing = || UserError::not_found("caseId", "case");
    let case = cases::lock(&mut tx, case).await?.ok_or_else(missing)?;
    let resource = case_resource(&mut tx, &visitor.caller, &case).await?;
    visitor
        .caller
        .authorize(Action::ConsentToSharing, &resource, "caseId", "case")?;
    addresses::may_answer(&mut tx, app, &visitor.caller, Action::ConsentToSharing, &resource).await?;
    let side = visitor.facts.party.side();
    let guardian = side == Side::Guardian;
    if cases::set_consent(&mut tx, case.id, guardian, app.today(), app.now()).await? {
        let trail = Audit::new("case.consented", case.id)
            .about(case.mentee)
            .detail(serde_json::json!({ "side": side, "way": visitor.way }));
        app.audit(&mut tx, &visitor.caller, &[trail]).await?;
        consenting::settle(&mut tx, app, &visitor.caller, &case).await?;
        events::notify(&mut tx, Event::Case(case.id, case.center)).await?;
    }
    tx.commit().await?;
    Ok(())
}

/// Remembers the language that the visitor chose on a page, for mails as well.
pub async fn choose_language(app: &App, visitor: &Visitor, language: Language) -> Result<()> {
    let mut tx = app.begin(&visitor.caller).await?;
    let party = visitor.facts.party;
    if persons::set_language(&mut tx, party, language.code(), app.now()).await? {
        let detail = serde_json::json!({ "fields": ["language"], "side": party.side() });
        let entry = match party {
            Party::Expert(id) => Audit::new("expert.language_chosen", id).about(id),
            Party::Mentee(id) | Party::Guardian(id) => Audit::new("mentee.language_chosen", id).about(id),
        };
        app.audit(&mut tx, &visitor.caller, &[entry.detail(detail)])
            .await?;
    }
    tx.commit().await?;
    Ok(())
}

/// The user of an expert or a mentee who asks for a sign-in link, made at the first one: no member of staff
/// makes it. None where the address is nobody's, or more than one person's.
pub(crate) async fn account_of(conn: &mut PgConnection, app: &App, email: &Email) -> Result<Option<User>> {
    let Some(holder) = persons::holder_of(conn, email).await? else {
        return Ok(None);
    };
    let grant = match holder.party {
        Party::Expert(id) => Grant::Expert(id),
        Party::Mentee(id) | Party::Guardian(id) => Grant::Mentee(id),
    };
    let draft = UserDraft {
        email: email.clone(),
        name: holder.name,
        phone: holder.phone,
        language: holder
            .language
            .parse()
            .unwrap_or_else(|_| values::Language::german()),
    };
    let id: UserId = app.id();
    users::insert(conn, id, &draft, app.now()).await?;
    users::insert_grant(conn, app.id(), id, grant, app.now()).await?;
    let trail = Audit::new("user.created_for_person", id).about(id);
    app.audit(conn, &Caller::system(), &[trail]).await?;
    Ok(users::find(conn, id).await?)
}
