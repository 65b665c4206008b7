//! Experts: what spreadsheets write, what is wrong with a row, what a second list changes.

use serde_json::json;
use tandem_domain::experts::ExpertState;
use tandem_domain::occupations::KldbCode;
use tandem_operations::experts as operations;
use tandem_operations::import::{Kind, Report, import};
use tandem_operations::{Caller, Error};
use tandem_storage::experts::Part;
use tandem_storage::experts::{self, Expert};
use tandem_tests::{TestApp, date};

use super::{count, reasons, take, with_office};

const HEADER: &str = "externalId,office,givenName,familyName,postalCode,email";

async fn expert(app: &TestApp, external_id: &str) -> Expert {
    let mut conn = app.superuser().await;
    let mut found = experts::lock_by_external_ids(&mut conn, &[external_id.to_owned()])
        .await
        .unwrap();
    assert_eq!(found.len(), 1, "{external_id}");
    found.remove(0)
}

const PARTS: [Part; 2] = [Part::Occupations, Part::Languages];

#[tokio::test]
async fn a_list_in_windows_1252_with_semicolons_and_german_headers_is_understood() {
    let (app, office) = with_office().await;
    let text = "Nummer;Büro;Status;aktiv seit;Titel;Vorname;Nachname;Geschlecht;Geburtsdatum;Straße;PLZ;E-Mail;Telefon;\
                Berufe;Interessen;Sprachen;Unterstützungsbereiche;Führungszeugnis Art;Führungszeugnis vom;Einsichtnahme am;\
                Basisschulung;Interkulturelle Schulung;Pause von;Schuhgröße\r\n\
                7;Büro Chemnitz;aktiv;1.3.2024;Dr.;Jörg;Müller-Weiß;m;12.04.1955;Straße der Nationen 5;1067;Joerg@Example.org;0371 / 12 34 56;\
                Mechatroniker|71104 Geschäftsführer;43 Programmieren;de, en;Sprache, Soziale Kontakte;erweitert;01.06.2025;15.07.2025;\
                03.02.2020;04.02.2020;;46\r\n";
    let bytes = text
        .chars()
        .map(|c| u8::try_from(u32::from(c)).unwrap())
        .collect::<Vec<u8>>();
    let report = take(&app, Kind::Experts, bytes).await;
    assert_eq!(reasons(&report), vec![]);
    assert_eq!(report.ignored_columns, ["Schuhgröße"]);

    let found = expert(&app, "7").await;
    assert_eq!(
        (found.office_id, found.state, found.activated_on),
        (office, ExpertState::Active, Some(date("2024-03-01")))
    );
    assert_eq!(
        (&*found.given_name, &*found.family_name, &*found.street),
        ("Jörg", "Müller-Weiß", "Straße der Nationen 5")
    );
    assert_eq!(
        (found.postal_code.as_str(), found.email.as_str()),
        ("01067", "joerg@example.org")
    );
    let details = operations::details(&app.api, &Caller::system(), &[found.id], &PARTS)
        .await
        .unwrap()
        .remove(&found.id)
        .unwrap();
    let occupations: Vec<(Option<&str>, &str)> = details
        .occupations
        .iter()
        .map(|occupation| {
            (
                occupation.kldb_code.as_ref().map(KldbCode::as_str),
                occupation.label.as_str(),
            )
        })
        .collect();
    assert_eq!(
        occupations,
        [
            (Some("26112"), "Mechatroniker"),
            (Some("71104"), "Geschäftsführer"),
            (Some("43"), "Programmieren")
        ]
    );
    let readiness = operations::readinesses(&app.api, &Caller::system(), &[found.id])
        .await
        .unwrap();
    assert!(readiness[&found.id].ready_for_minors, "{readiness:?}");
    app.finish().await;
}

