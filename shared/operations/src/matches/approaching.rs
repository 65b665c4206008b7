//! Asking experts for a case.

use std::collections::BTreeSet;

use tandem_domain::eligibility::Rule;
use tandem_domain::errors::{Code, UserError};
use tandem_domain::ids::{CaseId, ExpertId, MatchId};
use tandem_domain::policy::Action;
use tandem_domain::runs::Parameters;
use tandem_storage::events::{self, Event};
use tandem_storage::matches::{self, Match, NewApproach};
use tandem_storage::{PgConnection, cases};

use crate::deliveries::{NewDelivery, Recipient, Trigger, queue};
use crate::{App, Audit, Caller, Error, Result, candidates, idempotency, refuse};

/// At most so many experts are asked for one case in one call.
const MOST_EXPERTS: usize = 20;

/// Asks one or several experts for a case, by hand: all of them or, where a rule stands in the way of
/// one, none.
///
/// `admit_missing` lets experts be asked who still lack a check or a training: they do what is missing
/// after their yes. `key` makes a repeated call the same effect.
///
/// # Errors
/// For each expert who may not be asked the rule that stands in the way, under `expertIds.N`.
pub async fn approach(
    app: &App,
    caller: &Caller,
    case: CaseId,
    experts: &[ExpertId],
    admit_missing: bool,
    key: Option<&str>,
) -> Result<Vec<Match>> {
    let mut tx = app.begin(caller).await?;
    let Some(seen) = cases::get(&mut tx, case).await? else {
        return refuse(UserError::not_found("caseId", "case"));
    };
    caller.authorize(Action::Approach, &crate::cases::resource(&seen), "caseId", "case")?;
    check_list(experts)?;
    // the key stands for the first of the approaches, by which the others are found
    let first: MatchId = app.id();
    if let Some(earlier) = idempotency::claim(&mut tx, app, caller, "approachExperts", key, first).await? {
        return Ok(in_order(together(&mut tx, earlier).await?, experts));
    }
    let parameters = Parameters {
        admit_missing,
        ..Parameters::default()
    };
    let pairs: Vec<(CaseId, ExpertId)> = experts.iter().map(|expert| (case, *expert)).collect();
    let answers = candidates::check_pairs(&mut tx, app, &parameters, &pairs).await?;
    let refusals: Vec<UserError> = answers
        .iter()
        .enumerate()
        .filter_map(|(place, answer)| Some(explain(place, answer.as_ref().err().copied()?)))
        .collect();
    if !refusals.is_empty() {
        return Err(Error::Refused(refusals));
    }
    let approaches: Vec<(MatchId, NewApproach)> = experts
        .iter()
        .enumerate()
        .map(|(place, expert)| {
            let new = NewApproach {
                case,
                expert: *expert,
                proposal: None,
            };
            (if place == 0 { first } else { app.id() }, new)
        })
        .collect();
    write(&mut tx, app, caller, &approaches).await?;
    events::notify(&mut tx, Event::Case(case, seen.center)).await?;
    let ids: Vec<MatchId> = approaches.iter().map(|(id, _)| *id).collect();
    let matches = matches::by_ids(&mut tx, &ids).await?;
    tx.commit().await?;
    Ok(in_order(matches, experts))
}

/// Matches in the order in which their experts were named.
fn in_order(mut matches: Vec<Match>, experts: &[ExpertId]) -> Vec<Match> {
    matches.sort_by_key(|matching| experts.iter().position(|expert| *expert == matching.expert));
    matches
}

/// What one call asked, by one of its matches: the same case, asker and instant.
async fn together(conn: &mut PgConnection, one: MatchId) -> Result<Vec<Match>> {
    let one = super::found(matches::get(conn, one).await?, "idempotencyKey")?;
    let mut all = matches::for_cases(conn, &[one.case]).await?;
    all.retain(|other| other.approached_at == one.approached_at && other.approached_by == one.approached_by);
    Ok(all)
}

fn check_list(experts: &[ExpertId]) -> Result<()> {
    if experts.is_empty() {
        return refuse(UserError::invalid("expertIds", "name at least one expert to ask"));
    }
    if experts.len() > MOST_EXPERTS {
        return refuse(UserError::invalid(
            "expertIds",
            format!(
                "{} experts are too many to ask at once: at most {MOST_EXPERTS}",
                experts.len()
            ),
        ));
    }
    let mut seen = BTreeSet::new();
    let twice: Vec<UserError> = experts
        .iter()
        .enumerate()
        .filter(|(_, expert)| !seen.insert(**expert))
        .map(|(place, _)| UserError::invalid(format!("expertIds.{place}"), "this expert is named twice"))
        .collect();
    if twice.is_empty() {
        Ok(())
    } else {
        Err(Error::Refused(twice))
    }
}

