//! What would be, beside a stored plan, in numbers and in words.

use serde_json::{Value, json};
use tandem_api::graphql::ids;
use tandem_domain::checks::CheckKind;
use tandem_domain::ids::{CaseId, ExpertId};
use tandem_operations::checks::{self, InspectionInput};
use tandem_operations::{Caller, training};
use tandem_tests::{Actor, Answer, date};

use super::Scene;

impl Scene {
    async fn ask_run(&self, actor: &Actor, run: &Value, fields: &str, variables: Value) -> Answer {
        let mut all = json!({ "id": run["id"] });
        all.as_object_mut()
            .expect("an object")
            .extend(variables.as_object().cloned().unwrap_or_default());
        let declared: String = all
            .as_object()
            .expect("an object")
            .keys()
            .map(|name| match name.as_str() {
                "input" => "$input: MatchingScenarioInput!, ".to_owned(),
                name => format!("${name}: ID!, "),
            })
            .collect();
        let query = format!("query({declared}) {{ matchingRun(id: $id) {{ {fields} }} }}");
        actor.ask(&query, all).await
    }

    async fn told(&self, run: &Value, fields: &str, variables: Value) -> Value {
        let answer = self.ask_run(&self.coordinator, run, fields, variables).await;
        answer.data()["matchingRun"].clone()
    }

    async fn scenario(&self, run: &Value, input: Value) -> Value {
        let fields = "scenario(input: $input) { planned { cases score } other { cases score } plannedThere { cases score }
            changed changes { case { id } plannedExpert { id } otherExpert { id } otherPoints { total }
                explanation(language: EN) { criterion points text } }
            explanation(language: EN) }";
        self.told(run, fields, json!({ "input": input })).await["scenario"].clone()
    }

    /// What is stored of a plan, to see that nothing touches it.
    async fn stored(&self, run: &Value) -> Value {
        let fields = "state version summary { matched score } proposals { nodes { id rank score decision } }";
        self.told(run, fields, json!({})).await
    }

    /// An expert of whom only the check is missing: with both trainings.
    async fn trained_expert(&self, family_name: &str, postal_code: &str) -> ExpertId {
        let expert = self.app.expert(self.office, family_name, postal_code).await;
        for module in training::modules(&self.app.api, &self.coordinator.caller)
            .await
            .expect("modules")
        {
            let caller = &self.coordinator.caller;
            training::record_attendance(&self.app.api, caller, expert, module.id, date("2026-10-01"))
                .await
                .expect("an attendance");
        }
        expert
    }

    async fn check_until(&self, expert: ExpertId, certificate: &str) {
        let inspection = InspectionInput {
            kind: CheckKind::Extended,
            certificate_date: date(certificate),
            inspected_on: Some(date(certificate)),
            no_relevant_entry: true,
            valid_until: None,
        };
        checks::record_inspection(&self.app.api, &self.coordinator.caller, expert, inspection)
            .await
            .expect("a check");
    }
}

fn id<T: tandem_domain::ids::Id>(value: T) -> Value {
    json!(ids::global(value))
}

#[tokio::test]
async fn every_proposal_explains_its_points_in_german_and_english() {
    let scene = Scene::start().await;
    scene.ready_expert("Weber", "01069").await;
    scene.app.case(scene.center).await;
    let run = scene.plan(json!({})).await;
    let fields = "proposals { nodes { score german: explanation { criterion points text }
        english: explanation(language: EN) { points text } } }";
    let proposals = scene.told(&run, fields, json!({})).await;
    let proposal = &proposals["proposals"]["nodes"][0];
    for language in ["german", "english"] {
        let lines = proposal[language].as_array().expect("lines");
        let sum: i64 = lines.iter().filter_map(|line| line["points"].as_i64()).sum();
        assert_eq!(json!(sum), proposal["score"]);
    }
    assert_eq!(proposal["german"][0]["criterion"], "DISTANCE");
    let text = |language: &str, line: usize| {
        proposal[language][line]["text"]
            .as_str()
            .expect("text")
            .to_owned()
    };
    assert!(
        text("german", 0).contains("km vom Standort: "),
        "{}",
        text("german", 0)
    );
    assert!(
        text("english", 0).contains("km from the centre: "),
        "{}",
        text("english", 0)
    );
    scene.app.finish().await;
}

