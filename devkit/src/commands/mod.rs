//! The commands of the program `tandem-devkit`, one module each.

pub mod servers;
pub mod with_servers;
