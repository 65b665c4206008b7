//! Documents that people print: asked for here, made by the worker, read by those whom they are about.

use chrono::TimeDelta;
use tandem_domain::clock::date_in_germany;
use tandem_domain::documents::{Content, DocumentKind};
use tandem_domain::errors::{Code, UserError};
use tandem_domain::ids::{AttendanceId, CheckId, DocumentId, ExpertId, MatchId};
use tandem_domain::policy::{Action, Decision, Resource};
use tandem_domain::training::AttendanceState;
use tandem_storage::checks::requests;
use tandem_storage::documents::{self, Document, NewDocument};
use tandem_storage::{PgConnection, experts, matches, training};
use uuid::Uuid;

use crate::deliveries::{self, NewDelivery, Recipient, Trigger};
use crate::jobs::{self, Job};
use crate::{App, Audit, Caller, Result, refuse, settings};

/// Whether the caller may have a document; an agreement is its match's, the others are the expert's.
async fn decision(conn: &mut PgConnection, caller: &Caller, document: &Document) -> Result<Decision> {
    if document.kind == DocumentKind::Agreement {
        let Some(matching) = document.match_id else {
            return Ok(Decision::Hidden);
        };
        return Ok(match matches::get(conn, matching).await? {
            Some(matching) => caller.can(Action::ViewMatch, &matching.resource()),
            None => Decision::Hidden,
        });
    }
    let resource = Resource::expert(document.expert_id, document.office_id);
    Ok(caller.can(Action::ViewExpertDocument, &resource))
}

/// Those of these documents that the caller may have.
pub async fn by_ids(app: &App, caller: &Caller, ids: &[DocumentId]) -> Result<Vec<Document>> {
    let mut conn = app.acquire(caller).await?;
    let found = documents::by_ids(&mut conn, ids).await?;
    visible(&mut conn, caller, found).await
}

async fn visible(conn: &mut PgConnection, caller: &Caller, found: Vec<Document>) -> Result<Vec<Document>> {
    let mut visible = Vec::with_capacity(found.len());
    for document in found {
        if decision(conn, caller, &document).await? == Decision::Allowed {
            visible.push(document);
        }
    }
    Ok(visible)
}

/// The newest document of a kind for each of these subjects, where the caller may have it.
pub async fn newest_of(
    app: &App,
    caller: &Caller,
    kind: DocumentKind,
    subjects: &[Uuid],
) -> Result<Vec<Document>> {
    let mut conn = app.acquire(caller).await?;
    let found = documents::newest_of(&mut conn, kind, subjects).await?;
    visible(&mut conn, caller, found).await
}

/// A PDF to be handed over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Download {
    /// The file's name, in ASCII and without the name of a person.
    pub name: String,
    /// The PDF; none while the worker is at it.
    pub bytes: Option<Vec<u8>>,
}

/// The PDF of a document; refused as not found where the caller may not have it. Leaves a trace.
pub async fn download(app: &App, caller: &Caller, id: DocumentId) -> Result<Download> {
    let mut tx = app.begin(caller).await?;
    let Some(document) = documents::by_ids(&mut tx, &[id]).await?.pop() else {
        return refuse(UserError::not_found("id", "document"));
    };
    if decision(&mut tx, caller, &document).await? != Decision::Allowed {
        return refuse(UserError::not_found("id", "document"));
    }
    let bytes = documents::bytes(&mut tx, id).await?;
    if bytes.is_some() {
        let entry = Audit::new("document.downloaded", id).about(document.expert_id);
        app.audit(&mut tx, caller, &[entry]).await?;
    }
    tx.commit().await?;
    Ok(Download {
        name: file_name(document.kind, document.created_at.date_naive()),
        bytes,
    })
}

fn file_name(kind: DocumentKind, day: chrono::NaiveDate) -> String {
    let name = match kind {
        DocumentKind::Agreement => "Vereinbarung",
        DocumentKind::CheckLetter => "Anforderung-Fuehrungszeugnis",
        DocumentKind::TrainingCertificate => "Teilnahmebescheinigung",
        DocumentKind::PersonReport => "Auskunft",
    };
    format!("{name}-{day}.pdf")
}

/// Asks for the agreement of a match as it stands now, in the version `number` or the newest. The same state
/// asked for twice is one document.
pub async fn ask_for_agreement(
    app: &App,
    caller: &Caller,
    matching: MatchId,
    number: Option<i16>,
) -> Result<Document> {
    let mut tx = app.begin(caller).await?;
    let Some(row) = matches::get(&mut tx, matching).await? else {
        return refuse(UserError::not_found("matchId", "match"));
    };
    caller.authorize(Action::ViewMatch, &row.resource(), "matchId", "match")?;
    let Some(agreement) = documents::agreement_of(&mut tx, matching, number).await? else {
        return refuse(UserError::new(
            Code::NotFound,
            "matchId",
            "there is no such agreement yet: it is written after the first meeting",
        ));
    };
    let signed: Vec<&str> = agreement.signed_by.iter().map(|side| side.as_str()).collect();
    let new = NewDocument {
        id: app.id(),
        kind: DocumentKind::Agreement,
        subject: ("Agreement", agreement.id),
        expert_id: agreement.expert_id,
        match_id: Some(matching),
        content_version: format!("{}:{}", agreement.number, signed.join("+")),
        requested_by: caller.user_id(),
    };
    let id = ask(&mut tx, app, &new).await?;
    let entry = Audit::new("document.requested", id).about(agreement.expert_id);
    app.audit(&mut tx, caller, &[entry]).await?;
    let document = documents::by_ids(&mut tx, &[id]).await?.pop();
    tx.commit().await?;
    found(document)
}

