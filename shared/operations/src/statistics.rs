//! Statistics of the programme, an office or a centre: exact within one's own scope, coarse outside.

use chrono::NaiveDate;
use tandem_domain::errors::UserError;
use tandem_domain::ids::{CenterId, OfficeId};
use tandem_domain::policy::{Action, Decision, Resource};
use tandem_domain::statistics::{Cell, Period, PeriodUnit};
use tandem_storage::statistics::{self, Of};
use tandem_storage::{centers, offices};

use crate::{App, Caller, Error, Result, refuse};

/// Of what statistics are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// The whole programme.
    Programme,
    /// The cases of the centres that an office serves.
    Office(OfficeId),
    /// The cases of a centre.
    Center(CenterId),
}

/// Statistics as the caller may see them.
#[derive(Debug, Clone, PartialEq)]
pub struct Statistics {
    /// The days that were asked for.
    pub period: Period,
    /// Into what they are divided.
    pub unit: PeriodUnit,
    /// Whether the numbers are exact: the caller answers for what they are about. Otherwise small cells
    /// are left out and the others rounded.
    pub exact: bool,
    /// What is open now, and what happened.
    pub cells: Vec<Cell>,
}

impl Statistics {
    /// The cells as a table: one line a number, under a line of names.
    pub fn csv(&self) -> Result<String> {
        let mut table = csv::Writer::from_writer(Vec::new());
        let fault = |error: csv::Error| Error::Fault(format!("the table cannot be written: {error}"));
        table
            .write_record([
                "measure",
                "kind",
                "from",
                "count",
                "median_days",
                "longest_days",
                "minutes",
            ])
            .map_err(fault)?;
        let text = |number: Option<i64>| number.map(|number| number.to_string()).unwrap_or_default();
        for cell in &self.cells {
            table
                .write_record([
                    cell.measure.as_str(),
                    &cell.key,
                    &cell.bucket.map(|day| day.to_string()).unwrap_or_default(),
                    &cell.count.to_string(),
                    &cell.median.map(|days| days.to_string()).unwrap_or_default(),
                    &text(cell.longest),
                    &text(cell.total),
                ])
                .map_err(fault)?;
        }
        let bytes = table
            .into_inner()
            .map_err(|error| fault(error.into_error().into()))?;
        String::from_utf8(bytes).map_err(|error| Error::Fault(error.to_string()))
    }
}

/// The statistics of `subject` over `from` to `until`.
pub async fn get(
    app: &App,
    caller: &Caller,
    subject: Subject,
    from: NaiveDate,
    until: NaiveDate,
    unit: PeriodUnit,
) -> Result<Statistics> {
    // counts of what the caller may not see row by row: the rows themselves never leave this function
    let mut conn = app.acquire(&Caller::system()).await?;
    let (resource, of) = match subject {
        Subject::Programme => (Resource::programme(), Of::default()),
        Subject::Office(id) => match offices::find(&mut conn, id).await? {
            Some(office) => (
                Resource::office(office.id),
                Of {
                    office: Some(id),
                    ..Of::default()
                },
            ),
            None => return refuse(UserError::not_found("officeId", "regional office")),
        },
        Subject::Center(id) => match centers::get(&mut conn, id).await? {
            Some(center) => (
                Resource::center(id, center.office_id),
                Of {
                    center: Some(id),
                    ..Of::default()
                },
            ),
            None => return refuse(UserError::not_found("centerId", "service centre")),
        },
    };
    caller.authorize(Action::ViewStatistics, &resource, "", "statistics")?;
    let exact = caller.can(Action::ViewExactStatistics, &resource) == Decision::Allowed;
    let period = Period::new(from, until)?;
    if !exact && (!period.is_whole_quarters() || unit == PeriodUnit::Month) {
        return refuse(UserError::invalid(
            "from",
            "outside your own office or centre statistics come by whole calendar quarters or years: \
             begin with the first day of a quarter, end with the last day of one",
        ));
    }
    let mut cells = statistics::open(&mut conn, of, app.today()).await?;
    cells.extend(statistics::in_period(&mut conn, of, period, unit).await?);
    if !exact {
        cells = cells.into_iter().filter_map(Cell::coarse).collect();
    }
    Ok(Statistics {
        period,
        unit,
        exact,
        cells,
    })
}
