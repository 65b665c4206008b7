//! From a rendered mail and an envelope to a MIME message.

use chrono::{DateTime, Utc};
use lettre::{
    Address, Message,
    message::{
        Attachment as AttachmentPart, Mailbox, MultiPart, SinglePart,
        header::{ContentTransferEncoding, ContentType, HeaderName, HeaderValue},
    },
};
use url::Url;

use crate::render::RenderedMail;

/// Separates the parts. It may be the same in every message, since `=_` cannot occur in quoted-printable
/// text, and it must be, so that a resend is the same message (architecture.md, decision 4).
const BOUNDARY: &str = "=_tandem_alternative";
/// The same around a message with attachments. It cannot occur in base64 either.
const OUTER_BOUNDARY: &str = "=_tandem_mixed";

/// The longest Message-ID that is taken, so that its header stays one line everywhere.
const MESSAGE_ID_LIMIT: usize = 250;

/// A name and an e-mail address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailAddress {
    /// The name to show, in any script; none for a shared mailbox.
    pub name: Option<String>,
    /// The address, such as `katrin.sommer@tandem.example`.
    pub address: String,
}

/// What stands in the headers of a message besides its subject.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    /// The programme's own address; bounces go there.
    pub from: MailAddress,
    /// The human being who reads the answers.
    pub reply_to: MailAddress,
    /// The one recipient.
    pub to: MailAddress,
    /// `local@domain`, with or without angle brackets; derived from the delivery's key by the caller.
    pub message_id: String,
    /// When the message was made, to the second. A resend passes the first date again.
    pub date: DateTime<Utc>,
    /// Whether `Auto-Submitted: auto-generated` is set (RFC 3834), which keeps holiday replies away.
    pub auto_submitted: bool,
    /// Where one click (a POST) ends mails of this kind (RFC 8058); only for those that are not essential.
    pub list_unsubscribe: Option<Url>,
}

/// A file that goes with a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attachment {
    /// The file's name: letters, digits, `-`, `_` and `.`, so that every mail program shows it alike.
    pub name: String,
    /// What it is.
    pub kind: AttachmentKind,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// What an attached file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AttachmentKind {
    /// A document to print.
    Pdf,
    /// A date for a calendar; mail programs offer to take it over.
    Calendar,
    /// A date that a calendar takes back.
    CalendarCancelled,
}

impl AttachmentKind {
    fn content_type(self) -> ContentType {
        let text = match self {
            Self::Pdf => "application/pdf",
            Self::Calendar => "text/calendar; charset=utf-8; method=PUBLISH",
            Self::CalendarCancelled => "text/calendar; charset=utf-8; method=CANCEL",
        };
        ContentType::parse(text).expect("these are content types")
    }
}

/// Why no message could be made. No variant carries the person's data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MessageError {
    /// An address that is none.
    #[error("{field}: not a valid e-mail address; expected name@domain")]
    Address {
        /// `from`, `reply_to` or `to`.
        field: &'static str,
    },
    /// A Message-ID that would not survive transport.
    #[error("message_id: expected local@domain of printable ASCII, at most 250 characters")]
    MessageId,
    /// A date before 1970 or after 9999.
    #[error("date: outside of the years that an e-mail can carry")]
    Date,
    /// An unsubscribe link that is not a web address.
    #[error("list_unsubscribe: expected an http or https address")]
    ListUnsubscribe,
}

/// Makes the message: `multipart/alternative`, both parts UTF-8 in quoted-printable, names and subject
/// encoded as headers ask for it.
///
/// The same input gives the same bytes. Nothing in a name or subject can start a header of its own:
/// control characters, line breaks and marks that reorder text are replaced by blanks first.
pub fn message(mail: &RenderedMail, envelope: &Envelope) -> Result<Message, MessageError> {
    message_with(mail, envelope, &[])
}

