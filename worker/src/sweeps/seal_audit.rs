//! Seals the audit log and writes each new head down outside the database: to the log, and to a file
//! that only grows where the operators name one (SECURITY.md). Who changes the database cannot change it
//! there as well.

use std::io::Write;
use std::path::Path;

use tandem_operations::audit_trail::{self, Seal, hex};
use tandem_operations::{App, Error, jobs::JobError};

/// Seals what waits for it.
pub async fn sweep(app: App, anchor: Option<std::path::PathBuf>) -> Result<(), JobError> {
    let seals = audit_trail::seal(&app).await?;
    for seal in &seals {
        tracing::info!(
            target: "tandem::audit",
            seal = seal.number,
            events = seal.events,
            head = hex(&seal.head),
            "the audit log is sealed"
        );
    }
    if let Some(path) = anchor
        && !seals.is_empty()
    {
        tokio::task::spawn_blocking(move || write_down(&path, &seals))
            .await
            .map_err(|error| Error::Fault(error.to_string()))?
            .map_err(|error| {
                Error::Fault(format!("the audit log's heads cannot be written down: {error}"))
            })?;
    }
    Ok(())
}

fn write_down(path: &Path, seals: &[Seal]) -> std::io::Result<()> {
    let mut lines = String::new();
    for seal in seals {
        let line = format!(
            "{} {} {}\n",
            seal.number,
            seal.sealed_at.to_rfc3339(),
            hex(&seal.head)
        );
        lines.push_str(&line);
    }
    let mut file = std::fs::OpenOptions::new().create(true).append(true).open(path)?;
    file.write_all(lines.as_bytes())?;
    file.sync_data()
}
