//! The proof that a plan is the best one, checked without trust in the solver.
//!
//! Nothing here is shared with the solver but the types of the plan. Two arguments are checked:
//!
//! *Cardinality*, by König: contested experts and cases that are not contested cover every possible
//! pair, so no plan has more matches than the capacity of the former plus the number of the latter. A
//! plan with exactly that many is a largest one; and every largest plan fills all contested experts,
//! matches all cases that are not contested, and crosses between the two groups nowhere.
//!
//! *Score*, by duality: where a surplus plus a price is at least the score of every pair that a largest
//! plan can use, the surpluses plus the prices times capacities bound the score of every largest plan,
//! given that the surplus of a case that may stay unmatched and the price of an expert that may stay
//! free are not negative. A plan that reaches the bound is a best one.

use crate::instance::Instance;
use crate::plan::{Objective, Pin, Solution};
use crate::violation::Violation;

/// What has been proved of a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Certificate {
    /// What the plan is the best plan for.
    pub objective: Objective,
    /// The number of matched cases.
    pub cardinality: u64,
    /// The total score of the plan, in points.
    pub score: i64,
    /// How many of the matches were pinned. The plan is the best one among those with these pins.
    pub pinned: u64,
}

/// Checks that `solution` is a best plan of `instance` among those that contain `pins`.
///
/// O(edges + cases + experts), no search. Pairs with an expert who has no room left are no pairs: no
/// plan can use them, and so they need no cover and no price.
///
/// # Errors
/// The first [`Violation`] found. A plan without a certificate must not be shown.
///
/// ```
/// use tandem_matching::{Instance, Objective, Silent, certify, solve};
///
/// let instance = Instance::new(vec![1], vec![0, 1, 2], vec![0, 0], vec![3, 4]).unwrap();
/// let mut solution = solve(&instance, Objective::Participation, &[], &mut Silent).unwrap();
/// let certificate = certify(&instance, Objective::Participation, &[], &solution).unwrap();
/// assert_eq!((certificate.cardinality, certificate.score), (1, 4));
///
/// solution.assignment.swap(0, 1);
/// assert!(certify(&instance, Objective::Participation, &[], &solution).is_err());
/// ```
pub fn certify(
    instance: &Instance,
    objective: Objective,
    pins: &[Pin],
    solution: &Solution,
) -> Result<Certificate, Violation> {
    check_lengths(instance, solution)?;
    let duals = &solution.duals;
    if objective == Objective::Score
        && (duals.contested_cases.contains(&true) || duals.contested_experts.contains(&true))
    {
        return Err(Violation::ContestedUnderScore);
    }
    let (room, pinned) = check_pins(instance, pins, solution)?;
    let totals = check_plan(instance, solution, &room, &pinned)?;
    if objective == Objective::Participation {
        check_cover(solution, &room, &pinned, totals.free_matches)?;
    }
    check_duals(instance, objective, solution, &room, &pinned, totals.free_score)?;
    Ok(Certificate {
        objective,
        cardinality: totals.free_matches + pins.len() as u64,
        score: (totals.free_score + totals.pinned_score) as i64,
        pinned: pins.len() as u64,
    })
}

fn check_lengths(instance: &Instance, solution: &Solution) -> Result<(), Violation> {
    let duals = &solution.duals;
    let (cases, experts) = (instance.cases(), instance.experts());
    for (list, found, expected) in [
        ("assignment", solution.assignment.len(), cases),
        ("contested cases", duals.contested_cases.len(), cases),
        ("contested experts", duals.contested_experts.len(), experts),
        ("case surpluses", duals.case_surplus.len(), cases),
        ("expert prices", duals.expert_price.len(), experts),
    ] {
        if found != expected {
            return Err(Violation::WrongLength {
                list,
                expected,
                found,
            });
        }
    }
    Ok(())
}

/// What room pins leave each expert, and which cases they decide.
fn check_pins(
    instance: &Instance,
    pins: &[Pin],
    solution: &Solution,
) -> Result<(Vec<i64>, Vec<bool>), Violation> {
    let mut room: Vec<i64> = instance.capacities().iter().copied().map(i64::from).collect();
    let mut pinned = vec![false; instance.cases()];
    for &pin in pins {
        let held = solution.assignment.get(pin.case as usize);
        if held != Some(&Some(pin.expert)) || pinned[pin.case as usize] {
            return Err(Violation::PinNotKept { pin });
        }
        let Some(room) = room.get_mut(pin.expert as usize) else {
            return Err(Violation::PinNotKept { pin });
        };
        *room -= 1;
        pinned[pin.case as usize] = true;
    }
    let same = solution.pins.len() == pins.len()
        && solution.pins.windows(2).all(|pair| pair[0].case < pair[1].case)
        && solution.pins.iter().all(|pin| pins.contains(pin));
    if same {
        Ok((room, pinned))
    } else {
        Err(Violation::OtherPins)
    }
}

struct Totals {
    free_matches: u64,
    free_score: i128,
    pinned_score: i128,
}

