//! Whether the two fit together (S13 to S15): each side says so alone and in private, and the result is
//! told in words that do not show who said what.

use crate::parties::Side;
use crate::values::words;

words! {
    /// What one side says after the first meeting.
    Verdict {
        /// Yes.
        Yes,
        /// No.
        No,
        /// Not sure yet: may be answered again.
        NotSureYet,
    }

    /// What all sides together come to.
    ChemistryResult {
        /// Everybody who is needed said yes: the agreement is opened.
        Agreed,
        /// Anything else, without blame and without a reason.
        NotFormed,
    }
}

/// The verdicts of a match as they stand.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Verdicts {
    /// The expert's.
    pub expert: Option<Verdict>,
    /// The mentee's.
    pub mentee: Option<Verdict>,
    /// The guardian's.
    pub guardian: Option<Verdict>,
}

impl Verdicts {
    /// What one side said.
    pub fn of(&self, side: Side) -> Option<Verdict> {
        match side {
            Side::Expert => self.expert,
            Side::Mentee => self.mentee,
            Side::Guardian => self.guardian,
        }
    }

    /// Notes what one side said, in place of what it said before.
    pub fn set(&mut self, side: Side, verdict: Verdict) {
        let place = match side {
            Side::Expert => &mut self.expert,
            Side::Mentee => &mut self.mentee,
            Side::Guardian => &mut self.guardian,
        };
        *place = Some(verdict);
    }

    /// The result, once it is there: when every side that is needed has said yes or no, or when the time
    /// is over. A mentee under 18 needs the guardian's yes as well as the own; nobody's yes makes up for
    /// somebody else's no.
    ///
    /// It waits for the last answer even where a no has made it certain: told earlier, it would show those
    /// who have not answered who said it.
    pub fn result(&self, minor: bool, time_is_over: bool) -> Option<ChemistryResult> {
        let needed = [
            Some(self.expert),
            Some(self.mentee),
            minor.then_some(self.guardian),
        ];
        let mut needed = needed.into_iter().flatten();
        let decided = |verdict: Option<Verdict>| matches!(verdict, Some(Verdict::Yes | Verdict::No));
        if !time_is_over && !needed.clone().all(decided) {
            return None;
        }
        Some(if needed.all(|verdict| verdict == Some(Verdict::Yes)) {
            ChemistryResult::Agreed
        } else {
            ChemistryResult::NotFormed
        })
    }
}

/// The sides that are asked about a mentee.
pub fn sides(minor: bool) -> &'static [Side] {
    if minor {
        &[Side::Expert, Side::Mentee, Side::Guardian]
    } else {
        &[Side::Expert, Side::Mentee]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all() -> impl Iterator<Item = Verdicts> {
        let each = [
            None,
            Some(Verdict::Yes),
            Some(Verdict::No),
            Some(Verdict::NotSureYet),
        ];
        each.into_iter().flat_map(move |expert| {
            each.into_iter().flat_map(move |mentee| {
                each.into_iter().map(move |guardian| Verdicts {
                    expert,
                    mentee,
                    guardian,
                })
            })
        })
    }

    #[test]
    fn only_a_yes_of_everybody_who_is_needed_opens_the_agreement() {
        for verdicts in all() {
            for minor in [false, true] {
                for over in [false, true] {
                    let yes = sides(minor)
                        .iter()
                        .all(|side| verdicts.of(*side) == Some(Verdict::Yes));
                    let agreed = verdicts.result(minor, over) == Some(ChemistryResult::Agreed);
                    assert_eq!(agreed, yes, "{verdicts:?} {minor} {over}");
                }
            }
        }
    }

    #[test]
    fn the_mentees_own_no_always_stops() {
        for verdicts in all().filter(|verdicts| verdicts.mentee == Some(Verdict::No)) {
            for minor in [false, true] {
                assert_ne!(verdicts.result(minor, true), Some(ChemistryResult::Agreed));
            }
        }
    }

    #[test]
    fn nobody_is_told_before_everybody_has_answered_or_the_time_is_over() {
        let one_no = Verdicts {
            mentee: Some(Verdict::No),
            ..Verdicts::default()
        };
        assert_eq!(one_no.result(false, false), None, "it would show who said it");
        let unsure = Verdicts {
            expert: Some(Verdict::Yes),
            mentee: Some(Verdict::NotSureYet),
            guardian: None,
        };
        assert_eq!(unsure.result(false, false), None);
        assert_eq!(unsure.result(false, true), Some(ChemistryResult::NotFormed));
        assert_eq!(
            Verdicts::default().result(false, true),
            Some(ChemistryResult::NotFormed)
        );
    }

    #[test]
    fn somebody_of_age_needs_no_guardian() {
        let verdicts = Verdicts {
            expert: Some(Verdict::Yes),
            mentee: Some(Verdict::Yes),
            guardian: None,
        };
        assert_eq!(verdicts.result(false, false), Some(ChemistryResult::Agreed));
        assert_eq!(verdicts.result(true, false), None);
        assert_eq!(verdicts.result(true, true), Some(ChemistryResult::NotFormed));
    }
}
