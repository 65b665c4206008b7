//! The SMTP side of the catcher: one conversation a connection.

use std::sync::Arc;

use chrono::Utc;
use smtp_proto::request::receiver::{DataReceiver, RequestReceiver};
use smtp_proto::{
    EXT_8BIT_MIME, EXT_ENHANCED_STATUS_CODES, EXT_PIPELINING, EXT_SIZE, EXT_SMTP_UTF8, EhloResponse, Error,
    Request,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::faults::{End, Faults, Stage};
use super::store::{Message, Store};

/// The largest message taken, in bytes.
const MAX_SIZE: usize = 32 * 1024 * 1024;
const NAME: &str = "tandem-catcher";

/// What the conversations share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) store: Store,
    pub(super) faults: Faults,
}

/// Why a conversation ends before the client says QUIT.
enum Stop {
    /// The connection is broken, or a fault breaks it.
    Gone,
    /// The last reply has to be written first.
    AfterReply,
}

struct Session<'a> {
    shared: &'a Shared,
    /// The envelope under way.
    sender: Option<String>,
    recipients: Vec<String>,
    /// Present while the client sends a message.
    data: Option<(DataReceiver, Vec<u8>)>,
    /// Replies not yet written; a client that pipelines gets them together.
    replies: Vec<u8>,
}

/// Leads one conversation to its end. Errors of the connection just end it.
pub(super) async fn converse(mut stream: TcpStream, shared: Arc<Shared>) {
    let _ = stream.set_nodelay(true);
    let mut session = Session {
        shared: &shared,
        sender: None,
        recipients: Vec::new(),
        data: None,
        replies: Vec::new(),
    };
    let outcome = match session.greet().await {
        Ok(()) => session.listen(&mut stream).await,
        Err(stop) => Err(stop),
    };
    if let Err(Stop::AfterReply) = outcome {
        let _ = stream.write_all(&session.replies).await;
        let _ = stream.shutdown().await;
    }
}

