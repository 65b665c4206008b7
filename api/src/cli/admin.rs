//! `tandem-api admin`.

use clap::Subcommand;
use tandem_operations::App;

#[derive(Debug, Subcommand)]
pub(super) enum AdminCommand {
    /// Create an administrator, who signs in by a link sent to this address.
    Create {
        /// The e-mail address.
        email: String,
        /// The person's name; the address where none is given.
        #[arg(long)]
        name: Option<String>,
    },
}

pub(super) async fn run(command: AdminCommand, app: &App) -> anyhow::Result<()> {
    match command {
        AdminCommand::Create { email, name } => {
            let _ = (email, name, app);
            anyhow::bail!("not available in this build")
        }
    }
}
