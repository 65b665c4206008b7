//! Sends one e-mail.

use tandem_domain::ids::DeliveryId;
use tandem_operations::{
    App,
    deliveries::{self, Sender},
    jobs::{JobContext, JobError},
};

pub(super) async fn handle(
    app: &App,
    sender: &Sender,
    delivery: DeliveryId,
    context: &JobContext,
) -> Result<(), JobError> {
    deliveries::send(app, sender, delivery, context).await
}