impl Session<'_> {
    async fn greet(&mut self) -> Result<(), Stop> {
        if self.fault(Stage::Greeting).await?.is_some() {
            return Err(Stop::AfterReply);
        }
        self.reply(220, &format!("{NAME} ESMTP"));
        Ok(())
    }

    async fn listen(&mut self, stream: &mut TcpStream) -> Result<(), Stop> {
        let mut requests = RequestReceiver::default();
        let mut buffer = vec![0; 16 * 1024];
        loop {
            stream.write_all(&self.replies).await.map_err(|_| Stop::Gone)?;
            self.replies.clear();
            let length = stream.read(&mut buffer).await.map_err(|_| Stop::Gone)?;
            if length == 0 {
                return Err(Stop::Gone);
            }
            let mut bytes = buffer[..length].iter();
            while !bytes.as_slice().is_empty() {
                if let Some((receiver, message)) = &mut self.data {
                    let complete = receiver.ingest(&mut bytes, message);
                    if message.len() > MAX_SIZE {
                        self.reply(552, "5.3.4 Message too big");
                        return Err(Stop::AfterReply);
                    }
                    if complete {
                        self.finish_message().await?;
                    }
                    continue;
                }
                match requests.ingest(&mut bytes) {
                    Ok(request) => self.handle(request.into_owned()).await?,
                    Err(Error::NeedsMoreData { .. }) => break,
                    Err(Error::ResponseTooLong) => {
                        self.reply(500, "5.5.2 Line too long");
                        return Err(Stop::AfterReply);
                    }
                    Err(error) => self.complain(&error),
                }
            }
        }
    }

    async fn handle(&mut self, request: Request<String>) -> Result<(), Stop> {
        match request {
            Request::Ehlo { .. } => {
                self.forget_envelope();
                let mut response = EhloResponse::new(NAME);
                response.capabilities =
                    EXT_8BIT_MIME | EXT_ENHANCED_STATUS_CODES | EXT_PIPELINING | EXT_SIZE | EXT_SMTP_UTF8;
                response.size = MAX_SIZE;
                response
                    .write(&mut self.replies)
                    .expect("a vector takes everything");
            }
            Request::Helo { .. } => {
                self.forget_envelope();
                self.reply(250, NAME);
            }
            Request::Mail { .. } if self.sender.is_some() => self.reply(503, "5.5.1 Sender already given"),
            Request::Mail { from } => {
                self.sender = Some(from.address);
                self.reply(250, "2.1.0 OK");
            }
            Request::Rcpt { .. } if self.sender.is_none() => self.reply(503, "5.5.1 MAIL first"),
            Request::Rcpt { to } => {
                let earlier = std::mem::replace(&mut self.recipients, vec![to.address.clone()]);
                let refused = self.fault(Stage::Recipient).await?;
                self.recipients = earlier;
                if refused.is_none() {
                    self.recipients.push(to.address);
                    self.reply(250, "2.1.5 OK");
                }
                return stop_after_421(refused);
            }
            Request::Data if self.recipients.is_empty() => self.reply(503, "5.5.1 RCPT first"),
            Request::Data => {
                self.data = Some((DataReceiver::new(), Vec::new()));
                self.reply(354, "Go ahead, end with a line that is a dot");
            }
            Request::Rset => {
                self.forget_envelope();
                self.reply(250, "2.0.0 OK");
            }
            Request::Noop { .. } => self.reply(250, "2.0.0 OK"),
            Request::Vrfy { .. } => self.reply(252, "2.5.1 Send some mail and see"),
            Request::Quit => {
                self.reply(221, "2.0.0 Bye");
                return Err(Stop::AfterReply);
            }
            _ => self.reply(502, "5.5.1 Not supported"),
        }
        Ok(())
    }

    #[expect(clippy::disallowed_methods, reason = "people read when a mail arrived")]
    async fn finish_message(&mut self) -> Result<(), Stop> {
        let (_, raw) = self.data.take().expect("a message was under way");
        let refused = self.fault(Stage::Data).await?;
        if refused.is_some() {
            self.forget_envelope();
            return stop_after_421(refused);
        }
        let sender = self.sender.clone().unwrap_or_default();
        self.shared
            .store
            .add(Message::parse(sender, self.recipients.clone(), raw, Utc::now()));
        let refused = self.fault(Stage::Stored).await?;
        self.forget_envelope();
        if refused.is_none() {
            self.reply(250, "2.0.0 Caught");
        }
        stop_after_421(refused)
    }

    /// Commits the faults that are asked for at this moment: waits, and answers with the code of a
    /// refusal that it has put among the replies.
    async fn fault(&mut self, stage: Stage) -> Result<Option<u16>, Stop> {
        let verdict = self.shared.faults.judge(stage, &self.recipients);
        if !verdict.delay.is_zero() {
            tokio::time::sleep(verdict.delay).await;
        }
        match verdict.end {
            End::Proceed => Ok(None),
            End::Drop => Err(Stop::Gone),
            End::Refuse { code, text } => {
                self.reply(code, &text);
                Ok(Some(code))
            }
        }
    }

    fn complain(&mut self, error: &Error) {
        match error {
            Error::UnknownCommand => self.reply(500, "5.5.2 Unknown command"),
            Error::InvalidSenderAddress => self.reply(501, "5.1.7 Not an address"),
            Error::InvalidRecipientAddress => self.reply(501, "5.1.3 Not an address"),
            Error::SyntaxError { syntax } => self.reply(501, &format!("5.5.2 Expected: {syntax}")),
            Error::InvalidParameter { param } => {
                self.reply(501, &format!("5.5.4 Parameter {param} is wrong"));
            }
            _ => self.reply(501, "5.5.4 Parameter not supported"),
        }
    }

    fn reply(&mut self, code: u16, text: &str) {
        self.replies
            .extend_from_slice(format!("{code} {text}\r\n").as_bytes());
    }

    fn forget_envelope(&mut self) {
        self.sender = None;
        self.recipients.clear();
    }
}

/// RFC 5321 3.8: a server that says 421 closes the connection.
fn stop_after_421(refused: Option<u16>) -> Result<(), Stop> {
    if refused == Some(421) {
        Err(Stop::AfterReply)
    } else {
        Ok(())
    }
}
