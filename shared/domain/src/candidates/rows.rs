//! The rows of the solver's instance: for each case its experts with their scores, all or the best.

use std::sync::atomic::{AtomicU64, Ordering};

use super::question::{Near, Question};
use super::sheet::{Days, day};
use super::{Case, Pool, Progress, UnknownPostalCode, around::Place, spot};
use crate::postal_codes::PostalCode;
use crate::scores::distance_points;

/// So many cases between two words of progress.
const BATCH: usize = 64;

/// A row of experts for each case, as compressed rows.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Rows {
    /// Where each case's row starts; one more entry than there are cases.
    pub offsets: Vec<usize>,
    /// Numbers of experts, rising in each row.
    pub experts: Vec<u32>,
    /// The score of each pair.
    pub scores: Vec<i32>,
    /// For each case a score that no pair left out of its row exceeds; none where nothing was left out.
    pub bounds: Vec<Option<i32>>,
}

/// A case, an expert and their score.
type Listed = (u32, u32, i32);

/// What a thread makes of its share of the cases.
#[derive(Default)]
struct Part {
    pairs: Vec<(u32, i32)>,
    /// For each case the end of its row in `pairs`, and its bound.
    ends: Vec<(usize, Option<i32>)>,
}

/// The experts around one place, for all cases there that have the same radius.
struct Around {
    key: Option<(PostalCode, u32, u32)>,
    places: Vec<(u32, Place)>,
    near: Vec<Near>,
}

