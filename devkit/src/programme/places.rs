//! Where people live: the nearer a centre the more.

use rand::RngExt as _;
use rand_chacha::ChaCha20Rng;
use tandem_domain::geo::distance_m;
use tandem_domain::postal_codes::{Place, PostalCode, builtin, find};

use super::organisation::CENTERS;

/// Within this distance of a centre its experts live.
const REACH_M: u32 = 40_000;

/// For each centre the places around it, each with the running total of its weights.
pub(super) struct Neighbourhoods(Vec<Vec<(f64, &'static Place)>>);

pub(super) fn place(code: &str) -> &'static Place {
    let code: PostalCode = code.parse().expect("the lists of places are tested");
    find(builtin(), code).expect("the lists of places are tested")
}

impl Neighbourhoods {
    pub(super) fn new() -> Self {
        let around = |code: &str| {
            let middle = place(code).coordinates;
            let mut total = 0.0;
            builtin()
                .iter()
                .filter_map(|place| {
                    let metres = distance_m(middle, place.coordinates);
                    let kilometres = f64::from(metres) / 1000.0;
                    total += (-kilometres / 12.0).exp();
                    (metres <= REACH_M).then_some((total, place))
                })
                .collect()
        };
        Self(CENTERS.iter().map(|center| around(center.postal_code)).collect())
    }

    /// Somewhere around a centre.
    pub(super) fn near(&self, rng: &mut ChaCha20Rng, center: usize) -> &'static Place {
        let around = &self.0[center];
        let total = around.last().expect("a centre is near itself").0;
        let wanted = rng.random_range(0.0..total);
        let position = around.partition_point(|(running, _)| *running <= wanted);
        around[position.min(around.len() - 1)].1
    }

    /// Anywhere in Germany.
    pub(super) fn anywhere(&self, rng: &mut ChaCha20Rng) -> &'static Place {
        super::one(rng, builtin())
    }
}
