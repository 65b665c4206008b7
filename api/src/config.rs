//! The configuration: environment variables, all faults named at once, secrets never printed.

use std::{collections::BTreeMap, fmt::Write as _, net::SocketAddr, time::Duration};

use axum::http::HeaderValue;
use tandem_domain::users::SessionLimits;
use tandem_operations::links::LinkKey;
use url::{Host, Url};

/// How logs are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// For machines, one JSON object a line.
    Json,
}

/// What an operation may cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Nesting of fields. An introspection query needs 15.
    pub depth: usize,
    /// Fields, those of a list multiplied by its page size.
    pub complexity: usize,
    /// Aliases in a document.
    pub aliases: usize,
    /// Bytes of a request's body.
    pub body_bytes: usize,
    /// The time that an operation may take.
    pub timeout: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            depth: 15,
            complexity: 20_000,
            aliases: 50,
            body_bytes: 1 << 20,
            timeout: Duration::from_secs(20),
        }
    }
}

/// What the HTTP surface needs to know besides the [`App`](tandem_operations::App).
#[derive(Debug, Clone)]
pub struct HttpOptions {
    /// Where people reach this server.
    pub public_url: Url,
    /// Origins of other sites whose pages may use the API with the reader's cookie.
    pub cors_origins: Vec<HeaderValue>,
    /// Whether GET /graphql shows the explorer to browsers.
    pub explorer: bool,
    /// Whether the schema may be asked for.
    pub introspection: bool,
    /// What an operation may cost.
    pub limits: Limits,
}

impl HttpOptions {
    /// Options with everything optional switched off.
    pub fn new(public_url: Url) -> Self {
        Self {
            public_url,
            cors_origins: Vec::new(),
            explorer: false,
            introspection: false,
            limits: Limits::default(),
        }
    }

    /// Whether cookies are for HTTPS only.
    pub fn secure(&self) -> bool {
        self.public_url.scheme() == "https"
    }
}

/// Everything that `serve` reads from the environment.
#[derive(Clone)]
pub struct ServeConfig {
    /// The database, as the api's own role.
    pub database_url: String,
    /// Connections of the pool.
    pub database_connections: u32,
    /// Where to listen.
    pub listen: SocketAddr,
    /// The key of the links in e-mails.
    pub links: LinkKey,
    /// How long sessions last.
    pub session_limits: SessionLimits,
    /// The HTTP surface.
    pub http: HttpOptions,
}

impl std::fmt::Debug for ServeConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ServeConfig")
            .field("listen", &self.listen)
            .field("http", &self.http)
            .finish_non_exhaustive()
    }
}

/// Variables by name; what is set to nothing counts as not set.
#[derive(Debug, Default)]
pub struct Variables(BTreeMap<String, String>);

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

    fn get(&self, name: &str) -> Option<&str> {
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
struct Reader<'a> {
    variables: &'a Variables,
    faults: Vec<String>,
}

impl<'a> Reader<'a> {
    fn new(variables: &'a Variables) -> Self {
        Self {
            variables,
            faults: Vec::new(),
        }
    }

