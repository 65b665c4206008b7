//! Tests of the whole product, as sentences.
