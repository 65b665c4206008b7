//! Regional offices and service centres: a row each.

use std::collections::HashMap;

use serde_json::json;
use tandem_domain::centers::{CenterDraft, CenterProfile};
use tandem_domain::ids::{CenterId, OfficeId};
use tandem_domain::offices::{Office, OfficeDraft, OfficeInput};
use tandem_storage::centers::{self, Center};
use tandem_storage::{PgConnection, import, offices};

use super::cells::Row;
use super::file::{Column, Record, Table, column, needed};
use super::report::BadRow;
use super::{CHUNK, Outcome, by_name, external_id, unknown};
use crate::occupations::exists;
use crate::{App, Audit, Result};

/// Documented in docs/import.md.
pub(super) const OFFICE_COLUMNS: &[Column] = &[
    needed("externalId", &["id", "Nummer", "Büronummer", "external id"]),
    needed("name", &["Büro", "Regionalbüro"]),
    needed("postalCode", &["PLZ", "Postleitzahl", "zip"]),
    needed("email", &["E-Mail", "Mail", "E-Mail-Adresse"]),
    needed("phone", &["Telefon", "Telefonnummer"]),
    needed(
        "contactName",
        &["Ansprechperson", "Ansprechpartner", "Kontakt", "contact"],
    ),
];

/// Documented in docs/import.md.
pub(super) const CENTER_COLUMNS: &[Column] = &[
    needed("externalId", &["id", "Nummer", "Stellennummer", "external id"]),
    needed("office", &["Büro", "Regionalbüro", "officeId"]),
    needed("name", &["Servicestelle", "Stelle"]),
    column("carrierOrganisation", &["Träger", "carrier"]),
    column("street", &["Straße", "Anschrift"]),
    needed("postalCode", &["PLZ", "Postleitzahl", "zip"]),
    needed("email", &["E-Mail", "Mail", "E-Mail-Adresse"]),
    column("phone", &["Telefon", "Telefonnummer"]),
    needed(
        "contactName",
        &["Ansprechperson", "Ansprechpartner", "Kontakt", "contact"],
    ),
    column("matchLimit", &["Höchstzahl", "Obergrenze"]),
    column("active", &["aktiv"]),
];

/// What a row came to: nothing to do, or an error that the row has noted.
fn settle<T>(outcome: &mut Outcome, row: Row<'_>, record: &Record, plan: Option<T>) -> Option<T> {
    if !row.is_good() {
        let line = row.line();
        outcome.bad.push(BadRow {
            line,
            problems: row.problems(),
            cells: record.cells.clone(),
        });
        return None;
    }
    if plan.is_none() {
        outcome.unchanged += 1;
    }
    plan
}

fn same(office: &Office, draft: &OfficeDraft) -> bool {
    (
        &office.name,
        office.postal_code,
        &office.email,
        &office.phone,
        &office.contact_name,
    ) == (
        &draft.name,
        draft.postal_code,
        &draft.email,
        &draft.phone,
        &draft.contact_name,
    )
}

pub(super) async fn offices(conn: &mut PgConnection, app: &App, table: &Table) -> Result<Outcome> {
    let ids: Vec<OfficeId> = import::office_names(conn)
        .await?
        .into_iter()
        .map(|(id, ..)| id)
        .collect();
    let known: HashMap<String, Office> = offices::by_ids(conn, &ids)
        .await?
        .into_iter()
        .filter_map(|office| Some((office.external_id.clone()?, office)))
        .collect();
    let mut outcome = Outcome::default();
    let mut seen = HashMap::new();
    for record in &table.rows {
        let mut row = Row::new(table, record);
        let key = external_id(&mut row, &mut seen, "");
        let text = |field| row.text(field).unwrap_or_default();
        let input = OfficeInput {
            external_id: Some(key.clone()),
            name: text("name"),
            postal_code: row.postal_code("postalCode").unwrap_or_default(),
            email: text("email"),
            phone: text("phone"),
            contact_name: text("contactName"),
        };
        let draft = match input.check() {
            Ok(draft) if exists(&draft.postal_code) => Some(draft),
            Ok(draft) => {
                row.refuse(
                    "postalCode",
                    format!("there is no postal code {} in Germany", draft.postal_code),
                );
                None
            }
            Err(errors) => {
                row.refuse_all(errors, |field| field);
                None
            }
        };
        let before = known.get(&key);
        let plan = draft.filter(|draft| before.is_none_or(|office| !same(office, draft)));
        let Some(draft) = settle(&mut outcome, row, record, plan) else {
            continue;
        };
        if let Some(office) = before {
            offices::update(conn, office.id, &draft, app.now()).await?;
            outcome.updated += 1;
            outcome
                .trace
                .push(Audit::new("office.updated", office.id).detail(json!({ "import": true })));
        } else {
            let id: OfficeId = app.id();
            offices::insert(conn, id, &draft, app.now()).await?;
            outcome.created += 1;
            outcome.trace.push(Audit::new("office.imported", id));
        }
    }
    Ok(outcome)
}

