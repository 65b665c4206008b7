//! The mailer against a server that answers as a script says, one script a connection.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
    time::Duration,
};

use chrono::{TimeZone, Utc};
use lettre::Message;
use tandem_mail::{
    Envelope, Language, MailAddress, RenderedMail, SendError, SmtpMailer, SmtpOptions, message,
};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
};

/// What the server does instead of saying yes, the first time it is asked for this step.
#[derive(Clone, Copy)]
enum Act {
    Say(&'static str),
    Close,
    SayAndClose(&'static str),
    Hang,
}

/// The steps at which one connection behaves in another way: the verb (`GREETING`, `.` for the end of the
/// message), how many times it goes well before, and what happens then.
type Script = Vec<(&'static str, usize, Act)>;

#[derive(Clone, Default)]
struct Seen(Arc<Mutex<Vec<Vec<String>>>>);

impl Seen {
    fn connections(&self) -> usize {
        self.0.lock().unwrap().len()
    }

    fn commands(&self, connection: usize) -> Vec<String> {
        self.0.lock().unwrap()[connection].clone()
    }

    /// How many messages were taken, over all connections.
    fn taken(&self) -> usize {
        self.0
            .lock()
            .unwrap()
            .iter()
            .flatten()
            .filter(|command| *command == "TAKEN")
            .count()
    }
}

/// Starts a server that follows `scripts`, a connection each, and says yes to everything afterwards.
async fn server(scripts: Vec<Script>) -> (String, Seen) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("smtp://{}", listener.local_addr().unwrap());
    let seen = Seen::default();
    let log = seen.clone();
    tokio::spawn(async move {
        let mut scripts = VecDeque::from(scripts);
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let number = {
                let mut log = log.0.lock().unwrap();
                log.push(Vec::new());
                log.len() - 1
            };
            tokio::spawn(converse(
                stream,
                scripts.pop_front().unwrap_or_default(),
                log.clone(),
                number,
            ));
        }
    });
    (url, seen)
}

async fn converse(stream: TcpStream, mut script: Script, log: Seen, number: usize) -> Option<()> {
    let mut stream = BufReader::new(stream);
    let mut step = "GREETING".to_owned();
    loop {
        let planned = script.iter_mut().position(|(verb, left, _)| {
            let due = *verb == step && *left == 0;
            *left -= usize::from(*verb == step && *left > 0);
            due
        });
        let usual = match step.as_str() {
            "GREETING" => "220 ready",
            "EHLO" => "250-here\r\n250 8BITMIME",
            "DATA" => "354 go on",
            "QUIT" => "221 bye",
            _ => "250 fine",
        };
        let act = planned.map_or(Act::Say(usual), |position| script.remove(position).2);
        if let Act::Say(reply) | Act::SayAndClose(reply) = act {
            if step == "." && reply.starts_with('2') {
                log.0.lock().unwrap()[number].push("TAKEN".to_owned());
            }
            stream.write_all(format!("{reply}\r\n").as_bytes()).await.ok()?;
        }
        match act {
            Act::Say(_) => {}
            Act::Close | Act::SayAndClose(_) => return None,
            Act::Hang => std::future::pending().await,
        }
        let in_message = step == "DATA" && matches!(act, Act::Say(reply) if reply.starts_with('3'));
        loop {
            let mut line = String::new();
            if stream.read_line(&mut line).await.ok()? == 0 {
                return None;
            }
            if in_message && line != ".\r\n" {
                continue;
            }
            step = line.split_whitespace().next().unwrap_or_default().to_owned();
            log.0.lock().unwrap()[number].push(step.clone());
            break;
        }
    }
}

fn mail_to(address: &str) -> Message {
    let person = |address: &str| MailAddress {
        name: None,
        address: address.to_owned(),
    };
    let mail = RenderedMail {
        language: Language::De,
        subject: "Guten Tag".to_owned(),
        text: "Grüße\n.\n..\nEnde\n".to_owned(),
        html: "<p>Grüße</p>\n".to_owned(),
    };
    let envelope = Envelope {
        from: person("post@tandem.example"),
        reply_to: person("katrin.sommer@tandem.example"),
        to: person(address),
        message_id: "a@tandem.example".to_owned(),
        date: Utc.with_ymd_and_hms(2026, 11, 23, 8, 0, 0).unwrap(),
        auto_submitted: true,
        list_unsubscribe: None,
    };
    message(&mail, &envelope).unwrap()
}

fn mail() -> Message {
    mail_to("m.weber@mail.example")
}

fn mailer(url: &str) -> SmtpMailer {
    SmtpMailer::new(url, SmtpOptions::default()).unwrap()
}

fn permanent(code: u16, message: &str) -> SendError {
    SendError::Permanent {
        code: Some(code),
        message: message.to_owned(),
    }
}

fn transient(code: u16, message: &str) -> SendError {
    SendError::Transient {
        code: Some(code),
        message: message.to_owned(),
    }
}

#[tokio::test]
async fn mails_one_after_another_share_a_connection() {
    let (url, seen) = server(vec![]).await;
    let mailer = mailer(&url);
    for _ in 0..3 {
        mailer.send(&mail()).await.unwrap();
    }
    assert_eq!((seen.connections(), seen.taken()), (1, 3));
    mailer.close().await;
    assert_eq!(seen.commands(0).last().map(String::as_str), Some("QUIT"));
}

#[tokio::test]
async fn a_5xx_to_sender_recipient_or_content_is_permanent() {
    for verb in ["MAIL", "RCPT", "DATA", "."] {
        let (url, _) = server(vec![vec![(
            verb,
            0,
            Act::Say("550 5.1.1 <m.weber@mail.example> unknown"),
        )]])
        .await;
        let error = mailer(&url).send(&mail()).await.unwrap_err();
        assert_eq!(error, permanent(550, "550 5.1.1 <[address]> unknown"), "{verb}");
    }
}

#[tokio::test]
async fn a_4xx_at_any_step_is_transient() {
    for verb in ["GREETING", "EHLO", "MAIL", "RCPT", "DATA", "."] {
        let (url, _) = server(vec![vec![(verb, 0, Act::Say("451 4.3.0 try again"))]]).await;
        let error = mailer(&url).send(&mail()).await.unwrap_err();
        assert_eq!(error, transient(451, "451 4.3.0 try again"), "{verb}");
    }
}

#[tokio::test]
async fn a_refusal_of_us_is_no_refusal_of_the_mail() {
    for (verb, reply, code) in [
        ("GREETING", "554 no service for you", 554),
        ("EHLO", "550 bad name", 550),
        ("MAIL", "530 5.7.0 authentication required", 530),
        ("RCPT", "535 5.7.8 wrong password", 535),
    ] {
        let (url, _) = server(vec![vec![(verb, 0, Act::Say(reply))]]).await;
        assert_eq!(
            mailer(&url).send(&mail()).await.unwrap_err(),
            transient(code, reply),
            "{verb}"
        );
    }
}

#[tokio::test]
async fn a_lost_connection_is_transient_at_every_step() {
    for verb in ["GREETING", "EHLO", "MAIL", "RCPT", "DATA", "."] {
        let (url, _) = server(vec![vec![(verb, 0, Act::Close)]]).await;
        let error = mailer(&url).send(&mail()).await.unwrap_err();
        assert!(
            matches!(&error, SendError::Transient { code: None, message } if !message.is_empty()),
            "{error:?}"
        );
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_is_transient() {
    // Nothing listens on a port whose listener is gone.
    let port = TcpListener::bind("127.0.0.1:0")
        .await
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let error = mailer(&format!("smtp://127.0.0.1:{port}"))
        .send(&mail())
        .await
        .unwrap_err();
    assert!(
        matches!(error, SendError::Transient { code: None, .. }),
        "{error:?}"
    );
}

#[tokio::test]
async fn a_server_that_stops_answering_is_given_up_and_its_connection_with_it() {
    for verb in ["GREETING", "RCPT", "."] {
        let (url, seen) = server(vec![vec![(verb, 0, Act::Hang)]]).await;
        let options = SmtpOptions {
            timeout: Duration::from_secs(1),
            ..SmtpOptions::default()
        };
        let mailer = SmtpMailer::new(&url, options).unwrap();
        let error = mailer.send(&mail()).await.unwrap_err();
        assert_eq!(
            error.message(),
            "no answer from the mail server within 1 s",
            "{verb}"
        );
        assert!(!error.is_permanent());
        mailer.send(&mail()).await.unwrap();
        assert_eq!((seen.connections(), seen.taken()), (2, 1), "{verb}");
    }
}

#[tokio::test]
async fn a_refused_mail_leaves_its_connection_clean_for_the_next() {
    let (url, seen) = server(vec![vec![("RCPT", 0, Act::Say("550 unknown"))]]).await;
    let mailer = mailer(&url);
    assert!(mailer.send(&mail()).await.unwrap_err().is_permanent());
    mailer.send(&mail()).await.unwrap();
    assert_eq!(
        seen.commands(0),
        [
            "EHLO", "MAIL", "RCPT", "RSET", "MAIL", "RCPT", "DATA", ".", "TAKEN"
        ]
    );
    assert_eq!(seen.connections(), 1);
}

#[tokio::test]
async fn a_kept_connection_that_the_server_closed_is_replaced_unnoticed() {
    for act in [Act::Close, Act::SayAndClose("421 4.4.2 idle too long")] {
        let (url, seen) = server(vec![vec![("MAIL", 1, act)]]).await;
        let mailer = mailer(&url);
        mailer.send(&mail()).await.unwrap();
        mailer.send(&mail()).await.unwrap();
        assert_eq!((seen.connections(), seen.taken()), (2, 2));
    }
}

#[tokio::test]
async fn a_new_connection_that_is_closed_at_once_is_not_tried_for_ever() {
    let (url, seen) = server(vec![vec![("MAIL", 0, Act::SayAndClose("421 closing"))]; 3]).await;
    let error = mailer(&url).send(&mail()).await.unwrap_err();
    assert_eq!(error, transient(421, "421 closing"));
    assert_eq!(seen.connections(), 1);
}

#[tokio::test]
async fn a_mail_is_not_sent_again_once_its_content_was_handed_over() {
    let (url, seen) = server(vec![vec![(".", 1, Act::Close)]]).await;
    let mailer = mailer(&url);
    mailer.send(&mail()).await.unwrap();
    assert!(matches!(
        mailer.send(&mail()).await,
        Err(SendError::Transient { code: None, .. })
    ));
    assert_eq!((seen.connections(), seen.taken()), (1, 1));
}

#[tokio::test]
async fn an_unused_connection_is_not_kept_for_long() {
    let (url, seen) = server(vec![]).await;
    let options = SmtpOptions {
        idle: Duration::ZERO,
        ..SmtpOptions::default()
    };
    let mailer = SmtpMailer::new(&url, options).unwrap();
    mailer.send(&mail()).await.unwrap();
    mailer.send(&mail()).await.unwrap();
    assert_eq!((seen.connections(), seen.taken()), (2, 2));
}

#[tokio::test]
async fn no_more_connections_are_opened_than_allowed() {
    let (url, seen) = server(vec![]).await;
    let options = SmtpOptions {
        max_connections: 2,
        ..SmtpOptions::default()
    };
    let mailer = SmtpMailer::new(&url, options).unwrap();
    let sends: Vec<_> = (0..20)
        .map(|_| {
            let mailer = mailer.clone();
            tokio::spawn(async move { mailer.send(&mail()).await })
        })
        .collect();
    for send in sends {
        send.await.unwrap().unwrap();
    }
    assert_eq!(seen.taken(), 20);
    assert!(seen.connections() <= 2, "{}", seen.connections());
}

#[tokio::test]
async fn an_address_beyond_ascii_needs_a_server_that_takes_it() {
    let (url, seen) = server(vec![]).await;
    let error = mailer(&url)
        .send(&mail_to("jürgen@mail.example"))
        .await
        .unwrap_err();
    assert_eq!(
        error,
        SendError::Permanent {
            code: None,
            message: "the mail server takes no addresses beyond ASCII".to_owned()
        }
    );
    assert_eq!(seen.commands(0), ["EHLO"]);
    let (url, seen) = server(vec![vec![(
        "EHLO",
        0,
        Act::Say("250-here\r\n250-8BITMIME\r\n250 SMTPUTF8"),
    )]])
    .await;
    mailer(&url).send(&mail_to("jürgen@mail.example")).await.unwrap();
    assert_eq!(seen.taken(), 1);
}

#[tokio::test]
async fn required_encryption_is_not_given_up_where_the_server_has_none() {
    let (url, seen) = server(vec![]).await;
    let mailer = mailer(&format!("{url}?tls=required"));
    assert!(matches!(
        mailer.send(&mail()).await,
        Err(SendError::Transient { code: None, .. })
    ));
    assert_eq!(seen.commands(0), ["EHLO"]);
}

#[tokio::test]
async fn a_connection_that_answered_nonsense_is_not_used_again() {
    let (url, seen) = server(vec![vec![("RCPT", 0, Act::Say("what?"))]]).await;
    let mailer = mailer(&url);
    assert!(matches!(
        mailer.send(&mail()).await,
        Err(SendError::Transient { code: None, .. })
    ));
    mailer.send(&mail()).await.unwrap();
    assert_eq!((seen.connections(), seen.taken()), (2, 1));
}
