//! The steps of a match's life after the yes. Who may take which stands in `docs/policy-matrix.md`.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use chrono::{DateTime, Utc};
use tandem_domain::accompaniment::{MeetingDraft, MilestoneDraft};
use tandem_domain::agreements::AgreementDraft;
use tandem_domain::errors::UserError as Refusal;
use tandem_domain::feedback::{Answers, Report};
use tandem_domain::ids::{AgreementId, MatchId, MilestoneId, PaperRecordId};
use tandem_domain::parties::About;
use tandem_operations::matches::{self, EndDraft, Match as Row, Paper};
use tandem_operations::{App, Caller, Error, publicity};

use super::Match;
use super::life::{
    Agreement, ChemistryResult, Degree, EndReason, Feedback, FinalReport, Meeting, MeetingKind, Milestone,
    MilestoneKind, Occasion, Side, Verdict,
};
use crate::graphql::enums::{CefrLevel, Channel, SupportArea};
use crate::graphql::scalars::Date;
use crate::graphql::{
    app, caller, ids,
    payload::{Payload, UserError, payload, settle, settle_with_current},
};

payload! {
    /// The answer to `introduceMatch`.
    IntroduceMatchPayload {
        /// The match as it is now.
        #[graphql(name = "match")]
        matching: Match,
    }
}
payload! {
    /// The answer to `recordNeedsBriefing`.
    RecordNeedsBriefingPayload {
        /// The match as it is now.
        #[graphql(name = "match")]
        matching: Match,
    }
}
payload! {
    /// The answer to `dateFirstMeeting`.
    DateFirstMeetingPayload {
        /// The match as it is now.
        #[graphql(name = "match")]
        matching: Match,
    }
}
payload! {
    /// The answer to `recordFirstMeeting`.
    RecordFirstMeetingPayload {
        /// The match as it is now.
        #[graphql(name = "match")]
        matching: Match,
    }
}
payload! {
    /// The answer to `recordVerdictOnPaper`.
    RecordVerdictOnPaperPayload {
        /// True where it is recorded. A match that ends thereby is no longer shown.
        recorded: bool,
    }
}
payload! {
    /// The answer to `writeAgreement`.
    WriteAgreementPayload {
        /// The new version.
        agreement: Agreement,
    }
}
payload! {
    /// The answer to `extendAgreement`.
    ExtendAgreementPayload {
        /// The new version.
        agreement: Agreement,
    }
}
payload! {
    /// The answer to `signAgreement`.
    SignAgreementPayload {
        /// The version as it is now.
        agreement: Agreement,
    }
}
payload! {
    /// The answer to `recordSignatureOnPaper`.
    RecordSignatureOnPaperPayload {
        /// The version as it is now.
        agreement: Agreement,
    }
}
payload! {
    /// The answer to `activateMatch`.
    ActivateMatchPayload {
        /// The match as it is now.
        #[graphql(name = "match")]
        matching: Match,
    }
}
payload! {
    /// The answer to `pauseMatch`.
    PauseMatchPayload {
        /// The match as it is now.
        #[graphql(name = "match")]
        matching: Match,
    }
}
payload! {
    /// The answer to `resumeMatch`.
    ResumeMatchPayload {
        /// The match as it is now.
        #[graphql(name = "match")]
        matching: Match,
    }
}
payload! {
    /// The answer to `endMatch`.
    EndMatchPayload {
        /// The match as it is now.
        #[graphql(name = "match")]
        matching: Match,
    }
}
payload! {
    /// The answer to `wishAnotherMatch`.
    WishAnotherMatchPayload {
        /// The match as it is now.
        #[graphql(name = "match")]
        matching: Match,
    }
}
payload! {
    /// The answer to `logMeeting`.
    LogMeetingPayload {
        /// The meeting.
        meeting: Meeting,
    }
}
payload! {
    /// The answer to `recordMilestone`.
    RecordMilestonePayload {
        /// The milestone.
        milestone: Milestone,
    }
}
payload! {
    /// The answer to `giveFeedback`.
    GiveFeedbackPayload {
        /// The answered form.
        feedback: Feedback,
    }
}
payload! {
    /// The answer to `writeFinalReport`.
    WriteFinalReportPayload {
        /// The report.
        report: FinalReport,
    }
}
payload! {
    /// The answer to `leaveMatch`.
    LeaveMatchPayload {
        /// True where you have left.
        left: bool,
    }
}
payload! {
    /// The answer to `contestPaper`.
    ContestPaperPayload {
        /// True where the record no longer counts.
        contested: bool,
    }
}
payload! {
    /// The answer to `consentToPublicity`.
    ConsentToPublicityPayload {
        /// What you consent to now.
        consent: bool,
    }
}

