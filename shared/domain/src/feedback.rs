//! The short forms in which each side says how it goes, and the expert's final report.

use serde::{Deserialize, Serialize};

use crate::errors::{Problems, UserError};
use crate::parties::Side;
use crate::values::{CefrLevel, optional_text, words};

/// The longest answer in free text.
const LONGEST_TEXT: usize = 4000;

words! {
    /// When a form is asked for.
    Occasion {
        /// Some weeks after the start.
        CheckIn,
        /// After half a year.
        HalfYear,
        /// At the end.
        Final,
    }

    /// An answer that everybody can give.
    Degree {
        /// Yes.
        Yes,
        /// Partly.
        Partly,
        /// No.
        No,
    }
}

/// What a side answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    tag = "form",
    rename_all = "SCREAMING_SNAKE_CASE",
    rename_all_fields = "camelCase"
)]
pub enum Answers {
    /// The mentee's three questions.
    Mentee {
        /// Does the accompaniment help you?
        helps: Degree,
        /// Do you meet often enough?
        often_enough: Degree,
        /// Would you like to tell us something?
        comment: String,
    },
    /// The expert's.
    Expert {
        /// How satisfied are you, from 1 (not at all) to 5 (very) (S53)?
        satisfaction: u8,
        /// Do you wish for support by the office?
        support_wished: bool,
        /// Would you like to tell us something?
        comment: String,
    },
}

impl Answers {
    /// Whose form it is.
    pub fn side(&self) -> Side {
        match self {
            Self::Mentee { .. } => Side::Mentee,
            Self::Expert { .. } => Side::Expert,
        }
    }

    /// Checks every answer.
    ///
    /// # Errors
    /// Every problem at once, each with its field.
    pub fn validate(mut self) -> Result<Self, Vec<UserError>> {
        let mut problems = Problems::new();
        if let Self::Expert { satisfaction, .. } = &self
            && !(1..=5).contains(satisfaction)
        {
            problems.invalid("satisfaction", format!("{satisfaction} is not from 1 to 5"));
        }
        let (Self::Mentee { comment, .. } | Self::Expert { comment, .. }) = &mut self;
        if let Some(text) = problems.take("comment", optional_text("comment", comment, LONGEST_TEXT)) {
            *comment = text;
        }
        problems.finish(Some(self))
    }
}

/// The expert's last word on a match.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// The mentee's German at the end, next to that at the start (S39).
    pub german_level: Option<CefrLevel>,
    /// Whether the mentee tackles things alone now (S52).
    pub tackles_alone: Degree,
    /// In the expert's words.
    pub summary: String,
}

impl Report {
    /// Checks every field.
    ///
    /// # Errors
    /// Every problem, with its field.
    pub fn validate(mut self) -> Result<Self, Vec<UserError>> {
        let mut problems = Problems::new();
        if let Some(text) = problems.take("summary", optional_text("summary", &self.summary, LONGEST_TEXT)) {
            self.summary = text;
        }
        problems.finish(Some(self))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn satisfaction_has_five_steps() {
        for (satisfaction, right) in [(0, false), (1, true), (5, true), (6, false)] {
            let answers = Answers::Expert {
                satisfaction,
                support_wished: false,
                comment: "  Es macht Freude. ".into(),
            };
            assert_eq!(answers.validate().is_ok(), right, "{satisfaction}");
        }
    }

    #[test]
    fn a_form_is_stored_with_the_name_of_its_side() {
        let answers = Answers::Mentee {
            helps: Degree::Yes,
            often_enough: Degree::Partly,
            comment: String::new(),
        };
        let stored = serde_json::to_value(&answers).unwrap();
        assert_eq!(
            stored,
            serde_json::json!({ "form": "MENTEE", "helps": "YES", "oftenEnough": "PARTLY", "comment": "" })
        );
        assert_eq!(serde_json::from_value::<Answers>(stored).unwrap(), answers);
    }
}
