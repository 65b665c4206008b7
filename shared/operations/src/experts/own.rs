//! What an expert sets without the office: when and how to be asked (domain.md "Life of an expert").

use serde_json::json;
use tandem_domain::errors::Problems;
use tandem_domain::experts::{CAPACITY, Pause, TRAVEL_RADIUS_KM};
use tandem_domain::ids::ExpertId;
use tandem_domain::policy::{Action, Resource};
use tandem_storage::PgConnection;
use tandem_storage::deliveries::{self, RecipientKind};
use tandem_storage::experts::{self, OwnChange};

use super::{authorize, explain, found, locked_for};
use crate::deliveries::Trigger;
use crate::{App, Audit, Caller, Result};

/// What an expert's own page shows and changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnSettings {
    /// How many matches at once.
    pub capacity: i64,
    /// How far, in kilometres.
    pub travel_radius_km: i64,
    /// Which of the mails that can be ended are ended; the same that the link in each of them ends.
    pub ended: Vec<Trigger>,
    /// Consent to publicity (S54): off until given, taken back as easily.
    pub publicity_consent: bool,
}

/// The mails to experts that can be ended.
pub const OPTIONAL_MAILS: [Trigger; 4] = [
    Trigger::NoMeeting,
    Trigger::CheckIn,
    Trigger::InterviewFollowUp,
    Trigger::HalfYearFeedback,
];

async fn ended(conn: &mut PgConnection, id: ExpertId) -> Result<Vec<Trigger>> {
    let mut ended = Vec::new();
    for trigger in OPTIONAL_MAILS {
        if deliveries::has_ended(conn, (RecipientKind::Expert, id.uuid()), trigger.as_str()).await? {
            ended.push(trigger);
        }
    }
    Ok(ended)
}

/// The settings of an expert, and the pauses that are not over.
pub async fn own_settings(app: &App, caller: &Caller, id: ExpertId) -> Result<(OwnSettings, Vec<Pause>)> {
    let mut conn = app.acquire(caller).await?;
    let expert = found(experts::get(&mut conn, id).await?, "expertId")?;
    let home = (id, expert.office_id);
    authorize(&mut conn, caller, Action::SetAvailability, home, "expertId").await?;
    let ended = ended(&mut conn, id).await?;
    let mut pauses: Vec<Pause> = experts::pauses_for(&mut conn, &[id], app.today())
        .await?
        .into_iter()
        .map(|pause| pause.pause)
        .collect();
    pauses.sort_by_key(|pause| pause.from);
    let settings = OwnSettings {
        capacity: expert.capacity.into(),
        travel_radius_km: expert.travel_radius_km.into(),
        ended,
        publicity_consent: expert.publicity_consent,
    };
    Ok((settings, pauses))
}

/// Changes them. Consent to publicity is the person's own word: only the expert changes it.
///
/// # Errors
/// `CONFLICT` where more matches are open than the new capacity allows.
pub async fn change_own_settings(
    app: &App,
    caller: &Caller,
    id: ExpertId,
    wanted: OwnSettings,
) -> Result<()> {
    let mut tx = app.begin(caller).await?;
    let before = locked_for(&mut tx, caller, Action::SetAvailability, id).await?;
    let resource = Resource::expert(id, before.office_id);
    if wanted.publicity_consent != before.publicity_consent {
        caller.authorize(
            Action::ConsentToPublicity,
            &resource,
            "publicityConsent",
            "consent",
        )?;
    }
    let mut problems = Problems::new();
    if !CAPACITY.contains(&wanted.capacity) {
        problems.invalid(
            "capacity",
            format!("{} is not from 1 to {}", wanted.capacity, CAPACITY.end()),
        );
    }
    if !TRAVEL_RADIUS_KM.contains(&wanted.travel_radius_km) {
        problems.invalid(
            "travelRadiusKm",
            format!(
                "{} km is not from 1 to {}",
                wanted.travel_radius_km,
                TRAVEL_RADIUS_KM.end()
            ),
        );
    }
    problems.finish(Some(()))?;
    let change = OwnChange {
        capacity: wanted.capacity as i16,
        travel_radius_km: wanted.travel_radius_km as i16,
        publicity_consent: wanted.publicity_consent,
    };
    experts::change_own(&mut tx, id, &change, app.now())
        .await
        .map_err(explain)?;
    let mut mails_changed = false;
    for trigger in OPTIONAL_MAILS {
        let recipient = (RecipientKind::Expert, id.uuid());
        let end = wanted.ended.contains(&trigger);
        mails_changed |= deliveries::end(&mut tx, recipient, trigger.as_str(), end, app.now()).await?;
    }
    let changed: Vec<&str> = [
        ("capacity", i64::from(before.capacity) != wanted.capacity),
        (
            "travelRadiusKm",
            i64::from(before.travel_radius_km) != wanted.travel_radius_km,
        ),
        (
            "publicityConsent",
            before.publicity_consent != wanted.publicity_consent,
        ),
        ("mails", mails_changed),
    ]
    .into_iter()
    .filter_map(|(field, changed)| changed.then_some(field))
    .collect();
    let entry = Audit::new("expert.availability_set", id)
        .about(id)
        .detail(json!({ "fields": changed }));
    app.audit(&mut tx, caller, &[entry]).await?;
    tx.commit().await?;
    Ok(())
}
