//! Who could accompany whom: rules first, then scores (matching.md).
//!
//! The rows come from storage, the rules and points from the domain; here they meet, for one case on a
//! coordinator's screen and for the pairs of an approach. Bulk runs do the same with thousands
//! (`crate::runs`).

mod pairs;

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Days, NaiveDate};
use serde::{Deserialize, Serialize};
use tandem_domain::candidates::{self as bulk, Pool, with_margin};
use tandem_domain::eligibility::{Context, Missing, PairHistory, Rule, may_propose, reach_m};
use tandem_domain::geo::{Coordinates, distance_m};
use tandem_domain::ids::{CaseId, ExpertId};
use tandem_domain::policy::{Action, Resource};
use tandem_domain::postal_codes::{self, Atlas, PostalCode, UnknownPostalCode};
use tandem_domain::runs::Parameters;
use tandem_domain::scores::{Points, score};
use tandem_domain::settings::Settings;
use tandem_storage::PgConnection;
use tandem_storage::facts::{self, CaseRow, Cases, ExpertRow};

pub use self::pairs::{PairFacts, check_pairs};
use crate::{App, Caller, Error, Result, refuse};
use tandem_domain::errors::UserError;

/// An expert who may be proposed for a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// The expert.
    pub expert: ExpertId,
    /// Whole metres from the centre.
    pub distance_m: u32,
    /// Points a criterion.
    pub points: Points,
    /// What is still to be done, where such experts are admitted.
    pub missing: Vec<Missing>,
}

/// An expert within reach whom one rule removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NearMiss {
    /// The expert.
    pub expert: ExpertId,
    /// The rule.
    pub rule: Rule,
    /// Whole metres from the centre.
    pub distance_m: u32,
}

/// What the rules left of the experts around one case's centre.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Field {
    /// The best ones, the highest score first.
    pub candidates: Vec<Candidate>,
    /// How many experts within the case's radius each rule removed; each counts once, at the first rule
    /// that fails.
    pub removed: BTreeMap<Rule, u32>,
    /// The nearest experts whom a rule removed that somebody could do something about.
    pub near_misses: Vec<NearMiss>,
}

/// What every decision of one operation shares.
#[derive(Debug, Clone)]
pub struct Ground {
    /// Today in Germany.
    pub today: NaiveDate,
    /// Limits.
    pub settings: Settings,
    /// Modules that every deployed expert needs.
    pub required_modules: BTreeSet<String>,
    /// Parameters of the run; the defaults where there is none.
    pub parameters: Parameters,
}

impl Ground {
    /// Loads what the rules share.
    pub async fn load(conn: &mut PgConnection, app: &App, parameters: &Parameters) -> Result<Self> {
        Ok(Self {
            today: app.today(),
            settings: tandem_storage::settings::newest(conn).await?,
            required_modules: facts::required_modules(conn).await?,
            parameters: parameters.clone(),
        })
    }

    /// The same for the rules.
    pub fn context(&self) -> Context<'_> {
        Context {
            today: self.today,
            settings: &self.settings,
            parameters: &self.parameters,
            required_modules: &self.required_modules,
        }
    }

    /// What explains a pair whom the rules let through; the rule where they do not.
    pub(crate) fn candidate(
        &self,
        case: &bulk::Case<'_>,
        id: ExpertId,
        expert: &bulk::Expert<'_>,
        history: PairHistory,
    ) -> Result<std::result::Result<Candidate, Rule>> {
        let distance_m = distance_m(coordinates(case.postal_code)?, coordinates(expert.postal_code)?);
        let missing = match may_propose(&self.context(), case.facts, expert.facts, distance_m, history) {
            Ok(missing) => missing,
            Err(rule) => return Ok(Err(rule)),
        };
        let points = score(
            &self.parameters.weights,
            case.traits,
            expert.traits,
            distance_m,
            reach_m(case.facts, expert.facts, &self.parameters),
            missing.len(),
            self.today,
        );
        Ok(Ok(Candidate {
            expert: id,
            distance_m,
            points,
            missing,
        }))
    }
}

/// A row of storage as the domain gathers candidates from it.
pub(crate) fn gathered(expert: &ExpertRow) -> bulk::Expert<'_> {
    bulk::Expert {
        postal_code: expert.postal_code,
        facts: &expert.facts,
        traits: &expert.traits,
    }
}

