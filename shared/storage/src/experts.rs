//! Senior Experts.

mod details;
mod listing;
mod own;

pub use details::{Details, ExpertPause, Part, details_for, insert_pauses, parts_for, pauses_for, resume};
pub use listing::{ExpertFilter, Found, Key, Near, Order, Readiness, TextSearch, count, list, visible};
pub use own::{OwnChange, change_own};

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use sqlx::PgConnection;
use tandem_domain::experts::{ExpertProfile, ExpertState};
use tandem_domain::ids::{ExpertId, OfficeId};
use tandem_domain::postal_codes::PostalCode;
use tandem_domain::values::{Channel, Email, Gender, Language};
use uuid::Uuid;

use crate::{Error, Result, parse};

/// An expert without what lies in tables of its own ([`Details`]).
#[derive(Debug, Clone, PartialEq)]
pub struct Expert {
    /// The id.
    pub id: ExpertId,
    /// The expert's office.
    pub office_id: OfficeId,
    /// Where the expert stands.
    pub state: ExpertState,
    /// See [`ExpertProfile`]; so for every field up to `publicity_consent`.
    pub external_id: Option<String>,
    /// Academic title.
    pub title: String,
    /// Given name.
    pub given_name: String,
    /// Family name.
    pub family_name: String,
    /// Where given.
    pub gender: Option<Gender>,
    /// Birth date.
    pub birth_date: Option<NaiveDate>,
    /// Street and number.
    pub street: String,
    /// Postal code.
    pub postal_code: PostalCode,
    /// Where approaches go.
    pub email: Email,
    /// Telephone.
    pub phone: String,
    /// How many matches at once.
    pub capacity: u8,
    /// Matches in `APPROACHED … PAUSED`.
    pub open_matches: u8,
    /// In kilometres.
    pub travel_radius_km: u16,
    /// Preferred channels.
    pub preferred_channels: Vec<Channel>,
    /// Why, in the expert's words.
    pub motivation: String,
    /// Correspondence language.
    pub language: Language,
    /// Consent to publicity.
    pub publicity_consent: bool,
    /// The day of the activation (S27).
    pub activated_on: Option<NaiveDate>,
    /// The day on which the expert left.
    pub left_on: Option<NaiveDate>,
    /// A mail to the address came back.
    pub email_undeliverable: bool,
    /// Grows with every change.
    pub version: i64,
    /// When the expert was registered.
    pub created_at: DateTime<Utc>,
    /// When the row was changed last.
    pub updated_at: DateTime<Utc>,
}

impl Expert {
    /// The whole profile, with what lies in other tables.
    pub fn profile(&self, details: Details) -> ExpertProfile {
        ExpertProfile {
            external_id: self.external_id.clone(),
            title: self.title.clone(),
            given_name: self.given_name.clone(),
            family_name: self.family_name.clone(),
            gender: self.gender,
            birth_date: self.birth_date,
            street: self.street.clone(),
            postal_code: self.postal_code,
            email: self.email.clone(),
            phone: self.phone.clone(),
            capacity: self.capacity,
            travel_radius_km: self.travel_radius_km,
            occupations: details.occupations,
            languages: details.languages,
            support_areas: details.support_areas,
            programmes: details.programmes,
            preferred_channels: self.preferred_channels.clone(),
            motivation: self.motivation.clone(),
            language: self.language.clone(),
            publicity_consent: self.publicity_consent,
        }
    }
}

