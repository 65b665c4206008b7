//! Background checks: asked for, inspected, confirmed by a second person, expired, erased, overseen.

use serde_json::{Value, json};
use tandem_domain::checks::{BackgroundCheck, CheckKind, Standing, standing};
use tandem_domain::ids::{ExpertId, MatchId};
use tandem_operations::{Caller, checks, experts};
use tandem_storage::paging::Page;
use tandem_tests::{Actor, Answer, date};

use crate::documents::REQUEST;
use crate::scene::{Scene, gid, parse};

const INSPECT: &str = "mutation($expert: ID!, $input: CheckInspectionInput!) {
    recordCheckInspection(expertId: $expert, input: $input) {
        expert { backgroundChecks { id kind state validUntil pendingInspection { validUntil } } }
        userErrors { code field message } } }";

async fn inspect(actor: &Actor, expert: ExpertId, input: Value) -> Answer {
    actor
        .ask(INSPECT, json!({ "expert": gid(expert), "input": input }))
        .await
}

fn clean(kind: &str, day: &str) -> Value {
    json!({ "kind": kind, "certificateDate": day, "inspectedOn": day, "noRelevantEntry": true })
}

async fn set(scene: &Scene, settings: Value) {
    let mut conn = scene.app.superuser().await;
    sqlx::query(
        "INSERT INTO settings (version, settings, changed_at)
         SELECT COALESCE(max(version), 0) + 1, $1, now() FROM settings",
    )
    .bind(settings)
    .execute(&mut conn)
    .await
    .expect("settings");
}

