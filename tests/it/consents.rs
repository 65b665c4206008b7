//! Consent to the sharing of data that was given on paper: told to its person, and denied.

use tandem_domain::cases::CaseState;
use tandem_domain::checks::CheckKind;
use tandem_domain::ids::{CaseId, MenteeId};
use tandem_domain::matches::{MatchState, PauseReason};
use tandem_domain::mentees::MenteeDraft;
use tandem_domain::parties::{About, GivenWay, Party, Person};
use tandem_domain::policy::Grant;
use tandem_operations::import::{Kind, import};
use tandem_operations::{Caller, cases, matches, mentees};
use tandem_tests::{TestApp, date};

use crate::life::{Tandem, refused};
use crate::pages::{Browser, link};
use crate::scene::{Scene, gid};

const MENTEE: &str = "samira@mentee.example.org";
const GUARDIAN: &str = "farid@guardian.example.org";
const CENTER: &str = "servicestelle.hamburg@center.example.org";
const OFFICE: &str = "buro.hamburg@office.example.org";

fn by_link(party: Party, case: CaseId) -> Caller {
    let about = About::Case(case);
    let way = GivenWay::Link;
    Caller::person(Person { party, about, way }, "192.0.2.1")
}

/// The page to which the notice of a consent leads, of those that somebody got.
fn notices(app: &TestApp, address: &str, subject: &str) -> Vec<String> {
    let mails = app.mails_to(address);
    let found = mails.iter().filter(|mail| mail.subject.contains(subject));
    found
        .map(|mail| {
            let text = mail.text.as_deref().expect("a text");
            let start = text.find("http").expect("a link");
            let end = text[start..].find(char::is_whitespace);
            let url = &text[start..start + end.expect("its end")];
            let pages = url.strip_suffix("/case").expect("it leads to the consent");
            pages.to_owned()
        })
        .collect()
}

/// How many mails with a subject somebody got.
fn told(app: &TestApp, address: &str, subject: &str) -> usize {
    let mails = app.mails_to(address);
    mails.iter().filter(|mail| mail.subject.contains(subject)).count()
}

/// How many cases the office finds whose consent is in doubt, or is not.
async fn listed(scene: &Scene, in_doubt: bool) -> serde_json::Value {
    let answer = scene
        .coordinator
        .ask(
            "query($f: CaseFilterInput) { cases(filter: $f) { totalCount nodes { id } } }",
            serde_json::json!({ "f": { "consentContested": in_doubt } }),
        )
        .await;
    answer.data()["cases"]["totalCount"].clone()
}

async fn draft_of(scene: &Scene, case: CaseId) -> tandem_domain::cases::CaseDraft {
    let wishes = scene.case(case).await.wishes;
    tandem_domain::cases::CaseDraft {
        mentee_consent_on: wishes.mentee_consent_on,
        guardian_consent_on: wishes.guardian_consent_on,
        ..TestApp::case_draft()
    }
}

