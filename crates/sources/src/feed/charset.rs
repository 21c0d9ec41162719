//! Bytes to text by what the feed or its server says about them.

use encoding_rs::{Encoding, UTF_8, WINDOWS_1251};

use crate::fault::SourceError;

/// Bytes in which an XML declaration is looked for.
const DECLARATION_BYTES: usize = 200;

/// Decodes a body: by its byte order mark, by `charset` of the server, by its XML declaration, else as UTF-8. A body that says
/// UTF-8 and is none is read as windows-1251: that is what old sites of Russia send under any name.
///
/// # Errors
/// The charset named is not known.
pub(super) fn decode(body: &[u8], charset: Option<&str>) -> Result<String, SourceError> {
    let declared = charset.map(str::to_owned).or_else(|| declaration(body));
    let named = match &declared {
        None => UTF_8,
        Some(name) => Encoding::for_label(name.trim().as_bytes())
            .ok_or_else(|| SourceError::broken(format!("the charset {name:?} is not known")))?,
    };
    let encoding = Encoding::for_bom(body).map_or(named, |(encoding, _)| encoding);
    let (text, _, is_damaged) = encoding.decode(body);
    if is_damaged && encoding == UTF_8 && is_mostly_not_utf8(body) {
        return Ok(WINDOWS_1251.decode(body).0.into_owned());
    }
    Ok(text.into_owned())
}

/// The `encoding` of an XML declaration.
fn declaration(body: &[u8]) -> Option<String> {
    let begin = String::from_utf8_lossy(body.get(..DECLARATION_BYTES.min(body.len()))?).into_owned();
    let (declaration, _) =
        begin.trim_start_matches(['\u{feff}', ' ', '\n', '\r', '\t']).strip_prefix("<?xml")?.split_once("?>")?;
    let (_, value) = declaration.split_once("encoding")?;
    let value = value.trim_start().strip_prefix('=')?.trim_start();
    let quote = value.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
    value.split(quote).nth(1).map(str::to_owned)
}

/// Whether most bytes beyond ASCII are no UTF-8: a text cut in the middle of a letter is still UTF-8.
fn is_mostly_not_utf8(body: &[u8]) -> bool {
    let beyond = body.iter().filter(|byte| !byte.is_ascii()).count();
    let wrong = String::from_utf8_lossy(body).matches('\u{fffd}').count();
    wrong * 3 > beyond
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_is_declared() {
        let check = |bytes: &[u8], charset: Option<&str>, expected: &str| {
            assert_eq!(decode(bytes, charset).unwrap(), expected);
        };
        let russian = |text: &str| WINDOWS_1251.encode(text).0.into_owned();
        let declared = "<?xml version='1.0' encoding='windows-1251'?><a>Вода</a>";
        check(&russian(declared), None, declared);
        check(&russian("Вода"), Some("windows-1251"), "Вода");
        check(&russian("Вода"), Some("CP1251"), "Вода");
        check("Вода".as_bytes(), None, "Вода");
        check(
            &russian("<?xml version='1.0' encoding='utf-8'?>Вода"),
            None,
            "<?xml version='1.0' encoding='utf-8'?>Вода",
        );
        check(b"\xef\xbb\xbf<a/>", Some("koi8-r"), "<a/>");
        check(b"\xff\xfe<\0a\0", None, "<a");
        let cut = "Вода".as_bytes();
        check(&cut[..cut.len() - 1], None, "Вод\u{fffd}");
        let error = decode(b"x", Some("klingon")).unwrap_err();
        assert_eq!(error.to_string(), "broken_body: the charset \"klingon\" is not known");
    }
}
