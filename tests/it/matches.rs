//! Asking experts, their answers, and what follows.

mod alternates;

use serde_json::{Value, json};
use tandem_domain::cases::CaseState;
use tandem_domain::ids::{CaseId, ExpertId, MatchId};
use tandem_domain::matches::{AnswerWay, MatchState};
use tandem_domain::policy::Grant;
use tandem_operations::{Caller, matches};
use tandem_tests::TestApp;
use uuid::Uuid;

use crate::scene::{Scene, gid};

const ANSWER: &str = "mutation($id: ID!, $answer: ApproachAnswer!, $reason: DeclineReason) {
    answerApproach(id: $id, answer: $answer, reason: $reason) {
        match { state decline: declineReason } outcome userErrors { code field message } } }";
const RECORD: &str = "mutation($id: ID!, $answer: ApproachAnswer!) {
    recordAnswerByTelephone(id: $id, answer: $answer) {
        match { state answeredByWay } outcome userErrors { code field message } } }";
const WITHDRAW: &str = "mutation($id: ID!) { withdrawApproach(id: $id) {
    match { state } userErrors { code field message } } }";

fn yes(id: MatchId) -> Value {
    json!({ "id": gid(id), "answer": "YES" })
}

fn no(id: MatchId) -> Value {
    json!({ "id": gid(id), "answer": "NO" })
}

#[tokio::test]
async fn experts_are_asked_by_mail_and_the_first_yes_thanks_the_others() {
    let scene = Scene::set().await;
    let experts = [
        scene.expert("Weber").await,
        scene.expert("Vogel").await,
        scene.expert("Sommer").await,
    ];
    let (case, matches) = scene.asked(&experts).await;
    scene.app.drain().await;
    assert!(scene.matching(matches[0]).await.approach_sent_at.is_some());
    let answer = scene.coordinator.ask(RECORD, yes(matches[1])).await;
    let payload = answer.done("recordAnswerByTelephone");
    assert_eq!(payload["outcome"], "ACCEPTED");
    assert_eq!(payload["match"]["answeredByWay"], "TELEPHONE");
    assert_eq!(scene.case(case).await.state, CaseState::Matched);
    scene.app.drain().await;
    for (id, name, state) in [
        (matches[0], "weber", MatchState::Superseded),
        (matches[1], "vogel", MatchState::Interested),
        (matches[2], "sommer", MatchState::Superseded),
    ] {
        assert_eq!(scene.state(id).await, state, "{name}");
        assert_eq!(scene.subjects(name).len(), 2, "{name}");
    }
    let confirmation = scene
        .app
        .mails_to("vogel@expert.example.org")
        .pop()
        .expect("a mail");
    assert!(
        confirmation
            .html
            .as_ref()
            .expect("a page")
            .contains("am Telefon verstanden"),
        "what the office recorded is told as such"
    );
    assert_eq!(
        scene.trail(matches[1].uuid()).await,
        ["match.accepted", "match.approached"]
    );
    scene.app.finish().await;
}