#[tokio::test]
async fn a_case_without_an_expert_is_explained_in_words() {
    let scene = Scene::start().await;
    scene.app.expert(scene.office, "Ohnecheck", "01069").await;
    scene.app.case(scene.center).await;
    let run = scene.plan(json!({})).await;
    let fields = "cases { nodes { german: explanation english: explanation(language: EN)
        nearMisses { explanation(language: EN) } } }";
    let told = scene.told(&run, fields, json!({})).await;
    let case = &told["cases"]["nodes"][0];
    assert_eq!(
        case["german"],
        "1 im Umkreis von 30 km; 1 ohne gültiges Führungszeugnis."
    );
    assert_eq!(case["english"], "1 within 30 km; 1 without a valid certificate.");
    let miss = case["nearMisses"][0]["explanation"].as_str().expect("text");
    assert!(
        miss.ends_with("km: no valid certificate of the kind needed"),
        "{miss}"
    );
    scene.app.finish().await;
}

#[tokio::test]
async fn another_expert_instead_is_priced_exactly_and_in_words() {
    let scene = Scene::start().await;
    // one case can go to Weber alone: giving him to the other one costs a case
    let weber = scene.ready_expert("Weber", "01069").await;
    let vogel = scene.ready_expert("Vogel", "01259").await;
    let first = scene.app.case(scene.center).await;
    let second = scene.app.case(scene.center).await;
    let run = scene.plan(json!({})).await;
    assert_eq!(run["summary"]["matched"], 2);
    let fields = "whatIf(caseId: $case, expertId: $expert) { fewerCases fewerPoints explanation(language: EN)
        pairExplanation { text } }";
    for (case, expert) in [(first, weber), (first, vogel), (second, weber), (second, vogel)] {
        let told = scene
            .told(&run, fields, json!({ "case": id(case), "expert": id(expert) }))
            .await;
        let what_if = &told["whatIf"];
        assert_eq!(what_if["fewerCases"], 0);
        assert_eq!(what_if["pairExplanation"].as_array().map(Vec::len), Some(8));
        // pinned, the other plan costs as much
        let pinned = scene
            .scenario(
                &run,
                json!({ "pins": [{ "caseId": id(case), "expertId": id(expert) }] }),
            )
            .await;
        let (planned, other) = (&pinned["planned"], &pinned["other"]);
        assert_eq!(planned["cases"], other["cases"]);
        assert_eq!(
            what_if["fewerPoints"].as_i64(),
            Some(planned["score"].as_i64().expect("points") - other["score"].as_i64().expect("points"))
        );
        if what_if["fewerPoints"] == 0 {
            assert_eq!(
                what_if["explanation"],
                "This costs nothing: the plan is as good as before."
            );
        }
    }
    let stranger = scene.app.expert(scene.office, "Ohnecheck", "01069").await;
    let variables = json!({ "case": id(first), "expert": id(stranger) });
    let refused = scene.ask_run(&scene.coordinator, &run, fields, variables).await;
    // who came later is not in the numbers of the run
    assert_eq!(refused.body["data"]["matchingRun"], Value::Null);
    scene.app.finish().await;
}

#[tokio::test]
async fn another_radius_stands_beside_the_plan_and_touches_nothing() {
    let scene = Scene::start().await;
    let near = scene.ready_expert("Weber", "01069").await;
    // in Freiberg, 32 km from Dresden, and ready to travel
    let far = scene.ready_expert("Vogel", "09599").await;
    let mut conn = scene.app.superuser().await;
    sqlx::query("UPDATE experts SET travel_radius_km = 60")
        .execute(&mut conn)
        .await
        .expect("a change");
    let cases: Vec<CaseId> = vec![
        scene.app.case(scene.center).await,
        scene.app.case(scene.center).await,
    ];
    let run = scene.plan(json!({})).await;
    assert_eq!(run["summary"]["matched"], 1);
    let before = scene.stored(&run).await;
    let wider = scene.scenario(&run, json!({ "radiusKm": 50 })).await;
    assert_eq!(
        (&wider["planned"]["cases"], &wider["other"]["cases"]),
        (&json!(1), &json!(2))
    );
    assert!(
        wider["explanation"]
            .as_str()
            .expect("text")
            .starts_with("So 2 cases would have an expert, one case more; "),
        "{wider}"
    );
    let experts: Vec<&Value> = wider["changes"]
        .as_array()
        .expect("changes")
        .iter()
        .map(|change| &change["otherExpert"]["id"])
        .collect();
    assert!(experts.contains(&&id(far)), "{wider}");
    assert!(
        cases
            .iter()
            .any(|case| wider["changes"][0]["case"]["id"] == id(*case))
    );
    // who gains an expert stands first
    assert_eq!(wider["changes"][0]["plannedExpert"], Value::Null);
    let narrow = scene.scenario(&run, json!({ "radiusKm": 1 })).await;
    assert_eq!(narrow["other"]["cases"], 0);
    assert_eq!(narrow["plannedThere"], json!({ "cases": 0, "score": 0 }));
    assert_eq!(narrow["changes"][0]["plannedExpert"]["id"], id(near));
    assert_eq!(scene.stored(&run).await, before);
    scene.app.finish().await;
}

