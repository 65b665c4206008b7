//! Experts with their checks, trainings and pauses: a row each.

mod extras;

use std::collections::{HashMap, HashSet};

use serde_json::json;
use tandem_domain::experts::{ExpertDraft, ExpertProfile, ExpertState, OccupationKind, check_activation};
use tandem_domain::ids::{ExpertId, OfficeId};
use tandem_domain::parties::Party;
use tandem_domain::values::Email;
use tandem_storage::addresses;
use tandem_storage::experts::{self, Details, Expert, Saved, StateChange};
use tandem_storage::{PgConnection, checks, import, training};

use self::extras::{Extras, Known};
use super::cells::{Names, Row};
use super::file::{Column, Record, Table, column, needed};
use super::report::BadRow;
use super::{CHUNK, Outcome, by_name, external_id, unknown};
use crate::occupations::{catalogue, exists, place};
use crate::{App, Audit, Caller, Result, addresses as addresses_of, settings};

/// Documented in docs/import.md.
pub(super) const COLUMNS: &[Column] = &[
    needed(
        "externalId",
        &["id", "Nummer", "Expertennummer", "Mitgliedsnummer", "external id"],
    ),
    needed("office", &["Büro", "Regionalbüro", "officeId"]),
    column("state", &["Status"]),
    column("activatedOn", &["aktiv seit", "aktiviert am"]),
    column("leftOn", &["ausgeschieden am"]),
    column("title", &["Titel"]),
    needed("givenName", &["Vorname", "first name"]),
    needed("familyName", &["Nachname", "Name", "last name"]),
    column("gender", &["Geschlecht"]),
    column("birthDate", &["Geburtsdatum", "geboren am"]),
    column("street", &["Straße", "Anschrift"]),
    needed("postalCode", &["PLZ", "Postleitzahl", "zip"]),
    needed("email", &["E-Mail", "Mail", "E-Mail-Adresse"]),
    column("phone", &["Telefon", "Telefonnummer"]),
    column("capacity", &["Kapazität", "Plätze"]),
    column(
        "travelRadiusKm",
        &["Radius", "Umkreis km", "Umkreis", "Fahrradius km"],
    ),
    column("occupations", &["Berufe", "Beruf"]),
    column("interests", &["Interessen"]),
    column("languages", &["Sprachen"]),
    column("supportAreas", &["Unterstützungsbereiche", "Bereiche"]),
    column("programmes", &["Programme", "programs"]),
    column("preferredChannels", &["Kanäle", "channels"]),
    column("motivation", &[]),
    column("language", &["Korrespondenzsprache"]),
    column("pausedFrom", &["Pause von"]),
    column("pausedUntil", &["Pause bis"]),
    column("checkKind", &["Führungszeugnis Art", "Führungszeugnis"]),
    column(
        "checkCertificateDate",
        &["Führungszeugnis vom", "Führungszeugnis Datum"],
    ),
    column(
        "checkInspectedOn",
        &[
            "Führungszeugnis eingesehen am",
            "Einsichtnahme am",
            "Einsichtnahme",
        ],
    ),
    column("checkNoRelevantEntry", &["Führungszeugnis ohne Eintrag"]),
    column("checkValidUntil", &["Führungszeugnis gültig bis"]),
    column("baseTraining", &["Schulung Basis", "Basisschulung", "Grundmodul"]),
    column(
        "interculturalTraining",
        &["Schulung Interkulturell", "Interkulturelle Schulung"],
    ),
];

/// What the rows are compared with.
struct Ground {
    names: Names,
    offices: HashMap<String, Option<OfficeId>>,
    experts: HashMap<String, Expert>,
    details: HashMap<ExpertId, Details>,
    known: Known,
    /// The addresses that are being confirmed.
    pending: HashMap<ExpertId, Email>,
}

/// What a good row comes to.
struct Plan {
    id: ExpertId,
    new: bool,
    office: OfficeId,
    state: ExpertState,
    step: Option<StateChange>,
    profile: ExpertProfile,
    extras: Extras,
    changed: Vec<&'static str>,
}

