//! The official table of KldB 2010.

use tandem_operations::import::Kind;

use super::{count, reasons, take};
use tandem_tests::TestApp;

const TABLE: &str =
    "code;Ebene;title\n43;2;Informatik und Kommunikation\n43414;5;Beispiel für eine Klasse der Informatik\n";

#[tokio::test]
async fn the_official_table_adds_its_classes_to_the_search_and_a_second_import_changes_nothing() {
    let app = TestApp::start().await;
    let before = count(&app, "occupations").await;
    let report = take(&app, Kind::Occupations, TABLE).await;
    assert_eq!(
        (report.created, report.unchanged, report.bad.len()),
        (1, 1, 0),
        "{report:?}"
    );
    assert_eq!(count(&app, "occupations").await, before + 1);
    let field: String = sqlx::query_scalar("SELECT field FROM occupations WHERE id = 'kldb-43414'")
        .fetch_one(&mut app.superuser().await)
        .await
        .unwrap();
    assert_eq!(field, "Informatik und Kommunikation");
    let again = take(&app, Kind::Occupations, TABLE).await;
    assert_eq!((again.created, again.unchanged), (0, 2));
    app.finish().await;
}

#[tokio::test]
async fn a_wrong_code_and_a_missing_title_are_told_by_line_and_column() {
    let app = TestApp::start().await;
    let report = take(
        &app,
        Kind::Occupations,
        "code,title\n4341x,Etwas\n43414,\n43424,Gut\n43424,Doppelt\n",
    )
    .await;
    assert_eq!(report.created, 1);
    let told: Vec<(u64, String)> = reasons(&report)
        .into_iter()
        .map(|(line, column, _)| (line, column))
        .collect();
    assert_eq!(
        told,
        [(2, "code".into()), (3, "title".into()), (5, "code".into())]
    );
    app.finish().await;
}
