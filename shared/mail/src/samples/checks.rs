//! Background checks and training.

use chrono::TimeDelta;

use super::{Sample, day, expert, helper, letterhead, now, office, sample, url};
use crate::mails::{CheckExpiryMail, CheckExpiryOfficeMail, TrainingReminderMail};

fn expiry(today: bool) -> CheckExpiryMail {
    CheckExpiryMail {
        letterhead: letterhead(),
        expert: expert(),
        extended: !today,
        valid_until: if today {
            day("2026-11-23")
        } else {
            day("2027-02-15")
        },
        today,
    }
}

fn training(video: bool) -> TrainingReminderMail {
    TrainingReminderMail {
        letterhead: letterhead(),
        expert: expert(),
        module: "Begleitung junger Geflüchteter und interkulturelle Arbeit".to_owned(),
        starts_at: now() + TimeDelta::days(14),
        place: (!video).then(|| "Regionalbüro Berlin, Musterstraße 1, 10115 Berlin".to_owned()),
        video: video.then(|| url("treffen/schulung")),
        url: url("me"),
    }
}

pub(super) fn all() -> Vec<Sample> {
    vec![
        sample("check_expiry", "a check ends in some weeks", expiry(false)),
        sample("check_expiry_today", "a check ends today", expiry(true)),
        sample(
            "check_expiry_office",
            "a check ends, to the office",
            CheckExpiryOfficeMail {
                letterhead: helper(),
                coordinator: office(),
                expert_name: "Dr. Maria Weber".to_owned(),
                expert_phone: "030 23125 815".to_owned(),
                valid_until: day("2026-12-21"),
                active_matches: 1,
                url: url("experts/01935a7e"),
            },
        ),
        sample("training_reminder", "a course in two weeks", training(false)),
        sample("training_reminder_video", "a course by video", training(true)),
    ]
}
