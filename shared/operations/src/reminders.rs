//! Reminders: what is due and not yet sent (domain.md, the table of "E-mails and reminders";
//! architecture.md, decision 3).
//!
//! [`sweep`] takes rows whose day has come, asks [`Reminder::plan`] which step is due and the subject
//! whether the reminder is still wanted, promises the mails and stamps the rows, all in one transaction.
//! Any number of workers may sweep at once; whatever period was missed, the rows wait. The same question
//! is asked again when the mail is sent (`wanted`).

mod subjects;

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use strum::VariantArray;
use tandem_domain::ids::OfficeId;
use tandem_domain::policy::{Action, Resource};
use tandem_domain::quiet::in_germany;
use tandem_domain::reminders::{Reminder, Step};
use tandem_domain::settings::Settings;
use tandem_storage::reminders::{self, Watched};
use tandem_storage::{PgConnection, settings};
use uuid::Uuid;

pub(crate) use self::subjects::{Erasure, Subject, check_wanted, load};
use crate::deliveries::{NewDelivery, Recipient, queue_at};
use crate::documents::ask_for_renewal_letter;
use crate::{App, Caller, Result};
pub use tandem_storage::reminders::{Digest, DigestLine};

/// Rows that are looked at in one transaction.
const BATCH: i64 = 200;

/// What a sweep did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Swept {
    /// Rows that were looked at.
    pub looked_at: usize,
    /// Mails that were promised.
    pub promised: usize,
}

/// What an office has to look at: its weekly digest as of now, in full. For whoever sees the office's background
/// checks, and with them its cases and matches.
pub async fn work_of(app: &App, caller: &Caller, office: OfficeId) -> Result<Digest> {
    caller.authorize(Action::ViewCheck, &Resource::office(office), "id", "office")?;
    let mut tx = app.begin(caller).await?;
    let settings = settings::newest(&mut tx).await?;
    let work = subjects::work_of(&mut tx, app, &settings, office).await?;
    app.listed(tx, caller, "work.listed", &[("office", true)]).await?;
    Ok(work)
}

/// Promises every mail that is due; returns when nothing is due any more.
pub async fn sweep(app: &App) -> Result<Swept> {
    replan_after_changed_settings(app).await?;
    let mut swept = Swept::default();
    loop {
        let batch = sweep_batch(app).await?;
        swept.looked_at += batch.looked_at;
        swept.promised += batch.promised;
        if batch.looked_at == 0 {
            return Ok(swept);
        }
    }
}

/// Plans what depends on a changed setting anew, and nothing else.
async fn replan_after_changed_settings(app: &App) -> Result<()> {
    let mut tx = app.begin(&Caller::system()).await?;
    let newest = settings::newest_version(&mut tx).await?;
    if let Some(before) = reminders::planned_with(&mut tx, newest.version).await? {
        let before = settings::at_version(&mut tx, before).await?;
        let changed: Vec<Reminder> = Reminder::VARIANTS
            .iter()
            .copied()
            .filter(|reminder| !reminder.is_planned_alike(&before, &newest.settings))
            .collect();
        reminders::replan(&mut tx, &changed).await?;
        tracing::info!(
            version = newest.version,
            ?changed,
            "the settings have changed: these reminders are planned anew"
        );
    }
    tx.commit().await?;
    Ok(())
}

async fn sweep_batch(app: &App) -> Result<Swept> {
    let mut tx = app.begin(&Caller::system()).await?;
    let settings = settings::newest(&mut tx).await?;
    let today = app.today();
    let rows = reminders::take_due(&mut tx, today, BATCH).await?;
    let mut stamps = Vec::with_capacity(rows.len());
    let mut due: BTreeMap<Reminder, Vec<(Watched, Step)>> = BTreeMap::new();
    for row in &rows {
        let plan = row.reminder.plan(row.anchor, today, &settings);
        stamps.push((*row, plan.next));
        if let Some(step) = plan.due {
            due.entry(row.reminder).or_default().push((*row, step));
        }
    }
    let mut promised = 0;
    for (reminder, rows) in due {
        promised += promise(app, &mut tx, &settings, reminder, &rows).await?;
    }
    reminders::stamp(&mut tx, &stamps).await?;
    tx.commit().await?;
    Ok(Swept {
        looked_at: rows.len(),
        promised,
    })
}

