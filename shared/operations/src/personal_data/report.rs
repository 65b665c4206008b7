//! What is kept about one person, for people: headings and labels in German, values as one reads them. Keys and
//! technical columns stand in the JSON alone.

use chrono::{DateTime, NaiveDate, Utc};
use serde_json::{Map, Value};
use tandem_domain::clock::ZONE;
use tandem_domain::documents::{Entry, PersonReport, Section};
use tandem_domain::settings::Settings;
use tandem_storage::personal_data::TABLES;

/// Headings of the tables in which something may stand about a person.
const HEADINGS: &[(&str, &str)] = &[
    ("users", "Konto"),
    ("sessions", "Anmeldungen"),
    ("openid_subjects", "Anmeldung über die Organisation"),
    ("api_tokens", "Zugänge für Programme"),
    ("sign_in_requests", "Wünsche nach einem Anmelde-Link"),
    ("experts", "Angaben zur Person (Expertin, Experte)"),
    ("expert_occupations", "Berufe und Interessen"),
    ("expert_languages", "Sprachen"),
    ("expert_support_areas", "Unterstützungsbereiche"),
    ("expert_programmes", "Frühere Programme"),
    ("expert_pauses", "Pausen"),
    ("background_checks", "Führungszeugnis"),
    (
        "pending_inspections",
        "Einsichtnahmen, die bestätigt werden müssen",
    ),
    ("training_attendances", "Schulungen"),
    ("mentees", "Angaben zur Person (Mentee, Erziehungsberechtigte)"),
    ("mentee_languages", "Sprachen"),
    ("cases", "Anfragen"),
    ("consent_records", "Vom Papier eingetragene Zustimmungen"),
    ("case_support_areas", "Wobei Unterstützung gewünscht ist"),
    ("case_occupations", "Gewünschte Berufe"),
    ("person_codes", "Codes auf Papier"),
    ("address_changes", "Geänderte E-Mail-Adressen"),
    ("role_grants", "Rechte"),
    ("matching_run_cases", "Nicht vorgeschlagen, obwohl in der Nähe"),
    ("proposals", "Vorschläge"),
    ("matches", "Ansprachen und Begleitungen"),
    ("chemistry_verdicts", "Antworten nach dem ersten Treffen"),
    ("agreements", "Vereinbarungen"),
    ("agreement_signatures", "Unterschriften"),
    ("meetings", "Treffen"),
    ("milestones", "Meilensteine"),
    ("feedback", "Rückmeldungen"),
    ("documents", "Dokumente"),
    ("paper_records", "Auf Papier Gegebenes"),
    ("final_reports", "Abschlussberichte"),
    ("problem_reports", "Gemeldete Probleme"),
    ("jobs", "Aufträge des Systems"),
    ("email_deliveries", "E-Mails"),
    ("mail_optouts", "Abbestellte Erinnerungen"),
    ("person_idempotency_keys", "Abgeschickte Formulare"),
    ("sign_in_links", "Anmelde-Links"),
    ("idempotency_keys", "Wiederholbare Aufrufe"),
    (
        "audit_events",
        "Protokoll: wer wann was gesehen oder geändert hat",
    ),
    ("data_requests", "Anträge auf Auskunft und Löschung"),
    ("legal_holds", "Löschsperren"),
];

