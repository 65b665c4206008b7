//! What experts were and like, and what young people want to become.

use tandem_domain::occupations::{KldbCode, builtin};

/// A former occupation: KldB 2010 code, the word for a woman, the word for a man, how often it occurs.
pub(super) struct Former {
    pub(super) code: &'static str,
    pub(super) woman: &'static str,
    pub(super) man: &'static str,
    /// Whether an academic title goes with it.
    pub(super) academic: bool,
    /// How many in a hundred are women.
    pub(super) women: u32,
}

const fn trade(code: &'static str, woman: &'static str, man: &'static str, women: u32) -> Former {
    Former {
        code,
        woman,
        man,
        academic: false,
        women,
    }
}

const fn degree(code: &'static str, woman: &'static str, man: &'static str, women: u32) -> Former {
    Former {
        code,
        woman,
        man,
        academic: true,
        women,
    }
}

/// From master masons through engineers to emeritus professors (S22), with how many there are.
pub(super) const FORMER: [(Former, u32); 52] = [
    (
        degree("25104", "Maschinenbauingenieurin", "Maschinenbauingenieur", 8),
        70,
    ),
    (degree("26304", "Elektroingenieurin", "Elektroingenieur", 8), 52),
    (degree("31104", "Bauingenieurin", "Bauingenieur", 15), 46),
    (
        degree("27304", "Fertigungsingenieurin", "Fertigungsingenieur", 10),
        30,
    ),
    (
        degree("27104", "Entwicklungsingenieurin", "Entwicklungsingenieur", 10),
        24,
    ),
    (degree("41304", "Chemikerin", "Chemiker", 30), 20),
    (degree("43104", "Informatikerin", "Informatiker", 25), 34),
    (
        degree("43414", "Softwareentwicklerin", "Softwareentwickler", 20),
        18,
    ),
    (degree("31114", "Architektin", "Architekt", 40), 20),
    (
        degree("84304", "Hochschulprofessorin", "Hochschulprofessor", 25),
        14,
    ),
    (degree("81404", "Ärztin", "Arzt", 45), 18),
    (degree("73104", "Rechtsanwältin", "Rechtsanwalt", 35), 16),
    (degree("84124", "Lehrerin", "Lehrer", 65), 58),
    (
        degree("84214", "Berufsschullehrerin", "Berufsschullehrer", 45),
        30,
    ),
    (degree("83124", "Sozialpädagogin", "Sozialpädagoge", 70), 26),
    (degree("71104", "Geschäftsführerin", "Geschäftsführer", 18), 46),
    (degree("71394", "Betriebsleiterin", "Betriebsleiter", 15), 30),
    (degree("61194", "Vertriebsleiterin", "Vertriebsleiter", 20), 30),
    (degree("72124", "Bankbetriebswirtin", "Bankbetriebswirt", 40), 22),
    (degree("92114", "Marketingleiterin", "Marketingleiter", 40), 14),
    (degree("51624", "Logistikleiterin", "Logistikleiter", 20), 16),
    (
        degree(
            "26124",
            "Automatisierungsingenieurin",
            "Automatisierungsingenieur",
            8,
        ),
        16,
    ),
    (trade("32122", "Maurermeisterin", "Maurermeister", 3), 26),
    (trade("26112", "Mechatronikerin", "Mechatroniker", 8), 18),
    (
        trade(
            "26252",
            "Elektronikerin für Betriebstechnik",
            "Elektronikermeister",
            5,
        ),
        34,
    ),
    (trade("25212", "Kfz-Meisterin", "Kfz-Meister", 4), 34),
    (
        trade("25102", "Industriemechanikerin", "Industriemeister Metall", 5),
        44,
    ),
    (trade("24412", "Metallbauerin", "Metallbauermeister", 4), 22),
    (trade("24422", "Schweißfachfrau", "Schweißfachmann", 3), 12),
    (
        trade(
            "34212",
            "Anlagenmechanikerin SHK",
            "Installateur- und Heizungsbaumeister",
            4,
        ),
        28,
    ),
    (trade("22342", "Tischlerin", "Tischlermeister", 12), 28),
    (trade("33212", "Malerin und Lackiererin", "Malermeister", 10), 20),
    (
        trade("12144", "Gartenbauingenieurin", "Gartenbauingenieur", 30),
        10,
    ),
    (trade("29302", "Köchin", "Küchenmeister", 30), 22),
    (trade("29222", "Konditorin", "Bäckermeister", 35), 18),
    (trade("29232", "Fleischerin", "Fleischermeister", 10), 10),
    (
        trade("62102", "Einzelhandelskauffrau", "Einzelhandelskaufmann", 65),
        40,
    ),
    (
        trade("61212", "Großhandelskauffrau", "Großhandelskaufmann", 40),
        24,
    ),
    (trade("71302", "Industriekauffrau", "Industriekaufmann", 55), 40),
    (trade("71402", "Sekretärin", "Bürokaufmann", 88), 40),
    (trade("72112", "Bankkauffrau", "Bankkaufmann", 55), 30),
    (
        trade("72302", "Steuerfachangestellte", "Steuerfachangestellter", 75),
        18,
    ),
    (
        trade("73202", "Verwaltungsfachangestellte", "Verwaltungsbeamter", 55),
        36,
    ),
    (trade("81302", "Krankenschwester", "Krankenpfleger", 85), 40),
    (
        trade("81102", "Arzthelferin", "Medizinischer Fachangestellter", 95),
        20,
    ),
    (trade("82102", "Altenpflegerin", "Altenpfleger", 82), 18),
    (trade("83112", "Erzieherin", "Erzieher", 92), 26),
    (trade("82312", "Friseurmeisterin", "Friseurmeister", 85), 14),
    (
        trade("51312", "Fachkraft für Lagerlogistik", "Lagermeister", 15),
        20,
    ),
    (trade("52122", "Berufskraftfahrerin", "Berufskraftfahrer", 6), 14),
    (trade("28222", "Schneidermeisterin", "Schneidermeister", 75), 8),
    (trade("63302", "Restaurantfachfrau", "Restaurantleiter", 55), 14),
];

