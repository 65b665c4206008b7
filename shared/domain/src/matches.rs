//! Matches: one expert for one case, from the first question to the end (domain.md "Life of a
//! match").

use std::collections::BTreeSet;

use chrono::{Days, NaiveDate};
use serde::{Deserialize, Serialize};

use crate::checks::needed_kind;
use crate::eligibility::{ExpertFacts, Missing, missing};
use crate::errors::InvalidTransition;
use crate::experts::ExpertState;
use crate::settings::Settings;
use crate::values::words;

words! {
    /// Where a match stands.
    MatchState {
        /// The expert is asked and answers freely.
        Approached,
        /// The expert said yes.
        Interested,
        /// Expert and centre know of each other.
        Introduced,
        /// The first meeting took place.
        Met,
        /// Both consented and signed.
        Active,
        /// Interrupted.
        Paused,
        /// Ended as planned.
        Completed,
        /// Ended before its time.
        EndedEarly,
        /// The expert said no.
        Declined,
        /// The expert did not answer.
        Lapsed,
        /// Taken back by the office.
        Withdrawn,
        /// Another expert said yes first.
        Superseded,
        /// It did not become a tandem, and nobody is asked why.
        NotFormed,
    }

    /// How an answer to an approach came.
    AnswerWay {
        /// By the link in the e-mail.
        Link,
        /// Signed in.
        SignedIn,
        /// By telephone to the office, recorded as such.
        Telephone,
    }

    /// What a decline may say of itself; nothing is asked (S12).
    DeclineReason {
        /// Not now.
        NotNow,
        /// Too far.
        TooFar,
        /// Other reasons.
        Other,
    }

    /// Why a match is interrupted.
    PauseReason {
        /// Somebody wished it.
        Wished,
        /// The expert's check has expired: by the system, and it resumes by itself.
        CheckExpired,
        /// The office has suspended the expert.
        ExpertSuspended,
        /// Somebody says that a signature recorded on paper is not right.
        PaperContested,
    }

    /// Why a match ends; several may hold, and none has to be named (S12).
    EndReason {
        /// What was agreed is reached.
        GoalReached,
        /// The agreed time is over.
        TermOver,
        /// The training has begun.
        TrainingBegun,
        /// Too little time.
        NoTime,
        /// Too far.
        TooFar,
        /// Moved away.
        MovedAway,
        /// The two expected different things.
        ExpectationsDiffer,
        /// They lost touch.
        ContactLost,
        /// The expert has left the programme.
        ExpertLeft,
        /// Something else.
        Other,
    }

    /// Who ended a match.
    EndedBy {
        /// The expert.
        Expert,
        /// The mentee.
        Mentee,
        /// The guardian.
        Guardian,
        /// The centre.
        Center,
        /// The office.
        Office,
        /// The system, when the expert left.
        System,
    }
}

impl MatchState {
    /// Counts against the expert's capacity.
    pub fn is_open(self) -> bool {
        self == Self::Approached || self.is_engaged()
    }

    /// Between the expert's yes and the end; a case has at most one of these (S4).
    pub fn is_engaged(self) -> bool {
        matches!(
            self,
            Self::Interested | Self::Introduced | Self::Met | Self::Active | Self::Paused
        )
    }

    /// Whether the expert's identity is known to the centre: from the yes on (S21).
    pub fn reveals_expert(self) -> bool {
        self.is_engaged() || matches!(self, Self::Completed | Self::EndedEarly)
    }

    fn step(self, step: &'static str, from: &[Self], to: Self) -> Result<Self, InvalidTransition> {
        if from.contains(&self) {
            Ok(to)
        } else {
            Err(InvalidTransition {
                entity: "this match",
                from: self.to_string(),
                step,
            })
        }
    }

    /// The expert says yes.
    pub fn accept(self) -> Result<Self, InvalidTransition> {
        self.step("accepted", &[Self::Approached], Self::Interested)
    }

