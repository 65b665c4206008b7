//! A warning before somebody is registered twice (S55: names are spelt in two ways, umlauts).

use tandem_domain::experts::ExpertProfile;
use tandem_domain::policy::{Action, Decision, Resource};
use tandem_domain::text::names_alike;
use tandem_storage::PgConnection;
use tandem_storage::experts::{self, Expert};

use crate::{Caller, Result};

/// An expert who may be the same person.
#[derive(Debug, Clone, PartialEq)]
pub struct Duplicate {
    /// Who is there already.
    pub expert: Expert,
    /// Why, in words that show no value of a field.
    pub reason: &'static str,
}

/// Experts who may be the same person as a new one: alike in name, and the same birth date or e-mail address.
/// Only those whom the caller may see.
pub(super) async fn of(
    conn: &mut PgConnection,
    caller: &Caller,
    profile: &ExpertProfile,
) -> Result<Vec<Duplicate>> {
    let ids = experts::perhaps_the_same(conn, profile.birth_date, &profile.email).await?;
    let mut duplicates = Vec::new();
    for expert in experts::by_ids(conn, &ids).await? {
        let resource = Resource::expert(expert.id, expert.office_id);
        let same_email = expert.email == profile.email;
        let known = format!("{} {}", expert.given_name, expert.family_name);
        if caller.can(Action::ViewExpert, &resource) != Decision::Allowed
            || !names_alike(&known, &profile.full_name())
        {
            continue;
        }
        let reason = if same_email {
            "a similar name and the same e-mail address"
        } else {
            "a similar name and the same birth date"
        };
        duplicates.push(Duplicate { expert, reason });
    }
    duplicates.sort_by_key(|duplicate| duplicate.expert.id);
    Ok(duplicates)
}
