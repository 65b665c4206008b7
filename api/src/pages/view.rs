//! What a page is made of. A page is data: headings, sentences, facts, forms; one template turns it into
//! HTML, so that every page has its labels, descriptions, error messages and order of reading from the
//! same place, in each language and in both directions of writing.

use askama::Template;
use axum::{http::StatusCode, response::Response};

use super::frame::{Frame, show};

/// A page of a person.
#[derive(Debug, Template)]
#[template(path = "page.html")]
pub(crate) struct Page {
    /// The frame.
    pub(crate) frame: Frame,
    /// What stands on it, from top to bottom.
    pub(crate) blocks: Vec<Block>,
    /// The words below it.
    pub(crate) foot: Option<Foot>,
}

impl Page {
    /// The answer to a browser.
    pub(crate) fn show(&self, status: StatusCode) -> Response {
        show(status, self)
    }
}

/// A part of a page.
#[derive(Debug)]
pub(crate) enum Block {
    /// A heading of the second rank.
    Heading(String),
    /// A paragraph.
    Text(String),
    /// A paragraph that stands out.
    Note(String),
    /// What has just happened; screen readers read it out.
    Done(String),
    /// What went wrong; screen readers read it out at once.
    Alarm(String),
    /// Labels with values.
    Facts(Vec<(String, String)>),
    /// A list.
    List(Vec<String>),
    /// A list in which the order counts.
    Steps(Vec<String>),
    /// Where to go from here.
    Links(Vec<Link>),
    /// Something to fill in.
    Form(Form),
}

/// A link that looks like a button: what a thumb finds.
#[derive(Debug)]
pub(crate) struct Link {
    /// Where it goes.
    pub(crate) href: String,
    /// What it says.
    pub(crate) label: String,
    /// The language of the label, where it is not the page's.
    pub(crate) lang: Option<&'static str>,
    /// Whether it is what is asked now.
    pub(crate) first: bool,
}

/// A form; it is sent by POST.
#[derive(Debug)]
pub(crate) struct Form {
    /// Where it is sent.
    pub(crate) action: String,
    /// Its fields.
    pub(crate) fields: Vec<Field>,
    /// Its buttons.
    pub(crate) buttons: Vec<Button>,
}

/// A button of a form.
#[derive(Debug)]
pub(crate) struct Button {
    /// Name and value that it sends; none where the form says enough.
    pub(crate) sends: Option<(&'static str, String)>,
    /// What it says.
    pub(crate) label: String,
    /// How it looks.
    pub(crate) look: Look,
}

/// How a button looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Look {
    /// What most people will want.
    First,
    /// Another choice.
    Plain,
    /// Something by the way.
    Small,
}

/// A field of a form.
#[derive(Debug)]
pub(crate) struct Field {
    /// The name that is sent.
    pub(crate) name: &'static str,
    /// What it asks for.
    pub(crate) label: String,
    /// How it is filled in; empty where the label says enough.
    pub(crate) hint: String,
    /// What is wrong with what was typed; empty where nothing is.
    pub(crate) error: String,
    /// Whether it has to be filled in.
    pub(crate) required: bool,
    /// What kind of field it is.
    pub(crate) kind: Kind,
}

/// A kind of field with what it holds already.
#[derive(Debug)]
pub(crate) enum Kind {
    /// Not seen; carries a value along.
    Hidden(String),
    /// A line.
    Line(String),
    /// A code: a line in which a browser suggests and corrects nothing.
    Code(String),
    /// Several lines.
    Lines(String),
    /// A day.
    Day(String),
    /// A time of day.
    Time(String),
    /// A whole number with its limits.
    Number {
        /// What it is.
        value: String,
        /// The least.
        least: i64,
        /// The most.
        most: i64,
    },
    /// One of several.
    One(Vec<Choice>),
    /// Any of several.
    Any(Vec<Choice>),
    /// One of many, in a list that opens.
    Select(Vec<Choice>),
    /// A tick.
    Tick {
        /// Whether it is set.
        set: bool,
    },
}

