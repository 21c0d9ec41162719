//! Errors of the client and of ClickHouse as those of the port.

use ::clickhouse::error::Error;
use otklik_ports::{ErrorKind, PortError};

/// Turns an error into the port's; `what` says what was attempted.
///
/// Of ClickHouse's message only the number and the name are kept: the rest may quote values of a row.
pub(super) fn failure(what: &str, error: Error) -> PortError {
    match error {
        Error::BadResponse(response) => match code_of(&response) {
            0 => without_code(what, &response),
            code => {
                let name = name_of(&response);
                PortError::new(kind_of(code), format!("{what}: ClickHouse answered code {code} {name}"))
            }
        },
        Error::Network(_) | Error::TimedOut => {
            PortError::caused(ErrorKind::Unavailable, format!("{what}: ClickHouse does not answer"), error)
        }
        // Half an answer: compressed data that end too soon or do not fit their checksum, a row cut off.
        Error::Decompression(_) | Error::NotEnoughData => {
            PortError::new(ErrorKind::Unavailable, format!("{what}: the answer of ClickHouse was cut off"))
        }
        Error::RowNotFound => PortError::new(ErrorKind::Internal, format!("{what}: ClickHouse gave no row")),
        Error::SchemaMismatch(_) | Error::InvalidColumnsHeader(_) => PortError::caused(
            ErrorKind::Internal,
            format!("{what}: the tables of ClickHouse are not those of this version; were the migrations run?"),
            error,
        ),
        _ => PortError::new(ErrorKind::Internal, format!("{what}: the exchange with ClickHouse broke off")),
    }
}

/// An answer that is none of ClickHouse's own: of a proxy before it, or of a server about to end. It passes, so the
/// caller tries again.
fn without_code(what: &str, response: &str) -> PortError {
    let status = response.split(|c: char| !c.is_ascii_digit()).next().filter(|digits| digits.len() == 3);
    let status = status.map(|status| format!(" (HTTP {status})")).unwrap_or_default();
    let message =
        format!("{what}: an answer without an error of ClickHouse{status}; it is ending, or a proxy before it answers");
    PortError::new(ErrorKind::Unavailable, message)
}

/// The number of an exception, `Code: 60. DB::Exception: …`; 0 when there is none.
pub(super) fn code_of(response: &str) -> u32 {
    let digits = response.split_once("Code: ").and_then(|(_, rest)| rest.split(|c: char| !c.is_ascii_digit()).next());
    digits.and_then(|digits| digits.parse().ok()).unwrap_or(0)
}

/// The name of an exception: capital letters in the last brackets.
fn name_of(response: &str) -> &str {
    let names = response.rsplit('(').filter_map(|rest| rest.split_once(')')).map(|(name, _)| name);
    let mut names =
        names.filter(|name| name.len() > 3 && name.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_'));
    names.next().unwrap_or("without a name")
}

/// By ClickHouse's `ErrorCodes.cpp`.
fn kind_of(code: u32) -> ErrorKind {
    match code {
        192 | 193 | 194 | 497 | 516 => ErrorKind::Unauthorized,
        // Memory limit, no space on disk, too many parts.
        241 | 243 | 252 => ErrorKind::Full,
        // Too many rows, too many rows or bytes, too many bytes in the result.
        158 | 307 | 396 => ErrorKind::Rejected,
        // Timeouts, too many queries, network, cancelled, shutting down.
        159 | 160 | 202 | 209 | 210 | 236 | 279 | 394 | 999 => ErrorKind::Unavailable,
        // Checksums, sizes and marks that do not fit, damaged data.
        40 | 228 | 246 | 271 | 432 => ErrorKind::Corrupt,
        _ => ErrorKind::Internal,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_the_code_and_the_name_only() {
        let check = |response: &str, kind: ErrorKind, expected: &str| {
            let error = failure("counting posts", Error::BadResponse(response.to_owned()));
            assert_eq!((error.kind, error.message.as_str()), (kind, expected));
            assert!(error.source.is_none());
        };
        check(
            "Code: 241. DB::Exception: limit exceeded: 'текст поста (SECRET)' (MEMORY_LIMIT_EXCEEDED) (version 26.7.2.1)",
            ErrorKind::Full,
            "counting posts: ClickHouse answered code 241 MEMORY_LIMIT_EXCEEDED",
        );
        check(
            "Code: 516. DB::Exception: no. (AUTHENTICATION_FAILED)",
            ErrorKind::Unauthorized,
            "counting posts: ClickHouse answered code 516 AUTHENTICATION_FAILED",
        );
        check(
            "Code: 47. DB::Exception: no. (UNKNOWN_IDENTIFIER)",
            ErrorKind::Internal,
            "counting posts: ClickHouse answered code 47 UNKNOWN_IDENTIFIER",
        );
        let ending = "; it is ending, or a proxy before it answers";
        for (response, status) in [
            ("502 Bad Gateway", " (HTTP 502)"),
            ("503 Service Unavailable", " (HTTP 503)"),
            ("504 Gateway Timeout", " (HTTP 504)"),
            ("500 Internal Server Error", " (HTTP 500)"),
            ("<html><head><title>502 Bad Gateway</title></head></html>", ""),
            ("Code: ", ""),
            ("", ""),
        ] {
            let message = format!("counting posts: an answer without an error of ClickHouse{status}{ending}");
            check(response, ErrorKind::Unavailable, &message);
        }
    }

    #[test]
    fn half_an_answer_passes() {
        for error in [Error::NotEnoughData, Error::Decompression("checksum".into()), Error::TimedOut] {
            let error = failure("counting posts", error);
            assert!(error.is_retryable(), "{error}");
        }
        let error = failure("counting posts", Error::SchemaMismatch("text".to_owned()));
        assert!(!error.is_retryable(), "{error}");
    }
}