    /// The expert says no.
    pub fn decline(self) -> Result<Self, InvalidTransition> {
        self.step("declined", &[Self::Approached], Self::Declined)
    }

    /// The expert stayed silent.
    pub fn lapse(self) -> Result<Self, InvalidTransition> {
        self.step("lapsed", &[Self::Approached], Self::Lapsed)
    }

    /// Another expert said yes first.
    pub fn supersede(self) -> Result<Self, InvalidTransition> {
        self.step("superseded", &[Self::Approached], Self::Superseded)
    }

    /// The office takes it back before it is active.
    pub fn withdraw(self) -> Result<Self, InvalidTransition> {
        self.step(
            "withdrawn",
            &[Self::Approached, Self::Interested, Self::Introduced, Self::Met],
            Self::Withdrawn,
        )
    }

    /// Expert and centre are introduced.
    pub fn introduce(self) -> Result<Self, InvalidTransition> {
        self.step("introduced", &[Self::Interested], Self::Introduced)
    }

    /// The first meeting took place.
    pub fn meet(self) -> Result<Self, InvalidTransition> {
        self.step("recorded as met", &[Self::Introduced], Self::Met)
    }

    /// Both consented and signed.
    pub fn activate(self) -> Result<Self, InvalidTransition> {
        self.step("activated", &[Self::Met], Self::Active)
    }

    /// Either side leaves before it is active; no reason is asked (S14).
    pub fn not_formed(self) -> Result<Self, InvalidTransition> {
        self.step(
            "ended as not formed",
            &[Self::Interested, Self::Introduced, Self::Met],
            Self::NotFormed,
        )
    }

    /// Interrupted.
    pub fn pause(self) -> Result<Self, InvalidTransition> {
        self.step("paused", &[Self::Active], Self::Paused)
    }

    /// Taken up again.
    pub fn resume(self) -> Result<Self, InvalidTransition> {
        self.step("resumed", &[Self::Paused], Self::Active)
    }

    /// Ended as planned.
    pub fn complete(self) -> Result<Self, InvalidTransition> {
        self.step("completed", &[Self::Active, Self::Paused], Self::Completed)
    }

    /// Ended before its time.
    pub fn end_early(self) -> Result<Self, InvalidTransition> {
        self.step("ended", &[Self::Active, Self::Paused], Self::EndedEarly)
    }
}

/// Whether a pair with this history is barred for the same case: after `DECLINED`, a second `LAPSED`,
/// `NOT_FORMED` or `ENDED_EARLY`; `WITHDRAWN` and `SUPERSEDED` leave no mark.
pub fn bars_pair(history: &[MatchState]) -> bool {
    let lapses = history
        .iter()
        .filter(|state| **state == MatchState::Lapsed)
        .count();
    lapses >= 2
        || history.iter().any(|state| {
            matches!(
                state,
                MatchState::Declined | MatchState::NotFormed | MatchState::EndedEarly
            )
        })
}

/// Whether the system interrupts an active match whose expert has no valid check of the needed kind any
/// more: at once with a mentee under 18, otherwise after a grace (L). `expired_on` is the last day of
/// validity, none where no check of this kind ever was valid.
pub fn pauses_for_check(
    minor: bool,
    expired_on: Option<NaiveDate>,
    today: NaiveDate,
    settings: &Settings,
) -> bool {
    minor || expired_on.is_none_or(|last| today > last + Days::new(settings.expired_grace_days.into()))
}

/// What is needed before a day on which the expert meets the mentee, in words for who wants to arrange it:
/// an active expert, not paused, the kind of check that the mentee's age on that day asks for, all required
/// modules (S7 to S9). The capacity is not asked: the match itself is part of it.
///
/// Who is not of the office learns that the expert is not available, never why (L).
pub fn obstacles(
    expert: &ExpertFacts,
    mentee_birth_date: NaiveDate,
    required_modules: &BTreeSet<String>,
    day: NaiveDate,
) -> Vec<Obstacle> {
    let mut obstacles = Vec::new();
    if expert.state != ExpertState::Active {
        obstacles.push(Obstacle::NotActive);
    }
    if expert.pauses.iter().any(|pause| pause.covers(day)) {
        obstacles.push(Obstacle::Paused);
    }
    let kind = needed_kind(mentee_birth_date, day);
    obstacles.extend(
        missing(expert, kind, required_modules, day)
            .into_iter()
            .map(Obstacle::Missing),
    );
    obstacles
}