pub(super) async fn run(conn: &mut PgConnection, app: &App, table: &Table) -> Result<Outcome> {
    let ground = load(conn, app, table).await?;
    let mut outcome = Outcome::default();
    let mut plans = Vec::with_capacity(table.rows.len());
    let mut seen: HashMap<String, u64> = HashMap::with_capacity(table.rows.len());
    for record in &table.rows {
        match plan(app, &ground, table, record, &mut seen) {
            Ok(Some(plan)) => plans.push(plan),
            Ok(None) => outcome.unchanged += 1,
            Err(bad) => outcome.bad.push(bad),
        }
    }
    for plan in &mut plans {
        keep_confirmed(conn, app, &ground, plan).await?;
    }
    for plan in &plans {
        let entry = if plan.new {
            outcome.created += 1;
            Audit::new("expert.imported", plan.id)
        } else {
            outcome.updated += 1;
            Audit::new("expert.updated", plan.id).detail(json!({ "fields": plan.changed, "import": true }))
        };
        outcome.trace.push(entry.about(plan.id));
    }
    for plans in plans.chunks(CHUNK) {
        write(conn, app, plans).await?;
    }
    Ok(outcome)
}

async fn load(conn: &mut PgConnection, app: &App, table: &Table) -> Result<Ground> {
    let external_ids: Vec<String> = table
        .rows
        .iter()
        .filter_map(|record| table.cell(record, "externalId").map(str::to_owned))
        .collect();
    let existing = experts::lock_by_external_ids(conn, &external_ids).await?;
    let ids: Vec<ExpertId> = existing.iter().map(|expert| expert.id).collect();
    Ok(Ground {
        names: Names::of(&catalogue(app).await?),
        offices: by_name(import::office_names(conn).await?),
        details: experts::details_for(conn, &ids).await?,
        pending: addresses::open_of(conn, &ids, &[])
            .await?
            .into_iter()
            .filter_map(|change| match change.party {
                Party::Expert(id) => Some((id, change.new?)),
                Party::Mentee(_) | Party::Guardian(_) => None,
            })
            .collect(),
        known: Known::of(
            settings::current(conn).await?,
            training::modules(conn).await?,
            checks::for_experts(conn, &ids).await?,
            training::for_experts(conn, &ids).await?,
            experts::pauses_for(conn, &ids, app.today()).await?,
        ),
        experts: existing
            .into_iter()
            .filter_map(|expert| Some((expert.external_id.clone()?, expert)))
            .collect(),
    })
}

fn plan(
    app: &App,
    ground: &Ground,
    table: &Table,
    record: &Record,
    seen: &mut HashMap<String, u64>,
) -> std::result::Result<Option<Plan>, BadRow> {
    let mut row = Row::new(table, record);
    let plan = try_plan(app, ground, &mut row, seen);
    let line = row.line();
    match plan {
        Some(plan) if row.is_good() => Ok((plan.new || !plan.changed.is_empty()).then_some(plan)),
        _ if row.is_good() => Ok(None),
        _ => Err(BadRow {
            line,
            problems: row.problems(),
            cells: record.cells.clone(),
        }),
    }
}

