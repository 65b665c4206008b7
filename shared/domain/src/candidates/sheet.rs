//! An expert compiled into numbers.

use chrono::{Datelike, NaiveDate};

use super::Expert;
use super::dictionary::Dictionary;
use crate::checks::{CheckKind, counting};
use crate::eligibility::{Context, Rule};
use crate::experts::ExpertState;
use crate::scores::{balance_points, programme_points};
use crate::values::{Gender, SupportArea};

/// So many occupations and interests of an expert fit into a sheet.
const OCCUPATIONS: usize = 4;

/// A day as a number.
pub(super) fn day(date: NaiveDate) -> i32 {
    date.num_days_from_ce()
}

/// Days from one to another, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Days {
    from: i32,
    until: i32,
}

impl Days {
    const NEVER: Self = Self {
        from: i32::MAX,
        until: i32::MIN,
    };
    const ALWAYS: Self = Self {
        from: i32::MIN,
        until: i32::MAX,
    };

    fn new(from: NaiveDate, until: Option<NaiveDate>) -> Self {
        Self {
            from: day(from),
            until: until.map_or(i32::MAX, day),
        }
    }

    #[inline]
    pub(super) fn has(self, day: i32) -> bool {
        self.from <= day && day <= self.until
    }

    /// Whether some day of another interval belongs to it.
    pub(super) fn meets(self, other: Self) -> bool {
        self.from.max(other.from) <= self.until.min(other.until)
    }

    /// Whether every day of another interval belongs to it.
    pub(super) fn covers(self, other: Self) -> bool {
        self.from <= other.from && other.until <= self.until
    }

    /// The day's number among these days, the first of which is 1; the largest number there is for all
    /// that come later.
    pub(super) fn after_first(self, day: i32) -> u16 {
        u16::try_from(i64::from(day) - i64::from(self.from) + 1).unwrap_or(u16::MAX)
    }

    /// From the first of some days to the last.
    pub(super) fn spanning(days: impl Iterator<Item = i32>) -> Self {
        days.fold(Self::NEVER, |span, day| Self {
            from: span.from.min(day),
            until: span.until.max(day),
        })
    }

    pub(super) fn and(self, other: Self) -> Self {
        Self {
            from: self.from.max(other.from),
            until: self.until.min(other.until),
        }
    }

    /// Several intervals as one; none where a gap lies between them.
    fn one(intervals: impl Iterator<Item = Self>) -> Option<Self> {
        let mut intervals = intervals.filter(|interval| interval.from <= interval.until);
        let Some(first) = intervals.next() else {
            return Some(Self::NEVER);
        };
        let Some(second) = intervals.next() else {
            return Some(first);
        };
        let mut intervals: Vec<Self> = [first, second].into_iter().chain(intervals).collect();
        intervals.sort_unstable();
        let mut whole = Self::NEVER;
        for interval in intervals {
            if whole == Self::NEVER {
                whole = interval;
            } else if interval.from <= whole.until.saturating_add(1) {
                whole.until = whole.until.max(interval.until);
            } else {
                return None;
            }
        }
        Some(whole)
    }
}

/// 0 for a gender that is not given.
pub(super) fn gender(gender: Option<Gender>) -> u8 {
    gender.map_or(0, |gender| gender as u8 + 1)
}

/// A bit for each area.
pub(super) fn areas(offered: impl Iterator<Item = SupportArea>) -> u8 {
    offered.fold(0, |bits, area| bits | 1 << area as u8)
}

/// An expert in numbers.
#[derive(Debug, Clone)]
pub(super) struct Sheet {
    pub(super) position: u32,
    pub(super) travel_m: u32,
    /// Points that no case changes.
    pub(super) fixed: i32,
    /// Counts only where each office keeps to its own experts.
    pub(super) office: u32,
    pub(super) languages: u32,
    /// Slots, which are indexes into the points of a question: codes as occupations, codes as interests,
    /// nothing.
    pub(super) occupations: [u16; OCCUPATIONS],
    pub(super) paused: Days,
    simple: Days,
    extended: Days,
    pub(super) trained: Days,
    pub(super) areas: u8,
    pub(super) gender: u8,
    pub(super) active: bool,
    pub(super) full: bool,
    pub(super) approached: bool,
    /// Something does not fit into a sheet: ask the rules and scores themselves.
    pub(super) odd: bool,
}

