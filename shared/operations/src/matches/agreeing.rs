//! The written agreement: versions, signatures of both and of a minor's guardian (S11, S35, S51).

use std::collections::HashMap;

use chrono::NaiveDate;
use tandem_domain::agreements::{AgreementDraft, AgreementTerms, unsigned};
use tandem_domain::errors::{Code, UserError};
use tandem_domain::ids::{AgreementId, MatchId};
use tandem_domain::matches::MatchState;
use tandem_domain::parties::{GivenWay, Side};
use tandem_domain::policy::{Action, Decision};
use tandem_storage::agreements::{self, Agreement, NewAgreement, NewSignature};
use tandem_storage::events::{self, Event};
use tandem_storage::papers::OnPaper;
use tandem_storage::{PgConnection, experts, matches};

use super::paper::{Paper, record};
use super::step::{Held, in_states, own_side, people, step_of, take, tell, trail, writer};
use super::{activating, found};
use crate::deliveries::{Recipient, Trigger};
use crate::{App, Audit, Caller, Error, Result, refuse, settings};

/// States in which something is agreed.
const AGREEING: &[MatchState] = &[MatchState::Met, MatchState::Active, MatchState::Paused];

/// Centre or expert writes a version of the agreement: the first one after both have said yes, amendments
/// later (S51). Everybody who has to sign is asked to. What is in force stays so until the new version is
/// signed by all.
///
/// # Errors
/// `CONFLICT` before both have said yes, and after the end.
pub async fn write_agreement(
    app: &App,
    caller: &Caller,
    id: MatchId,
    draft: AgreementDraft,
) -> Result<Agreement> {
    let mut tx = app.begin(caller).await?;
    let held = take(&mut tx, app, caller, Action::WriteAgreement, id, None).await?;
    let before = versions(&mut tx, &held).await?;
    let settings = settings::current(&mut tx).await?;
    let starts_on = draft
        .starts_on
        .or_else(|| before.first().map(|version| version.terms.starts_on));
    let draft = AgreementDraft { starts_on, ..draft };
    let terms = draft.validate(app.today(), &settings)?;
    let agreement = write(&mut tx, app, caller, &held, &before, &terms).await?;
    tx.commit().await?;
    Ok(agreement)
}

/// The same agreement with a later end, as a new version.
///
/// # Errors
/// `CONFLICT` where nothing is in force that could be extended.
pub async fn extend_agreement(
    app: &App,
    caller: &Caller,
    id: MatchId,
    ends_on: NaiveDate,
) -> Result<Agreement> {
    let mut tx = app.begin(caller).await?;
    let held = take(&mut tx, app, caller, Action::WriteAgreement, id, None).await?;
    let before = versions(&mut tx, &held).await?;
    let Some(current) = before.iter().find(|version| version.in_force_at.is_some()) else {
        return refuse(UserError::conflict(
            "nothing is in force yet that could be extended: write the agreement with the end that you want",
        ));
    };
    let terms = current.terms.extended(ends_on, app.today())?;
    let agreement = write(&mut tx, app, caller, &held, &before, &terms).await?;
    tx.commit().await?;
    Ok(agreement)
}

async fn versions(conn: &mut PgConnection, held: &Held) -> Result<Vec<Agreement>> {
    in_states(&held.matching, AGREEING, "there is no agreement to write")?;
    if held.matching.consented_at.is_none() {
        return refuse(UserError::conflict("the agreement opens when both have said yes"));
    }
    Ok(agreements::for_matches(conn, &[held.matching.id]).await?)
}

async fn write(
    conn: &mut PgConnection,
    app: &App,
    caller: &Caller,
    held: &Held,
    before: &[Agreement],
    terms: &AgreementTerms,
) -> Result<Agreement> {
    let new = NewAgreement {
        id: app.id(),
        matching: held.matching.id,
        number: before.first().map_or(1, |newest| newest.number + 1),
        terms,
        written_by: writer(caller, &held.matching),
        user: caller.user_id(),
    };
    agreements::insert(conn, &new, app.now()).await?;
    tell(
        conn,
        app,
        Trigger::AgreementToSign,
        &held.matching,
        new.number,
        &people(held),
    )
    .await?;
    let entry = trail("match.agreement_written", caller, &held.matching)
        .detail(serde_json::json!({ "agreement": new.id, "number": new.number }));
    app.audit(conn, caller, &[entry]).await?;
    events::notify(conn, Event::Case(held.matching.case, held.matching.center)).await?;
    newest(conn, held).await
}

async fn newest(conn: &mut PgConnection, held: &Held) -> Result<Agreement> {
    agreements::for_matches(conn, &[held.matching.id])
        .await?
        .into_iter()
        .next()
        .ok_or_else(|| UserError::not_found("id", "agreement").into())
}

/// A side signs the newest version, by its link or signed in; time, name and way are recorded. Signing
/// twice is one effect. With the last signature the version is in force, and the match begins where the
/// expert is ready.
///
/// # Errors
/// `CONFLICT` for a version that a newer one has replaced.
pub async fn sign(app: &App, caller: &Caller, id: AgreementId) -> Result<Agreement> {
    let mut tx = app.begin(caller).await?;
    let (mut held, agreement) = signable(&mut tx, app, caller, Action::SignAgreement, id).await?;
    let (party, way) = own_side(caller, &held)?;
    let name = signer(&mut tx, &held, party.side()).await?;
    let new = NewSignature {
        agreement: id,
        side: party.side(),
        name: &name,
        way,
        on: app.today(),
        paper: None,
        address: &caller.address,
    };
    add(&mut tx, app, caller, &mut held, &agreement, &new).await?;
    let agreement = newest(&mut tx, &held).await?;
    tx.commit().await?;
    Ok(agreement)
}

