//! The mail catcher in conversation with the mail library that the product uses.

use std::sync::Arc;
use std::time::{Duration, Instant};

use lettre::message::{Mailbox, Message, MultiPart};
use lettre::transport::smtp::Error;
use lettre::{AsyncSmtpTransport, AsyncTransport, Tokio1Executor};
use serde_json::{Value, json};
use tandem_devkit::catcher::{Catcher, Count, Rule, Stage};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const PATIENCE: Duration = Duration::from_secs(20);

type Sender = AsyncSmtpTransport<Tokio1Executor>;

fn sender(catcher: &Catcher) -> Sender {
    Sender::from_url(&catcher.smtp_url())
        .unwrap()
        .timeout(Some(PATIENCE))
        .build()
}

fn mail(to: &str, id: &str) -> Message {
    let address = |text: &str| text.parse::<Mailbox>().unwrap();
    let bodies = MultiPart::alternative_plain_html(
        "Grüße an alle\r\n.\r\n..zwei Punkte\r\nhttps://example.org/antwort?x=1\r\n".to_owned(),
        "<p>Grüße <a href=\"https://example.org/antwort?x=1\">an alle</a></p><script>alert(1)</script>"
            .to_owned(),
    );
    Message::builder()
        .from(address("Büro <office@example.org>"))
        .to(address(to))
        .subject("Ein neuer Fall für Sie: Prüfung")
        .message_id(Some(format!("<{id}@example.org>")))
        .multipart(bodies)
        .unwrap()
}

async fn send(catcher: &Catcher, to: &str, id: &str) -> Result<(), Error> {
    sender(catcher).send(mail(to, id)).await.map(|_| ())
}

#[tokio::test]
async fn a_mail_arrives_whole_and_decoded() {
    let catcher = Catcher::start().await.unwrap();
    send(&catcher, "Ida <ida@example.org>", "1").await.unwrap();
    let message = catcher
        .wait_for_message_to("IDA@example.org", PATIENCE)
        .await
        .unwrap();
    assert_eq!(message.subject, "Ein neuer Fall für Sie: Prüfung");
    assert_eq!(message.from, "Büro <office@example.org>");
    assert_eq!(message.sender, "office@example.org");
    assert_eq!(message.message_id.as_deref(), Some("1@example.org"));
    let text = message.text.as_deref().unwrap();
    assert!(text.contains("Grüße an alle\r\n.\r\n..zwei Punkte"), "{text}");
    assert!(message.html.as_deref().unwrap().contains("Grüße <a"));
    assert_eq!(message.links(), ["https://example.org/antwort?x=1"]);
}

#[tokio::test]
async fn an_address_outside_of_ascii_is_taken() {
    let catcher = Catcher::start().await.unwrap();
    send(&catcher, "jörg@example.org", "1").await.unwrap();
    assert_eq!(catcher.messages_to("jörg@example.org").len(), 1);
}

#[tokio::test]
async fn hundreds_of_mails_arrive_once_each() {
    let catcher = Catcher::start().await.unwrap();
    let sender = Arc::new(sender(&catcher));
    let workers = (0..8).map(|worker| {
        let sender = Arc::clone(&sender);
        tokio::spawn(async move {
            for number in 0..50 {
                let to = format!("expert{}@example.org", number % 10);
                sender
                    .send(mail(&to, &format!("{worker}-{number}")))
                    .await
                    .unwrap();
            }
        })
    });
    for worker in workers.collect::<Vec<_>>() {
        worker.await.unwrap();
    }
    assert_eq!(
        catcher.count(),
        Count {
            deliveries: 400,
            messages: 400
        }
    );
    assert_eq!(catcher.messages_to("expert3@example.org").len(), 8 * 5);
}

#[tokio::test]
async fn a_refusal_is_temporary_or_permanent_as_asked_and_for_the_address_asked() {
    let catcher = Catcher::start().await.unwrap();
    catcher
        .inject(Rule::refuse(Stage::Recipient, 451).times(1))
        .unwrap();
    catcher
        .inject(Rule::refuse(Stage::Data, 554).to("full@example.org"))
        .unwrap();
    assert!(
        send(&catcher, "ida@example.org", "1")
            .await
            .unwrap_err()
            .is_transient()
    );
    send(&catcher, "ida@example.org", "1").await.unwrap();
    for _ in 0..2 {
        assert!(
            send(&catcher, "full@example.org", "2")
                .await
                .unwrap_err()
                .is_permanent()
        );
    }
    assert_eq!(
        catcher.count(),
        Count {
            deliveries: 1,
            messages: 1
        }
    );
    catcher.clear_faults();
    send(&catcher, "full@example.org", "2").await.unwrap();
    assert_eq!(catcher.count().deliveries, 2);
}

