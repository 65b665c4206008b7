//! An expert is asked to apply for a certificate, with the letter that makes it free of charge.

use chrono::Days;
use serde_json::json;
use tandem_domain::checks::{CheckKind, Standing, kind_for};
use tandem_domain::errors::UserError;
use tandem_domain::experts::ExpertState;
use tandem_domain::ids::{CheckId, ExpertId, OfficeId};
use tandem_domain::policy::{Action, Resource};
use tandem_storage::checks::overview::{self, CheckFilter, Moment};
use tandem_storage::checks::requests;
use tandem_storage::experts::Expert;
use tandem_storage::paging::Page;
use tandem_storage::{PgConnection, documents as stored_documents};

use super::{locked, locked_check};
use crate::{App, Audit, Caller, Result, documents, refuse, settings};

/// No call asks more experts.
const MOST: usize = 500;

/// Asks experts for certificates: of this kind, or else of the one that their matches ask for. Each gets the
/// letter by mail. All or none: a refusal names the expert by place.
pub async fn request(
    app: &App,
    caller: &Caller,
    experts: &[ExpertId],
    kind: Option<CheckKind>,
) -> Result<Vec<Expert>> {
    if experts.is_empty() || experts.len() > MOST {
        return refuse(UserError::invalid(
            "expertIds",
            format!(
                "expertIds has {} entries: 1 to {MOST} are possible",
                experts.len()
            ),
        ));
    }
    // by rising id, as locks are taken
    let mut order: Vec<(usize, ExpertId)> = experts.iter().copied().enumerate().collect();
    order.sort_by_key(|(_, expert)| *expert);
    order.dedup_by_key(|(_, expert)| *expert);
    let mut tx = app.begin(caller).await?;
    let mut asked = Vec::with_capacity(order.len());
    for (place, expert) in order {
        let row = locked(&mut tx, caller, expert, &format!("expertIds.{place}")).await?;
        if row.state == ExpertState::Left {
            return refuse(UserError {
                field: format!("expertIds.{place}"),
                ..UserError::conflict("this expert has left: nobody asks for a certificate any more")
            });
        }
        ask(&mut tx, app, caller, expert, kind).await?;
        asked.push(row);
    }
    tx.commit().await?;
    Ok(asked)
}

/// Writes one request, or finds the open one, and has its letter sent.
async fn ask(
    conn: &mut PgConnection,
    app: &App,
    caller: &Caller,
    expert: ExpertId,
    kind: Option<CheckKind>,
) -> Result<()> {
    let kind = match kind {
        Some(kind) => kind,
        None => kind_for(
            &requests::encounters(conn, expert, app.today()).await?,
            app.today(),
        ),
    };
    let (check, new) = requests::request(
        conn,
        app.id(),
        expert,
        kind,
        app.today(),
        caller.user_id(),
        app.now(),
    )
    .await?;
    documents::ask_for_letter(conn, app, caller, check, expert).await?;
    let entry = Audit::new("check.requested", check)
        .about(expert)
        .detail(json!({ "again": !new }));
    app.audit(conn, caller, &[entry]).await
}

/// Asks all whose check ends within so many weeks, or has ended, and who were not asked yet: one office, or
/// all that the caller looks after. Returns how many were asked.
pub async fn request_renewals(
    app: &App,
    caller: &Caller,
    office: Option<OfficeId>,
    within_weeks: u32,
) -> Result<usize> {
    if !(1..=52).contains(&within_weeks) {
        return refuse(UserError::invalid(
            "withinWeeks",
            format!("withinWeeks is {within_weeks}: it must be 1 to 52"),
        ));
    }
    if let Some(office) = office {
        caller.authorize(
            Action::ManageCheck,
            &Resource::office(office),
            "officeId",
            "office",
        )?;
    }
    let mut tx = app.begin(caller).await?;
    let settings = settings::current(&mut tx).await?;
    let filter = CheckFilter {
        office,
        standings: vec![Standing::Valid, Standing::Expiring, Standing::Expired],
        ends_until: Some(app.today() + Days::new(u64::from(within_weeks) * 7)),
        requested: Some(false),
        with_matches: false,
    };
    let moment = Moment {
        today: app.today(),
        expiring_weeks: settings.check_expiring_weeks,
    };
    let scope = caller.scope(Action::ManageCheck);
    let rows = overview::list(&mut tx, &scope, &filter, moment, &Page::first(MOST as i64)).await?;
    let mut due: Vec<(ExpertId, CheckKind)> = rows
        .rows
        .into_iter()
        .map(|row| (row.expert_id, row.needed))
        .collect();
    due.sort();
    for (expert, kind) in &due {
        locked(&mut tx, caller, *expert, "officeId").await?;
        ask(&mut tx, app, caller, *expert, Some(*kind)).await?;
    }
    tx.commit().await?;
    Ok(due.len())
}

/// Takes an open request back; its letter is worth nothing any more.
pub async fn withdraw_request(app: &App, caller: &Caller, id: CheckId) -> Result<Expert> {
    let mut tx = app.begin(caller).await?;
    let (_, expert) = locked_check(&mut tx, caller, id).await?;
    stored_documents::remove_of(&mut tx, id.uuid()).await?;
    if !requests::withdraw(&mut tx, id).await? {
        return refuse(UserError::conflict(
            "this certificate was inspected already: there is no request to take back",
        ));
    }
    let entry = Audit::new("check.request_withdrawn", id).about(expert.id);
    app.audit(&mut tx, caller, &[entry]).await?;
    tx.commit().await?;
    Ok(expert)
}
