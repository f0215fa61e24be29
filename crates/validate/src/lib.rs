//! Asks an issuer whether a secret still works and who it belongs to.
