//! Agreements: versions that are written once, and their signatures.

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::PgConnection;
use tandem_domain::agreements::{AgreementTerms, Writer};
use tandem_domain::ids::{AgreementId, MatchId, UserId};
use tandem_domain::parties::{GivenWay, Side};
use tandem_domain::values::{Channel, SupportArea};
use uuid::Uuid;

use crate::{Error, Result, parse};

/// One version of the agreement of a match.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agreement {
    /// The id.
    pub id: AgreementId,
    /// The match.
    pub matching: MatchId,
    /// Which version, from 1 on.
    pub number: i16,
    /// What it says.
    pub terms: AgreementTerms,
    /// Who wrote it.
    pub written_by: Writer,
    /// When everybody who has to had signed.
    pub in_force_at: Option<DateTime<Utc>>,
    /// Who has signed, in the order in which they did.
    pub signatures: Vec<Signature>,
    /// When it was written.
    pub created_at: DateTime<Utc>,
}

/// A signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    /// Whose.
    pub side: Side,
    /// The name, as it stood on the day.
    pub name: String,
    /// How it was given.
    pub way: GivenWay,
    /// The day that it carries.
    pub on: NaiveDate,
    /// When it was given, or recorded.
    pub at: DateTime<Utc>,
    /// Who saw it being given on paper.
    pub witness: Option<String>,
}

impl Agreement {
    /// The sides that have signed.
    pub fn signed(&self) -> Vec<Side> {
        self.signatures.iter().map(|signature| signature.side).collect()
    }
}

/// A version to be written.
#[derive(Debug, Clone)]
pub struct NewAgreement<'a> {
    /// Its id.
    pub id: AgreementId,
    /// The match.
    pub matching: MatchId,
    /// Which version.
    pub number: i16,
    /// What it says.
    pub terms: &'a AgreementTerms,
    /// Who wrote it.
    pub written_by: Writer,
    /// The user, where it is one.
    pub user: Option<UserId>,
}

/// A signature to be written.
#[derive(Debug, Clone)]
pub struct NewSignature<'a> {
    /// Of which version.
    pub agreement: AgreementId,
    /// Whose.
    pub side: Side,
    /// The name.
    pub name: &'a str,
    /// How it is given.
    pub way: GivenWay,
    /// The day that it carries.
    pub on: NaiveDate,
    /// Who recorded what stood on paper, and who saw it.
    pub paper: Option<(UserId, &'a str)>,
    /// The network address from which it came.
    pub address: &'a str,
}