struct Row {
    id: Uuid,
    office_id: Uuid,
    state: String,
    external_id: Option<String>,
    title: String,
    given_name: String,
    family_name: String,
    gender: Option<String>,
    birth_date: Option<NaiveDate>,
    street: String,
    postal_code: String,
    email: String,
    phone: String,
    capacity: i16,
    open_matches: i16,
    travel_radius_km: i16,
    preferred_channels: Vec<String>,
    motivation: String,
    language: String,
    publicity_consent: bool,
    activated_on: Option<NaiveDate>,
    left_on: Option<NaiveDate>,
    email_undeliverable: bool,
    version: i64,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl TryFrom<Row> for Expert {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self> {
        let table = "experts";
        Ok(Self {
            id: row.id.into(),
            office_id: row.office_id.into(),
            state: parse(table, "state", row.id, &row.state)?,
            external_id: row.external_id,
            title: row.title,
            given_name: row.given_name,
            family_name: row.family_name,
            gender: row
                .gender
                .map(|word| parse(table, "gender", row.id, &word))
                .transpose()?,
            birth_date: row.birth_date,
            street: row.street,
            postal_code: parse(table, "postal_code", row.id, &row.postal_code)?,
            email: parse(table, "email", row.id, &row.email)?,
            phone: row.phone,
            capacity: row.capacity as u8,
            open_matches: row.open_matches as u8,
            travel_radius_km: row.travel_radius_km as u16,
            preferred_channels: row
                .preferred_channels
                .iter()
                .map(|word| parse(table, "preferred_channels", row.id, word))
                .collect::<Result<_>>()?,
            motivation: row.motivation,
            language: parse(table, "language", row.id, &row.language)?,
            publicity_consent: row.publicity_consent,
            activated_on: row.activated_on,
            left_on: row.left_on,
            email_undeliverable: row.email_undeliverable,
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
    }
}

/// The experts with these ids that exist, in no particular order.
pub async fn by_ids(conn: &mut PgConnection, ids: &[ExpertId]) -> Result<Vec<Expert>> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.uuid()).collect();
    sqlx::query_as!(
        Row,
        "SELECT id, office_id, state, external_id, title, given_name, family_name, gender, birth_date, street,
             postal_code, email, phone, capacity, open_matches, travel_radius_km, preferred_channels, motivation,
             language, publicity_consent, activated_on, left_on, email_undeliverable, version, created_at,
             updated_at
         FROM experts WHERE id = ANY($1)",
        &ids,
    )
    .fetch_all(conn)
    .await?
    .into_iter()
    .map(Expert::try_from)
    .collect()
}

/// One expert.
pub async fn get(conn: &mut PgConnection, id: ExpertId) -> Result<Option<Expert>> {
    Ok(by_ids(conn, &[id]).await?.pop())
}

/// One expert, locked until the transaction ends.
pub async fn lock(conn: &mut PgConnection, id: ExpertId) -> Result<Option<Expert>> {
    sqlx::query!("SELECT lock_experts(ARRAY[$1::uuid])", id.uuid())
        .execute(&mut *conn)
        .await?;
    get(conn, id).await
}

/// The ids of experts who share the birth date or the e-mail address: whose names a duplicate warning
/// compares (S55). Who left does not count.
pub async fn perhaps_the_same(
    conn: &mut PgConnection,
    birth_date: Option<NaiveDate>,
    email: &Email,
) -> Result<Vec<ExpertId>> {
    Ok(sqlx::query_scalar!(
        "SELECT id FROM experts WHERE (birth_date = $1 OR email = $2) AND state <> 'LEFT' ORDER BY id LIMIT 200",
        birth_date,
        email.as_str(),
    )
    .fetch_all(conn)
    .await?
    .into_iter()
    .map(ExpertId::from)
    .collect())
}

/// Experts of a list by the ids that they have in it, locked in the order of their ids.
pub async fn lock_by_external_ids(conn: &mut PgConnection, external_ids: &[String]) -> Result<Vec<Expert>> {
    let ids: Vec<ExpertId> = sqlx::query_scalar!(
        "SELECT id FROM experts WHERE external_id = ANY($1) ORDER BY id FOR UPDATE",
        external_ids
    )
    .fetch_all(&mut *conn)
    .await?
    .into_iter()
    .map(ExpertId::from)
    .collect();
    by_ids(conn, &ids).await
}

/// An expert to be written.
#[derive(Debug)]
pub struct Saved<'a> {
    /// A new id, or that of the expert who is changed.
    pub id: ExpertId,
    /// The office.
    pub office_id: OfficeId,
    /// The state of a new expert; an existing one changes it by [`set_states`] alone.
    pub state: ExpertState,
    /// The day of the activation of a new expert.
    pub activated_on: Option<NaiveDate>,
    /// The day on which a new expert had left.
    pub left_on: Option<NaiveDate>,
    /// The profile.
    pub profile: &'a ExpertProfile,
    /// The name of the place of the postal code, for the search.
    pub place: &'a str,
}

#[derive(Serialize)]
struct SavedRow<'a> {
    id: Uuid,
    office_id: Uuid,
    state: &'static str,
    external_id: Option<&'a str>,
    title: &'a str,
    given_name: &'a str,
    family_name: &'a str,
    gender: Option<&'static str>,
    birth_date: Option<NaiveDate>,
    street: &'a str,
    postal_code: &'a str,
    email: &'a str,
    phone: &'a str,
    capacity: u8,
    travel_radius_km: u16,
    preferred_channels: Vec<&'static str>,
    motivation: &'a str,
    language: &'a str,
    publicity_consent: bool,
    activated_on: Option<NaiveDate>,
    left_on: Option<NaiveDate>,
    search_text: String,
    sort_name: String,
}