/// None where something is wrong, which the row has noted then, or where nothing is to be done.
fn try_plan(app: &App, ground: &Ground, row: &mut Row<'_>, seen: &mut HashMap<String, u64>) -> Option<Plan> {
    let key = external_id(row, seen, "");
    let existing = ground.experts.get(&key);
    if existing.is_some_and(|expert| expert.state == ExpertState::Left) {
        return None;
    }
    let id = existing.map_or_else(|| app.id(), |expert| expert.id);
    let old = existing.map(|expert| {
        let details = ground.details.get(&id).cloned().unwrap_or_default();
        expert.profile(details)
    });
    let office = office(ground, row);
    let (state, step) = state(app, row, id, existing);
    let (draft, occupations) = draft(
        &ground.names,
        row,
        old.clone().map(ExpertDraft::from).unwrap_or_default(),
    );
    let profile = draft.validate(app.today(), exists).map_err(|errors| {
        row.refuse_all(errors, |field| column_of(field, occupations));
    });
    let extras = Extras::read(app, row, id, &ground.known);
    let (office, mut profile) = (office?, profile.ok()?);
    if let Some(old) = &old
        && ground.pending.get(&id) == Some(&profile.email)
    {
        // the same list once more
        profile.email = old.email.clone();
    }
    let mut changed = old.map(|old| old.differences(&profile)).unwrap_or_default();
    if let Some(existing) = existing {
        if existing.office_id != office {
            changed.push("officeId");
        }
        if step.is_some() {
            changed.push("state");
        }
        changed.extend(extras.named());
    }
    Some(Plan {
        id,
        new: existing.is_none(),
        office,
        state,
        step,
        profile,
        extras,
        changed,
    })
}

fn office(ground: &Ground, row: &mut Row<'_>) -> Option<OfficeId> {
    let cell = row.text("office").unwrap_or_default();
    let found = ground.offices.get(&cell).copied();
    match found {
        Some(Some(office)) => Some(office),
        _ => {
            row.refuse("office", unknown("office", &cell, found.is_some()));
            None
        }
    }
}

/// The state of a new expert, or the step of an existing one. A list only moves somebody forward: who was
/// suspended in Tandem is not brought back by an old list.
fn state(
    app: &App,
    row: &mut Row<'_>,
    id: ExpertId,
    existing: Option<&Expert>,
) -> (ExpertState, Option<StateChange>) {
    use ExpertState::{Active, Left, Registered, Suspended};
    let wanted = row.word::<ExpertState>("state").flatten();
    let activated_on = row.date("activatedOn").flatten();
    let left_on = row.date("leftOn").flatten();
    if let Some(day) = activated_on
        && let Err(problem) = check_activation(day, app.today())
    {
        row.refuse("activatedOn", problem);
    }
    if let Some(day) = left_on.filter(|day| *day > app.today()) {
        row.refuse("leftOn", format!("{day} lies in the future"));
    }
    let current = existing.map(|expert| expert.state);
    let state = wanted.unwrap_or(current.unwrap_or(Registered));
    let step = match (current, state) {
        (None, _) => Ok(state),
        (Some(current @ Registered), Active) => current.activate(),
        (Some(current @ (Registered | Active)), Suspended) => current.suspend(),
        (Some(current), Left) => current.leave(),
        (Some(current), _) => Ok(current),
    };
    let state = match step {
        Ok(state) => state,
        Err(refused) => {
            row.refuse("state", refused.to_string());
            return (state, None);
        }
    };
    if Some(state) == current {
        return (state, None);
    }
    if state == Active && activated_on.is_none() {
        row.refuse("activatedOn", "an active expert needs the day of the activation");
    }
    if state == Left && left_on.is_none() {
        row.refuse("leftOn", "an expert who has left needs the day");
    }
    if state == Left && existing.is_some_and(|expert| expert.open_matches > 0) {
        row.refuse(
            "state",
            "this expert has open matches; end or withdraw them first",
        );
    }
    let left_on = left_on.filter(|_| state == Left);
    (
        state,
        Some(StateChange {
            id,
            state,
            activated_on,
            left_on,
        }),
    )
}

