//! Reading variables one by one, and collecting what is wrong with them.

use std::{collections::BTreeMap, fmt::Write as _, sync::Arc};

use axum::http::HeaderValue;
use ipnet::IpNet;
use secrecy::{ExposeSecret, SecretString};
use tandem_domain::clock::Clock;
use tandem_operations::{
    links::LinkKey,
    profile::{self, Profile, is_loopback},
};
use url::Url;

/// Variables by name; what is set to nothing counts as not set.
#[derive(Default)]
pub struct Variables(BTreeMap<String, String>);

impl std::fmt::Debug for Variables {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// Every fault of a configuration, one line each.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("the configuration is not complete:{}", .0.iter().fold(String::new(), |mut text, fault| {
    let _ = write!(text, "\n  {fault}");
    text
}))]
pub struct ConfigFaults(pub Vec<String>);

impl Variables {
    /// Those of this process.
    pub fn from_environment() -> Self {
        std::env::vars().collect()
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0
            .get(name)
            .map(|value| value.trim())
            .filter(|value| !value.is_empty())
    }
}

impl FromIterator<(String, String)> for Variables {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(variables: I) -> Self {
        Self(variables.into_iter().collect())
    }
}

/// Reads variables and collects what is wrong with them.
pub(super) struct Reader<'a> {
    variables: &'a Variables,
    faults: Vec<String>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(variables: &'a Variables) -> Self {
        Self {
            variables,
            faults: Vec::new(),
        }
    }

    pub(super) fn fault(&mut self, text: impl Into<String>) {
        self.faults.push(text.into());
    }

    pub(super) fn get(&self, name: &str) -> Option<&'a str> {
        self.variables.get(name)
    }

    /// A value that need not be there; a problem is named, the value is not.
    pub(super) fn read<T>(&mut self, name: &str) -> Option<T>
    where
        T: std::str::FromStr<Err: std::fmt::Display>,
    {
        match self.get(name)?.parse() {
            Ok(value) => Some(value),
            Err(problem) => {
                self.fault(format!("{name} cannot be read: {problem}"));
                None
            }
        }
    }

    /// `explain` says what would be right; the value itself is not repeated, since it may be a secret
    /// in the wrong place.
    pub(super) fn parsed<T: std::str::FromStr>(&mut self, name: &str, default: T, explain: &str) -> T {
        match self.get(name).map(str::parse) {
            None => default,
            Some(Ok(value)) => value,
            Some(Err(_)) => {
                self.fault(format!("{name} must be {explain}"));
                default
            }
        }
    }

    pub(super) fn clock(&mut self, profile: Profile) -> Option<Arc<dyn Clock>> {
        profile::clock(profile, self.get("CLOCK_SHIFT"))
            .map_err(|fault| self.fault(fault))
            .ok()
    }

    /// A span of 1 minute to a year.
    pub(super) fn minutes(&mut self, name: &str, default: chrono::Duration) -> chrono::Duration {
        const YEAR: i64 = 366 * 24 * 60;
        let minutes = self.parsed(name, default.num_minutes(), "a number of minutes");
        if !(1..=YEAR).contains(&minutes) {
            self.fault(format!("{name} must be 1 to {YEAR}"));
            return default;
        }
        chrono::Duration::minutes(minutes)
    }

    pub(super) fn switch(&mut self, name: &str) -> bool {
        match self.get(name) {
            None | Some("off") => false,
            Some("on") => true,
            Some(_) => {
                self.fault(format!("{name} must be \"on\" or \"off\""));
                false
            }
        }
    }

    /// A word of letters, digits, '-', '_' and '.'.
    pub(super) fn word(&mut self, name: &str, default: &str) -> String {
        let word = self.get(name).unwrap_or(default);
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        if !word.chars().all(fits) {
            self.fault(format!("{name} may hold letters, digits, '-', '_' and '.'"));
            return default.to_owned();
        }
        word.to_owned()
    }

    /// A secret, given as `NAME` or in the file that `NAME_FILE` names.
    pub(super) fn secret(&mut self, name: &str) -> Option<SecretString> {
        let in_file = format!("{name}_FILE");
        match (self.get(name), self.get(&in_file)) {
            (Some(_), Some(_)) => {
                self.fault(format!("set {name} or {in_file}, not both"));
                None
            }
            (Some(secret), None) => Some(secret.to_owned().into()),
            (None, Some(path)) => match std::fs::read_to_string(path) {
                Ok(text) if !text.trim().is_empty() => Some(text.trim().to_owned().into()),
                Ok(_) => {
                    self.fault(format!("the file of {in_file} is empty"));
                    None
                }
                Err(error) => {
                    self.fault(format!("{in_file} cannot be read: {error}"));
                    None
                }
            },
            (None, None) => None,
        }
    }

    pub(super) fn required_secret(&mut self, name: &str, meaning: &str) -> Option<SecretString> {
        let faults = self.faults.len();
        let secret = self.secret(name);
        if secret.is_none() && self.faults.len() == faults {
            self.fault(format!("{name} or {name}_FILE is not set: {meaning}"));
        }
        secret
    }

    pub(super) fn link_secret(&mut self) -> Option<LinkKey> {
        let meaning = "at least 32 random bytes, the same for api and worker";
        let secret = self.required_secret("LINK_SECRET", meaning)?;
        LinkKey::new(secret.expose_secret().as_bytes())
            .map_err(|problem| self.fault(problem))
            .ok()
    }

    pub(super) fn public_url(&mut self) -> Option<Url> {
        let Some(text) = self.get("PUBLIC_URL") else {
            self.fault(
                "PUBLIC_URL is not set: where people reach this server, as https://tandem.example.org",
            );
            return None;
        };
        let url = match text.parse::<Url>() {
            Ok(url) if matches!(url.scheme(), "http" | "https") && url.has_host() => url,
            _ => {
                self.fault("PUBLIC_URL must be a URL, as https://tandem.example.org");
                return None;
            }
        };
        if url.scheme() == "http" && !is_loopback(&url) {
            self.fault(
                "PUBLIC_URL must begin with https: sessions would travel unprotected (http is for this machine alone)",
            );
            return None;
        }
        if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
            self.fault("PUBLIC_URL must have no path, query or fragment");
            return None;
        }
        Some(url)
    }

    pub(super) fn origins(&mut self) -> Vec<HeaderValue> {
        let mut origins = Vec::new();
        for text in self.list("CORS_ORIGINS") {
            let origin = text
                .parse::<Url>()
                .ok()
                .filter(|url| matches!(url.scheme(), "http" | "https"))
                .map(|url| url.origin().ascii_serialization())
                .filter(|origin| origin == text.trim_end_matches('/'))
                .and_then(|origin| origin.parse().ok());
            match origin {
                Some(origin) => origins.push(origin),
                None => self.fault(format!(
                    "CORS_ORIGINS has {text:?}, which is no origin, as https://app.example.org"
                )),
            }
        }
        origins
    }

    /// Networks, as 10.0.0.0/8, or single addresses.
    pub(super) fn networks(&mut self, name: &str) -> Vec<IpNet> {
        let mut networks = Vec::new();
        for text in self.list(name) {
            let single = || text.parse::<std::net::IpAddr>().ok().map(IpNet::from);
            match text.parse().ok().or_else(single) {
                Some(network) => networks.push(network),
                None => self.fault(format!("{name} has {text:?}, which is no network, as 10.0.0.0/8")),
            }
        }
        networks
    }

    fn list(&self, name: &str) -> Vec<&'a str> {
        let list = self.get(name).unwrap_or_default();
        list.split(',')
            .map(str::trim)
            .filter(|text| !text.is_empty())
            .collect()
    }

    pub(super) fn finish<T>(self, value: Option<T>) -> Result<T, ConfigFaults> {
        match value {
            Some(value) if self.faults.is_empty() => Ok(value),
            _ => Err(ConfigFaults(self.faults)),
        }
    }
}
