//! Who stands before a page: by the token in the path, or signed in.

use std::collections::HashMap;

use axum::{
    extract::{FromRequestParts, OriginalUri, Query, RawPathParams},
    http::{Method, StatusCode, request::Parts},
    response::Response,
};
use tandem_domain::parties::{GivenWay, Party, Side};
use tandem_mail::{Language, Words};
use tandem_operations::matches::{self, Own};
use tandem_operations::persons::{self, Door, Visitor};
use uuid::Uuid;

use super::tandem::Place;
use super::words::Refusals;
use crate::auth::{Origin, credential, identify};
use crate::pages::frame::{Frame, Message, fault, go_to, show};
use crate::pages::stranger::please_sign_in;
use crate::pages::texts::{self, ExpertTexts, Texts, fill};
use crate::pages::view::{Block, Choice, Field, Foot, Form, Kind, Link, Look, Page};
use crate::pages::{is_own_form, peer};
use crate::server::ApiState;

/// Somebody before their own page. It can be had for every request under `/p/me/{token}` and `/me`; a
/// request that may not have it is answered with a friendly page.
pub(super) struct Visit {
    /// Who.
    pub(super) visitor: Visitor,
    /// The token of the path; none under `/me`.
    pub(super) token: Option<String>,
    /// What comes before every path of a page.
    pub(super) base: String,
    /// The rest of the path, as `/match/…/verdict`.
    here: String,
    /// What has just been done, as the redirect after a form says.
    done: Option<String>,
}

impl FromRequestParts<ApiState> for Visit {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &ApiState) -> Result<Self, Response> {
        // a path that is no text is a broken link, and not the way of those who are signed in
        let Ok(params) = RawPathParams::from_request_parts(parts, state).await else {
            return Err(super::super::unknown_link());
        };
        let token = params.iter().find(|(name, _)| *name == "token");
        let token = token.map(|(_, token)| token.to_owned());
        let visitor = match &token {
            Some(token) => by_token(state, token, &peer(&parts.extensions)).await?,
            None => signed_in(state, parts).await?,
        };
        let base = token
            .as_ref()
            .map_or_else(|| "/me".to_owned(), |token| format!("/p/me/{token}"));
        let uri = parts
            .extensions
            .get::<OriginalUri>()
            .map_or(&parts.uri, |uri| &uri.0);
        let here = uri.path().strip_prefix(&base).unwrap_or_default().to_owned();
        let done = Query::<HashMap<String, String>>::try_from_uri(uri)
            .ok()
            .and_then(|mut query| query.0.remove("done"));
        Ok(Self {
            visitor,
            token,
            base,
            here,
            done,
        })
    }
}

/// What of a language's texts a page says.
type TitleAndText = fn(&Texts) -> (&str, &str);

async fn by_token(state: &ApiState, token: &str, address: &str) -> Result<Visitor, Response> {
    let door = persons::open(&state.app, token, address)
        .await
        .map_err(|error| fault(&error))?;
    let (language, pick): (Language, TitleAndText) = match door {
        Door::Open(visitor) => return Ok(*visitor),
        Door::Unknown => return Err(super::super::unknown_link()),
        Door::Expired(language) => (language, |t| (t.expired_title, t.expired)),
        Door::Voided(language) => (language, |t| (t.void_title, t.void)),
        Door::Left(language) => {
            let t = texts::of(language);
            return Err(show(
                StatusCode::GONE,
                &Message {
                    frame: Frame::bare(language, t.gone_title),
                    paragraphs: vec![t.gone.to_owned()],
                },
            ));
        }
    };
    // nothing of the person: the link may be in anybody's hands by now
    let (title, text) = pick(texts::of(language));
    Err(super::super::again::gone(language, title, text, token))
}

async fn signed_in(state: &ApiState, parts: &Parts) -> Result<Visitor, Response> {
    let credential = credential(&parts.headers, state.options.secure());
    let origin = Origin {
        address: peer(&parts.extensions),
        ..Origin::default()
    };
    let token = credential.map(|credential| credential.token);
    let sender = identify(&state.app, token.as_deref(), &origin)
        .await
        .map_err(|error| fault(&error))?;
    // a partner's program with a token has no pages, whoever it acts as
    let Some(signed) = sender.filter(|signed| signed.session().is_some()) else {
        return Err(who_are_you(StatusCode::UNAUTHORIZED));
    };
    // the cookie comes with forms of other sites as well
    if parts.method != Method::GET && parts.method != Method::HEAD && !is_own_form(state, &parts.headers) {
        return Err(who_are_you(StatusCode::FORBIDDEN));
    }
    match persons::signed_in(&state.app, &signed.caller).await {
        Ok(Some(visitor)) => Ok(visitor),
        Ok(None) => Err(who_are_you(StatusCode::FORBIDDEN)),
        Err(error) => Err(fault(&error)),
    }
}

