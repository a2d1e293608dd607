use std::collections::BTreeMap;

use serde_json::Value as Json;

use super::pages::all;
use super::user::field;
use crate::backends::http::{HttpError, ReadClient};
use crate::model::Incomplete;

const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";

/// What the server says it can do: `/ServiceProviderConfig` and `/Schemas` (RFC 7643 §5, §7).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Offer {
    /// PATCH is there, or nobody says that it is not.
    pub patch: bool,
    /// Attributes of the core User, lower case, where the server publishes its schemas.
    user: Option<BTreeMap<String, Attribute>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Attribute {
    required: bool,
    read_only: bool,
}

impl Offer {
    /// Asks the server. That a page is not there is an answer; that it cannot be read is not.
    pub(super) async fn ask(client: &ReadClient) -> Result<Self, Incomplete> {
        let config = match present(client.get(&["ServiceProviderConfig"], &[]).await)? {
            Some(answer) => Some(answer.json().map_err(failed)?),
            None => None,
        };
        let patch = config.as_ref().and_then(|c| field(field(c, "patch")?, "supported")?.as_bool()).unwrap_or(true);
        Ok(Self { patch, user: Self::schema(client).await? })
    }

    async fn schema(client: &ReadClient) -> Result<Option<BTreeMap<String, Attribute>>, Incomplete> {
        // Probed first, because a list that is not there is no failed list.
        let Some(answer) = present(client.get(&["Schemas"], &[]).await)? else { return Ok(None) };
        let first = answer.json().map_err(failed)?;
        let total = field(&first, "totalResults").and_then(Json::as_u64);
        let shown = field(&first, "Resources").and_then(Json::as_array).cloned().unwrap_or_default();
        let schemas = if total.is_some_and(|t| t > shown.len() as u64) { all(client, "Schemas").await?.resources } else { shown };
        let Some(user) = schemas.iter().find(|s| field(s, "id").and_then(Json::as_str).is_some_and(|id| id.eq_ignore_ascii_case(USER)))
        else {
            return Ok(None);
        };
        let attributes = field(user, "attributes").and_then(Json::as_array).map(Vec::as_slice).unwrap_or_default();
        let one = |a: &Json| {
            let name = field(a, "name")?.as_str()?.to_ascii_lowercase();
            let required = field(a, "required").and_then(Json::as_bool).unwrap_or(false);
            let read_only = field(a, "mutability").and_then(Json::as_str).is_some_and(|m| m.eq_ignore_ascii_case("readOnly"));
            Some((name, Attribute { required, read_only }))
        };
        Ok(Some(attributes.iter().filter_map(one).collect()))
    }

    /// Whether the User may carry the attribute: by its schema, or by the core one where the
    /// server publishes none.
    pub(super) fn has(&self, attribute: &str) -> bool {
        self.user.as_ref().is_none_or(|a| a.get(&attribute.to_ascii_lowercase()).is_some_and(|a| !a.read_only))
    }
    /// Whether a User without the attribute is refused.
    pub(super) fn requires(&self, attribute: &str) -> bool {
        self.user.as_ref().is_some_and(|a| a.get(&attribute.to_ascii_lowercase()).is_some_and(|a| a.required))
    }
    /// Whether the server alone writes the attribute.
    pub(super) fn is_read_only(&self, attribute: &str) -> bool {
        self.user.as_ref().is_some_and(|a| a.get(&attribute.to_ascii_lowercase()).is_some_and(|a| a.read_only))
    }
}

/// A request that failed, as a reading says it.
pub(super) fn failed(error: HttpError) -> Incomplete {
    Incomplete::new(error.code(), error.to_string())
}

/// `None` where the server does not have the page.
pub(super) fn present<T>(answer: Result<T, HttpError>) -> Result<Option<T>, Incomplete> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(e) if matches!(e.status(), Some(404 | 405 | 501)) => Ok(None),
        Err(e) => Err(failed(e)),
    }
}
