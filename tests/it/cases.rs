//! Mentees and cases: who may take which step.

use serde_json::{Value, json};
use tandem_domain::cases::{CaseDraft, CaseState};
use tandem_domain::ids::{CaseId, ExpertId, MenteeId};
use tandem_domain::matches::MatchState;
use tandem_operations::{Caller, cases};
use tandem_tests::{Actor, TestApp, date};
use uuid::Uuid;

use crate::scene::{Scene, gid, parse};

const REGISTER: &str = "mutation($center: ID!, $input: MenteeInput!, $key: String) {
    registerMentee(centerId: $center, input: $input, idempotencyKey: $key) {
        mentee { id givenName version languages germanLevel } userErrors { code field message } } }";
const UPDATE_MENTEE: &str = "mutation($id: ID!, $version: Int, $input: MenteeInput!) {
    updateMentee(id: $id, version: $version, input: $input) {
        mentee { id givenName version } userErrors { code field message } } }";
const DRAFT: &str = "mutation($mentee: ID!, $input: CaseInput!, $key: String) {
    draftCase(menteeId: $mentee, input: $input, idempotencyKey: $key) {
        case { id state radiusKm version } userErrors { code field message } } }";
const UPDATE: &str = "mutation($id: ID!, $version: Int, $input: CaseInput!) {
    updateCase(id: $id, version: $version, input: $input) {
        case { id state version contactName } userErrors { code field message } } }";

fn step(name: &str) -> String {
    let note = if name == "returnCase" {
        r#", note: "Bitte ergänzen""#
    } else {
        ""
    };
    format!(
        "mutation($id: ID!, $version: Int) {{ {name}(id: $id, version: $version{note}) {{
            case {{ id state version returnNote }} userErrors {{ code field message }} }} }}"
    )
}

fn mentee_input() -> Value {
    json!({ "givenName": "Samira", "familyName": "Ahmadi", "birthDate": "2004-02-01",
            "languages": ["fa"], "germanLevel": "B1" })
}

fn case_input() -> Value {
    json!({
        "contactName": "Ayşe Kaya",
        "plannedStart": "2027-01-04",
        "supportAreas": [{ "area": "LANGUAGE", "priority": 1 }],
        "occupations": [{ "kldbCode": "26302", "label": "Elektronikerin" }],
        "eligibilityConfirmed": true,
        "menteeConsentOn": "2026-11-20",
    })
}

fn with(mut input: Value, field: &str, value: Value) -> Value {
    input[field] = value;
    input
}

async fn draft(scene: &Scene, input: Value) -> CaseId {
    let mentee = scene.app.mentee(scene.center, "Samira").await;
    let answer = scene
        .staff
        .ask(DRAFT, json!({ "mentee": gid(mentee), "input": input }))
        .await;
    parse(&answer.done("draftCase")["case"]["id"])
}

async fn take(actor: &Actor, name: &str, case: CaseId) -> Vec<String> {
    let answer = actor.ask(&step(name), json!({ "id": gid(case) })).await;
    answer.refusals(name)
}

#[tokio::test]
async fn a_centre_files_a_case_and_the_office_accepts_it() {
    let scene = Scene::set().await;
    let variables = json!({ "center": gid(scene.center), "input": mentee_input() });
    let answer = scene.staff.ask(REGISTER, variables).await;
    let mentee = &answer.done("registerMentee")["mentee"];
    assert_eq!(mentee["languages"], json!(["fa"]));

    let variables = json!({ "mentee": mentee["id"], "input": case_input() });
    let answer = scene.staff.ask(DRAFT, variables).await;
    let case = &answer.done("draftCase")["case"];
    assert_eq!((&case["state"], &case["radiusKm"]), (&json!("DRAFT"), &json!(30)));
    let id: CaseId = parse(&case["id"]);

    assert!(take(&scene.staff, "submitCase", id).await.is_empty());
    assert_eq!(scene.case(id).await.submitted_at, Some(scene.app.now()));
    assert!(take(&scene.coordinator, "acceptCase", id).await.is_empty());
    assert_eq!(scene.case(id).await.state, CaseState::Searching);
    assert_eq!(
        scene.trail(id.uuid()).await,
        ["case.accepted", "case.drafted", "case.submitted"]
    );
    scene.finish().await;
}

