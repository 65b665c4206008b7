//! Entry point.

use std::process::ExitCode;

fn main() -> ExitCode {
    // before anything opens a TLS connection
    rustls::crypto::ring::default_provider()
        .install_default()
        .expect("nothing else installs a TLS provider");
    tandem_api::cli::main()
}
