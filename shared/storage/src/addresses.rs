//! Changes of e-mail addresses that wait to be confirmed, and what a confirmed one carries along.

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::PgConnection;
use tandem_domain::addresses::{AddressChange, End, Outcome, Voucher};
use tandem_domain::ids::{AddressChangeId, ExpertId, MenteeId, UserId};
use tandem_domain::parties::{Party, Side};
use tandem_domain::values::Email;
use uuid::Uuid;

use crate::{Error, Result, parse};

struct Row {
    id: Uuid,
    side: String,
    expert_id: Option<Uuid>,
    mentee_id: Option<Uuid>,
    old_email: Option<String>,
    new_email: Option<String>,
    asked_by: Option<Uuid>,
    asked_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
    old_confirmed_at: Option<DateTime<Utc>>,
    new_confirmed_at: Option<DateTime<Utc>>,
    vouched_by: Option<Uuid>,
    vouched_at: Option<DateTime<Utc>>,
    spoken_on: Option<NaiveDate>,
    ended_at: Option<DateTime<Utc>>,
    outcome: Option<String>,
}

impl TryFrom<Row> for AddressChange {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self> {
        const TABLE: &str = "address_changes";
        let id = row.id;
        let email = |column, text: Option<String>| -> Result<Option<Email>> {
            text.map(|text| parse(TABLE, column, id, &text)).transpose()
        };
        let side: Side = parse(TABLE, "side", id, &row.side)?;
        let party = match (side, row.expert_id, row.mentee_id) {
            (Side::Expert, Some(expert), _) => Party::Expert(expert.into()),
            (Side::Mentee, _, Some(mentee)) => Party::Mentee(mentee.into()),
            (Side::Guardian, _, Some(mentee)) => Party::Guardian(mentee.into()),
            _ => {
                return Err(Error::Corrupt {
                    table: TABLE,
                    column: "side",
                    id: id.to_string(),
                    problem: format!("a change of {side} names nobody"),
                });
            }
        };
        let ended = match (row.ended_at, row.outcome) {
            (Some(at), Some(outcome)) => Some((at, parse::<Outcome>(TABLE, "outcome", id, &outcome)?)),
            _ => None,
        };
        Ok(Self {
            id: id.into(),
            party,
            old: email("old_email", row.old_email)?,
            new: email("new_email", row.new_email)?,
            asked_by: row.asked_by.map(Into::into),
            asked_at: row.asked_at,
            expires_at: row.expires_at,
            old_confirmed_at: row.old_confirmed_at,
            new_confirmed_at: row.new_confirmed_at,
            voucher: row.vouched_at.zip(row.spoken_on).map(|(at, spoken_on)| Voucher {
                by: row.vouched_by.map(Into::into),
                at,
                spoken_on,
            }),
            ended,
        })
    }
}

/// Writes a change.
pub async fn insert(conn: &mut PgConnection, change: &AddressChange) -> Result<()> {
    let (expert, mentee) = columns(change.party);
    let (ended_at, outcome) = change.ended.unzip();
    sqlx::query!(
        "INSERT INTO address_changes (id, side, expert_id, mentee_id, old_email, new_email, asked_by, asked_at,
             expires_at, ended_at, outcome)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        change.id.uuid(),
        change.party.side().as_str(),
        expert,
        mentee,
        change.old.as_ref().map(Email::as_str),
        change.new.as_ref().map(Email::as_str),
        change.asked_by.map(UserId::uuid),
        change.asked_at,
        change.expires_at,
        ended_at,
        outcome.map(Outcome::as_str),
    )
    .execute(conn)
    .await?;
    Ok(())
}

fn columns(party: Party) -> (Option<Uuid>, Option<Uuid>) {
    match party {
        Party::Expert(id) => (Some(id.uuid()), None),
        Party::Mentee(id) | Party::Guardian(id) => (None, Some(id.uuid())),
    }
}

