//! The mail server as configuration names it: one URL.

use lettre::transport::smtp::{
    SMTP_PORT, SUBMISSION_PORT, SUBMISSIONS_PORT,
    authentication::Credentials,
    client::{Tls, TlsParameters},
    extension::ClientId,
};
use percent_encoding::percent_decode_str;
use url::{Host, Url};

/// Why a mail server's URL cannot be used. No message repeats the URL, which may hold a password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SmtpUrlError {
    /// Not a URL.
    #[error("SMTP_URL: not a URL ({0}); expected smtp://HOST:PORT, smtp://HOST?tls=required or smtps://HOST")]
    Syntax(#[from] url::ParseError),
    /// Another protocol.
    #[error("SMTP_URL: the scheme is `{0}`; expected smtp, smtp+starttls or smtps")]
    Scheme(String),
    /// No host.
    #[error("SMTP_URL: the host is missing; expected for example smtp://mail.example.org")]
    Host,
    /// An unknown parameter or value behind the question mark.
    #[error(
        "SMTP_URL: `{0}` is not known; expected nothing, tls=required or tls=opportunistic (with smtp:// only)"
    )]
    Parameter(String),
    /// A user without a password, a password without a user, or either of them not UTF-8.
    #[error("SMTP_URL: user and password must both be given, percent-encoded as UTF-8")]
    Credentials,
    /// A password that would cross the network unprotected.
    #[error(
        "SMTP_URL: a password would be sent unencrypted; expected smtps:// or ?tls=required (or a server on this machine)"
    )]
    UnprotectedPassword,
    /// A host name that TLS cannot check.
    #[error("SMTP_URL: TLS cannot be set up for this host: {0}")]
    Tls(String),
}

/// Where and how to connect.
#[derive(Debug, Clone)]
pub(super) struct Server {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) tls: Tls,
    pub(super) credentials: Option<Credentials>,
    pub(super) hello_name: ClientId,
}

impl Server {
    /// Reads `smtp://`, `smtp://…?tls=required|opportunistic`, `smtp+starttls://` (the same as
    /// `tls=required`) and `smtps://`, each with optional credentials and port. A path is the name that
    /// we greet with, in place of the machine's.
    pub(super) fn parse(smtp_url: &str) -> Result<Self, SmtpUrlError> {
        let url = Url::parse(smtp_url)?;
        let host = match url.host() {
            Some(Host::Domain(name)) if !name.is_empty() => name.to_owned(),
            Some(Host::Ipv4(address)) => address.to_string(),
            Some(Host::Ipv6(address)) => address.to_string(),
            _ => return Err(SmtpUrlError::Host),
        };

        let mut asked = None;
        for (key, value) in url.query_pairs() {
            match (url.scheme(), &*key, &*value) {
                ("smtp", "tls", "required" | "opportunistic") => asked = Some(value.into_owned()),
                _ => return Err(SmtpUrlError::Parameter(format!("{key}={value}"))),
            }
        }
        let parameters =
            || TlsParameters::new(host.clone()).map_err(|error| SmtpUrlError::Tls(error.to_string()));
        let (tls, default_port) = match (url.scheme(), asked.as_deref()) {
            ("smtp", None) => (Tls::None, SMTP_PORT),
            ("smtp", Some("opportunistic")) => (Tls::Opportunistic(parameters()?), SUBMISSION_PORT),
            ("smtp" | "smtp+starttls", _) => (Tls::Required(parameters()?), SUBMISSION_PORT),
            ("smtps", _) => (Tls::Wrapper(parameters()?), SUBMISSIONS_PORT),
            (scheme, _) => return Err(SmtpUrlError::Scheme(scheme.to_owned())),
        };

        let credentials = credentials(&url)?;
        // Whoever sits between could strip STARTTLS from an opportunistic connection and read along.
        let guarded = matches!(tls, Tls::Required(_) | Tls::Wrapper(_));
        if credentials.is_some() && !guarded && !is_this_machine(&url) {
            return Err(SmtpUrlError::UnprotectedPassword);
        }
        let hello_name = match url.path().trim_matches('/') {
            "" => ClientId::default(),
            name => ClientId::Domain(name.to_owned()),
        };
        Ok(Self {
            port: url.port().unwrap_or(default_port),
            host,
            tls,
            credentials,
            hello_name,
        })
    }
}