/// Checks that the plan is one: possible pairs, capacities kept.
fn check_plan(
    instance: &Instance,
    solution: &Solution,
    room: &[i64],
    pinned: &[bool],
) -> Result<Totals, Violation> {
    let mut totals = Totals {
        free_matches: 0,
        free_score: 0,
        pinned_score: 0,
    };
    let mut load = vec![0_i64; instance.experts()];
    for (case, expert) in solution.assignment.iter().enumerate() {
        let Some(expert) = *expert else { continue };
        let Some(score) = instance.score(case, expert) else {
            return Err(Violation::NotPossible {
                case: case as u32,
                expert,
            });
        };
        if pinned[case] {
            totals.pinned_score += i128::from(score);
        } else {
            totals.free_matches += 1;
            totals.free_score += i128::from(score);
            load[expert as usize] += 1;
        }
    }
    for (expert, (&load, &room)) in load.iter().zip(room).enumerate() {
        if load > room {
            let capacity = instance.capacities()[expert];
            let load = (load - room + i64::from(capacity)) as u64;
            return Err(Violation::OverCapacity {
                expert: expert as u32,
                capacity,
                load,
            });
        }
    }
    Ok(totals)
}

/// Checks that no plan has more matches. That every pair is covered is seen to by `check_duals`.
fn check_cover(solution: &Solution, room: &[i64], pinned: &[bool], matched: u64) -> Result<(), Violation> {
    let duals = &solution.duals;
    let cases = duals
        .contested_cases
        .iter()
        .zip(pinned)
        .filter(|&(&contested, &pinned)| !contested && !pinned);
    let experts = duals
        .contested_experts
        .iter()
        .zip(room)
        .filter(|&(&contested, _)| contested);
    let bound = cases.count() as u64 + experts.map(|(_, &room)| room as u64).sum::<u64>();
    if bound == matched {
        Ok(())
    } else {
        Err(Violation::CardinalityNotProven { matched, bound })
    }
}

/// Dual values stay within this, so that sums of a few of them fit an `i64`.
const LARGEST: i64 = 1 << 60;
/// What lets every pair pass, and none.
const NEVER: i64 = i64::MAX / 2;
const ALWAYS: i64 = -NEVER;

/// Checks that every pair is covered and that no plan of this cardinality has a higher score.
fn check_duals(
    instance: &Instance,
    objective: Objective,
    solution: &Solution,
    room: &[i64],
    pinned: &[bool],
    score: i128,
) -> Result<(), Violation> {
    let duals = &solution.duals;
    let mut bound = 0_i128;
    for (expert, &room) in room.iter().enumerate() {
        let price = duals.expert_price[expert];
        if room > 0 && price < 0 && !duals.contested_experts[expert] {
            return Err(Violation::NegativePrice {
                expert: expert as u32,
                price,
            });
        }
        bound += i128::from(price) * i128::from(room);
    }
    if let Some(&value) = duals
        .expert_price
        .iter()
        .chain(&duals.case_surplus)
        .find(|&&value| value.unsigned_abs() > LARGEST.unsigned_abs())
    {
        return Err(Violation::OutOfRange { value });
    }
    // What a pair is measured against, by expert: the price, or a value that lets everything pass or
    // nothing. Experts without room let everything pass.
    let measure = |same: bool, other: i64| -> Vec<i64> {
        let experts = room.iter().zip(&duals.contested_experts).zip(&duals.expert_price);
        experts
            .map(|((&room, &contested), &price)| match () {
                () if room == 0 => NEVER,
                () if contested == same => price,
                () => other,
            })
            .collect()
    };
    let for_free = measure(false, NEVER);
    let for_contested = if duals.contested_cases.contains(&true) {
        measure(true, ALWAYS)
    } else {
        Vec::new()
    };
    for (case, _) in pinned.iter().enumerate().filter(|&(_, &pinned)| !pinned) {
        let surplus = duals.case_surplus[case];
        let contested = duals.contested_cases[case];
        if surplus < 0 && (contested || objective == Objective::Score) {
            return Err(Violation::NegativeSurplus {
                case: case as u32,
                surplus,
            });
        }
        bound += i128::from(surplus);
        let against = if contested { &for_contested } else { &for_free };
        let (experts, scores) = instance.row(case);
        // Without a branch for each pair, because this loop is what a certificate costs: what is left
        // over is negative for some pair exactly if the disjunction of all is.
        let pairs = experts.iter().zip(scores);
        let left = pairs.fold(0, |left, (&expert, &score)| {
            left | (surplus + against[expert as usize] - i64::from(score))
        });
        if left < 0 {
            return Err(name_pair(instance, case, surplus, against));
        }
    }
    if bound == score {
        Ok(())
    } else {
        Err(Violation::ScoreNotProven { score, bound })
    }
}

/// The first pair of a case that scores more than it should.
fn name_pair(instance: &Instance, case: usize, surplus: i64, against: &[i64]) -> Violation {
    let (experts, scores) = instance.row(case);
    let over = |(&expert, &score): (&u32, &i32)| {
        let by = i64::from(score) - against[expert as usize] - surplus;
        (by > 0).then_some((expert, by))
    };
    let (expert, by) = experts
        .iter()
        .zip(scores)
        .find_map(over)
        .expect("one pair scores more");
    let case = case as u32;
    if against[expert as usize] == ALWAYS {
        Violation::NotCovered { case, expert }
    } else {
        Violation::PairUnderpriced { case, expert, by }
    }
}