/// The answer to `giveVerdict`.
#[derive(SimpleObject)]
pub struct GiveVerdictPayload {
    /// What you said.
    pub verdict: Option<Verdict>,
    /// The result, where it is there now; it does not show who said what.
    pub result: Option<ChemistryResult>,
    /// Why it did not happen; empty where it did.
    pub user_errors: Vec<UserError>,
}

/// What stands on a paper besides the word itself.
#[derive(Debug, InputObject)]
pub struct PaperInput {
    /// The day that it carries.
    pub on: Date,
    /// Who saw it being written.
    pub witness: String,
}

impl From<PaperInput> for Paper {
    fn from(input: PaperInput) -> Self {
        Self {
            on: input.on.into(),
            witness: input.witness,
        }
    }
}

/// What an agreement says.
#[derive(Debug, InputObject)]
pub struct AgreementInput {
    /// In which areas the expert helps; at least one.
    pub areas: Vec<SupportArea>,
    /// What the expert does.
    #[graphql(default)]
    pub expert_tasks: String,
    /// What the mentee does.
    #[graphql(default)]
    pub mentee_tasks: String,
    /// How often they meet, in days; weekly where not given.
    pub rhythm_days: Option<i32>,
    /// Where they meet.
    #[graphql(default)]
    pub place: String,
    /// How else they are in touch.
    #[graphql(default)]
    pub channels: Vec<Channel>,
    /// To what end.
    #[graphql(default)]
    pub goals: String,
    /// The first day; of a first version today where not given.
    pub starts_on: Option<Date>,
    /// The last day; a year after the first where not given.
    pub ends_on: Option<Date>,
}

impl From<AgreementInput> for AgreementDraft {
    fn from(input: AgreementInput) -> Self {
        Self {
            areas: input.areas.into_iter().map(Into::into).collect(),
            expert_tasks: input.expert_tasks,
            mentee_tasks: input.mentee_tasks,
            rhythm_days: input.rhythm_days.map(i64::from),
            place: input.place,
            channels: input.channels.into_iter().map(Into::into).collect(),
            goals: input.goals,
            starts_on: input.starts_on.map(Into::into),
            ends_on: input.ends_on.map(Into::into),
        }
    }
}

/// A meeting to be logged.
#[derive(Debug, InputObject)]
pub struct MeetingInput {
    /// When; not before the first meeting.
    pub met_on: Date,
    /// How long, in minutes.
    pub minutes: i32,
    /// How.
    pub kind: MeetingKind,
    /// What it was about.
    #[graphql(default)]
    pub areas: Vec<SupportArea>,
    /// Whether the mentee asked for it.
    #[graphql(default)]
    pub requested_by_mentee: bool,
    /// A note, if you like.
    #[graphql(default)]
    pub note: String,
}

/// A step to be recorded.
#[derive(Debug, InputObject)]
pub struct MilestoneInput {
    /// What.
    pub kind: MilestoneKind,
    /// When; an interview may lie ahead.
    pub on_date: Date,
    /// With LEVEL_REACHED: which.
    pub level: Option<CefrLevel>,
    /// With INTERVIEW_PREPARED and INTERVIEW_FOLLOWED_UP: the interview.
    pub interview_id: Option<ID>,
    /// A note, if you like.
    #[graphql(default)]
    pub note: String,
}

