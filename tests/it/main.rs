//! Tests of the whole product, as sentences.

#![expect(
    clippy::format_collect,
    clippy::format_push_string,
    clippy::items_after_statements,
    clippy::uninlined_format_args,
    clippy::wrong_self_convention,
    reason = "a test's texts and helpers stand where they read best; nobody waits for an allocation"
)]

mod addresses;
mod answer_page;
mod api_tokens;
mod attempts;
mod audit;
mod audit_chain;
mod auth;
mod cases;
mod centers_api;
mod checks;
mod consents;
mod crash;
mod documents;
mod every_id;
mod experts;
mod experts_api;
mod graphql_over_http;
mod http;
mod import;
mod life;
mod limits;
mod mail;
mod matches;
mod offices;
mod openid;
mod pages;
mod personal_data;
mod policy;
mod probes;
mod purges;
mod races;
mod reminders;
mod runs;
mod scene;
mod schema;
mod staff;
mod statements;
mod statistics;
mod subscriptions;
mod traces;
mod training;
mod two_years;
mod walls;
mod year;
