//! What the worker is told through its environment, checked before it does anything.

use std::{
    fmt,
    path::{Path, PathBuf},
    sync::Arc,
};

use secrecy::SecretString;
use tandem_domain::{clock::Clock, values::Email};
use tandem_operations::{
    links::LinkKey,
    profile::{self, Profile},
};
use url::Url;

use crate::Settings;

/// Everything that was wrong with the environment, all at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problems(pub Vec<String>);

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the worker's environment is not complete:")?;
        self.0.iter().try_for_each(|problem| write!(f, "\n  {problem}"))
    }
}

impl std::error::Error for Problems {}

/// How log lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// The worker's configuration. It holds secrets, so it is not shown.
#[derive(Clone)]
pub struct Config {
    /// Where the time comes from: the machine, moved by `CLOCK_SHIFT` in development.
    pub clock: Arc<dyn Clock>,
    /// `DATABASE_URL` or the content of `DATABASE_URL_FILE`: PostgreSQL, as the worker's own role.
    pub database_url: SecretString,
    /// `REDIS_URL` or the content of `REDIS_URL_FILE`: the queues.
    pub redis_url: SecretString,
    /// `REDIS_NAMESPACE`: keeps several installations apart in one Redis; `tandem`.
    pub redis_namespace: String,
    /// `SMTP_URL` or the content of `SMTP_URL_FILE`: where e-mails go out.
    pub smtp_url: SecretString,
    /// `MAIL_FROM`: the address from which the programme writes. A name before it, as in
    /// `Tandem <tandem@example.org>`, is for whoever reads the configuration: mails carry the
    /// programme's name from its settings.
    pub mail_from: Email,
    /// `PUBLIC_URL`: where people reach the pages behind links in e-mails.
    pub public_url: Url,
    /// `LINK_SECRET` or the content of `LINK_SECRET_FILE`: what those links are derived from.
    pub links: LinkKey,
    /// `AUDIT_ANCHOR_FILE`: where the heads of the audit log are written down outside the database; only in
    /// the log where not given.
    pub audit_anchor: Option<PathBuf>,
    /// `LOG_FORMAT`: `text` or `json`.
    pub log_format: LogFormat,
    /// `WORKER_MATCHING_CONCURRENCY`, `WORKER_MAIL_CONCURRENCY`, `WORKER_LEASE_SECONDS`.
    pub settings: Settings,
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("redis_namespace", &self.redis_namespace)
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

impl Config {
    /// Reads the process's environment.
    pub fn from_env() -> Result<Self, Problems> {
        Self::read(|name| std::env::var(name).ok())
    }

    /// Reads the values that `lookup` gives; a value of blanks counts as missing.
    pub fn read(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, Problems> {
        let mut source = Source {
            lookup: &lookup,
            problems: Vec::new(),
        };
        let defaults = Settings::default();
        // `PROFILE`: production where nothing is said
        let profile = source.profile();
        let clock = source.clock(profile);
        let database_url = source.url("DATABASE_URL", &["postgres", "postgresql"]);
        let redis_url = source.url("REDIS_URL", &["redis", "rediss", "redis+unix", "unix"]);
        let smtp_url = source.url("SMTP_URL", &["smtp", "smtps"]);
        let public_url = source.url("PUBLIC_URL", &["http", "https"]);
        let mail_from = source.sender("MAIL_FROM");
        let links = source.link_key();
        let audit_anchor = source.get("AUDIT_ANCHOR_FILE").map(PathBuf::from);
        let log_format = source.log_format("LOG_FORMAT");
        let redis_namespace = source.namespace("REDIS_NAMESPACE");
        let settings = Settings {
            matching: source.number("WORKER_MATCHING_CONCURRENCY", defaults.matching, 1..=64),
            mail: source.number("WORKER_MAIL_CONCURRENCY", defaults.mail, 1..=256),
            lease: std::time::Duration::from_secs(source.number("WORKER_LEASE_SECONDS", 20, 1..=3_600)),
            ..defaults
        };
        // `PRIVATE_NETWORK`: nobody else can listen between the worker and its servers
        let private_network = source.get("PRIVATE_NETWORK").as_deref() == Some("on");
        if profile == Profile::Production {
            source
                .problems
                .extend(profile::not_for_production(&profile::Common {
                    public_url: public_url.as_ref(),
                    database_url: database_url.as_ref().map(Url::as_str),
                    redis_url: redis_url.as_ref().map(Url::as_str),
                    links: links.as_ref(),
                    private_network,
                }));
            if smtp_url.as_ref().is_some_and(is_plain_smtp) {
                source.problems.push(
                    "SMTP_URL must begin with smtps:// or end with ?tls=required (PROFILE is production)"
                        .into(),
                );
            }
        }
        match (
            clock,
            database_url,
            redis_url,
            smtp_url,
            public_url,
            mail_from,
            links,
        ) {
            (
                Some(clock),
                Some(database),
                Some(redis),
                Some(smtp),
                Some(public_url),
                Some(mail_from),
                Some(links),
            ) if source.problems.is_empty() => Ok(Self {
                clock,
                database_url: String::from(database).into(),
                redis_url: String::from(redis).into(),
                redis_namespace,
                smtp_url: String::from(smtp).into(),
                mail_from,
                public_url,
                links,
                audit_anchor,
                log_format,
                settings,
            }),
            _ => Err(Problems(source.problems)),
        }
    }
}

/// Whether mails could leave unencrypted.
fn is_plain_smtp(url: &Url) -> bool {
    let required = url
        .query_pairs()
        .any(|(name, value)| name == "tls" && value == "required");
    url.scheme() == "smtp" && !required
}

struct Source<'a> {
    lookup: &'a dyn Fn(&str) -> Option<String>,
    problems: Vec<String>,
}

impl Source<'_> {
    fn get(&self, name: &str) -> Option<String> {
        (self.lookup)(name).filter(|value| !value.trim().is_empty())
    }

