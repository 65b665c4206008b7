//! Scores: integers, additive, one line a criterion (matching.md "Scores"). A sum that cannot be
//! explained in one line a criterion is wrong.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use strum::VariantArray;

use crate::experts::{ExpertOccupation, OccupationKind, TRAVEL_RADIUS_KM};
use crate::occupations::KldbCode;
use crate::values::{Language, SupportArea};

/// The most points a criterion can give; parameters of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Weights {
    /// An expert at the centre's door; falls linearly to 0 at the edge of the radius.
    pub distance: i32,
    /// The same occupation as the mentee's first choice.
    pub occupation: i32,
    /// Every wanted support area is offered.
    pub support_areas: i32,
    /// A common language besides German.
    pub language: i32,
    /// Was in an earlier one-to-one programme (S24).
    pub programmes: i32,
    /// The expert's whole capacity is free.
    pub balance: i32,
    /// For each day that the case has waited; never saturates.
    pub waiting_per_day: i32,
    /// For each thing (check, training) that the expert still lacks; taken off.
    pub missing: i32,
}

impl Default for Weights {
    fn default() -> Self {
        Self {
            distance: 300,
            occupation: 400,
            support_areas: 200,
            language: 60,
            programmes: 40,
            balance: 50,
            waiting_per_day: 2,
            missing: 150,
        }
    }
}

/// The largest weight that may be set; keeps every sum far from the limits of `i32`.
pub const MOST_WEIGHT: i32 = 10_000;

impl Weights {
    /// Every weight with its name in the API.
    pub fn named(&self) -> [(&'static str, i32); 8] {
        [
            ("distance", self.distance),
            ("occupation", self.occupation),
            ("supportAreas", self.support_areas),
            ("language", self.language),
            ("programmes", self.programmes),
            ("balance", self.balance),
            ("waitingPerDay", self.waiting_per_day),
            ("missing", self.missing),
        ]
    }
}

/// Points by criterion; their sum is the score.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Points {
    /// Nearness to the centre.
    pub distance: i32,
    /// Closeness of occupation.
    pub occupation: i32,
    /// Wanted areas that are offered.
    pub support_areas: i32,
    /// A common language.
    pub language: i32,
    /// Earlier programmes.
    pub programmes: i32,
    /// Free capacity.
    pub balance: i32,
    /// Waiting time of the case.
    pub waiting: i32,
    /// What is still missing; zero or negative.
    pub missing: i32,
}

impl Points {
    /// The score.
    pub fn total(&self) -> i32 {
        self.distance
            + self.occupation
            + self.support_areas
            + self.language
            + self.programmes
            + self.balance
            + self.waiting
            + self.missing
    }
}

/// What of a case counts for the score.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseTraits {
    /// Each wanted area with its priority, 1 to 3.
    pub support_areas: Vec<(SupportArea, u8)>,
    /// Target occupations, the first choice first.
    pub occupations: Vec<KldbCode>,
    /// The mentee's languages.
    pub languages: Vec<Language>,
    /// Since when the case waits.
    pub waiting_since: NaiveDate,
}

/// What of an expert counts for the score.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExpertTraits {
    /// Occupations and interests.
    pub occupations: Vec<ExpertOccupation>,
    /// Areas offered.
    pub support_areas: Vec<SupportArea>,
    /// Languages.
    pub languages: Vec<Language>,
    /// Number of earlier programmes.
    pub programmes: usize,
    /// How many matches at once.
    pub capacity: u8,
    /// How many of them are taken.
    pub open_matches: u8,
}

/// Per mille of the occupation weight for 0 to 5 shared leading digits of KldB 2010.
const CLOSENESS: [i64; 6] = [0, 150, 400, 650, 850, 1000];
/// Per mille by the rank of the target occupation (S49).
const RANK: [i64; 5] = [1000, 800, 650, 550, 500];
/// An interest counts so many per mille of a former occupation (S50).
const INTEREST: i64 = 600;