/// The mentee's three answers.
#[derive(Debug, InputObject)]
pub struct MenteeAnswersInput {
    /// Does the accompaniment help you?
    pub helps: Degree,
    /// Do you meet often enough?
    pub often_enough: Degree,
    /// Would you like to tell us something?
    #[graphql(default)]
    pub comment: String,
}

/// The expert's answers.
#[derive(Debug, InputObject)]
pub struct ExpertAnswersInput {
    /// How satisfied are you, from 1 (not at all) to 5 (very)?
    pub satisfaction: i32,
    /// Do you wish for support by the office?
    #[graphql(default)]
    pub support_wished: bool,
    /// Would you like to tell us something?
    #[graphql(default)]
    pub comment: String,
}

/// The expert's last word on a match.
#[derive(Debug, InputObject)]
pub struct FinalReportInput {
    /// The mentee's German at the end.
    pub german_level: Option<CefrLevel>,
    /// Whether the mentee tackles things alone now.
    pub tackles_alone: Degree,
    /// In your words.
    #[graphql(default)]
    pub summary: String,
}

/// How a match ends.
#[derive(Debug, InputObject)]
pub struct EndMatchInput {
    /// Whether it ends as it was planned.
    pub completed: bool,
    /// Why; nobody has to say so.
    #[graphql(default)]
    pub reasons: Vec<EndReason>,
    /// For expert and mentee: whether you would like another match.
    pub another_match_wished: Option<bool>,
}

/// Reads the id, does it, and answers with the match as it is now.
async fn on_match<P: Payload<Object = Match>>(
    ctx: &Context<'_>,
    id: &ID,
    act: impl AsyncFnOnce(&App, &Caller, MatchId) -> tandem_operations::Result<Row>,
) -> async_graphql::Result<P> {
    let (app, caller) = (app(ctx), caller(ctx)?);
    let id: MatchId = match ids::parse("id", id) {
        Ok(id) => id,
        Err(error) => return settle(Err::<Row, _>(error.into())),
    };
    settle_with_current(act(app, caller, id).await, matches::get(app, caller, id)).await
}

/// Mutations of the life of a match.
#[derive(Default)]
pub struct MatchLifeMutation;

#[Object]
impl MatchLifeMutation {
    /// Introduces centre and expert to each other after the yes. For office and centre.
    async fn introduce_match(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The match, which is INTERESTED.")] id: ID,
        #[graphql(desc = "The version that you read; a stale one is a conflict.")] version: Option<i64>,
    ) -> async_graphql::Result<IntroduceMatchPayload> {
        on_match(ctx, &id, async |app, caller, id| {
            matches::introduce(app, caller, id, version).await
        })
        .await
    }

    /// Records that centre and expert have talked about what the mentee needs. For the centre.
    async fn record_needs_briefing(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The match.")] id: ID,
        #[graphql(desc = "The day of the talk.")] on: Date,
        #[graphql(default, desc = "What came of it.")] note: String,
    ) -> async_graphql::Result<RecordNeedsBriefingPayload> {
        on_match(ctx, &id, async |app, caller, id| {
            matches::record_briefing(app, caller, id, on.into(), &note).await
        })
        .await
    }

    /// Arranges the first meeting, once the expert is ready. For centre and expert.
    async fn date_first_meeting(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The match, which is INTRODUCED.")] id: ID,
        #[graphql(desc = "When.")] at: DateTime<Utc>,
        #[graphql(desc = "Where.")] place: String,
    ) -> async_graphql::Result<DateFirstMeetingPayload> {
        on_match(ctx, &id, async |app, caller, id| {
            matches::date_first_meeting(app, caller, id, at, &place).await
        })
        .await
    }

    /// Records that the first meeting took place; each side is then asked alone whether the chemistry
    /// fits. For centre and expert.
    async fn record_first_meeting(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The match, which is INTRODUCED.")] id: ID,
        #[graphql(desc = "The day on which it took place.")] on: Date,
    ) -> async_graphql::Result<RecordFirstMeetingPayload> {
        on_match(ctx, &id, async |app, caller, id| {
            matches::record_first_meeting(app, caller, id, on.into()).await
        })
        .await
    }

