//! The only way out: named hosts, pinned public addresses, TLS, no redirects, hard limits.

use crate::address::Allowed;
use crate::driver::{self, Credentials};
use crate::endpoint::{Endpoint, Origin};
use crate::line::{Line, Terms};
use crate::pace::{Closed, Gate, Paces};
use crate::resolve::{Pins, Unresolved};
use crate::settings::{Settings, SettingsError};
use crate::stop::Stop;
use crate::tls;
use quietus_model::{Method, Secret};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use std::collections::{BTreeMap, BTreeSet};
use std::error::Error as _;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use url::Url;

/// Who asks, so that the issuer's log explains itself.
const USER_AGENT: &str =
    concat!("quietus/", env!("CARGO_PKG_VERSION"), " (credential owner's security check)");

/// How long a connection is kept for the next call. Of many hosts few are asked in such a time.
const IDLE: Duration = Duration::from_secs(5);

/// How often a call is sent when the issuer asks to wait.
const TRIES: u32 = 3;

/// A client that reaches the hosts it was made for and no others.
pub(crate) struct Transport {
    client: reqwest::Client,
    allowed: BTreeSet<Origin>,
    private: Allowed,
    clear: Allowed,
    known_hosts: Arc<str>,
    tls: Arc<rustls::ClientConfig>,
    pins: Arc<Pins>,
    proxy: Option<Origin>,
    timeout: Duration,
    paces: Paces,
    max_body: usize,
    stop: Stop,
}

/// What is sent. The texts may hold the credential, so there is no `Debug`.
pub(crate) struct Call<'a> {
    pub(crate) method: Method,
    pub(crate) url: &'a Url,
    pub(crate) headers: &'a [(String, Secret)],
    pub(crate) body: &'a Secret,
    /// It may be sent again when the issuer asks to wait, and given up when the user wants to stop: it
    /// has no effect there, not even a failed login that counts.
    pub(crate) again: bool,
}

/// A whole answer. One over another protocol than HTTP has its code in place of a status, and its
/// body is the driver's reading of it in JSON.
pub(crate) struct Received {
    pub(crate) status: u16,
    pub(crate) code: Option<String>,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: Vec<u8>,
}

/// Why there is no whole answer. The texts are ours: nothing of the request is in them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// A guard refused to send.
    Refused(String),
    /// Name resolution, connection, TLS, time limit, or an answer that broke off.
    Unreachable(String),
    /// The body was longer than the limit.
    TooLarge { status: u16 },
    /// The host asked for more patience than there is, so that it was not asked.
    Waiting,
    /// The user wanted to stop, so that nothing was sent or no answer waited for.
    Stopped,
}

impl Received {
    /// Whether the issuer asks to wait.
    pub(crate) fn asks_to_wait(&self) -> bool {
        self.status == 429 || self.headers.contains_key("retry-after")
    }

    /// For how long, where it says so in seconds (RFC 9110, 10.2.3). A date would have to be
    /// compared with its clock, which nobody can trust: then it counts as not said.
    fn wait(&self) -> Option<Duration> {
        let seconds = self.headers.get("retry-after")?.trim().parse().ok()?;
        Some(Duration::from_secs(seconds))
    }
}

impl Transport {
    /// A client for `allowed`, under `settings`.
    pub(crate) fn new(
        settings: &Settings,
        allowed: impl IntoIterator<Item = Origin>,
    ) -> Result<Self, SettingsError> {
        Self::with_pins(settings, allowed, Pins::default())
    }

    fn with_pins(
        settings: &Settings,
        allowed: impl IntoIterator<Item = Origin>,
        pins: Pins,
    ) -> Result<Self, SettingsError> {
        let proxy = settings.proxy.as_deref().map(proxy).transpose()?;
        let pins = Arc::new(pins);
        let tls = tls::config(settings)?;
        let mut http_tls = tls.clone();
        http_tls.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        let failed = |reason: String| SettingsError::Client { reason };
        #[expect(clippy::disallowed_methods, reason = "this is the transport")]
        let mut builder = reqwest::Client::builder()
            .tls_backend_preconfigured(http_tls)
            .dns_resolver(Arc::clone(&pins))
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .no_proxy()
            .pool_max_idle_per_host(settings.pace.at_once)
            .pool_idle_timeout(IDLE)
            .referer(false)
            .user_agent(USER_AGENT);
        let (proxy, proxy_origin) = proxy.unzip();
        if let Some(proxy) = proxy {
            builder = builder.proxy(proxy);
        }
        Ok(Self {
            client: builder.build().map_err(|error| failed(error.without_url().to_string()))?,
            allowed: allowed.into_iter().collect(),
            private: Allowed::read("allow_private", &settings.allow_private)?,
            clear: Allowed::read("allow_clear", &settings.allow_clear)?,
            known_hosts: settings.known_hosts.as_str().into(),
            tls: Arc::new(tls),
            pins,
            proxy: proxy_origin,
            timeout: settings.timeout,
            paces: Paces::new(settings.pace),
            max_body: settings.max_body,
            stop: Stop::new(settings.stop),
        })
    }

