//! The signature of OK's calls, MD5 as its protocol has it.

use md5::{Digest, Md5};
use secrecy::{ExposeSecret, SecretString};

/// Parameters that the signature leaves out.
const UNSIGNED: [&str; 3] = ["session_key", "access_token", "sig"];

/// The signature over the parameters, among them `application_key`. With a session the secret is made of its token and the
/// application's secret key, without one it is the latter.
pub fn signature(
    params: &[(String, String)],
    application_secret: &SecretString,
    token: Option<&SecretString>,
) -> String {
    let application_secret = application_secret.expose_secret();
    let secret = token.map_or_else(
        || SecretString::from(application_secret),
        |token| SecretString::from(hex(&[token.expose_secret(), application_secret])),
    );
    let mut signed: Vec<&(String, String)> =
        params.iter().filter(|(name, _)| !UNSIGNED.contains(&name.as_str())).collect();
    signed.sort_unstable();
    let joined: String = signed.into_iter().map(|(name, value)| format!("{name}={value}")).collect();
    hex(&[joined.as_str(), secret.expose_secret()])
}

/// MD5 of parts behind each other, in lower-case hexadecimal.
fn hex(parts: &[&str]) -> String {
    let mut digest = Md5::new();
    for part in parts {
        digest.update(part.as_bytes());
    }
    digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn params(names: &[(&str, &str)]) -> Vec<(String, String)> {
        names.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    /// The example of OK's documentation of its Python client.
    #[test]
    fn signs_as_the_documentation_does() {
        let token = SecretString::from("-s-84W-s3egarWUsbkq-IWTucuedzTKT8VUXIA.s4Xx8IW7");
        let secret = SecretString::from("ABC123DEF456GHI789JKL123");
        assert_eq!(hex(&[token.expose_secret(), secret.expose_secret()]), "b1a2b89707a94624c43afae67d59274c");
        let call = [
            ("method", "events.get"),
            ("format", "json"),
            ("application_key", "ABCDEFGHIGKLMNOPK"),
            ("access_token", "left out"),
        ];
        assert_eq!(signature(&params(&call), &secret, Some(&token)), "232c8eb921951c4dba9b72606f9ddb4c");
        assert_ne!(signature(&params(&call), &secret, None), "232c8eb921951c4dba9b72606f9ddb4c");
    }
}
