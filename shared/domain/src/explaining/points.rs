//! Points, one line a criterion.

use super::{Language, rules::missing_things};
use crate::eligibility::Missing;
use crate::scores::{Points, Weights};
use crate::values::words;

words! {
    /// What a pair gets points for.
    Criterion {
        /// Nearness to the centre.
        Distance,
        /// Closeness of occupation.
        Occupation,
        /// Wanted areas that are offered.
        SupportAreas,
        /// A common language.
        Language,
        /// Earlier programmes.
        Programmes,
        /// Free capacity.
        Balance,
        /// Waiting time of the case.
        Waiting,
        /// What is still missing.
        Missing,
    }
}

/// The points of one criterion, in a sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The criterion.
    pub criterion: Criterion,
    /// Its points.
    pub points: i32,
    /// The sentence.
    pub text: String,
}

/// Per mille of what a criterion can give.
fn share(points: i32, weight: i32) -> i64 {
    if weight <= 0 {
        0
    } else {
        i64::from(points) * 1000 / i64::from(weight)
    }
}

/// The lines of a pair, in the criteria's order; their points add up to the score.
pub fn points(
    points: &Points,
    weights: &Weights,
    distance_m: u32,
    missing: &[Missing],
    language: Language,
) -> Vec<Line> {
    let of = |points: i32, weight: i32| {
        let points = language.points(i64::from(points));
        let weight = language.number(i64::from(weight));
        match language {
            Language::De => format!("{points} von {weight}"),
            Language::En => format!("{points} of {weight}"),
        }
    };
    let line = |criterion, points, why: String, of: String| Line {
        criterion,
        points,
        text: format!("{why}: {of}"),
    };
    let occupation = match share(points.occupation, weights.occupation) {
        950.. => language.pick(
            "Derselbe Beruf wie der erste Wunsch",
            "The same occupation as the first choice",
        ),
        600..=949 => language.pick(
            "Sehr nah an einem Wunschberuf",
            "Very close to a target occupation",
        ),
        300..=599 => language.pick(
            "Im Berufsfeld eines Wunschberufs",
            "In the field of a target occupation",
        ),
        1..=299 => language.pick(
            "Entfernt verwandt mit einem Wunschberuf",
            "Distantly related to a target occupation",
        ),
        _ => language.pick(
            "Kein Bezug zu den Wunschberufen",
            "Unrelated to the target occupations",
        ),
    };
    let areas = match share(points.support_areas, weights.support_areas) {
        1000.. => language.pick(
            "Hilft in allen gewünschten Bereichen",
            "Helps in every wanted area",
        ),
        1..=999 => language.pick(
            "Hilft in einem Teil der gewünschten Bereiche",
            "Helps in some of the wanted areas",
        ),
        _ => language.pick(
            "Hilft in keinem der gewünschten Bereiche",
            "Helps in none of the wanted areas",
        ),
    };
    let languages = if points.language > 0 {
        language.pick(
            "Eine gemeinsame Sprache außer Deutsch",
            "A common language besides German",
        )
    } else {
        language.pick(
            "Keine gemeinsame Sprache außer Deutsch",
            "No common language besides German",
        )
    };
    let programmes = if points.programmes > 0 {
        language.pick(
            "War schon in einem Eins-zu-eins-Programm",
            "Was in a one-to-one programme before",
        )
    } else {
        language.pick(
            "War noch in keinem Eins-zu-eins-Programm",
            "Was in no one-to-one programme before",
        )
    };
    let balance = match share(points.balance, weights.balance) {
        1000.. => language.pick("Begleitet zurzeit niemanden", "Accompanies nobody at present"),
        _ => language.pick("Ein Teil der Plätze ist belegt", "Some places are taken"),
    };
    let far = language.distance(distance_m);
    let distance = match language {
        Language::De => format!("{far} vom Standort"),
        Language::En => format!("{far} from the centre"),
    };
    let days = i64::from(points.waiting) / i64::from(weights.waiting_per_day.max(1));
    let days = language.number(if weights.waiting_per_day > 0 { days } else { 0 });
    let waiting = match language {
        Language::De => format!("Wartezeit, {days} Tage"),
        Language::En => format!("Waiting time, {days} days"),
    };
    let nothing = |points: i32| language.points(i64::from(points));
    let lacks = missing_things(missing, language);
    let lacks = if missing.is_empty() {
        language.pick("Nichts fehlt", "Nothing is missing").to_owned()
    } else {
        match language {
            Language::De => format!("Es fehlt noch: {lacks}"),
            Language::En => format!("Still missing: {lacks}"),
        }
    };
    vec![
        line(
            Criterion::Distance,
            points.distance,
            distance,
            of(points.distance, weights.distance),
        ),
        line(
            Criterion::Occupation,
            points.occupation,
            occupation.into(),
            of(points.occupation, weights.occupation),
        ),
        line(
            Criterion::SupportAreas,
            points.support_areas,
            areas.into(),
            of(points.support_areas, weights.support_areas),
        ),
        line(
            Criterion::Language,
            points.language,
            languages.into(),
            of(points.language, weights.language),
        ),
        line(
            Criterion::Programmes,
            points.programmes,
            programmes.into(),
            of(points.programmes, weights.programmes),
        ),
        line(
            Criterion::Balance,
            points.balance,
            balance.into(),
            of(points.balance, weights.balance),
        ),
        line(
            Criterion::Waiting,
            points.waiting,
            waiting,
            nothing(points.waiting),
        ),
        line(Criterion::Missing, points.missing, lacks, nothing(points.missing)),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair() -> Points {
        Points {
            distance: 249,
            occupation: 400,
            support_areas: 150,
            language: 0,
            programmes: 40,
            balance: 25,
            waiting: 120,
            missing: -150,
        }
    }

    #[test]
    fn the_lines_add_up_to_the_score_and_say_why() {
        let missing = [Missing::SimpleCheck];
        let lines = points(&pair(), &Weights::default(), 5_123, &missing, Language::De);
        assert_eq!(lines.iter().map(|line| line.points).sum::<i32>(), pair().total());
        let texts: Vec<&str> = lines.iter().map(|line| line.text.as_str()).collect();
        assert_eq!(
            texts,
            [
                "5,1 km vom Standort: 249 Punkte von 300",
                "Derselbe Beruf wie der erste Wunsch: 400 Punkte von 400",
                "Hilft in einem Teil der gewünschten Bereiche: 150 Punkte von 200",
                "Keine gemeinsame Sprache außer Deutsch: 0 Punkte von 60",
                "War schon in einem Eins-zu-eins-Programm: 40 Punkte von 40",
                "Ein Teil der Plätze ist belegt: 25 Punkte von 50",
                "Wartezeit, 60 Tage: 120 Punkte",
                "Es fehlt noch: ein gültiges Führungszeugnis: -150 Punkte",
            ]
        );
        let english = points(&pair(), &Weights::default(), 5_123, &[], Language::En);
        assert_eq!(english[0].text, "5.1 km from the centre: 249 points of 300");
        assert_eq!(english[7].text, "Nothing is missing: -150 points");
    }

    #[test]
    fn weights_of_zero_divide_nothing() {
        let none = Weights {
            distance: 0,
            occupation: 0,
            support_areas: 0,
            language: 0,
            programmes: 0,
            balance: 0,
            waiting_per_day: 0,
            missing: 0,
        };
        let lines = points(&Points::default(), &none, 0, &[], Language::En);
        assert_eq!(lines[6].text, "Waiting time, 0 days: 0 points");
    }
}
