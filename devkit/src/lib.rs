//! Private servers, mail catcher and demo for development and tests.

pub mod catcher;
pub mod commands;
mod keeper;
pub mod ports;
pub mod programs;
pub mod secret;
pub mod servers;
pub mod signals;
