//! A match as one of its people sees it: who the other one is, what is arranged, what was said, and what is
//! asked of this person now.

use chrono::NaiveDate;
use tandem_domain::agreements::unsigned;
use tandem_domain::clock::date_in_germany;
use tandem_domain::errors::UserError;
use tandem_domain::feedback::Occasion;
use tandem_domain::ids::{AgreementId, CaseId, MatchId};
use tandem_domain::matches::MatchState;
use tandem_domain::parties::{Party, Side};
use tandem_domain::policy::Action;
use tandem_storage::agreements::{self, Agreement};
use tandem_storage::cases::Case;
use tandem_storage::matches::{self, Match};
use tandem_storage::mentees::Mentee;
use tandem_storage::papers::{self, PaperRecord};
use tandem_storage::{PgConnection, cases, centers, experts, feedback, mentees};

use super::chemistry::{OwnVerdict, answer_until, own_verdict};
use super::found;
use crate::{App, Caller, Error, Result, refuse, settings};

/// Somebody to be reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonContact {
    /// The name.
    pub name: String,
    /// The e-mail address, where there is one.
    pub email: Option<String>,
    /// The telephone number; empty where there is none.
    pub phone: String,
}

/// What is asked of a person now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Task {
    /// Arrange the first meeting (expert).
    DateMeeting,
    /// Record that the first meeting took place (expert).
    RecordMeeting,
    /// Say whether the chemistry fits, until the end of a day.
    Verdict(NaiveDate),
    /// Write the agreement (expert).
    WriteAgreement,
    /// Sign a version of the agreement.
    Sign(AgreementId),
    /// Answer a short form.
    Feedback(Occasion),
    /// Write the final report (expert).
    Report,
    /// Say whether another match would be welcome.
    Another,
}

/// A match as one of its people sees it.
#[derive(Debug, Clone, PartialEq)]
pub struct Own {
    /// The match.
    pub matching: Match,
    /// Who looks at it.
    pub party: Party,
    /// The expert's name with title: for the mentee's side from the yes on, so that they see who comes.
    pub expert_name: String,
    /// The mentee's given name: never more than that before both have consented.
    pub mentee_given_name: String,
    /// Whether the mentee is under 18 today.
    pub minor: bool,
    /// The other one's contact details, once both have consented (S15): the expert's for the mentee's side,
    /// the mentee's for the expert.
    pub partner: Option<PersonContact>,
    /// The centre, which is between them until then.
    pub center: PersonContact,
    /// The centre's name.
    pub center_name: String,
    /// What this side said of the chemistry.
    pub verdict: OwnVerdict,
    /// The newest version of the agreement.
    pub agreement: Option<Agreement>,
    /// Whether this side has signed it.
    pub signed: bool,
    /// What was recorded on paper for this side, and may be contested.
    pub papers: Vec<PaperRecord>,
    /// What is asked of this person now, the most urgent first.
    pub tasks: Vec<Task>,
}

/// A match as the caller sees it who is one of its people.
///
/// # Errors
/// `NOT_FOUND` for everybody else, staff included: nobody looks at it in a person's place.
pub async fn own(app: &App, caller: &Caller, id: MatchId) -> Result<Own> {
    let mut conn = app.acquire(caller).await?;
    let matching = found(matches::get(&mut conn, id).await?, "id")?;
    caller.authorize(Action::ViewMatch, &matching.resource(), "id", "match")?;
    let Some((party, _)) = caller.as_party(&matching.resource()) else {
        return refuse(UserError::not_found("id", "match"));
    };
    view(&mut conn, app, matching, party).await
}

async fn view(conn: &mut PgConnection, app: &App, matching: Match, party: Party) -> Result<Own> {
    let gone = || Error::Fault(format!("a person of match {} is gone", matching.id));
    let expert = experts::get(conn, matching.expert).await?.ok_or_else(gone)?;
    let mentee = mentees::get(conn, matching.mentee).await?.ok_or_else(gone)?;
    let center = centers::get(conn, matching.center).await?.ok_or_else(gone)?;
    let case = cases::get(conn, matching.case).await?.ok_or_else(gone)?;
    let side = party.side();
    let minor = tandem_domain::checks::is_minor(mentee.profile.birth_date, app.today());
    let agreement = agreements::for_matches(conn, &[matching.id])
        .await?
        .into_iter()
        .next();
    let expert_name = [&expert.title, &expert.given_name, &expert.family_name]
        .into_iter()
        .filter(|word| !word.is_empty())
        .cloned()
        .collect::<Vec<_>>()
        .join(" ");
    let consented = matching.consented_at.is_some();
    let partner = consented.then(|| match side {
        Side::Expert => mentee_contact(&mentee),
        Side::Mentee | Side::Guardian => PersonContact {
            name: expert_name.clone(),
            email: Some(expert.email.to_string()),
            phone: expert.phone.clone(),
        },
    });
    let verdict = own_verdict(conn, &matching, side).await?;
    let papers = papers::of_side(conn, matching.id, side).await?;
    let tasks = tasks(conn, app, &matching, side, minor, verdict, agreement.as_ref()).await?;
    Ok(Own {
        party,
        expert_name,
        mentee_given_name: mentee.profile.given_name.clone(),
        minor,
        partner,
        center: center_contact(&case, &center.profile),
        center_name: center.profile.name.clone(),
        verdict,
        signed: agreement
            .as_ref()
            .is_some_and(|agreement| agreement.signed().contains(&side)),
        agreement,
        papers,
        tasks,
        matching,
    })
}

