//! Who can come to a place, on two kinds of card.

use std::ops::{Deref, Range};

use super::Pool;
use super::around::Reached;
use super::deck::{Card, Deck};
use crate::postal_codes::{PostalCode, Run};

/// What cases share who have the same experts around them: the place, the radius in kilometres, and the office
/// where each keeps to its own experts.
pub(super) type Key = (PostalCode, u32, u32);

/// An expert within reach, and the points that all cases of the place share.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Near {
    pub(super) card: Card,
    pub(super) points: i32,
}

/// The little of it that most are passed over by: where there are thousands around a place, reading them
/// is what takes the time.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Hint {
    pub(super) points: i32,
    pub(super) languages: u32,
    pub(super) slots: [u16; 2],
    pub(super) areas: u8,
}

/// A list in memory that is used again: it can be written behind its end, and some of that kept.
#[derive(Debug)]
pub(super) struct Reused<T> {
    room: Vec<T>,
    len: usize,
}

impl<T> Default for Reused<T> {
    fn default() -> Self {
        Self {
            room: Vec::new(),
            len: 0,
        }
    }
}

impl<T: Copy + Default> Reused<T> {
    pub(super) fn clear(&mut self) {
        self.len = 0;
    }

    /// Room for so many more behind the end.
    fn room_for(&mut self, more: usize) -> &mut [T] {
        let end = self.len + more;
        if self.room.len() < end {
            self.room.resize(end.next_power_of_two(), T::default());
        }
        &mut self.room[self.len..end]
    }

    /// Keeps so many of those that were written behind the end.
    fn keep(&mut self, more: usize) {
        self.len += more;
    }
}

impl<T> Deref for Reused<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.room[..self.len]
    }
}

/// Hints, and for each the index of its card in the deck.
#[derive(Debug, Default)]
pub(super) struct Hints {
    hints: Reused<Hint>,
    cards: Reused<u32>,
}

impl Hints {
    pub(super) fn clear(&mut self) {
        self.hints.clear();
        self.cards.clear();
    }

    pub(super) fn len(&self) -> usize {
        self.cards.len()
    }

    pub(super) fn between(&self, some: Range<usize>) -> (&[Hint], &[u32]) {
        (&self.hints[some.clone()], &self.cards[some])
    }

    pub(super) fn all(&self) -> (&[Hint], &[u32]) {
        (&self.hints, &self.cards)
    }
}

impl Pool<'_> {
    /// Whether an expert can come to `key` so many metres away.
    #[inline]
    pub(super) fn comes(&self, key: Key, metres: u32, card: &Card) -> bool {
        let own_office_only = self.context.parameters.own_office_only;
        let near = metres <= key.1.min(card.travel_km.into()) * 1000;
        let by_office = !own_office_only || self.sheets[card.number as usize].office == key.2;
        // a branch that goes either way costs more
        near & by_office
    }

    /// The points that all cases at `key` share, of who comes there.
    #[inline]
    pub(super) fn shared_points(&self, key: Key, metres: u32, card: &Card) -> i32 {
        let reach_km = key.1.min(card.travel_km.into());
        self.distance_points.of(metres, reach_km) + card.fixed
    }

    /// Who of some cards can come to `key`. They live at the places of a run.
    #[inline]
    pub(super) fn gather(&self, key: Key, run: Run<'_>, cards: &[Card], near: &mut Reused<Near>) {
        let room = near.room_for(cards.len());
        let mut end = 0;
        for card in cards {
            let metres = run.metres_of(card.place);
            // written in any case: a branch that goes either way costs more
            room[end] = Near {
                card: *card,
                points: self.shared_points(key, metres, card),
            };
            end += usize::from(self.comes(key, metres, card));
        }
        near.keep(end);
    }

    /// The same as hints.
    #[inline]
    pub(super) fn gather_hints(
        &self,
        key: Key,
        run: Run<'_>,
        deck: &Deck,
        cards: Range<u32>,
        near: &mut Hints,
    ) {
        let hints = near.hints.room_for(cards.len());
        let indexes = near.cards.room_for(cards.len());
        let mut end = 0;
        for (card, index) in deck.between(cards.clone()).iter().zip(cards) {
            let metres = run.metres_of(card.place);
            hints[end] = Hint {
                points: self.shared_points(key, metres, card),
                languages: card.languages,
                slots: card.slots,
                areas: card.areas,
            };
            indexes[end] = index;
            end += usize::from(self.comes(key, metres, card));
        }
        near.hints.keep(end);
        near.cards.keep(end);
    }

    /// Counts the points of places.
    pub(super) fn price(&self, key: Key, places: &mut [Reached]) {
        for place in places {
            place.points = self.distance_points.of(place.metres, key.1);
        }
    }
}
