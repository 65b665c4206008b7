//! How well a text answers a query, with typing errors, beginnings of words and parts of compounds.

use strsim::osa_distance;

use super::fold;

/// The highest similarity: query and text fold to the same.
pub const FULL_SIMILARITY: u16 = 1000;

/// How well `text` answers `query`, from 0 (not at all) to [`FULL_SIMILARITY`]. Both are folded here;
/// for one query over many texts use a [`FoldedQuery`].
///
/// It is no distance: a short query may match a long text well, not the other way round.
pub fn similarity(query: &str, text: &str) -> u16 {
    FoldedQuery::new(query).score(&fold(text))
}

// What one word of the query is worth against the best word of the text, in thousandths. The order is
// what matters: the same word, its beginning, its end (the second half of a German compound says what
// it is), a typing error, any other part.
const SAME_WORD: u16 = 1000;
const BEGINNING: u16 = 880;
const END_OF_COMPOUND: u16 = 800;
const TYPING_ERROR: u16 = 780;
const TYPING_ERROR_IN_BEGINNING: u16 = 680;
const INSIDE: u16 = 600;
/// Taken off for each typing error after the first.
const EACH_FURTHER_ERROR: u16 = 80;

/// Query and text are the same but for spaces ("kfz mechatroniker", "kfzmechatroniker").
const SAME_BUT_SPACES: u16 = 960;
/// What the words of the text that the query did not ask for cost at most, in thousandths.
const UNASKED_WORDS: u32 = 150;
/// What a word-wise match can reach: less than sameness, so that the same text always comes first.
const BEST_WORDWISE: u32 = 950;

/// Words that connect and hardly say anything, in folded spelling.
const CONNECTING_WORDS: [&str; 14] = [
    "und", "oder", "fur", "im", "in", "der", "die", "das", "den", "am", "an", "auf", "mit", "von",
];

/// A query folded once, to be compared with many folded texts.
#[derive(Debug, Clone)]
pub struct FoldedQuery {
    text: String,
    joined: String,
}

impl FoldedQuery {
    /// Folds the query.
    pub fn new(query: &str) -> Self {
        let text = fold(query);
        let joined = text.replace(' ', "");
        Self { text, joined }
    }

    /// Whether nothing is left to search for but connecting words ("und", "für").
    pub fn is_empty(&self) -> bool {
        self.text
            .split(' ')
            .all(|word| CONNECTING_WORDS.contains(&word) || word.is_empty())
    }

    /// The folded query.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// How well a text that [`fold`] has folded answers this query, from 0 to [`FULL_SIMILARITY`].
    pub fn score(&self, folded_text: &str) -> u16 {
        if self.is_empty() || folded_text.is_empty() {
            return 0;
        }
        if self.text == folded_text {
            return FULL_SIMILARITY;
        }
        let spaceless = folded_text.replace(' ', "");
        if self.joined == spaceless {
            return SAME_BUT_SPACES;
        }
        self.wordwise(folded_text)
            .max(typing_error(&self.joined, &spaceless).unwrap_or(0))
    }

    /// The mean over the query's words of their best match, by length, less what is left of the text.
    /// Zero when a word that says something has no match at all.
    fn wordwise(&self, folded_text: &str) -> u16 {
        let (mut matched, mut weights, mut used) = (0, 0, 0);
        for word in self.text.split(' ') {
            let best = folded_text
                .split(' ')
                .map(|other| (word_score(word, other), other))
                .max();
            let (score, other) = best.unwrap_or_default();
            if score == 0 && !CONNECTING_WORDS.contains(&word) {
                return 0;
            }
            let weight = weight(word);
            matched += u32::from(score) * weight;
            weights += weight;
            if score > 0 {
                used += weight_of_match(word, other);
            }
        }
        let all: u32 = folded_text.split(' ').map(self::weight).sum();
        let covered = used.min(all);
        let mean = matched / weights.max(1);
        let score = mean * (1000 - UNASKED_WORDS * (all - covered) / all.max(1)) / 1000;
        (score * BEST_WORDWISE / 1000) as u16
    }
}

