//! What a search goes by: how far something is, then what it is.

/// A distance and a node in one number, which one comparison orders: a pair would take two, of which the
/// first goes either way.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key(i128);

impl Key {
    #[inline]
    pub(super) fn new(distance: i64, node: u32) -> Self {
        Self(i128::from(distance) << 32 | i128::from(node))
    }

    #[inline]
    pub(super) fn parts(self) -> (i64, u32) {
        ((self.0 >> 32) as i64, self.0 as u32)
    }
}

#[cfg(test)]
mod tests {
    use super::Key;

    #[test]
    fn keys_sort_as_pairs_do_and_come_apart_again() {
        let pairs = [(i64::MIN, 9), (-1, 0), (-1, u32::MAX), (0, 7), (i64::MAX, 0)];
        let keys = pairs.map(|(distance, node)| Key::new(distance, node));
        assert!(keys.is_sorted_by(|one, other| one < other));
        assert_eq!(keys.map(Key::parts), pairs);
    }
}