/// Labels of columns; a column without one is shown by its own name.
const LABELS: &[(&str, &str)] = &[
    ("action", "Vorgang"),
    ("activated_on", "Aktiviert am"),
    ("active", "Aktiv"),
    ("active_from", "Begleitung seit"),
    ("actor_kind", "Wer"),
    ("address", "Netzadresse"),
    ("another_match_wished", "Möchte noch eine Begleitung"),
    ("answered_at", "Beantwortet am"),
    ("answered_by_way", "Beantwortet durch"),
    ("answers", "Antworten"),
    ("approached_at", "Gefragt am"),
    ("area", "Bereich"),
    ("areas", "Bereiche"),
    ("at", "Wann"),
    ("attended_on", "Teilgenommen am"),
    ("birth_date", "Geburtsdatum"),
    ("briefed_on", "Bedarf besprochen am"),
    ("briefing_note", "Notiz zum Bedarf"),
    ("capacity", "Begleitungen zur gleichen Zeit"),
    ("center_wishes", "Wünsche der Servicestelle"),
    ("certificate_date", "Datum des Zeugnisses"),
    ("channels", "Wege"),
    ("closed_at", "Abgeschlossen am"),
    ("consent_contested_at", "Zustimmung bestritten am"),
    ("contact_name", "Ansprechperson"),
    ("contested_at", "Bestritten am"),
    ("created_at", "Angelegt am"),
    ("decline_reason", "Grund der Absage"),
    ("detail", "Einzelheiten"),
    ("email", "E-Mail"),
    ("eligibility_confirmed", "Voraussetzungen bestätigt"),
    ("end_reasons", "Gründe des Endes"),
    ("ended_at", "Beendet am"),
    ("ends_on", "Bis"),
    ("entity_kind", "Was"),
    ("erased_at", "Gelöscht am"),
    ("expert_gender_wish", "Wunsch zum Geschlecht"),
    ("expert_tasks", "Aufgaben der Expertin, des Experten"),
    ("expires_at", "Gültig bis"),
    ("external_id", "Nummer in der Herkunftsliste"),
    ("family_name", "Familienname"),
    ("finished_at", "Fertig am"),
    ("first_language", "Muttersprache"),
    ("first_language_consent", "Muttersprache darf gespeichert werden"),
    ("first_meeting_on", "Erstes Treffen am"),
    ("from_date", "Von"),
    ("gender", "Geschlecht"),
    ("german_level", "Deutsch"),
    ("german_level_on", "Deutsch festgestellt am"),
    ("german_level_source", "Deutsch festgestellt durch"),
    ("given_at", "Gegeben am"),
    ("given_by_way", "Gegeben durch"),
    ("given_name", "Vorname"),
    ("goals", "Ziele"),
    ("guardian_consent_on", "Zustimmung der Erziehungsberechtigten am"),
    ("guardian_email", "E-Mail der Erziehungsberechtigten"),
    ("guardian_kind", "Art der Vertretung"),
    ("guardian_language", "Sprache der Erziehungsberechtigten"),
    ("guardian_name", "Erziehungsberechtigte"),
    ("guardian_phone", "Telefon der Erziehungsberechtigten"),
    ("inspected_on", "Eingesehen am"),
    ("introduced_at", "Vorgestellt am"),
    ("issuer", "Anmeldestelle"),
    ("kind", "Art"),
    ("kldb_code", "Berufskennziffer"),
    ("label", "Bezeichnung"),
    ("language", "Sprache"),
    ("last_used_at", "Zuletzt benutzt am"),
    ("left_on", "Ausgeschieden am"),
    ("level", "Stufe"),
    ("meeting_planned_at", "Treffen verabredet für"),
    ("meeting_planned_place", "Treffpunkt"),
    ("mentee_consent_on", "Zustimmung am"),
    ("mentee_tasks", "Aufgaben der Mentee, des Mentees"),
    ("mentee_wishes", "Wünsche"),
    ("mentee_wishes_another", "Wünscht noch eine Begleitung"),
    ("met_on", "Am"),
    ("method", "Weg"),
    ("minutes", "Minuten"),
    ("missing", "Was fehlte"),
    ("motivation", "Motivation"),
    ("name", "Name"),
    ("no_relevant_entry", "Kein einschlägiger Eintrag"),
    ("note", "Notiz"),
    ("number", "Fassung"),
    ("new_email", "Neue E-Mail-Adresse"),
    ("old_email", "Bisherige E-Mail-Adresse"),
    ("on_date", "Am"),
    ("outcome_confirmed_at", "Ergebnis bestätigt am"),
    ("pause_reason", "Grund der Pause"),
    ("paused_at", "Pausiert am"),
    ("phone", "Telefon"),
    ("place", "Ort"),
    ("planned_start", "Geplanter Beginn"),
    ("points", "Punkte"),
    ("postal_code", "Postleitzahl"),
    ("preferred_channels", "Bevorzugte Wege"),
    ("priority", "Gewicht"),
    ("programme", "Programm"),
    ("publicity_consent", "Einverstanden mit Öffentlichkeitsarbeit"),
    (
        "publicity_consent_at",
        "Einverstanden mit Öffentlichkeitsarbeit am",
    ),
    ("radius_km", "Umkreis in km"),
    ("rank", "Rang"),
    ("reason", "Grund"),
    ("recorded_at", "Erfasst am"),
    ("reported_at", "Gemeldet am"),
    ("requested_by_mentee", "Auf Wunsch der oder des Mentees"),
    ("requested_on", "Angefordert am"),
    ("return_note", "Notiz zur Rückgabe"),
    ("revoked_at", "Beendet am"),
    ("rhythm_days", "Abstand der Treffen in Tagen"),
    ("role", "Rolle"),
    ("scopes", "Erlaubt"),
    ("sent_at", "Gesendet am"),
    ("settled_at", "Erledigt am"),
    ("settled_note", "Notiz zur Erledigung"),
    ("side", "Seite"),
    ("signed_at", "Unterschrieben am"),
    ("signed_on", "Unterschrieben am"),
    ("signer_name", "Name"),
    ("social_outcome", "Soziales Ergebnis"),
    ("start_level", "Ausgangslage"),
    ("starts_on", "Von"),
    ("state", "Stand"),
    ("street", "Straße"),
    ("submitted_at", "Eingereicht am"),
    ("summary", "Zusammenfassung"),
    ("tackles_alone", "Schafft es allein"),
    ("text", "Text"),
    ("title", "Titel"),
    ("training_starts_on", "Beginn der Ausbildung"),
    ("transition_outcome", "Ergebnis"),
    ("travel_radius_km", "Anfahrt in km"),
    ("trigger", "Anlass"),
    ("until", "Bis"),
    ("until_date", "Bis"),
    ("updated_at", "Geändert am"),
    ("used_at", "Benutzt am"),
    ("user_agent", "Browser"),
    ("valid_until", "Gültig bis"),
    ("verdict", "Antwort"),
    ("withdrawn_at", "Zurückgezogen am"),
    ("witness", "Zeugin, Zeuge"),
    ("written_at", "Geschrieben am"),
];

