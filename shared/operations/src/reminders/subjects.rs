//! What reminders are about, and whether each is still wanted, and by whom.

use std::collections::HashMap;

use chrono::{Days, Months, NaiveDate, TimeDelta};
use tandem_domain::cases::CaseState;
use tandem_domain::checks::{CheckKind, erase_on, is_minor, needed_kind};
use tandem_domain::eligibility::{Missing, missing};
use tandem_domain::experts::ExpertState;
use tandem_domain::ids::{ExpertId, OfficeId};
use tandem_domain::matches::MatchState;
use tandem_domain::parties::Side;
use tandem_domain::reminders::Reminder;
use tandem_domain::settings::Settings;
use tandem_storage::checks::erasing;
use tandem_storage::deliveries::{self, ContactFacts};
use tandem_storage::reminders::{
    self, AttendanceFacts, CaseFacts, CheckFacts, Digest, InterviewFacts, MatchLife, Since,
};
use tandem_storage::{PgConnection, facts};
use uuid::Uuid;

use crate::deliveries::Recipient;
use crate::personal_data::{self, Due};
use crate::{App, Result};

/// Lines in each part of a digest: what one reads in a minute.
const DIGEST_LINES: usize = 5;
/// For so long a digest names a check that has ended, in weeks.
const EXPIRED_WEEKS: u64 = 4;

/// What a reminder is about, as it is now.
#[derive(Debug)]
pub(crate) enum Subject {
    /// A match, and what its expert lacks (only where that is what it is about).
    Match(Box<MatchLife>, Vec<Missing>),
    /// An interview and its match.
    Interview(InterviewFacts, Box<MatchLife>),
    /// A background check.
    Check(Box<CheckFacts>),
    /// A seat in a course.
    Attendance(Box<AttendanceFacts>),
    /// A case.
    Case(Box<CaseFacts>),
    /// An office and its digest.
    Office(OfficeId, ContactFacts, Digest),
    /// What is about to be erased, announced on a day.
    Erasure(Erasure, NaiveDate),
}

/// What an office has to look at, in full.
pub(super) async fn work_of(
    conn: &mut PgConnection,
    app: &App,
    settings: &Settings,
    office: OfficeId,
) -> Result<Digest> {
    Ok(reminders::digest(conn, office, since(app, settings), usize::MAX).await?)
}

/// What is about to be erased.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Erasure {
    /// Background checks.
    pub(crate) checks: usize,
    /// Cases whose free text goes, and people.
    pub(crate) retained: Due,
}

impl Erasure {
    pub(crate) fn is_empty(&self) -> bool {
        self.checks == 0 && self.retained.is_empty()
    }
}

/// What is about to be erased: announced on `on`, and not in the `days` before. What erases by itself asks
/// the same rules: [`erase_on`] and [`personal_data::due_on`].
pub(super) async fn erasures(
    conn: &mut PgConnection,
    settings: &Settings,
    on: NaiveDate,
    days: i16,
) -> Result<Erasure> {
    let until = on + Days::new(settings.erasure_notice_days.into());
    let from = until - TimeDelta::days(days.into());
    // months have different lengths: the rule decides, this only narrows
    let ended = |day: NaiveDate| day - Months::new(settings.erase_after_end_months);
    let ended = erasing::ended_between(
        conn,
        settings.standby_is_activity,
        ended(from) - Days::new(3),
        ended(until) + Days::new(3),
    )
    .await?;
    let checks = ended
        .iter()
        .filter_map(|activity| erase_on(activity, settings))
        .filter(|day| from < *day && *day <= until)
        .count();
    let told = personal_data::due_on(conn, settings, on, from).await?;
    let all = personal_data::due_on(conn, settings, on, until).await?;
    Ok(Erasure {
        checks,
        retained: all.without(told),
    })
}