/// Makes a match active since its approach, as if everything before had happened.
async fn activate(scene: &Scene, matching: MatchId, mentee_born: &str) {
    let mut conn = scene.app.superuser().await;
    let mut run = async |sql: &'static str| {
        sqlx::query(sql)
            .bind(matching.uuid())
            .execute(&mut conn)
            .await
            .unwrap_or_else(|error| panic!("{sql}: {error}"));
    };
    run("UPDATE matches SET state = 'INTERESTED', answered_at = approached_at, answered_by_way = 'SIGNED_IN' WHERE id = $1").await;
    run("UPDATE matches SET state = 'INTRODUCED' WHERE id = $1").await;
    run("UPDATE matches SET state = 'MET', first_meeting_on = '2026-11-24' WHERE id = $1").await;
    run("UPDATE matches SET state = 'ACTIVE', active_from = '2026-11-24', consented_at = approached_at WHERE id = $1").await;
    sqlx::query(
        "UPDATE mentees SET birth_date = $2::date, guardian_kind = 'PERSON', guardian_name = 'Vormund' WHERE id =
             (SELECT c.mentee_id FROM matches m JOIN cases c ON c.id = m.case_id WHERE m.id = $1)",
    )
    .bind(matching.uuid())
    .bind(date(mentee_born))
    .execute(&mut conn)
    .await
    .expect("a mentee");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_refusal_of_an_inspection_has_its_own_message() {
    let scene = Scene::set().await;
    let expert = scene.expert("Weber").await;
    let (_, matches) = scene.asked(&[expert]).await;
    activate(&scene, matches[0], "2010-05-01").await;
    let mut messages = std::collections::BTreeSet::new();
    for (input, refusal) in [
        (clean("EXTENDED", "2026-08-01"), "INVALID certificateDate"),
        (clean("EXTENDED", "2027-01-01"), "INVALID inspectedOn"),
        (
            json!({ "kind": "EXTENDED", "certificateDate": "2026-11-23", "inspectedOn": "2026-11-01", "noRelevantEntry": true }),
            "INVALID certificateDate",
        ),
        (clean("SIMPLE", "2026-11-20"), "INVALID kind"),
    ] {
        let mut input = input;
        if refusal == "INVALID certificateDate" && input["certificateDate"] == "2026-08-01" {
            input["inspectedOn"] = json!("2026-11-20");
        }
        let answer = inspect(&scene.coordinator, expert, input).await;
        assert!(
            answer
                .refusals("recordCheckInspection")
                .contains(&refusal.to_owned()),
            "{refusal}: {:#}",
            answer.body
        );
        let error = &answer.data()["recordCheckInspection"]["userErrors"][0]["message"];
        messages.insert(error.as_str().expect("words").to_owned());
    }
    assert_eq!(messages.len(), 4, "{messages:?}");
    // an entry is recorded whatever the kind
    let entry = json!({ "kind": "SIMPLE", "certificateDate": "2026-11-20", "noRelevantEntry": false });
    let answer = inspect(&scene.coordinator, expert, entry).await;
    let checks = &answer.done("recordCheckInspection")["expert"]["backgroundChecks"];
    assert_eq!(checks[0]["state"], "UNSUITABLE");
    scene.app.ignore_mails();
    scene.app.drain().await;
    scene.app.ignore_mails();
    scene.app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_kind_that_is_asked_for_follows_from_who_is_met() {
    let scene = Scene::set().await;
    let (adult, minor) = (scene.expert("Weber").await, scene.expert("Krause").await);
    let (_, first) = scene.asked(&[adult]).await;
    let (_, second) = scene.asked(&[minor]).await;
    activate(&scene, first[0], "2004-05-01").await;
    activate(&scene, second[0], "2010-05-01").await;
    for (expert, kind) in [(adult, "SIMPLE"), (minor, "EXTENDED")] {
        let answer = scene
            .coordinator
            .ask(REQUEST, json!({ "experts": [gid(expert)] }))
            .await;
        let asked = &answer.done("requestBackgroundChecks")["experts"][0]["backgroundChecks"];
        assert_eq!(asked[0]["kind"], kind);
        // asked twice is one request
        let again = scene
            .coordinator
            .ask(REQUEST, json!({ "experts": [gid(expert)] }))
            .await;
        let again = &again.done("requestBackgroundChecks")["experts"][0]["backgroundChecks"];
        assert_eq!(again, asked);
    }
    let refused = scene.staff.ask(REQUEST, json!({ "experts": [gid(adult)] })).await;
    assert_eq!(
        refused.refusals("requestBackgroundChecks"),
        ["NOT_FOUND expertIds.0"]
    );
    scene.app.drain().await;
    scene.app.ignore_mails();
    scene.app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn with_four_eyes_an_inspection_counts_when_a_second_person_confirms_it() {
    let scene = Scene::set().await;
    set(&scene, json!({ "fourEyesInspection": true })).await;
    let expert = scene.expert("Weber").await;
    let answer = inspect(&scene.coordinator, expert, clean("SIMPLE", "2026-11-20")).await;
    let check = answer.done("recordCheckInspection")["expert"]["backgroundChecks"][0].clone();
    assert_eq!(check["state"], "REQUESTED", "nothing counts yet");
    assert_eq!(check["pendingInspection"]["validUntil"], "2031-11-20");

    let confirm = "mutation($id: ID!) { confirmCheckInspection(checkId: $id) {
        expert { backgroundChecks { state pendingInspection { validUntil } confirmedBy { id } } }
        userErrors { code field message } } }";
    let variables = json!({ "id": check["id"] });
    let own = scene.coordinator.ask(confirm, variables.clone()).await;
    assert_eq!(own.refusals("confirmCheckInspection"), ["FORBIDDEN"]);
    let second = scene.app.coordinator(scene.office).await;
    let waiting = second.ask("{ pendingCheckInspections { id } }", json!({})).await;
    assert_eq!(
        waiting.data()["pendingCheckInspections"],
        json!([{ "id": gid(expert) }])
    );
    let done = second.ask(confirm, variables.clone()).await;
    let checks = &done.done("confirmCheckInspection")["expert"]["backgroundChecks"];
    assert_eq!(checks[0]["state"], "VALID");
    assert_eq!(checks[0]["confirmedBy"]["id"], second.id());
    let again = second.ask(confirm, variables).await;
    assert_eq!(again.refusals("confirmCheckInspection"), ["CONFLICT"]);
    scene.app.drain().await;
    scene.app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rejected_inspection_leaves_nothing_behind() {
    let scene = Scene::set().await;
    set(&scene, json!({ "fourEyesInspection": true })).await;
    let expert = scene.expert("Weber").await;
    let answer = inspect(&scene.coordinator, expert, clean("SIMPLE", "2026-11-20")).await;
    let check = answer.done("recordCheckInspection")["expert"]["backgroundChecks"][0].clone();
    let second = scene.app.coordinator(scene.office).await;
    let reject = "mutation($id: ID!) { rejectCheckInspection(checkId: $id) {
        expert { backgroundChecks { state pendingInspection { validUntil } } } userErrors { code field message } } }";
    let done = second.ask(reject, json!({ "id": check["id"] })).await;
    let checks = &done.done("rejectCheckInspection")["expert"]["backgroundChecks"];
    assert_eq!(
        checks,
        &json!([{ "state": "REQUESTED", "pendingInspection": null }])
    );
    scene.app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_entry_ends_what_was_valid_and_the_office_hears_of_it_without_the_reason() {
    let scene = Scene::set().await;
    let expert = scene.expert("Weber").await;
    inspect(&scene.coordinator, expert, clean("EXTENDED", "2026-11-20"))
        .await
        .done("recordCheckInspection");
    let (_, matches) = scene.asked(&[expert]).await;
    activate(&scene, matches[0], "2010-05-01").await;
    scene.app.drain().await;
    scene.app.ignore_mails();
    let entry = json!({ "kind": "EXTENDED", "certificateDate": "2026-11-23", "noRelevantEntry": false });
    inspect(&scene.coordinator, expert, entry)
        .await
        .done("recordCheckInspection");
    scene.app.drain().await;
    let mails = scene.app.mails_to("buro.hamburg@office.example.org");
    let subjects: Vec<&str> = mails.iter().map(|mail| mail.subject.as_str()).collect();
    assert!(
        subjects.contains(&"Ohne gültiges Führungszeugnis: Ingrid Weber"),
        "{subjects:?}"
    );
    for mail in &mails {
        let text = mail.text.as_deref().expect("a text").to_lowercase();
        for word in ["eintrag", "entry", "ahmadi", "samira", "ungeeignet"] {
            assert!(!text.contains(word), "{word} in {text}");
        }
    }
    scene.app.ignore_mails();
    scene.app.finish().await;
}

