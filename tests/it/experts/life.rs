//! Registering, changing, checking, training, and who sees what of it.

use tandem_domain::errors::Code;
use tandem_domain::experts::ExpertState;
use tandem_domain::values::Language;
use tandem_operations::experts::{self, ExpertPatch, ListFilter, list};
use tandem_operations::{Caller, checks, training};
use tandem_storage::paging::Page;
use tandem_tests::{TestApp, date};

use super::{found, refusals};

#[tokio::test]
async fn an_inspection_and_two_trainings_make_an_expert_ready() {
    let app = TestApp::start().await;
    let office = app.office("Büro Chemnitz", "09111").await;
    let coordinator = app.coordinator(office).await;
    let id = app.expert(office, "Weber", "09111").await;
    let readiness = |app: &TestApp| {
        let (api, caller) = (app.api.clone(), coordinator.caller.clone());
        async move {
            experts::readinesses(&api, &caller, &[id])
                .await
                .unwrap()
                .remove(&id)
                .unwrap()
        }
    };
    assert_eq!(readiness(&app).await.missing.len(), 3);
    let inspection = |certificate: &str| checks::InspectionInput {
        kind: tandem_domain::checks::CheckKind::Simple,
        certificate_date: date(certificate),
        inspected_on: None,
        no_relevant_entry: true,
        valid_until: None,
    };
    let old = checks::record_inspection(&app.api, &coordinator.caller, id, inspection("2026-08-22")).await;
    assert_eq!(refusals(old), [(Code::Invalid, "certificateDate".into())]);
    checks::record_inspection(&app.api, &coordinator.caller, id, inspection("2026-10-01"))
        .await
        .unwrap();
    for module in training::modules(&app.api, &Caller::system()).await.unwrap() {
        let tomorrow =
            training::record_attendance(&app.api, &coordinator.caller, id, module.id, date("2026-11-24"))
                .await;
        assert_eq!(refusals(tomorrow), [(Code::Invalid, "attendedOn".into())]);
        assert!(!readiness(&app).await.ready, "{} is still missing", module.code);
        training::record_attendance(&app.api, &coordinator.caller, id, module.id, date("2026-11-20"))
            .await
            .unwrap();
    }
    assert!(readiness(&app).await.ready);
    let stored = checks::for_experts(&app.api, &coordinator.caller, &[id])
        .await
        .unwrap();
    assert_eq!(stored[0].inspected_by, coordinator.caller.user_id());
    app.drain().await;
    app.finish().await;
}

#[tokio::test]
async fn contact_data_and_checks_are_for_the_own_office_and_their_reading_leaves_a_trace() {
    let app = TestApp::start().await;
    let own = app.office("Büro Chemnitz", "09111").await;
    let other = app.office("Büro Hamburg", "20095").await;
    let center = app.center(own, "Servicestelle Chemnitz", "09111").await;
    let id = app.expert(own, "Weber", "09111").await;
    let (mine, theirs, staff) = (
        app.coordinator(own).await,
        app.coordinator(other).await,
        app.center_staff(center).await,
    );

    for (caller, visible, whole) in [
        (&mine.caller, true, true),
        (&theirs.caller, true, false),
        (&staff.caller, false, false),
    ] {
        let seen = experts::get(&app.api, caller, id).await;
        assert_eq!(seen.is_ok(), visible, "{seen:?}");
        assert_eq!(
            found(&app, caller, ListFilter::default()).await.len(),
            usize::from(visible)
        );
        assert_eq!(
            experts::contacts(&app.api, caller, &[id]).await.unwrap().len(),
            usize::from(whole)
        );
        let missing = experts::readinesses(&app.api, caller, &[id]).await.unwrap();
        assert_eq!(missing.contains_key(&id), visible);
        assert_eq!(
            missing
                .get(&id)
                .is_some_and(|readiness| !readiness.missing.is_empty()),
            whole
        );
        let checks = checks::for_experts(&app.api, caller, &[id]).await.unwrap();
        assert!(checks.is_empty());
    }
    let by_state = ListFilter {
        states: Some(vec![ExpertState::Suspended]),
        ..ListFilter::default()
    };
    let refused = list(&app.api, &staff.caller, by_state, None, &Page::first(10), false).await;
    assert_eq!(refusals(refused)[0].0, Code::Forbidden);

    let trace: Vec<(String, uuid::Uuid)> = sqlx::query_as(
        "SELECT action, actor_id FROM audit_events WHERE subject_id = $1 AND actor_kind = 'USER' ORDER BY at, id",
    )
    .bind(id.uuid())
    .fetch_all(&mut app.superuser().await)
    .await
    .unwrap();
    let expected = [
        ("expert.viewed", &mine),
        ("expert.contact_viewed", &mine),
        ("expert.checks_viewed", &mine),
        ("expert.viewed", &theirs),
    ];
    let mut expected: Vec<(String, uuid::Uuid)> = expected
        .map(|(action, actor)| (action.to_owned(), actor.user.uuid()))
        .into();
    let mut trace = trace;
    expected.sort();
    trace.sort();
    assert_eq!(trace, expected);
    app.finish().await;
}

