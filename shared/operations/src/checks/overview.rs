//! What a coordinator sees of the checks at a glance, and takes away as a list.

use std::collections::BTreeMap;

use chrono::{Datelike, Days, NaiveDate};
use tandem_domain::checks::Standing;
use tandem_domain::ids::{CheckId, ExpertId, OfficeId};
use tandem_domain::policy::Action;
use tandem_storage::checks::overview::{self, CheckFilter, CheckRow, Key, Moment};
use tandem_storage::checks::requests;
use tandem_storage::paging::{Page, Slice};

use crate::{App, Audit, Caller, Result, settings};

/// No list is longer: more than the programme has experts.
const EVERYTHING: i64 = 2_000_000;

/// How an office's active experts stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfficeChecks {
    /// The office.
    pub office: OfficeId,
    /// How many stand so.
    pub standings: BTreeMap<Standing, usize>,
    /// How many checks end in each week, by its Monday, as far as they are expiring.
    pub weeks: BTreeMap<NaiveDate, usize>,
    /// Matches in `ACTIVE` or `PAUSED` whose expert's check is expiring or worse.
    pub active_matches: i64,
    /// Open approaches to such experts.
    pub open_approaches: i64,
    /// Planned starts with such experts.
    pub planned_starts: i64,
}

async fn moment(conn: &mut tandem_storage::PgConnection, app: &App) -> Result<Moment> {
    let settings = settings::current(conn).await?;
    Ok(Moment {
        today: app.today(),
        expiring_weeks: settings.check_expiring_weeks,
    })
}

/// The active experts whose checks the caller may see: who has none first, then by the end of validity.
pub async fn rows(
    app: &App,
    caller: &Caller,
    filter: &CheckFilter,
    page: &Page<Key>,
) -> Result<Slice<CheckRow>> {
    let scope = caller.scope(Action::ViewCheck);
    if scope.is_empty() {
        return Ok(page.slice(Vec::new()));
    }
    let mut tx = app.begin(caller).await?;
    let moment = moment(&mut tx, app).await?;
    let slice = overview::list(&mut tx, &scope, filter, moment, page).await?;
    trace(&mut tx, app, caller, &slice.rows).await?;
    tx.commit().await?;
    Ok(slice)
}

/// Reading a person's record leaves a trace (domain.md "Data protection").
async fn trace(
    conn: &mut tandem_storage::PgConnection,
    app: &App,
    caller: &Caller,
    rows: &[CheckRow],
) -> Result<()> {
    let trail: Vec<Audit> = rows
        .iter()
        .map(|row| Audit::new("expert.checks_viewed", row.expert_id).about(row.expert_id))
        .collect();
    app.audit(conn, caller, &trail).await
}

/// The offices whose checks the caller may see, counted: no person is named.
pub async fn offices(app: &App, caller: &Caller, office: Option<OfficeId>) -> Result<Vec<OfficeChecks>> {
    let scope = caller.scope(Action::ViewCheck);
    if scope.is_empty() {
        return Ok(Vec::new());
    }
    let mut conn = app.acquire(caller).await?;
    let moment = moment(&mut conn, app).await?;
    let filter = CheckFilter {
        office,
        ..CheckFilter::default()
    };
    let all = overview::list(&mut conn, &scope, &filter, moment, &Page::first(EVERYTHING)).await?;
    let mut offices: BTreeMap<OfficeId, OfficeChecks> = BTreeMap::new();
    for row in all.rows {
        let of = offices.entry(row.office_id).or_insert_with(|| OfficeChecks {
            office: row.office_id,
            standings: BTreeMap::new(),
            weeks: BTreeMap::new(),
            active_matches: 0,
            open_approaches: 0,
            planned_starts: 0,
        });
        *of.standings.entry(row.standing).or_default() += 1;
        if row.standing == Standing::Valid {
            continue;
        }
        of.active_matches += row.active_matches;
        of.open_approaches += row.open_approaches;
        of.planned_starts += row.planned_starts;
        if let (Standing::Expiring, Some(until)) = (row.standing, row.valid_until) {
            *of.weeks.entry(monday(until)).or_default() += 1;
        }
    }
    Ok(offices.into_values().collect())
}