#[tokio::test]
async fn only_the_centre_files_and_only_its_office_decides() {
    let scene = Scene::set().await;
    let other_office = scene.app.office("Büro Leipzig", "04109").await;
    let other_center = scene
        .app
        .center(other_office, "Servicestelle Leipzig", "04109")
        .await;
    let strangers = [
        scene.app.coordinator(other_office).await,
        scene.app.center_staff(other_center).await,
    ];
    let id = draft(&scene, case_input()).await;

    for name in ["submitCase", "withdrawCase"] {
        assert_eq!(
            take(&scene.coordinator, name, id).await,
            ["FORBIDDEN id"],
            "{name}"
        );
    }
    for name in ["acceptCase", "returnCase"] {
        assert_eq!(take(&scene.staff, name, id).await, ["FORBIDDEN id"], "{name}");
    }
    for stranger in &strangers {
        for name in ["submitCase", "withdrawCase", "acceptCase", "returnCase"] {
            assert_eq!(take(stranger, name, id).await, ["NOT_FOUND id"], "{name}");
        }
        let seen = stranger
            .ask(
                "query($id: ID!) { case(id: $id) { id } node(id: $id) { id } }",
                json!({ "id": gid(id) }),
            )
            .await;
        assert_eq!(seen.data(), &json!({ "case": null, "node": null }));
        let list = stranger
            .ask("{ cases { totalCount } mentees { totalCount } }", json!({}))
            .await;
        assert_eq!(list.data()["cases"]["totalCount"], 0);
        assert_eq!(list.data()["mentees"]["totalCount"], 0);
    }
    let mentee = gid(scene.case(id).await.mentee);
    let variables = json!({ "mentee": mentee, "input": case_input() });
    assert_eq!(
        scene
            .coordinator
            .ask(DRAFT, variables.clone())
            .await
            .refusals("draftCase"),
        ["FORBIDDEN menteeId"]
    );
    assert_eq!(
        strangers[1].ask(DRAFT, variables).await.refusals("draftCase"),
        ["NOT_FOUND menteeId"]
    );
    let variables = json!({ "center": gid(scene.center), "input": mentee_input() });
    assert_eq!(
        scene
            .coordinator
            .ask(REGISTER, variables.clone())
            .await
            .refusals("registerMentee"),
        ["FORBIDDEN centerId"]
    );
    assert_eq!(
        strangers[1]
            .ask(REGISTER, variables)
            .await
            .refusals("registerMentee"),
        ["NOT_FOUND centerId"]
    );
    scene.finish().await;
}

#[tokio::test]
async fn a_step_that_the_state_does_not_have_is_a_conflict() {
    let scene = Scene::set().await;
    let id = draft(&scene, case_input()).await;
    assert_eq!(take(&scene.coordinator, "acceptCase", id).await, ["CONFLICT"]);
    assert!(take(&scene.staff, "submitCase", id).await.is_empty());
    assert_eq!(take(&scene.staff, "submitCase", id).await, ["CONFLICT"]);
    assert!(take(&scene.coordinator, "acceptCase", id).await.is_empty());
    assert_eq!(take(&scene.coordinator, "returnCase", id).await, ["CONFLICT"]);
    assert!(take(&scene.staff, "withdrawCase", id).await.is_empty());
    for name in ["submitCase", "withdrawCase"] {
        assert_eq!(take(&scene.staff, name, id).await, ["CONFLICT"], "{name}");
    }
    let variables = json!({ "id": gid(id), "input": case_input() });
    assert_eq!(
        scene.staff.ask(UPDATE, variables).await.refusals("updateCase"),
        ["CONFLICT"]
    );
    scene.finish().await;
}

