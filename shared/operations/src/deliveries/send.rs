//! Sending: the worker's side of a delivery.

use tandem_domain::ids::{DeliveryId, ExpertId, MatchId};
use tandem_domain::values::Email;
use tandem_mail::{Envelope, MailAddress, SendError, SmtpMailer, message_with};
use tandem_storage::PgConnection;
use tandem_storage::deliveries::{self, Delivery, RecipientKind, State};
use url::Url;

use super::compose::{Letter, Verdict, Writing, compose};
use super::{NewDelivery, Recipient, Trigger, queue};
use crate::jobs::{JobContext, JobError};
use crate::{App, Audit, Caller, Result, settings};

/// The mail server, and the address from which the programme writes; cheap to clone.
#[derive(Debug, Clone)]
pub struct Sender {
    smtp: SmtpMailer,
    from: Email,
}

impl Sender {
    /// Mails leave through `smtp`; bounces go to `from`, whose domain is also that of the Message-IDs.
    pub fn new(smtp: SmtpMailer, from: Email) -> Self {
        Self { smtp, from }
    }

    /// Derived from the delivery's id, so that a resend after a crash is the same message.
    fn message_id(&self, delivery: DeliveryId) -> String {
        let (_, domain) = self
            .from
            .as_str()
            .rsplit_once('@')
            .expect("an e-mail address has a domain");
        format!("{delivery}@{domain}")
    }
}

/// A letter with what only its headers show.
struct Outgoing {
    letter: Letter,
    from_name: String,
    list_unsubscribe: Option<Url>,
}

/// How an attempt ended.
enum Ending {
    Sent,
    Suppressed(String),
    /// It may succeed later.
    Later(String),
    /// It cannot be delivered; whether it is the recipient's address that was refused.
    Failed {
        reason: String,
        address_refused: bool,
    },
}

/// Sends one delivery: claims it, asks its trigger's condition again, renders it, hands it over and
/// writes how that ended.
///
/// A delivery that is finished already is left alone. After a crash between the mail server's reply and
/// our commit the same message is sent again, with the same Message-ID, date and links. Where attempts
/// run out, the delivery fails, and the office hears of it.
///
/// # Errors
/// [`JobError::Retry`] where a later attempt may succeed.
pub async fn send(
    app: &App,
    sender: &Sender,
    id: DeliveryId,
    ctx: &JobContext,
) -> std::result::Result<(), JobError> {
    let Some((delivery, verdict)) = prepare(app, sender, id).await? else {
        return Ok(());
    };
    let ending = match verdict {
        Verdict::Suppress(reason) => Ending::Suppressed(reason),
        Verdict::Wait(reason) => Ending::Later(reason),
        Verdict::Send(outgoing) => {
            tokio::select! {
                ending = hand_over(sender, &delivery, outgoing) => ending,
                // another attempt may have begun: it sends the same message
                () = ctx.until_lost() => return Err(JobError::Retry("the lease was lost".into())),
            }
        }
    };
    let ending = match ending {
        Ending::Later(reason) if ctx.attempt >= ctx.max_attempts => Ending::Failed {
            reason: format!("given up after {} attempts: {reason}", ctx.attempt),
            address_refused: false,
        },
        ending => ending,
    };
    write(app, &delivery, &ending).await?;
    match ending {
        Ending::Later(reason) => Err(JobError::Retry(reason)),
        _ => Ok(()),
    }
}

/// Claims the delivery and decides what is to be done with it.
async fn prepare(
    app: &App,
    sender: &Sender,
    id: DeliveryId,
) -> Result<Option<(Delivery, Verdict<Outgoing>)>> {
    let mut tx = app.begin(&Caller::system()).await?;
    let Some(delivery) = deliveries::claim(&mut tx, id, app.now()).await? else {
        return Ok(None);
    };
    let settings = settings::current(&mut tx).await?;
    let programme = settings.programme_name.clone();
    let writing = Writing {
        app,
        settings: &settings,
        delivery: &delivery,
        from: sender.from.as_str(),
    };
    let list_unsubscribe = writing.unsubscribe_url()?;
    let verdict = compose(&mut tx, &writing).await?.map(|letter| Outgoing {
        letter,
        from_name: programme,
        list_unsubscribe,
    });
    tx.commit().await?;
    Ok(Some((delivery, verdict)))
}