#[tokio::test]
async fn a_refusal_at_the_greeting_reaches_the_sender() {
    let catcher = Catcher::start().await.unwrap();
    catcher
        .inject(Rule::refuse(Stage::Greeting, 421).times(1))
        .unwrap();
    assert!(
        send(&catcher, "ida@example.org", "1")
            .await
            .unwrap_err()
            .is_transient()
    );
    send(&catcher, "ida@example.org", "1").await.unwrap();
}

#[tokio::test]
async fn a_connection_can_be_dropped_before_the_greeting_and_before_the_message_is_stored() {
    let catcher = Catcher::start().await.unwrap();
    for stage in [Stage::Greeting, Stage::Recipient, Stage::Data] {
        catcher.inject(Rule::drop(stage).times(1)).unwrap();
        send(&catcher, "ida@example.org", "1").await.unwrap_err();
        assert!(catcher.faults().is_empty());
    }
    assert_eq!(catcher.count().deliveries, 0);
    send(&catcher, "ida@example.org", "1").await.unwrap();
}

#[tokio::test]
async fn a_mail_whose_acceptance_got_lost_is_counted_twice_when_it_is_sent_again() {
    let catcher = Catcher::start().await.unwrap();
    catcher.inject(Rule::drop(Stage::Stored).times(1)).unwrap();
    send(&catcher, "ida@example.org", "1").await.unwrap_err();
    assert_eq!(
        catcher.count(),
        Count {
            deliveries: 1,
            messages: 1
        }
    );
    send(&catcher, "ida@example.org", "1").await.unwrap();
    assert_eq!(
        catcher.count(),
        Count {
            deliveries: 2,
            messages: 1
        }
    );
}

#[tokio::test]
async fn a_delayed_reply_comes_late() {
    let catcher = Catcher::start().await.unwrap();
    let delay = Duration::from_millis(150);
    catcher
        .inject(Rule::delay(Stage::Stored, delay).times(1))
        .unwrap();
    let start = Instant::now();
    send(&catcher, "ida@example.org", "1").await.unwrap();
    assert!(start.elapsed() >= delay);
}

#[tokio::test]
async fn a_rule_that_makes_no_sense_is_refused() {
    let catcher = Catcher::start().await.unwrap();
    let problem = catcher.inject(Rule::refuse(Stage::Data, 250)).unwrap_err();
    assert!(problem.to_string().starts_with("code: 250"), "{problem}");
}

#[tokio::test]
async fn waiting_in_vain_says_what_is_there() {
    let catcher = Catcher::start().await.unwrap();
    send(&catcher, "ida@example.org", "1").await.unwrap();
    let problem = catcher
        .wait_for(2, Duration::from_millis(1))
        .await
        .unwrap_err()
        .to_string();
    assert!(
        problem.contains("2 mails did not arrive") && problem.contains("1 deliveries"),
        "{problem}"
    );
}

#[tokio::test]
async fn a_dropped_catcher_frees_its_ports() {
    let catcher = Catcher::start().await.unwrap();
    let address = catcher.smtp_url().replace("smtp://", "");
    let mut open = TcpStream::connect(&address).await.unwrap();
    drop(catcher);
    let mut rest = Vec::new();
    let _ = open.read_to_end(&mut rest).await;
    TcpStream::connect(&address).await.unwrap_err();
}

#[tokio::test]
async fn a_confused_client_is_told_so_and_may_go_on() {
    let catcher = Catcher::start().await.unwrap();
    let mut stream = TcpStream::connect(catcher.smtp_url().replace("smtp://", ""))
        .await
        .unwrap();
    let lines = "NONSENSE\r\nDATA\r\nRCPT TO:<a@example.org>\r\nMAIL FROM:<>\r\nMAIL FROM:<b@example.org>\r\n\
                 RCPT TO:<a@example.org>\r\nDATA\r\n";
    stream.write_all(lines.as_bytes()).await.unwrap();
    stream
        .write_all(b"Subject: x\r\n\r\nbody\r\n.\r\nQUIT\r\n")
        .await
        .unwrap();
    let mut said = String::new();
    stream.read_to_string(&mut said).await.unwrap();
    let codes: Vec<_> = said.lines().map(|line| &line[..3]).collect();
    assert_eq!(
        codes,
        [
            "220", "500", "503", "503", "250", "503", "250", "354", "250", "221"
        ],
        "{said}"
    );
    assert_eq!(catcher.messages()[0].sender, "");
}

