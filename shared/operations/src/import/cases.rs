//! Mentees with their cases: a row each, under the id that the centre gave both.

mod drafts;

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use serde_json::json;
use tandem_domain::cases::{CaseDraft, CaseState, CaseWishes, PROGRAMME_START, ready_to_submit};
use tandem_domain::ids::{CaseId, CenterId, MenteeId};
use tandem_domain::mentees::{MenteeDraft, MenteeProfile};
use tandem_domain::parties::Party;
use tandem_domain::values::Email;
use tandem_storage::addresses;
use tandem_storage::cases::{self, Case, ConsentRecord, NewConsentRecord};
use tandem_storage::mentees::{self, Mentee};
use tandem_storage::{PgConnection, import};

use super::cells::{Names, Row};
use super::file::{Column, Record, Table, column, needed};
use super::report::BadRow;
use super::{CHUNK, Outcome, by_name, external_id, unknown};
use crate::cases::consenting::{entered, newer_than_objections, settle, tell};
use crate::mentees::keep_confirmed;
use crate::occupations::catalogue;
use crate::{App, Audit, Caller, Result, settings};

/// Documented in docs/import.md.
pub(super) const COLUMNS: &[Column] = &[
    needed("externalId", &["id", "Nummer", "Fallnummer", "external id"]),
    needed("center", &["Servicestelle", "Stelle", "centerId"]),
    needed("givenName", &["Vorname", "first name"]),
    needed("familyName", &["Nachname", "Name", "last name"]),
    column("gender", &["Geschlecht"]),
    needed("birthDate", &["Geburtsdatum", "geboren am"]),
    column("email", &["E-Mail", "Mail"]),
    column("phone", &["Telefon"]),
    column("language", &["Korrespondenzsprache"]),
    column("firstLanguage", &["Muttersprache", "Erstsprache"]),
    column(
        "firstLanguageConsent",
        &["Einwilligung Erstsprache", "Einwilligung Muttersprache"],
    ),
    column("languages", &["Sprachen"]),
    column("germanLevel", &["Deutschniveau", "Sprachniveau"]),
    column("germanLevelOn", &["Deutschniveau am", "Sprachniveau am"]),
    column(
        "germanLevelSource",
        &["Deutschniveau Nachweis", "Sprachniveau Nachweis"],
    ),
    column("guardianKind", &["Vertretung Art"]),
    column("guardianName", &["Vertretung", "Vertretung Name"]),
    column("guardianEmail", &["Vertretung E-Mail"]),
    column("guardianPhone", &["Vertretung Telefon"]),
    column("contactName", &["Ansprechperson", "Ansprechpartner"]),
    column("menteeWishes", &["Wünsche Mentee"]),
    column("centerWishes", &["Wünsche Servicestelle"]),
    column("startLevel", &["Ausgangslage"]),
    column("radiusKm", &["Radius", "Umkreis km", "Umkreis"]),
    needed("plannedStart", &["geplanter Beginn", "Beginn"]),
    column("expertGenderWish", &["Wunsch Geschlecht"]),
    needed("supportAreas", &["Unterstützungsbereiche", "Bereiche"]),
    column("occupations", &["Zielberufe", "Berufe", "Berufswunsch"]),
    needed("eligibilityConfirmed", &["Teilnahme bestätigt"]),
    needed("menteeConsentOn", &["Einwilligung Mentee am", "Einwilligung am"]),
    column("guardianConsentOn", &["Einwilligung Vertretung am"]),
    column("state", &["Status"]),
    column("submittedOn", &["eingereicht am"]),
];

/// Under which centre and external id a row stands.
type Key = (CenterId, String);

/// What the rows are compared with.
struct Ground {
    names: Names,
    default_radius_km: u16,
    centers: HashMap<String, Option<CenterId>>,
    mentees: HashMap<Key, Mentee>,
    cases: HashMap<MenteeId, Vec<Case>>,
    /// What was entered for their cases of consents on paper, and denied.
    consents: HashMap<CaseId, Vec<ConsentRecord>>,
    /// The addresses that are being confirmed.
    pending: HashMap<Party, Email>,
}

impl Ground {
    /// The same list once more asks for nothing new: an address that is being confirmed is the stored one.
    fn settle_addresses(&self, mentee: &Mentee, profile: &mut MenteeProfile) {
        let asked = |party, wanted: Option<&Email>| wanted.is_some() && self.pending.get(&party) == wanted;
        if asked(Party::Mentee(mentee.id), profile.email.as_ref()) {
            profile.email = mentee.profile.email.clone();
        }
        if let Some(guardian) = &mut profile.guardian
            && asked(Party::Guardian(mentee.id), guardian.email.as_ref())
        {
            let stored = mentee.profile.guardian.as_ref();
            guardian.email = stored.and_then(|stored| stored.email.clone());
        }
    }
}

/// What a good row comes to.
struct Plan {
    center: CenterId,
    mentee: MenteeId,
    case: CaseId,
    profile: Option<MenteeProfile>,
    wishes: Option<CaseWishes>,
    state: CaseState,
    submitted_at: DateTime<Utc>,
    /// Consents that the row brings.
    entered: Vec<NewConsentRecord>,
    /// The case as it was, where its consent is in doubt.
    doubted: Option<Case>,
    new: bool,
    accept: bool,
}

