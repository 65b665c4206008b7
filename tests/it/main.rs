//! Tests of the whole product, as sentences.

mod answer_page;
mod api_tokens;
mod audit;
mod auth;
mod cases;
mod centers_api;
mod checks;
mod crash;
mod documents;
mod experts;
mod experts_api;
mod http;
mod import;
mod mail;
mod matches;
mod offices;
mod policy;
mod races;
mod runs;
mod scene;
mod schema;
mod staff;
mod statements;
mod statistics;
mod subscriptions;
mod training;
