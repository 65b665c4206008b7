//! What an expert sets without the office: when and how to be asked (domain.md "Life of an expert").

use chrono::{Months, NaiveDate};
use serde_json::json;
use tandem_domain::errors::{Problems, UserError};
use tandem_domain::experts::{CAPACITY, ExpertState, Pause, TRAVEL_RADIUS_KM};
use tandem_domain::ids::{ExpertId, MatchId};
use tandem_domain::matches::MatchState;
use tandem_domain::policy::{Action, Resource};
use tandem_storage::experts::{self, OwnChange};
use tandem_storage::matches;

use super::states::pause_locked;
use super::{explain, found, locked_for};
use crate::{App, Audit, Caller, Result, refuse};

/// How long an expert who said "not now" is left alone, in months.
const QUIET_MONTHS: u32 = 3;

/// What an expert's own page shows and changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnSettings {
    /// How many matches at once.
    pub capacity: i64,
    /// How far, in kilometres.
    pub travel_radius_km: i64,
    /// Whether reminders are mailed that are not essential.
    pub reminders: bool,
    /// Consent to publicity (S54): off until given, taken back as easily.
    pub publicity_consent: bool,
}

/// The settings of an expert, and the pauses that are not over.
pub async fn own_settings(app: &App, caller: &Caller, id: ExpertId) -> Result<(OwnSettings, Vec<Pause>)> {
    let mut conn = app.acquire(caller).await?;
    let expert = found(experts::get(&mut conn, id).await?, "expertId")?;
    let resource = Resource::expert(id, expert.office_id);
    caller.authorize(Action::SetAvailability, &resource, "expertId", "expert")?;
    let reminders = experts::wants_reminders(&mut conn, id).await?;
    let mut pauses: Vec<Pause> = experts::pauses_for(&mut conn, &[id], app.today())
        .await?
        .into_iter()
        .map(|pause| pause.pause)
        .collect();
    pauses.sort_by_key(|pause| pause.from);
    let settings = OwnSettings {
        capacity: expert.capacity.into(),
        travel_radius_km: expert.travel_radius_km.into(),
        reminders,
        publicity_consent: expert.publicity_consent,
    };
    Ok((settings, pauses))
}

/// Changes them. Consent to publicity is the person's own word: only the expert changes it.
///
/// # Errors
/// `CONFLICT` where more matches are open than the new capacity allows.
pub async fn change_own_settings(
    app: &App,
    caller: &Caller,
    id: ExpertId,
    wanted: OwnSettings,
) -> Result<()> {
    let mut tx = app.begin(caller).await?;
    let before = locked_for(&mut tx, caller, Action::SetAvailability, id).await?;
    let resource = Resource::expert(id, before.office_id);
    if wanted.publicity_consent != before.publicity_consent {
        caller.authorize(
            Action::ConsentToPublicity,
            &resource,
            "publicityConsent",
            "consent",
        )?;
    }
    let mut problems = Problems::new();
    if !CAPACITY.contains(&wanted.capacity) {
        problems.invalid(
            "capacity",
            format!("{} is not from 1 to {}", wanted.capacity, CAPACITY.end()),
        );
    }
    if !TRAVEL_RADIUS_KM.contains(&wanted.travel_radius_km) {
        problems.invalid(
            "travelRadiusKm",
            format!(
                "{} km is not from 1 to {}",
                wanted.travel_radius_km,
                TRAVEL_RADIUS_KM.end()
            ),
        );
    }
    problems.finish(Some(()))?;
    let change = OwnChange {
        capacity: wanted.capacity as i16,
        travel_radius_km: wanted.travel_radius_km as i16,
        reminders: wanted.reminders,
        publicity_consent: wanted.publicity_consent,
    };
    experts::change_own(&mut tx, id, &change, app.now())
        .await
        .map_err(explain)?;
    let reminded = experts::wants_reminders(&mut tx, id).await?;
    let changed: Vec<&str> = [
        ("capacity", i64::from(before.capacity) != wanted.capacity),
        (
            "travelRadiusKm",
            i64::from(before.travel_radius_km) != wanted.travel_radius_km,
        ),
        (
            "publicityConsent",
            before.publicity_consent != wanted.publicity_consent,
        ),
        ("notifications", reminded == wanted.reminders),
    ]
    .into_iter()
    .filter_map(|(field, changed)| changed.then_some(field))
    .collect();
    let entry = Audit::new("expert.availability_set", id)
        .about(id)
        .detail(json!({ "fields": changed }));
    app.audit(&mut tx, caller, &[entry]).await?;
    tx.commit().await?;
    Ok(())
}

/// What a no to an approach may lead to, at one click (issue: "what it implies").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Consequence {
    /// "Not now": time off for three months.
    TimeOff,
    /// "Too far": from now on only nearer than this, in kilometres.
    Radius(i64),
}

/// An expert who said no lets follow what it implies; the link of the question is enough for it.
///
/// # Errors
/// `CONFLICT` where the question was not answered with no; `INVALID` for a radius that is not smaller.
pub async fn follow_decline(app: &App, caller: &Caller, id: MatchId, consequence: Consequence) -> Result<()> {
    let mut tx = app.begin(caller).await?;
    let missing = || UserError::not_found("id", "match");
    let matching = matches::get(&mut tx, id).await?.ok_or_else(missing)?;
    caller.authorize(Action::AnswerApproach, &matching.resource(), "id", "match")?;
    if matching.state != MatchState::Declined {
        return refuse(UserError::conflict("this question was not answered with no"));
    }
    let expert = found(experts::lock(&mut tx, matching.expert).await?, "expertId")?;
    if expert.state == ExpertState::Left {
        return refuse(UserError::conflict("this expert has left"));
    }
    match consequence {
        Consequence::TimeOff => {
            let until = quiet_until(app.today());
            pause_locked(&mut tx, app, caller, expert.id, app.today(), Some(until)).await?;
        }
        Consequence::Radius(km) => {
            let smaller = *TRAVEL_RADIUS_KM.start()..i64::from(expert.travel_radius_km);
            if !smaller.contains(&km) {
                return refuse(UserError::invalid(
                    "km",
                    format!("{km} km is not nearer than before"),
                ));
            }
            experts::set_radius(&mut tx, expert.id, km as i16, app.now()).await?;
            let entry = Audit::new("expert.availability_set", expert.id)
                .about(expert.id)
                .detail(json!({ "fields": ["travelRadiusKm"] }));
            app.audit(&mut tx, caller, &[entry]).await?;
        }
    }
    tx.commit().await?;
    Ok(())
}

fn quiet_until(today: NaiveDate) -> NaiveDate {
    today + Months::new(QUIET_MONTHS)
}
