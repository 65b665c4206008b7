//! What people do on their own pages besides the steps of a match: the agreement as a PDF, a break, publicity, trainings,
//! which mails they get, and "this is not right" for what the office wrote down.

use tandem_domain::cases::CaseState;
use tandem_domain::checks::CheckKind;
use tandem_domain::ids::TrainingSessionId;
use tandem_domain::matches::{Answer, MatchState, PauseReason};
use tandem_domain::parties::{About, Party};
use tandem_domain::policy::Grant;
use tandem_domain::training::SessionInput;
use tandem_operations::{Caller, matches, training};

use super::{Browser, Shown, link};
use crate::life::Tandem;

async fn pdf(tandem: &Tandem, party: Party) -> Shown {
    let url = link(&tandem.scene.app, party, About::Match(tandem.id)).await;
    let page = format!("{url}/match/{}/agreement", tandem.id);
    Browser::new().get(&page).await.is(200).says(&["/agreement/pdf"]);
    let asked = Browser::new().post(&format!("{page}/pdf"), &[]).await;
    tandem.scene.app.drain().await;
    Browser::new()
        .get(asked.url.split('?').next().expect("an address"))
        .await
}

#[tokio::test]
async fn the_agreement_can_be_had_as_a_pdf_before_it_is_signed_and_after() {
    let tandem = Tandem::with_a_minor().await;
    tandem.make_ready(CheckKind::Extended).await;
    tandem.met().await;
    let yes = tandem_domain::chemistry::Verdict::Yes;
    for who in [tandem.expert(), tandem.mentee(), tandem.guardian()] {
        tandem.says(&who, yes).await;
    }
    let agreement = tandem.written().await;
    let (expert, mentee) = (Party::Expert(tandem.expert_id), Party::Mentee(tandem.mentee_id));
    let people = [expert, mentee, Party::Guardian(tandem.mentee_id)];
    let url = link(&tandem.scene.app, expert, About::Match(tandem.id)).await;
    let asked = Browser::new()
        .post(&format!("{url}/match/{}/agreement/pdf", tandem.id), &[])
        .await;
    asked.is(202).says(&["wird gerade gemacht"]);
    for party in people {
        let shown = pdf(&tandem, party).await;
        assert_eq!(shown.headers["content-type"], "application/pdf", "{party:?}");
        assert!(shown.html.starts_with("%PDF-"), "{party:?}");
    }
    for who in [tandem.expert(), tandem.mentee(), tandem.guardian()] {
        tandem.signs(&who, agreement).await;
    }
    assert_eq!(
        pdf(&tandem, mentee).await.headers["content-type"],
        "application/pdf"
    );
    // somebody of another match does not get it
    let path = asked
        .url
        .split('?')
        .next()
        .expect("an address")
        .rsplit('/')
        .next()
        .expect("an id")
        .to_owned();
    let other = tandem.scene.expert("Vogel").await;
    let case = tandem.scene.app.case(tandem.scene.center).await;
    let strange = tandem.scene.ask(case, &[other]).await[0];
    let url = link(&tandem.scene.app, Party::Expert(other), About::Match(strange)).await;
    let refused = Browser::new()
        .get(&format!("{url}/match/{strange}/agreement/pdf/{path}"))
        .await;
    refused.is(404);
    tandem.finish().await;
}

#[tokio::test]
async fn a_mentee_takes_a_break_and_goes_on_and_a_guardian_asks_the_centre() {
    let tandem = Tandem::active().await;
    let app = &tandem.scene.app;
    let url = link(app, Party::Mentee(tandem.mentee_id), About::Match(tandem.id)).await;
    let pause = format!("{url}/match/{}/pause", tandem.id);
    let overview = Browser::new().get(&format!("{url}/match/{}", tandem.id)).await;
    overview.is(200).says(&["/pause"]);
    Browser::new().get(&pause).await.is(200);
    assert_eq!(tandem.scene.state(tandem.id).await, MatchState::Active);
    Browser::new().post(&pause, &[("to", "pause")]).await.is(200);
    assert_eq!(tandem.scene.state(tandem.id).await, MatchState::Paused);
    Browser::new().post(&pause, &[("to", "resume")]).await.is(200);
    assert_eq!(tandem.scene.state(tandem.id).await, MatchState::Active);
    tandem.finish().await;
}

