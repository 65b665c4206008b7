//! The rules of the programme: entities, state machines, policy, eligibility and scores. No I/O.
//!
//! `S12` cites a statement of the programme, `L` a law or common practice; both are listed in
//! `docs/domain.md`.

pub mod clock;
pub mod errors;
pub mod ids;
pub mod random;
pub mod values;
