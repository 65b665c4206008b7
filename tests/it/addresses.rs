//! A changed e-mail address: confirmed at the old and the new one, over HTTP and by the links of real mails.

use serde_json::{Value, json};
use tandem_api::graphql::ids;
use tandem_domain::ids::{AddressChangeId, DeliveryId, ExpertId};
use tandem_domain::matches::{Answer, MatchState};
use tandem_domain::mentees::{GuardianKind, MenteeDraft};
use tandem_domain::parties::{About, Party};
use tandem_domain::policy::Grant;
use tandem_domain::values::CefrLevel;
use tandem_operations::experts::{self, ExpertPatch};
use tandem_operations::links::Purpose;
use tandem_operations::{Caller, addresses, matches, mentees, persons};
use tandem_tests::{Actor, TestApp, date};

use crate::life::{Tandem, refused};
use crate::pages::{Browser, link};
use crate::scene::{Scene, gid, link_of};

const OLD: &str = "weber@expert.example.org";
const NEW: &str = "weber@elsewhere.example.org";

const CHANGE: &str = "mutation($id: ID!, $email: String!) {
    updateExpert(expertId: $id, input: { email: $email }) { expert { email } userErrors { code field message } } }";
const PENDING: &str = "query($id: ID!) { expert(id: $id) { email addressChange {
    id side newEmail askedAt expiresAt missing oldConfirmedAt newConfirmedAt vouchedAt spokenOn vouchedFrom } } }";
const VOUCH: &str = "mutation($id: ID!, $on: Date!) { vouchForAddressChange(id: $id, spokenOn: $on) {
    addressChange { missing vouchedFrom } userErrors { code field message } } }";
const WITHDRAW: &str = "mutation($id: ID!) { withdrawAddressChange(id: $id) {
    personId userErrors { code field message } } }";

async fn change(actor: &Actor, expert: ExpertId, email: &str) -> Value {
    let variables = json!({ "id": gid(expert), "email": email });
    actor.ask(CHANGE, variables).await.done("updateExpert")["expert"].clone()
}

async fn seen(actor: &Actor, expert: ExpertId) -> Value {
    let answer = actor.ask(PENDING, json!({ "id": gid(expert) })).await;
    answer.data()["expert"].clone()
}

/// The addresses of the pages about a change in the mails to an address, the oldest first.
fn pages(app: &TestApp, address: &str) -> Vec<String> {
    let mails = app.mails_to(address);
    mails
        .iter()
        .filter_map(|mail| {
            let text = mail.text.as_deref()?;
            let start = text.find("/p/address/")?;
            let start = text[..start].rfind("http")?;
            let end = text[start..].find([' ', '\n', '\r'])?;
            Some(text[start..start + end].to_owned())
        })
        .collect()
}

fn subjects(app: &TestApp, address: &str) -> Vec<String> {
    let mails = app.mails_to(address);
    mails.iter().map(|mail| mail.subject.clone()).collect()
}

async fn press(url: &str, button: &str) -> crate::pages::Shown {
    Browser::new().post(url, &[("act", button)]).await
}

async fn stored(app: &TestApp, expert: ExpertId) -> String {
    let mut conn = app.superuser().await;
    sqlx::query_scalar("SELECT email FROM experts WHERE id = $1")
        .bind(expert.uuid())
        .fetch_one(&mut conn)
        .await
        .expect("an expert")
}

async fn mentee_addresses(app: &TestApp, party: Party) -> (Option<String>, Option<String>) {
    let mut conn = app.superuser().await;
    sqlx::query_as("SELECT email, guardian_email FROM mentees WHERE id = $1")
        .bind(party.uuid())
        .fetch_one(&mut conn)
        .await
        .expect("a mentee")
}

fn by_email(email: &str) -> ExpertPatch {
    ExpertPatch {
        email: Some(email.into()),
        ..ExpertPatch::default()
    }
}

