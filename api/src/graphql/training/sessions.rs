//! Dated courses: seats, waiting list, booking, and who was there.

use std::collections::HashMap;

use async_graphql::{Context, ID, InputObject, Object, dataloader::Loader};
use chrono::{DateTime, Utc};
use tandem_domain::errors::UserError;
use tandem_domain::ids::{AttendanceId, ExpertId, ModuleId, OfficeId, TrainingSessionId};
use tandem_domain::training::SessionInput;
use tandem_operations::training::{self, MissingModule, Session as Row, SessionFilter};
use tandem_storage::training::Attendance;

use super::{TrainingAttendance, TrainingModule};
use crate::graphql::{
    app, caller,
    connection::{Connection, connection, cost, page},
    error::bad_input,
    experts::Expert,
    ids,
    loaders::{LoadError, Loaders, loader},
    offices::RegionalOffice,
    payload::{payload, settle},
};

/// A dated course.
#[derive(Debug, Clone)]
pub struct TrainingSession(pub Row);

impl From<Row> for TrainingSession {
    fn from(row: Row) -> Self {
        Self(row)
    }
}

impl TrainingSession {
    /// The session, through the request's loader.
    pub async fn load(ctx: &Context<'_>, id: TrainingSessionId) -> async_graphql::Result<Option<Self>> {
        Ok(loader(ctx)?.load_one(id).await?.map(Self))
    }
}

impl Loader<TrainingSessionId> for Loaders {
    type Value = Row;
    type Error = LoadError;

    async fn load(&self, keys: &[TrainingSessionId]) -> Result<HashMap<TrainingSessionId, Row>, LoadError> {
        let rows = training::sessions_by_ids(&self.app, &self.caller, keys).await?;
        Ok(rows.into_iter().map(|row| (row.id, row)).collect())
    }
}

/// A key of the loaders: who has a part in a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct PartsIn(TrainingSessionId);

impl Loader<PartsIn> for Loaders {
    type Value = Vec<Attendance>;
    type Error = LoadError;

    async fn load(&self, keys: &[PartsIn]) -> Result<HashMap<PartsIn, Vec<Attendance>>, LoadError> {
        let sessions: Vec<TrainingSessionId> = keys.iter().map(|key| key.0).collect();
        let mut parts: HashMap<PartsIn, Vec<Attendance>> = HashMap::new();
        for attendance in training::for_sessions(&self.app, &self.caller, &sessions).await? {
            if let Some(session) = attendance.session_id {
                parts.entry(PartsIn(session)).or_default().push(attendance);
            }
        }
        Ok(parts)
    }
}

/// A dated course.
#[Object]
impl TrainingSession {
    /// The global id.
    pub(crate) async fn id(&self) -> ID {
        ids::global(self.0.id)
    }

