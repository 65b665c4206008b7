//! The people of a match as their own pages show them: who opens a page, and what it is about.

pub mod codes;
mod who;

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use tandem_domain::ids::{CaseId, ExpertId, MatchId, MenteeId};
use tandem_domain::parties::{About, Party};
use tandem_domain::values::Email;
use uuid::Uuid;

pub use self::who::{WhoComes, who_comes};
use crate::Result;
use crate::deliveries::ContactFacts;

/// Somebody who opens a page of their own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonFacts {
    /// Who.
    pub party: Party,
    /// Given and family name, with an expert's title; of a guardian as it was given.
    pub name: String,
    /// What the page calls the person: an expert's or guardian's whole name, a mentee's given name.
    pub called: String,
    /// The code of the language that this person chose.
    pub language: String,
    /// The address of the person's mails, where there is one.
    pub email: Option<String>,
    /// Links that were sent before open nothing.
    pub links_void_before: Option<DateTime<Utc>>,
    /// Whether the person has left the programme.
    pub left: bool,
    /// Whom the person can call: an expert the own office, the others the centre.
    pub contact: ContactFacts,
}

impl PersonFacts {
    /// Whether a link that was sent at an instant opens nothing any more, since the address changed after it.
    pub fn voids(&self, sent: DateTime<Utc>) -> bool {
        self.links_void_before.is_some_and(|from| sent <= from)
    }
}

/// The person; none where it is not stored (any more), or a mentee has no guardian.
pub async fn person(conn: &mut PgConnection, party: Party) -> Result<Option<PersonFacts>> {
    match party {
        Party::Expert(id) => expert(conn, id).await,
        Party::Mentee(id) | Party::Guardian(id) => mentee(conn, party, id).await,
    }
}

async fn expert(conn: &mut PgConnection, id: ExpertId) -> Result<Option<PersonFacts>> {
    let row = sqlx::query!(
        r#"SELECT e.title, e.given_name, e.family_name, e.language, e.email, e.links_void_before,
               e.state = 'LEFT' AS "left!", o.contact_name, o.name AS office_name, o.phone, o.email AS office_email
             FROM experts e JOIN regional_offices o ON o.id = e.office_id
            WHERE e.id = $1"#,
        id.uuid(),
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| {
        let name = [row.title, row.given_name, row.family_name].join(" ");
        let name = name.trim().to_owned();
        PersonFacts {
            party: Party::Expert(id),
            called: name.clone(),
            name,
            language: row.language,
            email: Some(row.email),
            links_void_before: row.links_void_before,
            left: row.left,
            contact: ContactFacts {
                name: row.contact_name,
                office_name: row.office_name,
                phone: row.phone,
                email: row.office_email,
            },
        }
    }))
}

async fn mentee(conn: &mut PgConnection, party: Party, id: MenteeId) -> Result<Option<PersonFacts>> {
    let row = sqlx::query!(
        r#"SELECT t.given_name, t.family_name, t.language, t.email, t.links_void_before, t.guardian_name,
               t.guardian_email, guardian_language_of(t) AS "guardian_language!", t.guardian_links_void_before,
               COALESCE(NULLIF(c.contact_name, ''), s.contact_name) AS "contact_name!",
               s.name AS center_name, s.phone, s.email AS center_email
             FROM mentees t
             JOIN service_centers s ON s.id = t.center_id
             LEFT JOIN LATERAL (SELECT contact_name FROM cases WHERE mentee_id = t.id
                 ORDER BY created_at DESC, id DESC LIMIT 1) c ON true
            WHERE t.id = $1"#,
        id.uuid(),
    )
    .fetch_optional(conn)
    .await?;
    let Some(row) = row else {
        return Ok(None);
    };
    let contact = ContactFacts {
        name: row.contact_name,
        office_name: row.center_name,
        phone: row.phone,
        email: row.center_email,
    };
    if let Party::Guardian(_) = party {
        return Ok(row.guardian_name.map(|name| PersonFacts {
            party,
            called: name.clone(),
            name,
            language: row.guardian_language,
            email: row.guardian_email,
            links_void_before: row.guardian_links_void_before,
            left: false,
            contact,
        }));
    }
    Ok(Some(PersonFacts {
        party,
        name: format!("{} {}", row.given_name, row.family_name)
            .trim()
            .to_owned(),
        called: row.given_name,
        language: row.language,
        email: row.email,
        links_void_before: row.links_void_before,
        left: false,
        contact,
    }))
}

