//! What the mails say: read at the moment of sending, in one statement a mail.

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::PgConnection;
use tandem_domain::experts::ExpertState;
use tandem_domain::ids::{DeliveryId, MatchId, OfficeId};
use tandem_domain::matches::{AnswerWay, MatchState};
use tandem_domain::values::{CefrLevel, Gender, SupportArea};
use uuid::Uuid;

use crate::{Result, parse};

/// A human being whom a reader can call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContactFacts {
    /// Name.
    pub name: String,
    /// Where the person works.
    pub office_name: String,
    /// Telephone.
    pub phone: String,
    /// E-mail.
    pub email: String,
}

/// The expert to whom a mail goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExpertFacts {
    /// State.
    pub state: ExpertState,
    /// Academic title.
    pub title: String,
    /// Given name.
    pub given_name: String,
    /// Family name.
    pub family_name: String,
    /// Gender, where given.
    pub gender: Option<Gender>,
    /// E-mail.
    pub email: String,
    /// Telephone.
    pub phone: String,
    /// Correspondence language.
    pub language: String,
}

/// The case, told without the mentee; the birth date is for the age group alone.
#[derive(Debug, Clone, PartialEq)]
pub struct CaseFacts {
    /// The id.
    pub id: Uuid,
    /// The id in the centre's own list.
    pub external_id: Option<String>,
    /// Planned start.
    pub planned_start: Option<NaiveDate>,
    /// Support areas, the most important first.
    pub support_areas: Vec<SupportArea>,
    /// Target occupations, the first choice first: code and label.
    pub occupations: Vec<(String, String)>,
    /// The mentee's birth date.
    pub mentee_birth_date: NaiveDate,
    /// The mentee's German.
    pub german_level: CefrLevel,
    /// The mentee's languages.
    pub languages: Vec<String>,
    /// The place of the centre.
    pub center_place: String,
    /// Degrees north and east of the centre's postal code.
    pub center_coordinates: (f64, f64),
}

/// A match with everything that a mail or a page about it shows.
#[derive(Debug, Clone, PartialEq)]
pub struct MatchFacts {
    /// The match.
    pub id: MatchId,
    /// Its state.
    pub state: MatchState,
    /// When the expert was asked.
    pub approached_at: DateTime<Utc>,
    /// When the approach e-mail left.
    pub approach_sent_at: Option<DateTime<Utc>>,
    /// Whether a worker is sending the approach e-mail right now.
    pub approach_sending: bool,
    /// Whether the approach e-mail cannot be delivered.
    pub undeliverable: bool,
    /// When the expert answered.
    pub answered_at: Option<DateTime<Utc>>,
    /// How.
    pub answered_by_way: Option<AnswerWay>,
    /// The expert.
    pub expert: ExpertFacts,
    /// Degrees north and east of the expert's postal code.
    pub expert_coordinates: (f64, f64),
    /// The expert's former occupations with their codes.
    pub expert_occupations: Vec<(String, String)>,
    /// Whom the expert can call: the expert's own office.
    pub contact: ContactFacts,
    /// The case.
    pub case: CaseFacts,
}

/// Reads matches with everything that is told about them, in no particular order.
pub async fn match_facts(conn: &mut PgConnection, ids: &[MatchId]) -> Result<Vec<MatchFacts>> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.uuid()).collect();
    let rows = sqlx::query!(
        r#"SELECT m.id, m.state, m.approached_at, m.approach_sent_at, m.undeliverable, m.answered_at, m.answered_by_way,
               EXISTS (SELECT FROM email_deliveries d
                   WHERE d.subject_id = m.id AND d.trigger = 'APPROACH' AND d.state = 'SENDING') AS "approach_sending!",
               e.id AS expert_id, e.state AS expert_state, e.title, e.given_name, e.family_name, e.gender,
               e.email AS expert_email, e.phone AS expert_phone, e.language AS expert_language,
               ep.latitude AS expert_latitude, ep.longitude AS expert_longitude,
               ARRAY(SELECT o.kldb_code FROM expert_occupations o
                   WHERE o.expert_id = e.id AND o.kind = 'OCCUPATION' AND o.kldb_code IS NOT NULL
                   ORDER BY o.position) AS "expert_codes!: Vec<String>",
               ARRAY(SELECT o.label FROM expert_occupations o
                   WHERE o.expert_id = e.id AND o.kind = 'OCCUPATION' AND o.kldb_code IS NOT NULL
                   ORDER BY o.position) AS "expert_labels!: Vec<String>",
               eo.name AS office_name, eo.contact_name, eo.phone AS office_phone, eo.email AS office_email,
               c.id AS case_id, c.external_id, c.planned_start,
               ARRAY(SELECT a.area FROM case_support_areas a WHERE a.case_id = c.id
                   ORDER BY a.priority, a.area) AS "areas!: Vec<String>",
               ARRAY(SELECT o.kldb_code FROM case_occupations o WHERE o.case_id = c.id
                   ORDER BY o.rank) AS "codes!: Vec<String>",
               ARRAY(SELECT o.label FROM case_occupations o WHERE o.case_id = c.id
                   ORDER BY o.rank) AS "labels!: Vec<String>",
               t.id AS mentee_id, t.birth_date, t.german_level,
               ARRAY(SELECT l.language FROM mentee_languages l WHERE l.mentee_id = t.id
                   ORDER BY l.language) AS "languages!: Vec<String>",
               cp.place AS center_place, cp.latitude AS center_latitude, cp.longitude AS center_longitude
             FROM matches m
             JOIN experts e ON e.id = m.expert_id
             JOIN postal_codes ep ON ep.postal_code = e.postal_code
             JOIN regional_offices eo ON eo.id = e.office_id
             JOIN cases c ON c.id = m.case_id
             JOIN mentees t ON t.id = c.mentee_id
             JOIN service_centers s ON s.id = c.center_id
             JOIN postal_codes cp ON cp.postal_code = s.postal_code
            WHERE m.id = ANY($1)"#,
        &ids,
    )
    .fetch_all(conn)
    .await?;
    let mut facts = Vec::with_capacity(rows.len());
    for row in rows {
        let id = row.id;
        let gender = row
            .gender
            .as_deref()
            .map(|text| parse("experts", "gender", row.expert_id, text))
            .transpose()?;
        let way = row
            .answered_by_way
            .as_deref()
            .map(|text| parse("matches", "answered_by_way", id, text))
            .transpose()?;
        let support_areas = row
            .areas
            .iter()
            .map(|text| parse("case_support_areas", "area", row.case_id, text))
            .collect::<Result<_>>()?;
        facts.push(MatchFacts {
            id: id.into(),
            state: parse("matches", "state", id, &row.state)?,
            approached_at: row.approached_at,
            approach_sent_at: row.approach_sent_at,
            approach_sending: row.approach_sending,
            undeliverable: row.undeliverable,
            answered_at: row.answered_at,
            answered_by_way: way,
            expert: ExpertFacts {
                state: parse("experts", "state", row.expert_id, &row.expert_state)?,
                title: row.title,
                given_name: row.given_name,
                family_name: row.family_name,
                gender,
                email: row.expert_email,
                phone: row.expert_phone,
                language: row.expert_language,
            },
            expert_coordinates: (row.expert_latitude, row.expert_longitude),
            expert_occupations: row.expert_codes.into_iter().zip(row.expert_labels).collect(),
            contact: ContactFacts {
                name: row.contact_name,
                office_name: row.office_name,
                phone: row.office_phone,
                email: row.office_email,
            },
            case: CaseFacts {
                id: row.case_id,
                external_id: row.external_id,
                planned_start: row.planned_start,
                support_areas,
                occupations: row.codes.into_iter().zip(row.labels).collect(),
                mentee_birth_date: row.birth_date,
                german_level: parse("mentees", "german_level", row.mentee_id, &row.german_level)?,
                languages: row.languages,
                center_place: row.center_place,
                center_coordinates: (row.center_latitude, row.center_longitude),
            },
        });
    }
    Ok(facts)
}

