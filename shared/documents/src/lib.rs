//! The documents that people print, set in type with typst: content in, PDF bytes out.
//!
//! No I/O: templates and fonts are part of the program, and the time is passed in, so that the same
//! content gives the same bytes. Heavy to build; only the worker links it.

pub mod samples;
mod world;

use chrono::{DateTime, Datelike, Timelike, Utc};
use tandem_domain::documents::Content;
use typst::diag::SourceDiagnostic;
use typst::foundations::{Datetime, Smart};
use typst_layout::PagedDocument;
use typst_pdf::{PdfOptions, Timestamp};

use crate::world::Paper;

/// A document that cannot be made: a fault of its template. No variant carries the person's data.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the document cannot be set in type: {0}")]
pub struct RenderError(String);

impl RenderError {
    fn new(problems: impl IntoIterator<Item = SourceDiagnostic>) -> Self {
        let messages: Vec<String> = problems
            .into_iter()
            .map(|problem| problem.message.to_string())
            .collect();
        Self(messages.join("; "))
    }
}

/// The PDF of a document, as of an instant: the same input gives the same bytes.
pub fn render(content: &Content, at: DateTime<Utc>) -> Result<Vec<u8>, RenderError> {
    let pages = lay_out(content)?;
    let options = PdfOptions {
        // what identifies the file is its content; the default would be a hash of its title
        ident: Smart::Custom(format!("{:?}", content.kind())),
        creator: Smart::Custom(None),
        timestamp: timestamp(at),
        ..PdfOptions::default()
    };
    let bytes = typst_pdf::pdf(&pages, &options).map_err(RenderError::new);
    // what typst remembers to be quicker next time are pieces of people's documents
    typst::comemo::evict(0);
    bytes
}

fn lay_out(content: &Content) -> Result<PagedDocument, RenderError> {
    typst::compile(&Paper::new(content))
        .output
        .map_err(RenderError::new)
}

fn timestamp(at: DateTime<Utc>) -> Option<Timestamp> {
    let day = |number: u32| u8::try_from(number).ok();
    Datetime::from_ymd_hms(
        at.year(),
        day(at.month())?,
        day(at.day())?,
        day(at.hour())?,
        day(at.minute())?,
        day(at.second())?,
    )
    .map(Timestamp::new_utc)
}

#[cfg(test)]
mod tests;
