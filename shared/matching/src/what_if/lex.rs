//! Values of two levels, cases before points, in one number.

/// A value `cases · 2^64 + score`. The order of these numbers is that of the pairs, and sums are exact
/// as long as the points of a path stay within `i64`, which `MAX_NODES` sees to.
pub(super) type Lex = i128;

/// Further away than anything.
pub(super) const FAR: Lex = Lex::MAX;

/// Puts the two levels together.
pub(super) fn lex(cases: i64, score: i64) -> Lex {
    (Lex::from(cases) << 64) + Lex::from(score)
}

/// Takes the two levels apart again.
pub(super) fn levels(value: Lex) -> (i64, i64) {
    let cases = (value + (1 << 63)) >> 64;
    (cases as i64, (value - (cases << 64)) as i64)
}

#[cfg(test)]
mod tests {
    use super::{levels, lex};

    #[test]
    fn levels_come_apart_as_they_were_put_together() {
        for cases in [-3, -1, 0, 1, 7] {
            for score in [i64::MIN / 2, -1, 0, 1, i64::MAX / 2] {
                assert_eq!(levels(lex(cases, score)), (cases, score));
            }
        }
        assert!(lex(1, i64::MIN / 2) > lex(0, i64::MAX / 2));
    }
}
