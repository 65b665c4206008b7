//! The GraphQL and HTTP server of Tandem.
//!
//! [`config`] reads the environment, [`cli`] the command line; [`server::router`] is the whole HTTP
//! surface, [`graphql`] the schema: one file an aggregate, object type, queries and mutations side by
//! side.

// the merged objects of the schema nest one future an aggregate
#![recursion_limit = "256"]

pub mod auth;
pub mod cli;
pub mod config;
pub mod events;
pub mod graphql;
mod http;
pub mod limits;
pub mod openid;
pub mod pages;
pub mod server;
