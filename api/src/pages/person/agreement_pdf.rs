//! The agreement as a PDF, to print, to keep and to sign by hand: before it is signed as well as after. A worker makes
//! it; who asks twice for the same state gets the same file.

use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::Response,
};
use serde::Deserialize;
use tandem_domain::ids::{DocumentId, MatchId};
use tandem_operations::documents;
use uuid::Uuid;

use super::Visit;
use super::tandem::Place;
use crate::http::documents::file;
use crate::pages::view::{Block, Link};
use crate::server::ApiState;

/// The parts of the path of a document.
#[derive(Debug, Deserialize)]
pub(super) struct DocumentPlace {
    matching: Uuid,
    document: Uuid,
}

/// Asks for the newest version as it stands now, and goes where it can be had.
pub(super) async fn ask(State(state): State<ApiState>, Path(place): Path<Place>, visit: Visit) -> Response {
    let id = place.id();
    match documents::ask_for_agreement(&state.app, &visit.visitor.caller, id, None).await {
        Ok(document) => {
            let document = document.id.uuid();
            visit.see(&format!("/match/{}/agreement/pdf/{document}", id.uuid()), "asked")
        }
        Err(error) => visit.refused(&error),
    }
}

/// The PDF, or a word that it is being made.
pub(super) async fn open(
    State(state): State<ApiState>,
    Path(place): Path<DocumentPlace>,
    visit: Visit,
) -> Response {
    let (matching, document) = (MatchId::from(place.matching), DocumentId::from(place.document));
    match documents::download(&state.app, &visit.visitor.caller, document).await {
        Ok(download) => match download.bytes {
            Some(bytes) => file("application/pdf", &download.name, bytes),
            None => {
                let t = visit.t();
                let again = format!("/match/{}/agreement/pdf/{}", matching.uuid(), document.uuid());
                let blocks = vec![
                    Block::Text(t.pdf_wait.to_owned()),
                    Block::Links(vec![Link::first(visit.href(&again), t.pdf_again)]),
                ];
                visit.page(t.pdf_title, blocks).show(StatusCode::ACCEPTED)
            }
        },
        Err(error) => visit.refused(&error),
    }
}