    /// Says whether the chemistry fits, for yourself and in private. For expert and mentee.
    async fn give_verdict(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The match, which is MET.")] id: ID,
        #[graphql(desc = "What you say; until the result is there you may say it anew.")] verdict: Verdict,
    ) -> async_graphql::Result<GiveVerdictPayload> {
        let (app, caller) = (app(ctx), caller(ctx)?);
        let given = async {
            let id = ids::parse("id", &id)?;
            matches::give_verdict(app, caller, id, verdict.into()).await
        };
        match given.await {
            Ok(own) => Ok(GiveVerdictPayload {
                verdict: own.verdict.map(Into::into),
                result: own.result.map(Into::into),
                user_errors: Vec::new(),
            }),
            Err(Error::Refused(errors)) => Ok(GiveVerdictPayload {
                verdict: None,
                result: None,
                user_errors: errors.into_iter().map(UserError::from).collect(),
            }),
            Err(error) => Err(error.into()),
        }
    }

    /// Records what a person wrote on paper about the chemistry, before a witness; the person gets a
    /// notice. For the centre.
    async fn record_verdict_on_paper(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The match, which is MET.")] id: ID,
        #[graphql(desc = "Whose word it is.")] side: Side,
        #[graphql(desc = "What stands on the paper.")] verdict: Verdict,
        #[graphql(desc = "Date and witness.")] paper: PaperInput,
    ) -> async_graphql::Result<RecordVerdictOnPaperPayload> {
        let (app, caller) = (app(ctx), caller(ctx)?);
        let recorded = async {
            let id = ids::parse("id", &id)?;
            let (side, verdict) = (side.into(), verdict.into());
            matches::record_verdict_on_paper(app, caller, id, side, verdict, paper.into()).await?;
            Ok(true)
        };
        settle(recorded.await)
    }

    /// Leaves a match before it is active; no reason is asked. For expert and mentee.
    async fn leave_match(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The match.")] id: ID,
    ) -> async_graphql::Result<LeaveMatchPayload> {
        let (app, caller) = (app(ctx), caller(ctx)?);
        let left = async {
            let id = ids::parse("id", &id)?;
            matches::leave(app, caller, id).await?;
            Ok(true)
        };
        settle(left.await)
    }

    /// Writes the agreement, or a changed version of it; everybody is asked to sign. For centre and
    /// expert.
    async fn write_agreement(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The match, after both have said yes.")] match_id: ID,
        #[graphql(desc = "What it says, all of it.")] input: AgreementInput,
    ) -> async_graphql::Result<WriteAgreementPayload> {
        let (app, caller) = (app(ctx), caller(ctx)?);
        let written = async {
            let id = ids::parse("matchId", &match_id)?;
            matches::write_agreement(app, caller, id, input.into()).await
        };
        settle(written.await)
    }

    /// The agreement in force with a later end, as a new version to be signed. For centre and expert.
    async fn extend_agreement(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The match.")] match_id: ID,
        #[graphql(desc = "The new last day.")] ends_on: Date,
    ) -> async_graphql::Result<ExtendAgreementPayload> {
        let (app, caller) = (app(ctx), caller(ctx)?);
        let written = async {
            let id = ids::parse("matchId", &match_id)?;
            matches::extend_agreement(app, caller, id, ends_on.into()).await
        };
        settle(written.await)
    }

    /// Signs the newest version for yourself. With the last signature the match begins, where the expert
    /// is ready. For expert and mentee.
    async fn sign_agreement(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The version.")] agreement_id: ID,
    ) -> async_graphql::Result<SignAgreementPayload> {
        let (app, caller) = (app(ctx), caller(ctx)?);
        let signed = async {
            let id: AgreementId = ids::parse("agreementId", &agreement_id)?;
            matches::sign(app, caller, id).await
        };
        settle(signed.await)
    }

