//! Payload → operation → retry or fail; a few lines each.

mod data_request;
mod matching_run;
mod next_alternate;
mod offer_seats;
mod render_document;
mod review_checks;
mod send_email;
mod sign_in_request;

use std::{path::PathBuf, sync::Arc, time::Duration};

use strum::VariantArray;
use tandem_operations::{
    App,
    deliveries::Sender,
    jobs::{Job, JobContext, JobError, JobKind},
};

use crate::{
    Registry,
    sweeps::{
        Schedule, abandoned_runs, addresses, checks, leftovers, matches, purge, reminders, retention,
        seal_audit, seat_offers,
    },
};

/// What handlers need besides the [`App`].
#[derive(Debug, Clone)]
pub struct Handlers {
    /// The mail server.
    pub sender: Sender,
    /// Where the heads of the audit log are written down outside the database, where anywhere.
    pub anchor: Option<PathBuf>,
}

impl Handlers {
    /// Does one job.
    pub async fn handle(&self, app: &App, job: Job, context: &JobContext) -> Result<(), JobError> {
        match job {
            Job::MatchingRun { run } => matching_run::handle(app, run, context).await,
            Job::SendEmail { delivery } => send_email::handle(app, &self.sender, delivery, context).await,
            Job::NextAlternate { matching } => next_alternate::handle(app, matching).await,
            Job::DataRequest { request } => data_request::handle(app, request).await,
            Job::RenderDocument { document } => render_document::handle(app, document).await,
            Job::ReviewChecks { expert, .. } => review_checks::handle(app, expert).await,
            Job::OfferSeats { session, .. } => offer_seats::handle(app, session).await,
            Job::SignInRequest { request } => sign_in_request::handle(app, request).await,
        }
    }

    /// Everything that a worker does, with the schedule of its sweeps.
    pub fn registry(self) -> Registry {
        let anchor = self.anchor.clone();
        let handlers = Arc::new(self);
        JobKind::VARIANTS
            .iter()
            .fold(Registry::new(), |registry, kind| {
                let handlers = Arc::clone(&handlers);
                registry.on(*kind, move |app, job, context| {
                    let handlers = Arc::clone(&handlers);
                    async move { handlers.handle(&app, job, &context).await }
                })
            })
            .sweep(
                "purge",
                Schedule::Every(Duration::from_secs(60 * 60)),
                purge::sweep,
            )
            .sweep(
                "reminders",
                Schedule::Every(Duration::from_secs(5 * 60)),
                reminders::sweep,
            )
            .sweep(
                "mail_leftovers",
                Schedule::Every(Duration::from_secs(5 * 60)),
                leftovers::sweep,
            )
            .sweep(
                "abandoned_runs",
                Schedule::Every(Duration::from_secs(60)),
                abandoned_runs::sweep,
            )
            .sweep(
                "retention",
                Schedule::Every(Duration::from_secs(60 * 60)),
                retention::sweep,
            )
            .sweep(
                "seal_audit",
                Schedule::Every(Duration::from_secs(60)),
                move |app| seal_audit::sweep(app, anchor.clone()),
            )
            .sweep(
                "check_erasure",
                Schedule::Every(Duration::from_secs(60 * 60)),
                checks::erase,
            )
            .sweep(
                "seat_offers",
                Schedule::Every(Duration::from_secs(5 * 60)),
                seat_offers::sweep,
            )
            .sweep(
                "addresses",
                Schedule::Every(Duration::from_secs(15 * 60)),
                addresses::sweep,
            )
            .sweep(
                "matches",
                Schedule::Every(Duration::from_secs(5 * 60)),
                matches::sweep,
            )
    }
}
