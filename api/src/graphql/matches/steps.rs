//! The steps of a match's life after the yes. Who may take which stands in `docs/policy-matrix.md`.

use async_graphql::{Context, ID, Object};
use chrono::{DateTime, Utc};
use tandem_domain::accompaniment::{MeetingDraft, MilestoneDraft};
use tandem_domain::errors::UserError as Refusal;
use tandem_domain::feedback::{Answers, Report};
use tandem_domain::ids::{AgreementId, MatchId, MilestoneId, PaperRecordId};
use tandem_domain::parties::About;
use tandem_operations::matches::{self, EndDraft, Match as Row};
use tandem_operations::{App, Caller, Error, publicity};

use super::Match;
use super::inputs::{
    AgreementInput, EndMatchInput, ExpertAnswersInput, FinalReportInput, MeetingInput, MenteeAnswersInput,
    MilestoneInput, PaperInput,
};
use super::life::{Occasion, Side, Verdict};
use super::payloads::{
    ActivateMatchPayload, ConsentToPublicityPayload, ContestPaperPayload, DateFirstMeetingPayload,
    EndMatchPayload, ExtendAgreementPayload, GiveFeedbackPayload, GiveVerdictPayload, IntroduceMatchPayload,
    LeaveMatchPayload, LogMeetingPayload, PauseMatchPayload, RecordFirstMeetingPayload,
    RecordMilestonePayload, RecordNeedsBriefingPayload, RecordSignatureOnPaperPayload,
    RecordVerdictOnPaperPayload, ResumeMatchPayload, SignAgreementPayload, WishAnotherMatchPayload,
    WriteAgreementPayload, WriteFinalReportPayload,
};
use crate::graphql::scalars::Date;
use crate::graphql::{
    app, caller, ids,
    payload::{Payload, UserError, settle, settle_with_current},
};

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
