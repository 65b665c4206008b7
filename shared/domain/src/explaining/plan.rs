//! What a decision costs, and what would bring more.

use super::Language;
use crate::runs::Measure;

/// What planning another expert costs the network: `cases` and `score` less in the best plan with it.
pub fn instead(cases: i64, score: i64, language: Language) -> String {
    let (fewer, points) = (language.cases(cases.max(0)), language.points(score.abs()));
    match (language, cases > 0, score) {
        (Language::De, false, 0) => "Das kostet nichts: Der Plan ist danach genauso gut.".into(),
        (Language::En, false, 0) => "This costs nothing: the plan is as good as before.".into(),
        (Language::De, true, 0) => format!("Das kostet das Netz {fewer} und keine Punkte."),
        (Language::En, true, 0) => format!("This costs the network {fewer} and no points."),
        (Language::De, _, ..0) => format!("Das kostet das Netz {fewer}, bringt aber {points} mehr."),
        (Language::En, _, ..0) => format!("This costs the network {fewer} but brings {points} more."),
        (Language::De, true, _) => format!("Das kostet das Netz {fewer} und {points}."),
        (Language::En, true, _) => format!("This costs the network {fewer} and {points}."),
        (Language::De, false, _) => format!("Das kostet das Netz {points} und {fewer}."),
        (Language::En, false, _) => format!("This costs the network {points} and {fewer}."),
    }
}

/// Two plans side by side: cases of the stored one and of the other, and how many cases change.
pub fn scenario(planned: u32, other: u32, changed: u32, language: Language) -> String {
    let more = i64::from(other) - i64::from(planned);
    let changed = i64::from(changed);
    let (total, count) = (language.number(i64::from(other)), language.cases(more.abs()));
    let compared = match (language, more) {
        (Language::De, 0) => format!("Damit hätten ebenso {total} Fälle jemanden"),
        (Language::De, 1..) => format!("Damit hätten {total} Fälle jemanden, also {count} mehr"),
        (Language::De, _) => format!("Damit hätten {total} Fälle jemanden, also {count} weniger"),
        (Language::En, 0) => format!("So {total} cases would have an expert, as many as now"),
        (Language::En, 1..) => format!("So {total} cases would have an expert, {count} more"),
        (Language::En, _) => format!("So {total} cases would have an expert, {count} fewer"),
    };
    let otherwise = match (language, changed) {
        (Language::De, 0) => "nichts würde sich ändern".into(),
        (Language::De, 1) => "bei einem Fall wäre es anders als geplant".into(),
        (Language::De, _) => format!(
            "bei {} Fällen wäre es anders als geplant",
            language.number(changed)
        ),
        (Language::En, 0) => "nothing would change".into(),
        (Language::En, 1) => "one case would go otherwise than planned".into(),
        (Language::En, _) => format!(
            "{} cases would go otherwise than planned",
            language.number(changed)
        ),
    };
    format!("{compared}; {otherwise}.")
}

/// What one more ready expert around a place would bring; `field` is the field's name, `waiting` how many
/// cases there have nobody.
pub fn bottleneck(
    place: &str,
    radius_km: u16,
    field: Option<&str>,
    cases: i64,
    score: i64,
    waiting: u32,
    language: Language,
) -> String {
    let brings = if cases > 0 {
        language.cases(cases)
    } else {
        language.points(score)
    };
    let waiting_count = language.number(i64::from(waiting));
    match language {
        Language::De => {
            let field = field.map_or(String::new(), |field| format!(" aus dem Berufsfeld „{field}“"));
            let verb = if cases > 0 { "besetzen" } else { "bringen" };
            let waits = match waiting {
                0 => String::new(),
                1 => " Dort wartet ein Fall.".into(),
                _ => format!(" Dort warten {waiting_count} Fälle."),
            };
            format!(
                "Eine weitere einsatzbereite Person{field} im Umkreis von {radius_km} km um {place} würde \
                 {brings} mehr {verb}.{waits}"
            )
        }
        Language::En => {
            let field = field.map_or(String::new(), |field| format!(" in {field}"));
            let more = match (cases, score) {
                (1, _) => "match one more case".into(),
                (2.., _) => format!("match {} more cases", language.number(cases)),
                (_, 1) => "bring one more point".into(),
                _ => format!("bring {} more points", language.number(score)),
            };
            let waits = match waiting {
                0 => String::new(),
                1 => " One case waits there.".into(),
                _ => format!(" {waiting_count} cases wait there."),
            };
            format!("One more ready expert within {radius_km} km of {place}{field} would {more}.{waits}")
        }
    }
}