pub(super) async fn run(conn: &mut PgConnection, app: &App, table: &Table) -> Result<Outcome> {
    let ground = load(conn, app, table).await?;
    let mut outcome = Outcome::default();
    let mut plans = Vec::with_capacity(table.rows.len());
    let mut seen = HashMap::with_capacity(table.rows.len());
    for record in &table.rows {
        match plan(app, &ground, table, record, &mut seen) {
            Ok(Some(plan)) => plans.push(plan),
            Ok(None) => outcome.unchanged += 1,
            Err(bad) => outcome.bad.push(bad),
        }
    }
    for plan in &plans {
        let action = if plan.new {
            outcome.created += 1;
            "case.imported"
        } else {
            outcome.updated += 1;
            "case.updated"
        };
        let detail =
            json!({ "mentee": plan.profile.is_some(), "case": plan.wishes.is_some(), "import": true });
        outcome
            .trace
            .push(Audit::new(action, plan.case).about(plan.mentee).detail(detail));
    }
    for plan in &mut plans {
        if let Some(profile) = &mut plan.profile
            && let Some(before) = mentees::lock(conn, plan.mentee).await?
        {
            keep_confirmed(conn, app, &Caller::system(), &before, profile).await?;
        }
    }
    for plans in plans.chunks(CHUNK) {
        write(conn, app, plans).await?;
    }
    Ok(outcome)
}

