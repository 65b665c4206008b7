//! The configuration: environment variables, all faults named at once, secrets never printed.

mod reader;

use std::{net::SocketAddr, path::Path, sync::Arc, time::Duration};

use axum::http::HeaderValue;
use secrecy::{ExposeSecret, SecretString};
use tandem_domain::{clock::Clock, users::SessionLimits};
use tandem_operations::{
    links::LinkKey,
    profile::{self, Profile},
};
use url::Url;

pub use crate::http::{
    address::{Proxies, ProxyHeader},
    persisted::{Documents, hash as document_hash},
};
use crate::limits::Rules;
use reader::Reader;
pub use reader::{ConfigFaults, Variables};

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
    /// Operations in one request; 1: batches are not taken.
    pub batch: usize,
    /// Bytes of a request's body.
    pub body_bytes: usize,
    /// Bytes of an answer's body.
    pub answer_bytes: usize,
    /// The time that an operation may take.
    pub timeout: Duration,
    /// The time in which a WebSocket's client must introduce itself.
    pub introduction: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            depth: 15,
            complexity: 20_000,
            aliases: 50,
            batch: 1,
            body_bytes: 1 << 20,
            answer_bytes: 16 << 20,
            timeout: Duration::from_secs(20),
            introduction: Duration::from_secs(10),
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
    /// Proxies whose word about addresses is taken.
    pub proxies: Proxies,
    /// Whether GET /graphql shows the explorer to browsers.
    pub explorer: bool,
    /// Whether the schema may be asked for.
    pub introspection: bool,
    /// Documents that are known by their SHA-256.
    pub documents: Documents,
    /// What an operation may cost.
    pub limits: Limits,
    /// How many may come.
    pub rates: Rules,
}

impl HttpOptions {
    /// Options with everything optional switched off.
    pub fn new(public_url: Url) -> Self {
        Self {
            public_url,
            cors_origins: Vec::new(),
            proxies: Proxies::default(),
            explorer: false,
            introspection: false,
            documents: Documents::default(),
            limits: Limits::default(),
            rates: Rules::default(),
        }
    }

    /// Whether cookies are for HTTPS only.
    pub fn secure(&self) -> bool {
        self.public_url.scheme() == "https"
    }
}

/// The organisation's OpenID Connect provider.
#[derive(Debug, Clone)]
pub struct OpenIdConnect {
    /// Its issuer, whose configuration is found under `/.well-known/openid-configuration`.
    pub issuer: Url,
    /// By what it knows this server.
    pub client_id: String,
    /// What this server shows to it.
    pub client_secret: SecretString,
}

/// Where counts of rate limits are shared.
#[derive(Debug, Clone)]
pub struct Redis {
    /// Its address.
    pub url: SecretString,
    /// How its keys begin.
    pub namespace: String,
}

/// Everything that `serve` reads from the environment.
#[derive(Debug, Clone)]
pub struct ServeConfig {
    /// What the program runs for.
    pub profile: Profile,
    /// Where the time comes from.
    pub clock: Arc<dyn Clock>,
    /// The database, as the api's own role.
    pub database_url: SecretString,
    /// Connections of the pool.
    pub database_connections: u32,
    /// Redis; none: rate limits count in this process alone.
    pub redis: Option<Redis>,
    /// Where to listen.
    pub listen: SocketAddr,
    /// The key of the links in e-mails.
    pub links: LinkKey,
    /// How long sessions last.
    pub session_limits: SessionLimits,
    /// The provider by which staff may sign in.
    pub openid_connect: Option<OpenIdConnect>,
    /// The HTTP surface.
    pub http: HttpOptions,
}

/// How logs are written; an unknown word is text.
pub fn log_format(variables: &Variables) -> LogFormat {
    match variables.get("LOG_FORMAT") {
        Some("json") => LogFormat::Json,
        _ => LogFormat::Text,
    }
}

/// The clock of a command, by the same variables as that of `serve`.
pub fn clock(variables: &Variables) -> Result<Arc<dyn Clock>, ConfigFaults> {
    let mut reader = Reader::new(variables);
    let profile = reader.read::<Profile>("PROFILE").unwrap_or_default();
    let clock = reader.clock(profile);
    reader.finish(clock)
}

