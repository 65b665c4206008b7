//! The names of the languages that mentees speak, in the languages of the mails to experts.

use crate::language::Language;

/// ISO 639-1 (or, where there is none, 639-3) code, German name, English name.
const NAMES: [(&str, &str, &str); 46] = [
    ("am", "Amharisch", "Amharic"),
    ("ar", "Arabisch", "Arabic"),
    ("az", "Aserbaidschanisch", "Azerbaijani"),
    ("be", "Belarussisch", "Belarusian"),
    ("bg", "Bulgarisch", "Bulgarian"),
    ("bm", "Bambara", "Bambara"),
    ("bn", "Bengalisch", "Bengali"),
    ("bs", "Bosnisch", "Bosnian"),
    ("ckb", "Kurdisch (Sorani)", "Kurdish (Sorani)"),
    ("de", "Deutsch", "German"),
    ("en", "Englisch", "English"),
    ("es", "Spanisch", "Spanish"),
    ("fa", "Persisch (Dari, Farsi)", "Persian (Dari, Farsi)"),
    ("ff", "Fulfulde", "Fula"),
    ("fr", "Französisch", "French"),
    ("ha", "Hausa", "Hausa"),
    ("hi", "Hindi", "Hindi"),
    ("hr", "Kroatisch", "Croatian"),
    ("hy", "Armenisch", "Armenian"),
    ("it", "Italienisch", "Italian"),
    ("ka", "Georgisch", "Georgian"),
    ("kmr", "Kurdisch (Kurmandschi)", "Kurdish (Kurmanji)"),
    ("ku", "Kurdisch", "Kurdish"),
    ("ln", "Lingala", "Lingala"),
    ("mk", "Mazedonisch", "Macedonian"),
    ("om", "Oromo", "Oromo"),
    ("pa", "Panjabi", "Punjabi"),
    ("pl", "Polnisch", "Polish"),
    ("prs", "Dari", "Dari"),
    ("ps", "Paschtu", "Pashto"),
    ("pt", "Portugiesisch", "Portuguese"),
    ("ro", "Rumänisch", "Romanian"),
    ("rom", "Romani", "Romani"),
    ("ru", "Russisch", "Russian"),
    ("so", "Somali", "Somali"),
    ("sq", "Albanisch", "Albanian"),
    ("sr", "Serbisch", "Serbian"),
    ("sw", "Suaheli", "Swahili"),
    ("ta", "Tamil", "Tamil"),
    ("ti", "Tigrinya", "Tigrinya"),
    ("tr", "Türkisch", "Turkish"),
    ("uk", "Ukrainisch", "Ukrainian"),
    ("ur", "Urdu", "Urdu"),
    ("vi", "Vietnamesisch", "Vietnamese"),
    ("wo", "Wolof", "Wolof"),
    ("zh", "Chinesisch", "Chinese"),
];

/// The name of the spoken language `code` in `language`; English in English, German in all others.
/// `None` for a code that is not in the table.
pub(crate) fn name(code: &str, language: Language) -> Option<&'static str> {
    let row = NAMES.binary_search_by(|(known, ..)| known.cmp(&code)).ok()?;
    let (_, german, english) = NAMES[row];
    Some(if language == Language::En { english } else { german })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_of_the_table_is_found() {
        for (code, german, english) in NAMES {
            assert_eq!(name(code, Language::De), Some(german));
            assert_eq!(name(code, Language::En), Some(english));
        }
    }
}
