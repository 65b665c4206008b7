//! Tests of the whole product, as sentences.

mod answer_page;
mod cases;
mod mail;
mod matches;
mod races;
mod scene;