/// The person's matches that a page may show, the newest first: an expert's all, a mentee's and a
/// guardian's from the expert's yes on (S21); within what a link is about, where it came by one.
pub async fn matches_of(conn: &mut PgConnection, party: Party, about: Option<About>) -> Result<Vec<MatchId>> {
    let (expert, mentee) = match party {
        Party::Expert(id) => (Some(id.uuid()), None),
        Party::Mentee(id) | Party::Guardian(id) => (None, Some(id.uuid())),
    };
    let (matching, case) = about_ids(about);
    let rows = sqlx::query_scalar!(
        "SELECT m.id
           FROM matches m JOIN cases c ON c.id = m.case_id
          WHERE (m.expert_id = $1 OR (c.mentee_id = $2 AND match_reveals_expert(m.state)))
            AND ($3::uuid IS NULL OR m.id = $3) AND ($4::uuid IS NULL OR m.case_id = $4)
          ORDER BY m.approached_at DESC, m.id DESC",
        expert,
        mentee,
        matching,
        case,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(MatchId::from).collect())
}

fn about_ids(about: Option<About>) -> (Option<Uuid>, Option<Uuid>) {
    match about {
        Some(About::Match(id)) => (Some(id.uuid()), None),
        Some(About::Case(id)) => (None, Some(id.uuid())),
        // a seat in a training and a change of an address open no match and no case
        Some(About::Seat(_) | About::Address(_)) => (Some(Uuid::nil()), Some(Uuid::nil())),
        None => (None, None),
    }
}

/// The mentee's newest case; within what a link is about, where it came by one.
pub async fn case_of(
    conn: &mut PgConnection,
    mentee: MenteeId,
    about: Option<About>,
) -> Result<Option<CaseId>> {
    let (matching, case) = about_ids(about);
    let id = sqlx::query_scalar!(
        "SELECT c.id FROM cases c
          WHERE c.mentee_id = $1
            AND ($2::uuid IS NULL OR EXISTS (SELECT FROM matches m WHERE m.id = $2 AND m.case_id = c.id))
            AND ($3::uuid IS NULL OR c.id = $3)
          ORDER BY c.created_at DESC, c.id DESC
          LIMIT 1",
        mentee.uuid(),
        matching,
        case,
    )
    .fetch_optional(conn)
    .await?;
    Ok(id.map(CaseId::from))
}

/// Remembers the language that a person chose on a page. `false` where it was that one already.
pub async fn set_language(
    conn: &mut PgConnection,
    party: Party,
    language: &str,
    now: DateTime<Utc>,
) -> Result<bool> {
    let changed = match party {
        Party::Expert(id) => {
            sqlx::query!(
                "UPDATE experts SET language = $2, version = version + 1, updated_at = $3
                  WHERE id = $1 AND language <> $2",
                id.uuid(),
                language,
                now,
            )
            .execute(conn)
            .await?
        }
        Party::Mentee(id) => {
            sqlx::query!(
                "UPDATE mentees SET language = $2, version = version + 1, updated_at = $3
                  WHERE id = $1 AND language <> $2",
                id.uuid(),
                language,
                now,
            )
            .execute(conn)
            .await?
        }
        Party::Guardian(id) => {
            sqlx::query!(
                "UPDATE mentees SET guardian_language = $2, version = version + 1, updated_at = $3
                  WHERE id = $1 AND guardian_name IS NOT NULL AND guardian_language <> $2",
                id.uuid(),
                language,
                now,
            )
            .execute(conn)
            .await?
        }
    };
    Ok(changed.rows_affected() == 1)
}

/// Somebody who may sign in as an expert or a mentee, found by the address of the own mails.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddressHolder {
    /// An expert or a mentee.
    pub party: Party,
    /// The whole name.
    pub name: String,
    /// Telephone; empty where none is known.
    pub phone: String,
    /// The code of the language that this person chose.
    pub language: String,
}

/// The one expert or mentee with this address; none where there is no or more than one.
pub async fn holder_of(conn: &mut PgConnection, email: &Email) -> Result<Option<AddressHolder>> {
    let mut rows = sqlx::query!(
        r#"SELECT 'EXPERT' AS "kind!", id AS "id!", concat_ws(' ', NULLIF(title, ''), given_name, family_name) AS "name!",
               phone AS "phone!", language AS "language!"
             FROM experts WHERE email = $1 AND state <> 'LEFT'
           UNION ALL
           SELECT 'MENTEE', id, concat_ws(' ', given_name, family_name), phone, language FROM mentees WHERE email = $1
           LIMIT 2"#,
        email.as_str(),
    )
    .fetch_all(conn)
    .await?;
    if rows.len() != 1 {
        return Ok(None);
    }
    Ok(rows.pop().map(|row| AddressHolder {
        party: if row.kind == "EXPERT" {
            Party::Expert(row.id.into())
        } else {
            Party::Mentee(row.id.into())
        },
        name: row.name,
        phone: row.phone,
        language: row.language,
    }))
}