/// The configuration of `serve`.
pub fn serve(variables: &Variables) -> Result<ServeConfig, ConfigFaults> {
    let mut reader = Reader::new(variables);
    let profile = reader.read::<Profile>("PROFILE").unwrap_or_default();
    let clock = reader.clock(profile);
    let database_url = reader.required_secret("DATABASE_URL", "the database, as the role tandem_api");
    let database_connections = reader.parsed("DATABASE_CONNECTIONS", 16, "a number of connections");
    let redis_url = reader.secret("REDIS_URL");
    let namespace = reader.word("REDIS_NAMESPACE", "tandem");
    let listen = reader.parsed(
        "LISTEN_ADDR",
        SocketAddr::from(([127, 0, 0, 1], 8080)),
        "an address with a port, as 127.0.0.1:8080",
    );
    let links = reader.link_secret();
    let public_url = reader.public_url();
    let cors_origins = reader.origins();
    let proxies = Proxies {
        trusted: reader.networks("TRUSTED_PROXIES"),
        header: reader.parsed(
            "PROXY_HEADER",
            ProxyHeader::default(),
            "\"x-forwarded-for\" or \"forwarded\"",
        ),
    };
    let explorer = reader.switch("EXPLORER");
    let introspection = reader.switch("INTROSPECTION");
    let documents = documents(&mut reader);
    if !matches!(variables.get("LOG_FORMAT"), None | Some("json" | "text")) {
        reader.fault("LOG_FORMAT must be \"json\" or \"text\"");
    }
    let limits = limits(&mut reader);
    let rates = rates(&mut reader);
    let session_limits = session_limits(&mut reader);
    let openid_connect = openid_connect(&mut reader, profile);
    let private_network = reader.switch("PRIVATE_NETWORK");
    if profile == Profile::Production {
        for fault in profile::not_for_production(&profile::Common {
            public_url: public_url.as_ref(),
            database_url: database_url.as_ref().map(ExposeSecret::expose_secret),
            redis_url: redis_url.as_ref().map(ExposeSecret::expose_secret),
            links: links.as_ref(),
            private_network,
        }) {
            reader.fault(fault);
        }
        if explorer || introspection {
            reader.fault("EXPLORER and INTROSPECTION must be off (PROFILE is production)");
        }
        if redis_url.is_none() {
            reader.fault("REDIS_URL is not set: replicas share rate limits by it (PROFILE is production)");
        }
        let plain = |origin: &HeaderValue| !origin.as_bytes().starts_with(b"https://");
        if cors_origins.iter().any(plain) {
            reader.fault("CORS_ORIGINS must begin with https (PROFILE is production)");
        }
        if proxies.trusted.iter().any(|network| network.prefix_len() == 0) {
            reader.fault("TRUSTED_PROXIES must not be everybody (PROFILE is production)");
        }
    }
    let config = (|| {
        Some(ServeConfig {
            profile,
            clock: clock?,
            database_url: database_url?,
            database_connections,
            redis: redis_url.map(|url| Redis { url, namespace }),
            listen,
            links: links?,
            session_limits,
            openid_connect,
            http: HttpOptions {
                public_url: public_url?,
                cors_origins,
                proxies,
                explorer,
                introspection,
                documents,
                limits,
                rates,
            },
        })
    })();
    reader.finish(config)
}

fn documents(reader: &mut Reader<'_>) -> Documents {
    let only = reader.switch("DOCUMENTS_ONLY");
    let loaded = match reader.get("DOCUMENTS") {
        Some(path) => Documents::load(Path::new(path)).map_err(|problem| format!("DOCUMENTS: {problem}")),
        None => Ok(Documents::default()),
    };
    let documents = loaded.unwrap_or_else(|problem| {
        reader.fault(problem);
        Documents::default()
    });
    if only && documents.is_empty() {
        reader.fault("DOCUMENTS_ONLY needs DOCUMENTS: a folder of .graphql files, or a JSON file");
    }
    documents.only(only)
}

