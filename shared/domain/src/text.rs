//! Search folding: one form in which the spellings of a German word meet.
//!
//! `fold` is used on both sides of every search, in memory and for the `search_text` columns that
//! carry a trigram index in PostgreSQL. Its output is stored, so a change here needs those columns
//! to be filled again.
//!
//! What it does, in this order:
//! 1. Unicode NFKD without combining marks, lower case; letters that Unicode does not decompose
//!    (ß, æ, ø, ł …) are written in ASCII.
//! 2. Umlauts: ä becomes a, and an e after a, o or u is dropped. "Müller", "Mueller" and "Muller"
//!    are `muller`. The price is that "Feuer" is `feur`, on both sides alike.
//! 3. Everything but letters and digits becomes one space.
//! 4. Gender forms become the masculine word ([`fold`] only, not [`fold_name`]):
//!    "Elektroniker/in", "Elektroniker:innen" and "ElektronikerIn" are `elektroniker`,
//!    "Kauffrau", "Kaufleute" and "Kaufmann/-frau" are `kaufmann`. A word that repeats the one
//!    before it, or the end of it after a "/", is left out, so that "Koch/Köchin" is `koch` and
//!    "Papiertechnologe/-technologin" is `papiertechnolog`.
//!
//! The output holds lower-case letters, digits and single spaces, which is what `pg_trgm` sees as
//! words, and folding it again changes nothing.

mod names;
mod ranking;

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

pub use names::names_alike;
pub use ranking::{FULL_SIMILARITY, FoldedQuery, similarity};

/// The search form of a text, gender forms reduced to one. See the [module](self) for the steps.
pub fn fold(text: &str) -> String {
    let mut words: Vec<String> = Vec::new();
    for (tied, word) in gendered_words(&spell_plainly(text)) {
        let word = masculine(word);
        let repeats = words
            .last()
            .is_some_and(|last| *last == word || (tied && last.ends_with(&word)));
        if !repeats {
            words.push(word);
        }
    }
    words.join(" ")
}

/// The search form of a person's or a place's name: as [`fold`], but gender forms are left alone
/// ("Hausfrau" is no "Hausmann", "Schwerin" no "Schwer") and repeated words stay.
pub fn fold_name(text: &str) -> String {
    let spelt = spell_plainly(text);
    let words: Vec<&str> = words_of(&spelt).collect();
    words.join(" ")
}

/// Steps 1 and 2: lower case, no marks, no umlauts; punctuation is still there.
fn spell_plainly(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let lower = text
        .nfkd()
        .flat_map(char::to_lowercase)
        .nfkd()
        .filter(|&c| !is_combining_mark(c));
    for c in lower {
        match c {
            'e' if plain.ends_with(['a', 'o', 'u']) => {}
            'ß' => plain.push_str("ss"),
            'æ' => plain.push('a'),
            'ø' | 'œ' => plain.push('o'),
            'ð' | 'đ' => plain.push('d'),
            'ł' => plain.push('l'),
            'ı' => plain.push('i'),
            'þ' => plain.push_str("th"),
            other => plain.push(other),
        }
    }
    plain
}

fn words_of(plain: &str) -> impl Iterator<Item = &str> {
    plain
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
}