/// Per mille: how close an expert's occupations and interests come to the target occupations.
fn occupation_closeness(targets: &[KldbCode], own: &[ExpertOccupation]) -> i64 {
    let pairs = targets.iter().zip(RANK).flat_map(|(target, rank)| {
        own.iter().filter_map(move |occupation| {
            let digits = occupation.kldb_code?.shared_digits(*target);
            let kind = if occupation.kind == OccupationKind::Interest {
                INTEREST
            } else {
                1000
            };
            Some(CLOSENESS[usize::from(digits)] * rank * kind / 1_000_000)
        })
    });
    pairs.max().unwrap_or(0)
}

/// Points for sharing so many leading digits of KldB 2010 with the target of a rank, as occupation and as
/// interest.
#[derive(Debug)]
pub(crate) struct OccupationPoints([[[i32; 2]; RANK.len()]; CLOSENESS.len()]);

impl OccupationPoints {
    pub(crate) fn new(weights: &Weights) -> Self {
        Self(CLOSENESS.map(|closeness| {
            RANK.map(|rank| {
                [1000, INTEREST]
                    .map(|kind| share(weights.occupation, closeness * rank * kind / 1_000_000, 1000))
            })
        }))
    }

    /// `rank` counts from 0, the first choice; later ones than there are ranks give nothing.
    pub(crate) fn of(&self, digits: usize, rank: usize) -> [i32; 2] {
        self.0[digits].get(rank).copied().unwrap_or_default()
    }
}

/// Sets of areas.
pub(crate) const AREA_POINTS: usize = 1 << SupportArea::VARIANTS.len();

/// The most that can be met: every area, each of the first priority.
const MOST_MET: usize = 3 * SupportArea::VARIANTS.len();

/// Points for meeting so much of so much that is wanted, where whoever wants more meets more.
#[derive(Debug)]
pub(crate) struct AreaPoints([[i32; MOST_MET + 1]; MOST_MET + 1]);

impl AreaPoints {
    pub(crate) fn new(weights: &Weights) -> Self {
        let mut points = [[0; MOST_MET + 1]; MOST_MET + 1];
        for (all, by_met) in points.iter_mut().enumerate() {
            for (met, points) in by_met.iter_mut().enumerate().take(all + 1) {
                *points = points_for_met(weights, met, all);
            }
        }
        Self(points)
    }
}

fn points_for_met(weights: &Weights, met: usize, all: usize) -> i32 {
    let part = (met * 1000).checked_div(all).unwrap_or_default();
    share(weights.support_areas, part as i64, 1000)
}

/// What each offered area counts; priority 1 counts three times priority 3.
pub(crate) struct AreaFit {
    counts: [usize; SupportArea::VARIANTS.len()],
    all: usize,
}

impl AreaFit {
    pub(crate) fn new(wanted: &[(SupportArea, u8)]) -> Self {
        let mut counts = [0; SupportArea::VARIANTS.len()];
        for (area, priority) in wanted {
            // an area is wanted once
            counts[*area as usize] = usize::from(4 - (*priority).clamp(1, 3));
        }
        Self {
            all: counts.iter().sum(),
            counts,
        }
    }

    /// Points by the bits of the areas that are offered.
    pub(crate) fn points(&self, table: &AreaPoints) -> [i32; AREA_POINTS] {
        let by_met = &table.0[self.all];
        let mut points = [0; AREA_POINTS];
        let mut met = [0; AREA_POINTS];
        for bits in 1..AREA_POINTS {
            met[bits] = met[bits & (bits - 1)] + self.counts[bits.trailing_zeros() as usize];
            points[bits] = by_met[met[bits]];
        }
        points
    }
}

/// Per mille of the wanted areas that are offered, as points.
fn area_points(weights: &Weights, wanted: &[(SupportArea, u8)], offered: &[SupportArea]) -> i32 {
    let fit = AreaFit::new(wanted);
    let met = SupportArea::VARIANTS
        .iter()
        .filter(|area| offered.contains(area))
        .map(|area| fit.counts[*area as usize])
        .sum();
    points_for_met(weights, met, fit.all)
}

