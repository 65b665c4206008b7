//! What everybody should get: computed from what happened and from the days on which somebody worked, by
//! walking through every step of every reminder, without any of the product's rules.

use std::collections::BTreeSet;

use chrono::{Datelike, Months, NaiveDate, TimeDelta};
use uuid::Uuid;

use super::world::{Match, World};

/// One mail.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Mail {
    pub(super) trigger: String,
    pub(super) step: i16,
    pub(super) subject: Uuid,
    pub(super) recipient: (String, Uuid),
    pub(super) occasion: Option<NaiveDate>,
    /// When it was sent.
    pub(super) day: NaiveDate,
}

type Who = Vec<(&'static str, Uuid)>;

/// One round of a reminder: from the day after `from` until `until` there is something to remember.
struct Round<'a> {
    trigger: &'static str,
    subject: Uuid,
    anchor: NaiveDate,
    /// Number and day of each step.
    steps: Vec<(i16, NaiveDate)>,
    from: NaiveDate,
    until: Option<NaiveDate>,
    /// Who wants it at the end of a day; the second day is today's date at that moment.
    wanted: Box<dyn Fn(NaiveDate, NaiveDate) -> Who + 'a>,
}

fn days(count: i64) -> TimeDelta {
    TimeDelta::days(count)
}

fn reached(day: Option<NaiveDate>, until: NaiveDate) -> bool {
    day.is_some_and(|day| day <= until)
}

/// Every mail that should have arrived.
pub(super) fn mails(world: &World, worked: &BTreeSet<NaiveDate>) -> BTreeSet<Mail> {
    let mut mails = BTreeSet::new();
    for round in rounds(world) {
        for (number, due) in &round.steps {
            // the first night on which somebody works and sees it: what happens by day is seen the next night
            let night = worked.iter().find(|night| {
                **night > round.from && **night >= *due && round.until.is_none_or(|end| **night <= end)
            });
            let Some(night) = night else { continue };
            let later_one = round.steps.iter().any(|(_, other)| other > due && other <= night);
            let stale = *due < *night - days(92);
            if later_one || stale {
                continue;
            }
            let before = (round.wanted)(*night - days(1), *night);
            let still = (round.wanted)(*night, *night);
            for (kind, id) in before {
                if still.contains(&(kind, id)) {
                    mails.insert(Mail {
                        trigger: round.trigger.to_owned(),
                        step: *number,
                        subject: round.subject,
                        recipient: (kind.to_owned(), id),
                        occasion: Some(round.anchor),
                        day: *night,
                    });
                }
            }
        }
    }
    digests(world, worked, &mut mails);
    let refused: BTreeSet<Uuid> = world
        .experts
        .iter()
        .filter(|expert| world.refused.contains(&expert.address))
        .map(|expert| expert.id)
        .collect();
    mails.retain(|mail| !refused.contains(&mail.recipient.1));
    mails
}

/// Those who would have got something, had their address not refused.
pub(super) fn to_refused(world: &World, _: &BTreeSet<Mail>) -> BTreeSet<String> {
    world.refused.iter().cloned().collect()
}

/// Each office has a case that nobody fills, so that each Monday there is something to tell, once it is there.
fn digests(world: &World, worked: &BTreeSet<NaiveDate>, mails: &mut BTreeSet<Mail>) {
    for (number, office) in world.offices.iter().enumerate() {
        let mut told = BTreeSet::new();
        for night in worked {
            let monday = *night - days(i64::from(night.weekday().num_days_from_monday()));
            // the office is there from the first day on, which is seen the next night
            if *night < world.start || monday < world.start || !told.insert(monday) {
                continue;
            }
            if anything_to_tell(world, number, *night - days(1), *night)
                && anything_to_tell(world, number, *night, *night)
            {
                mails.insert(Mail {
                    trigger: "WEEKLY_DIGEST".to_owned(),
                    step: 0,
                    subject: *office,
                    recipient: ("OFFICE".to_owned(), *office),
                    occasion: Some(monday),
                    day: *night,
                });
            }
        }
    }
}

fn anything_to_tell(world: &World, office: usize, t: NaiveDate, today: NaiveDate) -> bool {
    let searching = world.cases.iter().enumerate().any(|(number, case)| {
        let matching = world.matches.iter().find(|m| m.case == number);
        world.centers[case.center].1 == office
            && case.searching <= t
            && matching.is_none_or(|m| !reached(m.answered, t))
    });
    let expiring = world.experts.iter().enumerate().any(|(number, expert)| {
        let valid: Vec<NaiveDate> = world
            .checks
            .iter()
            .filter(|check| check.expert == number && check.on <= t)
            .map(|check| check.valid_until)
            .collect();
        expert.office == office
            && !reached(expert.left, t)
            && valid
                .iter()
                .max()
                .is_some_and(|last| *last >= today - days(28) && *last <= today + days(84))
    });
    let of_office = |m: &&Match| world.centers[world.cases[m.case].center].1 == office;
    let unanswered =
        world.matches.iter().filter(of_office).any(|m| {
            m.sent <= t && m.sent + days(7) < today && !reached(m.answered, t) && !reached(m.lapsed, t)
        });
    let silent = world
        .matches
        .iter()
        .filter(of_office)
        .any(|m| reached(m.active, t) && !reached(m.ended, t) && last_contact(m, t) + days(21) <= today);
    searching || expiring || unanswered || silent
}

