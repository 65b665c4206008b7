//! Programmes of any size: experts and cases all over Germany.
//!
//! People live under real postal codes, more of them where codes are dense; occupations are of very
//! unequal frequency; cases sit at service centres, many at one, or are spread like people. Everything
//! follows from the seed.

use chrono::{Days, NaiveDate};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tandem_domain::checks::{BackgroundCheck, CheckKind, Inspection};
use tandem_domain::eligibility::{Attended, CaseFacts, ExpertFacts};
use tandem_domain::experts::{ExpertOccupation, ExpertState, OccupationKind, Pause};
use tandem_domain::geo::Spot;
use tandem_domain::ids::OfficeId;
use tandem_domain::occupations::{self, KldbCode};
use tandem_domain::postal_codes::{self, PostalCode};
use tandem_domain::scores::{CaseTraits, ExpertTraits};
use tandem_domain::values::{Gender, Language, SupportArea};

/// What a programme is like.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Recipe {
    pub(crate) experts: usize,
    pub(crate) cases: usize,
    /// More cases than experts have room for.
    pub(crate) scarce: bool,
    /// The share of cases at service centres, in percent.
    pub(crate) at_centres: u32,
    pub(crate) centres: usize,
    pub(crate) seed: u64,
}

pub(crate) type ExpertEntry = (PostalCode, ExpertFacts, ExpertTraits);
pub(crate) type CaseEntry = (PostalCode, CaseFacts, CaseTraits);

pub(crate) struct Programme {
    pub(crate) experts: Vec<ExpertEntry>,
    pub(crate) cases: Vec<CaseEntry>,
}

const AREAS: [SupportArea; 6] = [
    SupportArea::Language,
    SupportArea::Application,
    SupportArea::SocialContacts,
    SupportArea::SchoolAndWork,
    SupportArea::Authorities,
    SupportArea::Other,
];
const LANGUAGES: [(&str, u32); 10] = [
    ("en", 60),
    ("fr", 16),
    ("ru", 12),
    ("es", 7),
    ("it", 5),
    ("tr", 4),
    ("ar", 4),
    ("uk", 3),
    ("fa", 2),
    ("pl", 3),
];
const RADII: [u16; 6] = [20, 30, 30, 40, 40, 50];

pub(crate) fn today() -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 11, 23).expect("a date")
}

fn before(days: u64) -> NaiveDate {
    today() - Days::new(days)
}

/// How many codes are drawn for a person, and for a service centre.
const PERSON: usize = 2;
const CENTRE: usize = 8;

struct Country {
    codes: Vec<PostalCode>,
    /// How many other codes lie around each.
    density: Vec<usize>,
    /// Occupations with the sum of frequencies up to each.
    occupations: Vec<(KldbCode, f64)>,
    offices: Vec<OfficeId>,
}

impl Programme {
    pub(crate) fn invent(recipe: &Recipe) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(recipe.seed);
        let country = Country::new(&mut rng);
        let experts = (0..recipe.experts)
            .map(|_| country.expert(&mut rng, recipe.scarce))
            .collect();
        let centres: Vec<PostalCode> = (0..recipe.centres)
            .map(|_| country.code(&mut rng, CENTRE))
            .collect();
        let cases = (0..recipe.cases)
            .map(|_| {
                let centre = if rng.random_range(0..100) < recipe.at_centres {
                    Some(centres[rng.random_range(0..centres.len())])
                } else {
                    None
                };
                country.case(&mut rng, centre)
            })
            .collect();
        Self { experts, cases }
    }
}

impl Country {
    fn new(rng: &mut ChaCha8Rng) -> Self {
        let mut codes: Vec<KldbCode> = occupations::builtin()
            .iter()
            .map(|occupation| occupation.kldb_code)
            .collect();
        codes.sort_unstable();
        codes.dedup();
        for at in (1..codes.len()).rev() {
            codes.swap(at, rng.random_range(0..=at));
        }
        let mut sum = 0.0;
        let occupations = codes
            .into_iter()
            .zip(1..)
            .map(|(code, rank)| {
                sum += 1.0 / f64::from(rank);
                (code, sum)
            })
            .collect();
        let places = postal_codes::builtin();
        // not by the atlas, which would know afterwards what the first run of a process has to compute
        let spots: Vec<Spot> = places.iter().map(|place| Spot::new(place.coordinates)).collect();
        let around = |spot: &Spot| {
            spots
                .iter()
                .filter(|other| spot.distance_m(other) <= 20_000)
                .count()
        };
        Self {
            codes: places.iter().map(|place| place.postal_code).collect(),
            density: spots.iter().map(around).collect(),
            occupations,
            offices: (0..15)
                .map(|number| uuid::Uuid::from_u128(number).into())
                .collect(),
        }
    }

