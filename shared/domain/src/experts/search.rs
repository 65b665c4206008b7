//! What of an expert a search looks at, and what lists are sorted by. Stored folded.

use super::{ExpertDraft, ExpertOccupation, ExpertProfile};
use crate::text::{fold, fold_name};

impl ExpertProfile {
    /// The folded text that a search looks at: names, then after a `|` the place, occupations and
    /// interests. Names count more than the rest (storage's ranking). Nothing that only some may see
    /// is part of it, so that a search discloses nothing.
    pub fn search_text(&self, place: &str) -> String {
        let names = [&*self.title, &*self.given_name, &*self.family_name];
        let labels = self
            .occupations
            .iter()
            .map(|occupation| occupation.label.as_str());
        format!(
            "{} | {}",
            joined(names.into_iter()),
            joined(std::iter::once(place).chain(labels))
        )
    }

    /// Family name, then given name, folded: umlauts sort with their plain letters.
    pub fn sort_name(&self) -> String {
        joined_names(&self.family_name, &self.given_name)
    }

    /// Given and family name, as people are called.
    pub fn full_name(&self) -> String {
        format!("{} {}", self.given_name, self.family_name)
    }

    /// Names of the fields in which two profiles differ, as the API calls them: for the audit log, which
    /// holds no values.
    pub fn differences(&self, other: &Self) -> Vec<&'static str> {
        let fields = [
            ("externalId", self.external_id == other.external_id),
            ("title", self.title == other.title),
            ("givenName", self.given_name == other.given_name),
            ("familyName", self.family_name == other.family_name),
            ("gender", self.gender == other.gender),
            ("birthDate", self.birth_date == other.birth_date),
            ("street", self.street == other.street),
            ("postalCode", self.postal_code == other.postal_code),
            ("email", self.email == other.email),
            ("phone", self.phone == other.phone),
            ("capacity", self.capacity == other.capacity),
            ("travelRadiusKm", self.travel_radius_km == other.travel_radius_km),
            ("occupations", self.occupations == other.occupations),
            ("languages", self.languages == other.languages),
            ("supportAreas", self.support_areas == other.support_areas),
            ("programmes", self.programmes == other.programmes),
            (
                "preferredChannels",
                self.preferred_channels == other.preferred_channels,
            ),
            ("motivation", self.motivation == other.motivation),
            ("language", self.language == other.language),
            (
                "publicityConsent",
                self.publicity_consent == other.publicity_consent,
            ),
        ];
        fields
            .into_iter()
            .filter(|(_, same)| !same)
            .map(|(field, _)| field)
            .collect()
    }
}

fn joined_names(family: &str, given: &str) -> String {
    format!("{} {}", fold_name(family), fold_name(given))
}

fn joined<'a>(texts: impl Iterator<Item = &'a str>) -> String {
    let folded: Vec<String> = texts.map(fold).filter(|text| !text.is_empty()).collect();
    folded.join(" ")
}

/// The words that a text search looks for, folded, the longest (most telling) first, at most eight.
pub fn search_words(query: &str) -> Vec<String> {
    const MOST_WORDS: usize = 8;
    let folded = fold(query);
    let mut words: Vec<String> = folded
        .split(' ')
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect();
    words.sort_by(|a, b| b.chars().count().cmp(&a.chars().count()).then_with(|| a.cmp(b)));
    words.dedup();
    words.truncate(MOST_WORDS);
    words
}

/// A profile as it would be typed: what an update starts from.
impl From<ExpertProfile> for ExpertDraft {
    fn from(profile: ExpertProfile) -> Self {
        Self {
            external_id: profile.external_id,
            title: profile.title,
            given_name: profile.given_name,
            family_name: profile.family_name,
            gender: profile.gender,
            birth_date: profile.birth_date,
            street: profile.street,
            postal_code: profile.postal_code.into(),
            email: profile.email.into(),
            phone: profile.phone,
            capacity: Some(profile.capacity.into()),
            travel_radius_km: Some(profile.travel_radius_km.into()),
            occupations: profile
                .occupations
                .into_iter()
                .map(
                    |ExpertOccupation {
                         kind,
                         kldb_code,
                         label,
                     }| (kind, kldb_code.map(String::from), label),
                )
                .collect(),
            languages: profile.languages.into_iter().map(String::from).collect(),
            support_areas: profile.support_areas,
            programmes: profile.programmes,
            preferred_channels: profile.preferred_channels,
            motivation: profile.motivation,
            language: Some(profile.language.into()),
            publicity_consent: profile.publicity_consent,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experts::OccupationKind;

    fn profile(given: &str, family: &str) -> ExpertProfile {
        ExpertDraft {
            title: "Dr.".into(),
            given_name: given.into(),
            family_name: family.into(),
            postal_code: "09111".into(),
            email: "somebody@example.org".into(),
            phone: "0371 123456".into(),
            street: "Geheimweg 1".into(),
            occupations: vec![(
                OccupationKind::Occupation,
                Some("26112".into()),
                "Mechatronikerin".into(),
            )],
            ..ExpertDraft::default()
        }
        .validate("2026-11-23".parse().unwrap(), |_| true)
        .unwrap()
    }

    #[test]
    fn a_search_looks_at_names_first_and_never_at_contact_data() {
        let text = profile("Jörg", "Müller").search_text("Chemnitz");
        assert_eq!(text, "dr jorg muller | chemnitz mechatroniker");
    }

    #[test]
    fn umlauts_sort_with_their_plain_letters() {
        let mut names = [
            profile("A", "Zorn"),
            profile("B", "Öztürk"),
            profile("C", "Oppel"),
        ]
        .map(|p| p.sort_name());
        names.sort();
        assert_eq!(names, ["oppel c", "ozturk b", "zorn a"]);
    }

    #[test]
    fn a_profile_typed_again_is_the_same() {
        let before = profile("Jörg", "Müller");
        let again = ExpertDraft::from(before.clone())
            .validate("2026-11-23".parse().unwrap(), |_| true)
            .unwrap();
        assert_eq!(before.differences(&again), Vec::<&str>::new());
        assert_eq!(before, again);
    }

    #[test]
    fn differences_name_the_fields_that_changed() {
        let before = profile("Jörg", "Müller");
        let after = ExpertProfile {
            phone: "1234".into(),
            capacity: 2,
            ..before.clone()
        };
        assert_eq!(before.differences(&after), ["phone", "capacity"]);
    }

    #[test]
    fn the_longest_word_of_a_search_comes_first() {
        assert_eq!(search_words("Müller  Chemnitz Müller"), ["chemnitz", "muller"]);
        assert_eq!(search_words(" - "), Vec::<String>::new());
    }
}
