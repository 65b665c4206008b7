//! Where the links of staff's mails lead: one thing in a few lines, or what an office has to look at, for who is
//! signed in and may see it.

use askama::Template;
use axum::{
    extract::{Path, State},
    http::{Extensions, HeaderMap, StatusCode},
    response::Response,
};
use chrono::NaiveDate;
use tandem_domain::{
    cases::CaseState,
    clock::date_in_germany,
    experts::ExpertState,
    ids::{CaseId, ExpertId, Id, MatchId, OfficeId},
    matches::MatchState,
    offices::Office,
    policy::{Action, Decision, Resource},
    settings::Settings,
};
use tandem_mail::Language;
use tandem_operations::{
    App, Caller, Error, Result, cases, centers, checks,
    deliveries::case_reference,
    experts, matches, offices,
    reminders::{self, DigestLine},
    users,
};
use tandem_storage::paging::Page;
use uuid::Uuid;

use super::{
    frame::{Frame, Message, fault, show},
    sign_in::settings,
};
use crate::{
    auth::{self, Origin},
    http::graphql::peer,
    server::ApiState,
};

/// More offices are not listed.
const MOST_OFFICES: i64 = 200;

#[derive(Template)]
#[template(path = "staff.html")]
struct Thing {
    frame: Frame,
    facts: Vec<(&'static str, String)>,
    parts: Vec<Part>,
    links: Vec<(String, String)>,
}

/// A list under a heading.
struct Part {
    title: &'static str,
    /// Of each what it is called, what is said of it, and where it leads.
    lines: Vec<(String, String, String)>,
}

/// What is shown of something, in the reader's language.
struct Shown {
    title: String,
    facts: Vec<(&'static str, String)>,
    parts: Vec<Part>,
    links: Vec<(String, String)>,
}

/// One of two texts.
#[derive(Clone, Copy)]
struct Words(Language);

impl Words {
    fn or(self, german: &'static str, english: &'static str) -> &'static str {
        if self.0 == Language::En { english } else { german }
    }

