//! Background checks of experts. Nothing else of a certificate is stored, so nothing else can be asked.

use std::collections::HashMap;

use async_graphql::{
    ComplexObject, Context, Enum, ID, InputObject, Object, SimpleObject, dataloader::Loader,
};
use tandem_domain::documents::DocumentKind;
use tandem_domain::ids::{CheckId, ExpertId, OfficeId, UserId};
use tandem_operations::{
    checks::{self, CheckFilter, InspectionInput},
    settings,
};
use tandem_storage::{checks::Check, experts::Expert as ExpertRow};

use super::{
    app, caller,
    connection::{Connection, connection, cost, page},
    documents::Document,
    enums::CheckKind,
    error::bad_input,
    experts::Expert,
    ids,
    loaders::{LoadError, Loaders},
    offices::RegionalOffice,
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
    /// An inspection that counts only when a second person has confirmed it, where the programme asks for that;
    /// null where none waits.
    pending_inspection: Option<PendingInspection>,
    #[graphql(skip)]
    inspected_by: Option<UserId>,
    #[graphql(skip)]
    confirmed_by: Option<UserId>,
    #[graphql(skip)]
    check: CheckId,
}

/// An inspection that waits for a second person.
#[derive(Debug, Clone, SimpleObject)]
#[graphql(complex)]
pub struct PendingInspection {
    /// The certificate's own date.
    certificate_date: Date,
    /// When it was inspected.
    inspected_on: Date,
    /// Whether it showed no relevant entry.
    no_relevant_entry: bool,
    /// The last day on which it would be valid.
    valid_until: Date,
    #[graphql(skip)]
    by: UserId,
}