fn mentee_contact(mentee: &Mentee) -> PersonContact {
    PersonContact {
        name: format!("{} {}", mentee.profile.given_name, mentee.profile.family_name),
        email: mentee.profile.email.as_ref().map(ToString::to_string),
        phone: mentee.profile.phone.clone(),
    }
}

/// The named owner of the case (S32), reached at the centre.
fn center_contact(case: &Case, center: &tandem_domain::centers::CenterProfile) -> PersonContact {
    let name = if case.wishes.contact_name.is_empty() {
        &center.contact_name
    } else {
        &case.wishes.contact_name
    };
    PersonContact {
        name: name.clone(),
        email: Some(center.email.to_string()),
        phone: center.phone.clone(),
    }
}

async fn tasks(
    conn: &mut PgConnection,
    app: &App,
    matching: &Match,
    side: Side,
    minor: bool,
    verdict: OwnVerdict,
    agreement: Option<&Agreement>,
) -> Result<Vec<Task>> {
    let settings = settings::current(conn).await?;
    let expert = side == Side::Expert;
    let mut tasks = Vec::new();
    let needed = side != Side::Guardian || minor;
    match matching.state {
        MatchState::Introduced if expert => {
            let past = matching.planned.as_ref().is_some_and(|plan| plan.at <= app.now());
            if past {
                tasks.push(Task::RecordMeeting);
            }
            tasks.push(Task::DateMeeting);
        }
        MatchState::Met if verdict.open && needed => {
            let until = answer_until(matching, settings.chemistry_close_days);
            tasks.push(Task::Verdict(until.unwrap_or_else(|| app.today())));
        }
        MatchState::Met | MatchState::Active | MatchState::Paused => {
            match agreement {
                Some(agreement) if unsigned(minor, &agreement.signed()).contains(&side) => {
                    tasks.push(Task::Sign(agreement.id));
                }
                None if expert && matching.consented_at.is_some() => tasks.push(Task::WriteAgreement),
                _ => {}
            }
            if side != Side::Guardian
                && let Some(occasion) = form_due(conn, app, matching, side).await?
            {
                tasks.push(Task::Feedback(occasion));
            }
        }
        MatchState::Completed | MatchState::EndedEarly => {
            if side != Side::Guardian && form_due(conn, app, matching, side).await?.is_some() {
                tasks.push(Task::Feedback(Occasion::Final));
            }
            if expert && feedback::reports(conn, &[matching.id]).await?.is_empty() {
                tasks.push(Task::Report);
            }
            let asked = match side {
                Side::Expert => matching.another_wished.is_none(),
                Side::Mentee => matching.mentee_another_wished.is_none(),
                Side::Guardian => false,
            };
            if asked {
                tasks.push(Task::Another);
            }
        }
        _ => {}
    }
    Ok(tasks)
}

/// The form that is due for a side and not answered yet.
async fn form_due(
    conn: &mut PgConnection,
    app: &App,
    matching: &Match,
    side: Side,
) -> Result<Option<Occasion>> {
    let settings = settings::current(conn).await?;
    let Some(from) = matching.active_from else {
        return Ok(None);
    };
    let until = matching.ended_at.map_or_else(|| app.today(), date_in_germany);
    let half_year = from + chrono::Months::new(settings.half_year_feedback_months);
    let check_in = from + chrono::Days::new(u64::from(settings.check_in_weeks) * 7);
    let due = if matching.ended_at.is_some() {
        Occasion::Final
    } else if until >= half_year {
        Occasion::HalfYear
    } else if until >= check_in {
        Occasion::CheckIn
    } else {
        return Ok(None);
    };
    let given = feedback::for_matches(conn, &[matching.id]).await?;
    let answered = given
        .iter()
        .any(|given| given.side == side && given.occasion == due);
    Ok((!answered).then_some(due))
}

/// The matches of a case that its mentee or guardian sees, the newest first: what a link about a case opens.
pub async fn own_of_case(app: &App, caller: &Caller, case: CaseId) -> Result<Vec<MatchId>> {
    let mut conn = app.acquire(caller).await?;
    let mut seen = matches::for_cases(&mut conn, &[case]).await?;
    seen.retain(|matching| {
        caller.can(Action::ViewMatch, &matching.resource()) == tandem_domain::policy::Decision::Allowed
    });
    seen.reverse();
    Ok(seen.into_iter().map(|matching| matching.id).collect())
}
