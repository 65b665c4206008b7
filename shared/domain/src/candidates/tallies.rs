//! How many experts of each place every rule removes, counted once for all cases.
//!
//! Cases start on days near each other, so that what the rules say of nearly every expert is the same for
//! all of them but for the distance. Those are added up by place; the others are asked about one by one.

use super::Pool;
use super::around::Reached;
use super::question::Question;
use super::sheet::{Days, Sheet};
use crate::checks::CheckKind;
use crate::eligibility::Rule;

/// For each rule how many it removes; behind them how many pass.
pub(super) type Counts = [u32; Rule::COUNT + 1];

/// Where those stand in the counts who pass.
pub(super) const PASS: usize = Rule::COUNT;

/// What the rules say of the steady experts of a place where those come who travel at least so far.
#[derive(Debug)]
struct Tally {
    travel_m: u32,
    by_kind: [Counts; 2],
}

/// Where the tallies of a place begin, and its wavering experts.
#[derive(Debug, Clone, Copy)]
struct OfPlace {
    first: u32,
    wavering: u32,
}

/// The tallies of all places.
#[derive(Debug)]
pub(super) struct Tallies {
    /// Of each place by falling travel radius; the first is that where nobody comes.
    by_travel: Vec<Tally>,
    /// Numbers of those of whom the rules do not say the same on all days.
    wavering: Vec<u32>,
    /// One more than there are places.
    places: Vec<OfPlace>,
}

impl Tallies {
    /// Counts for cases that start on these days.
    pub(super) fn new(pool: &Pool<'_>, starts: Days) -> Self {
        let mut all = Self {
            by_travel: Vec::new(),
            wavering: Vec::new(),
            places: Vec::with_capacity(pool.places.len() + 1),
        };
        let mut steady: Vec<(u32, [usize; 2])> = Vec::new();
        for place in &pool.places {
            all.places.push(all.end());
            if place.first == place.end {
                continue;
            }
            steady.clear();
            let mut counts: Counts = [0; PASS + 1];
            for number in place.first..place.end {
                let sheet = &pool.sheets[number as usize];
                if !sheet.odd && !sheet.active {
                    counts[Rule::State as usize] += 1;
                } else if let Some(outcomes) = outcomes(pool, sheet, starts) {
                    steady.push((sheet.travel_m, outcomes));
                } else {
                    all.wavering.push(number);
                }
            }
            counts[Rule::TravelRadius as usize] = steady.len() as u32;
            let mut tally = |travel_m, by_kind| all.by_travel.push(Tally { travel_m, by_kind });
            let mut by_kind = [counts; 2];
            tally(u32::MAX, by_kind);
            steady.sort_unstable_by_key(|(travel_m, _)| !travel_m);
            for same in steady.chunk_by(|one, other| one.0 == other.0) {
                for (_, outcomes) in same {
                    for (counts, outcome) in by_kind.iter_mut().zip(outcomes) {
                        counts[Rule::TravelRadius as usize] -= 1;
                        counts[*outcome] += 1;
                    }
                }
                tally(same[0].0, by_kind);
            }
        }
        all.places.push(all.end());
        all
    }

    fn end(&self) -> OfPlace {
        OfPlace {
            first: self.by_travel.len() as u32,
            wavering: self.wavering.len() as u32,
        }
    }

    /// Counts what the rules say of the experts of some places within a case's radius. The case asks for no
    /// gender and has no histories, and each office's experts count.
    pub(super) fn count(
        &self,
        pool: &Pool<'_>,
        question: &Question<'_>,
        places: &[Reached],
        counts: &mut Counts,
    ) {
        for reached in places {
            let at = usize::from(reached.place);
            let (place, next) = (self.places[at], self.places[at + 1]);
            let tallies = &self.by_travel[place.first as usize..next.first as usize];
            let tally = tallies.iter().rfind(|tally| tally.travel_m >= reached.metres);
            let tally = tally.expect("nobody travels farther than the first says");
            for (count, more) in counts.iter_mut().zip(&tally.by_kind[question.kind as usize]) {
                *count += more;
            }
            for number in &self.wavering[place.wavering as usize..next.wavering as usize] {
                let sheet = &pool.sheets[*number as usize];
                counts[outcome(question.rule(pool, reached.metres, sheet))] += 1;
            }
        }
    }
}

/// Where an answer of the rules is counted.
pub(super) fn outcome(rule: Option<Rule>) -> usize {
    rule.map_or(PASS, |rule| rule as usize)
}

/// What the rules say of an active expert who comes, for each kind of check, where that is the same on all
/// of some days, and the sheet says it all.
fn outcomes(pool: &Pool<'_>, sheet: &Sheet, starts: Days) -> Option<[usize; 2]> {
    let always = |days: Days| {
        if days.covers(starts) {
            Some(true)
        } else if days.meets(starts) {
            None
        } else {
            Some(false)
        }
    };
    if sheet.odd {
        return None;
    }
    if always(sheet.paused)? {
        return Some([Rule::Paused as usize; 2]);
    }
    let late = |kind: CheckKind| {
        if sheet.full {
            return Some(Rule::Capacity as usize);
        }
        if sheet.approached {
            return Some(Rule::ApproachLimit as usize);
        }
        if pool.context.parameters.admit_missing {
            return Some(PASS);
        }
        let permitted = sheet.permitted(kind);
        Some(if !always(permitted)? {
            sheet.without_check(kind, pool.today()) as usize
        } else if always(sheet.trained)? {
            PASS
        } else {
            Rule::Training as usize
        })
    };
    Some([late(CheckKind::Simple)?, late(CheckKind::Extended)?])
}
