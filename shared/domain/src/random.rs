//! Randomness is passed in: ids, tokens and jitter can be repeated in a test.

use std::sync::Mutex;

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha20Rng;
use uuid::{Builder, Uuid};

use crate::clock::Clock;

/// Where random bytes come from.
pub trait Random: Send + Sync + std::fmt::Debug {
    /// Fills `bytes` with random ones, good enough for secrets in production.
    fn fill(&self, bytes: &mut [u8]);
}

impl dyn Random + '_ {
    /// A fresh id: version 7, so that rows made together lie together.
    pub fn id<T: From<Uuid>>(&self, clock: &dyn Clock) -> T {
        let mut bytes = [0; 10];
        self.fill(&mut bytes);
        let millis = clock.now().timestamp_millis().unsigned_abs();
        T::from(Builder::from_unix_timestamp_millis(millis, &bytes).into_uuid())
    }

    /// A fresh secret of 32 bytes.
    pub fn secret(&self) -> [u8; 32] {
        let mut bytes = [0; 32];
        self.fill(&mut bytes);
        bytes
    }

    /// A number in `0..1`, for jitter.
    pub fn fraction(&self) -> f64 {
        let mut bytes = [0; 4];
        self.fill(&mut bytes);
        f64::from(u32::from_le_bytes(bytes)) / (f64::from(u32::MAX) + 1.0)
    }
}

/// The operating system's randomness.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemRandom;

impl Random for SystemRandom {
    #[expect(clippy::disallowed_methods, reason = "the one place where randomness enters")]
    fn fill(&self, bytes: &mut [u8]) {
        getrandom::fill(bytes).expect("the operating system has randomness");
    }
}

/// Repeatable randomness for tests and generated data.
#[derive(Debug)]
pub struct SeededRandom(Mutex<ChaCha20Rng>);

impl SeededRandom {
    /// The same seed gives the same bytes.
    pub fn new(seed: u64) -> Self {
        Self(Mutex::new(ChaCha20Rng::seed_from_u64(seed)))
    }
}

impl Random for SeededRandom {
    fn fill(&self, bytes: &mut [u8]) {
        self.0
            .lock()
            .expect("no holder of this lock panics")
            .fill_bytes(bytes);
    }
}
