//! How often and how patiently each kind of job is tried.

use std::time::Duration;

use tandem_storage::jobs::Queue;

use super::JobKind;

/// How a kind of job is treated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    /// Who takes it.
    pub queue: Queue,
    /// How often it is tried before a person has to look at it, 1 to 100.
    pub max_attempts: i32,
    /// After how long an attempt counts as failed.
    pub timeout: Duration,
    /// How long to wait between attempts.
    pub backoff: Backoff,
}

/// Waits that double from `first` up to `longest`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    /// The wait after the first failed attempt.
    pub first: Duration,
    /// No wait is longer.
    pub longest: Duration,
}

impl Backoff {
    /// How long to wait after failed attempt number `attempt` (from 1).
    ///
    /// `fraction` in `0..1` takes up to half of it away, so that what failed together does not come back
    /// together.
    pub fn delay(&self, attempt: i32, fraction: f64) -> Duration {
        let doublings = attempt.saturating_sub(1).clamp(0, 31).unsigned_abs();
        let full = self.first.saturating_mul(1 << doublings).min(self.longest);
        full.mul_f64(1.0 - fraction.clamp(0.0, 1.0) / 2.0)
    }
}

impl JobKind {
    /// How this kind of job is treated.
    pub fn policy(self) -> Policy {
        match self {
            Self::MatchingRun => Policy {
                queue: Queue::Matching,
                max_attempts: 5,
                timeout: Duration::from_secs(30 * 60),
                backoff: Backoff {
                    first: Duration::from_secs(2),
                    longest: Duration::from_secs(60),
                },
            },
            // Twelve attempts span about a day: a mail server that is down over night loses nothing.
            Self::SendEmail => Policy {
                queue: Queue::Mail,
                max_attempts: 12,
                timeout: Duration::from_secs(60),
                backoff: Backoff {
                    first: Duration::from_secs(5),
                    longest: Duration::from_secs(6 * 60 * 60),
                },
            },
            Self::DataRequest => Policy {
                queue: Queue::Maintenance,
                max_attempts: 10,
                timeout: Duration::from_secs(10 * 60),
                backoff: Backoff {
                    first: Duration::from_secs(5),
                    longest: Duration::from_secs(60 * 60),
                },
            },
            // Whoever asked is waiting; the link is of no use after a quarter of an hour.
            Self::SignInRequest => Policy {
                queue: Queue::Urgent,
                max_attempts: 8,
                timeout: Duration::from_secs(30),
                backoff: Backoff {
                    first: Duration::from_secs(1),
                    longest: Duration::from_secs(5 * 60),
                },
            },
            Self::NextAlternate | Self::RenderDocument | Self::ReviewChecks | Self::OfferSeats => Policy {
                queue: Queue::Maintenance,
                max_attempts: 10,
                timeout: Duration::from_secs(60),
                backoff: Backoff {
                    first: Duration::from_secs(2),
                    longest: Duration::from_secs(60 * 60),
                },
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BACKOFF: Backoff = Backoff {
        first: Duration::from_secs(5),
        longest: Duration::from_secs(60),
    };

    #[test]
    fn waits_double_until_the_longest() {
        let waits: Vec<u64> = (1..=6)
            .map(|attempt| BACKOFF.delay(attempt, 0.0).as_secs())
            .collect();
        assert_eq!(waits, [5, 10, 20, 40, 60, 60]);
        assert_eq!(BACKOFF.delay(i32::MAX, 0.0).as_secs(), 60);
    }

    #[test]
    fn jitter_takes_at_most_half_away() {
        assert_eq!(BACKOFF.delay(2, 0.5).as_millis(), 7_500);
        assert_eq!(BACKOFF.delay(2, 1.0).as_millis(), 5_000);
    }
}