    fn date(self, day: NaiveDate) -> String {
        let form = self.or("%d.%m.%Y", "%-d %B %Y");
        day.format(form).to_string()
    }
}

/// `GET /open`: that somebody is signed in, or where to sign in.
pub(super) async fn start(
    State(state): State<ApiState>,
    headers: HeaderMap,
    extensions: Extensions,
) -> Response {
    let reader = match reader(&state, &headers, &extensions).await {
        Ok(Ok(reader)) => reader,
        Ok(Err(response)) => return response,
        Err(error) => return fault(&error),
    };
    let words = reader.words;
    match own_offices(&state.app, &reader.caller).await {
        Ok(offices) if offices.is_empty() => show(
            StatusCode::OK,
            &Message {
                frame: reader.frame(words.or("Sie sind angemeldet", "You are signed in").to_owned()),
                paragraphs: vec![
                    words
                        .or(
                            "Die Links in unseren E-Mails öffnen sich jetzt in diesem Browser.",
                            "The links in our e-mails open in this browser now.",
                        )
                        .to_owned(),
                ],
            },
        ),
        Ok(offices) => show(
            StatusCode::OK,
            &Thing {
                frame: reader.frame(words.or("Was jetzt ansteht", "What is to be done now").to_owned()),
                facts: Vec::new(),
                parts: Vec::new(),
                links: offices
                    .into_iter()
                    .map(|office| (office.name, href(office.id)))
                    .collect(),
            },
        ),
        Err(error) => fault(&error),
    }
}

/// The offices whose work the reader sees.
async fn own_offices(app: &App, caller: &Caller) -> Result<Vec<Office>> {
    let (all, _) = offices::list(app, caller, &Page::first(MOST_OFFICES), false).await?;
    let own =
        |office: &Office| caller.can(Action::ViewCheck, &Resource::office(office.id)) == Decision::Allowed;
    Ok(all.rows.into_iter().filter(own).collect())
}

/// `GET /open/{kind}/{id}`: a case, a match, an expert, or what an office has to look at.
pub(super) async fn open(
    State(state): State<ApiState>,
    Path((kind, id)): Path<(String, Uuid)>,
    headers: HeaderMap,
    extensions: Extensions,
) -> Response {
    let reader = match reader(&state, &headers, &extensions).await {
        Ok(Ok(reader)) => reader,
        Ok(Err(response)) => return response,
        Err(error) => return fault(&error),
    };
    let (app, words) = (&state.app, reader.words);
    let shown = match kind.as_str() {
        CaseId::KIND => case(app, &reader.caller, words, id.into()).await,
        MatchId::KIND => matching(app, &reader.caller, words, id.into()).await,
        OfficeId::KIND => office(app, &reader.caller, words, id.into()).await,
        ExpertId::KIND => expert(app, &reader.caller, words, id.into()).await,
        _ => return nothing(&reader),
    };
    match shown {
        Ok(shown) => show(
            StatusCode::OK,
            &Thing {
                frame: reader.frame(shown.title),
                facts: shown.facts,
                parts: shown.parts,
                links: shown.links,
            },
        ),
        Err(Error::Refused(_)) => nothing(&reader),
        Err(error) => fault(&error),
    }
}

/// Who reads, in which language.
struct Reader {
    caller: Caller,
    words: Words,
    settings: Settings,
}

impl Reader {
    fn frame(&self, title: String) -> Frame {
        Frame {
            language: self.words.0,
            title,
            programme: self.settings.programme_name.clone(),
        }
    }
}

/// The reader, or the page that says where to sign in.
async fn reader(
    state: &ApiState,
    headers: &HeaderMap,
    extensions: &Extensions,
) -> Result<std::result::Result<Reader, Response>> {
    let credential = auth::credential(headers, state.options.secure());
    let token = credential.as_ref().map(|credential| credential.token.as_str());
    let origin = Origin::of(headers, peer(extensions), state.options.secure());
    let settings = settings(&state.app).await?;
    let Some(signed) = auth::identify(&state.app, token, &origin).await? else {
        let page = Thing {
            frame: Frame {
                language: Language::De,
                title: "Bitte melden Sie sich an".into(),
                programme: settings.programme_name,
            },
            facts: Vec::new(),
            parts: Vec::new(),
            links: vec![(
                "Anmelden, und danach den Link in der E-Mail noch einmal öffnen · Sign in, then open the link in \
                 the e-mail once more"
                    .into(),
                "/p/sign-in".into(),
            )],
        };
        return Ok(Err(show(StatusCode::UNAUTHORIZED, &page)));
    };
    let mut words = Words(Language::De);
    if let Some(id) = signed.caller.user_id()
        && users::get(&state.app, &signed.caller, id)
            .await?
            .language
            .as_str()
            == "en"
    {
        words = Words(Language::En);
    }
    Ok(Ok(Reader {
        caller: signed.caller,
        words,
        settings,
    }))
}

/// What one may not see is not there.
fn nothing(reader: &Reader) -> Response {
    let words = reader.words;
    show(
        StatusCode::NOT_FOUND,
        &Message {
            frame: reader.frame(words.or("Hier ist nichts", "There is nothing here").to_owned()),
            paragraphs: vec![
                words
                    .or(
                        "Das gibt es nicht mehr, oder es gehört nicht zu Ihrem Bereich.",
                        "It does not exist any more, or it is not yours to see.",
                    )
                    .to_owned(),
            ],
        },
    )
}

fn href<T: Id>(id: T) -> String {
    format!("/open/{}/{}", T::KIND, id)
}

/// The weekly digest's lists, whole and as of now.
async fn office(app: &App, caller: &Caller, words: Words, id: OfficeId) -> Result<Shown> {
    let work = reminders::work_of(app, caller, id).await?;
    let office = offices::get(app, caller, id).await?;
    let of_expert = |line: DigestLine| {
        let on = words.date(line.on);
        let until = words.or("gültig bis", "valid until");
        (line.name, format!("{until} {on}"), href(ExpertId::from(line.id)))
    };
    let with_case =
        |line: &DigestLine| format!("{}, {} {}", line.name, words.or("Fall", "case"), line.reference);
    let of_match = |line: DigestLine, said: &str| {
        let on = words.date(line.on);
        (
            with_case(&line),
            format!("{said} {on}"),
            href(MatchId::from(line.id)),
        )
    };
    let asked = words.or("gefragt am", "asked on");
    let met = words.or("zuletzt am", "last on");
    let waits = words.or("wartet seit", "waiting since");
    let parts = [
        (
            words.or("Führungszeugnisse laufen ab", "Certificates run out"),
            work.expiring.into_iter().map(of_expert).collect(),
        ),
        (
            words.or("Ohne Antwort", "Without an answer"),
            work.unanswered
                .into_iter()
                .map(|line| of_match(line, asked))
                .collect(),
        ),
        (
            words.or("Lange kein Treffen", "No meeting for long"),
            work.silent.into_iter().map(|line| of_match(line, met)).collect(),
        ),
        (
            words.or("Noch ohne Begleitung", "Still without an expert"),
            work.unfilled
                .into_iter()
                .map(|line| {
                    let on = words.date(line.on);
                    (
                        with_case(&line),
                        format!("{waits} {on}"),
                        href(CaseId::from(line.id)),
                    )
                })
                .collect::<Vec<_>>(),
        ),
    ];
    Ok(Shown {
        title: office.name,
        facts: Vec::new(),
        parts: parts
            .into_iter()
            .map(|(title, lines)| Part { title, lines })
            .collect(),
        links: Vec::new(),
    })
}

async fn case(app: &App, caller: &Caller, words: Words, id: CaseId) -> Result<Shown> {
    let case = cases::get(app, caller, id).await?;
    let center = centers::get(app, caller, case.center).await?;
    let reference = case_reference(case.wishes.external_id.as_deref(), id.uuid());
    let mut facts = vec![
        (
            words.or("Stand", "State"),
            case_state(words, case.state).to_owned(),
        ),
        (words.or("Servicestelle", "Service centre"), center.profile.name),
        (words.or("Telefon", "Phone"), center.profile.phone),
    ];
    if let Some(at) = case.submitted_at {
        facts.push((
            words.or("Wartet seit", "Waiting since"),
            words.date(date_in_germany(at)),
        ));
    }
    Ok(Shown {
        title: format!("{} {reference}", words.or("Fall", "Case")),
        facts,
        parts: Vec::new(),
        links: Vec::new(),
    })
}

async fn matching(app: &App, caller: &Caller, words: Words, id: MatchId) -> Result<Shown> {
    let matching = matches::get(app, caller, id).await?;
    let case = cases::get(app, caller, matching.case).await?;
    let reference = case_reference(case.wishes.external_id.as_deref(), case.id.uuid());
    let mut facts = vec![
        (
            words.or("Stand", "State"),
            match_state(words, matching.state).to_owned(),
        ),
        (
            words.or("Angefragt am", "Asked on"),
            words.date(date_in_germany(matching.approached_at)),
        ),
    ];
    let mut links = vec![(
        format!("{} {reference}", words.or("Zum Fall", "To the case")),
        href(case.id),
    )];
    // a centre does not see the expert before the expert's yes
    if let Some(expert) = experts::by_ids(app, caller, &[matching.expert]).await?.pop() {
        let name = format!("{} {}", expert.given_name, expert.family_name);
        facts.push((words.or("Expertin oder Experte", "Expert"), name));
        links.push((
            words.or("Zur Person", "To the expert").to_owned(),
            href(expert.id),
        ));
    }
    if let Some(day) = matching.active_from {
        facts.push((words.or("Begleitung seit", "Accompanied since"), words.date(day)));
    }
    Ok(Shown {
        title: format!("Tandem {reference}"),
        facts,
        parts: Vec::new(),
        links,
    })
}

async fn expert(app: &App, caller: &Caller, words: Words, id: ExpertId) -> Result<Shown> {
    let expert = experts::get(app, caller, id).await?;
    let state = match expert.state {
        ExpertState::Registered => words.or("angemeldet", "registered"),
        ExpertState::Active => words.or("aktiv", "active"),
        ExpertState::Suspended => words.or("ausgesetzt", "suspended"),
        ExpertState::Left => words.or("ausgeschieden", "has left"),
    };
    let mut facts = vec![(words.or("Stand", "State"), state.to_owned())];
    let valid = checks::for_experts(app, caller, &[id])
        .await?
        .into_iter()
        .filter_map(|check| check.check.inspection)
        .filter(|inspection| inspection.no_relevant_entry)
        .map(|inspection| inspection.valid_until)
        .max();
    if let Some(day) = valid {
        facts.push((
            words.or("Führungszeugnis gilt bis", "Certificate valid until"),
            words.date(day),
        ));
    }
    Ok(Shown {
        title: format!("{} {}", expert.given_name, expert.family_name),
        facts,
        parts: Vec::new(),
        links: Vec::new(),
    })
}

fn case_state(words: Words, state: CaseState) -> &'static str {
    match state {
        CaseState::Draft => words.or("Entwurf", "draft"),
        CaseState::Submitted => words.or("eingereicht", "submitted"),
        CaseState::Searching => words.or("wird gesucht", "searching"),
        CaseState::Matched => words.or("jemand hat Interesse", "somebody is interested"),
        CaseState::Active => words.or("wird begleitet", "accompanied"),
        CaseState::Closed => words.or("abgeschlossen", "closed"),
        CaseState::Withdrawn => words.or("zurückgezogen", "withdrawn"),
    }
}

fn match_state(words: Words, state: MatchState) -> &'static str {
    match state {
        MatchState::Approached => words.or("angefragt", "asked"),
        MatchState::Interested => words.or("interessiert", "interested"),
        MatchState::Introduced => words.or("einander vorgestellt", "introduced"),
        MatchState::Met => words.or("kennengelernt", "met"),
        MatchState::Active => words.or("aktiv", "active"),
        MatchState::Paused => words.or("unterbrochen", "paused"),
        MatchState::Completed | MatchState::EndedEarly => words.or("beendet", "ended"),
        // why it did not come about is not told here
        _ => words.or("nicht zustande gekommen", "did not come about"),
    }
}
