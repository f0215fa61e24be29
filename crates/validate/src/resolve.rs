//! Names looked up once in a run and pinned, so that what was checked is what is connected to.

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::collections::HashMap;
use std::future::Future;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::OnceCell;

type Pinned = Arc<OnceCell<Vec<IpAddr>>>;

/// The addresses of a name, once they are found.
pub(crate) type Found = Pin<Box<dyn Future<Output = Result<Vec<IpAddr>, Unresolved>> + Send>>;

/// The addresses of every name that was looked up in this run.
pub(crate) struct Pins {
    names: Mutex<HashMap<String, Pinned>>,
    resolver: Box<dyn Fn(String) -> Found + Send + Sync>,
}

impl Default for Pins {
    fn default() -> Self {
        Self::by(|host| Box::pin(resolve(host)))
    }
}

/// A name that has no address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the name of the host cannot be resolved")]
pub(crate) struct Unresolved;

/// The client asked for a name that was never looked up and checked.
#[derive(Debug, thiserror::Error)]
#[error("the host was not looked up beforehand")]
struct Unpinned;

impl Pins {
    /// Pins of what `resolver` finds.
    pub(crate) fn by(resolver: impl Fn(String) -> Found + Send + Sync + 'static) -> Self {
        Self { names: Mutex::default(), resolver: Box::new(resolver) }
    }

    /// The addresses of `host`: looked up the first time, the same ever after. A failure is not
    /// kept, so that a later credential may have more luck.
    pub(crate) async fn look_up(&self, host: &str) -> Result<Vec<IpAddr>, Unresolved> {
        let pin = {
            let mut names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(names.entry(host.to_owned()).or_default())
        };
        pin.get_or_try_init(|| (self.resolver)(host.to_owned())).await.cloned()
    }

    fn pinned(&self, host: &str) -> Option<Vec<IpAddr>> {
        let names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        names.get(host)?.get().cloned()
    }
}

async fn resolve(host: String) -> Result<Vec<IpAddr>, Unresolved> {
    if let Ok(ip) = host.parse() {
        return Ok(vec![ip]);
    }
    let found = tokio::net::lookup_host((host.as_str(), 0)).await.map_err(|_| Unresolved)?;
    let addresses: Vec<IpAddr> = found.map(|address| address.ip()).collect();
    if addresses.is_empty() { Err(Unresolved) } else { Ok(addresses) }
}

impl Resolve for Pins {
    /// Only gives out pins; the port comes from the URL.
    fn resolve(&self, name: Name) -> Resolving {
        let pinned = self.pinned(name.as_str());
        Box::pin(async move {
            let addresses = pinned.ok_or(Unpinned)?;
            let sockets = addresses.into_iter().map(|ip| SocketAddr::new(ip, 0));
            Ok(Box::new(sockets) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_client_gets_pins_and_nothing_else() {
        let pins = Pins::default();
        let name = || "localhost".parse::<Name>().unwrap();
        assert!(pins.resolve(name()).await.is_err(), "not looked up, so not to be had");
        let addresses = pins.look_up("localhost").await.unwrap();
        assert!(addresses.iter().all(IpAddr::is_loopback));
        let given: Vec<_> = pins.resolve(name()).await.ok().unwrap().map(|a| a.ip()).collect();
        assert_eq!(given, addresses);
    }

    #[tokio::test]
    async fn a_name_keeps_its_first_addresses() {
        let pins = Pins::default();
        let first: IpAddr = "192.0.2.7".parse().unwrap();
        let pin = Arc::new(OnceCell::new_with(Some(vec![first])));
        pins.names.lock().unwrap().insert("localhost".to_owned(), pin);
        assert_eq!(pins.look_up("localhost").await.unwrap(), [first]);
    }
}
