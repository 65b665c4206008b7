//! The experts who may be candidates for some case of a question, on cards that are small enough to be
//! looked at by the million.

use std::ops::Range;
use std::sync::OnceLock;

use super::Pool;
use super::groups::Groups;
use super::sheet::{Days, Sheet};
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
    groups: OnceLock<Groups>,
}

impl Deck {
    /// The cards of those with room who may be ready on one of these days.
    pub(super) fn new(pool: &Pool<'_>, starts: Days) -> Self {
        let mut deck = Self {
            cards: Vec::with_capacity(pool.sheets.len()),
            stacks: Vec::with_capacity(pool.places.len()),
            most_fixed: 0,
            groups: OnceLock::new(),
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

    /// The cards by the groups of their codes.
    pub(super) fn groups(&self, pool: &Pool<'_>) -> &Groups {
        self.groups.get_or_init(|| Groups::new(pool, self))
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
