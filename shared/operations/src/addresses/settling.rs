//! What becomes of a change: it counts, or it runs out.

use chrono::Days;
use tandem_domain::addresses::{AddressChange, Outcome};
use tandem_domain::ids::AddressChangeId;
use tandem_domain::parties::Party;
use tandem_storage::{PgConnection, addresses, experts, mentees};

use super::{detail, recipient, trail};
use crate::deliveries::{NewDelivery, Recipient, Trigger, queue};
use crate::{App, Caller, Result, settings};

/// How many changes a sweep takes at once; what is left it takes at its next tick.
const SWEEP_LIMIT: i64 = 500;
/// For so long the pages of a change that is over still say so, in days.
const KNOWN_FOR: u64 = 90;

/// Lets a change count where nothing is missing any more; under the lock of its person. The confirmed address is
/// stored, which voids the links that went to the old one; the account that signs in with it follows; both
/// addresses are told.
pub(super) async fn complete(conn: &mut PgConnection, app: &App, id: AddressChangeId) -> Result<bool> {
    let now = app.now();
    let days = settings::current(conn).await?.address_vouch_days;
    let Some(change) = addresses::get(conn, id).await? else {
        return Ok(false);
    };
    let Some(new) = change.new.as_ref().filter(|_| change.is_complete(now, days)) else {
        return Ok(false);
    };
    // in this order: the database lets an address in that was confirmed at this instant
    addresses::end(conn, id, Outcome::Confirmed, now).await?;
    addresses::take_effect(conn, change.party, new, now).await?;
    addresses::move_account(conn, change.party, new, now).await?;
    let to = recipient(change.party);
    let mut mails = vec![NewDelivery::new(Trigger::AddressChanged, id, to)];
    if change.old.is_some() {
        mails.push(NewDelivery::new(Trigger::AddressLeft, id, to));
    }
    queue(conn, app, &mails).await?;
    let entry = trail("address.changed", &change).detail(detail(&change));
    app.audit(conn, &Caller::system(), &[entry]).await?;
    Ok(true)
}

/// Tells those who look after a person that a change has come to nothing.
pub(super) async fn tell_staff(conn: &mut PgConnection, app: &App, change: &AddressChange) -> Result<()> {
    let staff = match change.party {
        Party::Expert(id) => experts::get(conn, id)
            .await?
            .map(|expert| vec![Recipient::Office(expert.office_id)]),
        Party::Mentee(id) | Party::Guardian(id) => mentees::get(conn, id)
            .await?
            .map(|mentee| vec![Recipient::Center(mentee.center), Recipient::Office(mentee.office)]),
    };
    let mails: Vec<NewDelivery> = staff
        .into_iter()
        .flatten()
        .map(|staff| NewDelivery::new(Trigger::AddressUnsettled, change.id, staff))
        .collect();
    queue(conn, app, &mails).await?;
    Ok(())
}

/// Lets those changes count whose days after a voucher are over, ends those that have run out, and forgets what
/// ended long ago. Returns how many have ended now.
pub async fn settle_due(app: &App) -> Result<usize> {
    let system = Caller::system();
    let mut conn = app.acquire(&system).await?;
    let now = app.now();
    let days = settings::current(&mut conn).await?.address_vouch_days;
    let vouched_before = now - Days::new(days.into());
    let due = addresses::due(&mut conn, now, vouched_before, SWEEP_LIMIT).await?;
    drop(conn);
    let mut ended = 0;
    for id in due {
        let mut tx = app.begin(&system).await?;
        let Some(seen) = addresses::get(&mut tx, id).await? else {
            continue;
        };
        addresses::lock_person(&mut tx, seen.party).await?;
        if complete(&mut tx, app, id).await? {
            ended += 1;
        } else if let Some(change) = addresses::get(&mut tx, id).await?
            && change.has_run_out(now)
        {
            addresses::end(&mut tx, id, Outcome::Expired, now).await?;
            tell_staff(&mut tx, app, &change).await?;
            let entry = trail("address.change_expired", &change).detail(detail(&change));
            app.audit(&mut tx, &system, &[entry]).await?;
            ended += 1;
        }
        tx.commit().await?;
    }
    let mut tx = app.begin(&system).await?;
    addresses::forget(&mut tx, now - Days::new(KNOWN_FOR)).await?;
    tx.commit().await?;
    Ok(ended)
}