#[tokio::test]
async fn a_changed_address_counts_when_the_old_and_the_new_one_have_confirmed_it() {
    let scene = Scene::set().await;
    let app = &scene.app;
    let expert = scene.expert("Weber").await;
    app.advance(chrono::Duration::minutes(1));
    assert_eq!(change(&scene.coordinator, expert, NEW).await["email"], OLD);
    let pending = seen(&scene.coordinator, expert).await;
    assert_eq!(pending["email"], OLD, "mails go on to it");
    let waiting = &pending["addressChange"];
    assert_eq!(waiting["newEmail"], NEW);
    assert_eq!(waiting["missing"], json!(["OLD", "NEW"]));
    assert_eq!(waiting["side"], "EXPERT");
    app.drain().await;
    assert_eq!(subjects(app, OLD), ["Ist Ihre neue E-Mail-Adresse richtig?"]);
    assert_eq!(subjects(app, NEW), ["Bitte bestätigen Sie diese E-Mail-Adresse"]);
    let (old, new) = (pages(app, OLD).remove(0), pages(app, NEW).remove(0));
    let page = Browser::new().get(&old).await;
    page.is(200).says(&["w…@elsewhere.example.org", "Jutta Petersen"]);
    page.hides(&[NEW, "Weber"]);
    Browser::new().get(&new).await.is(200).hides(&[OLD, "Weber"]);
    assert_eq!(
        seen(&scene.coordinator, expert).await,
        pending,
        "a GET confirms nothing"
    );
    press(&new, "confirm")
        .await
        .is(200)
        .says(&["diese Adresse ist bestätigt"]);
    press(&new, "confirm").await.is(200);
    assert_eq!(
        seen(&scene.coordinator, expert).await["addressChange"]["missing"],
        json!(["OLD"])
    );
    assert_eq!(stored(app, expert).await, OLD, "one of two is not enough");
    press(&old, "confirm").await.is(200).says(&["gilt jetzt"]);
    assert_eq!(stored(app, expert).await, NEW);
    assert_eq!(
        seen(&scene.coordinator, expert).await["addressChange"],
        Value::Null
    );
    // nothing more comes of either page
    press(&old, "contest").await.says(&["gilt jetzt"]);
    app.drain().await;
    assert_eq!(
        subjects(app, NEW).last().map(String::as_str),
        Some("Ihre neue E-Mail-Adresse gilt jetzt")
    );
    assert_eq!(
        subjects(app, OLD).last().map(String::as_str),
        Some("Wir schreiben Ihnen an eine andere Adresse")
    );
    let mut conn = app.superuser().await;
    let trail: Vec<(String, String)> = sqlx::query_as(
        "SELECT action, actor_kind FROM audit_events WHERE action LIKE 'address.%' ORDER BY action",
    )
    .fetch_all(&mut conn)
    .await
    .expect("the audit log");
    let trail: Vec<String> = trail
        .iter()
        .map(|(action, by)| format!("{action} {by}"))
        .collect();
    assert_eq!(
        trail,
        [
            "address.change_asked USER",
            "address.changed SYSTEM",
            "address.confirmed LINK",
            "address.confirmed LINK"
        ]
    );
    scene.app.finish().await;
}

#[tokio::test]
async fn links_that_are_out_open_nothing_and_answers_wait_until_then() {
    let scene = Scene::set().await;
    let app = &scene.app;
    let expert = scene.expert("Weber").await;
    let (_, asked) = scene.asked(&[expert]).await;
    let id = asked[0];
    app.drain().await;
    let before = link_of(app.mails_to(OLD).last().expect("an approach")).expect("a link");
    app.advance(chrono::Duration::minutes(1));
    change(&scene.coordinator, expert, NEW).await;
    for page in [
        Browser::new().get(&before).await,
        Browser::new().post(&before, &[("answer", "yes")]).await,
        Browser::new()
            .post(&format!("{before}/reason"), &[("reason", "other")])
            .await,
        Browser::new().post(&format!("{before}/follow"), &[]).await,
    ] {
        page.is(410)
            .says(&["Die E-Mail-Adresse hat sich geändert"])
            .hides(&["Weber"]);
    }
    assert_eq!(scene.state(id).await, MatchState::Approached);
    // a link that leaves meanwhile, to the old address: it shows, and waits
    app.advance(chrono::Duration::minutes(1));
    let party = Party::Expert(expert);
    let own = link(app, party, About::Match(id)).await;
    let token = own.rsplit('/').next().expect("a token");
    let delivery: DeliveryId = app.api.links.verify(Purpose::Person, token).expect("a delivery");
    let meanwhile = format!(
        "{}/p/answer/{}",
        app.url,
        app.api.links.token(Purpose::Answer, delivery)
    );
    let page = Browser::new().get(&meanwhile).await;
    page.is(200)
        .says(&["wird gerade geändert"])
        .hides(&["name=\"answer\""]);
    Browser::new()
        .post(&meanwhile, &[("answer", "yes")])
        .await
        .says(&["wird gerade geändert"]);
    let url = format!("{own}/match/{id}/answer");
    Browser::new()
        .post(&url, &[("answer", "yes")])
        .await
        .is(409)
        .says(&["wird gerade geändert"]);
    // signed in, from before
    let person = app.person("Ingrid", Grant::Expert(expert)).await;
    let answer = "mutation($id: ID!) { answerApproach(id: $id, answer: YES) {
        userErrors { code field message } } }";
    let said = person.ask(answer, json!({ "id": gid(id) })).await;
    assert_eq!(said.refusals("answerApproach"), ["CONFLICT"]);
    assert_eq!(scene.state(id).await, MatchState::Approached);
    // the office has the expert on the telephone
    matches::record_by_telephone(&app.api, &scene.coordinator.caller, id, Answer::Yes)
        .await
        .expect("a yes by telephone");
    app.drain().await;
    // and what protects is heard at any time
    matches::leave(&app.api, &person.caller, id).await.expect("a no");
    app.drain().await;
    // confirmed: what left to the old address meanwhile is void as well
    press(&pages(app, OLD)[0], "confirm").await.is(200);
    press(&pages(app, NEW)[0], "confirm").await.says(&["gilt jetzt"]);
    Browser::new().get(&own).await.is(410);
    Browser::new().get(&meanwhile).await.is(410);
    app.drain().await;
    app.ignore_mails();
    scene.app.finish().await;
}

