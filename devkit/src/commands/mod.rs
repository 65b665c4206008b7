//! The commands of the program `tandem-devkit`, one module each.

pub mod catcher;
pub mod dev;
pub mod generate;
pub mod servers;
pub mod with_servers;
