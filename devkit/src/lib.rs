//! Private servers, mail catcher and demo for development and tests.

pub mod catcher;
pub mod commands;
pub mod demo;
mod keeper;
pub mod ports;
pub mod processes;
pub mod programme;
pub mod programs;
pub mod secret;
pub mod servers;
pub mod signals;
pub mod stack;