/// What stands between an expert and a meeting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Obstacle {
    /// Not active.
    NotActive,
    /// Paused on that day.
    Paused,
    /// Something is still to be done.
    Missing(Missing),
}

/// An expert's answer to an approach.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Answer {
    /// Yes.
    Yes,
    /// No, with what it may say of itself.
    No(Option<DeclineReason>),
}

#[cfg(test)]
mod tests {
    use strum::VariantArray;

    use super::*;

    #[test]
    fn a_match_goes_only_the_ways_that_the_programme_knows() {
        use MatchState::{
            Active, Approached, Completed, Declined, EndedEarly, Interested, Introduced, Lapsed, Met,
            NotFormed, Paused, Superseded, Withdrawn,
        };
        type Step = fn(MatchState) -> Result<MatchState, InvalidTransition>;
        let steps: [(Step, &[MatchState], MatchState); 13] = [
            (MatchState::accept, &[Approached], Interested),
            (MatchState::decline, &[Approached], Declined),
            (MatchState::lapse, &[Approached], Lapsed),
            (MatchState::supersede, &[Approached], Superseded),
            (
                MatchState::withdraw,
                &[Approached, Interested, Introduced, Met],
                Withdrawn,
            ),
            (MatchState::introduce, &[Interested], Introduced),
            (MatchState::meet, &[Introduced], Met),
            (MatchState::activate, &[Met], Active),
            (MatchState::not_formed, &[Interested, Introduced, Met], NotFormed),
            (MatchState::pause, &[Active], Paused),
            (MatchState::resume, &[Paused], Active),
            (MatchState::complete, &[Active, Paused], Completed),
            (MatchState::end_early, &[Active, Paused], EndedEarly),
        ];
        for (step, from, to) in steps {
            for &state in MatchState::VARIANTS {
                assert_eq!(
                    step(state).ok(),
                    from.contains(&state).then_some(to),
                    "{state} to {to}"
                );
            }
        }
    }

    #[test]
    fn an_expired_check_pauses_at_once_with_a_minor_and_after_a_grace_otherwise() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let settings = Settings::default();
        let expired = Some(day("2026-11-01"));
        for (minor, today, pauses) in [
            (true, "2026-11-02", true),
            (false, "2026-11-02", false),
            (false, "2026-11-29", false),
            (false, "2026-11-30", true),
        ] {
            assert_eq!(
                pauses_for_check(minor, expired, day(today), &settings),
                pauses,
                "{minor} {today}"
            );
        }
        assert!(pauses_for_check(false, None, day("2026-11-02"), &settings));
    }

    #[test]
    fn a_refusal_bars_the_pair_and_one_silence_does_not() {
        use MatchState::{Declined, EndedEarly, Lapsed, NotFormed, Superseded, Withdrawn};
        for (history, barred) in [
            (vec![], false),
            (vec![Declined], true),
            (vec![Lapsed], false),
            (vec![Lapsed, Lapsed], true),
            (vec![NotFormed], true),
            (vec![EndedEarly], true),
            (vec![Withdrawn, Superseded, Withdrawn], false),
        ] {
            assert_eq!(bars_pair(&history), barred, "{history:?}");
        }
    }

    #[test]
    fn the_centre_learns_who_it_is_only_after_the_yes() {
        assert!(!MatchState::Approached.reveals_expert());
        assert!(!MatchState::Declined.reveals_expert());
        assert!(!MatchState::NotFormed.reveals_expert());
        assert!(MatchState::Interested.reveals_expert());
    }
}
