//! Introduction: the centre sees the expert, the expert the centre's contact person, and they talk about
//! what the mentee needs (S21, S33).

use chrono::NaiveDate;
use tandem_domain::errors::UserError;
use tandem_domain::ids::MatchId;
use tandem_domain::matches::MatchState;
use tandem_domain::policy::Action;
use tandem_domain::values::optional_text;
use tandem_storage::matches::Match;

use super::step::{finish, in_states, keep, take, tell};
use crate::deliveries::{Recipient, Trigger};
use crate::{App, Caller, Result, refuse};

/// The longest note about a needs briefing.
const LONGEST_NOTE: usize = 4000;

/// Office or centre introduces expert and centre to each other; both get a mail with whom to call.
///
/// # Errors
/// `CONFLICT` where the expert has not said yes, or they are introduced already.
pub async fn introduce(app: &App, caller: &Caller, id: MatchId, version: Option<i64>) -> Result<Match> {
    let mut tx = app.begin(caller).await?;
    let mut held = take(&mut tx, app, caller, Action::IntroduceMatch, id, version).await?;
    held.matching.state = held.matching.state.introduce()?;
    held.matching.introduced_at = Some(app.now());
    held.matching.introduced_by = caller.user_id();
    keep(&mut tx, app, caller, &held.matching, "match.introduced").await?;
    let both = [
        Recipient::Center(held.matching.center),
        Recipient::Expert(held.matching.expert),
    ];
    tell(&mut tx, app, Trigger::Introduced, &held.matching, 0, &both).await?;
    finish(tx, id).await
}

/// The centre records that it has talked with the expert about what the mentee needs, on a day that is not
/// to come (S33). A second record replaces the first.
pub async fn record_briefing(
    app: &App,
    caller: &Caller,
    id: MatchId,
    on: NaiveDate,
    note: &str,
) -> Result<Match> {
    let mut tx = app.begin(caller).await?;
    let mut held = take(&mut tx, app, caller, Action::RecordBriefing, id, None).await?;
    in_states(
        &held.matching,
        &[MatchState::Introduced, MatchState::Met],
        "there is no briefing to record: it belongs between introduction and agreement",
    )?;
    let introduced = held
        .matching
        .introduced_at
        .map(tandem_domain::clock::date_in_germany);
    if on > app.today() || introduced.is_some_and(|day| on < day) {
        return refuse(UserError::invalid(
            "on",
            format!("{on} is not between the introduction and today"),
        ));
    }
    held.matching.briefed_on = Some(on);
    held.matching.briefing_note =
        optional_text("note", note, LONGEST_NOTE).map_err(|error| UserError::invalid("note", error))?;
    keep(&mut tx, app, caller, &held.matching, "match.briefed").await?;
    finish(tx, id).await
}