impl Sheet {
    pub(super) fn new(
        position: u32,
        expert: &Expert<'_>,
        dictionary: &mut Dictionary,
        context: &Context<'_>,
    ) -> Self {
        let (facts, traits) = (expert.facts, expert.traits);
        let weights = &context.parameters.weights;
        let mut odd = false;
        let mut one = |intervals: Option<Days>| {
            odd |= intervals.is_none();
            intervals.unwrap_or(Days::NEVER)
        };
        let paused = one(Days::one(
            facts
                .pauses
                .iter()
                .map(|pause| Days::new(pause.from, pause.until)),
        ));
        let mut permitted = |needed: CheckKind| {
            let inspections = counting(&facts.checks).filter(|(kind, _)| *kind >= needed);
            one(Days::one(inspections.map(|(_, inspection)| {
                Days::new(inspection.inspected_on, Some(inspection.valid_until))
            })))
        };
        let simple = permitted(CheckKind::Simple);
        let extended = permitted(CheckKind::Extended);
        let mut trained = Days::ALWAYS;
        for module in context.required_modules {
            let attended = facts
                .attended
                .iter()
                .filter(|attended| attended.module == *module);
            trained = trained.and(one(Days::one(
                attended.map(|attended| Days::new(attended.on, attended.counts_until)),
            )));
        }
        let mut occupations = [0; OCCUPATIONS];
        let mut coded = traits.occupations.iter().filter_map(|occupation| {
            let code = occupation.kldb_code?;
            Some(dictionary.code(code, occupation.kind))
        });
        for (slot, code) in occupations.iter_mut().zip(&mut coded) {
            odd |= code.is_none();
            *slot = code.unwrap_or_default();
        }
        odd |= coded.next().is_some();
        let (languages, all) = dictionary.learn(&traits.languages);
        odd |= !all;
        Self {
            position,
            travel_m: u32::from(facts.travel_radius_km) * 1000,
            fixed: programme_points(weights, traits) + balance_points(weights, traits),
            office: if context.parameters.own_office_only {
                dictionary.learn_office(facts.office)
            } else {
                0
            },
            languages,
            occupations,
            paused,
            simple,
            extended,
            trained,
            areas: areas(traits.support_areas.iter().copied()),
            gender: gender(facts.gender),
            active: facts.state == ExpertState::Active,
            full: facts.open_matches >= facts.capacity,
            approached: facts.recent_approaches >= context.settings.approach_limit,
            odd,
        }
    }

    /// A key that sorts by the rank of the place, those first who have room, of them those first who are
    /// odd, then by falling travel radius and by position.
    pub(super) fn order(&self, rank: u16) -> u64 {
        let travel_km = (self.travel_m / 1000) as u16;
        u64::from(rank) << 48
            | u64::from(!self.may_have_room()) << 47
            | u64::from(!self.odd) << 46
            | u64::from(!travel_km) << 30
            | u64::from(self.position)
    }

    /// The rank of the place in such a key.
    pub(super) fn rank(order: u64) -> u16 {
        (order >> 48) as u16
    }

    /// The position in such a key.
    pub(super) fn position(order: u64) -> usize {
        (order & ((1 << 30) - 1)) as usize
    }

    /// Whether no rule that has nothing to do with the case removes the expert.
    pub(super) fn may_have_room(&self) -> bool {
        self.active && !self.full && !self.approached
    }

    /// Until when, counted from the first of some days, nothing is missing for a case that needs a check of
    /// the kind; 0 where there is no such day. None where the last of these days does not say it all.
    pub(super) fn ready_for(&self, kind: CheckKind, starts: Days) -> Option<u16> {
        let ready = self.permitted(kind).and(self.trained);
        if self.odd || self.paused.meets(starts) {
            None
        } else if !ready.meets(starts) {
            Some(0)
        } else if ready.has(starts.from) {
            Some(starts.after_first(ready.until))
        } else {
            None
        }
    }

    /// Whether nothing is missing for some case that starts on one of these days.
    pub(super) fn may_be_ready(&self, starts: Days) -> bool {
        self.odd || self.simple.and(self.trained).meets(starts)
    }

    /// The rule that removes the expert on a day on which no check of the kind permits a first meeting.
    pub(super) fn without_check(&self, kind: CheckKind, today: i32) -> Rule {
        if self.permitted(kind).has(today) {
            Rule::CheckExpires
        } else {
            Rule::CheckMissing
        }
    }

    /// The days on which a check of the kind permits a first meeting.
    #[inline]
    pub(super) fn permitted(&self, kind: CheckKind) -> Days {
        match kind {
            CheckKind::Simple => self.simple,
            CheckKind::Extended => self.extended,
        }
    }
}
