//! Changes of e-mail addresses (domain.md "Who may do what", rule 2): asked for, confirmed at both ends, taken
//! back; and what they keep waiting meanwhile.
//!
//! Whoever changes an address, staff or a list, calls `change` under the lock of the person's row, and stores
//! what it returns: the confirmed address stays until the new one is confirmed. The database refuses any other
//! way (`experts_email_confirmed`, `mentees_email_confirmed`, `mentees_guardian_email_confirmed`).

mod confirming;
mod settling;

use chrono::{DateTime, Days, NaiveDate, Utc};
use serde_json::json;
use tandem_domain::addresses::{AddressChange, End, Outcome, Step, step};
use tandem_domain::errors::UserError;
use tandem_domain::ids::{AddressChangeId, ExpertId, MenteeId};
use tandem_domain::parties::{GivenWay, Party, Side};
use tandem_domain::policy::{self, Action, Decision, Resource};
use tandem_domain::values::Email;
use tandem_storage::{PgConnection, addresses, experts, mentees};

pub use self::confirming::{Look, Stand, confirm, contest, look};
pub use self::settling::settle_due;
use crate::deliveries::{NewDelivery, Recipient, Trigger, queue};
use crate::{App, Audit, Caller, Result, refuse, settings};

/// The person to whom mails about a change go.
pub(crate) fn recipient(party: Party) -> Recipient {
    match party {
        Party::Expert(id) => Recipient::Expert(id),
        Party::Mentee(id) => Recipient::Mentee(id),
        Party::Guardian(id) => Recipient::Guardian(id),
    }
}

/// An entry about a change: whose data it is follows from whose address.
fn trail(action: &'static str, change: &AddressChange) -> Audit {
    let entry = Audit::new(action, change.id);
    match change.party {
        Party::Expert(id) => entry.about(id),
        Party::Mentee(id) | Party::Guardian(id) => entry.about(id),
    }
}

fn detail(change: &AddressChange) -> serde_json::Value {
    json!({ "side": change.party.side() })
}

/// Takes a wish for an address, in the transaction that changes the person and under the lock of its row. Returns
/// the address to be stored: the confirmed one, until the wished one is confirmed.
pub(crate) async fn change(
    conn: &mut PgConnection,
    app: &App,
    caller: &Caller,
    party: Party,
    stored: Option<&Email>,
    wanted: Option<&Email>,
) -> Result<Option<Email>> {
    if stored == wanted {
        return Ok(stored.cloned());
    }
    let open = addresses::open(conn, party).await?;
    let removed = addresses::removed(conn, party).await?;
    let now = app.now();
    let days = settings::current(conn).await?.address_change_days;
    let new_change = |old, new, ended| AddressChange {
        id: app.id(),
        party,
        old,
        new,
        asked_by: caller.user_id(),
        asked_at: now,
        expires_at: now + Days::new(days.into()),
        old_confirmed_at: None,
        new_confirmed_at: None,
        voucher: None,
        ended,
    };
    let (change, kept, action) = match step(stored, removed.as_ref(), open.as_ref(), wanted) {
        Step::Nothing => return Ok(stored.cloned()),
        Step::Ask { old, new } => (
            new_change(old, Some(new), None),
            stored.cloned(),
            "address.change_asked",
        ),
        Step::Remove { old } => (
            new_change(Some(old), None, Some((now, Outcome::Removed))),
            None,
            "address.removed",
        ),
    };
    if let Some(open) = open {
        addresses::end(conn, open.id, Outcome::Replaced, now).await?;
    }
    addresses::insert(conn, &change).await?;
    if change.old.is_some() {
        addresses::void_links(conn, party, now).await?;
    }
    let mail = |trigger| NewDelivery::new(trigger, change.id, recipient(party));
    let mails = match (&change.old, &change.new) {
        (Some(_), Some(_)) => vec![mail(Trigger::AddressOld), mail(Trigger::AddressNew)],
        (None, _) => vec![mail(Trigger::AddressNew)],
        (Some(_), None) => vec![mail(Trigger::AddressRemoved)],
    };
    queue(conn, app, &mails).await?;
    app.audit(conn, caller, &[trail(action, &change).detail(detail(&change))])
        .await?;
    Ok(kept)
}

/// The changes under way of those of these people whose contact data the caller may see.
pub async fn open_of(
    app: &App,
    caller: &Caller,
    expert_ids: &[ExpertId],
    mentee_ids: &[MenteeId],
) -> Result<Vec<Pending>> {
    let mut conn = app.acquire(caller).await?;
    let changes = addresses::open_of(&mut conn, expert_ids, mentee_ids).await?;
    let mut seen = Vec::with_capacity(changes.len());
    if changes.is_empty() {
        return Ok(seen);
    }
    let days = settings::current(&mut conn).await?.address_vouch_days;
    for change in changes {
        let Some(resource) = resource(&mut conn, change.party).await? else {
            continue;
        };
        if caller.can(seeing(change.party), &resource) == Decision::Allowed {
            seen.push(Pending::new(change, app.now(), days));
        }
    }
    Ok(seen)
}

/// A change under way, with what is missing at this moment.
#[derive(Debug, Clone)]
pub struct Pending {
    /// The change.
    pub change: AddressChange,
    /// The ends at which it is not confirmed.
    pub missing: Vec<End>,
    /// From when on a voucher stands for the old address.
    pub vouched_from: Option<DateTime<Utc>>,
}

impl Pending {
    fn new(change: AddressChange, now: DateTime<Utc>, waiting_days: u32) -> Self {
        Self {
            missing: change.missing(now, waiting_days),
            vouched_from: change.vouched_from(waiting_days),
            change,
        }
    }
}

