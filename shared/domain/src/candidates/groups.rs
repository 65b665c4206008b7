//! Who of each place has a code of each occupational group (the first three digits of KldB 2010), by which
//! those are found whose occupations are wanted.
//!
//! Somebody stands here once for each code. Who has several codes that are wanted is taken by the best one.

use std::ops::Range;

use super::Pool;
use super::deck::{Card, Deck};
use super::dictionary::NO_GROUP;
use crate::scores::MOST_WEIGHT;

/// Points that no case changes are those of two weights, and fit into [`Coded`].
const _: () = assert!(2 * MOST_WEIGHT <= u16::MAX as i32);

/// An expert by one of their codes, with the little that most are passed over by.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Coded {
    /// The slot of the code.
    pub(super) own: u16,
    /// The slot of the other code, where there are two.
    pub(super) other: u16,
    pub(super) languages: u32,
    /// The index of the card.
    pub(super) card: u32,
    /// Points that no case changes.
    pub(super) fixed: u16,
    pub(super) areas: u8,
}

/// All who are not odd, by the fields of their codes, in each by place, and there by the groups of the codes: so
/// lie together whom cases of neighbouring places look at.
#[derive(Debug)]
pub(super) struct Groups {
    /// Where those of each group of a field begin, place by place, field by field; and where the last ones end.
    offsets: Vec<u32>,
    coded: Vec<Coded>,
    places: usize,
}

impl Groups {
    pub(super) fn new(pool: &Pool<'_>, deck: &Deck) -> Self {
        let dictionary = &pool.dictionary;
        let places = deck.stacks.len();
        let each = |see: &mut dyn FnMut(usize, Coded)| {
            for (place, stack) in deck.stacks.iter().enumerate() {
                for (card, index) in deck.between(stack.odd_end..stack.end).iter().zip(stack.odd_end..) {
                    for (group, coded) in codes(pool, card, index) {
                        let field = &dictionary.fields[usize::from(group)];
                        let of_place = start(field, places) + place * field.len();
                        see(of_place + usize::from(group - field.start), coded);
                    }
                }
            }
        };
        let mut offsets = vec![0_u32; dictionary.groups() * places + 1];
        each(&mut |at, _| offsets[at + 1] += 1);
        for at in 1..offsets.len() {
            offsets[at] += offsets[at - 1];
        }
        let mut coded = vec![Coded::default(); offsets[offsets.len() - 1] as usize];
        let mut next = offsets.clone();
        each(&mut |at, one| {
            coded[next[at] as usize] = one;
            next[at] += 1;
        });
        Self {
            offsets,
            coded,
            places,
        }
    }

    /// Those of the groups of a field.
    pub(super) fn of_field(&self, groups: &Range<u16>) -> OfField<'_> {
        OfField {
            offsets: &self.offsets[start(groups, self.places)..],
            groups: groups.len(),
            coded: &self.coded,
        }
    }

    #[inline]
    pub(super) fn coded(&self, index: u32) -> &Coded {
        &self.coded[index as usize]
    }
}

/// What stands of an expert, each with the group; the index is that of the card.
fn codes(pool: &Pool<'_>, card: &Card, index: u32) -> impl Iterator<Item = (u16, Coded)> {
    let dictionary = &pool.dictionary;
    let nothing = 2 * dictionary.codes.len() as u16;
    let slots = &pool.sheets[card.number as usize].occupations;
    let once = slots
        .iter()
        .enumerate()
        .filter(|(at, own)| !slots[..*at].contains(own));
    let coded = once.map(move |(at, own)| Coded {
        own: *own,
        other: if card.has_more() {
            nothing
        } else {
            slots[1 - at.min(1)]
        },
        languages: card.languages,
        card: index,
        fixed: u16::try_from(card.fixed).unwrap_or(u16::MAX),
        areas: card.areas,
    });
    let grouped = coded.map(|coded| (dictionary.group_of[usize::from(coded.own)], coded));
    grouped.filter(|(group, _)| *group != NO_GROUP)
}

/// Where the offsets of a field's groups begin.
fn start(groups: &Range<u16>, places: usize) -> usize {
    usize::from(groups.start) * places
}

/// Those who have a code of one field.
#[derive(Debug, Clone, Copy)]
pub(super) struct OfField<'d> {
    offsets: &'d [u32],
    groups: usize,
    coded: &'d [Coded],
}

impl<'d> OfField<'d> {
    /// Those of some of the field's groups who live at a place, at most so many at once, with the index of the
    /// first of each lot.
    #[inline]
    pub(super) fn at(
        self,
        place: u16,
        groups: &Range<u16>,
        most: usize,
    ) -> impl Iterator<Item = (&'d [Coded], u32)> + use<'d> {
        let row = usize::from(place) * self.groups;
        let [from, until] = [groups.start, groups.end].map(|group| self.offsets[row + usize::from(group)]);
        let coded = &self.coded[from as usize..until as usize];
        coded.chunks(most).zip((from..).step_by(most))
    }
}
