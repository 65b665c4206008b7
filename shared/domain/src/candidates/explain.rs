//! Why there are not more: how many experts each rule removed, and the nearest misses.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

use super::around::Reached;
use super::question::Question;
use super::sheet::Sheet;
use super::tallies::{PASS, Tallies, outcome};
use super::{Case, Pool, Progress};
use crate::checks::CheckKind;
use crate::eligibility::Rule;
use crate::ids::OfficeId;
use crate::postal_codes::{PostalCode, UnknownPostalCode};

/// So many near misses are told for a case.
pub const NEAR_MISSES: usize = 3;

/// An expert near the centre whom one rule removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct NearMiss {
    /// Whole metres from the centre.
    pub distance_m: u32,
    /// The expert's position.
    pub position: u32,
    /// The rule.
    pub rule: Rule,
}

/// What the rules made of the experts around a case's centre.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Seen {
    /// How many experts passed every rule.
    pub candidates: u32,
    /// How many experts within the case's radius each rule removed; each counts once, at the first rule
    /// that fails.
    pub removed: BTreeMap<Rule, u32>,
    /// The nearest experts, within one and a half times the radius, whom a rule removed that somebody
    /// could do something about.
    pub near_misses: Vec<NearMiss>,
}

/// A little farther than the radius, for near misses; in metres.
pub fn with_margin(radius_m: u32) -> u32 {
    radius_m + radius_m / 2
}

/// What cases have to share so that the rules say the same of them.
type Profile = (PostalCode, u32, i32, CheckKind, u8, Option<OfficeId>);