/// Reads the subjects of a reminder; those that do not exist any more are left out.
pub(crate) async fn load(
    conn: &mut PgConnection,
    app: &App,
    settings: &Settings,
    reminder: Reminder,
    ids: &[Uuid],
) -> Result<HashMap<Uuid, Subject>> {
    Ok(match reminder {
        Reminder::ReadinessMissing => {
            let lives = reminders::match_lives(conn, ids).await?;
            let mut lacks = lacks(conn, app, &lives).await?;
            lives
                .into_iter()
                .map(|life| {
                    let lacks = lacks.remove(&life.id.uuid()).unwrap_or_default();
                    (life.id.uuid(), Subject::Match(Box::new(life), lacks))
                })
                .collect()
        }
        Reminder::Approach
        | Reminder::MeetingUndated
        | Reminder::ChemistrySilent
        | Reminder::NoMeeting
        | Reminder::NoMeetingCenter
        | Reminder::CheckIn
        | Reminder::HalfYearFeedback
        | Reminder::AgreementEnding
        | Reminder::FinalReport => reminders::match_lives(conn, ids)
            .await?
            .into_iter()
            .map(|life| (life.id.uuid(), Subject::Match(Box::new(life), Vec::new())))
            .collect(),
        Reminder::InterviewFollowUp => {
            let interviews = reminders::interview_facts(conn, ids).await?;
            let matches: Vec<Uuid> = interviews
                .iter()
                .map(|interview| interview.matching.uuid())
                .collect();
            let lives: HashMap<Uuid, MatchLife> = reminders::match_lives(conn, &matches)
                .await?
                .into_iter()
                .map(|life| (life.id.uuid(), life))
                .collect();
            interviews
                .into_iter()
                .filter_map(|interview| {
                    let life = lives.get(&interview.matching.uuid())?.clone();
                    Some((interview.id, Subject::Interview(interview, Box::new(life))))
                })
                .collect()
        }
        Reminder::CheckExpiry | Reminder::CheckExpiryOffice => reminders::check_facts(conn, ids)
            .await?
            .into_iter()
            .map(|check| (check.id, Subject::Check(Box::new(check))))
            .collect(),
        Reminder::TrainingSession => reminders::attendance_facts(conn, ids)
            .await?
            .into_iter()
            .map(|seat| (seat.id, Subject::Attendance(Box::new(seat))))
            .collect(),
        Reminder::CaseSearching | Reminder::OutcomeConfirmation | Reminder::Turns18 => {
            reminders::case_facts(conn, ids)
                .await?
                .into_iter()
                .map(|case| (case.id.uuid(), Subject::Case(Box::new(case))))
                .collect()
        }
        Reminder::WeeklyDigest => {
            let mut offices = HashMap::new();
            for id in ids {
                let office = OfficeId::from(*id);
                if let Some(contact) = deliveries::office_contact(conn, office).await? {
                    let digest = reminders::digest(conn, office, since(app, settings), DIGEST_LINES).await?;
                    offices.insert(*id, Subject::Office(office, contact, digest));
                }
            }
            offices
        }
        Reminder::ErasureDue => HashMap::new(),
    })
}

fn since(app: &App, settings: &Settings) -> Since {
    let today = app.today();
    Since {
        expiring_until: today + Days::new(u64::from(settings.check_expiring_weeks) * 7),
        expired_from: today - Days::new(EXPIRED_WEEKS * 7),
        asked_before: app.now() - Days::new(settings.approach_reminder_days.into()),
        met_before: today - Days::new(u64::from(settings.no_meeting_expert_weeks) * 7),
    }
}

/// What the experts of these matches lack before a first meeting, without what they have booked.
async fn lacks(
    conn: &mut PgConnection,
    app: &App,
    lives: &[MatchLife],
) -> Result<HashMap<Uuid, Vec<Missing>>> {
    let mut experts: Vec<ExpertId> = lives.iter().map(|life| life.expert_id).collect();
    experts.sort_unstable();
    experts.dedup();
    let rows: HashMap<ExpertId, _> = facts::experts(conn, Some(&experts), app.now(), app.today())
        .await?
        .into_iter()
        .map(|row| (row.id, row.facts))
        .collect();
    let booked = reminders::booked_modules(conn, &experts, app.now()).await?;
    let required = facts::required_modules(conn).await?;
    let mut lacks = HashMap::new();
    for life in lives {
        let Some(expert) = rows.get(&life.expert_id) else {
            continue;
        };
        let mut wanted = required.clone();
        for (expert, module) in &booked {
            if *expert == life.expert_id {
                wanted.remove(module);
            }
        }
        // a first meeting that lies ahead is asked for on its day
        let day = life.planned_start.unwrap_or_else(|| app.today()).max(app.today());
        let kind = needed_kind(life.mentee.birth_date, app.today());
        let mut of_expert = missing(expert, kind, &wanted, app.today());
        if of_expert.is_empty() {
            // what ends before the planned start is missing as well
            of_expert = missing(expert, needed_kind(life.mentee.birth_date, day), &wanted, day);
        }
        lacks.insert(life.id.uuid(), of_expert);
    }
    Ok(lacks)
}

