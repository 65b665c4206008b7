//! Who could accompany whom: rules first, then scores (matching.md).
//!
//! The rows come from storage, the rules and points from the domain; here they meet, for one case on a
//! coordinator's screen, for the pairs of an approach, and for the thousands of a bulk run.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{Days, NaiveDate};
use serde::{Deserialize, Serialize};
use tandem_domain::eligibility::{Context, ExpertFacts, Missing, PairHistory, Rule, may_propose, reach_m};
use tandem_domain::experts::ExpertState;
use tandem_domain::geo::{Coordinates, distance_m};
use tandem_domain::ids::{CaseId, CenterId, ExpertId};
use tandem_domain::policy::{Action, Resource};
use tandem_domain::postal_codes::{self, PostalCode};
use tandem_domain::runs::Parameters;
use tandem_domain::scores::{Points, score};
use tandem_domain::settings::Settings;
use tandem_storage::PgConnection;
use tandem_storage::facts::{self, CaseRow, Cases, ExpertRow};

use crate::{App, Caller, Error, Result, refuse};
use tandem_domain::errors::UserError;

/// So many near misses are told for a case without an expert.
const NEAR_MISSES: usize = 3;

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
    /// By rising expert id.
    pub candidates: Vec<Candidate>,
    /// How many experts within the case's radius each rule removed; each counts once, at the first rule
    /// that fails.
    pub removed: BTreeMap<Rule, u32>,
    /// The nearest experts whom a rule removed that somebody could do something about.
    pub near_misses: Vec<NearMiss>,
}

/// Where a pair stands, for an operation that is about to approach.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PairFacts {
    /// Whole metres from the centre.
    pub distance_m: u32,
    /// Points a criterion.
    pub points: Points,
    /// What the expert still has to do.
    pub missing: Vec<Missing>,
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

    fn context(&self) -> Context<'_> {
        Context {
            today: self.today,
            settings: &self.settings,
            parameters: &self.parameters,
            required_modules: &self.required_modules,
        }
    }

    fn candidate(
        &self,
        case: &CaseRow,
        expert: &ExpertRow,
        distance_m: u32,
        missing: Vec<Missing>,
    ) -> Candidate {
        let reach = reach_m(&case.facts, &expert.facts, &self.parameters);
        let points = score(
            &self.parameters.weights,
            &case.traits,
            &expert.traits,
            distance_m,
            reach,
            missing.len(),
            self.today,
        );
        Candidate {
            expert: expert.id,
            distance_m,
            points,
            missing,
        }
    }
}

/// Experts, by where they live.
#[derive(Debug)]
pub struct Pool {
    experts: Vec<ExpertRow>,
    /// Postal code, its coordinates, and the experts who live there.
    places: Vec<(PostalCode, Coordinates, Vec<u32>)>,
}

/// The coordinates of a postal code that a row refers to.
fn coordinates(code: PostalCode) -> Result<Coordinates> {
    let place = postal_codes::find(postal_codes::builtin(), code)
        .ok_or_else(|| Error::Fault(format!("postal code {code} of a stored row is not in the table")))?;
    Ok(place.coordinates)
}

impl Pool {
    /// Sorts experts, by rising id, under their postal codes.
    pub fn new(experts: Vec<ExpertRow>) -> Result<Self> {
        let mut by_code: BTreeMap<PostalCode, Vec<u32>> = BTreeMap::new();
        for (index, expert) in experts.iter().enumerate() {
            by_code.entry(expert.postal_code).or_default().push(index as u32);
        }
        let places = by_code
            .into_iter()
            .map(|(code, experts)| Ok((code, coordinates(code)?, experts)))
            .collect::<Result<_>>()?;
        Ok(Self { experts, places })
    }

    /// The experts, by rising id.
    pub fn experts(&self) -> &[ExpertRow] {
        &self.experts
    }

    /// Everybody around a centre, with whole metres; by distance, then by id.
    fn around(&self, center: PostalCode, radius_m: u32) -> Result<Vec<(u32, u32)>> {
        let center = coordinates(center)?;
        let mut around = Vec::new();
        for (_, place, experts) in &self.places {
            let metres = distance_m(center, *place);
            if metres <= radius_m {
                around.extend(experts.iter().map(|expert| (metres, *expert)));
            }
        }
        around.sort_unstable();
        Ok(around)
    }
}

