//! A case compiled into numbers: the rules' questions, and the points of each answer.

use std::ops::Range;

use super::deck::{ANY_SLOT, Asked, Card};
use super::dictionary::Dictionary;
use super::groups::Coded;
use super::sheet::{Days, Sheet, areas, day, gender};
use super::{Case, Pool};
use crate::cases::MOST_OCCUPATIONS;
use crate::checks::{CheckKind, needed_kind};
use crate::eligibility::{PairHistory, Rule, may_propose, missing, reach_m};
use crate::occupations::{KldbCode, PACKED_BASE, PACKED_CODES};
use crate::scores::{AREA_POINTS, AreaFit, score, share, waiting_points};

/// One more than the largest slot and than [`ANY_SLOT`], so that every slot is known to have its points.
const SLOTS: usize = 1 << u16::BITS;

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
    languages: u32,
    /// Points of each code as occupation, of each as interest, and of none.
    occupations: Box<[i32; SLOTS]>,
    /// What of `occupations` is not zero.
    written: Vec<Range<usize>>,
    /// Points for waiting and for each set of areas, first without a common language, then with one.
    besides: [i32; 2 * AREA_POINTS],
    asked: Asked,
    has_histories: bool,
    /// The most that the areas and a language can add.
    pub(super) most: i32,
    /// The most that an occupation gives.
    most_occupation: i32,
    /// The most that an occupation gives that shares no more than one digit with a target. Who gets more
    /// has a code in one of the fields.
    pub(super) outside_fields: i32,
    /// The fields of the targets, each once.
    pub(super) fields: Vec<Field>,
    /// What is known of those targets that were asked for.
    targets: Vec<Target>,
    /// One more than the place of each packed target among them; 0 for those not yet asked for.
    places_of_targets: Vec<u32>,
}

/// An occupational field that a case asks for.
#[derive(Debug, Clone)]
pub(super) struct Field {
    /// The groups of the field.
    pub(super) groups: Range<u16>,
    /// The groups of the targets.
    near: [Range<u16>; MOST_OCCUPATIONS],
    near_count: usize,
    /// The most that a code of the field gives.
    pub(super) most: i32,
    /// The most that one gives that belongs to none of these groups.
    pub(super) apart: i32,
}

impl Field {
    /// The groups of the targets, each once, counted from the first of the field.
    pub(super) fn near(&self) -> &[Range<u16>] {
        &self.near[..self.near_count]
    }

    fn add(&mut self, group: u16) {
        let group = group - self.groups.start;
        let group = group..group + 1;
        if !self.near().contains(&group)
            && let Some(free) = self.near.get_mut(self.near_count)
        {
            *free = group;
            self.near_count += 1;
        }
    }
}

/// A target occupation among the codes of the experts.
#[derive(Debug)]
struct Target {
    /// Which codes share how many digits with it.
    shared: [Range<usize>; 5],
    /// Its group and the groups of its field.
    group: Option<u16>,
    field: Option<Range<u16>>,
}

impl Target {
    fn new(dictionary: &Dictionary, target: KldbCode) -> Self {
        let (group, field) = dictionary.group_and_field(target.packed()).unzip();
        Self {
            shared: shared_digits(&dictionary.codes, target),
            group: group.flatten(),
            field: field.cloned(),
        }
    }
}

impl<'a> Question<'a> {
    pub(super) fn new(pool: &Pool<'_>, case: Case<'a>) -> Self {
        let mut question = Self {
            case,
            start: 0,
            today: pool.today(),
            kind: CheckKind::Simple,
            gender: 0,
            office: 0,
            own_office: pool.context.parameters.own_office_only,
            radius_m: 0,
            waiting: 0,
            languages: 0,
            occupations: vec![0; SLOTS].try_into().expect("there are so many slots"),
            written: Vec::new(),
            besides: [0; 2 * AREA_POINTS],
            asked: Asked::default(),
            has_histories: false,
            most: 0,
            most_occupation: 0,
            outside_fields: 0,
            fields: Vec::new(),
            targets: Vec::new(),
            places_of_targets: vec![0; PACKED_CODES],
        };
        question.ask_rules(pool, case);
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
        if self.own_office {
            self.office = pool.dictionary.office(case.facts.office);
        }
        self.radius_m = pool.radius_km(case.facts) * 1000;
    }

