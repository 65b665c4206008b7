//! What people give on paper: recorded by the centre with date and witness, marked as such, and told to the
//! person, who can say that it is not right.

use chrono::NaiveDate;
use tandem_domain::errors::{Code, UserError};
use tandem_domain::ids::{PaperRecordId, UserId};
use tandem_domain::matches::MatchState;
use tandem_domain::parties::Side;
use tandem_domain::policy::Action;
use tandem_domain::values::required_line;
use tandem_storage::papers::{self, OnPaper, PaperRecord};
use tandem_storage::{PgConnection, agreements, chemistry, matches};

use super::contesting::have_a_break;
use super::found;
use super::step::{Held, hold, keep, recipient, tell, trail};
use crate::deliveries::{Recipient, Trigger};
use crate::{App, Caller, Result, refuse};

/// What the centre says of a paper.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paper {
    /// The day that it carries.
    pub on: NaiveDate,
    /// Who saw it being written.
    pub witness: String,
}

impl Paper {
    /// Checks it: a paper carries a day between the first meeting and today, and a witness.
    pub(super) fn validate(self, since: Option<NaiveDate>, today: NaiveDate) -> Result<Self> {
        if self.on > today || since.is_some_and(|since| self.on < since) {
            return refuse(UserError::invalid(
                "paper.on",
                format!("{} is not between the first meeting and today", self.on),
            ));
        }
        let witness = required_line("witness", &self.witness, 200)
            .map_err(|error| UserError::invalid("paper.witness", error))?;
        Ok(Self { witness, ..self })
    }
}

/// Notes what was recorded for whom, and promises the notice. Returns who recorded it.
pub(super) async fn record(
    conn: &mut PgConnection,
    app: &App,
    caller: &Caller,
    held: &Held,
    side: Side,
    what: OnPaper,
    paper: &Paper,
) -> Result<UserId> {
    let Some(by) = caller.user_id() else {
        return refuse(UserError::forbidden(
            "paper is recorded by somebody of the centre",
        ));
    };
    if side == Side::Guardian && !held.minor {
        return refuse(UserError::new(
            Code::Conflict,
            "side",
            "the mentee is of age: no guardian's word is needed",
        ));
    }
    let row = PaperRecord {
        id: app.id(),
        matching: held.matching.id,
        side,
        what,
        on: paper.on,
        witness: paper.witness.clone(),
        recorded_by: by,
        recorded_at: app.now(),
        contested_at: None,
    };
    papers::insert(conn, &row).await?;
    let number = papers::count(conn, held.matching.id).await?;
    let person = [recipient(&held.matching, side)];
    tell(conn, app, Trigger::PaperNotice, &held.matching, number, &person).await?;
    let entry = trail("match.paper_recorded", caller, &held.matching)
        .detail(serde_json::json!({ "record": row.id, "side": side }));
    app.audit(conn, caller, &[entry]).await?;
    Ok(by)
}

/// The person says that what was recorded on paper is not right. The verdict or the signature is taken back,
/// an agreement that rests on it is no longer in force, a match that is active because of it is interrupted,
/// and centre and office are told. Saying so twice is one effect.
///
/// # Errors
/// `NOT_FOUND` for everybody but the person whose word it was.
pub async fn contest_paper(app: &App, caller: &Caller, id: PaperRecordId) -> Result<PaperRecord> {
    let gone = || UserError::not_found("id", "record");
    let mut tx = app.begin(caller).await?;
    let record = papers::get(&mut tx, id).await?.ok_or_else(gone)?;
    let seen = found(matches::get(&mut tx, record.matching).await?, "id")?;
    caller.authorize(Action::ObjectToPaper, &seen.resource(), "id", "record")?;
    if !caller.is_side(record.side, &seen.resource()) {
        return refuse(gone());
    }
    let mut held = hold(&mut tx, app, &seen).await?;
    if papers::contest(&mut tx, id, app.now()).await? {
        take_back(&mut tx, app, &mut held, &record).await?;
        let entry = trail("match.paper_contested", caller, &held.matching)
            .detail(serde_json::json!({ "record": id, "side": record.side }));
        app.audit(&mut tx, caller, &[entry]).await?;
        let told = [
            Recipient::Center(held.matching.center),
            Recipient::Office(held.matching.office),
        ];
        let step = papers::contested(&mut tx, held.matching.id).await?;
        tell(&mut tx, app, Trigger::PaperContested, &held.matching, step, &told).await?;
    }
    let record = papers::get(&mut tx, id).await?.ok_or_else(gone)?;
    tx.commit().await?;
    Ok(record)
}

/// One record, for its person.
pub async fn paper_record(app: &App, caller: &Caller, id: PaperRecordId) -> Result<PaperRecord> {
    let gone = || UserError::not_found("id", "record");
    let mut conn = app.acquire(caller).await?;
    let record = papers::get(&mut conn, id).await?.ok_or_else(gone)?;
    let seen = found(matches::get(&mut conn, record.matching).await?, "id")?;
    caller.authorize(Action::ObjectToPaper, &seen.resource(), "id", "record")?;
    if !caller.is_side(record.side, &seen.resource()) {
        return refuse(gone());
    }
    Ok(record)
}

async fn take_back(conn: &mut PgConnection, app: &App, held: &mut Held, record: &PaperRecord) -> Result<()> {
    let system = Caller::system();
    let taken = match record.what {
        OnPaper::Verdict => {
            let taken = chemistry::take_back_paper(conn, record.matching, record.side).await?;
            if taken && held.matching.state == MatchState::Met && held.matching.consented_at.is_some() {
                held.matching.consented_at = None;
                keep(conn, app, &system, &held.matching, "match.consent_taken_back").await?;
            }
            taken
        }
        OnPaper::Signature(agreement) => {
            let taken = agreements::take_back_paper(conn, agreement, record.side).await?;
            if taken && held.matching.state == MatchState::Met {
                keep(conn, app, &system, &held.matching, "match.signature_taken_back").await?;
            }
            taken
        }
    };
    if taken && held.matching.state == MatchState::Active {
        have_a_break(conn, app, held).await?;
    }
    Ok(())
}
