//! The built binary: where it is, how it is run, how it ended.

use std::{
    ffi::OsStr,
    io::{Read, Write},
    net::TcpListener,
    os::{fd::OwnedFd, unix::process::ExitStatusExt},
    path::PathBuf,
    process::{Child, ChildStdin, Command, Stdio},
    sync::mpsc::{self, Receiver, RecvTimeoutError},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use serde_json::Value;

/// How long a run may take before it is ended and the test fails.
const LIMIT: Duration = Duration::from_secs(300);

/// A run of the binary in preparation: `otklik(["analyse"]).input(…).run()`.
#[derive(Debug)]
pub struct Otklik {
    command: Command,
    input: Vec<u8>,
    holds_input: bool,
    /// Handed over on standard input in place of any.
    socket: Option<OwnedFd>,
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Ended {
    /// The exit code; `None` when it was killed.
    pub code: Option<i32>,
    /// The signal that killed it.
    pub signal: Option<i32>,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
    /// How long it took.
    pub took: Duration,
    /// The most memory it held at a time, in bytes, as last seen shortly before the end; 0 where the system does not tell.
    pub memory_peak: u64,
}

/// A run that is going on.
#[derive(Debug)]
pub struct Running {
    child: Child,
    began: Instant,
    /// Standard input, held open without anything in it.
    held: Option<ChildStdin>,
    output: Receiver<(String, String)>,
    threads: Vec<JoinHandle<()>>,
    said: Option<(String, String)>,
}

/// Prepares a run of the binary. Nothing of the caller's environment that changes what it does is passed on.
pub fn otklik<A: AsRef<OsStr>>(arguments: impl IntoIterator<Item = A>) -> Otklik {
    let mut command = Command::new(binary());
    command.args(arguments).env_remove("RUST_LOG").env_remove("RUST_BACKTRACE");
    Otklik { command, input: Vec::new(), holds_input: false, socket: None }
}

/// `OTKLIK_BIN`, or the binary built beside this test: `target/PROFILE/otklik`.
pub fn binary() -> PathBuf {
    if let Some(path) = std::env::var_os("OTKLIK_BIN") {
        return path.into();
    }
    let test = std::env::current_exe().expect("the test knows its own path");
    let profile = test.ancestors().nth(2).expect("tests lie in target/PROFILE/deps");
    let path = profile.join("otklik");
    assert!(path.exists(), "{} is not there: run `cargo build -p otklik` first, or set OTKLIK_BIN", path.display());
    path
}

impl Otklik {
    /// Hands it this on standard input; without it there is none.
    pub fn input(mut self, input: impl Into<Vec<u8>>) -> Self {
        self.input = input.into();
        self
    }

    /// Keeps standard input open with nothing in it until the end is waited for.
    pub fn holding_input(mut self) -> Self {
        self.holds_input = true;
        self
    }

    /// Adds an argument.
    pub fn arg(mut self, argument: impl AsRef<OsStr>) -> Self {
        self.command.arg(argument);
        self
    }

    /// Sets a variable of its environment.
    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// Runs it below a shell script, which starts it with `exec "$0" "$@"`.
    pub fn below_shell(self, script: &str) -> Self {
        let mut command = Command::new("sh");
        command.args(["-c", script]).arg(self.command.get_program()).args(self.command.get_args());
        for (name, value) in self.command.get_envs() {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        Self { command, ..self }
    }

    /// Hands a socket over to listen on, as a service manager does.
    pub fn with_socket(self, socket: &TcpListener) -> Self {
        let took = "exec 3<&0 0</dev/null; LISTEN_PID=$$ LISTEN_FDS=1 exec \"$0\" \"$@\"";
        let socket = socket.try_clone().expect("a socket can be handed over");
        Self { socket: Some(socket.into()), ..self.below_shell(took) }
    }

    /// Runs it to its end.
    pub fn run(self) -> Ended {
        self.start().end_within(LIMIT)
    }

    /// Starts it.
    pub fn start(mut self) -> Running {
        let began = Instant::now();
        let stdin = self.socket.take().map_or_else(Stdio::piped, Stdio::from);
        let command = self.command.stdin(stdin).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the binary starts");
        let (mut stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let held = if self.holds_input { stdin.take() } else { None };
        let input = self.input;
        let writer = thread::spawn(move || {
            // It may end before it has read everything: that is for the test to judge by what it said.
            drop(stdin.map(|mut stdin| stdin.write_all(&input)));
        });
        let (done, output) = mpsc::channel();
        let reader = thread::spawn(move || {
            let stderr = thread::spawn(move || read(stderr));
            let stdout = read(stdout);
            drop(done.send((stdout, stderr.join().expect("standard error is read"))));
        });
        Running { child, began, held, output, threads: vec![writer, reader], said: None }
    }
}

impl Running {
    /// Waits, at most so long, for its end; says whether it came. It has ended when it has closed its outputs.
    pub fn ends_within(&mut self, wait: Duration) -> bool {
        if self.said.is_none() {
            match self.output.recv_timeout(wait) {
                Ok(said) => self.said = Some(said),
                Err(RecvTimeoutError::Timeout) => return false,
                Err(RecvTimeoutError::Disconnected) => panic!("nobody reads what it says"),
            }
        }
        true
    }

    /// Sends it a signal by name, such as `STOP`; nothing when it has ended.
    pub fn signal(&self, name: &str) {
        let number = self.child.id().to_string();
        let told = Command::new("kill").args(["-s", name, &number]).stderr(Stdio::null()).status();
        told.expect("kill is a program");
    }

    /// The most memory it has held at a time, in bytes; `None` once it has ended, or where the system does not tell.
    pub fn memory_peak(&self) -> Option<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
        line.trim().strip_suffix(" kB")?.parse::<u64>().ok().map(|kilobytes| kilobytes << 10)
    }

    /// Kills it as `kill -9` does.
    pub fn kill(mut self) -> Ended {
        self.child.kill().expect("it can be killed");
        self.end_within(LIMIT)
    }

    /// Waits for its end, which must come within the limit from now on.
    pub fn end_within(mut self, limit: Duration) -> Ended {
        let asked = Instant::now();
        drop(self.held.take());
        let mut memory_peak = 0;
        while !self.ends_within(Duration::from_millis(50)) {
            memory_peak = self.memory_peak().unwrap_or(memory_peak);
            if asked.elapsed() > limit {
                self.child.kill().expect("it can be killed");
                self.ends_within(LIMIT);
                panic!("it goes on after {limit:?}; it said:\n{}", self.said.unwrap_or_default().1);
            }
        }
        let status = self.child.wait().expect("it ends");
        let took = self.began.elapsed();
        for thread in self.threads {
            thread.join().expect("its input and outputs are served");
        }
        let (stdout, stderr) = self.said.expect("it has ended");
        Ended { code: status.code(), signal: status.signal(), stdout, stderr, took, memory_peak }
    }
}

impl Ended {
    /// Checks the exit code, showing what it said when it is another.
    #[track_caller]
    pub fn with_code(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "stderr:\n{}stdout:\n{}", self.stderr, start_of(&self.stdout));
        self
    }

    /// Checks that standard error has each of these lines, or beginnings of lines.
    #[track_caller]
    pub fn says(self, lines: &[&str]) -> Self {
        for line in lines {
            assert!(self.stderr.lines().any(|said| said.starts_with(line)), "no {line:?} in:\n{}", self.stderr);
        }
        self
    }

    /// Checks that standard error holds this.
    #[track_caller]
    pub fn mentions(self, words: &str) -> Self {
        assert!(self.stderr.contains(words), "no {words:?} in:\n{}", self.stderr);
        self
    }

    /// The objects of standard output, a line each.
    #[track_caller]
    pub fn objects(&self) -> Vec<Value> {
        let object = |line: &str| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error} in {line}"));
        self.stdout.lines().map(object).collect()
    }

    /// The ids of the objects of standard output, in order.
    #[track_caller]
    pub fn ids(&self) -> Vec<String> {
        self.objects().iter().map(|object| object["id"].as_str().expect("an id").to_owned()).collect()
    }
}

fn read(stream: Option<impl Read>) -> String {
    let mut bytes = Vec::new();
    stream.expect("it is piped").read_to_end(&mut bytes).expect("what it says can be read");
    String::from_utf8(bytes).expect("what it says is UTF-8")
}

fn start_of(text: &str) -> String {
    text.chars().take(2_000).collect()
}