fn credentials(url: &Url) -> Result<Option<Credentials>, SmtpUrlError> {
    let decode = |part: &str| {
        percent_decode_str(part)
            .decode_utf8()
            .map(String::from)
            .map_err(|_| SmtpUrlError::Credentials)
    };
    match (url.username(), url.password()) {
        ("", None) => Ok(None),
        ("", Some(_)) | (_, None) => Err(SmtpUrlError::Credentials),
        (user, Some(password)) => Ok(Some(Credentials::new(decode(user)?, decode(password)?))),
    }
}

fn is_this_machine(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => match name.parse::<std::net::IpAddr>() {
            // The URL standard reads addresses only in the schemes of the web.
            Ok(address) => address.is_loopback(),
            Err(_) => name.eq_ignore_ascii_case("localhost"),
        },
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(url: &str) -> SmtpUrlError {
        Server::parse(url).expect_err(url)
    }

    #[test]
    fn each_scheme_has_its_protection_and_port() {
        let server = Server::parse("smtp://mail.example.org").unwrap();
        assert!(matches!(server.tls, Tls::None) && server.port == 25 && server.host == "mail.example.org");
        let server = Server::parse("smtp://mail.example.org?tls=required").unwrap();
        assert!(matches!(server.tls, Tls::Required(_)) && server.port == 587);
        let server = Server::parse("smtp+starttls://mail.example.org:2525").unwrap();
        assert!(matches!(server.tls, Tls::Required(_)) && server.port == 2525);
        let server = Server::parse("smtp://mail.example.org?tls=opportunistic").unwrap();
        assert!(matches!(server.tls, Tls::Opportunistic(_)) && server.port == 587);
        let server = Server::parse("smtps://mail.example.org").unwrap();
        assert!(matches!(server.tls, Tls::Wrapper(_)) && server.port == 465);
        assert_eq!(Server::parse("smtp://[::1]:1025").unwrap().host, "::1");
    }

    #[test]
    fn credentials_are_percent_decoded() {
        let server = Server::parse("smtps://post%40tandem:p%C3%A4ss%2F@mail.example.org").unwrap();
        assert_eq!(
            server.credentials,
            Some(Credentials::new("post@tandem".to_owned(), "päss/".to_owned()))
        );
    }

    #[test]
    fn the_path_is_the_name_to_greet_with() {
        let server = Server::parse("smtp://mail.example.org/tandem.example").unwrap();
        assert_eq!(server.hello_name, ClientId::Domain("tandem.example".to_owned()));
    }

    #[test]
    fn a_password_is_never_sent_unencrypted_over_a_network() {
        for url in [
            "smtp://a:b@mail.example.org",
            "smtp://a:b@mail.example.org?tls=opportunistic",
        ] {
            assert_eq!(refusal(url), SmtpUrlError::UnprotectedPassword);
        }
        for url in [
            "smtp://a:b@127.0.0.1:1025",
            "smtp://a:b@localhost",
            "smtp://a:b@[::1]",
        ] {
            assert!(Server::parse(url).is_ok(), "{url}");
        }
    }

    #[test]
    fn a_wrong_url_is_refused_without_repeating_a_password() {
        assert!(matches!(refusal("mail.example.org"), SmtpUrlError::Syntax(_)));
        assert_eq!(
            refusal("http://a:secret@mail.example.org"),
            SmtpUrlError::Scheme("http".to_owned())
        );
        assert_eq!(refusal("smtp:mail"), SmtpUrlError::Host);
        assert_eq!(
            refusal("smtp://h?tls=maybe"),
            SmtpUrlError::Parameter("tls=maybe".to_owned())
        );
        assert_eq!(
            refusal("smtps://h?tls=opportunistic"),
            SmtpUrlError::Parameter("tls=opportunistic".to_owned())
        );
        assert_eq!(refusal("smtps://user@h"), SmtpUrlError::Credentials);
        for url in [
            "smtp://a:secret@h",
            "smtp://a:secret@h?x=1",
            "ftp://a:secret@h",
            "smtp://a:secret@",
        ] {
            assert!(!refusal(url).to_string().contains("secret"), "{url}");
        }
    }
}