#[ComplexObject]
impl PendingInspection {
    /// Who inspected it: somebody else confirms; null where you may not see the person.
    async fn inspected_by(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<User>> {
        User::load(ctx, self.by).await
    }
}

#[ComplexObject]
impl BackgroundCheck {
    /// The second person who saw the certificate; null where the programme asked for none.
    async fn confirmed_by(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<User>> {
        match self.confirmed_by {
            Some(user) => User::load(ctx, user).await,
            None => Ok(None),
        }
    }

    /// The letter to the authority, the newest one; null where none was asked for, or it has served.
    async fn letter(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<Document>> {
        Document::newest(ctx, DocumentKind::CheckLetter, self.check.uuid()).await
    }

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
            pending_inspection: row.pending.map(|pending| PendingInspection {
                certificate_date: pending.inspection.certificate_date.into(),
                inspected_on: pending.inspection.inspected_on.into(),
                no_relevant_entry: pending.inspection.no_relevant_entry,
                valid_until: pending.inspection.valid_until.into(),
                by: pending.inspected_by,
            }),
            inspected_by: row.inspected_by,
            confirmed_by: row.confirmed_by,
            check: row.id,
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

/// How an active expert stands with the checks, all of them together, for the kind that the expert's matches
/// ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "tandem_domain::checks::Standing")]
pub enum CheckStanding {
    /// Valid for longer than the weeks in which it counts as expiring.
    Valid,
    /// Valid, but it ends soon.
    Expiring,
    /// Was valid once.
    Expired,
    /// Never shown, or erased.
    Missing,
    /// A relevant entry; visible to the expert's office alone.
    Unsuitable,
}

/// An active expert as the overview of the checks shows one.
#[derive(Debug, Clone)]
pub struct CheckOverviewRow(checks::CheckRow);

impl From<checks::CheckRow> for CheckOverviewRow {
    fn from(row: checks::CheckRow) -> Self {
        Self(row)
    }
}

/// An active expert as the overview of the checks shows one.
#[Object]
impl CheckOverviewRow {
    /// The expert.
    async fn expert(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<Expert>> {
        Expert::load(ctx, self.0.expert_id).await
    }

    /// The kind that the expert's matches ask for: extended with a mentee under 18.
    async fn needed(&self) -> CheckKind {
        self.0.needed.into()
    }

    /// How the expert stands.
    async fn standing(&self) -> CheckStanding {
        self.0.standing.into()
    }

    /// Until when the check of that kind is or was valid.
    async fn valid_until(&self) -> Option<Date> {
        self.0.valid_until.map(Date::from)
    }

    /// Since when a new certificate is asked for; null where none is.
    async fn requested_on(&self) -> Option<Date> {
        self.0.requested_on.map(Date::from)
    }

    /// Matches that go on or are interrupted.
    async fn active_matches(&self) -> i64 {
        self.0.active_matches
    }

    /// Approaches that wait for an answer.
    async fn open_approaches(&self) -> i64 {
        self.0.open_approaches
    }

    /// Matches between the yes and the beginning.
    async fn planned_starts(&self) -> i64 {
        self.0.planned_starts
    }

    /// The next planned start of these.
    async fn next_start(&self) -> Option<Date> {
        self.0.next_start.map(Date::from)
    }
}

/// Narrows the overview of the checks; what is not given narrows nothing.
#[derive(Debug, Default, InputObject)]
pub struct CheckOverviewFilter {
    /// Experts of this office.
    pub office_id: Option<ID>,
    /// Who stands so.
    pub standings: Option<Vec<CheckStanding>>,
    /// Whose check ends on this day or before it.
    pub ends_until: Option<Date>,
    /// On whom a match depends.
    pub with_matches: Option<bool>,
    /// Who is (or is not) asked for a new certificate.
    pub requested: Option<bool>,
}

impl CheckOverviewFilter {
    fn parse(self) -> async_graphql::Result<CheckFilter> {
        let office = ids::parse_optional::<OfficeId>("filter.officeId", self.office_id.as_ref())
            .map_err(|error| bad_input(error.message))?;
        Ok(CheckFilter {
            office,
            standings: self
                .standings
                .unwrap_or_default()
                .into_iter()
                .map(Into::into)
                .collect(),
            ends_until: self.ends_until.map(Into::into),
            with_matches: self.with_matches.unwrap_or_default(),
            requested: self.requested,
        })
    }
}

/// How many checks end in a week.
#[derive(Debug, Clone, SimpleObject)]
pub struct ExpiringWeek {
    /// The week's Monday.
    monday: Date,
    /// How many.
    count: usize,
}

/// How an office's active experts stand with the checks.
#[derive(Debug, Clone, SimpleObject)]
#[graphql(complex)]
pub struct OfficeChecks {
    /// Valid for longer than the weeks in which they count as expiring.
    valid: usize,
    /// Valid, but ending soon.
    expiring: usize,
    /// The same by the week in which they end.
    expiring_weeks: Vec<ExpiringWeek>,
    /// Were valid once.
    expired: usize,
    /// Never shown, or erased.
    missing: usize,
    /// With a relevant entry.
    unsuitable: usize,
    /// Matches that go on or are interrupted, with experts whose check is not simply valid.
    active_matches: i64,
    /// Open approaches to such experts.
    open_approaches: i64,
    /// Planned starts with such experts.
    planned_starts: i64,
    #[graphql(skip)]
    office: OfficeId,
}

#[ComplexObject]
impl OfficeChecks {
    /// The office.
    async fn office(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<RegionalOffice>> {
        RegionalOffice::load(ctx, self.office).await
    }
}

impl From<checks::OfficeChecks> for OfficeChecks {
    fn from(row: checks::OfficeChecks) -> Self {
        use tandem_domain::checks::Standing;
        let count = |standing| row.standings.get(&standing).copied().unwrap_or_default();
        Self {
            valid: count(Standing::Valid),
            expiring: count(Standing::Expiring),
            expiring_weeks: row
                .weeks
                .iter()
                .map(|(monday, count)| ExpiringWeek {
                    monday: (*monday).into(),
                    count: *count,
                })
                .collect(),
            expired: count(Standing::Expired),
            missing: count(Standing::Missing),
            unsuitable: count(Standing::Unsuitable),
            active_matches: row.active_matches,
            open_approaches: row.open_approaches,
            planned_starts: row.planned_starts,
            office: row.office,
        }
    }
}

/// Queries for background checks.
#[derive(Default)]
pub struct CheckQuery;

#[Object]
impl CheckQuery {
    /// How the active experts of each office that you look after stand with the checks, and what depends on it.
    #[graphql(complexity = "1 + 20 * child_complexity")]
    async fn check_overview(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "This office alone.")] office_id: Option<ID>,
    ) -> async_graphql::Result<Vec<OfficeChecks>> {
        let (app, caller) = (app(ctx), caller(ctx)?);
        let office = ids::parse_optional::<OfficeId>("officeId", office_id.as_ref())
            .map_err(|error| bad_input(error.message))?;
        let offices = checks::offices(app, caller, office).await?;
        Ok(offices.into_iter().map(OfficeChecks::from).collect())
    }

    /// The active experts behind the overview: who has no check first, then by the end of its validity.
    #[graphql(complexity = "cost(first, last, child_complexity)")]
    async fn check_standings(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Narrows the list.")] filter: Option<CheckOverviewFilter>,
        #[graphql(desc = "So many from the beginning.")] first: Option<i32>,
        #[graphql(desc = "After this cursor.")] after: Option<String>,
        #[graphql(desc = "So many from the end.")] last: Option<i32>,
        #[graphql(desc = "Before this cursor.")] before: Option<String>,
    ) -> async_graphql::Result<Connection<CheckOverviewRow>> {
        let (app, caller) = (app(ctx), caller(ctx)?);
        let page = page::<checks::Key>(first, after, last, before)?;
        let filter = filter.unwrap_or_default().parse()?;
        let slice = checks::rows(app, caller, &filter, &page).await?;
        Ok(connection(slice, None, checks::key))
    }

    /// The same list for a spreadsheet: semicolons, UTF-8 with a mark, and no text that a spreadsheet would take
    /// for a formula.
    #[graphql(complexity = 500)]
    async fn check_standings_csv(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Narrows the list.")] filter: Option<CheckOverviewFilter>,
    ) -> async_graphql::Result<String> {
        let (app, caller) = (app(ctx), caller(ctx)?);
        Ok(checks::csv(app, caller, &filter.unwrap_or_default().parse()?).await?)
    }

    /// Experts with an inspection that waits for a second person, the oldest first.
    #[graphql(complexity = "1 + 50 * child_complexity")]
    async fn pending_check_inspections(&self, ctx: &Context<'_>) -> async_graphql::Result<Vec<Expert>> {
        let (app, caller) = (app(ctx), caller(ctx)?);
        let waiting = checks::pending(app, caller).await?;
        let experts = waiting.into_iter().map(|(expert, _)| Expert::load(ctx, expert));
        Ok(futures::future::try_join_all(experts)
            .await?
            .into_iter()
            .flatten()
            .collect())
    }
}

/// How many were asked.
#[derive(Debug, Clone, SimpleObject)]
pub struct CheckRenewals {
    /// How many experts were asked and get the letter by mail.
    asked: usize,
}

payload! {
    /// The answer to `requestBackgroundChecks`.
    RequestBackgroundChecksPayload {
        /// The experts who were asked.
        experts: Vec<Expert>,
    }
}

payload! {
    /// The answer to `requestCheckRenewals`.
    RequestCheckRenewalsPayload {
        /// What was done.
        renewals: CheckRenewals,
    }
}

payload! {
    /// The answer to `withdrawCheckRequest`.
    WithdrawCheckRequestPayload {
        /// The expert.
        expert: Expert,
    }
}

payload! {
    /// The answer to `confirmCheckInspection`.
    ConfirmCheckInspectionPayload {
        /// The expert.
        expert: Expert,
    }
}

payload! {
    /// The answer to `rejectCheckInspection`.
    RejectCheckInspectionPayload {
        /// The expert.
        expert: Expert,
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

    /// Asks experts to apply for a certificate. Each gets the letter for the authority by mail, which makes it
    /// free of charge. All or none. For the experts' office.
    async fn request_background_checks(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The experts, at most 500.")] expert_ids: Vec<ID>,
        #[graphql(
            desc = "Which certificate; the one that an expert's matches ask for where it is not given."
        )]
        kind: Option<CheckKind>,
    ) -> async_graphql::Result<RequestBackgroundChecksPayload> {
        let (app, caller) = (app(ctx), caller(ctx)?);
        let asked = match ids::parse_all::<ExpertId>("expertIds", &expert_ids) {
            Ok(experts) => checks::request(app, caller, &experts, kind.map(Into::into)).await,
            Err(errors) => Err(errors.into()),
        };
        settle(asked.map(|experts| experts.into_iter().map(Expert::from).collect::<Vec<_>>()))
    }

    /// Asks all whose check ends within so many weeks, or has ended, and who were not asked yet; at most 500 a
    /// call. For their office.
    async fn request_check_renewals(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "This office alone; all that you look after where it is not given.")]
        office_id: Option<ID>,
        #[graphql(desc = "Within so many weeks.", default = 12)] within_weeks: u32,
    ) -> async_graphql::Result<RequestCheckRenewalsPayload> {
        let (app, caller) = (app(ctx), caller(ctx)?);
        let asked = match ids::parse_optional::<OfficeId>("officeId", office_id.as_ref()) {
            Ok(office) => checks::request_renewals(app, caller, office, within_weeks).await,
            Err(error) => Err(error.into()),
        };
        settle(asked.map(|asked| CheckRenewals { asked }))
    }