#[tokio::test]
async fn bad_rows_are_told_with_line_column_and_reason_and_good_ones_are_in() {
    let (app, _) = with_office().await;
    let list = format!(
        "{HEADER},birthDate,capacity,checkKind,checkCertificateDate,checkInspectedOn\n\
         1,RB,Anna,Vogt,09111,anna@example.org,1955-01-01,2,SIMPLE,2025-01-01,2025-02-01\n\
         2,RB,Bernd,Wolf,99999,bernd@example.org,2030-01-01,1000,,,\n\
         3,Nirgends,,Klein,09111,nobody,12/31/1950,,SIMPLE,,2025-02-01\n\
         1,RB,Anna,Vogt,09111,anna@example.org,,,,,\n\
         5,RB,Doris,Hahn,09111,doris@example.org,,,EXTENDED,2024-01-01,2025-02-01\n"
    );
    let report = take(&app, Kind::Experts, &list).await;
    assert_eq!((report.created, report.bad.len()), (1, 4));
    let found: Vec<(u64, String)> = reasons(&report)
        .into_iter()
        .map(|(line, column, _)| (line, column))
        .collect();
    let expected = [
        (3, "birthDate"),
        (3, "postalCode"),
        (3, "capacity"),
        (4, "office"),
        (4, "birthDate"),
        (4, "givenName"),
        (4, "email"),
        (4, "checkCertificateDate"),
        (5, "externalId"),
        (6, "checkCertificateDate"),
    ];
    assert_eq!(found, expected.map(|(line, column)| (line, column.to_owned())));
    assert!(
        report.bad[0]
            .problems
            .iter()
            .any(|problem| problem.reason.contains("99999")),
        "{report:?}"
    );
    assert!(report.bad[2].problems[0].reason.contains("line 2"), "{report:?}");
    assert_eq!(count(&app, "experts").await, 1);

    let mut errors = Vec::new();
    report.write_bad_rows(&mut errors).unwrap();
    let corrected = String::from_utf8(errors)
        .unwrap()
        .replace("99999", "09111")
        .replace("1000", "10")
        .replace("2030", "1950");
    let again = take(&app, Kind::Experts, corrected).await;
    assert_eq!((again.created, again.bad.len()), (1, 2), "{again:?}");
    assert_eq!(expert(&app, "2").await.capacity, 10);
    app.finish().await;
}

#[tokio::test]
async fn a_second_list_changes_what_differs_and_leaves_the_rest() {
    let (app, _) = with_office().await;
    let row = |id: u8, phone: &str| format!("{id},RB,Anna,Vogt{id},09111,a{id}@example.org,{phone},de en\n");
    let header = format!("{HEADER},phone,languages\n");
    take(
        &app,
        Kind::Experts,
        format!("{header}{}{}", row(1, "0371 1234"), row(2, "0371 5678")),
    )
    .await;
    let before = expert(&app, "1").await;
    let report = take(
        &app,
        Kind::Experts,
        format!("{header}{}{}", row(1, "0371 9999"), row(2, "0371 5678")),
    )
    .await;
    assert_eq!((report.created, report.updated, report.unchanged), (0, 1, 1));
    let after = expert(&app, "1").await;
    assert_eq!(
        (after.id, &*after.phone, after.version),
        (before.id, "0371 9999", before.version + 1)
    );
    assert_eq!(expert(&app, "2").await.version, 1);

    // what the list has no column for stays; what it has an empty cell for goes
    let short = format!("{HEADER},phone\n1,RB,Anna,Vogt1,09111,a1@example.org,\n");
    assert_eq!(take(&app, Kind::Experts, short).await.updated, 1);
    let details = operations::details(&app.api, &Caller::system(), &[after.id], &PARTS)
        .await
        .unwrap();
    assert_eq!(
        (
            details[&after.id].languages.len(),
            &*expert(&app, "1").await.phone
        ),
        (2, "")
    );

    let entries: Vec<(String, serde_json::Value)> =
        sqlx::query_as("SELECT action, detail FROM audit_events WHERE entity_id = $1 ORDER BY at, action")
            .bind(after.id.uuid())
            .fetch_all(&mut app.superuser().await)
            .await
            .unwrap();
    assert_eq!(entries[0].0, "expert.imported");
    assert_eq!(
        entries[1],
        (
            "expert.updated".to_owned(),
            json!({ "fields": ["phone"], "import": true })
        )
    );
    assert_eq!(
        count(&app, "audit_events WHERE action = 'list.imported'").await,
        4
    );
    app.finish().await;
}

