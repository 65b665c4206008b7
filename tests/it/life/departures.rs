//! Experts who are suspended or leave, and questions that nobody answers.

use tandem_domain::cases::CaseState;
use tandem_domain::experts::ExpertState;
use tandem_domain::matches::{EndReason, MatchState, PauseReason};
use tandem_operations::{experts, matches};

use super::{Tandem, refused};
use crate::scene::Scene;

#[tokio::test]
async fn a_suspension_takes_back_what_has_not_begun_and_interrupts_what_has() {
    let tandem = Tandem::of_age().await;
    tandem.introduced().await;
    let api = &tandem.scene.app.api;
    experts::suspend(api, tandem.office(), tandem.expert_id, None)
        .await
        .expect("a suspension");
    assert_eq!(tandem.scene.state(tandem.id).await, MatchState::Withdrawn);
    assert_eq!(tandem.scene.case(tandem.case).await.state, CaseState::Searching);
    tandem.finish().await;

    let tandem = Tandem::active().await;
    let api = &tandem.scene.app.api;
    experts::suspend(api, tandem.office(), tandem.expert_id, None)
        .await
        .expect("a suspension");
    let paused = tandem.scene.matching(tandem.id).await;
    assert_eq!(paused.state, MatchState::Paused);
    assert_eq!(
        paused.paused.map(|(_, reason)| reason),
        Some(PauseReason::ExpertSuspended)
    );
    assert_eq!(
        refused(matches::resume(api, tandem.staff(), tandem.id, None).await),
        ["NOT_READY id"],
        "nobody resumes it while the expert is suspended"
    );
    experts::reinstate(api, tandem.office(), tandem.expert_id, None)
        .await
        .expect("a return");
    matches::resume(api, tandem.staff(), tandem.id, None)
        .await
        .expect("it goes on");
    tandem.finish().await;
}

#[tokio::test]
async fn an_expert_who_leaves_ends_the_match_and_hears_no_more() {
    let tandem = Tandem::active().await;
    tandem.scene.app.drain().await;
    let before = tandem.scene.app.mails_to("weber@expert.example.org").len();
    let expert = experts::leave(&tandem.scene.app.api, tandem.office(), tandem.expert_id, None)
        .await
        .expect("a farewell");
    assert_eq!((expert.state, expert.open_matches), (ExpertState::Left, 0));
    let ended = tandem.scene.matching(tandem.id).await;
    assert_eq!(ended.state, MatchState::EndedEarly);
    assert_eq!(ended.end_reasons, [EndReason::ExpertLeft]);
    tandem.scene.app.drain().await;
    assert_eq!(
        tandem.scene.app.mails_to("weber@expert.example.org").len(),
        before
    );
    let told = tandem
        .scene
        .app
        .mails_to("servicestelle.hamburg@center.example.org");
    assert!(
        told.last().unwrap().subject.contains("zu Ende"),
        "{}",
        told.last().unwrap().subject
    );
    tandem.finish().await;
}

#[tokio::test]
async fn a_silence_lapses_at_the_end_of_the_day_that_the_mail_names_and_an_undeliverable_mail_is_none() {
    let mut scene = Scene::set().await;
    let experts = [scene.expert("Weber").await, scene.expert("Vogel").await];
    let (_, matches) = scene.asked(&experts).await;
    scene.app.drain().await;
    let mut conn = scene.app.superuser().await;
    sqlx::query("UPDATE matches SET undeliverable = true WHERE id = $1")
        .bind(matches[1].uuid())
        .execute(&mut conn)
        .await
        .unwrap();
    scene.days_later(14).await;
    scene.app.sweep().await;
    assert_eq!(scene.state(matches[0]).await, MatchState::Approached);
    scene.days_later(1).await;
    scene.app.sweep().await;
    assert_eq!(scene.state(matches[0]).await, MatchState::Lapsed);
    assert_eq!(scene.state(matches[1]).await, MatchState::Approached);
    scene.app.ignore_mails();
    scene.app.finish().await;
}
