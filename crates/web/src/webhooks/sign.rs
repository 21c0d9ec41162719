//! Signatures of deliveries.

use jiff::Timestamp;

use crate::auth::secret;

/// The value of the header `X-Otklik-Signature` for a body sent at a time: `t=SECONDS,v1=HEX`, where HEX is
/// HMAC-SHA-256 of `SECONDS.BODY` with the webhook's secret as the key.
pub fn signature(webhook_secret: &str, sent_at: Timestamp, body: &[u8]) -> String {
    let seconds = sent_at.as_second().to_string();
    let mac = secret::hmac(webhook_secret, &[seconds.as_bytes(), b".", body]);
    format!("t={seconds},v1={}", secret::hex(&mac))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_what_receivers_compute() {
        // printf '1700000000.{"a":1}' | openssl dgst -sha256 -hmac secret
        let expected = "t=1700000000,v1=49f24e537407743fa4a0242bb63b94b9a47ee99cbbe071ccd8a22550ae411686";
        let sent_at = Timestamp::from_second(1_700_000_000).unwrap();
        assert_eq!(signature("secret", sent_at, b"{\"a\":1}"), expected);
    }
}
