//! The 15 regional offices and 29 service centres.

use super::csv;

/// A regional office: key, town, postal code, who answers.
pub(super) struct Office {
    pub(super) key: &'static str,
    town: &'static str,
    postal_code: &'static str,
    contact: &'static str,
}

const fn office(
    key: &'static str,
    town: &'static str,
    postal_code: &'static str,
    contact: &'static str,
) -> Office {
    Office {
        key,
        town,
        postal_code,
        contact,
    }
}

#[rustfmt::skip] // a table reads best with a line each
pub(super) const OFFICES: [Office; 15] = [
    office("RB-B", "Berlin", "10117", "Heike Brandt"),
    office("RB-HH", "Hamburg", "20095", "Jens Petersen"),
    office("RB-H", "Hannover", "30159", "Sabine Wöhler"),
    office("RB-HB", "Bremen", "28195", "Anke Lüders"),
    office("RB-D", "Düsseldorf", "40213", "Martina Esser"),
    office("RB-K", "Köln", "50667", "Guido Schmitz"),
    office("RB-DO", "Dortmund", "44137", "Nicole Kaminski"),
    office("RB-KS", "Kassel", "34117", "Frank Siebert"),
    office("RB-F", "Frankfurt am Main", "60311", "Claudia Hess"),
    office("RB-S", "Stuttgart", "70173", "Tobias Häberle"),
    office("RB-M", "München", "80331", "Veronika Huber"),
    office("RB-N", "Nürnberg", "90402", "Stefan Vogel"),
    office("RB-L", "Leipzig", "04109", "Kerstin Richter"),
    office("RB-DD", "Dresden", "01067", "Matthias Böhme"),
    office("RB-HRO", "Rostock", "18055", "Ute Krüger"),
];

/// A service centre with how much it asks for and how many experts live around it.
pub(super) struct Center {
    pub(super) key: &'static str,
    town: &'static str,
    pub(super) postal_code: &'static str,
    pub(super) office: &'static str,
    carrier: &'static str,
    contact: &'static str,
    /// Share of all cases.
    pub(super) cases: u32,
    /// Share of the experts who live near a centre. Where it is much smaller than the share of cases there
    /// are too few, as there are in life.
    pub(super) experts: u32,
}

const fn center(
    key: &'static str,
    town: &'static str,
    postal_code: &'static str,
    office: &'static str,
    carrier: &'static str,
    contact: &'static str,
    cases: u32,
    experts: u32,
) -> Center {
    Center {
        key,
        town,
        postal_code,
        office,
        carrier,
        contact,
        cases,
        experts,
    }
}

#[rustfmt::skip] // a table reads best with a line each
pub(super) const CENTERS: [Center; 29] = [
    center("ST-01", "Berlin-Kreuzberg", "10969", "RB-B", "Bildungswerk Spree", "Fatma Yılmaz", 90, 70),
    center("ST-02", "Berlin-Neukölln", "12043", "RB-B", "Lernhaus Neukölln", "Jonas Weber", 85, 55),
    center("ST-03", "Hamburg-Altona", "22765", "RB-HH", "Hafenbildung Hamburg", "Birte Hansen", 75, 60),
    center("ST-04", "Hamburg-Harburg", "21073", "RB-HH", "Berufswege Harburg", "Olaf Meyer", 40, 40),
    center("ST-05", "Kiel", "24103", "RB-HH", "Förde Bildung", "Wiebke Jensen", 25, 35),
    center("ST-06", "Bremen", "28195", "RB-HB", "Weser Bildungswerk", "Imke Behrens", 45, 45),
    center("ST-07", "Oldenburg", "26122", "RB-HB", "Bildungshaus Hunte", "Gerd Janssen", 20, 30),
    center("ST-08", "Hannover", "30159", "RB-H", "Leine Akademie", "Petra Schünemann", 50, 50),
    center("ST-09", "Braunschweig", "38100", "RB-H", "Löwen Bildung", "Kai Ahrens", 25, 30),
    center("ST-10", "Magdeburg", "39104", "RB-H", "Elbe Lernwerk", "Doreen Schulze", 70, 13),
    center("ST-11", "Rostock", "18055", "RB-HRO", "Warnow Bildung", "Silke Jürß", 30, 20),
    center("ST-12", "Schwerin", "19053", "RB-HRO", "Seenland Lernhaus", "Torsten Prüß", 15, 14),
    center("ST-13", "Leipzig", "04109", "RB-L", "Pleiße Bildungswerk", "Antje Förster", 55, 45),
    center("ST-14", "Halle", "06108", "RB-L", "Saale Berufswege", "Ronny Götze", 35, 22),
    center("ST-15", "Erfurt", "99084", "RB-L", "Thüringer Lernhaus", "Cornelia Weiß", 25, 28),
    center("ST-16", "Dresden", "01067", "RB-DD", "Elbtal Bildung", "Grit Zschoche", 45, 45),
    center("ST-17", "Chemnitz", "09111", "RB-DD", "Erzgebirge Berufswege", "Uwe Lindner", 80, 14),
    center("ST-18", "Kassel", "34117", "RB-KS", "Fulda Bildungswerk", "Birgit Möller", 30, 30),
    center("ST-19", "Göttingen", "37073", "RB-KS", "Leinetal Lernen", "Holger Böttcher", 15, 25),
    center("ST-20", "Dortmund", "44137", "RB-DO", "Ruhr Bildung", "Aylin Demir", 60, 50),
    center("ST-21", "Bielefeld", "33602", "RB-DO", "Ostwestfalen Akademie", "Dirk Niemeyer", 30, 35),
    center("ST-22", "Düsseldorf", "40213", "RB-D", "Rhein Berufswege", "Ulrike Hermanns", 50, 55),
    center("ST-23", "Duisburg", "47051", "RB-D", "Innenhafen Bildung", "Markus Kowalski", 55, 35),
    center("ST-24", "Köln", "50667", "RB-K", "Domstadt Lernhaus", "Annemarie Broich", 65, 60),
    center("ST-25", "Frankfurt am Main", "60311", "RB-F", "Main Bildungswerk", "Simone Ruppert", 60, 55),
    center("ST-26", "Mannheim", "68161", "RB-F", "Quadrate Bildung", "Achim Bauer", 40, 40),
    center("ST-27", "Stuttgart", "70173", "RB-S", "Neckar Akademie", "Sibylle Gärtner", 55, 60),
    center("ST-28", "München", "80331", "RB-M", "Isar Berufswege", "Franz Obermaier", 75, 70),
    center("ST-29", "Nürnberg", "90402", "RB-N", "Pegnitz Bildung", "Christine Schäfer", 55, 14),
];

