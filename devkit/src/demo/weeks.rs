//! What came before: the first weeks of a handful of tandems, with a clock that starts four weeks ago. Staff
//! act through the API; experts and mentees follow the links in their mails and fill in the forms.

use anyhow::{Context, Result};
use chrono::{DateTime, Days, Duration, NaiveDate, NaiveTime, TimeZone, Utc};
use serde_json::{Value, json};
use tandem_domain::clock::{Clock, SystemClock, ZONE};

use super::client::{Client, Visitor, text};
use super::staff::{self, COORDINATOR};
use crate::stack::Stack;

/// How long ago the invented programme begins.
const DAYS: i64 = 28;
/// How many experts are asked by hand.
const ASKED: usize = 5;
/// The hour in Germany at which things happen: a working hour, when mails may go out.
const HOUR: u32 = 10;

/// How far the clock is moved so many days after the beginning.
pub(super) fn shift(days: i64) -> Duration {
    let now = SystemClock.now();
    if days >= DAYS {
        return Duration::zero();
    }
    moment(now, days) - now
}

/// Ten o'clock in Germany, so many days after the beginning.
fn moment(now: DateTime<Utc>, days: i64) -> DateTime<Utc> {
    let ten = NaiveTime::from_hms_opt(HOUR, 0, 0).expect("a constant");
    let local = day(days).and_time(ten);
    ZONE.from_local_datetime(&local)
        .earliest()
        .map_or(now, |at| at.to_utc())
}

/// The day so many days after the beginning.
pub(super) fn day(days: i64) -> NaiveDate {
    let back = u64::try_from(DAYS - days).unwrap_or_default();
    SystemClock.today() - Days::new(back)
}

/// Somebody who was asked, and for whom.
#[derive(Debug)]
struct Asked {
    matching: String,
    expert: Person,
    mentee: Person,
}

#[derive(Debug)]
struct Person {
    name: String,
    email: String,
}

/// Lives through the weeks; at the end the clock is the machine's.
pub(super) async fn live(stack: &mut Stack) -> Result<()> {
    let coordinator = Client::signed_in(stack, COORDINATOR).await?;
    let center = busiest_center(&coordinator).await?;
    println!(
        "Four weeks ago: a coordinator asks experts near {} by hand.",
        center.1
    );
    let asked = ask(stack, &coordinator, &center.0).await?;
    let [silent, declining, forming @ ..] = asked.as_slice() else {
        println!("  In so small a programme there are not enough experts for it.");
        return stack.move_clock(Duration::zero()).await;
    };
    decline(stack, declining).await?;
    for tandem in forming {
        agree(stack, tandem).await?;
    }
    println!(
        "  {} say yes by the link in the mail, {} says no (too far), {} is silent.",
        names(forming, |asked| &asked.expert),
        declining.expert.name,
        silent.expert.name
    );

    stack.move_clock(shift(1)).await?;
    let staff = staff::of_center(stack, &center.0, &center.1).await?;
    introduce(stack, &staff, forming).await?;
    stack.move_clock(shift(6)).await?;
    let (parting, staying) = forming.split_last().context("nobody said yes")?;
    meet(stack, parting, "NO").await?;
    println!(
        "  After the first meeting {} would rather not; nobody learns who said so, and the case searches on.",
        parting.mentee.name
    );
    for tandem in staying {
        meet(stack, tandem, "YES").await?;
        sign(stack, tandem).await?;
    }
    for week in 1..=3 {
        stack.move_clock(shift(6 + 7 * week)).await?;
        for tandem in staying {
            note_a_meeting(stack, tandem, 6 + 7 * week).await?;
        }
    }
    stack.move_clock(shift(DAYS)).await?;
    tell_how_they_stand(stack, staying).await
}

fn names(asked: &[Asked], who: impl Fn(&Asked) -> &Person) -> String {
    let names: Vec<&str> = asked.iter().map(|asked| who(asked).name.as_str()).collect();
    names.join(", ")
}

