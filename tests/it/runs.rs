//! Bulk matching runs, as a coordinator sees them over HTTP.

mod applying;
mod insight;

use serde_json::{Value, json};
use tandem_api::graphql::ids;
use tandem_domain::checks::CheckKind;
use tandem_domain::ids::{CaseId, CenterId, ExpertId, OfficeId};
use tandem_operations::Caller;
use tandem_operations::checks::{self, InspectionInput};
use tandem_operations::training;
use tandem_tests::{Actor, Answer, TestApp, date};

const RUN: &str = "id version state failure summary { experts cases candidates matched score certificate { certified } \
    removed { rule count } }";

/// Two experts in Dresden, one of them nearer, two cases, and the coordinator of their office.
struct Scene {
    app: TestApp,
    office: OfficeId,
    center: CenterId,
    coordinator: Actor,
}

impl Scene {
    async fn start() -> Self {
        let app = TestApp::start().await;
        let office = app.office("Büro Sachsen", "01067").await;
        let center = app.center(office, "Servicestelle Dresden", "01067").await;
        let coordinator = app.coordinator(office).await;
        Self {
            app,
            office,
            center,
            coordinator,
        }
    }

    /// An expert who may be met at once: with a valid check and both trainings.
    async fn ready_expert(&self, family_name: &str, postal_code: &str) -> ExpertId {
        let expert = self.app.expert(self.office, family_name, postal_code).await;
        self.make_ready(expert).await;
        expert
    }

    async fn make_ready(&self, expert: ExpertId) {
        let caller = &self.coordinator.caller;
        let inspection = InspectionInput {
            kind: CheckKind::Extended,
            certificate_date: date("2026-11-01"),
            inspected_on: Some(date("2026-11-10")),
            no_relevant_entry: true,
            valid_until: None,
        };
        checks::record_inspection(&self.app.api, caller, expert, inspection)
            .await
            .expect("a check");
        for module in training::modules(&self.app.api, &Caller::system())
            .await
            .expect("modules")
        {
            training::record_attendance(&self.app.api, caller, expert, module.id, date("2026-10-01"))
                .await
                .expect("an attendance");
        }
    }

    async fn start_run(&self, input: Value) -> Answer {
        let mut full = json!({ "officeIds": [ids::global(self.office)] });
        full.as_object_mut()
            .expect("an object")
            .extend(input.as_object().cloned().unwrap_or_default());
        self.coordinator
            .ask(
                &format!(
                    "mutation($input: StartMatchingRunInput!) {{ startMatchingRun(input: $input) \
                     {{ matchingRun {{ {RUN} }} userErrors {{ code field message }} }} }}"
                ),
                json!({ "input": full }),
            )
            .await
    }

    /// A finished run with these parameters; its data.
    async fn plan(&self, input: Value) -> Value {
        let started = self.start_run(input).await;
        let id = started.done("startMatchingRun")["matchingRun"]["id"].clone();
        self.app.drain().await;
        self.run(&id).await
    }

    async fn run(&self, id: &Value) -> Value {
        let answer = self
            .coordinator
            .ask(
                &format!("query($id: ID!) {{ matchingRun(id: $id) {{ {RUN} }} }}"),
                json!({ "id": id }),
            )
            .await;
        answer.data()["matchingRun"].clone()
    }

    async fn proposals(&self, run: &Value, rank: i32) -> Vec<Value> {
        let answer = self
            .coordinator
            .ask(
                "query($id: ID!, $rank: Int!) { matchingRun(id: $id) { proposals(filter: { rank: $rank }) { nodes {
                    id rank score distanceKm decision outcome staleReason pinned
                    points { distance occupation supportAreas language programmes balance waiting missing total }
                    expert { id familyName } case { id } } } } }",
                json!({ "id": run["id"], "rank": rank }),
            )
            .await;
        answer.data()["matchingRun"]["proposals"]["nodes"]
            .as_array()
            .expect("nodes")
            .clone()
    }

    async fn apply(&self, actor: &Actor, input: Value) -> Answer {
        actor
            .ask(
                "mutation($input: ApplyMatchingRunInput!) { applyMatchingRun(input: $input) {
                    approached stale { rule } matchingRun { state version } userErrors { code field message } } }",
                json!({ "input": input }),
            )
            .await
    }

    async fn apply_all(&self, run: &Value) -> Answer {
        self.apply(&self.coordinator, json!({ "runId": run["id"] })).await
    }

    async fn mutate(&self, field: &str, id: &Value) -> Answer {
        self.coordinator
            .ask(
                &format!(
                    "mutation($id: ID!) {{ {field}(id: $id) {{ userErrors {{ code field message }} }} }}"
                ),
                json!({ "id": id }),
            )
            .await
    }

    async fn count(&self, sql: &'static str) -> i64 {
        let mut conn = self.app.superuser().await;
        sqlx::query_scalar(sql)
            .fetch_one(&mut conn)
            .await
            .expect("a count")
    }

    fn mails_to(&self, family_name: &str) -> usize {
        self.app
            .mails_to(&format!("{}@expert.example.org", family_name.to_lowercase()))
            .len()
    }
}