/// What an error message quotes of a text that may be of any length.
pub(crate) fn quotable(text: &str) -> String {
    const QUOTED_CHARS: usize = 40;
    match text.char_indices().nth(QUOTED_CHARS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// Signs that tie a gender ending to the word before them: "Elektroniker/in", "Kund*innen".
const GENDER_SIGNS: [char; 7] = ['/', ':', '*', '_', '(', '·', '•'];
const HYPHENS: [char; 4] = ['-', '\u{2010}', '\u{2011}', '\u{2013}'];
/// What may follow such a sign and says nothing but the gender, in plain spelling.
const GENDER_ENDINGS: [&str; 9] = ["in", "innen", "n", "r", "e", "frau", "mann", "fraun", "manner"];
/// Shorter words take no tied ending: "C/E" is a class of driving licence.
const SHORTEST_TIED: usize = 4;

/// The words of a text in plain spelling, without endings that a gender sign ties on. Other words that
/// such a sign ties to the one before them come with `true`: they may repeat its end.
fn gendered_words(plain: &str) -> Vec<(bool, &str)> {
    let mut words = Vec::new();
    let mut rest = plain;
    let mut may_be_tied = false;
    while let Some(start) = rest.find(char::is_alphanumeric) {
        let (between, from_word) = rest.split_at(start);
        let end = from_word
            .find(|c: char| !c.is_alphanumeric())
            .unwrap_or(from_word.len());
        let (word, after) = from_word.split_at(end);
        let tied = may_be_tied && ties_a_gender(between);
        if !(tied && GENDER_ENDINGS.contains(&word)) {
            words.push((tied, word));
        }
        may_be_tied = word.chars().count() >= SHORTEST_TIED;
        rest = after;
    }
    words
}

/// Whether what stands between two words is one gender sign, with or without a hyphen after it.
fn ties_a_gender(between: &str) -> bool {
    between
        .strip_prefix(GENDER_SIGNS)
        .is_some_and(|rest| rest.is_empty() || rest.strip_prefix(HYPHENS).is_some_and(str::is_empty))
}

/// Second halves of words that name a man, a woman or both, in plain spelling; each becomes "mann".
const PERSON_ENDINGS: [&str; 5] = ["fraun", "frau", "leute", "leut", "manner"];
/// "Frau" and "Leute" by themselves, or after one or two letters, are no occupation.
const SHORTEST_BEFORE_PERSON: usize = 3;

/// Other endings that are exchanged as they stand.
const REPLACED_ENDINGS: [(&str, &str); 24] = [
    ("angestellter", "angestellte"),
    ("angestellten", "angestellte"),
    ("beamter", "beamte"),
    ("beamtin", "beamte"),
    ("technischer", "technische"),
    ("medizinischer", "medizinische"),
    ("chemischer", "chemische"),
    ("logischer", "logische"),
    ("agogischer", "agogische"),
    ("schaftlicher", "schaftliche"),
    ("matischer", "matische"),
    ("eutischer", "eutische"),
    ("mannischer", "mannische"),
    ("koche", "koch"),
    ("arzte", "arzt"),
    ("gehilfin", "gehilfe"),
    ("gesellin", "geselle"),
    ("experte", "expert"),
    ("expertin", "expert"),
    ("padin", "pade"),
    ("polsterin", "polsterer"),
    ("zimmerin", "zimmerer"),
    ("loge", "log"),
    ("agoge", "agog"),
];

/// Ends of masculine words whose feminine form adds "in" and nothing else after folding
/// (an umlaut that it takes on, as in "Köchin", is gone by then; "aur" is "Bauer").
const AGENT_STEMS: [&str; 24] = [
    "er", "eur", "aur", "or", "ar", "ist", "ent", "ant", "log", "agog", "nom", "graf", "graph", "at", "ekt",
    "eut", "irt", "koch", "arzt", "ot", "walt", "kapitan", "schmied", "metz",
];
/// Shorter words are left alone: "Karin", "Satin".
const SHORTEST_STEM: usize = 4;

/// The masculine word of a feminine or plural one; any other word as it is.
///
/// A few words that only look feminine lose their end as well ("Valentin", "Schwerin"): they are
/// still found, since a query loses it too.
fn masculine(word: &str) -> String {
    let mut word = word.to_owned();
    // Until nothing changes, so that folding twice changes nothing either. Each step shortens the
    // word or ends it in "mann", which no step touches.
    while let Some(next) = one_step_masculine(&word) {
        word = next;
    }
    word
}

fn one_step_masculine(word: &str) -> Option<String> {
    let person = PERSON_ENDINGS.iter().find_map(|ending| {
        word.strip_suffix(ending)
            .filter(|stem| stem.chars().count() >= SHORTEST_BEFORE_PERSON)
    });
    if let Some(stem) = person {
        return Some(format!("{stem}mann"));
    }
    let replaced = REPLACED_ENDINGS.iter().find_map(|(ending, replacement)| {
        word.strip_suffix(ending)
            .map(|stem| format!("{stem}{replacement}"))
    });
    if replaced.is_some() {
        return replaced;
    }
    ["innen", "in"]
        .iter()
        .filter_map(|plural| word.strip_suffix(plural))
        .find(|stem| {
            stem.chars().count() >= SHORTEST_STEM && AGENT_STEMS.iter().any(|agent| stem.ends_with(agent))
        })
        .map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn umlauts_meet_in_all_three_spellings() {
        for name in ["Müller", "Mueller", "Muller", "MÜLLER", "Mu\u{308}ller"] {
            assert_eq!(fold(name), "muller", "{name}");
        }
        assert_eq!(fold("Größe"), fold("Groesse"));
        assert_eq!(fold("Jäger"), fold("Jaeger"));
        assert_eq!(fold("Weiß"), "weiss");
        assert_eq!(fold("WEIẞ"), "weiss");
    }

    #[test]
    fn letters_that_unicode_does_not_decompose_become_ascii() {
        assert_eq!(
            fold("Łukasz Søren Ðorđe Yıldız İpek Þór"),
            "lukasz soren dorde yildiz ipek thor"
        );
    }

    #[test]
    fn punctuation_and_hyphens_become_single_spaces() {
        assert_eq!(
            fold("  Kfz-Mechatroniker –  Nutzfahrzeuge (Pkw), 24/7 "),
            "kfz mechatroniker nutzfahrzeuge pkw 24 7"
        );
        assert_eq!(fold(" - ,. "), "");
    }

    #[test]
    fn the_forms_of_elektroniker_are_one() {
        for form in [
            "Elektroniker",
            "Elektronikerin",
            "Elektroniker/in",
            "Elektroniker/-in",
            "Elektroniker:in",
            "Elektroniker*in",
            "Elektroniker_in",
            "Elektroniker(in)",
            "Elektroniker·in",
            "ElektronikerIn",
            "Elektroniker:innen",
            "Elektronikerinnen",
            "ElektronikerInnen",
            "Elektroniker/Elektronikerin",
        ] {
            assert_eq!(fold(form), "elektroniker", "{form}");
        }
    }

    #[test]
    fn the_forms_of_kaufmann_are_one() {
        for form in [
            "Kaufmann",
            "Kauffrau",
            "Kaufleute",
            "Kaufmann/-frau",
            "Kaufmann/frau",
            "Kauffrau/-mann",
            "Kauffrau/Kaufmann",
            "Kaufmann*frau",
            "Kauffrauen",
            "Kaufmänner",
        ] {
            assert_eq!(fold(form), "kaufmann", "{form}");
        }
        assert_eq!(fold("Pflegefachfrau/Pflegefachmann"), "pflegefachmann");
        assert_eq!(fold("Frau Leute"), "frau leute");
    }

    #[test]
    fn feminine_words_become_masculine_ones() {
        for (feminine, masculine) in [
            ("Köchin", "Koch"),
            ("Ärztin", "Arzt"),
            ("Friseurin", "Friseur"),
            ("Gleisbauerin", "Gleisbauer"),
            ("Brauerin", "Brauer"),
            ("Floristin", "Florist"),
            ("Pferdewirtin", "Pferdewirt"),
            ("Laborantin", "Laborant"),
            ("Assistentin", "Assistent"),
            ("Sekretärin", "Sekretär"),
            ("Biologin", "Biologe"),
            ("Sozialpädagogin", "Sozialpädagoge"),
            ("Expertin", "Experte"),
            ("Architektin", "Architekt"),
            ("Fotografin", "Fotograf"),
            ("Ergotherapeutin", "Ergotherapeut"),
            ("Konditorin", "Konditor"),
            ("Pilotin", "Pilot"),
            ("Beamtin", "Beamter"),
            ("Logopädin", "Logopäde"),
            ("Rechtsanwältin", "Rechtsanwalt"),
            ("Medizinische Fachangestellte", "Medizinischer Fachangestellter"),
            ("Medizinische/r Fachangestellte/r", "Medizinische Fachangestellte"),
            ("Papiertechnologe/-technologin", "Papiertechnologe"),
            ("Hauswirtschafterin", "Hauswirtschafter"),
            ("Chirurgiemechanikerin", "Chirurgiemechaniker"),
        ] {
            assert_eq!(fold(feminine), fold(masculine), "{feminine}");
        }
    }

    #[test]
    fn words_that_only_look_like_gender_forms_stay() {
        assert_eq!(fold("Berlin"), "berlin");
        assert_eq!(fold("Martin Karin"), "martin karin");
        assert_eq!(fold("Medizin"), "medizin");
        assert_eq!(fold("Koch in Köln"), "koch in koln");
        assert_eq!(fold("Fischer"), "fischer");
        assert_eq!(fold("Führerschein C/E"), "fuhrerschein c e");
    }

    #[test]
    fn names_keep_their_gender_and_their_repetitions() {
        assert_eq!(fold_name("Schwerin"), "schwerin");
        assert_eq!(fold_name("Müller-Müller"), "muller muller");
        assert_eq!(fold_name("Kauffrau"), "kauffrau");
    }

    proptest! {
        #[test]
        fn folding_twice_changes_nothing(text in any::<String>()) {
            let once = fold(&text);
            prop_assert_eq!(fold(&once), once.clone());
            let name = fold_name(&text);
            prop_assert_eq!(fold_name(&name), name.clone());
        }

        #[test]
        fn folding_german_words_twice_changes_nothing(
            text in "((frau|leute|mann|er|in|innen|ist|koch|e|ae|üe|angestellter|beamt|log|/|:|-| ){1,3}){1,6}",
        ) {
            let once = fold(&text);
            prop_assert_eq!(fold(&once), once.clone());
        }

        #[test]
        fn the_output_holds_lower_case_words_and_single_spaces(text in any::<String>()) {
            let folded = fold(&text);
            prop_assert!(folded.chars().all(|c| c == ' ' || c.is_alphanumeric()));
            prop_assert!(!folded.contains("  ") && folded.trim() == folded);
            prop_assert_eq!(folded.to_lowercase(), folded);
        }

        #[test]
        fn umlauts_always_meet(text in "[a-zäöüß -]{0,30}") {
            let with_e = text.replace('ä', "ae").replace('ö', "oe").replace('ü', "ue");
            let without = text.replace('ä', "a").replace('ö', "o").replace('ü', "u");
            prop_assert_eq!(fold(&text), fold(&with_e));
            prop_assert_eq!(fold(&text), fold(&without));
        }
    }
}