/// Nobody who has pages here is signed in.
fn who_are_you(status: StatusCode) -> Response {
    please_sign_in(
        status,
        "Diese Seiten sind für Senior Expertinnen und Experten und für die jungen Menschen, die sie begleiten. \
         Bitte öffnen Sie den Link aus einer E-Mail von uns, oder melden Sie sich an.",
        "These pages are for Senior Experts and the young people whom they accompany. Please open the link from \
         one of our e-mails, or sign in.",
    )
}

impl Visit {
    /// Which of the people it is.
    pub(super) fn side(&self) -> Side {
        self.visitor.facts.party.side()
    }

    /// Whether it is an expert.
    pub(super) fn is_expert(&self) -> bool {
        self.side() == Side::Expert
    }

    /// The language of the page: experts read German or English.
    pub(super) fn language(&self) -> Language {
        match self.visitor.language() {
            Language::En => Language::En,
            _ if self.is_expert() => Language::De,
            language => language,
        }
    }

    /// Dates and terms in it.
    pub(super) fn words(&self) -> Words {
        Words(self.language())
    }

    /// Its texts.
    pub(super) fn t(&self) -> &'static Texts {
        texts::of(self.language())
    }

    /// Its texts for experts.
    pub(super) fn e(&self) -> &'static ExpertTexts {
        texts::for_experts(self.language())
    }

    /// An address of these pages.
    pub(super) fn href(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// What has just been done, if it is this.
    pub(super) fn has_done(&self, what: &str) -> bool {
        self.done.as_deref() == Some(what)
    }

    /// Its texts for experts, where it is one.
    pub(super) fn expert_texts(&self) -> Option<&'static ExpertTexts> {
        self.is_expert().then(|| self.e())
    }

    /// The match of a path, if the visitor may see it.
    pub(super) async fn own(&self, state: &ApiState, place: Place) -> Result<Own, Response> {
        matches::own(&state.app, &self.visitor.caller, place.id())
            .await
            .map_err(|error| self.refused(&error))
    }

    /// The same for a page that only experts have.
    pub(super) async fn own_as_expert(&self, state: &ApiState, place: Place) -> Result<Own, Response> {
        if self.is_expert() {
            return self.own(state, place).await;
        }
        let t = self.t();
        let page = self.page(t.closed_title, vec![Block::Text(t.closed.to_owned())]);
        Err(page.show(StatusCode::NOT_FOUND))
    }

    /// What makes one form one effect: it is kept where the form is shown again.
    #[expect(clippy::unused_self, reason = "reads as the other parts of a page do")]
    pub(super) fn key(&self, state: &ApiState, fields: &Fields) -> String {
        let typed = fields.get("key");
        if typed.is_empty() {
            state.app.random.id::<Uuid>(&*state.app.clock).to_string()
        } else {
            typed.to_owned()
        }
    }

    /// Asks once more: the form with everything in it, and the way back.
    pub(super) fn confirm(&self, title: &str, mut blocks: Vec<Block>, form: Form, back: &str) -> Response {
        let t = self.t();
        blocks.insert(0, Block::Heading(t.sure.to_owned()));
        blocks.push(Block::Form(
            form.hidden("sure", "yes").button(t.confirm, Look::First),
        ));
        blocks.push(Block::Links(vec![Link::new(back, t.cancel)]));
        self.show(title, blocks)
    }

    /// Shows a page, or a form again that was refused.
    pub(super) fn show_as(&self, refusals: &Refusals, title: &str, blocks: Vec<Block>) -> Response {
        let status = if refusals.any() {
            StatusCode::UNPROCESSABLE_ENTITY
        } else {
            StatusCode::OK
        };
        self.page(title, blocks).show(status)
    }

    /// The page after a form: seen under its own address, so that reloading sends nothing again.
    pub(super) fn see(&self, path: &str, done: &str) -> Response {
        go_to(&format!("{}{path}?done={done}", self.base))
    }

    /// A page with the frame, the way back and the words below it.
    pub(super) fn page(&self, title: &str, mut blocks: Vec<Block>) -> Page {
        if self.visitor.frozen {
            blocks.insert(0, Block::Note(self.t().frozen.to_owned()));
        }
        if self.visitor.way == GivenWay::Code {
            blocks.push(Block::Text(self.t().leave_hint.to_owned()));
        }
        Page {
            frame: Frame {
                language: self.language(),
                title: title.to_owned(),
                programme: self.visitor.organisation.programme_name.clone(),
            },
            blocks,
            foot: Some(self.foot()),
        }
    }

    /// Shows a page.
    pub(super) fn show(&self, title: &str, blocks: Vec<Block>) -> Response {
        self.page(title, blocks).show(StatusCode::OK)
    }

    /// A page for what an operation refused as a whole.
    pub(super) fn refused(&self, error: &tandem_operations::Error) -> Response {
        use tandem_domain::errors::Code;
        let tandem_operations::Error::Refused(errors) = error else {
            return fault(error);
        };
        let hidden = errors.iter().any(|error| error.code == Code::NotFound);
        let (status, title, text) = if hidden {
            (StatusCode::NOT_FOUND, self.t().closed_title, self.t().closed)
        } else {
            (StatusCode::CONFLICT, self.t().fault_title, self.t().refused)
        };
        self.page(title, vec![Block::Alarm(text.to_owned())]).show(status)
    }

    fn foot(&self) -> Foot {
        let t = self.t();
        let mut links = Vec::new();
        if !self.here.trim_matches('/').is_empty() {
            links.push(Link::new(self.base.clone(), t.back));
        }
        if !self.is_expert() && !self.here.ends_with("/problem") {
            links.push(Link::new(self.href("/problem"), t.problem_title));
        }
        let mut forms = vec![self.language_form()];
        if self.visitor.way == GivenWay::Code {
            let field = Field::new("leave", "", Kind::Hidden("yes".into()));
            let form = Form::new(self.href("/leave")).field(field);
            forms.push(form.button(t.leave, Look::Small));
        }
        Foot {
            links,
            forms,
            questions: t.questions.into(),
            call: t.call_or_write.into(),
            phone: t.phone.into(),
            email: t.email.into(),
            contact: self.visitor.contact(),
            only_for: fill(t.only_for, &[("name", &self.visitor.facts.called)]),
            organisation: self.visitor.organisation.organisation_name.clone(),
        }
    }

    /// The languages that this visitor's pages have.
    pub(super) fn languages(&self) -> &'static [Language] {
        match self.visitor.facts.party {
            Party::Expert(_) => &[Language::De, Language::En],
            Party::Mentee(_) | Party::Guardian(_) => &Language::ALL,
        }
    }

    fn language_form(&self) -> Form {
        let t = self.t();
        let choices = self.languages().iter().map(|language| Choice {
            lang: Some(language.code()),
            ..Choice::new(
                language.code(),
                texts::own_name(*language),
                *language == self.language(),
            )
        });
        Form::new(self.href("/language"))
            .field(Field::new("to", t.language, Kind::Select(choices.collect())))
            .hidden("at", self.here.clone())
            .button(t.change_language, Look::Small)
    }
}

