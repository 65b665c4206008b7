//! Signing in: passwordless, by a link that only the person received, or by the organisation's OpenID
//! Connect provider; programs of partners by tokens (api.md "Sign-in").

mod binding;
mod links;
pub mod openid;
mod sessions;
pub mod tokens;

pub use links::{Asked, Look, Proof, answer_request, look_at_link, request_link, sign_in};
pub use sessions::{
    NewSession, Place, SignedIn, authenticate, begin_session, my_sessions, myself, revoke_session, rotate,
    rotate_mine, sign_out_everywhere, still_signed_in,
};