/// Promises the mails of one reminder about those of these subjects that still want it.
async fn promise(
    app: &App,
    conn: &mut PgConnection,
    settings: &Settings,
    reminder: Reminder,
    rows: &[(Watched, Step)],
) -> Result<usize> {
    if reminder == Reminder::ErasureDue {
        return promise_erasures(app, conn, settings, rows).await;
    }
    let ids: Vec<Uuid> = rows.iter().map(|(row, _)| row.subject).collect();
    let subjects = load(conn, app, settings, reminder, &ids).await?;
    let mut by_time: BTreeMap<DateTime<Utc>, Vec<NewDelivery>> = BTreeMap::new();
    for (row, step) in rows {
        let Some(subject) = subjects.get(&row.subject) else {
            continue;
        };
        let recipients = match subject.recipients(reminder, settings, app.today()) {
            Ok(recipients) => recipients,
            Err(reason) => {
                tracing::debug!(%reminder, subject = %row.subject, reason, "not wanted");
                continue;
            }
        };
        if let (Reminder::CheckExpiry, Subject::Check(check)) = (reminder, subject) {
            ask_for_renewal_letter(conn, app, check.id.into(), check.expert_id).await?;
        }
        let mails = recipients.into_iter().map(|recipient| NewDelivery {
            trigger: reminder.into(),
            step: step.number,
            subject: (subject.kind(), row.subject),
            recipient,
            occasion: Some(reminder.occasion(row.anchor, *step)),
        });
        let at = leaves_at(reminder, *step, settings, app.now());
        by_time.entry(at).or_default().extend(mails);
    }
    let mut promised = 0;
    for (at, mails) in by_time {
        promised += queue_at(conn, app, &mails, at).await?.len();
    }
    Ok(promised)
}

/// Nobody is mailed at night, and the digest comes at its time.
fn leaves_at(reminder: Reminder, step: Step, settings: &Settings, now: DateTime<Utc>) -> DateTime<Utc> {
    let earliest = match reminder {
        Reminder::WeeklyDigest => now.max(in_germany(step.on, settings.digest_time)),
        _ => now,
    };
    settings.awake(earliest)
}

/// What falls due for erasure `erasure_notice_days` from now and was not announced before, in one mail to
/// each administrator. The step is the number of days that the mail covers.
async fn promise_erasures(
    app: &App,
    conn: &mut PgConnection,
    settings: &Settings,
    rows: &[(Watched, Step)],
) -> Result<usize> {
    let today = app.today();
    let mut promised = 0;
    for (row, _) in rows {
        let days = i16::try_from((today - row.anchor).num_days()).unwrap_or(i16::MAX);
        if days <= 0 {
            continue;
        }
        let coming = subjects::erasures(conn, settings, today, days).await?;
        if !coming.is_empty() {
            let mails: Vec<NewDelivery> = reminders::administrators(conn)
                .await?
                .into_iter()
                .map(|admin| NewDelivery {
                    trigger: Reminder::ErasureDue.into(),
                    step: days,
                    subject: ("Programme", row.subject),
                    recipient: Recipient::User(admin),
                    occasion: Some(today),
                })
                .collect();
            let at = settings.awake(app.now());
            promised += queue_at(conn, app, &mails, at).await?.len();
        }
        reminders::move_anchor(conn, row, today).await?;
    }
    Ok(promised)
}

/// The subject of a reminder's mail, or why the mail is not wanted any more: asked at the moment of
/// sending.
pub(crate) async fn wanted(
    conn: &mut PgConnection,
    app: &App,
    settings: &Settings,
    reminder: Reminder,
    subject: Uuid,
    recipient: Recipient,
    round: (i16, Option<NaiveDate>),
) -> Result<std::result::Result<Subject, String>> {
    if reminder == Reminder::ErasureDue {
        let (days, occasion) = round;
        let until = occasion.unwrap_or_else(|| app.today());
        let coming = subjects::erasures(conn, settings, until, days).await?;
        return Ok(if coming.is_empty() {
            Err("nothing is about to be erased any more".to_owned())
        } else {
            Ok(Subject::Erasure(coming, until))
        });
    }
    let Some(loaded) = load(conn, app, settings, reminder, &[subject])
        .await?
        .remove(&subject)
    else {
        return Ok(Err("what it was about does not exist any more".to_owned()));
    };
    // a day that has moved meanwhile begins a round of its own
    if !matches!(reminder, Reminder::WeeklyDigest)
        && let (_, Some(occasion)) = round
        && reminders::anchor(conn, reminder, subject).await? != Some(occasion)
    {
        return Ok(Err("the day that it counts from is another one now".to_owned()));
    }
    Ok(match loaded.recipients(reminder, settings, app.today()) {
        Err(reason) => Err(reason.to_owned()),
        Ok(recipients) if !recipients.contains(&recipient) => {
            Err("this recipient has done it, has left, or has no address".to_owned())
        }
        Ok(_) => Ok(loaded),
    })
}
