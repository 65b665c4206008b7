//! Faults that the mail catcher commits on request, to see what the sender makes of them.

use std::sync::Mutex;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// The moment of a conversation at which a fault happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// A client has connected and waits for the greeting.
    Greeting,
    /// The client has named a recipient.
    Recipient,
    /// The client has sent a whole message, which is not stored yet.
    Data,
    /// The message is stored and the client waits for the reply: what happens here makes a sender believe
    /// that a delivered message was not delivered.
    Stored,
}

/// What happens at that moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "action", rename_all = "snake_case")]
pub enum Action {
    /// The connection ends without a word.
    Drop,
    /// The reply comes later; what would have happened then happens.
    Delay {
        /// Milliseconds to wait.
        millis: u64,
    },
    /// The reply is a refusal.
    Refuse {
        /// 400 to 499 for a temporary refusal, 500 to 599 for a permanent one.
        code: u16,
        /// The text after the code; one that fits when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        text: Option<String>,
    },
}

/// One fault: when, what, for whom and how often.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rule {
    /// The moment.
    pub stage: Stage,
    /// The fault.
    #[serde(flatten)]
    pub action: Action,
    /// Only for messages to this address (compared without regard to case); for all when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// Only this many times; until the faults are cleared when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times: Option<u32>,
}

impl Rule {
    /// Ends connections at the stage.
    pub fn drop(stage: Stage) -> Self {
        Self {
            stage,
            action: Action::Drop,
            to: None,
            times: None,
        }
    }

    /// Replies later at the stage.
    pub fn delay(stage: Stage, by: Duration) -> Self {
        let millis = u64::try_from(by.as_millis()).unwrap_or(u64::MAX);
        Self {
            stage,
            action: Action::Delay { millis },
            to: None,
            times: None,
        }
    }

    /// Refuses at the stage, with a code of 400 to 599.
    pub fn refuse(stage: Stage, code: u16) -> Self {
        Self {
            stage,
            action: Action::Refuse { code, text: None },
            to: None,
            times: None,
        }
    }

    /// Restricts the fault to messages for one address.
    pub fn to(self, address: &str) -> Self {
        Self {
            to: Some(address.to_owned()),
            ..self
        }
    }

    /// Restricts the fault to the next `times` occasions.
    pub fn times(self, times: u32) -> Self {
        Self {
            times: Some(times),
            ..self
        }
    }

    /// Says what is wrong with a rule that makes no sense.
    pub fn check(&self) -> Result<(), String> {
        if let Action::Refuse { code, text } = &self.action {
            if !(400..=599).contains(code) {
                return Err(format!(
                    "code: {code} is no refusal; 400 to 499 is temporary, 500 to 599 permanent"
                ));
            }
            if text.as_ref().is_some_and(|text| text.contains(['\r', '\n'])) {
                return Err("text: a reply is one line; leave out the line break".to_owned());
            }
        }
        if self.times == Some(0) {
            return Err(
                "times: 0 would never happen; give 1 or more, or leave it out for \"always\"".to_owned(),
            );
        }
        if self.stage == Stage::Greeting && self.to.is_some() {
            return Err(
                "to: nobody knows the recipient at the greeting; leave it out or use another stage"
                    .to_owned(),
            );
        }
        Ok(())
    }

    fn concerns(&self, stage: Stage, recipients: &[String]) -> bool {
        let meant = |to: &String| {
            recipients
                .iter()
                .any(|recipient| recipient.eq_ignore_ascii_case(to))
        };
        self.stage == stage && self.to.as_ref().is_none_or(meant)
    }
}

/// What the rules say about one moment of one conversation.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Verdict {
    pub(super) delay: Duration,
    pub(super) end: End,
}

/// How the moment ends, after the delay.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum End {
    Proceed,
    Drop,
    Refuse { code: u16, text: String },
}

/// The rules in force.
#[derive(Debug, Default)]
pub(super) struct Faults {
    rules: Mutex<Vec<Rule>>,
}

impl Faults {
    pub(super) fn add(&self, rule: Rule) -> Result<(), String> {
        rule.check()?;
        self.lock().push(rule);
        Ok(())
    }

    pub(super) fn clear(&self) {
        self.lock().clear();
    }

    pub(super) fn list(&self) -> Vec<Rule> {
        self.lock().clone()
    }

