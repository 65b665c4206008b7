//! The worker's side: doing what was asked for.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Map, Value, json};
use strum::VariantArray;
use tandem_domain::documents::PersonReport;
use tandem_domain::ids::DataRequestId;
use tandem_storage::PgConnection;
use tandem_storage::audit::sealing;
use tandem_storage::personal_data::requests::{self, DataRequest, Kind, State};
use tandem_storage::personal_data::{self, Purpose, Subject, TABLES};

use super::{Person, obstacle, report};
use crate::{App, Caller, Result, settings};

/// How long an export can be fetched.
const EXPORT_LIFE: TimeDelta = TimeDelta::days(14);

/// Does a request; nothing where it was done already. Of an export it is what is to be set in type and handed to
/// [`finish_export`].
///
/// An erasure is one transaction: after a crash it was done whole or not at all, and is done again. An export
/// reads as of one moment and says meanwhile how far it is.
pub async fn execute(app: &App, id: DataRequestId) -> Result<Option<Found>> {
    let system = Caller::system();
    let mut tx = app.begin(&system).await?;
    let Some(request) = requests::lock(&mut tx, id).await? else {
        return Ok(None);
    };
    if !matches!(request.state, State::Queued | State::Running) {
        return Ok(None);
    }
    // one step a table, and for an export one more: the PDF
    let steps = TABLES.len() as i32 + i32::from(request.kind == Kind::Export);
    // seen by who waits for it, before the long part
    requests::set_state(&mut tx, id, State::Running, steps).await?;
    tx.commit().await?;

    let Some(person) = Person::of(&request) else {
        return Ok(None);
    };
    if request.kind == Kind::Export {
        return Ok(Some(export(app, &request, person).await?));
    }
    let mut tx = app.begin(&system).await?;
    let Some(request) = requests::lock(&mut tx, id)
        .await?
        .filter(|now| now.state == State::Running)
    else {
        return Ok(None);
    };
    erase(&mut tx, app, &request, person).await?;
    tx.commit().await?;
    Ok(None)
}

/// What was found about a person, before its PDF is made.
#[derive(Debug)]
pub struct Found {
    request: DataRequestId,
    person: Person,
    content: String,
    receipt: Value,
    /// What the PDF says.
    pub report: PersonReport,
    /// The time that the PDF carries.
    pub at: DateTime<Utc>,
}

/// So many tables are read before it is said how far the export is.
const TABLES_A_STEP: usize = 8;

async fn export(app: &App, request: &DataRequest, person: Person) -> Result<Found> {
    let (subject, id) = person.parts();
    let mut tx = app.begin(&Caller::system()).await?;
    tandem_storage::freeze(&mut tx).await?;
    // the account of an expert or a mentee is the person's as well
    let mut people = vec![(subject, id)];
    let accounts = requests::accounts(&mut tx, subject, id).await?;
    people.extend(accounts.into_iter().map(|account| (Subject::User, account)));
    let mut tables: Map<String, Value> = Map::new();
    for (done, table) in TABLES.iter().enumerate() {
        let mut rows = Vec::new();
        for (subject, id) in &people {
            rows.extend(personal_data::export(&mut tx, table, *subject, *id).await?);
        }
        if !rows.is_empty() {
            tables.insert(table.name.to_owned(), Value::Array(rows));
        }
        if done % TABLES_A_STEP == TABLES_A_STEP - 1 {
            // beside the transaction, which reads as of one moment and writes nothing
            let mut conn = app.db.acquire().await.map_err(tandem_storage::Error::from)?;
            requests::progress(&mut conn, request.id, done as i32 + 1).await?;
        }
    }
    let settings = settings::current(&mut tx).await?;
    tx.commit().await?;
    let purposes: Vec<Value> = Purpose::VARIANTS
        .iter()
        .map(|purpose| {
            json!({
                "category": purpose.name(),
                "purpose": purpose.purpose(),
                "legalBasis": purpose.legal_basis(),
                "kept": purpose.retention(),
            })
        })
        .collect();
    let rows: usize = tables.values().filter_map(Value::as_array).map(Vec::len).sum();
    let receipt = json!({ "tables": tables.len(), "rows": rows });
    let report = report::report(&tables, &settings, app.today());
    let content = json!({
        "about": { "kind": subject.to_string(), "id": id },
        "madeAt": app.now(),
        "programme": settings.programme_name,
        "responsible": settings.organisation_name,
        "purposes": purposes,
        "data": tables,
    })
    .to_string();
    let mut conn = app.db.acquire().await.map_err(tandem_storage::Error::from)?;
    requests::progress(&mut conn, request.id, TABLES.len() as i32).await?;
    Ok(Found {
        request: request.id,
        person,
        content,
        receipt,
        report,
        at: app.now(),
    })
}