fn last_contact(m: &Match, t: NaiveDate) -> NaiveDate {
    let active = m.active.expect("an active match");
    m.meetings
        .iter()
        .copied()
        .filter(|met| *met <= t)
        .max()
        .map_or(active, |met| met.max(active))
}

fn rounds(world: &World) -> Vec<Round<'_>> {
    let mut rounds = Vec::new();
    for check in &world.checks {
        let expert = &world.experts[check.expert];
        let office = world.offices[expert.office];
        let until = check.valid_until;
        let replaced = move |t: NaiveDate| {
            world.checks.iter().any(|other| {
                other.expert == check.expert && other.on <= t && other.valid_until > check.valid_until
            })
        };
        let mut round = |trigger, steps: &[(i16, i64)], wanted: Box<dyn Fn(NaiveDate, NaiveDate) -> Who>| {
            rounds.push(Round {
                trigger,
                subject: check.id,
                anchor: until,
                steps: steps
                    .iter()
                    .map(|(number, before)| (*number, until - days(*before)))
                    .collect(),
                from: check.on,
                until: None,
                wanted,
            });
        };
        round(
            "CHECK_EXPIRY",
            &[(12, 84), (8, 56), (4, 28), (1, 7), (0, 0)],
            Box::new(move |t, _| {
                if replaced(t) || reached(expert.left, t) {
                    vec![]
                } else {
                    vec![("EXPERT", expert.id)]
                }
            }),
        );
        round(
            "CHECK_EXPIRY_OFFICE",
            &[(4, 28), (1, 7), (0, 0)],
            Box::new(move |t, _| {
                if replaced(t) || reached(expert.left, t) {
                    vec![]
                } else {
                    vec![("OFFICE", office)]
                }
            }),
        );
    }
    for (number, case) in world.cases.iter().enumerate() {
        let matching = world.matches.iter().find(|m| m.case == number);
        let center = world.center_of_case(number);
        let office = world.office_of_case(number);
        let answered = matching.and_then(|m| m.answered);
        rounds.push(Round {
            trigger: "CASE_SEARCHING",
            subject: case.id,
            anchor: case.searching,
            steps: vec![(14, case.searching + days(14)), (28, case.searching + days(28))],
            from: case.searching,
            until: answered,
            wanted: Box::new(move |t, _| {
                if reached(answered, t) {
                    vec![]
                } else {
                    vec![("OFFICE", office), ("CENTER", center)]
                }
            }),
        });
        let ended = matching.and_then(|m| m.ended);
        let birthday = case.born + Months::new(18 * 12);
        rounds.push(Round {
            trigger: "TURNS18",
            subject: case.id,
            anchor: birthday,
            steps: vec![(4, birthday - days(28))],
            from: case.searching,
            until: ended,
            wanted: Box::new(move |t, today| {
                if reached(ended, t) || today >= birthday {
                    vec![]
                } else {
                    vec![("CENTER", center)]
                }
            }),
        });
        if let (Some(starts), Some(ended)) = (case.training_starts, ended) {
            let confirmed = case.confirmed.map(|day| day.max(ended));
            rounds.push(Round {
                trigger: "OUTCOME_CONFIRMATION",
                subject: case.id,
                anchor: starts,
                steps: vec![(4, starts + Months::new(4))],
                from: ended,
                until: confirmed,
                wanted: Box::new(move |t, _| {
                    if reached(confirmed, t) {
                        vec![]
                    } else {
                        vec![("CENTER", center)]
                    }
                }),
            });
        }
    }
    for m in &world.matches {
        of_match(world, m, &mut rounds);
    }
    rounds
}

