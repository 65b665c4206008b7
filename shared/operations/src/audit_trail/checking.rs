//! Checking that the audit log is what was sealed.

use std::fmt;

use tandem_storage::audit::sealing;
use uuid::Uuid;

use super::{chain, hex};
use crate::{App, Caller, Result};

/// Something in the audit log that is not as it was sealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// A seal is missing between others.
    SealMissing(i64),
    /// A seal's head does not follow from its events and the seal before it.
    SealBroken(i64),
    /// An event that was sealed is gone.
    EventRemoved(Uuid),
    /// An event is not what was sealed.
    EventChanged(Uuid),
    /// An event was written past the triggers that have it sealed.
    NeverSealed(Uuid),
    /// A head that was written down outside is none of the log's: it was cut off, or written anew.
    HeadUnknown(String),
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SealMissing(number) => write!(f, "seal {number} is missing"),
            Self::SealBroken(number) => write!(f, "seal {number} does not hold what it says"),
            Self::EventRemoved(id) => write!(f, "event {id} was removed"),
            Self::EventChanged(id) => write!(f, "event {id} was changed"),
            Self::NeverSealed(id) => write!(f, "event {id} was written past the database's triggers"),
            Self::HeadUnknown(head) => write!(
                f,
                "the head {head}, written down outside, is none of this log: it was cut off or written anew"
            ),
        }
    }
}

/// What a check found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verdict {
    /// How many seals.
    pub seals: i64,
    /// How many sealed events.
    pub events: i64,
    /// Of how many of them the detail was erased.
    pub erased: i64,
    /// How many events wait for their seal.
    pub unsealed: i64,
    /// The newest head, to be written down outside.
    pub head: Option<String>,
    /// What is wrong.
    pub faults: Vec<Fault>,
}

/// Checks the whole log, and that each of these heads, written down outside, is one of its own.
pub async fn verify(app: &App, heads: &[String]) -> Result<Verdict> {
    let mut conn = app.acquire(&Caller::system()).await?;
    let mut verdict = Verdict::default();
    let mut missing: Vec<String> = heads
        .iter()
        .map(|head| head.trim().to_lowercase())
        .filter(|head| !head.is_empty())
        .collect();
    let mut before: Option<Vec<u8>> = None;
    let mut number = 0;
    while let Some(seal) = sealing::next(&mut conn, number).await? {
        verdict
            .faults
            .extend((number + 1..seal.number).take(1_000).map(Fault::SealMissing));
        number = seal.number;
        let entries = sealing::entries(&mut conn, number).await?;
        let head = chain::head(
            number,
            before.as_deref(),
            entries.iter().map(|entry| &entry.commitment[..]),
        );
        if seal.head != head || entries.len() as i64 != i64::from(seal.events) {
            verdict.faults.push(Fault::SealBroken(number));
        }
        for entry in &entries {
            let Some(now) = &entry.now else {
                verdict.faults.push(Fault::EventRemoved(entry.id));
                continue;
            };
            let detail = match &now.salt {
                Some(salt) => chain::detail(salt, &now.event.detail, &now.event.address).to_vec(),
                None => {
                    verdict.erased += 1;
                    now.detail_commitment.clone()
                }
            };
            if detail != now.detail_commitment || entry.commitment != chain::event(&now.event, &detail) {
                verdict.faults.push(Fault::EventChanged(entry.id));
            }
        }
        verdict.seals += 1;
        verdict.events += entries.len() as i64;
        let head = hex(&seal.head);
        missing.retain(|outside| *outside != head);
        verdict.head = Some(head);
        before = Some(seal.head);
    }
    verdict.faults.extend(missing.into_iter().map(Fault::HeadUnknown));
    let loose = sealing::never_sealed(&mut conn).await?;
    verdict.faults.extend(loose.into_iter().map(Fault::NeverSealed));
    verdict.unsealed = sealing::count_unsealed(&mut conn).await?;
    Ok(verdict)
}