    /// Takes the rules in their order: delays add up, the first drop or refusal ends the search, and a
    /// rule that had its effect often enough goes.
    pub(super) fn judge(&self, stage: Stage, recipients: &[String]) -> Verdict {
        let mut verdict = Verdict {
            delay: Duration::ZERO,
            end: End::Proceed,
        };
        self.lock().retain_mut(|rule| {
            if verdict.end != End::Proceed || !rule.concerns(stage, recipients) {
                return true;
            }
            match &rule.action {
                Action::Drop => verdict.end = End::Drop,
                Action::Delay { millis } => verdict.delay += Duration::from_millis(*millis),
                Action::Refuse { code, text } => {
                    let text = text.clone().unwrap_or_else(|| usual_text(*code).to_owned());
                    verdict.end = End::Refuse { code: *code, text };
                }
            }
            rule.times = rule.times.map(|times| times - 1);
            rule.times != Some(0)
        });
        verdict
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Rule>> {
        self.rules
            .lock()
            .expect("nothing panics while it holds the faults")
    }
}

fn usual_text(code: u16) -> &'static str {
    match code {
        421 => "4.3.2 Service not available, try later",
        450 => "4.2.1 Mailbox busy, try later",
        452 => "4.2.2 Mailbox full, try later",
        400..=499 => "4.3.0 Temporary trouble, try later",
        550 => "5.1.1 No such mailbox",
        552 => "5.2.2 Mailbox full",
        554 => "5.7.1 Rejected",
        _ => "5.0.0 Refused",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(rules: impl IntoIterator<Item = Rule>) -> Faults {
        let faults = Faults::default();
        for rule in rules {
            faults.add(rule).unwrap();
        }
        faults
    }

    fn end(faults: &Faults, stage: Stage, to: &str) -> End {
        faults.judge(stage, &[to.to_owned()]).end
    }

    #[test]
    fn without_rules_everything_proceeds() {
        assert_eq!(end(&faults([]), Stage::Data, "a@example.org"), End::Proceed);
    }

    #[test]
    fn a_rule_concerns_its_stage_and_address_only() {
        let faults = faults([Rule::drop(Stage::Data).to("A@example.org")]);
        assert_eq!(end(&faults, Stage::Stored, "a@example.org"), End::Proceed);
        assert_eq!(end(&faults, Stage::Data, "b@example.org"), End::Proceed);
        assert_eq!(end(&faults, Stage::Data, "a@example.org"), End::Drop);
    }

    #[test]
    fn a_rule_for_two_times_is_gone_after_two() {
        let faults = faults([Rule::refuse(Stage::Recipient, 451).times(2)]);
        let refused = |_| {
            matches!(
                end(&faults, Stage::Recipient, "a@example.org"),
                End::Refuse { code: 451, .. }
            )
        };
        assert_eq!([0, 1, 2].map(refused), [true, true, false]);
        assert!(faults.list().is_empty());
    }

    #[test]
    fn delays_add_up_and_the_first_end_wins_without_using_up_the_next() {
        let by = Duration::from_millis(5);
        let rules = [
            Rule::delay(Stage::Data, by),
            Rule::delay(Stage::Data, by),
            Rule::drop(Stage::Data).times(1),
            Rule::refuse(Stage::Data, 554).times(1),
        ];
        let faults = faults(rules);
        let first = faults.judge(Stage::Data, &[]);
        assert_eq!(
            first,
            Verdict {
                delay: by * 2,
                end: End::Drop
            }
        );
        assert!(matches!(
            faults.judge(Stage::Data, &[]).end,
            End::Refuse { code: 554, .. }
        ));
    }

    #[test]
    fn rules_that_make_no_sense_are_explained() {
        let told = |rule: Rule| rule.check().unwrap_err();
        assert!(told(Rule::refuse(Stage::Data, 250)).starts_with("code: 250"));
        assert!(told(Rule::drop(Stage::Data).times(0)).starts_with("times: 0"));
        assert!(told(Rule::drop(Stage::Greeting).to("a@example.org")).starts_with("to:"));
        let action = Action::Refuse {
            code: 550,
            text: Some("no\r\n250 yes".to_owned()),
        };
        assert!(
            told(Rule {
                action,
                ..Rule::drop(Stage::Data)
            })
            .starts_with("text:")
        );
    }
}
