//! A plan that is decided on, applied and taken back.

use serde_json::json;
use tandem_api::graphql::ids;
use tandem_operations::Caller;
use tandem_tests::Answer;

use super::{Scene, message};

#[tokio::test]
async fn applying_twice_is_one_effect() {
    let scene = Scene::start().await;
    scene.ready_expert("Weber", "01069").await;
    scene.app.case(scene.center).await;
    let run = scene.plan(json!({})).await;
    assert_eq!(
        scene.apply_all(&run).await.done("applyMatchingRun")["approached"],
        1
    );
    let again = scene.apply_all(&run).await;
    assert_eq!(again.refusals("applyMatchingRun"), ["CONFLICT"]);
    assert!(message(&again, "applyMatchingRun").contains("applied already"));
    scene.app.drain().await;
    assert_eq!(scene.mails_to("Weber"), 1);
    scene.app.finish().await;
}

#[tokio::test]
async fn two_coordinators_who_apply_at_the_same_moment_end_with_one_effect() {
    let scene = Scene::start().await;
    for number in 0..6 {
        scene.ready_expert(&format!("Weber{number}"), "01069").await;
        scene.app.case(scene.center).await;
    }
    let run = scene.plan(json!({})).await;
    let other = scene.app.head_office().await;
    let input = json!({ "runId": run["id"] });
    let (one, two) = tokio::join!(
        scene.apply(&scene.coordinator, input.clone()),
        scene.apply(&other, input.clone())
    );
    let approached = |answer: &Answer| {
        answer.data()["applyMatchingRun"]["approached"]
            .as_i64()
            .expect("a number")
    };
    assert_eq!(approached(&one) + approached(&two), 6);
    assert!(approached(&one) == 0 || approached(&two) == 0);
    assert_eq!(scene.count("SELECT count(*) FROM matches").await, 6);
    scene.app.drain().await;
    assert_eq!(scene.app.catcher.count().deliveries, 6);
    scene.app.ignore_mails();
    scene.app.finish().await;
}

#[tokio::test]
async fn a_discarded_run_is_not_applied_and_an_applied_one_is_not_discarded() {
    let scene = Scene::start().await;
    scene.ready_expert("Weber", "01069").await;
    scene.app.case(scene.center).await;
    let run = scene.plan(json!({})).await;
    assert_eq!(
        scene
            .mutate("discardMatchingRun", &run["id"])
            .await
            .refusals("discardMatchingRun"),
        [""; 0]
    );
    let answer = scene.apply_all(&run).await;
    assert_eq!(answer.refusals("applyMatchingRun"), ["CONFLICT"]);
    assert!(message(&answer, "applyMatchingRun").contains("DISCARDED"));
    let second = scene.plan(json!({})).await;
    scene.apply_all(&second).await.done("applyMatchingRun");
    assert_eq!(
        scene
            .mutate("discardMatchingRun", &second["id"])
            .await
            .refusals("discardMatchingRun"),
        ["CONFLICT"]
    );
    scene.app.drain().await;
    scene.app.ignore_mails();
    scene.app.finish().await;
}

#[tokio::test]
async fn a_veto_leaves_the_case_out_and_a_chosen_alternate_takes_its_place() {
    let scene = Scene::start().await;
    let weber = scene.ready_expert("Weber", "01069").await;
    scene.ready_expert("Vogel", "01259").await;
    let case = scene.app.case(scene.center).await;
    let run = scene.plan(json!({})).await;
    let planned = scene.proposals(&run, 0).await.remove(0);
    assert_eq!(planned["expert"]["id"], json!(ids::global(weber)));
    scene
        .mutate("vetoProposal", &planned["id"])
        .await
        .done("vetoProposal");
    let nothing = scene.apply_all(&run).await;
    assert_eq!(nothing.refusals("applyMatchingRun"), ["CONFLICT"]);

    let alternate = scene.proposals(&run, 1).await.remove(0);
    let answer = scene
        .coordinator
        .ask(
            "query($id: ID!, $case: ID!, $expert: ID!) { matchingRun(id: $id) {
                whatIf(caseId: $case, expertId: $expert) { fewerCases fewerPoints } } }",
            json!({ "id": run["id"], "case": ids::global(case), "expert": alternate["expert"]["id"] }),
        )
        .await;
    let cost = &answer.data()["matchingRun"]["whatIf"];
    let difference =
        planned["score"].as_i64().expect("points") - alternate["score"].as_i64().expect("points");
    assert_eq!(*cost, json!({ "fewerCases": 0, "fewerPoints": difference }));

    scene
        .mutate("chooseAlternate", &alternate["id"])
        .await
        .done("chooseAlternate");
    assert_eq!(
        scene.apply_all(&run).await.done("applyMatchingRun")["approached"],
        1
    );
    scene.app.drain().await;
    assert_eq!((scene.mails_to("Weber"), scene.mails_to("Vogel")), (0, 1));
    scene.app.finish().await;
}

