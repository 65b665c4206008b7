//! The experts around a place, and the looks at them for one case.

use std::ops::Deref;

use super::around::{Reached, spot};
use super::best::Find;
use super::deck::{Card, Deck};
use super::question::{Near, Question};
use super::{Pool, UnknownPostalCode};
use crate::postal_codes::PostalCode;
use crate::scores::distance_points;

/// So many are looked at before the floor is asked for again.
const CHUNK: usize = 128;
/// Where there are so many times as many around a place as a row holds, they are not all looked at.
const CROWD: usize = 32;

/// Where there are so many times as many, those who pass are guessed from a sample.
const MANY: usize = 3;
/// So many are in a sample at most.
const SAMPLE: usize = 256;

/// What cases share who have the same experts around them: the place, the radius in metres, and the office
/// where each keeps to its own experts.
pub(super) type Key = (PostalCode, u32, u32);

/// Experts within reach, in memory that is used again.
#[derive(Debug, Default)]
struct Nears {
    /// Those up to `len` count; what stands behind them is written over.
    room: Vec<Near>,
    len: usize,
}

impl Nears {
    fn clear(&mut self) {
        self.len = 0;
    }

    /// Room for so many more behind those that there are.
    fn room_for(&mut self, more: usize) -> &mut [Near] {
        let end = self.len + more;
        if self.room.len() < end {
            self.room.resize(end.next_power_of_two(), Near::default());
        }
        &mut self.room[self.len..end]
    }
}

impl Deref for Nears {
    type Target = [Near];

    fn deref(&self) -> &[Near] {
        &self.room[..self.len]
    }
}

/// The experts around one place; its memory is used again for the next one.
#[derive(Debug, Default)]
pub(super) struct Around {
    key: Option<Key>,
    /// The places within the radius, as they lie.
    places: Vec<Reached>,
    /// Whether their points are counted.
    priced: bool,
    /// Where those begin among them that follow upon each other without a gap.
    runs: Vec<u32>,
    /// How many cards they have.
    cards: usize,
    /// The same, nearest first, once they are asked for.
    outwards: Vec<Reached>,
    /// Who is near: all as they lie, or those of so many of `outwards`.
    near: Nears,
    /// Where those of each place end.
    ends: Vec<u32>,
    all: bool,
}

impl Around {
    /// Comes to a place, and stays where it is the same as before.
    pub(super) fn go(&mut self, pool: &Pool<'_>, deck: &Deck, key: Key) -> Result<(), UnknownPostalCode> {
        if self.key == Some(key) {
            return Ok(());
        }
        self.key = None;
        self.runs.clear();
        self.cards = 0;
        let mut next = None;
        let Self { runs, cards, .. } = self;
        pool.around(key.0, key.1, &mut self.places, |reached, index| {
            if next != Some(reached.place) {
                runs.push(index);
            }
            next = Some(reached.place + 1);
            let stack = deck.stacks[reached.place as usize];
            *cards += (stack.end - stack.first) as usize;
        })?;
        self.priced = false;
        self.outwards.clear();
        self.near.clear();
        self.ends.clear();
        self.all = false;
        self.key = Some(key);
        Ok(())
    }

    /// Counts the points of places, which only a crowd asks for.
    fn price(&mut self, pool: &Pool<'_>) {
        if self.priced {
            return;
        }
        let radius_m = self.key().1;
        for place in &mut self.places {
            place.points = distance_points(&pool.context.parameters.weights, place.metres, radius_m);
        }
        self.priced = true;
    }

    fn key(&self) -> Key {
        self.key.expect("a scan is at a place")
    }
}

/// Places that follow upon each other without a gap, and where such runs begin among some places.
fn runs<'p>(places: &'p [Reached], starts: &'p [u32]) -> impl Iterator<Item = &'p [Reached]> {
    let ends = starts
        .iter()
        .skip(1)
        .map(|end| *end as usize)
        .chain([places.len()]);
    starts
        .iter()
        .zip(ends)
        .map(|(start, end)| &places[*start as usize..end])
}

