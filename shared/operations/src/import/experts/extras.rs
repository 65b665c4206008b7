//! What a row says of an expert's checks, trainings and pauses.

use std::collections::HashSet;

use chrono::NaiveDate;
use tandem_domain::checks::{CheckKind, inspect};
use tandem_domain::experts::Pause;
use tandem_domain::ids::{ExpertId, ModuleId};
use tandem_domain::settings::Settings;
use tandem_domain::training::{self as rules, check_attendance};
use tandem_storage::PgConnection;
use tandem_storage::checks::{self, Check, NewInspection};
use tandem_storage::experts::{self, ExpertPause};
use tandem_storage::training::{self, Attendance, Module, NewAttendance};

use crate::checks::shortened;
use crate::import::cells::Row;
use crate::{App, Error, Result};

/// The columns of trainings and the modules they are about.
const TRAININGS: [(&str, &str); 2] = [
    ("baseTraining", rules::BASE),
    ("interculturalTraining", rules::INTERCULTURAL),
];

/// What is there already.
pub(super) struct Known {
    settings: Settings,
    modules: Vec<Module>,
    checks: HashSet<(ExpertId, CheckKind, NaiveDate, NaiveDate)>,
    attended: HashSet<(ExpertId, ModuleId, NaiveDate)>,
    pauses: HashSet<(ExpertId, NaiveDate, Option<NaiveDate>)>,
}

impl Known {
    pub(super) fn of(
        settings: Settings,
        modules: Vec<Module>,
        checks: Vec<Check>,
        attendances: Vec<Attendance>,
        pauses: Vec<ExpertPause>,
    ) -> Self {
        Self {
            settings,
            modules,
            checks: checks
                .into_iter()
                .filter_map(|check| {
                    let inspection = check.check.inspection?;
                    Some((
                        check.expert_id,
                        check.check.kind,
                        inspection.certificate_date,
                        inspection.inspected_on,
                    ))
                })
                .collect(),
            attended: attendances
                .into_iter()
                .filter_map(|attendance| {
                    Some((
                        attendance.expert_id,
                        attendance.module_id,
                        attendance.attended_on?,
                    ))
                })
                .collect(),
            pauses: pauses
                .into_iter()
                .map(|pause| (pause.expert_id, pause.pause.from, pause.pause.until))
                .collect(),
        }
    }
}

/// What is to be added.
#[derive(Default)]
pub(super) struct Extras {
    check: Option<NewInspection>,
    attendances: Vec<NewAttendance>,
    pause: Option<ExpertPause>,
}

impl Extras {
    /// Reads what the row says and is not known yet.
    pub(super) fn read(app: &App, row: &mut Row<'_>, id: ExpertId, known: &Known) -> Self {
        Self {
            check: check(app, row, id, known),
            attendances: TRAININGS
                .into_iter()
                .filter_map(|(column, code)| attendance(app, row, id, known, column, code))
                .collect(),
            pause: pause(app, row, id, known),
        }
    }

    /// What of it there is, for the audit log.
    pub(super) fn named(&self) -> Vec<&'static str> {
        let parts = [
            ("checks", self.check.is_some()),
            ("training", !self.attendances.is_empty()),
            ("pauses", self.pause.is_some()),
        ];
        parts
            .into_iter()
            .filter(|(_, there)| *there)
            .map(|(name, _)| name)
            .collect()
    }
}

fn check(app: &App, row: &mut Row<'_>, expert: ExpertId, known: &Known) -> Option<NewInspection> {
    let kind = row.word::<CheckKind>("checkKind").flatten();
    let certificate_date = row.date("checkCertificateDate").flatten();
    let inspected_on = row.date("checkInspectedOn").flatten();
    let said = row
        .text("checkNoRelevantEntry")
        .is_some_and(|cell| !cell.is_empty());
    let no_relevant_entry = row
        .yes_no("checkNoRelevantEntry")
        .filter(|_| said)
        .unwrap_or(true);
    let valid_until = row.date("checkValidUntil").flatten();
    if kind.is_none() && certificate_date.is_none() && inspected_on.is_none() {
        return None;
    }
    for (column, there) in [
        ("checkKind", kind.is_some()),
        ("checkCertificateDate", certificate_date.is_some()),
        ("checkInspectedOn", inspected_on.is_some()),
    ] {
        if !there && row.text(column).is_none_or(|cell| cell.is_empty()) {
            row.refuse(
                column,
                "a background check has a kind, the certificate's date and the day of the inspection",
            );
        }
    }
    let (kind, certificate_date, inspected_on) = (kind?, certificate_date?, inspected_on?);
    let inspection = inspect(
        certificate_date,
        inspected_on,
        no_relevant_entry,
        app.today(),
        &known.settings,
    )
    .map_err(Error::from)
    .and_then(|inspection| shortened(inspection, valid_until));
    match inspection {
        Err(Error::Refused(errors)) => {
            row.refuse_all(errors, |field| match field {
                "inspectedOn" => "checkInspectedOn",
                "validUntil" => "checkValidUntil",
                _ => "checkCertificateDate",
            });
            None
        }
        Err(_) => None,
        Ok(_)
            if known
                .checks
                .contains(&(expert, kind, certificate_date, inspected_on)) =>
        {
            None
        }
        Ok(inspection) => Some(NewInspection {
            id: app.id(),
            expert_id: expert,
            kind,
            inspection,
            inspected_by: None,
            confirmed_by: None,
        }),
    }
}

fn attendance(
    app: &App,
    row: &mut Row<'_>,
    expert: ExpertId,
    known: &Known,
    column: &str,
    code: &str,
) -> Option<NewAttendance> {
    let day = row.date(column).flatten()?;
    let Some(module) = known.modules.iter().find(|module| module.code == code) else {
        row.refuse(column, format!("the programme has no training module {code}"));
        return None;
    };
    match check_attendance(day, app.today()) {
        Err(problem) => {
            row.refuse(column, problem);
            None
        }
        Ok(day) if known.attended.contains(&(expert, module.id, day)) => None,
        Ok(attended_on) => Some(NewAttendance {
            id: app.id(),
            expert_id: expert,
            module_id: module.id,
            attended_on,
            confirmed_by: None,
        }),
    }
}

fn pause(app: &App, row: &mut Row<'_>, expert: ExpertId, known: &Known) -> Option<ExpertPause> {
    let from = row.date("pausedFrom").flatten();
    let until = row.date("pausedUntil").flatten();
    let Some(from) = from else {
        if until.is_some() {
            row.refuse("pausedFrom", "a pause needs its first day");
        }
        return None;
    };
    if let Some(until) = until.filter(|until| *until < from) {
        row.refuse("pausedUntil", format!("{until} is before the first day {from}"));
        return None;
    }
    let over = until.is_some_and(|until| until < app.today());
    let there = known.pauses.contains(&(expert, from, until));
    (!over && !there).then(|| ExpertPause {
        id: app.id(),
        expert_id: expert,
        pause: Pause { from, until },
    })
}

/// Writes what is to be added, in a statement a kind.
pub(super) async fn write(
    conn: &mut PgConnection,
    app: &App,
    extras: impl Iterator<Item = &Extras>,
) -> Result<()> {
    let (mut inspections, mut attendances, mut pauses) = (Vec::new(), Vec::new(), Vec::new());
    for extras in extras {
        inspections.extend(extras.check);
        attendances.extend(&extras.attendances);
        pauses.extend(extras.pause);
    }
    checks::insert(conn, &inspections, app.now()).await?;
    training::record(conn, &attendances, app.now()).await?;
    experts::insert_pauses(conn, &pauses).await?;
    Ok(())
}