    /// Records a signature that was given on paper before a witness; the person gets a notice. For the
    /// centre.
    async fn record_signature_on_paper(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The version.")] agreement_id: ID,
        #[graphql(desc = "Whose signature it is.")] side: Side,
        #[graphql(desc = "Date and witness.")] paper: PaperInput,
    ) -> async_graphql::Result<RecordSignatureOnPaperPayload> {
        let (app, caller) = (app(ctx), caller(ctx)?);
        let signed = async {
            let id: AgreementId = ids::parse("agreementId", &agreement_id)?;
            matches::record_signature_on_paper(app, caller, id, side.into(), paper.into()).await
        };
        settle(signed.await)
    }

    /// Says that what was recorded on paper for you is not right: it no longer counts. For the person
    /// alone.
    async fn contest_paper(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The record, as the notice names it.")] id: ID,
    ) -> async_graphql::Result<ContestPaperPayload> {
        let (app, caller) = (app(ctx), caller(ctx)?);
        let contested = async {
            let id: PaperRecordId = ids::parse("id", &id)?;
            matches::contest_paper(app, caller, id).await?;
            Ok(true)
        };
        settle(contested.await)
    }

    /// Lets a match begin that is agreed and signed, once the expert is ready. For office and centre.
    async fn activate_match(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The match, which is MET.")] id: ID,
        #[graphql(desc = "The version that you read; a stale one is a conflict.")] version: Option<i64>,
    ) -> async_graphql::Result<ActivateMatchPayload> {
        on_match(ctx, &id, async |app, caller, id| {
            matches::activate(app, caller, id, version).await
        })
        .await
    }

    /// Interrupts an active match; no reason is asked. For everybody who is concerned.
    async fn pause_match(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The match, which is ACTIVE.")] id: ID,
        #[graphql(desc = "The version that you read; a stale one is a conflict.")] version: Option<i64>,
    ) -> async_graphql::Result<PauseMatchPayload> {
        on_match(ctx, &id, async |app, caller, id| {
            matches::pause(app, caller, id, version).await
        })
        .await
    }

    /// Takes a match up again, once the expert is ready. For everybody who is concerned.
    async fn resume_match(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The match, which is PAUSED.")] id: ID,
        #[graphql(desc = "The version that you read; a stale one is a conflict.")] version: Option<i64>,
    ) -> async_graphql::Result<ResumeMatchPayload> {
        on_match(ctx, &id, async |app, caller, id| {
            matches::resume(app, caller, id, version).await
        })
        .await
    }

    /// Ends a match. For everybody who is concerned.
    async fn end_match(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The match, which is ACTIVE or PAUSED.")] id: ID,
        #[graphql(desc = "The version that you read; a stale one is a conflict.")] version: Option<i64>,
        #[graphql(desc = "How it ends.")] input: EndMatchInput,
    ) -> async_graphql::Result<EndMatchPayload> {
        let draft = EndDraft {
            completed: input.completed,
            reasons: input.reasons.into_iter().map(Into::into).collect(),
            another: input.another_match_wished,
        };
        on_match(ctx, &id, async |app, caller, id| {
            matches::end(app, caller, id, version, draft).await
        })
        .await
    }

    /// Says whether you would like another match. For expert and mentee, each for itself.
    async fn wish_another_match(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The match, which has ended.")] id: ID,
        #[graphql(desc = "Whether you would.")] wished: bool,
    ) -> async_graphql::Result<WishAnotherMatchPayload> {
        on_match(ctx, &id, async |app, caller, id| {
            matches::wish_another(app, caller, id, wished).await
        })
        .await
    }

