//! Tests of the whole product, as sentences.

mod experts;
mod import;
