//! What reminders are about: read in bulk by the sweep, and one by one at the moment of sending.

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::PgConnection;
use tandem_domain::cases::CaseState;
use tandem_domain::checks::CheckKind;
use tandem_domain::experts::ExpertState;
use tandem_domain::ids::{CaseId, CenterId, ExpertId, MatchId, MenteeId, OfficeId};
use tandem_domain::matches::MatchState;
use tandem_domain::parties::Side;
pub use tandem_domain::values::Gender;
use uuid::Uuid;

use crate::deliveries::{ContactFacts, ExpertFacts};
use crate::{Result, parse};

/// A guardian who can be written to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GuardianFacts {
    /// The guardian's name, or the institution's.
    pub name: String,
    /// E-mail, where there is one.
    pub email: Option<String>,
    /// Correspondence language; the mentee's where none was chosen.
    pub language: String,
}

/// The mentee to whom a mail goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MenteeFacts {
    /// The id.
    pub id: MenteeId,
    /// Given name.
    pub given_name: String,
    /// Family name.
    pub family_name: String,
    /// E-mail, where there is one.
    pub email: Option<String>,
    /// Correspondence language.
    pub language: String,
    /// Birth date: whether the guardian is asked.
    pub birth_date: NaiveDate,
    /// The guardian.
    pub guardian: Option<GuardianFacts>,
}

/// A match with everything that its reminders ask and say.
#[derive(Debug, Clone, PartialEq)]
pub struct MatchLife {
    /// The match.
    pub id: MatchId,
    /// Its state.
    pub state: MatchState,
    /// When the approach e-mail left.
    pub approach_sent_at: Option<DateTime<Utc>>,
    /// Whether the approach cannot be delivered.
    pub undeliverable: bool,
    /// When expert and centre were introduced.
    pub introduced_at: Option<DateTime<Utc>>,
    /// Whether the first meeting is dated.
    pub meeting_planned: bool,
    /// The day of the first meeting.
    pub first_meeting_on: Option<NaiveDate>,
    /// The first day.
    pub active_from: Option<NaiveDate>,
    /// The last day on which the two are known to have met, or their clock began.
    pub last_contact: Option<NaiveDate>,
    /// When it ended.
    pub ended_at: Option<DateTime<Utc>>,
    /// The last day of the newest agreement.
    pub ends_on: Option<NaiveDate>,
    /// Who has said how the first meeting went and is sure.
    pub answered: Vec<Side>,
    /// Whether the final report was written.
    pub reported: bool,
    /// Who has given feedback: the side and the occasion.
    pub feedback: Vec<(Side, String)>,
    /// The expert.
    pub expert_id: ExpertId,
    /// What mails say of the expert.
    pub expert: ExpertFacts,
    /// Whom the expert can call.
    pub expert_contact: ContactFacts,
    /// The case.
    pub case: CaseId,
    /// Its number at the centre.
    pub case_external_id: Option<String>,
    /// The planned start: what the readiness of the expert is asked for.
    pub planned_start: Option<NaiveDate>,
    /// The centre.
    pub center: CenterId,
    /// The centre's contact person for this case, and its shared mailbox.
    pub center_contact: ContactFacts,
    /// Where the centre is.
    pub center_place: String,
    /// Whom the centre can call: the office that serves it.
    pub office_contact: ContactFacts,
    /// The mentee.
    pub mentee: MenteeFacts,
}

