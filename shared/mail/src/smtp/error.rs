//! Why a mail was not taken, and whether trying again can help.

use std::error::Error as _;

use lettre::transport::smtp::Error as SmtpError;

/// The longest message that is kept, in characters.
const MESSAGE_LIMIT: usize = 200;

/// A mail that was not taken.
///
/// The messages are made for storage: one line, at most 200 characters, the server's own words with
/// e-mail addresses replaced, so that erasing a person leaves nothing behind in delivery records.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// Trying later can help: 4xx, network, timeout, or a refusal that is about us and not the mail.
    #[error("not taken for now: {message}")]
    Transient {
        /// The reply code, if the server gave one.
        code: Option<u16>,
        /// What happened.
        message: String,
    },
    /// Trying again would end the same: the server refused sender, recipient or content with 5xx.
    #[error("refused: {message}")]
    Permanent {
        /// The reply code; none where the server cannot take the address at all.
        code: Option<u16>,
        /// What happened.
        message: String,
    },
}

impl SendError {
    /// The reply code, if the server gave one.
    pub fn code(&self) -> Option<u16> {
        match self {
            Self::Transient { code, .. } | Self::Permanent { code, .. } => *code,
        }
    }

    /// What happened, fit for storage.
    pub fn message(&self) -> &str {
        match self {
            Self::Transient { message, .. } | Self::Permanent { message, .. } => message,
        }
    }

    /// Whether trying again would end the same.
    pub fn is_permanent(&self) -> bool {
        matches!(self, Self::Permanent { .. })
    }
}

/// What we were doing when the server refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// Connecting, TLS, greeting, signing in.
    Connect,
    /// MAIL, RCPT, DATA or the message itself.
    Transaction,
}

/// Judges an error by the reply code and the step in which it came.
///
/// A 5xx is permanent only within a transaction: before it, the server has not heard of any mail, and
/// what it refuses is us (wrong password, blocked address), which an operator can put right. The same
/// holds for a transaction's 530, 534, 535 and 538, which ask for authentication or encryption.
pub(super) fn classify(step: Step, error: &SmtpError, recipient: &str) -> SendError {
    let code = error.status().map(u16::from);
    let words = error.source().map(ToString::to_string).unwrap_or_default();
    let message = match code {
        Some(code) => format!("{code} {words}"),
        // Without a reply the error's own words say what broke.
        None => error.to_string(),
    };
    let message = storable(&message, recipient);
    let about_us = matches!(code, Some(530 | 534 | 535 | 538));
    if error.is_permanent() && step == Step::Transaction && !about_us {
        SendError::Permanent { code, message }
    } else {
        SendError::Transient { code, message }
    }
}

/// One line of at most [`MESSAGE_LIMIT`] characters without e-mail addresses; `recipient` is not shown
/// even where a server repeats its local part alone.
pub(super) fn storable(text: &str, recipient: &str) -> String {
    let local = recipient.rsplit_once('@').map_or(recipient, |(local, _)| local);
    let mut line = String::new();
    for word in text
        .split(|c: char| c.is_whitespace() || c.is_control())
        .filter(|word| !word.is_empty())
    {
        if !line.is_empty() {
            line.push(' ');
        }
        let bare = word.trim_matches(|c: char| "<>()[]{}\"'`,;:.".contains(c));
        if !bare.is_empty() && (bare.contains('@') || bare.eq_ignore_ascii_case(local)) {
            line.push_str(&word.replacen(bare, "[address]", 1));
        } else {
            line.push_str(word);
        }
    }
    if line.chars().count() > MESSAGE_LIMIT {
        line = line.chars().take(MESSAGE_LIMIT - 1).chain(['…']).collect();
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stored_message_names_no_address() {
        assert_eq!(
            storable(
                "550 5.1.1 <maria.weber@mail.example>: Recipient address rejected",
                "maria.weber@mail.example"
            ),
            "550 5.1.1 <[address]>: Recipient address rejected"
        );
        assert_eq!(
            storable("550 No such user 'Maria.Weber' here", "maria.weber@mail.example"),
            "550 No such user '[address]' here"
        );
        assert_eq!(
            storable("554 rcpt=<x@y.example>,sender=z@y.example", "a@b.example"),
            "554 [address]"
        );
    }

    #[test]
    fn a_stored_message_is_one_short_line() {
        let stored = storable(&format!("550 a\r\nb\0c {}", "ä".repeat(500)), "a.b@c.example");
        assert!(stored.starts_with("550 a b c ää"), "{stored}");
        assert_eq!(stored.chars().count(), MESSAGE_LIMIT);
        assert!(!stored.contains(char::is_control));
    }
}
