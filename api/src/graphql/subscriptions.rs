//! What every subscription uses: news, and the policy asked anew at each of them.

use async_graphql::futures_util::stream::{self, BoxStream, StreamExt as _};
use async_graphql::{Context, Subscription};
use chrono::{DateTime, Utc};
use tandem_operations::{App, Caller};
use tandem_storage::events::Event;

use super::{app, caller, error::unauthenticated, sender};
use crate::{auth, events::Events};

/// Reads anew whenever something happened that `concerns` the subscriber, beginning now. The stream
/// ends when the session does, and when `read` finds nothing (any more): what one may not see does not
/// exist.
///
/// ```ignore
/// watch(ctx, move |event| *event == Event::Run(id), move |app, caller| async move {
///     Ok(runs::get(&app, &caller, id).await?.map(MatchingRun))
/// })
/// ```
pub fn watch<T, F, R>(
    ctx: &Context<'_>,
    concerns: impl Fn(&Event) -> bool + Send + Sync + 'static,
    read: F,
) -> async_graphql::Result<BoxStream<'static, async_graphql::Result<T>>>
where
    T: Send + 'static,
    F: Fn(App, Caller) -> R + Send + Sync + 'static,
    R: Future<Output = async_graphql::Result<Option<T>>> + Send + 'static,
{
    let signed = sender(ctx).clone().ok_or_else(unauthenticated)?;
    let app = app(ctx).clone();
    let news = ctx.data::<Events>()?.subscribe(concerns).boxed();
    let state = Some((news, app, signed, read));
    Ok(stream::unfold(state, |state| async move {
        let (mut news, app, signed, read) = state?;
        news.next().await?;
        let value = match auth::identify_again(&app, &signed).await {
            Ok(Some(now)) => read(app.clone(), now.caller).await,
            Ok(None) => Err(unauthenticated()),
            Err(error) => Err(error.into()),
        };
        match value {
            Ok(Some(value)) => Some((Ok(value), Some((news, app, signed, read)))),
            Ok(None) => None,
            // told once, then the stream ends
            Err(error) => Some((Err(error), None)),
        }
    })
    .boxed())
}

/// Something waits for you.
#[derive(Debug, async_graphql::SimpleObject)]
pub struct InboxNews {
    /// When this was noticed; ask for your lists again.
    at: DateTime<Utc>,
}

/// News about the caller's own inbox.
#[derive(Default)]
pub struct InboxSubscription;

#[expect(clippy::unused_async, reason = "the macro takes async functions only")]
#[Subscription]
impl InboxSubscription {
    /// Yields at once, and then each time when something new waits for you.
    async fn inbox_changed(
        &self,
        ctx: &Context<'_>,
    ) -> async_graphql::Result<BoxStream<'static, async_graphql::Result<InboxNews>>> {
        let user = caller(ctx)?.user_id().ok_or_else(unauthenticated)?;
        watch(
            ctx,
            move |event| *event == Event::Inbox(user),
            |app, _| async move { Ok(Some(InboxNews { at: app.now() })) },
        )
    }
}