#[tokio::test]
async fn a_case_is_returned_with_a_note_and_submitted_again() {
    let scene = Scene::set().await;
    let id = draft(&scene, case_input()).await;
    assert!(take(&scene.staff, "submitCase", id).await.is_empty());
    let empty = step("returnCase").replace("Bitte ergänzen", " ");
    let answer = scene.coordinator.ask(&empty, json!({ "id": gid(id) })).await;
    assert_eq!(answer.refusals("returnCase"), ["INVALID note"]);
    assert!(take(&scene.coordinator, "returnCase", id).await.is_empty());
    let case = scene.case(id).await;
    assert_eq!(
        (case.state, case.return_note.as_str()),
        (CaseState::Draft, "Bitte ergänzen")
    );
    assert!(take(&scene.staff, "submitCase", id).await.is_empty());
    assert_eq!(scene.case(id).await.return_note, "", "the note is settled");
    scene.finish().await;
}

#[tokio::test]
async fn submitting_names_everything_that_is_missing() {
    let scene = Scene::set().await;
    let id = draft(&scene, json!({})).await;
    assert_eq!(
        take(&scene.staff, "submitCase", id).await,
        [
            "INVALID supportAreas",
            "INVALID plannedStart",
            "NOT_READY eligibilityConfirmed",
            "NOT_READY menteeConsentOn"
        ]
    );
    assert_eq!(scene.case(id).await.state, CaseState::Draft);
    scene.finish().await;
}

#[tokio::test]
async fn a_minors_case_needs_the_guardians_consent() {
    let scene = Scene::set().await;
    let input = with(mentee_input(), "birthDate", json!("2010-02-01"));
    let variables = json!({ "center": gid(scene.center), "input": input });
    let answer = scene.staff.ask(REGISTER, variables).await;
    let mentee = answer.done("registerMentee")["mentee"]["id"].clone();
    let answer = scene
        .staff
        .ask(DRAFT, json!({ "mentee": mentee, "input": case_input() }))
        .await;
    let id: CaseId = parse(&answer.done("draftCase")["case"]["id"]);
    assert_eq!(
        take(&scene.staff, "submitCase", id).await,
        ["NOT_READY guardianConsentOn"]
    );
    let consented = with(case_input(), "guardianConsentOn", json!("2026-11-20"));
    let answer = scene
        .staff
        .ask(UPDATE, json!({ "id": gid(id), "input": consented }))
        .await;
    answer.done("updateCase");
    assert!(take(&scene.staff, "submitCase", id).await.is_empty());
    // what is submitted keeps what submitting needs
    let answer = scene
        .staff
        .ask(UPDATE, json!({ "id": gid(id), "input": case_input() }))
        .await;
    assert_eq!(answer.refusals("updateCase"), ["NOT_READY guardianConsentOn"]);
    scene.finish().await;
}

#[tokio::test]
async fn a_birth_date_cannot_make_a_minor_of_somebody_whose_guardian_was_never_asked() {
    let scene = Scene::set().await;
    let case = scene.app.case(scene.center).await;
    let mentee = gid(scene.case(case).await.mentee);
    let input = with(mentee_input(), "birthDate", json!("2010-02-01"));
    let answer = scene
        .staff
        .ask(UPDATE_MENTEE, json!({ "id": mentee, "input": input }))
        .await;
    assert_eq!(answer.refusals("updateMentee"), ["NOT_READY birthDate"]);
    scene.finish().await;
}