fn monday(day: NaiveDate) -> NaiveDate {
    day - Days::new(day.weekday().num_days_from_monday().into())
}

/// The inspections that wait for a second person, among those that the caller may confirm.
pub async fn pending(app: &App, caller: &Caller) -> Result<Vec<(ExpertId, CheckId)>> {
    let scope = caller.scope(Action::ManageCheck);
    let offices: Vec<_> = scope.offices.iter().map(|id| id.uuid()).collect();
    let mut conn = app.acquire(caller).await?;
    Ok(requests::pending_in(&mut conn, scope.everything, &offices, 500).await?)
}

/// The overview as a list for a spreadsheet: semicolons and UTF-8 with a mark, as German ones open it. Leaves
/// a trace of everybody in it.
pub async fn csv(app: &App, caller: &Caller, filter: &CheckFilter) -> Result<String> {
    let slice = rows(app, caller, filter, &Page::first(EVERYTHING)).await?;
    let mut writer = csv::WriterBuilder::new().delimiter(b';').from_writer(vec![]);
    let fault =
        |error: &dyn std::fmt::Display| crate::Error::Fault(format!("the list cannot be written: {error}"));
    writer
        .write_record([
            "Name",
            "Stand",
            "Art",
            "gültig bis",
            "angefordert am",
            "laufende Begleitungen",
            "offene Ansprachen",
            "geplante Starts",
            "nächster Start",
        ])
        .map_err(|error| fault(&error))?;
    let day = |day: Option<NaiveDate>| day.map_or_else(String::new, |day| day.format("%d.%m.%Y").to_string());
    for row in slice.rows {
        let standing = match row.standing {
            Standing::Valid => "gültig",
            Standing::Expiring => "läuft ab",
            Standing::Expired => "abgelaufen",
            Standing::Missing => "fehlt",
            Standing::Unsuitable => "nicht geeignet",
        };
        let kind = match row.needed {
            tandem_domain::checks::CheckKind::Simple => "einfach",
            tandem_domain::checks::CheckKind::Extended => "erweitert",
        };
        writer
            .write_record([
                inert(&row.name),
                standing.into(),
                kind.into(),
                day(row.valid_until),
                day(row.requested_on),
                row.active_matches.to_string(),
                row.open_approaches.to_string(),
                row.planned_starts.to_string(),
                day(row.next_start),
            ])
            .map_err(|error| fault(&error))?;
    }
    let bytes = writer.into_inner().map_err(|error| fault(&error))?;
    let text = String::from_utf8(bytes).map_err(|error| fault(&error))?;
    Ok(format!("\u{feff}{text}"))
}

/// A text that no spreadsheet takes for a formula: one that begins like it gets an apostrophe before it.
fn inert(text: &str) -> String {
    let dangerous = |c: char| matches!(c, '=' | '+' | '-' | '@' | '\t' | '\r' | '\n' | '|' | '%');
    if text.trim_start().starts_with(dangerous) || text.starts_with(dangerous) {
        format!("'{text}")
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_looks_like_a_formula_is_text_in_a_spreadsheet() {
        for (name, written) in [
            ("=HYPERLINK(\"x\")", "'=HYPERLINK(\"x\")"),
            ("+49 30", "'+49 30"),
            (" @SUM(A1)", "' @SUM(A1)"),
            ("\tcmd", "'\tcmd"),
            ("Weiß, Jörg-Günther", "Weiß, Jörg-Günther"),
        ] {
            assert_eq!(inert(name), written);
        }
    }

    #[test]
    fn a_week_begins_on_monday() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        assert_eq!(monday(day("2026-11-29")), day("2026-11-23"));
        assert_eq!(monday(day("2026-11-23")), day("2026-11-23"));
    }
}
