//! Every mail with invented data, for previews and tests; a file a group. None of these people exists;
//! the telephone numbers are from the range that is kept free for films.

mod access;
mod accompanying;
mod addresses;
mod approach;
mod cases;
mod certificates;
mod checks;
mod life;
mod office;
mod training;

use chrono::{DateTime, NaiveDate, Utc};
use url::Url;

pub use self::approach::approach;
use crate::{
    people::{Addressee, Contact, Letterhead, Organisation, Salutation},
    render::Mail,
};

/// A mail with sample data.
pub struct Sample {
    /// A name for files and snapshots, in snake case; unique.
    pub name: &'static str,
    /// What it shows, in a line for the index of the previews.
    pub about: &'static str,
    /// The mail.
    pub mail: Box<dyn Mail>,
}

/// Every mail at least once, and once more for each case that reads differently.
pub fn all() -> Vec<Sample> {
    [
        access::all(),
        addresses::all(),
        approach::all(),
        accompanying::all(),
        cases::all(),
        certificates::all(),
        checks::all(),
        life::all(),
        office::all(),
        training::all(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn sample(name: &'static str, about: &'static str, mail: impl Mail + 'static) -> Sample {
    Sample {
        name,
        about,
        mail: Box::new(mail),
    }
}

/// Who writes in the samples.
pub fn letterhead() -> Letterhead {
    Letterhead {
        organisation: Organisation {
            programme_name: "Tandem".to_owned(),
            organisation_name: "Beispielverein für Ehrenamt e. V.".to_owned(),
            postal_address: Some("Musterstraße 1, 10115 Berlin".to_owned()),
        },
        contact: Contact {
            name: "Katrin Sommer".to_owned(),
            office_name: "Regionalbüro Berlin".to_owned(),
            phone: "030 23125 120".to_owned(),
            email: "katrin.sommer@tandem.example".to_owned(),
            office_hours: Some("Mo bis Fr, 9 bis 15 Uhr".to_owned()),
        },
        unsubscribe_url: None,
    }
}

/// The expert of the samples.
pub fn expert() -> Addressee {
    Addressee {
        salutation: Salutation::Ms,
        title: Some("Dr.".to_owned()),
        given_name: "Maria".to_owned(),
        family_name: "Weber".to_owned(),
    }
}

/// Who helps offices with the software in the samples.
fn helper() -> Letterhead {
    Letterhead {
        contact: Contact {
            name: "Jonas Berger".to_owned(),
            office_name: "Geschäftsstelle, Betreuung der Software".to_owned(),
            phone: "+49 (0)30 23125 140".to_owned(),
            email: "jonas.berger@tandem.example".to_owned(),
            office_hours: None,
        },
        ..letterhead()
    }
}

/// The coordinator of the samples.
fn office() -> Addressee {
    Addressee {
        salutation: Salutation::Ms,
        title: None,
        given_name: "Katrin".to_owned(),
        family_name: "Sommer".to_owned(),
    }
}

/// The mentee of the samples; mails use the given name alone.
fn mentee() -> Addressee {
    Addressee::plain("Amir", "")
}

fn day(text: &str) -> NaiveDate {
    text.parse().expect("a day")
}

/// The day on which the samples are written.
pub fn now() -> DateTime<Utc> {
    "2026-11-23T08:05:00Z".parse().expect("a valid instant")
}

fn url(path: &str) -> Url {
    Url::parse("https://tandem.example/")
        .and_then(|base| base.join(path))
        .expect("a valid address")
}