    fn required(&mut self, name: &str, meaning: &str) -> Option<&'a str> {
        let value = self.variables.get(name);
        if value.is_none() {
            self.faults.push(format!("{name} is not set: {meaning}"));
        }
        value
    }

    /// `explain` says what would be right; the value itself is not repeated, since it may be a secret
    /// in the wrong place.
    fn parsed<T: std::str::FromStr>(&mut self, name: &str, default: T, explain: &str) -> T {
        match self.variables.get(name).map(str::parse) {
            None => default,
            Some(Ok(value)) => value,
            Some(Err(_)) => {
                self.faults.push(format!("{name} must be {explain}"));
                default
            }
        }
    }

    /// A span of 1 minute to a year.
    fn minutes(&mut self, name: &str, default: chrono::Duration) -> chrono::Duration {
        const YEAR: i64 = 366 * 24 * 60;
        let minutes = self.parsed(name, default.num_minutes(), "a number of minutes");
        if !(1..=YEAR).contains(&minutes) {
            self.faults.push(format!("{name} must be 1 to {YEAR}"));
            return default;
        }
        chrono::Duration::minutes(minutes)
    }

    fn switch(&mut self, name: &str) -> bool {
        match self.variables.get(name) {
            None | Some("off") => false,
            Some("on") => true,
            Some(_) => {
                self.faults.push(format!("{name} must be \"on\" or \"off\""));
                false
            }
        }
    }

    fn link_secret(&mut self) -> Option<LinkKey> {
        let secret = match (
            self.variables.get("LINK_SECRET"),
            self.variables.get("LINK_SECRET_FILE"),
        ) {
            (Some(_), Some(_)) => {
                self.faults
                    .push("set LINK_SECRET or LINK_SECRET_FILE, not both".into());
                return None;
            }
            (Some(secret), None) => secret.as_bytes().to_vec(),
            (None, Some(path)) => match std::fs::read(path) {
                Ok(bytes) => bytes.trim_ascii().to_vec(),
                Err(error) => {
                    self.faults
                        .push(format!("LINK_SECRET_FILE cannot be read: {error}"));
                    return None;
                }
            },
            (None, None) => {
                self.faults.push(
                    "LINK_SECRET or LINK_SECRET_FILE is not set: at least 32 random bytes, the same for api and worker"
                        .into(),
                );
                return None;
            }
        };
        LinkKey::new(&secret)
            .map_err(|problem| self.faults.push(problem))
            .ok()
    }

    fn public_url(&mut self) -> Option<Url> {
        let text = self.required(
            "PUBLIC_URL",
            "where people reach this server, as https://tandem.example.org",
        )?;
        let url = match text.parse::<Url>() {
            Ok(url) if matches!(url.scheme(), "http" | "https") && url.has_host() => url,
            _ => {
                self.faults
                    .push("PUBLIC_URL must be a URL, as https://tandem.example.org".into());
                return None;
            }
        };
        if url.scheme() == "http" && !is_loopback(&url) {
            self.faults.push(
                "PUBLIC_URL must begin with https: sessions would travel unprotected (http is for this machine alone)"
                    .into(),
            );
            return None;
        }
        if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
            self.faults
                .push("PUBLIC_URL must have no path, query or fragment".into());
            return None;
        }
        Some(url)
    }

    fn origins(&mut self) -> Vec<HeaderValue> {
        let list = self.variables.get("CORS_ORIGINS").unwrap_or_default();
        let mut origins = Vec::new();
        for text in list.split(',').map(str::trim).filter(|text| !text.is_empty()) {
            let origin = text
                .parse::<Url>()
                .ok()
                .filter(|url| matches!(url.scheme(), "http" | "https"))
                .map(|url| url.origin().ascii_serialization())
                .filter(|origin| origin == text.trim_end_matches('/'))
                .and_then(|origin| origin.parse().ok());
            match origin {
                Some(origin) => origins.push(origin),
                None => self.faults.push(format!(
                    "CORS_ORIGINS has {text:?}, which is no origin, as https://app.example.org"
                )),
            }
        }
        origins
    }

    fn finish<T>(self, value: Option<T>) -> Result<T, ConfigFaults> {
        match value {
            Some(value) if self.faults.is_empty() => Ok(value),
            _ => Err(ConfigFaults(self.faults)),
        }
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// How logs are written; an unknown word is text.
pub fn log_format(variables: &Variables) -> LogFormat {
    match variables.get("LOG_FORMAT") {
        Some("json") => LogFormat::Json,
        _ => LogFormat::Text,
    }
}

/// The configuration of `serve`.
pub fn serve(variables: &Variables) -> Result<ServeConfig, ConfigFaults> {
    let mut reader = Reader::new(variables);
    let database_url = reader.required("DATABASE_URL", "the database, as the role tandem_api");
    let database_connections = reader.parsed("DATABASE_CONNECTIONS", 16, "a number of connections");
    let listen = reader.parsed(
        "LISTEN_ADDR",
        SocketAddr::from(([127, 0, 0, 1], 8080)),
        "an address with a port, as 127.0.0.1:8080",
    );
    let links = reader.link_secret();
    let public_url = reader.public_url();
    let cors_origins = reader.origins();
    let explorer = reader.switch("EXPLORER");
    let introspection = reader.switch("INTROSPECTION");
    if !matches!(variables.get("LOG_FORMAT"), None | Some("json" | "text")) {
        reader
            .faults
            .push("LOG_FORMAT must be \"json\" or \"text\"".into());
    }
    let standard = Limits::default();
    let limits = Limits {
        depth: reader.parsed("LIMIT_DEPTH", standard.depth, "a number of levels"),
        complexity: reader.parsed("LIMIT_COMPLEXITY", standard.complexity, "a number of fields"),
        aliases: reader.parsed("LIMIT_ALIASES", standard.aliases, "a number of aliases"),
        body_bytes: reader.parsed("LIMIT_BODY_BYTES", standard.body_bytes, "a number of bytes"),
        timeout: Duration::from_secs(reader.parsed(
            "LIMIT_SECONDS",
            standard.timeout.as_secs(),
            "a number of seconds",
        )),
    };
    let standard = SessionLimits::default();
    let session_limits = SessionLimits {
        idle: reader.minutes("SESSION_IDLE_MINUTES", standard.idle),
        life: reader.minutes("SESSION_LIFE_MINUTES", standard.life),
        rotate_after: reader.minutes("SESSION_ROTATE_MINUTES", standard.rotate_after),
    };
    if session_limits.idle > session_limits.life {
        reader
            .faults
            .push("SESSION_IDLE_MINUTES must not be more than SESSION_LIFE_MINUTES".into());
    }
    let config = (|| {
        Some(ServeConfig {
            database_url: database_url?.to_owned(),
            database_connections,
            listen,
            links: links?,
            session_limits,
            http: HttpOptions {
                public_url: public_url?,
                cors_origins,
                explorer,
                introspection,
                limits,
            },
        })
    })();
    reader.finish(config)
}

/// The database as the role that owns the schema, for `migrate`.
pub fn migration_database_url(variables: &Variables) -> Result<String, ConfigFaults> {
    variables
        .get("MIGRATION_DATABASE_URL")
        .or_else(|| variables.get("DATABASE_URL"))
        .map(str::to_owned)
        .ok_or_else(|| {
            ConfigFaults(vec![
                "MIGRATION_DATABASE_URL is not set: the database, as the role that owns the schema".into(),
            ])
        })
}

/// The database as the api's own role, for commands.
pub fn database_url(variables: &Variables) -> Result<String, ConfigFaults> {
    let mut reader = Reader::new(variables);
    let url = reader
        .required("DATABASE_URL", "the database, as the role tandem_api")
        .map(str::to_owned);
    reader.finish(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variables(pairs: &[(&str, &str)]) -> Variables {
        pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect()
    }

    const SECRET: &str = "0123456789abcdef0123456789abcdef";

    #[test]
    fn every_fault_is_named_at_once_and_no_secret_is_printed() {
        let faults = serve(&variables(&[
            ("LINK_SECRET", "too-short-secret"),
            ("PUBLIC_URL", "http://tandem.example.org"),
            ("LISTEN_ADDR", "everywhere"),
            ("EXPLORER", "yes"),
            ("CORS_ORIGINS", "https://a.example.org, b.example.org"),
        ]))
        .unwrap_err();
        let text = faults.to_string();
        for name in [
            "DATABASE_URL",
            "link secret",
            "PUBLIC_URL",
            "LISTEN_ADDR",
            "EXPLORER",
            "CORS_ORIGINS",
        ] {
            assert!(text.contains(name), "{name} is missing in {text}");
        }
        assert_eq!(faults.0.len(), 6, "{text}");
        assert!(!text.contains("too-short-secret"));
    }

    #[test]
    fn plain_http_is_for_this_machine_alone() {
        for (url, accepted) in [
            ("http://127.0.0.1:8080", true),
            ("http://localhost:8080/", true),
            ("http://[::1]:8080", true),
            ("https://tandem.example.org", true),
            ("http://tandem.example.org", false),
            ("http://127.0.0.1.example.org", false),
            ("http://localhost.example.org", false),
            ("ftp://localhost", false),
            ("https://tandem.example.org/app", false),
        ] {
            let config = serve(&variables(&[
                ("DATABASE_URL", "postgres://x"),
                ("LINK_SECRET", SECRET),
                ("PUBLIC_URL", url),
            ]));
            assert_eq!(config.is_ok(), accepted, "{url}");
        }
    }

    #[test]
    fn explorer_and_introspection_are_off_unless_switched_on() {
        let base = [
            ("DATABASE_URL", "postgres://x"),
            ("LINK_SECRET", SECRET),
            ("PUBLIC_URL", "https://tandem.example.org"),
        ];
        let config = serve(&variables(&base)).unwrap();
        assert!(!config.http.explorer && !config.http.introspection && config.http.secure());
        let debug = format!("{config:?}");
        assert!(!debug.contains("postgres://") && !debug.contains(SECRET));
    }
}
