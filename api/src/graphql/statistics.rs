//! Statistics: numbers, never a person; exact within one's own scope, coarse outside.

use async_graphql::{Context, Enum, ID, Object, SimpleObject};
use tandem_domain::statistics::{ApproachResult, Cell, Measure};
use tandem_operations::statistics::{self, Statistics as Row, Subject};

use super::{
    app, caller,
    cases::{CaseState, SocialOutcome, TransitionOutcome},
    error::{bad_input, visible},
    ids,
    matches::life::EndReason,
    scalars::Date,
};

/// Into what a period is divided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "tandem_domain::statistics::PeriodUnit")]
pub enum PeriodUnit {
    /// Calendar months; within your own office or centre only.
    Month,
    /// Calendar quarters.
    Quarter,
    /// Calendar years.
    Year,
}

/// Statistics of the programme, an office or a centre.
pub struct Statistics(Row);

/// Statistics of the programme, an office or a centre: numbers, never a person.
#[Object]
impl Statistics {
    /// The first day.
    async fn from(&self) -> Date {
        self.0.period.from.into()
    }

    /// The last day.
    async fn until(&self) -> Date {
        self.0.period.until.into()
    }

    /// Whether the numbers are exact. Outside your own office or centre they are rounded to 5, and a null
    /// says that it is fewer than 3 or none.
    async fn exact(&self) -> bool {
        self.0.exact
    }

    /// The cases that are open now, by state.
    async fn open(&self) -> async_graphql::Result<Vec<OpenCases>> {
        let cells = self.0.cells.iter().filter(|cell| cell.measure == Measure::Open);
        cells
            .map(|cell| {
                Ok(OpenCases {
                    state: word::<tandem_domain::cases::CaseState>(cell)?.into(),
                    cases: cell.count,
                    median_days: cell.median,
                    longest_days: cell.longest,
                })
            })
            .collect()
    }

    /// The numbers of the whole period.
    async fn total(&self) -> PeriodFigures {
        self.figures(None)
    }

    /// The numbers by month, quarter or year; one without any number is left out.
    async fn periods(&self) -> Vec<PeriodFigures> {
        let mut buckets: Vec<_> = self.0.cells.iter().filter_map(|cell| cell.bucket).collect();
        buckets.sort_unstable();
        buckets.dedup();
        buckets
            .into_iter()
            .map(|bucket| self.figures(Some(bucket)))
            .collect()
    }

    /// All of it as CSV (UTF-8, commas): one line a number.
    async fn csv(&self) -> async_graphql::Result<String> {
        Ok(self.0.csv()?)
    }
}

impl Statistics {
    fn figures(&self, bucket: Option<chrono::NaiveDate>) -> PeriodFigures {
        PeriodFigures {
            from: bucket.unwrap_or(self.0.period.from),
            exact: self.0.exact,
            cells: self
                .0
                .cells
                .iter()
                .filter(|cell| cell.bucket == bucket && cell.measure != Measure::Open)
                .cloned()
                .collect(),
        }
    }
}

/// Open cases of one state.
#[derive(Debug, SimpleObject)]
struct OpenCases {
    /// The state.
    state: CaseState,
    /// How many.
    cases: i64,
    /// The median of the days since their submission.
    median_days: Option<f64>,
    /// The longest of them; within your own office or centre only.
    longest_days: Option<i64>,
}

/// What happened in a period.
struct PeriodFigures {
    from: chrono::NaiveDate,
    exact: bool,
    cells: Vec<Cell>,
}

impl PeriodFigures {
    fn cell(&self, measure: Measure, key: &str) -> Option<&Cell> {
        self.cells
            .iter()
            .find(|cell| cell.measure == measure && cell.key == key)
    }

    /// What is not there is none, or too few to be shown.
    fn count(&self, measure: Measure, key: &str) -> Option<i64> {
        match self.cell(measure, key) {
            Some(cell) => Some(cell.count),
            None => self.exact.then_some(0),
        }
    }

    fn asked(&self, result: ApproachResult) -> Option<i64> {
        self.count(Measure::Approach, result.as_str())
    }

    fn of(&self, measure: Measure) -> impl Iterator<Item = &Cell> {
        self.cells.iter().filter(move |cell| cell.measure == measure)
    }
}

/// What happened in a period.
#[Object]
impl PeriodFigures {
    /// Its first day.
    async fn from(&self) -> Date {
        self.from.into()
    }

    /// Cases submitted.
    async fn submitted(&self) -> Option<i64> {
        self.count(Measure::Submitted, "")
    }

    /// Cases closed.
    async fn closed(&self) -> Option<i64> {
        self.count(Measure::Closed, "")
    }

    /// Cases withdrawn.
    async fn withdrawn(&self) -> Option<i64> {
        self.count(Measure::Withdrawn, "")
    }

    /// Experts who were asked, by what became of it.
    async fn approaches(&self) -> ApproachFigures {
        let [accepted, declined, lapsed] = [
            ApproachResult::Accepted,
            ApproachResult::Declined,
            ApproachResult::Lapsed,
        ]
        .map(|result| self.asked(result));
        let answered = accepted.zip(declined).zip(lapsed);
        ApproachFigures {
            accepted,
            declined,
            lapsed,
            withdrawn: self.asked(ApproachResult::Withdrawn),
            superseded: self.asked(ApproachResult::Superseded),
            unanswered: self.asked(ApproachResult::Unanswered),
            acceptance_rate: answered.and_then(|((accepted, declined), lapsed)| {
                let all = accepted + declined + lapsed;
                (all > 0).then(|| accepted as f64 / all as f64)
            }),
        }
    }

