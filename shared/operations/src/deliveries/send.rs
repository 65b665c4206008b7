//! Sending: the worker's side of a delivery.

use chrono::{DateTime, TimeDelta, Utc};
use sha2::{Digest, Sha256};
use tandem_domain::ids::{DeliveryId, ExpertId, MatchId};
use tandem_domain::settings::Settings;
use tandem_domain::values::Email;
use tandem_mail::{Envelope, MailAddress, SendError, SmtpMailer, message_with};
use tandem_storage::PgConnection;
use tandem_storage::deliveries::{self, Delivery, RecipientKind, State};
use url::Url;

use super::compose::{Letter, Verdict, Writing, compose, staff_language};
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

/// What is to be done with a claimed delivery.
enum Todo {
    Send(Box<Outgoing>),
    End(Ending),
}

/// How an attempt ended.
enum Ending {
    Sent,
    Suppressed(String),
    /// It may succeed later.
    Later(String),
    /// It is not its time yet; whether no attempt has handed it over before.
    Postponed {
        until: DateTime<Utc>,
        reason: &'static str,
        untouched: bool,
    },
    /// It cannot be delivered; whether it is the recipient's address that was refused just now.
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
    let Some((delivery, todo)) = prepare(app, sender, id).await? else {
        return Ok(());
    };
    let mut address = None;
    let ending = match todo {
        Todo::End(ending) => ending,
        Todo::Send(outgoing) => {
            address = Some(hash(&outgoing.letter.to.address));
            tokio::select! {
                ending = hand_over(sender, &delivery, *outgoing) => ending,
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
    write(app, &delivery, &ending, address.as_deref()).await?;
    match ending {
        Ending::Later(reason) => Err(JobError::Retry(reason)),
        Ending::Postponed { until, reason, .. } => Err(JobError::Postpone(until, reason.to_owned())),
        _ => Ok(()),
    }
}

/// Claims the delivery and decides what is to be done with it.
async fn prepare(app: &App, sender: &Sender, id: DeliveryId) -> Result<Option<(Delivery, Todo)>> {
    let mut tx = app.begin(&Caller::system()).await?;
    let now = app.now();
    let Some(delivery) = deliveries::claim(&mut tx, id, now).await? else {
        return Ok(None);
    };
    let todo = decide(app, sender, &mut tx, &delivery, now).await?;
    tx.commit().await?;
    Ok(Some((delivery, todo)))
}

/// Asks everything that can keep a mail from being sent at this moment.
async fn decide(
    app: &App,
    sender: &Sender,
    conn: &mut PgConnection,
    delivery: &Delivery,
    now: DateTime<Utc>,
) -> Result<Todo> {
    let settings = settings::current(conn).await?;
    let trigger = Trigger::of(delivery)?;
    let postpone = |until, reason| {
        Todo::End(Ending::Postponed {
            until,
            reason,
            // the claim has just given it its date
            untouched: delivery.sending_at == Some(now),
        })
    };
    let awake = settings.awake(now);
    if trigger.reminder().is_some() && awake > now {
        return Ok(postpone(awake, "nobody is mailed at night"));
    }
    let recipient = (delivery.recipient_kind, delivery.recipient_id);
    if !trigger.is_essential() && deliveries::has_ended(conn, recipient, trigger.as_str()).await? {
        let reason = "the recipient has ended mails of this kind".to_owned();
        return Ok(Todo::End(Ending::Suppressed(reason)));
    }
    let writing = Writing {
        app,
        settings: &settings,
        delivery,
        from: sender.from.as_str(),
        staff_language: staff_language(conn, delivery).await?,
    };
    let letter = match compose(conn, &writing).await? {
        Verdict::Send(letter) => letter,
        Verdict::Suppress(reason) => return Ok(Todo::End(Ending::Suppressed(reason))),
        Verdict::Wait(reason) => return Ok(Todo::End(Ending::Later(reason))),
    };
    // who sends a mail again by hand knows why
    if !is_by_hand(delivery)
        && let Some(reason) = deliveries::is_suppressed(conn, &hash(&letter.to.address)).await?
    {
        return Ok(Todo::End(Ending::Failed {
            reason: format!("nothing is sent to this address any more: {reason}"),
            address_refused: false,
        }));
    }
    let slot = match delivery.slot_at {
        Some(slot) => slot,
        None => reserve(conn, &settings, delivery, &letter.to.address, now).await?,
    };
    if slot > now {
        return Ok(postpone(slot, "others are mailed at this domain first"));
    }
    Ok(Todo::Send(Box::new(Outgoing {
        letter,
        list_unsubscribe: writing.unsubscribe_url()?,
        from_name: settings.programme_name,
    })))
}

/// The delivery's turn at its mail domain. A minute's worth may leave together.
async fn reserve(
    conn: &mut PgConnection,
    settings: &Settings,
    delivery: &Delivery,
    address: &str,
    now: DateTime<Utc>,
) -> Result<DateTime<Utc>> {
    let domain = address
        .rsplit_once('@')
        .map_or("", |(_, domain)| domain)
        .to_lowercase();
    let pace = settings.mails_per_minute_and_domain.max(1);
    let interval = TimeDelta::microseconds(60_000_000 / i64::from(pace));
    Ok(deliveries::reserve_slot(conn, delivery.id, &domain, interval, pace as i32, now).await?)
}

/// An address as the list of those that take no mail knows it.
fn hash(address: &str) -> Vec<u8> {
    Sha256::digest(address.trim().to_lowercase().as_bytes()).to_vec()
}

fn is_by_hand(delivery: &Delivery) -> bool {
    delivery.key.contains(":again:")
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

/// Writes how an attempt ended, and what follows from it, in one transaction. `address` is the hash of
/// the one to which the mail was handed over.
async fn write(app: &App, delivery: &Delivery, ending: &Ending, address: Option<&[u8]>) -> Result<()> {
    let mut tx = app.begin(&Caller::system()).await?;
    let now = app.now();
    let (state, reason) = match ending {
        Ending::Sent => (State::Sent, None),
        Ending::Suppressed(reason) => (State::Suppressed, Some(reason.as_str())),
        Ending::Later(reason) => (State::Queued, Some(reason.as_str())),
        Ending::Postponed { reason, .. } => (State::Queued, Some(*reason)),
        Ending::Failed { reason, .. } => (State::Failed, Some(reason.as_str())),
    };
    let keeps_turn = !matches!(ending, Ending::Later(_));
    let forgets_date = matches!(ending, Ending::Postponed { untouched: true, .. });
    if !deliveries::finish(
        &mut tx,
        delivery.id,
        delivery.attempts,
        state,
        reason,
        keeps_turn,
        forgets_date,
        now,
    )
    .await?
    {
        tracing::warn!(delivery = %delivery.id, "another attempt has taken this e-mail over");
        return Ok(());
    }
    let trigger = Trigger::of(delivery)?;
    match ending {
        Ending::Sent => {
            if trigger == Trigger::Approach {
                deliveries::mark_approach_sent(&mut tx, delivery.subject_id.into(), now).await?;
            }
            if let Some(address) = address
                && is_by_hand(delivery)
            {
                deliveries::forget_suppressed(&mut tx, address).await?;
            }
        }
        Ending::Failed {
            address_refused,
            reason,
        } => {
            // of several mails that are refused at the same moment one is told
            let news = match address {
                Some(address) if *address_refused => {
                    deliveries::suppress_address(&mut tx, address, delivery.id, reason, now).await?
                }
                _ => false,
            };
            undeliverable(&mut tx, app, delivery, trigger, *address_refused, news).await?;
        }
        _ => {}
    }
    tx.commit().await?;
    Ok(())
}

/// A mail that cannot be delivered is no silence: the match and the address are marked, and the offices
/// that are concerned are told: of each address once (`news`).
async fn undeliverable(
    conn: &mut PgConnection,
    app: &App,
    delivery: &Delivery,
    trigger: Trigger,
    address_refused: bool,
    news: bool,
) -> Result<()> {
    let mut trail = Vec::new();
    let is_notice = matches!(
        trigger,
        Trigger::ApproachUndeliverable | Trigger::MailUndeliverable | Trigger::SignIn
    );
    if trigger != Trigger::Approach && news && !is_notice {
        // an office cannot be told of its own address
        let office = match delivery.recipient_kind {
            RecipientKind::Office | RecipientKind::User => None,
            _ => deliveries::find(conn, delivery.id)
                .await?
                .and_then(|(_, office)| office),
        };
        if let Some(office) = office {
            let notice = NewDelivery::new(Trigger::MailUndeliverable, delivery.id, Recipient::Office(office));
            queue(conn, app, &[notice]).await?;
        }
    }
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
    if address_refused && delivery.recipient_kind == RecipientKind::Expert && !trigger.is_about_an_address() {
        let expert = ExpertId::from(delivery.recipient_id);
        deliveries::mark_address_undeliverable(conn, expert).await?;
        trail.push(Audit::new("expert.email_undeliverable", expert).about(expert));
    }
    app.audit(conn, &Caller::system(), &trail).await
}
