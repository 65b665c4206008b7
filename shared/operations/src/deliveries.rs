//! E-mails: promised in the transaction that causes them, sent by the worker, shown to staff
//! (domain.md "E-mails and reminders"; architecture.md, decision 4).

mod compose;
mod leftovers;
mod log;
mod send;
mod trigger;
mod unsubscribe;

pub(crate) use compose::{addressee, language, letterhead};
pub use compose::{answer_by, case_reference, describe_case, support_area};
pub use leftovers::recover;
pub use log::{DeliveryFilter, allow_address, by_ids, list, resend};
pub use send::{Sender, send};
pub use tandem_storage::deliveries::{Delivery, RecipientKind, State};
pub use trigger::Trigger;
pub use unsubscribe::{Unsubscription, take_back, unsubscribe, unsubscription};

use std::collections::HashSet;

use chrono::{DateTime, NaiveDate, Utc};
use tandem_domain::ids::{CenterId, DeliveryId, ExpertId, MenteeId, OfficeId, UserId};
use tandem_storage::{PgConnection, deliveries};
use uuid::Uuid;

use crate::jobs::{self, Job};
use crate::{App, Result};

/// To whom a mail goes; the address is looked up when it is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Recipient {
    /// Somebody who signs in.
    User(UserId),
    /// An expert.
    Expert(ExpertId),
    /// A mentee.
    Mentee(MenteeId),
    /// The guardian of this mentee.
    Guardian(MenteeId),
    /// A centre's shared mailbox.
    Center(CenterId),
    /// A regional office.
    Office(OfficeId),
}

impl Recipient {
    pub(crate) fn of(kind: RecipientKind, id: Uuid) -> Self {
        match kind {
            RecipientKind::User => Self::User(id.into()),
            RecipientKind::Expert => Self::Expert(id.into()),
            RecipientKind::Mentee => Self::Mentee(id.into()),
            RecipientKind::Guardian => Self::Guardian(id.into()),
            RecipientKind::Center => Self::Center(id.into()),
            RecipientKind::Office => Self::Office(id.into()),
        }
    }

    fn parts(self) -> (RecipientKind, Uuid) {
        match self {
            Self::User(id) => (RecipientKind::User, id.uuid()),
            Self::Expert(id) => (RecipientKind::Expert, id.uuid()),
            Self::Mentee(id) => (RecipientKind::Mentee, id.uuid()),
            Self::Guardian(id) => (RecipientKind::Guardian, id.uuid()),
            Self::Center(id) => (RecipientKind::Center, id.uuid()),
            Self::Office(id) => (RecipientKind::Office, id.uuid()),
        }
    }
}

/// A mail to be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct NewDelivery {
    /// Why.
    pub trigger: Trigger,
    /// Which one of several about the same subject: 0 is the first.
    pub step: i16,
    /// What it is about: the entity's name and its id.
    pub subject: (&'static str, Uuid),
    /// To whom.
    pub recipient: Recipient,
    /// Which round of a reminder it belongs to, where the same subject can come round again.
    pub occasion: Option<NaiveDate>,
}

impl NewDelivery {
    /// The first mail of a trigger about a subject.
    pub fn new<T: tandem_domain::ids::Id>(trigger: Trigger, subject: T, recipient: Recipient) -> Self {
        Self {
            trigger,
            step: 0,
            subject: (T::KIND, subject.into()),
            recipient,
            occasion: None,
        }
    }

    /// Trigger, subject's id, step, recipient, and the round of a reminder: one key is sent once.
    fn key(&self) -> String {
        let (kind, id) = self.recipient.parts();
        let occasion = self.occasion.map(|day| format!(":{day}")).unwrap_or_default();
        format!(
            "{}:{}:{}:{}:{id}{occasion}",
            self.trigger,
            self.subject.1,
            self.step,
            kind.as_str()
        )
    }
}

/// Promises mails as part of the caller's transaction: their rows and the jobs that send them, in two
/// statements however many they are.
///
/// Returns the ids of those that were not promised already. A mail whose key exists is left alone.
pub async fn queue(conn: &mut PgConnection, app: &App, mails: &[NewDelivery]) -> Result<Vec<DeliveryId>> {
    queue_at(conn, app, mails, app.now()).await
}

/// Promises mails that are not to leave before `run_at`.
pub async fn queue_at(
    conn: &mut PgConnection,
    app: &App,
    mails: &[NewDelivery],
    run_at: DateTime<Utc>,
) -> Result<Vec<DeliveryId>> {
    let rows: Vec<_> = mails.iter().map(|mail| row(app, mail, mail.key())).collect();
    insert(conn, app, &rows, run_at).await
}

fn row(app: &App, mail: &NewDelivery, key: String) -> deliveries::NewDelivery {
    let (recipient_kind, recipient_id) = mail.recipient.parts();
    deliveries::NewDelivery {
        id: app.id(),
        key,
        trigger: mail.trigger.to_string(),
        step: mail.step,
        subject_kind: mail.subject.0.to_owned(),
        subject_id: mail.subject.1,
        recipient_kind,
        recipient_id,
        occasion: mail.occasion,
    }
}

async fn insert(
    conn: &mut PgConnection,
    app: &App,
    rows: &[deliveries::NewDelivery],
    run_at: DateTime<Utc>,
) -> Result<Vec<DeliveryId>> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let ids = deliveries::insert_many(conn, rows, app.now()).await?;
    let awaited: HashSet<DeliveryId> = rows
        .iter()
        .filter(|row| row.trigger.parse().is_ok_and(Trigger::is_awaited))
        .map(|row| row.id)
        .collect();
    let (urgent, other): (Vec<Job>, Vec<Job>) = ids
        .iter()
        .map(|delivery| Job::SendEmail { delivery: *delivery })
        .partition(|job| matches!(job, Job::SendEmail { delivery } if awaited.contains(delivery)));
    jobs::enqueue_urgent(conn, app, &urgent, run_at).await?;
    jobs::enqueue_at(conn, app, &other, run_at).await?;
    Ok(ids)
}

#[cfg(test)]
mod tests {
    use tandem_domain::ids::MatchId;

    use super::*;

    fn id<T: From<Uuid>>(number: u128) -> T {
        Uuid::from_u128(number).into()
    }

    #[test]
    fn a_key_tells_trigger_subject_step_and_recipient_apart() {
        let expert: ExpertId = id(7);
        let first = NewDelivery::new(Trigger::Approach, id::<MatchId>(1), Recipient::Expert(expert));
        assert_eq!(
            first.key(),
            "APPROACH:00000000-0000-0000-0000-000000000001:0:EXPERT:00000000-0000-0000-0000-000000000007"
        );
        let others = [
            NewDelivery::new(Trigger::Superseded, id::<MatchId>(1), Recipient::Expert(expert)),
            NewDelivery::new(Trigger::Approach, id::<MatchId>(2), Recipient::Expert(expert)),
            NewDelivery { step: 1, ..first },
            NewDelivery {
                occasion: NaiveDate::from_ymd_opt(2026, 11, 23),
                ..first
            },
            NewDelivery::new(Trigger::Approach, id::<MatchId>(1), Recipient::Office(id(7))),
            NewDelivery::new(Trigger::Approach, id::<MatchId>(1), Recipient::Expert(id(8))),
        ];
        for other in others {
            assert_ne!(other.key(), first.key());
        }
    }
}
