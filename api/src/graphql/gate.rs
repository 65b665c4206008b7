//! What is looked at before an operation runs: who sends it, and whether it asks for too much. And what
//! is looked at when it has run: that no error leaves without a code.

use std::sync::Arc;

use async_graphql::{
    Response, ServerError, ServerResult, Variables,
    extensions::{Extension, ExtensionContext, ExtensionFactory, NextParseQuery, NextRequest, NextSubscribe},
    futures_util::stream::{BoxStream, StreamExt as _},
    parser::types::{ExecutableDocument, OperationType, Selection, SelectionSet},
};
use tandem_operations::App;
use uuid::Uuid;

use super::error::{self, BAD_USER_INPUT, QUERY_TOO_COMPLEX, UNAUTHENTICATED};
use crate::auth::Sender;

/// The root fields that need no session; a test walks the schema and finds every other one closed.
/// `__typename` and introspection, where it is switched on, tell nothing about anybody.
pub const PUBLIC: &[&str] = &[
    "__typename",
    "__schema",
    "__type",
    "viewer",
    "requestSignInLink",
    "signInWithToken",
];

/// Makes the gate of each request.
#[derive(Debug, Clone, Copy)]
pub struct Gate {
    /// Aliases that a document may have.
    pub aliases: usize,
    /// Whether the schema may be asked for.
    pub introspection: bool,
}

impl ExtensionFactory for Gate {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(*self)
    }
}

fn refusal(code: &str, message: String) -> ServerError {
    let mut error = ServerError::new(message, None);
    error.extensions.get_or_insert_default().set("code", code);
    error
}

/// Walks what a document selects. Fragments are followed once each on a path, since a document may be
/// malformed here: it is validated later.
struct Walk<'a> {
    document: &'a ExecutableDocument,
    aliases: usize,
    most_aliases: usize,
}

impl<'a> Walk<'a> {
    fn count_aliases(&mut self, selection: &'a SelectionSet) -> bool {
        for item in &selection.items {
            let inner = match &item.node {
                Selection::Field(field) => {
                    self.aliases += usize::from(field.node.alias.is_some());
                    &field.node.selection_set.node
                }
                Selection::InlineFragment(fragment) => &fragment.node.selection_set.node,
                Selection::FragmentSpread(_) => continue,
            };
            if self.aliases > self.most_aliases || !self.count_aliases(inner) {
                return false;
            }
        }
        true
    }

    fn root_fields(&self, selection: &'a SelectionSet, fields: &mut Vec<&'a str>, depth: usize) {
        // a fragment that spreads itself is refused by the validation
        if depth > 32 {
            return;
        }
        for item in &selection.items {
            match &item.node {
                Selection::Field(field) => fields.push(field.node.name.node.as_str()),
                Selection::InlineFragment(fragment) => {
                    self.root_fields(&fragment.node.selection_set.node, fields, depth + 1);
                }
                Selection::FragmentSpread(spread) => {
                    if let Some(fragment) = self.document.fragments.get(&spread.node.fragment_name.node) {
                        self.root_fields(&fragment.node.selection_set.node, fields, depth + 1);
                    }
                }
            }
        }
    }
}

impl Gate {
    fn check(self, document: &ExecutableDocument, signed_in: bool, safe_only: bool) -> ServerResult<()> {
        let mut walk = Walk {
            document,
            aliases: 0,
            most_aliases: self.aliases,
        };
        let sets = document
            .operations
            .iter()
            .map(|(_, operation)| &operation.node.selection_set.node)
            .chain(
                document
                    .fragments
                    .values()
                    .map(|fragment| &fragment.node.selection_set.node),
            );
        for set in sets {
            if !walk.count_aliases(set) {
                return Err(refusal(
                    QUERY_TOO_COMPLEX,
                    format!("this document has more than {} aliases", self.aliases),
                ));
            }
        }
        for (_, operation) in document.operations.iter() {
            if safe_only && operation.node.ty != OperationType::Query {
                return Err(refusal(BAD_USER_INPUT, ONLY_QUERIES.to_owned()));
            }
            let mut fields = Vec::new();
            walk.root_fields(&operation.node.selection_set.node, &mut fields, 0);
            if !self.introspection && fields.iter().any(|field| matches!(*field, "__schema" | "__type")) {
                return Err(refusal(
                    BAD_USER_INPUT,
                    "introspection is switched off here; the schema is published with the source".into(),
                ));
            }
            if !signed_in && fields.iter().any(|field| !PUBLIC.contains(field)) {
                let mut error = ServerError::new(error::unauthenticated().message, None);
                error
                    .extensions
                    .get_or_insert_default()
                    .set("code", UNAUTHENTICATED);
                return Err(error);
            }
        }
        Ok(())
    }
}

