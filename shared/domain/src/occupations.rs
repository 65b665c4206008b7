//! Occupations: KldB 2010 codes, the catalogue of training occupations and the search in it.

use std::fmt;
use std::str::FromStr;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use crate::text::{FULL_SIMILARITY, FoldedQuery, fold, quotable};

/// A code of the German classification of occupations (KldB 2010): one to five digits, each of which
/// narrows what the ones before it say. The fifth is the level of requirement.
///
/// Codes are texts, not numbers: "01" is a group of its own. They sort as texts, a group before what
/// belongs to it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct KldbCode {
    /// The digits, then zero bytes.
    digits: [u8; KldbCode::MAX_DIGITS as usize],
}

/// A text that is no KldB code.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("KldB code {0:?} must have 1 to 5 digits")]
pub struct InvalidKldbCode(String);

/// The base of [`KldbCode::packed`].
pub(crate) const PACKED_BASE: u32 = 11;
/// Above every packed code.
pub(crate) const PACKED_CODES: usize = PACKED_BASE.pow(KldbCode::MAX_DIGITS as u32) as usize;

impl KldbCode {
    /// The longest code, that of a single occupation at one level of requirement.
    pub const MAX_DIGITS: u8 = 5;
    const FIELD_DIGITS: usize = 2;

    /// Reads one to five ASCII digits; spaces around them are forgiven. Whether such a code is in use
    /// is not checked.
    pub fn parse(text: &str) -> Result<Self, InvalidKldbCode> {
        let trimmed = text.trim().as_bytes();
        let mut digits = [0; Self::MAX_DIGITS as usize];
        match digits.get_mut(..trimmed.len()) {
            Some(filled) if !filled.is_empty() && trimmed.iter().all(u8::is_ascii_digit) => {
                filled.copy_from_slice(trimmed);
                Ok(Self { digits })
            }
            _ => Err(InvalidKldbCode(quotable(text))),
        }
    }

    /// The digits.
    pub fn as_str(&self) -> &str {
        let end = self
            .digits
            .iter()
            .position(|&digit| digit == 0)
            .unwrap_or(self.digits.len());
        str::from_utf8(&self.digits[..end]).expect("only digits are let in")
    }

    /// How many leading digits two codes share, from 0 to 5: the closeness of two occupations
    /// (matching.md, "Scores").
    pub fn shared_digits(self, other: Self) -> u8 {
        let pairs = self.digits.iter().zip(&other.digits);
        pairs
            .take_while(|(own, others)| own == others && **own != 0)
            .count() as u8
    }

    /// A number that sorts as the codes do: digits from 1 to 10 in a system of eleven, 0 for none.
    pub(crate) fn packed(self) -> u32 {
        self.digits.iter().fold(0, |packed, &digit| {
            let digit = if digit == 0 {
                0
            } else {
                u32::from(digit - b'0') + 1
            };
            packed * PACKED_BASE + digit
        })
    }

    /// The occupational field: the first two digits, or the one that there is.
    pub fn field(self) -> Self {
        let mut digits = [0; Self::MAX_DIGITS as usize];
        digits[..Self::FIELD_DIGITS].copy_from_slice(&self.digits[..Self::FIELD_DIGITS]);
        Self { digits }
    }
}

impl fmt::Display for KldbCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for KldbCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KldbCode({})", self.as_str())
    }
}

impl FromStr for KldbCode {
    type Err = InvalidKldbCode;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

impl TryFrom<String> for KldbCode {
    type Error = InvalidKldbCode;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<KldbCode> for String {
    fn from(code: KldbCode) -> Self {
        code.as_str().to_owned()
    }
}

/// A training occupation of the catalogue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Occupation {
    /// The key: an ASCII slug that never changes, such as "kaufmann-im-einzelhandel".
    pub id: String,
    /// The five-digit code. Several occupations may share one.
    pub kldb_code: KldbCode,
    /// Both genders in one, such as "Kaufmann/-frau im Einzelhandel".
    pub title: String,
    /// The feminine form.
    pub title_feminine: String,
    /// The masculine form.
    pub title_masculine: String,
    /// The name of the occupational field, in German.
    pub field: String,
    /// Everyday, former and abbreviated names.
    pub aliases: Vec<String>,
}

impl Occupation {
    /// All names folded, each once: what a search looks at, and the content of a search column.
    pub fn search_text(&self) -> String {
        FoldedNames::of(self).all
    }
}

/// The names of an occupation as the search compares them.
#[derive(Debug, Clone)]
struct FoldedNames {
    /// Each name with what a match of it is worth, in thousandths. Names that fold to the same (the
    /// genders of a title do) stand once.
    each: Vec<(String, u32)>,
    /// The same in one text.
    all: String,
}

const WORTH_OF_A_TITLE: u32 = 1000;
/// Less than a title, but an alias that was typed in full is worth more than the beginning of a title.
const WORTH_OF_AN_ALIAS: u32 = 985;
/// For queries that mix a title with an alias ("erzieher kita").
const WORTH_OF_ALL_NAMES: u32 = 800;

impl FoldedNames {
    fn of(occupation: &Occupation) -> Self {
        let titles = [
            &occupation.title,
            &occupation.title_masculine,
            &occupation.title_feminine,
        ];
        let titles = titles.into_iter().map(|title| (title, WORTH_OF_A_TITLE));
        let aliases = occupation.aliases.iter().map(|alias| (alias, WORTH_OF_AN_ALIAS));
        let mut each: Vec<(String, u32)> = Vec::new();
        for (name, worth) in titles.chain(aliases) {
            let folded = fold(name);
            if each.iter().all(|(other, _)| *other != folded) {
                each.push((folded, worth));
            }
        }
        let all: Vec<&str> = each.iter().map(|(name, _)| name.as_str()).collect();
        Self {
            all: all.join(" "),
            each,
        }
    }
}

/// What somebody looks for: a class of occupations by its code, or words.
enum Query {
    Code(KldbCode),
    Words(FoldedQuery),
}

impl Query {
    fn new(text: &str) -> Self {
        match KldbCode::parse(text) {
            Ok(code) if code.as_str().len() >= KldbCode::FIELD_DIGITS => Self::Code(code),
            _ => Self::Words(FoldedQuery::new(text)),
        }
    }