#[tokio::test]
async fn a_stale_version_is_a_conflict_that_shows_the_case_as_it_is() {
    let scene = Scene::set().await;
    let id = draft(&scene, case_input()).await;
    let first = with(case_input(), "contactName", json!("Erste"));
    let second = with(case_input(), "contactName", json!("Zweite"));
    let answer = scene
        .staff
        .ask(UPDATE, json!({ "id": gid(id), "version": 1, "input": first }))
        .await;
    assert_eq!(answer.done("updateCase")["case"]["version"], 2);
    let answer = scene
        .staff
        .ask(UPDATE, json!({ "id": gid(id), "version": 1, "input": second }))
        .await;
    assert_eq!(answer.refusals("updateCase"), ["CONFLICT version"]);
    let payload = &answer.data()["updateCase"]["case"];
    assert_eq!(
        (&payload["contactName"], &payload["version"]),
        (&json!("Erste"), &json!(2))
    );
    let stale = json!({ "id": gid(id), "version": 1 });
    let answer = scene.staff.ask(&step("submitCase"), stale).await;
    assert_eq!(answer.refusals("submitCase"), ["CONFLICT version"]);

    let mentee = gid(scene.case(id).await.mentee);
    let change = json!({ "id": mentee, "version": 7, "input": mentee_input() });
    let answer = scene.staff.ask(UPDATE_MENTEE, change).await;
    assert_eq!(answer.refusals("updateMentee"), ["CONFLICT version"]);
    assert_eq!(answer.data()["updateMentee"]["mentee"]["version"], 1);
    scene.finish().await;
}

#[tokio::test]
async fn bad_input_is_named_by_its_field() {
    let scene = Scene::set().await;
    let mentee = scene.app.mentee(scene.center, "Samira").await;
    for (input, refusals) in [
        (with(case_input(), "radiusKm", json!(0)), ["INVALID radiusKm"]),
        (with(case_input(), "radiusKm", json!(1000)), ["INVALID radiusKm"]),
        (
            with(case_input(), "plannedStart", json!("2016-07-31")),
            ["INVALID plannedStart"],
        ),
        (
            with(case_input(), "menteeConsentOn", json!("2026-11-24")),
            ["INVALID menteeConsentOn"],
        ),
        (
            with(
                case_input(),
                "supportAreas",
                json!([{ "area": "OTHER", "priority": 4 }]),
            ),
            ["INVALID supportAreas.0.priority"],
        ),
        (
            with(case_input(), "occupations", json!([{ "kldbCode": "x" }])),
            ["INVALID occupations.0.kldbCode"],
        ),
    ] {
        let variables = json!({ "mentee": gid(mentee), "input": input });
        assert_eq!(
            scene.staff.ask(DRAFT, variables).await.refusals("draftCase"),
            refusals
        );
    }
    for (input, refusal) in [
        (
            with(mentee_input(), "birthDate", json!("2026-11-24")),
            "INVALID birthDate",
        ),
        (with(mentee_input(), "email", json!("samira")), "INVALID email"),
        (
            with(mentee_input(), "firstLanguage", json!("fa")),
            "INVALID firstLanguageConsent",
        ),
        (
            with(mentee_input(), "guardianName", json!("Jugendamt")),
            "INVALID guardianKind",
        ),
    ] {
        let variables = json!({ "center": gid(scene.center), "input": input });
        assert_eq!(
            scene
                .staff
                .ask(REGISTER, variables)
                .await
                .refusals("registerMentee"),
            [refusal]
        );
    }
    scene.finish().await;
}

#[tokio::test]
async fn an_unknown_id_is_not_found_and_one_of_another_type_is_invalid() {
    let scene = Scene::set().await;
    let nothing = Uuid::from_u128(1);
    assert_eq!(
        take(&scene.staff, "submitCase", CaseId::from(nothing)).await,
        ["NOT_FOUND id"]
    );
    let expert = json!({ "id": gid(ExpertId::from(nothing)) });
    let answer = scene.staff.ask(&step("submitCase"), expert.clone()).await;
    assert_eq!(answer.refusals("submitCase"), ["INVALID id"]);
    let answer = scene
        .staff
        .ask("query($id: ID!) { case(id: $id) { id } }", expert)
        .await;
    assert_eq!(answer.code(), Some("BAD_USER_INPUT"));
    let unknown = json!({ "mentee": gid(MenteeId::from(nothing)), "input": case_input() });
    assert_eq!(
        scene.staff.ask(DRAFT, unknown).await.refusals("draftCase"),
        ["NOT_FOUND menteeId"]
    );
    scene.finish().await;
}

