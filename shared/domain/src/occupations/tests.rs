use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::text::fold;

fn code(text: &str) -> KldbCode {
    KldbCode::parse(text).unwrap()
}

/// The builtin catalogue, folded once for all tests.
static CATALOGUE: LazyLock<Catalogue> = LazyLock::new(|| Catalogue::new(builtin().to_vec()));

/// The titles that a query finds, best first.
fn titles(query: &str) -> Vec<&'static str> {
    CATALOGUE
        .search(query, 10)
        .into_iter()
        .map(|(_, occupation)| occupation.title.as_str())
        .collect()
}

fn first(query: &str) -> &'static str {
    titles(query).first().copied().unwrap_or("nothing")
}

#[test]
fn a_kldb_code_has_one_to_five_digits() {
    assert_eq!(code("43412").as_str(), "43412");
    assert_eq!(code(" 01 ").to_string(), "01");
    assert_eq!(code("4").as_str(), "4");
    for wrong in ["", "  ", "434121", "4341a", "-4341", "٤٣"] {
        let error = KldbCode::parse(wrong).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("KldB code {wrong:?} must have 1 to 5 digits")
        );
    }
}

#[test]
fn codes_share_their_leading_digits() {
    assert_eq!(code("43412").shared_digits(code("43412")), 5);
    assert_eq!(code("43412").shared_digits(code("43413")), 4);
    assert_eq!(code("43412").shared_digits(code("43102")), 2);
    assert_eq!(code("43412").shared_digits(code("53412")), 0);
    assert_eq!(code("43").shared_digits(code("43412")), 2);
    assert_eq!(
        code("43").shared_digits(code("43")),
        2,
        "absent digits are not shared"
    );
}

#[test]
fn the_field_is_the_first_two_digits() {
    assert_eq!(code("43412").field(), code("43"));
    assert_eq!(code("43").field(), code("43"));
    assert_eq!(code("4").field(), code("4"));
}

#[test]
fn a_group_sorts_before_what_belongs_to_it() {
    let mut codes = [code("4341"), code("5"), code("43412"), code("01"), code("4")];
    codes.sort_unstable();
    assert_eq!(
        codes.map(|code| code.to_string()),
        ["01", "4", "4341", "43412", "5"]
    );
}

#[test]
fn the_builtin_catalogue_is_complete_and_consistent() {
    let catalogue = builtin();
    assert!(catalogue.len() > 320, "{}", catalogue.len());
    assert!(
        catalogue.windows(2).all(|pair| pair[0].id < pair[1].id),
        "each id stands once"
    );
    for occupation in catalogue {
        let id = &occupation.id;
        assert!(
            id.bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-'),
            "{id}"
        );
        assert_eq!(occupation.kldb_code.as_str().len(), 5, "{id}");
        for name in [
            &occupation.title,
            &occupation.title_feminine,
            &occupation.title_masculine,
            &occupation.field,
        ] {
            assert!(!name.is_empty() && name.trim() == name, "{id}");
        }
        let aliases: BTreeSet<&String> = occupation.aliases.iter().collect();
        assert_eq!(aliases.len(), occupation.aliases.len(), "{id} repeats an alias");
    }
}

#[test]
fn a_field_has_one_name_throughout_the_catalogue() {
    let pairs: BTreeSet<(KldbCode, &str)> = builtin()
        .iter()
        .map(|occupation| (occupation.kldb_code.field(), occupation.field.as_str()))
        .collect();
    let codes: BTreeSet<KldbCode> = pairs.iter().map(|(code, _)| *code).collect();
    let names: BTreeSet<&str> = pairs.iter().map(|(_, name)| *name).collect();
    assert_eq!((codes.len(), names.len()), (pairs.len(), pairs.len()));
}

#[test]
fn the_three_titles_of_an_occupation_fold_to_one() {
    for occupation in builtin() {
        assert_eq!(
            fold(&occupation.title_feminine),
            fold(&occupation.title_masculine),
            "{}",
            occupation.id
        );
        assert_eq!(
            fold(&occupation.title),
            fold(&occupation.title_masculine),
            "{}",
            occupation.id
        );
    }
}

