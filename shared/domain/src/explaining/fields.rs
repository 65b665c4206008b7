//! Names of occupational fields.

use super::Language;
use crate::occupations::KldbCode;

/// The main groups of KldB 2010 (Bundesagentur für Arbeit), shortened: code, German, English.
#[rustfmt::skip] // a table reads best with a line each
const FIELDS: [(&str, &str, &str); 37] = [
    ("01", "Streitkräfte", "the armed forces"),
    ("11", "Land-, Tier- und Forstwirtschaft", "farming and forestry"),
    ("12", "Gartenbau und Floristik", "gardening and floristry"),
    ("21", "Rohstoffe, Glas und Keramik", "raw materials, glass and ceramics"),
    ("22", "Kunststoff und Holz", "plastics and wood"),
    ("23", "Papier, Druck und technische Medien", "paper, printing and technical media"),
    ("24", "Metallerzeugung und Metallbau", "metal work"),
    ("25", "Maschinen- und Fahrzeugtechnik", "machine and vehicle technology"),
    ("26", "Mechatronik, Energie und Elektro", "mechatronics, energy and electrical work"),
    ("27", "Technische Entwicklung und Konstruktion", "technical development and design"),
    ("28", "Textil und Leder", "textiles and leather"),
    ("29", "Lebensmittel", "food production"),
    ("31", "Bauplanung, Architektur und Vermessung", "building planning, architecture and surveying"),
    ("32", "Hoch- und Tiefbau", "building construction and civil engineering"),
    ("33", "Innenausbau", "interior construction"),
    ("34", "Gebäude- und Versorgungstechnik", "building services"),
    ("41", "Mathematik und Naturwissenschaften", "mathematics and natural sciences"),
    ("42", "Geologie, Geografie und Umweltschutz", "geology, geography and environmental protection"),
    ("43", "Informatik und Kommunikationstechnik", "information and communication technology"),
    ("51", "Verkehr und Logistik", "traffic and logistics"),
    ("52", "Fahrzeugführung", "driving vehicles"),
    ("53", "Schutz und Sicherheit", "safety and security"),
    ("54", "Reinigung", "cleaning"),
    ("61", "Einkauf, Vertrieb und Handel", "purchasing, sales and trade"),
    ("62", "Verkauf", "retail"),
    ("63", "Tourismus, Hotel und Gaststätten", "tourism, hotels and restaurants"),
    ("71", "Unternehmensführung und -organisation", "business management and organisation"),
    ("72", "Finanzen, Rechnungswesen und Steuern", "finance, accounting and taxes"),
    ("73", "Recht und Verwaltung", "law and administration"),
    ("81", "Medizinische Gesundheitsberufe", "medical health care"),
    ("82", "Pflege, Körperpflege und Medizintechnik", "nursing care, body care and medical technology"),
    ("83", "Erziehung, Soziales und Hauswirtschaft", "education, social work and housekeeping"),
    ("84", "Lehre und Ausbildung", "teaching and training"),
    ("91", "Sprachen, Geistes- und Wirtschaftswissenschaften", "languages, humanities and economics"),
    ("92", "Werbung, Marketing und Medien", "advertising, marketing and media"),
    ("93", "Gestaltung, Kunsthandwerk und Musikinstrumente", "design, crafts and musical instruments"),
    ("94", "Darstellende Berufe", "the performing arts"),
];

/// The name of the field that a code belongs to; none where there is no such field.
pub fn field_name(code: KldbCode, language: Language) -> Option<&'static str> {
    let field = code.field();
    FIELDS
        .iter()
        .find(|known| known.0 == field.as_str())
        .map(|known| language.pick(known.1, known.2))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::occupations::builtin;

    #[test]
    fn every_occupation_of_the_catalogue_lies_in_a_field_with_a_name() {
        for occupation in builtin() {
            assert!(
                field_name(occupation.kldb_code, Language::De).is_some(),
                "{}",
                occupation.kldb_code
            );
        }
        let code = |text: &str| KldbCode::parse(text).unwrap();
        assert_eq!(field_name(code("24412"), Language::En), Some("metal work"));
        assert_eq!(field_name(code("2"), Language::En), None);
    }
}