/// In a request's data: it came by GET, so it may do nothing but ask.
#[derive(Debug, Clone, Copy)]
pub struct SafeOnly;

/// Why a GET request may be refused.
pub const ONLY_QUERIES: &str = "GET is for queries only; send mutations by POST";

fn finish_all(ctx: &ExtensionContext<'_>, mut response: Response) -> Response {
    for error in &mut response.errors {
        error::finish(error, || match ctx.data_opt::<App>() {
            Some(app) => app.random.id(&*app.clock),
            None => Uuid::nil(),
        });
    }
    response
}

#[async_graphql::async_trait::async_trait]
impl Extension for Gate {
    async fn request(&self, ctx: &ExtensionContext<'_>, next: NextRequest<'_>) -> Response {
        finish_all(ctx, next.run(ctx).await)
    }

    fn subscribe<'s>(
        &self,
        ctx: &ExtensionContext<'_>,
        stream: BoxStream<'s, Response>,
        next: NextSubscribe<'_>,
    ) -> BoxStream<'s, Response> {
        let app = ctx.data_opt::<App>().cloned();
        next.run(ctx, stream)
            .map(move |mut response| {
                for error in &mut response.errors {
                    error::finish(error, || {
                        app.as_ref()
                            .map_or_else(Uuid::nil, |app| app.random.id(&*app.clock))
                    });
                }
                response
            })
            .boxed()
    }

    async fn parse_query(
        &self,
        ctx: &ExtensionContext<'_>,
        query: &str,
        variables: &Variables,
        next: NextParseQuery<'_>,
    ) -> ServerResult<ExecutableDocument> {
        let document = next.run(ctx, query, variables).await?;
        let signed_in = ctx.data_opt::<Sender>().is_some_and(Option::is_some);
        self.check(&document, signed_in, ctx.data_opt::<SafeOnly>().is_some())?;
        Ok(document)
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;

    use super::*;

    fn checked(document: &str, signed_in: bool) -> Result<(), String> {
        let gate = Gate {
            aliases: 3,
            introspection: false,
        };
        gate.check(&parse_query(document).unwrap(), signed_in, false)
            .map_err(|error| error::code_of(&error).unwrap().to_owned())
    }

    #[test]
    fn a_root_field_hidden_in_fragments_needs_a_session_too() {
        for document in [
            "{ offices { id } }",
            "{ __typename ... { offices { id } } }",
            "{ ...A } fragment A on Query { ...B } fragment B on Query { x: offices { id } }",
            "mutation { createOffice { id } }",
            "subscription { news }",
            "query A { __typename } query B { offices { id } }",
        ] {
            assert_eq!(
                checked(document, false),
                Err(UNAUTHENTICATED.into()),
                "{document}"
            );
            assert_eq!(checked(document, true), Ok(()), "{document}");
        }
        assert_eq!(checked("{ __typename }", false), Ok(()));
    }

    #[test]
    fn a_fragment_that_spreads_itself_ends() {
        assert_eq!(checked("{ ...A } fragment A on Query { ...A }", false), Ok(()));
    }

    #[test]
    fn aliases_are_counted_wherever_they_stand() {
        let document = "{ a: x { b: y } ...F } fragment F on Query { c: x ... { d: x } }";
        assert_eq!(checked(document, true), Err(QUERY_TOO_COMPLEX.into()));
        assert_eq!(checked("{ a: x b: x c: x }", true), Ok(()));
    }

    #[test]
    fn introspection_can_be_switched_off() {
        assert_eq!(
            checked("{ __schema { types { name } } }", true),
            Err(BAD_USER_INPUT.into())
        );
    }
}