#[tokio::test]
async fn a_consent_on_paper_is_told_once_the_case_is_submitted_and_every_entry_once() {
    let scene = Scene::set().await;
    let app = &scene.app;
    let staff = &scene.staff.caller;
    let draft = MenteeDraft {
        given_name: "Samira".into(),
        family_name: "Ahmadi".into(),
        birth_date: Some(date("2004-02-01")),
        email: Some(MENTEE.into()),
        language: Some("de".into()),
        ..MenteeDraft::default()
    };
    let mentee = mentees::register(&app.api, staff, scene.center, draft, None)
        .await
        .expect("a mentee")
        .id;
    let case = cases::draft(&app.api, staff, mentee, TestApp::case_draft(), None)
        .await
        .expect("a case")
        .id;
    app.drain().await;
    assert!(app.mails_to(MENTEE).is_empty(), "nothing is shared yet");
    cases::submit(&app.api, staff, case, None)
        .await
        .expect("a submission");
    app.drain().await;
    let first = notices(app, MENTEE, "Ihre Zustimmung auf Papier");
    assert_eq!(first.len(), 1);
    Browser::new()
        .get(&format!("{}/case", first[0]))
        .await
        .is(200)
        .says(&["20. November 2026 auf Papier zugestimmt", "Das stimmt nicht"]);

    // the same once more is no entry; another day is one
    let draft = draft_of(&scene, case).await;
    cases::update(&app.api, staff, case, None, draft.clone())
        .await
        .expect("a change");
    app.drain().await;
    assert_eq!(notices(app, MENTEE, "Ihre Zustimmung auf Papier").len(), 1);
    let draft = tandem_domain::cases::CaseDraft {
        mentee_consent_on: Some(date("2026-11-21")),
        ..draft
    };
    cases::update(&app.api, staff, case, None, draft)
        .await
        .expect("a change");
    app.drain().await;
    assert_eq!(notices(app, MENTEE, "Ihre Zustimmung auf Papier").len(), 2);
    let page = Browser::new().get(&format!("{}/case", first[0])).await;
    page.says(&["21. November 2026 auf Papier zugestimmt"]);

    let answer = scene
        .staff
        .ask(
            "query($id: ID!) { case(id: $id) { consentContestedAt consentRecords { side on recordedById contestedAt } } }",
            serde_json::json!({ "id": gid(case) }),
        )
        .await;
    let record = &answer.data()["case"]["consentRecords"];
    assert_eq!(
        record,
        &serde_json::json!([{ "side": "MENTEE", "on": "2026-11-21", "recordedById": scene.staff.id(), "contestedAt": null }])
    );
    scene.finish().await;
}

#[tokio::test]
async fn a_denied_consent_takes_open_questions_back_and_nobody_is_asked_until_the_mentee_consents() {
    let tandem = Tandem::asked().await;
    let (scene, app) = (&tandem.scene, &tandem.scene.app);
    app.drain().await;
    let waits_since = scene.case(tandem.case).await.submitted_at;
    let url = notices(app, MENTEE, "موافقت شما روی کاغذ")
        .pop()
        .expect("a notice");
    let (page, deny) = (format!("{url}/case"), format!("{url}/case/consent"));
    assert_eq!(
        scene.state(tandem.id).await,
        MatchState::Approached,
        "looking changes nothing"
    );
    for _ in 0..2 {
        let shown = Browser::new().post(&deny, &[]).await;
        shown.is(200).says(&["ما الان جستجو نمی‌کنیم"]);
    }
    assert_eq!(scene.state(tandem.id).await, MatchState::Withdrawn);
    let case = scene.case(tandem.case).await;
    assert_eq!(case.state, CaseState::Searching);
    assert_eq!(
        (case.submitted_at, case.wishes.mentee_consent_on),
        (waits_since, None)
    );
    app.drain().await;
    for address in [CENTER, OFFICE] {
        assert_eq!(told(app, address, "eine Zustimmung stimmt nicht"), 1, "{address}");
    }
    assert_eq!(
        scene.subjects("weber").len(),
        2,
        "asked, and the question neutrally taken back"
    );

    let other = scene.expert("Vogel").await;
    let refused_now = scene.try_asking(tandem.case, &[other]).await;
    assert_eq!(refused_now.refusals("approachExperts"), ["CONFLICT caseId"]);
    assert_eq!([listed(scene, true).await, listed(scene, false).await], [1, 0]);
    let mut conn = app.conn().await;
    let searching = tandem_storage::facts::Cases::OfOffices(&[scene.office]);
    let in_runs = tandem_storage::facts::cases(&mut conn, searching, app.api.today()).await;
    assert!(in_runs.expect("cases").is_empty(), "no run looks for it");

    let agreed = Browser::new().post(&page, &[("agree", "on")]).await;
    agreed.is(200).hides(&["ما الان جستجو نمی‌کنیم"]);
    let case = scene.case(tandem.case).await;
    assert_eq!(
        (case.consent_contested_at, case.wishes.mentee_consent_on),
        (None, Some(app.api.today()))
    );
    let asked = scene.ask(tandem.case, &[other]).await;
    assert_eq!(scene.state(asked[0]).await, MatchState::Approached);
    // what the mentee consented to in person is no entry that could be denied
    let shown = Browser::new().post(&deny, &[]).await;
    shown.is(200);
    assert_eq!(scene.state(asked[0]).await, MatchState::Approached);
    let trail = scene.trail(tandem.case.uuid()).await;
    for action in ["case.consent_contested", "case.consent_settled", "case.consented"] {
        assert_eq!(
            trail.iter().filter(|other| *other == action).count(),
            1,
            "{trail:?}"
        );
    }
    tandem.finish().await;
}

