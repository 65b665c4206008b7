//! The messages that the catcher has taken.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};

use chrono::{DateTime, Utc};
use mail_parser::{Address, MessageParser, PartType};
use serde::Serialize;
use tokio::sync::watch;

/// One accepted SMTP transaction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Message {
    /// Counts up from 1 in the order of arrival.
    pub id: u64,
    /// When the message was complete.
    pub received_at: DateTime<Utc>,
    /// The sender of the envelope; empty for a bounce.
    pub sender: String,
    /// The recipients of the envelope, as the client wrote them.
    pub recipients: Vec<String>,
    /// The Message-ID without its angle brackets.
    pub message_id: Option<String>,
    /// The header From, decoded.
    pub from: String,
    /// The header To, decoded.
    pub to: String,
    /// The subject, decoded.
    pub subject: String,
    /// All headers in their order, unfolded but not decoded.
    pub headers: Vec<(String, String)>,
    /// The plain text, decoded.
    pub text: Option<String>,
    /// The HTML, decoded.
    pub html: Option<String>,
    /// The message as it came, with dot stuffing removed.
    #[serde(skip)]
    pub raw: Vec<u8>,
}

impl Message {
    pub(super) fn parse(
        sender: String,
        recipients: Vec<String>,
        raw: Vec<u8>,
        received_at: DateTime<Utc>,
    ) -> Self {
        let mut message = Self {
            id: 0,
            received_at,
            sender,
            recipients,
            message_id: None,
            from: String::new(),
            to: String::new(),
            subject: String::new(),
            headers: Vec::new(),
            text: None,
            html: None,
            raw,
        };
        if let Some(parsed) = MessageParser::default().parse(&message.raw) {
            let header = |(name, value): (&str, &str)| (name.to_owned(), unfold(value));
            message.message_id = parsed.message_id().map(str::to_owned);
            message.from = parsed.from().map(written).unwrap_or_default();
            message.to = parsed.to().map(written).unwrap_or_default();
            message.subject = parsed.subject().unwrap_or_default().to_owned();
            message.headers = parsed.headers_raw().map(header).collect();
            message.text = parsed.parts.iter().find_map(|part| match &part.body {
                PartType::Text(text) => Some(text.clone().into_owned()),
                _ => None,
            });
            message.html = parsed.parts.iter().find_map(|part| match &part.body {
                PartType::Html(html) => Some(html.clone().into_owned()),
                _ => None,
            });
        }
        message
    }

    /// The value of the first header of this name, without regard to case.
    pub fn header(&self, name: &str) -> Option<&str> {
        let named = |(key, _): &&(String, String)| key.eq_ignore_ascii_case(name);
        self.headers.iter().find(named).map(|(_, value)| value.as_str())
    }

    /// Whether the envelope names this recipient, without regard to case.
    pub fn is_to(&self, address: &str) -> bool {
        self.recipients
            .iter()
            .any(|recipient| recipient.eq_ignore_ascii_case(address))
    }

    /// The web addresses in the plain text, in their order.
    pub fn links(&self) -> Vec<&str> {
        let words = self
            .text
            .as_deref()
            .unwrap_or_default()
            .split(|c: char| c.is_whitespace() || "<>()".contains(c));
        let web = words.filter(|word| word.starts_with("http://") || word.starts_with("https://"));
        web.map(|word| word.trim_end_matches(['.', ',', ';', ':', '!', '?']))
            .collect()
    }

    /// Whether the text, without regard to case, occurs in addresses or subject.
    pub(super) fn mentions(&self, text: &str) -> bool {
        let text = text.to_lowercase();
        let fields = [&self.from, &self.to, &self.subject, &self.sender]
            .into_iter()
            .chain(&self.recipients);
        fields
            .into_iter()
            .any(|field| field.to_lowercase().contains(&text))
    }
}

fn unfold(value: &str) -> String {
    value
        .lines()
        .map(str::trim)
        .collect::<Vec<_>>()
        .join(" ")
        .trim()
        .to_owned()
}

fn written(address: &Address<'_>) -> String {
    let one = |address: &mail_parser::Addr<'_>| match (address.name(), address.address()) {
        (Some(name), Some(address)) => format!("{name} <{address}>"),
        (name, address) => name.or(address).unwrap_or_default().to_owned(),
    };
    address.iter().map(one).collect::<Vec<_>>().join(", ")
}

/// How much has arrived.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Count {
    /// Accepted transactions, resends included.
    pub deliveries: usize,
    /// Different messages: different Message-IDs, plus each one that has none.
    pub messages: usize,
}

