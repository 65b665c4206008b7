//! The experts who may be candidates for some case of a question, on cards that are small enough to be
//! looked at by the million.

use std::ops::Range;
use std::sync::OnceLock;

use super::Pool;
use super::sheet::{Days, FIELDS, Sheet};
use crate::checks::CheckKind;
use crate::postal_codes::Run;

/// Fixed points that no true ones come to: who has them is never passed over.
const NEVER_PASSED_OVER: i32 = 1 << 28;

/// Stands for the slots of somebody who has more than a card holds.
pub(super) const ANY_SLOT: u16 = u16::MAX;

/// An expert on a card: what most questions ask. Whatever a card cannot say stands in the sheet.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Card {
    /// The slots of all occupations; [`ANY_SLOT`] where there are more than two.
    pub(super) slots: [u16; 2],
    pub(super) languages: u32,
    /// Points that no case changes.
    pub(super) fixed: i32,
    pub(super) travel_km: u16,
    /// The expert's number.
    pub(super) number: u32,
    /// The rank of the place.
    pub(super) place: u16,
    /// By the kind of check, until which day of the starts nothing is missing.
    ready_for: [u16; 2],
    pub(super) areas: u8,
    gender: u8,
    /// Whether only the sheet can say whether the expert is ready.
    pub(super) unsure: bool,
}

/// What a case asks of a card.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Asked {
    kind: usize,
    /// The start, as [`Days::after_first`] counts.
    day: u16,
    /// Every bit where any gender will do.
    genders: u8,
}

impl Asked {
    pub(super) fn new(kind: CheckKind, day: u16, gender: u8) -> Self {
        Self {
            kind: kind as usize,
            day,
            genders: if gender == 0 { u8::MAX } else { 1 << gender },
        }
    }
}

/// The cards of a place.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stack {
    pub(super) first: u32,
    /// Where those end who are odd.
    pub(super) odd_end: u32,
    pub(super) end: u32,
}

/// All cards, in the order of numbers.
#[derive(Debug)]
pub(super) struct Deck {
    pub(super) cards: Vec<Card>,
    /// By the rank of the place.
    pub(super) stacks: Vec<Stack>,
    /// The most fixed points of anybody who is not odd.
    pub(super) most_fixed: i32,
    fields: OnceLock<Fields>,
}

/// Who of each place has a code of each occupational field.
#[derive(Debug)]
struct Fields {
    /// For each field where its places begin in `offsets`; none for one that nobody has a code of.
    starts: Vec<Option<usize>>,
    /// Where the cards of each place begin, for each field, and where the last ones end.
    offsets: Vec<u32>,
    /// Copies, since those of one field lie far apart in the deck.
    cards: Vec<Card>,
    /// What most of them are passed over by.
    glances: Vec<Glance>,
}

/// The little of a card that is read of everybody who has a code of a field.
#[derive(Debug, Clone, Copy)]
pub(super) struct Glance {
    /// As [`Card::slots`].
    pub(super) slots: [u16; 2],
    /// Folded: several languages share a bit.
    pub(super) languages: u16,
    pub(super) areas: u8,
}

/// Half as many bits of languages.
pub(super) fn folded(languages: u32) -> u16 {
    languages as u16 | (languages >> 16) as u16
}

impl Deck {
    /// The cards of those with room who may be ready on one of these days.
    pub(super) fn new(pool: &Pool<'_>, starts: Days) -> Self {
        let mut deck = Self {
            cards: Vec::with_capacity(pool.sheets.len()),
            stacks: Vec::with_capacity(pool.places.len()),
            most_fixed: 0,
            fields: OnceLock::new(),
        };
        for (place, rank) in pool.places.iter().zip(0..) {
            let first = deck.cards.len() as u32;
            let mut odd_end = first;
            for number in place.first..place.with_room_end {
                let sheet = &pool.sheets[number as usize];
                // one look here instead of one for each case
                if !pool.context.parameters.admit_missing && !sheet.may_be_ready(starts) {
                    continue;
                }
                if sheet.odd {
                    odd_end += 1;
                } else {
                    deck.most_fixed = deck.most_fixed.max(sheet.fixed);
                }
                deck.cards.push(Card::new(number, rank, sheet, pool, starts));
            }
            deck.stacks.push(Stack {
                first,
                odd_end,
                end: deck.cards.len() as u32,
            });
        }
        deck
    }

    /// Some cards that follow upon each other.
    pub(super) fn between(&self, cards: Range<u32>) -> &[Card] {
        &self.cards[cards.start as usize..cards.end as usize]
    }

    /// The indexes of the cards of some places.
    pub(super) fn of_run(&self, run: Run<'_>) -> Range<u32> {
        let [first, last] = [run.first, run.last()].map(|rank| self.stacks[usize::from(rank)]);
        first.first..last.end
    }

