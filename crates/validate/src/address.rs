//! Which network addresses may be connected to: public ones, and those that the user allows.

use crate::endpoint::Origin;
use crate::settings::SettingsError;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The hosts and networks that the user allows something which is refused otherwise.
#[derive(Clone, Debug, Default)]
pub(crate) struct Allowed {
    hosts: Vec<(String, Option<u16>)>,
    networks: Vec<(IpAddr, u8)>,
}

impl Allowed {
    /// Reads the entries of the list that has this name in the configuration.
    pub(crate) fn read(list: &'static str, entries: &[String]) -> Result<Self, SettingsError> {
        let mut read = Self::default();
        for entry in entries {
            let text = entry.trim();
            if let Some(network) = network(text) {
                read.networks.push(network);
            } else if let Some(host) = host(text) {
                read.hosts.push(host);
            } else {
                return Err(SettingsError::Allowed { list, entry: entry.clone() });
            }
        }
        Ok(read)
    }

    /// Whether `ip`, as an address of `origin`, may be connected to.
    pub(crate) fn permits(&self, origin: &Origin, ip: IpAddr) -> bool {
        is_public(ip) || self.names(origin) || self.lists(ip)
    }

    /// Whether the list names the host.
    pub(crate) fn names(&self, origin: &Origin) -> bool {
        self.hosts.iter().any(|(host, port)| {
            host.eq_ignore_ascii_case(&origin.host) && port.is_none_or(|port| port == origin.port)
        })
    }

    /// Whether the list holds the address.
    pub(crate) fn lists(&self, ip: IpAddr) -> bool {
        self.networks.iter().any(|net| is_in(ip, *net))
    }
}

/// `10.0.0.0/8`, `fd00::/8`, or a single address.
fn network(text: &str) -> Option<(IpAddr, u8)> {
    let (address, bits) = match text.split_once('/') {
        Some((address, bits)) => (address, Some(bits.parse::<u8>().ok()?)),
        None => (text.trim_start_matches('[').trim_end_matches(']'), None),
    };
    let address: IpAddr = address.parse().ok()?;
    let most = if address.is_ipv4() { 32 } else { 128 };
    let bits = bits.unwrap_or(most);
    (bits <= most).then_some((address, bits))
}

/// `host`, `host:port`, `127.0.0.1:8443` or `[::1]:8443`.
fn host(text: &str) -> Option<(String, Option<u16>)> {
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) => (host, Some(port.parse().ok()?)),
        None => (text, None),
    };
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let name = bare.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_'));
    let fits = !bare.is_empty() && (name || bare.parse::<Ipv6Addr>().is_ok());
    fits.then(|| (bare.to_owned(), port))
}

fn is_in(ip: IpAddr, (network, bits): (IpAddr, u8)) -> bool {
    match (ip, network) {
        (IpAddr::V4(ip), IpAddr::V4(net)) => {
            let drop = 32 - u32::from(bits);
            ip.to_bits().checked_shr(drop) == net.to_bits().checked_shr(drop)
        }
        (IpAddr::V6(ip), IpAddr::V6(net)) => {
            let drop = 128 - u32::from(bits);
            ip.to_bits().checked_shr(drop) == net.to_bits().checked_shr(drop)
        }
        _ => false,
    }
}

/// Whether an address belongs to the public internet (the IANA special-purpose registries).
fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => is_public_v4(ip),
        IpAddr::V6(ip) => is_public_v6(ip),
    }
}

fn is_public_v4(ip: Ipv4Addr) -> bool {
    const SPECIAL: [([u8; 4], u8); 14] = [
        ([0, 0, 0, 0], 8),       // this network
        ([10, 0, 0, 0], 8),      // private
        ([100, 64, 0, 0], 10),   // carrier-grade NAT; some clouds' metadata
        ([127, 0, 0, 0], 8),     // loopback
        ([169, 254, 0, 0], 16),  // link-local; cloud metadata
        ([172, 16, 0, 0], 12),   // private
        ([192, 0, 0, 0], 24),    // protocol assignments
        ([192, 0, 2, 0], 24),    // documentation
        ([192, 88, 99, 0], 24),  // 6to4 relays
        ([192, 168, 0, 0], 16),  // private
        ([198, 18, 0, 0], 15),   // benchmarking
        ([198, 51, 100, 0], 24), // documentation
        ([203, 0, 113, 0], 24),  // documentation
        ([224, 0, 0, 0], 3),     // multicast, reserved, broadcast
    ];
    !SPECIAL.iter().any(|(net, bits)| is_in(ip.into(), (Ipv4Addr::from(*net).into(), *bits)))
}

