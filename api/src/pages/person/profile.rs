//! When and how an expert may be asked. Only for experts who are signed in: a link is about one match.

use axum::{extract::State, http::StatusCode, response::Response};
use chrono::NaiveDate;
use tandem_domain::experts::{CAPACITY, Pause, TRAVEL_RADIUS_KM};
use tandem_domain::ids::ExpertId;
use tandem_domain::parties::Party;
use tandem_operations::Error;
use tandem_operations::deliveries::Trigger;
use tandem_operations::experts::{self, OPTIONAL_MAILS, OwnSettings};

use super::words::Refusals;
use super::{Fields, Visit};
use crate::pages::texts::{ExpertTexts, fill};
use crate::pages::view::{Block, Field, Form, Kind, Look};
use crate::server::ApiState;

/// The settings and the time off.
pub(super) async fn get(State(state): State<ApiState>, visit: Visit) -> Response {
    match expert(&visit) {
        Ok(id) => page(&state, &visit, id, None, &Refusals::none()).await,
        Err(page) => page,
    }
}

#[expect(
    clippy::result_large_err,
    reason = "the page that is shown instead, once a request"
)]
fn expert(visit: &Visit) -> Result<ExpertId, Response> {
    match (visit.visitor.about, visit.visitor.facts.party) {
        (None, Party::Expert(id)) => Ok(id),
        _ => {
            let text = Block::Text(visit.t().closed.to_owned());
            Err(visit
                .page(visit.t().closed_title, vec![text])
                .show(StatusCode::NOT_FOUND))
        }
    }
}

/// Changes the settings.
pub(super) async fn save(State(state): State<ApiState>, visit: Visit, fields: Fields) -> Response {
    let id = match expert(&visit) {
        Ok(id) => id,
        Err(page) => return page,
    };
    let wanted = OwnSettings {
        capacity: fields.read("capacity").unwrap_or(0),
        travel_radius_km: fields.read("radius").unwrap_or(0),
        ended: OPTIONAL_MAILS
            .into_iter()
            .filter(|trigger| !fields.has(trigger.as_str()))
            .collect(),
        publicity_consent: fields.has("publicity"),
    };
    let caller = &visit.visitor.caller;
    match experts::change_own_settings(&state.app, caller, id, wanted.clone()).await {
        Ok(()) => visit.see("/profile", "saved"),
        Err(Error::Refused(errors)) => page(&state, &visit, id, Some(wanted), &errors.into()).await,
        Err(error) => visit.refused(&error),
    }
}

/// Enters time off, or ends it.
pub(super) async fn away(State(state): State<ApiState>, visit: Visit, fields: Fields) -> Response {
    let id = match expert(&visit) {
        Ok(id) => id,
        Err(page) => return page,
    };
    let (app, caller) = (&state.app, &visit.visitor.caller);
    if fields.has("back") {
        return match experts::resume(app, caller, id).await {
            // nothing to end is what was wished for
            Ok(_) | Err(Error::Refused(_)) => visit.see("/profile", "saved"),
            Err(error) => visit.refused(&error),
        };
    }
    let until = fields.read::<NaiveDate>("until");
    if until.is_none() && fields.has("until") {
        return page(&state, &visit, id, None, &Refusals::missing("until")).await;
    }
    let Some(from) = fields.read::<NaiveDate>("from") else {
        return page(&state, &visit, id, None, &Refusals::missing("from")).await;
    };
    match experts::pause(app, caller, id, from, until).await {
        Ok(_) => visit.see("/profile", "saved"),
        Err(Error::Refused(errors)) => page(&state, &visit, id, None, &errors.into()).await,
        Err(error) => visit.refused(&error),
    }
}

