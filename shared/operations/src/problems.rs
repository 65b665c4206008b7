//! "Report a problem": from mentees and guardians to centre and office, never to the expert.

use tandem_domain::errors::UserError;
use tandem_domain::ids::{CaseId, ProblemId};
use tandem_domain::parties::{About, Party};
use tandem_domain::policy::{Action, Resource};
use tandem_domain::values::optional_text;
use tandem_storage::cases::{self, Case};
pub use tandem_storage::problems::Problem;
use tandem_storage::problems::{self, NewProblem};
use tandem_storage::{PgConnection, matches};

use crate::deliveries::{NewDelivery, Recipient, Trigger, queue};
use crate::{App, Audit, Caller, Result, Who, refuse};

/// The longest description.
const LONGEST_TEXT: usize = 4000;
/// At most so many are listed.
const MOST: i64 = 200;

/// The scope facts of a case, for a link that is about one of its matches as well.
pub(crate) async fn case_resource(conn: &mut PgConnection, caller: &Caller, case: &Case) -> Result<Resource> {
    let resource = crate::cases::resource(case);
    let Who::Person(person) = &caller.who else {
        return Ok(resource);
    };
    let About::Match(id) = person.about else {
        return Ok(resource);
    };
    let matching = matches::get(conn, id).await?;
    let belongs = matching.is_some_and(|matching| matching.case == case.id);
    Ok(Resource {
        matching: belongs.then_some(id),
        ..resource
    })
}

/// A mentee or a guardian reports a problem. Centre and office get a mail that says so and not what it is.
pub async fn report_problem(app: &App, caller: &Caller, case: CaseId, text: &str) -> Result<ProblemId> {
    let mut tx = app.begin(caller).await?;
    let Some(case) = cases::get(&mut tx, case).await? else {
        return refuse(UserError::not_found("caseId", "case"));
    };
    let resource = case_resource(&mut tx, caller, &case).await?;
    caller.authorize(Action::ReportProblem, &resource, "caseId", "case")?;
    let Some((party @ (Party::Mentee(_) | Party::Guardian(_)), way)) = caller.as_party(&resource) else {
        return refuse(UserError::forbidden(
            "only mentee and guardian report a problem here",
        ));
    };
    let text =
        optional_text("text", text, LONGEST_TEXT).map_err(|error| UserError::invalid("text", error))?;
    if text.is_empty() {
        return refuse(UserError::invalid(
            "text",
            "say in a few words what the problem is",
        ));
    }
    let engaged = matches::for_cases(&mut tx, &[case.id])
        .await?
        .into_iter()
        .rfind(|matching| matching.state.reveals_expert());
    let new = NewProblem {
        id: app.id(),
        case: case.id,
        matching: engaged.as_ref().map(|matching| matching.id),
        side: party.side(),
        text: &text,
        way,
    };
    problems::insert(&mut tx, new, app.now()).await?;
    let mails = [Recipient::Center(case.center), Recipient::Office(case.office)]
        .map(|to| NewDelivery::new(Trigger::ProblemReported, new.id, to));
    queue(&mut tx, app, &mails).await?;
    let entry = Audit::new("problem.reported", new.id).about(case.mentee);
    app.audit(&mut tx, caller, &[entry]).await?;
    tx.commit().await?;
    Ok(new.id)
}

/// The problems that the caller may see, the newest first, at most 200; reading them leaves a trace.
pub async fn list(app: &App, caller: &Caller, case: Option<CaseId>, open_only: bool) -> Result<Vec<Problem>> {
    let mut tx = app.begin(caller).await?;
    let scope = caller.scope(Action::HandleProblem);
    let found = problems::list(&mut tx, &scope, case, open_only, MOST).await?;
    let trace: Vec<Audit> = found
        .iter()
        .map(|problem| Audit::new("problem.viewed", problem.id).about(problem.mentee))
        .collect();
    app.audit(&mut tx, caller, &trace).await?;
    tx.commit().await?;
    Ok(found)
}

/// Centre or office notes what was done.
///
/// # Errors
/// `CONFLICT` where it was settled before.
pub async fn settle(app: &App, caller: &Caller, id: ProblemId, note: &str) -> Result<Problem> {
    let gone = || UserError::not_found("id", "problem");
    let mut tx = app.begin(caller).await?;
    let seen = problems::get(&mut tx, id).await?.ok_or_else(gone)?;
    caller.authorize(Action::HandleProblem, &seen.resource(), "id", "problem")?;
    let note =
        optional_text("note", note, LONGEST_TEXT).map_err(|error| UserError::invalid("note", error))?;
    if !problems::settle(&mut tx, id, caller.user_id(), &note, app.now()).await? {
        return refuse(UserError::conflict("this problem was settled before"));
    }
    let entry = Audit::new("problem.settled", id).about(seen.mentee);
    app.audit(&mut tx, caller, &[entry]).await?;
    let problem = problems::get(&mut tx, id).await?.ok_or_else(gone)?;
    tx.commit().await?;
    Ok(problem)
}