#[tokio::test]
async fn verdict_signature_and_consents_wait_too_and_a_code_on_paper_does_not() {
    let tandem = Tandem::of_age().await;
    tandem.make_ready(tandem_domain::checks::CheckKind::Simple).await;
    tandem.met().await;
    let api = &tandem.scene.app.api;
    let draft = |email: &str| MenteeDraft {
        given_name: "Samira".into(),
        family_name: "Ahmadi".into(),
        birth_date: Some(date("2004-02-01")),
        email: Some(email.into()),
        language: Some("fa".into()),
        german_level: Some(CefrLevel::B1),
        ..MenteeDraft::default()
    };
    let moved = draft("samira@elsewhere.example.org");
    mentees::update(api, tandem.staff(), tandem.mentee_id, None, moved)
        .await
        .expect("a change");
    let yes = tandem_domain::chemistry::Verdict::Yes;
    let said = matches::give_verdict(api, &tandem.mentee(), tandem.id, yes).await;
    assert_eq!(refused(said), ["CONFLICT"]);
    let about = About::Match(tandem.id);
    let publicity =
        tandem_operations::publicity::consent_to_publicity(api, &tandem.mentee(), about, true).await;
    assert_eq!(refused(publicity), ["CONFLICT"]);
    // the expert's own word is the expert's
    tandem.says(&tandem.expert(), yes).await;
    let by_code = Caller::person(
        tandem_domain::parties::Person {
            party: Party::Mentee(tandem.mentee_id),
            about,
            way: tandem_domain::parties::GivenWay::Code,
        },
        "192.0.2.1",
    );
    matches::give_verdict(api, &by_code, tandem.id, yes)
        .await
        .expect("handed over in person");
    let agreement = tandem.written().await;
    assert_eq!(
        refused(matches::sign(api, &tandem.mentee(), agreement).await),
        ["CONFLICT"]
    );
    // taken back: answers are heard again
    let mut conn = tandem.scene.app.superuser().await;
    let open: uuid::Uuid = sqlx::query_scalar("SELECT id FROM address_changes WHERE ended_at IS NULL")
        .fetch_one(&mut conn)
        .await
        .expect("a change");
    let change = ids::global(AddressChangeId::from(open));
    let withdrawn = tandem.scene.staff.ask(WITHDRAW, json!({ "id": change })).await;
    assert_eq!(
        withdrawn.done("withdrawAddressChange")["personId"],
        gid(tandem.mentee_id)
    );
    tandem.signs(&tandem.mentee(), agreement).await;
    let again = tandem.scene.staff.ask(WITHDRAW, json!({ "id": change })).await;
    assert_eq!(again.refusals("withdrawAddressChange"), ["CONFLICT"]);
    tandem.finish().await;
}

