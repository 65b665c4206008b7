//! A mail catcher: takes every mail over SMTP, delivers none, shows them in a browser and over JSON, and
//! misbehaves on request.
//!
//! | path | does |
//! |---|---|
//! | `GET /` | the inbox, `GET /messages/{id}` one message |
//! | `GET /api/messages?to=&q=&limit=&after=` | messages in their order, oldest first |
//! | `GET /api/messages/{id}`, `…/raw` | one message |
//! | `GET /api/count?to=&q=` | `{"deliveries":…,"messages":…}` |
//! | `DELETE /api/messages` | forgets all messages |
//! | `GET`, `POST`, `DELETE /api/faults` | the faults in force, one more, none any more |

mod api;
mod faults;
mod pages;
mod smtp;
mod store;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use tokio::net::TcpListener;
use tokio::task::{AbortHandle, JoinSet};

pub use self::faults::{Action, Rule, Stage};
use self::smtp::Shared;
pub use self::store::{Count, Message};

/// Where the catcher listens. Port 0 stands for any free one.
#[derive(Debug, Clone, Copy)]
pub struct Addresses {
    /// For mail.
    pub smtp: SocketAddr,
    /// For people and tests.
    pub http: SocketAddr,
}

impl Default for Addresses {
    fn default() -> Self {
        let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        Self { smtp: any, http: any }
    }
}

/// A running mail catcher. It stops when this is dropped, breaking all connections.
#[derive(Debug)]
pub struct Catcher {
    addresses: Addresses,
    shared: Arc<Shared>,
    tasks: [AbortHandle; 2],
}

impl Catcher {
    /// Starts a catcher on free loopback ports, on the current tokio runtime.
    pub async fn start() -> Result<Self> {
        Self::start_at(Addresses::default()).await
    }

    /// Starts a catcher at these addresses, on the current tokio runtime.
    pub async fn start_at(addresses: Addresses) -> Result<Self> {
        let bind = async |address: SocketAddr| {
            let listener = TcpListener::bind(address).await;
            listener.with_context(|| format!("the mail catcher cannot listen on {address}"))
        };
        let (smtp, http) = (bind(addresses.smtp).await?, bind(addresses.http).await?);
        let addresses = Addresses {
            smtp: smtp.local_addr()?,
            http: http.local_addr()?,
        };
        let shared = Arc::new(Shared {
            store: store::Store::new(),
            faults: faults::Faults::default(),
        });
        let mail = tokio::spawn(accept(smtp, Arc::clone(&shared))).abort_handle();
        let router = api::router()
            .merge(pages::router())
            .with_state(Arc::clone(&shared));
        let web = tokio::spawn(async move {
            // Serving ends with an error only when accepting does, which the listener retries itself.
            let _ = axum::serve(http, router).await;
        });
        Ok(Self {
            addresses,
            shared,
            tasks: [mail, web.abort_handle()],
        })
    }

    /// `smtp://host:port`.
    pub fn smtp_url(&self) -> String {
        format!("smtp://{}", self.addresses.smtp)
    }

    /// `http://host:port`, without a slash at the end.
    pub fn http_url(&self) -> String {
        format!("http://{}", self.addresses.http)
    }

    /// All messages in the order of their arrival.
    pub fn messages(&self) -> Vec<Arc<Message>> {
        self.shared.store.all()
    }

    /// The messages to one recipient of the envelope.
    pub fn messages_to(&self, address: &str) -> Vec<Arc<Message>> {
        self.messages()
            .into_iter()
            .filter(|message| message.is_to(address))
            .collect()
    }

    /// How much has arrived.
    pub fn count(&self) -> Count {
        self.shared.store.count()
    }

    /// Forgets all messages.
    pub fn clear(&self) {
        self.shared.store.clear();
    }

    /// Waits until at least `deliveries` messages have arrived, and returns all there are.
    pub async fn wait_for(&self, deliveries: usize, within: Duration) -> Result<Vec<Arc<Message>>> {
        let enough = |messages: Vec<Arc<Message>>| (messages.len() >= deliveries).then_some(messages);
        self.wait_until(&format!("{deliveries} mails"), within, enough)
            .await
    }

    /// Waits for the first message to this recipient.
    pub async fn wait_for_message_to(&self, address: &str, within: Duration) -> Result<Arc<Message>> {
        let first = |messages: Vec<Arc<Message>>| messages.into_iter().find(|message| message.is_to(address));
        self.wait_until(&format!("a mail to {address}"), within, first)
            .await
    }

    /// Waits until `found` makes something of all messages so far. `what` names it in the error.
    pub async fn wait_until<T>(
        &self,
        what: &str,
        within: Duration,
        found: impl Fn(Vec<Arc<Message>>) -> Option<T>,
    ) -> Result<T> {
        let mut changes = self.shared.store.changes();
        let search = async {
            loop {
                if let Some(found) = found(self.messages()) {
                    return found;
                }
                changes.changed().await.expect("the store outlives its catcher");
            }
        };
        if let Ok(found) = tokio::time::timeout(within, search).await {
            return Ok(found);
        }
        let Count { deliveries, messages } = self.count();
        bail!(
            "{what} did not arrive within {within:?}; there are {deliveries} deliveries of {messages} messages"
        )
    }

    /// Commits a fault from now on. Fails when the rule makes no sense.
    pub fn inject(&self, rule: Rule) -> Result<()> {
        self.shared.faults.add(rule).map_err(anyhow::Error::msg)
    }

    /// The faults still in force.
    pub fn faults(&self) -> Vec<Rule> {
        self.shared.faults.list()
    }

    /// Ends all faults.
    pub fn clear_faults(&self) {
        self.shared.faults.clear();
    }
}

impl Drop for Catcher {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

/// Leads all conversations. They end with this task, since a dropped set aborts its members.
async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    let mut conversations = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    conversations.spawn(smtp::converse(stream, Arc::clone(&shared)));
                }
                // Out of file descriptors, say: give others a moment to close theirs.
                Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
            },
            Some(_) = conversations.join_next() => {}
        }
    }
}