/// How much of the text a word of the query accounts for: what was typed of a word, never more than it.
fn weight_of_match(word: &str, other: &str) -> u32 {
    weight(word).min(weight(other))
}

fn weight(word: &str) -> u32 {
    if CONNECTING_WORDS.contains(&word) {
        1
    } else {
        word.chars().count() as u32 + 1
    }
}

/// One word of a query against one word of a text.
fn word_score(query: &str, word: &str) -> u16 {
    if query == word {
        return SAME_WORD;
    }
    if word.starts_with(query) {
        return BEGINNING;
    }
    let length = query.chars().count();
    // Shorter pieces stand in too many words by chance.
    if length >= 4 {
        if word.ends_with(query) {
            return END_OF_COMPOUND;
        }
        if word.contains(query) {
            return INSIDE;
        }
    }
    typing_error(query, word)
        .or_else(|| typing_error_in_beginning(query, word))
        .unwrap_or(0)
}

/// How many typing errors are forgiven in a word of so many letters.
fn forgiven_errors(length: usize) -> usize {
    match length {
        0..=3 => 0,
        4..=6 => 1,
        7..=11 => 2,
        _ => 3,
    }
}

fn typing_error(query: &str, word: &str) -> Option<u16> {
    let (length, other) = (query.chars().count(), word.chars().count());
    let forgiven = forgiven_errors(length.min(other));
    if length.abs_diff(other) > forgiven || differ_in_letters(query, word, forgiven) {
        return None;
    }
    errors_cost(osa_distance(query, word), forgiven, TYPING_ERROR)
}

/// The query is the beginning of the word but for typing errors: somebody is still typing.
fn typing_error_in_beginning(query: &str, word: &str) -> Option<u16> {
    let length = query.chars().count();
    // One less than in a whole word: a beginning has less that speaks for it.
    let forgiven = forgiven_errors(length)
        .saturating_sub(1)
        .max(usize::from(length >= 5));
    let longest_beginning = beginning(word, length + 1);
    if forgiven == 0
        || longest_beginning.len() == word.len()
        || lacks_letters(longest_beginning, query, forgiven)
    {
        return None;
    }
    // A letter too few or too many in the query shifts where its end lies in the word.
    let errors = [length - 1, length, length + 1]
        .into_iter()
        .map(|end| osa_distance(query, beginning(word, end)))
        .min()?;
    errors_cost(errors, forgiven, TYPING_ERROR_IN_BEGINNING)
}

fn beginning(word: &str, chars: usize) -> &str {
    word.char_indices()
        .nth(chars)
        .map_or(word, |(end, _)| &word[..end])
}

/// Which of the letters a to z a word has, one bit each.
fn letters(word: &str) -> u32 {
    word.bytes()
        .filter(u8::is_ascii_lowercase)
        .fold(0, |set, letter| set | 1 << (letter - b'a'))
}

/// Whether `word` is without more letters of `other` than so many errors can explain. Counting is much
/// faster than aligning, and most pairs of words end here.
fn lacks_letters(word: &str, other: &str, errors: usize) -> bool {
    (letters(other) & !letters(word)).count_ones() as usize > errors
}

fn differ_in_letters(a: &str, b: &str, errors: usize) -> bool {
    lacks_letters(a, b, errors) || lacks_letters(b, a, errors)
}

