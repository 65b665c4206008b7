//! The experts around a place, and the looks at them for one case.

use std::borrow::Cow;

use super::Pool;
use super::around::{Reached, spot};
use super::best::Find;
use super::deck::{Card, Deck};
use super::near::{Hint, Hints, Key, Near, Reused};
use super::question::Question;
use crate::postal_codes::{Atlas, Neighbourhood, UnknownPostalCode};

/// So many are looked at before the floor is asked for again.
pub(super) const CHUNK: usize = 128;
/// Where there are so many times as many around a place as a row holds, they are not all looked at.
const CROWD: usize = 32;
/// Where there are so many times as many, most are passed over by what little a hint says.
const MANY: usize = 4;
/// So many are in a sample at most.
const SAMPLE: usize = 256;

/// The experts around one place; its memory is used again for the next one.
#[derive(Debug, Default)]
pub(super) struct Around {
    key: Option<Key>,
    made: Made,
    neighbourhood: Cow<'static, Neighbourhood>,
    /// How many cards there are.
    cards: usize,
    /// Who comes, as they lie.
    near: Reused<Near>,
    /// The same as hints.
    hints: Hints,
    /// Some of them.
    sample: Reused<Near>,
    /// The places within the radius where somebody lives, as they lie.
    pub(super) places: Vec<Reached>,
    /// The same, nearest first.
    pub(super) outwards: Vec<Reached>,
    /// Who comes from the nearest so many.
    pub(super) outer: Hints,
    /// Where those of each place end.
    pub(super) ends: Vec<u32>,
}

/// What of it was asked for at this place.
#[derive(Debug, Clone, Copy, Default)]
struct Made {
    near: bool,
    hints: bool,
    sample: bool,
    outwards: bool,
}

impl Around {
    /// Comes to a place, and stays where it is the same as before.
    pub(super) fn go(&mut self, deck: &Deck, key: Key) -> Result<(), UnknownPostalCode> {
        if self.key == Some(key) {
            return Ok(());
        }
        self.key = None;
        self.made = Made::default();
        let atlas = Atlas::builtin();
        self.neighbourhood = atlas.neighbourhood(atlas.rank(key.0)?, key.1 * 1000);
        self.cards = self.neighbourhood.runs().map(|run| deck.of_run(run).len()).sum();
        self.key = Some(key);
        Ok(())
    }

    pub(super) fn key(&self) -> Key {
        self.key.expect("a scan is at a place")
    }

    fn need_near(&mut self, pool: &Pool<'_>, deck: &Deck) {
        if !self.made.near {
            self.near.clear();
            for run in self.neighbourhood.runs() {
                let cards = deck.between(deck.of_run(run));
                pool.gather(self.key(), run, cards, &mut self.near);
            }
            self.made.near = true;
        }
    }

    fn need_hints(&mut self, pool: &Pool<'_>, deck: &Deck) {
        if !self.made.hints {
            self.hints.clear();
            for run in self.neighbourhood.runs() {
                pool.gather_hints(self.key(), run, deck, deck.of_run(run), &mut self.hints);
            }
            self.made.hints = true;
        }
    }

    fn need_sample(&mut self, pool: &Pool<'_>, deck: &Deck) {
        if !self.made.sample {
            self.sample.clear();
            let step = self.step() as u32;
            let mut skipped = 0;
            for run in self.neighbourhood.runs() {
                let cards = deck.of_run(run);
                let mut card = cards.start + skipped;
                while card < cards.end {
                    pool.gather(self.key(), run, deck.between(card..card + 1), &mut self.sample);
                    card += step;
                }
                skipped = card - cards.end;
            }
            self.made.sample = true;
        }
    }

    /// One of so many is in the sample.
    fn step(&self) -> usize {
        self.cards.div_ceil(SAMPLE)
    }

    /// Makes ready to look at a crowd.
    pub(super) fn need_outwards(&mut self, pool: &Pool<'_>) {
        if !self.made.outwards {
            let key = self.key();
            pool.around(key.0, key.1 * 1000, &mut self.places)
                .expect("it has come here");
            pool.price(key, &mut self.places);
            self.outwards.clear();
            self.outwards.extend_from_slice(&self.places);
            self.outwards.sort_unstable();
            self.outer.clear();
            self.ends.clear();
            self.made.outwards = true;
        }
    }
}

