//! The e-mails to people: what was sent, what failed, and why.

use std::collections::HashMap;

use async_graphql::{Context, Enum, ID, InputObject, Object, dataloader::Loader};
use chrono::{DateTime, Utc};
use tandem_domain::ids::{DeliveryId, ExpertId, Id, MatchId, UserId};
use tandem_operations::deliveries::{self, Delivery, DeliveryFilter, RecipientKind};
use uuid::Uuid;

use super::{
    app, caller,
    connection::{Connection, connection, cost, page, wants_total},
    ids,
    loaders::{LoadError, Loaders, loader},
    payload::{payload, settle},
};

/// Where an e-mail stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "tandem_operations::deliveries::State")]
pub enum EmailState {
    /// It waits for a worker, or for its next attempt.
    Queued,
    /// It is being handed to the mail server.
    Sending,
    /// The mail server has taken responsibility for it.
    Sent,
    /// It cannot be delivered; `reason` says why.
    Failed,
    /// It was no longer to be sent; `reason` says why.
    Suppressed,
}

/// Why an e-mail is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "tandem_operations::deliveries::Trigger")]
pub enum EmailTrigger {
    /// A link that signs somebody in.
    SignIn,
    /// Asks an expert.
    Approach,
    /// Brings a question to mind that was not answered.
    ApproachReminder,
    /// Takes an open question back, neutrally.
    ApproachWithdrawn,
    /// Another expert said yes first.
    Superseded,
    /// Confirms a yes.
    AnswerYes,
    /// Confirms a no.
    AnswerNo,
    /// Tells an office that an approach cannot be delivered.
    ApproachUndeliverable,
    /// Sends an expert the letter for the authority.
    CheckRequested,
    /// Tells an office of matches that go on without a valid check.
    CheckGap,
    /// Invites an expert to a training.
    TrainingInvited,
    /// Confirms a seat in a training.
    TrainingBooked,
    /// Tells who is booked that time or place are others now.
    TrainingChanged,
    /// Tells who had a part in a session that it does not take place.
    TrainingCancelled,
    /// Offers a seat that became free.
    SeatOffered,
    /// Tells that the offered seat went to the next.
    SeatLapsed,
    /// Tells an office that another mail cannot be delivered; the subject is the delivery that failed.
    MailUndeliverable,

    /// No first meeting is dated, to centre and expert; the subject is the match.
    MeetingUndated,
    /// One side has not answered after the first meeting, to that side; the subject is the match.
    ChemistrySilent,
    /// Check or training are missing after a yes; the subject is the match.
    ReadinessMissing,
    /// A check ends, to the expert; the subject is the check.
    CheckExpiry,
    /// A check ends, to the office; the subject is the check.
    CheckExpiryOffice,
    /// A training session, to who is booked; the subject is the attendance.
    TrainingSession,
    /// A case still searches, to office and centre; the subject is the case.
    CaseSearching,
    /// No meeting was logged, to the expert; the subject is the match.
    NoMeeting,
    /// No meeting was logged, to the centre; the subject is the match.
    NoMeetingCenter,
    /// How does it go, to both; the subject is the match.
    CheckIn,
    /// An interview is to be followed up; the subject is the milestone.
    InterviewFollowUp,
    /// Feedback at half-time, to both; the subject is the match.
    HalfYearFeedback,
    /// The agreement ends, to both and the centre; the subject is the match.
    AgreementEnding,
    /// The final report; the subject is the match.
    FinalReport,
    /// The outcome is to be confirmed, to the centre; the subject is the case.
    OutcomeConfirmation,
    /// A mentee comes of age, to the centre; the subject is the case.
    Turns18,
    /// Data are about to be erased, to the administrators; the subject is the programme.
    ErasureDue,
    /// The coordinators' digest; the subject is the office.
    WeeklyDigest,
    /// Introduces centre and expert to each other.
    Introduced,
    /// Tells everybody who comes of the first meeting.
    MeetingDated,
    /// Asks a side whether the chemistry fits.
    ChemistryQuestion,
    /// Both have said yes.
    ChemistryAgreed,
    /// It does not become a tandem.
    MatchNotFormed,
    /// Asks a side to sign the agreement.
    AgreementToSign,
    /// Everybody has signed the agreement.
    AgreementInForce,
    /// Tells a person what was recorded on paper.
    PaperNotice,
    /// Tells centre and office that a person says a record is not right.
    PaperContested,
    /// The match begins.
    MatchActive,
    /// The match is interrupted.
    MatchPaused,
    /// The match goes on.
    MatchResumed,
    /// The match has ended.
    MatchEnded,
    /// Thanks the expert at the end.
    ThankYou,
    /// Tells a person which consent was recorded from paper.
    ConsentNotice,
    /// Tells centre and office that a person says such a consent is not right.
    ConsentContested,
    /// Tells the offices that an expert says an answer by telephone is not right.
    AnswerContested,
    /// Tells centre and office that a problem was reported.
    ProblemReported,
    /// A new link in place of an old one.
    NewLink,
    /// Asks at the old address whether a changed address is right.
    AddressOld,
    /// Asks at the new address whether the person reads there.
    AddressNew,
    /// Tells the old address that the office has vouched for the change.
    AddressVouched,
    /// Tells the new address that it counts now.
    AddressChanged,
    /// Tells the old address that it is used no more.
    AddressLeft,
    /// Tells an address that it was taken away.
    AddressRemoved,
    /// Tells office and centre that a changed address has come to nothing.
    AddressUnsettled,
}

