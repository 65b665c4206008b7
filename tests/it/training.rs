//! Trainings: seats, waiting list, offers with a deadline, attendance, certificates.

use reqwest::StatusCode;
use serde_json::{Value, json};
use tandem_domain::ids::{AttendanceId, ExpertId, TrainingSessionId};
use tandem_domain::policy::Grant;
use tandem_operations::training;
use tandem_tests::{Actor, Answer};

use crate::documents::fetch;
use crate::scene::{Scene, gid, parse};

const PARTS: &str = "id state offeredUntil expert { id }";

async fn modules(scene: &Scene) -> Vec<Value> {
    let answer = scene
        .coordinator
        .ask("{ trainingModules { id code } }", json!({}))
        .await;
    answer.data()["trainingModules"]
        .as_array()
        .expect("modules")
        .clone()
}

/// A session of the base module with so many seats, in January.
async fn session(scene: &Scene, seats: i32) -> TrainingSessionId {
    let module = modules(scene).await[0]["id"].clone();
    let create = "mutation($module: ID!, $office: ID!, $seats: Int!) { createTrainingSession(moduleId: $module, officeId: $office,
        input: { startsAt: \"2027-01-16T09:30:00+01:00\", endsAt: \"2027-01-16T16:00:00+01:00\", place: \"Haus der Vereine\", seats: $seats }) {
        session { id } userErrors { code field message } } }";
    let variables = json!({ "module": module, "office": gid(scene.office), "seats": seats });
    let answer = scene.coordinator.ask(create, variables).await;
    parse(&answer.done("createTrainingSession")["session"]["id"])
}

async fn book(actor: &Actor, session: TrainingSessionId, expert: ExpertId) -> Answer {
    let book = format!(
        "mutation($session: ID!, $expert: ID!) {{ bookTraining(sessionId: $session, expertId: $expert) {{
            attendance {{ {PARTS} }} userErrors {{ code field message }} }} }}"
    );
    actor
        .ask(&book, json!({ "session": gid(session), "expert": gid(expert) }))
        .await
}

async fn act(actor: &Actor, mutation: &str, attendance: AttendanceId) -> Answer {
    let query = format!(
        "mutation($id: ID!) {{ {mutation}(attendanceId: $id) {{ attendance {{ {PARTS} }} userErrors {{ code field message }} }} }}"
    );
    actor.ask(&query, json!({ "id": gid(attendance) })).await
}

/// Books a seat; the next one books a minute later, so that it is clear who waits for longer.
async fn booked(
    scene: &Scene,
    actor: &Actor,
    session: TrainingSessionId,
    expert: ExpertId,
) -> (AttendanceId, String) {
    scene.app.advance(chrono::Duration::minutes(1));
    let answer = book(actor, session, expert).await;
    let seat = &answer.done("bookTraining")["attendance"];
    (
        parse(&seat["id"]),
        seat["state"].as_str().expect("a state").to_owned(),
    )
}

async fn state(scene: &Scene, id: AttendanceId) -> String {
    let mut conn = scene.app.conn().await;
    let row = tandem_storage::training::attendance(&mut conn, id)
        .await
        .expect("a seat");
    row.expect("a seat").state.to_string()
}

async fn person(scene: &Scene, name: &str) -> (ExpertId, Actor) {
    let expert = scene.expert(name).await;
    (expert, scene.app.person(name, Grant::Expert(expert)).await)
}

/// The address of the page that the newest mail about a seat carries.
fn link(scene: &Scene, name: &str) -> String {
    let mails = scene.app.mails_to(&format!("{name}@expert.example.org"));
    let text = mails.iter().rev().find_map(|mail| {
        let text = mail.text.as_deref()?;
        let at = text.find("/p/training/")?;
        let end = text[at..].find(char::is_whitespace)? + at;
        Some(text[at..end].to_owned())
    });
    format!("{}{}", scene.app.url, text.expect("a link"))
}