#[tokio::test]
async fn a_mentee_has_one_open_case_at_a_time() {
    let scene = Scene::set().await;
    let id = draft(&scene, case_input()).await;
    let mentee = gid(scene.case(id).await.mentee);
    let again = json!({ "mentee": mentee, "input": case_input() });
    assert_eq!(
        scene.staff.ask(DRAFT, again.clone()).await.refusals("draftCase"),
        ["CONFLICT menteeId"]
    );
    assert!(take(&scene.staff, "withdrawCase", id).await.is_empty());
    scene.staff.ask(DRAFT, again).await.done("draftCase");
    scene.finish().await;
}

#[tokio::test]
async fn the_same_key_twice_is_one_mentee_and_one_case() {
    let scene = Scene::set().await;
    let register = json!({ "center": gid(scene.center), "input": mentee_input(), "key": "k1" });
    let first = scene.staff.ask(REGISTER, register.clone()).await;
    let second = scene.staff.ask(REGISTER, register).await;
    let mentee = &first.done("registerMentee")["mentee"]["id"];
    assert_eq!(mentee, &second.done("registerMentee")["mentee"]["id"]);
    let drafted = json!({ "mentee": mentee, "input": case_input(), "key": "k1" });
    let first = scene.staff.ask(DRAFT, drafted.clone()).await;
    let second = scene.staff.ask(DRAFT, drafted).await;
    assert_eq!(
        first.done("draftCase")["case"]["id"],
        second.done("draftCase")["case"]["id"]
    );
    scene.finish().await;
}

#[tokio::test]
async fn an_external_id_is_unique_within_a_centre() {
    let scene = Scene::set().await;
    let input = with(mentee_input(), "externalId", json!("M-1"));
    let variables = json!({ "center": gid(scene.center), "input": input });
    scene
        .staff
        .ask(REGISTER, variables.clone())
        .await
        .done("registerMentee");
    assert_eq!(
        scene
            .staff
            .ask(REGISTER, variables)
            .await
            .refusals("registerMentee"),
        ["INVALID externalId"]
    );
    let input = with(case_input(), "externalId", json!("F-1"));
    draft(&scene, input.clone()).await;
    let mentee = scene.app.mentee(scene.center, "Amir").await;
    let variables = json!({ "mentee": gid(mentee), "input": input });
    assert_eq!(
        scene.staff.ask(DRAFT, variables).await.refusals("draftCase"),
        ["INVALID externalId"]
    );
    scene.finish().await;
}

#[tokio::test]
async fn a_withdrawn_case_takes_its_questions_back_with_neutral_mails() {
    let scene = Scene::set().await;
    let (asked, never_mailed) = (scene.expert("Weber").await, scene.expert("Vogel").await);
    let (case, matches) = scene.asked(&[asked]).await;
    scene.app.drain().await;
    let later = scene.ask(case, &[never_mailed]).await;
    assert!(take(&scene.staff, "withdrawCase", case).await.is_empty());
    scene.app.drain().await;
    for id in [matches[0], later[0]] {
        assert_eq!(scene.state(id).await, MatchState::Withdrawn);
    }
    let subjects = scene.subjects("weber");
    assert_eq!(subjects.len(), 2, "the question, then its end: {subjects:?}");
    assert!(
        scene.subjects("vogel").is_empty(),
        "who was never asked hears nothing"
    );
    scene.finish().await;
}

