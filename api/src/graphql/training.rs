//! Training modules, sessions, and who attended them.

pub mod sessions;

pub use self::sessions::{TrainingSession, TrainingSessionMutation, TrainingSessionQuery};

use std::collections::HashMap;

use async_graphql::{
    ComplexObject, Context, Enum, ID, InputObject, Object, SimpleObject, dataloader::Loader,
};
use chrono::{DateTime, Utc};
use tandem_domain::documents::DocumentKind;
use tandem_domain::ids::{ExpertId, ModuleId};
use tandem_domain::training::ModuleInput;
use tandem_operations::training;
use tandem_storage::{
    experts::Expert as ExpertRow,
    training::{Attendance, Module},
};

use super::{
    app, caller,
    documents::Document,
    experts::Expert,
    ids,
    loaders::{LoadError, Loaders, loader},
    payload::{payload, settle},
    scalars::Date,
};

/// Something that an expert must or may learn.
#[derive(Debug, Clone)]
pub struct TrainingModule(pub Module);

impl From<Module> for TrainingModule {
    fn from(row: Module) -> Self {
        Self(row)
    }
}

impl TrainingModule {
    /// The module, through the request's loader.
    pub async fn load(ctx: &Context<'_>, id: ModuleId) -> async_graphql::Result<Option<Self>> {
        Ok(loader(ctx)?.load_one(id).await?.map(Self))
    }
}

impl Loader<ModuleId> for Loaders {
    type Value = Module;
    type Error = LoadError;

    // there is a handful of modules: all of them in one statement
    async fn load(&self, _: &[ModuleId]) -> Result<HashMap<ModuleId, Module>, LoadError> {
        let modules = training::modules(&self.app, &self.caller).await?;
        Ok(modules.into_iter().map(|module| (module.id, module)).collect())
    }
}

/// Something that an expert must or may learn.
#[Object]
impl TrainingModule {
    /// The global id.
    pub(crate) async fn id(&self) -> ID {
        ids::global(self.0.id)
    }

    /// A short code, as "BASE" or "INTERCULTURAL".
    async fn code(&self) -> &str {
        &self.0.code
    }

    /// The name for people.
    async fn title(&self) -> &str {
        &self.0.title
    }

    /// Whether every expert needs it before a first meeting.
    async fn required(&self) -> bool {
        self.0.required
    }

    /// For how many months an attendance counts; null: for ever.
    async fn validity_months(&self) -> Option<u32> {
        self.0.validity_months
    }

    /// Whether it is still offered.
    async fn active(&self) -> bool {
        self.0.active
    }

    /// Grows with every change.
    async fn version(&self) -> i64 {
        self.0.version
    }
}

/// Where an expert's seat in a training stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(
    name = "TrainingAttendanceState",
    remote = "tandem_domain::training::AttendanceState"
)]
pub enum AttendanceState {
    /// Asked to come.
    Invited,
    /// Has a seat.
    Booked,
    /// Was there, confirmed by the office.
    Attended,
    /// Had a seat and was not there.
    Missed,
    /// Gave the seat back.
    Cancelled,
    /// Waits for a seat.
    Waitlisted,
    /// A seat is held until a deadline.
    Offered,
    /// The offer of a seat was not taken up.
    Lapsed,
}

/// One expert's part in one training.
#[derive(Debug, Clone, SimpleObject)]
#[graphql(complex)]
pub struct TrainingAttendance {
    /// The global id.
    id: ID,
    /// Where it stands.
    state: AttendanceState,
    /// When it was attended.
    attended_on: Option<Date>,
    /// The last day on which it counts; null: for ever, or not attended.
    counts_until: Option<Date>,
    /// Until when an offered seat is kept.
    offered_until: Option<DateTime<Utc>>,
    #[graphql(skip)]
    row: Attendance,
    #[graphql(skip)]
    module: ModuleId,
}

