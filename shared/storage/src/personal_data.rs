//! Personal data: which column holds what about whom, why, and what becomes of it.
//!
//! [`TABLES`] names every column of the database; a test compares it to the database itself, so that a
//! column without a decision does not pass. Export, erasure, retention and the record of processing in
//! `docs/privacy.md` all follow from it and know no table by themselves.

mod catalogue;
mod erasing;
mod exporting;
mod record;
pub mod requests;
pub mod retention;

pub use catalogue::TABLES;
pub use erasing::{erase, erase_free_text};
pub use exporting::export;
pub use record::record;

/// About whom a column says something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, strum::Display)]
pub enum Whose {
    /// About nobody, or nobody who could still be recognised once the rest is erased.
    #[strum(to_string = "–")]
    Nobody,
    /// The expert.
    #[strum(to_string = "expert")]
    Expert,
    /// The young person.
    #[strum(to_string = "mentee")]
    Mentee,
    /// The guardian of the young person.
    #[strum(to_string = "guardian")]
    Guardian,
    /// The expert and the mentee of a match.
    #[strum(to_string = "expert and mentee")]
    Both,
    /// Somebody who signs in.
    #[strum(to_string = "user")]
    User,
    /// Whoever the row is about.
    #[strum(to_string = "the person concerned")]
    Concerned,
    /// Staff of an office or a centre in their function.
    #[strum(to_string = "staff")]
    Staff,
}

/// Whose data are exported or erased.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    strum::Display,
    strum::EnumString,
    strum::VariantArray,
)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum Subject {
    /// An expert.
    Expert,
    /// A mentee, with the guardian.
    Mentee,
    /// Somebody who signs in.
    User,
    /// A case: for free text, which goes before the rest.
    Case,
}

impl Subject {
    /// Whether the erasure of this subject reaches a column of these people.
    fn reaches(self, whose: Whose) -> bool {
        match self {
            _ if whose == Whose::Concerned => true,
            Self::Expert => matches!(whose, Whose::Expert | Whose::Both),
            // who looked after the mentee goes with the mentee
            Self::Mentee => matches!(
                whose,
                Whose::Mentee | Whose::Guardian | Whose::Both | Whose::Staff
            ),
            Self::User => whose == Whose::User,
            Self::Case => whose != Whose::Nobody,
        }
    }
}

/// Why it is kept, on which legal basis, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, strum::VariantArray)]
pub enum Purpose {
    /// Keys, states, dates and numbers: coarse facts that stay.
    Coarse,
    /// Name, birth date, gender, external number.
    Identity,
    /// Addresses, telephone, language of letters.
    Contact,
    /// What makes somebody fit: occupations, languages, level, wishes for the accompaniment.
    Profile,
    /// Free text about a person or a case.
    FreeText,
    /// The inspection of a certificate.
    Check,
    /// Trainings booked and attended.
    Training,
    /// Consents, verdicts, signatures, feedback: a person's own word.
    OwnWord,
    /// Mails that were sent.
    Mail,
    /// Sign-in, sessions, tokens, rights.
    Access,
    /// The audit log.
    Log,
    /// Copies made for the person: exports, letters.
    Copy,
}

