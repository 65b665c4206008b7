//! News from the database, for subscriptions: one listener a process, any number of subscribers.
//!
//! News say that something changed, never what it is now: a subscriber reads it again, under the policy
//! of that moment. News that were lost (a connection that broke, a subscriber that fell behind) count as
//! news about everything.

use std::time::Duration;

use async_graphql::futures_util::stream::{self, Stream};
use tandem_storage::{
    PgPool,
    events::{Event, Listener},
};
use tokio::sync::broadcast::{self, error::RecvError};

/// So many news may wait for a slow subscriber before it is told that it missed some.
const BACKLOG: usize = 1024;
/// The pause before the listener connects again.
const RECONNECT_AFTER: Duration = Duration::from_secs(1);

/// What subscribers hear.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum News {
    Event(Event),
    /// Something was missed.
    Missed,
}

/// Where subscribers get their news; cheap to clone.
#[derive(Debug, Clone)]
pub struct Events(broadcast::Sender<News>);

impl Events {
    /// News of this database, from now until the last clone is gone.
    pub fn listen(pool: PgPool) -> Self {
        let (sender, _) = broadcast::channel(BACKLOG);
        let events = Self(sender.clone());
        tokio::spawn(async move {
            loop {
                if let Err(error) = forward(&pool, &sender).await {
                    tracing::warn!(%error, "news from the database are interrupted");
                }
                if pool.is_closed() {
                    return;
                }
                tokio::time::sleep(RECONNECT_AFTER).await;
            }
        });
        events
    }

    /// Yields once now, and then each time when there are news that `concerns` says are of interest, or
    /// that were missed.
    pub fn subscribe(
        &self,
        concerns: impl Fn(&Event) -> bool + Send + Sync + 'static,
    ) -> impl Stream<Item = ()> + Send + 'static {
        let receiver = self.0.subscribe();
        stream::unfold(
            (receiver, concerns, true),
            move |(mut receiver, concerns, first)| async move {
                if first {
                    return Some(((), (receiver, concerns, false)));
                }
                loop {
                    match receiver.recv().await {
                        Ok(News::Event(event)) if !concerns(&event) => {}
                        Ok(_) | Err(RecvError::Lagged(_)) => return Some(((), (receiver, concerns, false))),
                        Err(RecvError::Closed) => return None,
                    }
                }
            },
        )
    }
}

async fn forward(pool: &PgPool, sender: &broadcast::Sender<News>) -> tandem_storage::Result<()> {
    let mut listener = Listener::start(pool).await?;
    let _ = sender.send(News::Missed);
    loop {
        let news = listener.next().await?.map_or(News::Missed, News::Event);
        // an error here means that nobody listens, so nobody misses it
        let _ = sender.send(news);
    }
}
