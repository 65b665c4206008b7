//! Lists that somebody already has.

mod cases;
mod experts;
mod occupations;
mod programme;

use tandem_domain::ids::OfficeId;
use tandem_operations::Caller;
use tandem_operations::import::{Kind, Report, import};
use tandem_tests::TestApp;

async fn take(app: &TestApp, kind: Kind, list: impl AsRef<[u8]>) -> Report {
    import(&app.api, &Caller::system(), kind, list.as_ref())
        .await
        .expect("the file as a whole can be used")
}

/// A world with an office under the external id `RB`.
async fn with_office() -> (TestApp, OfficeId) {
    let app = TestApp::start().await;
    let report = take(
        &app,
        Kind::Offices,
        "externalId,name,postalCode,email,phone,contactName\nRB,Büro Chemnitz,09111,rb@example.org,0371 1234,Ute Krüger",
    )
    .await;
    assert_eq!((report.created, report.bad.len()), (1, 0), "{report:?}");
    let id: uuid::Uuid = sqlx::query_scalar("SELECT id FROM regional_offices")
        .fetch_one(&mut app.superuser().await)
        .await
        .unwrap();
    (app, id.into())
}

async fn count(app: &TestApp, table: &'static str) -> i64 {
    let sql = format!("SELECT count(*) FROM {table}");
    sqlx::query_scalar(sqlx::AssertSqlSafe(sql))
        .fetch_one(&mut app.superuser().await)
        .await
        .unwrap()
}

fn reasons(report: &Report) -> Vec<(u64, String, String)> {
    report
        .bad
        .iter()
        .flat_map(|row| {
            row.problems
                .iter()
                .map(|problem| (row.line, problem.column.clone(), problem.reason.clone()))
        })
        .collect()
}
