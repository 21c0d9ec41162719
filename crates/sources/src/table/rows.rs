//! Rows of a table, one by one.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, Read},
    path::{Path, PathBuf},
};

use flate2::read::MultiGzDecoder;
use otklik_wire::Post;
use serde_json::{Map, Value};

use super::{
    map::ColumnMap,
    separated::{Fields, Found, Separated},
};

/// Longest row read, in bytes.
pub(super) const ROW_BYTES_MAX: u64 = 4 << 20;

/// Why a table cannot be read any further.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    /// The file cannot be opened or read.
    #[error("cannot read {}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The name says nothing about what is in it.
    #[error("{}: expected a name that ends in .csv, .tsv or .jsonl, with .gz or without", path.display())]
    Format {
        /// The file.
        path: PathBuf,
    },
    /// A mapped column is not in the header.
    #[error("{}: has no column {column:?}; its columns are: {known}", path.display())]
    NoColumn {
        /// The file.
        path: PathBuf,
        /// The column that was asked for.
        column: String,
        /// The columns there are.
        known: String,
    },
    /// There is nothing in it.
    #[error("{}: is empty", path.display())]
    Empty {
        /// The file.
        path: PathBuf,
    },
}

enum Format {
    /// With the header's columns in order.
    Separated(Box<Separated<BufReader<Box<dyn Read>>>>, Vec<String>),
    JsonLines(Box<dyn BufRead>),
}

/// The rows of a table as posts.
pub struct Rows<'m> {
    path: PathBuf,
    map: &'m ColumnMap,
    format: Format,
    line: u64,
    read: u64,
}

impl std::fmt::Debug for Rows<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Rows").field("path", &self.path).field("line", &self.line).finish_non_exhaustive()
    }
}

impl<'m> Rows<'m> {
    /// Opens a table. CSV may be parted by commas or semicolons: the header tells.
    ///
    /// # Errors
    /// The file cannot be read, is empty, is of no known format, or lacks a mapped column.
    pub fn open(path: &Path, map: &'m ColumnMap) -> Result<Self, TableError> {
        let file = File::open(path).map_err(|source| TableError::Io { path: path.to_owned(), source })?;
        Self::of(path, file, map)
    }

    /// Reads a table from where its bytes come; `path` says its format and names it in messages.
    ///
    /// # Errors
    /// Those of [`Rows::open`].
    pub fn of(path: &Path, file: impl Read + 'static, map: &'m ColumnMap) -> Result<Self, TableError> {
        let io_error = |source| TableError::Io { path: path.to_owned(), source };
        let name = path.file_name().map(|name| name.to_string_lossy().to_lowercase()).unwrap_or_default();
        let (plain, is_gzip) = name.strip_suffix(".gz").map_or((name.as_str(), false), |plain| (plain, true));
        let file = BufReader::new(file);
        let unpacked: Box<dyn Read> = if is_gzip { Box::new(MultiGzDecoder::new(file)) } else { Box::new(file) };
        let mut input = BufReader::with_capacity(1 << 18, unpacked);
        let start = input.fill_buf().map_err(io_error)?;
        if start.is_empty() {
            return Err(TableError::Empty { path: path.to_owned() });
        }
        if start.starts_with(b"\xEF\xBB\xBF") {
            input.consume(3);
        }
        let format = if plain.ends_with(".jsonl") || plain.ends_with(".ndjson") {
            Format::JsonLines(Box::new(input))
        } else if plain.ends_with(".csv") || plain.ends_with(".tsv") {
            let separator = if plain.ends_with(".tsv") { b'\t' } else { separator(&mut input).map_err(io_error)? };
            separated(path, input, separator, map)?
        } else {
            return Err(TableError::Format { path: path.to_owned() });
        };
        Ok(Self { path: path.to_owned(), map, format, line: 0, read: 0 })
    }

    /// Line of the row read last, from 1.
    pub fn line(&self) -> u64 {
        self.line
    }

    /// Rows read so far.
    pub fn read(&self) -> u64 {
        self.read
    }

