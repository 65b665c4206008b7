//! What the audit log commits to: pure, and the same for who writes, seals and checks.
//!
//! `detail = H(salt, detail, address)`, `event = H(who, what, whose, when, detail)`,
//! `head = H(number, earlier head, events in order)`. The salt makes that an erased detail cannot be
//! guessed from what stays.

use serde_json::Value;
use sha2::{Digest, Sha256};
use tandem_storage::audit::AuditEvent;

/// A SHA-256.
pub(crate) type Hash = [u8; 32];

/// Parts with their lengths, so that no two lists of parts are the same bytes.
struct Parts(Sha256);

impl Parts {
    fn of(purpose: &str) -> Self {
        Self(Sha256::new()).with(purpose.as_bytes())
    }

    fn with(mut self, part: &[u8]) -> Self {
        self.0.update((part.len() as u64).to_be_bytes());
        self.0.update(part);
        self
    }

    fn done(self) -> Hash {
        self.0.finalize().into()
    }
}

/// The commitment to what can be erased.
pub(crate) fn detail(salt: &[u8], detail: &Value, address: &str) -> Hash {
    let mut text = String::new();
    canonical(detail, &mut text);
    Parts::of("tandem audit detail 1")
        .with(salt)
        .with(text.as_bytes())
        .with(address.as_bytes())
        .done()
}

/// The commitment to an event; its detail takes part by its own commitment.
pub(crate) fn event(event: &AuditEvent, detail: &[u8]) -> Hash {
    let id = |id: Option<uuid::Uuid>| id.map(|id| id.to_string()).unwrap_or_default();
    Parts::of("tandem audit event 1")
        .with(event.id.as_bytes())
        // what PostgreSQL keeps of an instant
        .with(&event.at.timestamp_micros().to_be_bytes())
        .with(event.actor_kind.as_bytes())
        .with(id(event.actor_id).as_bytes())
        .with(event.action.as_bytes())
        .with(event.entity_kind.as_bytes())
        .with(event.entity_id.as_bytes())
        .with(event.subject_kind.as_deref().unwrap_or_default().as_bytes())
        .with(id(event.subject_id).as_bytes())
        .with(detail)
        .done()
}

/// The head of a seal over the one before it; none before the first.
pub(crate) fn head<'a>(number: i64, before: Option<&[u8]>, events: impl Iterator<Item = &'a [u8]>) -> Hash {
    events
        .fold(
            Parts::of("tandem audit seal 1")
                .with(&number.to_be_bytes())
                .with(before.unwrap_or_default()),
            Parts::with,
        )
        .done()
}

/// JSON with sorted keys: PostgreSQL keeps no order of its own.
fn canonical(value: &Value, text: &mut String) {
    match value {
        Value::Object(map) => {
            let mut keys: Vec<&String> = map.keys().collect();
            keys.sort_unstable();
            text.push('{');
            for key in keys {
                text.push_str(&Value::from(key.as_str()).to_string());
                text.push(':');
                canonical(&map[key], text);
                text.push(',');
            }
            text.push('}');
        }
        Value::Array(values) => {
            text.push('[');
            for value in values {
                canonical(value, text);
                text.push(',');
            }
            text.push(']');
        }
        plain => text.push_str(&plain.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_order_of_keys_makes_no_difference_and_everything_else_does() {
        let one: Value = serde_json::from_str(r#"{"a":1,"b":[true,null]}"#).unwrap();
        let two: Value = serde_json::from_str(r#"{"b":[true,null],"a":1}"#).unwrap();
        assert_eq!(detail(b"salt", &one, "::1"), detail(b"salt", &two, "::1"));
        let first = detail(b"salt", &json!({ "a": 1 }), "::1");
        for other in [
            detail(b"tlas", &json!({ "a": 1 }), "::1"),
            detail(b"salt", &json!({ "a": 2 }), "::1"),
            detail(b"salt", &json!({ "a": "1" }), "::1"),
            detail(b"salt", &json!({ "a": 1 }), "::2"),
        ] {
            assert_ne!(first, other);
        }
    }

    #[test]
    fn a_head_holds_every_event_their_order_and_what_came_before() {
        let (a, b): (&[u8], &[u8]) = (&[1; 32], &[2; 32]);
        let head_of = |number, before, events: &[&[u8]]| head(number, before, events.iter().copied());
        let whole = head_of(2, Some(a), &[a, b]);
        for other in [
            head_of(2, Some(a), &[b, a]),
            head_of(2, Some(a), &[a]),
            head_of(2, Some(b), &[a, b]),
            head_of(2, None, &[a, b]),
            head_of(3, Some(a), &[a, b]),
        ] {
            assert_ne!(whole, other);
        }
    }
}
