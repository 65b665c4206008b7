//! A case compiled into numbers: the rules' questions, and the points of each answer.

use std::collections::HashMap;
use std::ops::Range;

use super::sheet::{Sheet, areas, day, gender};
use super::{Case, Pool};
use crate::checks::{CheckKind, needed_kind};
use crate::eligibility::{PairHistory, Rule, may_propose, missing, reach_m};
use crate::occupations::{KldbCode, PACKED_BASE};
use crate::scores::{AREA_POINTS, AreaFit, score, share, waiting_points};

/// An expert within reach and the points that all cases of the place share.
#[derive(Debug, Clone, Copy)]
pub(super) struct Near {
    pub(super) number: u32,
    pub(super) metres: u32,
    pub(super) points: i32,
}

/// What a case asks; its memory is used again for the next case.
#[derive(Debug)]
pub(super) struct Question<'a> {
    pub(super) case: Case<'a>,
    pub(super) start: i32,
    pub(super) today: i32,
    pub(super) kind: CheckKind,
    pub(super) gender: u8,
    pub(super) office: u32,
    pub(super) own_office: bool,
    pub(super) radius_m: u32,
    waiting: i32,
    languages: u64,
    /// Points of each code as occupation, of each as interest, and of none.
    occupations: Vec<i32>,
    /// What of `occupations` is not zero.
    written: Vec<Range<usize>>,
    areas: [i32; AREA_POINTS],
    /// The most that the areas and a language can add.
    pub(super) most: i32,
    /// Which codes share how many digits with a target, once it was asked for.
    shared: HashMap<u32, [Range<usize>; 5]>,
}

impl<'a> Question<'a> {
    pub(super) fn new(pool: &Pool<'_>, case: Case<'a>) -> Self {
        let mut question = Self {
            case,
            start: 0,
            today: day(pool.context.today),
            kind: CheckKind::Simple,
            gender: 0,
            office: 0,
            own_office: pool.context.parameters.own_office_only,
            radius_m: 0,
            waiting: 0,
            languages: 0,
            occupations: vec![0; 2 * pool.dictionary.codes.len() + 1],
            written: Vec::new(),
            areas: [0; AREA_POINTS],
            most: 0,
            shared: HashMap::new(),
        };
        question.ask(pool, case);
        question
    }

    /// The next case, for the rules alone.
    pub(super) fn ask_rules(&mut self, pool: &Pool<'_>, case: Case<'a>) {
        let today = pool.context.today;
        let start = case.facts.start(today);
        self.case = case;
        self.start = day(start);
        self.kind = needed_kind(case.facts.mentee_birth_date, start);
        self.gender = gender(case.facts.expert_gender_wish);
        self.office = pool.dictionary.office(case.facts.office);
        self.radius_m = pool.radius_m(case.facts);
    }

    /// The next case.
    pub(super) fn ask(&mut self, pool: &Pool<'_>, case: Case<'a>) {
        self.ask_rules(pool, case);
        let today = pool.context.today;
        let weights = &pool.context.parameters.weights;
        self.waiting = waiting_points(weights, case.traits, today);
        // a language that has no bit is spoken by odd experts alone
        self.languages = pool.dictionary.languages(&case.traits.languages).0;
        for range in self.written.drain(..) {
            self.occupations[range].fill(0);
        }
        let codes = pool.dictionary.codes.len();
        for (rank, target) in case.traits.occupations.iter().enumerate() {
            let shared = self
                .shared
                .entry(target.packed())
                .or_insert_with(|| shared_digits(&pool.dictionary.codes, *target));
            for (range, digits) in shared.iter().zip(1..) {
                if range.is_empty() {
                    break;
                }
                let by_kind = pool.occupation_points.of(digits, rank);
                for (offset, points) in [0, codes].into_iter().zip(by_kind) {
                    let range = range.start + offset..range.end + offset;
                    for slot in &mut self.occupations[range.clone()] {
                        *slot = points.max(*slot);
                    }
                    if digits == 1 {
                        self.written.push(range);
                    }
                }
            }
        }
        let fit = AreaFit::new(weights, &case.traits.support_areas);
        self.areas = fit.points();
        let all = areas(case.traits.support_areas.iter().map(|(area, _)| *area));
        self.most = self.areas[usize::from(all)] + if self.languages == 0 { 0 } else { weights.language };
    }

    /// Points for waiting, the same with every expert.
    pub(super) fn waiting(&self) -> i32 {
        self.waiting
    }

    fn history(&self, sheet: &Sheet) -> PairHistory {
        let histories = self.case.histories;
        histories
            .binary_search_by_key(&sheet.position, |history| history.0)
            .map_or(PairHistory::default(), |at| histories[at].1)
    }