#[ComplexObject]
impl TrainingAttendance {
    /// Whose it is; null where you may not see the person.
    async fn expert(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<Expert>> {
        Expert::load(ctx, self.row.expert_id).await
    }

    /// The session; null where it was recorded without one.
    async fn session(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<TrainingSession>> {
        match self.row.session_id {
            Some(id) => TrainingSession::load(ctx, id).await,
            None => Ok(None),
        }
    }

    /// Where the date of a booked seat is downloaded for a calendar, with the same session; null otherwise.
    async fn calendar_url(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<String>> {
        if self.row.state != tandem_domain::training::AttendanceState::Booked {
            return Ok(None);
        }
        let path = format!("training/{}/invitation.ics", self.id.as_str());
        Ok(Some(app(ctx).public_url.join(&path)?.into()))
    }

    /// The certificate of attendance, the newest one; null where none was asked for.
    async fn certificate(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<Document>> {
        Document::newest(ctx, DocumentKind::TrainingCertificate, self.row.id.uuid()).await
    }

    /// What is learnt.
    async fn module(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<TrainingModule>> {
        TrainingModule::load(ctx, self.module).await
    }
}

impl From<Attendance> for TrainingAttendance {
    fn from(row: Attendance) -> Self {
        Self {
            id: ids::global(row.id),
            state: row.state.into(),
            attended_on: row.attended_on.map(Date::from),
            counts_until: row.counts_until.map(Date::from),
            offered_until: row.offered_until,
            module: row.module_id,
            row,
        }
    }
}

/// A key of the loaders: the attendances of an expert.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct AttendancesOf(pub ExpertId);

impl Loader<AttendancesOf> for Loaders {
    type Value = Vec<Attendance>;
    type Error = LoadError;

    async fn load(
        &self,
        keys: &[AttendancesOf],
    ) -> Result<HashMap<AttendancesOf, Vec<Attendance>>, LoadError> {
        let experts: Vec<ExpertId> = keys.iter().map(|key| key.0).collect();
        let mut attendances: HashMap<AttendancesOf, Vec<Attendance>> = HashMap::new();
        for attendance in training::for_experts(&self.app, &self.caller, &experts).await? {
            let of = attendances.entry(AttendancesOf(attendance.expert_id));
            of.or_default().push(attendance);
        }
        Ok(attendances)
    }
}

payload! {
    /// The answer to `recordAttendance`.
    RecordAttendancePayload {
        /// The expert, whose `trainings` have the attendance.
        expert: Expert,
    }
}

/// A training module as the programme defines it.
#[derive(Debug, InputObject)]
pub struct TrainingModuleInput {
    /// A short code of capitals, digits and "_", as "FIRST_AID"; "BASE" and "INTERCULTURAL" keep theirs.
    pub code: String,
    /// The name for people.
    pub title: String,
    /// Whether every expert needs it before a first meeting.
    pub required: bool,
    /// For how many months an attendance counts; for ever where it is not given.
    pub validity_months: Option<u32>,
    /// Whether it is offered.
    #[graphql(default = true)]
    pub active: bool,
}

impl From<TrainingModuleInput> for ModuleInput {
    fn from(input: TrainingModuleInput) -> Self {
        Self {
            code: input.code,
            title: input.title,
            required: input.required,
            validity_months: input.validity_months,
            active: input.active,
        }
    }
}

payload! {
    /// The answer to `createTrainingModule`.
    CreateTrainingModulePayload {
        /// The module.
        module: TrainingModule,
    }
}

payload! {
    /// The answer to `updateTrainingModule`.
    UpdateTrainingModulePayload {
        /// The module; after a conflict null.
        module: TrainingModule,
    }
}

/// Queries for trainings.
#[derive(Default)]
pub struct TrainingQuery;

#[Object]
impl TrainingQuery {
    /// The training modules, by code.
    #[graphql(complexity = "1 + 5 * child_complexity")]
    async fn training_modules(&self, ctx: &Context<'_>) -> async_graphql::Result<Vec<TrainingModule>> {
        let modules = training::modules(app(ctx), caller(ctx)?).await?;
        Ok(modules.into_iter().map(TrainingModule).collect())
    }
}

/// Mutations of trainings.
#[derive(Default)]
pub struct TrainingMutation;

#[Object]
impl TrainingMutation {
    /// Records that an expert attended a training module; recorded again, the new date counts. For the
    /// expert's office.
    async fn record_attendance(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The expert.")] expert_id: ID,
        #[graphql(desc = "The training module.")] module_id: ID,
        #[graphql(desc = "When it was attended.")] attended_on: Date,
    ) -> async_graphql::Result<RecordAttendancePayload> {
        let (app, caller) = (app(ctx), caller(ctx)?);
        let parsed = ids::parse::<ExpertId>("expertId", &expert_id)
            .and_then(|expert| Ok((expert, ids::parse::<ModuleId>("moduleId", &module_id)?)));
        match parsed {
            Ok((expert, module)) => {
                settle(training::record_attendance(app, caller, expert, module, attended_on.into()).await)
            }
            Err(error) => settle(Err::<ExpertRow, _>(error.into())),
        }
    }

    /// Adds a module to the programme. For administrators.
    async fn create_training_module(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The module.")] input: TrainingModuleInput,
    ) -> async_graphql::Result<CreateTrainingModulePayload> {
        settle(training::create_module(app(ctx), caller(ctx)?, input.into()).await)
    }

    /// Changes a module; what is required counts at once for every first meeting. For administrators.
    async fn update_training_module(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The module.")] module_id: ID,
        #[graphql(desc = "The version that you read: a stale one is a conflict.")] version: Option<i64>,
        #[graphql(desc = "The module as it shall be.")] input: TrainingModuleInput,
    ) -> async_graphql::Result<UpdateTrainingModulePayload> {
        let (app, caller) = (app(ctx), caller(ctx)?);
        match ids::parse::<ModuleId>("moduleId", &module_id) {
            Ok(id) => settle(training::update_module(app, caller, id, version, input.into()).await),
            Err(error) => settle(Err::<Module, _>(error.into())),
        }
    }
}
