//! Tests of the whole product, as sentences.

mod crash;
mod runs;