    fn profile(&mut self) -> Profile {
        match self.get("PROFILE").map(|text| text.trim().parse::<Profile>()) {
            None => Profile::default(),
            Some(Ok(profile)) => profile,
            Some(Err(problem)) => {
                self.problems.push(problem);
                Profile::default()
            }
        }
    }

    fn clock(&mut self, profile: Profile) -> Option<Arc<dyn Clock>> {
        profile::clock(profile, self.get("CLOCK_SHIFT").as_deref())
            .map_err(|problem| self.problems.push(problem))
            .ok()
    }

    /// A secret as `NAME`, or in the file that `NAME_FILE` names; none where neither is set.
    fn secret(&mut self, name: &str) -> Result<Option<String>, ()> {
        let in_file = format!("{name}_FILE");
        match (self.get(name), self.get(&in_file)) {
            (Some(_), Some(_)) => {
                self.problems
                    .push(format!("{name} and {in_file} are both set: set one of them"));
                Err(())
            }
            (None, Some(file)) => match std::fs::read_to_string(Path::new(&file)) {
                Ok(text) => Ok(Some(text.trim().to_owned()).filter(|text| !text.is_empty())),
                Err(error) => {
                    self.problems
                        .push(format!("{in_file} cannot be read ({file}): {error}"));
                    Err(())
                }
            },
            (value, None) => Ok(value),
        }
    }

    fn problem<T>(&mut self, problem: impl Into<String>) -> Option<T> {
        self.problems.push(problem.into());
        None
    }

    /// The value itself is not part of a message: it may hold a password.
    fn url(&mut self, name: &str, schemes: &[&str]) -> Option<Url> {
        let right = schemes
            .iter()
            .map(|scheme| format!("{scheme}://"))
            .collect::<Vec<_>>()
            .join(" or ");
        let Some(value) = self.secret(name).ok()? else {
            return self.problem(format!("{name} is missing: an address that begins with {right}"));
        };
        match value.trim().parse::<Url>() {
            Ok(url) if schemes.contains(&url.scheme()) => Some(url),
            Ok(url) => self.problem(format!(
                "{name} begins with {}://, it must begin with {right}",
                url.scheme()
            )),
            Err(error) => self.problem(format!(
                "{name} is not an address ({error}): it must begin with {right}"
            )),
        }
    }

    fn sender(&mut self, name: &str) -> Option<Email> {
        let Some(value) = self.get(name) else {
            return self.problem(format!(
                "{name} is missing: the sender, as \"Tandem <tandem@example.org>\""
            ));
        };
        let address = match value
            .trim()
            .strip_suffix('>')
            .and_then(|value| value.rsplit_once('<'))
        {
            Some((_, address)) => address,
            None => &value,
        };
        match address.parse::<Email>() {
            Ok(address) => Some(address),
            Err(problem) => self.problem(format!("{name}: {problem}")),
        }
    }

    fn link_key(&mut self) -> Option<LinkKey> {
        let Some(secret) = self.secret("LINK_SECRET").ok()? else {
            return self
                .problem("LINK_SECRET or LINK_SECRET_FILE is missing: at least 32 bytes, the api's secret");
        };
        LinkKey::new(secret.as_bytes())
            .or_else(|problem| self.problem(problem).ok_or(()))
            .ok()
    }

