//! Who could accompany whom, for thousands of cases at once (matching.md, "Candidates").
//!
//! The rules are those of [`crate::eligibility`], the points those of [`crate::scores`]; a property test
//! holds the two together. What makes them fast here: experts are compiled into numbers once and lie
//! ordered by place, so that those around a centre are a few runs of memory; what cases of one place
//! share is computed once; and where only the best of a row are asked for, an expert whose points cannot
//! reach them any more is passed over. Where there are many around a centre, most are not even looked at:
//! those of the wanted occupations are found by their field, where it is far by their group, all others from
//! the nearest place outwards, until no place is left whose best could still come in.
//!
//! Rows name experts by their *number*, their rank by place: neighbours in the country are neighbours in
//! memory, for the solver as well.

mod around;
mod best;
mod crowd;
mod deck;
mod dictionary;
mod explain;
mod groups;
mod near;
mod question;
mod rows;
mod scan;
mod sheet;
mod tallies;
#[cfg(test)]
mod tests;

use crate::eligibility::{CaseFacts, Context, ExpertFacts, PairHistory};
use crate::postal_codes::{Atlas, PostalCode, UnknownPostalCode};
use crate::scores::{AreaPoints, CaseTraits, DistancePoints, ExpertTraits, OccupationPoints};

pub use explain::{NEAR_MISSES, NearMiss, Seen, with_margin};
pub use rows::{Rows, Wanted};

use around::Place;
use dictionary::Dictionary;
use sheet::{Days, Sheet};

/// An expert with what rules and scores ask for.
#[derive(Debug, Clone, Copy)]
pub struct Expert<'a> {
    /// Where the expert lives.
    pub postal_code: PostalCode,
    /// What the rules ask for.
    pub facts: &'a ExpertFacts,
    /// What the score asks for.
    pub traits: &'a ExpertTraits,
}

/// A case with what rules and scores ask for.
#[derive(Debug, Clone, Copy)]
pub struct Case<'a> {
    /// Where its centre is.
    pub postal_code: PostalCode,
    /// What the rules ask for.
    pub facts: &'a CaseFacts,
    /// What the score asks for.
    pub traits: &'a CaseTraits,
    /// Experts, by their position, who have a history with this case, by rising position.
    pub histories: &'a [(u32, PairHistory)],
}

/// Hears how many cases are done and says whether to go on.
pub type Progress<'a> = &'a (dyn Fn(u64) -> bool + Sync);

/// The experts, compiled.
#[derive(Debug)]
pub struct Pool<'a> {
    context: Context<'a>,
    experts: Vec<Expert<'a>>,
    /// By rank, also those where nobody lives.
    places: Vec<Place>,
    /// By place, in each those first who have room; in each part as [`Sheet::order`] says. An expert's
    /// number is the index here.
    sheets: Vec<Sheet>,
    /// The number of the expert at each position.
    numbers: Vec<u32>,
    dictionary: Dictionary,
    distance_points: DistancePoints,
    occupation_points: OccupationPoints,
    area_points: AreaPoints,
}

impl<'a> Pool<'a> {
    /// Compiles experts, whose position is their place in the list. O(n log n).
    ///
    /// # Errors
    /// A postal code that is not in the table.
    pub fn new(context: Context<'a>, experts: Vec<Expert<'a>>) -> Result<Self, UnknownPostalCode> {
        let atlas = Atlas::builtin();
        let mut dictionary = Dictionary::new();
        // in the experts' order, in which their memory was filled; then laid out by place
        let mut order: Vec<u64> = Vec::with_capacity(experts.len());
        let mut by_position: Vec<Sheet> = Vec::with_capacity(experts.len());
        for (expert, position) in experts.iter().zip(0..) {
            let sheet = Sheet::new(position, expert, &mut dictionary, &context);
            order.push(sheet.order(atlas.rank(expert.postal_code)?));
            by_position.push(sheet);
        }
        order.sort_unstable();
        let slots = dictionary.finish();
        let mut places: Vec<Place> = Vec::with_capacity(atlas.codes().len());
        let mut sheets: Vec<Sheet> = Vec::with_capacity(experts.len());
        let mut numbers = vec![0; experts.len()];
        let mut order = order.as_slice();
        for rank in (0..).take(atlas.codes().len()) {
            let first = sheets.len() as u32;
            let mut with_room_end = first;
            let (here, others) = order.split_at(order.partition_point(|key| Sheet::rank(*key) == rank));
            order = others;
            for position in here.iter().map(|key| Sheet::position(*key)) {
                numbers[position] = sheets.len() as u32;
                let mut sheet = by_position[position].clone();
                sheet.occupations = sheet.occupations.map(|raw| slots[usize::from(raw)]);
                with_room_end += u32::from(sheet.may_have_room());
                sheets.push(sheet);
            }
            places.push(Place {
                first,
                with_room_end,
                end: sheets.len() as u32,
            });
        }
        Ok(Self {
            distance_points: DistancePoints::new(&context.parameters.weights),
            occupation_points: OccupationPoints::new(&context.parameters.weights),
            area_points: AreaPoints::new(&context.parameters.weights),
            context,
            experts,
            places,
            sheets,
            numbers,
            dictionary,
        })
    }

    /// How many experts there are.
    pub fn len(&self) -> usize {
        self.experts.len()
    }

    /// Whether there is nobody.
    pub fn is_empty(&self) -> bool {
        self.experts.is_empty()
    }

    /// The number in rows of the expert at a position.
    pub fn number(&self, position: usize) -> u32 {
        self.numbers[position]
    }

    /// The position of the expert with a number.
    pub fn position(&self, number: u32) -> usize {
        self.sheets[number as usize].position as usize
    }

    /// The room that each expert has, by number.
    pub fn capacities(&self) -> Vec<u8> {
        self.sheets
            .iter()
            .map(|sheet| {
                let facts = self.experts[sheet.position as usize].facts;
                facts.capacity.saturating_sub(facts.open_matches)
            })
            .collect()
    }

    fn today(&self) -> i32 {
        sheet::day(self.context.today)
    }

    /// The days on which cases start, from the first to the last.
    fn starts(&self, cases: &[Case<'_>]) -> Days {
        let today = self.context.today;
        Days::spanning(cases.iter().map(|case| sheet::day(case.facts.start(today))))
    }

    /// The radius that counts for a case, in kilometres.
    fn radius_km(&self, facts: &CaseFacts) -> u32 {
        self.context
            .parameters
            .radius_km
            .unwrap_or(facts.radius_km)
            .into()
    }
}