#[tokio::test]
async fn what_has_gone_stale_is_named_and_left_out_and_the_rest_is_applied() {
    let scene = Scene::start().await;
    let weber = scene.ready_expert("Weber", "01069").await;
    scene.ready_expert("Vogel", "01097").await;
    scene.app.case(scene.center).await;
    scene.app.case(scene.center).await;
    let run = scene.plan(json!({})).await;
    tandem_operations::experts::suspend(&scene.app.api, &Caller::system(), weber, None)
        .await
        .expect("suspended");
    let applied = scene.apply_all(&run).await;
    let payload = applied.done("applyMatchingRun");
    assert_eq!(
        (&payload["approached"], &payload["stale"]),
        (&json!(1), &json!([{ "rule": "STATE" }]))
    );
    scene.app.drain().await;
    assert_eq!((scene.mails_to("Weber"), scene.mails_to("Vogel")), (0, 1));
    scene.app.finish().await;
}

#[tokio::test]
async fn a_plan_is_applied_in_waves() {
    let scene = Scene::start().await;
    scene.ready_expert("Weber", "01069").await;
    scene.ready_expert("Vogel", "01097").await;
    scene.app.case(scene.center).await;
    scene.app.case(scene.center).await;
    let run = scene.plan(json!({})).await;
    let first = scene.proposals(&run, 0).await[0]["id"].clone();
    let wave = json!({ "runId": run["id"], "proposalIds": [first] });
    assert_eq!(
        scene
            .apply(&scene.coordinator, wave.clone())
            .await
            .done("applyMatchingRun")["approached"],
        1
    );
    assert_eq!(
        scene
            .apply(&scene.coordinator, wave)
            .await
            .refusals("applyMatchingRun"),
        ["CONFLICT"]
    );
    assert_eq!(
        scene.apply_all(&run).await.done("applyMatchingRun")["approached"],
        1
    );
    scene.app.drain().await;
    scene.app.ignore_mails();
    scene.app.finish().await;
}

#[tokio::test]
async fn undoing_takes_back_what_was_not_answered_with_a_neutral_mail() {
    let scene = Scene::start().await;
    scene.ready_expert("Weber", "01069").await;
    scene.app.case(scene.center).await;
    let run = scene.plan(json!({})).await;
    scene.apply_all(&run).await.done("applyMatchingRun");
    scene.app.drain().await;
    let undone = scene
        .coordinator
        .ask(
            "mutation($id: ID!) { undoMatchingRun(id: $id) { withdrawn matchingRun { state } userErrors { code } } }",
            json!({ "id": run["id"] }),
        )
        .await;
    let payload = undone.done("undoMatchingRun");
    assert_eq!(
        (&payload["withdrawn"], &payload["matchingRun"]["state"]),
        (&json!(1), &json!("UNDONE"))
    );
    scene.app.drain().await;
    assert_eq!(scene.mails_to("Weber"), 2);
    assert_eq!(
        scene
            .count("SELECT count(*) FROM matches WHERE state = 'WITHDRAWN'")
            .await,
        1
    );
    assert_eq!(scene.count("SELECT sum(open_matches) FROM experts").await, 0);
    // nothing is left of it: the pair is planned again
    let again = scene.plan(json!({})).await;
    assert_eq!(again["summary"]["matched"], 1);
    scene.app.finish().await;
}

#[tokio::test]
async fn two_plans_of_the_same_cases_never_ask_two_experts_for_one() {
    let scene = Scene::start().await;
    scene.ready_expert("Weber", "01069").await;
    scene.ready_expert("Vogel", "01097").await;
    scene.app.case(scene.center).await;
    let first = scene.plan(json!({})).await;
    let second = scene.plan(json!({ "weights": { "distance": 0 } })).await;
    assert_eq!(
        scene.apply_all(&first).await.done("applyMatchingRun")["approached"],
        1
    );
    let answer = scene.apply_all(&second).await;
    let payload = answer.done("applyMatchingRun");
    assert_eq!(payload["approached"], 0);
    assert!(
        ["ANOTHER_ASKED", "ALREADY_ASKED", "CAPACITY"]
            .contains(&payload["stale"][0]["rule"].as_str().unwrap_or_default())
    );
    assert_eq!(scene.count("SELECT count(*) FROM matches").await, 1);
    scene.app.drain().await;
    scene.app.ignore_mails();
    scene.app.finish().await;
}
