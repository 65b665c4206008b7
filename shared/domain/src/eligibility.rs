//! Rules before scores (matching.md): when an expert may be approached for a case, and which rule
//! stands in the way where not.

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use chrono::NaiveDate;
use strum::VariantArray;

use crate::checks::{BackgroundCheck, CheckKind, needed_kind, permitted};
use crate::errors::{Code, UserError};
use crate::experts::{ExpertState, Pause};
use crate::ids::OfficeId;
use crate::runs::Parameters;
use crate::settings::Settings;
use crate::values::{Gender, words};

words! {
    /// A hard rule, in the order in which they are asked; the first one that fails is the one that is
    /// counted.
    Rule {
        /// Not `ACTIVE`.
        State,
        /// Of another office, and the run takes only its own.
        OtherOffice,
        /// Farther from the centre than the case's radius.
        Distance,
        /// Farther from the centre than the expert travels.
        TravelRadius,
        /// Paused at the planned start.
        Paused,
        /// The case wishes for another gender.
        Gender,
        /// Has declined this case, or it did not come about before.
        Barred,
        /// Is already asked for this case, or accompanies it.
        AlreadyAsked,
        /// No capacity left.
        Capacity,
        /// Was approached too often lately.
        ApproachLimit,
        /// No valid check of the kind that this mentee needs.
        CheckMissing,
        /// The check ends before the planned start.
        CheckExpires,
        /// A required training module is missing.
        Training,
        /// The centre has as many matches as it can look after.
        CenterLimit,
        /// The case is not (or no longer) `SEARCHING`.
        CaseNotSearching,
        /// Another expert is being asked for the case.
        AnotherAsked,
    }

    /// Something that an expert has to do before the first meeting is dated.
    Missing {
        /// A valid simple background check.
        SimpleCheck,
        /// A valid extended background check.
        ExtendedCheck,
        /// The base module.
        BaseTraining,
        /// The intercultural module.
        InterculturalTraining,
        /// Another required module.
        OtherTraining,
    }
}

impl Rule {
    /// Every rule, in their order.
    pub const ALL: &'static [Self] = <Self as VariantArray>::VARIANTS;
    /// How many there are.
    pub const COUNT: usize = Self::ALL.len();

    /// Whether somebody could do something about it, so that it is worth telling as a near miss.
    pub fn can_be_mended(self) -> bool {
        matches!(
            self,
            Self::Distance
                | Self::TravelRadius
                | Self::Paused
                | Self::Capacity
                | Self::ApproachLimit
                | Self::CheckMissing
                | Self::CheckExpires
                | Self::Training
        )
    }
}

/// An attended training module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attended {
    /// The module's code.
    pub module: String,
    /// When.
    pub on: NaiveDate,
    /// The last day on which it counts; none: always.
    pub counts_until: Option<NaiveDate>,
}

/// What of an expert the rules ask for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExpertFacts {
    /// State.
    pub state: ExpertState,
    /// The expert's office.
    pub office: OfficeId,
    /// Pauses that are not over.
    pub pauses: Vec<Pause>,
    /// Gender, where given.
    pub gender: Option<Gender>,
    /// Kilometres.
    pub travel_radius_km: u16,
    /// How many at once.
    pub capacity: u8,
    /// Matches in `APPROACHED … PAUSED`.
    pub open_matches: u8,
    /// Approaches within the limit's days that are open or were not answered.
    pub recent_approaches: u32,
    /// Every check that is not erased.
    pub checks: Vec<BackgroundCheck>,
    /// Attended modules.
    pub attended: Vec<Attended>,
}

/// What of a case the rules ask for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseFacts {
    /// The office that serves the centre.
    pub office: OfficeId,
    /// Kilometres around the centre.
    pub radius_km: u16,
    /// Planned start.
    pub planned_start: NaiveDate,
    /// The mentee's birth date.
    pub mentee_birth_date: NaiveDate,
    /// Gender wish.
    pub expert_gender_wish: Option<Gender>,
}

impl CaseFacts {
    /// The day at which the rules are asked: the planned start, or today where that is past.
    pub fn start(&self, today: NaiveDate) -> NaiveDate {
        self.planned_start.max(today)
    }
}

/// Where a pair stands because of its history for this very case.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PairHistory {
    /// [`crate::matches::bars_pair`].
    pub barred: bool,
    /// A match of the pair is open.
    pub open: bool,
}

/// What every decision shares.
#[derive(Debug, Clone)]
pub struct Context<'a> {
    /// Today in Germany.
    pub today: NaiveDate,
    /// Limits.
    pub settings: &'a Settings,
    /// The run's parameters; the defaults where a single case is looked at.
    pub parameters: &'a Parameters,
    /// Codes of the modules that every deployed expert needs (S8, S9).
    pub required_modules: &'a BTreeSet<String>,
}

