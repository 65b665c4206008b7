//! What an expert still lacks before a meeting, in words.

use tandem_domain::eligibility::Missing;
use tandem_domain::matches::Obstacle;

use crate::pages::texts::{ExpertTexts, fill};

/// A line for each.
pub(super) fn in_words(e: &ExpertTexts, missing: &[Obstacle]) -> Vec<String> {
    let training = |module: &str| fill(e.missing_training, &[("module", module)]);
    missing
        .iter()
        .map(|obstacle| match obstacle {
            Obstacle::NotActive => e.not_available.to_owned(),
            Obstacle::Paused => e.paused_then.to_owned(),
            Obstacle::Missing(Missing::SimpleCheck) => e.missing_check.to_owned(),
            Obstacle::Missing(Missing::ExtendedCheck) => e.missing_check_extended.to_owned(),
            Obstacle::Missing(Missing::BaseTraining) => training(e.module_base),
            Obstacle::Missing(Missing::InterculturalTraining) => training(e.module_intercultural),
            Obstacle::Missing(Missing::OtherTraining) => training(e.module_other),
        })
        .collect()
}
