//! Where a row holds few of those around: first those whose occupations are wanted, found by their field,
//! which raises the floor, then the others from the nearest place outwards.

use super::Pool;
use super::best::Find;
use super::deck::{Deck, OfField};
use super::near::Reused;
use super::question::Question;
use super::scan::{Around, CHUNK};

/// Who is left over of a field after a glance: the index of the card, and that of the place.
type Glanced = (u32, u32);

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
        for (field, place) in question.fields.iter().zip(1..) {
            if let Some(cards) = deck.of_field(self, *field) {
                self.look_at_field(deck, question, around, (cards, place), found);
            }
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

    /// Those who have a code of a field, the `place`-th of the case's, and of none before it, and more
    /// points for it than somebody from another field could have.
    fn look_at_field(
        &self,
        deck: &Deck,
        question: &Question<'_>,
        around: &Around,
        (of_field, place): (OfField<'_>, u8),
        found: &mut impl Find,
    ) {
        // less than a chunk waits when the next one is looked at
        let mut glanced = [(0, 0); 2 * CHUNK];
        let mut count = 0;
        let outside = question.outside_fields;
        let mut floor = found.floor();
        for (reached, index) in around.places.iter().zip(0..) {
            let shared = reached.points + deck.most_fixed;
            for (glances, first) in of_field.at(reached.place, CHUNK) {
                for (glance, card) in glances.iter().zip(first..) {
                    let occupation = question.occupation_at_most(glance.slots);
                    let sum = shared + question.besides_at_most(glance.areas, glance.languages) + occupation;
                    // written in any case: a branch that goes either way costs more
                    glanced[count] = (card, index);
                    let (high, inside) = (sum >= floor, occupation > outside);
                    count += usize::from(high & inside);
                }
                if count >= CHUNK {
                    self.look_at_glanced(question, around, (of_field, place), &glanced[..count], found);
                    floor = found.floor();
                    count = 0;
                }
            }
        }
        self.look_at_glanced(question, around, (of_field, place), &glanced[..count], found);
    }

    fn look_at_glanced(
        &self,
        question: &Question<'_>,
        around: &Around,
        (of_field, place): (OfField<'_>, u8),
        glanced: &[Glanced],
        found: &mut impl Find,
    ) {
        let floor = found.floor();
        let mut taken = [(0, 0); 2 * CHUNK];
        let mut count = 0;
        for (card, index) in glanced {
            let card = of_field.card(*card);
            let reached = &around.places[*index as usize];
            let occupation = question.occupation(self, card);
            let besides = question.besides(card.areas, card.languages) + occupation;
            // asked of everybody: a branch that goes either way costs more
            let comes = self.comes(around.key(), reached.metres, card);
            let sum = self.shared_points(around.key(), reached.metres, card) + besides;
            let (pair, taken_in) = self.judge(question, card, sum, floor);
            taken[count] = pair;
            let wanted = occupation > question.outside_fields && question.is_first_field(self, card, place);
            count += usize::from(taken_in & comes & wanted);
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
