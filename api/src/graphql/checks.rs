//! Background checks of experts. Nothing else of a certificate is stored, so nothing else can be asked.

use std::collections::HashMap;

use async_graphql::{
    ComplexObject, Context, Enum, ID, InputObject, Object, SimpleObject, dataloader::Loader,
};
use tandem_domain::ids::{ExpertId, UserId};
use tandem_operations::{
    checks::{self, InspectionInput},
    settings,
};
use tandem_storage::{checks::Check, experts::Expert as ExpertRow};

use super::{
    app, caller,
    enums::CheckKind,
    experts::Expert,
    ids,
    loaders::{LoadError, Loaders},
    payload::{payload, settle},
    scalars::Date,
    users::User,
};

/// Where a background check stands; it follows from its dates, and nobody sets it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(name = "BackgroundCheckState", remote = "tandem_domain::checks::CheckState")]
pub enum CheckState {
    /// Asked for, not shown yet.
    Requested,
    /// Inspected and valid.
    Valid,
    /// Valid, but it ends soon: within 12 weeks, unless the programme set another time.
    Expiring,
    /// No longer valid.
    Expired,
    /// A relevant entry; visible to the expert's office alone.
    Unsuitable,
    /// The inspection's data have been erased.
    Erased,
}

/// One inspection of one police clearance certificate, or a request that waits for one.
#[derive(Debug, Clone, SimpleObject)]
#[graphql(complex)]
pub struct BackgroundCheck {
    /// The global id.
    id: ID,
    /// Simple or extended.
    kind: CheckKind,
    /// Where it stands today.
    state: CheckState,
    /// When the expert was asked to apply for it.
    requested_on: Option<Date>,
    /// The certificate's own date; null while it is only requested, or after erasure.
    certificate_date: Option<Date>,
    /// When it was inspected.
    inspected_on: Option<Date>,
    /// The last day on which it is valid.
    valid_until: Option<Date>,
    /// Whether it showed no relevant entry: the one thing that is recorded of its content.
    no_relevant_entry: Option<bool>,
    #[graphql(skip)]
    inspected_by: Option<UserId>,
}

#[ComplexObject]
impl BackgroundCheck {
    /// Who inspected it; null where it came from a list, or you may not see the person.
    async fn inspected_by(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<User>> {
        match self.inspected_by {
            Some(user) => User::load(ctx, user).await,
            None => Ok(None),
        }
    }
}

/// A key of the loaders: the background checks of an expert, the newest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct ChecksOf(pub ExpertId);

impl Loader<ChecksOf> for Loaders {
    type Value = Vec<BackgroundCheck>;
    type Error = LoadError;

    async fn load(&self, keys: &[ChecksOf]) -> Result<HashMap<ChecksOf, Vec<BackgroundCheck>>, LoadError> {
        let experts: Vec<ExpertId> = keys.iter().map(|key| key.0).collect();
        let weeks = settings::get(&self.app, &self.caller).await?.check_expiring_weeks;
        let today = self.app.today();
        let mut checks: HashMap<ChecksOf, Vec<BackgroundCheck>> = HashMap::new();
        for row in checks::for_experts(&self.app, &self.caller, &experts).await? {
            let state = row.check.state(today, weeks).into();
            let of = checks.entry(ChecksOf(row.expert_id)).or_default();
            of.push(BackgroundCheck::new(&row, state));
        }
        Ok(checks)
    }
}

impl BackgroundCheck {
    fn new(row: &Check, state: CheckState) -> Self {
        let inspection = row.check.inspection;
        Self {
            id: ids::global(row.id),
            kind: row.check.kind.into(),
            state,
            requested_on: row.requested_on.map(Date::from),
            certificate_date: inspection.map(|inspection| inspection.certificate_date.into()),
            inspected_on: inspection.map(|inspection| inspection.inspected_on.into()),
            valid_until: inspection.map(|inspection| inspection.valid_until.into()),
            no_relevant_entry: inspection.map(|inspection| inspection.no_relevant_entry),
            inspected_by: row.inspected_by,
        }
    }
}

/// What somebody saw who inspected a certificate.
#[derive(Debug, InputObject)]
pub struct CheckInspectionInput {
    /// Simple or extended.
    pub kind: CheckKind,
    /// The certificate's own date; at the inspection it may be at most 3 months old, unless the programme
    /// set another limit.
    pub certificate_date: Date,
    /// When it was inspected; today where it is not given.
    pub inspected_on: Option<Date>,
    /// Whether it showed no relevant entry.
    pub no_relevant_entry: bool,
    /// The last day on which it shall be valid, where that is earlier than the programme's rule gives.
    pub valid_until: Option<Date>,
}

impl From<CheckInspectionInput> for InspectionInput {
    fn from(input: CheckInspectionInput) -> Self {
        Self {
            kind: input.kind.into(),
            certificate_date: input.certificate_date.into(),
            inspected_on: input.inspected_on.map(Into::into),
            no_relevant_entry: input.no_relevant_entry,
            valid_until: input.valid_until.map(Into::into),
        }
    }
}

payload! {
    /// The answer to `recordCheckInspection`.
    RecordCheckInspectionPayload {
        /// The expert, whose `backgroundChecks` have the inspection.
        expert: Expert,
    }
}

/// Mutations of background checks.
#[derive(Default)]
pub struct CheckMutation;

#[Object]
impl CheckMutation {
    /// Records that you inspected an expert's police clearance certificate. It fulfils an open request for
    /// one of that kind. For the expert's office.
    async fn record_check_inspection(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The expert.")] expert_id: ID,
        #[graphql(desc = "What you saw.")] input: CheckInspectionInput,
    ) -> async_graphql::Result<RecordCheckInspectionPayload> {
        let (app, caller) = (app(ctx), caller(ctx)?);
        match ids::parse::<ExpertId>("expertId", &expert_id) {
            Ok(expert) => settle(checks::record_inspection(app, caller, expert, input.into()).await),
            Err(error) => settle(Err::<ExpertRow, _>(error.into())),
        }
    }
}
