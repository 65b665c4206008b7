//! Access for people without e-mail: a page with a one-time code, to be printed by the centre.

use async_graphql::{Context, Enum, ID, Object, SimpleObject};
use chrono::{DateTime, Utc};
use tandem_domain::parties::Side;
use tandem_operations::persons::codes::{self, Printing};

use super::{
    app, caller, ids,
    payload::{payload, settle},
};

/// For whom a one-time code is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub enum CodeHolder {
    /// The mentee.
    Mentee,
    /// The guardian of a mentee under 18.
    Guardian,
}

/// A page that shows a one-time code, once, for printing. The code itself is nowhere in the API.
#[derive(SimpleObject)]
pub struct CodePage {
    /// The address of the page; it works once, and for 15 minutes.
    pub url: String,
    /// Until when the code can be typed in.
    pub expires_at: DateTime<Utc>,
}

impl From<Printing> for CodePage {
    fn from(printing: Printing) -> Self {
        Self {
            url: printing.url.to_string(),
            expires_at: printing.expires_at,
        }
    }
}

payload! {
    /// The answer to `requestCodePage`.
    RequestCodePagePayload {
        /// The page to print.
        page: CodePage,
    }
}

/// Mutations about the access of mentees and guardians.
#[derive(Default)]
pub struct PersonMutation;

#[Object]
impl PersonMutation {
    /// Asks for a printable page with a one-time code for the mentee of a case, or for the guardian. A
    /// code that was printed before and not used ends. For the staff of the service centre.
    async fn request_code_page(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The case that the code is about.")] case_id: ID,
        #[graphql(desc = "For whom it is.")] holder: CodeHolder,
    ) -> async_graphql::Result<RequestCodePagePayload> {
        let (app, caller) = (app(ctx), caller(ctx)?);
        let side = match holder {
            CodeHolder::Mentee => Side::Mentee,
            CodeHolder::Guardian => Side::Guardian,
        };
        let requested = async {
            let case = ids::parse("caseId", &case_id)?;
            codes::request(app, caller, case, side).await
        };
        settle(requested.await)
    }
}
