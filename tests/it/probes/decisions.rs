//! The committed decisions.

use std::collections::BTreeMap;

use tandem_domain::policy::Action;

/// Who may have something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Decision {
    /// Everybody, signed in or not.
    Public,
    /// Everybody who is signed in.
    SignedIn,
    /// Everybody who is signed in, about oneself only.
    Myself,
    /// Whoever has what it hangs on.
    Parent,
    /// Whoever the policy lets.
    Policy(Action),
    /// Whoever the policy lets before the expert has said yes.
    BeforeYes(Action),
}

impl Decision {
    fn read(word: &str) -> Self {
        match word {
            "PUBLIC" => Self::Public,
            "SIGNED_IN" => Self::SignedIn,
            "MYSELF" => Self::Myself,
            "PARENT" => Self::Parent,
            word => {
                let action = word.trim_end_matches('*').parse();
                let action =
                    action.unwrap_or_else(|_| panic!("{word} is no decision and no action of the policy"));
                if word.ends_with('*') {
                    Self::BeforeYes(action)
                } else {
                    Self::Policy(action)
                }
            }
        }
    }
}

fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
}

/// The decision of each field, as "Type.field".
pub(crate) fn fields() -> BTreeMap<String, Decision> {
    let mut fields = BTreeMap::new();
    for line in lines(include_str!("fields.txt")) {
        let (head, names) = line.split_once(':').expect("TYPE DECISION: FIELDS");
        let (of, word) = head.trim().split_once(' ').expect("TYPE DECISION");
        let decision = Decision::read(word.trim());
        for name in names.split_whitespace() {
            let field = format!("{of}.{name}");
            assert!(
                fields.insert(field.clone(), decision).is_none(),
                "{field} is decided twice"
            );
        }
    }
    fields
}

/// The decision of an operation, and how to probe it.
#[derive(Debug, Clone)]
pub(crate) struct Operation {
    /// `Query.case`.
    pub(crate) name: String,
    /// Who may.
    pub(crate) decision: Decision,
    /// By which action one sees what it is about, where that is not what the policy says of the decision's own:
    /// whoever sees it and may not is told so (`FORBIDDEN`), and to everybody else it does not exist.
    pub(crate) seen_by: Option<Action>,
    /// What it is about: a kind of row of the probes' world; "programme" where it is about no row.
    pub(crate) about: String,
    /// The field with its arguments, in which `{case}` stands for the id of a case.
    pub(crate) call: String,
}

/// `Query.case VIEW_CASE case: case(id: "{case}") { id }`, or `ACTION~SEEN_BY` for the decision.
pub(crate) fn operations() -> Vec<Operation> {
    lines(include_str!("operations.txt"))
        .map(|line| {
            let (head, call) = line.split_once(": ").unwrap_or((line.trim_end_matches(':'), ""));
            let mut words = head.split_whitespace();
            let name = words.next().expect("a name").to_owned();
            let word = words.next().unwrap_or_else(|| panic!("{name} needs a decision"));
            let (word, seen_by) = word.split_once('~').unzip();
            let word = word.unwrap_or_else(|| head.split_whitespace().nth(1).expect("a decision"));
            Operation {
                seen_by: seen_by.map(|word| word.parse().expect("an action of the policy")),
                decision: Decision::read(word),
                about: words.next().unwrap_or("programme").to_owned(),
                call: call.trim().to_owned(),
                name,
            }
        })
        .collect()
}

/// `GET /p/answer/{token} LINK`.
pub(crate) fn pages() -> Vec<(String, String)> {
    lines(include_str!("pages.txt"))
        .map(|line| {
            let (path, word) = line.rsplit_once(' ').expect("PATH DECISION");
            (path.trim().to_owned(), word.to_owned())
        })
        .collect()
}
