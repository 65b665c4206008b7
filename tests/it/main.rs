//! Tests of the whole product, as sentences.

mod audit;
mod auth;
mod http;
mod offices;
mod policy;
mod schema;
mod staff;
mod subscriptions;