type Wanted = std::result::Result<Vec<Recipient>, &'static str>;

fn someone(recipients: Vec<Recipient>, reason: &'static str) -> Wanted {
    if recipients.is_empty() {
        Err(reason)
    } else {
        Ok(recipients)
    }
}

impl Subject {
    /// The entity's name in deliveries.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Match(..) => "Match",
            Self::Interview(..) => "Milestone",
            Self::Check(_) => "BackgroundCheck",
            Self::Attendance(_) => "TrainingAttendance",
            Self::Case(_) => "Case",
            Self::Office(..) => "RegionalOffice",
            Self::Erasure(..) => "Programme",
        }
    }

    /// Who gets the reminder, or why nobody does.
    pub(crate) fn recipients(&self, reminder: Reminder, settings: &Settings, today: NaiveDate) -> Wanted {
        match self {
            Self::Match(life, lacks) => of_match(life, lacks, reminder, settings, today),
            Self::Interview(interview, life) => {
                if interview.followed_up {
                    Err("the interview has been followed up")
                } else if !matches!(life.state, MatchState::Active | MatchState::Paused) {
                    Err("the match is not active any more")
                } else {
                    someone(expert_of(life), "the expert has left")
                }
            }
            Self::Check(check) => of_check(check, reminder),
            Self::Attendance(seat) => {
                if !seat.booked {
                    Err("the seat is not booked any more, or the course was cancelled")
                } else if tandem_domain::clock::date_in_germany(seat.starts_at) < today {
                    Err("the course has begun")
                } else if seat.expert.state == ExpertState::Left {
                    Err("the expert has left")
                } else {
                    Ok(vec![Recipient::Expert(seat.expert_id)])
                }
            }
            Self::Case(case) => of_case(case, reminder, today),
            Self::Office(office, _, digest) => {
                if digest.is_empty() {
                    Err("there is nothing to look at")
                } else {
                    Ok(vec![Recipient::Office(*office)])
                }
            }
            Self::Erasure(..) => Err("announced to administrators by itself"),
        }
    }
}

fn expert_of(life: &MatchLife) -> Vec<Recipient> {
    if life.expert.state == ExpertState::Left {
        Vec::new()
    } else {
        vec![Recipient::Expert(life.expert_id)]
    }
}

/// The mentee, who can only be written to at an address.
fn mentee_of(life: &MatchLife) -> Option<Recipient> {
    life.mentee
        .email
        .as_ref()
        .map(|_| Recipient::Mentee(life.mentee.id))
}

