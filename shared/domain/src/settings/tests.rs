use chrono::NaiveTime;

use super::*;

fn fields(settings: &Settings) -> Vec<String> {
    settings
        .check()
        .unwrap_err()
        .into_iter()
        .map(|error| error.field)
        .collect()
}

#[test]
fn the_defaults_are_acceptable() {
    assert_eq!(Settings::default().check(), Ok(()));
}

#[test]
fn a_problem_names_the_field_the_value_and_what_would_be_right() {
    let settings = Settings {
        check_validity_months: 61,
        ..Settings::default()
    };
    let errors = settings.check().unwrap_err();
    assert_eq!(errors[0].field, "checkValidityMonths");
    assert_eq!(
        errors[0].message,
        "checkValidityMonths is 61: it must be 6 to 60 months"
    );
}

#[test]
fn every_problem_is_told_at_once() {
    let settings = Settings {
        programme_name: " ".into(),
        organisation_name: "a\nb".into(),
        check_expiry_reminder_weeks: vec![4, 8],
        training_reminder_days: vec![14; 9],
        case_searching_reminder_days: vec![0, 14],
        ..Settings::default()
    };
    assert_eq!(
        fields(&settings),
        [
            "programmeName",
            "organisationName",
            "checkExpiryReminderWeeks",
            "trainingReminderDays",
            "caseSearchingReminderDays"
        ]
    );
}

#[test]
fn steps_that_depend_on_each_other_are_held_against_each_other() {
    let settings = Settings {
        approach_reminder_days: 14,
        undated_meeting_reminder_days: vec![14, 28],
        chemistry_reminder_days: vec![28],
        no_meeting_expert_weeks: 5,
        ..Settings::default()
    };
    assert_eq!(
        fields(&settings),
        [
            "approachReminderDays",
            "undatedMeetingReminderDays",
            "chemistryReminderDays",
            "noMeetingExpertWeeks"
        ]
    );
}

#[test]
fn an_empty_list_switches_a_reminder_off() {
    let settings = Settings {
        chemistry_reminder_days: vec![],
        ..Settings::default()
    };
    assert_eq!(settings.check(), Ok(()));
}

#[test]
fn the_digest_is_not_sent_at_night() {
    let at = |hour| NaiveTime::from_hms_opt(hour, 0, 0).unwrap();
    let settings = Settings {
        digest_time: at(6),
        ..Settings::default()
    };
    assert_eq!(fields(&settings), ["digestTime"]);
    let settings = Settings {
        quiet_from: at(7),
        ..Settings::default()
    };
    assert_eq!(fields(&settings), ["quietUntil"]);
}

#[test]
fn settings_of_an_earlier_version_are_read_with_todays_defaults() {
    let settings: Settings =
        serde_json::from_value(serde_json::json!({ "programmeName": "Brücke", "approachLapseDays": 21 }))
            .unwrap();
    assert_eq!(
        settings,
        Settings {
            programme_name: "Brücke".into(),
            approach_lapse_days: 21,
            ..Settings::default()
        }
    );
}