#[test]
fn every_occupation_is_found_first_by_each_of_its_titles() {
    for occupation in builtin() {
        for title in [
            &occupation.title,
            &occupation.title_feminine,
            &occupation.title_masculine,
        ] {
            let found = CATALOGUE.search(title, 1);
            assert_eq!(found[0].1.id, occupation.id, "{title}");
        }
    }
}

#[test]
fn every_alias_finds_its_occupation() {
    for occupation in builtin() {
        for alias in &occupation.aliases {
            let found = CATALOGUE.search(alias, 10);
            assert!(
                found.iter().any(|(_, other)| other.id == occupation.id),
                "{alias}: {}",
                occupation.id
            );
        }
    }
}

#[test]
fn queries_as_people_type_them_find_the_right_occupation_first() {
    for (query, title) in [
        ("fachinformatikerin", "Fachinformatiker/in"),
        ("Elektroniker/in", "Elektroniker/in"),
        ("mechatroniker", "Mechatroniker/in"),
        ("mechatronicker", "Mechatroniker/in"),
        ("Mechatronikerin", "Mechatroniker/in"),
        ("Verkauferin", "Verkäufer/in"),
        ("Verkaeufer", "Verkäufer/in"),
        ("verkeufer", "Verkäufer/in"),
        ("bürokauffrau", "Kaufmann/-frau für Büromanagement"),
        ("burokaufmann", "Kaufmann/-frau für Büromanagement"),
        ("büromanagement", "Kaufmann/-frau für Büromanagement"),
        ("Schreiner", "Tischler/in"),
        ("schreinerin", "Tischler/in"),
        ("kfz mechatroniker", "Kraftfahrzeugmechatroniker/in"),
        ("KFZ-Mechatroniker:in", "Kraftfahrzeugmechatroniker/in"),
        ("automechaniker", "Kraftfahrzeugmechatroniker/in"),
        ("krankenschwester", "Pflegefachmann/-frau"),
        ("Pflegefachkraft", "Pflegefachmann/-frau"),
        ("altenpflegerin", "Altenpfleger/in"),
        ("Köchin", "Koch/Köchin"),
        ("koch", "Koch/Köchin"),
        ("koechin", "Koch/Köchin"),
        ("friseuse", "Friseur/in"),
        ("frisör", "Friseur/in"),
        ("bäcker", "Bäcker/in"),
        ("backer", "Bäcker/in"),
        ("metzger", "Fleischer/in"),
        ("einzelhandelskauffrau", "Kaufmann/-frau im Einzelhandel"),
        ("kaufmann einzelhandel", "Kaufmann/-frau im Einzelhandel"),
        ("arzthelferin", "Medizinische/r Fachangestellte/r"),
        ("medizinische fachangestellte", "Medizinische/r Fachangestellte/r"),
        (
            "medizinischer Fachangestellter",
            "Medizinische/r Fachangestellte/r",
        ),
        ("zahnarzthelferin", "Zahnmedizinische/r Fachangestellte/r"),
        ("lagerlogistik", "Fachkraft für Lagerlogistik"),
        ("maler", "Maler/in und Lackierer/in"),
        (
            "anlagenmechaniker shk",
            "Anlagenmechaniker/in für Sanitär-, Heizungs- und Klimatechnik",
        ),
        ("klempner", "Klempner/in"),
        ("elektriker", "Elektroniker/in"),
        ("programmierer", "Fachinformatiker/in für Anwendungsentwicklung"),
        (
            "fachinformatiker anwendungsentwicklung",
            "Fachinformatiker/in für Anwendungsentwicklung",
        ),
        ("industriemechanicker", "Industriemechaniker/in"),
        ("dachdeker", "Dachdecker/in"),
        ("erziherin", "Erzieher/in"),
        ("lokführer", "Lokführer/in und Eisenbahner/in für Transport"),
        ("lkw fahrer", "Berufskraftfahrer/in"),
        ("gärtnerin", "Gärtner/in"),
        ("galabau", "Gärtner/in für Garten- und Landschaftsbau"),
        ("industriekaufleute", "Industriekaufmann/-frau"),
        ("fachinform", "Fachinformatiker/in"),
        ("erzieher kita", "Erzieher/in"),
        ("Kauffrau für Büromanagment", "Kaufmann/-frau für Büromanagement"),
        ("einzelhandel", "Kaufmann/-frau im Einzelhandel"),
        ("zimmermann", "Zimmerer/Zimmerin"),
    ] {
        assert_eq!(first(query), title, "{query}: {:?}", titles(query));
    }
}

