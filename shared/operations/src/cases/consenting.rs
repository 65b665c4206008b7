//! Consent to the sharing of data that was given on paper: entered by the centre or with a list, told to its person,
//! and taken out again where the person says that it is not right (domain.md "Who may do what", rule 1).
//!
//! A consent that its person denies stops everything that rests on it: whoever is asked or has said yes is told
//! neutrally that the question is taken back, an accompaniment that runs has a break, no expert is looked for. The case
//! keeps its state and its waiting time, and goes on once the person has consented, or a newer paper was entered.

use std::collections::HashMap;

use chrono::NaiveDate;
use tandem_domain::cases::CaseWishes;
use tandem_domain::checks::is_minor;
use tandem_domain::clock::date_in_germany;
use tandem_domain::errors::{Code, UserError};
use tandem_domain::ids::{CaseId, MenteeId};
use tandem_domain::parties::{Party, Side};
use tandem_domain::policy::Action;
use tandem_storage::cases::{self, Case, ConsentRecord, NewConsentRecord};
use tandem_storage::events::{self, Event};
use tandem_storage::{PgConnection, mentees};

use crate::deliveries::{NewDelivery, Recipient, Trigger, queue};
use crate::problems::case_resource;
use crate::{App, Audit, Caller, Error, Result, matches, refuse};

/// The day of each side's consent.
fn days(wishes: &CaseWishes) -> [(Side, Option<NaiveDate>); 2] {
    [
        (Side::Mentee, wishes.mentee_consent_on),
        (Side::Guardian, wishes.guardian_consent_on),
    ]
}

fn field(side: Side) -> &'static str {
    match side {
        Side::Guardian => "guardianConsentOn",
        Side::Mentee | Side::Expert => "menteeConsentOn",
    }
}

/// Consents that somebody enters: those that are not in the case as it was.
pub(crate) fn entered(
    case: CaseId,
    before: Option<&CaseWishes>,
    after: &CaseWishes,
) -> Vec<NewConsentRecord> {
    let before = before.map_or([None; 2], |wishes| days(wishes).map(|(_, on)| on));
    days(after)
        .into_iter()
        .zip(before)
        .filter(|((_, on), before)| on != before)
        .filter_map(|((side, on), _)| Some(NewConsentRecord { case, side, on: on? }))
        .collect()
}

/// Refuses what the person has denied already: a paper counts again where it is newer than the objection.
///
/// # Errors
/// `NOT_READY` under the field of the consent.
pub(crate) fn newer_than_objections(
    records: &[ConsentRecord],
    entered: &[NewConsentRecord],
) -> std::result::Result<(), Vec<UserError>> {
    let errors: Vec<UserError> = entered
        .iter()
        .filter_map(|new| {
            let record = records
                .iter()
                .find(|record| (record.case, record.side) == (new.case, new.side))?;
            let denied = date_in_germany(record.contested_at?);
            (new.on < denied).then(|| {
                UserError::new(
                    Code::NotReady,
                    field(new.side),
                    format!(
                        "on {denied} the person said that the consent entered here is not right: enter one that was given since then, or let the person consent on the own page"
                    ),
                )
            })
        })
        .collect();
    if errors.is_empty() { Ok(()) } else { Err(errors) }
}

/// Notes what a change of a case enters or takes out, ends a doubt that it settles, and tells the people of a case that
/// is submitted already.
pub(super) async fn note(
    conn: &mut PgConnection,
    app: &App,
    caller: &Caller,
    case: (CaseId, MenteeId),
    before: Option<&Case>,
    after: &CaseWishes,
) -> Result<()> {
    let (id, mentee) = case;
    let entered = entered(id, before.map(|case| &case.wishes), after);
    if !entered.is_empty() {
        let records = cases::consent_records(conn, &[id]).await?;
        newer_than_objections(&records, &entered).map_err(Error::Refused)?;
        cases::record_consents(conn, &entered, caller.user_id(), app.now()).await?;
    }
    if let Some(before) = before {
        for ((side, old), (_, new)) in days(&before.wishes).into_iter().zip(days(after)) {
            if old.is_some() && new.is_none() {
                cases::forget_consent_record(conn, id, side).await?;
            }
        }
        settle(conn, app, caller, before).await?;
        if before.submitted_at.is_some() {
            tell(conn, app, &[(id, mentee)]).await?;
        }
    }
    Ok(())
}

/// Tells mentee and guardian what was entered for them, each entry once.
pub(crate) async fn tell(conn: &mut PgConnection, app: &App, of: &[(CaseId, MenteeId)]) -> Result<()> {
    let ids: Vec<CaseId> = of.iter().map(|(case, _)| *case).collect();
    let mentees: HashMap<CaseId, MenteeId> = of.iter().copied().collect();
    let mails: Vec<NewDelivery> = cases::consent_records(conn, &ids)
        .await?
        .into_iter()
        .filter(|record| record.contested_at.is_none())
        .map(|record| {
            let mentee = mentees[&record.case];
            let person = match record.side {
                Side::Guardian => Recipient::Guardian(mentee),
                _ => Recipient::Mentee(mentee),
            };
            NewDelivery {
                step: record.number,
                ..NewDelivery::new(Trigger::ConsentNotice, record.case, person)
            }
        })
        .collect();
    queue(conn, app, &mails).await?;
    Ok(())
}

