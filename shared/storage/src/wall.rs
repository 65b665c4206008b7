//! The second wall: what PostgreSQL's row-level security is told about who asks.
//!
//! The policies of the migrations read these settings. They are local to one transaction and set in the
//! statement that opens it, so that a pooled connection never carries an earlier caller's, and at no cost
//! of a round trip. Nothing set is nothing seen.

use std::fmt::Write;

use sqlx::{AssertSqlSafe, PgPool, PgTransaction};
use uuid::Uuid;

use crate::Result;

/// Whose rows a transaction may see and change, coarsely: an office, a centre, a person. What exactly
/// may be done to them is the policy's to say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wall {
    /// Every row: an administrator, the head office, the worker, a command on the server.
    pub everything: bool,
    /// Not known yet: what signing in and opening a link needs, and nobody's personal rows.
    pub nobody: bool,
    /// The user, for the own row, sessions and keys.
    pub user: Option<Uuid>,
    /// The rows of these offices, and of the centres that they serve.
    pub offices: Vec<Uuid>,
    /// The rows of these centres.
    pub centers: Vec<Uuid>,
    /// The rows of these experts.
    pub experts: Vec<Uuid>,
    /// The rows of these mentees.
    pub mentees: Vec<Uuid>,
}

impl Wall {
    /// No wall: for who may see every row.
    pub fn everything() -> Self {
        Self {
            everything: true,
            ..Self::default()
        }
    }

    /// The wall of somebody who is not known yet.
    pub fn nobody() -> Self {
        Self {
            nobody: true,
            ..Self::default()
        }
    }

    /// The settings as statements. They hold nothing but UUIDs and words of this file, so that there is
    /// nothing to escape; `SET LOCAL` takes no snapshot, so that the isolation level can still be chosen.
    fn settings(&self) -> String {
        let mut text = String::new();
        let mut set = |name: &str, ids: &[Uuid]| {
            if !ids.is_empty() {
                write!(text, "; SET LOCAL tandem.{name} = '{{").expect("writing to a String");
                for (position, id) in ids.iter().enumerate() {
                    let comma = if position == 0 { "" } else { "," };
                    write!(text, "{comma}{id}").expect("writing to a String");
                }
                text.push_str("}'");
            }
        };
        set("users", self.user.as_slice());
        set("offices", &self.offices);
        set("centers", &self.centers);
        set("experts", &self.experts);
        set("mentees", &self.mentees);
        if self.everything {
            text.push_str("; SET LOCAL tandem.everything = 'on'");
        }
        if self.nobody {
            text.push_str("; SET LOCAL tandem.nobody = 'on'");
        }
        text
    }
}

/// Opens a transaction behind the wall.
pub async fn begin(pool: &PgPool, wall: &Wall) -> Result<PgTransaction<'static>> {
    Ok(pool
        .begin_with(AssertSqlSafe(format!("BEGIN{}", wall.settings())))
        .await?)
}

/// Opens a transaction behind the wall that only reads. It is not committed: dropping it ends it.
pub async fn begin_reading(pool: &PgPool, wall: &Wall) -> Result<PgTransaction<'static>> {
    Ok(pool
        .begin_with(AssertSqlSafe(format!("BEGIN READ ONLY{}", wall.settings())))
        .await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_is_told_in_the_statement_that_opens_the_transaction() {
        let id = Uuid::from_u128;
        let wall = Wall {
            offices: vec![id(1), id(2)],
            experts: vec![id(3)],
            ..Wall::default()
        };
        assert_eq!(
            wall.settings(),
            "; SET LOCAL tandem.offices = '{00000000-0000-0000-0000-000000000001,\
             00000000-0000-0000-0000-000000000002}'; SET LOCAL tandem.experts = \
             '{00000000-0000-0000-0000-000000000003}'"
        );
        assert_eq!(Wall::default().settings(), "");
        assert_eq!(
            Wall::everything().settings(),
            "; SET LOCAL tandem.everything = 'on'"
        );
    }
}