#[tokio::test]
async fn the_office_vouches_by_a_second_person_and_the_old_address_has_days_to_object() {
    let mut scene = Scene::set().await;
    let expert = scene.expert("Weber").await;
    scene.app.advance(chrono::Duration::minutes(1));
    change(&scene.coordinator, expert, NEW).await;
    let pending = seen(&scene.coordinator, expert).await["addressChange"].clone();
    let today = scene.app.api.today().to_string();
    let variables = json!({ "id": pending["id"], "on": today });
    let own = scene.coordinator.ask(VOUCH, variables.clone()).await;
    assert_eq!(
        own.refusals("vouchForAddressChange"),
        ["FORBIDDEN id"],
        "never one alone"
    );
    let outsider = scene.staff.ask(VOUCH, variables.clone()).await;
    assert_eq!(outsider.refusals("vouchForAddressChange"), ["NOT_FOUND id"]);
    let colleague = scene.app.coordinator(scene.office).await;
    let wrong = json!({ "id": pending["id"], "on": "2026-11-01" });
    let early = colleague.ask(VOUCH, wrong).await;
    assert_eq!(early.refusals("vouchForAddressChange"), ["INVALID spokenOn"]);
    let vouched = colleague.ask(VOUCH, variables.clone()).await;
    let vouched = &vouched.done("vouchForAddressChange")["addressChange"];
    assert_eq!(vouched["missing"], json!(["OLD", "NEW"]), "not at once");
    let twice = colleague.ask(VOUCH, variables).await;
    assert_eq!(twice.refusals("vouchForAddressChange"), ["CONFLICT"]);
    scene.app.drain().await;
    let notice = "Ihre E-Mail-Adresse wird geändert".to_owned();
    assert!(subjects(&scene.app, OLD).contains(&notice), "never unseen");
    press(&pages(&scene.app, NEW)[0], "confirm").await.is(200);
    scene.days_later(2).await;
    scene.app.sweep().await;
    assert_eq!(stored(&scene.app, expert).await, OLD);
    scene.days_later(1).await;
    scene.app.sweep().await;
    assert_eq!(stored(&scene.app, expert).await, NEW);
    let mut conn = scene.app.superuser().await;
    let by: Option<uuid::Uuid> =
        sqlx::query_scalar("SELECT actor_id FROM audit_events WHERE action = 'address.vouched'")
            .fetch_one(&mut conn)
            .await
            .expect("the audit log");
    assert_eq!(by, Some(colleague.user.uuid()));
    scene.app.ignore_mails();
    scene.app.finish().await;
}

#[tokio::test]
async fn this_was_not_me_ends_the_change_also_after_somebody_vouched_and_staff_are_told() {
    let mut scene = Scene::set().await;
    let expert = scene.expert("Weber").await;
    scene.app.advance(chrono::Duration::minutes(1));
    change(&scene.coordinator, expert, NEW).await;
    let pending = seen(&scene.coordinator, expert).await["addressChange"].clone();
    let colleague = scene.app.coordinator(scene.office).await;
    let variables = json!({ "id": pending["id"], "on": scene.app.api.today().to_string() });
    colleague
        .ask(VOUCH, variables)
        .await
        .done("vouchForAddressChange");
    scene.app.drain().await;
    press(&pages(&scene.app, NEW)[0], "confirm").await.is(200);
    let notice = pages(&scene.app, OLD).pop().expect("the notice");
    press(&notice, "contest")
        .await
        .is(200)
        .says(&["bleibt, wie sie war"]);
    scene.app.drain().await;
    let told = subjects(&scene.app, "buro.hamburg@office.example.org");
    assert_eq!(told, ["Neue E-Mail-Adresse nicht bestätigt: Ingrid Weber"]);
    scene.days_later(30).await;
    scene.app.sweep().await;
    assert_eq!(stored(&scene.app, expert).await, OLD);
    scene.app.ignore_mails();
    scene.app.finish().await;
}

