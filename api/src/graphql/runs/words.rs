//! The words of matching: states, phases, rules, what is missing.

use async_graphql::Enum;
use tandem_domain::eligibility::Missing;

/// Where a matching run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "tandem_domain::runs::RunState")]
pub enum MatchingRunState {
    /// Waits for a worker.
    Queued,
    /// Being computed.
    Running,
    /// The plan is stored with its certificate; nothing has been sent.
    Ready,
    /// Its proposals became approaches.
    Applied,
    /// Put away.
    Discarded,
    /// Could not be computed; `failure` says why.
    Failed,
    /// Stopped on request.
    Cancelled,
    /// Applied, and what was not answered taken back.
    Undone,
}

/// What a running run is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "tandem_domain::runs::Phase")]
pub enum MatchingRunPhase {
    /// Waiting for a worker.
    Queued,
    /// Reading experts and cases.
    Snapshot,
    /// Asking the rules and computing scores.
    Candidates,
    /// Looking for the best plan.
    Solving,
    /// Checking the proof that it is the best.
    Certifying,
    /// Storing the plan.
    Writing,
    /// Finished, in whatever way.
    Done,
}

/// What a plan optimizes; both exactly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "tandem_domain::runs::Objective")]
pub enum MatchingObjective {
    /// First the most cases with an expert, then the highest total score.
    Participation,
    /// The highest total score; a case may stay without an expert.
    Score,
}

/// A rule that an expert has to meet before being proposed for a case; in the order in which they are
/// asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "tandem_domain::eligibility::Rule")]
pub enum MatchingRule {
    /// The expert is not active.
    State,
    /// The expert belongs to another office, and only the own ones take part.
    OtherOffice,
    /// Farther from the centre than the case's radius.
    Distance,
    /// Farther from the centre than the expert travels.
    TravelRadius,
    /// Paused at the planned start.
    Paused,
    /// The case wishes for another gender.
    Gender,
    /// Declined this case, or it did not come about before.
    Barred,
    /// Is asked for this case already.
    AlreadyAsked,
    /// Has as many matches as the expert takes on at once.
    Capacity,
    /// Was approached too often lately.
    ApproachLimit,
    /// No valid background check of the kind that this mentee needs.
    CheckMissing,
    /// The background check ends before the planned start.
    CheckExpires,
    /// A required training module is missing.
    Training,
    /// The centre has as many matches as it can look after.
    CenterLimit,
    /// The case is not, or no longer, searched for.
    CaseNotSearching,
    /// Another expert is being asked for the case.
    AnotherAsked,
}

/// What an expert has to do before the first meeting is dated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(name = "MissingForMatch", remote = "tandem_domain::eligibility::Missing")]
pub enum MissingForMatch {
    /// A valid simple background check.
    SimpleCheck,
    /// A valid extended background check.
    ExtendedCheck,
    /// The base training module.
    BaseTraining,
    /// The intercultural training module.
    InterculturalTraining,
    /// Another required training module.
    OtherTraining,
}

/// The words for a list of missing things.
pub fn missing_words(missing: &[Missing]) -> Vec<MissingForMatch> {
    missing.iter().copied().map(MissingForMatch::from).collect()
}

/// What a pair gets points for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(name = "MatchCriterion", remote = "tandem_domain::explaining::Criterion")]
pub enum MatchCriterion {
    /// Nearness to the centre.
    Distance,
    /// Closeness of the expert's occupations and interests to the target occupations.
    Occupation,
    /// Wanted support areas that the expert offers.
    SupportAreas,
    /// A common language besides German.
    Language,
    /// Earlier one-to-one programmes.
    Programmes,
    /// Free capacity.
    Balance,
    /// Waiting time of the case.
    Waiting,
    /// What the expert still lacks.
    Missing,
}

/// A language in which explanations exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "tandem_domain::explaining::Language")]
pub enum ExplanationLanguage {
    /// German.
    De,
    /// English.
    En,
}

/// What has to be done so that an expert who is kept out may be proposed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(name = "UnlockMeasure", remote = "tandem_domain::runs::Measure")]
pub enum UnlockMeasure {
    /// A certificate has ended, or ends before the start: a new one.
    RenewCheck,
    /// There is no certificate of the kind yet.
    ObtainCheck,
    /// A required training module.
    Training,
    /// Both a certificate and a training module.
    CheckAndTraining,
}