/// A sign-in link and whom it signs in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignInFacts {
    /// The user's name.
    pub name: String,
    /// The user's e-mail address.
    pub email: String,
    /// The user's language.
    pub language: String,
    /// Whether the user may still sign in.
    pub active: bool,
    /// Until when the link works.
    pub expires_at: DateTime<Utc>,
    /// When the link was written.
    pub created_at: DateTime<Utc>,
    /// When it was used.
    pub used_at: Option<DateTime<Utc>>,
    /// The office that one of the user's roles belongs to.
    pub office: Option<ContactFacts>,
}

/// Reads the link that a sign-in mail carries.
pub async fn sign_in_facts(conn: &mut PgConnection, id: DeliveryId) -> Result<Option<SignInFacts>> {
    let row = sqlx::query!(
        r#"SELECT u.name, u.email, u.language, u.active, l.expires_at, l.created_at, l.used_at,
               o.name AS "office_name?", o.contact_name AS "contact_name?", o.phone AS "office_phone?",
               o.email AS "office_email?"
             FROM sign_in_links l
             JOIN users u ON u.id = l.user_id
             LEFT JOIN LATERAL (
                 SELECT ro.name, ro.contact_name, ro.phone, ro.email
                   FROM role_grants g
                   LEFT JOIN experts e ON e.id = g.expert_id
                   LEFT JOIN mentees t ON t.id = g.mentee_id
                   LEFT JOIN service_centers s ON s.id = COALESCE(g.center_id, t.center_id)
                   JOIN regional_offices ro ON ro.id = COALESCE(g.office_id, e.office_id, s.office_id)
                  WHERE g.user_id = u.id
                  ORDER BY g.created_at, g.id
                  LIMIT 1) o ON true
            WHERE l.delivery_id = $1"#,
        id.uuid(),
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| {
        let office = (|| {
            Some(ContactFacts {
                name: row.contact_name?,
                office_name: row.office_name?,
                phone: row.office_phone?,
                email: row.office_email?,
            })
        })();
        SignInFacts {
            name: row.name,
            email: row.email,
            language: row.language,
            active: row.active,
            expires_at: row.expires_at,
            created_at: row.created_at,
            used_at: row.used_at,
            office,
        }
    }))
}

/// The regional office to which a mail goes.
pub async fn office_contact(conn: &mut PgConnection, id: OfficeId) -> Result<Option<ContactFacts>> {
    Ok(sqlx::query_as!(
        ContactFacts,
        "SELECT contact_name AS name, name AS office_name, phone, email FROM regional_offices WHERE id = $1",
        id.uuid(),
    )
    .fetch_optional(conn)
    .await?)
}

/// Somebody who helps staff with the software: an administrator, one with a telephone number first. The
/// name of the office is left to the caller.
pub async fn admin_contact(conn: &mut PgConnection) -> Result<Option<ContactFacts>> {
    Ok(sqlx::query_as!(
        ContactFacts,
        r#"SELECT u.name, '' AS "office_name!", u.phone, u.email
             FROM users u
            WHERE u.active AND EXISTS (SELECT FROM role_grants g WHERE g.user_id = u.id AND g.role = 'ADMIN')
            ORDER BY u.phone = '', u.created_at, u.id
            LIMIT 1"#,
    )
    .fetch_optional(conn)
    .await?)
}
