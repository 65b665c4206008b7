//! Handing messages to a mail server, over connections that are kept.
//!
//! The pool is our own, over lettre's connections, for three reasons. lettre's pool has no limit on how
//! long a server may take to answer; a send that is given up in the middle goes back into it, so that
//! the next mail would read the answers of the one before (a refused mail counted as sent); and its
//! errors do not tell a refusal of the mail from a refusal of the connection.

mod error;
mod server;

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use lettre::{
    Message,
    address::Envelope,
    transport::smtp::{
        Error as SmtpError,
        authentication::DEFAULT_MECHANISMS,
        client::{AsyncSmtpConnection, Tls},
        commands::{Data, Mail, Rcpt, Rset},
        extension::{Extension, MailParameter},
    },
};
use tokio::{sync::Semaphore, time::timeout};

pub use self::{error::SendError, server::SmtpUrlError};
use self::{
    error::{Step, classify},
    server::Server,
};

/// How a mailer treats its server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SmtpOptions {
    /// How long one mail may take, from connecting to the last reply.
    pub timeout: Duration,
    /// How many connections are open at once; more mails wait.
    pub max_connections: usize,
    /// How long an unused connection is kept.
    pub idle: Duration,
}

impl Default for SmtpOptions {
    /// A minute for a mail, four connections, 30 seconds unused.
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(60),
            max_connections: 4,
            idle: Duration::from_secs(30),
        }
    }
}

/// A mail server and the open connections to it. Clones share them.
#[derive(Clone)]
pub struct SmtpMailer {
    inner: Arc<Inner>,
}

struct Inner {
    server: Server,
    options: SmtpOptions,
    permits: Semaphore,
    parked: Mutex<Vec<Parked>>,
}

struct Parked {
    connection: AsyncSmtpConnection,
    since: Instant,
    /// The last mail was refused; the server may still hold a part of its transaction.
    reset_first: bool,
}

/// A connection on loan, and whether it has been used before.
struct Loan {
    connection: AsyncSmtpConnection,
    used_before: bool,
}

impl SmtpMailer {
    /// A mailer for `smtp_url`: `smtp://HOST:PORT`, `smtp://USER:PASSWORD@HOST?tls=required` (STARTTLS,
    /// also written `smtp+starttls://`), `smtps://…`. Connects to nothing yet.
    pub fn new(smtp_url: &str, options: SmtpOptions) -> Result<Self, SmtpUrlError> {
        let server = Server::parse(smtp_url)?;
        let permits = Semaphore::new(options.max_connections.max(1));
        Ok(Self {
            inner: Arc::new(Inner {
                server,
                options,
                permits,
                parked: Mutex::default(),
            }),
        })
    }

    /// Hands `message` over and returns once the server has taken responsibility for it.
    ///
    /// After a transient error the server may nevertheless have the message (its reply was lost): send
    /// it again under the same Message-ID.
    pub async fn send(&self, message: &Message) -> Result<(), SendError> {
        let _permit = self
            .inner
            .permits
            .acquire()
            .await
            .expect("the semaphore is never closed");
        let limit = self.inner.options.timeout;
        // Giving up drops the connection, which closes it: what the server answers later reaches nobody.
        let (result, connection) = timeout(limit, self.inner.hand_over(message))
            .await
            .unwrap_or_else(|_| {
                let message = format!("no answer from the mail server within {} s", limit.as_secs_f32());
                (Err(SendError::Transient { code: None, message }), None)
            });
        if let Some(connection) = connection {
            self.inner.park(Parked {
                connection,
                since: Instant::now(),
                reset_first: result.is_err(),
            });
        }
        result
    }

    /// Says goodbye on all unused connections. For an orderly end; dropping the mailer closes them too.
    pub async fn close(&self) {
        let parked = std::mem::take(&mut *self.inner.parked());
        for mut parked in parked {
            if timeout(Duration::from_secs(1), parked.connection.quit())
                .await
                .is_err()
            {
                tracing::debug!("the mail server did not answer QUIT");
            }
        }
    }
}

impl std::fmt::Debug for SmtpMailer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Server { host, port, .. } = &self.inner.server;
        f.debug_struct("SmtpMailer")
            .field("host", host)
            .field("port", port)
            .finish_non_exhaustive()
    }
}

