//! Where a row holds few of those around: first those whose occupations are wanted, found by their field,
//! which raises the floor, then the others from the nearest place outwards.

use std::slice;

use super::Pool;
use super::best::Find;
use super::deck::Deck;
use super::groups::Groups;
use super::near::Reused;
use super::question::{Field, Question};
use super::scan::{Around, CHUNK};

/// Who is left over after a glance: the index of the code by which they were found, that of the place, and the
/// sum without the points for distance.
type Glanced = (u32, u32, i32);

impl Pool<'_> {
    /// Finds those of a case.
    pub(super) fn scan_crowd(
        &self,
        deck: &Deck,
        question: &Question<'_>,
        around: &mut Around,
        found: &mut impl Find,
    ) {
        around.need_outwards(self);
        self.look_at_odd(deck, question, around, found);
        let groups = deck.groups(self);
        for field in &question.fields {
            self.look_at_field((deck, groups), question, around, field, found);
        }
        self.look_outwards(deck, question, around, found);
    }

    /// Those about whom a card says nothing.
    fn look_at_odd(&self, deck: &Deck, question: &Question<'_>, around: &Around, found: &mut impl Find) {
        let mut near = Reused::default();
        for reached in &around.places {
            let stack = deck.stacks[usize::from(reached.place)];
            if stack.odd_end > stack.first {
                let odd = deck.between(stack.first..stack.odd_end);
                self.gather(around.key(), reached.alone(), odd, &mut near);
            }
        }
        self.look(question, &near, found);
    }

    /// Those who have a code of a field for which they have more points than for any other, and than somebody
    /// from outside the wanted fields could have: near by all of them, farther away those of the groups of the
    /// targets, as far as somebody could still come in.
    fn look_at_field(
        &self,
        (deck, groups): (&Deck, &Groups),
        question: &Question<'_>,
        around: &Around,
        field: &Field,
        found: &mut impl Find,
    ) {
        if field.most <= question.outside_fields {
            return;
        }
        // less than a chunk waits when the next one is looked at
        let mut glanced = [(0, 0, 0); 2 * CHUNK];
        let mut count = 0;
        let besides = deck.most_fixed + question.waiting() + question.most;
        let outside = question.outside_fields;
        let mut floor = found.floor();
        let all = 0..field.groups.end - field.groups.start;
        let of_field = groups.of_field(&field.groups);
        for (reached, index) in around.places.iter().zip(0..) {
            let most = reached.points + besides;
            if most + field.most < floor {
                continue;
            }
            let wide = most + field.apart >= floor;
            let wanted = if wide { slice::from_ref(&all) } else { field.near() };
            for some in wanted {
                for (coded, first) in of_field.at(reached.place, some, CHUNK) {
                    for (coded, at) in coded.iter().zip(first..) {
                        let (own, is_best) = question.by_code(coded);
                        let sum = question.besides(coded.areas, coded.languages) + own;
                        let high = sum + i32::from(coded.fixed) + reached.points >= floor;
                        let inside = own > outside;
                        // written in any case: a branch that goes either way costs more
                        glanced[count] = (at, index, sum);
                        count += usize::from(high & inside & is_best);
                    }
                    if count >= CHUNK {
                        self.look_at_glanced((deck, groups), question, around, &glanced[..count], found);
                        floor = found.floor();
                        count = 0;
                    }
                }
            }
        }
        self.look_at_glanced((deck, groups), question, around, &glanced[..count], found);
    }

    fn look_at_glanced(
        &self,
        (deck, groups): (&Deck, &Groups),
        question: &Question<'_>,
        around: &Around,
        glanced: &[Glanced],
        found: &mut impl Find,
    ) {
        let floor = found.floor();
        let mut taken = [(0, 0); 2 * CHUNK];
        let mut count = 0;
        for (at, index, sum) in glanced {
            let coded = groups.coded(*at);
            let card = &deck.cards[coded.card as usize];
            let reached = &around.places[*index as usize];
            // asked of everybody: a branch that goes either way costs more
            let comes = self.comes(around.key(), reached.metres, card);
            let sum = self.shared_points(around.key(), reached.metres, card) + sum;
            let (pair, taken_in) = self.judge(question, card, sum, floor);
            taken[count] = pair;
            let is_best = !card.has_more() || question.is_best(self, card, coded.own);
            count += usize::from(taken_in & comes & is_best);
        }
        found.take(&taken[..count]);
    }

    /// The others, as far as somebody could still come in.
    fn look_outwards(
        &self,
        deck: &Deck,
        question: &Question<'_>,
        around: &mut Around,
        found: &mut impl Find,
    ) {
        let key = around.key();
        let outside = question.outside_fields;
        let besides = deck.most_fixed + question.waiting() + question.most + outside;
        let wanted = |occupation| occupation <= outside;
        let (mut from, mut until) = (0, 0);
        for (index, reached) in around.outwards.iter().enumerate() {
            // nobody farther away has more points for distance
            if reached.points + besides < found.floor() {
                break;
            }
            if around.ends.len() == index {
                let stack = deck.stacks[usize::from(reached.place)];
                let cards = stack.odd_end..stack.end;
                self.gather_hints(key, reached.alone(), deck, cards, &mut around.outer);
                around.ends.push(around.outer.len() as u32);
            }
            until = around.ends[index] as usize;
            if until - from >= CHUNK {
                let hints = around.outer.between(from..until);
                self.look_first(question, deck, hints, wanted, found);
                from = until;
            }
        }
        let hints = around.outer.between(from..until);
        self.look_first(question, deck, hints, wanted, found);
    }
}