impl Purpose {
    /// The name of the category.
    pub fn name(self) -> &'static str {
        match self {
            Self::Coarse => "Coarse facts",
            Self::Identity => "Identity",
            Self::Contact => "Contact",
            Self::Profile => "Profile",
            Self::FreeText => "Free text",
            Self::Check => "Background check",
            Self::Training => "Training",
            Self::OwnWord => "Own word",
            Self::Mail => "Mail log",
            Self::Access => "Access",
            Self::Log => "Audit log",
            Self::Copy => "Copies for the person",
        }
    }

    /// What it is kept for.
    pub fn purpose(self) -> &'static str {
        match self {
            Self::Coarse => "running the programme; reports of numbers after the person was erased",
            Self::Identity => "knowing who is accompanied and who accompanies; finding duplicates",
            Self::Contact => {
                "writing to and calling the person; the letter that makes a certificate free of charge"
            }
            Self::Profile => "finding the expert who fits the case",
            Self::FreeText => "what helps the accompaniment and has no field of its own",
            Self::Check => "protecting young people: showing that a certificate was inspected",
            Self::Training => "showing that who accompanies has learnt what is required",
            Self::OwnWord => "nobody answers for a person: what the person consented to, said and signed",
            Self::Mail => "writing once and not twice; answering whether somebody was told",
            Self::Access => "letting in who may be let in, and nobody else",
            Self::Log => "answering who saw or changed what (accountability)",
            Self::Copy => "giving the person what the person asked for",
        }
    }

    /// On which basis of the GDPR, to be confirmed by counsel.
    pub fn legal_basis(self) -> &'static str {
        match self {
            Self::Coarse | Self::Log => "Art. 6 (1) f (accountability, reports); Art. 5 (2)",
            Self::Identity | Self::Contact | Self::Profile | Self::Training => {
                "experts: Art. 6 (1) b (agreement of the volunteer); mentees: Art. 6 (1) a (consent, of the guardian too for a minor)"
            }
            Self::FreeText | Self::OwnWord => "Art. 6 (1) a",
            Self::Check => "Art. 6 (1) c with SGB VIII § 72a (5), BZRG § 30, § 30a; Art. 10",
            Self::Mail | Self::Access => "Art. 6 (1) f (operation and security)",
            Self::Copy => "Art. 6 (1) c with Art. 15, Art. 20",
        }
    }

    /// How long it is kept.
    pub fn retention(self) -> &'static str {
        match self {
            Self::Coarse => "for good: they identify nobody",
            Self::FreeText => "6 months after the case was closed (setting retentionFreeTextMonths)",
            Self::Check => "6 months after the activity ended at the latest (setting eraseAfterEndMonths)",
            Self::Access => {
                "sessions and links until a day after they end; accounts 12 months after they were closed"
            }
            Self::Log => "the event for good; what is personal in it as long as the person's data",
            Self::Copy => "14 days",
            _ => {
                "12 months after closure, or after the outcome was confirmed, whichever is later; experts 12 months after they left (setting retentionPersonDataMonths)"
            }
        }
    }
}

/// What an erasure makes of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Then {
    /// It stays.
    Stay,
    /// Nothing.
    Null,
    /// An empty text.
    Empty,
    /// This expression.
    To(&'static str),
    /// What these words say, by code of its own: not by a statement on the column.
    Apart(&'static str),
}

/// Columns of a table that are treated alike.
#[derive(Debug, Clone, Copy)]
pub struct Group {
    /// About whom.
    pub whose: Whose,
    /// What for.
    pub purpose: Purpose,
    /// What an erasure makes of them.
    pub then: Then,
    /// Their names, separated by blanks.
    pub columns: &'static str,
}

/// One table.
#[derive(Debug, Clone, Copy)]
pub struct Table {
    /// Its name.
    pub name: &'static str,
    /// The rows that belong to a subject: a condition on the table, `$1` being the subject's id.
    pub of: &'static [(Subject, &'static str)],
    /// Of which subjects' erasure the whole row goes.
    pub gone_with: &'static [Subject],
    /// Its columns.
    pub columns: &'static [Group],
}

impl Table {
    /// The condition for a subject's rows.
    pub fn rows_of(&self, subject: Subject) -> Option<&'static str> {
        self.of
            .iter()
            .find(|(of, _)| *of == subject)
            .map(|(_, condition)| *condition)
    }

    /// Every column with its group.
    pub fn fields(&self) -> impl Iterator<Item = (&'static str, &'static Group)> {
        self.columns.iter().flat_map(|group| {
            group
                .columns
                .split_whitespace()
                .map(move |column| (column, group))
        })
    }
}