async fn page(
    state: &ApiState,
    visit: &Visit,
    id: ExpertId,
    typed: Option<OwnSettings>,
    refusals: &Refusals,
) -> Response {
    let (stored, pauses) = match experts::own_settings(&state.app, &visit.visitor.caller, id).await {
        Ok(found) => found,
        Err(error) => return visit.refused(&error),
    };
    let own = typed.unwrap_or(stored);
    let (t, e) = (visit.t(), visit.e());
    let mut blocks = Vec::new();
    if visit.has_done("saved") {
        blocks.push(Block::Done(t.saved.into()));
    }
    blocks.extend(refusals.alarm(t));
    blocks.push(Block::Text(e.profile_intro.into()));
    let number = |value: i64, range: std::ops::RangeInclusive<i64>| Kind::Number {
        value: value.to_string(),
        least: *range.start(),
        most: *range.end(),
    };
    let tick = |set| Kind::Tick { set };
    let settings = Form::new(visit.href("/profile"))
        .field(
            Field::new("capacity", e.profile_capacity, number(own.capacity, CAPACITY))
                .hint(e.profile_capacity_hint)
                .error(refusals.on(t, "x", "capacity")),
        )
        .field(
            Field::new(
                "radius",
                e.profile_radius,
                number(own.travel_radius_km, TRAVEL_RADIUS_KM),
            )
            .hint(e.profile_radius_hint)
            .error(refusals.on(t, "x", "travelRadiusKm")),
        );
    // each kind of mail by itself, as the link in it ends it
    let settings = OPTIONAL_MAILS
        .into_iter()
        .enumerate()
        .fold(settings, |form, (place, trigger)| {
            let wanted = !own.ended.contains(&trigger);
            let field = Field::new(trigger.as_str(), mail(e, trigger), tick(wanted));
            // what holds for all of them is said once, before the first
            form.field(if place == 0 {
                field.hint(e.profile_notify_hint)
            } else {
                field
            })
        });
    blocks.push(Block::Form(
        settings
            .field(
                Field::new("publicity", e.profile_publicity, tick(own.publicity_consent))
                    .hint(e.profile_publicity_hint),
            )
            .button(e.profile_save, Look::First),
    ));
    blocks.push(Block::Heading(e.away_title.into()));
    time_off(state, visit, &pauses, refusals, &mut blocks);
    visit.show_as(refusals, e.profile_title, blocks)
}

fn time_off(state: &ApiState, visit: &Visit, pauses: &[Pause], refusals: &Refusals, blocks: &mut Vec<Block>) {
    let (t, e, dates) = (visit.t(), visit.e(), visit.words());
    let path = visit.href("/profile/away");
    if pauses.is_empty() {
        blocks.push(Block::Text(e.away_none.into()));
    } else {
        let line = |pause: &Pause| {
            let from = dates.date(&pause.from);
            match pause.until {
                Some(until) => fill(e.away_until, &[("from", &from), ("to", &dates.date(&until))]),
                None => fill(e.away_open, &[("from", &from)]),
            }
        };
        blocks.push(Block::List(pauses.iter().map(line).collect()));
        let form = Form::new(path.clone()).sending("back", "yes", e.back_button, Look::Plain);
        blocks.push(Block::Form(form));
    }
    let from = Field::new("from", e.away_from, Kind::Day(state.app.today().to_string()))
        .required()
        .error(refusals.on(t, "", "from"));
    let until = Field::new("until", e.away_to, Kind::Day(String::new()))
        .hint(e.away_to_hint)
        .error(refusals.on(t, "x", "until"));
    blocks.push(Block::Form(
        Form::new(path)
            .field(from)
            .field(until)
            .button(e.away_button, Look::Plain),
    ));
}

/// A kind of mail in the words of the page.
fn mail(e: &ExpertTexts, trigger: Trigger) -> String {
    let kind = match trigger {
        Trigger::NoMeeting => e.notify_no_meeting,
        Trigger::CheckIn => e.notify_check_in,
        Trigger::InterviewFollowUp => e.notify_interview,
        _ => e.notify_half_year,
    };
    format!("{} {kind}", e.notify_title)
}