fn limits(reader: &mut Reader<'_>) -> Limits {
    let standard = Limits::default();
    Limits {
        depth: reader.parsed("LIMIT_DEPTH", standard.depth, "a number of levels"),
        complexity: reader.parsed("LIMIT_COMPLEXITY", standard.complexity, "a number of fields"),
        aliases: reader.parsed("LIMIT_ALIASES", standard.aliases, "a number of aliases"),
        batch: reader.parsed("LIMIT_BATCH", standard.batch, "a number of operations"),
        body_bytes: reader.parsed("LIMIT_BODY_BYTES", standard.body_bytes, "a number of bytes"),
        answer_bytes: reader.parsed("LIMIT_ANSWER_BYTES", standard.answer_bytes, "a number of bytes"),
        timeout: Duration::from_secs(reader.parsed(
            "LIMIT_SECONDS",
            standard.timeout.as_secs(),
            "a number of seconds",
        )),
        ..standard
    }
}

fn rates(reader: &mut Reader<'_>) -> Rules {
    let standard = Rules::default();
    let explain = "so many within so many seconds, as 600/60";
    Rules {
        operations_per_person: reader.parsed("RATE_PERSON", standard.operations_per_person, explain),
        operations_per_address: reader.parsed("RATE_ADDRESS", standard.operations_per_address, explain),
        sign_ins_per_address: reader.parsed("RATE_SIGN_IN", standard.sign_ins_per_address, explain),
        pages_per_address: reader.parsed("RATE_PAGES", standard.pages_per_address, explain),
    }
}

fn session_limits(reader: &mut Reader<'_>) -> SessionLimits {
    let standard = SessionLimits::default();
    let limits = SessionLimits {
        idle: reader.minutes("SESSION_IDLE_MINUTES", standard.idle),
        life: reader.minutes("SESSION_LIFE_MINUTES", standard.life),
        rotate_after: reader.minutes("SESSION_ROTATE_MINUTES", standard.rotate_after),
    };
    if limits.idle > limits.life {
        reader.fault("SESSION_IDLE_MINUTES must not be more than SESSION_LIFE_MINUTES");
    }
    limits
}

fn openid_connect(reader: &mut Reader<'_>, profile: Profile) -> Option<OpenIdConnect> {
    let issuer = reader.read::<Url>("OIDC_ISSUER");
    let client_id = reader.get("OIDC_CLIENT_ID").map(str::to_owned);
    let client_secret = reader.secret("OIDC_CLIENT_SECRET");
    match (issuer, client_id, client_secret) {
        (None, None, None) => None,
        (Some(issuer), Some(client_id), Some(client_secret)) => {
            let plain_here = profile == Profile::Development && profile::is_loopback(&issuer);
            if issuer.scheme() != "https" && !plain_here {
                reader.fault("OIDC_ISSUER must begin with https");
                return None;
            }
            Some(OpenIdConnect {
                issuer,
                client_id,
                client_secret,
            })
        }
        _ => {
            reader
                .fault("OIDC_ISSUER, OIDC_CLIENT_ID and OIDC_CLIENT_SECRET belong together: set all or none");
            None
        }
    }
}

/// The database as the role that owns the schema, for `migrate`.
pub fn migration_database_url(variables: &Variables) -> Result<SecretString, ConfigFaults> {
    let mut reader = Reader::new(variables);
    let url = match reader.secret("MIGRATION_DATABASE_URL") {
        Some(url) => Some(url),
        None => reader.required_secret("DATABASE_URL", "the database, as the role that owns the schema"),
    };
    reader.finish(url)
}

