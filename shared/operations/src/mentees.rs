//! Mentees.

use tandem_domain::cases::CaseState;
use tandem_domain::checks::is_minor;
use tandem_domain::errors::{Code, UserError};
use tandem_domain::ids::{CenterId, MenteeId};
use tandem_domain::mentees::{MenteeDraft, MenteeProfile};
use tandem_domain::parties::Party;
use tandem_domain::policy::{Action, Decision, Resource};
use tandem_storage::mentees::{self, Key, Saved};
pub use tandem_storage::mentees::{Mentee, MenteeFilter};
use tandem_storage::paging::{Page, Slice};
use tandem_storage::{PgConnection, cases};

use crate::{App, Audit, Caller, Error, Result, addresses, idempotency, refuse};

/// The longest text of a search.
const LONGEST_SEARCH: usize = 100;

fn resource(mentee: &Mentee) -> Resource {
    Resource::mentee(mentee.id, mentee.center, mentee.office)
}

/// Registers a mentee with a centre; `key` makes a repeated call the same effect.
pub async fn register(
    app: &App,
    caller: &Caller,
    center: CenterId,
    draft: MenteeDraft,
    key: Option<&str>,
) -> Result<Mentee> {
    let mut tx = app.begin(caller).await?;
    let Some(office) = cases::office_of_center(&mut tx, center).await? else {
        return refuse(UserError::not_found("centerId", "service centre"));
    };
    let home = Resource::center(center, office);
    if caller.can(Action::ManageMentee, &home) != Decision::Allowed {
        // who sees the centre may know that it is there
        caller.authorize(Action::ViewCenter, &home, "centerId", "service centre")?;
        return refuse(UserError {
            field: "centerId".into(),
            ..UserError::forbidden("only the service centre registers its mentees")
        });
    }
    let profile = draft.validate(app.today())?;
    let id: MenteeId = app.id();
    if let Some(earlier) = idempotency::claim(&mut tx, app, caller, "registerMentee", key, id).await? {
        return found(mentees::get(&mut tx, earlier).await?, "idempotencyKey");
    }
    save(&mut tx, app, id, center, &profile).await?;
    let trail = Audit::new("mentee.registered", id).about(id);
    app.audit(&mut tx, caller, &[trail]).await?;
    let mentee = found(mentees::get(&mut tx, id).await?, "id")?;
    tx.commit().await?;
    Ok(mentee)
}

/// Changes a mentee's data, all of them. A `version` that is no longer the current one is a conflict.
///
/// # Errors
/// `NOT_READY` where a changed birth date makes the mentee a minor whose guardian has not consented to a
/// case that is already submitted.
pub async fn update(
    app: &App,
    caller: &Caller,
    id: MenteeId,
    version: Option<i64>,
    draft: MenteeDraft,
) -> Result<Mentee> {
    let mut tx = app.begin(caller).await?;
    let before = found(mentees::lock(&mut tx, id).await?, "id")?;
    caller.authorize(Action::ManageMentee, &resource(&before), "id", "mentee")?;
    check_version(version, before.version, "mentee")?;
    let mut profile = draft.validate(app.today())?;
    if is_minor(profile.birth_date, app.today()) {
        let cases = cases::for_mentees(&mut tx, &[id]).await?;
        let lacks_consent = cases.iter().any(|case| {
            case.state.is_open()
                && case.state != CaseState::Draft
                && case.wishes.guardian_consent_on.is_none()
        });
        if lacks_consent {
            return refuse(UserError::new(
                Code::NotReady,
                "birthDate",
                "with this birth date the mentee is under 18: record the guardian's consent in the open case first",
            ));
        }
    }
    keep_confirmed(&mut tx, app, caller, &before, &mut profile).await?;
    save(&mut tx, app, id, before.center, &profile).await?;
    let trail = Audit::new("mentee.updated", id)
        .about(id)
        .detail(serde_json::json!({ "fields": changed_fields(&before.profile, &profile) }));
    app.audit(&mut tx, caller, &[trail]).await?;
    let mentee = found(mentees::get(&mut tx, id).await?, "id")?;
    tx.commit().await?;
    Ok(mentee)
}

/// Puts the confirmed addresses into a changed profile in place of those that are to be confirmed; under the
/// lock of the mentee.
pub(crate) async fn keep_confirmed(
    conn: &mut PgConnection,
    app: &App,
    caller: &Caller,
    before: &Mentee,
    profile: &mut MenteeProfile,
) -> Result<()> {
    let id = before.id;
    let stored = before.profile.email.as_ref();
    let wanted = profile.email.take();
    profile.email = addresses::change(conn, app, caller, Party::Mentee(id), stored, wanted.as_ref()).await?;
    let guardian = before.profile.guardian.as_ref();
    let stored = guardian.and_then(|guardian| guardian.email.as_ref());
    let wanted = profile
        .guardian
        .as_ref()
        .and_then(|guardian| guardian.email.clone());
    let kept = addresses::change(conn, app, caller, Party::Guardian(id), stored, wanted.as_ref()).await?;
    if let Some(new) = &mut profile.guardian {
        // the old address is that of another person: nothing goes there about the new one
        let another = guardian.is_some_and(|guardian| guardian.name != new.name);
        new.email = kept.filter(|kept| !another || Some(kept) == wanted.as_ref());
    }
    Ok(())
}