    /// Whether a rule or the configuration names `origin`.
    pub(crate) fn may_reach(&self, origin: &Origin) -> bool {
        self.allowed.contains(origin)
    }

    /// The gate that all calls to `origin` go through.
    pub(crate) fn gate(&self, origin: &Origin) -> Arc<Gate> {
        self.paces.gate(origin)
    }

    /// Sends one call, when it is its turn, and takes in the whole answer, or says why not. An
    /// answer that asks to wait is waited for, as long as the pace has patience.
    pub(crate) async fn send(&self, call: Call<'_>) -> Result<Received, Failure> {
        let origin = Origin::of(call.url).ok_or_else(|| refused("it is no host's URL"))?;
        self.in_turn(&origin, call.again, || self.exchange(&call)).await
    }

    /// Logs in once by another protocol than HTTP, when it is the host's turn, and leaves again.
    pub(crate) async fn log_in(
        &self,
        endpoint: &Endpoint,
        credentials: &Credentials,
    ) -> Result<Received, Failure> {
        let origin = endpoint.origin().ok_or_else(|| refused("it is no host's URL"))?;
        self.in_turn(&origin, false, || self.converse(&origin, endpoint, credentials)).await
    }

    /// One exchange with `origin` when a guard lets it through and it is its turn.
    async fn in_turn<F>(
        &self,
        origin: &Origin,
        again: bool,
        exchange: impl Fn() -> F,
    ) -> Result<Received, Failure>
    where
        F: Future<Output = Result<Received, Failure>>,
    {
        // What no guard lets through must not wait for a turn, nor take one.
        let late =
            || Failure::Unreachable("the name of the host was not resolved in time".to_owned());
        let admitted = self.stop.or(tokio::time::timeout(self.timeout, self.admit(origin)));
        admitted.await.ok_or(Failure::Stopped)?.map_err(|_| late())??;
        let gate = self.paces.gate(origin);
        for more in (0..TRIES).rev() {
            let turn = self.stop.or(gate.enter()).await.ok_or(Failure::Stopped)?;
            let _turn = turn.map_err(|closed| match closed {
                Closed::Waiting => Failure::Waiting,
                Closed::Broken => Failure::Unreachable(
                    "the host failed too often in this run and is left alone".to_owned(),
                ),
            })?;
            let sent = tokio::time::timeout(self.timeout, exchange());
            let sent = if again { self.stop.or(sent).await } else { Some(sent.await) };
            let sent = sent.ok_or(Failure::Stopped)?.unwrap_or_else(|_| {
                let limit = self.timeout.as_secs_f32();
                Err(Failure::Unreachable(format!("no whole answer within {limit} s")))
            });
            match &sent {
                Ok(received) if received.asks_to_wait() => {
                    gate.asked_for(received.wait());
                    if more > 0 && again {
                        continue;
                    }
                }
                Err(Failure::Unreachable(_)) => gate.failed(),
                _ => gate.answered(),
            }
            return sent;
        }
        Err(Failure::Waiting)
    }

    /// The certificate that a host shows, when it is the host's turn; one that is not trusted is none.
    pub(crate) async fn certificate(&self, endpoint: &Endpoint) -> Result<Vec<u8>, Failure> {
        let origin = endpoint.origin().ok_or_else(|| refused("it is no host's URL"))?;
        let shown = || async {
            let line = self.connect(&origin).await?.into_tls().await?;
            let body = line.certificate().ok_or_else(broke_off)?;
            Ok(Received { status: 0, code: None, headers: BTreeMap::new(), body })
        };
        Ok(self.in_turn(&origin, true, shown).await?.body)
    }

    /// Speaks with a host over one connection to a pinned address. No proxy: those of the
    /// configuration are for HTTP.
    async fn converse(
        &self,
        origin: &Origin,
        endpoint: &Endpoint,
        credentials: &Credentials,
    ) -> Result<Received, Failure> {
        let mut line = self.connect(origin).await?;
        if origin.scheme.is_tls() {
            line = line.into_tls().await?;
        }
        driver::ask(line, endpoint, credentials).await
    }

    /// Connects to a pinned address.
    async fn connect(&self, origin: &Origin) -> Result<Line, Failure> {
        let ips = self.pins.look_up(&origin.host).await.map_err(unresolved)?;
        // A proxy may have spared the look-up so far.
        self.permit(origin, &ips)?;
        let clear = self.clear.names(origin) || ips.iter().all(|ip| self.clear.lists(*ip));
        let terms = Terms {
            tls: Arc::clone(&self.tls),
            host: origin.host.clone(),
            known_hosts: Arc::clone(&self.known_hosts),
            clear,
        };
        let sockets: Vec<_> = ips.iter().map(|ip| SocketAddr::new(*ip, origin.port)).collect();
        Line::open(&sockets, terms).await
    }