fn message(answer: &Answer, mutation: &str) -> String {
    answer.data()[mutation]["userErrors"][0]["message"]
        .as_str()
        .unwrap_or_default()
        .to_owned()
}

#[tokio::test]
async fn a_run_plans_certifies_and_explains_and_nothing_is_sent_before_it_is_applied() {
    let scene = Scene::start().await;
    scene.ready_expert("Weber", "01069").await;
    scene.ready_expert("Vogel", "01097").await;
    scene.app.case(scene.center).await;
    scene.app.case(scene.center).await;
    let run = scene.plan(json!({})).await;
    assert_eq!(run["state"], "READY");
    assert_eq!(
        (&run["summary"]["matched"], &run["summary"]["candidates"]),
        (&json!(2), &json!(4))
    );
    assert_eq!(run["summary"]["certificate"]["certified"], true);
    let proposals = scene.proposals(&run, 0).await;
    assert_eq!(proposals.len(), 2);
    for proposal in &proposals {
        assert_eq!(proposal["score"], proposal["points"]["total"]);
    }
    let total: i64 = proposals
        .iter()
        .filter_map(|proposal| proposal["score"].as_i64())
        .sum();
    assert_eq!(run["summary"]["score"], total);
    assert_eq!(scene.app.catcher.count().deliveries, 0);

    let applied = scene.apply_all(&run).await;
    assert_eq!(applied.done("applyMatchingRun")["approached"], 2);
    scene.app.drain().await;
    assert_eq!((scene.mails_to("Weber"), scene.mails_to("Vogel")), (1, 1));
    scene.app.finish().await;
}

#[tokio::test]
async fn a_case_without_an_expert_comes_with_the_count_by_rule_and_the_nearest_misses() {
    let scene = Scene::start().await;
    scene.app.expert(scene.office, "Ohnecheck", "01069").await;
    let untrained = scene.app.expert(scene.office, "Weitweg", "80331").await;
    scene.make_ready(untrained).await;
    scene.app.case(scene.center).await;
    let run = scene.plan(json!({})).await;
    let answer = scene
        .coordinator
        .ask(
            "query($id: ID!) { matchingRun(id: $id) { cases(matched: false) { nodes {
                candidates removed { rule count } nearMisses { rule expert { familyName } } } } } }",
            json!({ "id": run["id"] }),
        )
        .await;
    let case = &answer.data()["matchingRun"]["cases"]["nodes"][0];
    assert_eq!(case["candidates"], 0);
    assert_eq!(case["removed"], json!([{ "rule": "CHECK_MISSING", "count": 1 }]));
    assert_eq!(
        case["nearMisses"],
        json!([{ "rule": "CHECK_MISSING", "expert": { "familyName": "Ohnecheck" } }])
    );
    scene.app.finish().await;
}

#[tokio::test]
async fn a_run_may_admit_who_still_lacks_something_at_a_cost() {
    let scene = Scene::start().await;
    scene.app.expert(scene.office, "Ohnecheck", "01069").await;
    scene.app.case(scene.center).await;
    let run = scene.plan(json!({ "admitMissing": true })).await;
    let proposals = scene.proposals(&run, 0).await;
    // check, base and intercultural training
    assert_eq!(proposals[0]["points"]["missing"], -450);
    scene.app.finish().await;
}

#[tokio::test]
async fn a_stale_version_is_a_conflict() {
    let scene = Scene::start().await;
    scene.ready_expert("Weber", "01069").await;
    scene.app.case(scene.center).await;
    let run = scene.plan(json!({})).await;
    let version = run["version"].as_i64().expect("a version") - 1;
    let input = json!({ "runId": run["id"], "version": version });
    assert_eq!(
        scene
            .apply(&scene.coordinator, input)
            .await
            .refusals("applyMatchingRun"),
        ["CONFLICT version"]
    );
    scene.app.finish().await;
}

