//! Consent to publicity (S54): separate from everything else, off until the person gives it, and taken back
//! as easily.

use tandem_domain::errors::UserError;
use tandem_domain::parties::{About, Party};
use tandem_domain::policy::{Action, Grant};
use tandem_storage::{cases, experts, matches, mentees};

use crate::problems::case_resource;
use crate::{App, Audit, Caller, Result, Who, addresses, refuse};

/// A person consents to portraits and names being published, or takes that back. For a mentee under 18 both
/// the own and the guardian's consent are needed; each gives its own.
pub async fn consent_to_publicity(app: &App, caller: &Caller, about: About, consent: bool) -> Result<()> {
    let mut tx = app.begin(caller).await?;
    let resource = match about {
        About::Match(id) => matches::get(&mut tx, id)
            .await?
            .map(|matching| matching.resource()),
        About::Case(id) => match cases::get(&mut tx, id).await? {
            Some(case) => Some(case_resource(&mut tx, caller, &case).await?),
            None => None,
        },
        About::Seat(_) | About::Address(_) => None,
    };
    let Some(resource) = resource else {
        return refuse(UserError::not_found("id", "match or case"));
    };
    caller.authorize(Action::ConsentToPublicity, &resource, "id", "match or case")?;
    let Some((party, way)) = caller.as_party(&resource) else {
        return refuse(UserError::forbidden("only the person itself consents"));
    };
    addresses::may_answer(&mut tx, app, caller, Action::ConsentToPublicity, &resource).await?;
    let at = consent.then(|| app.now());
    let entry = match party {
        Party::Expert(id) => {
            experts::set_publicity_consent(&mut tx, id, consent, app.now()).await?;
            Audit::new("expert.publicity", id).about(id)
        }
        Party::Mentee(id) => {
            mentees::set_publicity_consent(&mut tx, id, at, app.now()).await?;
            Audit::new("mentee.publicity", id).about(id)
        }
        Party::Guardian(id) => {
            mentees::set_guardian_publicity_consent(&mut tx, id, at, app.now()).await?;
            Audit::new("mentee.guardian_publicity", id).about(id)
        }
    };
    let entry = entry.detail(serde_json::json!({ "consent": consent, "way": way }));
    app.audit(&mut tx, caller, &[entry]).await?;
    tx.commit().await?;
    Ok(())
}

/// Whether a mentee or a guardian has consented, for the own page.
///
/// # Errors
/// `NOT_FOUND` for everybody else.
pub async fn given(app: &App, caller: &Caller, party: Party) -> Result<bool> {
    let missing = || UserError::not_found("id", "consent");
    let mentee = match party {
        Party::Mentee(id) | Party::Guardian(id) => id,
        Party::Expert(_) => return refuse(missing()),
    };
    let own = match &caller.who {
        Who::Person(person) => person.party == party,
        Who::User(actor) => party == Party::Mentee(mentee) && actor.grants.contains(&Grant::Mentee(mentee)),
        Who::Nobody | Who::System => false,
    };
    if !own {
        return refuse(missing());
    }
    let mut conn = app.acquire(caller).await?;
    let (own, guardian) = mentees::publicity_consents(&mut conn, mentee).await?;
    Ok(if party == Party::Mentee(mentee) {
        own
    } else {
        guardian
    })
}
