//! The rules of the programme: entities, state machines, policy, eligibility and scores. No I/O.
//!
//! `S12` cites a statement of the programme, `L` a law or common practice (docs/domain.md).

pub mod accompaniment;
pub mod addresses;
pub mod agreements;
pub mod candidates;
pub mod cases;
pub mod centers;
pub mod checks;
pub mod chemistry;
pub mod clock;
pub mod documents;
pub mod eligibility;
pub mod errors;
pub mod experts;
pub mod explaining;
pub mod feedback;
pub mod geo;
pub mod ids;
pub mod matches;
pub mod mentees;
pub mod occupations;
pub mod offices;
pub mod parties;
pub mod policy;
pub mod postal_codes;
pub mod quiet;
pub mod random;
pub mod readiness;
pub mod reminders;
pub mod runs;
pub mod scores;
pub mod settings;
pub mod statistics;
pub mod text;
pub mod tokens;
pub mod training;
pub mod users;
pub mod values;