/// A choice of a field.
#[derive(Debug)]
pub(crate) struct Choice {
    /// What is sent.
    pub(crate) value: String,
    /// What it says.
    pub(crate) label: String,
    /// The language of the label, where it is not the page's.
    pub(crate) lang: Option<&'static str>,
    /// Whether it is chosen.
    pub(crate) chosen: bool,
}

/// The words below a page.
#[derive(Debug)]
pub(crate) struct Foot {
    /// Links that stand below every page.
    pub(crate) links: Vec<Link>,
    /// The switch of the language, and the button that closes pages on a shared device.
    pub(crate) forms: Vec<Form>,
    /// "Do you have questions?"
    pub(crate) questions: String,
    /// "Call or write to".
    pub(crate) call: String,
    /// "Telephone".
    pub(crate) phone: String,
    /// "E-mail".
    pub(crate) email: String,
    /// Whom.
    pub(crate) contact: tandem_mail::Contact,
    /// For whom the page is.
    pub(crate) only_for: String,
    /// The organisation.
    pub(crate) organisation: String,
}

impl Link {
    pub(crate) fn new(href: impl Into<String>, label: impl Into<String>) -> Self {
        Self {
            href: href.into(),
            label: label.into(),
            lang: None,
            first: false,
        }
    }

    pub(crate) fn first(href: impl Into<String>, label: impl Into<String>) -> Self {
        Self {
            first: true,
            ..Self::new(href, label)
        }
    }
}

impl Form {
    pub(crate) fn new(action: impl Into<String>) -> Self {
        Self {
            action: action.into(),
            fields: Vec::new(),
            buttons: Vec::new(),
        }
    }

    pub(crate) fn field(mut self, field: Field) -> Self {
        self.fields.push(field);
        self
    }

    pub(crate) fn hidden(self, name: &'static str, value: impl Into<String>) -> Self {
        self.field(Field::new(name, "", Kind::Hidden(value.into())))
    }

    pub(crate) fn button(mut self, label: impl Into<String>, look: Look) -> Self {
        self.buttons.push(Button {
            sends: None,
            label: label.into(),
            look,
        });
        self
    }

    pub(crate) fn sending(
        mut self,
        name: &'static str,
        value: impl Into<String>,
        label: impl Into<String>,
        look: Look,
    ) -> Self {
        self.buttons.push(Button {
            sends: Some((name, value.into())),
            label: label.into(),
            look,
        });
        self
    }
}

impl Field {
    pub(crate) fn new(name: &'static str, label: impl Into<String>, kind: Kind) -> Self {
        Self {
            name,
            label: label.into(),
            hint: String::new(),
            error: String::new(),
            required: false,
            kind,
        }
    }

    pub(crate) fn hint(self, hint: impl Into<String>) -> Self {
        Self {
            hint: hint.into(),
            ..self
        }
    }

    pub(crate) fn error(self, error: Option<&str>) -> Self {
        Self {
            error: error.unwrap_or_default().to_owned(),
            ..self
        }
    }

    pub(crate) fn required(self) -> Self {
        Self {
            required: true,
            ..self
        }
    }

    /// The ids of what describes the field, for `aria-describedby`.
    fn described_by(&self) -> String {
        let mut ids = Vec::new();
        if !self.hint.is_empty() {
            ids.push(format!("{}-hint", self.name));
        }
        if !self.error.is_empty() {
            ids.push(format!("{}-error", self.name));
        }
        ids.join(" ")
    }

    fn is_group(&self) -> bool {
        matches!(self.kind, Kind::One(_) | Kind::Any(_))
    }
}

impl Choice {
    pub(crate) fn new(value: impl Into<String>, label: impl Into<String>, chosen: bool) -> Self {
        Self {
            value: value.into(),
            label: label.into(),
            lang: None,
            chosen,
        }
    }
}

impl Look {
    fn class(self) -> &'static str {
        match self {
            Self::First => "chosen",
            Self::Plain => "plain",
            Self::Small => "small",
        }
    }
}