/// Writes approaches with their e-mails and their traces, in a number of statements that does not depend
/// on how many they are. Cases and experts are locked and the rules asked already, with
/// [`candidates::check_pairs`] in the same transaction. The ids come in the order of the approaches.
///
/// # Errors
/// `CONFLICT` where a constraint of the database stands in the way after all; the transaction is lost
/// then.
pub async fn insert_approaches(
    conn: &mut PgConnection,
    app: &App,
    caller: &Caller,
    approaches: &[NewApproach],
) -> Result<Vec<MatchId>> {
    let approaches: Vec<(MatchId, NewApproach)> = approaches.iter().map(|new| (app.id(), *new)).collect();
    write(conn, app, caller, &approaches).await?;
    Ok(approaches.into_iter().map(|(id, _)| id).collect())
}

async fn write(
    conn: &mut PgConnection,
    app: &App,
    caller: &Caller,
    approaches: &[(MatchId, NewApproach)],
) -> Result<()> {
    if approaches.is_empty() {
        return Ok(());
    }
    matches::insert_approaches(conn, approaches, caller.user_id(), app.now())
        .await
        .map_err(explain_constraint)?;
    let mails: Vec<NewDelivery> = approaches
        .iter()
        .map(|(id, new)| NewDelivery::new(Trigger::Approach, *id, Recipient::Expert(new.expert)))
        .collect();
    queue(conn, app, &mails).await?;
    let trail: Vec<Audit> = approaches
        .iter()
        .map(|(id, new)| {
            Audit::new("match.approached", *id)
                .about(new.expert)
                .detail(serde_json::json!({ "case": new.case, "proposal": new.proposal }))
        })
        .collect();
    app.audit(conn, caller, &trail).await
}

/// The rule that stands in the way of asking an expert, in words for the office.
fn explain(place: usize, rule: Rule) -> UserError {
    let (code, message) = match rule {
        Rule::State => (
            Code::Conflict,
            "there is no such expert, or the expert is not active",
        ),
        Rule::OtherOffice => (Code::Conflict, "this expert belongs to another office"),
        Rule::Distance => (
            Code::Conflict,
            "this expert lives farther from the centre than the case's radius",
        ),
        Rule::TravelRadius => (
            Code::Conflict,
            "the centre is farther away than this expert travels",
        ),
        Rule::Paused => (Code::Conflict, "this expert is paused at the planned start"),
        Rule::Gender => (Code::Conflict, "the case wishes for an expert of another gender"),
        Rule::Barred => (
            Code::Conflict,
            "this expert was asked for this case before and it did not come about",
        ),
        Rule::AlreadyAsked => (Code::Conflict, "this expert is already asked for this case"),
        Rule::Capacity => (Code::Conflict, "this expert has no capacity left"),
        Rule::ApproachLimit => (Code::Conflict, "this expert was asked too often lately"),
        Rule::CheckMissing => (
            Code::NotReady,
            "this expert has no valid background check of the kind that this mentee needs",
        ),
        Rule::CheckExpires => (
            Code::NotReady,
            "this expert's background check ends before the planned start",
        ),
        Rule::Training => (Code::NotReady, "this expert lacks a required training"),
        Rule::CenterLimit => (
            Code::Conflict,
            "the centre has as many matches as it can look after",
        ),
        Rule::CaseNotSearching => {
            return UserError::new(
                Code::Conflict,
                "caseId",
                "this case is not (or no longer) SEARCHING, or its consent has to be given anew: no expert can be asked for it",
            );
        }
        Rule::AnotherAsked => (Code::Conflict, "another expert is being asked for this case"),
    };
    UserError::new(code, format!("expertIds.{place}"), message)
}

fn explain_constraint(error: tandem_storage::Error) -> Error {
    let message = match error.constraint() {
        Some("experts_capacity_not_exceeded") => "an expert has no capacity left",
        Some("matches_one_open_per_pair") => "an expert is already asked for this case",
        Some("matches_one_per_proposal") => "a proposal was applied already",
        _ => return error.into(),
    };
    UserError::conflict(message).into()
}