/// Reads matches with everything that their reminders ask and say, in no particular order.
pub async fn match_lives(conn: &mut PgConnection, ids: &[Uuid]) -> Result<Vec<MatchLife>> {
    let rows = sqlx::query!(
        r#"SELECT m.id, m.state, m.approach_sent_at, m.undeliverable, m.introduced_at, m.first_meeting_on,
               m.meeting_planned_at IS NOT NULL AS "meeting_planned!",
               EXISTS (SELECT FROM final_reports r WHERE r.match_id = m.id) AS "reported!",
               m.active_from, m.ended_at, last_contact(m.id, m.contact_since) AS last_contact,
               (SELECT a.ends_on FROM agreements a WHERE a.match_id = m.id ORDER BY a.number DESC LIMIT 1) AS ends_on,
               ARRAY(SELECT v.side FROM chemistry_verdicts v
                   WHERE v.match_id = m.id AND v.verdict <> 'NOT_SURE_YET') AS "answered!: Vec<String>",
               ARRAY(SELECT f.side FROM feedback f WHERE f.match_id = m.id
                   ORDER BY f.id) AS "feedback_sides!: Vec<String>",
               ARRAY(SELECT f.occasion FROM feedback f WHERE f.match_id = m.id
                   ORDER BY f.id) AS "feedback_occasions!: Vec<String>",
               e.id AS expert_id, e.state AS expert_state, e.title, e.given_name, e.family_name, e.gender,
               e.email AS expert_email, e.phone AS expert_phone, e.language AS expert_language,
               eo.name AS expert_office, eo.contact_name AS expert_office_contact, eo.phone AS expert_office_phone,
               eo.email AS expert_office_email,
               c.id AS case_id, c.external_id, c.planned_start,
               s.id AS center_id, s.name AS center_name, s.phone AS center_phone, s.email AS center_email,
               COALESCE(NULLIF(c.contact_name, ''), s.contact_name) AS "center_contact!", cp.place AS center_place,
               so.name AS office, so.contact_name AS office_contact, so.phone AS office_phone,
               so.email AS office_email,
               t.id AS mentee_id, t.given_name AS mentee_given_name, t.family_name AS mentee_family_name,
               t.email AS mentee_email, t.language AS mentee_language, t.birth_date, t.guardian_name,
               t.guardian_email, guardian_language_of(t) AS "guardian_language!"
             FROM matches m
             JOIN experts e ON e.id = m.expert_id
             JOIN regional_offices eo ON eo.id = e.office_id
             JOIN cases c ON c.id = m.case_id
             JOIN mentees t ON t.id = c.mentee_id
             JOIN service_centers s ON s.id = c.center_id
             JOIN postal_codes cp ON cp.postal_code = s.postal_code
             JOIN regional_offices so ON so.id = s.office_id
            WHERE m.id = ANY($1)"#,
        ids,
    )
    .fetch_all(conn)
    .await?;
    let mut lives = Vec::with_capacity(rows.len());
    for row in rows {
        let id = row.id;
        let sides = |table, words: &[String]| -> Result<Vec<Side>> {
            words.iter().map(|word| parse(table, "side", id, word)).collect()
        };
        let gender = row
            .gender
            .as_deref()
            .map(|text| parse("experts", "gender", row.expert_id, text))
            .transpose()?;
        lives.push(MatchLife {
            id: id.into(),
            state: parse("matches", "state", id, &row.state)?,
            approach_sent_at: row.approach_sent_at,
            undeliverable: row.undeliverable,
            introduced_at: row.introduced_at,
            first_meeting_on: row.first_meeting_on,
            meeting_planned: row.meeting_planned,
            reported: row.reported,
            active_from: row.active_from,
            last_contact: row.last_contact,
            ended_at: row.ended_at,
            ends_on: row.ends_on,
            answered: sides("chemistry_verdicts", &row.answered)?,
            feedback: sides("feedback", &row.feedback_sides)?
                .into_iter()
                .zip(row.feedback_occasions)
                .collect(),
            expert_id: row.expert_id.into(),
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
            expert_contact: ContactFacts {
                name: row.expert_office_contact,
                office_name: row.expert_office,
                phone: row.expert_office_phone,
                email: row.expert_office_email,
            },
            case: row.case_id.into(),
            case_external_id: row.external_id,
            planned_start: row.planned_start,
            center: row.center_id.into(),
            center_contact: ContactFacts {
                name: row.center_contact,
                office_name: row.center_name,
                phone: row.center_phone,
                email: row.center_email,
            },
            center_place: row.center_place,
            office_contact: ContactFacts {
                name: row.office_contact,
                office_name: row.office,
                phone: row.office_phone,
                email: row.office_email,
            },
            mentee: MenteeFacts {
                id: row.mentee_id.into(),
                given_name: row.mentee_given_name,
                family_name: row.mentee_family_name,
                email: row.mentee_email,
                language: row.mentee_language,
                birth_date: row.birth_date,
                guardian: row.guardian_name.map(|name| GuardianFacts {
                    name,
                    email: row.guardian_email,
                    language: row.guardian_language,
                }),
            },
        });
    }
    Ok(lives)
}

/// A check that ends.
#[derive(Debug, Clone, PartialEq)]
pub struct CheckFacts {
    /// The check.
    pub id: Uuid,
    /// Its kind.
    pub kind: CheckKind,
    /// Its last day; none once it is erased or shows an entry.
    pub valid_until: Option<NaiveDate>,
    /// Whether another check of the same kind or a higher one is valid for longer.
    pub replaced: bool,
    /// How many active matches of this expert no other check permits on the day after.
    pub active_matches: i64,
    /// The expert.
    pub expert_id: ExpertId,
    /// What mails say of the expert.
    pub expert: ExpertFacts,
    /// The expert's office.
    pub office: OfficeId,
    /// Whom the expert can call.
    pub contact: ContactFacts,
}