/// The draft with what the row says, and how many of its occupations are such.
fn draft(names: &Names, row: &mut Row<'_>, mut draft: ExpertDraft) -> (ExpertDraft, usize) {
    fn put<T>(place: &mut T, given: Option<T>) {
        if let Some(given) = given {
            *place = given;
        }
    }
    put(&mut draft.external_id, row.text("externalId").map(Some));
    put(&mut draft.title, row.text("title"));
    put(&mut draft.given_name, row.text("givenName"));
    put(&mut draft.family_name, row.text("familyName"));
    put(&mut draft.gender, row.word("gender"));
    put(&mut draft.birth_date, row.date("birthDate"));
    put(&mut draft.street, row.text("street"));
    put(&mut draft.postal_code, row.postal_code("postalCode"));
    put(&mut draft.email, row.text("email"));
    put(&mut draft.phone, row.text("phone"));
    put(&mut draft.capacity, row.number("capacity"));
    put(&mut draft.travel_radius_km, row.number("travelRadiusKm"));
    put(&mut draft.languages, row.codes("languages"));
    put(&mut draft.support_areas, row.words("supportAreas"));
    put(&mut draft.programmes, row.words("programmes"));
    put(&mut draft.preferred_channels, row.words("preferredChannels"));
    put(&mut draft.motivation, row.text("motivation"));
    put(
        &mut draft.language,
        row.text("language")
            .map(|code| Some(code).filter(|code| !code.is_empty())),
    );

    let (mut occupations, mut interests): (Vec<_>, Vec<_>) = draft
        .occupations
        .into_iter()
        .partition(|(kind, ..)| *kind == OccupationKind::Occupation);
    let read = |kind, texts: Vec<String>| {
        let named = texts.into_iter().map(|text| names.read(&text));
        named.map(|(code, label)| (kind, code, label)).collect()
    };
    put(
        &mut occupations,
        row.texts("occupations")
            .map(|texts| read(OccupationKind::Occupation, texts)),
    );
    put(
        &mut interests,
        row.texts("interests")
            .map(|texts| read(OccupationKind::Interest, texts)),
    );
    let count = occupations.len();
    occupations.append(&mut interests);
    draft.occupations = occupations;
    (draft, count)
}

/// The column that a field of the draft came from.
fn column_of(field: &str, occupations: usize) -> &str {
    let mut path = field.split('.');
    let first = path.next().unwrap_or_default();
    let position: Option<usize> = path.next().and_then(|position| position.parse().ok());
    match (first, position) {
        ("occupations", Some(position)) if position >= occupations => "interests",
        (first, _) => first,
    }
}

/// A changed address is asked to be confirmed, and the confirmed one stays until then.
async fn keep_confirmed(conn: &mut PgConnection, app: &App, ground: &Ground, plan: &mut Plan) -> Result<()> {
    if plan.new || !plan.changed.contains(&"email") {
        return Ok(());
    }
    let stored = plan
        .profile
        .external_id
        .as_ref()
        .and_then(|key| ground.experts.get(key));
    let stored = stored.map(|expert| expert.email.clone());
    let party = Party::Expert(plan.id);
    let system = Caller::system();
    let wanted = Some(&plan.profile.email);
    let kept = addresses_of::change(conn, app, &system, party, stored.as_ref(), wanted).await?;
    if let Some(kept) = kept {
        plan.profile.email = kept;
    }
    Ok(())
}

async fn write(conn: &mut PgConnection, app: &App, plans: &[Plan]) -> Result<()> {
    let own: HashSet<&str> = ["state", "checks", "training", "pauses"].into();
    let saved: Vec<Saved<'_>> = plans
        .iter()
        .filter(|plan| plan.new || plan.changed.iter().any(|field| !own.contains(field)))
        .map(|plan| Saved {
            id: plan.id,
            office_id: plan.office,
            state: plan.state,
            activated_on: plan.step.and_then(|step| step.activated_on),
            left_on: plan.step.and_then(|step| step.left_on),
            profile: &plan.profile,
            place: place(plan.profile.postal_code).map_or("", |place| place.place.as_str()),
        })
        .collect();
    experts::save(conn, &saved, app.now()).await?;
    let steps: Vec<StateChange> = plans
        .iter()
        .filter(|plan| !plan.new)
        .filter_map(|plan| plan.step)
        .collect();
    experts::set_states(conn, &steps, app.now()).await?;
    extras::write(conn, app, plans.iter().map(|plan| &plan.extras)).await
}
