//! The rule of a rate limit, as the generic cell rate algorithm: so many at once, then evenly.

use std::str::FromStr;

/// So many within so many seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// How many, all at once if need be.
    pub count: u32,
    /// Within so many seconds.
    pub seconds: u32,
}

impl Rule {
    /// So many within so many seconds.
    pub const fn new(count: u32, seconds: u32) -> Self {
        Self { count, seconds }
    }

    /// The whole span, in microseconds.
    pub(super) fn span(self) -> i64 {
        i64::from(self.seconds) * 1_000_000
    }

    /// What one costs of it.
    pub(super) fn cost(self) -> i64 {
        (self.span() / i64::from(self.count.max(1))).max(1)
    }

    /// What is stored after one more, or for how many microseconds to wait. `stored` is the moment until
    /// which what came so far is spread out; 0 where nothing came.
    pub(super) fn next(self, stored: i64, now: i64) -> Result<i64, i64> {
        let next = stored.max(now) + self.cost();
        let wait = next - self.span() - now;
        if wait > 0 { Err(wait) } else { Ok(next) }
    }
}

impl FromStr for Rule {
    type Err = ();

    /// As "600/60": six hundred within sixty seconds.
    fn from_str(text: &str) -> Result<Self, ()> {
        let (count, seconds) = text.split_once('/').ok_or(())?;
        let rule = Self {
            count: count.trim().parse().map_err(|_| ())?,
            seconds: seconds.trim().parse().map_err(|_| ())?,
        };
        let sensible = (1..=1_000_000).contains(&rule.count) && (1..=86_400).contains(&rule.seconds);
        if sensible { Ok(rule) } else { Err(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_come_at_once_and_then_evenly() {
        let rule = Rule::new(3, 60);
        let (mut stored, start) = (0, 1_000_000_000);
        for _ in 0..3 {
            stored = rule.next(stored, start).unwrap();
        }
        assert_eq!(rule.next(stored, start), Err(20_000_000));
        let later = start + 20_000_000;
        stored = rule.next(stored, later).unwrap();
        assert!(rule.next(stored, later).is_err());
        // after a pause everything is as at first
        let rested = later + rule.span();
        assert_eq!(rule.next(stored, rested), rule.next(0, rested));
    }

    #[test]
    fn a_rule_is_read_from_a_text() {
        assert_eq!("600/60".parse(), Ok(Rule::new(600, 60)));
        for wrong in ["", "600", "0/60", "1/0", "-1/2", "x/y", "1/100000"] {
            assert!(wrong.parse::<Rule>().is_err(), "{wrong:?}");
        }
    }
}
