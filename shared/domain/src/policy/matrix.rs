//! The policy as tables for people to read.

use std::fmt::Write;

use strum::VariantArray;

use super::{Action, Actor, Decision, Grant, Reach, Resource, Role, by_link, can, guardian_reach, reach};
use crate::tokens::TokenScope;

/// The committed matrix: a line an action, a column a role (`docs/policy-matrix.md`).
pub fn matrix() -> String {
    let mut text = String::from("| action |");
    for role in Role::VARIANTS {
        write!(text, " {role} |").expect("writing to a String");
    }
    text.push_str(" guardian | by link or code |\n|---|---|---|---|---|---|---|---|\n");
    for action in Action::VARIANTS {
        write!(text, "| {action} |").expect("writing to a String");
        let mut columns: Vec<Reach> = Role::VARIANTS.iter().map(|role| reach(*role, *action)).collect();
        columns.push(guardian_reach(*action));
        for reach in columns {
            let word = match reach {
                Reach::Nothing => "–",
                Reach::Own => "own",
                Reach::OwnRevealed => "own, after the yes",
                Reach::Everything => "all",
            };
            write!(text, " {word} |").expect("writing to a String");
        }
        let word = if by_link(*action) { "yes" } else { "–" };
        writeln!(text, " {word} |").expect("writing to a String");
    }
    text.push_str(&scope_matrix());
    text
}

/// What [`can`] answers about a row: of the role's own scope after the expert's yes, of it before, and of
/// another scope; and what a partner's token needs besides.
fn scope_matrix() -> String {
    fn id<T: From<uuid::Uuid>>(number: u128) -> T {
        uuid::Uuid::from_u128(number).into()
    }
    let row = |number: u128| Resource {
        office: Some(id(number)),
        center: Some(id(number)),
        expert: Some(id(number)),
        mentee: Some(id(number)),
        ..Resource::default()
    };
    let grants = [
        Grant::Admin,
        Grant::Coordinator(Some(id(1))),
        Grant::CenterStaff(id(1)),
        Grant::Expert(id(1)),
        Grant::Mentee(id(1)),
    ];
    let mut text = String::from(
        "\n## In which scope\n\nFor a row of the role's own scope after the expert's yes / before it / for a row of \
         another scope:\n\"yes\", \"F\" (`FORBIDDEN`), \"–\" (`NOT_FOUND`). The last column is what a partner's token \
         needs;\nwhere there is nothing, no token may do it.\n\n| action | ADMIN | COORDINATOR | CENTER_STAFF | EXPERT | \
         MENTEE | token |\n|---|---|---|---|---|---|---|\n",
    );
    for action in Action::VARIANTS {
        write!(text, "| {action} |").expect("writing to a String");
        for grant in grants {
            let actor = Actor::new(id(9), vec![grant]);
            let words = [row(1).revealed(true), row(1), row(2)].map(|row| match can(&actor, *action, &row) {
                Decision::Allowed => "yes",
                Decision::Forbidden => "F",
                Decision::Hidden => "–",
            });
            write!(text, " {} |", words.join(" / ")).expect("writing to a String");
        }
        let scope = TokenScope::for_action(*action).map_or("", TokenScope::as_str);
        writeln!(text, " {scope} |").expect("writing to a String");
    }
    text
}