#[tokio::test]
async fn publicity_is_off_until_the_mentee_and_the_guardian_say_yes_each_for_itself() {
    let tandem = Tandem::with_a_minor().await;
    let app = &tandem.scene.app;
    for party in [Party::Mentee(tandem.mentee_id), Party::Guardian(tandem.mentee_id)] {
        let url = link(app, party, About::Case(tandem.case)).await;
        let page = format!("{url}/publicity");
        Browser::new().get(&page).await.is(200).hides(&[" checked"]);
        let given = Browser::new().post(&page, &[("consent", "yes")]).await;
        given.is(200).says(&[" checked"]);
    }
    let mut conn = app.superuser().await;
    let both = "SELECT publicity_consent_at IS NOT NULL AND guardian_publicity_consent_at IS NOT NULL FROM mentees WHERE id = $1";
    let given: bool = sqlx::query_scalar(both)
        .bind(tandem.mentee_id.uuid())
        .fetch_one(&mut conn)
        .await
        .expect("a mentee");
    assert!(given);
    let url = link(app, Party::Mentee(tandem.mentee_id), About::Case(tandem.case)).await;
    let taken = Browser::new().post(&format!("{url}/publicity"), &[]).await;
    taken.is(200).hides(&[" checked"]);
    let expert = link(app, Party::Expert(tandem.expert_id), About::Match(tandem.id)).await;
    Browser::new().get(&format!("{expert}/publicity")).await.is(404);
    tandem.finish().await;
}

async fn session(tandem: &Tandem, seats: u32) -> TrainingSessionId {
    let api = &tandem.scene.app.api;
    let module = training::modules(api, &Caller::system()).await.expect("modules")[0].id;
    let input = SessionInput {
        starts_at: tandem.in_days(30),
        ends_at: tandem.in_days(30) + chrono::Duration::hours(6),
        place: "Haus der Vereine".into(),
        video_link: String::new(),
        seats,
    };
    training::create_session(api, tandem.office(), module, tandem.scene.office, input, None)
        .await
        .expect("a session")
        .id
}

#[tokio::test]
async fn an_expert_books_a_training_from_the_list_and_gives_it_back() {
    let tandem = Tandem::of_age().await;
    let app = &tandem.scene.app;
    let id = session(&tandem, 1).await;
    let person = app.person("Ingrid", Grant::Expert(tandem.expert_id)).await;
    let token = person.client.token().expect("a session").to_owned();
    let browser = Browser::new();
    let page = format!("{}/me/training", app.url);
    browser
        .get_signed_in(&page, &token)
        .await
        .is(200)
        .says(&["Haus der Vereine", "Platz buchen"]);
    let book = id.uuid().to_string();
    let booked = browser.post_signed_in(&page, &token, &[("book", &book)]).await;
    booked.is(200);
    browser
        .get_signed_in(&page, &token)
        .await
        .says(&["Ihr Platz ist gebucht", "Zurückgeben"]);
    let mut conn = app.superuser().await;
    let seat: uuid::Uuid = sqlx::query_scalar("SELECT id FROM training_attendances WHERE session_id = $1")
        .bind(id.uuid())
        .fetch_one(&mut conn)
        .await
        .expect("a seat");
    // another expert finds it full, and cannot give back what is not the own
    let vogel = tandem.scene.expert("Vogel").await;
    let other = app.person("Vogel", Grant::Expert(vogel)).await;
    let others = other.client.token().expect("a session").to_owned();
    browser
        .get_signed_in(&page, &others)
        .await
        .says(&["Auf die Warteliste"]);
    let give_back = seat.to_string();
    browser
        .post_signed_in(&page, &others, &[("give_back", &give_back)])
        .await;
    browser
        .get_signed_in(&page, &token)
        .await
        .says(&["Ihr Platz ist gebucht"]);
    browser
        .post_signed_in(&page, &token, &[("give_back", &give_back)])
        .await
        .is(200);
    browser.get_signed_in(&page, &token).await.says(&["Platz buchen"]);
    let by_link = link(app, Party::Expert(tandem.expert_id), About::Match(tandem.id)).await;
    Browser::new().get(&format!("{by_link}/training")).await.is(404);
    tandem.finish().await;
}

#[tokio::test]
async fn the_own_page_and_the_link_in_a_mail_end_the_same_mails() {
    let tandem = Tandem::of_age().await;
    let app = &tandem.scene.app;
    let person = app.person("Ingrid", Grant::Expert(tandem.expert_id)).await;
    let token = person.client.token().expect("a session").to_owned();
    let browser = Browser::new();
    let page = format!("{}/me/profile", app.url);
    let form = [
        ("capacity", "1"),
        ("radius", "30"),
        ("CHECK_IN", "yes"),
        ("HALF_YEAR_FEEDBACK", "yes"),
        ("INTERVIEW_FOLLOW_UP", "yes"),
    ];
    browser.post_signed_in(&page, &token, &form).await.is(200);
    let mut conn = app.superuser().await;
    let ended: Vec<String> = sqlx::query_scalar("SELECT trigger FROM mail_optouts WHERE recipient_id = $1")
        .bind(tandem.expert_id.uuid())
        .fetch_all(&mut conn)
        .await
        .expect("opt-outs");
    assert_eq!(ended, ["NO_MEETING"]);
    // as the link in a mail writes it
    sqlx::query("UPDATE mail_optouts SET trigger = 'CHECK_IN'")
        .execute(&mut conn)
        .await
        .expect("an opt-out");
    let shown = browser.get_signed_in(&page, &token).await;
    let ticked = |name: &str| {
        let at = shown.html.find(&format!("name=\"{name}\"")).expect("a tick");
        let end = shown.html[at..].find('>').expect("its end");
        shown.html[at..at + end].contains("checked")
    };
    assert_eq!(["CHECK_IN", "NO_MEETING"].map(ticked), [false, true]);
    tandem.finish().await;
}