/// Reads checks with everything that their reminders ask and say.
pub async fn check_facts(conn: &mut PgConnection, ids: &[Uuid]) -> Result<Vec<CheckFacts>> {
    let rows = sqlx::query!(
        r#"SELECT b.id, b.kind,
               CASE WHEN b.no_relevant_entry AND b.erased_on IS NULL THEN b.valid_until END AS valid_until,
               EXISTS (SELECT FROM background_checks n
                   WHERE n.expert_id = b.expert_id AND n.id <> b.id AND n.erased_on IS NULL AND n.no_relevant_entry
                     AND n.valid_until > b.valid_until AND (n.kind = b.kind OR n.kind = 'EXTENDED')) AS "replaced!",
               (SELECT count(*) FROM matches m WHERE m.expert_id = e.id AND m.state = 'ACTIVE') AS "active_matches!",
               e.id AS expert_id, e.state AS expert_state, e.title, e.given_name, e.family_name, e.gender, e.email,
               e.phone, e.language, o.id AS office_id, o.name AS office, o.contact_name, o.phone AS office_phone,
               o.email AS office_email
             FROM background_checks b
             JOIN experts e ON e.id = b.expert_id
             JOIN regional_offices o ON o.id = e.office_id
            WHERE b.id = ANY($1)"#,
        ids,
    )
    .fetch_all(conn)
    .await?;
    let mut facts = Vec::with_capacity(rows.len());
    for row in rows {
        let gender = row
            .gender
            .as_deref()
            .map(|text| parse("experts", "gender", row.expert_id, text))
            .transpose()?;
        facts.push(CheckFacts {
            id: row.id,
            kind: parse("background_checks", "kind", row.id, &row.kind)?,
            valid_until: row.valid_until,
            replaced: row.replaced,
            active_matches: row.active_matches,
            expert_id: row.expert_id.into(),
            expert: ExpertFacts {
                state: parse::<ExpertState>("experts", "state", row.expert_id, &row.expert_state)?,
                title: row.title,
                given_name: row.given_name,
                family_name: row.family_name,
                gender,
                email: row.email,
                phone: row.phone,
                language: row.language,
            },
            office: row.office_id.into(),
            contact: ContactFacts {
                name: row.contact_name,
                office_name: row.office,
                phone: row.office_phone,
                email: row.office_email,
            },
        });
    }
    Ok(facts)
}

/// An expert's seat in a course.
#[derive(Debug, Clone, PartialEq)]
pub struct AttendanceFacts {
    /// The attendance.
    pub id: Uuid,
    /// Whether the expert has the seat and the course takes place.
    pub booked: bool,
    /// What is learnt.
    pub module: String,
    /// When it begins.
    pub starts_at: DateTime<Utc>,
    /// When it ends.
    pub ends_at: DateTime<Utc>,
    /// Where; empty for a course by video.
    pub place: String,
    /// The address of the video conference; empty where there is none.
    pub video_link: String,
    /// The expert.
    pub expert_id: ExpertId,
    /// What mails say of the expert.
    pub expert: ExpertFacts,
    /// Whom the expert can call: the office that gives the course.
    pub contact: ContactFacts,
}

/// Reads seats with everything that their reminders ask and say.
pub async fn attendance_facts(conn: &mut PgConnection, ids: &[Uuid]) -> Result<Vec<AttendanceFacts>> {
    let rows = sqlx::query!(
        r#"SELECT a.id, (a.state = 'BOOKED' AND s.cancelled_at IS NULL) AS "booked!", d.title AS module, s.starts_at,
               s.ends_at, s.place, s.video_link,
               e.id AS expert_id, e.state AS expert_state, e.title, e.given_name, e.family_name, e.gender, e.email,
               e.phone, e.language, o.name AS office, o.contact_name, o.phone AS office_phone, o.email AS office_email
             FROM training_attendances a
             JOIN training_sessions s ON s.id = a.session_id
             JOIN training_modules d ON d.id = s.module_id
             JOIN experts e ON e.id = a.expert_id
             JOIN regional_offices o ON o.id = s.office_id
            WHERE a.id = ANY($1)"#,
        ids,
    )
    .fetch_all(conn)
    .await?;
    let mut facts = Vec::with_capacity(rows.len());
    for row in rows {
        let gender = row
            .gender
            .as_deref()
            .map(|text| parse("experts", "gender", row.expert_id, text))
            .transpose()?;
        facts.push(AttendanceFacts {
            id: row.id,
            booked: row.booked,
            module: row.module,
            starts_at: row.starts_at,
            ends_at: row.ends_at,
            place: row.place,
            video_link: row.video_link,
            expert_id: row.expert_id.into(),
            expert: ExpertFacts {
                state: parse::<ExpertState>("experts", "state", row.expert_id, &row.expert_state)?,
                title: row.title,
                given_name: row.given_name,
                family_name: row.family_name,
                gender,
                email: row.email,
                phone: row.phone,
                language: row.language,
            },
            contact: ContactFacts {
                name: row.contact_name,
                office_name: row.office,
                phone: row.office_phone,
                email: row.office_email,
            },
        });
    }
    Ok(facts)
}