#[tokio::test]
async fn a_change_that_nobody_confirms_runs_out_and_answers_are_heard_again() {
    let mut scene = Scene::set().await;
    let expert = scene.expert("Weber").await;
    change(&scene.coordinator, expert, NEW).await;
    scene.app.drain().await;
    let new = pages(&scene.app, NEW).remove(0);
    scene.days_later(14).await;
    press(&new, "confirm")
        .await
        .is(200)
        .says(&["Diese Änderung ist erledigt"]);
    let mut conn = scene.app.conn().await;
    let party = Party::Expert(expert);
    assert!(
        !addresses::is_frozen(&mut conn, &scene.app.api, party)
            .await
            .unwrap()
    );
    scene.app.sweep().await;
    assert_eq!(
        seen(&scene.coordinator, expert).await["addressChange"],
        Value::Null
    );
    assert_eq!(stored(&scene.app, expert).await, OLD);
    let told = subjects(&scene.app, "buro.hamburg@office.example.org");
    assert!(
        told.contains(&"Neue E-Mail-Adresse nicht bestätigt: Ingrid Weber".to_owned()),
        "{told:?}"
    );
    // entered once more
    change(&scene.coordinator, expert, NEW).await;
    assert_eq!(
        seen(&scene.coordinator, expert).await["addressChange"]["missing"],
        json!(["OLD", "NEW"])
    );
    scene.app.drain().await;
    scene.app.ignore_mails();
    scene.app.finish().await;
}

#[tokio::test]
async fn another_change_takes_the_place_of_the_one_under_way_and_editing_leaves_it_alone() {
    let scene = Scene::set().await;
    let expert = scene.expert("Weber").await;
    change(&scene.coordinator, expert, NEW).await;
    let first = seen(&scene.coordinator, expert).await["addressChange"]["id"].clone();
    // the same once more, the stored one as the record shows it, and something else
    change(&scene.coordinator, expert, NEW).await;
    change(&scene.coordinator, expert, OLD).await;
    assert_eq!(
        seen(&scene.coordinator, expert).await["addressChange"]["id"],
        first
    );
    scene.app.drain().await;
    let new = pages(&scene.app, NEW).remove(0);
    press(&new, "confirm").await.is(200);
    change(&scene.coordinator, expert, "weber@third.example.org").await;
    let second = seen(&scene.coordinator, expert).await["addressChange"].clone();
    assert_ne!(second["id"], first);
    assert_eq!(second["missing"], json!(["OLD", "NEW"]), "it begins anew");
    press(&pages(&scene.app, OLD)[0], "confirm")
        .await
        .says(&["Diese Änderung ist erledigt"]);
    assert_eq!(stored(&scene.app, expert).await, OLD);
    scene.app.drain().await;
    scene.app.ignore_mails();
    scene.app.finish().await;
}

#[tokio::test]
async fn no_program_writes_an_address_that_was_not_confirmed() {
    let scene = Scene::set().await;
    let expert = scene.expert("Weber").await;
    let mentee = scene.app.mentee(scene.center, "Samira").await;
    let mut conn = scene.app.conn().await;
    for (sql, id, constraint) in [
        (
            "UPDATE experts SET email = 'x@example.org' WHERE id = $1",
            expert.uuid(),
            "experts_email_confirmed",
        ),
        (
            "UPDATE mentees SET email = 'x@example.org' WHERE id = $1",
            mentee.uuid(),
            "mentees_email_confirmed",
        ),
        (
            "UPDATE mentees SET guardian_email = 'x@example.org' WHERE id = $1",
            mentee.uuid(),
            "mentees_guardian_email_confirmed",
        ),
    ] {
        let refused = sqlx::query(sql).bind(id).execute(&mut conn).await.expect_err(sql);
        let refused = refused.into_database_error().expect("a refusal of the database");
        assert_eq!(refused.constraint(), Some(constraint));
    }
    // nor a confirmation of one end alone
    change(&scene.coordinator, expert, NEW).await;
    let half =
        "UPDATE address_changes SET new_confirmed_at = asked_at, ended_at = asked_at, outcome = 'CONFIRMED'";
    let refused = sqlx::query(half).execute(&mut conn).await.expect_err("both ends");
    let refused = refused.into_database_error().expect("a refusal of the database");
    assert_eq!(refused.constraint(), Some("address_changes_confirmed_at_both"));
    scene.app.drain().await;
    scene.app.ignore_mails();
    scene.app.finish().await;
}