#[tokio::test]
async fn a_rule_that_stands_in_the_way_of_one_expert_asks_nobody() {
    let scene = Scene::set().await;
    let near = scene.expert("Weber").await;
    let far = scene.app.expert(scene.office, "Fern", "80331").await;
    let registered = {
        let draft = TestApp::expert_draft("Neu", "20099");
        scene.app.expert_of(scene.office, draft).await
    };
    let mut conn = scene.app.superuser().await;
    sqlx::query("UPDATE experts SET state = 'SUSPENDED' WHERE id = $1")
        .bind(registered.uuid())
        .execute(&mut conn)
        .await
        .expect("an update");
    let case = scene.app.case(scene.center).await;
    let unknown = ExpertId::from(Uuid::from_u128(9));
    let answer = scene.try_asking(case, &[near, far, registered, unknown]).await;
    assert_eq!(
        answer.refusals("approachExperts"),
        [
            "CONFLICT expertIds.1",
            "CONFLICT expertIds.2",
            "CONFLICT expertIds.3"
        ]
    );
    let strict = json!({ "case": gid(case), "experts": [gid(near)], "admit": false });
    let answer = scene.coordinator.ask(crate::scene::APPROACH, strict).await;
    assert_eq!(
        answer.refusals("approachExperts"),
        ["NOT_READY expertIds.0"],
        "no check and no training"
    );
    scene.ask(case, &[near]).await;
    assert_eq!(
        scene.try_asking(case, &[near]).await.refusals("approachExperts"),
        ["CONFLICT expertIds.0"],
        "asked already"
    );
    assert_eq!(
        scene.try_asking(case, &[]).await.refusals("approachExperts"),
        ["INVALID expertIds"]
    );
    let other = scene.expert("Vogel").await;
    assert_eq!(
        scene
            .try_asking(case, &[other, other])
            .await
            .refusals("approachExperts"),
        ["INVALID expertIds.1"]
    );
    scene.app.drain().await;
    assert_eq!(scene.app.catcher.count().deliveries, 1);
    scene.app.ignore_mails();
    scene.app.finish().await;
}

#[tokio::test]
async fn nobody_is_asked_for_a_case_that_is_not_searching() {
    let scene = Scene::set().await;
    let expert = scene.expert("Weber").await;
    let case = scene.app.case(scene.center).await;
    tandem_operations::cases::withdraw(&scene.app.api, &Caller::system(), case, None)
        .await
        .expect("a withdrawal");
    assert_eq!(
        scene
            .try_asking(case, &[expert])
            .await
            .refusals("approachExperts"),
        ["CONFLICT caseId"]
    );
    let unknown = CaseId::from(Uuid::from_u128(9));
    assert_eq!(
        scene
            .try_asking(unknown, &[expert])
            .await
            .refusals("approachExperts"),
        ["NOT_FOUND caseId"]
    );
    scene.app.finish().await;
}

#[tokio::test]
async fn the_same_key_twice_asks_once() {
    let scene = Scene::set().await;
    let experts = [scene.expert("Weber").await, scene.expert("Vogel").await];
    let case = scene.app.case(scene.center).await;
    let ask = "mutation($case: ID!, $experts: [ID!]!) {
        approachExperts(caseId: $case, expertIds: $experts, admitMissing: true, idempotencyKey: \"k\") {
            matches { id } userErrors { code field message } } }";
    let variables = json!({ "case": gid(case), "experts": experts.map(gid) });
    let first = scene.coordinator.ask(ask, variables.clone()).await;
    let second = scene.coordinator.ask(ask, variables).await;
    let ids = |answer: &tandem_tests::Answer| {
        let mut ids: Vec<String> = answer.done("approachExperts")["matches"]
            .as_array()
            .expect("a list")
            .iter()
            .map(|matching| matching["id"].as_str().expect("an id").to_owned())
            .collect();
        ids.sort();
        ids
    };
    assert_eq!(ids(&first).len(), 2);
    assert_eq!(ids(&first), ids(&second));
    scene.app.drain().await;
    assert_eq!(scene.app.catcher.count().deliveries, 2);
    scene.app.ignore_mails();
    scene.app.finish().await;
}

