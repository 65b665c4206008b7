//! What the steps of a match's life are told.

use async_graphql::{ID, InputObject};
use tandem_domain::agreements::AgreementDraft;
use tandem_operations::matches::Paper;

use super::life::{Degree, EndReason, MeetingKind, MilestoneKind};
use crate::graphql::enums::{CefrLevel, Channel, SupportArea};
use crate::graphql::scalars::Date;

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
