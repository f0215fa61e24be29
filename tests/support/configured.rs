//! The command's configuration for a stand-in issuer.

use crate::issuer::Issuer;
use crate::sandbox::Sandbox;
use crate::world::issuer_kind;

/// Writes the configuration that lists `issuer`, trusts its CA and allows its address.
pub(crate) fn configure(sandbox: &Sandbox, issuer: &Issuer) {
    let ca = sandbox.write("ca.pem", issuer.ca_pem());
    let text = format!(
        "[issuers]\n{} = [\"{}\"]\n[validate]\nca_file = \"{}\"\nallow_private = [\"{}\"]\n",
        issuer_kind(),
        issuer.url(),
        ca.display(),
        issuer.host(),
    );
    sandbox.write("config/quietus/config.toml", text);
}