fn mailbox(key: &str) -> String {
    format!("{}@example.org", key.to_lowercase())
}

fn phone(postal_code: &str, number: usize) -> String {
    format!(
        "0{} {}",
        &postal_code[..3].trim_start_matches('0'),
        501_000 + number * 37
    )
}

/// `offices.csv`.
pub(super) fn offices() -> String {
    let rows = OFFICES.iter().enumerate().map(|(number, office)| {
        [
            office.key.to_owned(),
            format!("Regionalbüro {}", office.town),
            office.postal_code.to_owned(),
            mailbox(office.key),
            phone(office.postal_code, number),
            office.contact.to_owned(),
        ]
    });
    csv(
        [
            "externalId",
            "name",
            "postalCode",
            "email",
            "phone",
            "contactName",
        ],
        rows,
    )
}

/// Most centres look after as many as they get experts for; two small ones have a limit.
fn match_limit(center: &str) -> &'static str {
    match center {
        "ST-12" => "25",
        "ST-19" => "40",
        _ => "",
    }
}

/// `centers.csv`.
pub(super) fn centers() -> String {
    let rows = CENTERS.iter().enumerate().map(|(number, center)| {
        [
            center.key.to_owned(),
            center.office.to_owned(),
            format!("Servicestelle {}", center.town),
            center.carrier.to_owned(),
            format!("Bahnhofstraße {}", 3 + number * 2),
            center.postal_code.to_owned(),
            mailbox(center.key),
            phone(center.postal_code, 100 + number),
            center.contact.to_owned(),
            match_limit(center.key).to_owned(),
            "ja".to_owned(),
        ]
    });
    csv(
        [
            "externalId",
            "office",
            "name",
            "carrierOrganisation",
            "street",
            "postalCode",
            "email",
            "phone",
            "contactName",
            "matchLimit",
            "active",
        ],
        rows,
    )
}

/// The office that is nearest to a place.
pub(super) fn nearest_office(place: &tandem_domain::postal_codes::Place) -> &'static Office {
    OFFICES
        .iter()
        .min_by_key(|office| {
            tandem_domain::geo::distance_m(
                super::places::place(office.postal_code).coordinates,
                place.coordinates,
            )
        })
        .expect("there are offices")
}

/// Who answers at a centre.
pub(super) fn contact(center: usize) -> &'static str {
    CENTERS[center].contact
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::programme::places::place;

    #[test]
    fn offices_and_centres_lie_where_their_names_say() {
        for office in &OFFICES {
            assert_eq!(place(office.postal_code).place, office.town);
        }
        for center in &CENTERS {
            let town = center.town.split('-').next().unwrap();
            let name = &place(center.postal_code).place;
            assert!(name.starts_with(town), "{}: {name}", center.town);
            assert!(
                OFFICES.iter().any(|office| office.key == center.office),
                "{}",
                center.town
            );
        }
    }
}