#[test]
fn kin_of_an_occupation_follow_it() {
    let found = titles("mechatroniker");
    assert!(found.contains(&"Kraftfahrzeugmechatroniker/in"), "{found:?}");
    assert!(found.contains(&"Zweiradmechatroniker/in"), "{found:?}");
    let found = titles("elektroniker");
    assert!(
        found.contains(&"Elektroniker/in für Betriebstechnik"),
        "{found:?}"
    );
}

#[test]
fn nonsense_and_nothing_find_nothing() {
    for query in ["", "   ", "/", "xyzzyx", "qwertzuiop", "und für"] {
        assert_eq!(titles(query), Vec::<&str>::new(), "{query}");
    }
}

#[test]
fn a_kldb_code_finds_what_belongs_to_it() {
    assert_eq!(titles("26112"), ["Mechatroniker/in"]);
    assert!(
        CATALOGUE
            .search("43", 50)
            .iter()
            .all(|(_, found)| found.field == "Computer und Informatik")
    );
    assert!(titles("99999").is_empty());
}

#[test]
fn scores_fall_and_the_limit_holds() {
    let found = CATALOGUE.search("kaufmann", 7);
    assert_eq!(found.len(), 7);
    assert!(found.windows(2).all(|pair| pair[0].0 >= pair[1].0));
    assert!(CATALOGUE.search("kaufmann", 0).is_empty());
}

#[test]
fn the_search_text_holds_each_name_once_and_folded() {
    let joiner = builtin()
        .iter()
        .find(|occupation| occupation.id == "tischler")
        .unwrap();
    assert_eq!(
        joiner.search_text(),
        "tischler schreiner mobeltischler bautischler"
    );
}

proptest! {
    #[test]
    fn reading_a_code_never_panics(text in any::<String>()) {
        if let Ok(code) = KldbCode::parse(&text) {
            prop_assert_eq!(code.as_str(), text.trim());
        }
    }

    #[test]
    fn sharing_digits_is_symmetric_and_bounded(a in "[0-9]{1,5}", b in "[0-9]{1,5}") {
        let (first, second) = (code(&a), code(&b));
        let shared = first.shared_digits(second);
        prop_assert_eq!(shared, second.shared_digits(first));
        prop_assert!(usize::from(shared) <= a.len().min(b.len()));
        prop_assert!(a[..usize::from(shared)] == b[..usize::from(shared)]);
        prop_assert_eq!(usize::from(first.shared_digits(first)), a.len());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    #[test]
    fn searching_never_panics(query in any::<String>()) {
        prop_assert!(CATALOGUE.search(&query, 3).len() <= 3);
    }
}

#[test]
fn a_catalogue_is_searched_alike_with_and_without_preparation() {
    for query in ["elektroniker", "bürokauffrau", "43", ""] {
        assert_eq!(search(builtin(), query, 20), CATALOGUE.search(query, 20));
    }
    assert_eq!(CATALOGUE.find("tischler").unwrap().title, "Tischler/in");
    assert_eq!(CATALOGUE.find("astronaut"), None);
    assert_eq!(CATALOGUE.occupations(), builtin());
}
