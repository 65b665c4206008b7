//! Instances like those of a programme that brings mentees and experts together all over Germany.
//!
//! People live in towns of very unequal size or in the country, work in occupations of very unequal
//! frequency (four digits, closer the more leading digits agree), and accept different distances. Cases
//! are spread like people or sit at service centres, many at one place. A row holds the best 200 experts
//! within reach. Everything follows from the seed.

#![allow(unreachable_pub, reason = "shared by several examples")]

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tandem_matching::bmi::Parts;

const WIDTH_KM: f64 = 640.0;
const HEIGHT_KM: f64 = 850.0;
const CELL_KM: f64 = 10.0;
const ROW: usize = 200;
/// No more experts than these are looked at for one case, so that a million stay bearable.
const LOOKED_AT: usize = 1500;

/// What an instance is like.
#[derive(Debug, Clone)]
pub struct Recipe {
    pub experts: usize,
    pub cases: usize,
    /// More cases than experts have room for.
    pub scarce: bool,
    /// The share of cases at service centres, in percent.
    pub at_centres: u32,
    /// The number of service centres.
    pub centres: usize,
    pub seed: u64,
}

#[derive(Clone, Copy)]
struct Person {
    x: f64,
    y: f64,
    radius: f64,
    occupation: u32,
    interests: u32,
    areas: u32,
    languages: u32,
}

struct Country {
    towns: Vec<(f64, f64, f64, f64)>,
    occupations: Vec<(u32, f64)>,
}

/// Makes an instance.
pub fn generate(recipe: &Recipe) -> Parts {
    let mut rng = ChaCha8Rng::seed_from_u64(recipe.seed);
    let country = Country::new(&mut rng);
    let mut experts: Vec<Person> = (0..recipe.experts).map(|_| country.person(&mut rng)).collect();
    sort_by_region(&mut experts);
    let capacities = (0..recipe.experts)
        .map(|_| capacity(&mut rng, recipe.scarce))
        .collect();
    // In the largest towns, which come first.
    let centres: Vec<(f64, f64)> = country
        .towns
        .iter()
        .take(recipe.centres)
        .map(|town| (town.0, town.1))
        .collect();
    let mut cases: Vec<Person> = (0..recipe.cases)
        .map(|_| {
            let mut case = country.person(&mut rng);
            if rng.random_range(0..100) < recipe.at_centres && !centres.is_empty() {
                (case.x, case.y) = centres[rng.random_range(0..centres.len())];
                case.radius = 40.0;
            }
            case
        })
        .collect();
    sort_by_region(&mut cases);
    let grid = Grid::new(&experts);
    let mut parts = Parts {
        capacities,
        row_offsets: vec![0],
        ..Parts::default()
    };
    let mut row: Vec<(i32, u32)> = Vec::new();
    for case in &cases {
        let waiting = rng.random_range(0..60) * 100;
        row.clear();
        grid.near(case, |expert| {
            let other = &experts[expert as usize];
            let distance = (case.x - other.x).hypot(case.y - other.y);
            let reach = case.radius.min(other.radius);
            if distance <= reach {
                row.push((score(case, other, distance, reach) + waiting, expert));
            }
            row.len() < LOOKED_AT
        });
        if row.len() > ROW {
            row.select_nth_unstable_by(ROW, |a, b| (b.0, a.1).cmp(&(a.0, b.1)));
            row.truncate(ROW);
        }
        row.sort_unstable_by_key(|&(_, expert)| expert);
        for &(score, expert) in &row {
            parts.experts.push(expert);
            parts.scores.push(score);
        }
        parts.row_offsets.push(parts.experts.len());
    }
    parts
}

fn capacity(rng: &mut ChaCha8Rng, scarce: bool) -> u8 {
    let free = if scarce { 46 } else { 60 };
    if rng.random_range(0..100) >= free {
        return 0;
    }
    match rng.random_range(0..100) {
        0..71 => 1,
        71..95 => 2,
        _ => 3,
    }
}

fn score(case: &Person, expert: &Person, distance: f64, reach: f64) -> i32 {
    let near = (20_000.0 * (1.0 - distance / reach.max(1.0))) as i32;
    let same = closeness(case.occupation, expert.occupation);
    let liked = closeness(case.occupation, expert.interests) / 2;
    let areas = (case.areas & expert.areas).count_ones().min(4) as i32 * 4_000;
    let language = if case.languages & expert.languages > 1 {
        6_000
    } else {
        0
    };
    (near + same.max(liked) + areas + language) / 5 * 5 + 4_000
}

/// Points for the number of leading digits that two occupations share.
fn closeness(a: u32, b: u32) -> i32 {
    match () {
        () if a == b => 45_000,
        () if a / 10 == b / 10 => 32_000,
        () if a / 100 == b / 100 => 18_000,
        () if a / 1000 == b / 1000 => 7_000,
        () => 0,
    }
}

