//! What everybody should get: computed from what happened and from the days on which somebody worked, by
//! walking through every step of every reminder, without any of the product's rules.

use std::collections::BTreeSet;

use chrono::{Datelike, Months, NaiveDate, TimeDelta};
use uuid::Uuid;

use super::world::{Match, STALE_CHANGED, Seats, World};

/// When there was work.
pub(super) struct Work {
    /// Nights in which somebody looked for what is due.
    pub(super) nights: BTreeSet<NaiveDate>,
    /// Of these, the ones after which nobody worked by day: what they promised left a day later.
    pub(super) late: BTreeSet<NaiveDate>,
}

impl Work {
    /// When what was promised in a night is sent.
    fn sent(&self, night: NaiveDate) -> NaiveDate {
        if self.late.contains(&night) {
            night + days(1)
        } else {
            night
        }
    }

    /// The nights in which every plan is made anew, since the settings have changed.
    fn replanned(&self, world: &World) -> Option<NaiveDate> {
        let changed = world.start + days(STALE_CHANGED);
        self.nights.iter().copied().find(|night| *night > changed)
    }
}

/// What should have come of everything.
#[derive(Debug, Default)]
pub(super) struct Expected {
    /// What arrived, with the day on which it was sent.
    pub(super) sent: BTreeSet<Mail>,
    /// What was promised and not wanted any more when its time came; without a day.
    pub(super) suppressed: BTreeSet<Mail>,
    /// What could not be delivered, with the day on which that was seen.
    pub(super) failed: BTreeSet<Mail>,
}

impl Expected {
    /// A promised mail: what becomes of it by day.
    fn promise(&mut self, world: &World, mail: Mail, still: bool) {
        let recipient = (mail.recipient.0.as_str(), mail.recipient.1);
        if !still {
            self.suppressed.insert(Mail {
                day: NaiveDate::default(),
                ..mail
            });
        } else if world.refused.contains(&world.address(recipient)) {
            self.failed.insert(mail);
        } else {
            self.sent.insert(mail);
        }
    }

    fn knows(&self, mail: &Mail) -> bool {
        let same = |other: &Mail| {
            Mail {
                day: mail.day,
                ..other.clone()
            } == *mail
        };
        self.sent
            .iter()
            .chain(&self.suppressed)
            .chain(&self.failed)
            .any(same)
    }
}

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

/// Everything that should have come of the world and of the work.
pub(super) fn expected(world: &World, work: &Work) -> Expected {
    let mut expected = Expected::default();
    let replanned = work.replanned(world);
    for round in rounds(world) {
        for (number, due) in &round.steps {
            let within = |night: &NaiveDate| {
                *night > round.from && *night >= *due && round.until.is_none_or(|end| *night <= end)
            };
            // the first night on which somebody works and sees it: what happens by day is seen the next night
            let first = work.nights.iter().copied().find(within);
            let again = replanned.filter(|night| within(night) && first.is_some_and(|first| first < *night));
            for night in first.into_iter().chain(again) {
                let later_one = round
                    .steps
                    .iter()
                    .any(|(_, other)| other > due && *other <= night);
                let oldest = if replanned.is_some_and(|changed| night >= changed) {
                    93
                } else {
                    92
                };
                if later_one || *due < night - days(oldest) {
                    continue;
                }
                let sent = work.sent(night);
                let still = if round.until.is_none_or(|end| sent < end) {
                    (round.wanted)(sent, sent)
                } else {
                    vec![]
                };
                for (kind, id) in (round.wanted)(night - days(1), night) {
                    let mail = Mail {
                        trigger: round.trigger.to_owned(),
                        step: *number,
                        subject: round.subject,
                        recipient: (kind.to_owned(), id),
                        occasion: Some(round.anchor),
                        day: sent,
                    };
                    // one key is promised once
                    if night == again.unwrap_or_default() && expected.knows(&mail) {
                        continue;
                    }
                    let ended = round.trigger == "NO_MEETING"
                        && world.experts.iter().any(|expert| expert.id == id && expert.ended);
                    expected.promise(world, mail, still.contains(&(kind, id)) && !ended);
                }
            }
        }
    }
    digests(world, work, &mut expected);
    erasures(world, work, &mut expected);
    let notices = notices(world, &expected);
    expected.sent.extend(notices);
    expected
}

/// Each address that refuses is told to its office once, on the day of the first refusal. The subject is here
/// the recipient, since which of several mails of that day is the first is chance.
fn notices(world: &World, expected: &Expected) -> BTreeSet<Mail> {
    let mut first = std::collections::BTreeMap::new();
    for mail in &expected.failed {
        let day = first.entry(mail.recipient.clone()).or_insert(mail.day);
        *day = mail.day.min(*day);
    }
    first
        .into_iter()
        .filter_map(|((kind, id), day)| {
            let office = world.office_of((&kind, id))?;
            Some(Mail {
                trigger: "MAIL_UNDELIVERABLE".to_owned(),
                step: 0,
                subject: id,
                recipient: ("OFFICE".to_owned(), office),
                occasion: None,
                day,
            })
        })
        .collect()
}