    /// The next row: `None` at the end, `Some(Err)` for one that makes no post, with the reason.
    ///
    /// # Errors
    /// The file cannot be read any further.
    #[allow(clippy::should_implement_trait, reason = "an iterator could not lend its line number")]
    pub fn next(&mut self) -> Result<Option<Result<Post, String>>, TableError> {
        let io_error = |source| TableError::Io { path: self.path.clone(), source };
        let post = match &mut self.format {
            Format::Separated(reader, columns) => {
                let Some((line, found)) = reader.next(Some(columns.len())).map_err(io_error)? else { return Ok(None) };
                self.line = line;
                match found {
                    Found::Record(fields) => separated_post(&fields, columns, self.map),
                    Found::Broken(problem) => Err(problem),
                }
            }
            Format::JsonLines(input) => loop {
                let mut line = Vec::new();
                let read = input.by_ref().take(ROW_BYTES_MAX + 1).read_until(b'\n', &mut line).map_err(io_error)?;
                if read == 0 {
                    return Ok(None);
                }
                self.line += 1;
                if read as u64 > ROW_BYTES_MAX {
                    skip_line(input).map_err(io_error)?;
                    break Err(format!("longer than {} MiB", ROW_BYTES_MAX >> 20));
                }
                if !line.iter().all(u8::is_ascii_whitespace) {
                    break json_post(&line, self.map);
                }
            },
        };
        self.read += 1;
        Ok(Some(post))
    }
}

/// A semicolon when the header has more of them than commas, as Russian spreadsheets export.
fn separator(input: &mut impl BufRead) -> io::Result<u8> {
    let start = input.fill_buf()?;
    let header = start.split(|&byte| byte == b'\n').next().unwrap_or_default();
    let count = |separator: u8| header.iter().filter(|&&byte| byte == separator).count();
    Ok(if count(b';') > count(b',') { b';' } else { b',' })
}

fn separated(
    path: &Path,
    input: BufReader<Box<dyn Read>>,
    separator: u8,
    map: &ColumnMap,
) -> Result<Format, TableError> {
    let mut reader = Separated::new(input, separator);
    let io_error = |source| TableError::Io { path: path.to_owned(), source };
    let columns: Vec<String> = match reader.next(None).map_err(io_error)? {
        Some((_, Found::Record(header))) => {
            header.iter().map(|name| String::from_utf8_lossy(name).into_owned()).collect()
        }
        Some((_, Found::Broken(problem))) => {
            return Err(io_error(io::Error::other(format!("the header is {problem}"))));
        }
        None => return Err(TableError::Empty { path: path.to_owned() }),
    };
    if let Some(missing) = map.columns().find(|column| !columns.iter().any(|known| known == column)) {
        return Err(TableError::NoColumn {
            path: path.to_owned(),
            column: missing.to_owned(),
            known: columns.join(", "),
        });
    }
    Ok(Format::Separated(Box::new(reader), columns))
}

fn separated_post(record: &Fields<'_>, columns: &[String], map: &ColumnMap) -> Result<Post, String> {
    let fields = record
        .iter()
        .zip(columns)
        .map(|(field, column)| std::str::from_utf8(field).map_err(|_| format!("column {column:?} is not UTF-8")))
        .collect::<Result<Vec<&str>, String>>()?;
    map.post(|column| {
        let index = columns.iter().position(|known| known == column)?;
        fields.get(index).map(|field| (*field).to_owned())
    })
}

fn json_post(line: &[u8], map: &ColumnMap) -> Result<Post, String> {
    let text = std::str::from_utf8(line)
        .map_err(|error| format!("not UTF-8: byte {} of the line cannot be read", error.valid_up_to() + 1))?;
    let object: Map<String, Value> = serde_json::from_str(text.trim_end())
        .map_err(|error| error.to_string().replace(" at line 1 column ", ", column "))?;
    if let Some(missing) = map.columns().find(|column| !object.contains_key(*column)) {
        return Err(format!("has no field {missing:?}"));
    }
    map.post(|column| match object.get(column)? {
        Value::String(text) => Some(text.clone()),
        Value::Null => None,
        other => Some(other.to_string()),
    })
}

