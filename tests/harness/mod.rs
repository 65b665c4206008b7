//! Tests of the whole product: harness.