    /// Logs a meeting. For expert and centre.
    async fn log_meeting(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The match.")] match_id: ID,
        #[graphql(desc = "The meeting.")] input: MeetingInput,
        #[graphql(desc = "The same key twice is one effect.")] idempotency_key: Option<String>,
    ) -> async_graphql::Result<LogMeetingPayload> {
        let (app, caller) = (app(ctx), caller(ctx)?);
        let draft = MeetingDraft {
            met_on: input.met_on.into(),
            minutes: input.minutes.into(),
            kind: input.kind.into(),
            areas: input.areas.into_iter().map(Into::into).collect(),
            requested_by_mentee: input.requested_by_mentee,
            note: input.note,
        };
        let logged = async {
            let id = ids::parse("matchId", &match_id)?;
            matches::log_meeting(app, caller, id, draft, idempotency_key.as_deref()).await
        };
        settle(logged.await)
    }

    /// Records a step on the way. For expert and centre.
    async fn record_milestone(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The match.")] match_id: ID,
        #[graphql(desc = "The step.")] input: MilestoneInput,
        #[graphql(desc = "The same key twice is one effect.")] idempotency_key: Option<String>,
    ) -> async_graphql::Result<RecordMilestonePayload> {
        let (app, caller) = (app(ctx), caller(ctx)?);
        let recorded = async {
            let id = ids::parse("matchId", &match_id)?;
            let interview: Option<MilestoneId> =
                ids::parse_optional("interviewId", input.interview_id.as_ref())?;
            let draft = MilestoneDraft {
                kind: input.kind.into(),
                on_date: input.on_date.into(),
                level: input.level.map(Into::into),
                interview,
                note: input.note,
            };
            matches::record_milestone(app, caller, id, draft, idempotency_key.as_deref()).await
        };
        settle(recorded.await)
    }

    /// Answers a short form, each side its own. For expert and mentee.
    async fn give_feedback(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The match.")] match_id: ID,
        #[graphql(desc = "On which occasion.")] occasion: Occasion,
        #[graphql(desc = "The mentee's answers.")] mentee: Option<MenteeAnswersInput>,
        #[graphql(desc = "The expert's answers.")] expert: Option<ExpertAnswersInput>,
    ) -> async_graphql::Result<GiveFeedbackPayload> {
        let (app, caller) = (app(ctx), caller(ctx)?);
        let given = async {
            let id = ids::parse("matchId", &match_id)?;
            let answers = match (mentee, expert) {
                (Some(mentee), None) => Answers::Mentee {
                    helps: mentee.helps.into(),
                    often_enough: mentee.often_enough.into(),
                    comment: mentee.comment,
                },
                (None, Some(expert)) => Answers::Expert {
                    satisfaction: u8::try_from(expert.satisfaction).unwrap_or(0),
                    support_wished: expert.support_wished,
                    comment: expert.comment,
                },
                _ => {
                    return Err(Refusal::invalid(
                        "mentee",
                        "give either the mentee's or the expert's answers",
                    )
                    .into());
                }
            };
            matches::give_feedback(app, caller, id, occasion.into(), answers).await
        };
        settle(given.await)
    }

    /// Writes the final report. For the expert.
    async fn write_final_report(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The match, which has ended.")] match_id: ID,
        #[graphql(desc = "The report.")] input: FinalReportInput,
    ) -> async_graphql::Result<WriteFinalReportPayload> {
        let (app, caller) = (app(ctx), caller(ctx)?);
        let report = Report {
            german_level: input.german_level.map(Into::into),
            tackles_alone: input.tackles_alone.into(),
            summary: input.summary,
        };
        let written = async {
            let id = ids::parse("matchId", &match_id)?;
            matches::write_report(app, caller, id, report).await
        };
        settle(written.await)
    }

    /// Consents to portraits and names being published, or takes that back. For expert and mentee, each
    /// for itself.
    async fn consent_to_publicity(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Your match.")] match_id: ID,
        #[graphql(desc = "Whether you consent.")] consent: bool,
    ) -> async_graphql::Result<ConsentToPublicityPayload> {
        let (app, caller) = (app(ctx), caller(ctx)?);
        let done = async {
            let id: MatchId = ids::parse("matchId", &match_id)?;
            publicity::consent_to_publicity(app, caller, About::Match(id), consent).await?;
            Ok(consent)
        };
        settle(done.await)
    }
}