#[tokio::test]
async fn a_denied_consent_ends_what_has_not_begun_without_a_mark() {
    let tandem = Tandem::of_age().await;
    tandem.make_ready(CheckKind::Simple).await;
    tandem.met().await;
    let api = &tandem.scene.app.api;
    cases::contest_consent(api, &tandem.mentee(), tandem.case)
        .await
        .expect("an objection");
    assert_eq!(tandem.scene.state(tandem.id).await, MatchState::Withdrawn);
    let case = tandem.scene.case(tandem.case).await;
    assert_eq!(case.state, CaseState::Searching);
    assert_eq!(listed(&tandem.scene, true).await, 1);
    // who does not want to be searched for is taken back, and on nobody's list
    cases::withdraw(api, tandem.staff(), tandem.case, None)
        .await
        .expect("the centre takes it back");
    assert_eq!(listed(&tandem.scene, true).await, 0);
    tandem.finish().await;
}

#[tokio::test]
async fn a_running_accompaniment_has_a_break_until_the_denied_consent_is_given_anew() {
    let mut tandem = Tandem::active().await;
    tandem.scene.app.drain().await;
    let mentee = by_link(Party::Mentee(tandem.mentee_id), tandem.case);
    cases::contest_consent(&tandem.scene.app.api, &mentee, tandem.case)
        .await
        .expect("an objection");
    tandem.scene.app.drain().await;
    let api = &tandem.scene.app.api;
    let matching = tandem.scene.matching(tandem.id).await;
    assert_eq!(matching.state, MatchState::Paused);
    assert!(matches!(matching.paused, Some((_, PauseReason::PaperContested))));
    let resumed = matches::resume(api, tandem.office(), tandem.id, None).await;
    assert_eq!(refused(resumed), ["NOT_READY id"]);
    // and whatever writes, the database does not let it go on
    let forced = sqlx::query(
        "UPDATE matches SET state = 'ACTIVE', paused_at = NULL, pause_reason = NULL WHERE id = $1",
    )
    .bind(tandem.id.uuid())
    .execute(&mut tandem.scene.app.superuser().await)
    .await
    .expect_err("the consent is in doubt");
    let forced = forced.into_database_error().expect("the database refuses");
    assert_eq!(forced.constraint(), Some("matches_case_is_consented"));

    // the old paper does not count again; a newer one does, and is told
    tandem.days_later(3).await;
    let (api, staff) = (&tandem.scene.app.api, tandem.staff().clone());
    let draft = draft_of(&tandem.scene, tandem.case).await;
    let on = |day: &str| tandem_domain::cases::CaseDraft {
        mentee_consent_on: Some(date(day)),
        ..draft.clone()
    };
    let old = cases::update(api, &staff, tandem.case, None, on("2026-11-20")).await;
    assert_eq!(refused(old), ["NOT_READY menteeConsentOn"]);
    let none = cases::update(api, &staff, tandem.case, None, draft.clone()).await;
    assert_eq!(refused(none), ["NOT_READY menteeConsentOn"]);
    cases::update(api, &staff, tandem.case, None, on("2026-11-25"))
        .await
        .expect("a newer paper");
    matches::resume(api, tandem.office(), tandem.id, None)
        .await
        .expect("it goes on");
    tandem.scene.app.drain().await;
    assert_eq!(notices(&tandem.scene.app, MENTEE, "موافقت شما روی کاغذ").len(), 2);
    // which can be denied as well
    let mentee = by_link(Party::Mentee(tandem.mentee_id), tandem.case);
    cases::contest_consent(&tandem.scene.app.api, &mentee, tandem.case)
        .await
        .expect("an objection");
    assert_eq!(tandem.scene.state(tandem.id).await, MatchState::Paused);
    tandem.scene.app.drain().await;
    assert_eq!(told(&tandem.scene.app, OFFICE, "eine Zustimmung stimmt nicht"), 2);
    tandem.finish().await;
}