impl From<UnknownPostalCode> for Error {
    fn from(unknown: UnknownPostalCode) -> Self {
        Self::Fault(format!("of a stored row: {unknown}"))
    }
}

/// The coordinates of a postal code that a row refers to.
pub(crate) fn coordinates(code: PostalCode) -> Result<Coordinates> {
    let place = postal_codes::find(postal_codes::builtin(), code).ok_or(UnknownPostalCode(code))?;
    Ok(place.coordinates)
}

/// The postal codes around a centre.
fn codes_around(center: PostalCode, radius_m: u32) -> Result<Vec<PostalCode>> {
    let atlas = Atlas::builtin();
    let mut codes = Vec::new();
    atlas.around(atlas.rank(center)?, radius_m, |rank, _| {
        codes.push(atlas.codes()[usize::from(rank)]);
    });
    Ok(codes)
}

/// Asks the rules about each of these experts, by rising id, for one case.
fn field(
    ground: &Ground,
    experts: &[ExpertRow],
    row: &CaseRow,
    histories: &[(u32, PairHistory)],
    most: usize,
) -> Result<Field> {
    let pool = Pool::new(ground.context(), experts.iter().map(gathered).collect())?;
    let case = bulk::Case {
        postal_code: row.postal_code,
        facts: &row.facts,
        traits: &row.traits,
        histories,
    };
    let rows = pool.rows(&[case], usize::MAX, 1, &|_| true)?.unwrap_or_default();
    let seen = pool
        .explain(&[case], 1, &|_| true)?
        .unwrap_or_default()
        .pop()
        .unwrap_or_default();
    let mut removed = seen.removed;
    let mut ranked: Vec<(i32, u32)> = rows
        .experts
        .iter()
        .zip(&rows.scores)
        .map(|(number, score)| (-score, pool.position(*number) as u32))
        .collect();
    if row.center_room == Some(0) {
        removed.insert(Rule::CenterLimit, ranked.len() as u32);
        ranked.clear();
    }
    ranked.sort_unstable();
    let mut candidates = Vec::with_capacity(ranked.len().min(most));
    for (_, position) in ranked.into_iter().take(most) {
        let expert = &experts[position as usize];
        // whoever has a row has no history that bars the pair
        let found = ground.candidate(&case, expert.id, &gathered(expert), PairHistory::default())?;
        candidates.extend(found.ok());
    }
    let near_misses = seen.near_misses.iter().map(|miss| NearMiss {
        expert: experts[miss.position as usize].id,
        rule: miss.rule,
        distance_m: miss.distance_m,
    });
    Ok(Field {
        candidates,
        removed,
        near_misses: near_misses.collect(),
    })
}

/// The ranked and explained candidates of one case, as a coordinator sees them before approaching by
/// hand: the best score first, at most `most`; and what the rules removed.
pub async fn for_case(
    app: &App,
    caller: &Caller,
    case: CaseId,
    parameters: &Parameters,
    most: usize,
) -> Result<Field> {
    let mut tx = app.begin(caller).await?;
    let Some(row) = facts::cases(&mut tx, Cases::These(&[case]), app.today())
        .await?
        .pop()
    else {
        return refuse(UserError::not_found("caseId", "case"));
    };
    let resource = Resource::mentee(row.mentee, row.center, row.facts.office);
    caller.authorize(Action::ViewCandidates, &resource, "caseId", "case")?;
    let ground = Ground::load(&mut tx, app, parameters).await?;
    let radius = u32::from(parameters.radius_km.unwrap_or(row.facts.radius_km)) * 1000;
    let nearby =
        facts::experts_living_in(&mut tx, &codes_around(row.postal_code, with_margin(radius))?).await?;
    let since = approached_since(app, &ground.settings);
    let experts = facts::experts(&mut tx, Some(&nearby), since, ground.today).await?;
    let histories = facts::histories(&mut tx, &[case]).await?;
    let histories: Vec<(u32, PairHistory)> = experts
        .iter()
        .zip(0..)
        .filter_map(|(expert, position)| Some((position, *histories.get(&(case, expert.id))?)))
        .collect();
    field(&ground, &experts, &row, &histories, most)
}

/// When the interval of the approach limit begins.
pub fn approached_since(app: &App, settings: &Settings) -> chrono::DateTime<chrono::Utc> {
    app.now() - Days::new(u64::from(settings.approach_limit_days))
}