/// Each night on which somebody works, the administrators hear of what was not told before.
fn erasures(world: &World, work: &Work, expected: &mut Expected) {
    let mut told: NaiveDate = "2016-08-01".parse().expect("a day");
    for night in &work.nights {
        let past = (*night - told).num_days();
        told = *night;
        let sent = work.sent(*night);
        let still = coming(world, sent, *night, past);
        if !coming(world, *night - days(1), *night, past) {
            continue;
        }
        for admin in &world.admins {
            if reached(admin.until, *night - days(1)) {
                continue;
            }
            let mail = Mail {
                trigger: "ERASURE_DUE".to_owned(),
                step: past as i16,
                subject: Uuid::nil(),
                recipient: ("USER".to_owned(), admin.id),
                occasion: Some(*night),
                day: sent,
            };
            expected.promise(world, mail, still && !reached(admin.until, sent));
        }
    }
}

/// Whether something is erased 30 days after a day that was not announced in so many days before.
fn coming(world: &World, t: NaiveDate, on: NaiveDate, past: i64) -> bool {
    let (from, until) = (on + days(30) - days(past), on + days(30));
    let new = |due: &dyn Fn(NaiveDate) -> bool| due(until) && !due(from);
    let months_before = |day: NaiveDate, months: u32| day - Months::new(months);
    let checks = world.checks.iter().any(|check| {
        let left = world.experts[check.expert].left.filter(|left| *left <= t);
        check.on <= t && left.is_some_and(|left| new(&|day| left + Months::new(6) <= day))
    });
    let cases = world.cases.iter().enumerate().any(|(number, case)| {
        let ended = world
            .matches
            .iter()
            .find(|m| m.case == number)
            .and_then(|m| m.ended);
        let Some(ended) = ended.filter(|ended| *ended <= t) else {
            return false;
        };
        let last = case
            .confirmed
            .filter(|day| *day <= t)
            .map_or(ended, |day| day.max(ended));
        new(&|day| ended < months_before(day, 6)) || new(&|day| last < months_before(day, 12))
    });
    let experts = world.experts.iter().enumerate().any(|(number, expert)| {
        let Some(left) = expert.left.filter(|left| *left <= t) else {
            return false;
        };
        let own = || world.matches.iter().filter(|m| m.expert == number && m.sent <= t);
        let end = |m: &Match| m.lapsed.or(m.ended).filter(|day| *day <= t);
        own().all(|m| end(m).is_some())
            && new(&|day| {
                let before = months_before(day, 12);
                left < before && own().all(|m| end(m).is_some_and(|ended| ended < before))
            })
    });
    let accounts = world.admins.iter().any(|admin| {
        let closed = admin.until.filter(|day| *day <= t);
        closed.is_some_and(|closed| new(&|day| closed < months_before(day, 12)))
    });
    checks || cases || experts || accounts
}

/// Each office has a case that nobody fills, so that each Monday there is something to tell, once it is there.
fn digests(world: &World, work: &Work, expected: &mut Expected) {
    for (number, office) in world.offices.iter().enumerate() {
        let mut told = BTreeSet::new();
        for night in &work.nights {
            let monday = *night - days(i64::from(night.weekday().num_days_from_monday()));
            // the office is there from the first day on, which is seen the next night
            if *night < world.start || monday < world.start || !told.insert(monday) {
                continue;
            }
            if anything_to_tell(world, number, *night - days(1), *night) {
                let sent = work.sent(*night);
                let mail = Mail {
                    trigger: "WEEKLY_DIGEST".to_owned(),
                    step: 0,
                    subject: *office,
                    recipient: ("OFFICE".to_owned(), *office),
                    occasion: Some(monday),
                    day: sent,
                };
                expected.promise(world, mail, anything_to_tell(world, number, sent, sent));
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
    for seats in &world.seats {
        of_seats(world, seats, &mut rounds);
    }
    rounds
}

/// Who is booked hears of the session before its day; another day begins a round of its own.
fn of_seats<'a>(world: &'a World, seats: &'a Seats, rounds: &mut Vec<Round<'a>>) {
    let course = &world.courses[seats.course];
    let expert = &world.experts[seats.expert];
    let end = [seats.given_back, course.cancelled, seats.confirmed]
        .into_iter()
        .flatten()
        .min();
    let mut days_of_it = vec![(seats.booked, course.day(seats.booked))];
    days_of_it.extend(course.moved.filter(|(when, _)| *when > seats.booked));
    for (place, (from, day)) in days_of_it.iter().copied().enumerate() {
        let next = days_of_it.get(place + 1).map(|(when, _)| *when);
        let until = next.into_iter().chain(end).min();
        for id in seats.ids {
            rounds.push(Round {
                trigger: "TRAINING_SESSION",
                subject: id,
                anchor: day,
                steps: [42, 14, 2]
                    .map(|before| (before as i16, day - days(before)))
                    .into(),
                from,
                until,
                wanted: Box::new(move |t, today| {
                    if reached(until, t) || day < today || reached(expert.left, t) {
                        vec![]
                    } else {
                        vec![("EXPERT", expert.id)]
                    }
                }),
            });
        }
    }
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
        let learns = world
            .seats
            .iter()
            .find(|seats| seats.expert == m.expert && seats.booked <= t);
        let trained = expert.trained
            || learns.is_some_and(|seats| {
                let course = &world.courses[seats.course];
                // who has booked what is still to come is not reminded of it
                let waits =
                    !reached(seats.given_back, t) && !reached(course.cancelled, t) && course.day(t) >= today;
                reached(seats.confirmed, t) || waits
            });
        if open && !(checked && trained) {
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
