//! Every word that a page shows, a file a language. The fields of [`Texts`] are the pages of mentees and
//! guardians and what all pages share, in six languages; those of [`ExpertTexts`] the pages of experts,
//! in two. A text that is missing in a language does not compile.
//!
//! Plain language (about A2/B1, at most 15 words a sentence; domain.md "E-mails and reminders"). A name
//! in braces is filled in by [`fill`]; a test holds the languages together.

mod ar;
mod de;
mod en;
mod expert_de;
mod expert_en;
mod fa;
mod tr;
mod uk;

use tandem_mail::Language;

/// Declares a set of texts, and how a test walks over it.
macro_rules! texts {
    ($(#[$doc:meta])* $name:ident { $($field:ident)* }) => {
        $(#[$doc])*
        #[derive(Debug)]
        pub(crate) struct $name { $(pub(crate) $field: &'static str,)* }

        impl $name {
            #[cfg(test)]
            fn all(&self) -> Vec<(&'static str, &'static str)> {
                vec![$((stringify!($field), self.$field),)*]
            }
        }
    };
}

texts! {
    /// What all pages share, and the pages of mentees and guardians.
    Texts {
        // around every page
        language change_language greeting only_for questions call_or_write phone email back
        // forms
        send confirm cancel optional saved check_form missing not_that refused meanwhile sure fault_title
        // a shared device
        leave leave_hint left_title left
        // links that do not open anything
        expired_title expired void_title void frozen again_ask again_button again_title again_done pdf_button pdf_title pdf_wait pdf_again pause_title pause_intro pause_button resume_intro resume_button publicity_title publicity_text publicity_guardian publicity_tick publicity_button gone_title gone closed_title closed
        // the front door
        front_title front_mail front_sign_in
        // the code on paper
        code_title code_intro code_label code_hint code_wrong code_many code_staff
        // the printed page
        print_title print_for print_intro print_steps_title print_step_scan print_step_type print_step_code
        print_code print_until print_once print_private print_fold
        // the overview
        home_title state_none state_draft state_submitted state_searching state_interested state_introduced
        state_met state_active state_paused state_ended state_not_formed state_closed next_title
        nothing_to_do
        // who comes
        who_title who_name who_work who_languages who_no_photo who_first who_first_open who_first_day
        who_stop
        // the case
        case_title case_intro case_areas case_work case_start case_wishes case_ask consent_title
        consent_given consent_paper consent_denied consent_open consent_text consent_check consent_button
        // does it fit?
        verdict_title verdict_intro verdict_guardian verdict_guardian_question verdict_private verdict_free
        verdict_question verdict_yes verdict_no verdict_unsure verdict_given verdict_again verdict_waiting
        verdict_no_sure
        // the agreement
        agreement_title agreement_none agreement_intro agreement_free agreement_version agreement_areas
        agreement_expert agreement_mentee agreement_rhythm agreement_weekly agreement_days agreement_place
        agreement_channels agreement_goals agreement_from agreement_until agreement_signatures
        agreement_signed_on agreement_open agreement_sign agreement_sign_title agreement_check
        agreement_button agreement_done side_expert side_mentee side_guardian channel_email
        channel_phone channel_in_person channel_video channel_messenger
        // meetings
        meetings_title meetings_none meetings_intro minutes kind_in_person kind_video kind_phone kind_chat
        // feedback
        feedback_title feedback_intro feedback_private feedback_else feedback_thanks
        // a problem
        problem_title problem_intro problem_private problem_danger problem_label problem_hint problem_call
        problem_button problem_sent
        // the end
        end_title end_intro end_free end_reasons end_another end_yes end_no end_button end_sure end_done
        // "this is not right"
        dispute_title dispute_intro dispute_what dispute_verdict dispute_signature dispute_on
        dispute_witness dispute_effect dispute_button dispute_done
        // areas of support, and languages
        area_language area_application area_social area_school area_authorities area_other spoken_ar
        spoken_de spoken_en spoken_fr spoken_fa spoken_ru spoken_es spoken_tr spoken_uk
        // answers, reasons and the rest
        degree_yes degree_partly degree_no feedback_helps feedback_often end_goal end_term end_training
        end_time end_distance end_moved end_differ end_lost end_other stop_title stop_intro stop_button
        stop_done who_planned reach_title
    }
}

texts! {
    /// The pages of experts.
    ExpertTexts {
        home_title home_intro asked_title asked_open matches_title matches_none profile_link missing_title
        missing_none missing_check missing_check_extended missing_training missing_hint match_title
        match_person match_contact match_state state_approached state_interested state_introduced state_met
        state_active state_paused state_completed state_ended state_not_formed state_other first_title
        first_intro first_not_ready first_day first_day_hint first_plan first_held first_held_hint
        first_record verdict_title verdict_intro verdict_private verdict_question verdict_yes verdict_no
        verdict_unsure verdict_no_sure agreement_intro agreement_sign_intro agreement_edit
        agreement_areas_hint agreement_expert agreement_expert_hint agreement_mentee agreement_mentee_hint
        agreement_rhythm agreement_rhythm_hint agreement_place agreement_channels agreement_goals
        agreement_goals_hint agreement_from agreement_until agreement_save agreement_new meetings_title
        meetings_intro meetings_total meetings_day meetings_minutes meetings_kind meetings_areas
        meetings_asked meetings_note meetings_note_hint meetings_add milestones_title milestones_intro
        milestones_none milestones_kind milestones_day milestones_note milestones_interview milestones_add
        milestones_of m_course m_level m_application m_prepared m_interview m_followed m_club m_internship
        m_contract m_other pause_title pause_intro pause_button resume_intro resume_button feedback_title
        feedback_intro report_title report_intro report_button end_title end_intro end_reasons end_another
        end_yes end_no end_button end_sure end_thanks profile_title profile_intro profile_capacity
        profile_capacity_hint profile_radius profile_radius_hint profile_notify_hint training_title training_link training_intro training_none training_booked training_waiting training_offered training_full training_book training_wait training_accept training_give_back training_invited training_not_now notify_title notify_no_meeting notify_check_in notify_interview notify_half_year told_title told_intro_yes told_intro_no told_effect_yes told_effect_no told_button told_done
        profile_publicity profile_publicity_hint profile_save away_title away_now away_until away_open
        away_none away_from away_to away_to_hint away_button back_button problem_title end_goal end_term
        end_training end_time end_distance end_moved end_differ end_lost end_other feedback_joy
        feedback_joy_least feedback_joy_most feedback_support feedback_else report_level
        report_level_unknown report_alone report_summary report_done first_time first_place first_place_hint
        first_planned stop_title stop_intro stop_button stop_done milestones_level
        agreement_write_first not_available paused_then module_base module_intercultural module_other
        first_wait agreement_until_hint
    }
}

/// The words of a language.
pub(crate) fn of(language: Language) -> &'static Texts {
    match language {
        Language::De => &de::TEXTS,
        Language::En => &en::TEXTS,
        Language::Ar => &ar::TEXTS,
        Language::Fa => &fa::TEXTS,
        Language::Uk => &uk::TEXTS,
        Language::Tr => &tr::TEXTS,
    }
}

/// The words for experts: English, or else German.
pub(crate) fn for_experts(language: Language) -> &'static ExpertTexts {
    match language {
        Language::En => &expert_en::TEXTS,
        _ => &expert_de::TEXTS,
    }
}

/// How a language calls itself, for the switch.
pub(crate) fn own_name(language: Language) -> &'static str {
    match language {
        Language::De => "Deutsch",
        Language::En => "English",
        Language::Ar => "العربية",
        Language::Fa => "فارسی / دری",
        Language::Uk => "Українська",
        Language::Tr => "Türkçe",
    }
}

/// A text with its names in braces filled in.
pub(crate) fn fill(text: &str, values: &[(&str, &str)]) -> String {
    values.iter().fold(text.to_owned(), |text, (name, value)| {
        text.replace(&format!("{{{name}}}"), value)
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn names(text: &str) -> BTreeSet<&str> {
        text.split('{')
            .skip(1)
            .filter_map(|rest| rest.split_once('}').map(|(name, _)| name))
            .collect()
    }

    fn sentences(text: &str) -> impl Iterator<Item = &str> {
        text.split(['.', '!', '?', '؟', ':', '\n'])
    }

    #[test]
    fn every_language_fills_in_the_same_names() {
        for language in Language::ALL {
            for ((field, german), (_, other)) in of(Language::De).all().into_iter().zip(of(language).all()) {
                assert_eq!(names(german), names(other), "{field} in {language}");
            }
        }
        for ((field, german), (_, english)) in expert_de::TEXTS.all().into_iter().zip(expert_en::TEXTS.all())
        {
            assert_eq!(names(german), names(english), "{field}");
        }
    }

    #[test]
    fn no_sentence_has_more_than_15_words_and_none_is_empty() {
        for language in Language::ALL {
            for (field, text) in of(language).all() {
                assert!(!text.trim().is_empty(), "{field} in {language}");
                for sentence in sentences(text) {
                    let words = sentence.split_whitespace().count();
                    assert!(words <= 15, "{field} in {language} has {words} words: {sentence}");
                }
            }
        }
    }

    #[test]
    fn no_language_was_left_in_german() {
        for language in Language::ALL
            .into_iter()
            .filter(|language| *language != Language::De)
        {
            for ((field, german), (_, other)) in of(Language::De).all().into_iter().zip(of(language).all()) {
                // "Code", "Video", "Chat" are the same word in several languages
                if german.split_whitespace().count() > 2 {
                    assert_ne!(german, other, "{field} in {language}");
                }
            }
        }
    }

    #[test]
    fn names_are_filled_in() {
        assert_eq!(fill("{a} und {b}", &[("a", "x"), ("b", "y")]), "x und y");
    }
}
