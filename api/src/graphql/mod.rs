//! The schema: one file an aggregate, with its object type, queries and mutations side by side.
//!
//! What every aggregate's file uses:
//! [`ids`] (global ids), [`scalars`], [`connection`] (lists), [`payload`] (what mutations answer with),
//! [`loaders`] (relations), [`error`] (faults) and [`app`]/[`caller`].

pub mod addresses;
pub mod audit;
pub mod auth;
pub mod candidates;
pub mod cases;
pub mod centers;
pub mod checks;
pub mod connection;
pub mod data_protection;
pub mod deliveries;
pub mod documents;
pub mod enums;
pub mod error;
pub mod experts;
pub mod gate;
pub mod ids;
pub mod jobs;
pub mod loaders;
pub mod matches;
pub mod mentees;
pub mod node;
pub mod occupations;
pub mod offices;
pub mod payload;
pub mod persons;
pub mod places;
pub mod problems;
pub mod runs;
pub mod scalars;
pub mod settings;
pub mod statistics;
pub mod subscriptions;
pub mod tokens;
pub mod training;
pub mod users;

use async_graphql::{Context, MergedObject, MergedSubscription, SDLExportOptions, Schema, SchemaBuilder};
use chrono::{DateTime, Utc};
use tandem_operations::{App, Caller};

use crate::{auth::Sender, config::HttpOptions, events::Events, limits::RateLimiter};

/// What can be asked.
#[derive(MergedObject, Default)]
pub struct Query(
    node::NodeQuery,
    auth::AuthQuery,
    tokens::TokenQuery,
    users::UserQuery,
    offices::OfficeQuery,
    mentees::MenteeQuery,
    cases::CaseQuery,
    matches::MatchQuery,
    problems::ProblemQuery,
    deliveries::DeliveryQuery,
    candidates::CandidateQuery,
    runs::RunQuery,
    centers::CenterQuery,
    experts::ExpertQuery,
    checks::CheckQuery,
    training::TrainingQuery,
    training::TrainingSessionQuery,
    documents::DocumentQuery,
    occupations::OccupationQuery,
    places::PlaceQuery,
    jobs::JobQuery,
    audit::AuditQuery,
    data_protection::DataProtectionQuery,
    settings::SettingsQuery,
    statistics::StatisticsQuery,
);

/// What can be done.
#[derive(MergedObject, Default)]
pub struct Mutation(
    auth::AuthMutation,
    tokens::TokenMutation,
    users::UserMutation,
    offices::OfficeMutation,
    mentees::MenteeMutation,
    cases::CaseMutation,
    matches::MatchMutation,
    matches::MatchLifeMutation,
    problems::ProblemMutation,
    deliveries::DeliveryMutation,
    settings::SettingsMutation,
    runs::RunMutation,
    centers::CenterMutation,
    experts::ExpertMutation,
    checks::CheckMutation,
    training::TrainingMutation,
    training::TrainingSessionMutation,
    documents::DocumentMutation,
    jobs::JobMutation,
    data_protection::DataProtectionMutation,
    persons::PersonMutation,
    addresses::AddressMutation,
);

/// What can be watched.
#[derive(MergedSubscription, Default)]
pub struct Subscription(
    subscriptions::InboxSubscription,
    cases::CaseSubscription,
    runs::RunSubscription,
);

/// The schema of the API.
pub type ApiSchema = Schema<Query, Mutation, Subscription>;

/// The app, for operations.
pub fn app<'a>(ctx: &Context<'a>) -> &'a App {
    ctx.data_unchecked::<App>()
}

/// Who calls; `UNAUTHENTICATED` where nobody is signed in.
pub fn caller<'a>(ctx: &Context<'a>) -> async_graphql::Result<&'a Caller> {
    sender(ctx)
        .as_ref()
        .map(|signed| &signed.caller)
        .ok_or_else(error::unauthenticated)
}

/// The session by which the request came, if any; for the few fields that are open to everybody.
pub fn sender<'a>(ctx: &Context<'a>) -> &'a Sender {
    ctx.data_opt::<Sender>().unwrap_or(&None)
}

fn builder() -> SchemaBuilder<Query, Mutation, Subscription> {
    Schema::build(Query::default(), Mutation::default(), Subscription::default())
        .override_output_type_description::<DateTime<Utc>>(
            "An instant with its offset from UTC, as \"2026-11-23T09:30:00+01:00\" (RFC 3339).",
        )
}

/// The schema as `serve` uses it.
pub fn schema(app: App, events: Events, options: &HttpOptions, limiter: RateLimiter) -> ApiSchema {
    let builder = builder()
        .data(app)
        .data(events)
        .data(options.clone())
        .data(limiter)
        .limit_depth(options.limits.depth)
        .limit_complexity(options.limits.complexity)
        .limit_directives(8)
        .disable_suggestions()
        .extension(gate::Gate {
            aliases: options.limits.aliases,
            introspection: options.introspection,
        });
    if options.introspection {
        builder.finish()
    } else {
        builder.disable_introspection().finish()
    }
}

/// The schema in GraphQL's own language, as committed in `api/schema.graphql`.
pub fn sdl() -> String {
    let options = SDLExportOptions::new()
        .sorted_fields()
        .sorted_arguments()
        .sorted_enum_items()
        .include_specified_by();
    builder().finish().sdl_with_options(options)
}
