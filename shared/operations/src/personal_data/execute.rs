//! The worker's side: doing what was asked for.

use chrono::TimeDelta;
use serde_json::{Map, Value, json};
use strum::VariantArray;
use tandem_domain::ids::DataRequestId;
use tandem_storage::PgConnection;
use tandem_storage::audit::sealing;
use tandem_storage::personal_data::requests::{self, DataRequest, Kind, State};
use tandem_storage::personal_data::{self, Purpose, Subject, TABLES};

use super::{Person, obstacle};
use crate::{App, Caller, Result, settings};

/// How long an export can be fetched.
const EXPORT_LIFE: TimeDelta = TimeDelta::days(14);

/// Does a request; nothing where it was done already.
///
/// An erasure is one transaction: after a crash it was done whole or not at all, and is done again.
pub async fn execute(app: &App, id: DataRequestId) -> Result<()> {
    let system = Caller::system();
    let mut tx = app.begin(&system).await?;
    let Some(request) = requests::lock(&mut tx, id).await? else {
        return Ok(());
    };
    if !matches!(request.state, State::Queued | State::Running) {
        return Ok(());
    }
    // seen by who waits for it, before the long part
    requests::set_state(&mut tx, id, State::Running, TABLES.len() as i32).await?;
    tx.commit().await?;

    let mut tx = app.begin(&system).await?;
    let Some(request) = requests::lock(&mut tx, id)
        .await?
        .filter(|now| now.state == State::Running)
    else {
        return Ok(());
    };
    let _ = &request;
    let Some(person) = Person::of(&request) else {
        return Ok(());
    };
    match request.kind {
        Kind::Export => export(&mut tx, app, &request, person).await?,
        Kind::Erasure => erase(&mut tx, app, &request, person).await?,
    }
    tx.commit().await?;
    Ok(())
}

async fn export(conn: &mut PgConnection, app: &App, request: &DataRequest, person: Person) -> Result<()> {
    let (subject, id) = person.parts();
    let mut tables = personal_data::export(conn, subject, id).await?;
    // the account of an expert or a mentee is the person's as well
    for account in requests::accounts(conn, subject, id).await? {
        for (table, rows) in personal_data::export(conn, Subject::User, account).await? {
            append(&mut tables, table, rows);
        }
    }
    let settings = settings::current(conn).await?;
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
    let content = json!({
        "about": { "kind": subject.to_string(), "id": id },
        "madeAt": app.now(),
        "programme": settings.programme_name,
        "responsible": settings.organisation_name,
        "purposes": purposes,
        "data": tables,
    })
    .to_string();
    let expires_at = app.now() + EXPORT_LIFE;
    requests::finish(
        conn,
        request.id,
        &receipt,
        Some((&content, expires_at)),
        app.now(),
    )
    .await?;
    app.audit(
        conn,
        &Caller::system(),
        &[person.audit("data.exported", request.id).detail(receipt)],
    )
    .await
}

fn append(tables: &mut Map<String, Value>, table: String, rows: Value) {
    match (tables.get_mut(&table), rows) {
        (Some(Value::Array(known)), Value::Array(more)) => known.extend(more),
        (_, rows) => {
            tables.insert(table, rows);
        }
    }
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