/// Writes experts with their details, new ones and changed ones, in a number of statements that does not
/// depend on how many they are. A changed address is one that no mail has come back from.
pub async fn save(conn: &mut PgConnection, experts: &[Saved<'_>], at: DateTime<Utc>) -> Result<()> {
    let rows: Vec<SavedRow<'_>> = experts
        .iter()
        .map(|saved| {
            let profile = saved.profile;
            SavedRow {
                id: saved.id.uuid(),
                office_id: saved.office_id.uuid(),
                state: saved.state.as_str(),
                external_id: profile.external_id.as_deref(),
                title: &profile.title,
                given_name: &profile.given_name,
                family_name: &profile.family_name,
                gender: profile.gender.map(Gender::as_str),
                birth_date: profile.birth_date,
                street: &profile.street,
                postal_code: profile.postal_code.as_str(),
                email: profile.email.as_str(),
                phone: &profile.phone,
                capacity: profile.capacity,
                travel_radius_km: profile.travel_radius_km,
                preferred_channels: profile
                    .preferred_channels
                    .iter()
                    .map(|channel| channel.as_str())
                    .collect(),
                motivation: &profile.motivation,
                language: profile.language.as_str(),
                publicity_consent: profile.publicity_consent,
                activated_on: saved.activated_on,
                left_on: saved.left_on,
                search_text: profile.search_text(saved.place),
                sort_name: profile.sort_name(),
            }
        })
        .collect();
    // The table's checks look at the row that would be inserted also where it is there already: it carries
    // the state and the dates that it has.
    sqlx::query!(
        "INSERT INTO experts (id, office_id, state, external_id, title, given_name, family_name, gender, birth_date,
             street, postal_code, email, phone, capacity, travel_radius_km, preferred_channels, motivation, language,
             publicity_consent, activated_on, left_on, search_text, sort_name, created_at, updated_at)
         SELECT r.id, r.office_id, coalesce(e.state, r.state), r.external_id, r.title, r.given_name, r.family_name,
             r.gender, r.birth_date, r.street, r.postal_code, r.email, r.phone, r.capacity, r.travel_radius_km,
             r.preferred_channels, r.motivation, r.language, r.publicity_consent,
             CASE WHEN e.id IS NULL THEN r.activated_on ELSE e.activated_on END,
             CASE WHEN e.id IS NULL THEN r.left_on ELSE e.left_on END, r.search_text, r.sort_name, $2, $2
         FROM jsonb_to_recordset($1) AS r (id uuid, office_id uuid, state text, external_id text, title text,
             given_name text, family_name text, gender text, birth_date date, street text, postal_code text,
             email text, phone text, capacity smallint, travel_radius_km smallint, preferred_channels text[],
             motivation text, language text, publicity_consent boolean, activated_on date, left_on date,
             search_text text, sort_name text)
         LEFT JOIN experts e ON e.id = r.id
         ON CONFLICT (id) DO UPDATE SET
             office_id = excluded.office_id, external_id = excluded.external_id, title = excluded.title,
             given_name = excluded.given_name, family_name = excluded.family_name, gender = excluded.gender,
             birth_date = excluded.birth_date, street = excluded.street, postal_code = excluded.postal_code,
             email = excluded.email, phone = excluded.phone, capacity = excluded.capacity,
             travel_radius_km = excluded.travel_radius_km, preferred_channels = excluded.preferred_channels,
             motivation = excluded.motivation, language = excluded.language,
             publicity_consent = excluded.publicity_consent, search_text = excluded.search_text,
             sort_name = excluded.sort_name,
             email_undeliverable = experts.email_undeliverable AND experts.email = excluded.email,
             version = experts.version + 1, updated_at = excluded.updated_at",
        serde_json::to_value(&rows).expect("an expert is plain data"),
        at,
    )
    .execute(&mut *conn)
    .await?;
    details::replace(conn, experts).await
}

/// A step of an expert's life to be written.
#[derive(Debug, Clone, Copy)]
pub struct StateChange {
    /// The expert.
    pub id: ExpertId,
    /// The new state.
    pub state: ExpertState,
    /// The day of the activation, where it is one; an earlier day stays.
    pub activated_on: Option<NaiveDate>,
    /// The day on which the expert left; none takes it away.
    pub left_on: Option<NaiveDate>,
}

/// Writes steps of experts' lives, in one statement.
pub async fn set_states(conn: &mut PgConnection, changes: &[StateChange], at: DateTime<Utc>) -> Result<()> {
    let ids: Vec<Uuid> = changes.iter().map(|change| change.id.uuid()).collect();
    let states: Vec<String> = changes.iter().map(|change| change.state.to_string()).collect();
    let activated: Vec<Option<NaiveDate>> = changes.iter().map(|change| change.activated_on).collect();
    let left: Vec<Option<NaiveDate>> = changes.iter().map(|change| change.left_on).collect();
    sqlx::query!(
        "UPDATE experts SET state = r.state, activated_on = coalesce(experts.activated_on, r.activated_on),
             left_on = r.left_on, version = version + 1, updated_at = $5
         FROM UNNEST($1::uuid[], $2::text[], $3::date[], $4::date[]) AS r (id, state, activated_on, left_on)
         WHERE experts.id = r.id",
        &ids,
        &states,
        &activated as &[Option<NaiveDate>],
        &left as &[Option<NaiveDate>],
        at,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// The expert consents to publicity, or takes that back (S54).
pub async fn set_publicity_consent(
    conn: &mut PgConnection,
    id: ExpertId,
    consent: bool,
    at: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "UPDATE experts SET publicity_consent = $2, version = version + 1, updated_at = $3 WHERE id = $1",
        id.uuid(),
        consent,
        at,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// How far the expert travels, in kilometres.
pub async fn set_travel_radius(
    conn: &mut PgConnection,
    id: ExpertId,
    kilometres: u16,
    at: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "UPDATE experts SET travel_radius_km = $2, version = version + 1, updated_at = $3 WHERE id = $1",
        id.uuid(),
        kilometres as i16,
        at,
    )
    .execute(conn)
    .await?;
    Ok(())
}