/// What kind of recipient an e-mail has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "tandem_operations::deliveries::RecipientKind")]
pub enum EmailRecipientKind {
    /// Somebody who can sign in.
    User,
    /// An expert.
    Expert,
    /// A mentee.
    Mentee,
    /// The guardian of a mentee.
    Guardian,
    /// A service centre's shared mailbox.
    Center,
    /// A regional office.
    Office,
}

/// One e-mail. Its text is not kept; it is written anew from what is known when it is sent.
#[derive(Debug, Clone)]
pub struct EmailDelivery(pub Delivery);

impl From<Delivery> for EmailDelivery {
    fn from(delivery: Delivery) -> Self {
        Self(delivery)
    }
}

impl EmailDelivery {
    /// The e-mail, through the request's loader.
    pub async fn load(ctx: &Context<'_>, id: DeliveryId) -> async_graphql::Result<Option<Self>> {
        Ok(loader(ctx)?.load_one(id).await?.map(Self))
    }
}

impl Loader<DeliveryId> for Loaders {
    type Value = Delivery;
    type Error = LoadError;

    async fn load(&self, keys: &[DeliveryId]) -> Result<HashMap<DeliveryId, Delivery>, LoadError> {
        let mails = deliveries::by_ids(&self.app, &self.caller, keys).await?;
        Ok(mails.into_iter().map(|mail| (mail.id, mail)).collect())
    }
}

/// One e-mail. Its text is not kept; it is written anew from what is known when it is sent.
#[Object]
impl EmailDelivery {
    /// The global id.
    pub(crate) async fn id(&self) -> ID {
        ids::global(self.0.id)
    }

    /// Why it is sent.
    async fn trigger(&self) -> async_graphql::Result<EmailTrigger> {
        let trigger: deliveries::Trigger =
            tandem_storage::parse("email_deliveries", "trigger", self.0.id, &self.0.trigger)
                .map_err(tandem_operations::Error::from)?;
        Ok(trigger.into())
    }

    /// Which one of several about the same subject: 0 is the first, then come reminders.
    async fn step(&self) -> i32 {
        self.0.step.into()
    }

    /// The global id of what it is about, for instance of a match.
    async fn subject_id(&self) -> ID {
        ids::of_kind(&self.0.subject_kind, self.0.subject_id)
    }

    /// What kind of recipient it has.
    async fn recipient_kind(&self) -> EmailRecipientKind {
        self.0.recipient_kind.into()
    }

    /// The global id of the recipient; of a guardian, that of the mentee.
    async fn recipient_id(&self) -> ID {
        let kind = match self.0.recipient_kind {
            RecipientKind::User => UserId::KIND,
            RecipientKind::Expert => ExpertId::KIND,
            RecipientKind::Mentee | RecipientKind::Guardian => tandem_domain::ids::MenteeId::KIND,
            RecipientKind::Center => tandem_domain::ids::CenterId::KIND,
            RecipientKind::Office => tandem_domain::ids::OfficeId::KIND,
        };
        ids::of_kind(kind, self.0.recipient_id)
    }

    /// Where it stands.
    async fn state(&self) -> EmailState {
        self.0.state.into()
    }

    /// Why it failed or was not sent; of a waiting one, why the last attempt did not succeed.
    async fn reason(&self) -> Option<&str> {
        self.0.reason.as_deref()
    }

    /// Attempts begun so far.
    async fn attempts(&self) -> i32 {
        self.0.attempts
    }

    /// When it was promised.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }

    /// When the mail server took it.
    async fn sent_at(&self) -> Option<DateTime<Utc>> {
        self.0.sent_at
    }
}

