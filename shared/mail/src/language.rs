//! The languages a person can choose to be written to in.

use std::fmt;

/// A correspondence language of the programme (domain.md, "E-mails and reminders").
///
/// Staff and experts are written to in German or English, mentees and guardians in all of them.
/// German is the fallback wherever a language is not available.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub enum Language {
    /// German, the fallback.
    #[default]
    De,
    /// English.
    En,
    /// Arabic.
    Ar,
    /// Dari and Farsi.
    Fa,
    /// Ukrainian.
    Uk,
    /// Turkish.
    Tr,
}

impl Language {
    /// Every language, in the order in which people are offered them.
    pub const ALL: [Self; 6] = [Self::De, Self::En, Self::Ar, Self::Fa, Self::Uk, Self::Tr];

    /// The ISO 639-1 code, as in HTML's `lang` and the `Content-Language` header.
    pub fn code(self) -> &'static str {
        match self {
            Self::De => "de",
            Self::En => "en",
            Self::Ar => "ar",
            Self::Fa => "fa",
            Self::Uk => "uk",
            Self::Tr => "tr",
        }
    }

    /// The writing direction, `ltr` or `rtl`, as in HTML's `dir`.
    pub fn direction(self) -> &'static str {
        match self {
            Self::Ar | Self::Fa => "rtl",
            Self::De | Self::En | Self::Uk | Self::Tr => "ltr",
        }
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}
