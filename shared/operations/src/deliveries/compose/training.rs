//! Mails about trainings.

use tandem_domain::experts::ExpertState;
use tandem_domain::ids::{AttendanceId, ExpertId};
use tandem_domain::training::AttendanceState;
use tandem_mail::mails::{
    SeatLapsedMail, SeatOfferedMail, SessionFacts, TrainingBookedMail, TrainingCancelledMail,
    TrainingChangedMail, TrainingInvitedMail,
};
use tandem_mail::{Attachment, Mail, MailAddress, message::AttachmentKind};
use tandem_storage::PgConnection;
use tandem_storage::deliveries::{self, Delivery, SeatFacts};

use super::{Letter, Verdict, Writing, addressee, language, seat_url, suppress};
use crate::Result;
use crate::deliveries::Trigger;
use crate::training::invitation;

/// Why a mail is not sent any more; none where it is.
fn obstacle(
    trigger: Trigger,
    delivery: &Delivery,
    facts: &SeatFacts,
    now: chrono::DateTime<chrono::Utc>,
) -> Option<String> {
    let wanted = match trigger {
        Trigger::TrainingInvited => facts.state == AttendanceState::Invited,
        // an earlier booking was given back meanwhile, and a later one has a mail of its own
        Trigger::TrainingBooked => facts.state == AttendanceState::Booked && facts.bookings == delivery.step,
        Trigger::TrainingChanged => facts.state == AttendanceState::Booked,
        Trigger::SeatOffered => {
            facts.state == AttendanceState::Offered && facts.offered_until.is_some_and(|until| until > now)
        }
        Trigger::SeatLapsed => facts.state == AttendanceState::Lapsed && facts.offers == delivery.step,
        _ => facts.cancelled && facts.state == AttendanceState::Cancelled,
    };
    if !wanted {
        return Some(format!("the seat is {} meanwhile", facts.state));
    }
    if facts.cancelled && trigger != Trigger::TrainingCancelled {
        return Some("the session is cancelled".into());
    }
    (facts.starts_at <= now).then(|| "the session has begun".into())
}

pub(super) async fn compose(
    conn: &mut PgConnection,
    writing: &Writing<'_>,
    trigger: Trigger,
) -> Result<Verdict<Letter>> {
    let Writing { app, delivery, .. } = *writing;
    let id = AttendanceId::from(delivery.subject_id);
    let Some(facts) = deliveries::seat_facts(conn, id).await? else {
        return Ok(suppress("the seat does not exist any more"));
    };
    if let Some(reason) = obstacle(trigger, delivery, &facts, app.now()) {
        return Ok(Verdict::Suppress(reason));
    }
    let reader = deliveries::expert_contact(conn, ExpertId::from(delivery.recipient_id)).await?;
    let Some((reader, _)) = reader.filter(|(reader, _)| reader.state != ExpertState::Left) else {
        return Ok(suppress("the expert has left the programme"));
    };
    let letterhead = writing.letterhead(&facts.contact)?;
    let expert = addressee(&reader);
    let url = seat_url(app, delivery.id)?;
    let has_seat = matches!(trigger, Trigger::TrainingBooked | Trigger::TrainingChanged);
    let session = SessionFacts {
        title: facts.title.clone(),
        starts_at: facts.starts_at,
        ends_at: facts.ends_at,
        place: facts.place.clone(),
        video_link: if has_seat {
            facts.video_link.clone()
        } else {
            String::new()
        },
    };
    let language = language(&reader.language);
    let to = MailAddress {
        name: Some(expert.full_name()),
        address: reader.email.clone(),
    };
    macro_rules! mail {
        ($name:ident $(, $field:ident)*) => {
            $name { letterhead, expert, session, url $(, $field)* }.render(language)
        };
    }
    let mail = match trigger {
        Trigger::TrainingInvited => mail!(TrainingInvitedMail),
        Trigger::TrainingBooked => mail!(TrainingBookedMail),
        Trigger::TrainingChanged => mail!(TrainingChangedMail),
        Trigger::SeatOffered => {
            let until = facts.offered_until.unwrap_or(facts.starts_at);
            mail!(SeatOfferedMail, until)
        }
        Trigger::SeatLapsed => mail!(SeatLapsedMail),
        _ => mail!(TrainingCancelledMail),
    };
    let letter = Verdict::send(to, &facts.contact, mail);
    let kind = match trigger {
        Trigger::TrainingBooked | Trigger::TrainingChanged => AttachmentKind::Calendar,
        // who was never booked has nothing in the calendar to take back
        Trigger::TrainingCancelled if facts.bookings > 0 => AttachmentKind::CalendarCancelled,
        _ => return Ok(letter),
    };
    Ok(letter.attach(Attachment {
        name: "Schulung.ics".into(),
        kind,
        bytes: invitation(app, id, &facts).ics().into_bytes(),
    }))
}