/// A little farther than the radius, for near misses.
fn with_margin(radius_m: u32) -> u32 {
    radius_m + radius_m / 2
}

/// The postal codes around a centre.
fn codes_around(center: PostalCode, radius_m: u32) -> Result<Vec<PostalCode>> {
    let center = coordinates(center)?;
    let places = postal_codes::builtin().iter();
    Ok(places
        .filter(|place| distance_m(center, place.coordinates) <= radius_m)
        .map(|place| place.postal_code)
        .collect())
}

/// Whether somebody could do something about it, so that it is worth telling as a near miss.
fn can_be_mended(rule: Rule) -> bool {
    matches!(
        rule,
        Rule::Distance
            | Rule::TravelRadius
            | Rule::Paused
            | Rule::Capacity
            | Rule::ApproachLimit
            | Rule::CheckMissing
            | Rule::CheckExpires
            | Rule::Training
    )
}

/// Asks the rules about each expert around the centre of each case; in the cases' order, whatever the
/// number of threads.
///
/// `progress` hears how many cases are done and returns whether to go on; stopped, there is no result.
pub fn fields(
    ground: &Ground,
    pool: &Pool,
    cases: &[CaseRow],
    histories: &HashMap<(CaseId, ExpertId), PairHistory>,
    threads: usize,
    progress: &(dyn Fn(u64) -> bool + Sync),
) -> Result<Option<Vec<Field>>> {
    // one list of neighbours a centre, as far as its widest case reaches
    let mut radius: HashMap<CenterId, (PostalCode, u32)> = HashMap::new();
    for case in cases {
        let own = u32::from(ground.parameters.radius_km.unwrap_or(case.facts.radius_km)) * 1000;
        let widest = radius.entry(case.center).or_insert((case.postal_code, own));
        widest.1 = widest.1.max(own);
    }
    let around: HashMap<CenterId, Vec<(u32, u32)>> = radius
        .into_iter()
        .map(|(center, (code, metres))| Ok((center, pool.around(code, with_margin(metres))?)))
        .collect::<Result<_>>()?;
    let one = |case: &CaseRow| field(ground, pool, case, &around[&case.center], histories);

    let share = cases.len().div_ceil(threads.max(1)).max(1);
    let done = std::sync::atomic::AtomicU64::new(0);
    let parts: Vec<Option<Vec<Field>>> = std::thread::scope(|scope| {
        let workers: Vec<_> = cases
            .chunks(share)
            .map(|chunk| {
                scope.spawn(|| {
                    let mut fields = Vec::with_capacity(chunk.len());
                    for batch in chunk.chunks(64) {
                        fields.extend(batch.iter().map(one));
                        let batch = batch.len() as u64;
                        let now = done.fetch_add(batch, std::sync::atomic::Ordering::Relaxed) + batch;
                        if !progress(now) {
                            return None;
                        }
                    }
                    Some(fields)
                })
            })
            .collect();
        workers
            .into_iter()
            .map(|worker| worker.join().expect("the rules do not panic"))
            .collect()
    });
    Ok(parts
        .into_iter()
        .collect::<Option<Vec<_>>>()
        .map(|parts| parts.into_iter().flatten().collect()))
}

fn field(
    ground: &Ground,
    pool: &Pool,
    case: &CaseRow,
    around: &[(u32, u32)],
    histories: &HashMap<(CaseId, ExpertId), PairHistory>,
) -> Field {
    let context = ground.context();
    let mut field = Field::default();
    for (distance, index) in around {
        let expert = &pool.experts[*index as usize];
        let history = histories.get(&(case.id, expert.id)).copied().unwrap_or_default();
        match may_propose(&context, &case.facts, &expert.facts, *distance, history) {
            Ok(missing) => field
                .candidates
                .push(ground.candidate(case, expert, *distance, missing)),
            Err(rule) => {
                if rule != Rule::Distance {
                    *field.removed.entry(rule).or_default() += 1;
                }
                if field.near_misses.len() < NEAR_MISSES && can_be_mended(rule) {
                    field.near_misses.push(NearMiss {
                        expert: expert.id,
                        rule,
                        distance_m: *distance,
                    });
                }
            }
        }
    }
    if case.center_room == Some(0) {
        let removed = field.candidates.len() as u32;
        field.candidates.clear();
        *field.removed.entry(Rule::CenterLimit).or_default() += removed;
    }
    field
        .candidates
        .sort_unstable_by_key(|candidate| candidate.expert);
    field
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
    let pool = Pool::new(experts)?;
    let fields = fields(&ground, &pool, &[row], &histories, 1, &|_| true)?;
    let mut field = fields.and_then(|mut fields| fields.pop()).unwrap_or_default();
    field
        .candidates
        .sort_by_key(|candidate| (-candidate.points.total(), candidate.expert));
    field.candidates.truncate(most);
    Ok(field)
}