/// Points for nearness: all at the centre's door, none at the edge of the reach.
fn distance_points(weights: &Weights, distance_m: u32, reach_m: u32) -> i32 {
    let part = reach_m.saturating_sub(distance_m);
    share(weights.distance, i64::from(part), i64::from(reach_m))
}

/// The same for who asks about every expert around every place, without a division.
#[derive(Debug)]
pub(crate) struct DistancePoints {
    weight: i32,
    /// For each reach in kilometres that can be set, 2^64 divided by it in metres, rounded up.
    reciprocals: Vec<u64>,
}

impl DistancePoints {
    pub(crate) fn new(weights: &Weights) -> Self {
        // A reciprocal is too large by less than one, and so a quotient by less than 2^-32, since a product
        // is below 2^32: too little to make one whole that is not, which lacks 1 / 300,000 at least.
        let exact = (0..=MOST_WEIGHT).contains(&weights.distance);
        let upper = if exact {
            *TRAVEL_RADIUS_KM.end() as u32 + 1
        } else {
            0
        };
        let reciprocal = |km: u32| (1_u128 << 64).div_ceil(u128::from(km.max(1)) * 1000) as u64;
        Self {
            weight: weights.distance,
            reciprocals: (0..upper).map(reciprocal).collect(),
        }
    }

    /// Points at a distance, where the reach is so many kilometres.
    #[inline]
    pub(crate) fn of(&self, distance_m: u32, reach_km: u32) -> i32 {
        let part = (reach_km * 1000).saturating_sub(distance_m);
        match self.reciprocals.get(reach_km as usize) {
            Some(reciprocal) => {
                let product = u64::from(self.weight.unsigned_abs()) * u64::from(part);
                ((u128::from(product) * u128::from(*reciprocal)) >> 64) as i32
            }
            None => share(self.weight, i64::from(part), i64::from(reach_km) * 1000),
        }
    }
}

pub(crate) fn share(weight: i32, part: i64, whole: i64) -> i32 {
    if whole <= 0 {
        0
    } else {
        (i64::from(weight) * part / whole) as i32
    }
}

/// Points for an earlier one-to-one programme.
pub(crate) fn programme_points(weights: &Weights, expert: &ExpertTraits) -> i32 {
    if expert.programmes > 0 {
        weights.programmes
    } else {
        0
    }
}

/// Points for free capacity.
pub(crate) fn balance_points(weights: &Weights, expert: &ExpertTraits) -> i32 {
    let free = expert.capacity.saturating_sub(expert.open_matches);
    share(weights.balance, i64::from(free), i64::from(expert.capacity))
}

/// Points for each day of waiting, without end.
pub(crate) fn waiting_points(weights: &Weights, case: &CaseTraits, today: NaiveDate) -> i32 {
    let days = (today - case.waiting_since).num_days().clamp(0, 36_500);
    share(weights.waiting_per_day, days, 1)
}

