//! Training modules, and who attended them.

use std::collections::HashMap;

use async_graphql::{ComplexObject, Context, Enum, ID, Object, SimpleObject, dataloader::Loader};
use tandem_domain::ids::{ExpertId, ModuleId};
use tandem_operations::training;
use tandem_storage::{
    experts::Expert as ExpertRow,
    training::{Attendance, Module},
};

use super::{
    app, caller,
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
    #[graphql(skip)]
    module: ModuleId,
}

#[ComplexObject]
impl TrainingAttendance {
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
            module: row.module_id,
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
}