    /// A postal code area has about as many inhabitants as any other; people who take part live in towns
    /// more often. Of some codes the one with the most others around it.
    fn code(&self, rng: &mut ChaCha8Rng, of: usize) -> PostalCode {
        let drawn = (0..of).map(|_| rng.random_range(0..self.codes.len()));
        self.codes[drawn.max_by_key(|at| self.density[*at]).expect("some are drawn")]
    }

    fn occupation(&self, rng: &mut ChaCha8Rng) -> KldbCode {
        let all = self.occupations.last().expect("there are occupations").1;
        let at = rng.random_range(0.0..all);
        self.occupations[self.occupations.partition_point(|(_, sum)| *sum < at)].0
    }

    fn languages(rng: &mut ChaCha8Rng, most: u32) -> Vec<Language> {
        let mut languages = vec![Language::german()];
        for (code, percent) in LANGUAGES {
            if rng.random_range(0..100) < percent * most / 100 {
                languages.push(code.parse().expect("a language"));
            }
        }
        languages
    }

    fn expert(&self, rng: &mut ChaCha8Rng, scarce: bool) -> ExpertEntry {
        let capacity = match rng.random_range(0..100) {
            0..71 => 1,
            71..95 => 2,
            _ => 3,
        };
        let free = rng.random_range(0..100) < if scarce { 46 } else { 60 };
        let inspected_on = before(rng.random_range(1..1_800));
        let check = BackgroundCheck {
            kind: if rng.random_range(0..100) < 80 {
                CheckKind::Extended
            } else {
                CheckKind::Simple
            },
            inspection: Some(Inspection {
                certificate_date: inspected_on,
                inspected_on,
                no_relevant_entry: true,
                valid_until: inspected_on + Days::new(1_826),
            }),
            erased: false,
        };
        let attended = ["BASE", "INTERCULTURAL"].map(|module| Attended {
            module: module.into(),
            on: before(rng.random_range(30..2_000)),
            counts_until: None,
        });
        let trained = if rng.random_range(0..100) < 94 { 2 } else { 1 };
        let facts = ExpertFacts {
            state: if rng.random_range(0..100) < 96 {
                ExpertState::Active
            } else {
                ExpertState::Registered
            },
            office: self.offices[rng.random_range(0..self.offices.len())],
            pauses: if rng.random_range(0..100) < 4 {
                vec![Pause {
                    from: before(10),
                    until: None,
                }]
            } else {
                vec![]
            },
            gender: Some(if rng.random_range(0..100) < 68 {
                Gender::Male
            } else {
                Gender::Female
            }),
            travel_radius_km: RADII[rng.random_range(0..RADII.len())],
            capacity,
            open_matches: if free { 0 } else { capacity },
            recent_approaches: 0,
            checks: if rng.random_range(0..100) < 95 {
                vec![check]
            } else {
                vec![]
            },
            attended: attended.into_iter().take(trained).collect(),
        };
        let mut occupations = vec![ExpertOccupation {
            kind: OccupationKind::Occupation,
            kldb_code: Some(self.occupation(rng)),
            label: String::new(),
        }];
        if rng.random_range(0..100) < 60 {
            occupations.push(ExpertOccupation {
                kind: OccupationKind::Interest,
                kldb_code: Some(self.occupation(rng)),
                label: String::new(),
            });
        }
        let traits = ExpertTraits {
            occupations,
            support_areas: AREAS
                .into_iter()
                .filter(|_| rng.random_range(0..100) < 40)
                .collect(),
            languages: Self::languages(rng, 80),
            programmes: usize::from(rng.random_range(0..100) < 30),
            capacity,
            open_matches: facts.open_matches,
        };
        (self.code(rng, PERSON), facts, traits)
    }

    fn case(&self, rng: &mut ChaCha8Rng, centre: Option<PostalCode>) -> CaseEntry {
        let minor = rng.random_range(0..100) < 12;
        let facts = CaseFacts {
            office: self.offices[rng.random_range(0..self.offices.len())],
            radius_km: if centre.is_some() {
                40
            } else {
                RADII[rng.random_range(0..RADII.len())]
            },
            planned_start: today() + Days::new(rng.random_range(0..90)),
            mentee_birth_date: before(if minor { 6_300 } else { 8_000 }),
            expert_gender_wish: match rng.random_range(0..100) {
                0..4 => Some(Gender::Female),
                4..6 => Some(Gender::Male),
                _ => None,
            },
        };
        let mut support_areas = Vec::new();
        for area in AREAS {
            if rng.random_range(0..100) < 35 {
                support_areas.push((area, rng.random_range(1..4)));
            }
        }
        let wanted = rng.random_range(1..4);
        let traits = CaseTraits {
            support_areas,
            occupations: (0..wanted).map(|_| self.occupation(rng)).collect(),
            languages: Self::languages(rng, 60),
            waiting_since: before(rng.random_range(0..200)),
        };
        (centre.unwrap_or_else(|| self.code(rng, PERSON)), facts, traits)
    }
}
