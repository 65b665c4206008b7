//! Shortest paths in the residual graph of a plan.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::lex::{FAR, Lex, lex};
use super::rows::Rows;
use crate::instance::Instance;
use crate::plan::{Objective, Solution};

const NONE: u32 = u32::MAX;

/// The residual graph of a plan, with potentials under which no arc costs less than 0.
///
/// Arcs: a case to another possible expert at `surplus + price - value`; an expert to each of their
/// cases at 0; a case to the hub (staying unmatched) at its surplus; an expert with room to the hub at
/// minus their price; from the hub to unmatched cases at 0, and to experts with cases at their price.
pub(super) struct Residual<'a> {
    pub(super) instance: &'a Instance,
    objective: Objective,
    /// Room besides pinned cases.
    pub(super) room: Vec<u8>,
    pub(super) pinned: Vec<bool>,
    pub(super) surplus: Vec<Lex>,
    pub(super) price: Vec<Lex>,
    mate: Vec<u32>,
    held_offsets: Vec<u32>,
    held: Vec<u32>,
}

impl<'a> Residual<'a> {
    pub(super) fn new(instance: &'a Instance, objective: Objective, solution: &Solution) -> Self {
        let (cases, experts) = (instance.cases(), instance.experts());
        let mut room = instance.capacities().to_vec();
        let mut pinned = vec![false; cases];
        for pin in &solution.pins {
            pinned[pin.case as usize] = true;
            room[pin.expert as usize] -= 1;
        }
        let mut mate = vec![NONE; cases];
        let mut held_offsets = vec![0; experts + 1];
        for (case, expert) in solution.assignment.iter().enumerate() {
            if let Some(expert) = *expert
                && !pinned[case]
            {
                mate[case] = expert;
                held_offsets[expert as usize + 1] += 1;
            }
        }
        for expert in 0..experts {
            held_offsets[expert + 1] += held_offsets[expert];
        }
        let mut cursor = held_offsets.clone();
        let mut held = vec![0; held_offsets[experts] as usize];
        for (case, &expert) in mate.iter().enumerate() {
            if expert != NONE {
                held[cursor[expert as usize] as usize] = case as u32;
                cursor[expert as usize] += 1;
            }
        }
        let duals = &solution.duals;
        let first = |counts: bool| i64::from(counts && objective == Objective::Participation);
        let surplus: Vec<Lex> = (0..cases)
            .map(|case| lex(first(!duals.contested_cases[case]), duals.case_surplus[case]))
            .collect();
        let mut price: Vec<Lex> = (0..experts)
            .map(|expert| lex(first(duals.contested_experts[expert]), duals.expert_price[expert]))
            .collect();
        for (price, _) in price.iter_mut().zip(&room).filter(|&(_, &room)| room == 0) {
            *price = 0;
        }
        Self {
            instance,
            objective,
            room,
            pinned,
            surplus,
            price,
            mate,
            held_offsets,
            held,
        }
    }

    /// What one unit of room would gain at each expert without room; 0 for others.
    pub(super) fn gains_of_absent(&self) -> Vec<Lex> {
        let mut gains = vec![0; self.instance.experts()];
        for case in (0..self.instance.cases()).filter(|&case| !self.pinned[case]) {
            let (experts, scores) = self.instance.row(case);
            for (&expert, &score) in experts.iter().zip(scores) {
                let index = expert as usize;
                if self.room[index] == 0 {
                    gains[index] = gains[index].max(self.value(score) - self.surplus[case]);
                }
            }
        }
        gains
    }

    /// What a pair adds to the plan's value.
    pub(super) fn value(&self, score: i32) -> Lex {
        lex(
            i64::from(self.objective == Objective::Participation),
            i64::from(score),
        )
    }

    pub(super) fn mate(&self, case: u32) -> Option<u32> {
        Some(self.mate[case as usize]).filter(|&expert| expert != NONE)
    }

    pub(super) fn reduced_cost(&self, case: u32, expert: u32, score: i32) -> Lex {
        self.surplus[case as usize] + self.price[expert as usize] - self.value(score)
    }

    /// The steps of a case to experts other than its own, and their costs. Steps to experts without room
    /// are left out: nothing can end or pass there.
    pub(super) fn steps(&self, case: u32) -> impl Iterator<Item = (u32, Lex)> {
        let (experts, scores) = self.instance.row(case as usize);
        let mate = self.mate[case as usize];
        let pairs = experts.iter().copied().zip(scores.iter().copied());
        pairs
            .filter(move |&(expert, _)| expert != mate && self.room[expert as usize] > 0)
            .map(move |(expert, score)| (expert, self.reduced_cost(case, expert, score)))
    }

