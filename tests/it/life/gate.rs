//! What has to be right before an expert meets a mentee and before a match begins.

use tandem_domain::cases::CaseState;
use tandem_domain::checks::CheckKind;
use tandem_domain::matches::MatchState;
use tandem_operations::{experts, matches};

use super::{Tandem, refused};

#[tokio::test]
async fn no_first_meeting_is_dated_or_recorded_without_readiness_whoever_asks() {
    let tandem = Tandem::of_age().await;
    let api = &tandem.scene.app.api;
    let at = tandem.in_days(3);
    let early = matches::date_first_meeting(api, tandem.staff(), tandem.id, at, "Servicestelle").await;
    assert_eq!(refused(early), ["CONFLICT"], "they are introduced first");
    tandem.introduced().await;
    let by_centre = matches::date_first_meeting(api, tandem.staff(), tandem.id, at, "Servicestelle").await;
    assert_eq!(refused(by_centre), ["NOT_READY at"], "one word, without a reason");
    let by_expert = matches::date_first_meeting(api, &tandem.expert(), tandem.id, at, "Servicestelle").await;
    assert_eq!(
        refused(by_expert),
        ["NOT_READY at", "NOT_READY at", "NOT_READY at"],
        "the expert learns what is missing: a check and two trainings"
    );
    let today = api.today();
    let met = matches::record_first_meeting(api, tandem.staff(), tandem.id, today).await;
    assert_eq!(refused(met), ["NOT_READY on"]);
    tandem.make_ready(CheckKind::Simple).await;
    let dated = matches::date_first_meeting(api, &tandem.expert(), tandem.id, at, "Servicestelle")
        .await
        .expect("a date");
    assert_eq!(dated.planned.expect("a plan").at, at);
    for wrong in [tandem.in_days(-1), tandem.in_days(400)] {
        let refusal =
            matches::date_first_meeting(api, tandem.staff(), tandem.id, wrong, "Servicestelle").await;
        assert_eq!(refused(refusal), ["INVALID at"]);
    }
    tandem.finish().await;
}

#[tokio::test]
async fn who_meets_a_minor_needs_the_extended_certificate_on_that_very_day() {
    let tandem = Tandem::with_a_minor().await;
    // no simple certificate can be recorded for who accompanies a minor: an expert without any
    tandem.attend().await;
    tandem.introduced().await;
    let api = &tandem.scene.app.api;
    let before = matches::date_first_meeting(api, tandem.staff(), tandem.id, tandem.in_days(3), "Hier").await;
    assert_eq!(refused(before), ["NOT_READY at"]);
    // the mentee turns 18 on 1 June 2027, beyond what can be arranged; so the certificate it is
    tandem.inspect(CheckKind::Extended, Some("2026-11-28")).await;
    matches::date_first_meeting(api, tandem.staff(), tandem.id, tandem.in_days(5), "Hier")
        .await
        .expect("the last day of its validity");
    let after = matches::date_first_meeting(api, tandem.staff(), tandem.id, tandem.in_days(6), "Hier").await;
    assert_eq!(refused(after), ["NOT_READY at"]);
    tandem.finish().await;
}

#[tokio::test]
async fn a_match_begins_with_the_last_signature_or_with_what_was_missing_after_it() {
    let tandem = Tandem::of_age().await;
    tandem.make_ready(CheckKind::Simple).await;
    tandem.consented().await;
    let api = &tandem.scene.app.api;
    let nothing = matches::activate(api, tandem.staff(), tandem.id, None).await;
    assert_eq!(refused(nothing), ["NOT_READY id"], "no agreement");
    let agreement = tandem.written().await;
    tandem.signs(&tandem.expert(), agreement).await;
    let half = matches::activate(api, tandem.office(), tandem.id, None).await;
    assert_eq!(refused(half), ["NOT_READY id"], "one signature is missing");
    // paused on the day of the last signature: it does not begin
    let pause = api.today();
    experts::pause(api, tandem.office(), tandem.expert_id, pause, Some(pause))
        .await
        .expect("a pause");
    tandem.signs(&tandem.mentee(), agreement).await;
    assert_eq!(tandem.scene.state(tandem.id).await, MatchState::Met);
    let mut tandem = tandem;
    tandem.days_later(1).await;
    tandem.scene.app.sweep().await;
    assert_eq!(
        tandem.scene.state(tandem.id).await,
        MatchState::Active,
        "it begins by itself"
    );
    assert_eq!(tandem.scene.case(tandem.case).await.state, CaseState::Active);
    let begun = tandem.scene.matching(tandem.id).await;
    assert_eq!(begun.active_from, Some(tandem.scene.app.api.today()));
    tandem.finish().await;
}

