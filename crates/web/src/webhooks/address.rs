//! Which addresses webhooks are sent to: public ones only, so that nobody makes Otklik knock at the doors of its own
//! network. Checked when a webhook is made, before each delivery, and again after the name is resolved.

use std::net::{IpAddr, Ipv4Addr};

use otklik_ports::is_public;
use url::{Host, Url};

/// Longest address in bytes.
const URL_BYTES_MAX: usize = 2_000;

/// Reads the address of a webhook. With `loopback` this machine is allowed too, and plain HTTP to it.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn parse(text: &str, loopback: bool) -> Result<Url, &'static str> {
    if text.len() > URL_BYTES_MAX {
        return Err("is too long");
    }
    let url = Url::parse(text).map_err(|_| "is not an address such as https://example.ru/hook")?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err("must not hold a login or a password: deliveries are signed");
    }
    let literal = match url.host() {
        None => return Err("names no server"),
        Some(Host::Domain(name)) if name.eq_ignore_ascii_case("localhost") => Some(IpAddr::V4(Ipv4Addr::LOCALHOST)),
        Some(Host::Domain(_)) => None,
        Some(Host::Ipv4(address)) => Some(IpAddr::V4(address)),
        Some(Host::Ipv6(address)) => Some(IpAddr::V6(address)),
    };
    if literal.is_some_and(|address| !is_allowed(address, loopback)) {
        return Err("is not a public address");
    }
    let is_own = loopback && literal.is_some_and(|address| address.is_loopback());
    match url.scheme() {
        "https" => Ok(url),
        "http" if is_own => Ok(url),
        _ => Err("must begin with https://"),
    }
}

/// Whether a webhook may be sent to an address.
pub(crate) fn is_allowed(address: IpAddr, loopback: bool) -> bool {
    (loopback && address.to_canonical().is_loopback()) || is_public(address)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn public_addresses_only() {
        let check = |address: &str, expected: bool| {
            assert_eq!(is_allowed(address.parse().unwrap(), false), expected, "{address}");
        };
        for public in ["8.8.8.8", "100.63.255.255", "172.32.0.1", "192.167.1.1", "2a02:6b8::2:242", "2001:4860::8888"] {
            check(public, true);
        }
        for private in [
            "0.0.0.0",
            "10.1.2.3",
            "100.64.0.1",
            "127.0.0.1",
            "127.255.0.1",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.8",
            "192.0.2.1",
            "192.168.1.1",
            "198.18.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::7f00:1",
            "64:ff9b::7f00:1",
            "fc00::1",
            "fd12:3456::1",
            "fe80::1",
            "ff02::1",
            "2001::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "3fff::1",
        ] {
            check(private, false);
        }
    }

    #[test]
    fn addresses_of_webhooks() {
        let check = |text: &str, loopback: bool, expected: Result<&str, &str>| {
            let got = parse(text, loopback);
            assert_eq!(got.as_ref().map(Url::as_str).map_err(|problem| *problem), expected, "{text}");
        };
        check("https://example.ru/hook?x=1", false, Ok("https://example.ru/hook?x=1"));
        check("http://example.ru/hook", false, Err("must begin with https://"));
        check("https://127.0.0.1/", false, Err("is not a public address"));
        check("https://127.1/", false, Err("is not a public address"));
        check("https://0x7f000001/", false, Err("is not a public address"));
        check("https://2130706433/", false, Err("is not a public address"));
        check("https://[::ffff:10.0.0.1]/", false, Err("is not a public address"));
        check("https://localhost/", false, Err("is not a public address"));
        check(
            "https://user:pass@example.ru/",
            false,
            Err("must not hold a login or a password: deliveries are signed"),
        );
        check("file:///etc/passwd", false, Err("names no server"));
        check("ftp://example.ru/", false, Err("must begin with https://"));
        check("example.ru", false, Err("is not an address such as https://example.ru/hook"));
        check("http://127.0.0.1:8080/hook", true, Ok("http://127.0.0.1:8080/hook"));
        check("http://10.0.0.1/hook", true, Err("is not a public address"));
    }
}
