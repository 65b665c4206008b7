//! The first meeting: arranged by centre or expert, only when the expert is ready, then recorded.

use chrono::{DateTime, Months, NaiveDate, Utc};
use tandem_domain::clock::date_in_germany;
use tandem_domain::errors::UserError;
use tandem_domain::ids::MatchId;
use tandem_domain::matches::MatchState;
use tandem_domain::policy::Action;
use tandem_domain::values::optional_text;
use tandem_storage::matches::{Match, PlannedMeeting};

use super::gate::readiness;
use super::step::{finish, in_states, keep, people, take, tell, writer};
use crate::deliveries::{Recipient, Trigger};
use crate::{App, Caller, Error, Result, refuse};

/// The longest description of a place.
const LONGEST_PLACE: usize = 500;
/// A first meeting is not arranged further ahead than this, in months.
const MOST_MONTHS_AHEAD: u32 = 6;

/// Centre or expert arranges the first meeting; a second date replaces the first. Everybody who comes is
/// told who meets whom, when and where.
///
/// # Errors
/// `NOT_READY` where the expert is not ready on that day: no kind of check that the mentee's age on that
/// day asks for, no training, not active, paused.
pub async fn date_first_meeting(
    app: &App,
    caller: &Caller,
    id: MatchId,
    at: DateTime<Utc>,
    place: &str,
) -> Result<Match> {
    let mut tx = app.begin(caller).await?;
    let mut held = take(&mut tx, app, caller, Action::ArrangeFirstMeeting, id, None).await?;
    in_states(
        &held.matching,
        &[MatchState::Introduced],
        "no first meeting can be arranged: expert and centre are introduced first",
    )?;
    let day = date_in_germany(at);
    if at < app.now() || day > app.today() + Months::new(MOST_MONTHS_AHEAD) {
        return refuse(UserError::invalid(
            "at",
            format!("{day} is not between now and {MOST_MONTHS_AHEAD} months from now"),
        ));
    }
    let place =
        optional_text("place", place, LONGEST_PLACE).map_err(|error| UserError::invalid("place", error))?;
    if place.is_empty() {
        return refuse(UserError::invalid("place", "say where the two meet"));
    }
    let obstacles = readiness(&mut tx, app, caller, &held, day, "at").await?;
    if !obstacles.is_empty() {
        return Err(Error::Refused(obstacles));
    }
    held.matching.planned = Some(PlannedMeeting {
        at,
        place,
        by: writer(caller, &held.matching),
    });
    held.matching.meeting_plan += 1;
    keep(&mut tx, app, caller, &held.matching, "match.meeting_dated").await?;
    let mut told = people(&held);
    told.push(Recipient::Center(held.matching.center));
    let step = held.matching.meeting_plan;
    tell(&mut tx, app, Trigger::MeetingDated, &held.matching, step, &told).await?;
    finish(tx, id).await
}

/// Centre or expert records that the first meeting took place on a day. Each side is then asked alone
/// whether the chemistry fits (S13).
///
/// # Errors
/// `NOT_READY` where the expert was not ready on that day.
pub async fn record_first_meeting(app: &App, caller: &Caller, id: MatchId, on: NaiveDate) -> Result<Match> {
    let mut tx = app.begin(caller).await?;
    let mut held = take(&mut tx, app, caller, Action::ArrangeFirstMeeting, id, None).await?;
    held.matching.state = held.matching.state.meet()?;
    let introduced = held.matching.introduced_at.map(date_in_germany);
    if on > app.today() || introduced.is_some_and(|day| on < day) {
        return refuse(UserError::invalid(
            "on",
            format!("{on} is not between the introduction and today"),
        ));
    }
    let obstacles = readiness(&mut tx, app, caller, &held, on, "on").await?;
    if !obstacles.is_empty() {
        return Err(Error::Refused(obstacles));
    }
    held.matching.first_meeting_on = Some(on);
    held.matching.met_recorded_at = Some(app.now());
    keep(&mut tx, app, caller, &held.matching, "match.met").await?;
    let asked = people(&held);
    tell(
        &mut tx,
        app,
        Trigger::ChemistryQuestion,
        &held.matching,
        0,
        &asked,
    )
    .await?;
    finish(tx, id).await
}