#[tokio::test]
async fn a_first_address_confirms_itself_and_one_that_was_taken_away_stays_the_last_confirmed() {
    let scene = Scene::set().await;
    let api = &scene.app.api;
    let id = scene.app.mentee(scene.center, "Samira").await;
    let party = Party::Mentee(id);
    let draft = |email: Option<&str>| MenteeDraft {
        given_name: "Samira".into(),
        family_name: "Ahmadi".into(),
        birth_date: Some(date("2004-02-01")),
        email: email.map(str::to_owned),
        language: Some("tr".into()),
        german_level: Some(CefrLevel::B1),
        ..MenteeDraft::default()
    };
    let staff = &scene.staff.caller;
    let first = "samira@mentee.example.org";
    mentees::update(api, staff, id, None, draft(Some(first)))
        .await
        .expect("a change");
    assert_eq!(mentee_addresses(&scene.app, party).await.0, None);
    let query = "query($id: ID!) { mentee(id: $id) { email addressChange { missing } guardianAddressChange { id } } }";
    let shown = scene.staff.ask(query, json!({ "id": gid(id) })).await;
    assert_eq!(shown.data()["mentee"]["addressChange"]["missing"], json!(["NEW"]));
    // whoever edits something else sends along what the record shows
    mentees::update(api, staff, id, None, draft(None))
        .await
        .expect("a change");
    scene.app.drain().await;
    assert_eq!(
        subjects(&scene.app, first),
        ["Lütfen bu e-posta adresini onaylayın"]
    );
    press(&pages(&scene.app, first)[0], "confirm")
        .await
        .says(&["artık geçerli"]);
    assert_eq!(
        mentee_addresses(&scene.app, party).await.0.as_deref(),
        Some(first)
    );
    // taken away, and another one added: the first is asked
    mentees::update(api, staff, id, None, draft(None))
        .await
        .expect("a change");
    assert_eq!(mentee_addresses(&scene.app, party).await.0, None);
    let other = "thief@elsewhere.example.org";
    mentees::update(api, staff, id, None, draft(Some(other)))
        .await
        .expect("a change");
    scene.app.drain().await;
    press(&pages(&scene.app, other)[0], "confirm").await.is(200);
    assert_eq!(
        mentee_addresses(&scene.app, party).await.0,
        None,
        "the first has not confirmed"
    );
    let asked = pages(&scene.app, first).pop().expect("the old address is asked");
    press(&asked, "contest").await.is(200);
    assert_eq!(mentee_addresses(&scene.app, party).await.0, None);
    scene.app.drain().await;
    scene.app.ignore_mails();
    scene.app.finish().await;
}

#[tokio::test]
async fn nothing_about_a_new_guardian_goes_to_the_one_before_and_the_change_is_asked_there() {
    let tandem = Tandem::with_a_minor().await;
    let api = &tandem.scene.app.api;
    let draft = MenteeDraft {
        given_name: "Samira".into(),
        family_name: "Ahmadi".into(),
        birth_date: Some(date("2009-06-01")),
        email: Some("samira@mentee.example.org".into()),
        language: Some("fa".into()),
        german_level: Some(CefrLevel::B1),
        guardian_kind: Some(GuardianKind::Institution),
        guardian_name: "Jugendamt Hamburg".into(),
        guardian_email: Some("jugendamt@hamburg.example.org".into()),
        ..MenteeDraft::default()
    };
    mentees::update(api, tandem.staff(), tandem.mentee_id, None, draft)
        .await
        .expect("a change");
    let party = Party::Mentee(tandem.mentee_id);
    let app = &tandem.scene.app;
    assert_eq!(
        mentee_addresses(app, party).await,
        (Some("samira@mentee.example.org".into()), None)
    );
    app.drain().await;
    let old = pages(app, "farid@guardian.example.org").remove(0);
    let new = pages(app, "jugendamt@hamburg.example.org").remove(0);
    press(&new, "confirm").await.is(200);
    press(&old, "confirm").await.is(200);
    assert_eq!(
        mentee_addresses(app, party).await.1.as_deref(),
        Some("jugendamt@hamburg.example.org")
    );
    tandem.finish().await;
}

#[tokio::test]
async fn the_sign_in_follows_the_address_and_open_sessions_end() {
    let scene = Scene::set().await;
    let app = &scene.app;
    let expert = scene.expert("Weber").await;
    let person = app.person("Ingrid", Grant::Expert(expert)).await;
    change(&scene.coordinator, expert, NEW).await;
    app.drain().await;
    press(&pages(app, OLD)[0], "confirm").await.is(200);
    press(&pages(app, NEW)[0], "confirm").await.is(200);
    let mut conn = app.superuser().await;
    let email: String = sqlx::query_scalar("SELECT email FROM users WHERE id = $1")
        .bind(person.user.uuid())
        .fetch_one(&mut conn)
        .await
        .expect("a user");
    assert_eq!(email, NEW);
    let me = person.ask("{ viewer { name } }", json!({})).await;
    assert!(
        me.body.get("errors").is_some() || me.body["data"]["viewer"].is_null(),
        "{}",
        me.body
    );
    app.drain().await;
    app.ignore_mails();
    scene.app.finish().await;
}

