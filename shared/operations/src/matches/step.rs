//! What every step of a match's life shares: its locks, its people, its trace, its mails.

use tandem_domain::agreements::Writer;
use tandem_domain::checks::is_minor;
use tandem_domain::chemistry::sides;
use tandem_domain::errors::UserError;
use tandem_domain::ids::MatchId;
use tandem_domain::matches::MatchState;
use tandem_domain::parties::{GivenWay, Party, Side};
use tandem_domain::policy::Action;
use tandem_storage::cases::{self, Case};
use tandem_storage::events::{self, Event};
use tandem_storage::matches::{self, Match};
use tandem_storage::mentees::{self, Mentee};
use tandem_storage::{PgConnection, PgTransaction};

use super::{found, lock_open};
use crate::addresses::may_answer;
use crate::deliveries::{NewDelivery, Recipient, Trigger, queue};
use crate::mentees::check_version;
use crate::{App, Audit, Caller, Error, Result, refuse};

/// A match under its locks: the case, its open matches, their experts.
pub(super) struct Held {
    /// The case.
    pub(super) case: Case,
    /// The match as it is under the locks.
    pub(super) matching: Match,
    /// The mentee.
    pub(super) mentee: Mentee,
    /// Whether the mentee is under 18 today.
    pub(super) minor: bool,
}

/// Locks a match for somebody who may do `action` with it.
pub(super) async fn take(
    conn: &mut PgConnection,
    app: &App,
    caller: &Caller,
    action: Action,
    id: MatchId,
    version: Option<i64>,
) -> Result<Held> {
    let seen = found(matches::get(conn, id).await?, "id")?;
    caller.authorize(action, &seen.resource(), "id", "match")?;
    let held = hold(conn, app, &seen).await?;
    may_answer(conn, app, caller, action, &seen.resource()).await?;
    check_version(version, held.matching.version, "match")?;
    Ok(held)
}

/// The same for who has been authorized already.
pub(super) async fn hold(conn: &mut PgConnection, app: &App, seen: &Match) -> Result<Held> {
    let gone = || Error::Fault(format!("the case or the mentee of match {} is gone", seen.id));
    let case = cases::lock(conn, seen.case).await?.ok_or_else(gone)?;
    lock_open(conn, seen.case).await?;
    let matching = found(matches::get(conn, seen.id).await?, "id")?;
    let mentee = mentees::get(conn, matching.mentee).await?.ok_or_else(gone)?;
    Ok(Held {
        minor: is_minor(mentee.profile.birth_date, app.today()),
        case,
        matching,
        mentee,
    })
}

/// The side that the caller is, and how its word comes.
pub(super) fn own_side(caller: &Caller, held: &Held) -> Result<(Party, GivenWay)> {
    let Some((party, way)) = caller.as_party(&held.matching.resource()) else {
        return refuse(UserError::forbidden("only the person itself says this"));
    };
    if party.side() == Side::Guardian && !held.minor {
        return refuse(UserError::conflict(
            "the mentee is of age now: a guardian's word is no longer needed",
        ));
    }
    Ok((party, way))
}

/// Whether the expert writes something down, or the centre.
pub(super) fn writer(caller: &Caller, matching: &Match) -> Writer {
    if caller.is_side(Side::Expert, &matching.resource()) {
        Writer::Expert
    } else {
        Writer::Center
    }
}

/// Refuses where the match is in none of these states.
pub(super) fn in_states(matching: &Match, states: &[MatchState], what: &str) -> Result<()> {
    if states.contains(&matching.state) {
        Ok(())
    } else {
        refuse(UserError::conflict(format!(
            "this match is {}, so {what}",
            matching.state
        )))
    }
}

/// The people of a match to whom something is told: expert, mentee and, under 18, the guardian.
pub(super) fn people(held: &Held) -> Vec<Recipient> {
    sides(held.minor)
        .iter()
        .map(|side| recipient(&held.matching, *side))
        .collect()
}

/// The person of a side, as one writes to it.
pub(super) fn recipient(matching: &Match, side: Side) -> Recipient {
    match side {
        Side::Expert => Recipient::Expert(matching.expert),
        Side::Mentee => Recipient::Mentee(matching.mentee),
        Side::Guardian => Recipient::Guardian(matching.mentee),
    }
}

/// Promises a mail about the match to each of these. `step` tells repeated ones apart.
pub(super) async fn tell(
    conn: &mut PgConnection,
    app: &App,
    trigger: Trigger,
    matching: &Match,
    step: i16,
    recipients: &[Recipient],
) -> Result<()> {
    let mails: Vec<NewDelivery> = recipients
        .iter()
        .map(|recipient| NewDelivery {
            step,
            ..NewDelivery::new(trigger, matching.id, *recipient)
        })
        .collect();
    queue(conn, app, &mails).await?;
    Ok(())
}

/// A step for mails about what can happen more than once: the match's version, which grows each time.
pub(super) fn step_of(matching: &Match) -> i16 {
    i16::try_from(matching.version).unwrap_or(i16::MAX)
}

/// An entry about the match; whose data it is follows from who acts: what concerns both is the mentee's.
pub(super) fn trail(action: &'static str, caller: &Caller, matching: &Match) -> Audit {
    let audit = Audit::new(action, matching.id);
    if caller.is_side(Side::Expert, &matching.resource()) {
        audit.about(matching.expert)
    } else {
        audit.about(matching.mentee)
    }
}

/// Stores the match after a step, with its trace and its news.
pub(super) async fn keep(
    conn: &mut PgConnection,
    app: &App,
    caller: &Caller,
    matching: &Match,
    action: &'static str,
) -> Result<()> {
    matches::store(conn, matching, app.now()).await.map_err(explain)?;
    app.audit(conn, caller, &[trail(action, caller, matching)])
        .await?;
    events::notify(conn, Event::Case(matching.case, matching.center)).await?;
    Ok(())
}

/// Ends the transaction with the match as it is now.
pub(super) async fn finish(mut tx: PgTransaction<'static>, id: MatchId) -> Result<Match> {
    let matching = found(matches::get(&mut tx, id).await?, "id")?;
    tx.commit().await?;
    Ok(matching)
}

fn explain(error: tandem_storage::Error) -> Error {
    match error.constraint() {
        Some("matches_one_engaged_per_case") => {
            UserError::conflict("another match of this case is under way").into()
        }
        Some("matches_step_legal") => {
            UserError::conflict("this match has taken another step meanwhile").into()
        }
        _ => error.into(),
    }
}
