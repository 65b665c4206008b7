//! Every field, operation and page is probed by everybody: what the committed decisions say is what happens.
//!
//! `probes/fields.txt` has a line for each type and decision, `probes/operations.txt` one for each query,
//! mutation and subscription, `probes/pages.txt` one for each page. A field that is new has no decision, and
//! fails [`fields::every_field_has_a_decision`] until somebody writes it down. The decisions are then
//! probed over HTTP with every role, in its own scope and elsewhere, against the policy.

mod decisions;
mod fields;
mod operations;
mod pages;
mod world;
