//! Cases with their mentees.

use tandem_operations::import::Kind;
use tandem_tests::{TestApp, date};

use super::{count, reasons, take, with_office};

const CASE_HEADER: &str = "externalId,center,givenName,familyName,birthDate,plannedStart,supportAreas,occupations,\
                           eligibilityConfirmed,menteeConsentOn,guardianConsentOn,guardianKind,guardianName,state,submittedOn";

async fn with_center() -> TestApp {
    let (app, _) = with_office().await;
    let list = "externalId,office,name,postalCode,email,contactName\nST,RB,Servicestelle Chemnitz,09111,st@example.org,Uwe Lindner";
    assert_eq!(take(&app, Kind::Centers, list).await.created, 1);
    app
}

#[tokio::test]
async fn cases_come_in_by_the_rules_of_submitting_one() {
    let app = with_center().await;
    let list = format!(
        "{CASE_HEADER}\n\
         1,ST,Samira,Ahmadi,2004-02-01,2027-01-15,LANGUAGE:2|APPLICATION:1,Mechatroniker/in,ja,2026-11-01,,,,SEARCHING,2026-11-02\n\
         2,ST,Navid,Rezai,2010-02-01,2027-01-15,LANGUAGE,26112,ja,2026-11-01,,PERSON,Hana Rezai,,\n\
         3,ST,Omar,Saleh,2003-02-01,2027-01-15,,Sterndeuter,nein,,,,,ACTIVE,2015-01-01\n\
         4,Nirgends,Omar,Saleh,2003-02-01,2027-01-15,LANGUAGE,,ja,2026-11-01,,,,,\n\
         5,ST,Ali,Karimi,2010-02-01,2027-01-15,LANGUAGE,,ja,2026-11-01,2026-11-01,INSTITUTION,Jugendamt,,\n"
    );
    let report = take(&app, Kind::Cases, &list).await;
    assert_eq!((report.created, report.bad.len()), (2, 3), "{report:?}");
    let found: Vec<(u64, String)> = reasons(&report)
        .into_iter()
        .map(|(line, column, _)| (line, column))
        .collect();
    let expected = [
        (3, "guardianConsentOn"),
        (4, "occupations"),
        (4, "state"),
        (4, "submittedOn"),
        (4, "supportAreas"),
        (4, "eligibilityConfirmed"),
        (4, "menteeConsentOn"),
        (5, "center"),
    ];
    assert_eq!(found, expected.map(|(line, column)| (line, column.to_owned())));
    let states: Vec<(String, String)> =
        sqlx::query_as("SELECT external_id, state FROM cases ORDER BY external_id")
            .fetch_all(&mut app.superuser().await)
            .await
            .unwrap();
    assert_eq!(
        states,
        [
            ("1".into(), "SEARCHING".into()),
            ("5".into(), "SUBMITTED".to_owned())
        ]
    );
    let first: String = sqlx::query_scalar("SELECT area FROM case_support_areas ORDER BY priority LIMIT 1")
        .fetch_one(&mut app.superuser().await)
        .await
        .unwrap();
    assert_eq!(first, "APPLICATION");
    app.drain().await;
    app.finish().await;
}

#[tokio::test]
async fn a_second_list_of_cases_accepts_and_changes_but_takes_nothing_back() {
    let app = with_center().await;
    let list = |state: &str, area: &str| {
        format!(
            "{CASE_HEADER}\n1,ST,Samira,Ahmadi,2004-02-01,2027-01-15,{area},,ja,2026-11-01,,,,{state},2026-11-02\n"
        )
    };
    take(&app, Kind::Cases, list("SUBMITTED", "LANGUAGE")).await;
    assert_eq!(
        take(&app, Kind::Cases, list("SEARCHING", "LANGUAGE"))
            .await
            .updated,
        1
    );
    assert_eq!(
        take(&app, Kind::Cases, list("SUBMITTED", "LANGUAGE"))
            .await
            .unchanged,
        1
    );
    assert_eq!(
        take(&app, Kind::Cases, list("SUBMITTED", "APPLICATION"))
            .await
            .updated,
        1
    );
    let (state, submitted): (String, chrono::DateTime<chrono::Utc>) =
        sqlx::query_as("SELECT state, submitted_at FROM cases")
            .fetch_one(&mut app.superuser().await)
            .await
            .unwrap();
    assert_eq!(
        (&*state, submitted.date_naive()),
        ("SEARCHING", date("2026-11-02"))
    );
    assert_eq!((count(&app, "cases").await, count(&app, "mentees").await), (1, 1));
    app.drain().await;
    app.finish().await;
}