/// The database as the api's own role, for commands.
pub fn database_url(variables: &Variables) -> Result<SecretString, ConfigFaults> {
    let mut reader = Reader::new(variables);
    let url = reader.required_secret("DATABASE_URL", "the database, as the role tandem_api");
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

    const SECRET: &str = "b6f0c1d9e2a74835a1c0ffee5d9b7e8240aa51c39d76f8e2";

    const PRODUCTION: [(&str, &str); 4] = [
        (
            "DATABASE_URL",
            "postgres://tandem_api:geheim@db.example.org/tandem?sslmode=verify-full",
        ),
        ("REDIS_URL", "rediss://:geheim@cache.example.org"),
        ("LINK_SECRET", SECRET),
        ("PUBLIC_URL", "https://tandem.example.org"),
    ];

    fn with<'a>(more: &[(&'a str, &'a str)]) -> Result<ServeConfig, ConfigFaults> {
        let all: Vec<(&str, &str)> = PRODUCTION.iter().chain(more).copied().collect();
        serve(&variables(&all))
    }

    #[test]
    fn every_fault_is_named_at_once_and_no_secret_is_printed() {
        let faults = serve(&variables(&[
            ("PROFILE", "development"),
            ("LINK_SECRET", "too-short-secret"),
            ("PUBLIC_URL", "http://tandem.example.org"),
            ("LISTEN_ADDR", "everywhere"),
            ("EXPLORER", "yes"),
            ("CORS_ORIGINS", "https://a.example.org, b.example.org"),
            ("TRUSTED_PROXIES", "10.0.0.0/8, nobody"),
            ("RATE_PERSON", "many"),
            ("OIDC_CLIENT_ID", "tandem"),
            ("DOCUMENTS", "/nowhere"),
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
            "TRUSTED_PROXIES",
            "RATE_PERSON",
            "OIDC_ISSUER",
            "DOCUMENTS",
        ] {
            assert!(text.contains(name), "{name} is missing in {text}");
        }
        assert_eq!(faults.0.len(), 10, "{text}");
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
                ("PROFILE", "development"),
                ("DATABASE_URL", "postgres://x"),
                ("LINK_SECRET", SECRET),
                ("PUBLIC_URL", url),
            ]));
            assert_eq!(config.is_ok(), accepted, "{url}");
        }
    }

    #[test]
    fn explorer_and_introspection_are_off_unless_switched_on_and_secrets_are_not_shown() {
        let config = with(&[]).unwrap();
        assert!(!config.http.explorer && !config.http.introspection && config.http.secure());
        let debug = format!("{config:?}");
        for secret in ["geheim", "postgres://", SECRET] {
            assert!(!debug.contains(secret), "{debug}");
        }
    }

    #[test]
    fn settings_of_development_are_refused_in_production() {
        for (more, word) in [
            (("PUBLIC_URL", "http://localhost:8080"), "PUBLIC_URL"),
            (("LINK_SECRET", "0123456789abcdef0123456789abcdef"), ""),
            (("LINK_SECRET", "00000000000000000000000000000000"), "LINK_SECRET"),
            (("EXPLORER", "on"), "EXPLORER"),
            (("INTROSPECTION", "on"), "INTROSPECTION"),
            (("REDIS_URL", ""), "REDIS_URL"),
            (("REDIS_URL", "redis://cache.example.org"), "REDIS_URL"),
            (
                (
                    "DATABASE_URL",
                    "postgres://tandem_api:geheim@db.example.org/tandem",
                ),
                "DATABASE_URL",
            ),
            (("CORS_ORIGINS", "http://app.example.org"), "CORS_ORIGINS"),
            (("TRUSTED_PROXIES", "0.0.0.0/0"), "TRUSTED_PROXIES"),
        ] {
            match with(&[more]) {
                Ok(_) => assert_eq!(word, "", "{more:?} was taken"),
                Err(faults) => assert!(
                    !word.is_empty() && faults.to_string().contains(word),
                    "{more:?}: {faults}"
                ),
            }
        }
    }

    #[test]
    fn a_secret_may_stand_in_a_file() {
        let file = std::env::temp_dir().join(format!("tandem-config-{}", std::process::id()));
        std::fs::write(&file, format!("{SECRET}\n")).unwrap();
        let path = file.to_str().unwrap().to_owned();
        let taken = with(&[("LINK_SECRET", ""), ("LINK_SECRET_FILE", &path)]);
        let twice = with(&[("LINK_SECRET_FILE", &path)]);
        std::fs::remove_file(&file).unwrap();
        taken.unwrap();
        assert!(twice.unwrap_err().to_string().contains("not both"));
        let gone = with(&[("REDIS_URL", ""), ("REDIS_URL_FILE", &path)]);
        assert!(
            gone.unwrap_err()
                .to_string()
                .contains("REDIS_URL_FILE cannot be read")
        );
    }
}