/// The points of a pair.
pub fn score(
    weights: &Weights,
    case: &CaseTraits,
    expert: &ExpertTraits,
    distance_m: u32,
    reach_m: u32,
    missing: usize,
    today: NaiveDate,
) -> Points {
    let german = Language::german();
    let common = case
        .languages
        .iter()
        .any(|language| *language != german && expert.languages.contains(language));
    Points {
        distance: distance_points(weights, distance_m, reach_m),
        occupation: share(
            weights.occupation,
            occupation_closeness(&case.occupations, &expert.occupations),
            1000,
        ),
        support_areas: area_points(weights, &case.support_areas, &expert.support_areas),
        language: if common { weights.language } else { 0 },
        programmes: programme_points(weights, expert),
        balance: balance_points(weights, expert),
        waiting: waiting_points(weights, case, today),
        missing: -share(weights.missing, missing as i64, 1),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn case() -> CaseTraits {
        CaseTraits {
            support_areas: vec![(SupportArea::Language, 1), (SupportArea::Application, 3)],
            occupations: vec!["43412".parse().unwrap(), "26312".parse().unwrap()],
            languages: vec!["de".parse().unwrap(), "fa".parse().unwrap()],
            waiting_since: day("2026-11-01"),
        }
    }

    fn expert(code: &str, kind: OccupationKind) -> ExpertTraits {
        ExpertTraits {
            occupations: vec![ExpertOccupation {
                kind,
                kldb_code: Some(code.parse().unwrap()),
                label: "x".into(),
            }],
            support_areas: vec![SupportArea::Language],
            languages: vec!["de".parse().unwrap()],
            programmes: 0,
            capacity: 2,
            open_matches: 1,
        }
    }

    fn points(expert: &ExpertTraits, distance_m: u32) -> Points {
        score(
            &Weights::default(),
            &case(),
            expert,
            distance_m,
            30_000,
            0,
            day("2026-11-11"),
        )
    }

    #[test]
    fn each_criterion_gives_what_one_line_says() {
        let points = points(&expert("43412", OccupationKind::Occupation), 15_000);
        assert_eq!(
            points,
            Points {
                distance: 150,
                occupation: 400,
                support_areas: 150,
                language: 0,
                programmes: 0,
                balance: 25,
                waiting: 20,
                missing: 0
            }
        );
        assert_eq!(points.total(), 745);
    }

    #[test]
    fn nearer_occupations_and_higher_ranks_score_more_and_interests_less() {
        let of = |code: &str, kind| points(&expert(code, kind), 0).occupation;
        let job = OccupationKind::Occupation;
        let falling = [
            of("43412", job),
            of("43413", job),
            of("26312", job),
            of("43311", job),
            of("26212", job),
            of("71104", job),
        ];
        assert!(falling.windows(2).all(|pair| pair[0] > pair[1]), "{falling:?}");
        assert_eq!(of("43412", OccupationKind::Interest), 240);
    }

    #[test]
    fn only_a_language_besides_german_counts_as_common() {
        let mut speaker = expert("43412", OccupationKind::Occupation);
        assert_eq!(points(&speaker, 0).language, 0);
        speaker.languages.push("fa".parse().unwrap());
        assert_eq!(points(&speaker, 0).language, 60);
    }

    #[test]
    fn waiting_grows_with_every_day_and_never_saturates() {
        let at = |today| {
            let expert = expert("43412", OccupationKind::Occupation);
            score(&Weights::default(), &case(), &expert, 0, 30_000, 0, day(today)).waiting
        };
        assert!(at("2026-11-02") < at("2026-11-03"));
        assert_eq!(at("2027-11-01"), 730);
        assert_eq!(at("2028-11-01"), 1462);
    }

    #[test]
    fn what_is_missing_costs() {
        let expert = expert("43412", OccupationKind::Occupation);
        let scored = score(
            &Weights::default(),
            &case(),
            &expert,
            0,
            30_000,
            2,
            day("2026-11-11"),
        );
        assert_eq!(scored.missing, -300);
    }

    proptest! {
        #[test]
        fn points_for_distance_are_the_same_with_a_division_and_without(
            weight in prop_oneof![0..=MOST_WEIGHT, any::<i32>()], reach_km in prop_oneof![0..200_u32, any::<u16>().prop_map_into()],
            part in 0.0..1.3_f64, whole in any::<bool>(),
        ) {
            let weights = Weights { distance: weight, ..Weights::default() };
            // where a quotient is whole or nearly so, and anywhere
            let step = if whole { 1000 } else { 1 };
            let metres = (f64::from(reach_km * 1000) * part) as u32 / step * step;
            prop_assert_eq!(
                DistancePoints::new(&weights).of(metres, reach_km),
                distance_points(&weights, metres, reach_km * 1000)
            );
        }
    }
}