    /// The next case, one of those that start on these days.
    pub(super) fn ask(&mut self, pool: &Pool<'_>, starts: Days, case: Case<'a>) {
        self.ask_rules(pool, case);
        let today = pool.context.today;
        let weights = &pool.context.parameters.weights;
        self.waiting = waiting_points(weights, case.traits, today);
        self.asked = Asked::new(self.kind, starts.after_first(self.start), self.gender);
        self.has_histories = !case.histories.is_empty();
        self.languages = pool.dictionary.languages(&case.traits.languages);
        for range in self.written.drain(..) {
            self.occupations[range].fill(0);
        }
        self.fields.clear();
        (self.most_occupation, self.outside_fields) = (0, 0);
        let codes = pool.dictionary.codes.len();
        for (rank, target) in case.traits.occupations.iter().enumerate() {
            let points = pool.occupation_points.of(1, rank);
            self.outside_fields = self.outside_fields.max(points[0]).max(points[1]);
            let whole = pool.occupation_points.of(usize::from(KldbCode::MAX_DIGITS), rank);
            self.most_occupation = self.most_occupation.max(whole[0]).max(whole[1]);
            let place = &mut self.places_of_targets[target.packed() as usize];
            if *place == 0 {
                self.targets.push(Target::new(&pool.dictionary, *target));
                *place = self.targets.len() as u32;
            }
            let Target { shared, group, field } = &self.targets[*place as usize - 1];
            if let Some(groups) = field.clone() {
                let apart = pool.occupation_points.of(2, rank);
                let field = match self.fields.iter_mut().find(|field| field.groups == groups) {
                    Some(field) => field,
                    None => self.fields.push_mut(Field {
                        groups,
                        near: [const { 0..0 }; MOST_OCCUPATIONS],
                        near_count: 0,
                        most: 0,
                        apart: 0,
                    }),
                };
                field.most = field.most.max(whole[0]).max(whole[1]);
                field.apart = field.apart.max(apart[0]).max(apart[1]);
                if let Some(group) = group {
                    field.add(*group);
                }
            }
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
        self.occupations[usize::from(ANY_SLOT)] = self.most_occupation;
        let by_areas = AreaFit::new(&case.traits.support_areas).points(&pool.area_points);
        let (without, with) = self.besides.split_at_mut(AREA_POINTS);
        for (points, (without, with)) in by_areas.iter().zip(without.iter_mut().zip(with)) {
            *without = self.waiting + points;
            *with = *without + weights.language;
        }
        let all = areas(case.traits.support_areas.iter().map(|(area, _)| *area));
        self.most = by_areas[usize::from(all)] + if self.languages == 0 { 0 } else { weights.language };
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

    /// Points for the expert's occupations; none for who is odd.
    #[inline]
    pub(super) fn occupation(&self, pool: &Pool<'_>, card: &Card) -> i32 {
        if card.has_more() {
            return self.occupation_by_sheet(pool, card);
        }
        self.occupation_at_most(card.slots)
    }

    #[cold]
    fn occupation_by_sheet(&self, pool: &Pool<'_>, card: &Card) -> i32 {
        let sheet = &pool.sheets[card.number as usize];
        let points = sheet.occupations.map(|code| self.occupations[usize::from(code)]);
        points.into_iter().max().unwrap_or_default()
    }

    /// The most that the occupations of somebody with these slots can give.
    #[inline]
    pub(super) fn occupation_at_most(&self, slots: [u16; 2]) -> i32 {
        let [first, second] = slots.map(|slot| self.occupations[usize::from(slot)]);
        first.max(second)
    }

    /// The points for waiting, areas and languages.
    #[inline]
    pub(super) fn besides(&self, areas: u8, languages: u32) -> i32 {
        self.besides_if(areas, languages & self.languages != 0)
    }

    /// Looked up, since a branch that goes either way costs more.
    #[inline]
    fn besides_if(&self, areas: u8, common_language: bool) -> i32 {
        self.besides[usize::from(areas) % AREA_POINTS + usize::from(common_language) * AREA_POINTS]
    }

    /// The points that a code by which somebody is found gives them, and whether no other code that their card
    /// holds gives more, or as much where its slot comes first.
    #[inline]
    pub(super) fn by_code(&self, coded: &Coded) -> (i32, bool) {
        let [own, other] = [coded.own, coded.other].map(|slot| self.occupations[usize::from(slot)]);
        (own, own + i32::from(coded.own <= coded.other) > other)
    }

    /// Whether it is the best of all codes, where a card does not hold all.
    #[cold]
    pub(super) fn is_best(&self, pool: &Pool<'_>, card: &Card, own: u16) -> bool {
        let points = |slot: &u16| (self.occupations[usize::from(*slot)], std::cmp::Reverse(*slot));
        let slots = &pool.sheets[card.number as usize].occupations;
        slots.iter().max_by_key(|slot| points(slot)) == Some(&own)
    }

    /// Whether every rule but those about distance, office and room lets the expert through, as the card
    /// says.
    #[inline]
    pub(super) fn passes(&self, card: &Card) -> bool {
        !self.has_histories & card.passes(self.asked)
    }

    /// Whether the sheet may let an expert through whom the card does not.
    #[inline]
    pub(super) fn may_pass(&self, card: &Card) -> bool {
        self.has_histories | card.unsure
    }

    /// The score of a pair whose sum is this, as the sheet says; none where a rule removes the expert. The
    /// rules about distance, office and room are asked apart.
    #[cold]
    pub(super) fn score_by_sheet(
        &self,
        pool: &Pool<'_>,
        metres: impl FnOnce() -> u32,
        card: &Card,
        sum: i32,
    ) -> Option<i32> {
        let sheet = &pool.sheets[card.number as usize];
        if sheet.odd {
            return self.score_odd(pool, metres(), sheet);
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
    fn score_odd(&self, pool: &Pool<'_>, metres: u32, sheet: &Sheet) -> Option<i32> {
        let context = &pool.context;
        let expert = &pool.experts[sheet.position as usize];
        let (case, history) = (&self.case, self.history(sheet));
        let lacks = may_propose(context, case.facts, expert.facts, metres, history).ok()?;
        let reach = reach_m(case.facts, expert.facts, context.parameters);
        let points = score(
            &context.parameters.weights,
            case.traits,
            expert.traits,
            metres,
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
        if !sheet.permitted(self.kind).has(self.start) {
            return Some(sheet.without_check(self.kind, self.today));
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
