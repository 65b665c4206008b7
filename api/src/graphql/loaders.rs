//! Dataloaders, made anew for each request: rows asked for at one depth come in one statement.
//!
//! An aggregate's file adds `impl Loader<XId> for Loaders`; a resolver then says
//! `loader(ctx)?.load_one(id).await?`. The policy is asked where the rows are loaded, so that what one
//! may not see is absent.

use std::sync::Arc;

use async_graphql::{Context, dataloader::DataLoader};
use tandem_operations::{App, Caller};

use super::error::unauthenticated;

/// What loaders need.
pub struct Loaders {
    /// The app.
    pub app: App,
    /// Who asks.
    pub caller: Caller,
}

/// The error of a loader: all that wait for a batch get the same one.
pub type LoadError = Arc<tandem_operations::Error>;

/// The loaders of a request by somebody signed in.
pub fn for_request(app: &App, caller: &Caller) -> DataLoader<Loaders> {
    let loaders = Loaders {
        app: app.clone(),
        caller: caller.clone(),
    };
    DataLoader::new(loaders, tokio::spawn)
}

/// This request's loaders.
pub fn loader<'a>(ctx: &Context<'a>) -> async_graphql::Result<&'a DataLoader<Loaders>> {
    ctx.data_opt::<DataLoader<Loaders>>().ok_or_else(unauthenticated)
}
