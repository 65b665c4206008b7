//! Retention: it runs by itself, and says 30 days before what it will do (domain.md "Data protection").

use chrono::{Days, Months, NaiveDate, NaiveTime};
use tandem_domain::settings::Settings;
use tandem_storage::PgConnection;
use tandem_storage::personal_data::requests::{self, Kind, NewRequest, State};
use tandem_storage::personal_data::{self, Subject, retention};

use super::Person;
use crate::jobs::{Job, enqueue};
use crate::{App, Audit, Caller, Result, settings};

/// How many people and cases one pass takes.
const BATCH: i64 = 500;

/// What retention will have erased by a day: numbers, for the notice to administrators.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Due {
    /// Cases whose free text goes.
    pub free_texts: usize,
    /// Experts.
    pub experts: usize,
    /// Mentees.
    pub mentees: usize,
    /// Closed accounts.
    pub accounts: usize,
}

impl Due {
    /// Whether there is nothing to tell.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// What is left when some of it has been told before.
    #[must_use]
    pub(crate) fn without(self, told: Self) -> Self {
        Self {
            free_texts: self.free_texts.saturating_sub(told.free_texts),
            experts: self.experts.saturating_sub(told.experts),
            mentees: self.mentees.saturating_sub(told.mentees),
            accounts: self.accounts.saturating_sub(told.accounts),
        }
    }
}

fn months_before(day: NaiveDate, months: u32) -> NaiveDate {
    day.checked_sub_months(Months::new(months))
        .unwrap_or(NaiveDate::MIN)
}

/// What will have been erased `days` from now.
pub async fn due(app: &App, days: u32) -> Result<Due> {
    let mut conn = app.acquire(&Caller::system()).await?;
    let settings = settings::current(&mut conn).await?;
    let today = app.today();
    due_on(&mut conn, &settings, today, today + Days::new(u64::from(days))).await
}

/// What will have been erased on a day, as things stand today.
pub(crate) async fn due_on(
    conn: &mut PgConnection,
    settings: &Settings,
    today: NaiveDate,
    day: NaiveDate,
) -> Result<Due> {
    let ended_before = months_before(day, settings.retention_free_text_months)
        .and_time(NaiveTime::MIN)
        .and_utc();
    let texts = retention::free_text(conn, ended_before, i64::MAX).await?;
    let people = retention::people(
        conn,
        months_before(day, settings.retention_person_data_months),
        today,
        i64::MAX,
    )
    .await?;
    let of = |subject| people.iter().filter(|(kind, _)| *kind == subject).count();
    Ok(Due {
        free_texts: texts.len(),
        experts: of(Subject::Expert),
        mentees: of(Subject::Mentee),
        accounts: of(Subject::User),
    })
}

/// Erases the free text that is due, promises the erasure of the people who are due, and throws away
/// exports that have expired. A sweep calls it; what is left over comes with the next one.
pub async fn enforce(app: &App) -> Result<()> {
    let system = Caller::system();
    let mut tx = app.begin(&system).await?;
    let settings = settings::current(&mut tx).await?;
    requests::purge_expired(&mut tx, app.now()).await?;
    let today = app.today();
    let ended_before = months_before(today, settings.retention_free_text_months)
        .and_time(NaiveTime::MIN)
        .and_utc();
    for case in retention::free_text(&mut tx, ended_before, BATCH).await? {
        personal_data::erase_free_text(&mut tx, case.uuid()).await?;
        requests::mark_erased(&mut tx, Subject::Case, case.uuid(), app.now(), today).await?;
        app.audit(&mut tx, &system, &[Audit::new("case.free_text_erased", case)])
            .await?;
    }
    let before = months_before(today, settings.retention_person_data_months);
    for (subject, subject_id) in retention::people(&mut tx, before, today, BATCH).await? {
        let new = NewRequest {
            id: app.id(),
            kind: Kind::Erasure,
            subject,
            subject_id,
            requested_by: None,
            state: State::Queued,
        };
        if !requests::insert(&mut tx, &new, app.now()).await? {
            continue;
        }
        if let Some(request) = requests::by_ids(&mut tx, &[new.id]).await?.pop()
            && let Some(person) = Person::of(&request)
        {
            app.audit(&mut tx, &system, &[person.audit("data.retention_ended", new.id)])
                .await?;
        }
        enqueue(&mut tx, app, &[Job::DataRequest { request: new.id }]).await?;
    }
    tx.commit().await?;
    Ok(())
}
