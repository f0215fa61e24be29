//! Shows items to reviewers and passes on their actions; the same over a JSON API.
//!
//! Pages are made on the server and work without scripts. Nothing here decides anything about an
//! item: an action goes the way of the command line ([`quietus_track::act()`]), and whether it may
//! be done is asked of `poam` each time a page is shown. [`Site`] is what is served, [`serve()`]
//! serves it until it is told to stop.

mod act;
mod api;
mod board;
mod cookie;
mod door;
mod folded;
mod guard;
mod pages;
mod provider;
mod refused;
mod repositories;
mod serve;
mod site;
mod visitor;

pub use door::{DoorError, TokenValue, new_token};
pub use provider::{Answering, AskProvider, ProviderAnswer, ProviderCall, ProviderSettings};
pub use serve::serve;
pub use site::{Address, AddressError, Clock, Evidence, LookThrough, Settings, Site, Targets};