    /// Matches that became active.
    async fn activated(&self) -> ActivatedFigures {
        let cell = self.cell(Measure::Activated, "");
        ActivatedFigures {
            matches: self.count(Measure::Activated, ""),
            median_days: cell.and_then(|cell| cell.median),
            longest_days: cell.and_then(|cell| cell.longest),
        }
    }

    /// Meetings of all kinds.
    async fn meetings(&self) -> MeetingFigures {
        let mut meetings = MeetingFigures {
            meetings: self.exact.then_some(0),
            minutes: self.exact.then_some(0),
        };
        for cell in self.of(Measure::Meeting) {
            *meetings.meetings.get_or_insert_default() += cell.count;
            *meetings.minutes.get_or_insert_default() += cell.total.unwrap_or_default();
        }
        meetings
    }

    /// Matches that ended as planned.
    async fn completed(&self) -> Option<i64> {
        self.count(Measure::Ended, "COMPLETED")
    }

    /// Matches that ended before their time.
    async fn ended_early(&self) -> Option<i64> {
        self.count(Measure::Ended, "ENDED_EARLY")
    }

    /// Why matches ended; one may have several reasons.
    async fn end_reasons(&self) -> async_graphql::Result<Vec<EndReasonCount>> {
        self.of(Measure::EndReason)
            .map(|cell| {
                Ok(EndReasonCount {
                    reason: word::<tandem_domain::matches::EndReason>(cell)?.into(),
                    matches: cell.count,
                })
            })
            .collect()
    }

    /// Closed cases by their outcome on the way into training.
    async fn outcomes(&self) -> async_graphql::Result<Vec<OutcomeCount>> {
        self.of(Measure::Outcome)
            .map(|cell| {
                Ok(OutcomeCount {
                    outcome: word::<tandem_domain::cases::TransitionOutcome>(cell)?.into(),
                    cases: cell.count,
                })
            })
            .collect()
    }

    /// Closed cases by their social outcome.
    async fn social_outcomes(&self) -> async_graphql::Result<Vec<SocialOutcomeCount>> {
        self.of(Measure::SocialOutcome)
            .map(|cell| {
                Ok(SocialOutcomeCount {
                    outcome: word::<tandem_domain::cases::SocialOutcome>(cell)?.into(),
                    cases: cell.count,
                })
            })
            .collect()
    }
}

/// Experts who were asked in a period, by what became of it until now.
#[derive(Debug, SimpleObject)]
struct ApproachFigures {
    /// Said yes.
    accepted: Option<i64>,
    /// Said no.
    declined: Option<i64>,
    /// Did not answer in time.
    lapsed: Option<i64>,
    /// Were not asked any more, by the office's decision.
    withdrawn: Option<i64>,
    /// Were too late: another expert had said yes.
    superseded: Option<i64>,
    /// May still answer.
    unanswered: Option<i64>,
    /// Yes as a share of yes, no and silence, from 0 to 1; null where a number is not shown.
    acceptance_rate: Option<f64>,
}

/// Matches that became active in a period.
#[derive(Debug, SimpleObject)]
struct ActivatedFigures {
    /// How many.
    matches: Option<i64>,
    /// The median of the days from the case's submission.
    median_days: Option<f64>,
    /// The longest of them; within your own office or centre only.
    longest_days: Option<i64>,
}

/// Meetings in a period.
#[derive(Debug, SimpleObject)]
struct MeetingFigures {
    /// How many.
    meetings: Option<i64>,
    /// How long together, in minutes.
    minutes: Option<i64>,
}

/// How often a match ended for a reason.
#[derive(Debug, SimpleObject)]
struct EndReasonCount {
    /// The reason.
    reason: EndReason,
    /// How many matches.
    matches: i64,
}

/// How many cases had an outcome.
#[derive(Debug, SimpleObject)]
struct OutcomeCount {
    /// The outcome.
    outcome: TransitionOutcome,
    /// How many cases.
    cases: i64,
}

/// How many cases had a social outcome.
#[derive(Debug, SimpleObject)]
struct SocialOutcomeCount {
    /// The outcome.
    outcome: SocialOutcome,
    /// How many cases.
    cases: i64,
}

fn word<T: std::str::FromStr>(cell: &Cell) -> async_graphql::Result<T> {
    cell.key.parse().map_err(|_| {
        let key = &cell.key;
        async_graphql::Error::from(tandem_operations::Error::Fault(format!(
            "{key:?} is no word of {}",
            cell.measure
        )))
    })
}

/// Reading statistics.
#[derive(Default)]
pub struct StatisticsQuery;

#[Object]
impl StatisticsQuery {
    /// Statistics of an office, a centre or, where neither is named, the whole programme. Staff may ask for
    /// any of them; outside your own scope numbers are coarse and come by whole quarters. Null where you may
    /// not see any.
    async fn statistics(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The cases of the centres that this office serves.")] office_id: Option<ID>,
        #[graphql(desc = "The cases of this centre.")] center_id: Option<ID>,
        #[graphql(desc = "The first day.")] from: Date,
        #[graphql(desc = "The last day.")] until: Date,
        #[graphql(
            desc = "Into what the period is divided.",
            default_with = "PeriodUnit::Quarter"
        )]
        by: PeriodUnit,
    ) -> async_graphql::Result<Option<Statistics>> {
        let caller = caller(ctx)?;
        let subject = match (office_id, center_id) {
            (None, None) => Subject::Programme,
            (Some(office), None) => Subject::Office(ids::parse("officeId", &office)?),
            (None, Some(center)) => Subject::Center(ids::parse("centerId", &center)?),
            (Some(_), Some(_)) => {
                return Err(bad_input("centerId: name an office or a centre, not both"));
            }
        };
        let found = statistics::get(app(ctx), caller, subject, from.into(), until.into(), by.into()).await;
        Ok(visible(found)?.map(Statistics))
    }
}
