//! How an expert's life in the programme goes on: activated, suspended, paused, left.

use chrono::NaiveDate;
use serde_json::json;
use tandem_domain::errors::UserError;
use tandem_domain::experts::{ExpertState, Pause, check_activation};
use tandem_domain::ids::ExpertId;
use tandem_domain::policy::Action;
use tandem_storage::PgConnection;
use tandem_storage::experts::{self, Expert, ExpertPause, StateChange};

use super::{authorized, found, locked, locked_for};
use crate::matches::leaving::{self, Departure};
use crate::{App, Audit, Caller, Result, refuse};

/// The office activates an expert after a first talk (S27), on `activated_on` or today.
pub async fn activate(
    app: &App,
    caller: &Caller,
    id: ExpertId,
    version: Option<i64>,
    activated_on: Option<NaiveDate>,
) -> Result<Expert> {
    let day = activated_on.unwrap_or_else(|| app.today());
    let day =
        check_activation(day, app.today()).map_err(|problem| UserError::invalid("activatedOn", problem))?;
    step(
        app,
        caller,
        id,
        version,
        "expert.activated",
        ExpertState::activate,
        Some(day),
    )
    .await
}

/// The office suspends an expert at once, in an emergency. Nobody who is suspended is proposed or written to:
/// what has not begun is taken back and its case searches on, what is active is interrupted, and the people
/// concerned are told so without a reason.
pub async fn suspend(app: &App, caller: &Caller, id: ExpertId, version: Option<i64>) -> Result<Expert> {
    depart(app, caller, id, version, Departure::Suspended).await
}

/// The office takes a suspended expert back.
pub async fn reinstate(app: &App, caller: &Caller, id: ExpertId, version: Option<i64>) -> Result<Expert> {
    step(
        app,
        caller,
        id,
        version,
        "expert.reinstated",
        ExpertState::reinstate,
        None,
    )
    .await
}

/// The expert leaves. What has not begun is taken back and its case searches on; what is active ends, with
/// "the expert has left" as its reason.
pub async fn leave(app: &App, caller: &Caller, id: ExpertId, version: Option<i64>) -> Result<Expert> {
    depart(app, caller, id, version, Departure::Left).await
}

/// Cases are locked before experts, and which ones they are is known only when they are read: where a new
/// match came in between, it is begun anew.
const TRIES: usize = 5;

async fn depart(
    app: &App,
    caller: &Caller,
    id: ExpertId,
    version: Option<i64>,
    why: Departure,
) -> Result<Expert> {
    for _ in 0..TRIES {
        let mut tx = app.begin(caller).await?;
        let Some(row) = leaving::lock_with_cases(&mut tx, id).await? else {
            continue;
        };
        let expert = authorized(&mut tx, found(row, "expertId")?, caller, version).await?;
        let (action, state) = match why {
            Departure::Suspended => ("expert.suspended", expert.state.suspend()?),
            Departure::Left => ("expert.left", expert.state.leave()?),
        };
        leaving::depart(&mut tx, app, caller, id, why).await?;
        let change = StateChange {
            id,
            state,
            activated_on: None,
            left_on: (state == ExpertState::Left).then(|| app.today()),
        };
        experts::set_states(&mut tx, &[change], app.now()).await?;
        let entry = Audit::new(action, id)
            .about(id)
            .detail(json!({ "from": expert.state, "to": state }));
        app.audit(&mut tx, caller, &[entry]).await?;
        let expert = found(experts::get(&mut tx, id).await?, "expertId")?;
        tx.commit().await?;
        return Ok(expert);
    }
    refuse(UserError::conflict(
        "new matches of this expert come in at this moment; try again",
    ))
}

async fn step(
    app: &App,
    caller: &Caller,
    id: ExpertId,
    version: Option<i64>,
    action: &'static str,
    step: impl FnOnce(ExpertState) -> std::result::Result<ExpertState, tandem_domain::errors::InvalidTransition>,
    activated_on: Option<NaiveDate>,
) -> Result<Expert> {
    let mut tx = app.begin(caller).await?;
    let expert = locked(&mut tx, caller, id, version).await?;
    let state = step(expert.state)?;
    let change = StateChange {
        id,
        state,
        activated_on,
        left_on: None,
    };
    experts::set_states(&mut tx, &[change], app.now()).await?;
    let entry = Audit::new(action, id)
        .about(id)
        .detail(json!({ "from": expert.state, "to": state }));
    app.audit(&mut tx, caller, &[entry]).await?;
    let expert = found(experts::get(&mut tx, id).await?, "expertId")?;
    tx.commit().await?;
    Ok(expert)
}

/// Notes that an expert is not available from a day on, until another or further notice. Both days belong to
/// the pause.
pub async fn pause(
    app: &App,
    caller: &Caller,
    id: ExpertId,
    from: NaiveDate,
    until: Option<NaiveDate>,
) -> Result<Expert> {
    let mut tx = app.begin(caller).await?;
    let expert = locked_for(&mut tx, caller, Action::SetAvailability, id).await?;
    if expert.state == ExpertState::Left {
        return refuse(UserError::conflict(
            "this expert has left: there is nothing to pause",
        ));
    }
    pause_locked(&mut tx, app, caller, id, from, until).await?;
    tx.commit().await?;
    Ok(expert)
}

/// Notes a pause of an expert who is locked; who may do so has been asked.
async fn pause_locked(
    conn: &mut PgConnection,
    app: &App,
    caller: &Caller,
    id: ExpertId,
    from: NaiveDate,
    until: Option<NaiveDate>,
) -> Result<()> {
    if let Some(until) = until {
        if until < from {
            return refuse(UserError::invalid(
                "until",
                format!("{until} is before the first day {from}"),
            ));
        }
        if until < app.today() {
            return refuse(UserError::invalid(
                "until",
                format!("{until} is past: such a pause changes nothing"),
            ));
        }
    }
    let pauses = experts::pauses_for(conn, &[id], app.today()).await?;
    if let Some(wider) = pauses
        .iter()
        .map(|pause| pause.pause)
        .find(|pause| covers_all(*pause, from, until))
    {
        let end = wider
            .until
            .map_or_else(|| "until further notice".into(), |until| format!("until {until}"));
        return refuse(UserError::conflict(format!(
            "this expert is paused already, from {} {end}",
            wider.from
        )));
    }
    let pause = ExpertPause {
        id: app.id(),
        expert_id: id,
        pause: Pause { from, until },
    };
    experts::insert_pauses(conn, &[pause]).await?;
    app.audit(conn, caller, &[Audit::new("expert.paused", id).about(id)])
        .await
}

fn covers_all(pause: Pause, from: NaiveDate, until: Option<NaiveDate>) -> bool {
    pause.covers(from) && (pause.until.is_none() || until.is_some_and(|until| pause.covers(until)))
}

/// Makes an expert available again from today on: every pause ends or is dropped.
pub async fn resume(app: &App, caller: &Caller, id: ExpertId) -> Result<Expert> {
    let mut tx = app.begin(caller).await?;
    let expert = locked_for(&mut tx, caller, Action::SetAvailability, id).await?;
    if experts::resume(&mut tx, id, app.today()).await? == 0 {
        return refuse(UserError::conflict("this expert is not paused"));
    }
    app.audit(&mut tx, caller, &[Audit::new("expert.resumed", id).about(id)])
        .await?;
    tx.commit().await?;
    Ok(expert)
}