/// Id and name of the centre with the most cases.
async fn busiest_center(coordinator: &Client) -> Result<(String, String)> {
    let data = coordinator
        .query(
            "{ cases(first: 100, filter: { states: [SEARCHING] }) { nodes { center { id name } } } }",
            json!({}),
        )
        .await?;
    let mut counted: Vec<(usize, String, String)> = Vec::new();
    for case in nodes(&data["cases"]) {
        let (id, name) = (text(&case["center"]["id"]), text(&case["center"]["name"]));
        match counted.iter_mut().find(|(_, known, _)| known == id) {
            Some((count, ..)) => *count += 1,
            None => counted.push((1, id.to_owned(), name.to_owned())),
        }
    }
    let busiest = counted.into_iter().max_by_key(|(count, ..)| *count);
    let (_, id, name) = busiest.context("no case waits for an expert")?;
    Ok((id, name))
}

fn nodes(connection: &Value) -> impl Iterator<Item = &Value> {
    connection["nodes"].as_array().into_iter().flatten()
}

/// Asks the best ready expert for one case each: of adults who have an e-mail address, since minors bring
/// their guardians, and who has no address comes by a code on paper.
async fn ask(stack: &Stack, coordinator: &Client, center: &str) -> Result<Vec<Asked>> {
    let data = coordinator
        .query(
            "query($center: ID!) { cases(first: 60, filter: { states: [SEARCHING], centerId: $center }) {
                nodes { id mentee { givenName familyName email guardian { name } } } } }",
            json!({ "center": center }),
        )
        .await?;
    let mut asked: Vec<Asked> = Vec::new();
    for case in nodes(&data["cases"]) {
        let mentee = &case["mentee"];
        if !mentee["guardian"].is_null() || mentee["email"].is_null() {
            continue;
        }
        let data = coordinator
            .query(
                "query($case: ID!) { caseCandidates(caseId: $case, first: 20) { candidates {
                    missing expert { id name email } } } }",
                json!({ "case": case["id"] }),
            )
            .await?;
        let candidates = data["caseCandidates"]["candidates"].as_array();
        let best = candidates.into_iter().flatten().find(|candidate| {
            let email = text(&candidate["expert"]["email"]);
            let ready = candidate["missing"].as_array().is_some_and(Vec::is_empty);
            ready && !email.is_empty() && asked.iter().all(|other| other.expert.email != email)
        });
        let Some(expert) = best.map(|candidate| &candidate["expert"]) else {
            continue;
        };
        let payload = coordinator
            .mutate(
                "approachExperts",
                "mutation($case: ID!, $experts: [ID!]!) { approachExperts(caseId: $case, expertIds: $experts) {
                    matches { id } userErrors { field message } } }",
                json!({ "case": case["id"], "experts": [expert["id"]] }),
            )
            .await?;
        let mentee_name = format!("{} {}", text(&mentee["givenName"]), text(&mentee["familyName"]));
        asked.push(Asked {
            matching: text(&payload["matches"][0]["id"]).to_owned(),
            expert: Person::new(text(&expert["name"]), text(&expert["email"])),
            mentee: Person::new(&mentee_name, text(&mentee["email"])),
        });
        if asked.len() == ASKED {
            break;
        }
    }
    for asked in &asked {
        Visitor::of(stack, &asked.expert.email).link("/p/answer/").await?;
    }
    Ok(asked)
}

impl Person {
    fn new(name: &str, email: &str) -> Self {
        Self {
            name: name.to_owned(),
            email: email.to_owned(),
        }
    }
}

async fn agree(stack: &Stack, asked: &Asked) -> Result<()> {
    let expert = Visitor::of(stack, &asked.expert.email);
    let link = expert.link("/p/answer/").await?;
    expert.post(&link, &[("answer", "yes")]).await
}

async fn decline(stack: &Stack, asked: &Asked) -> Result<()> {
    let expert = Visitor::of(stack, &asked.expert.email);
    let link = expert.link("/p/answer/").await?;
    expert.post(&link, &[("answer", "no")]).await?;
    expert
        .post(&format!("{link}/reason"), &[("reason", "too_far")])
        .await
}