/// A case that is brought to mind to its centre or its office.
#[derive(Debug, Clone, PartialEq)]
pub struct CaseFacts {
    /// The case.
    pub id: CaseId,
    /// Its number at the centre.
    pub external_id: Option<String>,
    /// Its state.
    pub state: CaseState,
    /// Since when it searches.
    pub searching_since: Option<NaiveDate>,
    /// How many experts are being asked.
    pub open_approaches: i64,
    /// When the training place begins.
    pub training_starts_on: Option<NaiveDate>,
    /// Whether the outcome has been confirmed.
    pub outcome_confirmed: bool,
    /// The mentee's birth date.
    pub birth_date: NaiveDate,
    /// The centre.
    pub center: CenterId,
    /// The centre's contact person for this case, and its shared mailbox.
    pub center_contact: ContactFacts,
    /// The office that serves it.
    pub office: OfficeId,
    /// Whom to call there.
    pub office_contact: ContactFacts,
}

/// Reads cases with everything that their reminders ask and say.
pub async fn case_facts(conn: &mut PgConnection, ids: &[Uuid]) -> Result<Vec<CaseFacts>> {
    let rows = sqlx::query!(
        r#"SELECT c.id, c.external_id, c.state, c.searching_since, c.training_starts_on,
               c.outcome_confirmed_at IS NOT NULL AS "outcome_confirmed!", t.birth_date,
               (SELECT count(*) FROM matches m WHERE m.case_id = c.id AND m.state = 'APPROACHED') AS "open_approaches!",
               s.id AS center_id, s.name AS center_name, s.phone AS center_phone, s.email AS center_email,
               COALESCE(NULLIF(c.contact_name, ''), s.contact_name) AS "center_contact!",
               o.id AS office_id, o.name AS office, o.contact_name, o.phone AS office_phone, o.email AS office_email
             FROM cases c
             JOIN mentees t ON t.id = c.mentee_id
             JOIN service_centers s ON s.id = c.center_id
             JOIN regional_offices o ON o.id = s.office_id
            WHERE c.id = ANY($1)"#,
        ids,
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(CaseFacts {
                id: row.id.into(),
                external_id: row.external_id,
                state: parse("cases", "state", row.id, &row.state)?,
                searching_since: row.searching_since,
                open_approaches: row.open_approaches,
                training_starts_on: row.training_starts_on,
                outcome_confirmed: row.outcome_confirmed,
                birth_date: row.birth_date,
                center: row.center_id.into(),
                center_contact: ContactFacts {
                    name: row.center_contact,
                    office_name: row.center_name,
                    phone: row.center_phone,
                    email: row.center_email,
                },
                office: row.office_id.into(),
                office_contact: ContactFacts {
                    name: row.contact_name,
                    office_name: row.office,
                    phone: row.office_phone,
                    email: row.office_email,
                },
            })
        })
        .collect()
}

/// An interview of a mentee.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InterviewFacts {
    /// The milestone.
    pub id: Uuid,
    /// The match.
    pub matching: MatchId,
    /// When it was.
    pub on: NaiveDate,
    /// Whether it has been followed up (S43).
    pub followed_up: bool,
}

/// Reads interviews.
pub async fn interview_facts(conn: &mut PgConnection, ids: &[Uuid]) -> Result<Vec<InterviewFacts>> {
    Ok(sqlx::query_as!(
        InterviewFacts,
        r#"SELECT i.id, i.match_id AS matching, i.on_date AS "on",
               EXISTS (SELECT FROM milestones f
                   WHERE f.belongs_to = i.id AND f.kind = 'INTERVIEW_FOLLOWED_UP') AS "followed_up!"
             FROM milestones i
            WHERE i.id = ANY($1) AND i.kind = 'INTERVIEW'"#,
        ids,
    )
    .fetch_all(conn)
    .await?)
}