/// What is stored of an expert's checks, as a person with a shell sees it.
async fn stored(scene: &Scene, expert: ExpertId) -> Vec<(bool, bool)> {
    let mut conn = scene.app.superuser().await;
    sqlx::query_as(
        "SELECT inspected_on IS NOT NULL, erased_on IS NOT NULL FROM background_checks WHERE expert_id = $1 ORDER BY id",
    )
    .bind(expert.uuid())
    .fetch_all(&mut conn)
    .await
    .expect("checks")
}

const KEPT: (bool, bool) = (true, false);
const ERASED: (bool, bool) = (false, true);

#[tokio::test(flavor = "multi_thread")]
async fn an_inspection_is_erased_six_months_after_the_expert_left_and_at_once_where_nothing_was_taken_up() {
    let mut scene = Scene::set().await;
    let active = scene.expert("Weber").await;
    let draft = tandem_tests::TestApp::expert_draft("Krause", "20099");
    let (never, _) = experts::register(&scene.app.api, &Caller::system(), scene.office, draft, None)
        .await
        .expect("an expert");
    for expert in [active, never.id] {
        inspect(&scene.coordinator, expert, clean("SIMPLE", "2026-11-20"))
            .await
            .done("recordCheckInspection");
    }
    scene.app.drain().await;
    for expert in [active, never.id] {
        experts::leave(&scene.app.api, &Caller::system(), expert, None)
            .await
            .expect("an expert may leave");
    }
    checks::erase_due(&scene.app.worker).await.expect("a sweep");
    assert_eq!(stored(&scene, active).await, [KEPT]);
    assert_eq!(
        stored(&scene, never.id).await,
        [ERASED],
        "the activity was never taken up"
    );
    scene.days_later(180).await;
    checks::erase_due(&scene.app.worker).await.expect("a sweep");
    assert_eq!(stored(&scene, active).await, [KEPT]);
    scene.days_later(2).await;
    checks::erase_due(&scene.app.worker).await.expect("a sweep");
    assert_eq!(stored(&scene, active).await, [ERASED]);
    scene.app.ignore_mails();
    scene.app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whether_standing_by_keeps_an_inspection_is_a_setting() {
    let mut scene = Scene::set().await;
    let (idle, served) = (scene.expert("Weber").await, scene.expert("Krause").await);
    for expert in [idle, served] {
        inspect(&scene.coordinator, expert, clean("SIMPLE", "2026-11-20"))
            .await
            .done("recordCheckInspection");
    }
    let (_, matches) = scene.asked(&[served]).await;
    activate(&scene, matches[0], "2004-05-01").await;
    scene.app.drain().await;
    scene.app.ignore_mails();
    scene.days_later(200).await;
    checks::erase_due(&scene.app.worker).await.expect("a sweep");
    assert_eq!(stored(&scene, idle).await, [KEPT], "standing by is the activity");
    set(&scene, json!({ "standbyIsActivity": false })).await;
    checks::erase_due(&scene.app.worker).await.expect("a sweep");
    assert_eq!(
        stored(&scene, idle).await,
        [ERASED],
        "no match followed within six months"
    );
    assert_eq!(stored(&scene, served).await, [KEPT], "a match goes on");
    let mut conn = scene.app.superuser().await;
    sqlx::query("UPDATE matches SET state = 'COMPLETED', ended_at = $2 WHERE id = $1")
        .bind(matches[0].uuid())
        .bind(scene.app.now())
        .execute(&mut conn)
        .await
        .expect("the match ends");
    scene.days_later(170).await;
    checks::erase_due(&scene.app.worker).await.expect("a sweep");
    assert_eq!(stored(&scene, served).await, [KEPT]);
    scene.days_later(20).await;
    checks::erase_due(&scene.app.worker).await.expect("a sweep");
    assert_eq!(
        stored(&scene, served).await,
        [ERASED],
        "the last match is long over"
    );
    scene.app.ignore_mails();
    scene.app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_overview_means_what_the_rules_say() {
    let scene = Scene::set().await;
    let mut experts = Vec::new();
    for (number, inputs) in [
        vec![],
        vec![("SIMPLE", "2026-11-20", "2031-11-20", true)],
        vec![("SIMPLE", "2026-11-20", "2027-01-10", true)],
        vec![("EXTENDED", "2026-11-10", "2026-11-22", true)],
        vec![("SIMPLE", "2026-11-20", "2031-11-20", false)],
        vec![
            ("EXTENDED", "2026-11-10", "2031-11-10", true),
            ("SIMPLE", "2026-11-20", "2031-11-20", false),
        ],
        vec![
            ("SIMPLE", "2026-11-10", "2031-11-10", false),
            ("SIMPLE", "2026-11-20", "2031-11-20", true),
        ],
    ]
    .into_iter()
    .enumerate()
    {
        let expert = scene.expert(&format!("E{number}")).await;
        for (kind, day, until, no_relevant_entry) in inputs {
            let input = json!({ "kind": kind, "certificateDate": day, "inspectedOn": day, "validUntil": until,
                "noRelevantEntry": no_relevant_entry });
            inspect(&scene.coordinator, expert, input)
                .await
                .done("recordCheckInspection");
        }
        experts.push(expert);
    }
    let (_, matches) = scene.asked(&[experts[1]]).await;
    activate(&scene, matches[0], "2010-05-01").await;
    scene.app.drain().await;
    scene.app.ignore_mails();

    let filter = checks::CheckFilter::default();
    let rows = checks::rows(
        &scene.app.api,
        &scene.coordinator.caller,
        &filter,
        &Page::first(50),
    )
    .await
    .expect("the overview")
    .rows;
    assert_eq!(rows.len(), experts.len());
    let mut conn = scene.app.superuser().await;
    for row in &rows {
        let stored: Vec<BackgroundCheck> = tandem_storage::checks::for_experts(&mut conn, &[row.expert_id])
            .await
            .expect("checks")
            .into_iter()
            .map(|check| check.check)
            .collect();
        let today = date("2026-11-23");
        assert_eq!(
            (row.standing, row.valid_until),
            standing(&stored, row.needed, today, 12),
            "{}",
            row.name
        );
    }
    let busy = rows
        .iter()
        .find(|row| row.expert_id == experts[1])
        .expect("a row");
    assert_eq!(
        (busy.needed, busy.standing, busy.active_matches),
        (CheckKind::Extended, Standing::Missing, 1)
    );

    let overview = "{ checkOverview { valid expiring expired missing unsuitable activeMatches
        expiringWeeks { monday count } office { name } } }";
    let answer = scene.coordinator.ask(overview, json!({})).await;
    assert_eq!(
        answer.data()["checkOverview"],
        json!([{ "valid": 1, "expiring": 1, "expired": 1, "missing": 2, "unsuitable": 2, "activeMatches": 1,
            "expiringWeeks": [{ "monday": "2027-01-04", "count": 1 }], "office": { "name": "Büro Hamburg" } }])
    );
    for nobody in [
        &scene.staff,
        &scene
            .app
            .person("E0", tandem_domain::policy::Grant::Expert(experts[0]))
            .await,
    ] {
        let answer = nobody.ask(overview, json!({})).await;
        assert_eq!(
            answer.data()["checkOverview"],
            json!([]),
            "nobody outside the office sees it"
        );
    }
    let paged = "query($after: String) { checkStandings(first: 2, after: $after) {
        nodes { expert { id } standing } pageInfo { hasNextPage endCursor } } }";
    let (mut after, mut seen) = (Value::Null, Vec::new());
    loop {
        let answer = scene.coordinator.ask(paged, json!({ "after": after })).await;
        let list = &answer.data()["checkStandings"];
        for node in list["nodes"].as_array().expect("rows") {
            seen.push(parse::<ExpertId>(&node["expert"]["id"]));
        }
        if list["pageInfo"]["hasNextPage"] == false {
            break;
        }
        after = list["pageInfo"]["endCursor"].clone();
    }
    assert_eq!(seen, rows.iter().map(|row| row.expert_id).collect::<Vec<_>>());
    scene.app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn renewals_are_asked_for_in_bulk_and_once_and_the_list_is_safe_in_a_spreadsheet() {
    let scene = Scene::set().await;
    let soon = scene.expert("=SUMME(A1)").await;
    let late = scene.expert("Krause").await;
    let fresh = scene.expert("Weber").await;
    let mut input = clean("SIMPLE", "2026-11-20");
    inspect(&scene.coordinator, fresh, input.clone())
        .await
        .done("recordCheckInspection");
    for (expert, until) in [(soon, "2027-02-10"), (late, "2026-11-22")] {
        input["validUntil"] = json!(until);
        inspect(&scene.coordinator, expert, input.clone())
            .await
            .done("recordCheckInspection");
    }
    let renew = "mutation { requestCheckRenewals { renewals { asked } userErrors { code field message } } }";
    for asked in [2, 0] {
        let answer = scene.coordinator.ask(renew, json!({})).await;
        assert_eq!(answer.done("requestCheckRenewals")["renewals"]["asked"], asked);
    }
    scene.app.drain().await;
    assert_eq!(scene.subjects("krause").len(), 1);
    assert_eq!(scene.subjects("weber").len(), 0);
    let csv = scene
        .coordinator
        .ask("{ checkStandingsCsv(filter: { requested: true }) }", json!({}))
        .await;
    let csv = csv.data()["checkStandingsCsv"]
        .as_str()
        .expect("a list")
        .to_owned();
    let lines: Vec<&str> = csv.lines().collect();
    assert_eq!(lines.len(), 3, "{csv}");
    assert!(lines[0].starts_with('\u{feff}'), "{csv}");
    assert!(
        lines
            .iter()
            .any(|line| line.starts_with("'=SUMME(A1), Ingrid;läuft ab;einfach;10.02.2027")),
        "{csv}"
    );
    assert!(
        lines
            .iter()
            .any(|line| line.starts_with("Krause, Ingrid;abgelaufen;")),
        "{csv}"
    );
    scene.app.ignore_mails();
    scene.app.finish().await;
}
