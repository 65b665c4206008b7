//! Where the links of staff's mails lead: one thing in a few lines, for who is signed in and may see it.

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
    ids::{CaseId, ExpertId, Id, MatchId},
    matches::MatchState,
    settings::Settings,
};
use tandem_mail::Language;
use tandem_operations::{
    App, Caller, Error, Result, cases, centers, checks, deliveries::case_reference, experts, matches, users,
};
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

#[derive(Template)]
#[template(path = "staff.html")]
struct Thing {
    frame: Frame,
    facts: Vec<(&'static str, String)>,
    links: Vec<(String, String)>,
}

/// What is shown of something, in the reader's language.
struct Shown {
    title: String,
    facts: Vec<(&'static str, String)>,
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
    show(
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
    )
}

/// `GET /open/{kind}/{id}`: a case, a match or an expert.
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
        ExpertId::KIND => expert(app, &reader.caller, words, id.into()).await,
        _ => return nothing(&reader),
    };
    match shown {
        Ok(shown) => show(
            StatusCode::OK,
            &Thing {
                frame: reader.frame(shown.title),
                facts: shown.facts,
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