#[tokio::test]
async fn a_yes_by_telephone_that_was_none_is_taken_back_and_the_offices_are_told() {
    let tandem = Tandem::of_age().await;
    let app = &tandem.scene.app;
    app.drain().await;
    let mails = app.mails_to("weber@expert.example.org");
    let text = mails
        .iter()
        .filter_map(|mail| mail.text.as_deref())
        .find(|text| text.contains("/told"));
    let text = text.expect("the notice leads to the page");
    let start = text.find("http").expect("a link");
    let end = text[start..]
        .find(['\n', '\r', ' '])
        .unwrap_or(text.len() - start);
    let url = &text[start..start + end];
    Browser::new()
        .get(url)
        .await
        .is(200)
        .says(&["Ja gesagt", "Das stimmt nicht"]);
    assert_eq!(tandem.scene.state(tandem.id).await, MatchState::Interested);
    Browser::new().post(url, &[]).await.is(200).says(&["ist notiert"]);
    Browser::new().post(url, &[]).await.is(200).says(&["ist notiert"]);
    assert_eq!(
        tandem.scene.state(tandem.id).await,
        MatchState::Withdrawn,
        "without a mark"
    );
    assert_eq!(tandem.scene.case(tandem.case).await.state, CaseState::Searching);
    app.drain().await;
    let told = app.mails_to("buro.hamburg@office.example.org");
    let told: Vec<_> = told
        .iter()
        .filter(|mail| mail.subject.contains("Antwort am Telefon"))
        .collect();
    assert_eq!(told.len(), 1, "once");
    // nobody objects to what the expert said without the office, and nobody in the expert's place
    let (api, mentee) = (&app.api, tandem.mentee());
    assert!(matches::contest_answer(api, &mentee, tandem.id).await.is_err());
    assert!(
        matches::contest_answer(api, tandem.office(), tandem.id)
            .await
            .is_err()
    );
    tandem.finish().await;
}

#[tokio::test]
async fn a_yes_by_telephone_that_was_none_interrupts_what_runs_until_the_office_has_cleared_it_up() {
    let tandem = Tandem::active().await;
    let app = &tandem.scene.app;
    let url = link(app, Party::Expert(tandem.expert_id), About::Match(tandem.id)).await;
    let told = format!("{url}/match/{}/told", tandem.id);
    for _ in 0..2 {
        Browser::new()
            .post(&told, &[])
            .await
            .is(200)
            .says(&["ist notiert"]);
    }
    let matching = tandem.scene.matching(tandem.id).await;
    assert_eq!(matching.state, MatchState::Paused);
    assert!(matches!(matching.paused, Some((_, PauseReason::PaperContested))));
    assert_eq!(tandem.scene.case(tandem.case).await.state, CaseState::Active);
    app.drain().await;
    let count = |address: &str, subject: &str| {
        let mails = app.mails_to(address);
        mails.iter().filter(|mail| mail.subject.contains(subject)).count()
    };
    assert_eq!(count("buro.hamburg@office.example.org", "Antwort am Telefon"), 1);
    for (address, subject) in [
        ("weber@expert.example.org", "Pause"),
        ("samira@mentee.example.org", "وقفه"),
        ("servicestelle.hamburg@center.example.org", "macht Pause"),
    ] {
        assert_eq!(count(address, subject), 1, "{address}");
    }
    assert!(
        matches::resume_checked(&app.api).await.expect("a sweep") == 0,
        "it does not go on by itself"
    );
    matches::resume(&app.api, tandem.office(), tandem.id, None)
        .await
        .expect("cleared up");
    assert_eq!(tandem.scene.state(tandem.id).await, MatchState::Active);
    tandem.finish().await;
}

#[tokio::test]
async fn a_no_by_telephone_that_was_none_is_noted_and_asked_once_more() {
    let tandem = Tandem::asked().await;
    let app = &tandem.scene.app;
    matches::record_by_telephone(&app.api, tandem.office(), tandem.id, Answer::No(None))
        .await
        .expect("a no");
    let told = matches::contest_answer(&app.api, &tandem.expert(), tandem.id)
        .await
        .expect("an objection");
    assert!(told.contested && !told.yes);
    assert_eq!(tandem.scene.state(tandem.id).await, MatchState::Declined);
    app.drain().await;
    let mails = app.mails_to("buro.hamburg@office.example.org");
    assert!(
        mails
            .iter()
            .any(|mail| mail.subject.contains("Antwort am Telefon"))
    );
    tandem.finish().await;
}
