//! How a secret is proven without being sent, as data.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A way to prove a secret without sending it. What is made of it stands in the request under a name
/// of its own, beside the parts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "scheme", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Sign {
    /// AWS Signature Version 4, which others speak as well. The region is the one that the
    /// endpoint's host names.
    AwsSigv4 {
        /// The service, as the signature names it: `sts`, `s3`.
        service: String,
        /// The region where the host names none.
        #[serde(default = "us_east")]
        region: String,
        /// The part that holds the key id.
        #[serde(default = "id")]
        id: String,
        /// The part that holds the session token of temporary credentials.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        session: Option<String>,
    },
    /// A JSON Web Token (RFC 7519) signed with the private key: `{assertion}`. Its `iat` lies a minute
    /// back, because some issuers take nothing from the future.
    Jwt {
        /// What signs: the kind of the key.
        algorithm: JwtAlgorithm,
        /// Members of its header beside `alg` and `typ`; the values are templates.
        #[serde(default)]
        header: BTreeMap<String, String>,
        /// Its claims beside `iat` and `exp`; the values are templates.
        claims: BTreeMap<String, String>,
        /// Seconds from now until it expires.
        lifetime: u32,
    },
    /// A keyed digest (RFC 2104) of a text that both sides can write down: `{signature}`.
    Hmac {
        /// The hash function.
        hash: Hash,
        /// The key as a template; after it the texts that further keys are derived by, each as the
        /// digest of its text under the key before. None for a plain digest, of a text that holds the
        /// secret.
        #[serde(default)]
        keys: Vec<String>,
        /// A text whose own digest, without a key and in hexadecimal, the other text names as
        /// `{digest}`: a canonical request, say.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        digested: String,
        /// The text, as a template.
        text: String,
        /// How the digest is written.
        #[serde(default)]
        written: Written,
    },
    /// A signature of a text with the private key, RSASSA-PKCS1-v1_5 and SHA-256 (RFC 8017), in base
    /// 64: `{signature}`.
    Rsa {
        /// The text, as a template.
        text: String,
    },
}

impl Sign {
    /// The names under which a template finds what is made of the secret.
    pub const PROOFS: [&str; 2] = ["assertion", "signature"];

    /// The names of what goes into a signature beside the parts: the endpoint as the recipe has it,
    /// the host with its port, the time, and 32 hex digits that no other request has.
    pub const CIRCUMSTANCES: [&str; 9] = [
        "endpoint",
        "authority",
        "unix",
        "expiry",
        "http_date",
        "lower_date",
        "iso_time",
        "iso_date",
        "nonce",
    ];

    /// The name of the digest that a text to be signed may hold.
    pub const DIGEST: &str = "digest";

    /// Whether a template may name `name` although it is no part of the credential: it is made for
    /// the request.
    pub fn makes(&self, name: &str) -> bool {
        match self {
            Self::AwsSigv4 { .. } => false,
            Self::Hmac { .. } if name == Self::DIGEST => true,
            _ => Self::PROOFS.contains(&name) || Self::CIRCUMSTANCES.contains(&name),
        }
    }

    /// Whether a private key signs, of which a control needs no other: a signature that no key made is
    /// enough.
    pub fn is_by_private_key(&self) -> bool {
        matches!(self, Self::Jwt { .. } | Self::Rsa { .. })
    }
}

/// What signs a JSON Web Token (RFC 7518).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum JwtAlgorithm {
    /// RSASSA-PKCS1-v1_5 and SHA-256.
    #[serde(rename = "RS256")]
    Rs256,
    /// ECDSA on P-256 and SHA-256.
    #[serde(rename = "ES256")]
    Es256,
}

/// A hash function of a keyed digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Hash {
    /// SHA-1, which is still sound under a key.
    Sha1,
    /// SHA-256.
    Sha256,
    /// SHA-512.
    Sha512,
}

/// How bytes are written in a request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Written {
    /// In hexadecimal, lower case.
    #[default]
    Hex,
    /// In base 64.
    Base64,
}

fn us_east() -> String {
    "us-east-1".to_owned()
}

fn id() -> String {
    "id".to_owned()
}