#[tokio::test]
async fn a_minors_agreement_needs_three_signatures_and_an_old_version_is_not_signed() {
    let tandem = Tandem::with_a_minor().await;
    tandem.make_ready(CheckKind::Extended).await;
    tandem.consented().await;
    tandem
        .says(&tandem.guardian(), tandem_domain::chemistry::Verdict::Yes)
        .await;
    let old = tandem.written().await;
    tandem.signs(&tandem.expert(), old).await;
    let new = tandem.written().await;
    let api = &tandem.scene.app.api;
    assert_eq!(
        refused(matches::sign(api, &tandem.mentee(), old).await),
        ["CONFLICT"]
    );
    tandem.signs(&tandem.expert(), new).await;
    tandem.signs(&tandem.expert(), new).await;
    tandem.signs(&tandem.mentee(), new).await;
    assert_eq!(tandem.scene.state(tandem.id).await, MatchState::Met);
    tandem.signs(&tandem.guardian(), new).await;
    assert_eq!(tandem.scene.state(tandem.id).await, MatchState::Active);
    let versions = matches::agreements(api, tandem.staff(), tandem.id)
        .await
        .expect("versions");
    assert_eq!(versions.len(), 2);
    assert_eq!(versions[0].signatures.len(), 3, "twice is one signature");
    assert!(
        versions[0]
            .signatures
            .iter()
            .any(|signature| signature.name == "Farid Ahmadi")
    );
    assert_eq!(versions[1].signatures.len(), 1, "what was signed stays as it was");
    tandem.finish().await;
}

#[tokio::test]
async fn an_expired_check_interrupts_and_a_new_one_resumes() {
    let mut tandem = Tandem::of_age().await;
    tandem.make_ready(CheckKind::Simple).await;
    tandem.inspect(CheckKind::Simple, Some("2031-11-23")).await;
    tandem.consented().await;
    let agreement = tandem.written().await;
    tandem.signs(&tandem.expert(), agreement).await;
    tandem.signs(&tandem.mentee(), agreement).await;
    let mut conn = tandem.scene.app.superuser().await;
    sqlx::query("UPDATE background_checks SET valid_until = '2026-12-01'")
        .execute(&mut conn)
        .await
        .expect("an update");
    tandem.days_later(36).await;
    tandem.scene.app.sweep().await;
    assert_eq!(
        tandem.scene.state(tandem.id).await,
        MatchState::Active,
        "28 days of grace"
    );
    tandem.days_later(1).await;
    tandem.scene.app.sweep().await;
    assert_eq!(tandem.scene.state(tandem.id).await, MatchState::Paused);
    let by_hand = matches::resume(&tandem.scene.app.api, tandem.staff(), tandem.id, None).await;
    assert_eq!(refused(by_hand), ["NOT_READY id"]);
    tandem.inspect(CheckKind::Simple, None).await;
    tandem.days_later(1).await;
    tandem.scene.app.sweep().await;
    assert_eq!(tandem.scene.state(tandem.id).await, MatchState::Active);
    tandem.finish().await;
}

#[tokio::test]
async fn with_a_minor_an_expired_check_interrupts_at_once() {
    let mut tandem = Tandem::with_a_minor().await;
    tandem.make_ready(CheckKind::Extended).await;
    tandem.consented().await;
    tandem
        .says(&tandem.guardian(), tandem_domain::chemistry::Verdict::Yes)
        .await;
    let agreement = tandem.written().await;
    for who in [tandem.expert(), tandem.mentee(), tandem.guardian()] {
        tandem.signs(&who, agreement).await;
    }
    let mut conn = tandem.scene.app.superuser().await;
    sqlx::query("UPDATE background_checks SET valid_until = '2026-12-01'")
        .execute(&mut conn)
        .await
        .expect("an update");
    tandem.days_later(8).await;
    tandem.scene.app.sweep().await;
    assert_eq!(
        tandem.scene.state(tandem.id).await,
        MatchState::Active,
        "its last day"
    );
    tandem.days_later(1).await;
    tandem.scene.app.sweep().await;
    assert_eq!(tandem.scene.state(tandem.id).await, MatchState::Paused);
    tandem.finish().await;
}
