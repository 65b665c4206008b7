//! Relay connections: `first`/`after`/`last`/`before`, 50 rows unless told otherwise, at most 200.

use std::borrow::Cow;

use async_graphql::connection::{CursorType, EmptyFields, OpaqueCursor, PageInfo};
use async_graphql::{ComplexObject, Context, ObjectType, OutputType, SimpleObject, TypeName};
use serde::{Serialize, de::DeserializeOwned};
use tandem_storage::paging::{Page, Slice};

use super::error::bad_input;

/// Rows of a page where none are asked for.
pub const DEFAULT_PAGE: i64 = 50;
/// Rows of the largest page.
pub const LARGEST_PAGE: i64 = 200;

/// A page of a list.
#[derive(SimpleObject)]
#[graphql(name_type, complex)]
pub struct Connection<Node: OutputType, Extra: ObjectType = EmptyFields> {
    /// The rows with their cursors.
    edges: Vec<Edge<Node, Extra>>,
    /// Where this page lies in the list.
    page_info: PageInfo,
    /// How many there are on all pages together; null where the list does not count.
    total_count: Option<i64>,
}

/// A row of a list with its cursor.
#[derive(SimpleObject)]
#[graphql(name_type)]
pub struct Edge<Node: OutputType, Extra: ObjectType = EmptyFields> {
    /// The place of the row, for `after` and `before`.
    cursor: String,
    /// The row.
    node: Node,
    #[graphql(flatten)]
    extra: Extra,
}

#[ComplexObject]
impl<Node: OutputType, Extra: ObjectType> Connection<Node, Extra> {
    /// The rows alone.
    async fn nodes(&self) -> Vec<&Node> {
        self.edges.iter().map(|edge| &edge.node).collect()
    }
}

impl<Node: OutputType, Extra: ObjectType> TypeName for Connection<Node, Extra> {
    fn type_name() -> Cow<'static, str> {
        format!("{}Connection", Node::type_name()).into()
    }
}

impl<Node: OutputType, Extra: ObjectType> TypeName for Edge<Node, Extra> {
    fn type_name() -> Cow<'static, str> {
        format!("{}Edge", Node::type_name()).into()
    }
}

/// The cost of a list: its page size times what one row costs. In a field's attribute:
/// `complexity = "cost(first, last, child_complexity)"`.
pub fn cost(first: Option<i32>, last: Option<i32>, child_complexity: usize) -> usize {
    let size = first
        .or(last)
        .map_or(DEFAULT_PAGE, i64::from)
        .clamp(1, LARGEST_PAGE);
    // rows appear as `nodes` or as `edges { node }`
    1 + size.unsigned_abs() as usize * child_complexity
}

/// The arguments of a list, checked; `K` is the list's sort key.
///
/// # Errors
/// `BAD_USER_INPUT` for a page of more than [`LARGEST_PAGE`] or less than one row, both directions at
/// once, or a cursor that is not this list's.
pub fn page<K: Serialize + DeserializeOwned + Send + Sync>(
    first: Option<i32>,
    after: Option<String>,
    last: Option<i32>,
    before: Option<String>,
) -> async_graphql::Result<Page<K>> {
    if first.is_some() && last.is_some() {
        return Err(bad_input("give first or last, not both"));
    }
    for (name, size) in [("first", first), ("last", last)] {
        if let Some(size) = size
            && !(1..=LARGEST_PAGE).contains(&i64::from(size))
        {
            return Err(bad_input(format!(
                "{name} is {size}, but a page has 1 to {LARGEST_PAGE} rows; ask for the next page with after"
            )));
        }
    }
    let cursor = |name: &str, text: Option<String>| {
        text.map(|text| {
            OpaqueCursor::<K>::decode_cursor(&text)
                .map(|cursor| cursor.0)
                .map_err(|_| bad_input(format!("{name} is no cursor of this list; use one that it gave")))
        })
        .transpose()
    };
    Ok(Page {
        limit: first.or(last).map_or(DEFAULT_PAGE, i64::from),
        after: cursor("after", after)?,
        before: cursor("before", before)?,
        backward: last.is_some(),
    })
}

/// Whether the caller asks for `totalCount`.
pub fn wants_total(ctx: &Context<'_>) -> bool {
    ctx.look_ahead().field("totalCount").exists()
}

/// The connection of a slice; `key` gives a row's sort key, for its cursor.
pub fn connection<R, K, N>(slice: Slice<R>, total: Option<i64>, key: impl Fn(&R) -> K) -> Connection<N>
where
    K: Serialize + DeserializeOwned + Send + Sync,
    N: From<R> + OutputType,
{
    connection_with(slice, total, |row| (key(&row), N::from(row), EmptyFields))
}

/// The connection of a slice whose edges say more than the rows; `split` gives a row's sort key, the
/// row as an object, and what its edge adds.
pub fn connection_with<R, K, N, E>(
    slice: Slice<R>,
    total: Option<i64>,
    split: impl Fn(R) -> (K, N, E),
) -> Connection<N, E>
where
    K: Serialize + DeserializeOwned + Send + Sync,
    N: OutputType,
    E: ObjectType,
{
    let edges: Vec<Edge<N, E>> = slice
        .rows
        .into_iter()
        .map(|row| {
            let (key, node, extra) = split(row);
            Edge {
                cursor: OpaqueCursor(key).encode_cursor(),
                node,
                extra,
            }
        })
        .collect();
    Connection {
        page_info: PageInfo {
            has_previous_page: slice.has_previous,
            has_next_page: slice.has_next,
            start_cursor: edges.first().map(|edge| edge.cursor.clone()),
            end_cursor: edges.last().map(|edge| edge.cursor.clone()),
        },
        edges,
        total_count: total,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Key = (String, u32);

    #[test]
    fn a_page_of_a_million_is_refused_with_what_would_be_right() {
        let error = page::<Key>(Some(1_000_000), None, None, None).unwrap_err();
        assert!(error.message.contains("1 to 200"), "{}", error.message);
        assert!(page::<Key>(Some(0), None, None, None).is_err());
        assert!(page::<Key>(None, None, Some(-1), None).is_err());
        assert!(page::<Key>(Some(1), None, Some(1), None).is_err());
    }

    #[test]
    fn a_cursor_of_another_list_is_refused() {
        let cursor = OpaqueCursor(("Anna".to_owned(), 7_u32)).encode_cursor();
        let read = page::<Key>(None, Some(cursor.clone()), None, None).unwrap();
        assert_eq!(read.after, Some(("Anna".to_owned(), 7)));
        assert_eq!(read.limit, DEFAULT_PAGE);
        assert!(page::<(i64, i64)>(None, Some(cursor), None, None).is_err());
        assert!(page::<Key>(None, None, None, Some("nonsense".into())).is_err());
    }

    #[test]
    fn the_cost_of_a_list_grows_with_its_page() {
        assert_eq!(cost(Some(10), None, 4), 41);
        assert_eq!(cost(None, None, 2), 101);
        assert_eq!(cost(Some(1_000_000), None, 1), 201);
    }
}