/// What getting something done for so many experts would bring.
pub fn unlock(measure: Measure, experts: usize, cases: i64, score: i64, language: Language) -> String {
    let count = language.number(experts as i64);
    let one = experts == 1;
    let todo = match (language, measure, one) {
        (Language::De, Measure::RenewCheck, true) => "Dieses Führungszeugnis zu erneuern".into(),
        (Language::De, Measure::RenewCheck, false) => format!("Diese {count} Führungszeugnisse zu erneuern"),
        (Language::De, Measure::ObtainCheck, true) => "Dieses fehlende Führungszeugnis einzuholen".into(),
        (Language::De, Measure::ObtainCheck, false) => {
            format!("Diese {count} fehlenden Führungszeugnisse einzuholen")
        }
        (Language::De, Measure::Training, true) => "Diese Person zu schulen".into(),
        (Language::De, Measure::Training, false) => format!("Diese {count} Personen zu schulen"),
        (Language::De, Measure::CheckAndTraining, true) => {
            "Diese Person zu schulen und ihr Führungszeugnis einzuholen".into()
        }
        (Language::De, Measure::CheckAndTraining, false) => {
            format!("Diese {count} Personen zu schulen und ihre Führungszeugnisse einzuholen")
        }
        (Language::En, Measure::RenewCheck, true) => "Renewing this certificate".into(),
        (Language::En, Measure::RenewCheck, false) => format!("Renewing these {count} certificates"),
        (Language::En, Measure::ObtainCheck, true) => "Obtaining this missing certificate".into(),
        (Language::En, Measure::ObtainCheck, false) => {
            format!("Obtaining these {count} missing certificates")
        }
        (Language::En, Measure::Training, true) => "Training this expert".into(),
        (Language::En, Measure::Training, false) => format!("Training these {count} experts"),
        (Language::En, Measure::CheckAndTraining, true) => {
            "Training this expert and obtaining the certificate".into()
        }
        (Language::En, Measure::CheckAndTraining, false) => {
            format!("Training these {count} experts and obtaining their certificates")
        }
    };
    let brings = match (language, cases) {
        (Language::De, 1..) => format!("bringt {} mehr", language.cases(cases)),
        (Language::De, _) => format!("bringt {} mehr", language.points(score)),
        (Language::En, 1) => "matches one more case".into(),
        (Language::En, 2..) => format!("matches {} more cases", language.number(cases)),
        (Language::En, _) => format!("brings {} more", language.points(score)),
    };
    format!("{todo} {brings}.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_another_expert_costs_is_one_sentence() {
        assert_eq!(
            instead(0, 12, Language::En),
            "This costs the network 12 points and no case."
        );
        assert_eq!(
            instead(0, 12, Language::De),
            "Das kostet das Netz 12 Punkte und keinen Fall."
        );
        assert_eq!(
            instead(0, 0, Language::De),
            "Das kostet nichts: Der Plan ist danach genauso gut."
        );
        assert_eq!(
            instead(1, 40, Language::En),
            "This costs the network one case and 40 points."
        );
        assert_eq!(
            instead(2, -1_500, Language::De),
            "Das kostet das Netz 2 Fälle, bringt aber 1.500 Punkte mehr."
        );
        assert_eq!(
            instead(1, 0, Language::En),
            "This costs the network one case and no points."
        );
    }

    #[test]
    fn two_plans_are_compared_in_one_sentence() {
        assert_eq!(
            scenario(100, 103, 7, Language::En),
            "So 103 cases would have an expert, 3 cases more; 7 cases would go otherwise than planned."
        );
        assert_eq!(
            scenario(100, 99, 1, Language::De),
            "Damit hätten 99 Fälle jemanden, also einen Fall weniger; bei einem Fall wäre es anders als geplant."
        );
        assert_eq!(
            scenario(5, 5, 0, Language::En),
            "So 5 cases would have an expert, as many as now; nothing would change."
        );
    }

    #[test]
    fn a_bottleneck_says_where_and_in_which_field() {
        assert_eq!(
            bottleneck("Chemnitz", 30, Some("metal work"), 1, 700, 3, Language::En),
            "One more ready expert within 30 km of Chemnitz in metal work would match one more case. 3 cases \
             wait there."
        );
        assert_eq!(
            bottleneck("Chemnitz", 30, Some("Metallbau"), 1, 700, 1, Language::De),
            "Eine weitere einsatzbereite Person aus dem Berufsfeld „Metallbau“ im Umkreis von 30 km um \
             Chemnitz würde einen Fall mehr besetzen. Dort wartet ein Fall."
        );
    }

    #[test]
    fn what_would_unlock_matches_says_how_many() {
        assert_eq!(
            unlock(Measure::RenewCheck, 7, 5, 0, Language::En),
            "Renewing these 7 certificates matches 5 more cases."
        );
        assert_eq!(
            unlock(Measure::RenewCheck, 7, 5, 0, Language::De),
            "Diese 7 Führungszeugnisse zu erneuern bringt 5 Fälle mehr."
        );
        assert_eq!(
            unlock(Measure::Training, 1, 0, 30, Language::De),
            "Diese Person zu schulen bringt 30 Punkte mehr."
        );
    }
}