#[tokio::test]
async fn other_weights_stand_beside_the_plan_with_what_the_plan_is_worth_under_them() {
    let scene = Scene::start().await;
    let near = scene.ready_expert("Weber", "01069").await;
    let far = scene.ready_expert("Vogel", "01259").await;
    // the farther one speaks the mentee's language
    let mut conn = scene.app.superuser().await;
    sqlx::query(
        "INSERT INTO expert_languages (expert_id, language) VALUES ($1, 'ku') ON CONFLICT DO NOTHING",
    )
    .bind(far.uuid())
    .execute(&mut conn)
    .await
    .expect("a language");
    let case = scene.app.case(scene.center).await;
    sqlx::query(
        "INSERT INTO mentee_languages (mentee_id, language) SELECT mentee_id, 'ku' FROM cases WHERE id = $1
         ON CONFLICT DO NOTHING",
    )
    .bind(case.uuid())
    .execute(&mut conn)
    .await
    .expect("a language");
    let run = scene.plan(json!({ "weights": { "language": 0 } })).await;
    let proposals = scene.proposals(&run, 0).await;
    assert_eq!(proposals[0]["expert"]["id"], id(near));
    let other = scene
        .scenario(&run, json!({ "weights": { "distance": 0, "language": 500 } }))
        .await;
    assert_eq!(other["changed"], 1);
    let change = &other["changes"][0];
    assert_eq!(change["plannedExpert"]["id"], id(near));
    assert_eq!(change["otherExpert"]["id"], id(far));
    assert_eq!(change["otherPoints"]["total"], other["other"]["score"]);
    let worth = other["plannedThere"]["score"].as_i64().expect("points");
    assert_eq!(other["other"]["score"].as_i64(), Some(worth + 500));
    let refused = scene
        .ask_run(
            &scene.coordinator,
            &run,
            "scenario(input: $input) { changed }",
            json!({ "input": { "weights": { "distance": -1 } } }),
        )
        .await;
    assert_eq!(refused.body["data"]["matchingRun"], Value::Null);
    scene.app.finish().await;
}

#[tokio::test]
async fn pins_of_a_scenario_that_conflict_are_refused_with_the_reason() {
    let scene = Scene::start().await;
    let weber = scene.ready_expert("Weber", "01069").await;
    let cases = [
        scene.app.case(scene.center).await,
        scene.app.case(scene.center).await,
    ];
    let run = scene.plan(json!({})).await;
    let pins: Vec<Value> = cases
        .iter()
        .map(|case| json!({ "caseId": id(*case), "expertId": id(weber) }))
        .collect();
    let answer = scene
        .ask_run(
            &scene.coordinator,
            &run,
            "scenario(input: $input) { changed }",
            json!({ "input": { "pins": pins } }),
        )
        .await;
    let told = answer.body.to_string();
    assert!(
        told.contains("2 cases are pinned to the expert") && told.contains("room for 1"),
        "{told}"
    );
    scene.app.finish().await;
}

#[tokio::test]
async fn bottlenecks_say_where_one_more_expert_brings_a_case_more() {
    let scene = Scene::start().await;
    scene.ready_expert("Weber", "01069").await;
    scene.app.case(scene.center).await;
    scene.app.case(scene.center).await;
    // at the other centre there are as many experts as cases
    let enough = scene
        .app
        .center(scene.office, "Servicestelle Leipzig", "04109")
        .await;
    scene.ready_expert("Vogel", "04109").await;
    scene.app.case(enough).await;
    let run = scene.plan(json!({})).await;
    let fields = "bottlenecks { center { id } radiusKm fieldCode fieldName(language: EN) moreCases morePoints
        waitingCases german: explanation english: explanation(language: EN) }";
    let told = scene.told(&run, fields, json!({})).await;
    let found = told["bottlenecks"].as_array().expect("a list");
    assert_eq!(found.len(), 1, "{told}");
    assert_eq!(found[0]["center"]["id"], id(scene.center));
    assert_eq!(
        (&found[0]["moreCases"], &found[0]["waitingCases"]),
        (&json!(1), &json!(1))
    );
    let english = found[0]["english"].as_str().expect("text");
    assert!(
        english.starts_with("One more ready expert within 30 km of Dresden"),
        "{english}"
    );
    assert!(
        english.contains("would match one more case. One case waits there."),
        "{english}"
    );
    // an expert more there is worth what the answer says
    scene.app.expert(scene.office, "Nochkeine", "01067").await;
    scene.ready_expert("Mehr", "01067").await;
    let again = scene.plan(json!({})).await;
    assert_eq!(again["summary"]["matched"], 3);
    let told = scene.told(&again, fields, json!({})).await;
    assert_eq!(told["bottlenecks"], json!([]));
    scene.app.finish().await;
}