/// Writes a version.
pub async fn insert(conn: &mut PgConnection, new: &NewAgreement<'_>, now: DateTime<Utc>) -> Result<()> {
    let terms = new.terms;
    let areas: Vec<&str> = terms.areas.iter().copied().map(SupportArea::as_str).collect();
    let channels: Vec<&str> = terms.channels.iter().copied().map(Channel::as_str).collect();
    sqlx::query!(
        "INSERT INTO agreements (id, match_id, number, areas, expert_tasks, mentee_tasks, rhythm_days, place, channels,
             goals, starts_on, ends_on, written_by_side, written_by, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)",
        new.id.uuid(),
        new.matching.uuid(),
        new.number,
        &areas as &[&str],
        terms.expert_tasks,
        terms.mentee_tasks,
        i16::from(terms.rhythm_days),
        terms.place,
        &channels as &[&str],
        terms.goals,
        terms.starts_on,
        terms.ends_on,
        new.written_by.as_str(),
        new.user.map(UserId::uuid),
        now,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Writes a signature; `false` where this side has signed this version already.
pub async fn sign(conn: &mut PgConnection, new: &NewSignature<'_>, now: DateTime<Utc>) -> Result<bool> {
    let done = sqlx::query!(
        "INSERT INTO agreement_signatures (agreement_id, side, signer_name, given_by_way, signed_on, recorded_by, witness,
             address, signed_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
         ON CONFLICT DO NOTHING",
        new.agreement.uuid(),
        new.side.as_str(),
        new.name,
        new.way.as_str(),
        new.on,
        new.paper.map(|(by, _)| by.uuid()),
        new.paper.map(|(_, witness)| witness),
        new.address,
        now,
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Everybody who has to has signed.
pub async fn put_in_force(conn: &mut PgConnection, id: AgreementId, now: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "UPDATE agreements SET in_force_at = $2 WHERE id = $1 AND in_force_at IS NULL",
        id.uuid(),
        now,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Takes back a signature that was recorded on paper, and with it the force of its version; `false` where
/// there is none on paper.
pub async fn take_back_paper(conn: &mut PgConnection, id: AgreementId, side: Side) -> Result<bool> {
    let done = sqlx::query!(
        "DELETE FROM agreement_signatures WHERE agreement_id = $1 AND side = $2 AND given_by_way = 'PAPER'",
        id.uuid(),
        side.as_str(),
    )
    .execute(&mut *conn)
    .await?;
    if done.rows_affected() == 0 {
        return Ok(false);
    }
    sqlx::query!(
        "UPDATE agreements SET in_force_at = NULL WHERE id = $1",
        id.uuid()
    )
    .execute(conn)
    .await?;
    Ok(true)
}

/// The versions of these matches with their signatures, by match, the newest first.
pub async fn for_matches(conn: &mut PgConnection, matches: &[MatchId]) -> Result<Vec<Agreement>> {
    let ids: Vec<Uuid> = matches.iter().map(|id| id.uuid()).collect();
    let rows = sqlx::query!(
        "SELECT id, match_id, number, areas, expert_tasks, mentee_tasks, rhythm_days, place, channels, goals, starts_on,
             ends_on, written_by_side, in_force_at, created_at
           FROM agreements WHERE match_id = ANY($1) ORDER BY match_id, number DESC",
        &ids,
    )
    .fetch_all(&mut *conn)
    .await?;
    let mut agreements = Vec::with_capacity(rows.len());
    for row in rows {
        let id = row.id;
        agreements.push(Agreement {
            id: id.into(),
            matching: row.match_id.into(),
            number: row.number,
            terms: AgreementTerms {
                areas: row
                    .areas
                    .iter()
                    .map(|text| parse("agreements", "areas", id, text))
                    .collect::<Result<_>>()?,
                expert_tasks: row.expert_tasks,
                mentee_tasks: row.mentee_tasks,
                rhythm_days: row.rhythm_days as u8,
                place: row.place,
                channels: row
                    .channels
                    .iter()
                    .map(|text| parse("agreements", "channels", id, text))
                    .collect::<Result<_>>()?,
                goals: row.goals,
                starts_on: row.starts_on,
                ends_on: row.ends_on,
            },
            written_by: parse("agreements", "written_by_side", id, &row.written_by_side)?,
            in_force_at: row.in_force_at,
            signatures: Vec::new(),
            created_at: row.created_at,
        });
    }
    let ids: Vec<Uuid> = agreements.iter().map(|agreement| agreement.id.uuid()).collect();
    for row in sqlx::query!(
        r#"SELECT agreement_id, side, signer_name, given_by_way, COALESCE(signed_on, signed_at::date) AS "signed_on!",
               signed_at, witness
             FROM agreement_signatures WHERE agreement_id = ANY($1) ORDER BY signed_at, side"#,
        &ids,
    )
    .fetch_all(conn)
    .await?
    {
        let id = AgreementId::from(row.agreement_id);
        let signature = Signature {
            side: parse("agreement_signatures", "side", id, &row.side)?,
            name: row.signer_name,
            way: parse("agreement_signatures", "given_by_way", id, &row.given_by_way)?,
            on: row.signed_on,
            at: row.signed_at,
            witness: row.witness,
        };
        let agreement = agreements.iter_mut().find(|agreement| agreement.id == id);
        let agreement = agreement.ok_or_else(|| Error::Corrupt {
            table: "agreement_signatures",
            column: "agreement_id",
            id: id.to_string(),
            problem: "has no agreement".into(),
        })?;
        agreement.signatures.push(signature);
    }
    Ok(agreements)
}

/// The match that a version belongs to.
pub async fn match_of(conn: &mut PgConnection, id: AgreementId) -> Result<Option<MatchId>> {
    let found = sqlx::query_scalar!("SELECT match_id FROM agreements WHERE id = $1", id.uuid())
        .fetch_optional(conn)
        .await?;
    Ok(found.map(MatchId::from))
}