#[tokio::test]
async fn the_json_interface_lists_counts_clears_and_injects() {
    let catcher = Catcher::start().await.unwrap();
    let base = catcher.http_url();
    let client = reqwest::Client::new();
    let get = async |path: &str| {
        client
            .get(format!("{base}{path}"))
            .send()
            .await
            .unwrap()
            .json::<Value>()
            .await
            .unwrap()
    };
    for (to, id) in [
        ("ida@example.org", "1"),
        ("max@example.org", "2"),
        ("ida@example.org", "3"),
    ] {
        send(&catcher, to, id).await.unwrap();
    }
    let list = get("/api/messages?to=Ida@example.org&limit=1").await;
    assert_eq!(list["total"], 2);
    assert_eq!(list["messages"].as_array().unwrap().len(), 1);
    assert_eq!(list["messages"][0]["message_id"], "1@example.org");
    assert_eq!(get("/api/messages?after=2").await["messages"][0]["id"], 3);
    assert_eq!(
        get("/api/messages/2").await["recipients"],
        json!(["max@example.org"])
    );
    assert_eq!(
        get("/api/count?to=ida@example.org").await,
        json!({ "deliveries": 2, "messages": 2 })
    );
    assert_eq!(get("/api/messages/77").await["error"], "there is no message 77");

    let faults = format!("{base}/api/faults");
    let rule = json!({ "stage": "recipient", "action": "refuse", "code": 550, "to": "max@example.org" });
    assert_eq!(
        client.post(&faults).json(&rule).send().await.unwrap().status(),
        204
    );
    assert_eq!(get("/api/faults").await, json!([rule]));
    assert!(
        send(&catcher, "max@example.org", "4")
            .await
            .unwrap_err()
            .is_permanent()
    );
    let wrong = json!({ "stage": "data", "action": "refuse", "code": 200 });
    let answer = client.post(&faults).json(&wrong).send().await.unwrap();
    assert_eq!(answer.status(), 422);
    assert!(answer.text().await.unwrap().contains("code: 200 is no refusal"));
    assert_eq!(client.delete(&faults).send().await.unwrap().status(), 204);
    assert_eq!(get("/api/faults").await, json!([]));

    assert_eq!(
        client
            .delete(format!("{base}/api/messages"))
            .send()
            .await
            .unwrap()
            .status(),
        204
    );
    assert_eq!(get("/api/count").await["deliveries"], 0);
}

#[tokio::test]
async fn the_inbox_shows_mails_and_lets_nothing_in_them_run() {
    let catcher = Catcher::start().await.unwrap();
    let base = catcher.http_url();
    let get = async |path: &str| reqwest::get(format!("{base}{path}")).await.unwrap();
    assert!(get("/").await.text().await.unwrap().contains("No mail yet"));
    send(&catcher, "\"<b>Ida</b>\" <ida@example.org>", "1")
        .await
        .unwrap();

    let inbox = get("/").await.text().await.unwrap();
    assert!(
        inbox.contains("Ein neuer Fall für Sie: Prüfung") && inbox.contains("1 mail<"),
        "{inbox}"
    );
    assert!(!inbox.contains("<b>Ida"), "{inbox}");
    assert!(
        get("/?q=nobody")
            .await
            .text()
            .await
            .unwrap()
            .contains("No mail matches")
    );
    assert!(
        get("/?q=PRÜFUNG")
            .await
            .text()
            .await
            .unwrap()
            .contains("/messages/1")
    );

    let page = get("/messages/1").await.text().await.unwrap();
    assert!(
        page.contains("<iframe") && page.contains("sandbox=\"allow-popups"),
        "{page}"
    );
    let text = get("/messages/1?view=text").await.text().await.unwrap();
    assert!(
        text.contains("Grüße an alle") && !text.contains("<iframe"),
        "{text}"
    );
    assert!(
        get("/messages/1?view=source")
            .await
            .text()
            .await
            .unwrap()
            .contains("Message-ID: &#60;1@example.org")
    );

    let html = get("/messages/1/html").await;
    let policy = html.headers()["content-security-policy"]
        .to_str()
        .unwrap()
        .to_owned();
    assert!(
        policy.starts_with("sandbox ") && policy.contains("default-src 'none'"),
        "{policy}"
    );
    assert!(!policy.contains("allow-scripts"), "{policy}");
    assert_eq!(get("/messages/2").await.status(), 404);
}
