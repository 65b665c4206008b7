//! An expert compiled into numbers.

use chrono::{Datelike, NaiveDate};

use super::Expert;
use crate::checks::{CheckKind, counting};
use crate::eligibility::Context;
use crate::experts::{ExpertState, OccupationKind};
use crate::ids::OfficeId;
use crate::occupations::PACKED_CODES;
use crate::scores::{balance_points, programme_points};
use crate::values::{Gender, Language, SupportArea};

/// So many occupations and interests of an expert fit into a sheet.
const OCCUPATIONS: usize = 4;
/// So many languages besides German fit into a word.
const LANGUAGES: usize = 64;

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

/// The occupations, languages and offices that occur among the experts.
#[derive(Debug)]
pub(super) struct Dictionary {
    /// Packed and rising.
    pub(super) codes: Vec<u32>,
    /// The place of each packed code among them.
    places: Vec<u16>,
    /// By their letters.
    languages: Vec<Language>,
    offices: Vec<OfficeId>,
}

impl Dictionary {
    pub(super) fn new(experts: &[Expert<'_>]) -> Self {
        let german = Language::german();
        let mut places = vec![0_u16; PACKED_CODES];
        let mut languages: Vec<Language> = Vec::new();
        let mut offices: Vec<OfficeId> = Vec::new();
        for expert in experts {
            for occupation in &expert.traits.occupations {
                if let Some(code) = occupation.kldb_code {
                    places[code.packed() as usize] = 1;
                }
            }
            for language in &expert.traits.languages {
                if *language != german && !languages.contains(language) {
                    languages.push(language.clone());
                }
            }
            if !offices.contains(&expert.facts.office) {
                offices.push(expert.facts.office);
            }
        }
        let mut codes = Vec::new();
        for (packed, place) in (0..).zip(&mut places) {
            if *place > 0 {
                *place = codes.len() as u16;
                codes.push(packed);
            }
        }
        languages.sort_unstable();
        Self {
            codes,
            places,
            languages,
            offices,
        }
    }

    /// The bits of languages besides German, and whether all of them have one. Languages that no expert
    /// speaks have no bit and need none.
    pub(super) fn languages(&self, languages: &[Language]) -> (u64, bool) {
        let mut bits = 0;
        let mut all = true;
        for language in languages {
            match self.languages.iter().position(|known| known == language) {
                Some(number) if number < LANGUAGES => bits |= 1 << number,
                Some(_) => all = false,
                None => {}
            }
        }
        (bits, all)
    }

    /// The number of an office; one that no expert belongs to has none of theirs.
    pub(super) fn office(&self, office: OfficeId) -> u32 {
        let place = self.offices.iter().position(|known| *known == office);
        place.map_or(u32::MAX, |place| place as u32)
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
    pub(super) office: u32,
    pub(super) languages: u64,
    /// Indexes into the points of a question: codes as occupations, codes as interests, nothing.
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
        dictionary: &Dictionary,
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
        let nothing = 2 * dictionary.codes.len();
        let mut occupations = [nothing as u16; OCCUPATIONS];
        odd |= nothing > usize::from(u16::MAX);
        let mut coded = traits.occupations.iter().filter_map(|occupation| {
            let code = usize::from(dictionary.places[occupation.kldb_code?.packed() as usize]);
            Some(if occupation.kind == OccupationKind::Interest {
                dictionary.codes.len() + code
            } else {
                code
            })
        });
        for (slot, code) in occupations.iter_mut().zip(&mut coded) {
            *slot = code as u16;
        }
        odd |= coded.next().is_some();
        let (languages, all) = dictionary.languages(&traits.languages);
        odd |= !all;
        Self {
            position,
            travel_m: u32::from(facts.travel_radius_km) * 1000,
            fixed: programme_points(weights, traits) + balance_points(weights, traits),
            office: dictionary.office(facts.office),
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

    /// Whether no rule that has nothing to do with the case removes the expert.
    pub(super) fn may_have_room(&self) -> bool {
        self.active && !self.full && !self.approached
    }

    /// Whether nothing is missing for some case that starts on one of these days.
    pub(super) fn may_be_ready(&self, starts: Days) -> bool {
        self.odd || self.simple.and(self.trained).meets(starts)
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