    fn held(&self, expert: u32) -> &[u32] {
        let index = expert as usize;
        &self.held[self.held_offsets[index] as usize..self.held_offsets[index + 1] as usize]
    }

    /// The way to the hub that leads over no other expert.
    fn straight_to_hub(&self, expert: u32) -> Lex {
        let surpluses = self.held(expert).iter().map(|&case| self.surplus[case as usize]);
        let least = surpluses.min().unwrap_or(FAR);
        if self.has_room(expert) {
            least.min(-self.price[expert as usize])
        } else {
            least
        }
    }

    fn has_room(&self, expert: u32) -> bool {
        self.held(expert).len() < usize::from(self.room[expert as usize])
    }
}

/// After so many sweeps the way to the hub is left as it is: true as a limit, but no longer a guide.
const SWEEPS: usize = 64;

/// How far it is from each expert to the hub.
pub(super) struct ToHub {
    distance: Vec<Lex>,
    /// Whether these are the shortest ways. If not, each is one of the ways.
    shortest: bool,
}

impl ToHub {
    /// Measures with the potentials that [`Search::measure_from_hub`] leaves. O(edges) for each expert that
    /// the longest way leads over, and much less where the kept steps of cases are enough.
    pub(super) fn new(residual: &Residual<'_>, rows: &Rows) -> Self {
        let experts = residual.instance.experts() as u32;
        let mut to_hub = Self {
            distance: (0..experts)
                .map(|expert| residual.straight_to_hub(expert))
                .collect(),
            shortest: false,
        };
        for _ in 0..SWEEPS {
            let mut changed = false;
            for expert in (0..experts).filter(|&expert| residual.room[expert as usize] > 0) {
                changed |= to_hub.improve(residual, rows, expert);
            }
            if !changed {
                to_hub.shortest = true;
                break;
            }
        }
        to_hub
    }

    /// Looks one step ahead for a shorter way.
    fn improve(&mut self, residual: &Residual<'_>, rows: &Rows, expert: u32) -> bool {
        let mut least = self.distance[expert as usize];
        for &case in residual.held(expert) {
            let (steps, rest) = rows.of(case);
            if rest < least {
                for (next, cost) in residual.steps(case) {
                    least = least.min(cost.saturating_add(self.distance[next as usize]));
                }
                continue;
            }
            for step in steps {
                let cost = Lex::from(step.cost);
                if cost >= least {
                    break;
                }
                least = least.min(cost.saturating_add(self.distance[step.expert as usize]));
            }
        }
        let before = std::mem::replace(&mut self.distance[expert as usize], least);
        least < before
    }

    fn of(&self, expert: u32) -> Lex {
        self.distance[expert as usize]
    }

    /// What is left at least from an expert to a target: the way to the hub that goes over the target is
    /// not shorter than the shortest.
    fn to_target(&self, expert: u32, target: u32) -> Lex {
        if self.shortest && target != NONE {
            self.of(expert).saturating_sub(self.of(target)).max(0)
        } else {
            0
        }
    }
}

/// Memory for searches.
pub(super) struct Search {
    distance: Vec<Lex>,
    touched: Vec<u32>,
    heap: BinaryHeap<Reverse<(Lex, u32)>>,
}

impl Search {
    pub(super) fn new(experts: usize) -> Self {
        Self {
            distance: vec![FAR; experts],
            touched: Vec::new(),
            heap: BinaryHeap::new(),
        }
    }

    /// Replaces the potentials by distances from the hub. Afterwards the surplus of a case is what its
    /// withdrawal would lose, the price of an expert what one more unit of room would gain, and the hub
    /// reaches everything at no cost.
    ///
    /// Experts without room are left out: no path can use them.
    pub(super) fn measure_from_hub(&mut self, residual: &mut Residual<'_>) {
        for expert in 0..residual.instance.experts() as u32 {
            let index = expert as usize;
            if residual.room[index] == 0 {
                // Nearer than any way could bring it.
                self.distance[index] = Lex::MIN;
            } else if residual.held(expert).is_empty() {
                // Only the way from the hub to an expert with cases is one, but nothing leads on from an
                // expert without, and a price of 0 suits them as well as any other.
                self.distance[index] = residual.price[index];
            } else {
                self.reach(expert, residual.price[index], 0);
            }
        }
        for case in 0..residual.instance.cases() as u32 {
            if residual.mate(case).is_none() && !residual.pinned[case as usize] {
                self.reach_all(residual, case, 0);
            }
        }
        while let Some(Reverse((distance, expert))) = self.heap.pop() {
            if distance > self.distance[expert as usize] {
                continue;
            }
            for &case in residual.held(expert) {
                self.reach_all(residual, case, distance);
            }
        }
        for case in 0..residual.instance.cases() {
            if let Some(expert) = residual.mate(case as u32) {
                residual.surplus[case] += self.distance[expert as usize];
            }
        }
        let experts = residual.price.iter_mut().zip(&self.distance).zip(&residual.room);
        for ((price, distance), _) in experts.filter(|&(_, &room)| room > 0) {
            *price -= distance;
        }
        self.distance.fill(FAR);
        self.touched.clear();
        self.heap.clear();
    }