fn is_public_v6(ip: Ipv6Addr) -> bool {
    let segments = ip.segments();
    // NAT64 (RFC 6052): a public address of the old internet as IPv6-only networks reach it.
    if segments[..6] == [0x64, 0xff9b, 0, 0, 0, 0] {
        return is_public_v4(Ipv4Addr::from_bits(ip.to_bits() as u32));
    }
    // Only 2000::/3 is global unicast; this leaves out loopback, mapped, unique local, link-local
    // and multicast addresses. Of it, 2001::/23 holds protocols such as Teredo, 2002::/16 is 6to4,
    // 2001:db8::/32 and 3fff::/20 are documentation.
    segments[0] & 0xe000 == 0x2000
        && !(segments[0] == 0x2001 && (segments[1] < 0x200 || segments[1] == 0xdb8))
        && segments[0] != 0x2002
        && !(segments[0] == 0x3fff && segments[1] < 0x1000)
}

#[cfg(test)]
mod tests {
    use super::*;
    use url::Url;

    fn origin(url: &str) -> Origin {
        Origin::of(&Url::parse(url).unwrap()).unwrap()
    }

    #[test]
    fn only_public_addresses_are_public() {
        for private in [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "100.64.0.1",
            "100.127.255.255",
            "127.0.0.1",
            "127.9.9.9",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.8",
            "192.168.1.1",
            "198.19.0.1",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:8.8.8.8",
            "::127.0.0.1",
            "fc00::1",
            "fd00:ec2::254",
            "fe80::1",
            "fec0::1",
            "ff02::1",
            "64:ff9b::7f00:1",
            "64:ff9b::a9fe:a9fe",
            "64:ff9b:1::1",
            "2001::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "3fff::1",
            "100::1",
        ] {
            assert!(!is_public(private.parse().unwrap()), "{private}");
        }
        for public in [
            "1.1.1.1",
            "9.255.255.255",
            "11.0.0.1",
            "100.63.0.1",
            "100.128.0.1",
            "172.15.0.1",
            "172.32.0.1",
            "198.17.0.1",
            "198.20.0.1",
            "223.255.255.1",
            "2606:4700::1111",
            "2001:4860:4860::8888",
            "64:ff9b::808:808",
            "2a00:1450::1",
        ] {
            assert!(is_public(public.parse().unwrap()), "{public}");
        }
    }

    #[test]
    fn private_addresses_are_permitted_by_host_port_or_network() {
        let read = |entries: &[&str]| {
            Allowed::read(
                "allow_private",
                &entries.iter().map(|e| (*e).to_owned()).collect::<Vec<_>>(),
            )
        };
        let git = origin("https://git.corp");
        let other = origin("https://git.corp:8443");
        let ten: IpAddr = "10.1.2.3".parse().unwrap();
        assert!(!read(&[]).unwrap().permits(&git, ten));
        assert!(read(&["GIT.corp"]).unwrap().permits(&git, ten));
        assert!(read(&["git.corp:443"]).unwrap().permits(&git, ten));
        assert!(!read(&["git.corp:443"]).unwrap().permits(&other, ten));
        assert!(read(&["10.0.0.0/8"]).unwrap().permits(&git, ten));
        assert!(!read(&["10.2.0.0/16"]).unwrap().permits(&git, ten));
        assert!(read(&["0.0.0.0/0"]).unwrap().permits(&git, ten));
        assert!(read(&["10.1.2.3"]).unwrap().permits(&git, ten));
        assert!(!read(&["::/0"]).unwrap().permits(&git, ten));
        let six = origin("https://[::1]:8443");
        let loopback: IpAddr = "::1".parse().unwrap();
        assert!(read(&["[::1]:8443"]).unwrap().permits(&six, loopback));
        assert!(!read(&["[::1]:8444"]).unwrap().permits(&six, loopback));
        for bad in ["10.0.0.0/33", "https://x", "", "a b", "x:99999"] {
            assert!(read(&[bad]).is_err(), "{bad}");
        }
    }
}
