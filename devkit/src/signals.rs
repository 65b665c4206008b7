//! Waiting for Ctrl-C and for a polite request to end.

use anyhow::{Context, Result};
use tokio::signal::unix::{Signal, SignalKind, signal};

/// The two requests to end that a program on a terminal or under a supervisor gets. From its creation on
/// they no longer end the process by themselves.
#[derive(Debug)]
pub struct Requests {
    interrupt: Signal,
    terminate: Signal,
}

/// Which request came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Request {
    /// Ctrl-C; the terminal sends it to the whole foreground process group.
    Interrupt,
    /// SIGTERM, sent to this process alone.
    Terminate,
}

impl Requests {
    /// Takes over both signals.
    pub fn listen() -> Result<Self> {
        let listen = |kind| signal(kind).context("signals cannot be handled on this system");
        Ok(Self {
            interrupt: listen(SignalKind::interrupt())?,
            terminate: listen(SignalKind::terminate())?,
        })
    }

    /// Waits for the next request.
    pub async fn next(&mut self) -> Request {
        tokio::select! {
            _ = self.interrupt.recv() => Request::Interrupt,
            _ = self.terminate.recv() => Request::Terminate,
        }
    }
}