/// One change.
pub async fn get(conn: &mut PgConnection, id: AddressChangeId) -> Result<Option<AddressChange>> {
    let row = sqlx::query_as!(
        Row,
        "SELECT id, side, expert_id, mentee_id, old_email, new_email, asked_by, asked_at, expires_at, old_confirmed_at,
             new_confirmed_at, vouched_by, vouched_at, spoken_on, ended_at, outcome
           FROM address_changes WHERE id = $1",
        id.uuid(),
    )
    .fetch_optional(conn)
    .await?;
    row.map(AddressChange::try_from).transpose()
}

/// The changes under way of these experts and mentees, of guardians as well.
pub async fn open_of(
    conn: &mut PgConnection,
    experts: &[ExpertId],
    mentees: &[MenteeId],
) -> Result<Vec<AddressChange>> {
    let experts: Vec<Uuid> = experts.iter().map(|id| id.uuid()).collect();
    let mentees: Vec<Uuid> = mentees.iter().map(|id| id.uuid()).collect();
    let rows = sqlx::query_as!(
        Row,
        "SELECT id, side, expert_id, mentee_id, old_email, new_email, asked_by, asked_at, expires_at, old_confirmed_at,
             new_confirmed_at, vouched_by, vouched_at, spoken_on, ended_at, outcome
           FROM address_changes
          WHERE (expert_id = ANY($1) OR mentee_id = ANY($2)) AND ended_at IS NULL",
        &experts,
        &mentees,
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(AddressChange::try_from).collect()
}

/// The change under way of one person's address.
pub async fn open(conn: &mut PgConnection, party: Party) -> Result<Option<AddressChange>> {
    let (expert, mentee) = columns(party);
    let row = sqlx::query_as!(
        Row,
        "SELECT id, side, expert_id, mentee_id, old_email, new_email, asked_by, asked_at, expires_at, old_confirmed_at,
             new_confirmed_at, vouched_by, vouched_at, spoken_on, ended_at, outcome
           FROM address_changes
          WHERE (expert_id = $1 OR mentee_id = $2) AND side = $3 AND ended_at IS NULL",
        expert,
        mentee,
        party.side().as_str(),
    )
    .fetch_optional(conn)
    .await?;
    row.map(AddressChange::try_from).transpose()
}

/// The last confirmed address of a person, where it was taken away and no other one took its place.
pub async fn removed(conn: &mut PgConnection, party: Party) -> Result<Option<Email>> {
    let (expert, mentee) = columns(party);
    let row = sqlx::query!(
        r#"SELECT id, old_email AS "old_email!" FROM address_changes
            WHERE (expert_id = $1 OR mentee_id = $2) AND side = $3 AND outcome = 'REMOVED' AND old_email IS NOT NULL
            ORDER BY ended_at DESC, id DESC LIMIT 1"#,
        expert,
        mentee,
        party.side().as_str(),
    )
    .fetch_optional(conn)
    .await?;
    row.map(|row| parse("address_changes", "old_email", row.id, &row.old_email))
        .transpose()
}

/// Holds the row of a person until the end of the transaction, against everybody else who changes it. Changes of
/// an address are decided under this lock alone. `false` where the person is not stored.
pub async fn lock_person(conn: &mut PgConnection, party: Party) -> Result<bool> {
    let (expert, mentee) = columns(party);
    let found = match (expert, mentee) {
        (Some(expert), _) => {
            sqlx::query_scalar!("SELECT id FROM experts WHERE id = $1 FOR UPDATE", expert)
                .fetch_optional(conn)
                .await?
        }
        (_, mentee) => {
            sqlx::query_scalar!("SELECT id FROM mentees WHERE id = $1 FOR UPDATE", mentee)
                .fetch_optional(conn)
                .await?
        }
    };
    Ok(found.is_some())
}

/// Holds the row of a person against a change of the address, until the end of the transaction; others may
/// hold it at the same time.
pub async fn hold_person(conn: &mut PgConnection, party: Party) -> Result<()> {
    let (expert, mentee) = columns(party);
    match (expert, mentee) {
        (Some(expert), _) => {
            sqlx::query_scalar!("SELECT id FROM experts WHERE id = $1 FOR SHARE", expert)
                .fetch_optional(conn)
                .await?
        }
        (_, mentee) => {
            sqlx::query_scalar!("SELECT id FROM mentees WHERE id = $1 FOR SHARE", mentee)
                .fetch_optional(conn)
                .await?
        }
    };
    Ok(())
}

/// Voids every link that was sent to a person so far.
pub async fn void_links(conn: &mut PgConnection, party: Party, now: DateTime<Utc>) -> Result<()> {
    match party {
        Party::Expert(id) => {
            sqlx::query!(
                "UPDATE experts SET links_void_before = $2 WHERE id = $1",
                id.uuid(),
                now
            )
            .execute(conn)
            .await?
        }
        Party::Mentee(id) => {
            sqlx::query!(
                "UPDATE mentees SET links_void_before = $2 WHERE id = $1",
                id.uuid(),
                now
            )
            .execute(conn)
            .await?
        }
        Party::Guardian(id) => {
            sqlx::query!(
                "UPDATE mentees SET guardian_links_void_before = $2 WHERE id = $1",
                id.uuid(),
                now
            )
            .execute(conn)
            .await?
        }
    };
    Ok(())
}

/// Writes that an end confirmed; `false` where it had, or the change is over.
pub async fn confirm(
    conn: &mut PgConnection,
    id: AddressChangeId,
    end: End,
    now: DateTime<Utc>,
) -> Result<bool> {
    let done = sqlx::query!(
        "UPDATE address_changes
            SET old_confirmed_at = CASE WHEN $2 THEN $3 ELSE old_confirmed_at END,
                new_confirmed_at = CASE WHEN $2 THEN new_confirmed_at ELSE $3 END
          WHERE id = $1 AND ended_at IS NULL
            AND CASE WHEN $2 THEN old_confirmed_at ELSE new_confirmed_at END IS NULL",
        id.uuid(),
        end == End::Old,
        now,
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Writes that somebody vouches.
pub async fn vouch(conn: &mut PgConnection, id: AddressChangeId, voucher: &Voucher) -> Result<()> {
    sqlx::query!(
        "UPDATE address_changes SET vouched_by = $2, vouched_at = $3, spoken_on = $4 WHERE id = $1",
        id.uuid(),
        voucher.by.map(UserId::uuid),
        voucher.at,
        voucher.spoken_on,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Ends a change; `false` where it was over.
pub async fn end(
    conn: &mut PgConnection,
    id: AddressChangeId,
    outcome: Outcome,
    now: DateTime<Utc>,
) -> Result<bool> {
    let done = sqlx::query!(
        "UPDATE address_changes SET ended_at = $2, outcome = $3 WHERE id = $1 AND ended_at IS NULL",
        id.uuid(),
        now,
        outcome.as_str(),
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Makes the new address of a change that was ended as confirmed at this instant the person's own, and forgets
/// those that were taken away before.
pub async fn take_effect(
    conn: &mut PgConnection,
    party: Party,
    email: &Email,
    now: DateTime<Utc>,
) -> Result<()> {
    match party {
        Party::Expert(id) => {
            sqlx::query!(
                "UPDATE experts SET email = $2, email_undeliverable = false, version = version + 1, updated_at = $3
                  WHERE id = $1",
                id.uuid(),
                email.as_str(),
                now,
            )
            .execute(&mut *conn)
            .await?
        }
        Party::Mentee(id) => {
            sqlx::query!(
                "UPDATE mentees SET email = $2, version = version + 1, updated_at = $3 WHERE id = $1",
                id.uuid(),
                email.as_str(),
                now,
            )
            .execute(&mut *conn)
            .await?
        }
        Party::Guardian(id) => {
            sqlx::query!(
                "UPDATE mentees SET guardian_email = $2, version = version + 1, updated_at = $3
                  WHERE id = $1 AND guardian_name IS NOT NULL",
                id.uuid(),
                email.as_str(),
                now,
            )
            .execute(&mut *conn)
            .await?
        }
    };
    let (expert, mentee) = columns(party);
    sqlx::query!(
        "DELETE FROM address_changes
          WHERE (expert_id = $1 OR mentee_id = $2) AND side = $3 AND outcome = 'REMOVED'",
        expert,
        mentee,
        party.side().as_str(),
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Lets a person's sign-in follow a confirmed address. An account that is the person's alone gets it, unless
/// another account has it; one with other roles, and one whose address another account has, loses the person's
/// role, so that the old mailbox does not answer for the person. Open sessions and links of it end.
pub async fn move_account(
    conn: &mut PgConnection,
    party: Party,
    email: &Email,
    now: DateTime<Utc>,
) -> Result<()> {
    // a guardian has no account
    let (expert, mentee) = match party {
        Party::Guardian(_) => return Ok(()),
        party => columns(party),
    };
    let users = sqlx::query_scalar!(
        "SELECT u.id FROM users u
          WHERE EXISTS (SELECT FROM role_grants g WHERE g.user_id = u.id AND (g.expert_id = $1 OR g.mentee_id = $2))
          ORDER BY u.id FOR UPDATE",
        expert,
        mentee,
    )
    .fetch_all(&mut *conn)
    .await?;
    sqlx::query!(
        "UPDATE sessions SET revoked_at = $2 WHERE user_id = ANY($1) AND revoked_at IS NULL",
        &users,
        now,
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        "DELETE FROM sign_in_links WHERE user_id = ANY($1) AND used_at IS NULL",
        &users
    )
    .execute(&mut *conn)
    .await?;
    let moved = sqlx::query_scalar!(
        "UPDATE users SET email = $2, version = version + 1, updated_at = $3
          WHERE id = (SELECT min(id::text)::uuid FROM unnest($1::uuid[]) AS own (id)
                       WHERE NOT EXISTS (SELECT FROM role_grants g
                           WHERE g.user_id = own.id AND g.role IN ('ADMIN', 'COORDINATOR', 'CENTER_STAFF')))
            AND NOT EXISTS (SELECT FROM users other WHERE other.email = $2)
         RETURNING id",
        &users,
        email.as_str(),
        now,
    )
    .fetch_optional(&mut *conn)
    .await?;
    sqlx::query!(
        "DELETE FROM role_grants
          WHERE user_id = ANY($1) AND (expert_id = $2 OR mentee_id = $3) AND user_id IS DISTINCT FROM $4",
        &users,
        expert,
        mentee,
        moved,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Changes that have run out, or wait for nothing but time; the sweep decides each under its lock.
pub async fn due(
    conn: &mut PgConnection,
    now: DateTime<Utc>,
    vouched_before: DateTime<Utc>,
    limit: i64,
) -> Result<Vec<AddressChangeId>> {
    let ids = sqlx::query_scalar!(
        "SELECT id FROM address_changes
          WHERE ended_at IS NULL
            AND (expires_at <= $1 OR (vouched_at <= $2 AND new_confirmed_at IS NOT NULL))
          ORDER BY expires_at, id LIMIT $3",
        now,
        vouched_before,
        limit,
    )
    .fetch_all(conn)
    .await?;
    Ok(ids.into_iter().map(AddressChangeId::from).collect())
}

/// Forgets changes that ended before an instant; an address that was taken away stays known.
pub async fn forget(conn: &mut PgConnection, before: DateTime<Utc>) -> Result<u64> {
    let done = sqlx::query!(
        "DELETE FROM address_changes WHERE ended_at < $1 AND outcome <> 'REMOVED'",
        before
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected())
}
