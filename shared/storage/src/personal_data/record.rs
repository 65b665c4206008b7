//! The record of processing (Art. 30), as Markdown.

use std::collections::BTreeMap;
use std::fmt::Write;

use strum::VariantArray;

use super::{Purpose, TABLES, Then, Whose};

/// The part of `docs/privacy.md` that follows from the catalogue.
pub fn record() -> String {
    let mut text = String::from(
        "| category | what for | legal basis (to be confirmed by counsel) | kept |\n|---|---|---|---|\n",
    );
    for purpose in Purpose::VARIANTS {
        line(
            &mut text,
            &[
                purpose.name(),
                purpose.purpose(),
                purpose.legal_basis(),
                purpose.retention(),
            ],
        );
    }
    text.push_str(
        "\n| table | about | category | columns | when the person is erased |\n|---|---|---|---|---|\n",
    );
    for table in TABLES {
        let mut lines: BTreeMap<(Purpose, Whose, &str), Vec<&str>> = BTreeMap::new();
        for (column, group) in table.fields().filter(|(_, group)| group.whose != Whose::Nobody) {
            let then = match group.then {
                _ if !table.gone_with.is_empty() => "the row goes",
                Then::Stay => "stays, tells nothing without the rest",
                Then::Null | Then::Empty => "emptied",
                Then::To(_) => "replaced by something coarse",
                Then::Apart(words) => words,
            };
            lines
                .entry((group.purpose, group.whose, then))
                .or_default()
                .push(column);
        }
        for ((purpose, whose, then), columns) in lines {
            line(
                &mut text,
                &[
                    table.name,
                    &whose.to_string(),
                    purpose.name(),
                    &columns.join(", "),
                    then,
                ],
            );
        }
    }
    text
}

fn line(text: &mut String, cells: &[&str]) {
    writeln!(text, "| {} |", cells.join(" | ")).expect("writing to a String");
}
