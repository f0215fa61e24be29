//! Checks signatures with `ring`, which TLS stands on as well: no other cryptography is built in.

use jsonwebtoken::crypto::{CryptoProvider, JwtVerifier, KeyUtils};
use jsonwebtoken::errors::{Error, ErrorKind};
use jsonwebtoken::signature::{Error as Unfit, Verifier};
use jsonwebtoken::{Algorithm, AlgorithmFamily, DecodingKey, DecodingKeyKind};
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256,
    RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512, RSA_PSS_2048_8192_SHA256,
    RSA_PSS_2048_8192_SHA384, RSA_PSS_2048_8192_SHA512, RsaParameters, RsaPublicKeyComponents,
    UnparsedPublicKey, VerificationAlgorithm,
};

static PROVIDER: CryptoProvider = CryptoProvider {
    // Nothing is ever signed here.
    signer_factory: |_, _| Err(Error::from(ErrorKind::InvalidAlgorithm)),
    verifier_factory: |algorithm, key| {
        Ok(Box::new(Check { algorithm: *algorithm, key: key.clone() }))
    },
    key_utils: KeyUtils::new_unimplemented(),
};

/// Makes the library use it; the first call counts.
pub(super) fn ready() {
    let _ = PROVIDER.install_default();
}

struct Check {
    algorithm: Algorithm,
    key: DecodingKey,
}

impl JwtVerifier for Check {
    fn algorithm(&self) -> Algorithm {
        self.algorithm
    }
}

impl Verifier<Vec<u8>> for Check {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> Result<(), Unfit> {
        let (family, parameters) = by_name(self.algorithm).ok_or_else(Unfit::new)?;
        if self.key.family() != family {
            return Err(Unfit::new());
        }
        let checked = match (self.key.kind(), parameters) {
            (DecodingKeyKind::RsaModulusExponent { n, e }, Parameters::Rsa(parameters)) => {
                RsaPublicKeyComponents { n, e }.verify(parameters, message, signature)
            }
            (DecodingKeyKind::SecretOrDer(point), Parameters::Curve(parameters)) => {
                UnparsedPublicKey::new(parameters, point).verify(message, signature)
            }
            _ => return Err(Unfit::new()),
        };
        checked.map_err(|_| Unfit::new())
    }
}

enum Parameters {
    Rsa(&'static RsaParameters),
    Curve(&'static dyn VerificationAlgorithm),
}

fn by_name(algorithm: Algorithm) -> Option<(AlgorithmFamily, Parameters)> {
    use AlgorithmFamily::{Ec, Ed, Rsa};
    Some(match algorithm {
        Algorithm::RS256 => (Rsa, Parameters::Rsa(&RSA_PKCS1_2048_8192_SHA256)),
        Algorithm::RS384 => (Rsa, Parameters::Rsa(&RSA_PKCS1_2048_8192_SHA384)),
        Algorithm::RS512 => (Rsa, Parameters::Rsa(&RSA_PKCS1_2048_8192_SHA512)),
        Algorithm::PS256 => (Rsa, Parameters::Rsa(&RSA_PSS_2048_8192_SHA256)),
        Algorithm::PS384 => (Rsa, Parameters::Rsa(&RSA_PSS_2048_8192_SHA384)),
        Algorithm::PS512 => (Rsa, Parameters::Rsa(&RSA_PSS_2048_8192_SHA512)),
        Algorithm::ES256 => (Ec, Parameters::Curve(&ECDSA_P256_SHA256_FIXED)),
        Algorithm::ES384 => (Ec, Parameters::Curve(&ECDSA_P384_SHA384_FIXED)),
        Algorithm::EdDSA => (Ed, Parameters::Curve(&ED25519)),
        _ => return None,
    })
}
