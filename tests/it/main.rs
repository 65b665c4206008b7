//! Tests of the whole product, as sentences.

mod crash;
mod experts;
mod import;
mod runs;