#[tokio::test]
async fn a_list_moves_nobody_backward() {
    let (app, _) = with_office().await;
    let list = format!("{HEADER},state,activatedOn\n1,RB,Anna,Vogt,09111,a@example.org,ACTIVE,2024-01-01\n");
    take(&app, Kind::Experts, &list).await;
    let report = take(&app, Kind::Experts, list.replace("Anna", "Anne")).await;
    assert_eq!(
        (report.updated, expert(&app, "1").await.activated_on),
        (1, Some(date("2024-01-01")))
    );
    take(&app, Kind::Experts, &list).await;
    let id = expert(&app, "1").await.id;
    operations::suspend(&app.api, &Caller::system(), id, None)
        .await
        .unwrap();
    assert_eq!(take(&app, Kind::Experts, &list).await.unchanged, 1);
    assert_eq!(expert(&app, "1").await.state, ExpertState::Suspended);

    let gone = list
        .replace("ACTIVE,2024-01-01", "LEFT,")
        .replace("activatedOn", "leftOn");
    let report = take(&app, Kind::Experts, &gone).await;
    assert_eq!(reasons(&report)[0].1, "leftOn");
    assert_eq!(
        take(&app, Kind::Experts, gone.replace("LEFT,", "LEFT,2026-11-20"))
            .await
            .updated,
        1
    );
    assert_eq!(expert(&app, "1").await.state, ExpertState::Left);
    assert_eq!(
        take(&app, Kind::Experts, list.replace("Vogt", "Vogel"))
            .await
            .unchanged,
        1
    );
    assert_eq!(expert(&app, "1").await.family_name, "Vogt");
    app.finish().await;
}

#[tokio::test]
async fn an_import_that_breaks_off_leaves_nothing_half_done() {
    let (app, _) = with_office().await;
    let mut superuser = app.superuser().await;
    sqlx::query("REVOKE INSERT ON training_attendances FROM tandem_api")
        .execute(&mut superuser)
        .await
        .unwrap();
    let list = format!("{HEADER},baseTraining\n1,RB,Anna,Vogt,09111,a@example.org,2024-01-01\n");
    let broken = import(&app.api, &Caller::system(), Kind::Experts, list.as_bytes()).await;
    assert!(matches!(broken, Err(Error::Storage(_))), "{broken:?}");
    assert_eq!(count(&app, "experts").await, 0);
    sqlx::query("GRANT INSERT ON training_attendances TO tandem_api")
        .execute(&mut superuser)
        .await
        .unwrap();
    assert_eq!(take(&app, Kind::Experts, &list).await.created, 1);
    app.finish().await;
}

#[tokio::test]
async fn a_file_that_cannot_be_used_at_all_is_refused_with_the_reason() {
    let (app, office) = with_office().await;
    let refusal = |result: tandem_operations::Result<Report>| match result {
        Err(Error::Refused(errors)) => errors[0].message.clone(),
        other => panic!("{other:?}"),
    };
    let system = Caller::system();
    let missing = refusal(import(&app.api, &system, Kind::Experts, b"externalId;office\n1;RB\n").await);
    assert!(
        missing.contains("givenName") && missing.contains("email"),
        "{missing}"
    );
    assert!(refusal(import(&app.api, &system, Kind::Experts, b"").await).contains("empty"));

    let coordinator = app.coordinator(office).await;
    let list = format!("{HEADER}\n1,RB,Anna,Vogt,09111,a@example.org\n");
    let refused = refusal(import(&app.api, &coordinator.caller, Kind::Experts, list.as_bytes()).await);
    assert!(refused.contains("command line"), "{refused}");
    app.finish().await;
}

#[tokio::test]
async fn the_key_of_an_expert_is_the_external_id_and_not_the_name() {
    let (app, _) = with_office().await;
    let list = format!("{HEADER}\n1,RB,Anna,Vogt,09111,a@example.org\n2,RB,Anna,Vogt,09111,a@example.org\n");
    assert_eq!(take(&app, Kind::Experts, list).await.created, 2);
    assert_ne!(expert(&app, "1").await.id, expert(&app, "2").await.id);
    app.finish().await;
}