    fn reach_all(&mut self, residual: &Residual<'_>, case: u32, distance: Lex) {
        // Nobody is further from the hub than their price, so that a pair that is worth no more than the
        // way to its case brings nobody nearer. That leaves few, and is known without a look at experts.
        let way = distance + residual.surplus[case as usize];
        let least = (way - residual.value(0)).clamp(Lex::from(i64::MIN), Lex::from(i64::MAX)) as i64;
        let (experts, scores) = residual.instance.row(case as usize);
        for (&expert, &score) in experts.iter().zip(scores) {
            if i64::from(score) > least {
                self.reach(
                    expert,
                    way + residual.price[expert as usize] - residual.value(score),
                    0,
                );
            }
        }
    }

    /// The distance from an expert to a case along which the case comes free: to its own expert, or to
    /// the hub.
    pub(super) fn way_from_expert(
        &mut self,
        residual: &Residual<'_>,
        rows: &Rows,
        to_hub: &ToHub,
        expert: u32,
        case: u32,
    ) -> Lex {
        let target = residual.mate(case).unwrap_or(NONE);
        self.reach(expert, 0, to_hub.to_target(expert, target));
        let limit = to_hub.of(expert);
        if target == NONE && to_hub.shortest {
            self.forget();
            return limit;
        }
        self.finish(residual, rows, to_hub, target, limit)
    }

    /// The distance from a case back to itself by way of another expert or the hub.
    pub(super) fn way_from_case(
        &mut self,
        residual: &Residual<'_>,
        rows: &Rows,
        to_hub: &ToHub,
        case: u32,
    ) -> Lex {
        let limit = residual.surplus[case as usize];
        let target = residual.mate(case).unwrap_or(NONE);
        self.reach_kept(residual, rows, to_hub, (case, 0), target, limit);
        self.finish(residual, rows, to_hub, target, limit)
    }

    /// Goes on from what was reached, by what the way to the target comes to at least (A*), until no way is
    /// shorter than `limit`.
    fn finish(
        &mut self,
        residual: &Residual<'_>,
        rows: &Rows,
        to_hub: &ToHub,
        target: u32,
        mut limit: Lex,
    ) -> Lex {
        while let Some(Reverse((least, expert))) = self.heap.pop() {
            if least >= limit {
                break;
            }
            if expert == target {
                limit = least;
                break;
            }
            let distance = self.distance[expert as usize];
            if least > distance + to_hub.to_target(expert, target) {
                continue;
            }
            limit = limit.min(distance.saturating_add(to_hub.of(expert)));
            for &held in residual.held(expert) {
                self.reach_kept(residual, rows, to_hub, (held, distance), target, limit);
            }
        }
        self.forget();
        limit
    }

    fn reach_kept(
        &mut self,
        residual: &Residual<'_>,
        rows: &Rows,
        to_hub: &ToHub,
        (case, distance): (u32, Lex),
        target: u32,
        limit: Lex,
    ) {
        let (steps, rest) = rows.of(case);
        if distance.saturating_add(rest) < limit {
            for (expert, cost) in residual.steps(case) {
                let left = to_hub.to_target(expert, target);
                if distance + cost + left < limit {
                    self.reach(expert, distance + cost, left);
                }
            }
            return;
        }
        for step in steps {
            let length = distance + Lex::from(step.cost);
            if length >= limit {
                break;
            }
            let left = to_hub.to_target(step.expert, target);
            if length + left < limit {
                self.reach(step.expert, length, left);
            }
        }
    }

    /// Comes to an expert over a way of some length, from where at least `left` is left to the target.
    fn reach(&mut self, expert: u32, distance: Lex, left: Lex) {
        let known = &mut self.distance[expert as usize];
        if distance < *known {
            if *known == FAR {
                self.touched.push(expert);
            }
            *known = distance;
            self.heap.push(Reverse((distance + left, expert)));
        }
    }

    fn forget(&mut self) {
        for expert in self.touched.drain(..) {
            self.distance[expert as usize] = FAR;
        }
        self.heap.clear();
    }
}
