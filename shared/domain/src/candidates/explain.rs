//! Why there are not more: how many experts each rule removed, and the nearest misses.

use std::collections::BTreeMap;

use super::around::Reached;
use super::question::Question;
use super::{Case, Pool, Progress, UnknownPostalCode};
use crate::checks::CheckKind;
use crate::eligibility::Rule;
use crate::ids::OfficeId;
use crate::postal_codes::PostalCode;

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

/// A little farther than the radius, for near misses.
pub(crate) fn with_margin(radius_m: u32) -> u32 {
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
        let done = std::sync::atomic::AtomicU64::new(0);
        let work = |groups: &[&[(Profile, bool, u32)]]| {
            let mut seen = Vec::new();
            let mut question = Question::new(self, *first);
            let mut places = Vec::new();
            let mut around = None;
            for group in groups {
                let case = cases[group[0].2 as usize];
                question.ask_rules(self, case);
                if around != Some((case.postal_code, question.radius_m)) {
                    self.around(
                        case.postal_code,
                        with_margin(question.radius_m),
                        &mut places,
                        |_, _| {},
                    )?;
                    around = Some((case.postal_code, question.radius_m));
                }
                seen.push(self.seen(&question, &places));
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

    fn seen(&self, question: &Question<'_>, places: &[Reached]) -> Seen {
        let mut counts = [0_u32; Rule::COUNT];
        let mut seen = Seen::default();
        let misses = &mut seen.near_misses;
        for Reached { metres, place, .. } in places {
            let place = &self.places[*place as usize];
            for sheet in &self.sheets[place.first as usize..place.end as usize] {
                let Some(rule) = question.rule(self, *metres, sheet) else {
                    seen.candidates += 1;
                    continue;
                };
                if *metres <= question.radius_m {
                    counts[rule as usize] += 1;
                }
                let farthest = misses.last().map_or(u32::MAX, |miss| miss.distance_m);
                if (misses.len() < NEAR_MISSES || *metres <= farthest) && rule.can_be_mended() {
                    let miss = NearMiss {
                        distance_m: *metres,
                        position: sheet.position,
                        rule,
                    };
                    let at = misses.partition_point(|other| *other < miss);
                    misses.insert(at, miss);
                    misses.truncate(NEAR_MISSES);
                }
            }
        }
        seen.removed = Rule::ALL
            .iter()
            .map(|rule| (*rule, counts[*rule as usize]))
            .filter(|(_, count)| *count > 0)
            .collect();
        seen
    }
}

impl Question<'_> {
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