#[tokio::test]
async fn a_list_that_changes_an_address_asks_as_well_and_once() {
    use tandem_operations::import::{Kind, import};
    let scene = Scene::set().await;
    let app = &scene.app;
    let list = |email: &str| {
        format!(
            "externalId,office,givenName,familyName,postalCode,email\n7,Büro Hamburg,Ingrid,Weber,20099,{email}"
        )
    };
    let system = Caller::system();
    import(&app.api, &system, Kind::Experts, list(OLD).as_bytes())
        .await
        .expect("a list");
    let report = import(&app.api, &system, Kind::Experts, list(NEW).as_bytes())
        .await
        .expect("a list");
    assert_eq!((report.updated, report.bad.len()), (1, 0));
    let again = import(&app.api, &system, Kind::Experts, list(NEW).as_bytes())
        .await
        .expect("a list");
    assert_eq!((again.updated, again.unchanged), (0, 1));
    app.drain().await;
    assert_eq!(subjects(app, NEW), ["Bitte bestätigen Sie diese E-Mail-Adresse"]);
    let mut conn = app.superuser().await;
    let id: uuid::Uuid = sqlx::query_scalar("SELECT id FROM experts")
        .fetch_one(&mut conn)
        .await
        .unwrap();
    assert_eq!(stored(app, id.into()).await, OLD);
    // an import is nobody: any one of the office vouches
    let pending = seen(&scene.coordinator, id.into()).await["addressChange"].clone();
    let variables = json!({ "id": pending["id"], "on": app.api.today().to_string() });
    scene
        .coordinator
        .ask(VOUCH, variables)
        .await
        .done("vouchForAddressChange");
    app.drain().await;
    app.ignore_mails();
    scene.app.finish().await;
}