fn lookup(list: &'static [(&str, &str)], name: &str) -> Option<&'static str> {
    list.iter()
        .find(|(known, _)| *known == name)
        .map(|(_, words)| *words)
}

/// Keys, counters and what a program needs to work.
fn is_technical(column: &str) -> bool {
    column == "id"
        || column.ends_with("_id")
        || column.ends_with("_by")
        || matches!(
            column,
            "version"
                | "payload"
                | "queue"
                | "dedupe_key"
                | "key"
                | "attempts"
                | "max_attempts"
                | "run_at"
                | "dispatched_at"
                | "lease_until"
                | "progress"
                | "position"
                | "near_misses"
                | "receipt"
                | "idle_seconds"
                | "content_version"
        )
}

/// A value as one reads it; nothing where there is nothing to read.
fn read(value: &Value) -> Option<String> {
    Some(match value {
        Value::Null => return None,
        Value::Bool(true) => "ja".to_owned(),
        Value::Bool(false) => "nein".to_owned(),
        Value::Number(number) => number.to_string(),
        Value::String(text) if text.trim().is_empty() => return None,
        Value::String(text) => {
            if let Ok(day) = text.parse::<NaiveDate>() {
                day.format("%d.%m.%Y").to_string()
            } else if let Ok(at) = text.parse::<DateTime<Utc>>() {
                at.with_timezone(&ZONE).format("%d.%m.%Y, %H:%M Uhr").to_string()
            } else {
                text.clone()
            }
        }
        Value::Array(values) => {
            let words: Vec<String> = values.iter().filter_map(read).collect();
            if words.is_empty() {
                return None;
            }
            words.join(", ")
        }
        Value::Object(fields) => {
            let words: Vec<String> = fields
                .iter()
                .filter_map(|(name, value)| Some(format!("{name}: {}", read(value)?)))
                .collect();
            if words.is_empty() {
                return None;
            }
            words.join("\n")
        }
    })
}

fn record(row: &Value) -> Vec<Entry> {
    let fields = row.as_object().into_iter().flatten();
    fields
        .filter(|(column, _)| !is_technical(column))
        .filter_map(|(column, value)| {
            let label = lookup(LABELS, column).map_or_else(|| column.replace('_', " "), str::to_owned);
            Some(Entry {
                label,
                value: read(value)?,
            })
        })
        .collect()
}

/// The person's own name, as the tables have it.
fn name(tables: &Map<String, Value>) -> String {
    let text = |table: &str, column: &str| {
        let value = tables.get(table).and_then(|rows| rows[0][column].as_str());
        value.unwrap_or_default().to_owned()
    };
    for table in ["experts", "mentees"] {
        let name = format!("{} {}", text(table, "given_name"), text(table, "family_name"));
        if !name.trim().is_empty() {
            return name.trim().to_owned();
        }
    }
    text("users", "name")
}

/// The report of what was found.
pub(super) fn report(tables: &Map<String, Value>, settings: &Settings, today: NaiveDate) -> PersonReport {
    let mut sections = Vec::new();
    // in the order of the catalogue: the person first, what follows after
    for table in TABLES {
        let Some(rows) = tables.get(table.name).and_then(Value::as_array) else {
            continue;
        };
        let records: Vec<Vec<Entry>> = rows
            .iter()
            .map(record)
            .filter(|record| !record.is_empty())
            .collect();
        if records.is_empty() {
            continue;
        }
        sections.push(Section {
            heading: lookup(HEADINGS, table.name).unwrap_or(table.name).to_owned(),
            note: String::new(),
            records,
        });
    }
    PersonReport {
        organisation: settings.organisation_name.clone(),
        programme: settings.programme_name.clone(),
        contact: [&*settings.organisation_name, &*settings.organisation_address]
            .into_iter()
            .filter(|part| !part.is_empty())
            .collect::<Vec<_>>()
            .join(", "),
        name: name(tables),
        written_on: today,
        sections,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_table_about_people_has_a_heading_and_no_heading_is_left_over() {
        for table in TABLES.iter().filter(|table| !table.of.is_empty()) {
            assert!(
                lookup(HEADINGS, table.name).is_some(),
                "{} needs a heading in the report about a person",
                table.name
            );
        }
        for (name, _) in HEADINGS {
            assert!(TABLES.iter().any(|table| table.name == *name), "{name} is gone");
        }
    }

    #[test]
    fn every_label_is_one_of_a_column() {
        for (name, _) in LABELS {
            assert!(
                TABLES
                    .iter()
                    .any(|table| table.fields().any(|(column, _)| column == *name)),
                "there is no column {name}"
            );
        }
    }

    #[test]
    fn a_report_is_read_by_people() {
        let tables = json!({
            "experts": [{
                "id": "0", "given_name": "Ute", "family_name": "Weber", "birth_date": "1950-03-02",
                "publicity_consent": false, "title": "", "created_at": "2026-11-23T08:00:00+00:00",
                "preferred_channels": ["PHONE", "IN_PERSON"],
            }],
        });
        let day = "2026-11-27".parse().unwrap();
        let report = report(tables.as_object().unwrap(), &Settings::default(), day);
        assert_eq!(report.name, "Ute Weber");
        let words: Vec<String> = report.sections[0].records[0]
            .iter()
            .map(|entry| format!("{}: {}", entry.label, entry.value))
            .collect();
        for wanted in [
            "Geburtsdatum: 02.03.1950",
            "Einverstanden mit Öffentlichkeitsarbeit: nein",
            "Angelegt am: 23.11.2026, 09:00 Uhr",
            "Bevorzugte Wege: PHONE, IN_PERSON",
        ] {
            assert!(words.iter().any(|word| word == wanted), "{wanted}: {words:?}");
        }
        assert_eq!(words.len(), 6, "{words:?}");
    }
}
