//! Finding, changing and seeing experts.

mod finding;
mod life;

use tandem_domain::errors::Code;
use tandem_operations::experts::{ListFilter, Row, list};
use tandem_operations::{Caller, Error};
use tandem_storage::paging::Page;
use tandem_tests::TestApp;

fn refusals<T: std::fmt::Debug>(result: tandem_operations::Result<T>) -> Vec<(Code, String)> {
    match result {
        Err(Error::Refused(errors)) => errors
            .into_iter()
            .map(|error| (error.code, error.field))
            .collect(),
        other => panic!("{other:?}"),
    }
}

async fn found(app: &TestApp, caller: &Caller, filter: ListFilter) -> Vec<Row> {
    let page = Page::first(200);
    list(&app.api, caller, filter, None, &page, false)
        .await
        .unwrap()
        .0
        .rows
}