    fn log_format(&mut self, name: &str) -> LogFormat {
        match self.get(name).as_deref().map(str::trim) {
            None | Some("text") => LogFormat::Text,
            Some("json") => LogFormat::Json,
            Some(other) => {
                self.problems
                    .push(format!("{name} is {other:?}, it must be text or json"));
                LogFormat::Text
            }
        }
    }

    fn namespace(&mut self, name: &str) -> String {
        let namespace = self
            .get(name)
            .map_or_else(|| "tandem".to_owned(), |value| value.trim().to_owned());
        if !namespace
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
        {
            self.problems.push(format!(
                "{name} is {namespace:?}, it may hold letters, digits, '-', '_' and '.'"
            ));
        }
        namespace
    }

    fn number<T>(&mut self, name: &str, default: T, range: std::ops::RangeInclusive<T>) -> T
    where
        T: Copy + PartialOrd + fmt::Display + std::str::FromStr,
    {
        let Some(value) = self.get(name) else {
            return default;
        };
        match value.trim().parse() {
            Ok(number) if range.contains(&number) => number,
            _ => {
                let (least, most) = range.into_inner();
                self.problems.push(format!(
                    "{name} is {value:?}, it must be a number from {least} to {most}"
                ));
                default
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    fn complete() -> HashMap<&'static str, &'static str> {
        HashMap::from([
            ("PROFILE", "development"),
            ("DATABASE_URL", "postgres://tandem_worker:geheim@localhost/tandem"),
            ("REDIS_URL", "redis://:geheim@localhost"),
            ("SMTP_URL", "smtp://localhost:1025"),
            ("PUBLIC_URL", "http://localhost:8080"),
            ("MAIL_FROM", "Tandem <tandem@example.org>"),
            ("LINK_SECRET", "0123456789abcdef0123456789abcdef"),
        ])
    }

    fn read(values: &HashMap<&'static str, &'static str>) -> Result<Config, Problems> {
        Config::read(|name| values.get(name).map(|value| (*value).to_owned()))
    }

    #[test]
    fn what_need_not_be_said_has_a_default() {
        let config = read(&complete()).unwrap();
        assert_eq!(config.redis_namespace, "tandem");
        assert_eq!((config.settings.matching, config.settings.mail), (1, 8));
    }

    #[test]
    fn everything_that_is_wrong_is_named_at_once() {
        let mut values = complete();
        values.remove("DATABASE_URL");
        values.insert("REDIS_URL", "http://localhost");
        values.insert("MAIL_FROM", "Tandem");
        values.insert("WORKER_MAIL_CONCURRENCY", "0");
        values.insert("LINK_SECRET", "short");
        values.insert("LOG_FORMAT", "xml");
        let problems = read(&values).unwrap_err();
        let words = [
            "DATABASE_URL",
            "REDIS_URL",
            "MAIL_FROM",
            "WORKER_MAIL_CONCURRENCY",
            "32 are needed",
            "LOG_FORMAT",
        ];
        assert_eq!(problems.0.len(), words.len(), "{problems}");
        for word in words {
            assert!(
                problems.0.iter().any(|problem| problem.contains(word)),
                "{word}: {problems}"
            );
        }
    }

    #[test]
    fn no_secret_is_ever_shown() {
        let mut values = complete();
        assert!(!format!("{:?}", read(&values).unwrap()).contains("geheim"));
        values.insert("DATABASE_URL", "mysql://root:geheim@localhost");
        values.insert("LINK_SECRET", "geheim");
        let problems = read(&values).unwrap_err().to_string();
        assert!(!problems.contains("geheim"), "{problems}");
    }

    #[test]
    fn settings_of_development_are_refused_in_production() {
        let mut values = complete();
        values.insert("PROFILE", "production");
        values.insert("LINK_SECRET", "00000000000000000000000000000000");
        let problems = read(&values).unwrap_err().to_string();
        for word in ["PUBLIC_URL", "SMTP_URL", "LINK_SECRET"] {
            assert!(problems.contains(word), "{word}: {problems}");
        }
        assert!(!problems.contains("geheim"), "{problems}");
        values.insert("PUBLIC_URL", "https://tandem.example.org");
        values.insert("SMTP_URL", "smtps://mail.example.org");
        values.insert("LINK_SECRET", "b6f0c1d9e2a74835a1c0ffee5d9b7e8240aa51c39d76f8e2");
        read(&values).unwrap();
        values.remove("PROFILE");
        read(&values).unwrap();
        values.insert("SMTP_URL", "smtp://mail.example.org");
        assert!(read(&values).is_err(), "production where nothing is said");
    }

    #[test]
    fn a_secret_is_given_once() {
        let mut values = complete();
        values.insert("LINK_SECRET_FILE", "/nowhere");
        assert!(read(&values).unwrap_err().to_string().contains("both set"));
    }
}