#[tokio::test]
async fn only_the_office_asks_and_takes_back_and_only_the_expert_answers() {
    let scene = Scene::set().await;
    let expert = scene.expert("Weber").await;
    let (case, matches) = scene.asked(&[expert]).await;
    let id = matches[0];
    let other_office = scene.app.office("Büro Leipzig", "04109").await;
    let stranger = scene.app.coordinator(other_office).await;
    let admin = scene.app.admin().await;
    let other_expert = scene.expert("Vogel").await;
    let other_expert = scene
        .app
        .person("Other Expert", Grant::Expert(other_expert))
        .await;
    let myself = scene.app.person("Expert", Grant::Expert(expert)).await;

    let ask = json!({ "case": gid(case), "experts": [gid(expert)] });
    for (actor, refusal) in [
        (&scene.staff, "FORBIDDEN caseId"),
        (&stranger, "NOT_FOUND caseId"),
        (&myself, "NOT_FOUND caseId"),
    ] {
        let answer = actor.ask(crate::scene::APPROACH, ask.clone()).await;
        assert_eq!(answer.refusals("approachExperts"), [refusal]);
    }
    for (actor, answer, record, withdraw) in [
        (&scene.staff, "NOT_FOUND id", "NOT_FOUND id", "NOT_FOUND id"),
        (&stranger, "NOT_FOUND id", "NOT_FOUND id", "NOT_FOUND id"),
        (&other_expert, "NOT_FOUND id", "NOT_FOUND id", "NOT_FOUND id"),
        (&myself, "", "FORBIDDEN id", "FORBIDDEN id"),
        (&scene.coordinator, "FORBIDDEN id", "", ""),
        (&admin, "FORBIDDEN id", "", ""),
    ] {
        if !answer.is_empty() {
            let given = actor.ask(ANSWER, yes(id)).await;
            assert_eq!(given.refusals("answerApproach"), [answer]);
        }
        if !record.is_empty() {
            let given = actor.ask(RECORD, yes(id)).await;
            assert_eq!(given.refusals("recordAnswerByTelephone"), [record]);
        }
        if !withdraw.is_empty() {
            let given = actor.ask(WITHDRAW, json!({ "id": gid(id) })).await;
            assert_eq!(given.refusals("withdrawApproach"), [withdraw]);
        }
    }
    assert_eq!(scene.state(id).await, MatchState::Approached);
    let answer = myself.ask(ANSWER, yes(id)).await;
    assert_eq!(answer.done("answerApproach")["outcome"], "ACCEPTED");
    assert_eq!(
        scene.matching(id).await.answered_by_way,
        Some(AnswerWay::SignedIn)
    );
    scene.app.drain().await;
    scene.app.ignore_mails();
    scene.app.finish().await;
}

#[tokio::test]
async fn the_office_of_the_expert_sees_and_records_what_its_expert_says() {
    let scene = Scene::set().await;
    let neighbours = scene.app.office("Büro Lüneburg", "21335").await;
    let expert = scene.app.expert(neighbours, "Weber", "20099").await;
    let (_, matches) = scene.asked(&[expert]).await;
    let colleague = scene.app.coordinator(neighbours).await;
    let answer = colleague
        .ask(
            "query($id: ID!) { match(id: $id) { state case { id } told { centerPlace ageGroup distanceKm } } }",
            json!({ "id": gid(matches[0]) }),
        )
        .await;
    let seen = &answer.data()["match"];
    assert_eq!(seen["case"], Value::Null, "the case belongs to the other office");
    assert_eq!(seen["told"]["centerPlace"], "Hamburg");
    assert_eq!(seen["told"]["ageGroup"], "FROM_21_TO_24");
    let answer = colleague.ask(RECORD, no(matches[0])).await;
    assert_eq!(answer.done("recordAnswerByTelephone")["outcome"], "DECLINED");
    let answer = colleague.ask(WITHDRAW, json!({ "id": gid(matches[0]) })).await;
    assert_eq!(answer.refusals("withdrawApproach"), ["FORBIDDEN id"]);
    scene.app.drain().await;
    scene.app.ignore_mails();
    scene.app.finish().await;
}

