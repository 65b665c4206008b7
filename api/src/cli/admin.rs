//! `tandem-api admin`.

use clap::Subcommand;
use tandem_domain::{policy::Grant, users::UserInput};
use tandem_operations::{App, Caller, Error, users};

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
            let input = UserInput {
                name: name.unwrap_or_else(|| email.clone()),
                email,
                ..UserInput::default()
            };
            match users::create(app, &Caller::system(), input, &[Grant::Admin], None).await {
                Ok(user) => {
                    println!(
                        "{} is an administrator and can ask for a sign-in link",
                        user.email
                    );
                    Ok(())
                }
                Err(Error::Refused(errors)) => {
                    let words: Vec<String> = errors.into_iter().map(|error| error.message).collect();
                    anyhow::bail!("{}", words.join("; "))
                }
                Err(error) => Err(error.into()),
            }
        }
    }
}