#[tokio::test]
async fn certificates_and_trainings_that_would_unlock_matches_are_named_the_most_first() {
    let scene = Scene::start().await;
    // two without any certificate, one whose certificate has ended, one without training, one too far away
    let first = scene.trained_expert("Erste", "01069").await;
    let second = scene.trained_expert("Zweite", "01097").await;
    let ended = scene.trained_expert("Abgelaufen", "01099").await;
    scene.check_until(ended, "2021-10-01").await;
    let untrained = scene.app.expert(scene.office, "Ungeschult", "01127").await;
    scene.check_until(untrained, "2026-11-01").await;
    scene.trained_expert("Weitweg", "80331").await;
    for _ in 0..2 {
        scene.app.case(scene.center).await;
    }
    let run = scene.plan(json!({})).await;
    assert_eq!(run["summary"]["matched"], 0);
    let fields = "unlocks { measure moreCases experts { expert { id } missing moreCasesAlone }
        explanation(language: EN) }";
    let told = scene.told(&run, fields, json!({})).await;
    let unlocks = told["unlocks"].as_array().expect("a list");
    let measures: Vec<(&Value, &Value)> = unlocks
        .iter()
        .map(|unlock| (&unlock["measure"], &unlock["moreCases"]))
        .collect();
    assert_eq!(measures[0], (&json!("OBTAIN_CHECK"), &json!(2)));
    assert!(measures.contains(&(&json!("RENEW_CHECK"), &json!(1))), "{told}");
    assert!(measures.contains(&(&json!("TRAINING"), &json!(1))), "{told}");
    assert_eq!(measures.len(), 3);
    assert_eq!(
        unlocks[0]["explanation"],
        "Obtaining these 2 missing certificates matches 2 more cases."
    );
    let mut named: Vec<String> = unlocks[0]["experts"]
        .as_array()
        .expect("experts")
        .iter()
        .map(|unlocked| {
            assert_eq!(unlocked["moreCasesAlone"], 1);
            unlocked["expert"]["id"].to_string()
        })
        .collect();
    named.sort_unstable();
    let mut expected = vec![id(first).to_string(), id(second).to_string()];
    expected.sort_unstable();
    assert_eq!(named, expected);
    scene.app.finish().await;
}

#[tokio::test]
async fn insight_is_for_those_who_may_see_the_run() {
    let scene = Scene::start().await;
    scene.ready_expert("Weber", "01069").await;
    let case = scene.app.case(scene.center).await;
    let run = scene.plan(json!({})).await;
    let elsewhere = scene.app.office("Büro Bayern", "80331").await;
    let stranger = scene.app.coordinator(elsewhere).await;
    let staff = scene.app.center_staff(scene.center).await;
    for actor in [&stranger, &staff] {
        let seen = scene
            .ask_run(
                actor,
                &run,
                "bottlenecks { moreCases } unlocks { moreCases }",
                json!({}),
            )
            .await;
        assert_eq!(seen.data()["matchingRun"], Value::Null);
        // the use cases refuse by themselves, not only because the run cannot be loaded
        let id: tandem_domain::ids::RunId =
            ids::parse("id", &run["id"].as_str().expect("an id").into()).expect("a run's id");
        let api = &scene.app.api;
        let refused = [
            tandem_operations::runs::bottlenecks(api, &actor.caller, id, 5)
                .await
                .is_err(),
            tandem_operations::runs::unlocks(api, &actor.caller, id)
                .await
                .is_err(),
            tandem_operations::runs::scenario(
                api,
                &actor.caller,
                id,
                tandem_operations::runs::ScenarioInput::default(),
                5,
            )
            .await
            .is_err(),
            tandem_operations::runs::what_if(api, &actor.caller, id, case, ExpertId::from(uuid::Uuid::nil()))
                .await
                .is_err(),
        ];
        assert_eq!(refused, [true; 4]);
    }
    let system = tandem_operations::runs::bottlenecks(
        &scene.app.api,
        &Caller::system(),
        ids::parse("id", &run["id"].as_str().expect("an id").into()).expect("a run's id"),
        5,
    )
    .await;
    assert!(system.is_ok());
    scene.app.finish().await;
}