#[tokio::test]
async fn a_second_run_over_the_same_office_while_one_is_running_is_refused() {
    let scene = Scene::start().await;
    let first = scene.start_run(json!({})).await;
    first.done("startMatchingRun");
    let second = scene.start_run(json!({})).await;
    assert_eq!(second.refusals("startMatchingRun"), ["CONFLICT officeIds"]);
    scene.app.drain().await;
    scene.start_run(json!({})).await.done("startMatchingRun");
    scene.app.drain().await;
    scene.app.finish().await;
}

#[tokio::test]
async fn the_same_idempotency_key_starts_one_run() {
    let scene = Scene::start().await;
    let start = async || {
        let answer = scene
            .coordinator
            .ask(
                "mutation($input: StartMatchingRunInput!) { startMatchingRun(input: $input, idempotencyKey: \"once\")
                    { matchingRun { id } userErrors { code } } }",
                json!({ "input": { "officeIds": [ids::global(scene.office)] } }),
            )
            .await;
        answer.done("startMatchingRun")["matchingRun"]["id"].clone()
    };
    assert_eq!(start().await, start().await);
    scene.app.drain().await;
    scene.app.finish().await;
}

#[tokio::test]
async fn wrong_input_is_named_by_its_field() {
    let scene = Scene::start().await;
    let case = scene.app.case(scene.center).await;
    let office = ids::global(scene.office);
    for (input, refusals) in [
        (json!({ "officeIds": [] }), vec!["INVALID officeIds"]),
        (
            json!({ "officeIds": [office, ids::global(case)] }),
            vec!["INVALID officeIds.1"],
        ),
        (
            json!({ "officeIds": [ids::global(OfficeId::from(uuid::Uuid::nil()))] }),
            vec!["NOT_FOUND officeIds"],
        ),
        (json!({ "radiusKm": -1 }), vec!["INVALID radiusKm"]),
        (json!({ "radiusKm": 301 }), vec!["INVALID radiusKm"]),
        (
            json!({ "weights": { "distance": -5 } }),
            vec!["INVALID weights.distance"],
        ),
        (
            json!({ "pins": [{ "caseId": ids::global(case), "expertId": ids::global(case) }] }),
            vec!["INVALID pins.0.expertId"],
        ),
    ] {
        assert_eq!(
            scene.start_run(input.clone()).await.refusals("startMatchingRun"),
            refusals,
            "{input}"
        );
    }
    scene.app.finish().await;
}

#[tokio::test]
async fn a_pin_is_kept_and_one_that_a_rule_forbids_is_refused() {
    let scene = Scene::start().await;
    let near = scene.ready_expert("Weber", "01069").await;
    let far = scene.ready_expert("Vogel", "01259").await;
    let unready = scene.app.expert(scene.office, "Ohnecheck", "01069").await;
    let case = scene.app.case(scene.center).await;
    let pin = |expert: ExpertId| json!({ "pins": [{ "caseId": ids::global(case), "expertId": ids::global(expert) }] });
    let refused = scene.start_run(pin(unready)).await;
    assert_eq!(
        refused.refusals("startMatchingRun"),
        ["NOT_READY pins.0.expertId"]
    );
    assert!(message(&refused, "startMatchingRun").contains("CHECK_MISSING"));
    let unpinned = scene.plan(json!({})).await;
    assert_eq!(
        scene.proposals(&unpinned, 0).await[0]["expert"]["id"],
        json!(ids::global(near))
    );
    scene.mutate("discardMatchingRun", &unpinned["id"]).await;
    let run = scene.plan(pin(far)).await;
    let proposals = scene.proposals(&run, 0).await;
    assert_eq!(proposals[0]["expert"]["id"], json!(ids::global(far)));
    assert_eq!(proposals[0]["pinned"], true);
    scene.app.finish().await;
}

#[tokio::test]
async fn a_queued_run_can_be_cancelled_and_its_office_planned_again() {
    let scene = Scene::start().await;
    let started = scene.start_run(json!({})).await;
    let id = started.done("startMatchingRun")["matchingRun"]["id"].clone();
    scene
        .mutate("cancelMatchingRun", &id)
        .await
        .done("cancelMatchingRun");
    assert_eq!(scene.run(&id).await["state"], "CANCELLED");
    scene.app.drain().await;
    assert_eq!(scene.run(&id).await["state"], "CANCELLED");
    assert_eq!(scene.plan(json!({})).await["state"], "READY");
    scene.app.finish().await;
}