fn sort_by_region(people: &mut [Person]) {
    people.sort_by_key(|person| {
        (
            (person.y / 40.0) as u32,
            (person.x / 20.0) as u32,
            (person.y * 10.0) as u32,
        )
    });
}

impl Country {
    fn new(rng: &mut ChaCha8Rng) -> Self {
        let mut towns = Vec::new();
        let mut sum = 0.0;
        for rank in 1..=600 {
            let size = 1.0 / f64::from(rank).powf(0.75);
            sum += size;
            let spread = 4.0 + 12.0 * size.sqrt();
            towns.push((
                rng.random_range(0.0..WIDTH_KM),
                rng.random_range(0.0..HEIGHT_KM),
                spread,
                sum,
            ));
        }
        let mut occupations = Vec::new();
        let mut sum = 0.0;
        for rank in 1..=400 {
            sum += 1.0 / f64::from(rank);
            occupations.push((rng.random_range(1000..10_000), sum));
        }
        Self { towns, occupations }
    }

    fn occupation(&self, rng: &mut ChaCha8Rng) -> u32 {
        let at = rng.random_range(0.0..self.occupations.last().expect("there are occupations").1);
        self.occupations[self.occupations.partition_point(|&(_, sum)| sum < at)].0
    }

    fn person(&self, rng: &mut ChaCha8Rng) -> Person {
        let (mut x, mut y) = (rng.random_range(0.0..WIDTH_KM), rng.random_range(0.0..HEIGHT_KM));
        if rng.random_range(0..100) < 88 {
            let at = rng.random_range(0.0..self.towns.last().expect("there are towns").3);
            let town = self.towns[self.towns.partition_point(|&(.., sum)| sum < at)];
            // Six throws make a bell well enough.
            let bell = |rng: &mut ChaCha8Rng| (0..6).map(|_| rng.random_range(-1.0..1.0)).sum::<f64>() / 1.4;
            x = (town.0 + town.2 * bell(rng)).clamp(0.0, WIDTH_KM);
            y = (town.1 + town.2 * bell(rng)).clamp(0.0, HEIGHT_KM);
        }
        let occupation = self.occupation(rng);
        let interests = self.occupation(rng);
        Person {
            x,
            y,
            radius: [20.0, 30.0, 30.0, 40.0, 40.0, 50.0][rng.random_range(0..6)],
            occupation,
            interests,
            areas: rng.random_range(0..1 << 8) & rng.random_range(0..1 << 8),
            languages: 1 | (rng.random_range(0..1 << 10) & rng.random_range(0..1 << 10)),
        }
    }
}

/// Experts by squares of ten kilometres.
struct Grid {
    columns: usize,
    rows: usize,
    offsets: Vec<usize>,
    experts: Vec<u32>,
}

impl Grid {
    fn new(experts: &[Person]) -> Self {
        let (columns, rows) = (
            (WIDTH_KM / CELL_KM) as usize + 1,
            (HEIGHT_KM / CELL_KM) as usize + 1,
        );
        let cell = |person: &Person| (person.y / CELL_KM) as usize * columns + (person.x / CELL_KM) as usize;
        let mut offsets = vec![0; columns * rows + 1];
        for expert in experts {
            offsets[cell(expert) + 1] += 1;
        }
        for at in 0..columns * rows {
            offsets[at + 1] += offsets[at];
        }
        let mut cursor = offsets.clone();
        let mut sorted = vec![0; experts.len()];
        for (index, expert) in experts.iter().enumerate() {
            sorted[cursor[cell(expert)]] = index as u32;
            cursor[cell(expert)] += 1;
        }
        Self {
            columns,
            rows,
            offsets,
            experts: sorted,
        }
    }

    /// Visits the experts around a person ring by ring until `visit` has had enough.
    fn near(&self, person: &Person, mut visit: impl FnMut(u32) -> bool) {
        let (column, row) = ((person.x / CELL_KM) as i64, (person.y / CELL_KM) as i64);
        let rings = (person.radius / CELL_KM).ceil() as i64;
        for ring in 0..=rings {
            for dy in -ring..=ring {
                let step = if dy.abs() == ring { 1 } else { 2 * ring.max(1) };
                for dx in (-ring..=ring).step_by(step as usize) {
                    let (x, y) = (column + dx, row + dy);
                    if x < 0 || y < 0 || x >= self.columns as i64 || y >= self.rows as i64 {
                        continue;
                    }
                    let cell = y as usize * self.columns + x as usize;
                    for &expert in &self.experts[self.offsets[cell]..self.offsets[cell + 1]] {
                        if !visit(expert) {
                            return;
                        }
                    }
                }
            }
        }
    }
}