#[tokio::test]
async fn a_list_of_cases_that_changes_the_addresses_of_mentee_and_guardian_asks_as_well_and_once() {
    use tandem_operations::import::{Kind, import};
    let scene = Scene::set().await;
    let app = &scene.app;
    let list = |mentee: &str, guardian: &str| {
        format!(
            "externalId,center,givenName,familyName,birthDate,email,guardianKind,guardianName,guardianEmail,plannedStart,supportAreas,eligibilityConfirmed,menteeConsentOn,guardianConsentOn\n\
             1,Servicestelle Hamburg,Navid,Rezai,2010-02-01,{mentee},PERSON,Hana Rezai,{guardian},2027-01-15,LANGUAGE,ja,2026-11-20,2026-11-20"
        )
    };
    let take = async |list: String| {
        import(&app.api, &Caller::system(), Kind::Cases, list.as_bytes())
            .await
            .expect("a list")
    };
    let (old, new) = (
        ("navid@old.example.org", "hana@old.example.org"),
        ("navid@new.example.org", "hana@new.example.org"),
    );
    assert_eq!(take(list(old.0, old.1)).await.created, 1);
    let changed = take(list(new.0, new.1)).await;
    assert_eq!((changed.updated, changed.bad.len()), (1, 0), "{changed:?}");
    let again = take(list(new.0, new.1)).await;
    assert_eq!((again.updated, again.unchanged), (0, 1), "{again:?}");
    app.drain().await;
    for address in [new.0, new.1] {
        assert_eq!(
            subjects(app, address),
            ["Bitte bestätigen Sie diese E-Mail-Adresse"],
            "{address}"
        );
    }
    let stored: (Option<String>, Option<String>) =
        sqlx::query_as("SELECT email, guardian_email FROM mentees")
            .fetch_one(&mut app.superuser().await)
            .await
            .expect("a mentee");
    assert_eq!(stored, (Some(old.0.to_owned()), Some(old.1.to_owned())));
    app.ignore_mails();
    scene.app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_changes_at_the_same_moment_one_is_under_way() {
    let scene = Scene::set().await;
    for round in 0..10 {
        let expert = scene.expert(&format!("W{round}")).await;
        let system = Caller::system();
        let (a, b) = (format!("a{round}@example.org"), format!("b{round}@example.org"));
        let (first, second) = tokio::join!(
            experts::update(&scene.app.api, &system, expert, None, by_email(&a)),
            experts::update(&scene.app.api, &system, expert, None, by_email(&b))
        );
        first.expect("one waits for the other");
        second.expect("one waits for the other");
        let mut conn = scene.app.superuser().await;
        let outcomes: Vec<Option<String>> =
            sqlx::query_scalar("SELECT outcome FROM address_changes WHERE expert_id = $1 ORDER BY outcome")
                .bind(expert.uuid())
                .fetch_all(&mut conn)
                .await
                .expect("changes");
        assert_eq!(outcomes, [Some("REPLACED".to_owned()), None], "round {round}");
    }
    scene.app.drain().await;
    scene.app.ignore_mails();
    scene.app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_and_a_change_at_the_same_moment_come_one_after_the_other() {
    let scene = Scene::set().await;
    for round in 0..10 {
        let expert = scene.expert(&format!("W{round}")).await;
        let (_, asked) = scene.asked(&[expert]).await;
        let person = app_person(&scene, expert).await;
        let system = Caller::system();
        let email = format!("n{round}@example.org");
        let (said, changed) = tokio::join!(
            matches::answer_signed_in(&scene.app.api, &person, asked[0], Answer::Yes),
            experts::update(&scene.app.api, &system, expert, None, by_email(&email))
        );
        changed.expect("a change");
        let mut conn = scene.app.superuser().await;
        // an answer that counts lies before the change in the audit log, which is written in the same order
        let state = scene.state(asked[0]).await;
        match said {
            Ok(_) => assert_eq!(state, MatchState::Interested),
            Err(_) => assert_eq!(state, MatchState::Approached, "round {round}"),
        }
        let frozen = addresses::is_frozen(&mut conn, &scene.app.api, Party::Expert(expert)).await;
        assert!(frozen.expect("a change"));
    }
    scene.app.drain().await;
    scene.app.ignore_mails();
    scene.app.finish().await;
}

async fn app_person(scene: &Scene, expert: ExpertId) -> Caller {
    scene.app.person("Person", Grant::Expert(expert)).await.caller
}

#[tokio::test]
async fn who_holds_an_old_link_gets_a_new_one_at_the_confirmed_address_once_a_day_and_learns_nothing() {
    let mut scene = Scene::set().await;
    let expert = scene.expert("Weber").await;
    let (_, asked) = scene.asked(&[expert]).await;
    scene.app.drain().await;
    let approach = scene.link("weber");
    scene.app.advance(chrono::Duration::minutes(1));
    change(&scene.coordinator, expert, NEW).await;
    scene.app.drain().await;
    scene.app.ignore_mails();
    let page = Browser::new().get(&approach).await;
    page.is(410).says(&["Neuen Link schicken"]);
    let token = approach.rsplit('/').next().expect("a token");
    let again = format!("{}/p/again/{token}", scene.app.url);
    let known = Browser::new().post(&again, &[("lang", "de")]).await;
    Browser::new().post(&again, &[("lang", "de")]).await.is(200);
    let made_up = format!("{}/p/again/AAAA", scene.app.url);
    let unknown = Browser::new().post(&made_up, &[("lang", "de")]).await;
    assert_eq!((known.status, &known.html), (unknown.status, &unknown.html));
    scene.app.drain().await;
    let links = |app: &TestApp| {
        let mails = app.mails_to(OLD);
        mails
            .iter()
            .filter(|mail| mail.subject == "Ihr neuer Link")
            .count()
    };
    assert_eq!(links(&scene.app), 1, "the confirmed address, once a day");
    assert!(
        subjects(&scene.app, NEW)
            .iter()
            .all(|subject| subject != "Ihr neuer Link")
    );
    scene.days_later(1).await;
    persons::send_again(&scene.app.api, token, "192.0.2.1")
        .await
        .expect("the next day");
    scene.app.drain().await;
    assert_eq!(links(&scene.app), 2);
    let text = scene
        .app
        .mails_to(OLD)
        .last()
        .and_then(|mail| mail.text.clone())
        .expect("a text");
    let start = text.find("/p/me/").expect("a link");
    let end = text[start..].find(['\n', '\r', ' ']).expect("its end");
    let url = format!("{}{}", scene.app.url, &text[start..start + end]);
    Browser::new()
        .get(&format!("{url}/match/{}/answer", asked[0]))
        .await
        .is(200);
    scene.app.ignore_mails();
    scene.app.finish().await;
}
