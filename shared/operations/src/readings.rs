//! Readings of single records by their ids: staff's leave a trace (domain.md "Data protection").

use tandem_domain::ids::{CaseId, DeliveryId, ExpertId, MatchId, MenteeId};
use tandem_storage::deliveries::RecipientKind;
use uuid::Uuid;

use crate::{App, Audit, Caller, Result};

/// One record that was handed out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    /// A case, of this mentee.
    Case(CaseId, MenteeId),
    /// An expert.
    Expert(ExpertId),
    /// A match, of this expert and this mentee.
    Match(MatchId, ExpertId, MenteeId),
    /// A mail in the log, to this recipient.
    Delivery(DeliveryId, RecipientKind, Uuid),
}

impl Reading {
    /// What is written down: an event a person.
    fn entries(self) -> Vec<Audit> {
        match self {
            Self::Case(id, mentee) => vec![Audit::new("case.viewed", id).about(mentee)],
            Self::Expert(id) => vec![Audit::new("expert.viewed", id).about(id)],
            Self::Match(id, expert, mentee) => vec![
                Audit::new("match.viewed", id).about(expert),
                Audit::new("match.viewed", id).about(mentee),
            ],
            Self::Delivery(id, kind, recipient) => {
                let entry = Audit::new("delivery.viewed", id);
                vec![match kind {
                    RecipientKind::Expert => entry.about(ExpertId::from(recipient)),
                    RecipientKind::Mentee | RecipientKind::Guardian => entry.about(MenteeId::from(recipient)),
                    // staff, offices and centres in their function
                    _ => entry,
                }]
            }
        }
    }
}

/// Writes down what staff was handed, in one go. Who reads the own records leaves no trace.
pub async fn trace(app: &App, caller: &Caller, readings: &[Reading]) -> Result<()> {
    if readings.is_empty() || !caller.is_staff() {
        return Ok(());
    }
    let entries: Vec<Audit> = readings.iter().flat_map(|reading| reading.entries()).collect();
    let mut tx = app.begin(caller).await?;
    app.audit(&mut tx, caller, &entries).await?;
    tx.commit().await?;
    Ok(())
}