/// One mentee; not found where the caller may not see it. Reading a person's record leaves a trace.
pub async fn get(app: &App, caller: &Caller, id: MenteeId) -> Result<Mentee> {
    found(by_ids(app, caller, &[id]).await?.pop(), "id")
}

/// Those of these mentees that the caller may see. Reading a single person's record leaves a trace.
pub async fn by_ids(app: &App, caller: &Caller, ids: &[MenteeId]) -> Result<Vec<Mentee>> {
    let mut tx = app.begin(caller).await?;
    let mut mentees = mentees::by_ids(&mut tx, ids).await?;
    mentees.retain(|mentee| caller.can(Action::ViewMentee, &resource(mentee)) == Decision::Allowed);
    if let ([id], [_]) = (ids, &mentees[..]) {
        let trail = Audit::new("mentee.viewed", *id).about(*id);
        app.audit(&mut tx, caller, &[trail]).await?;
    }
    tx.commit().await?;
    Ok(mentees)
}

/// The mentees that the caller may see, by name, and how many there are where `total` is wanted.
pub async fn list(
    app: &App,
    caller: &Caller,
    filter: &MenteeFilter,
    page: &Page<Key>,
    total: bool,
) -> Result<(Slice<Mentee>, Option<i64>)> {
    let filter = MenteeFilter {
        text: search_text(filter.text.as_deref())?,
        ..filter.clone()
    };
    let scope = caller.scope(Action::ViewMentee);
    let mut conn = app.begin(caller).await?;
    let slice = mentees::list(&mut conn, &scope, &filter, page).await?;
    let total = if total {
        Some(mentees::count(&mut conn, &scope, &filter).await?)
    } else {
        None
    };
    let shape = [
        ("centerId", filter.center.is_some()),
        ("officeId", filter.office.is_some()),
        ("text", filter.text.is_some()),
        ("hasOpenCase", filter.has_open_case.is_some()),
    ];
    app.listed(conn, caller, "mentees.listed", &shape).await?;
    Ok((slice, total))
}

/// A text to search for; none where it is blank.
pub(crate) fn search_text(text: Option<&str>) -> Result<Option<String>> {
    match text.map(str::trim) {
        None | Some("") => Ok(None),
        Some(text) if text.chars().count() > LONGEST_SEARCH => refuse(UserError::invalid(
            "filter.text",
            format!("the text to search for has more than {LONGEST_SEARCH} characters"),
        )),
        Some(text) => Ok(Some(text.to_owned())),
    }
}

/// Refuses a version that somebody read before the last change.
pub(crate) fn check_version(read: Option<i64>, current: i64, what: &str) -> Result<()> {
    if read.is_some_and(|read| read != current) {
        return refuse(UserError::new(
            Code::Conflict,
            "version",
            format!("somebody else changed this {what} meanwhile: look at it again and repeat your change"),
        ));
    }
    Ok(())
}

fn found(mentee: Option<Mentee>, field: &str) -> Result<Mentee> {
    mentee.ok_or_else(|| UserError::not_found(field, "mentee").into())
}

async fn save(
    conn: &mut PgConnection,
    app: &App,
    id: MenteeId,
    center: CenterId,
    profile: &MenteeProfile,
) -> Result<()> {
    let saved = Saved { id, center, profile };
    mentees::save(conn, &[saved], app.now())
        .await
        .map_err(|error| match error.constraint() {
            Some("mentees_external_id_unique") => Error::from(UserError::invalid(
                "externalId",
                "another mentee of this centre already has this external id; each has its own",
            )),
            _ => error.into(),
        })
}

fn changed_fields(before: &MenteeProfile, after: &MenteeProfile) -> Vec<&'static str> {
    [
        ("externalId", before.external_id != after.external_id),
        ("givenName", before.given_name != after.given_name),
        ("familyName", before.family_name != after.family_name),
        ("gender", before.gender != after.gender),
        ("birthDate", before.birth_date != after.birth_date),
        ("email", before.email != after.email),
        ("phone", before.phone != after.phone),
        ("language", before.language != after.language),
        ("firstLanguage", before.first_language != after.first_language),
        ("languages", before.languages != after.languages),
        ("germanLevel", before.german_level != after.german_level),
        ("germanLevelOn", before.german_level_on != after.german_level_on),
        (
            "germanLevelSource",
            before.german_level_source != after.german_level_source,
        ),
        ("guardian", before.guardian != after.guardian),
    ]
    .into_iter()
    .filter_map(|(field, changed)| changed.then_some(field))
    .collect()
}