    /// What is learnt.
    async fn module(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<TrainingModule>> {
        TrainingModule::load(ctx, self.0.module_id).await
    }

    /// The office that holds it.
    async fn office(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<RegionalOffice>> {
        RegionalOffice::load(ctx, self.0.office_id).await
    }

    /// When it begins.
    async fn starts_at(&self) -> DateTime<Utc> {
        self.0.starts_at
    }

    /// When it ends.
    async fn ends_at(&self) -> DateTime<Utc> {
        self.0.ends_at
    }

    /// Where; empty for a session by video alone.
    async fn place(&self) -> &str {
        &self.0.place
    }

    /// Whether it takes place by video, or by video as well.
    async fn by_video(&self) -> bool {
        !self.0.video_link.is_empty()
    }

    /// The address of the video conference; null where there is none, or you neither hold the session nor have a
    /// booked seat in it.
    async fn video_link(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<&str>> {
        if self.0.video_link.is_empty() {
            return Ok(None);
        }
        let booked = tandem_domain::training::AttendanceState::Booked;
        let parts = loader(ctx)?.load_one(PartsIn(self.0.id)).await?;
        // of the parts that the caller sees: everybody's for the office, the own one for an expert
        let has_seat = parts.is_some_and(|parts| parts.iter().any(|part| part.state == booked));
        let shown = training::plans(caller(ctx)?, &self.0) || has_seat;
        Ok(shown.then_some(self.0.video_link.as_str()))
    }

    /// How many can come.
    async fn seats(&self) -> i16 {
        self.0.seats
    }

    /// How many seats are taken, or kept for somebody who was offered one.
    async fn seats_taken(&self) -> i16 {
        self.0.seats_taken
    }

    /// How many wait for a seat.
    async fn waiting(&self) -> i32 {
        self.0.waiting
    }

    /// When it was cancelled; null where it takes place.
    async fn cancelled_at(&self) -> Option<DateTime<Utc>> {
        self.0.cancelled_at
    }

    /// Grows with every change.
    async fn version(&self) -> i64 {
        self.0.version
    }

    /// Who has a part in it: everybody for the office that holds it; otherwise your own experts', or your own.
    #[graphql(complexity = "1 + 30 * child_complexity")]
    async fn attendances(&self, ctx: &Context<'_>) -> async_graphql::Result<Vec<TrainingAttendance>> {
        let parts = loader(ctx)?.load_one(PartsIn(self.0.id)).await?;
        Ok(parts.unwrap_or_default().into_iter().map(Into::into).collect())
    }
}

/// Narrows the list of sessions; what is not given narrows nothing.
#[derive(Debug, Default, InputObject)]
pub struct TrainingSessionFilter {
    /// Of this module.
    pub module_id: Option<ID>,
    /// Held by this office.
    pub office_id: Option<ID>,
    /// That end after this instant; now where it is not given.
    pub ends_after: Option<DateTime<Utc>>,
    /// With seats that nobody has.
    pub with_free_seats: Option<bool>,
    /// Cancelled ones as well.
    pub with_cancelled: Option<bool>,
}

impl TrainingSessionFilter {
    fn parse(self, now: DateTime<Utc>) -> async_graphql::Result<SessionFilter> {
        let parse = |error: UserError| bad_input(error.message);
        Ok(SessionFilter {
            module: ids::parse_optional::<ModuleId>("filter.moduleId", self.module_id.as_ref())
                .map_err(parse)?,
            office: ids::parse_optional::<OfficeId>("filter.officeId", self.office_id.as_ref())
                .map_err(parse)?,
            ends_after: Some(self.ends_after.unwrap_or(now)),
            with_free_seats: self.with_free_seats.unwrap_or_default(),
            with_cancelled: self.with_cancelled.unwrap_or_default(),
        })
    }
}

/// A required module that an active expert has not attended, or whose attendance does not count any more.
#[derive(Debug, Clone)]
pub struct MissingTraining(MissingModule);

impl From<MissingModule> for MissingTraining {
    fn from(row: MissingModule) -> Self {
        Self(row)
    }
}

/// A required module that an active expert has not attended, or whose attendance does not count any more.
#[Object]
impl MissingTraining {
    /// The expert.
    async fn expert(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<Expert>> {
        Expert::load(ctx, self.0.expert_id).await
    }

    /// The module.
    async fn module(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<TrainingModule>> {
        TrainingModule::load(ctx, self.0.module_id).await
    }

    /// Whether the expert has said yes to a match, so that a first meeting waits for it.
    async fn needed_now(&self) -> bool {
        self.0.needed_now
    }

    /// The next session in which the expert has a seat or is offered one; null where there is none.
    async fn booked(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<TrainingSession>> {
        match self.0.session_id {
            Some(id) => TrainingSession::load(ctx, id).await,
            None => Ok(None),
        }
    }
}

/// Queries for training sessions.
#[derive(Default)]
pub struct TrainingSessionQuery;

#[Object]
impl TrainingSessionQuery {
    /// Training sessions that lie ahead, the earliest first.
    #[graphql(complexity = "cost(first, last, child_complexity)")]
    async fn training_sessions(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Narrows the list.")] filter: Option<TrainingSessionFilter>,
        #[graphql(desc = "So many from the beginning.")] first: Option<i32>,
        #[graphql(desc = "After this cursor.")] after: Option<String>,
        #[graphql(desc = "So many from the end.")] last: Option<i32>,
        #[graphql(desc = "Before this cursor.")] before: Option<String>,
    ) -> async_graphql::Result<Connection<TrainingSession>> {
        let (app, caller) = (app(ctx), caller(ctx)?);
        let page = page::<training::SessionKey>(first, after, last, before)?;
        let filter = filter.unwrap_or_default().parse(app.now())?;
        let slice = training::sessions(app, caller, &filter, &page).await?;
        Ok(connection(slice, None, training::session_key))
    }

    /// What training is missing for whom, among active experts that you look after (or yours): those first who have
    /// said yes to a match.
    #[graphql(complexity = "cost(first, last, child_complexity)")]
    async fn missing_trainings(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Experts of this office.")] office_id: Option<ID>,
        #[graphql(desc = "This module.")] module_id: Option<ID>,
        #[graphql(desc = "So many from the beginning.")] first: Option<i32>,
        #[graphql(desc = "After this cursor.")] after: Option<String>,
        #[graphql(desc = "So many from the end.")] last: Option<i32>,
        #[graphql(desc = "Before this cursor.")] before: Option<String>,
    ) -> async_graphql::Result<Connection<MissingTraining>> {
        let (app, caller) = (app(ctx), caller(ctx)?);
        let page = page::<training::MissingKey>(first, after, last, before)?;
        let refuse = |error: UserError| bad_input(error.message);
        let office = ids::parse_optional::<OfficeId>("officeId", office_id.as_ref()).map_err(refuse)?;
        let module = ids::parse_optional::<ModuleId>("moduleId", module_id.as_ref()).map_err(refuse)?;
        let slice = training::missing(app, caller, office, module, &page).await?;
        Ok(connection(slice, None, training::missing_key))
    }
}

/// A session as the office plans it.
#[derive(Debug, InputObject)]
pub struct TrainingSessionInput {
    /// When it begins.
    pub starts_at: DateTime<Utc>,
    /// When it ends.
    pub ends_at: DateTime<Utc>,
    /// Where; empty for a session by video alone.
    #[graphql(default)]
    pub place: String,
    /// The address of the video conference, beginning with https://; empty where there is none.
    #[graphql(default)]
    pub video_link: String,
    /// How many can come, 1 to 500.
    pub seats: u32,
}

impl From<TrainingSessionInput> for SessionInput {
    fn from(input: TrainingSessionInput) -> Self {
        Self {
            starts_at: input.starts_at,
            ends_at: input.ends_at,
            place: input.place,
            video_link: input.video_link,
            seats: input.seats,
        }
    }
}

/// Whether an expert was there.
#[derive(Debug, InputObject)]
pub struct AttendanceConfirmation {
    /// The seat.
    pub attendance_id: ID,
    /// Whether the expert was there.
    pub attended: bool,
}

macro_rules! payloads {
    ($($name:ident = $doc:literal { $field:ident: $object:ty })*) => {$(
        payload! {
            #[doc = $doc]
            $name {
                /// What was changed.
                $field: $object,
            }
        }
    )*};
}

payloads! {
    CreateTrainingSessionPayload = "The answer to `createTrainingSession`." { session: TrainingSession }
    UpdateTrainingSessionPayload = "The answer to `updateTrainingSession`." { session: TrainingSession }
    CancelTrainingSessionPayload = "The answer to `cancelTrainingSession`." { session: TrainingSession }
    InviteToTrainingPayload = "The answer to `inviteToTraining`." { session: TrainingSession }
    ConfirmAttendancePayload = "The answer to `confirmAttendance`." { session: TrainingSession }
    BookTrainingPayload = "The answer to `bookTraining`." { attendance: TrainingAttendance }
    AcceptTrainingSeatPayload = "The answer to `acceptTrainingSeat`." { attendance: TrainingAttendance }
    CancelTrainingPayload = "The answer to `cancelTraining`." { attendance: TrainingAttendance }
}

/// Mutations of training sessions.
#[derive(Default)]
pub struct TrainingSessionMutation;

#[Object]
impl TrainingSessionMutation {
    /// Plans a session of an office. For that office.
    async fn create_training_session(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is learnt.")] module_id: ID,
        #[graphql(desc = "The office that holds it.")] office_id: ID,
        #[graphql(desc = "The session.")] input: TrainingSessionInput,
        #[graphql(desc = "The same key twice is one session.")] idempotency_key: Option<String>,
    ) -> async_graphql::Result<CreateTrainingSessionPayload> {
        let (app, caller) = (app(ctx), caller(ctx)?);
        let parsed = ids::parse::<ModuleId>("moduleId", &module_id)
            .and_then(|module| Ok((module, ids::parse::<OfficeId>("officeId", &office_id)?)));
        match parsed {
            Ok((module, office)) => {
                let key = idempotency_key.as_deref();
                settle(training::create_session(app, caller, module, office, input.into(), key).await)
            }
            Err(error) => settle(Err::<Row, _>(error.into())),
        }
    }

    /// Changes a session that lies ahead; who is booked hears of another time or place. For the office that holds it.
    async fn update_training_session(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The session.")] session_id: ID,
        #[graphql(desc = "The version that you read: a stale one is a conflict.")] version: Option<i64>,
        #[graphql(desc = "The session as it shall be.")] input: TrainingSessionInput,
    ) -> async_graphql::Result<UpdateTrainingSessionPayload> {
        let (app, caller) = (app(ctx), caller(ctx)?);
        match ids::parse::<TrainingSessionId>("sessionId", &session_id) {
            Ok(id) => settle(training::update_session(app, caller, id, version, input.into()).await),
            Err(error) => settle(Err::<Row, _>(error.into())),
        }
    }

    /// Cancels a session that lies ahead; everybody who had a part in it hears of it. For the office that holds it.
    async fn cancel_training_session(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The session.")] session_id: ID,
    ) -> async_graphql::Result<CancelTrainingSessionPayload> {
        let (app, caller) = (app(ctx), caller(ctx)?);
        match ids::parse::<TrainingSessionId>("sessionId", &session_id) {
            Ok(id) => settle(training::cancel_session(app, caller, id).await),
            Err(error) => settle(Err::<Row, _>(error.into())),
        }
    }

    /// Invites experts of yours to book; who has a part in the session already is left alone.
    async fn invite_to_training(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The session.")] session_id: ID,
        #[graphql(desc = "The experts, at most 500.")] expert_ids: Vec<ID>,
    ) -> async_graphql::Result<InviteToTrainingPayload> {
        let (app, caller) = (app(ctx), caller(ctx)?);
        let session = match ids::parse::<TrainingSessionId>("sessionId", &session_id) {
            Ok(session) => session,
            Err(error) => return settle(Err::<Row, _>(error.into())),
        };
        match ids::parse_all::<ExpertId>("expertIds", &expert_ids) {
            Ok(experts) => settle(training::invite(app, caller, session, &experts).await),
            Err(errors) => settle(Err::<Row, _>(errors.into())),
        }
    }

    /// Confirms in bulk who was there and who was not, once the session has begun; again to correct it. For the office
    /// that holds it.
    async fn confirm_attendance(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The session.")] session_id: ID,
        #[graphql(desc = "Seats of that session, at most 500.")] attendances: Vec<AttendanceConfirmation>,
    ) -> async_graphql::Result<ConfirmAttendancePayload> {
        let (app, caller) = (app(ctx), caller(ctx)?);
        let session = match ids::parse::<TrainingSessionId>("sessionId", &session_id) {
            Ok(session) => session,
            Err(error) => return settle(Err::<Row, _>(error.into())),
        };
        let seats: Vec<ID> = attendances.iter().map(|one| one.attendance_id.clone()).collect();
        match ids::parse_all::<AttendanceId>("attendances", &seats) {
            Ok(seats) => {
                let people: Vec<(AttendanceId, bool)> = seats
                    .into_iter()
                    .zip(attendances.iter().map(|one| one.attended))
                    .collect();
                settle(training::confirm_attendance(app, caller, session, &people).await)
            }
            Err(errors) => settle(Err::<Row, _>(errors.into())),
        }
    }

    /// Books a seat, or a place on the waiting list where none is free. For the expert, and for the expert's office on
    /// the telephone; the confirmation goes to the expert.
    async fn book_training(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The session.")] session_id: ID,
        #[graphql(desc = "The expert.")] expert_id: ID,
    ) -> async_graphql::Result<BookTrainingPayload> {
        let (app, caller) = (app(ctx), caller(ctx)?);
        let parsed = ids::parse::<TrainingSessionId>("sessionId", &session_id)
            .and_then(|session| Ok((session, ids::parse::<ExpertId>("expertId", &expert_id)?)));
        match parsed {
            Ok((session, expert)) => settle(training::book(app, caller, session, expert).await),
            Err(error) => settle(Err::<Attendance, _>(error.into())),
        }
    }

    /// Takes the seat that is kept until its deadline.
    async fn accept_training_seat(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The offered seat.")] attendance_id: ID,
    ) -> async_graphql::Result<AcceptTrainingSeatPayload> {
        let (app, caller) = (app(ctx), caller(ctx)?);
        match ids::parse::<AttendanceId>("attendanceId", &attendance_id) {
            Ok(id) => settle(training::accept_offer(app, caller, id).await),
            Err(error) => settle(Err::<Attendance, _>(error.into())),
        }
    }

    /// Gives back a seat, an offer, an invitation or a place on the waiting list; the next who waits is offered the seat.
    async fn cancel_training(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The seat.")] attendance_id: ID,
    ) -> async_graphql::Result<CancelTrainingPayload> {
        let (app, caller) = (app(ctx), caller(ctx)?);
        match ids::parse::<AttendanceId>("attendanceId", &attendance_id) {
            Ok(id) => settle(training::cancel(app, caller, id).await),
            Err(error) => settle(Err::<Attendance, _>(error.into())),
        }
    }
}
