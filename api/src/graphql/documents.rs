//! Documents that people print: asked for here, made by the worker, downloaded under `/documents/{id}`.

use std::collections::HashMap;

use async_graphql::{Context, Enum, ID, Object, dataloader::Loader};
use chrono::{DateTime, Utc};
use tandem_domain::documents::DocumentKind as Kind;
use tandem_domain::ids::{AttendanceId, DocumentId, MatchId};
use tandem_operations::documents;
use tandem_storage::documents::Document as Row;
use uuid::Uuid;

use super::{
    app, caller, ids,
    loaders::{LoadError, Loaders, loader},
    payload::{payload, settle},
};

/// What kind of document it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "tandem_domain::documents::DocumentKind")]
pub enum DocumentKind {
    /// The written agreement of a tandem.
    Agreement,
    /// The letter with which an expert asks the authority for the certificate, free of charge.
    CheckLetter,
    /// Says that an expert attended a training.
    TrainingCertificate,
    /// Everything that is stored about one person.
    PersonReport,
}

/// A document to print. The worker makes its PDF within seconds.
#[derive(Debug, Clone)]
pub struct Document(pub Row);

impl From<Row> for Document {
    fn from(row: Row) -> Self {
        Self(row)
    }
}

impl Document {
    /// The document, through the request's loader.
    pub async fn load(ctx: &Context<'_>, id: DocumentId) -> async_graphql::Result<Option<Self>> {
        Ok(loader(ctx)?.load_one(id).await?.map(Self))
    }

    /// The newest document of a kind that is made from something, through the request's loader.
    pub(super) async fn newest(
        ctx: &Context<'_>,
        kind: Kind,
        subject: Uuid,
    ) -> async_graphql::Result<Option<Self>> {
        Ok(loader(ctx)?.load_one(NewestOf(kind, subject)).await?.map(Self))
    }
}

impl Loader<DocumentId> for Loaders {
    type Value = Row;
    type Error = LoadError;

    async fn load(&self, keys: &[DocumentId]) -> Result<HashMap<DocumentId, Row>, LoadError> {
        let rows = documents::by_ids(&self.app, &self.caller, keys).await?;
        Ok(rows.into_iter().map(|row| (row.id, row)).collect())
    }
}

/// A key of the loaders: the newest document of a kind that is made from something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct NewestOf(Kind, Uuid);

impl Loader<NewestOf> for Loaders {
    type Value = Row;
    type Error = LoadError;

    async fn load(&self, keys: &[NewestOf]) -> Result<HashMap<NewestOf, Row>, LoadError> {
        let mut newest = HashMap::new();
        for kind in [Kind::CheckLetter, Kind::TrainingCertificate, Kind::Agreement] {
            let subjects: Vec<Uuid> = keys.iter().filter(|key| key.0 == kind).map(|key| key.1).collect();
            if subjects.is_empty() {
                continue;
            }
            for row in documents::newest_of(&self.app, &self.caller, kind, &subjects).await? {
                newest.insert(NewestOf(kind, row.subject), row);
            }
        }
        Ok(newest)
    }
}

/// A document to print. The worker makes its PDF within seconds.
#[Object]
impl Document {
    /// The global id.
    pub(crate) async fn id(&self) -> ID {
        ids::global(self.0.id)
    }

    /// What kind of document it is.
    async fn kind(&self) -> DocumentKind {
        self.0.kind.into()
    }

    /// Whether its PDF can be downloaded.
    async fn ready(&self) -> bool {
        self.0.rendered_at.is_some()
    }

    /// When it was asked for.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }

    /// How long its PDF is, in bytes; null until it is ready.
    async fn size(&self) -> Option<i32> {
        self.0.size
    }

    /// Where its PDF is downloaded, with the same session; answers 202 until it is ready.
    async fn url(&self, ctx: &Context<'_>) -> async_graphql::Result<String> {
        let path = format!("documents/{}", ids::global(self.0.id).as_str());
        Ok(app(ctx).public_url.join(&path)?.into())
    }
}

payload! {
    /// The answer to `requestAgreementDocument`.
    RequestAgreementDocumentPayload {
        /// The document.
        document: Document,
    }
}

payload! {
    /// The answer to `requestTrainingCertificate`.
    RequestTrainingCertificatePayload {
        /// The document.
        document: Document,
    }
}

/// Queries for documents.
#[derive(Default)]
pub struct DocumentQuery;

#[Object]
impl DocumentQuery {
    /// A document; null where there is none or you may not have it.
    async fn document(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The document.")] id: ID,
    ) -> async_graphql::Result<Option<Document>> {
        caller(ctx)?;
        match ids::parse::<DocumentId>("id", &id) {
            Ok(id) => Document::load(ctx, id).await,
            Err(_) => Ok(None),
        }
    }
}

/// Mutations of documents.
#[derive(Default)]
pub struct DocumentMutation;

#[Object]
impl DocumentMutation {
    /// Asks for the agreement of a match as a PDF, with the signatures that it has by now. The same state asked
    /// for twice is one document. For everybody who may see the match.
    async fn request_agreement_document(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The match.")] match_id: ID,
        #[graphql(desc = "The version of the agreement; the newest where it is not given.")] number: Option<
            i16,
        >,
    ) -> async_graphql::Result<RequestAgreementDocumentPayload> {
        let (app, caller) = (app(ctx), caller(ctx)?);
        match ids::parse::<MatchId>("matchId", &match_id) {
            Ok(id) => settle(documents::ask_for_agreement(app, caller, id, number).await),
            Err(error) => settle(Err::<Row, _>(error.into())),
        }
    }

    /// Asks for the certificate of a training that an expert attended. For the expert and the expert's office.
    async fn request_training_certificate(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The attendance that the office has confirmed.")] attendance_id: ID,
    ) -> async_graphql::Result<RequestTrainingCertificatePayload> {
        let (app, caller) = (app(ctx), caller(ctx)?);
        match ids::parse::<AttendanceId>("attendanceId", &attendance_id) {
            Ok(id) => settle(documents::ask_for_certificate(app, caller, id).await),
            Err(error) => settle(Err::<Row, _>(error.into())),
        }
    }
}