#[tokio::test]
async fn only_the_own_office_changes_an_expert_and_a_stale_version_is_a_conflict() {
    let app = TestApp::start().await;
    let own = app.office("Büro Chemnitz", "09111").await;
    let other = app.office("Büro Hamburg", "20095").await;
    let id = app.expert(own, "Weber", "09111").await;
    let (mine, theirs) = (app.coordinator(own).await, app.coordinator(other).await);
    let phone = |number: &str| ExpertPatch {
        phone: Some(number.into()),
        ..ExpertPatch::default()
    };

    let foreign = experts::update(&app.api, &theirs.caller, id, None, phone("0371 1")).await;
    assert_eq!(refusals(foreign), [(Code::Forbidden, "expertId".into())]);
    let version = experts::get(&app.api, &mine.caller, id).await.unwrap().version;
    let changed = experts::update(&app.api, &mine.caller, id, Some(version), phone("0371 2222"))
        .await
        .unwrap();
    assert_eq!((&*changed.phone, changed.version), ("0371 2222", version + 1));
    let stale = experts::update(&app.api, &mine.caller, id, Some(version), phone("0371 3333")).await;
    assert_eq!(refusals(stale), [(Code::Conflict, "version".into())]);
    let same = experts::update(&app.api, &mine.caller, id, None, phone("0371 2222"))
        .await
        .unwrap();
    assert_eq!(same.version, version + 1, "a change of nothing changes nothing");
    let bad = ExpertPatch {
        birth_date: Some(Some(date("2027-01-01"))),
        capacity: Some(1_000),
        postal_code: Some("99999".into()),
        ..ExpertPatch::default()
    };
    let fields: Vec<String> = refusals(experts::update(&app.api, &mine.caller, id, None, bad).await)
        .into_iter()
        .map(|(_, field)| field)
        .collect();
    assert_eq!(fields, ["birthDate", "postalCode", "capacity"]);
    let moved = ExpertPatch {
        office: Some(other),
        ..ExpertPatch::default()
    };
    let refused = experts::update(&app.api, &mine.caller, id, None, moved).await;
    assert_eq!(refusals(refused)[0].1, "officeId");
    app.finish().await;
}

#[tokio::test]
async fn an_experts_life_goes_only_the_ways_that_the_programme_knows() {
    let app = TestApp::start().await;
    let office = app.office("Büro Chemnitz", "09111").await;
    let caller = app.coordinator(office).await.caller;
    let id = app.expert(office, "Weber", "09111").await;
    let conflict = |result| {
        assert_eq!(
            refusals::<tandem_storage::experts::Expert>(result)[0].0,
            Code::Conflict
        );
    };

    conflict(experts::activate(&app.api, &caller, id, None, None).await);
    conflict(experts::reinstate(&app.api, &caller, id, None).await);
    conflict(experts::resume(&app.api, &caller, id).await);
    let backwards = experts::pause(
        &app.api,
        &caller,
        id,
        date("2026-12-24"),
        Some(date("2026-12-23")),
    )
    .await;
    assert_eq!(refusals(backwards), [(Code::Invalid, "until".into())]);
    experts::pause(
        &app.api,
        &caller,
        id,
        date("2026-11-20"),
        Some(date("2026-12-31")),
    )
    .await
    .unwrap();
    conflict(
        experts::pause(
            &app.api,
            &caller,
            id,
            date("2026-12-01"),
            Some(date("2026-12-10")),
        )
        .await,
    );
    assert!(experts::readinesses(&app.api, &caller, &[id]).await.unwrap()[&id].paused);
    experts::resume(&app.api, &caller, id).await.unwrap();
    assert!(!experts::readinesses(&app.api, &caller, &[id]).await.unwrap()[&id].paused);

    assert_eq!(
        experts::suspend(&app.api, &caller, id, None).await.unwrap().state,
        ExpertState::Suspended
    );
    assert_eq!(
        experts::reinstate(&app.api, &caller, id, None)
            .await
            .unwrap()
            .state,
        ExpertState::Active
    );
    let left = experts::leave(&app.api, &caller, id, None).await.unwrap();
    assert_eq!(
        (left.state, left.left_on),
        (ExpertState::Left, Some(date("2026-11-23")))
    );
    conflict(experts::activate(&app.api, &caller, id, None, None).await);
    conflict(experts::update(&app.api, &caller, id, None, ExpertPatch::default()).await);
    app.finish().await;
}

#[tokio::test]
async fn registering_somebody_twice_is_warned_of_and_not_refused() {
    let app = TestApp::start().await;
    let office = app.office("Büro Chemnitz", "09111").await;
    let caller = app.coordinator(office).await.caller;
    let first = app.expert(office, "Müller", "09111").await;
    let mut draft = TestApp::expert_draft("Mueller", "09111");
    draft.email = "another@expert.example.org".into();
    draft.language = Some(Language::german().to_string());
    let (second, warnings) = experts::register(&app.api, &caller, office, draft, None)
        .await
        .unwrap();
    assert_ne!(second.id, first);
    assert_eq!(warnings.len(), 1);
    assert_eq!(
        (warnings[0].expert.id, warnings[0].reason),
        (first, "a similar name and the same birth date")
    );
    let (_, none) = experts::register(
        &app.api,
        &caller,
        office,
        TestApp::expert_draft("Schulz", "09111"),
        None,
    )
    .await
    .unwrap();
    assert!(none.is_empty());
    app.finish().await;
}
