//! The grades of a credential type: how much it can do, how likely a match is one.

use serde::{Deserialize, Serialize};
use std::fmt;

/// How much a credential of this kind can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the usual four grades")]
pub enum Severity {
    Low,
    Medium,
    High,
    Critical,
}

/// How likely a match is a real credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the usual three grades")]
pub enum Confidence {
    Low,
    Medium,
    High,
}

macro_rules! grade_names {
    ($type:ident { $($variant:ident = $name:literal),+ }) => {
        impl $type {
            /// The grade in lower case.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }
        }
        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str())
            }
        }
        impl std::str::FromStr for $type {
            type Err = String;
            fn from_str(text: &str) -> Result<Self, String> {
                match text {
                    $($name => Ok(Self::$variant),)+
                    _ => Err(format!("\"{text}\" is none of: {}", [$($name),+].join(", "))),
                }
            }
        }
    };
}
grade_names!(Severity { Low = "low", Medium = "medium", High = "high", Critical = "critical" });
grade_names!(Confidence { Low = "low", Medium = "medium", High = "high" });