fn errors_cost(errors: usize, forgiven: usize, best: u16) -> Option<u16> {
    let further = u16::try_from(errors.saturating_sub(1)).ok()?;
    (errors <= forgiven).then(|| best - EACH_FURTHER_ERROR * further)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn ranked<'a>(query: &str, texts: &[&'a str]) -> Vec<&'a str> {
        let mut scored: Vec<_> = texts
            .iter()
            .map(|text| (similarity(query, text), *text))
            .collect();
        scored.retain(|(score, _)| *score > 0);
        scored.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(b.1)));
        scored.into_iter().map(|(_, text)| text).collect()
    }

    #[test]
    fn the_same_text_is_fully_similar_whatever_its_spelling() {
        assert_eq!(similarity("elektronikerin", "Elektroniker/in"), FULL_SIMILARITY);
        assert_eq!(similarity("Verkauferin", "Verkäufer/in"), FULL_SIMILARITY);
        assert_eq!(similarity("muller", "Mueller"), FULL_SIMILARITY);
    }

    #[test]
    fn the_same_word_comes_before_its_beginning_its_end_an_error_and_a_part() {
        assert_eq!(
            ranked(
                "mechatroniker",
                &[
                    "Automechatronikerbetrieb",
                    "Kältemechatroniker",
                    "Mechatroniker",
                    "Mechatronikerhelfer",
                    "Maler"
                ]
            ),
            [
                "Mechatroniker",
                "Mechatronikerhelfer",
                "Kältemechatroniker",
                "Automechatronikerbetrieb"
            ]
        );
        assert_eq!(
            ranked("mechatronicker", &["Elektroniker", "Mechatroniker", "Mechaniker"])[0],
            "Mechatroniker"
        );
    }

    #[test]
    fn a_shorter_text_comes_before_a_longer_one_that_holds_as_much() {
        assert_eq!(
            ranked(
                "elektroniker",
                &["Elektroniker/in für Betriebstechnik", "Elektroniker/in"]
            ),
            ["Elektroniker/in", "Elektroniker/in für Betriebstechnik"]
        );
        assert!(
            similarity("elektroniker", "Elektroniker/in für Betriebstechnik")
                > similarity(
                    "elektroniker",
                    "Elektroniker/in für Gebäude- und Infrastruktursysteme"
                )
        );
    }

    #[test]
    fn every_word_that_says_something_must_be_found() {
        assert!(
            similarity(
                "elektroniker betriebstechnik",
                "Elektroniker/in für Betriebstechnik"
            ) > 800
        );
        assert_eq!(
            similarity("elektroniker schifffahrt", "Elektroniker/in für Betriebstechnik"),
            0
        );
        assert_eq!(similarity("kaufmann und gärtner", "Kaufmann"), 0);
        assert!(
            similarity("koch in", "Koch/Köchin") > 0,
            "a connecting word may be missing"
        );
    }

    #[test]
    fn words_may_be_given_in_any_order_and_apart() {
        assert!(similarity("büromanagement kauffrau", "Kaufmann/-frau für Büromanagement") > 800);
        assert_eq!(
            similarity("Kfz Mechatroniker", "KFZMechatroniker"),
            SAME_BUT_SPACES
        );
    }

    #[test]
    fn a_beginning_with_an_error_is_found() {
        assert!(similarity("fachinfromat", "Fachinformatiker/in") > 0);
        assert!(similarity("schrein", "Schreiner/in") > similarity("shrein", "Schreiner/in"));
        assert!(similarity("shrein", "Schreiner/in") > 0);
    }

    #[test]
    fn short_words_take_no_errors() {
        assert_eq!(similarity("cok", "Koch"), 0);
        assert_eq!(similarity("kfz", "Kfm"), 0);
    }

    #[test]
    fn nothing_is_similar_to_nothing() {
        assert_eq!(similarity("", "Koch"), 0);
        assert_eq!(similarity("-", "-"), 0);
        assert_eq!(similarity("Koch", ""), 0);
    }

    proptest! {
        #[test]
        fn similarity_stays_in_its_range_and_never_panics(query in any::<String>(), text in any::<String>()) {
            prop_assert!(similarity(&query, &text) <= FULL_SIMILARITY);
        }

        #[test]
        fn one_error_in_a_long_word_is_forgiven(
            word in "[b-df-hj-np-t]{9,15}", position in 1_usize..8, letter in "[vwxz]",
        ) {
            let mut typed = word.clone();
            typed.replace_range(position..=position, &letter);
            prop_assert!(similarity(&typed, &word) >= TYPING_ERROR * 9 / 10);
        }
    }
}
