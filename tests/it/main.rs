//! Tests of the whole product, as sentences.

mod answer_page;
mod cases;
mod crash;
mod experts;
mod import;
mod mail;
mod matches;
mod races;
mod runs;
mod scene;