/// The smaller of both radii, in metres.
pub fn reach_m(case: &CaseFacts, expert: &ExpertFacts, parameters: &Parameters) -> u32 {
    let radius = parameters.radius_km.unwrap_or(case.radius_km);
    u32::from(radius.min(expert.travel_radius_km)) * 1000
}

/// What an expert lacks at a first meeting on `day` with a mentee who needs `kind`.
pub fn missing(
    expert: &ExpertFacts,
    kind: CheckKind,
    required: &BTreeSet<String>,
    day: NaiveDate,
) -> Vec<Missing> {
    let mut missing = Vec::new();
    if !permitted(&expert.checks, kind, day) {
        missing.push(if kind == CheckKind::Extended {
            Missing::ExtendedCheck
        } else {
            Missing::SimpleCheck
        });
    }
    for module in required {
        let attended = expert.attended.iter().any(|attended| {
            attended.module == *module
                && attended.on <= day
                && attended.counts_until.is_none_or(|until| day <= until)
        });
        if !attended {
            missing.push(match module.as_str() {
                crate::training::BASE => Missing::BaseTraining,
                crate::training::INTERCULTURAL => Missing::InterculturalTraining,
                _ => Missing::OtherTraining,
            });
        }
    }
    missing
}

/// Whether an expert may be proposed for a case: what is still missing where the run admits that, or
/// the first rule that stands in the way.
///
/// The centre's limit is not asked here, since it is about the case and not about the expert.
///
/// # Errors
/// The first rule that fails.
pub fn may_propose(
    context: &Context<'_>,
    case: &CaseFacts,
    expert: &ExpertFacts,
    distance_m: u32,
    history: PairHistory,
) -> Result<Vec<Missing>, Rule> {
    let start = case.start(context.today);
    let refuse = |rule, stands: bool| if stands { Err(rule) } else { Ok(()) };
    refuse(Rule::State, expert.state != ExpertState::Active)?;
    refuse(
        Rule::OtherOffice,
        context.parameters.own_office_only && expert.office != case.office,
    )?;
    let radius = context.parameters.radius_km.unwrap_or(case.radius_km);
    refuse(Rule::Distance, distance_m > u32::from(radius) * 1000)?;
    refuse(
        Rule::TravelRadius,
        distance_m > u32::from(expert.travel_radius_km) * 1000,
    )?;
    refuse(
        Rule::Paused,
        expert.pauses.iter().any(|pause| pause.covers(start)),
    )?;
    refuse(
        Rule::Gender,
        case.expert_gender_wish.is_some() && case.expert_gender_wish != expert.gender,
    )?;
    refuse(Rule::Barred, history.barred)?;
    refuse(Rule::AlreadyAsked, history.open)?;
    refuse(Rule::Capacity, expert.open_matches >= expert.capacity)?;
    refuse(
        Rule::ApproachLimit,
        expert.recent_approaches >= context.settings.approach_limit,
    )?;
    let kind = needed_kind(case.mentee_birth_date, start);
    let missing = missing(expert, kind, context.required_modules, start);
    if context.parameters.admit_missing {
        return Ok(missing);
    }
    match missing.first() {
        None => Ok(missing),
        Some(Missing::SimpleCheck | Missing::ExtendedCheck) => {
            Err(if permitted(&expert.checks, kind, context.today) {
                Rule::CheckExpires
            } else {
                Rule::CheckMissing
            })
        }
        Some(_) => Err(Rule::Training),
    }
}

/// Checks a run's parameters as a coordinator typed them.
///
/// # Errors
/// Every problem, each with its field.
pub fn check_parameters(parameters: &Parameters) -> Result<(), Vec<UserError>> {
    let mut errors = Vec::new();
    if let Some(radius) = parameters.radius_km
        && !crate::experts::TRAVEL_RADIUS_KM.contains(&i64::from(radius))
    {
        errors.push(UserError::invalid(
            "radiusKm",
            format!("radius {radius} km must be from 1 to 300 km"),
        ));
    }
    for (name, weight) in parameters.weights.named() {
        if !(0..=crate::scores::MOST_WEIGHT).contains(&weight) {
            errors.push(UserError::new(
                Code::Invalid,
                format!("weights.{name}"),
                format!("weight {weight} must be from 0 to {}", crate::scores::MOST_WEIGHT),
            ));
        }
    }
    if errors.is_empty() { Ok(()) } else { Err(errors) }
}