#[tokio::test]
async fn who_has_waited_longest_comes_first_and_filters_narrow_the_list() {
    let mut scene = Scene::set().await;
    let old = scene.app.case(scene.center).await;
    scene.days_later(20).await;
    let young = scene.app.case(scene.center).await;
    scene.app.advance(chrono::Duration::hours(1));
    let drafted = draft(&scene, case_input()).await;
    let list = "query($filter: CaseFilterInput, $order: CaseOrder, $first: Int, $after: String, $last: Int) {
        cases(filter: $filter, orderBy: $order, first: $first, after: $after, last: $last) {
            totalCount pageInfo { hasNextPage endCursor } edges { node { id } } } }";
    let found = async |variables: Value| -> Vec<String> {
        let answer = scene.coordinator.ask(list, variables).await;
        let edges = answer.data()["cases"]["edges"].as_array().unwrap().clone();
        edges
            .iter()
            .map(|edge| edge["node"]["id"].as_str().unwrap().to_owned())
            .collect()
    };
    let [old, young, drafted] = [old, young, drafted].map(gid);
    assert_eq!(
        found(json!({})).await,
        [old.clone(), young.clone(), drafted.clone()]
    );
    assert_eq!(
        found(json!({ "order": "NEWEST" })).await,
        [drafted.clone(), young.clone(), old.clone()]
    );
    assert_eq!(found(json!({ "last": 1 })).await, std::slice::from_ref(&drafted));
    assert_eq!(
        found(json!({ "order": "NEWEST", "last": 1 })).await,
        std::slice::from_ref(&old)
    );
    let page = scene
        .coordinator
        .ask(list, json!({ "first": 1, "order": "NEWEST" }))
        .await;
    let info = &page.data()["cases"]["pageInfo"];
    assert_eq!(info["hasNextPage"], true);
    assert_eq!(
        found(json!({ "first": 1, "order": "NEWEST", "after": info["endCursor"] })).await,
        std::slice::from_ref(&young)
    );
    assert_eq!(
        found(json!({ "filter": { "states": ["DRAFT"] } })).await,
        std::slice::from_ref(&drafted)
    );
    assert_eq!(
        found(json!({ "filter": { "waitingDays": 14 } })).await,
        std::slice::from_ref(&old)
    );
    assert_eq!(
        found(json!({ "filter": { "text": "elektronik" } })).await,
        [drafted]
    );
    assert_eq!(
        found(json!({ "filter": { "text": "SAMIRA ahm" } })).await.len(),
        3
    );
    assert!(found(json!({ "filter": { "text": "%" } })).await.is_empty());
    assert!(
        found(json!({ "filter": { "hasOpenMatch": true } }))
            .await
            .is_empty()
    );
    scene.finish().await;
}

#[tokio::test]
async fn reading_a_mentees_record_leaves_a_trace_and_a_list_does_not() {
    let scene = Scene::set().await;
    let mentee = scene.app.mentee(scene.center, "Samira").await;
    scene.app.mentee(scene.center, "Amir").await;
    let list = "{ mentees { nodes { familyName } } }";
    scene.coordinator.ask(list, json!({})).await.data();
    assert_eq!(scene.trail(mentee.uuid()).await, ["mentee.registered"]);
    let one = "query($id: ID!) { mentee(id: $id) { givenName } }";
    let answer = scene.coordinator.ask(one, json!({ "id": gid(mentee) })).await;
    assert_eq!(answer.data()["mentee"]["givenName"], "Samira");
    assert_eq!(
        scene.trail(mentee.uuid()).await,
        ["mentee.registered", "mentee.viewed"]
    );
    scene.finish().await;
}

#[tokio::test]
async fn saving_a_case_keeps_the_order_of_its_wishes() {
    let scene = Scene::set().await;
    let wishes = CaseDraft {
        occupations: vec![
            ("43412".into(), "Fachinformatikerin".into()),
            ("26302".into(), "Elektronikerin".into()),
        ],
        guardian_consent_on: Some(date("2026-11-21")),
        ..TestApp::case_draft()
    };
    let id = scene.app.case_of(scene.center, wishes).await;
    let case = cases::get(&scene.app.api, &Caller::system(), id).await.unwrap();
    let labels: Vec<&str> = case
        .wishes
        .occupations
        .iter()
        .map(|(_, label)| label.as_str())
        .collect();
    assert_eq!(labels, ["Fachinformatikerin", "Elektronikerin"]);
    assert_eq!(case.wishes.guardian_consent_on, Some(date("2026-11-21")));
    scene.finish().await;
}