#[tokio::test]
async fn who_may_not_start_a_run_hears_nothing_of_what_is_wrong_with_its_parameters() {
    let scene = Scene::start().await;
    let elsewhere = scene.app.office("Büro Bayern", "80331").await;
    let stranger = scene.app.coordinator(elsewhere).await;
    let start = async |actor: &Actor, input: Value| {
        let mut full = json!({ "officeIds": [ids::global(scene.office)] });
        full.as_object_mut()
            .expect("an object")
            .extend(input.as_object().cloned().expect("an object"));
        let answer = actor
            .ask(
                "mutation($input: StartMatchingRunInput!) {
                    startMatchingRun(input: $input) { userErrors { code field message } } }",
                json!({ "input": full }),
            )
            .await;
        answer.refusals("startMatchingRun")
    };
    let refused = start(&stranger, json!({})).await;
    assert!(
        refused.len() == 1 && refused[0].ends_with(" officeIds"),
        "{refused:?}"
    );
    for wrong in [
        json!({ "radiusKm": 100_000 }),
        json!({ "radiusKm": 0 }),
        json!({ "weights": { "distance": -1 } }),
        json!({ "pins": [{ "caseId": "no id", "expertId": "no id" }] }),
    ] {
        assert_eq!(start(&stranger, wrong.clone()).await, refused);
        let own = start(&scene.coordinator, wrong).await;
        assert!(
            !own.is_empty() && own.iter().all(|refusal| refusal.starts_with("INVALID ")),
            "{own:?}"
        );
    }
    scene.app.finish().await;
}

#[tokio::test]
async fn a_run_of_another_office_does_not_exist() {
    let scene = Scene::start().await;
    let run = scene.plan(json!({})).await;
    let elsewhere = scene.app.office("Büro Bayern", "80331").await;
    let stranger = scene.app.coordinator(elsewhere).await;
    let seen = stranger
        .ask(
            "query($id: ID!) { matchingRun(id: $id) { id } }",
            json!({ "id": run["id"] }),
        )
        .await;
    assert_eq!(seen.data()["matchingRun"], Value::Null);
    let applied = scene.apply(&stranger, json!({ "runId": run["id"] })).await;
    assert_eq!(applied.refusals("applyMatchingRun"), ["NOT_FOUND runId"]);
    let listed = stranger.ask("{ matchingRuns { nodes { id } } }", json!({})).await;
    assert_eq!(listed.data()["matchingRuns"]["nodes"], json!([]));
    let staff = scene.app.center_staff(scene.center).await;
    let seen = staff
        .ask(
            "query($id: ID!) { matchingRun(id: $id) { id } }",
            json!({ "id": run["id"] }),
        )
        .await;
    assert_eq!(seen.data()["matchingRun"], Value::Null);
    scene.app.finish().await;
}

#[tokio::test]
async fn the_candidates_of_a_case_are_ranked_and_explained() {
    let scene = Scene::start().await;
    let near = scene.ready_expert("Weber", "01069").await;
    let far = scene.ready_expert("Vogel", "01259").await;
    scene.app.expert(scene.office, "Ohnecheck", "01069").await;
    // Riesa, 41 km away: outside the radius of 30, and near enough to be told
    scene.ready_expert("Riesa", "01587").await;
    let case: CaseId = scene.app.case(scene.center).await;
    let ask = async |actor: &Actor| {
        let answer = actor
            .ask(
                "query($case: ID!) { caseCandidates(caseId: $case) {
                    candidates { expert { id } points { total } distanceKm } removed { rule count }
                    nearMisses { rule expert { familyName } } } }",
                json!({ "case": ids::global(case) }),
            )
            .await;
        answer.data()["caseCandidates"].clone()
    };
    let found = ask(&scene.coordinator).await;
    let experts: Vec<&Value> = found["candidates"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|candidate| &candidate["expert"]["id"])
        .collect();
    assert_eq!(experts, [&json!(ids::global(near)), &json!(ids::global(far))]);
    assert_eq!(found["removed"], json!([{ "rule": "CHECK_MISSING", "count": 1 }]));
    assert_eq!(
        found["nearMisses"],
        json!([
            { "rule": "CHECK_MISSING", "expert": { "familyName": "Ohnecheck" } },
            { "rule": "DISTANCE", "expert": { "familyName": "Riesa" } },
        ])
    );
    // explanations are for coordinators only
    let staff = scene.app.center_staff(scene.center).await;
    assert_eq!(ask(&staff).await, Value::Null);
    scene.app.drain().await;
    scene.app.finish().await;
}
