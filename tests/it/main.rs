//! Tests of the whole product, as sentences.

mod runs;
