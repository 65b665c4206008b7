//! The mails: one struct a trigger, with exactly the data that its templates show; a file a group.
//!
//! A new mail is a struct here with a `letterhead` and one template a language. The simple form is a
//! letter (`letter.rs`): one Markdown file a language makes subject, text and HTML. A mail that
//! needs its text and its HTML to differ has three files a language (`render.rs`).

mod access;
mod accompanying;
mod addresses;
mod approach;
mod cases;
mod certificates;
mod checks;
mod life;
mod office;
mod training;

pub use self::{
    access::*, accompanying::*, addresses::*, approach::*, cases::*, certificates::*, checks::*, life::*,
    office::*, training::*,
};
