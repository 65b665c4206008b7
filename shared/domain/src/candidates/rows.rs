//! The rows of the solver's instance: for each case its experts with their scores, all or the best.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use super::best::{All, Best};
use super::deck::Deck;
use super::near::Key;
use super::question::Question;
use super::scan::Around;
use super::sheet::Days;
use super::{Case, Pool, Progress};
use crate::postal_codes::{Atlas, UnknownPostalCode};

/// So many cases between two words of progress.
const BATCH: usize = 64;
/// So many pieces of work for each thread: none waits long for the others in the end.
const PIECES: usize = 8;

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

/// What comes of a piece of the cases.
#[derive(Default)]
struct Part {
    pairs: Vec<(u32, i32)>,
    /// For each case the end of its row in `pairs`, and its bound.
    ends: Vec<(usize, Option<i32>)>,
}

/// Which pairs that are not listed are wanted.
#[derive(Clone, Copy)]
pub struct Wanted<'w> {
    /// For each case so many at most, those with the highest scores.
    pub most: usize,
    /// Whether a case and an expert, by number, are listed.
    pub listed: &'w (dyn Fn(u32, u32) -> bool + Sync),
    /// A score below which no pair of the case is wanted.
    pub floor: &'w (dyn Fn(u32) -> i32 + Sync),
    /// Whether a pair with this score is wanted.
    pub wanted: &'w (dyn Fn(u32, u32, i32) -> bool + Sync),
}

