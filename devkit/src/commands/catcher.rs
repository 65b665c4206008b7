//! `tandem-devkit catcher`

use std::net::SocketAddr;

use anyhow::Result;

use crate::catcher::{Addresses, Catcher};
use crate::signals::Requests;

/// Where to listen.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Address for mail.
    #[arg(long, default_value = "127.0.0.1:1025", env = "CATCHER_SMTP_ADDR")]
    pub smtp_addr: SocketAddr,
    /// Address of the inbox and the JSON interface.
    #[arg(long, default_value = "127.0.0.1:8025", env = "CATCHER_HTTP_ADDR")]
    pub http_addr: SocketAddr,
}

/// Catches mail until it is asked to end.
pub async fn run(arguments: Arguments) -> Result<()> {
    let mut requests = Requests::listen()?;
    let addresses = Addresses {
        smtp: arguments.smtp_addr,
        http: arguments.http_addr,
    };
    let catcher = Catcher::start_at(addresses).await?;
    println!(
        "Catching mail at {}, inbox at {}",
        catcher.smtp_url(),
        catcher.http_url()
    );
    requests.next().await;
    Ok(())
}
