//! What a program in production must not be told: settings that are for this machine alone.

use std::{str::FromStr, sync::Arc};

use tandem_domain::clock::{Clock, ShiftedClock, SystemClock};
use url::{Host, Url};

use crate::links::LinkKey;

/// What a program runs for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Profile {
    /// People's data: settings of development are refused.
    #[default]
    Production,
    /// Invented data on this machine.
    Development,
}

impl FromStr for Profile {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "production" => Ok(Self::Production),
            "development" => Ok(Self::Development),
            _ => Err("PROFILE must be \"production\" or \"development\"".into()),
        }
    }
}

/// The clock of a program: the machine's, moved by the seconds of `CLOCK_SHIFT` where invented data are to
/// have a past. In production time is what it is, since deadlines of people and of the law hang on it.
pub fn clock(profile: Profile, shift: Option<&str>) -> Result<Arc<dyn Clock>, String> {
    /// A shift of more would leave the dates that PostgreSQL and the calendar of holidays know.
    const TEN_YEARS: i64 = 10 * 366 * 86_400;
    let Some(shift) = shift else {
        return Ok(Arc::new(SystemClock));
    };
    if profile == Profile::Production {
        return Err("CLOCK_SHIFT must not be set (PROFILE is production)".into());
    }
    match shift.trim().parse::<i64>() {
        Ok(seconds) if seconds.abs() <= TEN_YEARS => {
            Ok(Arc::new(ShiftedClock(chrono::Duration::seconds(seconds))))
        }
        _ => Err(format!(
            "CLOCK_SHIFT must be a number of seconds from -{TEN_YEARS} to {TEN_YEARS}"
        )),
    }
}

/// Whether a URL's host is this machine.
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        // of schemes that are not the web's, the url crate reads an IPv4 address as a name
        Some(Host::Domain(name)) => {
            name == "localhost"
                || name.ends_with(".localhost")
                || name
                    .parse::<std::net::Ipv4Addr>()
                    .is_ok_and(|address| address.is_loopback())
        }
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// What both programs are told.
#[derive(Debug, Clone, Copy)]
pub struct Common<'a> {
    /// Where people reach the pages.
    pub public_url: Option<&'a Url>,
    /// The database; no `Debug` of this is written anywhere.
    pub database_url: Option<&'a str>,
    /// Redis.
    pub redis_url: Option<&'a str>,
    /// The key of links.
    pub links: Option<&'a LinkKey>,
    /// `PRIVATE_NETWORK`: nobody else can listen between the programs and their servers.
    pub private_network: bool,
}

/// What of it is not for production; no value is repeated, since most are secrets.
pub fn not_for_production(told: &Common<'_>) -> Vec<String> {
    let mut faults = Vec::new();
    let mut fault = |text: &str| faults.push(format!("{text} (PROFILE is production)"));
    if told.public_url.is_some_and(|url| url.scheme() != "https") {
        fault("PUBLIC_URL must begin with https: sessions would travel unprotected");
    }
    if told.links.is_some_and(LinkKey::is_guessable) {
        fault("LINK_SECRET is too regular to be random: make one with \"openssl rand -hex 32\"");
    }
    if told.database_url.is_some_and(has_plain_database) && !told.private_network {
        fault(
            "DATABASE_URL must have sslmode=verify-full, verify-ca or require, since it is on another machine; \
             PRIVATE_NETWORK=on says that nobody else can listen",
        );
    }
    if let Some(url) = told.redis_url.and_then(|url| url.parse::<Url>().ok()) {
        if url.scheme() == "redis" && !is_loopback(&url) && !told.private_network {
            fault(
                "REDIS_URL must begin with rediss://, since it is on another machine; PRIVATE_NETWORK=on says \
                 that nobody else can listen",
            );
        }
        if url.password().is_none() && matches!(url.scheme(), "redis" | "rediss") {
            fault("REDIS_URL must have a password");
        }
    }
    faults
}

/// Whether the data would go to another machine unencrypted.
fn has_plain_database(text: &str) -> bool {
    let Ok(url) = text.parse::<Url>() else {
        return false;
    };
    // a socket's folder stands in the query
    if url.host_str().is_none_or(str::is_empty) || is_loopback(&url) {
        return false;
    }
    let mode = url
        .query_pairs()
        .find(|(name, _)| matches!(name.as_ref(), "sslmode" | "ssl-mode"))
        .map(|(_, value)| value.into_owned());
    !matches!(mode.as_deref(), Some("require" | "verify-ca" | "verify-full"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(public: &str, database: &str, redis: &str, secret: &str, private_network: bool) -> String {
        let url = public.parse().unwrap();
        let links = LinkKey::new(secret.as_bytes()).unwrap();
        not_for_production(&Common {
            public_url: Some(&url),
            database_url: Some(database),
            redis_url: Some(redis),
            links: Some(&links),
            private_network,
        })
        .join("\n")
    }

    const SECRET: &str = "b6f0c1d9e2a74835a1c0ffee5d9b7e8240aa51c39d76f8e2";

    #[test]
    fn what_is_for_this_machine_alone_is_refused() {
        let all = faults(
            "http://localhost:8080",
            "postgres://tandem_api:geheim@db.example.org/tandem",
            "redis://cache.example.org",
            "0123456701234567012345670123456701234567",
            false,
        );
        for word in [
            "PUBLIC_URL",
            "LINK_SECRET",
            "DATABASE_URL",
            "REDIS_URL must begin",
            "password",
        ] {
            assert!(all.contains(word), "{word} is missing in {all}");
        }
        assert!(!all.contains("geheim"));
    }

    #[test]
    fn the_clock_moves_in_development_only_and_by_seconds() {
        let now = SystemClock.now();
        let weeks_ago = clock(Profile::Development, Some("-2419200")).unwrap().now();
        assert_eq!((now - weeks_ago).num_days(), 27, "a moment less than 28 days");
        assert!((clock(Profile::Production, None).unwrap().now() - now).num_days() == 0);
        for (profile, text) in [
            (Profile::Production, "-60"),
            (Profile::Development, "4 weeks"),
            (Profile::Development, "99999999999"),
        ] {
            let problem = clock(profile, Some(text)).unwrap_err();
            assert!(problem.starts_with("CLOCK_SHIFT must"), "{problem}");
        }
    }

    #[test]
    fn what_is_right_is_taken() {
        let public = "https://tandem.example.org";
        let tls = "postgres://tandem_api:x@db.example.org/tandem?sslmode=verify-full";
        assert_eq!(
            faults(public, tls, "rediss://:x@cache.example.org", SECRET, false),
            ""
        );
        let near = "postgres://tandem_api:x@127.0.0.1/tandem";
        assert_eq!(faults(public, near, "redis://:x@127.0.0.1", SECRET, false), "");
        let plain = "postgres://tandem_api:x@db/tandem";
        assert_eq!(faults(public, plain, "redis://:x@cache", SECRET, true), "");
    }
}