impl Inner {
    /// One mail over one connection, which comes back if it can take another mail.
    async fn hand_over(&self, message: &Message) -> (Result<(), SendError>, Option<AsyncSmtpConnection>) {
        let envelope = message.envelope();
        let content = message.formatted();
        let recipient = envelope.to().first().map(ToString::to_string).unwrap_or_default();
        let mut loan = match self.borrow().await {
            Ok(loan) => loan,
            Err(error) => return (Err(classify(Step::Connect, &error, &recipient)), None),
        };
        if !takes_addresses(&loan.connection, envelope) {
            let message = "the mail server takes no addresses beyond ASCII".to_owned();
            return (
                Err(SendError::Permanent { code: None, message }),
                Some(loan.connection),
            );
        }
        let mut begun = begin(&mut loan.connection, envelope).await;
        // A server may close a connection while it waits for us, or after so many mails. Nothing has
        // been handed over by then, so that a new connection is safe.
        if loan.used_before && begun.as_ref().is_err_and(is_over) {
            match self.connect().await {
                Ok(connection) => {
                    loan = Loan {
                        connection,
                        used_before: false,
                    }
                }
                Err(error) => return (Err(classify(Step::Connect, &error, &recipient)), None),
            }
            begun = begin(&mut loan.connection, envelope).await;
        }
        let done = match begun {
            Ok(()) => deliver(&mut loan.connection, envelope, &content).await,
            Err(error) => Err(error),
        };
        match done {
            Ok(()) => (Ok(()), Some(loan.connection)),
            Err(error) => {
                let connection = (!is_over(&error)).then_some(loan.connection);
                (Err(classify(Step::Transaction, &error, &recipient)), connection)
            }
        }
    }

    /// An unused connection that still answers, or a new one.
    async fn borrow(&self) -> Result<Loan, SmtpError> {
        while let Some(mut parked) = self.unpark() {
            if parked.reset_first && parked.connection.command(Rset).await.is_err() {
                continue;
            }
            return Ok(Loan {
                connection: parked.connection,
                used_before: true,
            });
        }
        Ok(Loan {
            connection: self.connect().await?,
            used_before: false,
        })
    }

    async fn connect(&self) -> Result<AsyncSmtpConnection, SmtpError> {
        let Server {
            host,
            port,
            tls,
            credentials,
            hello_name,
        } = &self.server;
        let wrapper = if let Tls::Wrapper(parameters) = tls {
            Some(parameters.clone())
        } else {
            None
        };
        let limit = Some(self.options.timeout);
        let mut connection =
            AsyncSmtpConnection::connect_tokio1((host.as_str(), *port), limit, hello_name, wrapper, None)
                .await?;
        match tls {
            Tls::Required(parameters) => connection.starttls(parameters.clone(), hello_name).await?,
            Tls::Opportunistic(parameters) if connection.can_starttls() => {
                connection.starttls(parameters.clone(), hello_name).await?;
            }
            _ => {}
        }
        if let Some(credentials) = credentials {
            connection.auth(DEFAULT_MECHANISMS, credentials).await?;
        }
        Ok(connection)
    }

    /// The connection that was used last, without those that were not used for too long.
    fn unpark(&self) -> Option<Parked> {
        let mut parked = self.parked();
        parked.retain(|parked| parked.since.elapsed() < self.options.idle);
        parked.pop()
    }

    fn park(&self, connection: Parked) {
        self.parked().push(connection);
    }

    fn parked(&self) -> std::sync::MutexGuard<'_, Vec<Parked>> {
        self.parked.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Opens the transaction: MAIL.
async fn begin(connection: &mut AsyncSmtpConnection, envelope: &Envelope) -> Result<(), SmtpError> {
    let parameters = if is_ascii(envelope) {
        vec![]
    } else {
        vec![MailParameter::SmtpUtfEight]
    };
    connection
        .command(Mail::new(envelope.from().cloned(), parameters))
        .await
        .map(drop)
}

/// The rest of the transaction: RCPT, DATA, the message.
async fn deliver(
    connection: &mut AsyncSmtpConnection,
    envelope: &Envelope,
    content: &[u8],
) -> Result<(), SmtpError> {
    for recipient in envelope.to() {
        connection.command(Rcpt::new(recipient.clone(), vec![])).await?;
    }
    connection.command(Data).await?;
    connection.message(content).await.map(drop)
}

/// Whether a connection is of no more use after `error`: no proper reply, or one that closes it.
fn is_over(error: &SmtpError) -> bool {
    error.status().is_none_or(|code| u16::from(code) == 421)
}

fn takes_addresses(connection: &AsyncSmtpConnection, envelope: &Envelope) -> bool {
    is_ascii(envelope) || connection.server_info().supports_feature(Extension::SmtpUtfEight)
}

fn is_ascii(envelope: &Envelope) -> bool {
    envelope.from().into_iter().chain(envelope.to()).all(|address| {
        let address: &str = address.as_ref();
        address.is_ascii()
    })
}
