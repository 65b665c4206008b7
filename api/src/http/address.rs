//! From where a request comes: what the connection says, or what a trusted proxy says of it.

use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use axum::{
    extract::{ConnectInfo, Request, State},
    http::{HeaderMap, header},
    middleware::Next,
    response::Response,
};
use ipnet::IpNet;

use crate::server::ApiState;

/// The header in which a proxy says for whom it speaks. A proxy sets one of them and passes the other on as
/// it came, so that only one can be believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ProxyHeader {
    /// `X-Forwarded-For`.
    #[default]
    XForwardedFor,
    /// `Forwarded` (RFC 7239).
    Forwarded,
}

impl FromStr for ProxyHeader {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text.to_ascii_lowercase().as_str() {
            "x-forwarded-for" => Ok(Self::XForwardedFor),
            "forwarded" => Ok(Self::Forwarded),
            _ => Err(()),
        }
    }
}

/// Whose word about addresses is taken.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Proxies {
    /// Their networks; nobody's where there are none.
    pub trusted: Vec<IpNet>,
    /// Where they write it.
    pub header: ProxyHeader,
}

impl Proxies {
    fn trusts(&self, address: IpAddr) -> bool {
        self.trusted.iter().any(|network| network.contains(&address))
    }

    /// The address of whoever sent a request that arrived from `peer`: the last in the chain that is no
    /// trusted proxy. What stands before it anybody may have written.
    pub fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let mut address = peer.to_canonical();
        for hop in self.hops(headers).into_iter().rev() {
            if !self.trusts(address) {
                break;
            }
            match hop {
                Some(hop) => address = hop.to_canonical(),
                // "unknown", or something that is no address: the proxy is the last that is known
                None => break,
            }
        }
        address
    }

    fn hops(&self, headers: &HeaderMap) -> Vec<Option<IpAddr>> {
        let name = match self.header {
            ProxyHeader::XForwardedFor => "x-forwarded-for",
            ProxyHeader::Forwarded => header::FORWARDED.as_str(),
        };
        headers
            .get_all(name)
            .iter()
            .flat_map(|value| value.to_str().unwrap_or_default().split(','))
            .map(|hop| match self.header {
                ProxyHeader::XForwardedFor => read(hop),
                ProxyHeader::Forwarded => hop
                    .split(';')
                    .filter_map(|pair| pair.trim().split_once('='))
                    .find(|(key, _)| key.trim().eq_ignore_ascii_case("for"))
                    .and_then(|(_, value)| read(value)),
            })
            .collect()
    }
}

/// An address as headers have it: quoted, in brackets, with a port.
fn read(text: &str) -> Option<IpAddr> {
    let text = text.trim().trim_matches('"');
    text.parse::<IpAddr>()
        .ok()
        .or_else(|| text.parse::<SocketAddr>().ok().map(|address| address.ip()))
        .or_else(|| text.strip_prefix('[')?.strip_suffix(']')?.parse().ok())
}

/// Puts the sender's address where the connection's was, for everything that follows.
pub(crate) async fn find_client(State(state): State<ApiState>, mut request: Request, next: Next) -> Response {
    if let Some(ConnectInfo(peer)) = request.extensions().get::<ConnectInfo<SocketAddr>>().copied() {
        let client = state.options.proxies.client(peer.ip(), request.headers());
        request
            .extensions_mut()
            .insert(ConnectInfo(SocketAddr::new(client, peer.port())));
    }
    next.run(request).await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(header: ProxyHeader, peer: &str, lines: &[&str]) -> String {
        let proxies = Proxies {
            trusted: vec!["10.0.0.0/8".parse().unwrap(), "fd00::/8".parse().unwrap()],
            header,
        };
        let mut headers = HeaderMap::new();
        let name = match header {
            ProxyHeader::XForwardedFor => "x-forwarded-for",
            ProxyHeader::Forwarded => "forwarded",
        };
        for line in lines {
            headers.append(name, line.parse().unwrap());
        }
        proxies.client(peer.parse().unwrap(), &headers).to_string()
    }

    #[test]
    fn only_a_trusted_proxy_is_believed_and_only_its_own_word() {
        let x = ProxyHeader::XForwardedFor;
        assert_eq!(
            client(x, "192.0.2.1", &["203.0.113.9"]),
            "192.0.2.1",
            "no proxy of ours"
        );
        assert_eq!(client(x, "10.0.0.1", &["203.0.113.9"]), "203.0.113.9");
        assert_eq!(
            client(x, "10.0.0.1", &["198.51.100.7, 203.0.113.9"]),
            "203.0.113.9",
            "the first one may be made up"
        );
        assert_eq!(
            client(x, "10.0.0.1", &["203.0.113.9, 10.2.0.5", "10.0.0.2"]),
            "203.0.113.9",
            "a chain of our proxies"
        );
        assert_eq!(client(x, "10.0.0.1", &[]), "10.0.0.1");
        assert_eq!(client(x, "10.0.0.1", &["203.0.113.9, nonsense"]), "10.0.0.1");
        assert_eq!(
            client(x, "::ffff:10.0.0.1", &["[2001:db8::1]:4711"]),
            "2001:db8::1"
        );
    }

    #[test]
    fn the_standard_header_is_read_where_it_is_the_proxys() {
        let f = ProxyHeader::Forwarded;
        assert_eq!(
            client(
                f,
                "fd00::1",
                &["for=203.0.113.9;proto=https, For=\"[2001:db8:cafe::17]:4711\""]
            ),
            "2001:db8:cafe::17"
        );
        assert_eq!(client(f, "10.0.0.1", &["for=unknown"]), "10.0.0.1");
        assert_eq!(client(f, "10.0.0.1", &["proto=https"]), "10.0.0.1");
    }
}