async fn load(conn: &mut PgConnection, app: &App, table: &Table) -> Result<Ground> {
    let centers = by_name(import::center_names(conn).await?);
    let keys: Vec<Key> = table
        .rows
        .iter()
        .filter_map(|record| {
            let center = centers.get(table.cell(record, "center")?).copied().flatten()?;
            Some((center, table.cell(record, "externalId")?.to_owned()))
        })
        .collect();
    let found = mentees::by_external_ids(conn, &keys).await?;
    let ids: Vec<MenteeId> = found.iter().map(|(.., id)| *id).collect();
    import::lock_cases_of(conn, &ids).await?;
    let mut cases: HashMap<MenteeId, Vec<Case>> = HashMap::new();
    for case in cases::for_mentees(conn, &ids).await? {
        cases.entry(case.mentee).or_default().push(case);
    }
    let known: Vec<CaseId> = cases.values().flatten().map(|case| case.id).collect();
    let mut consents: HashMap<CaseId, Vec<ConsentRecord>> = HashMap::new();
    for record in cases::consent_records(conn, &known).await? {
        consents.entry(record.case).or_default().push(record);
    }
    Ok(Ground {
        consents,
        names: Names::of(&catalogue(app).await?),
        default_radius_km: settings::current(conn).await?.default_radius_km,
        centers,
        mentees: mentees::by_ids(conn, &ids)
            .await?
            .into_iter()
            .filter_map(|mentee| Some(((mentee.center, mentee.profile.external_id.clone()?), mentee)))
            .collect(),
        cases,
        pending: addresses::open_of(conn, &[], &ids)
            .await?
            .into_iter()
            .filter_map(|change| Some((change.party, change.new?)))
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
    if row.is_good() {
        Ok(plan)
    } else {
        let line = row.line();
        Err(BadRow {
            line,
            problems: row.problems(),
            cells: record.cells.clone(),
        })
    }
}

/// None where something is wrong, which the row has noted then, or where nothing is to be done.
fn try_plan(app: &App, ground: &Ground, row: &mut Row<'_>, seen: &mut HashMap<String, u64>) -> Option<Plan> {
    let cell = row.text("center").unwrap_or_default();
    let center = ground.centers.get(&cell).copied();
    if center.flatten().is_none() {
        row.refuse("center", unknown("service centre", &cell, center.is_some()));
    }
    let key = external_id(row, seen, &cell);
    let mentee = center
        .flatten()
        .and_then(|center| ground.mentees.get(&(center, key.clone())));
    let others: &[Case] = mentee
        .and_then(|mentee| ground.cases.get(&mentee.id))
        .map_or(&[], Vec::as_slice);
    let case = others
        .iter()
        .find(|case| case.wishes.external_id.as_deref() == Some(&*key));
    if case.is_none() && others.iter().any(|case| case.state.is_open()) {
        row.refuse(
            "externalId",
            "this mentee has another open case, which was not imported: one at a time (S4)",
        );
    }

    let old_mentee = mentee.map(|mentee| mentee.profile.clone());
    let draft = old_mentee
        .clone()
        .map_or_else(MenteeDraft::default, drafts::of_mentee);
    let profile = drafts::mentee(row, &key, draft).validate(app.today());
    let old_wishes = case.map(|case| case.wishes.clone());
    let draft = old_wishes
        .clone()
        .map_or_else(CaseDraft::default, drafts::of_case);
    let wishes =
        drafts::case(row, &key, draft, &ground.names).validate(app.today(), ground.default_radius_km);
    let (state, submitted_at) = state(app, row);

    let profile = profile.map_err(|errors| row.refuse_all(errors, first)).ok();
    let wishes = wishes.map_err(|errors| row.refuse_all(errors, first)).ok();
    let (mut profile, wishes) = (profile?, wishes?);
    if let Some(mentee) = mentee {
        ground.settle_addresses(mentee, &mut profile);
    }
    if let Err(errors) = ready_to_submit(&wishes, profile.birth_date, app.today()) {
        row.refuse_all(errors, first);
    }
    let id = case.map_or_else(|| app.id(), |case| case.id);
    let entered = entered(id, old_wishes.as_ref(), &wishes);
    let denied = ground.consents.get(&id).map_or(&[][..], Vec::as_slice);
    if let Err(errors) = newer_than_objections(denied, &entered) {
        row.refuse_all(errors, first);
    }
    let center = center.flatten()?;

    // What goes on already is no longer changed by a list: the wishes are those that were agreed on.
    let changeable = case.is_none_or(|case| {
        matches!(
            case.state,
            CaseState::Draft | CaseState::Submitted | CaseState::Searching
        )
    });
    let accept = state == CaseState::Searching && case.is_some_and(|case| case.state == CaseState::Submitted);
    let plan = Plan {
        center,
        mentee: mentee.map_or_else(|| app.id(), |mentee| mentee.id),
        case: id,
        profile: Some(profile).filter(|profile| old_mentee.as_ref() != Some(profile)),
        wishes: Some(wishes).filter(|wishes| changeable && old_wishes.as_ref() != Some(wishes)),
        state,
        submitted_at,
        entered: if changeable { entered } else { Vec::new() },
        doubted: case.filter(|case| case.consent_contested_at.is_some()).cloned(),
        new: case.is_none(),
        accept,
    };
    (plan.profile.is_some() || plan.wishes.is_some() || accept).then_some(plan)
}

/// The column that a field came from is the first part of its path.
fn first(field: &str) -> &str {
    field.split('.').next().unwrap_or_default()
}

/// The state to import into, and since when the case waits: noon of the day, or now.
fn state(app: &App, row: &mut Row<'_>) -> (CaseState, DateTime<Utc>) {
    let state = row
        .word::<CaseState>("state")
        .flatten()
        .unwrap_or(CaseState::Submitted);
    if !matches!(state, CaseState::Submitted | CaseState::Searching) {
        row.refuse(
            "state",
            format!("a list can bring cases as SUBMITTED or SEARCHING, not as {state}"),
        );
    }
    let Some(day) = row.date("submittedOn").flatten() else {
        return (state, app.now());
    };
    if day > app.today() {
        row.refuse("submittedOn", format!("{day} lies in the future"));
    }
    if day < PROGRAMME_START {
        row.refuse(
            "submittedOn",
            format!("{day} is before the programme began ({PROGRAMME_START})"),
        );
    }
    (state, noon(day).min(app.now()))
}

fn noon(day: NaiveDate) -> DateTime<Utc> {
    day.and_hms_opt(12, 0, 0).expect("every day has a noon").and_utc()
}

async fn write(conn: &mut PgConnection, app: &App, plans: &[Plan]) -> Result<()> {
    let saved: Vec<mentees::Saved<'_>> = plans
        .iter()
        .filter_map(|plan| {
            let profile = plan.profile.as_ref()?;
            Some(mentees::Saved {
                id: plan.mentee,
                center: plan.center,
                profile,
            })
        })
        .collect();
    mentees::save(conn, &saved, app.now()).await?;
    let saved: Vec<cases::Saved<'_>> = plans
        .iter()
        .filter_map(|plan| {
            Some(cases::Saved {
                id: plan.case,
                center: plan.center,
                mentee: plan.mentee,
                contact_user: None,
                state: plan.state,
                submitted_at: Some(plan.submitted_at),
                accepted_at: (plan.state == CaseState::Searching).then_some(plan.submitted_at),
                wishes: plan.wishes.as_ref()?,
            })
        })
        .collect();
    cases::save(conn, &saved, app.now()).await?;
    let entered: Vec<NewConsentRecord> = plans.iter().flat_map(|plan| plan.entered.clone()).collect();
    if !entered.is_empty() {
        cases::record_consents(conn, &entered, None, app.now()).await?;
        let told: Vec<(CaseId, MenteeId)> = plans
            .iter()
            .filter(|plan| !plan.entered.is_empty())
            .map(|plan| (plan.case, plan.mentee))
            .collect();
        tell(conn, app, &told).await?;
    }
    for doubted in plans.iter().filter_map(|plan| plan.doubted.as_ref()) {
        settle(conn, app, &Caller::system(), doubted).await?;
    }
    let accepted: Vec<CaseId> = plans
        .iter()
        .filter(|plan| plan.accept)
        .map(|plan| plan.case)
        .collect();
    if !accepted.is_empty() {
        cases::set_state(conn, &accepted, CaseState::Searching, "", app.now()).await?;
    }
    Ok(())
}