#[tokio::test]
async fn a_guardian_denies_the_own_consent_and_both_have_to_stand_again() {
    let tandem = Tandem::with_a_minor().await;
    let (api, scene) = (&tandem.scene.app.api, &tandem.scene);
    scene.app.drain().await;
    assert_eq!(notices(&scene.app, GUARDIAN, "موافقت شما روی کاغذ").len(), 1);
    for party in [Party::Guardian(tandem.mentee_id), Party::Mentee(tandem.mentee_id)] {
        cases::contest_consent(api, &by_link(party, tandem.case), tandem.case)
            .await
            .expect("an objection");
    }
    assert_eq!(scene.state(tandem.id).await, MatchState::Withdrawn);
    scene.app.drain().await;
    assert_eq!(
        told(&scene.app, CENTER, "eine Zustimmung stimmt nicht"),
        2,
        "one of each"
    );
    for (party, still_open) in [
        (Party::Mentee(tandem.mentee_id), true),
        (Party::Guardian(tandem.mentee_id), false),
    ] {
        let url = link(&scene.app, party, About::Case(tandem.case)).await;
        Browser::new()
            .post(&format!("{url}/case"), &[("agree", "on")])
            .await
            .is(200);
        let case = scene.case(tandem.case).await;
        assert_eq!(case.consent_contested_at.is_some(), still_open, "{party:?}");
    }
    tandem.finish().await;
}

#[tokio::test]
async fn nobody_denies_the_consent_of_somebody_else() {
    let tandem = Tandem::of_age().await;
    let app = &tandem.scene.app;
    let other: MenteeId = app.mentee(tandem.scene.center, "Navid").await;
    let mentee = |id, name| app.person(name, Grant::Mentee(id));
    let strangers = [
        ("admin", app.admin().await.caller),
        ("office", tandem.office().clone()),
        ("centre", tandem.staff().clone()),
        ("expert", tandem.expert()),
        ("other mentee", mentee(other, "Navid").await.caller),
        ("other mentee by link", by_link(Party::Mentee(other), tandem.case)),
        // of a mentee of age there is nothing that a guardian consented to
        (
            "guardian",
            by_link(Party::Guardian(tandem.mentee_id), tandem.case),
        ),
        ("system", Caller::system()),
    ];
    for (name, caller) in &strangers {
        let denied = cases::contest_consent(&app.api, caller, tandem.case).await;
        assert!(denied.is_err(), "{name}");
        assert_eq!(
            tandem.scene.state(tandem.id).await,
            MatchState::Interested,
            "{name}"
        );
    }
    let signed_in = mentee(tandem.mentee_id, "Samira").await;
    let answer = signed_in
        .ask(
            "mutation($id: ID!) { contestConsent(caseId: $id) { contested userErrors { code field } } }",
            serde_json::json!({ "id": gid(tandem.case) }),
        )
        .await;
    assert_eq!(answer.done("contestConsent")["contested"], true);
    assert_eq!(tandem.scene.state(tandem.id).await, MatchState::Withdrawn);
    tandem.finish().await;
}