/// When the interval of the approach limit begins.
pub fn approached_since(app: &App, settings: &Settings) -> chrono::DateTime<chrono::Utc> {
    app.now() - Days::new(u64::from(settings.approach_limit_days))
}

/// Locks the cases and experts of `pairs` and asks every rule again, pair by pair, for approaches that
/// are written in the same transaction. Pairs count against each other: the second one of an expert
/// meets the capacity that the first one left.
///
/// One answer a pair, in their order: where it stands, or the first rule that fails. Unknown ids count as
/// `CASE_NOT_SEARCHING` and `STATE`.
pub async fn check_pairs(
    conn: &mut PgConnection,
    app: &App,
    parameters: &Parameters,
    pairs: &[(CaseId, ExpertId)],
) -> Result<Vec<std::result::Result<PairFacts, Rule>>> {
    let case_ids: Vec<CaseId> = pairs
        .iter()
        .map(|pair| pair.0)
        .collect::<BTreeSet<_>>()
        .into_iter()
        .collect();
    let expert_ids: Vec<ExpertId> = pairs
        .iter()
        .map(|pair| pair.1)
        .collect::<BTreeSet<_>>()
        .into_iter()
        .collect();
    facts::lock(conn, &case_ids, &expert_ids).await?;
    let ground = Ground::load(conn, app, parameters).await?;
    let cases: HashMap<CaseId, CaseRow> = facts::cases(conn, Cases::These(&case_ids), ground.today)
        .await?
        .into_iter()
        .map(|case| (case.id, case))
        .collect();
    let since = approached_since(app, &ground.settings);
    let mut experts: HashMap<ExpertId, ExpertRow> =
        facts::experts(conn, Some(&expert_ids), since, ground.today)
            .await?
            .into_iter()
            .map(|expert| (expert.id, expert))
            .collect();
    let mut histories = facts::histories(conn, &case_ids).await?;
    let mut taken: HashMap<CenterId, BTreeSet<CaseId>> = HashMap::new();
    let mut answers = Vec::with_capacity(pairs.len());
    for &(case_id, expert_id) in pairs {
        let Some(case) = cases.get(&case_id).filter(|case| case.searching) else {
            answers.push(Err(Rule::CaseNotSearching));
            continue;
        };
        let Some(expert) = experts
            .get_mut(&expert_id)
            .filter(|expert| expert.facts.state == ExpertState::Active)
        else {
            answers.push(Err(Rule::State));
            continue;
        };
        let taken = taken.entry(case.center).or_default();
        let full = !case.asked
            && !taken.contains(&case_id)
            && case
                .center_room
                .is_some_and(|room| taken.len() >= usize::from(room));
        let metres = distance_m(coordinates(case.postal_code)?, coordinates(expert.postal_code)?);
        let history = histories.get(&(case_id, expert_id)).copied().unwrap_or_default();
        let answer = if full {
            Err(Rule::CenterLimit)
        } else {
            may_propose(&ground.context(), &case.facts, &expert.facts, metres, history)
        };
        answers.push(answer.map(|missing| {
            let candidate = ground.candidate(case, expert, metres, missing);
            count_approach(&mut expert.facts);
            taken.insert(case_id);
            histories.entry((case_id, expert_id)).or_default().open = true;
            PairFacts {
                distance_m: metres,
                points: candidate.points,
                missing: candidate.missing,
            }
        }));
    }
    Ok(answers)
}

fn count_approach(facts: &mut ExpertFacts) {
    facts.open_matches = facts.open_matches.saturating_add(1);
    facts.recent_approaches = facts.recent_approaches.saturating_add(1);
}
