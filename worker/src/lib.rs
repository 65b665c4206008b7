//! The worker of Tandem: relay, job handlers and sweeps.
