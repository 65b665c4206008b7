//! Random passwords for private servers.

use std::fmt::Write;

/// 32 random bytes as 64 lower-case hexadecimal digits: safe in SQL literals, URLs and configuration
/// files without quoting.
#[expect(
    clippy::disallowed_methods,
    reason = "a password of a private server must not be reproducible"
)]
pub fn generate() -> String {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).expect("the system gives random bytes");
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        write!(text, "{byte:02x}").expect("a string takes everything");
    }
    text
}
