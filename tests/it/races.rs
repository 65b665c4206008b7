//! Two things at the same moment: ten times each, with real concurrency, and always exactly one effect.

use std::collections::BTreeSet;

use serde_json::json;
use tandem_domain::cases::CaseState;
use tandem_domain::ids::ExpertId;
use tandem_domain::matches::{Answer, MatchState};
use tandem_domain::runs::Parameters;
use tandem_operations::{Caller, candidates, matches};
use tandem_tests::TestApp;

use crate::scene::{Scene, gid};

const ROUNDS: usize = 10;

/// Experts `E0`, `E1` … with room for every round.
async fn experts(scene: &Scene, count: usize) -> Vec<ExpertId> {
    let mut experts = Vec::new();
    for number in 0..count {
        let mut draft = TestApp::expert_draft(&format!("E{number}"), "20099");
        draft.capacity = Some(10);
        experts.push(scene.app.expert_of(scene.office, draft).await);
    }
    experts
}

/// What one POST to an answer page says.
async fn answer(link: String, answer: &'static str) -> String {
    let form = reqwest::Client::new().post(link).form(&[("answer", answer)]);
    form.send().await.expect("a page").text().await.expect("a page")
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_who_say_yes_at_the_same_moment_exactly_one_wins() {
    let scene = Scene::set().await;
    for round in 0..ROUNDS {
        let names = [format!("A{round}"), format!("B{round}")];
        let asked = [scene.expert(&names[0]).await, scene.expert(&names[1]).await];
        let (case, matches) = scene.asked(&asked).await;
        scene.app.drain().await;
        let links = names.each_ref().map(|name| scene.link(&name.to_lowercase()));
        let [first, second] = links;
        let (first, second) = tokio::join!(answer(first, "yes"), answer(second, "yes"));
        let won = [&first, &second].map(|page| page.contains("Herzlichen Dank für Ihr Ja"));
        assert_eq!(won.iter().filter(|won| **won).count(), 1, "round {round}");
        let beaten = if won[0] { &second } else { &first };
        assert!(
            beaten.contains("Jemand anderes war etwas schneller"),
            "round {round}"
        );
        let states: BTreeSet<MatchState> =
            [scene.state(matches[0]).await, scene.state(matches[1]).await].into();
        assert_eq!(states, [MatchState::Interested, MatchState::Superseded].into());
        assert_eq!(scene.case(case).await.state, CaseState::Matched);
        scene.app.drain().await;
    }
    // each of them got the question and one word about how it went
    assert_eq!(scene.app.catcher.count().deliveries, ROUNDS * 4);
    scene.app.ignore_mails();
    scene.app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_yes_and_a_withdrawal_at_the_same_moment_leave_one_truth() {
    let scene = Scene::set().await;
    for round in 0..ROUNDS {
        let name = format!("A{round}");
        let expert = scene.expert(&name).await;
        let (case, matches) = scene.asked(&[expert]).await;
        scene.app.drain().await;
        let link = scene.link(&name.to_lowercase());
        let withdraw = "mutation($id: ID!) { withdrawApproach(id: $id, version: 1) { userErrors { code field message } } }";
        let (page, withdrawn) = tokio::join!(
            answer(link, "yes"),
            scene.coordinator.ask(withdraw, json!({ "id": gid(matches[0]) }))
        );
        if withdrawn.refusals("withdrawApproach").is_empty() {
            assert!(page.contains("hat sich erledigt"), "round {round}");
            assert_eq!(scene.state(matches[0]).await, MatchState::Withdrawn);
            assert_eq!(scene.case(case).await.state, CaseState::Searching);
        } else {
            assert_eq!(withdrawn.refusals("withdrawApproach"), ["CONFLICT version"]);
            assert!(page.contains("Herzlichen Dank für Ihr Ja"), "round {round}");
            assert_eq!(scene.state(matches[0]).await, MatchState::Interested);
            assert_eq!(scene.case(case).await.state, CaseState::Matched);
        }
        scene.app.drain().await;
    }
    assert_eq!(scene.app.catcher.count().deliveries, ROUNDS * 2);
    scene.app.ignore_mails();
    scene.app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_double_click_is_one_answer_and_one_mail() {
    let scene = Scene::set().await;
    for round in 0..ROUNDS {
        let name = format!("A{round}");
        let expert = scene.expert(&name).await;
        let (_, matches) = scene.asked(&[expert]).await;
        scene.app.drain().await;
        let link = scene.link(&name.to_lowercase());
        let word = if round % 2 == 0 { "yes" } else { "no" };
        tokio::join!(answer(link.clone(), word), answer(link, word));
        assert_eq!(scene.matching(matches[0]).await.version, 2, "one change");
        scene.app.drain().await;
        assert_eq!(scene.subjects(&name.to_lowercase()).len(), 2);
    }
    scene.app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_yes_and_a_no_of_the_same_expert_count_once() {
    let scene = Scene::set().await;
    for round in 0..ROUNDS {
        let name = format!("A{round}");
        let expert = scene.expert(&name).await;
        let (case, matches) = scene.asked(&[expert]).await;
        scene.app.drain().await;
        let link = scene.link(&name.to_lowercase());
        tokio::join!(answer(link.clone(), "yes"), answer(link, "no"));
        let matched = match scene.state(matches[0]).await {
            MatchState::Interested => CaseState::Matched,
            MatchState::Declined => CaseState::Searching,
            other => panic!("{other}"),
        };
        assert_eq!(scene.case(case).await.state, matched);
        scene.app.drain().await;
    }
    scene.app.ignore_mails();
    scene.app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_who_ask_the_same_expert_with_room_for_one_do_not_both_succeed() {
    let scene = Scene::set().await;
    let head_office = scene.app.head_office().await;
    for round in 0..ROUNDS {
        let expert = scene.expert(&format!("A{round}")).await;
        let cases = [
            scene.app.case(scene.center).await,
            scene.app.case(scene.center).await,
        ];
        let ask = |case| json!({ "case": gid(case), "experts": [gid(expert)] });
        let (first, second) = tokio::join!(
            scene.coordinator.ask(crate::scene::APPROACH, ask(cases[0])),
            head_office.ask(crate::scene::APPROACH, ask(cases[1]))
        );
        let mut refusals = first.refusals("approachExperts");
        refusals.extend(second.refusals("approachExperts"));
        assert_eq!(refusals, ["CONFLICT expertIds.0"], "round {round}");
    }
    scene.app.drain().await;
    assert_eq!(scene.app.catcher.count().deliveries, ROUNDS);
    scene.app.ignore_mails();
    scene.app.finish().await;
}

/// Approaches, answers and withdrawals of many cases and experts in each other's way: none of them waits
/// for another in a circle.
#[tokio::test(flavor = "multi_thread")]
async fn crossing_approaches_answers_and_withdrawals_never_deadlock() {
    let scene = Scene::set().await;
    let experts = experts(&scene, 4).await;
    let system = Caller::system();
    for _ in 0..ROUNDS {
        let (asked, open) = scene.asked(&experts).await;
        let fresh = scene.app.case(scene.center).await;
        let (one, two) = tokio::join!(
            async {
                let mut tx = scene.begin().await;
                let matching = tandem_storage::matches::get(&mut tx, open[2])
                    .await?
                    .expect("a match");
                let way = tandem_domain::matches::AnswerWay::Telephone;
                matches::decide(&mut tx, &scene.app.api, &system, &matching, Answer::Yes, way).await?;
                tx.commit().await?;
                tandem_operations::Result::Ok(())
            },
            async {
                let mut tx = scene.begin().await;
                let pairs: Vec<_> = experts.iter().rev().map(|expert| (fresh, *expert)).collect();
                let parameters = Parameters {
                    admit_missing: true,
                    ..Parameters::default()
                };
                let answers = candidates::check_pairs(&mut tx, &scene.app.api, &parameters, &pairs).await?;
                let new: Vec<_> = pairs
                    .iter()
                    .zip(answers)
                    .filter(|(_, answer)| answer.is_ok())
                    .map(|(pair, _)| matches::NewApproach {
                        case: pair.0,
                        expert: pair.1,
                        proposal: None,
                    })
                    .collect();
                let made = matches::insert_approaches(&mut tx, &scene.app.api, &system, &new).await?;
                tx.commit().await?;
                let mut tx = scene.begin().await;
                let mut both = made;
                both.extend(&open);
                matches::withdraw_approaches(&mut tx, &scene.app.api, &system, &both).await?;
                tx.commit().await?;
                tandem_operations::Result::Ok(())
            }
        );
        one.expect("an answer");
        two.expect("approaches and withdrawals");
        // makes room for the next round
        let mut tx = scene.begin().await;
        matches::withdraw_approaches(&mut tx, &scene.app.api, &system, &open)
            .await
            .expect("a withdrawal");
        tx.commit().await.expect("a commit");
        assert!(matches!(
            scene.case(asked).await.state,
            CaseState::Matched | CaseState::Searching
        ));
        for id in open {
            if scene.state(id).await == MatchState::Interested {
                matches::withdraw(&scene.app.api, &system, id, None)
                    .await
                    .expect("a withdrawal");
            }
        }
    }
    scene.app.drain().await;
    scene.app.ignore_mails();
    scene.app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_match_that_begins_while_its_check_ends_is_never_left_active() {
    use crate::life::Tandem;
    use tandem_domain::checks::CheckKind;
    use tandem_operations::checks::{self, InspectionInput};
    for round in 0..4 {
        let mut tandem = Tandem::of_age().await;
        let expires = round % 2 == 0;
        tandem.attend().await;
        tandem
            .inspect(CheckKind::Simple, expires.then_some("2026-11-30"))
            .await;
        tandem.consented().await;
        let agreement = tandem.written().await;
        tandem.signs(&tandem.expert(), agreement).await;
        if expires {
            // the day after its last one: the signature that would begin it, and the sweep that asks for checks
            tandem.days_later(8).await;
        }
        let app = &tandem.scene.app;
        let mentee = tandem.mentee();
        let sign = matches::sign(&app.api, &mentee, agreement);
        if expires {
            let (signed, begun, paused) = tokio::join!(
                sign,
                matches::begin_ready(&app.worker),
                matches::pause_unchecked(&app.worker)
            );
            signed.expect("a signature");
            begun.expect("a sweep");
            paused.expect("a sweep");
        } else {
            // a certificate with an entry is inspected at the same moment
            let unsuitable = InspectionInput {
                kind: CheckKind::Simple,
                certificate_date: app.api.today(),
                inspected_on: None,
                no_relevant_entry: false,
                valid_until: None,
            };
            let (signed, inspected) = tokio::join!(
                sign,
                checks::record_inspection(&app.api, tandem.office(), tandem.expert_id, unsuitable)
            );
            signed.expect("a signature");
            inspected.expect("an inspection");
        }
        app.drain().await;
        app.sweep().await;
        let state = tandem.scene.state(tandem.id).await;
        assert!(
            matches!(state, MatchState::Met | MatchState::Paused),
            "round {round}: {state}"
        );
        tandem.finish().await;
    }
}