/// Asks for the certificate of an attendance that the office has confirmed.
pub async fn ask_for_certificate(app: &App, caller: &Caller, attendance: AttendanceId) -> Result<Document> {
    let mut tx = app.begin(caller).await?;
    let Some(row) = training::attendance(&mut tx, attendance).await? else {
        return refuse(UserError::not_found("attendanceId", "attendance"));
    };
    let Some(expert) = experts::by_ids(&mut tx, &[row.expert_id]).await?.pop() else {
        return refuse(UserError::not_found("attendanceId", "attendance"));
    };
    crate::experts::authorize(
        &mut tx,
        caller,
        Action::ViewExpertDocument,
        (expert.id, expert.office_id),
        "attendanceId",
    )
    .await?;
    let (AttendanceState::Attended, Some(attended_on)) = (row.state, row.attended_on) else {
        return refuse(UserError::new(
            Code::NotReady,
            "attendanceId",
            "the office has not confirmed this attendance (yet)",
        ));
    };
    let new = NewDocument {
        id: app.id(),
        kind: DocumentKind::TrainingCertificate,
        subject: ("TrainingAttendance", attendance.uuid()),
        expert_id: expert.id,
        match_id: None,
        content_version: attended_on.to_string(),
        requested_by: caller.user_id(),
    };
    let id = ask(&mut tx, app, &new).await?;
    let entry = Audit::new("document.requested", id).about(expert.id);
    app.audit(&mut tx, caller, &[entry]).await?;
    let document = documents::by_ids(&mut tx, &[id]).await?.pop();
    tx.commit().await?;
    found(document)
}

/// Asks for the letter of an open request, as part of the caller's transaction; it is mailed when it is
/// made.
pub(crate) async fn ask_for_letter(
    conn: &mut PgConnection,
    app: &App,
    caller: &Caller,
    check: CheckId,
    expert: ExpertId,
) -> Result<DocumentId> {
    let new = NewDocument {
        id: app.id(),
        kind: DocumentKind::CheckLetter,
        subject: ("BackgroundCheck", check.uuid()),
        expert_id: expert,
        match_id: None,
        // asked for once more on another day, it is sent once more
        content_version: app.today().to_string(),
        requested_by: caller.user_id(),
    };
    ask(conn, app, &new).await
}

async fn ask(conn: &mut PgConnection, app: &App, new: &NewDocument) -> Result<DocumentId> {
    let (id, written) = documents::ask(conn, new, app.now()).await?;
    if written {
        jobs::enqueue(conn, app, &[Job::RenderDocument { document: id }]).await?;
    }
    Ok(id)
}

fn found(document: Option<Document>) -> Result<Document> {
    document.ok_or_else(|| UserError::not_found("id", "document").into())
}

/// What the worker sets in type: the content as it is now, and the time that the PDF carries. None where it
/// is made already, or is not wanted any more.
pub async fn content(app: &App, id: DocumentId) -> Result<Option<(Content, chrono::DateTime<chrono::Utc>)>> {
    let mut conn = app.acquire(&Caller::system()).await?;
    let Some(document) = documents::by_ids(&mut conn, &[id]).await?.pop() else {
        return Ok(None);
    };
    if document.rendered_at.is_some() {
        return Ok(None);
    }
    let settings = settings::current(&mut conn).await?;
    let expert = document.expert_id;
    let content = match document.kind {
        DocumentKind::Agreement => documents::agreement(&mut conn, document.subject, &settings)
            .await?
            .map(Content::Agreement),
        DocumentKind::CheckLetter => {
            let on = date_in_germany(document.created_at);
            documents::check_letter(&mut conn, document.subject.into(), expert, &settings, on)
                .await?
                .map(Content::CheckLetter)
        }
        DocumentKind::TrainingCertificate => documents::training_certificate(
            &mut conn,
            document.subject.into(),
            expert,
            &settings,
            document.created_at,
        )
        .await?
        .map(Content::TrainingCertificate),
        // made where the export is made, and never kept here
        DocumentKind::PersonReport => None,
    };
    Ok(content.map(|content| (content, document.created_at)))
}

/// Asks for the letter with which an expert renews a check that ends, as part of the caller's transaction. The
/// reminder carries it. Those of earlier reminders go: there is one letter a check, and it is of today.
pub(crate) async fn ask_for_renewal_letter(
    conn: &mut PgConnection,
    app: &App,
    check: CheckId,
    expert: ExpertId,
) -> Result<()> {
    documents::remove_of(conn, check.uuid()).await?;
    let new = NewDocument {
        id: app.id(),
        kind: DocumentKind::CheckLetter,
        subject: ("BackgroundCheck", check.uuid()),
        expert_id: expert,
        match_id: None,
        content_version: format!("renewal:{}", app.today()),
        requested_by: None,
    };
    let (id, written) = documents::ask(conn, &new, app.now()).await?;
    if written {
        // ahead of the mails that are promised with it
        let at = app.now() - TimeDelta::seconds(1);
        jobs::enqueue_at(conn, app, &[Job::RenderDocument { document: id }], at).await?;
    }
    Ok(())
}

/// Keeps the PDF that the worker made; the letter of a request goes to its expert by mail at once.
pub async fn store(app: &App, id: DocumentId, bytes: &[u8]) -> Result<()> {
    let mut tx = app.begin(&Caller::system()).await?;
    if documents::store(&mut tx, id, bytes, app.now()).await?
        && let Some(document) = documents::by_ids(&mut tx, &[id]).await?.pop()
        && document.kind == DocumentKind::CheckLetter
        && requests::is_open(&mut tx, document.subject.into()).await?
    {
        let mail = NewDelivery::new(Trigger::CheckRequested, id, Recipient::Expert(document.expert_id));
        deliveries::queue(&mut tx, app, &[mail]).await?;
    }
    tx.commit().await?;
    Ok(())
}
