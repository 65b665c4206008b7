//! `tandem-api audit`.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::Subcommand;
use tandem_operations::App;
use tandem_operations::audit_trail::verify;

#[derive(Debug, Subcommand)]
pub(super) enum AuditCommand {
    /// Check that no row of the audit log was changed, removed or cut off.
    Verify {
        /// A head that was written down outside the database; may be given several times.
        #[arg(long)]
        head: Vec<String>,
        /// The file in which the worker writes the heads down (AUDIT_ANCHOR_FILE).
        #[arg(long)]
        anchors: Option<PathBuf>,
    },
}

/// Checks, prints what was found, and fails where anything is wrong.
pub(super) async fn run(command: AuditCommand, app: &App) -> anyhow::Result<()> {
    let AuditCommand::Verify { mut head, anchors } = command;
    if let Some(path) = anchors {
        let text =
            std::fs::read_to_string(&path).with_context(|| format!("{} cannot be read", path.display()))?;
        // number, time, head
        head.extend(
            text.lines()
                .filter_map(|line| line.split(' ').nth(2).map(str::to_owned)),
        );
    }
    let verdict = verify(app, &head).await?;
    println!(
        "{} events under {} seals, the details of {} erased; {} events wait for their seal",
        verdict.events, verdict.seals, verdict.erased, verdict.unsealed
    );
    if let Some(head) = &verdict.head {
        println!("head {head}");
    }
    if head.is_empty() {
        println!("without a head from outside (--head, --anchors), a log that was cut off looks whole");
    }
    for fault in &verdict.faults {
        println!("{fault}");
    }
    anyhow::ensure!(
        verdict.faults.is_empty(),
        "the audit log is not what was sealed: {} faults",
        verdict.faults.len()
    );
    Ok(())
}
