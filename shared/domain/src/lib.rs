//! The rules of the programme: entities, state machines, policy, eligibility and scores. No I/O.

pub mod geo;
pub mod occupations;
pub mod postal_codes;
pub mod text;