/// What a good row of a centre comes to.
struct Plan {
    id: CenterId,
    new: bool,
    office: OfficeId,
    profile: CenterProfile,
    changed: Vec<&'static str>,
}

pub(super) async fn centers(conn: &mut PgConnection, app: &App, table: &Table) -> Result<Outcome> {
    let external_ids: Vec<String> = table
        .rows
        .iter()
        .filter_map(|record| table.cell(record, "externalId").map(str::to_owned))
        .collect();
    let known: HashMap<String, Center> = centers::by_external_ids(conn, &external_ids)
        .await?
        .into_iter()
        .filter_map(|center| Some((center.profile.external_id.clone()?, center)))
        .collect();
    let offices = by_name(import::office_names(conn).await?);
    let mut outcome = Outcome::default();
    let mut seen = HashMap::new();
    let mut plans = Vec::new();
    for record in &table.rows {
        let mut row = Row::new(table, record);
        let plan = center(app, &mut row, &known, &offices, &mut seen);
        plans.extend(settle(&mut outcome, row, record, plan));
    }
    for plan in &plans {
        let entry = if plan.new {
            outcome.created += 1;
            Audit::new("center.imported", plan.id)
        } else {
            outcome.updated += 1;
            Audit::new("center.updated", plan.id).detail(json!({ "fields": plan.changed, "import": true }))
        };
        outcome.trace.push(entry);
    }
    for plans in plans.chunks(CHUNK) {
        let saved: Vec<centers::Saved<'_>> = plans
            .iter()
            .map(|plan| centers::Saved {
                id: plan.id,
                office_id: plan.office,
                profile: &plan.profile,
            })
            .collect();
        centers::save(conn, &saved, app.now()).await?;
    }
    Ok(outcome)
}

/// None where something is wrong, which the row has noted then, or where nothing is to be done.
fn center(
    app: &App,
    row: &mut Row<'_>,
    known: &HashMap<String, Center>,
    offices: &HashMap<String, Option<OfficeId>>,
    seen: &mut HashMap<String, u64>,
) -> Option<Plan> {
    let key = external_id(row, seen, "");
    let before = known.get(&key);
    let cell = row.text("office").unwrap_or_default();
    let office = offices.get(&cell).copied();
    if office.flatten().is_none() {
        row.refuse("office", unknown("office", &cell, office.is_some()));
    }
    let mut draft = before
        .map(|center| CenterDraft::from(center.profile.clone()))
        .unwrap_or_default();
    draft.external_id = Some(key);
    for (place, field) in [
        (&mut draft.name, "name"),
        (&mut draft.carrier_organisation, "carrierOrganisation"),
        (&mut draft.street, "street"),
        (&mut draft.email, "email"),
        (&mut draft.phone, "phone"),
        (&mut draft.contact_name, "contactName"),
    ] {
        if let Some(text) = row.text(field) {
            *place = text;
        }
    }
    if let Some(code) = row.postal_code("postalCode") {
        draft.postal_code = code;
    }
    if let Some(limit) = row.number("matchLimit") {
        draft.match_limit = limit;
    }
    if row.text("active").is_some_and(|cell| !cell.is_empty()) {
        draft.active = row.yes_no("active").unwrap_or(true);
    }
    let profile = match draft.validate(exists) {
        Ok(profile) => profile,
        Err(errors) => {
            row.refuse_all(errors, |field| field);
            return None;
        }
    };
    let office = office.flatten()?;
    let mut changed = before
        .map(|center| center.profile.differences(&profile))
        .unwrap_or_default();
    if before.is_some_and(|center| center.office_id != office) {
        changed.push("officeId");
    }
    if before.is_some() && changed.is_empty() {
        return None;
    }
    Some(Plan {
        id: before.map_or_else(|| app.id(), |center| center.id),
        new: before.is_none(),
        office,
        profile,
        changed,
    })
}