impl<'a> Pool<'a> {
    /// What the rules say around each case; in the cases' order. None where `progress` said to stop.
    ///
    /// # Errors
    /// A postal code that is not in the table.
    pub fn explain(
        &self,
        cases: &[Case<'a>],
        threads: usize,
        progress: Progress<'_>,
    ) -> Result<Option<Vec<Seen>>, UnknownPostalCode> {
        let Some(first) = cases.first() else {
            return Ok(Some(Vec::new()));
        };
        let mut order: Vec<(Profile, bool, u32)> = Vec::with_capacity(cases.len());
        let mut question = Question::new(self, *first);
        for (case, index) in cases.iter().zip(0..) {
            question.ask_rules(self, *case);
            order.push((question.profile(), !case.histories.is_empty(), index));
        }
        order.sort_unstable();
        let groups: Vec<&[(Profile, bool, u32)]> = order
            .chunk_by(|one, other| one.0 == other.0 && !one.1 && !other.1)
            .collect();
        let tallies = Tallies::new(self, self.starts(cases));
        let done = std::sync::atomic::AtomicU64::new(0);
        let work = |groups: &[&[(Profile, bool, u32)]]| {
            let mut seen = Vec::new();
            let mut question = Question::new(self, *first);
            let mut around = Around::default();
            for group in groups {
                let case = cases[group[0].2 as usize];
                question.ask_rules(self, case);
                around.go(self, case.postal_code, question.radius_m)?;
                seen.push(self.seen(&tallies, &question, &mut around));
                let count = group.len() as u64;
                if !progress(done.fetch_add(count, std::sync::atomic::Ordering::Relaxed) + count) {
                    return Ok(None);
                }
            }
            Ok(Some(seen))
        };
        let share = groups.len().div_ceil(threads.max(1)).max(1);
        let parts: Result<Option<Vec<Vec<Seen>>>, _> = if threads <= 1 {
            work(&groups).map(|part| part.map(|part| vec![part]))
        } else {
            std::thread::scope(|scope| {
                let workers: Vec<_> = groups
                    .chunks(share)
                    .map(|groups| scope.spawn(|| work(groups)))
                    .collect();
                workers
                    .into_iter()
                    .map(|worker| worker.join().expect("rules do not panic"))
                    .collect()
            })
        };
        let Some(parts) = parts? else { return Ok(None) };
        let mut all = vec![Seen::default(); cases.len()];
        for (group, seen) in groups.iter().zip(parts.into_iter().flatten()) {
            let (last, others) = group.split_last().expect("a group has a case");
            for (_, _, index) in others {
                all[*index as usize] = seen.clone();
            }
            all[last.2 as usize] = seen;
        }
        Ok(Some(all))
    }

    fn seen(&self, tallies: &Tallies, question: &Question<'_>, around: &mut Around) -> Seen {
        let mut counts = [0; PASS + 1];
        if question.is_about_every_expert_alike() {
            tallies.count(self, question, &around.within, &mut counts);
        } else {
            for reached in &around.within {
                for sheet in self.living_at(reached) {
                    counts[outcome(question.rule(self, reached.metres, sheet))] += 1;
                }
            }
        }
        Seen {
            candidates: counts[PASS],
            removed: Rule::ALL
                .iter()
                .map(|rule| (*rule, counts[*rule as usize]))
                .filter(|(_, count)| *count > 0)
                .collect(),
            near_misses: self.near_misses(question, around),
        }
    }

    fn living_at(&self, reached: &Reached) -> &[Sheet] {
        let place = &self.places[usize::from(reached.place)];
        &self.sheets[place.first as usize..place.end as usize]
    }

    /// The nearest misses: most often there are enough within the radius.
    fn near_misses(&self, question: &Question<'_>, around: &mut Around) -> Vec<NearMiss> {
        let misses = self.nearest_misses(question, &around.within);
        if misses.len() == NEAR_MISSES {
            return misses;
        }
        around.need_margin(self);
        self.nearest_misses(question, &around.with_margin)
    }

    fn nearest_misses(&self, question: &Question<'_>, places: &[Reached]) -> Vec<NearMiss> {
        let mut misses: Vec<NearMiss> = Vec::with_capacity(NEAR_MISSES + 1);
        // of the many places only a few are needed in their order
        let mut nearest: BinaryHeap<_> = places.iter().map(Reverse).collect();
        while let Some(Reverse(reached)) = nearest.pop() {
            if misses.len() == NEAR_MISSES && misses[NEAR_MISSES - 1].distance_m < reached.metres {
                break;
            }
            for sheet in self.living_at(reached) {
                let rule = question.rule(self, reached.metres, sheet);
                let Some(rule) = rule.filter(|rule| rule.can_be_mended()) else {
                    continue;
                };
                let miss = NearMiss {
                    distance_m: reached.metres,
                    position: sheet.position,
                    rule,
                };
                let at = misses.partition_point(|other| *other < miss);
                misses.insert(at, miss);
                misses.truncate(NEAR_MISSES);
            }
        }
        misses
    }
}

/// The places around a centre; the memory is used again for the next one.
#[derive(Default)]
struct Around {
    at: Option<(PostalCode, u32)>,
    within: Vec<Reached>,
    /// The same and some more, once they are asked for.
    with_margin: Vec<Reached>,
}

impl Around {
    /// Comes to a centre, and stays where it is the same as before.
    fn go(&mut self, pool: &Pool<'_>, center: PostalCode, radius_m: u32) -> Result<(), UnknownPostalCode> {
        if self.at == Some((center, radius_m)) {
            return Ok(());
        }
        self.at = None;
        self.with_margin.clear();
        pool.around(center, radius_m, &mut self.within)?;
        self.at = Some((center, radius_m));
        Ok(())
    }

    fn need_margin(&mut self, pool: &Pool<'_>) {
        if let Some((center, radius_m)) = self.at
            && self.with_margin.is_empty()
        {
            pool.around(center, with_margin(radius_m), &mut self.with_margin)
                .expect("it has been there before");
        }
    }
}

impl Question<'_> {
    /// Whether nothing but distance and the expert's readiness decides.
    fn is_about_every_expert_alike(&self) -> bool {
        self.gender == 0 && !self.own_office && self.case.histories.is_empty()
    }

    fn profile(&self) -> Profile {
        let own = self.own_office.then_some(self.case.facts.office);
        (
            self.case.postal_code,
            self.radius_m,
            self.start,
            self.kind,
            self.gender,
            own,
        )
    }
}
