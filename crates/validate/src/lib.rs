//! Asks an issuer whether a secret still works and who it belongs to.
//!
//! [`read_answer`] is the pure half: a recipe and an answer in, an outcome out. [`Validator`] is
//! the other: it settles what needs no question, picks the instances to ask, sends the question
//! through the one guarded transport, sends a fabricated credential as a control before it
//! believes a "live", and says of a "dead" only what the recipe's clauses support. Everything
//! else is doubt, which closes nothing.

mod address;
mod certificate;
mod challenge;
mod control;
mod courier;
mod denial;
mod document;
#[cfg_attr(
    not(feature = "drivers"),
    allow(dead_code, reason = "each driver uses its own part of it")
)]
mod driver;
#[cfg_attr(
    not(feature = "drivers"),
    allow(dead_code, reason = "each driver uses its own part of it")
)]
mod endpoint;
mod evidence;
mod fabricate;
mod issuers;
mod known_good;
#[cfg_attr(
    not(feature = "drivers"),
    allow(dead_code, reason = "each driver uses its own part of it")
)]
mod line;
mod lint;
mod pace;
mod pairing;
mod plan;
mod pointer;
mod published;
mod reader;
mod reading;
mod resolve;
mod scheme;
mod settings;
mod sign;
mod stop;
mod template;
mod tls;
mod transport;
mod validator;

pub use courier::{
    Courier, DELIVERY, Destination, DestinationError, Message, NotTaken, SIGNATURE, signature,
};
pub use endpoint::EndpointError;
pub use known_good::KnownGood;
pub use lint::lint;
pub use pace::Pace;
pub use plan::PlannedCall;
pub use reader::{NotRead, Read, Reader};
pub use reading::{Reading, read_answer};
pub use settings::{Settings, SettingsError};
pub use validator::Validator;
pub use validator::revoke::{NotRevocable, NotRevoked, Revoking};