impl<'a> Pool<'a> {
    /// For each case its experts: all that the rules let through, or the `most` (at least one) with the
    /// highest scores, of equals those with the lowest numbers. None where `progress` said to stop. The
    /// number of threads changes nothing but the time.
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
        let weights = self.context.parameters.weights;
        // what of a score differs within a row, unless something is missing
        let span = [
            weights.distance,
            weights.occupation,
            weights.support_areas,
            weights.language,
            weights.programmes,
            weights.balance,
        ];
        let span = span.iter().map(|weight| weight.unsigned_abs()).sum();
        let parts = self.share_out(cases, &order, threads, progress, |deck, piece, part| {
            let mut best = Best::new(most.max(1), &mut part.pairs);
            piece.each(|_, question, around| {
                best.begin(question.waiting(), span);
                let in_order = self.scan(deck, question, around, most, &mut best);
                let bound = best.finish(in_order);
                part.ends.push((best.end(), bound));
            })
        })?;
        let Some(parts) = parts else { return Ok(None) };
        Ok(Some(in_order_of_cases(cases.len(), &order, &parts)))
    }

    /// Of the pairs of some cases that are not listed, those that are wanted, as case, expert's number and
    /// score. None where `progress` said to stop.
    ///
    /// # Errors
    /// A postal code that is not in the table.
    pub fn left_out(
        &self,
        cases: &[Case<'a>],
        asked: &[u32],
        threads: usize,
        progress: Progress<'_>,
        wanted: Wanted<'_>,
    ) -> Result<Option<Vec<Listed>>, UnknownPostalCode> {
        let chosen: Vec<Case<'a>> = asked.iter().map(|case| cases[*case as usize]).collect();
        let order = self.by_place(&chosen);
        let parts = self.share_out(&chosen, &order, threads, progress, |deck, piece, part| {
            let mut row = Vec::new();
            piece.each(|index, question, around| {
                let case = asked[index];
                row.clear();
                let floor = (wanted.floor)(case);
                let mut all = All {
                    row: &mut row,
                    floor,
                    wanted: |number, score| {
                        (wanted.wanted)(case, number, score) && !(wanted.listed)(case, number)
                    },
                };
                // without a floor nobody is passed over
                let most = if floor == i32::MIN {
                    usize::MAX
                } else {
                    wanted.most
                };
                self.scan(deck, question, around, most, &mut all);
                if row.len() > wanted.most {
                    row.select_nth_unstable_by_key(wanted.most, |pair| (-i64::from(pair.1), pair.0));
                    row.truncate(wanted.most);
                }
                part.pairs.extend_from_slice(&row);
                part.ends.push((part.pairs.len(), None));
            })
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
        let mut order: Vec<(u16, u32, u32, u32)> = cases
            .iter()
            .zip(0..)
            .map(|(case, index)| {
                let (code, radius_km, office) = self.key(case);
                // places that lie together are visited together; one that is unknown is refused later
                let rank = Atlas::builtin().rank(code).unwrap_or(u16::MAX);
                (rank, radius_km, office, index)
            })
            .collect();
        order.sort_unstable();
        order.into_iter().map(|(.., index)| index).collect()
    }

    fn key(&self, case: &Case<'_>) -> Key {
        let office = if self.context.parameters.own_office_only {
            self.dictionary.office(case.facts.office)
        } else {
            0
        };
        (case.postal_code, self.radius_km(case.facts), office)
    }

    /// Lets threads make the rows of pieces of the cases, in this order. The parts are in the order of the
    /// pieces, whoever made them.
    fn share_out(
        &self,
        cases: &[Case<'a>],
        order: &[u32],
        threads: usize,
        progress: Progress<'_>,
        rows: impl Fn(&Deck, &mut Piece<'_, 'a>, &mut Part) -> Result<bool, UnknownPostalCode> + Sync,
    ) -> Result<Option<Vec<Part>>, UnknownPostalCode> {
        let threads = threads.max(1);
        let pieces = if threads == 1 { 1 } else { threads * PIECES };
        let length = order.len().div_ceil(pieces).max(BATCH);
        let starts = self.starts(cases);
        let deck = Deck::new(self, starts);
        let done = AtomicU64::new(0);
        let next = AtomicUsize::new(0);
        let made = Mutex::new(Vec::new());
        let work = || -> Result<bool, UnknownPostalCode> {
            let mut around = Around::default();
            loop {
                let index = next.fetch_add(1, Ordering::Relaxed);
                let Some(chunk) = order.chunks(length).nth(index) else {
                    return Ok(true);
                };
                let mut part = Part::default();
                let mut piece = Piece {
                    pool: self,
                    deck: &deck,
                    starts,
                    cases,
                    chunk,
                    around: &mut around,
                    done: &done,
                    progress,
                };
                if !rows(&deck, &mut piece, &mut part)? {
                    return Ok(false);
                }
                made.lock()
                    .expect("rules and scores do not panic")
                    .push((index, part));
            }
        };
        let finished = if threads == 1 {
            work()?
        } else {
            std::thread::scope(|scope| {
                let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
                workers.into_iter().try_fold(true, |all, worker| {
                    Ok(worker.join().expect("rules and scores do not panic")? && all)
                })
            })?
        };
        let mut made = made.into_inner().expect("rules and scores do not panic");
        made.sort_unstable_by_key(|(index, _)| *index);
        Ok(finished.then(|| made.into_iter().map(|(_, part)| part).collect()))
    }
}

/// Rows in the order of cases, out of those in another.
fn in_order_of_cases(cases: usize, order: &[u32], parts: &[Part]) -> Rows {
    let pairs = parts.iter().map(|part| part.pairs.len()).sum();
    let mut found: Vec<&[(u32, i32)]> = vec![&[]; cases];
    let mut rows = Rows {
        offsets: Vec::with_capacity(cases + 1),
        experts: Vec::with_capacity(pairs),
        scores: Vec::with_capacity(pairs),
        bounds: vec![None; cases],
    };
    let mut order = order.iter();
    for part in parts {
        let mut start = 0;
        for ((end, bound), case) in part.ends.iter().zip(&mut order) {
            found[*case as usize] = &part.pairs[start..*end];
            rows.bounds[*case as usize] = *bound;
            start = *end;
        }
    }
    rows.offsets.push(0);
    for row in found {
        rows.experts.extend(row.iter().map(|pair| pair.0));
        rows.scores.extend(row.iter().map(|pair| pair.1));
        rows.offsets.push(rows.experts.len());
    }
    rows
}

/// Some cases whose rows one thread makes.
struct Piece<'p, 'a> {
    pool: &'p Pool<'a>,
    deck: &'p Deck,
    starts: Days,
    cases: &'p [Case<'a>],
    chunk: &'p [u32],
    around: &'p mut Around,
    done: &'p AtomicU64,
    progress: Progress<'p>,
}

impl<'a> Piece<'_, 'a> {
    /// Hands out each case's index, what it asks, and those around it. False where `progress` said to stop.
    fn each(
        &mut self,
        mut row: impl FnMut(usize, &Question<'a>, &mut Around),
    ) -> Result<bool, UnknownPostalCode> {
        let Some(first) = self.chunk.first() else {
            return Ok(true);
        };
        let mut question = Question::new(self.pool, self.cases[*first as usize]);
        for batch in self.chunk.chunks(BATCH) {
            for index in batch {
                let case = self.cases[*index as usize];
                self.around.go(self.deck, self.pool.key(&case))?;
                question.ask(self.pool, self.starts, case);
                row(*index as usize, &question, self.around);
            }
            let now = self.done.fetch_add(batch.len() as u64, Ordering::Relaxed) + batch.len() as u64;
            if !(self.progress)(now) {
                return Ok(false);
            }
        }
        Ok(true)
    }
}