    async fn exchange(&self, call: &Call<'_>) -> Result<Received, Failure> {
        let method = reqwest::Method::from_bytes(call.method.as_str().as_bytes())
            .map_err(|_| Failure::Refused("the method is not known".to_owned()))?;
        let mut request = self.client.request(method, call.url.clone());
        request = request.headers(header_map(call.headers)?);
        if !call.body.is_empty() {
            request = request.body(call.body.expose().to_vec());
        }
        let mut response = request.send().await.map_err(|error| failure(&error))?;
        let status = response.status().as_u16();
        let headers = received_headers(response.headers());
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|_| broke_off())? {
            if body.len() + chunk.len() > self.max_body {
                return Err(Failure::TooLarge { status });
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Received { status, code: None, headers, body })
    }

    /// Whether `origin` may be connected to: it is named, and has a permitted address.
    async fn admit(&self, origin: &Origin) -> Result<(), Failure> {
        if !self.may_reach(origin) {
            return Err(refused("neither a rule nor the configuration names this host"));
        }
        if let Ok(ip) = origin.host.parse::<IpAddr>() {
            // A literal is never looked up, so it has to be looked at here.
            self.permit(origin, &[ip])?;
        } else if self.proxy.is_none() {
            let addresses = self.pins.look_up(&origin.host).await.map_err(unresolved)?;
            self.permit(origin, &addresses)?;
        }
        if let Some(proxy) = &self.proxy {
            // The user named the proxy: its address needs no permission, only a pin.
            self.pins.look_up(&proxy.host).await.map_err(unresolved)?;
        }
        Ok(())
    }

    fn permit(&self, origin: &Origin, addresses: &[IpAddr]) -> Result<(), Failure> {
        // One private address among public ones is how a name is made to point inside.
        if addresses.iter().all(|ip| self.private.permits(origin, *ip)) {
            return Ok(());
        }
        Err(refused("the host has a private address; name it under allow_private if it is yours"))
    }
}

fn refused(detail: &str) -> Failure {
    Failure::Refused(detail.to_owned())
}

fn unresolved(error: Unresolved) -> Failure {
    Failure::Unreachable(error.to_string())
}

fn broke_off() -> Failure {
    Failure::Unreachable("the answer broke off".to_owned())
}

/// A configured proxy and where it stands.
fn proxy(text: &str) -> Result<(reqwest::Proxy, Origin), SettingsError> {
    let url = Url::parse(text).map_err(|_| SettingsError::Proxy)?;
    let origin = Origin::of(&url).ok_or(SettingsError::Proxy)?;
    let proxy = reqwest::Proxy::all(url).map_err(|_| SettingsError::Proxy)?;
    Ok((proxy, origin))
}

fn header_map(headers: &[(String, Secret)]) -> Result<HeaderMap, Failure> {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        let name = HeaderName::from_bytes(name.as_bytes())
            .map_err(|_| refused("the recipe names a header that cannot be"))?;
        let mut value = HeaderValue::from_bytes(value.expose())
            .map_err(|_| refused("a part holds a byte that no header may carry"))?;
        value.set_sensitive(true);
        map.append(name, value);
    }
    Ok(map)
}

fn received_headers(headers: &HeaderMap) -> BTreeMap<String, String> {
    let mut read: BTreeMap<String, String> = BTreeMap::new();
    for (name, value) in headers {
        let value = String::from_utf8_lossy(value.as_bytes());
        read.entry(name.as_str().to_owned())
            .and_modify(|all| {
                all.push_str(", ");
                all.push_str(&value);
            })
            .or_insert_with(|| value.into_owned());
    }
    read
}

/// What failed, in our own words: the client's may repeat the URL and with it a part.
fn failure(error: &reqwest::Error) -> Failure {
    let mut source = error.source();
    let mut words = None;
    while let Some(cause) = source {
        if let Some(tls) = cause.downcast_ref::<rustls::Error>() {
            return Failure::Unreachable(tls::words(tls).to_owned());
        }
        let io = cause.downcast_ref::<std::io::Error>();
        words = words.or_else(|| tls::io_words(io?.kind()));
        // The `source` of an I/O error leaves out the error that it wraps.
        let wrapped = io.and_then(std::io::Error::get_ref);
        source = wrapped.map(|wrapped| wrapped as &dyn std::error::Error).or(cause.source());
    }
    let otherwise = if error.is_connect() { "no connection" } else { "no valid HTTP answer" };
    Failure::Unreachable(words.unwrap_or(otherwise).to_owned())
}

#[cfg(test)]
mod tests;
