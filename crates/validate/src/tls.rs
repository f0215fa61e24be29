//! TLS by rustls and ring: whom it trusts, and what is said when it fails.

use crate::settings::{Settings, SettingsError};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use std::io::ErrorKind;
use std::sync::Arc;

/// TLS by rustls and ring, trusting the public roots and the user's own.
pub(crate) fn config(settings: &Settings) -> Result<rustls::ClientConfig, SettingsError> {
    let wrong = |reason| SettingsError::Certificates { reason };
    let mut roots = rustls::RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    if let Some(pem) = &settings.ca_pem {
        let public = roots.len();
        for certificate in CertificateDer::pem_slice_iter(pem) {
            let certificate = certificate.map_err(|_| wrong("is not PEM"))?;
            roots.add(certificate).map_err(|_| wrong("holds a broken certificate"))?;
        }
        if roots.len() == public {
            return Err(wrong("holds no certificate"));
        }
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| SettingsError::Client { reason: error.to_string() })?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(config)
}

/// What TLS failed at.
pub(crate) fn words(error: &rustls::Error) -> &'static str {
    match error {
        rustls::Error::InvalidCertificate(_) => {
            "TLS: the certificate is not trusted; a private CA can be named in the configuration"
        }
        _ => "TLS: the handshake failed",
    }
}

/// What a connection failed at.
pub(crate) fn io_words(kind: ErrorKind) -> Option<&'static str> {
    match kind {
        ErrorKind::ConnectionRefused => Some("connection refused"),
        ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted | ErrorKind::BrokenPipe => {
            Some("connection cut")
        }
        ErrorKind::UnexpectedEof => Some("the answer broke off"),
        ErrorKind::TimedOut => Some("connection timed out"),
        ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable => Some("no route to the host"),
        _ => None,
    }
}