impl Pool<'_> {
    /// How far an expert lives from a case's centre, for the few who are asked about one by one.
    #[cold]
    fn metres(&self, question: &Question<'_>, card: &Card) -> u32 {
        let number = card.number;
        let rank = self.places.partition_point(|place| place.end <= number);
        let center = spot(question.case.postal_code).expect("a scan is at a place");
        center.distance_m(&Atlas::builtin().spot(rank as u16))
    }

    /// The number and the score of somebody whose sum is not below the floor; who is turned down is told
    /// with false.
    #[inline]
    pub(super) fn judge(
        &self,
        question: &Question<'_>,
        card: &Card,
        sum: i32,
        floor: i32,
    ) -> ((u32, i32), bool) {
        let passes = question.passes(card);
        let likely = sum >= floor;
        // the rarest first: a branch that goes either way costs more
        if question.may_pass(card) && !passes && likely {
            let score = question.score_by_sheet(self, || self.metres(question, card), card, sum);
            let score = score.filter(|score| *score >= floor);
            return ((card.number, score.unwrap_or_default()), score.is_some());
        }
        ((card.number, sum), passes & likely)
    }

    /// Takes those of some experts who pass the rules and are not below the floor.
    pub(super) fn look(&self, question: &Question<'_>, near: &[Near], found: &mut impl Find) {
        let mut taken = [(0, 0); CHUNK];
        for chunk in near.chunks(CHUNK) {
            let floor = found.floor();
            let mut count = 0;
            for near in chunk {
                let card = &near.card;
                let sum = near.points
                    + question.besides(card.areas, card.languages)
                    + question.occupation(self, card);
                // written in any case: a branch that goes either way costs more
                let (pair, taken_in) = self.judge(question, card, sum, floor);
                taken[count] = pair;
                count += usize::from(taken_in);
            }
            found.take(&taken[..count]);
        }
    }

    /// The same where few are expected to pass: most are passed over by their hint. Only those are taken
    /// who are `wanted` by the points for their occupations.
    #[inline]
    pub(super) fn look_first(
        &self,
        question: &Question<'_>,
        deck: &Deck,
        (hints, cards): (&[Hint], &[u32]),
        wanted: impl Fn(i32) -> bool,
        found: &mut impl Find,
    ) {
        let mut kept = [0_u8; CHUNK];
        let mut taken = [(0, 0); CHUNK];
        for (hints, cards) in hints.chunks(CHUNK).zip(cards.chunks(CHUNK)) {
            let floor = found.floor();
            let mut count = 0;
            for (hint, index) in hints.iter().zip(0..) {
                let sum = hint.points + question.besides(hint.areas, hint.languages);
                // the remainder is the same, and known to be in bounds
                kept[count % CHUNK] = index;
                count += usize::from(sum + question.occupation_at_most(hint.slots) >= floor);
            }
            let mut passed = 0;
            for index in &kept[..count] {
                let hint = &hints[usize::from(*index)];
                let card = &deck.cards[cards[usize::from(*index)] as usize];
                let sum = hint.points + question.besides(hint.areas, hint.languages);
                let occupation = question.occupation(self, card);
                let (pair, taken_in) = self.judge(question, card, sum + occupation, floor);
                taken[passed] = pair;
                passed += usize::from(taken_in & wanted(occupation));
            }
            found.take(&taken[..passed]);
        }
    }

    /// A floor above which so many of a sample are that more than enough of the whole may be expected to be
    /// there, where `expected` of the sample would be just enough.
    fn guess(&self, question: &Question<'_>, sample: &[Near], expected: usize) -> Option<i32> {
        let mut scores = [0; SAMPLE];
        let mut count = 0;
        for near in sample {
            let card = &near.card;
            scores[count] =
                near.points + question.besides(card.areas, card.languages) + question.occupation(self, card);
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
        if around.cards / MANY < most {
            around.need_near(self, deck);
            self.look(question, &around.near, found);
            return true;
        }
        let crowd = around.cards / CROWD >= most;
        let guess = found.most().and_then(|most| {
            around.need_sample(self, deck);
            self.guess(question, &around.sample, most.div_ceil(around.step()))
        });
        let find = |around: &mut Around, found: &mut _| {
            if crowd {
                self.scan_crowd(deck, question, around, found);
            } else {
                around.need_hints(self, deck);
                self.look_first(question, deck, around.hints.all(), |_| true, found);
            }
        };
        if let Some(floor) = guess {
            found.guess(floor);
            find(around, found);
            if !found.begin_again() {
                return !crowd;
            }
        }
        find(around, found);
        !crowd
    }
}