fn of_match(
    life: &MatchLife,
    lacks: &[Missing],
    reminder: Reminder,
    settings: &Settings,
    today: NaiveDate,
) -> Wanted {
    const GONE_ON: &str = "the match has gone on";
    const LEFT: &str = "the expert has left";
    let active = life.state == MatchState::Active;
    let running = matches!(life.state, MatchState::Active | MatchState::Paused);
    let silent_for = |weeks: u32| {
        life.last_contact
            .is_some_and(|day| day + Days::new(u64::from(weeks) * 7) <= today)
    };
    let gave =
        |side: Side, occasion: &str| life.feedback.iter().any(|(by, on)| *by == side && on == occasion);
    match reminder {
        Reminder::Approach => {
            let lapses = life.approach_sent_at.map(|at| {
                tandem_domain::clock::date_in_germany(at) + Days::new(settings.approach_lapse_days.into())
            });
            if life.state != MatchState::Approached {
                Err("the question has been answered or taken back")
            } else if life.undeliverable || lapses.is_none() {
                Err("the question has not reached the expert")
            } else if lapses.is_some_and(|day| day <= today) {
                Err("the question has lapsed")
            } else if life.expert.state != ExpertState::Active {
                Err("the expert is not active")
            } else {
                Ok(vec![Recipient::Expert(life.expert_id)])
            }
        }
        Reminder::MeetingUndated => {
            if life.state != MatchState::Introduced {
                return Err(GONE_ON);
            }
            if life.meeting_planned {
                return Err("the first meeting is dated");
            }
            let mut recipients = expert_of(life);
            recipients.push(Recipient::Center(life.center));
            Ok(recipients)
        }
        Reminder::ChemistrySilent => {
            if life.state != MatchState::Met {
                return Err(GONE_ON);
            }
            let silent = |side: Side| !life.answered.contains(&side);
            let mut recipients = Vec::new();
            if silent(Side::Expert) {
                recipients.extend(expert_of(life));
            }
            if silent(Side::Mentee) {
                recipients.extend(mentee_of(life));
            }
            let guardian = life
                .mentee
                .guardian
                .as_ref()
                .filter(|guardian| guardian.email.is_some());
            if is_minor(life.mentee.birth_date, today) && silent(Side::Guardian) && guardian.is_some() {
                recipients.push(Recipient::Guardian(life.mentee.id));
            }
            someone(recipients, "every side that can be written to has answered")
        }
        Reminder::ReadinessMissing => {
            if !matches!(
                life.state,
                MatchState::Interested | MatchState::Introduced | MatchState::Met
            ) {
                Err(GONE_ON)
            } else if lacks.is_empty() {
                Err("nothing is missing any more, or it is booked")
            } else if life.expert.state != ExpertState::Active {
                Err("the expert is not active")
            } else {
                Ok(vec![Recipient::Expert(life.expert_id)])
            }
        }
        Reminder::NoMeeting if !active => Err("the match is not active"),
        Reminder::NoMeeting if !silent_for(settings.no_meeting_expert_weeks) => Err("a meeting was logged"),
        Reminder::NoMeeting => someone(expert_of(life), LEFT),
        Reminder::NoMeetingCenter if !active => Err("the match is not active"),
        Reminder::NoMeetingCenter if !silent_for(settings.no_meeting_center_weeks) => {
            Err("a meeting was logged")
        }
        Reminder::NoMeetingCenter => Ok(vec![Recipient::Center(life.center)]),
        Reminder::CheckIn | Reminder::HalfYearFeedback => {
            if !active {
                return Err("the match is not active");
            }
            let occasion = if reminder == Reminder::CheckIn {
                "CHECK_IN"
            } else {
                "HALF_YEAR"
            };
            let mut recipients = Vec::new();
            if !gave(Side::Expert, occasion) {
                recipients.extend(expert_of(life));
            }
            if !gave(Side::Mentee, occasion) {
                recipients.extend(mentee_of(life));
            }
            someone(recipients, "both have answered")
        }
        Reminder::AgreementEnding => {
            if !running {
                return Err("the match has ended");
            }
            let mut recipients = expert_of(life);
            recipients.extend(mentee_of(life));
            recipients.push(Recipient::Center(life.center));
            Ok(recipients)
        }
        Reminder::FinalReport => {
            if !matches!(life.state, MatchState::Completed | MatchState::EndedEarly) {
                Err("the match has not ended")
            } else if life.reported {
                Err("the report has been written")
            } else {
                someone(expert_of(life), LEFT)
            }
        }
        _ => Err("this reminder is not about matches"),
    }
}

fn of_check(check: &CheckFacts, reminder: Reminder) -> Wanted {
    if check.valid_until.is_none() {
        return Err("the check does not count any more");
    }
    if check.replaced {
        return Err("a newer check is valid for longer");
    }
    match reminder {
        _ if check.expert.state != ExpertState::Active => Err("the expert is not active"),
        Reminder::CheckExpiry => Ok(vec![Recipient::Expert(check.expert_id)]),
        _ => Ok(vec![Recipient::Office(check.office)]),
    }
}

fn of_case(case: &CaseFacts, reminder: Reminder, today: NaiveDate) -> Wanted {
    match reminder {
        Reminder::CaseSearching if case.state != CaseState::Searching => {
            Err("the case does not search any more")
        }
        Reminder::CaseSearching => Ok(vec![
            Recipient::Office(case.office),
            Recipient::Center(case.center),
        ]),
        Reminder::OutcomeConfirmation if case.state != CaseState::Closed => Err("the case is open again"),
        Reminder::OutcomeConfirmation if case.outcome_confirmed => Err("the outcome has been confirmed"),
        Reminder::OutcomeConfirmation => Ok(vec![Recipient::Center(case.center)]),
        _ if matches!(case.state, CaseState::Closed | CaseState::Withdrawn) => Err("the case is closed"),
        _ if !is_minor(case.birth_date, today) => Err("the mentee is of age"),
        _ => Ok(vec![Recipient::Center(case.center)]),
    }
}

/// Which certificate is missing, where one is.
pub(crate) fn check_wanted(lacks: &[Missing]) -> Option<CheckKind> {
    lacks.iter().find_map(|missing| match missing {
        Missing::ExtendedCheck => Some(CheckKind::Extended),
        Missing::SimpleCheck => Some(CheckKind::Simple),
        _ => None,
    })
}
