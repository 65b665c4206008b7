//! Small random instances and the answer by trying everything.
#![allow(dead_code, unreachable_pub, reason = "each test file uses its part")]

use tandem_matching::{Instance, Objective, Pin};

/// A small generator of its own, so that instances stay the same whatever a library does (SplitMix64).
pub struct Dice(pub u64);

impl Dice {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }
}

/// An instance as lists, easy to shuffle and to change.
#[derive(Debug, Clone)]
pub struct Lists {
    pub capacities: Vec<u8>,
    pub rows: Vec<Vec<(u32, i32)>>,
}

impl Lists {
    pub fn instance(&self) -> Instance {
        let mut offsets = vec![0];
        let (mut experts, mut scores) = (Vec::new(), Vec::new());
        for row in &self.rows {
            for &(expert, score) in row {
                experts.push(expert);
                scores.push(score);
            }
            offsets.push(experts.len());
        }
        Instance::new(self.capacities.clone(), offsets, experts, scores).expect("lists make an instance")
    }

    /// A random instance; `flavour` decides what its scores and capacities are like.
    pub fn random(dice: &mut Dice, cases: u64, experts: u64) -> Self {
        let flavour = dice.below(6);
        let density = dice.below(100);
        let capacity_bound = 1 + dice.below(4);
        let score = |dice: &mut Dice| match flavour {
            0 => 7,
            1 => dice.below(3) as i32,
            2 => dice.below(7) as i32 - 3,
            3 => *[i32::MIN, i32::MIN + 1, -1, 0, 1, i32::MAX - 1, i32::MAX]
                .get(dice.below(7) as usize)
                .expect("in range"),
            4 => dice.next() as i32,
            _ => dice.below(100_000) as i32,
        };
        let capacities = (0..experts)
            .map(|_| dice.below(capacity_bound + 1) as u8)
            .collect();
        let rows = (0..cases)
            .map(|_| {
                (0..experts as u32)
                    .filter(|_| dice.next() % 100 <= density)
                    .collect::<Vec<_>>()
                    .into_iter()
                    .map(|expert| (expert, score(dice)))
                    .collect()
            })
            .collect();
        Self { capacities, rows }
    }

    /// Shuffles the pairs within each row.
    pub fn shuffle_rows(&mut self, dice: &mut Dice) {
        for row in &mut self.rows {
            for index in (1..row.len()).rev() {
                row.swap(index, dice.below(index as u64 + 1) as usize);
            }
        }
    }

    /// Pins that the instance allows.
    pub fn random_pins(&self, dice: &mut Dice) -> Vec<Pin> {
        let mut room = self.capacities.clone();
        let mut pins = Vec::new();
        for (case, row) in self.rows.iter().enumerate() {
            if row.is_empty() || dice.below(3) > 0 {
                continue;
            }
            let (expert, _) = row[dice.below(row.len() as u64) as usize];
            if room[expert as usize] > 0 {
                room[expert as usize] -= 1;
                pins.push(Pin {
                    case: case as u32,
                    expert,
                });
            }
        }
        pins
    }
}

/// The value of the best plan that contains the pins, by trying every plan: (cases, score). Under
/// [`Objective::Score`] the first is the fewest cases of any plan of that score.
pub fn brute_force(lists: &Lists, objective: Objective, pins: &[Pin]) -> Option<(i64, i64)> {
    let mut room = lists.capacities.clone();
    try_all(lists, objective, pins, 0, &mut room)
}

fn try_all(
    lists: &Lists,
    objective: Objective,
    pins: &[Pin],
    case: usize,
    room: &mut [u8],
) -> Option<(i64, i64)> {
    let Some(row) = lists.rows.get(case) else {
        return Some((0, 0));
    };
    let pin = pins
        .iter()
        .find(|pin| pin.case as usize == case)
        .map(|pin| pin.expert);
    let better = |a: Option<(i64, i64)>, b: Option<(i64, i64)>| match (a, b) {
        (Some(a), Some(b)) => Some(match objective {
            Objective::Participation => a.max(b),
            Objective::Score if a.1 == b.1 => a.min(b),
            Objective::Score => {
                if a.1 > b.1 {
                    a
                } else {
                    b
                }
            }
        }),
        (a, b) => a.or(b),
    };
    let mut best = None;
    if pin.is_none() {
        best = try_all(lists, objective, pins, case + 1, room);
    }
    for &(expert, score) in row {
        if room[expert as usize] == 0 || pin.is_some_and(|pin| pin != expert) {
            continue;
        }
        room[expert as usize] -= 1;
        let rest = try_all(lists, objective, pins, case + 1, room);
        room[expert as usize] += 1;
        best = better(
            best,
            rest.map(|(cases, total)| (cases + 1, total + i64::from(score))),
        );
    }
    best
}
