//! Requests that another page makes a browser send: whoever serves on this machine without a password answers only under
//! its own address.
//!
//! A page elsewhere can point its own name at this machine (DNS rebinding) and read what is answered, or post to it from a
//! form. A name that is not this machine's, and an `Origin` that is not the address asked for, are refused.

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HeaderMap, HeaderName};
use actix_web::middleware::Next;
use actix_web::{Error, HttpResponse};
use std::net::{IpAddr, SocketAddr};

/// What is open to whoever sits at this machine.
#[derive(Debug, Clone, Copy)]
pub struct OwnHost {
    bound: IpAddr,
}

impl OwnHost {
    pub const fn new(bound: SocketAddr) -> Self {
        Self { bound: bound.ip() }
    }

    /// Passes on what was asked for under an own address, by a page of that address or by no page.
    pub async fn only(
        self,
        request: ServiceRequest,
        next: Next<impl MessageBody + 'static>,
    ) -> Result<ServiceResponse<BoxBody>, Error> {
        if self.is_own(request.headers()) {
            return Ok(next.call(request).await?.map_into_boxed_body());
        }
        tracing::warn!("a request under another name or from another page was refused");
        let remedy = format!(
            "403: this demonstration answers only under its own address.\n\
             Open http://localhost or http://{} with its port; to reach it from elsewhere start it with `--bind ADDRESS` \
             and use that address, not a name.\n",
            self.shown(),
        );
        let refused = HttpResponse::Forbidden().content_type("text/plain; charset=utf-8").body(remedy);
        Ok(request.into_response(refused))
    }

    fn shown(self) -> String {
        match self.bound {
            ip if ip.is_unspecified() => "127.0.0.1".to_owned(),
            IpAddr::V4(ip) => ip.to_string(),
            IpAddr::V6(ip) => format!("[{ip}]"),
        }
    }

    fn is_own(self, headers: &HeaderMap) -> bool {
        let Some(Some(host)) = only(headers, &header::HOST) else { return false };
        let from_here = match only(headers, &header::ORIGIN) {
            Some(None) => true,
            Some(Some(origin)) => {
                origin.strip_prefix("http://").is_some_and(|of| of.eq_ignore_ascii_case(host))
            }
            None => false,
        };
        from_here && self.names(host)
    }

    /// Whatever its port: a container's may be another one outside. A name can be pointed here by anybody, an address not.
    fn names(self, host: &str) -> bool {
        let name = match host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            Some((name, port)) if port.is_empty() || is_port(port) => name,
            Some(_) => return false,
            None => match host.split_once(':') {
                Some((name, _)) if is_port(&host[name.len()..]) => name,
                Some(_) => return false,
                None => host,
            },
        };
        if name.eq_ignore_ascii_case("localhost") {
            return true;
        }
        let Ok(ip) = name.parse::<IpAddr>() else { return false };
        ip == self.bound || ip.is_loopback() || self.bound.is_unspecified()
    }
}

fn is_port(text: &str) -> bool {
    text.strip_prefix(':').is_some_and(|port| !port.is_empty() && port.parse::<u16>().is_ok())
}

/// `Some(None)` where the header is missing, `None` where it is there twice or no text.
#[expect(clippy::option_option, reason = "absent, unusable and present are three outcomes")]
fn only<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<Option<&'h str>> {
    let mut all = headers.get_all(name);
    let Some(first) = all.next() else { return Some(None) };
    let alone = all.next().is_none();
    first.to_str().ok().filter(|_| alone).map(Some)
}

#[cfg(test)]
mod tests {
    use super::OwnHost;
    use actix_web::http::header::{HOST, HeaderMap, HeaderValue, ORIGIN};

    fn is_own(bound: &str, host: &str, origin: Option<&str>) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(HOST, HeaderValue::from_str(host).unwrap());
        if let Some(origin) = origin {
            headers.insert(ORIGIN, HeaderValue::from_str(origin).unwrap());
        }
        OwnHost::new(bound.parse().unwrap()).is_own(&headers)
    }

    #[test]
    fn own_addresses_and_pages_pass() {
        for (bound, host, origin) in [
            ("127.0.0.1:8080", "127.0.0.1:8080", None),
            ("127.0.0.1:8080", "localhost:8080", Some("http://localhost:8080")),
            ("127.0.0.1:8080", "LOCALHOST:9000", Some("http://localhost:9000")),
            ("127.0.0.1:80", "localhost", None),
            ("[::1]:8080", "[::1]:8080", Some("http://[::1]:8080")),
            ("0.0.0.0:8080", "192.168.1.20:8080", Some("http://192.168.1.20:8080")),
            ("0.0.0.0:8080", "0.0.0.0:8080", None),
            ("10.0.0.5:8080", "10.0.0.5:8080", None),
        ] {
            assert!(is_own(bound, host, origin), "{bound} {host} {origin:?}");
        }
    }

    #[test]
    fn other_names_and_other_pages_do_not() {
        for (bound, host, origin) in [
            ("127.0.0.1:8080", "evil.example", None),
            ("127.0.0.1:8080", "evil.example:8080", None),
            ("0.0.0.0:8080", "evil.example:8080", None),
            ("127.0.0.1:8080", "localhost.evil.example:8080", None),
            ("127.0.0.1:8080", "127.0.0.1.nip.io:8080", None),
            ("127.0.0.1:8080", "192.168.1.20:8080", None),
            ("127.0.0.1:8080", "", None),
            ("127.0.0.1:8080", "localhost:8080@evil.example", None),
            ("127.0.0.1:8080", "[::1", None),
            ("127.0.0.1:8080", "127.0.0.1:8080", Some("http://evil.example")),
            ("127.0.0.1:8080", "127.0.0.1:8080", Some("https://127.0.0.1:8080")),
            ("127.0.0.1:8080", "127.0.0.1:8080", Some("http://127.0.0.1:3000")),
            ("127.0.0.1:8080", "127.0.0.1:8080", Some("null")),
        ] {
            assert!(!is_own(bound, host, origin), "{bound} {host} {origin:?}");
        }
    }
}