#[tokio::test]
async fn an_office_does_not_accept_a_case_whose_consent_is_denied_and_a_list_does_not_bring_it_back() {
    let scene = Scene::set().await;
    let app = &scene.app;
    let list = |consent: &str, state: &str| {
        format!(
            "externalId,center,givenName,familyName,birthDate,email,language,plannedStart,supportAreas,eligibilityConfirmed,menteeConsentOn,state\n\
             1,Servicestelle Hamburg,Samira,Ahmadi,2004-02-01,{MENTEE},de,2027-01-15,LANGUAGE,ja,{consent},{state}\n"
        )
    };
    let system = Caller::system();
    let take = async |list: String| {
        import(&app.api, &system, Kind::Cases, list.as_bytes())
            .await
            .expect("the file as a whole can be used")
    };
    assert_eq!(take(list("2026-11-20", "SUBMITTED")).await.created, 1);
    assert_eq!(take(list("2026-11-20", "SUBMITTED")).await.unchanged, 1);
    app.drain().await;
    assert_eq!(
        notices(app, MENTEE, "Ihre Zustimmung auf Papier").len(),
        1,
        "a list is told as well, once"
    );
    let (case, mentee): (uuid::Uuid, uuid::Uuid) = sqlx::query_as("SELECT id, mentee_id FROM cases")
        .fetch_one(&mut app.superuser().await)
        .await
        .expect("a case");
    let (case, mentee): (CaseId, MenteeId) = (case.into(), mentee.into());
    cases::contest_consent(&app.api, &by_link(Party::Mentee(mentee), case), case)
        .await
        .expect("an objection");
    let accepted = cases::accept(&app.api, &scene.coordinator.caller, case, None).await;
    assert_eq!(refused(accepted), ["NOT_READY id"]);
    let report = take(list("2026-11-20", "SEARCHING")).await;
    assert_eq!((report.updated, report.bad.len()), (0, 1), "{report:?}");
    assert_eq!(report.bad[0].problems[0].column, "menteeConsentOn");
    assert_eq!(scene.case(case).await.wishes.mentee_consent_on, None);
    assert_eq!(
        take(list("2026-11-23", "SEARCHING")).await.updated,
        1,
        "a newer paper does"
    );
    let stored = scene.case(case).await;
    assert_eq!(
        (stored.consent_contested_at, stored.state),
        (None, CaseState::Searching)
    );
    app.drain().await;
    assert_eq!(notices(app, MENTEE, "Ihre Zustimmung auf Papier").len(), 2);
    scene.finish().await;
}

#[tokio::test]
async fn a_guardian_of_a_mentee_who_is_of_age_by_now_stops_nothing() {
    let mut tandem = Tandem::with_a_minor().await;
    tandem.days_later(200).await;
    let guardian = by_link(Party::Guardian(tandem.mentee_id), tandem.case);
    let denied = cases::contest_consent(&tandem.scene.app.api, &guardian, tandem.case).await;
    assert_eq!(refused(denied), ["CONFLICT"]);
    assert_eq!(tandem.scene.state(tandem.id).await, MatchState::Interested);
    tandem.finish().await;
}

#[tokio::test]
async fn an_entry_that_was_taken_out_of_a_draft_says_nothing_of_what_the_mentee_consents_to_then() {
    let scene = Scene::set().await;
    let (app, staff) = (&scene.app, &scene.staff.caller);
    let today = app.api.today();
    let mentee = app.mentee(scene.center, "Navid").await;
    let paper = |on| tandem_domain::cases::CaseDraft {
        mentee_consent_on: on,
        ..TestApp::case_draft()
    };
    let case = cases::draft(&app.api, staff, mentee, paper(Some(today)), None)
        .await
        .expect("a case")
        .id;
    cases::update(&app.api, staff, case, None, paper(None))
        .await
        .expect("a change");
    let url = link(app, Party::Mentee(mentee), About::Case(case)).await;
    let page = format!("{url}/case");
    let agreed = Browser::new().post(&page, &[("agree", "on")]).await;
    agreed
        .is(200)
        .says(&["Die Zustimmung ist da"])
        .hides(&["auf Papier"]);
    let denied = cases::contest_consent(&app.api, &by_link(Party::Mentee(mentee), case), case).await;
    assert_eq!(refused(denied), ["NOT_FOUND caseId"]);
    scene.finish().await;
}

#[tokio::test]
async fn a_guardian_is_written_to_in_the_language_that_the_guardian_chose() {
    let tandem = Tandem::with_a_minor().await;
    let (scene, guardian) = (&tandem.scene, Party::Guardian(tandem.mentee_id));
    scene.app.drain().await;
    let url = link(&scene.app, guardian, About::Case(tandem.case)).await;
    Browser::new()
        .post(&format!("{url}/language"), &[("to", "tr"), ("at", "/case")])
        .await
        .is(200);
    tandem.make_ready(CheckKind::Extended).await;
    tandem.met().await;
    scene.app.drain().await;
    let subjects = |address: &str| -> Vec<String> {
        let mails = scene.app.mails_to(address);
        mails.iter().map(|mail| mail.subject.clone()).collect()
    };
    let last = |address: &str| subjects(address).pop().expect("a mail");
    assert_eq!(last(GUARDIAN), "Buluşma nasıldı?", "{:?}", subjects(GUARDIAN));
    assert_ne!(last(MENTEE), last(GUARDIAN), "the mentee's is Persian");
    tandem.finish().await;
}