/// Keeps an export with its PDF until it expires. Of somebody who was erased meanwhile nothing is kept.
pub async fn finish_export(app: &App, found: Found, pdf: &[u8]) -> Result<()> {
    let system = Caller::system();
    let mut tx = app.begin(&system).await?;
    // an erasure empties this row: it comes before or after, never in between
    let running = requests::lock(&mut tx, found.request)
        .await?
        .is_some_and(|request| request.state == State::Running);
    if !running {
        return Ok(());
    }
    let (subject, id) = found.person.parts();
    let facts = requests::person(&mut tx, subject, id).await?;
    if facts.is_none_or(|facts| facts.erased_at.is_some_and(|erased| erased >= found.at)) {
        requests::refuse(
            &mut tx,
            found.request,
            "this person was erased meanwhile",
            app.now(),
        )
        .await?;
    } else {
        let export = requests::Export {
            content: &found.content,
            report: pdf,
            expires_at: app.now() + EXPORT_LIFE,
        };
        requests::finish(&mut tx, found.request, &found.receipt, Some(&export), app.now()).await?;
        let entry = found.person.audit("data.exported", found.request);
        app.audit(&mut tx, &system, &[entry.detail(found.receipt)])
            .await?;
    }
    tx.commit().await?;
    Ok(())
}

async fn erase(conn: &mut PgConnection, app: &App, request: &DataRequest, person: Person) -> Result<()> {
    let (subject, id) = person.parts();
    // asked again, under the locks of this moment: much can have happened since the request
    if subject == Subject::Expert {
        tandem_storage::experts::lock(conn, id.into()).await?;
    }
    let obstacles = requests::obstacles(conn, subject, id, app.today()).await?;
    if let Some(reason) = obstacle(&obstacles) {
        requests::refuse(conn, request.id, &reason, app.now()).await?;
        return app
            .audit(
                conn,
                &Caller::system(),
                &[person.audit("data.erasure_refused", request.id)],
            )
            .await;
    }
    let mut erased: Map<String, Value> = Map::new();
    let mut people = vec![(subject, id)];
    people.extend(
        requests::accounts(conn, subject, id)
            .await?
            .into_iter()
            .map(|account| (Subject::User, account)),
    );
    // the accounts first: their roles name the person
    for (subject, id) in people.into_iter().rev() {
        requests::suppress_mails(conn, id, app.now()).await?;
        for (table, rows) in personal_data::erase(conn, subject, id).await? {
            let before = erased.get(table).and_then(Value::as_u64).unwrap_or(0);
            erased.insert(table.to_owned(), json!(before + rows));
        }
        let details = sealing::erase_details(conn, id, app.now()).await?;
        erased.insert("audit_events".into(), json!(details));
        requests::mark_erased(conn, subject, id, app.now(), app.today()).await?;
        let forgotten = requests::forgotten(conn, subject, id).await?;
        let plans = crate::runs::forget(conn, &forgotten).await?;
        if plans > 0 {
            erased.insert("matching_run_snapshots".into(), json!(plans));
        }
    }
    let receipt = json!({ "rows": erased, "pseudonym": id });
    requests::finish(conn, request.id, &receipt, None, app.now()).await?;
    app.audit(
        conn,
        &Caller::system(),
        &[person.audit("data.erased", request.id)],
    )
    .await
}
