//! What binds a sign-in link to the browser that asked for it. Nothing secret is stored: the browser's
//! cookie and the code that it displays follow from ids by the key of the links.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use subtle::ConstantTimeEq;
use tandem_domain::ids::SignInRequestId;
use uuid::Uuid;

use crate::links::LinkKey;

const BROWSER: &[u8] = b"sign-in-browser";
const CODE: &[u8] = b"sign-in-code";
/// Codes have so many digits; a link takes five wrong ones.
const DIGITS: usize = 6;

/// What a browser keeps to be known again.
pub(super) fn browser_token(key: &LinkKey, browser: Uuid) -> String {
    let mut bytes = browser.as_bytes().to_vec();
    bytes.extend_from_slice(&key.seal(BROWSER, browser));
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

/// The browser that a token belongs to; none where anything about it is wrong.
pub(super) fn browser(key: &LinkKey, token: &str) -> Option<Uuid> {
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(token).ok()?;
    let (id, tag) = bytes.split_at_checked(16)?;
    let id = Uuid::from_slice(id).ok()?;
    bool::from(key.seal(BROWSER, id).as_slice().ct_eq(tag)).then_some(id)
}

/// The code of a request, as "042137".
pub(super) fn code(key: &LinkKey, request: SignInRequestId) -> String {
    let seal = key.seal(CODE, request.uuid());
    let number = u64::from_be_bytes(seal[..8].try_into().expect("a seal has 32 bytes"));
    format!("{:0DIGITS$}", number % 10_u64.pow(DIGITS as u32))
}

/// Whether somebody typed the code of a request, with or without spaces.
pub(super) fn is_code(key: &LinkKey, request: SignInRequestId, typed: &str) -> bool {
    let typed: String = typed
        .chars()
        .filter(|c| !c.is_whitespace() && *c != '-')
        .take(32)
        .collect();
    code(key, request).as_bytes().ct_eq(typed.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_is_known_by_its_own_token_only() {
        let key = LinkKey::new(&[7; 32]).unwrap();
        let id = Uuid::from_u128(3);
        let token = browser_token(&key, id);
        assert_eq!(browser(&key, &token), Some(id));
        assert_eq!(browser(&LinkKey::new(&[8; 32]).unwrap(), &token), None);
        for wrong in ["", "x", "ä", &token[1..], &token[..token.len() - 1]] {
            assert_eq!(browser(&key, wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn a_code_has_six_digits_and_belongs_to_one_request() {
        let key = LinkKey::new(&[7; 32]).unwrap();
        let (one, other) = (Uuid::from_u128(1).into(), Uuid::from_u128(2).into());
        let digits = code(&key, one);
        assert!(digits.len() == 6 && digits.bytes().all(|b| b.is_ascii_digit()));
        assert!(is_code(
            &key,
            one,
            &format!(" {} {} ", &digits[..3], &digits[3..])
        ));
        assert!(!is_code(&key, other, &digits) && !is_code(&key, one, ""));
    }
}