impl<'a> Pool<'a> {
    /// For each case its experts: all that the rules let through, or the `most` with the highest scores.
    /// None where `progress` said to stop. The number of threads changes nothing but the time.
    ///
    /// # Errors
    /// A postal code that is not in the table.
    pub fn rows(
        &self,
        cases: &[Case<'a>],
        most: usize,
        threads: usize,
        progress: Progress<'_>,
    ) -> Result<Option<Rows>, UnknownPostalCode> {
        let order = self.by_place(cases);
        let parts = self.share_out(cases, &order, threads, progress, |question, near| {
            self.row(question, near, most)
        })?;
        let Some(parts) = parts else { return Ok(None) };
        let pairs = parts.iter().map(|part| part.pairs.len()).sum();
        let mut found = vec![(0, 0..0); cases.len()];
        let mut bounds = vec![None; cases.len()];
        let ends = parts.iter().enumerate().flat_map(|(number, part)| {
            let starts = std::iter::once(0).chain(part.ends.iter().map(|end| end.0));
            starts
                .zip(&part.ends)
                .map(move |(start, end)| (number, start..end.0, end.1))
        });
        for (case, (part, range, bound)) in order.iter().zip(ends) {
            found[*case as usize] = (part, range);
            bounds[*case as usize] = bound;
        }
        let mut rows = Rows {
            offsets: Vec::with_capacity(cases.len() + 1),
            experts: Vec::with_capacity(pairs),
            scores: Vec::with_capacity(pairs),
            bounds,
        };
        rows.offsets.push(0);
        for (part, range) in found {
            let row = &parts[part].pairs[range];
            rows.experts.extend(row.iter().map(|pair| pair.0));
            rows.scores.extend(row.iter().map(|pair| pair.1));
            rows.offsets.push(rows.experts.len());
        }
        Ok(Some(rows))
    }

    /// Of the pairs of some cases that are not `listed`, those that are `wanted`: for each case the `most`
    /// with the highest scores, as case, expert's number and score. None where `progress` said to stop.
    ///
    /// # Errors
    /// A postal code that is not in the table.
    pub fn left_out(
        &self,
        cases: &[Case<'a>],
        asked: &[u32],
        most: usize,
        threads: usize,
        progress: Progress<'_>,
        listed: &(dyn Fn(u32, u32) -> bool + Sync),
        wanted: &(dyn Fn(u32, u32, i32) -> bool + Sync),
    ) -> Result<Option<Vec<Listed>>, UnknownPostalCode> {
        let chosen: Vec<Case<'a>> = asked.iter().map(|case| cases[*case as usize]).collect();
        let order = self.by_place(&chosen);
        let parts = self.share_out(&chosen, &order, threads, progress, |question, near| {
            let case = asked[question.index];
            let mut row = Vec::new();
            for near in near {
                let sheet = &self.sheets[near.number as usize];
                let occupation = question.question.occupation(sheet);
                if let Some(score) = question.question.score(self, *near, sheet, occupation)
                    && wanted(case, near.number, score)
                    && !listed(case, near.number)
                {
                    row.push((near.number, score));
                }
            }
            if row.len() > most {
                row.select_nth_unstable_by_key(most, |pair| (-i64::from(pair.1), pair.0));
                row.truncate(most);
            }
            (row, None)
        })?;
        let Some(parts) = parts else { return Ok(None) };
        let mut found = Vec::new();
        let mut order = order.iter();
        for part in &parts {
            let mut start = 0;
            for ((end, _), index) in part.ends.iter().zip(&mut order) {
                let case = asked[*index as usize];
                found.extend(part.pairs[start..*end].iter().map(|pair| (case, pair.0, pair.1)));
                start = *end;
            }
        }
        found.sort_unstable();
        Ok(Some(found))
    }

    /// Cases so that those stand together that share a place and a radius.
    fn by_place(&self, cases: &[Case<'_>]) -> Vec<u32> {
        let mut order: Vec<u32> = (0..cases.len() as u32).collect();
        order.sort_by_cached_key(|index| (self.key(&cases[*index as usize]), *index));
        order
    }

    fn key(&self, case: &Case<'_>) -> (PostalCode, u32, u32) {
        let office = if self.context.parameters.own_office_only {
            self.dictionary.office(case.facts.office)
        } else {
            0
        };
        (case.postal_code, self.radius_m(case.facts), office)
    }

    /// Lets threads make the rows of their shares of the cases, in this order.
    fn share_out(
        &self,
        cases: &[Case<'a>],
        order: &[u32],
        threads: usize,
        progress: Progress<'_>,
        row: impl Fn(&Asked<'_, 'a>, &[Near]) -> (Vec<(u32, i32)>, Option<i32>) + Sync,
    ) -> Result<Option<Vec<Part>>, UnknownPostalCode> {
        let share = order.len().div_ceil(threads.max(1)).max(1);
        let today = self.context.today;
        let starts = Days::spanning(cases.iter().map(|case| day(case.facts.start(today))));
        let done = AtomicU64::new(0);
        let work = |chunk: &[u32]| -> Result<Option<Part>, UnknownPostalCode> {
            let mut part = Part::default();
            let mut around = Around {
                key: None,
                places: Vec::new(),
                near: Vec::new(),
            };
            let Some(first) = chunk.first() else {
                return Ok(Some(part));
            };
            let mut question = Question::new(self, cases[*first as usize]);
            for batch in chunk.chunks(BATCH) {
                for index in batch {
                    let case = cases[*index as usize];
                    self.gather(&case, starts, &mut around)?;
                    question.ask(self, case);
                    let asked = Asked {
                        index: *index as usize,
                        question: &question,
                    };
                    let (pairs, bound) = row(&asked, &around.near);
                    part.pairs.extend_from_slice(&pairs);
                    part.ends.push((part.pairs.len(), bound));
                }
                let now = done.fetch_add(batch.len() as u64, Ordering::Relaxed) + batch.len() as u64;
                if !progress(now) {
                    return Ok(None);
                }
            }
            Ok(Some(part))
        };
        if threads <= 1 {
            return Ok(work(order)?.map(|part| vec![part]));
        }
        std::thread::scope(|scope| {
            let workers: Vec<_> = order
                .chunks(share)
                .map(|chunk| scope.spawn(|| work(chunk)))
                .collect();
            workers
                .into_iter()
                .map(|worker| worker.join().expect("rules and scores do not panic"))
                .collect()
        })
    }

    /// The experts with room around a case's place who may be ready on one of these days, with the points for distance; the last ones again
    /// where the place is the same.
    fn gather(&self, case: &Case<'_>, starts: Days, around: &mut Around) -> Result<(), UnknownPostalCode> {
        let key = self.key(case);
        if around.key == Some(key) {
            return Ok(());
        }
        let radius_m = key.1;
        self.around(&spot(case.postal_code)?, radius_m, &mut around.places);
        around.near.clear();
        let parameters = self.context.parameters;
        for (metres, place) in &around.places {
            let sheets = &self.sheets[place.first as usize..place.with_room_end as usize];
            let (mut last_reach, mut near_points) = (0, 0);
            for (sheet, number) in sheets.iter().zip(place.first..) {
                if *metres > sheet.travel_m || (parameters.own_office_only && sheet.office != key.2) {
                    continue;
                }
                // one look here instead of one for each case of the place
                if !parameters.admit_missing && !sheet.may_be_ready(starts) {
                    continue;
                }
                let reach = radius_m.min(sheet.travel_m);
                if reach != last_reach {
                    (last_reach, near_points) = (reach, distance_points(&parameters.weights, *metres, reach));
                }
                around.near.push(Near {
                    number,
                    metres: *metres,
                    points: near_points + sheet.fixed,
                });
            }
        }
        around.key = Some(key);
        Ok(())
    }

    /// All or the best experts for a case, by rising number, and the bound on those that are left out.
    fn row(&self, asked: &Asked<'_, '_>, near: &[Near], most: usize) -> (Vec<(u32, i32)>, Option<i32>) {
        let question = asked.question;
        let room = most.saturating_mul(2).min(near.len());
        let mut row: Vec<(u32, i32)> = Vec::with_capacity(room);
        // nobody who cannot do better is among the best
        let mut bound: Option<i32> = None;
        let mut scores: Vec<i32> = Vec::new();
        let mut cut = |row: &mut Vec<(u32, i32)>| {
            scores.clear();
            scores.extend(row.iter().map(|pair| pair.1));
            let (better, last, _) =
                scores.select_nth_unstable_by_key(most - 1, |score| std::cmp::Reverse(*score));
            let last = *last;
            // of equals those come in that come first
            let mut equal = most - better.iter().filter(|score| **score > last).count();
            row.retain(|pair| {
                let stays = pair.1 > last || (pair.1 == last && equal > 0);
                equal -= usize::from(stays && pair.1 == last);
                stays
            });
            last
        };
        let waiting = question.waiting();
        for near in near {
            let sheet = &self.sheets[near.number as usize];
            let occupation = question.occupation(sheet);
            if let Some(bound) = bound
                && !sheet.odd
                && near.points + waiting + occupation + question.most <= bound
            {
                continue;
            }
            if let Some(score) = question.score(self, *near, sheet, occupation) {
                row.push((near.number, score));
                if most != usize::MAX && row.len() == 2 * most {
                    bound = Some(cut(&mut row));
                }
            }
        }
        if row.len() > most {
            bound = Some(cut(&mut row));
        }
        (row, bound)
    }
}

/// A compiled case and its index.
struct Asked<'q, 'a> {
    index: usize,
    question: &'q Question<'a>,
}
