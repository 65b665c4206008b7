//! The rules of the programme: entities, state machines, policy, eligibility and scores. No I/O.

pub mod text;
