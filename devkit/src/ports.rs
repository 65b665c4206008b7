//! Free ports on the loopback interface.

use std::net::{Ipv4Addr, TcpListener};

use anyhow::{Context, Result};

/// A TCP port of 127.0.0.1 that nobody listens on at this moment. Somebody else may take it before the
/// caller does, so whoever starts a server with it tries again with another one.
pub fn free() -> Result<u16> {
    listener(0)?
        .local_addr()
        .map(|address| address.port())
        .context("a fresh listener has no address")
}

/// `wanted` if it is free, otherwise some free port: for addresses that people type into a browser.
pub fn free_or(wanted: u16) -> Result<u16> {
    if listener(wanted).is_ok() {
        Ok(wanted)
    } else {
        free()
    }
}

fn listener(port: u16) -> Result<TcpListener> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).context("no free port on the loopback interface")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_taken_port_is_replaced_by_a_free_one() {
        let taken = listener(0).unwrap();
        let wanted = taken.local_addr().unwrap().port();
        assert_ne!(free_or(wanted).unwrap(), wanted);
    }
}
