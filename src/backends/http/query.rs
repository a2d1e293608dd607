use apollo_parser::Parser;
use apollo_parser::cst::{CstNode as _, Definition, OperationDefinition};

/// A GraphQL document that holds one query and its fragments, and nothing else: what a
/// [`ReadClient`](super::ReadClient) may POST. There is no other way to make one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueryDocument(String);

/// Why a text is no [`QueryDocument`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotAQuery {
    #[error("it is no GraphQL: {0}")]
    Broken(String),
    #[error("it holds a {0}, and a reader may hold queries alone")]
    Changes(&'static str),
    #[error("it holds {0} operations: which one is meant would be said elsewhere")]
    Operations(usize),
    #[error("it defines a schema")]
    Schema,
}

impl QueryDocument {
    /// How deep a document may be, and of how many tokens.
    const DEEP: usize = 64;
    const LONG: usize = 10_000;

    /// Parses the whole text (GraphQL, October 2021, §2) and looks at every definition in it.
    ///
    /// # Errors
    /// [`NotAQuery`].
    pub fn compile(text: &str) -> Result<Self, NotAQuery> {
        let tree = Parser::new(text).recursion_limit(Self::DEEP).token_limit(Self::LONG).parse();
        if let Some(error) = tree.errors().next() {
            return Err(NotAQuery::Broken(error.message().to_owned()));
        }
        let document = tree.document();
        let mut operations = 0;
        for definition in document.definitions() {
            match definition {
                Definition::OperationDefinition(operation) => {
                    is_query(&operation)?;
                    operations += 1;
                }
                Definition::FragmentDefinition(_) => {}
                _ => return Err(NotAQuery::Schema),
            }
        }
        // What was looked at is what is sent.
        match operations {
            1 => Ok(Self(document.syntax().text().to_string())),
            other => Err(NotAQuery::Operations(other)),
        }
    }

    pub(super) fn text(&self) -> &str {
        &self.0
    }
}

/// An operation without a word for its kind is a query, too.
fn is_query(operation: &OperationDefinition) -> Result<(), NotAQuery> {
    let Some(kind) = operation.operation_type() else { return Ok(()) };
    if kind.mutation_token().is_some() {
        return Err(NotAQuery::Changes("mutation"));
    }
    if kind.subscription_token().is_some() {
        return Err(NotAQuery::Changes("subscription"));
    }
    // An alternative that the parser does not know of must not pass for a query.
    kind.query_token().map(|_| ()).ok_or_else(|| NotAQuery::Broken("an operation of no kind".into()))
}
