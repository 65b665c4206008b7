//! Rate limits by person and by network address (api.md "Safety").
//!
//! Counts live in Redis, so that replicas share them. Where Redis is away, signing in, links and codes are
//! counted in this process, since somebody might be guessing; everything else goes on uncounted, since the
//! programme must.

mod rule;
mod store;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use tandem_domain::clock::Clock;

pub use rule::Rule;
use store::{Away, Local, Shared};

/// The rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// Operations of one person or program.
    pub operations_per_person: Rule,
    /// Operations from one network address; behind one there may be a whole office.
    pub operations_per_address: Rule,
    /// Links that are asked for or opened, and codes that are tried, to sign in, from one address.
    pub sign_ins_per_address: Rule,
    /// Pages behind links in e-mails, from one address.
    pub pages_per_address: Rule,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            operations_per_person: Rule::new(1_200, 60),
            operations_per_address: Rule::new(6_000, 60),
            sign_ins_per_address: Rule::new(60, 600),
            pages_per_address: Rule::new(120, 60),
        }
    }
}

/// What is counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// Asks for a sign-in link, opens one, or tries a code.
    SignIn,
    /// Opens the page behind a link.
    Page,
    /// Sends an operation.
    Operation,
    /// Sends an operation as this person or program; the address was counted already.
    PersonsOperation(uuid::Uuid),
}

/// Too many; again after this time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooMany(pub Duration);

impl TooMany {
    /// The time in whole seconds, as `Retry-After` has it.
    pub fn seconds(self) -> u64 {
        self.0.as_secs_f64().ceil().max(1.0) as u64
    }
}

/// Counts what comes; cheap to clone.
#[derive(Clone)]
pub struct RateLimiter(Arc<Inner>);

struct Inner {
    rules: Rules,
    clock: Arc<dyn Clock>,
    shared: Option<Shared>,
    local: Local,
}

impl std::fmt::Debug for RateLimiter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("RateLimiter").field(&self.0.rules).finish()
    }
}

impl RateLimiter {
    /// Counts in this process alone.
    pub fn local(rules: Rules, clock: Arc<dyn Clock>) -> Self {
        Self(Arc::new(Inner {
            rules,
            clock,
            shared: None,
            local: Local::default(),
        }))
    }

    /// Counts in Redis, under keys that begin with `namespace`. Redis need not be there yet.
    ///
    /// # Errors
    /// Where the address is none.
    pub fn shared(
        rules: Rules,
        clock: Arc<dyn Clock>,
        redis_url: &str,
        namespace: &str,
    ) -> Result<Self, redis::RedisError> {
        Ok(Self(Arc::new(Inner {
            rules,
            clock,
            shared: Some(Shared::new(redis_url, namespace)?),
            local: Local::default(),
        })))
    }

    /// Counts one act from an address, or says how long to wait.
    pub async fn take(&self, act: &Act, address: &str) -> Result<(), TooMany> {
        let Inner {
            rules,
            clock,
            shared,
            local,
        } = &*self.0;
        let from = block(address);
        let (name, rule, strict) = match act {
            Act::SignIn => (format!("sign-in:{from}"), rules.sign_ins_per_address, true),
            Act::Page => (format!("page:{from}"), rules.pages_per_address, true),
            Act::Operation => (format!("address:{from}"), rules.operations_per_address, false),
            Act::PersonsOperation(person) => (format!("person:{person}"), rules.operations_per_person, false),
        };
        let wanted = [(name, rule)];
        let wait = match shared {
            Some(shared) => match shared.take(&**clock, &wanted).await {
                Ok(wait) => wait,
                Err(Away) if strict => local.take(&**clock, &wanted),
                Err(Away) => 0,
            },
            None => local.take(&**clock, &wanted),
        };
        match u64::try_from(wait) {
            Ok(0) | Err(_) => Ok(()),
            Ok(micros) => Err(TooMany(Duration::from_micros(micros))),
        }
    }
}

/// What counts as one address: of IPv6 the network of 64 bits, which one household gets.
fn block(address: &str) -> String {
    match address.parse::<IpAddr>() {
        Ok(IpAddr::V6(six)) if six.to_ipv4_mapped().is_none() => {
            let [a, b, c, d, ..] = six.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
        Ok(IpAddr::V6(six)) => six.to_canonical().to_string(),
        Ok(four) => four.to_string(),
        Err(_) => address.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ipv6_network_counts_as_one() {
        assert_eq!(block("2001:db8:1:2:3:4:5:6"), block("2001:db8:1:2::1"));
        assert_ne!(block("2001:db8:1:3::1"), block("2001:db8:1:2::1"));
        assert_eq!(block("::ffff:192.0.2.1"), "192.0.2.1");
    }

    #[test]
    fn a_wait_is_told_in_whole_seconds() {
        assert_eq!(TooMany(Duration::from_millis(1)).seconds(), 1);
        assert_eq!(TooMany(Duration::from_millis(1_001)).seconds(), 2);
    }
}