/// Reads on past the end of the line; tells whether it had an end.
pub(super) fn skip_line(input: &mut impl BufRead) -> io::Result<bool> {
    loop {
        let (skipped, ended) = match input.fill_buf()? {
            [] => return Ok(false),
            buffer => match buffer.iter().position(|&byte| byte == b'\n') {
                Some(end) => (end + 1, true),
                None => (buffer.len(), false),
            },
        };
        input.consume(skipped);
        if ended {
            return Ok(true);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use jiff::tz::TimeZone;

    use super::*;

    fn check(name: &str, content: &[u8], expected: &[&str]) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        File::create(&path).unwrap().write_all(content).unwrap();
        let map = ColumnMap::parse("text=t,id=i,published_at=p", TimeZone::UTC, None).unwrap();
        let mut got = Vec::new();
        match Rows::open(&path, &map) {
            Err(error) => got.push(error.to_string().replace(&format!("{}/", folder.path().display()), "")),
            Ok(mut rows) => {
                while let Some(row) = rows.next().unwrap() {
                    got.push(match row {
                        Ok(post) => format!("{}: {}={}", rows.line(), post.id, post.text),
                        Err(reason) => format!("{}: {reason}", rows.line()),
                    });
                }
            }
        }
        assert_eq!(got, expected, "{name}");
    }

    #[test]
    fn reads_tables() {
        check("a.csv", b"t,i,p\n\"a,\nb\",1,2024-01-01\nc,2,2024-01-01\n", &["2: 1=a,\nb", "4: 2=c"]);
        check("a.csv", "\u{FEFF}t;i;p\r\nЯма;1;01.02.2024\r\n".as_bytes(), &["2: 1=Яма"]);
        check("a.tsv", b"t\ti\tp\nx\t1\t2024-01-01\n", &["2: 1=x"]);
        check("a.jsonl", b"{\"t\":\"x\",\"i\":5,\"p\":\"2024-01-01\"}\n\n", &["1: 5=x"]);
    }

    #[test]
    fn names_what_is_wrong_and_goes_on() {
        check("a.csv", b"", &["a.csv: is empty"]);
        check("a.csv", b"t,i\n1,2\n", &["a.csv: has no column \"p\"; its columns are: t, i"]);
        check("a.doc", b"x", &["a.doc: expected a name that ends in .csv, .tsv or .jsonl, with .gz or without"]);
        check("a.csv", b"t,i,p\na,1\nb,2,2024-01-01\n", &["2: has 2 columns, the header has 3", "3: 2=b"]);
        check("a.csv", b"t,i,p\n\n\na,1\r\nb,2,2024-01-01\n", &["4: has 2 columns, the header has 3", "5: 2=b"]);
        check("a.csv", b"t,i,p\n\xFF,1,2024-01-01\nb,2,2024-01-01\n", &["2: column \"t\" is not UTF-8", "3: 2=b"]);
        let broken = b"{\"t\":\n{\"t\":\"x\",\"i\":1}\n\xFF\n{\"t\":\"x\",\"i\":1,\"p\":\"2024-01-01\"}";
        check(
            "a.jsonl",
            broken,
            &[
                "1: EOF while parsing a value, column 5",
                "2: has no field \"p\"",
                "3: not UTF-8: byte 1 of the line cannot be read",
                "4: 1=x",
            ],
        );
    }

    #[test]
    fn an_open_quote_costs_its_line_only() {
        let short = b"t,i,p\n\"a,1,2024-01-01\nb,2,2024-01-01\n\"c\",3,2024-01-01\nd,4,2024-01-01\n";
        check("a.csv", short, &["2: a quote is not closed", "3: 2=b", "4: 3=c", "5: 4=d"]);

        let mut long = b"t,i,p\n\"a,1,2024-01-01\n".to_vec();
        let count = usize::try_from(ROW_BYTES_MAX).unwrap() / 16 + 10;
        long.extend((0..count).flat_map(|_| *b"b,2,2024-01-01 \n"));
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("long.csv");
        std::fs::write(&path, &long).unwrap();
        let map = ColumnMap::parse("text=t,id=i,published_at=p", TimeZone::UTC, None).unwrap();
        let mut rows = Rows::open(&path, &map).unwrap();
        assert_eq!(rows.next().unwrap().unwrap().unwrap_err(), "longer than 4 MiB, is a quote not closed?");
        let mut good = 0;
        while let Some(row) = rows.next().unwrap() {
            row.unwrap();
            good += 1;
        }
        assert_eq!((good, rows.line()), (count, count as u64 + 2));

        let unbroken = [b"t,i,p\n".as_slice(), &vec![b'a'; long.len()], b"\nb,2,2024-01-01"].concat();
        std::fs::write(&path, &unbroken).unwrap();
        let mut rows = Rows::open(&path, &map).unwrap();
        assert!(rows.next().unwrap().unwrap().is_err());
        assert_eq!(rows.next().unwrap().unwrap().unwrap().id, "2");
        assert_eq!(rows.line(), 3);
    }
}
