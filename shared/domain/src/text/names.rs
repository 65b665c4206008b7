//! Are two names perhaps those of one person? For a warning before a duplicate is made, never for
//! merging anything by itself.

use rphonetic::{Cologne, Encoder as _};
use strsim::osa_distance;

use super::fold_name;

/// Whether two full names may be spellings of one person's name (domain.md S55: names are spelt in
/// two ways in the same text).
///
/// Umlauts, case, hyphens, titles and the order of first and last name make no difference; a middle
/// name may be missing on one side. Each word may hold one typing error (two from eight letters on), or
/// sound alike in German ("Meier", "Mayer"; "Schmidt", "Schmitt"). A single word is never alike a full
/// name. The relation is symmetric, and an empty name is alike none.
pub fn names_alike(a: &str, b: &str) -> bool {
    let (a, b) = (name_words(a), name_words(b));
    if a.is_empty() || b.is_empty() {
        return false;
    }
    if a.concat() == b.concat() {
        return true;
    }
    // In one fixed order, so that the greedy pairing below cannot depend on who is asked first.
    let (fewer, more) = if (a.len(), &a) <= (b.len(), &b) {
        (a, b)
    } else {
        (b, a)
    };
    if fewer.len() < more.len() && fewer.len() < 2 {
        return false;
    }
    let mut left = more;
    fewer.iter().all(|word| {
        let closest = left
            .iter()
            .enumerate()
            .filter(|(_, other)| words_alike(word, other))
            .min_by_key(|(_, other)| osa_distance(word, other))
            .map(|(position, _)| position);
        closest.map(|position| left.swap_remove(position)).is_some()
    })
}

/// Titles and forms of address that belong to no name.
const NOT_NAMES: [&str; 9] = ["dr", "prof", "dipl", "ing", "herr", "frau", "med", "phil", "nat"];

fn name_words(name: &str) -> Vec<String> {
    let folded = fold_name(name);
    let mut words: Vec<String> = folded
        .split(' ')
        .filter(|word| !word.is_empty() && !NOT_NAMES.contains(word))
        .map(str::to_owned)
        .collect();
    words.sort_unstable();
    words
}

/// Words shorter than this have too few letters to tell an error from another name ("Ali", "Ana").
const SHORTEST_WITH_ERRORS: usize = 4;
/// From this length on two typing errors are forgiven.
const TWO_ERRORS_FROM: usize = 8;
fn words_alike(a: &str, b: &str) -> bool {
    if a == b {
        return true;
    }
    let (length_a, length_b) = (a.chars().count(), b.chars().count());
    if length_a.min(length_b) < SHORTEST_WITH_ERRORS {
        return false;
    }
    let errors = osa_distance(a, b);
    let forgiven = if length_a.max(length_b) >= TWO_ERRORS_FROM {
        2
    } else {
        1
    };
    // The phonetic code leaves vowels out: without a bound "Lena" would be alike "Leonie".
    let fewer_than_half = errors * 2 < length_a.max(length_b);
    errors <= forgiven || (fewer_than_half && sound_alike(a, b))
}

/// Whether two words have the same Cologne phonetic code (an algorithm made for German names). Words in
/// other scripts have no code and are never alike by it.
fn sound_alike(a: &str, b: &str) -> bool {
    let code = Cologne.encode(a);
    !code.is_empty() && code == Cologne.encode(b)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn spellings_of_one_name_are_alike() {
        for (a, b) in [
            ("Jürgen Müller", "Juergen Mueller"),
            ("Jürgen Müller", "JURGEN MULLER"),
            ("Müller, Jürgen", "Jürgen Müller"),
            ("Hans Meier", "Hans Mayer"),
            ("Hans Maier", "Hans Meyer"),
            ("Karl Schmidt", "Carl Schmitt"),
            ("Mohammed Rahimi", "Muhammad Rahimi"),
            ("Yusuf Haddad", "Youssef Haddad"),
            ("Philipp Weiß", "Philip Weiss"),
            ("Dr. Anna Schneider", "Anna Schneider"),
            ("Anna-Lena Vogt", "Annalena Vogt"),
            ("Anna Maria Vogt", "Anna Vogt"),
            ("Günther Stephan", "Günter Stefan"),
            ("Katharina Hofmann", "Katarina Hoffmann"),
        ] {
            assert!(names_alike(a, b), "{a} / {b}");
        }
    }

    #[test]
    fn other_names_are_not_alike() {
        for (a, b) in [
            ("Jürgen Müller", "Jörg Möller-Schulz"),
            ("Hans Meier", "Ulrike Meier"),
            ("Anna Vogt", "Vogt"),
            ("Ali Amiri", "Eli Amiri"),
            ("Lena Krause", "Leonie Krause"),
            ("Peter Neumann", "Peter Hoffmann"),
            ("سارة احمد", "مريم احمد"),
            ("", ""),
            ("Dr.", "Dr."),
        ] {
            assert!(!names_alike(a, b), "{a} / {b}");
        }
    }

    proptest! {
        #[test]
        fn likeness_is_symmetric(a in any::<String>(), b in any::<String>()) {
            prop_assert_eq!(names_alike(&a, &b), names_alike(&b, &a));
        }

        #[test]
        fn likeness_of_name_shaped_texts_is_symmetric(
            a in "([A-Z][aeimnrst]{2,7} ){1,3}", b in "([A-Z][aeimnrst]{2,7} ){1,3}",
        ) {
            prop_assert_eq!(names_alike(&a, &b), names_alike(&b, &a));
        }

        #[test]
        fn every_name_with_a_word_is_alike_itself(name in "[A-ZÄÖÜ][a-zäöüß]{4,9} [A-ZÄÖÜ][a-zäöüß]{4,9}") {
            prop_assert!(names_alike(&name, &name));
        }
    }
}