/// Makes the message with files: `multipart/mixed`, the text first, then the files in base64.
pub fn message_with(
    mail: &RenderedMail,
    envelope: &Envelope,
    attachments: &[Attachment],
) -> Result<Message, MessageError> {
    let seconds = u64::try_from(envelope.date.timestamp()).map_err(|_| MessageError::Date)?;
    // The date header's type panics above.
    if envelope.date.timestamp() >= 253_402_300_800 {
        return Err(MessageError::Date);
    }
    let date = std::time::UNIX_EPOCH + std::time::Duration::from_secs(seconds);

    let mut builder = Message::builder()
        .from(mailbox("from", &envelope.from)?)
        .reply_to(mailbox("reply_to", &envelope.reply_to)?)
        .to(mailbox("to", &envelope.to)?)
        .subject(clean(&mail.subject))
        .date(date)
        .message_id(Some(message_id(&envelope.message_id)?))
        .raw_header(ascii_header("Content-Language", mail.language.code().to_owned()));
    if envelope.auto_submitted {
        builder = builder.raw_header(ascii_header("Auto-Submitted", "auto-generated".to_owned()));
    }
    if let Some(url) = &envelope.list_unsubscribe {
        if !matches!(url.scheme(), "http" | "https") {
            return Err(MessageError::ListUnsubscribe);
        }
        builder = builder
            .raw_header(ascii_header("List-Unsubscribe", format!("<{url}>")))
            .raw_header(ascii_header(
                "List-Unsubscribe-Post",
                "List-Unsubscribe=One-Click".to_owned(),
            ));
    }

    let body = MultiPart::alternative()
        .boundary(BOUNDARY)
        .singlepart(part(ContentType::TEXT_PLAIN, &mail.text))
        .singlepart(part(ContentType::TEXT_HTML, &mail.html));
    let body = if attachments.is_empty() {
        body
    } else {
        attachments.iter().fold(
            MultiPart::mixed().boundary(OUTER_BOUNDARY).multipart(body),
            |body, file| body.singlepart(attached(file)),
        )
    };
    Ok(builder.multipart(body).expect("sender and recipient are set"))
}

fn attached(file: &Attachment) -> SinglePart {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let name = file.name.chars().filter(|c| plain(*c)).collect();
    // the bytes are encoded as they are: line ends of a calendar stay what the standard asks for
    let body = lettre::message::Body::new_with_encoding(file.bytes.clone(), ContentTransferEncoding::Base64)
        .expect("base64 takes all bytes");
    AttachmentPart::new(name).body(body, file.kind.content_type())
}

fn part(content_type: ContentType, body: &str) -> SinglePart {
    SinglePart::builder()
        .header(content_type)
        .header(ContentTransferEncoding::QuotedPrintable)
        .body(body.to_owned())
}

/// A header whose value is known to be printable ASCII. `url::Url` serialises to that as well.
fn ascii_header(name: &'static str, value: String) -> HeaderValue {
    HeaderValue::dangerous_new_pre_encoded(HeaderName::new_from_ascii_str(name), value.clone(), value)
}

fn mailbox(field: &'static str, address: &MailAddress) -> Result<Mailbox, MessageError> {
    let parsed: Address = address
        .address
        .parse()
        .map_err(|_| MessageError::Address { field })?;
    let name = address.name.as_deref().map(clean).filter(|name| !name.is_empty());
    Ok(Mailbox::new(name, parsed))
}

fn message_id(id: &str) -> Result<String, MessageError> {
    let id = id
        .strip_prefix('<')
        .and_then(|id| id.strip_suffix('>'))
        .unwrap_or(id);
    let valid = |part: &str| {
        !part.is_empty()
            && part
                .bytes()
                .all(|byte| byte.is_ascii_graphic() && !b"<>@()[],;:\\\"".contains(&byte))
    };
    match id.split_once('@') {
        Some((local, domain)) if id.len() <= MESSAGE_ID_LIMIT && valid(local) && valid(domain) => {
            Ok(format!("<{id}>"))
        }
        _ => Err(MessageError::MessageId),
    }
}

/// One line without control characters and without the marks that let text be shown in another order
/// than it is written in. Right-to-left names need none of them.
fn clean(text: &str) -> String {
    let reorders = |c: char| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let visible: String = text
        .chars()
        .map(|c| if c.is_control() || reorders(c) { ' ' } else { c })
        .collect();
    visible.split_whitespace().collect::<Vec<_>>().join(" ")
}