/// The action that shows an address.
fn seeing(party: Party) -> Action {
    match party.side() {
        Side::Expert => Action::ViewExpertContact,
        Side::Mentee | Side::Guardian => Action::ViewMentee,
    }
}

async fn resource(conn: &mut PgConnection, party: Party) -> Result<Option<Resource>> {
    Ok(match party {
        Party::Expert(id) => experts::get(conn, id)
            .await?
            .map(|expert| Resource::expert(id, expert.office_id)),
        Party::Mentee(id) | Party::Guardian(id) => mentees::get(conn, id)
            .await?
            .map(|mentee| Resource::mentee(id, mentee.center, mentee.office)),
    })
}

/// The change under the lock of its person, where the caller may see it and do `one` of these.
async fn locked(
    conn: &mut PgConnection,
    caller: &Caller,
    id: AddressChangeId,
    one: &[Action],
    who: &str,
) -> Result<AddressChange> {
    let gone = || UserError::not_found("id", "change of an address");
    let seen = addresses::get(conn, id).await?.ok_or_else(gone)?;
    let resource = resource(conn, seen.party).await?.ok_or_else(gone)?;
    caller.authorize(seeing(seen.party), &resource, "id", "change of an address")?;
    let may = |action: &Action| caller.can(*action, &resource) == Decision::Allowed;
    if !one.iter().any(may) {
        return refuse(UserError {
            field: "id".into(),
            ..UserError::forbidden(format!("you may see this change of an address, but only {who}"))
        });
    }
    addresses::lock_person(conn, seen.party).await?;
    Ok(addresses::get(conn, id).await?.ok_or_else(gone)?)
}

/// A member of the office's staff, who is not the one that entered the change, vouches for it after a telephone
/// call: the person cannot confirm at the old address any more. It stands for the old address after
/// `address_vouch_days`, in which that address, which is told at once, can object.
///
/// # Errors
/// `FORBIDDEN` to who entered the change; `CONFLICT` where it is over or nothing is missing at the old address;
/// `INVALID` for the day of the call.
pub async fn vouch(app: &App, caller: &Caller, id: AddressChangeId, spoken_on: NaiveDate) -> Result<Pending> {
    let mut tx = app.begin(caller).await?;
    let one = [Action::VouchForAddress];
    let mut change = locked(&mut tx, caller, id, &one, "the office vouches for it").await?;
    let Some(by) = caller.user_id() else {
        return refuse(UserError::forbidden(
            "only a member of staff vouches for a change",
        ));
    };
    let voucher = change.vouch(by, spoken_on, app.now())?;
    addresses::vouch(&mut tx, id, &voucher).await?;
    change.voucher = Some(voucher);
    let mail = NewDelivery::new(Trigger::AddressVouched, id, recipient(change.party));
    queue(&mut tx, app, &[mail]).await?;
    let entry = trail("address.vouched", &change)
        .detail(json!({ "side": change.party.side(), "spokenOn": spoken_on }));
    app.audit(&mut tx, caller, &[entry]).await?;
    let days = settings::current(&mut tx).await?.address_vouch_days;
    tx.commit().await?;
    Ok(Pending::new(change, app.now(), days))
}

/// Staff takes a change back: the confirmed address stays.
///
/// # Errors
/// `CONFLICT` where it is over.
pub async fn withdraw(app: &App, caller: &Caller, id: AddressChangeId) -> Result<Party> {
    let mut tx = app.begin(caller).await?;
    let seen = addresses::get(&mut tx, id).await?;
    let manage = match seen.map(|change| change.party.side()) {
        Some(Side::Expert) => Action::ManageExpert,
        _ => Action::ManageMentee,
    };
    let one = [manage, Action::VouchForAddress];
    let change = locked(&mut tx, caller, id, &one, "who may change it takes it back").await?;
    if !addresses::end(&mut tx, id, Outcome::Withdrawn, app.now()).await? {
        return refuse(UserError::conflict("this change of an address is over already"));
    }
    let entry = trail("address.change_withdrawn", &change).detail(detail(&change));
    app.audit(&mut tx, caller, &[entry]).await?;
    tx.commit().await?;
    Ok(change.party)
}

/// Whether the answers of a person wait for an address to be confirmed.
pub async fn is_frozen(conn: &mut PgConnection, app: &App, party: Party) -> Result<bool> {
    let open = addresses::open(conn, party).await?;
    Ok(open.is_some_and(|change| change.freezes(app.now())))
}

/// Refuses a person's own word by link or signed in while the person's address is being changed: nobody knows
/// then who reads the mailbox. A code on paper was handed over in person, and goes on.
///
/// The person's row is held until the end of the transaction, so that a change that begins at the same moment
/// comes before this word or after it.
pub(crate) async fn may_answer(
    conn: &mut PgConnection,
    app: &App,
    caller: &Caller,
    action: Action,
    resource: &Resource,
) -> Result<()> {
    if !policy::waits_for_address(action) {
        return Ok(());
    }
    let Some((party, GivenWay::Link | GivenWay::SignedIn)) = caller.as_party(resource) else {
        return Ok(());
    };
    addresses::hold_person(conn, party).await?;
    if is_frozen(conn, app, party).await? {
        return refuse(frozen());
    }
    Ok(())
}

/// What a person is told whose answer has to wait.
pub(crate) fn frozen() -> UserError {
    UserError::conflict(
        "your e-mail address is being changed: confirm it first, by the links in the two mails about it, and \
         answer then",
    )
}
