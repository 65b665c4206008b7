//! Tests of the whole product, as sentences.

mod centers_api;
mod experts_api;
