//! Keyset paging: a page is cheap however far one has paged.

/// A window into an ordered list. `K` is the list's sort key, ending in the id so that it is unique.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<K> {
    /// At most so many rows.
    pub limit: i64,
    /// Rows after this key.
    pub after: Option<K>,
    /// Rows before this key.
    pub before: Option<K>,
    /// Whether the last rows of the window are wanted instead of the first ones.
    pub backward: bool,
}

impl<K> Page<K> {
    /// The first `limit` rows.
    pub fn first(limit: i64) -> Self {
        Self {
            limit,
            after: None,
            before: None,
            backward: false,
        }
    }

    /// How many rows to read: one more than wanted tells whether there are more.
    pub fn fetch(&self) -> i64 {
        self.limit + 1
    }

    /// The same window by another sort key.
    pub fn map<L>(self, convert: impl Fn(K) -> L) -> Page<L> {
        Page {
            limit: self.limit,
            after: self.after.map(&convert),
            before: self.before.map(&convert),
            backward: self.backward,
        }
    }

    /// Makes a slice of the rows that were read, in the order in which SQL gave them (reversed where
    /// the page goes backward).
    pub fn slice<T>(&self, mut rows: Vec<T>) -> Slice<T> {
        let more = rows.len() as i64 > self.limit;
        rows.truncate(self.limit.max(0) as usize);
        if self.backward {
            rows.reverse();
        }
        Slice {
            has_next: if self.backward {
                self.before.is_some()
            } else {
                more
            },
            has_previous: if self.backward { more } else { self.after.is_some() },
            rows,
        }
    }
}

/// The rows of a page, in the list's order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slice<T> {
    /// The rows.
    pub rows: Vec<T>,
    /// Whether there are rows after them.
    pub has_next: bool,
    /// Whether there are rows before them.
    pub has_previous: bool,
}

impl<T> Slice<T> {
    /// The same page of other things.
    pub fn map<U>(self, convert: impl FnMut(T) -> U) -> Slice<U> {
        Slice {
            rows: self.rows.into_iter().map(convert).collect(),
            has_next: self.has_next,
            has_previous: self.has_previous,
        }
    }
}