#[tokio::test]
async fn a_centre_never_sees_an_expert_before_the_yes() {
    let scene = Scene::set().await;
    let experts = [scene.expert("Weber").await, scene.expert("Vogel").await];
    let (case, matches) = scene.asked(&experts).await;
    let look = "query($case: ID!, $match: ID!) {
        case(id: $case) { expertsAsked matches { id state } }
        match(id: $match) { id }
        node(id: $match) { id }
        matches { totalCount nodes { id } } }";
    let variables = json!({ "case": gid(case), "match": gid(matches[0]) });
    let seen = scene.staff.ask(look, variables.clone()).await;
    assert_eq!(
        seen.data(),
        &json!({
            "case": { "expertsAsked": 2, "matches": [] },
            "match": null,
            "node": null,
            "matches": { "totalCount": 0, "nodes": [] },
        })
    );
    scene
        .coordinator
        .ask(RECORD, no(matches[1]))
        .await
        .done("recordAnswerByTelephone");
    let seen = scene.staff.ask(look, variables.clone()).await;
    assert_eq!(
        seen.data()["case"],
        json!({ "expertsAsked": 1, "matches": [] }),
        "nor a refusal"
    );
    scene
        .coordinator
        .ask(RECORD, yes(matches[0]))
        .await
        .done("recordAnswerByTelephone");
    let seen = scene.staff.ask(look, variables).await;
    let shown = json!([{ "id": gid(matches[0]), "state": "INTERESTED" }]);
    assert_eq!(seen.data()["case"]["matches"], shown);
    assert_eq!(seen.data()["matches"]["totalCount"], 1);
    // the list under the policy and the single objects agree for everybody
    for (actor, count) in [(&scene.coordinator, 2), (&scene.staff, 1)] {
        let answer = actor.ask("{ matches { totalCount } }", json!({})).await;
        assert_eq!(answer.data()["matches"]["totalCount"], count);
    }
    scene.app.drain().await;
    scene.app.ignore_mails();
    scene.app.finish().await;
}

#[tokio::test]
async fn an_expert_sees_the_own_question_and_not_the_mentee() {
    let scene = Scene::set().await;
    let experts = [scene.expert("Weber").await, scene.expert("Vogel").await];
    let (case, matches) = scene.asked(&experts).await;
    let mentee = scene.case(case).await.mentee;
    let me = scene.app.person("Expert", Grant::Expert(experts[0])).await;
    let answer = me
        .ask(
            "query($case: ID!, $mentee: ID!) { case(id: $case) { id } mentee(id: $mentee) { id } cases { totalCount }
                matches { nodes { id told { supportAreas germanLevel } case { id } } } }",
            json!({ "case": gid(case), "mentee": gid(mentee) }),
        )
        .await;
    assert_eq!(
        answer.data(),
        &json!({
            "case": null,
            "mentee": null,
            "cases": { "totalCount": 0 },
            "matches": { "nodes": [{
                "id": gid(matches[0]),
                "told": { "supportAreas": ["LANGUAGE", "APPLICATION"], "germanLevel": "B1" },
                "case": null,
            }] },
        })
    );
    scene.app.drain().await;
    scene.app.ignore_mails();
    scene.app.finish().await;
}

#[tokio::test]
async fn an_answer_that_comes_too_late_is_no_error() {
    let scene = Scene::set().await;
    let experts = [scene.expert("Weber").await, scene.expert("Vogel").await];
    let (_, matches) = scene.asked(&experts).await;
    let record = async |variables| {
        let answer = scene.coordinator.ask(RECORD, variables).await;
        answer.done("recordAnswerByTelephone")["outcome"].clone()
    };
    assert_eq!(record(yes(matches[0])).await, "ACCEPTED");
    assert_eq!(record(yes(matches[0])).await, "ALREADY_ACCEPTED");
    assert_eq!(record(no(matches[0])).await, "ALREADY_ACCEPTED");
    assert_eq!(record(yes(matches[1])).await, "SOMEBODY_WAS_FASTER");
    let reason = json!({ "id": gid(matches[1]), "answer": "YES", "reason": "TOO_FAR" });
    let me = scene.app.person("Expert", Grant::Expert(experts[1])).await;
    assert_eq!(
        me.ask(ANSWER, reason).await.refusals("answerApproach"),
        ["INVALID reason"]
    );
    scene.app.drain().await;
    scene.app.ignore_mails();
    scene.app.finish().await;
}