async fn hand_over(sender: &Sender, delivery: &Delivery, outgoing: Outgoing) -> Ending {
    let Outgoing {
        letter,
        from_name,
        list_unsubscribe,
    } = outgoing;
    let envelope = Envelope {
        from: MailAddress {
            name: Some(from_name),
            address: sender.from.to_string(),
        },
        reply_to: letter.reply_to,
        to: letter.to,
        message_id: sender.message_id(delivery.id),
        date: delivery.sending_at.unwrap_or(delivery.created_at),
        auto_submitted: true,
        list_unsubscribe,
    };
    let message = match message_with(&letter.mail, &envelope, &letter.attachments) {
        Ok(message) => message,
        Err(error) => {
            return Ending::Failed {
                reason: error.to_string(),
                address_refused: matches!(error, tandem_mail::MessageError::Address { field: "to" }),
            };
        }
    };
    match sender.smtp.send(&message).await {
        Ok(()) => Ending::Sent,
        Err(SendError::Transient { message, .. }) => Ending::Later(message),
        Err(SendError::Permanent { code, message }) => Ending::Failed {
            reason: message,
            // RFC 5321: no such mailbox, not here, name not allowed; the domain takes no mail
            address_refused: matches!(code, Some(550 | 551 | 553 | 556)),
        },
    }
}

/// Writes how an attempt ended, and what follows from it, in one transaction.
async fn write(app: &App, delivery: &Delivery, ending: &Ending) -> Result<()> {
    let mut tx = app.begin(&Caller::system()).await?;
    let now = app.now();
    let (state, reason) = match ending {
        Ending::Sent => (State::Sent, None),
        Ending::Suppressed(reason) => (State::Suppressed, Some(reason.as_str())),
        Ending::Later(reason) => (State::Queued, Some(reason.as_str())),
        Ending::Failed { reason, .. } => (State::Failed, Some(reason.as_str())),
    };
    if !deliveries::finish(&mut tx, delivery.id, delivery.attempts, state, reason, now).await? {
        tracing::warn!(delivery = %delivery.id, "another attempt has taken this e-mail over");
        return Ok(());
    }
    let trigger = Trigger::of(delivery)?;
    match ending {
        Ending::Sent if trigger == Trigger::Approach => {
            deliveries::mark_approach_sent(&mut tx, delivery.subject_id.into(), now).await?;
        }
        Ending::Failed { address_refused, .. } => {
            undeliverable(&mut tx, app, delivery, trigger, *address_refused).await?;
        }
        _ => {}
    }
    tx.commit().await?;
    Ok(())
}

/// A mail that cannot be delivered is no silence: the match and the address are marked, and the offices
/// that are concerned are told.
async fn undeliverable(
    conn: &mut PgConnection,
    app: &App,
    delivery: &Delivery,
    trigger: Trigger,
    address_refused: bool,
) -> Result<()> {
    let mut trail = Vec::new();
    if trigger == Trigger::Approach {
        let matching = MatchId::from(delivery.subject_id);
        let offices = deliveries::mark_approach_undeliverable(conn, matching).await?;
        let notices: Vec<NewDelivery> = offices
            .into_iter()
            .map(|office| {
                NewDelivery::new(
                    Trigger::ApproachUndeliverable,
                    // a repetition that fails too is news again
                    delivery.id,
                    Recipient::Office(office),
                )
            })
            .collect();
        queue(conn, app, &notices).await?;
        trail.push(Audit::new("match.undeliverable", matching).about(ExpertId::from(delivery.recipient_id)));
    }
    if address_refused && delivery.recipient_kind == RecipientKind::Expert {
        let expert = ExpertId::from(delivery.recipient_id);
        deliveries::mark_address_undeliverable(conn, expert).await?;
        trail.push(Audit::new("expert.email_undeliverable", expert).about(expert));
    }
    app.audit(conn, &Caller::system(), &trail).await
}
