//! Explanations of matching in the words of a coordinator, German and English. One place for all of them:
//! whoever shows a number of a plan takes the sentence from here.
//!
//! For coordinators only: a sentence may say what an expert lacks.

mod fields;
mod plan;
mod points;
mod rules;

pub use fields::field_name;
pub use plan::{bottleneck, instead, scenario, unlock};
pub use points::{Criterion, Line, points};
pub use rules::{missing, near_miss, without_expert};

use crate::values::words;

words! {
    /// A language in which explanations exist.
    Language {
        /// German.
        De,
        /// English.
        En,
    }
}

impl Language {
    fn pick<'a>(self, german: &'a str, english: &'a str) -> &'a str {
        match self {
            Self::De => german,
            Self::En => english,
        }
    }

    /// "kein Fall", "1 case", "12 cases".
    fn cases(self, count: i64) -> String {
        match (self, count) {
            (Self::De, 0) => "keinen Fall".into(),
            (Self::De, 1) => "einen Fall".into(),
            (Self::De, _) => format!("{} Fälle", self.number(count)),
            (Self::En, 0) => "no case".into(),
            (Self::En, 1) => "one case".into(),
            (Self::En, _) => format!("{} cases", self.number(count)),
        }
    }

    fn points(self, count: i64) -> String {
        match (self, count) {
            (Self::De, 1) => "1 Punkt".into(),
            (Self::De, _) => format!("{} Punkte", self.number(count)),
            (Self::En, 1) => "1 point".into(),
            (Self::En, _) => format!("{} points", self.number(count)),
        }
    }

    /// A whole number with its thousands apart.
    fn number(self, count: i64) -> String {
        let digits = count.unsigned_abs().to_string();
        let mut grouped = String::new();
        if count < 0 {
            grouped.push('-');
        }
        for (at, digit) in digits.chars().enumerate() {
            if at > 0 && (digits.len() - at).is_multiple_of(3) {
                grouped.push_str(self.pick(".", ","));
            }
            grouped.push(digit);
        }
        grouped
    }

    /// Metres as kilometres with one decimal: "5,1 km", "5.1 km".
    fn distance(self, metres: u32) -> String {
        let tenths = (metres + 50) / 100;
        format!("{}{}{} km", tenths / 10, self.pick(",", "."), tenths % 10)
    }

    /// "a", "a und b", "a, b und c".
    fn list(self, parts: &[String]) -> String {
        match parts {
            [] => String::new(),
            [one] => one.clone(),
            [first @ .., last] => format!("{}{}{last}", first.join(", "), self.pick(" und ", " and ")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_distances_and_lists_are_written_as_each_language_does() {
        assert_eq!(Language::De.number(1_234_567), "1.234.567");
        assert_eq!(Language::En.number(-12_345), "-12,345");
        assert_eq!(Language::En.number(999), "999");
        assert_eq!(Language::De.distance(5_149), "5,1 km");
        assert_eq!(Language::En.distance(5_150), "5.2 km");
        let parts = ["a", "b", "c"].map(String::from);
        assert_eq!(Language::De.list(&parts), "a, b und c");
        assert_eq!(Language::En.list(&parts[..2]), "a and b");
        assert_eq!(Language::De.cases(1), "einen Fall");
        assert_eq!(Language::En.cases(0), "no case");
        assert_eq!(Language::De.points(1), "1 Punkt");
    }
}