#[tokio::test]
async fn a_match_that_is_taken_back_after_the_yes_lets_the_search_go_on() {
    let scene = Scene::set().await;
    let expert = scene.expert("Weber").await;
    let (case, matches) = scene.asked(&[expert]).await;
    scene.app.drain().await;
    let waiting_since = scene.case(case).await.submitted_at;
    scene
        .coordinator
        .ask(RECORD, yes(matches[0]))
        .await
        .done("recordAnswerByTelephone");
    scene.app.drain().await;
    let answer = scene
        .coordinator
        .ask(WITHDRAW, json!({ "id": gid(matches[0]) }))
        .await;
    assert_eq!(answer.done("withdrawApproach")["match"]["state"], "WITHDRAWN");
    let case = scene.case(case).await;
    assert_eq!(
        (case.state, case.submitted_at),
        (CaseState::Searching, waiting_since)
    );
    let answer = scene
        .coordinator
        .ask(WITHDRAW, json!({ "id": gid(matches[0]) }))
        .await;
    assert_eq!(answer.refusals("withdrawApproach"), ["CONFLICT"]);
    scene.app.drain().await;
    assert_eq!(scene.subjects("weber").len(), 3, "question, confirmation, end");
    // a withdrawal leaves no mark: the expert has room again and may be asked again
    scene.ask(case.id, &[expert]).await;
    scene.app.drain().await;
    assert_eq!(scene.subjects("weber").len(), 4);
    scene.app.finish().await;
}

#[tokio::test]
async fn undoing_takes_back_what_is_unanswered_and_leaves_the_rest() {
    let scene = Scene::set().await;
    let experts = [scene.expert("Weber").await, scene.expert("Vogel").await];
    let (_, first) = scene.asked(&experts[..1]).await;
    let (answered, second) = scene.asked(&experts[1..]).await;
    scene.app.drain().await;
    scene
        .coordinator
        .ask(RECORD, yes(second[0]))
        .await
        .done("recordAnswerByTelephone");
    let mut tx = scene.begin().await;
    let both = [second[0], first[0]];
    let system = Caller::system();
    let withdrawn = matches::withdraw_approaches(&mut tx, &scene.app.api, &system, &both).await;
    assert_eq!(withdrawn.expect("a withdrawal"), first);
    tx.commit().await.expect("a commit");
    assert_eq!(scene.state(second[0]).await, MatchState::Interested);
    assert_eq!(scene.case(answered).await.state, CaseState::Matched);
    scene.app.drain().await;
    assert_eq!(scene.subjects("weber").len(), 2);
    assert_eq!(scene.subjects("vogel").len(), 2);
    scene.app.finish().await;
}

#[tokio::test]
async fn approaches_that_are_written_together_come_back_in_their_order() {
    let scene = Scene::set().await;
    let mut new = Vec::new();
    for number in 0..3 {
        let case = scene.app.case(scene.center).await;
        let mut draft = TestApp::expert_draft(&format!("E{number}"), "20099");
        draft.capacity = Some(10);
        let expert = scene.app.expert_of(scene.office, draft).await;
        new.push(matches::NewApproach {
            case,
            expert,
            proposal: None,
        });
    }
    let mut tx = scene.begin().await;
    let ids = matches::insert_approaches(&mut tx, &scene.app.api, &scene.coordinator.caller, &new)
        .await
        .expect("approaches");
    tx.commit().await.expect("a commit");
    assert_eq!(ids.len(), new.len());
    for (id, new) in ids.iter().zip(&new) {
        assert_eq!(
            scene.matching(*id).await.expert,
            new.expert,
            "the ids come in the order of the approaches"
        );
    }
    scene.app.drain().await;
    scene.app.ignore_mails();
    scene.app.finish().await;
}