/// Interests that are no occupation (S50), some with the code of the field that they touch.
pub(super) const INTERESTS: [(&str, u32); 22] = [
    ("43 Computer und Programmieren", 16),
    ("252 Autos reparieren", 9),
    ("252 Fahrräder reparieren", 10),
    ("223 Holzarbeiten", 12),
    ("263 Basteln mit Elektronik", 9),
    ("121 Garten", 20),
    ("293 Kochen", 18),
    ("292 Backen", 10),
    ("233 Fotografie", 11),
    ("282 Nähen", 7),
    ("Wandern", 16),
    ("Musik", 14),
    ("Schach", 8),
    ("Fußball", 12),
    ("Chor", 7),
    ("Geschichte", 9),
    ("Reisen", 13),
    ("Segeln", 5),
    ("Theater", 8),
    ("Lesen", 14),
    ("Tischtennis", 6),
    ("Sprachen lernen", 9),
];

/// Training occupations that young people ask for, by their ids in the catalogue, with how many do.
pub(super) const WANTED: [(&str, u32); 30] = [
    ("kraftfahrzeugmechatroniker", 30),
    ("pflegefachmann", 28),
    ("elektroniker-fuer-betriebstechnik", 18),
    ("elektroniker", 16),
    ("fachinformatiker", 24),
    ("verkaeufer", 22),
    ("kaufmann-im-einzelhandel", 16),
    ("friseur", 18),
    ("koch", 18),
    ("maler-und-lackierer", 14),
    ("tischler", 12),
    ("anlagenmechaniker-fuer-sanitaer-heizungs-und-klimatechnik", 16),
    ("fachlagerist", 14),
    ("fachkraft-fuer-lagerlogistik", 12),
    ("medizinischer-fachangestellter", 14),
    ("zahnmedizinischer-fachangestellter", 12),
    ("baecker", 9),
    ("metallbauer", 11),
    ("industriemechaniker", 12),
    ("mechatroniker", 12),
    ("maurer", 9),
    ("dachdecker", 6),
    ("kaufmann-fuer-bueromanagement", 14),
    ("erzieher", 10),
    ("hotelfachmann", 8),
    ("berufskraftfahrer", 9),
    ("gaertner", 6),
    ("altenpflegehelfer", 6),
    ("fluggeraetmechaniker", 3),
    ("steuerfachangestellter", 4),
];

/// Code and title of an occupation of the catalogue.
pub(super) fn catalogued(id: &str) -> (KldbCode, &'static str) {
    let occupation = builtin()
        .iter()
        .find(|occupation| occupation.id == id)
        .expect("the list of wanted occupations is tested");
    (occupation.kldb_code, &occupation.title)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_wanted_occupation_is_in_the_catalogue() {
        let unknown: Vec<&str> = WANTED
            .iter()
            .map(|(id, _)| *id)
            .filter(|id| !builtin().iter().any(|occupation| occupation.id == *id))
            .collect();
        assert_eq!(unknown, Vec::<&str>::new());
    }

    #[test]
    fn every_code_is_one() {
        for (former, _) in &FORMER {
            assert_eq!(former.code.parse::<KldbCode>().unwrap().as_str().len(), 5);
        }
    }
}
