//! The embedded accounts as the sandbox's server takes them.

use secrecy::SecretString;

use crate::backends::token;
use crate::manifest::Manifests;
use crate::sandbox::Host;
use crate::sandbox::serve::Served;

use super::{Connected, Request, Stop};

impl Connected<'_> {
    /// Every account with where it stands in the paths and the token of its connection's variable; where
    /// that is not set, with `token`. The second says which: the variable's name, where it was.
    ///
    /// # Errors
    /// A variable that holds no token.
    pub fn served(&self, manifests: &Manifests, request: &Request, token: &SecretString) -> Result<Vec<(Served, Option<String>)>, Stop> {
        let mut all = Vec::new();
        for site in self.sites() {
            let Some(reached) = manifests.reached(site.name) else { continue };
            let variable = token::token_variable(reached.name.as_str());
            let given = token::given(&variable, &*request.env).map_err(Stop::failed)?;
            let variable = given.is_some().then_some(variable);
            let served = Served {
                connection: reached.name.to_string(),
                tenant: reached.tenant.map(ToString::to_string),
                path: site.database.clone(),
                host: Host { account: site.name.clone(), spec: site.spec, tenant: site.tenant.clone() },
                token: given.unwrap_or_else(|| token.clone()),
            };
            all.push((served, variable));
        }
        Ok(all)
    }
}