/// The centre introduces everybody and tells what the mentees need; the experts propose a day by the link
/// in the mail that introduces them.
async fn introduce(stack: &Stack, staff: &Client, tandems: &[Asked]) -> Result<()> {
    for tandem in tandems {
        staff
            .mutate(
                "introduceMatch",
                "mutation($id: ID!) { introduceMatch(id: $id) { userErrors { field message } } }",
                json!({ "id": tandem.matching }),
            )
            .await?;
        staff
            .mutate(
                "recordNeedsBriefing",
                "mutation($id: ID!, $on: Date!, $note: String!) { recordNeedsBriefing(id: $id, on: $on, note: $note) {
                    userErrors { field message } } }",
                json!({ "id": tandem.matching, "on": day(1), "note": "Deutsch für die Berufsschule zuerst" }),
            )
            .await?;
        let plan = [
            ("day", &*day(5).to_string()),
            ("time", "15:00"),
            ("place", "in der Servicestelle"),
        ];
        let expert = Visitor::of(stack, &tandem.expert.email);
        expert.post_about("first", &plan).await?;
    }
    println!(
        "  The centre introduces them; their first meetings are planned for {}.",
        day(5)
    );
    Ok(())
}

/// The expert notes the first meeting; both say, each alone, whether they want to go on.
async fn meet(stack: &Stack, tandem: &Asked, mentees_verdict: &str) -> Result<()> {
    let expert = Visitor::of(stack, &tandem.expert.email);
    let mentee = Visitor::of(stack, &tandem.mentee.email);
    let held = [("on", &*day(5).to_string())];
    expert.post_about("first/held", &held).await?;
    let verdict = [("verdict", mentees_verdict), ("sure", "yes")];
    mentee.post_about("verdict", &verdict).await?;
    expert.post_about("verdict", &[("verdict", "YES")]).await
}

/// The expert writes down what was agreed; both sign.
async fn sign(stack: &Stack, tandem: &Asked) -> Result<()> {
    let expert = Visitor::of(stack, &tandem.expert.email);
    let mentee = Visitor::of(stack, &tandem.mentee.email);
    let (starts, ends) = (day(6).to_string(), (day(6) + Days::new(364)).to_string());
    let agreement = [
        ("areas", "LANGUAGE"),
        ("areas", "APPLICATION"),
        ("rhythm_days", "7"),
        ("place", "in der Servicestelle"),
        ("channels", "IN_PERSON"),
        (
            "goals",
            "Eine Bewerbung schreiben und einen Ausbildungsplatz finden",
        ),
        ("starts_on", &starts),
        ("ends_on", &ends),
    ];
    expert.post_about("agreement/write", &agreement).await?;
    let signature = [("version", "1"), ("agree", "yes")];
    expert.post_about("agreement", &signature).await?;
    mentee.post_about("agreement", &signature).await?;
    println!(
        "  {} and {} sign their agreement on {}.",
        tandem.expert.name,
        tandem.mentee.name,
        day(6)
    );
    Ok(())
}

async fn note_a_meeting(stack: &Stack, tandem: &Asked, days: i64) -> Result<()> {
    let on = day(days).min(SystemClock.today()).to_string();
    let meeting = [
        ("day", &*on),
        ("kind", "IN_PERSON"),
        ("minutes", "90"),
        ("areas", "LANGUAGE"),
        ("key", &*format!("meeting-{on}")),
    ];
    let expert = Visitor::of(stack, &tandem.expert.email);
    expert.post_about("meetings", &meeting).await
}

async fn tell_how_they_stand(stack: &Stack, tandems: &[Asked]) -> Result<()> {
    let coordinator = Client::signed_in(stack, COORDINATOR).await?;
    for tandem in tandems {
        let data = coordinator
            .query(
                "query($id: ID!) { match(id: $id) { state course { meetings } } }",
                json!({ "id": tandem.matching }),
            )
            .await?;
        println!(
            "  Today {} and {} are {}: {} meetings.",
            tandem.expert.name,
            tandem.mentee.name,
            text(&data["match"]["state"]),
            data["match"]["course"]["meetings"],
        );
    }
    Ok(())
}