async fn press(link: &str, button: &str) -> String {
    let form = reqwest::Client::new().post(link).form(&[("act", button)]);
    form.send().await.expect("a page").text().await.expect("a page")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_seat_is_booked_confirmed_with_an_invitation_and_given_back_to_the_next_who_waits() {
    let scene = Scene::set().await;
    let session = session(&scene, 1).await;
    let (weber, first) = person(&scene, "Weber").await;
    let (krause, second) = person(&scene, "Krause").await;
    let (seat, booked_as) = booked(&scene, &first, session, weber).await;
    assert_eq!(booked_as, "BOOKED");
    let (waiting, waits) = booked(&scene, &second, session, krause).await;
    assert_eq!(waits, "WAITLISTED");
    let stranger = book(&first, session, krause).await;
    assert_eq!(stranger.refusals("bookTraining"), ["NOT_FOUND expertId"]);
    scene.app.drain().await;
    let mail = scene.app.mail_to("weber@expert.example.org");
    assert!(mail.subject.starts_with("Ihr Platz: "), "{}", mail.subject);
    assert!(String::from_utf8_lossy(&mail.raw).contains("text/calendar"));

    let url = format!("{}/training/{}/invitation.ics", scene.app.url, gid(seat));
    let (status, kind, bytes) = fetch(&url, &first.client).await;
    let ics = String::from_utf8(bytes).expect("text");
    assert_eq!(
        (status, kind.as_str()),
        (StatusCode::OK, "text/calendar; charset=utf-8")
    );
    assert!(
        ics.contains("DTSTART;TZID=Europe/Berlin:20270116T093000"),
        "{ics}"
    );
    assert_eq!(fetch(&url, &second.client).await.0, StatusCode::NOT_FOUND);

    act(&first, "cancelTraining", seat).await.done("cancelTraining");
    scene.app.drain().await;
    assert_eq!(state(&scene, waiting).await, "OFFERED");
    assert_eq!(fetch(&url, &first.client).await.0, StatusCode::NOT_FOUND);
    let page = press(&link(&scene, "krause"), "accept").await;
    assert!(page.contains("Ihr Platz ist gebucht"), "{page}");
    assert_eq!(state(&scene, waiting).await, "BOOKED");
    scene.app.drain().await;
    let subjects: Vec<String> = scene
        .subjects("krause")
        .iter()
        .map(|s| s[..20].to_owned())
        .collect();
    assert_eq!(subjects.len(), 2, "offered and booked: {subjects:?}");
    scene.app.ignore_mails();
    scene.app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_seat_booked_by_two_at_once_is_taken_once() {
    let scene = Scene::set().await;
    for round in 0..10 {
        let session = session(&scene, 1).await;
        let (a, first) = person(&scene, &format!("A{round}")).await;
        let (b, second) = person(&scene, &format!("B{round}")).await;
        let ((_, one), (_, other)) = tokio::join!(
            booked(&scene, &first, session, a),
            booked(&scene, &second, session, b)
        );
        let mut states = [one, other];
        states.sort();
        assert_eq!(states, ["BOOKED", "WAITLISTED"], "round {round}");
    }
    scene.app.drain().await;
    scene.app.ignore_mails();
    scene.app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_database_itself_refuses_one_seat_too_many() {
    let scene = Scene::set().await;
    let session = session(&scene, 1).await;
    let (weber, own) = person(&scene, "Weber").await;
    let (krause, other) = person(&scene, "Krause").await;
    booked(&scene, &own, session, weber).await;
    let (waiting, _) = booked(&scene, &other, session, krause).await;
    let mut conn = scene.app.superuser().await;
    for sql in [
        "UPDATE training_attendances SET state = 'OFFERED', offered_until = created_at WHERE id = $1",
        "UPDATE training_attendances SET state = 'BOOKED' WHERE id = $1",
    ] {
        let refused = sqlx::query(sql)
            .bind(waiting.uuid())
            .execute(&mut conn)
            .await
            .unwrap_err();
        let constraint = refused
            .as_database_error()
            .and_then(|error| error.constraint())
            .unwrap_or_default();
        assert!(
            [
                "training_sessions_seats_not_exceeded",
                "training_attendances_step_legal"
            ]
            .contains(&constraint),
            "{constraint}"
        );
    }
    scene.app.drain().await;
    scene.app.ignore_mails();
    scene.app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_offer_lapses_and_goes_to_the_next_and_is_never_both() {
    let mut scene = Scene::set().await;
    for round in 0..6 {
        let session = session(&scene, 1).await;
        let (holder, first) = person(&scene, &format!("H{round}")).await;
        let (next, second) = person(&scene, &format!("N{round}")).await;
        let (last, third) = person(&scene, &format!("L{round}")).await;
        let (seat, _) = booked(&scene, &first, session, holder).await;
        let (offered, _) = booked(&scene, &second, session, next).await;
        let (waiting, _) = booked(&scene, &third, session, last).await;
        act(&first, "cancelTraining", seat).await.done("cancelTraining");
        scene.app.drain().await;
        let page = link(&scene, &format!("n{round}"));
        // at the very end of its time: taken and lapsed at once
        let almost = chrono::Duration::days(5) - chrono::Duration::microseconds(i64::from(round % 2));
        scene.app.advance(almost);
        let worker = scene.app.worker.clone();
        let (_, lapsed) = tokio::join!(press(&page, "accept"), training::lapse_offers(&worker));
        lapsed.expect("a sweep");
        let states = [state(&scene, offered).await, state(&scene, waiting).await];
        let words: Vec<&str> = states.iter().map(String::as_str).collect();
        assert!(
            words == ["BOOKED", "WAITLISTED"] || words == ["LAPSED", "OFFERED"],
            "round {round}: {words:?}"
        );
        assert_eq!(words == ["BOOKED", "WAITLISTED"], round % 2 == 1, "round {round}");
        scene.app.drain().await;
        scene.days_later(0).await;
    }
    scene.app.ignore_mails();
    scene.app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sweep_offers_a_lapsed_seat_to_the_next_and_tells_both() {
    let mut scene = Scene::set().await;
    let session = session(&scene, 1).await;
    let (holder, first) = person(&scene, "Holder").await;
    let (next, second) = person(&scene, "Next").await;
    let (last, third) = person(&scene, "Last").await;
    let (seat, _) = booked(&scene, &first, session, holder).await;
    let (offered, _) = booked(&scene, &second, session, next).await;
    let (waiting, _) = booked(&scene, &third, session, last).await;
    act(&first, "cancelTraining", seat).await.done("cancelTraining");
    scene.app.drain().await;
    scene.days_later(6).await;
    scene.app.sweep().await;
    scene.app.drain().await;
    assert_eq!(state(&scene, offered).await, "LAPSED");
    assert_eq!(state(&scene, waiting).await, "OFFERED");
    let subjects = scene.subjects("next");
    assert!(
        subjects
            .last()
            .expect("a mail")
            .starts_with("Platz weitergegeben: "),
        "{subjects:?}"
    );
    assert!(scene.subjects("last")[0].starts_with("Platz frei: "));
    scene.app.ignore_mails();
    scene.app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_session_is_told_to_everybody_and_its_links_do_nothing_any_more() {
    let scene = Scene::set().await;
    let session = session(&scene, 1).await;
    let (weber, own) = person(&scene, "Weber").await;
    let (krause, other) = person(&scene, "Krause").await;
    let (seat, _) = booked(&scene, &own, session, weber).await;
    booked(&scene, &other, session, krause).await;
    scene.app.drain().await;
    let cancel = "mutation($id: ID!) { cancelTrainingSession(sessionId: $id) { session { cancelledAt seatsTaken waiting }
        userErrors { code field message } } }";
    let elsewhere = scene.app.office("Büro Köln", "50667").await;
    let elsewhere = scene.app.coordinator(elsewhere).await;
    let refused = elsewhere.ask(cancel, json!({ "id": gid(session) })).await;
    assert_eq!(refused.refusals("cancelTrainingSession"), ["FORBIDDEN sessionId"]);
    let done = scene.coordinator.ask(cancel, json!({ "id": gid(session) })).await;
    let done = &done.done("cancelTrainingSession")["session"];
    assert_eq!((&done["seatsTaken"], &done["waiting"]), (&json!(0), &json!(0)));
    scene.app.drain().await;
    let mail = scene.app.mails_to("weber@expert.example.org");
    let mail = mail.last().expect("a mail");
    assert!(mail.subject.starts_with("Abgesagt"), "{}", mail.subject);
    assert!(String::from_utf8_lossy(&mail.raw).contains("method=CANCEL"));
    let page = press(&link(&scene, "weber"), "book").await;
    assert!(page.contains("Diese Schulung ist abgesagt"), "{page}");
    assert_eq!(state(&scene, seat).await, "CANCELLED");
    scene.app.ignore_mails();
    scene.app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invitation_is_mailed_once_and_its_link_books() {
    let scene = Scene::set().await;
    let session = session(&scene, 5).await;
    let weber = scene.expert("Weber").await;
    let invite =
        "mutation($id: ID!, $experts: [ID!]!) { inviteToTraining(sessionId: $id, expertIds: $experts) {
        session { attendances { state expert { id } } } userErrors { code field message } } }";
    for _ in 0..2 {
        let answer = scene
            .coordinator
            .ask(invite, json!({ "id": gid(session), "experts": [gid(weber)] }))
            .await;
        let seats = &answer.done("inviteToTraining")["session"]["attendances"];
        assert_eq!(
            seats,
            &json!([{ "state": "INVITED", "expert": { "id": gid(weber) } }])
        );
    }
    scene.app.drain().await;
    assert_eq!(scene.subjects("weber").len(), 1);
    let link = link(&scene, "weber");
    let looked = reqwest::get(&link)
        .await
        .expect("a page")
        .text()
        .await
        .expect("a page");
    assert!(
        looked.contains("Platz buchen") && looked.contains("16. Januar 2027"),
        "{looked}"
    );
    assert!(press(&link, "book").await.contains("Ihr Platz ist gebucht"));
    assert!(
        press(&link, "book").await.contains("Ihr Platz ist gebucht"),
        "a double click is one booking"
    );
    let wrong = format!("{}x", link);
    assert!(press(&wrong, "book").await.contains("nicht bekannt"));
    scene.app.drain().await;
    assert_eq!(scene.subjects("weber").len(), 2);
    scene.app.ignore_mails();
    scene.app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn attendance_is_confirmed_in_bulk_and_makes_a_certificate() {
    let mut scene = Scene::set().await;
    let session = session(&scene, 5).await;
    let (weber, _) = person(&scene, "Weber").await;
    let (krause, _) = person(&scene, "Krause").await;
    let (there, _) = booked(&scene, &scene.coordinator, session, weber).await;
    let (missed, _) = booked(&scene, &scene.coordinator, session, krause).await;
    scene.app.drain().await;
    scene.app.ignore_mails();
    let missing = "{ missingTrainings { nodes { expert { id } module { code } booked { id } neededNow } } }";
    let answer = scene.coordinator.ask(missing, json!({})).await;
    let rows = answer.data()["missingTrainings"]["nodes"]
        .as_array()
        .expect("rows")
        .clone();
    assert_eq!(rows.len(), 4, "two experts, two modules");
    let with_seat = rows
        .iter()
        .filter(|row| row["booked"]["id"] == gid(session))
        .count();
    assert_eq!(with_seat, 2);

    let confirm = "mutation($id: ID!, $who: [AttendanceConfirmation!]!) { confirmAttendance(sessionId: $id, attendances: $who) {
        session { attendances { id state } } userErrors { code field message } } }";
    let who = json!({ "id": gid(session), "who": [
        { "attendanceId": gid(there), "attended": true }, { "attendanceId": gid(missed), "attended": false }] });
    let early = scene.coordinator.ask(confirm, who.clone()).await;
    assert_eq!(early.refusals("confirmAttendance"), ["NOT_READY sessionId"]);
    scene.days_later(60).await;
    scene
        .coordinator
        .ask(confirm, who)
        .await
        .done("confirmAttendance");
    assert_eq!(state(&scene, there).await, "ATTENDED");
    assert_eq!(state(&scene, missed).await, "MISSED");
    let answer = scene.coordinator.ask(missing, json!({})).await;
    let left = answer.data()["missingTrainings"]["nodes"]
        .as_array()
        .expect("rows")
        .len();
    assert_eq!(left, 3, "one module of one expert is done");

    let own = scene.app.person("Weber", Grant::Expert(weber)).await;
    let ask = "mutation($id: ID!) { requestTrainingCertificate(attendanceId: $id) { document { id } userErrors { code field message } } }";
    let none = scene.coordinator.ask(ask, json!({ "id": gid(missed) })).await;
    assert_eq!(
        none.refusals("requestTrainingCertificate"),
        ["NOT_READY attendanceId"]
    );
    let asked = own.ask(ask, json!({ "id": gid(there) })).await;
    let document = asked.done("requestTrainingCertificate")["document"]["id"].clone();
    scene.app.drain().await;
    let url = format!(
        "{}/documents/{}",
        scene.app.url,
        document.as_str().expect("an id")
    );
    let (status, _, bytes) = fetch(&url, &own.client).await;
    assert_eq!(status, StatusCode::OK);
    assert!(bytes.starts_with(b"%PDF-"));
    scene.app.ignore_mails();
    scene.app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_moved_session_is_told_with_a_new_invitation_and_more_seats_go_to_who_waits() {
    let scene = Scene::set().await;
    let session = session(&scene, 1).await;
    let (weber, own) = person(&scene, "Weber").await;
    let (krause, other) = person(&scene, "Krause").await;
    booked(&scene, &own, session, weber).await;
    let (waiting, _) = booked(&scene, &other, session, krause).await;
    scene.app.drain().await;
    let update = "mutation($id: ID!, $seats: Int!) { updateTrainingSession(sessionId: $id,
        input: { startsAt: \"2027-07-03T09:30:00+02:00\", endsAt: \"2027-07-03T16:00:00+02:00\", place: \"Rathaus\", seats: $seats }) {
        session { version } userErrors { code field message } } }";
    let done = scene
        .coordinator
        .ask(update, json!({ "id": gid(session), "seats": 2 }))
        .await;
    done.done("updateTrainingSession");
    scene.app.drain().await;
    let mails = scene.app.mails_to("weber@expert.example.org");
    let mail = mails.last().expect("a mail");
    assert!(mail.subject.starts_with("Geändert"), "{}", mail.subject);
    assert!(mail.text.as_deref().expect("a text").contains("Rathaus"));
    assert_eq!(state(&scene, waiting).await, "OFFERED");
    let fewer = scene
        .coordinator
        .ask(update, json!({ "id": gid(session), "seats": 1 }))
        .await;
    assert_eq!(fewer.refusals("updateTrainingSession"), ["CONFLICT seats"]);
    scene.app.ignore_mails();
    scene.app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn modules_are_the_programmes_and_the_base_modules_keep_their_codes() {
    let scene = Scene::set().await;
    let admin = scene.app.admin().await;
    let create = "mutation { createTrainingModule(input: { code: \"FIRST_AID\", title: \"Erste Hilfe\", required: true, validityMonths: 24 }) {
        module { code required active version } userErrors { code field message } } }";
    let refused = scene.coordinator.ask(create, json!({})).await;
    assert_eq!(refused.refusals("createTrainingModule"), ["FORBIDDEN"]);
    admin.ask(create, json!({})).await.done("createTrainingModule");
    let twice = admin.ask(create, json!({})).await;
    assert_eq!(twice.refusals("createTrainingModule"), ["INVALID code"]);
    let expert = scene.expert("Weber").await;
    let missing = scene
        .coordinator
        .ask(
            "{ missingTrainings { nodes { expert { id } module { code } } } }",
            json!({}),
        )
        .await;
    let rows = missing.data()["missingTrainings"]["nodes"]
        .as_array()
        .expect("rows")
        .clone();
    let mut codes: Vec<&str> = rows
        .iter()
        .filter(|row| row["expert"]["id"] == gid(expert))
        .filter_map(|row| row["module"]["code"].as_str())
        .collect();
    codes.sort_unstable();
    assert_eq!(codes, ["BASE", "FIRST_AID", "INTERCULTURAL"]);
    let base = modules(&scene).await[0]["id"].clone();
    let rename = "mutation($id: ID!) { updateTrainingModule(moduleId: $id, input: { code: \"GRUND\", title: \"Grund\", required: true }) {
        module { id } userErrors { code field message } } }";
    let kept = admin.ask(rename, json!({ "id": base })).await;
    assert_eq!(kept.refusals("updateTrainingModule"), ["INVALID code"]);
    scene.app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_seat_that_is_offered_when_its_session_moves_is_offered_anew_with_the_new_deadline() {
    let scene = Scene::set().await;
    let (weber, krause) = (scene.expert("Weber").await, scene.expert("Krause").await);
    let first = scene.app.person("Weber", Grant::Expert(weber)).await;
    let second = scene.app.person("Krause", Grant::Expert(krause)).await;
    let session = session(&scene, 1).await;
    let (seat, _) = booked(&scene, &first, session, weber).await;
    let (waiting, _) = booked(&scene, &second, session, krause).await;
    act(&first, "cancelTraining", seat).await.done("cancelTraining");
    scene.app.drain().await;
    assert_eq!(state(&scene, waiting).await, "OFFERED");
    let until = async || {
        let mut conn = scene.app.superuser().await;
        sqlx::query_scalar::<_, chrono::DateTime<chrono::Utc>>(
            "SELECT offered_until FROM training_attendances WHERE id = $1",
        )
        .bind(waiting.uuid())
        .fetch_one(&mut conn)
        .await
        .expect("an offer")
    };
    assert_eq!(until().await, scene.app.now() + chrono::Duration::days(5));
    // the day after tomorrow, sooner than the deadline was
    let update = "mutation($id: ID!) { updateTrainingSession(sessionId: $id,
        input: { startsAt: \"2026-11-25T09:30:00+01:00\", endsAt: \"2026-11-25T16:00:00+01:00\", place: \"Rathaus\", seats: 1 }) {
        session { version } userErrors { code field message } } }";
    let answer = scene.coordinator.ask(update, json!({ "id": gid(session) })).await;
    answer.done("updateTrainingSession");
    let starts_at: chrono::DateTime<chrono::Utc> = "2026-11-25T08:30:00Z".parse().expect("a time");
    assert_eq!(until().await, starts_at);
    scene.app.drain().await;
    let mails = scene.app.mails_to("krause@expert.example.org");
    assert_eq!(mails.len(), 2, "offered twice");
    assert!(mails[1].text.as_deref().expect("a text").contains("Rathaus"));
    scene.app.ignore_mails();
    scene.app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_told_of_an_attendance_that_was_not_written() {
    let mut scene = Scene::set().await;
    let weber = scene.expert("Weber").await;
    let own = scene.app.person("Weber", Grant::Expert(weber)).await;
    let session = session(&scene, 1).await;
    let (seat, _) = booked(&scene, &own, session, weber).await;
    scene.app.drain().await;
    let mut conn = scene.app.superuser().await;
    // a wall that lets the row be seen and not be changed
    sqlx::raw_sql(
        "CREATE POLICY nobody ON training_attendances AS RESTRICTIVE FOR UPDATE TO tandem_api USING (false)",
    )
    .execute(&mut conn)
    .await
    .expect("a policy");
    scene.days_later(60).await;
    let confirm = "mutation($id: ID!, $seat: ID!) { confirmAttendance(sessionId: $id, attendances: [{ attendanceId: $seat, attended: true }]) {
        session { id } userErrors { code } } }";
    let answer = scene
        .coordinator
        .ask(confirm, json!({ "id": gid(session), "seat": gid(seat) }))
        .await;
    assert!(answer.body["errors"].is_array(), "{:?}", answer.body);
    assert_eq!(state(&scene, seat).await, "BOOKED");
    scene.app.ignore_mails();
    scene.app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reminder_of_a_session_that_has_moved_meanwhile_is_not_sent() {
    let scene = Scene::set().await;
    let weber = scene.expert("Weber").await;
    let own = scene.app.person("Weber", Grant::Expert(weber)).await;
    // 54 days ahead, so that the reminder of six weeks is still to come
    let session = session(&scene, 1).await;
    booked(&scene, &own, session, weber).await;
    let mut conn = scene.app.superuser().await;
    let moved = async |conn: &mut sqlx::PgConnection, day: &str| {
        sqlx::query("UPDATE training_sessions SET starts_at = $2::date + time '09:00', ends_at = $2::date + time '15:00' WHERE id = $1")
            .bind(session.uuid())
            .bind(day.parse::<chrono::NaiveDate>().expect("a day"))
            .execute(conn)
            .await
            .expect("it moves");
    };
    // in two weeks: the reminder is promised, and while it waits for its turn the session moves
    moved(&mut conn, "2026-12-07").await;
    tandem_operations::reminders::sweep(&scene.app.worker)
        .await
        .expect("the sweep runs");
    moved(&mut conn, "2027-05-07").await;
    scene.app.drain().await;
    let state: String = sqlx::query_scalar(
        "SELECT state || ': ' || reason FROM email_deliveries WHERE trigger = 'TRAINING_SESSION'",
    )
    .fetch_one(&mut conn)
    .await
    .expect("the reminder");
    assert_eq!(
        state,
        "SUPPRESSED: the day that it counts from is another one now"
    );
    scene.app.ignore_mails();
    scene.app.finish().await;
}
