//! Terms of the domain in the words of a page.

use tandem_domain::values::SupportArea;
use tandem_operations::deliveries::support_area;

use super::Visit;

/// An area of support. Experts read of it as mails to them do.
pub(super) fn area(visit: &Visit, area: SupportArea) -> &'static str {
    let t = visit.t();
    if visit.is_expert() {
        return visit.words().support_area(&support_area(area));
    }
    match area {
        SupportArea::Language => t.area_language,
        SupportArea::Application => t.area_application,
        SupportArea::SocialContacts => t.area_social,
        SupportArea::SchoolAndWork => t.area_school,
        SupportArea::Authorities => t.area_authorities,
        SupportArea::Other => t.area_other,
    }
}

/// The names of spoken languages; those that mentees rarely ask for in German.
pub(super) fn spoken(visit: &Visit, codes: &[String]) -> String {
    let t = visit.t();
    let name = |code: &String| match code.as_str() {
        "ar" => t.spoken_ar.to_owned(),
        "de" => t.spoken_de.to_owned(),
        "en" => t.spoken_en.to_owned(),
        "fr" => t.spoken_fr.to_owned(),
        "fa" => t.spoken_fa.to_owned(),
        "ru" => t.spoken_ru.to_owned(),
        "es" => t.spoken_es.to_owned(),
        "tr" => t.spoken_tr.to_owned(),
        "uk" => t.spoken_uk.to_owned(),
        _ => visit.words().spoken_languages(std::slice::from_ref(code)),
    };
    codes.iter().map(name).collect::<Vec<_>>().join(", ")
}