    fn score(&self, occupation: &Occupation, names: &FoldedNames) -> u16 {
        match self {
            Self::Code(code) if occupation.kldb_code.as_str().starts_with(code.as_str()) => FULL_SIMILARITY,
            Self::Code(_) => 0,
            Self::Words(words) => {
                let worth = |name: &str, worth: u32| (u32::from(words.score(name)) * worth / 1000) as u16;
                match names.each.iter().map(|(name, most)| worth(name, *most)).max() {
                    Some(0) => worth(&names.all, WORTH_OF_ALL_NAMES),
                    best => best.unwrap_or(0),
                }
            }
        }
    }
}

/// The best first; equal ones by title.
fn ranked<'a>(
    scored: impl Iterator<Item = (u16, &'a Occupation)>,
    limit: usize,
) -> Vec<(u16, &'a Occupation)> {
    let mut found: Vec<(u16, &Occupation)> = scored.filter(|(score, _)| *score > 0).collect();
    found.sort_by(|(score, a), (other, b)| {
        other
            .cmp(score)
            .then_with(|| a.title.cmp(&b.title))
            .then_with(|| a.id.cmp(&b.id))
    });
    found.truncate(limit);
    found
}

/// The occupations that answer a query, the best first, with scores from 1 to [`FULL_SIMILARITY`]. Equal
/// ones come in the order of their titles. Umlauts, gender forms and typing errors are forgiven; a KldB
/// code (two digits or more) finds what belongs to it. An empty query finds nothing.
///
/// It folds all names of the catalogue: for many searches make a [`Catalogue`].
pub fn search<'a>(catalogue: &'a [Occupation], query: &str, limit: usize) -> Vec<(u16, &'a Occupation)> {
    let query = Query::new(query);
    ranked(
        catalogue
            .iter()
            .map(|own| (query.score(own, &FoldedNames::of(own)), own)),
        limit,
    )
}

/// Occupations with their names folded once, for many searches.
#[derive(Debug, Clone)]
pub struct Catalogue {
    occupations: Vec<Occupation>,
    /// One entry an occupation, in the same order.
    names: Vec<FoldedNames>,
}

impl Catalogue {
    /// A catalogue of these occupations.
    pub fn new(occupations: Vec<Occupation>) -> Self {
        let names = occupations.iter().map(FoldedNames::of).collect();
        Self { occupations, names }
    }

    /// All occupations, in the order that they were given in.
    pub fn occupations(&self) -> &[Occupation] {
        &self.occupations
    }

    /// The occupation with this id.
    pub fn find(&self, id: &str) -> Option<&Occupation> {
        self.occupations.iter().find(|occupation| occupation.id == id)
    }

    /// As [`search`], without folding the names anew.
    pub fn search(&self, query: &str, limit: usize) -> Vec<(u16, &Occupation)> {
        let query = Query::new(query);
        let entries = self.occupations.iter().zip(&self.names);
        ranked(entries.map(|(own, names)| (query.score(own, names), own)), limit)
    }
}

/// A line of the embedded catalogue; several aliases stand in one column.
#[derive(Deserialize)]
struct OccupationLine {
    id: String,
    kldb_code: KldbCode,
    title: String,
    title_feminine: String,
    title_masculine: String,
    field: String,
    aliases: String,
}

/// The catalogue of training occupations that comes with the program, by rising id.
pub fn builtin() -> &'static [Occupation] {
    static OCCUPATIONS: LazyLock<Vec<Occupation>> = LazyLock::new(|| {
        let file = include_str!("../../../migrations/data/training_occupations.csv");
        let mut occupations: Vec<Occupation> = csv::Reader::from_reader(file.as_bytes())
            .deserialize()
            .map(|line| {
                let line: OccupationLine = line.expect("the embedded catalogue is tested");
                let aliases = line
                    .aliases
                    .split(';')
                    .map(str::trim)
                    .filter(|alias| !alias.is_empty());
                Occupation {
                    aliases: aliases.map(str::to_owned).collect(),
                    id: line.id,
                    kldb_code: line.kldb_code,
                    title: line.title,
                    title_feminine: line.title_feminine,
                    title_masculine: line.title_masculine,
                    field: line.field,
                }
            })
            .collect();
        occupations.sort_by(|a, b| a.id.cmp(&b.id));
        occupations
    });
    &OCCUPATIONS
}

#[cfg(test)]
mod tests;