/// All messages since the start or the last clearing.
#[derive(Debug)]
pub(super) struct Store {
    inner: Mutex<Inner>,
    changed: watch::Sender<()>,
}

#[derive(Debug, Default)]
struct Inner {
    messages: Vec<Arc<Message>>,
    last_id: u64,
}

impl Store {
    pub(super) fn new() -> Self {
        Self {
            inner: Mutex::default(),
            changed: watch::Sender::new(()),
        }
    }

    pub(super) fn add(&self, mut message: Message) {
        {
            let mut inner = self.lock();
            inner.last_id += 1;
            message.id = inner.last_id;
            inner.messages.push(Arc::new(message));
        }
        self.changed.send_replace(());
    }

    pub(super) fn all(&self) -> Vec<Arc<Message>> {
        self.lock().messages.clone()
    }

    pub(super) fn get(&self, id: u64) -> Option<Arc<Message>> {
        self.lock()
            .messages
            .iter()
            .find(|message| message.id == id)
            .cloned()
    }

    pub(super) fn count(&self) -> Count {
        count(&self.lock().messages)
    }

    pub(super) fn clear(&self) {
        self.lock().messages.clear();
        self.changed.send_replace(());
    }

    /// Tells of every change from now on.
    pub(super) fn changes(&self) -> watch::Receiver<()> {
        self.changed.subscribe()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Inner> {
        self.inner
            .lock()
            .expect("nothing panics while it holds the messages")
    }
}

/// Counts some messages.
pub(super) fn count(messages: &[Arc<Message>]) -> Count {
    let named: HashSet<_> = messages
        .iter()
        .filter_map(|message| message.message_id.as_ref())
        .collect();
    let nameless = messages
        .iter()
        .filter(|message| message.message_id.is_none())
        .count();
    Count {
        deliveries: messages.len(),
        messages: named.len() + nameless,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(raw: &str) -> Message {
        let recipients = vec!["ida@example.org".to_owned()];
        Message::parse(
            "office@example.org".to_owned(),
            recipients,
            raw.as_bytes().to_vec(),
            DateTime::UNIX_EPOCH,
        )
    }

    #[test]
    fn headers_and_both_bodies_are_decoded() {
        let message = parse(
            "From: =?utf-8?Q?B=C3=BCro?= <office@example.org>\r\nTo: Ida <ida@example.org>\r\n\
             Subject: =?utf-8?Q?Gr=C3=BC=C3=9Fe?=\r\nMessage-ID: <1@example.org>\r\nX-Long: one\r\n two\r\n\
             MIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary=b\r\n\r\n\
             --b\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n\
             Sch=C3=B6n\r\n--b\r\nContent-Type: text/html\r\n\r\n<p>Hi</p>\r\n--b--\r\n",
        );
        assert_eq!(message.from, "Büro <office@example.org>");
        assert_eq!(message.to, "Ida <ida@example.org>");
        assert_eq!(message.subject, "Grüße");
        assert_eq!(message.message_id.as_deref(), Some("1@example.org"));
        assert_eq!(message.header("x-long"), Some("one two"));
        assert_eq!(message.text.as_deref().map(str::trim), Some("Schön"));
        assert_eq!(message.html.as_deref().map(str::trim), Some("<p>Hi</p>"));
    }

    #[test]
    fn a_message_that_is_no_message_is_kept_all_the_same() {
        let message = parse("");
        assert!(message.subject.is_empty() && message.text.is_none());
        assert!(message.is_to("IDA@example.org"));
    }

    #[test]
    fn links_are_found_without_the_punctuation_around_them() {
        let text = "Subject: s\r\n\r\nJa: https://example.org/a?b=c.\r\n(http://example.org/d) <https://example.org/e>\r\n";
        assert_eq!(
            parse(text).links(),
            [
                "https://example.org/a?b=c",
                "http://example.org/d",
                "https://example.org/e"
            ]
        );
    }

    #[test]
    fn resends_count_as_deliveries_but_not_as_messages() {
        let store = Store::new();
        for id in ["<1@x>", "<2@x>", "<1@x>"] {
            store.add(parse(&format!("Message-ID: {id}\r\n\r\nhi\r\n")));
        }
        store.add(parse("Subject: none\r\n\r\nhi\r\n"));
        store.add(parse("Subject: none\r\n\r\nhi\r\n"));
        assert_eq!(
            store.count(),
            Count {
                deliveries: 5,
                messages: 4
            }
        );
        store.clear();
        assert_eq!(store.count(), Count::default());
        store.add(parse(""));
        assert_eq!(store.all()[0].id, 6);
    }
}
