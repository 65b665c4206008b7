//! The invented programme comes in whole.

use tandem_devkit::programme::{Lists, Plan, generate};
use tandem_operations::{
    import::{Kind, Report},
    jobs::State,
    reminders,
};
use tandem_tests::{TestApp, date};

use super::{count, reasons, take};

fn programme(experts: usize, cases: usize) -> Lists {
    generate(&Plan {
        experts,
        cases,
        seed: 3,
        day: date("2026-11-23"),
    })
}

async fn take_all(app: &TestApp, lists: &Lists) -> Vec<Report> {
    let mut reports = Vec::new();
    for (kind, list) in lists.named() {
        reports.push(take(app, kind.parse().unwrap(), list).await);
    }
    reports
}

#[tokio::test]
async fn the_generated_programme_is_taken_over_whole_and_a_second_time_changes_nothing() {
    let app = TestApp::start().await;
    let lists = programme(500, 120);
    for (report, rows) in take_all(&app, &lists).await.iter().zip([15, 29, 500, 120]) {
        assert_eq!(reasons(report), vec![], "{report}");
        assert_eq!(
            (report.created, report.ignored_columns.len()),
            (rows, 0),
            "{report}"
        );
    }
    let written = (
        count(&app, "background_checks").await,
        count(&app, "training_attendances").await,
    );
    assert!(written.0 > 350 && written.1 > 800, "{written:?}");
    let searching: i64 =
        sqlx::query_scalar("SELECT count(*) FROM cases WHERE state = 'SEARCHING' AND submitted_at < $1")
            .bind(app.now())
            .fetch_one(&mut app.superuser().await)
            .await
            .unwrap();
    assert_eq!(searching, 120);
    let consents = async || count(&app, "email_deliveries WHERE trigger = 'CONSENT_NOTICE'").await;
    let told = consents().await;
    assert!(told >= 120, "each is told to its person: {told}");

    for (report, rows) in take_all(&app, &lists).await.iter().zip([15, 29, 500, 120]) {
        assert_eq!(
            (report.unchanged, report.created, report.updated, report.bad.len()),
            (rows, 0, 0, 0),
            "{report}"
        );
    }
    assert_eq!(count(&app, "experts WHERE version > 1").await, 0);
    assert_eq!(consents().await, told);
    assert_eq!(
        (
            count(&app, "background_checks").await,
            count(&app, "training_attendances").await
        ),
        written
    );
    app.drain().await;
    app.ignore_mails();
    app.finish().await;
}

#[tokio::test]
async fn imported_cases_are_brought_to_mind_from_the_day_of_the_import_however_long_they_waited_before() {
    let app = TestApp::start().await;
    take_all(&app, &programme(50, 40)).await;
    let told = async || {
        reminders::sweep(&app.worker).await.expect("the sweep runs");
        count(&app, "email_deliveries WHERE trigger = 'CASE_SEARCHING'").await
    };
    assert_eq!(told().await, 0, "whoever imported them knows that they wait");
    app.advance(chrono::Duration::days(14));
    assert_eq!(told().await, 2 * 40, "each to its office and its centre");
    // the mails themselves are other tests' business
    app.finish_leaving(&[State::Pending]).await;
}

#[tokio::test]
async fn twelve_thousand_experts_are_taken_over_at_once() {
    let app = TestApp::start().await;
    let lists = programme(12_000, 0);
    take(&app, Kind::Offices, &lists.offices).await;
    let report = take(&app, Kind::Experts, &lists.experts).await;
    assert_eq!((report.created, report.bad.len()), (12_000, 0), "{report}");
    assert_eq!(count(&app, "experts").await, 12_000);
    app.finish().await;
}
