//! Two things at the same moment, with real concurrency: always one defined state.

use tandem_domain::cases::CaseState;
use tandem_domain::checks::CheckKind;
use tandem_domain::chemistry::Verdict;
use tandem_domain::matches::{Answer, MatchState};
use tandem_operations::{experts, matches};

use super::Tandem;

const ROUNDS: usize = 5;

#[tokio::test(flavor = "multi_thread")]
async fn both_last_signatures_at_once_begin_the_match_once() {
    for round in 0..ROUNDS {
        let tandem = Tandem::of_age().await;
        tandem.make_ready(CheckKind::Simple).await;
        tandem.consented().await;
        let agreement = tandem.written().await;
        let api = &tandem.scene.app.api;
        let (expert, mentee) = (tandem.expert(), tandem.mentee());
        let (one, two, again) = tokio::join!(
            matches::sign(api, &expert, agreement),
            matches::sign(api, &mentee, agreement),
            matches::sign(api, &mentee, agreement),
        );
        one.expect("a signature");
        two.expect("a signature");
        again.expect("a double click");
        assert_eq!(
            tandem.scene.state(tandem.id).await,
            MatchState::Active,
            "round {round}"
        );
        let trail = tandem.scene.trail(tandem.id.uuid()).await;
        let count = |action: &str| trail.iter().filter(|done| *done == action).count();
        assert_eq!(
            (count("match.activated"), count("match.agreement_signed")),
            (1, 2),
            "round {round}"
        );
        tandem.finish().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn both_verdicts_at_once_have_one_result() {
    for (verdicts, state) in [
        ([Verdict::Yes, Verdict::Yes], CaseState::Matched),
        ([Verdict::Yes, Verdict::No], CaseState::Searching),
    ] {
        let tandem = Tandem::of_age().await;
        tandem.make_ready(CheckKind::Simple).await;
        tandem.met().await;
        let (expert, mentee) = (tandem.expert(), tandem.mentee());
        let api = &tandem.scene.app.api;
        let (one, two) = tokio::join!(
            matches::give_verdict(api, &expert, tandem.id, verdicts[0]),
            matches::give_verdict(api, &mentee, tandem.id, verdicts[1]),
        );
        let results = [one.expect("a verdict").result, two.expect("a verdict").result];
        assert_eq!(
            results.iter().flatten().count(),
            1,
            "who answers last sees it: {results:?}"
        );
        assert_eq!(tandem.scene.case(tandem.case).await.state, state);
        tandem.finish().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_signature_and_a_suspension_leave_no_suspended_expert_with_a_mentee() {
    for round in 0..ROUNDS {
        let tandem = Tandem::of_age().await;
        tandem.make_ready(CheckKind::Simple).await;
        tandem.consented().await;
        let agreement = tandem.written().await;
        tandem.signs(&tandem.expert(), agreement).await;
        let api = &tandem.scene.app.api;
        let mentee = tandem.mentee();
        let (signed, suspended) = tokio::join!(
            matches::sign(api, &mentee, agreement),
            experts::suspend(api, tandem.office(), tandem.expert_id, None),
        );
        suspended.expect("a suspension");
        let state = tandem.scene.state(tandem.id).await;
        match signed {
            Ok(_) => assert!(
                matches!(state, MatchState::Paused | MatchState::Withdrawn),
                "round {round}: {state}"
            ),
            Err(_) => assert_eq!(state, MatchState::Withdrawn, "round {round}"),
        }
        tandem.finish().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_yes_and_a_suspension_leave_no_suspended_expert_interested() {
    for round in 0..ROUNDS {
        let scene = crate::scene::Scene::set().await;
        let expert = scene.expert("Weber").await;
        let (case, asked) = scene.asked(&[expert]).await;
        let api = &scene.app.api;
        let (answer, suspended) = tokio::join!(
            matches::record_by_telephone(api, &scene.coordinator.caller, asked[0], Answer::Yes),
            experts::suspend(api, &scene.coordinator.caller, expert, None),
        );
        answer.expect("an answer");
        suspended.expect("a suspension");
        assert_eq!(
            scene.state(asked[0]).await,
            MatchState::Withdrawn,
            "round {round}"
        );
        assert_eq!(
            scene.case(case).await.state,
            CaseState::Searching,
            "round {round}"
        );
        scene.app.drain().await;
        scene.app.ignore_mails();
        scene.app.finish().await;
    }
}