    /// Points for the expert's occupations.
    #[inline]
    pub(super) fn occupation(&self, sheet: &Sheet) -> i32 {
        let points = sheet.occupations.map(|code| self.occupations[usize::from(code)]);
        points[0].max(points[1]).max(points[2].max(points[3]))
    }

    /// The score of a pair whose occupations give so many points; none where a rule removes the expert.
    /// The rules about distance, office and room have been asked.
    #[inline]
    pub(super) fn score(&self, pool: &Pool<'_>, near: Near, sheet: &Sheet, occupation: i32) -> Option<i32> {
        if sheet.odd {
            return self.score_odd(pool, near, sheet);
        }
        let mut sum = near.points + self.waiting + occupation + self.areas[usize::from(sheet.areas)];
        if sheet.languages & self.languages != 0 {
            sum += pool.context.parameters.weights.language;
        }
        if sheet.paused.has(self.start) || (self.gender != 0 && self.gender != sheet.gender) {
            return None;
        }
        if !self.case.histories.is_empty() {
            let history = self.history(sheet);
            if history.barred || history.open {
                return None;
            }
        }
        if sheet.permitted(self.kind).has(self.start) && sheet.trained.has(self.start) {
            return Some(sum);
        }
        if !pool.context.parameters.admit_missing {
            return None;
        }
        let lacks = missing(
            pool.experts[sheet.position as usize].facts,
            self.kind,
            pool.context.required_modules,
            self.case.facts.start(pool.context.today),
        );
        Some(sum - share(pool.context.parameters.weights.missing, lacks.len() as i64, 1))
    }

    /// The same, from the rules and scores themselves.
    #[cold]
    fn score_odd(&self, pool: &Pool<'_>, near: Near, sheet: &Sheet) -> Option<i32> {
        let context = &pool.context;
        let expert = &pool.experts[sheet.position as usize];
        let (case, history) = (&self.case, self.history(sheet));
        let lacks = may_propose(context, case.facts, expert.facts, near.metres, history).ok()?;
        let reach = reach_m(case.facts, expert.facts, context.parameters);
        let points = score(
            &context.parameters.weights,
            case.traits,
            expert.traits,
            near.metres,
            reach,
            lacks.len(),
            context.today,
        );
        Some(points.total())
    }

    /// The first rule that removes an expert, in their order.
    pub(super) fn rule(&self, pool: &Pool<'_>, metres: u32, sheet: &Sheet) -> Option<Rule> {
        let context = &pool.context;
        if sheet.odd {
            let facts = pool.experts[sheet.position as usize].facts;
            return may_propose(context, self.case.facts, facts, metres, self.history(sheet)).err();
        }
        if !sheet.active {
            return Some(Rule::State);
        }
        if context.parameters.own_office_only && sheet.office != self.office {
            return Some(Rule::OtherOffice);
        }
        if metres > self.radius_m {
            return Some(Rule::Distance);
        }
        if metres > sheet.travel_m {
            return Some(Rule::TravelRadius);
        }
        if sheet.paused.has(self.start) {
            return Some(Rule::Paused);
        }
        if self.gender != 0 && self.gender != sheet.gender {
            return Some(Rule::Gender);
        }
        if !self.case.histories.is_empty() {
            let history = self.history(sheet);
            if history.barred {
                return Some(Rule::Barred);
            }
            if history.open {
                return Some(Rule::AlreadyAsked);
            }
        }
        if sheet.full {
            return Some(Rule::Capacity);
        }
        if sheet.approached {
            return Some(Rule::ApproachLimit);
        }
        if context.parameters.admit_missing {
            return None;
        }
        let permitted = sheet.permitted(self.kind);
        if !permitted.has(self.start) {
            return Some(if permitted.has(self.today) {
                Rule::CheckExpires
            } else {
                Rule::CheckMissing
            });
        }
        (!sheet.trained.has(self.start)).then_some(Rule::Training)
    }
}

/// For 1 to 5 digits which of the codes, packed and rising, share at least so many leading ones with a
/// target.
fn shared_digits(codes: &[u32], target: KldbCode) -> [Range<usize>; 5] {
    let mut ranges = [const { 0..0 }; 5];
    let packed = target.packed();
    let mut width = PACKED_BASE.pow(u32::from(KldbCode::MAX_DIGITS));
    for range in &mut ranges {
        width /= PACKED_BASE;
        let prefix = packed / width;
        if prefix.is_multiple_of(PACKED_BASE) {
            // the target has no more digits
            break;
        }
        let from = codes.partition_point(|code| *code < prefix * width);
        let length = codes[from..].partition_point(|code| *code < (prefix + 1) * width);
        *range = from..from + length;
    }
    ranges
}