impl Pool<'_> {
    /// Who of some cards can come to `key`, with the points for distance. They live at places that follow
    /// upon each other, which are told as `run`.
    #[inline]
    fn gather(&self, key: Key, run: &[Reached], cards: &[Card], near: &mut Nears) {
        let weights = &self.context.parameters.weights;
        let own_office_only = self.context.parameters.own_office_only;
        let Some(first) = run.first() else { return };
        let room = near.room_for(cards.len());
        let mut end = 0;
        for card in cards {
            let metres = run[(card.place - first.place) as usize].metres;
            // written in any case: a branch that goes either way costs more
            room[end] = Near {
                card: *card,
                points: distance_points(weights, metres, key.1.min(card.travel_m)) + card.fixed,
            };
            let comes = metres <= card.travel_m
                && (!own_office_only || self.sheets[card.number as usize].office == key.2);
            end += usize::from(comes);
        }
        near.len += end;
    }

    /// How far an expert lives from a case's centre, for the few who are asked about one by one.
    #[cold]
    fn metres(&self, question: &Question<'_>, card: &Card) -> u32 {
        let number = card.number;
        let place = self.places.partition_point(|place| place.end <= number);
        let center = spot(question.case.postal_code).expect("a scan is at a place");
        center.distance_m(&self.places[place].spot)
    }

    /// Takes those of some experts who pass the rules and are not below the floor.
    fn look(&self, question: &Question<'_>, near: &[Near], found: &mut impl Find) {
        let mut kept = [(0, 0); CHUNK];
        for chunk in near.chunks(CHUNK) {
            let floor = found.floor();
            let mut count = 0;
            for near in chunk {
                let card = &near.card;
                let sum = question.sum(near) + question.occupation(self, card);
                // written in any case: a branch that goes either way costs more
                let passes = question.passes(card);
                kept[count] = (card.number, sum);
                count += usize::from((sum >= floor) & passes);
                let doubtful = question.may_pass(card) && !passes && sum >= floor;
                if doubtful {
                    let score = question.score_by_sheet(self, || self.metres(question, card), card, sum);
                    if let Some(score) = score.filter(|score| *score >= floor) {
                        kept[count] = (card.number, score);
                        count += 1;
                    }
                }
            }
            found.take(&kept[..count]);
        }
    }

    /// The same where few are expected to pass: most are passed over without a look at their card. Only
    /// those are looked at who are `wanted` by their card and the points for their occupations, which are
    /// at most those of `occupations`.
    #[inline]
    fn look_first(
        &self,
        question: &Question<'_>,
        near: &[Near],
        occupations: impl Fn(&Near) -> i32,
        wanted: impl Fn(&Card, i32) -> bool,
        found: &mut impl Find,
    ) {
        let mut kept = [0; CHUNK];
        let mut taken = [(0, 0); CHUNK];
        for chunk in near.chunks(CHUNK) {
            let floor = found.floor();
            let mut count = 0;
            for (near, index) in chunk.iter().zip(0_u8..) {
                kept[count] = index;
                count += usize::from(question.sum(near) + occupations(near) >= floor);
            }
            let mut passed = 0;
            for index in &kept[..count] {
                let near = &chunk[usize::from(*index)];
                let card = &near.card;
                let occupation = question.occupation(self, card);
                let sum = question.sum(near) + occupation;
                let stays = sum >= floor && wanted(card, occupation);
                let passes = question.passes(card);
                taken[passed] = (card.number, sum);
                passed += usize::from(stays & passes);
                let doubtful = question.may_pass(card) && !passes && stays;
                if doubtful {
                    let score = question.score_by_sheet(self, || self.metres(question, card), card, sum);
                    if let Some(score) = score.filter(|score| *score >= floor) {
                        taken[passed] = (card.number, score);
                        passed += 1;
                    }
                }
            }
            found.take(&taken[..passed]);
        }
    }

    /// A floor above which so many of a sample are that more than enough of the whole may be expected to be
    /// there, where `expected` of the sample would be just enough. The sample is one of every `step`.
    fn guess(&self, question: &Question<'_>, near: &[Near], step: usize, expected: usize) -> Option<i32> {
        let mut scores = [0; SAMPLE];
        let mut count = 0;
        for near in near.iter().step_by(step) {
            let card = &near.card;
            scores[count] = question.sum(near) + question.occupation(self, card);
            count += usize::from(question.passes(card));
        }
        // two standard deviations more than would be expected
        let rank = expected + 2 * expected.isqrt() + 1;
        let (_, floor, _) = scores
            .get_mut(..count)
            .filter(|scores| rank < scores.len())?
            .select_nth_unstable_by_key(rank, |score| std::cmp::Reverse(*score));
        Some(*floor)
    }

    /// Finds those of a case; `most` is how many are looked for. Whether they come by rising number.
    pub(super) fn scan(
        &self,
        deck: &Deck,
        question: &Question<'_>,
        around: &mut Around,
        most: usize,
        found: &mut impl Find,
    ) -> bool {
        let key = around.key();
        if around.cards / CROWD < most {
            if !around.all {
                around.near.clear();
                around.outwards.clear();
                for run in runs(&around.places, &around.runs) {
                    let first = deck.stacks[run[0].place as usize].first;
                    let end = deck.stacks[run[run.len() - 1].place as usize].end;
                    self.gather(key, run, deck.between(first..end), &mut around.near);
                }
                around.all = true;
            }
            let near = &around.near;
            let guess = found
                .most()
                .filter(|most| near.len() / MANY >= *most)
                .and_then(|most| {
                    let step = near.len().div_ceil(SAMPLE);
                    self.guess(question, near, step, most.div_ceil(step))
                });
            if let Some(floor) = guess {
                found.guess(floor);
                self.look_first(question, near, |near| question.most_for(near), |_, _| true, found);
                if !found.begin_again() {
                    return true;
                }
            }
            self.look(question, near, found);
            return true;
        }
        let guess = found.most().and_then(|most| {
            let step = around.cards.div_ceil(SAMPLE);
            let mut near = Nears::default();
            let mut skipped = 0;
            for run in runs(&around.places, &around.runs) {
                let first = deck.stacks[run[0].place as usize].first;
                let end = deck.stacks[run[run.len() - 1].place as usize].end;
                let mut card = first + skipped as u32;
                while card < end {
                    self.gather(key, run, deck.between(card..card + 1), &mut near);
                    card += step as u32;
                }
                skipped = (card - end) as usize;
            }
            self.guess(question, &near, 1, most.div_ceil(step))
        });
        if let Some(floor) = guess {
            found.guess(floor);
            self.scan_crowd(deck, question, around, found);
            if !found.begin_again() {
                return false;
            }
        }
        self.scan_crowd(deck, question, around, found);
        false
    }

    /// The same where a row holds few of those around: first those whose occupations are wanted, found by
    /// their field, which raises the floor, then the others from the nearest place outwards.
    fn scan_crowd(&self, deck: &Deck, question: &Question<'_>, around: &mut Around, found: &mut impl Find) {
        let key = around.key();
        around.price(self);
        let mut near = Nears::default();
        let mut kept = [0; CHUNK];
        for reached in &around.places {
            let stack = deck.stacks[reached.place as usize];
            if stack.odd_end > stack.first {
                let reached = std::slice::from_ref(reached);
                self.gather(key, reached, deck.between(stack.first..stack.odd_end), &mut near);
            }
        }
        self.look(question, &near, found);
        for (field, place_of_field) in question.fields.iter().zip(1..) {
            let Some(cards) = deck.of_field(self, *field) else {
                continue;
            };
            near.clear();
            let wanted = |card: &Card, occupation| {
                occupation > question.outside_fields && question.is_first_field(self, card, place_of_field)
            };
            for run in runs(&around.places, &around.runs) {
                let first = run[0].place;
                let cards = cards.between(first..first + run.len() as u32);
                for chunk in cards.chunks(CHUNK) {
                    let floor = found.floor();
                    let mut count = 0;
                    for (card, index) in chunk.iter().zip(0_u8..) {
                        let reached = &run[(card.place - first) as usize];
                        let most = reached.points + card.fixed + question.besides(card);
                        kept[count] = index;
                        count += usize::from(
                            most + question.occupation(self, card) >= floor
                                && reached.metres <= card.travel_m,
                        );
                    }
                    for index in &kept[..count] {
                        let card = std::slice::from_ref(&chunk[usize::from(*index)]);
                        self.gather(key, run, card, &mut near);
                    }
                    if near.len() >= CHUNK {
                        self.look_first(question, &near, |_| question.most_occupation, wanted, found);
                        near.clear();
                    }
                }
            }
            self.look_first(question, &near, |_| question.most_occupation, wanted, found);
        }
        if around.outwards.is_empty() {
            around.outwards.extend_from_slice(&around.places);
            around.outwards.sort_unstable();
            around.near.clear();
            around.ends.clear();
            around.all = false;
        }
        let outside = question.outside_fields;
        let besides = deck.most_fixed + question.waiting() + question.most + outside;
        let wanted = |_: &Card, occupation| occupation <= outside;
        let (mut from, mut until) = (0, 0);
        for (index, reached) in around.outwards.iter().enumerate() {
            // nobody farther away has more points for distance
            if reached.points + besides < found.floor() {
                break;
            }
            if around.ends.len() == index {
                let stack = deck.stacks[reached.place as usize];
                let cards = deck.between(stack.odd_end..stack.end);
                self.gather(key, std::slice::from_ref(reached), cards, &mut around.near);
                around.ends.push(around.near.len() as u32);
            }
            until = around.ends[index] as usize;
            if until - from >= CHUNK {
                self.look_first(question, &around.near[from..until], |_| outside, wanted, found);
                from = until;
            }
        }
        self.look_first(question, &around.near[from..until], |_| outside, wanted, found);
    }
}
