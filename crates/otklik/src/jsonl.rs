//! JSON Lines in and out: one object in, one object out, same order; a bad line is named, counted and passed over.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, BufWriter, Read, Write},
    path::Path,
};

use anyhow::Context;
use flate2::read::MultiGzDecoder;
use serde::{Serialize, de::DeserializeOwned};

use crate::{Outcome, stop::Stop};

/// Longest line read, in bytes. Longer ones are refused without being held in memory.
const LINE_BYTES_MAX: usize = 4 << 20;
/// What went wrong when results cannot be written.
const OUTPUT: &str = "cannot write to standard output";

/// Lines of an input with their numbers, from 1.
pub(crate) struct Lines<R> {
    input: R,
    line: Vec<u8>,
    number: u64,
}

/// Opens a file of lines, gzipped when its name ends in `.gz`; `-` is standard input.
///
/// # Errors
/// The file cannot be opened; the message names it.
pub(crate) fn open(path: &Path) -> anyhow::Result<Box<dyn BufRead>> {
    if path == Path::new("-") {
        return Ok(Box::new(io::stdin().lock()));
    }
    let file = File::open(path).with_context(|| format!("cannot open {}", path.display()))?;
    let is_gzip = path.extension().is_some_and(|extension| extension == "gz");
    Ok(if is_gzip {
        Box::new(BufReader::with_capacity(1 << 18, MultiGzDecoder::new(BufReader::new(file))))
    } else {
        Box::new(BufReader::with_capacity(1 << 18, file))
    })
}

impl<R: BufRead> Lines<R> {
    pub(crate) fn new(input: R) -> Self {
        Self { input, line: Vec::new(), number: 0 }
    }

    /// The number of the line read last.
    pub(crate) fn number(&self) -> u64 {
        self.number
    }

    /// The next line without its end: `None` at the end of the input, `Some(Err)` for a line that is too long.
    pub(crate) fn next(&mut self) -> io::Result<Option<Result<&[u8], String>>> {
        self.line.clear();
        let limit = LINE_BYTES_MAX as u64 + 1;
        let read = self.input.by_ref().take(limit).read_until(b'\n', &mut self.line)?;
        if read == 0 {
            return Ok(None);
        }
        self.number += 1;
        if self.line.len() > LINE_BYTES_MAX && self.line.last() != Some(&b'\n') {
            self.skip_line()?;
            return Ok(Some(Err(format!("longer than {} MiB", LINE_BYTES_MAX >> 20))));
        }
        while matches!(self.line.last(), Some(b'\n' | b'\r')) {
            self.line.pop();
        }
        Ok(Some(Ok(&self.line)))
    }

    fn skip_line(&mut self) -> io::Result<()> {
        loop {
            let (skipped, ended) = match self.input.fill_buf()? {
                [] => return Ok(()),
                buffer => match buffer.iter().position(|&byte| byte == b'\n') {
                    Some(end) => (end + 1, true),
                    None => (buffer.len(), false),
                },
            };
            self.input.consume(skipped);
            if ended {
                return Ok(());
            }
        }
    }
}

/// Runs `each` over the objects of an input and writes what it gives. A line that is no such object, or that `each`
/// refuses, goes to standard error as `line N: reason`.
///
/// # Errors
/// The input cannot be read, the output cannot be written, or a line was refused and `strict` is set.
pub(crate) fn filter<I: DeserializeOwned, O: Serialize>(
    input: impl BufRead,
    strict: bool,
    mut each: impl FnMut(I) -> Result<O, String>,
) -> anyhow::Result<Outcome> {
    let mut output = BufWriter::with_capacity(1 << 18, io::stdout().lock());
    let outcome = for_each(input, strict, |object| {
        let result = each(object)?;
        write_line(&mut output, &result).map_err(Refused::Failed)
    })?;
    finish(&mut output)?;
    Ok(outcome)
}

/// Why an object was not handled.
pub(crate) enum Refused {
    /// It makes no sense; the next may.
    Line(String),
    /// Nothing more can be done.
    Failed(anyhow::Error),
}

impl From<String> for Refused {
    fn from(reason: String) -> Self {
        Self::Line(reason)
    }
}

/// Runs `each` over the objects of an input, naming and counting those refused.
///
/// # Errors
/// As [`filter`].
pub(crate) fn for_each<I: DeserializeOwned>(
    input: impl BufRead,
    strict: bool,
    mut each: impl FnMut(I) -> Result<(), Refused>,
) -> anyhow::Result<Outcome> {
    let mut lines = Lines::new(input);
    let mut refused = 0_u64;
    loop {
        let before = lines.number();
        let next = lines.next().with_context(|| format!("cannot read the input after line {before}"))?;
        let Some(line) = next else { break };
        let result = match line {
            Ok(line) if line.iter().all(u8::is_ascii_whitespace) => continue,
            Ok(line) => parse(line).map_err(Refused::Line).and_then(&mut each),
            Err(reason) => Err(Refused::Line(reason)),
        };
        match result {
            Ok(()) => {}
            Err(Refused::Failed(error)) => return Err(error),
            Err(Refused::Line(reason)) => {
                let number = lines.number();
                if strict {
                    return Err(Stop::Line { number, reason }.into());
                }
                eprintln!("line {number}: {reason}");
                refused += 1;
            }
        }
    }
    if refused > 0 {
        eprintln!("otklik: {refused} of {} lines refused", lines.number());
        return Ok(Outcome::SomeRefused);
    }
    Ok(Outcome::Done)
}

/// Reads an object of a line.
///
/// # Errors
/// Not UTF-8, or no such object; the reason names the column.
pub(crate) fn parse<I: DeserializeOwned>(line: &[u8]) -> Result<I, String> {
    let text = std::str::from_utf8(line)
        .map_err(|error| format!("not UTF-8: byte {} of the line cannot be read", error.valid_up_to() + 1))?;
    serde_json::from_str(text).map_err(|error| {
        // Its own line is always 1 here and only misleads.
        let reason = error.to_string().replace(" at line 1 column ", ", column ");
        if error.is_data() { reason } else { format!("not JSON: {reason}") }
    })
}

/// Writes an object as a line.
///
/// # Errors
/// The output cannot be written.
pub(crate) fn write_line(output: &mut impl Write, object: &impl Serialize) -> anyhow::Result<()> {
    serde_json::to_writer(&mut *output, object).context(OUTPUT)?;
    output.write_all(b"\n").context(OUTPUT)
}

/// Writes what is still held back.
///
/// # Errors
/// The output cannot be written.
pub(crate) fn finish(output: &mut impl Write) -> anyhow::Result<()> {
    output.flush().context(OUTPUT)
}

/// Whether an error only says that the reader of our output has gone: that is no failure.
pub(crate) fn is_closed_pipe(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        let io = cause.downcast_ref::<io::Error>().map(io::Error::kind);
        let json = cause.downcast_ref::<serde_json::Error>().and_then(serde_json::Error::io_error_kind);
        io.or(json) == Some(io::ErrorKind::BrokenPipe)
    })
}
