//! The little of IMAP (RFC 3501) that reading a folder takes: sign in, look at a folder without changing it, list, fetch.
//!
//! Written here and not taken from a library because of its bounds: every line, literal and answer has a longest length and a
//! command its time, whatever the server sends, and neither messages nor passwords pass through anybody's log.

mod answer;

use std::time::Duration;

use tokio::{
    io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader},
    time::timeout,
};

pub(super) use self::answer::{Item, items};

/// Longest line of an answer: a list of 100,000 messages.
const LINE_BYTES_MAX: u64 = 1 << 20;
/// Longest words of a server that are passed on in an error, in characters.
const SAID_CHARS_MAX: usize = 200;
/// Most answers to one command.
const ANSWERS_MAX: usize = 10_000;
/// Longest time of one command.
const COMMAND_TIME: Duration = Duration::from_secs(120);

/// Why a mailbox could not be read.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    /// The server cannot be reached, or its certificate is not trusted.
    #[error("cannot connect")]
    Connect(#[source] std::io::Error),
    /// The connection broke off.
    #[error("the connection broke off")]
    BrokenOff(#[source] std::io::Error),
    /// It took too long.
    #[error("no answer within two minutes")]
    TimedOut,
    /// The server refuses a command.
    #[error("the server refuses {command}: {said}")]
    Refused {
        /// The command.
        command: &'static str,
        /// What the server says about it.
        said: String,
    },
    /// The server sends what makes no sense here.
    #[error("the server sends {0}")]
    Nonsense(&'static str),
    /// A setting cannot be used.
    #[error("{0}")]
    Setting(&'static str),
}

/// A connection that commands are sent on, one after another.
pub(super) struct Connection<S> {
    stream: BufReader<S>,
    tag: u32,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Connection<S> {
    /// Takes a connection over, up to the server's greeting.
    pub(super) async fn open(stream: S) -> Result<Self, MailError> {
        let mut connection = Self { stream: BufReader::new(stream), tag: 0 };
        let greeting = timeout(COMMAND_TIME, connection.answer(0)).await.map_err(|_| MailError::TimedOut)??;
        match &greeting[..] {
            [Item::Word(star), Item::Word(state), ..] if star == "*" && state.eq_ignore_ascii_case("OK") => {
                Ok(connection)
            }
            _ => Err(MailError::Nonsense("no greeting of IMAP")),
        }
    }

    /// Sends a command and reads all answers to it; a literal may be up to `literal_max` bytes. `name` stands for it in errors.
    pub(super) async fn command(
        &mut self,
        name: &'static str,
        command: &str,
        literal_max: u64,
    ) -> Result<Vec<Vec<Item>>, MailError> {
        let answers = self.answers(name, command, literal_max);
        timeout(COMMAND_TIME, answers).await.map_err(|_| MailError::TimedOut)?
    }

    async fn answers(
        &mut self,
        name: &'static str,
        command: &str,
        literal_max: u64,
    ) -> Result<Vec<Vec<Item>>, MailError> {
        self.tag += 1;
        let tag = format!("a{}", self.tag);
        self.stream.write_all(format!("{tag} {command}\r\n").as_bytes()).await.map_err(MailError::BrokenOff)?;
        self.stream.flush().await.map_err(MailError::BrokenOff)?;
        let mut answers = Vec::new();
        loop {
            let answer = self.answer(literal_max).await?;
            match &answer[..] {
                [Item::Word(own), Item::Word(state), said @ ..] if *own == tag => {
                    if state.eq_ignore_ascii_case("OK") {
                        return Ok(answers);
                    }
                    let said = said.iter().filter_map(Item::text).collect::<Vec<_>>().join(" ");
                    return Err(MailError::Refused {
                        command: name,
                        said: said.chars().take(SAID_CHARS_MAX).collect(),
                    });
                }
                _ if answers.len() >= ANSWERS_MAX => {
                    return Err(MailError::Nonsense("too many answers to one command"));
                }
                _ => answers.push(answer),
            }
        }
    }

    /// Reads one answer: a line with its literals.
    async fn answer(&mut self, literal_max: u64) -> Result<Vec<Item>, MailError> {
        let (mut all, mut literals) = (Vec::new(), 0_u64);
        let mut found = Vec::new();
        loop {
            let mut line = Vec::new();
            let mut bounded = (&mut self.stream).take(LINE_BYTES_MAX - all.len() as u64);
            let read = bounded.read_until(b'\n', &mut line).await.map_err(MailError::BrokenOff)?;
            if read == 0 || line.last() != Some(&b'\n') {
                return Err(if all.len() + read >= LINE_BYTES_MAX as usize {
                    MailError::Nonsense("a line that is too long")
                } else {
                    MailError::BrokenOff(std::io::ErrorKind::UnexpectedEof.into())
                });
            }
            let end = line.iter().rposition(|byte| !matches!(byte, b'\r' | b'\n')).map_or(0, |last| last + 1);
            line.truncate(end);
            let Some((before, length)) = answer::literal(&line) else {
                all.extend_from_slice(&line);
                return items(&all, found).ok_or(MailError::Nonsense("an answer that is none"));
            };
            literals = literals.saturating_add(length);
            if literals > literal_max {
                return Err(MailError::Nonsense("more than was asked for"));
            }
            all.extend_from_slice(line.get(..before).unwrap_or_default());
            all.push(answer::LITERAL);
            let mut literal = Vec::new();
            let read = (&mut self.stream).take(length).read_to_end(&mut literal).await.map_err(MailError::BrokenOff)?;
            if (read as u64) < length {
                return Err(MailError::BrokenOff(std::io::ErrorKind::UnexpectedEof.into()));
            }
            found.push(literal);
        }
    }
}

/// A text in quotes, as a command takes it.
pub(super) fn quoted(text: &str) -> Result<String, MailError> {
    if !text.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic()) {
        return Err(MailError::Setting("user, password and folder must be of visible ASCII characters"));
    }
    Ok(format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"")))
}