fn of_match<'a>(world: &'a World, m: &'a Match, rounds: &mut Vec<Round<'a>>) {
    let expert = &world.experts[m.expert];
    let case = &world.cases[m.case];
    let center = world.center_of_case(m.case);
    let stays = move |t: NaiveDate| !reached(expert.left, t);
    let to_expert = move |t: NaiveDate| {
        if stays(t) {
            vec![("EXPERT", expert.id)]
        } else {
            vec![]
        }
    };
    let mut round = |trigger, anchor: NaiveDate, steps: Vec<(i16, NaiveDate)>, from, until, wanted| {
        rounds.push(Round {
            trigger,
            subject: m.id,
            anchor,
            steps,
            from,
            until,
            wanted,
        });
    };
    type Wanted<'a> = Box<dyn Fn(NaiveDate, NaiveDate) -> Who + 'a>;
    let end_of_question = m.answered.or(m.lapsed);
    let question: Wanted<'a> = Box::new(move |t, today| {
        let open = !reached(end_of_question, t) && today < m.sent + days(14);
        if open { to_expert(t) } else { vec![] }
    });
    round(
        "APPROACH_REMINDER",
        m.sent,
        vec![(7, m.sent + days(7))],
        m.sent,
        end_of_question,
        question,
    );
    let (Some(answered), Some(introduced), Some(met), Some(active), Some(ended)) =
        (m.answered, m.introduced, m.met, m.active, m.ended)
    else {
        return;
    };
    let readiness: Wanted<'a> = Box::new(move |t, today| {
        let checked = world.checks.iter().any(|check| {
            check.expert == m.expert && check.on <= t && check.valid_until >= today
                // inspected 1,800 days before its end in this world
                && check.valid_until - days(1_800) <= today
        });
        let open = t < active;
        if open && !(checked && expert.trained) {
            to_expert(t)
        } else {
            vec![]
        }
    });
    let fortnights = (0..60).map(|n| (n, answered + days(i64::from(n) * 14))).collect();
    round(
        "READINESS_MISSING",
        answered,
        fortnights,
        answered,
        Some(active),
        readiness,
    );
    round(
        "MEETING_UNDATED",
        introduced,
        vec![(14, introduced + days(14))],
        introduced,
        Some(met),
        Box::new(move |t, _| {
            if t >= met {
                return vec![];
            }
            let mut who = to_expert(t);
            who.push(("CENTER", center));
            who
        }),
    );
    round(
        "CHEMISTRY_SILENT",
        met,
        vec![(7, met + days(7))],
        met,
        Some(active),
        Box::new(move |t, today| {
            let mut who = vec![];
            if t >= active {
                return who;
            }
            if !reached(m.verdicts[0], t) {
                who.extend(to_expert(t));
            }
            if !reached(m.verdicts[1], t) && case.mentee_has_address {
                who.push(("MENTEE", case.mentee));
            }
            let minor = today < case.born + Months::new(18 * 12);
            if !reached(m.verdicts[2], t) && case.guardian_has_address && minor {
                who.push(("GUARDIAN", case.mentee));
            }
            who
        }),
    );
    for (trigger, step, kind, weeks) in [
        ("NO_MEETING", 3, "EXPERT", 3),
        ("NO_MEETING_CENTER", 5, "CENTER", 5),
    ] {
        // each meeting begins a new round
        let mut anchors = vec![active];
        anchors.extend(m.meetings.iter().copied().filter(|met| *met > active));
        for (number, anchor) in anchors.iter().enumerate() {
            let next = anchors.get(number + 1).copied().unwrap_or(ended).min(ended);
            round(
                trigger,
                *anchor,
                vec![(step, *anchor + days(7 * weeks))],
                *anchor,
                Some(next),
                Box::new(move |t, _| {
                    if t >= next {
                        vec![]
                    } else if kind == "CENTER" {
                        vec![("CENTER", center)]
                    } else if expert.ended {
                        vec![]
                    } else {
                        to_expert(t)
                    }
                }),
            );
        }
    }
    for (trigger, step, due, gave) in [
        ("CHECK_IN", 4, active + days(28), m.check_in),
        ("HALF_YEAR_FEEDBACK", 6, active + Months::new(6), m.half_year),
    ] {
        round(
            trigger,
            active,
            vec![(step, due)],
            active,
            Some(ended),
            Box::new(move |t, _| {
                let mut who = vec![];
                if t < ended && !reached(gave[0], t) {
                    who.extend(to_expert(t));
                }
                if t < ended && !reached(gave[1], t) && case.mentee_has_address {
                    who.push(("MENTEE", case.mentee));
                }
                who
            }),
        );
    }
    let ends_on = m.ends_on;
    round(
        "AGREEMENT_ENDING",
        ends_on,
        [2, 1, 0]
            .map(|months| (months as i16, ends_on - Months::new(months)))
            .into(),
        active,
        Some(ended),
        Box::new(move |t, _| {
            if t >= ended {
                return vec![];
            }
            let mut who = to_expert(t);
            if case.mentee_has_address {
                who.push(("MENTEE", case.mentee));
            }
            who.push(("CENTER", center));
            who
        }),
    );
    round(
        "FINAL_REPORT",
        ended,
        [0, 14, 28]
            .map(|past| (past, ended + days(i64::from(past))))
            .into(),
        ended,
        None,
        Box::new(move |t, _| {
            if reached(m.report, t) {
                vec![]
            } else {
                to_expert(t)
            }
        }),
    );
    if let Some((interview, on, followed)) = m.interview {
        rounds.push(Round {
            trigger: "INTERVIEW_FOLLOW_UP",
            subject: interview,
            anchor: on,
            steps: vec![(2, on + days(2))],
            from: on,
            until: None,
            wanted: Box::new(move |t, _| {
                if t >= ended || reached(followed, t) {
                    vec![]
                } else {
                    to_expert(t)
                }
            }),
        });
    }
}