/// The centre records a signature that was given on paper before a witness; the person gets a notice.
pub async fn record_signature_on_paper(
    app: &App,
    caller: &Caller,
    id: AgreementId,
    side: Side,
    paper: Paper,
) -> Result<Agreement> {
    let mut tx = app.begin(caller).await?;
    let (mut held, agreement) = signable(&mut tx, app, caller, Action::RecordPaper, id).await?;
    let paper = paper.validate(held.matching.first_meeting_on, app.today())?;
    if agreement.signed().contains(&side) {
        return refuse(UserError::new(
            Code::Conflict,
            "side",
            "this side has signed this version already",
        ));
    }
    let by = record(&mut tx, app, caller, &held, side, OnPaper::Signature(id), &paper).await?;
    let name = signer(&mut tx, &held, side).await?;
    let new = NewSignature {
        agreement: id,
        side,
        name: &name,
        way: GivenWay::Paper,
        on: paper.on,
        paper: Some((by, &paper.witness)),
        address: &caller.address,
    };
    add(&mut tx, app, caller, &mut held, &agreement, &new).await?;
    let agreement = newest(&mut tx, &held).await?;
    tx.commit().await?;
    Ok(agreement)
}

/// The match of a version under its locks, where the version is the one that is signed now.
async fn signable(
    conn: &mut PgConnection,
    app: &App,
    caller: &Caller,
    action: Action,
    id: AgreementId,
) -> Result<(Held, Agreement)> {
    let gone = || UserError::not_found("id", "agreement");
    let matching = agreements::match_of(conn, id).await?.ok_or_else(gone)?;
    let held = take(conn, app, caller, action, matching, None).await?;
    in_states(&held.matching, AGREEING, "there is nothing to sign")?;
    let newest = newest(conn, &held).await?;
    if newest.id != id {
        return refuse(UserError::conflict(format!(
            "there is a newer version of this agreement, number {}: read and sign that one",
            newest.number
        )));
    }
    Ok((held, newest))
}

/// The name of a side as it stands under a signature.
async fn signer(conn: &mut PgConnection, held: &Held, side: Side) -> Result<String> {
    let profile = &held.mentee.profile;
    Ok(match side {
        Side::Mentee => format!("{} {}", profile.given_name, profile.family_name),
        Side::Guardian => match &profile.guardian {
            Some(guardian) => guardian.name.clone(),
            None => {
                return refuse(UserError::new(
                    Code::NotReady,
                    "",
                    "no guardian is known: the centre adds the guardian to the mentee's data first",
                ));
            }
        },
        Side::Expert => {
            let expert = experts::get(conn, held.matching.expert)
                .await?
                .ok_or_else(|| Error::Fault("the expert of a match is gone".into()))?;
            [expert.title, expert.given_name, expert.family_name]
                .into_iter()
                .filter(|word| !word.is_empty())
                .collect::<Vec<_>>()
                .join(" ")
        }
    })
}

async fn add(
    conn: &mut PgConnection,
    app: &App,
    caller: &Caller,
    held: &mut Held,
    agreement: &Agreement,
    new: &NewSignature<'_>,
) -> Result<()> {
    if !agreements::sign(conn, new, app.now()).await? {
        return Ok(());
    }
    let entry = trail("match.agreement_signed", caller, &held.matching).detail(serde_json::json!({
        "agreement": agreement.id, "number": agreement.number, "side": new.side, "way": new.way,
    }));
    app.audit(conn, caller, &[entry]).await?;
    let mut signed = agreement.signed();
    signed.push(new.side);
    if unsigned(held.minor, &signed).is_empty() && agreement.in_force_at.is_none() {
        agreements::put_in_force(conn, agreement.id, app.now()).await?;
        let trace = Audit::new("agreement.in_force", agreement.id).about(held.matching.mentee);
        app.audit(conn, &Caller::system(), &[trace]).await?;
        let mut told = people(held);
        told.push(Recipient::Center(held.matching.center));
        // again where a signature was taken back and given anew, or a version was amended
        let step = step_of(&held.matching) + agreement.number;
        tell(conn, app, Trigger::AgreementInForce, &held.matching, step, &told).await?;
        if held.matching.state == MatchState::Met {
            // where something is missing it begins as soon as that is done
            activating::begin(conn, app, &Caller::system(), held).await?;
        }
    }
    events::notify(conn, Event::Case(held.matching.case, held.matching.center)).await?;
    Ok(())
}

/// The versions of a match's agreement, the newest first.
pub async fn agreements(app: &App, caller: &Caller, id: MatchId) -> Result<Vec<Agreement>> {
    let mut conn = app.acquire(caller).await?;
    let seen = found(matches::get(&mut conn, id).await?, "id")?;
    caller.authorize(Action::ViewMatch, &seen.resource(), "id", "match")?;
    Ok(agreements::for_matches(&mut conn, &[id]).await?)
}

/// The versions of those of these matches that the caller may see.
pub async fn agreements_of(
    app: &App,
    caller: &Caller,
    ids: &[MatchId],
) -> Result<HashMap<MatchId, Vec<Agreement>>> {
    let mut conn = app.acquire(caller).await?;
    let mut seen = matches::by_ids(&mut conn, ids).await?;
    seen.retain(|matching| caller.can(Action::ViewMatch, &matching.resource()) == Decision::Allowed);
    let ids: Vec<MatchId> = seen.iter().map(|matching| matching.id).collect();
    let mut found: HashMap<MatchId, Vec<Agreement>> = HashMap::new();
    for agreement in agreements::for_matches(&mut conn, &ids).await? {
        found.entry(agreement.matching).or_default().push(agreement);
    }
    Ok(found)
}
