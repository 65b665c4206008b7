//! The end of a case: an outcome on both axes (S5, S26), its confirmation, and opening it again.

use chrono::{Days, Months, NaiveDate};
use tandem_domain::cases::{PROGRAMME_START, SocialOutcome, TransitionOutcome};
use tandem_domain::errors::{Code, UserError};
use tandem_domain::ids::CaseId;
use tandem_domain::policy::Action;
use tandem_storage::cases::{self, Case, Outcome};
use tandem_storage::events::{self, Event};
use tandem_storage::{PgConnection, PgTransaction};

use super::{found, take};
use crate::{App, Audit, Caller, Error, Result, matches, refuse, settings};

/// How a case ends, on both axes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OutcomeDraft {
    /// The way into training.
    pub transition: TransitionOutcome,
    /// The place in society.
    pub social: SocialOutcome,
    /// With a training place: when the training starts.
    pub training_starts_on: Option<NaiveDate>,
}

impl OutcomeDraft {
    fn validate(self, today: NaiveDate) -> Result<Outcome> {
        let place = self.transition == TransitionOutcome::TrainingPlace;
        if place != self.training_starts_on.is_some() {
            return refuse(UserError::invalid(
                "trainingStartsOn",
                "say when the training starts with TRAINING_PLACE, and with nothing else",
            ));
        }
        if let Some(day) = self.training_starts_on
            && (day < PROGRAMME_START || day > today + Months::new(24))
        {
            return refuse(UserError::invalid(
                "trainingStartsOn",
                format!("{day} is not between the beginning of the programme and two years from now"),
            ));
        }
        Ok(Outcome {
            transition: self.transition,
            social: self.social,
            training_starts_on: self.training_starts_on,
        })
    }
}

/// The centre closes a case with its outcome. Experts who are still asked for it get a neutral mail.
///
/// # Errors
/// `CONFLICT` while a match is under way: it is ended or withdrawn first.
pub async fn close(
    app: &App,
    caller: &Caller,
    id: CaseId,
    version: Option<i64>,
    draft: OutcomeDraft,
) -> Result<Case> {
    let mut tx = app.begin(caller).await?;
    let case = take(&mut tx, caller, Action::ManageCase, id, version).await?;
    case.state.close()?;
    let outcome = draft.validate(app.today())?;
    let open = matches::lock_open(&mut tx, id).await?;
    if open.iter().any(|matching| matching.state.is_engaged()) {
        return refuse(UserError::conflict(
            "a match of this case is under way: end it first, then close the case",
        ));
    }
    matches::withdraw_locked(&mut tx, app, caller, &open).await?;
    cases::close(&mut tx, id, &outcome, app.now()).await?;
    done(tx, app, caller, &case, "case.closed").await
}

/// The centre confirms the outcome some months after the training began, or corrects it.
///
/// # Errors
/// `CONFLICT` where the case is not closed, or it is too early.
pub async fn confirm_outcome(
    app: &App,
    caller: &Caller,
    id: CaseId,
    version: Option<i64>,
    draft: OutcomeDraft,
) -> Result<Case> {
    let mut tx = app.begin(caller).await?;
    let case = take(&mut tx, caller, Action::ManageCase, id, version).await?;
    let (Some(_), Some(starts_on)) = (case.closed_at, case.training_starts_on) else {
        return refuse(UserError::conflict(
            "an outcome is confirmed where a case was closed with a training place",
        ));
    };
    let months = settings::current(&mut tx).await?.outcome_confirmation_months;
    let from = starts_on + Months::new(months);
    if app.today() < from {
        return refuse(UserError::conflict(format!(
            "it is too early: the outcome is confirmed from {from} on, {months} months after the training began"
        )));
    }
    let outcome = draft.validate(app.today())?;
    cases::confirm_outcome(&mut tx, id, &outcome, app.now()).await?;
    done(tx, app, caller, &case, "case.outcome_confirmed").await
}

/// The centre opens a closed case again; the search goes on with the waiting time since its submission.
///
/// # Errors
/// `CONFLICT` after the programme's days for it, or where the mentee has another open case.
pub async fn reopen(app: &App, caller: &Caller, id: CaseId, version: Option<i64>) -> Result<Case> {
    let mut tx = app.begin(caller).await?;
    let case = take(&mut tx, caller, Action::ManageCase, id, version).await?;
    case.state.reopen()?;
    let days = settings::current(&mut tx).await?.case_reopen_days;
    let last = case.closed_at.map(|at| at + Days::new(days.into()));
    if last.is_none_or(|last| app.now() > last) {
        return refuse(UserError::conflict(format!(
            "this case was closed more than {days} days ago: file a new one"
        )));
    }
    cases::reopen(&mut tx, id, app.now()).await.map_err(explain)?;
    done(tx, app, caller, &case, "case.reopened").await
}

/// After a match has ended, the centre lets the office search for another expert, with the waiting time
/// since the submission.
///
/// # Errors
/// `CONFLICT` while a match is under way.
pub async fn search_again(app: &App, caller: &Caller, id: CaseId, version: Option<i64>) -> Result<Case> {
    let mut tx = app.begin(caller).await?;
    let case = take(&mut tx, caller, Action::ManageCase, id, version).await?;
    let state = case.state.search_again()?;
    let open = matches::lock_open(&mut tx, id).await?;
    if !open.is_empty() {
        return refuse(UserError::conflict(
            "a match of this case is under way: it is ended first",
        ));
    }
    cases::set_state(&mut tx, &[id], state, "", app.now()).await?;
    done(tx, app, caller, &case, "case.searched_again").await
}

async fn done(
    mut tx: PgTransaction<'static>,
    app: &App,
    caller: &Caller,
    case: &Case,
    action: &'static str,
) -> Result<Case> {
    let trace = Audit::new(action, case.id).about(case.mentee);
    app.audit(&mut tx, caller, &[trace]).await?;
    events::notify(&mut tx, Event::Case(case.id, case.center)).await?;
    let case = reread(&mut tx, case.id).await?;
    tx.commit().await?;
    Ok(case)
}

async fn reread(conn: &mut PgConnection, id: CaseId) -> Result<Case> {
    found(cases::get(conn, id).await?, "id")
}

fn explain(error: tandem_storage::Error) -> Error {
    match error.constraint() {
        Some("cases_one_open_per_mentee") => UserError::new(
            Code::Conflict,
            "id",
            "this mentee has another open case: close or withdraw that one first",
        )
        .into(),
        _ => error.into(),
    }
}