    /// Takes a request back that was not fulfilled.
    async fn withdraw_check_request(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The background check that is only requested.")] check_id: ID,
    ) -> async_graphql::Result<WithdrawCheckRequestPayload> {
        let (app, caller) = (app(ctx), caller(ctx)?);
        match ids::parse::<CheckId>("checkId", &check_id) {
            Ok(id) => settle(checks::withdraw_request(app, caller, id).await),
            Err(error) => settle(Err::<ExpertRow, _>(error.into())),
        }
    }

    /// Confirms as a second person that you have seen the same certificate: from now on the inspection counts.
    async fn confirm_check_inspection(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The background check with the inspection that waits.")] check_id: ID,
    ) -> async_graphql::Result<ConfirmCheckInspectionPayload> {
        let (app, caller) = (app(ctx), caller(ctx)?);
        match ids::parse::<CheckId>("checkId", &check_id) {
            Ok(id) => settle(checks::confirm_inspection(app, caller, id).await),
            Err(error) => settle(Err::<ExpertRow, _>(error.into())),
        }
    }

    /// Takes an inspection back that waits for a second person: the certificate is inspected again.
    async fn reject_check_inspection(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The background check with the inspection that waits.")] check_id: ID,
    ) -> async_graphql::Result<RejectCheckInspectionPayload> {
        let (app, caller) = (app(ctx), caller(ctx)?);
        match ids::parse::<CheckId>("checkId", &check_id) {
            Ok(id) => settle(checks::reject_inspection(app, caller, id).await),
            Err(error) => settle(Err::<ExpertRow, _>(error.into())),
        }
    }
}