    fn fields(&self, pool: &Pool<'_>) -> &Fields {
        self.fields.get_or_init(|| {
            let nothing = 2 * pool.dictionary.codes.len();
            let by_slot = &pool.dictionary.fields;
            let mut present = [false; FIELDS];
            for field in by_slot.iter().filter(|field| **field > 0) {
                present[usize::from(*field)] = true;
            }
            let width = self.stacks.len();
            let mut starts = vec![None; FIELDS];
            let present = (0..FIELDS).filter(|field| present[*field]);
            let count = present.zip(0..).fold(0, |_, (field, index)| {
                starts[field] = Some(index * width);
                index + 1
            });
            let each = |see: &mut dyn FnMut(usize, u32)| {
                for (place, stack) in self.stacks.iter().enumerate() {
                    for card in stack.first..stack.end {
                        let sheet = &pool.sheets[self.cards[card as usize].number as usize];
                        if sheet.odd {
                            continue;
                        }
                        let slots = sheet.occupations;
                        for (at, slot) in slots.iter().enumerate() {
                            if usize::from(*slot) == nothing {
                                break;
                            }
                            let field = by_slot[usize::from(*slot)];
                            let before = &slots[..at];
                            if let Some(start) = starts[usize::from(field)]
                                && before.iter().all(|other| by_slot[usize::from(*other)] != field)
                            {
                                see(start + place, card);
                            }
                        }
                    }
                }
            };
            let mut offsets = vec![0_u32; count * width + 1];
            each(&mut |at, _| offsets[at + 1] += 1);
            for at in 1..offsets.len() {
                offsets[at] += offsets[at - 1];
            }
            let mut cards = vec![Card::default(); offsets[count * width] as usize];
            let mut next = offsets.clone();
            each(&mut |at, card| {
                cards[next[at] as usize] = self.cards[card as usize];
                next[at] += 1;
            });
            Fields {
                starts,
                offsets,
                glances: cards.iter().map(Card::glance).collect(),
                cards,
            }
        })
    }

    /// The cards by place of those who have a code of a field.
    pub(super) fn of_field(&self, pool: &Pool<'_>, field: u8) -> Option<OfField<'_>> {
        let fields = self.fields(pool);
        let start = fields.starts[usize::from(field)]?;
        Some(OfField {
            offsets: &fields.offsets[start..=start + self.stacks.len()],
            fields,
        })
    }
}

/// Those who have a code of one field.
#[derive(Debug, Clone, Copy)]
pub(super) struct OfField<'d> {
    offsets: &'d [u32],
    fields: &'d Fields,
}

impl<'d> OfField<'d> {
    /// Those who live at a place, at most so many at once, with the index of the first card of each lot.
    #[inline]
    pub(super) fn at(self, place: u16, most: usize) -> impl Iterator<Item = (&'d [Glance], u32)> {
        let place = usize::from(place);
        let (from, until) = (self.offsets[place], self.offsets[place + 1]);
        let glances = &self.fields.glances[from as usize..until as usize];
        glances.chunks(most).zip((from..).step_by(most))
    }

    /// A card by its index.
    #[inline]
    pub(super) fn card(self, index: u32) -> &'d Card {
        &self.fields.cards[index as usize]
    }
}

impl Card {
    fn new(number: u32, place: u16, sheet: &Sheet, pool: &Pool<'_>, starts: Days) -> Self {
        let ready_for = [CheckKind::Simple, CheckKind::Extended].map(|kind| sheet.ready_for(kind, starts));
        let nothing = 2 * pool.dictionary.codes.len();
        let admit_missing = pool.context.parameters.admit_missing;
        let lacks = |until: &Option<u16>| until.is_none_or(|until| admit_missing && until < u16::MAX);
        Self {
            slots: if sheet.odd {
                [nothing as u16; 2]
            } else if usize::from(sheet.occupations[2]) == nothing {
                [sheet.occupations[0], sheet.occupations[1]]
            } else {
                [ANY_SLOT; 2]
            },
            languages: sheet.languages,
            fixed: if sheet.odd { NEVER_PASSED_OVER } else { sheet.fixed },
            travel_km: (sheet.travel_m / 1000) as u16,
            number,
            place,
            ready_for: ready_for.map(Option::unwrap_or_default),
            areas: sheet.areas,
            gender: 1 << sheet.gender,
            unsure: ready_for.iter().any(lacks),
        }
    }

    /// Whether the sheet has more occupations than a card.
    #[inline]
    pub(super) fn has_more(&self) -> bool {
        self.slots[0] == ANY_SLOT
    }

    fn glance(&self) -> Glance {
        Glance {
            slots: self.slots,
            languages: folded(self.languages),
            areas: self.areas,
        }
    }

    /// Whether the rules that are about the expert's readiness and gender let them through.
    #[inline]
    pub(super) fn passes(&self, asked: Asked) -> bool {
        // both are asked in any case: a branch that goes either way costs more; the remainder is the same, and
        // known to be in bounds
        let ready = asked.day <= self.ready_for[asked.kind % 2];
        let gender = self.gender & asked.genders != 0;
        ready & gender
    }
}