/// What a form sent; a form that is none of ours sent nothing.
#[derive(Debug, Default)]
pub(crate) struct Fields(Vec<(String, String)>);

impl axum::extract::FromRequest<ApiState> for Fields {
    type Rejection = std::convert::Infallible;

    async fn from_request(
        request: axum::extract::Request,
        state: &ApiState,
    ) -> Result<Self, Self::Rejection> {
        let form = axum::Form::<Vec<(String, String)>>::from_request(request, state).await;
        Ok(Self(form.map(|form| form.0).unwrap_or_default()))
    }
}

impl Fields {
    /// A value; empty where there is none.
    pub(crate) fn get(&self, name: &str) -> &str {
        let found = self.0.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.trim()).unwrap_or_default()
    }

    /// All values of a name.
    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0
            .iter()
            .filter(move |(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    /// Whether a tick is set, or a button was pressed.
    pub(crate) fn has(&self, name: &str) -> bool {
        !self.get(name).is_empty()
    }

    /// What makes the form one effect; none where it carries nothing.
    pub(crate) fn key(&self) -> Option<&str> {
        Some(self.get("key")).filter(|key| !key.is_empty())
    }

    /// A value as a word, a day or a number of ours.
    pub(crate) fn read<T: std::str::FromStr>(&self, name: &str) -> Option<T> {
        self.get(name).parse().ok()
    }
}