/// Ends the doubt where every consent that is needed is there again.
pub(crate) async fn settle(conn: &mut PgConnection, app: &App, caller: &Caller, case: &Case) -> Result<()> {
    if case.consent_contested_at.is_none() {
        return Ok(());
    }
    let minor = of_a_minor(conn, app, case).await?;
    if cases::settle_consent(conn, case.id, minor).await? {
        let entry = Audit::new("case.consent_settled", case.id).about(case.mentee);
        app.audit(conn, caller, &[entry]).await?;
    }
    Ok(())
}

async fn of_a_minor(conn: &mut PgConnection, app: &App, case: &Case) -> Result<bool> {
    let mentee = mentees::get(conn, case.mentee)
        .await?
        .ok_or_else(|| Error::Fault(format!("the mentee of case {} is gone", case.id)))?;
    Ok(is_minor(mentee.profile.birth_date, app.today()))
}

/// Refuses a step of a case whose consent is in doubt.
///
/// # Errors
/// `NOT_READY`.
pub(crate) fn undoubted(case: &Case) -> std::result::Result<(), UserError> {
    match case.consent_contested_at {
        None => Ok(()),
        Some(at) => Err(UserError::new(
            Code::NotReady,
            "id",
            format!(
                "on {} mentee or guardian said that the recorded consent is not right: it has to be given anew first",
                date_in_germany(at)
            ),
        )),
    }
}

/// The entries of these cases that the caller may see.
pub async fn consent_records(app: &App, caller: &Caller, ids: &[CaseId]) -> Result<Vec<ConsentRecord>> {
    let seen: Vec<CaseId> = super::by_ids(app, caller, ids)
        .await?
        .into_iter()
        .map(|case| case.id)
        .collect();
    let mut conn = app.acquire(caller).await?;
    Ok(cases::consent_records(&mut conn, &seen).await?)
}

/// What was entered for the caller's own side of a case; none where nothing was.
///
/// # Errors
/// `NOT_FOUND` for everybody but mentee and guardian.
pub async fn recorded_consent(app: &App, caller: &Caller, id: CaseId) -> Result<Option<ConsentRecord>> {
    let mut conn = app.acquire(caller).await?;
    let case = super::found(cases::get(&mut conn, id).await?, "caseId")?;
    let side = own(&mut conn, caller, &case).await?;
    of_side(&mut conn, id, side).await
}

async fn of_side(conn: &mut PgConnection, id: CaseId, side: Side) -> Result<Option<ConsentRecord>> {
    let records = cases::consent_records(conn, &[id]).await?;
    Ok(records.into_iter().find(|record| record.side == side))
}

async fn own(conn: &mut PgConnection, caller: &Caller, case: &Case) -> Result<Side> {
    let resource = case_resource(conn, caller, case).await?;
    // who may give it may deny it; a denial does not wait for an address that is being changed
    caller.authorize(Action::ConsentToSharing, &resource, "caseId", "case")?;
    match caller.as_party(&resource) {
        Some((party @ (Party::Mentee(_) | Party::Guardian(_)), _)) => Ok(party.side()),
        _ => refuse(UserError::not_found("caseId", "case")),
    }
}

/// The person says that the entered consent is not right. Twice is one effect.
///
/// # Errors
/// `NOT_FOUND` for everybody but mentee and guardian, and where nothing was entered for that side; `CONFLICT` for the
/// guardian of a mentee who is of age by now.
pub async fn contest_consent(app: &App, caller: &Caller, id: CaseId) -> Result<ConsentRecord> {
    let mut tx = app.begin(caller).await?;
    let case = super::found(cases::lock(&mut tx, id).await?, "caseId")?;
    let side = own(&mut tx, caller, &case).await?;
    let gone = || UserError::not_found("caseId", "entry");
    let record = of_side(&mut tx, id, side).await?.ok_or_else(gone)?;
    if side == Side::Guardian && !of_a_minor(&mut tx, app, &case).await? {
        return refuse(UserError::conflict(
            "the mentee is of age now: a guardian's consent is no longer needed",
        ));
    }
    if cases::contest_consent(&mut tx, id, side, app.now()).await? {
        matches::stop_for_doubt(&mut tx, app, caller, &case).await?;
        let entry = Audit::new("case.consent_contested", id)
            .about(case.mentee)
            .detail(serde_json::json!({ "side": side, "on": record.on, "state": case.state }));
        app.audit(&mut tx, caller, &[entry]).await?;
        // one mail for each entry that was denied, whichever side's
        let told =
            [Recipient::Center(case.center), Recipient::Office(case.office)].map(|recipient| NewDelivery {
                step: record.number * 2 + i16::from(side == Side::Guardian),
                ..NewDelivery::new(Trigger::ConsentContested, id, recipient)
            });
        queue(&mut tx, app, &told).await?;
        events::notify(&mut tx, Event::Case(id, case.center)).await?;
    }
    let record = of_side(&mut tx, id, side).await?.ok_or_else(gone)?;
    tx.commit().await?;
    Ok(record)
}
