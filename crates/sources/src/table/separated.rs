//! Records of comma-separated values, bounded. A quote that is never closed costs its own line, not the rest of the file.

use std::io::{self, BufRead};

use csv_core::{ReadRecordResult, Reader, ReaderBuilder, Terminator};

use super::rows::{ROW_BYTES_MAX, skip_line};

/// Most columns of a record.
const COLUMNS_MAX: usize = 4096;

/// Reads records one by one.
pub(super) struct Separated<R> {
    input: R,
    /// Lines of a broken record, to be read once more without its first one.
    again: Vec<u8>,
    /// How much of that has been read.
    again_read: usize,
    core: Reader,
    separator: u8,
    /// Line of the next byte, from 1.
    line: u64,
    /// The record as it stands in the file.
    raw: Vec<u8>,
    output: Vec<u8>,
    ends: Vec<usize>,
}

/// A record, or what is wrong with a line that begins one.
pub(super) enum Found<'r> {
    /// Its fields.
    Record(Fields<'r>),
    /// The line cannot be used, and why.
    Broken(String),
}

/// The fields of a record.
pub(super) struct Fields<'r> {
    output: &'r [u8],
    ends: &'r [usize],
}

impl<'r> Fields<'r> {
    /// The fields in order, without blanks around them.
    pub(super) fn iter(&self) -> impl Iterator<Item = &'r [u8]> + use<'r> {
        let (output, ends) = (self.output, self.ends);
        let starts = std::iter::once(0).chain(ends.iter().copied());
        starts.zip(ends).map(move |(start, &end)| output.get(start..end).unwrap_or_default().trim_ascii())
    }
}

enum Outcome {
    Record { columns: usize, bytes: usize },
    TooLong,
    End,
}

impl<R: BufRead> Separated<R> {
    /// Reads fields parted by `separator`.
    pub(super) fn new(input: R, separator: u8) -> Self {
        // A line ends with its line feed, so that lines are counted right; the carriage return before it is trimmed away.
        let core = ReaderBuilder::new().delimiter(separator).terminator(Terminator::Any(b'\n')).build();
        let (raw, output, ends) = (Vec::new(), vec![0; 4096], vec![0; 64]);
        Self { input, again: Vec::new(), again_read: 0, core, separator, line: 1, raw, output, ends }
    }

    /// The next record and the line it begins on. With `columns`, a record must have so many.
    ///
    /// # Errors
    /// The input cannot be read.
    pub(super) fn next(&mut self, columns: Option<usize>) -> io::Result<Option<(u64, Found<'_>)>> {
        self.raw.clear();
        let outcome = self.read()?;
        let blank = self.raw.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        let blank_lines = self.raw.iter().take(blank).filter(|&&byte| byte == b'\n').count() as u64;
        let line = self.line + blank_lines;
        let problem = match outcome {
            Outcome::End => return Ok(None),
            Outcome::TooLong => format!("longer than {} MiB, is a quote not closed?", ROW_BYTES_MAX >> 20),
            Outcome::Record { .. } if lines(&self.raw) > blank_lines + 1 && !quotes_fit(&self.raw, self.separator) => {
                "a quote is not closed".to_owned()
            }
            Outcome::Record { columns: found, bytes } if columns.is_none_or(|wanted| wanted == found) => {
                self.line += lines(&self.raw);
                let (output, ends) = (self.output.get(..bytes), self.ends.get(..found));
                let fields = Fields { output: output.unwrap_or_default(), ends: ends.unwrap_or_default() };
                return Ok(Some((line, Found::Record(fields))));
            }
            Outcome::Record { columns: found, .. } => {
                format!("has {found} columns, the header has {}", columns.unwrap_or_default())
            }
        };
        self.leave_first_line(blank)?;
        Ok(Some((line, Found::Broken(problem))))
    }

    fn read(&mut self) -> io::Result<Outcome> {
        let (mut bytes, mut columns) = (0, 0);
        loop {
            let again = self.again.get(self.again_read..).unwrap_or_default();
            let is_again = !again.is_empty();
            let input = if is_again { again } else { self.input.fill_buf()? };
            let output = self.output.get_mut(bytes..).unwrap_or_default();
            let ends = self.ends.get_mut(columns..).unwrap_or_default();
            let (result, read, written, ended) = self.core.read_record(input, output, ends);
            self.raw.extend(input.iter().take(read));
            if is_again {
                self.again_read += read;
            } else {
                self.input.consume(read);
            }
            bytes += written;
            columns += ended;
            match result {
                ReadRecordResult::Record => return Ok(Outcome::Record { columns, bytes }),
                ReadRecordResult::End => return Ok(Outcome::End),
                _ if self.raw.len() as u64 > ROW_BYTES_MAX => return Ok(Outcome::TooLong),
                ReadRecordResult::OutputFull => self.output.resize(self.output.len() * 2, 0),
                ReadRecordResult::OutputEndsFull if self.ends.len() >= COLUMNS_MAX => return Ok(Outcome::TooLong),
                ReadRecordResult::OutputEndsFull => self.ends.resize(self.ends.len() * 2, 0),
                ReadRecordResult::InputEmpty => {}
            }
        }
    }

    /// Puts back all but the first line of what was read: the lines after a broken one may be fine.
    fn leave_first_line(&mut self, blank: usize) -> io::Result<()> {
        self.core.reset();
        let end = self.raw.iter().skip(blank).position(|&byte| byte == b'\n').map(|at| blank + at + 1);
        let rest = match end {
            Some(end) => self.raw.split_off(end),
            None => Vec::new(),
        };
        self.line += lines(&self.raw);
        if end.is_none() && skip_line(&mut self.input)? {
            self.line += 1;
        }
        let left = self.again.drain(std::mem::take(&mut self.again_read)..).collect::<Vec<u8>>();
        self.again = rest;
        self.again.extend(left);
        Ok(())
    }
}

/// Whether every quoted field ends at a separator or the end of a line. One that does not has run into the next quote.
fn quotes_fit(record: &[u8], separator: u8) -> bool {
    let mut bytes = record.iter().copied().peekable();
    let (mut is_start, mut is_quoted) = (true, false);
    while let Some(byte) = bytes.next() {
        if is_quoted {
            if byte == b'"' && bytes.next_if_eq(&b'"').is_none() {
                is_quoted = false;
                if bytes.peek().is_some_and(|&next| next != separator && !next.is_ascii_whitespace()) {
                    return false;
                }
            }
        } else {
            is_quoted = is_start && byte == b'"';
            is_start = byte == separator || byte == b'\n';
        }
    }
    true
}

fn lines(bytes: &[u8]) -> u64 {
    bytes.iter().filter(|&&byte| byte == b'\n').count() as u64
}
