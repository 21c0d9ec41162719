//! Forms as ClickHouse's official Rust client sends them: fields without file names, types or encodings.

/// A query and its parameters by name.
pub(super) type Form = (String, Vec<(String, String)>);

/// Reads `query` and the fields `param_NAME` of a form.
///
/// # Errors
/// What is wrong with the form; never quotes it.
pub(super) fn read(body: &[u8], boundary: &str) -> Result<Form, &'static str> {
    let body = std::str::from_utf8(body).map_err(|_| "the form is not UTF-8")?;
    let delimiter = format!("--{boundary}");
    let mut parts = body.split(delimiter.as_str());
    if parts.next() != Some("") {
        return Err("the form does not begin with its boundary");
    }
    let mut query = None;
    let mut parameters = Vec::new();
    for part in parts {
        if part.starts_with("--") {
            let query = query.ok_or("the form has no query")?;
            return Ok((query, parameters));
        }
        let (name, value) = field(part).ok_or("the form has a field that cannot be read")?;
        if name == "query" {
            query = Some(value.to_owned());
        } else if let Some(name) = name.strip_prefix("param_") {
            parameters.push((name.to_owned(), value.to_owned()));
        } else {
            return Err("the form has a field that is neither query nor param_…");
        }
    }
    Err("the form breaks off")
}

fn field(part: &str) -> Option<(&str, &str)> {
    let part = part.strip_prefix("\r\nContent-Disposition: form-data; name=\"")?;
    let (name, value) = part.split_once("\"\r\n\r\n")?;
    Some((name, value.strip_suffix("\r\n")?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(fields: &[(&str, &str)]) -> String {
        let fields: String = fields
            .iter()
            .map(|(name, value)| format!("--b0\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"))
            .collect();
        format!("{fields}--b0--\r\n")
    }

    #[test]
    fn reads_a_query_and_its_parameters() {
        let value = "кавычки \" и\r\n\r\nстроки -- b0 \u{0}";
        let form = form(&[("query", "SELECT {a:String}"), ("param_a", value), ("param_b", "")]);
        let expected = vec![("a".to_owned(), value.to_owned()), ("b".to_owned(), String::new())];
        assert_eq!(read(form.as_bytes(), "b0"), Ok(("SELECT {a:String}".to_owned(), expected)));
    }

    #[test]
    fn refuses_other_forms() {
        let check = |body: &[u8], expected: &str| assert_eq!(read(body, "b0"), Err(expected));
        check(b"", "the form breaks off");
        check(b"x--b0--", "the form does not begin with its boundary");
        check(b"--b0--\r\n", "the form has no query");
        check(b"--b0\r\nContent-Disposition: form-data; name=\"query\"\r\n\r\nSELECT 1\r\n", "the form breaks off");
        check(b"--b0\r\nContent-Type: text/plain\r\n\r\nx\r\n--b0--", "the form has a field that cannot be read");
        check(form(&[("other", "x")]).as_bytes(), "the form has a field that is neither query nor param_…");
        check(b"\xff", "the form is not UTF-8");
    }
}