/// Narrows the list of e-mails.
#[derive(Debug, Default, InputObject)]
pub struct EmailFilterInput {
    /// Only e-mails in one of these states.
    #[graphql(default)]
    pub states: Vec<EmailState>,
    /// Only e-mails sent for this reason.
    pub trigger: Option<EmailTrigger>,
    /// Only e-mails to this expert.
    pub expert_id: Option<ID>,
    /// Only e-mails to this user.
    pub user_id: Option<ID>,
    /// Only e-mails about this match.
    pub match_id: Option<ID>,
    /// Only e-mails whose refusal put their address onto the list of those to which nothing is sent any more.
    #[graphql(default)]
    pub address_refused: bool,
}

impl EmailFilterInput {
    fn check(self) -> Result<DeliveryFilter, tandem_domain::errors::UserError> {
        let expert = ids::parse_optional::<ExpertId>("filter.expertId", self.expert_id.as_ref())?;
        let user = ids::parse_optional::<UserId>("filter.userId", self.user_id.as_ref())?;
        let matching = ids::parse_optional::<MatchId>("filter.matchId", self.match_id.as_ref())?;
        let (recipient_kind, recipient) = match (expert, user) {
            (Some(_), Some(_)) => {
                return Err(tandem_domain::errors::UserError::invalid(
                    "filter.userId",
                    "give expertId or userId, not both: an e-mail has one recipient",
                ));
            }
            (Some(expert), None) => (Some(RecipientKind::Expert), Some(expert.uuid())),
            (None, Some(user)) => (Some(RecipientKind::User), Some(user.uuid())),
            (None, None) => (None, None),
        };
        Ok(DeliveryFilter {
            states: self.states.into_iter().map(Into::into).collect(),
            trigger: self
                .trigger
                .map(|trigger| deliveries::Trigger::from(trigger).to_string()),
            subject: matching.map(MatchId::uuid),
            recipient_kind,
            recipient,
            address_refused: self.address_refused,
        })
    }
}

payload! {
    /// The answer to `resendEmail`.
    ResendEmailPayload {
        /// The new e-mail.
        email: EmailDelivery,
    }
}

payload! {
    /// The answer to `allowAddress`.
    AllowAddressPayload {
        /// The e-mail that was refused. It can be sent again now.
        email: EmailDelivery,
    }
}

/// Queries for e-mails.
#[derive(Default)]
pub struct DeliveryQuery;

#[Object]
impl DeliveryQuery {
    /// The e-mails to people whom your office answers for, the newest first.
    #[graphql(complexity = "cost(first, last, child_complexity)")]
    async fn emails(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Narrows the list.")] filter: Option<EmailFilterInput>,
        #[graphql(desc = "The first so many, at most 200.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "The last so many, at most 200.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
    ) -> async_graphql::Result<Connection<EmailDelivery>> {
        let page = page::<(DateTime<Utc>, Uuid)>(first, after, last, before)?;
        let filter = filter.unwrap_or_default().check()?;
        let (slice, total) =
            deliveries::list(app(ctx), caller(ctx)?, &filter, &page, wants_total(ctx)).await?;
        Ok(connection(slice, total, |mail: &Delivery| {
            (mail.created_at, mail.id.uuid())
        }))
    }
}

/// Mutations of e-mails.
#[derive(Default)]
pub struct DeliveryMutation;

#[Object]
impl DeliveryMutation {
    /// Sends an e-mail again, as a new one, if there is still reason to. Refused while it, or an earlier
    /// repetition, is on its way.
    async fn resend_email(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The e-mail.")] delivery_id: ID,
    ) -> async_graphql::Result<ResendEmailPayload> {
        let (app, caller) = (app(ctx), caller(ctx)?);
        let resent = async {
            let id = ids::parse("deliveryId", &delivery_id)?;
            deliveries::resend(app, caller, id).await
        };
        settle(resent.await)
    }

    /// Takes the address that refused an e-mail off the list of those to which nothing is sent any more. What
    /// was not sent meanwhile is sent by `resendEmail`.
    async fn allow_address(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The e-mail, as `emails(filter: { addressRefused: true })` lists it.")] delivery_id: ID,
    ) -> async_graphql::Result<AllowAddressPayload> {
        let (app, caller) = (app(ctx), caller(ctx)?);
        let allowed = async {
            let id = ids::parse("deliveryId", &delivery_id)?;
            deliveries::allow_address(app, caller, id).await
        };
        settle(allowed.await)
    }
}
