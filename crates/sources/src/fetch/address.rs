//! Which addresses may be read: public ones only, so that nobody makes Otklik knock at the doors of its own network.

use std::net::{IpAddr, SocketAddr};

use otklik_ports::is_public;
use url::{Host, Url};

/// Longest address in bytes.
const URL_BYTES_MAX: usize = 4_000;

/// What is wrong with an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wrong {
    /// It is no address of HTTP.
    Address(&'static str),
    /// It leads into a network that is not public.
    NotPublic,
}

/// Reads an address and checks it before any name is resolved. `allowed` lists what may be reached though it is not public.
pub(super) fn parse(text: &str, allowed: &[SocketAddr]) -> Result<Url, Wrong> {
    if text.len() > URL_BYTES_MAX {
        return Err(Wrong::Address("the address is too long"));
    }
    let url = Url::parse(text).map_err(|_| Wrong::Address("not an address such as https://example.ru/feed"))?;
    check(&url, allowed)?;
    Ok(url)
}

/// Checks an address, the target of a redirect too.
pub(super) fn check(url: &Url, allowed: &[SocketAddr]) -> Result<(), Wrong> {
    if !matches!(url.scheme(), "http" | "https") {
        return Err(Wrong::Address("only http and https are read"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(Wrong::Address("an address must not hold a login or a password"));
    }
    let port = url.port_or_known_default().unwrap_or_default();
    // The parser has made decimal, octal and hexadecimal forms of IPv4 the plain one.
    let literal = match url.host() {
        None => return Err(Wrong::Address("the address names no host")),
        Some(Host::Domain(_)) => return Ok(()),
        Some(Host::Ipv4(address)) => IpAddr::V4(address),
        Some(Host::Ipv6(address)) => IpAddr::V6(address),
    };
    if is_public(literal) || allowed.contains(&SocketAddr::new(literal, port)) { Ok(()) } else { Err(Wrong::NotPublic) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn public_addresses_only() {
        let check = |address: &str, expected: bool| {
            assert_eq!(is_public(address.parse().unwrap()), expected, "{address}");
        };
        for public in ["8.8.8.8", "100.63.255.255", "172.32.0.1", "2a02:6b8::2:242", "::ffff:8.8.8.8"] {
            check(public, true);
        }
        for private in [
            "0.0.0.0",
            "10.1.2.3",
            "100.64.0.1",
            "127.0.0.1",
            "169.254.169.254",
            "172.31.255.255",
            "192.168.1.1",
            "198.18.0.1",
            "224.0.0.1",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::7f00:1",
            "64:ff9b::7f00:1",
            "fc00::1",
            "fe80::1",
            "ff02::1",
            "2001:db8::1",
            "2002:7f00:1::",
        ] {
            check(private, false);
        }
    }

    #[test]
    fn addresses_are_checked_before_names_are_resolved() {
        let check = |text: &str, expected: Result<&str, Wrong>| {
            let allowed = ["127.0.0.1:8080".parse().unwrap()];
            assert_eq!(parse(text, &allowed).as_ref().map(Url::as_str).map_err(|wrong| *wrong), expected, "{text}");
        };
        check("https://example.ru/feed?x=1", Ok("https://example.ru/feed?x=1"));
        check("http://127.0.0.1:8080/", Ok("http://127.0.0.1:8080/"));
        for private in [
            "http://127.0.0.1/",
            "http://127.0.0.1:8081/",
            "http://127.1/",
            "http://0x7f000001/",
            "http://2130706433/",
            "http://0177.0.0.1/",
            "http://[::1]/",
            "http://[::ffff:127.0.0.1]/",
            "http://[::ffff:7f00:1]/",
            "http://169.254.169.254/latest/meta-data/",
            "http://①②⑦.0.0.1/",
        ] {
            check(private, Err(Wrong::NotPublic));
        }
        check("file:///etc/passwd", Err(Wrong::Address("only http and https are read")));
        check("gopher://example.ru/", Err(Wrong::Address("only http and https are read")));
        check("https://a:b@example.ru/", Err(Wrong::Address("an address must not hold a login or a password")));
        check("example.ru", Err(Wrong::Address("not an address such as https://example.ru/feed")));
    }
}
