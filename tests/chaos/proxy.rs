//! A link that can be cut, held up and slowed: a proxy on loopback between the processes and a server.

use std::{
    io::{self, Read, Write},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    os::unix::net::UnixStream,
    path::PathBuf,
    sync::{
        Arc, Condvar, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

/// Bytes carried over in one go, and on a slow link each time it lets some through.
const CHUNK: usize = 16 << 10;
/// Wait of a slow link between two chunks: 1.6 MB a second.
const SLOW: Duration = Duration::from_millis(10);

/// What is behind the link.
#[derive(Debug, Clone)]
pub(crate) enum Upstream {
    Tcp(SocketAddr),
    Unix(PathBuf),
}

/// How the link is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    Open,
    /// Nothing gets through, and nobody is told.
    HeldUp,
    Slow,
}

/// The link.
pub(crate) struct Proxy {
    pub(crate) address: SocketAddr,
    link: Arc<Link>,
}

struct Link {
    upstream: Upstream,
    mode: Mutex<Mode>,
    changed: Condvar,
    open: Mutex<Vec<Connection>>,
}

/// Ends both sides of a connection.
type Ender = Box<dyn Fn() + Send>;

struct Connection {
    end: Ender,
    is_over: Arc<AtomicBool>,
}

/// One side of a connection.
struct Side {
    read: Box<dyn Read + Send>,
    write: Box<dyn Write + Send>,
    end: Ender,
}

impl Proxy {
    pub(crate) fn start(upstream: Upstream) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (mode, changed, open) = (Mutex::new(Mode::Open), Condvar::new(), Mutex::default());
        let link = Arc::new(Link { upstream, mode, changed, open });
        let own = Arc::clone(&link);
        // Ends with the process: it has nothing to lose.
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let link = Arc::clone(&own);
                thread::spawn(move || link.carry(client));
            }
        });
        Self { address, link }
    }

    pub(crate) fn set(&self, mode: Mode) {
        *self.link.mode.lock().unwrap() = mode;
        self.link.changed.notify_all();
    }

    /// Ends all connections at once.
    pub(crate) fn cut(&self) {
        for connection in self.link.open.lock().unwrap().drain(..) {
            connection.is_over.store(true, Ordering::SeqCst);
            (connection.end)();
        }
        self.link.changed.notify_all();
    }
}

impl Link {
    /// Carries a connection over until either side ends it.
    fn carry(self: Arc<Self>, client: TcpStream) {
        // A server that is down: the client sees its connection end.
        let (Ok(server), Ok(client)) = (connect(&self.upstream), side_of_tcp(client)) else { return };
        let is_over = Arc::new(AtomicBool::new(false));
        let (end_client, end_server) = (client.end, server.end);
        let end: Ender = Box::new(move || {
            end_client();
            end_server();
        });
        {
            let mut open = self.open.lock().unwrap();
            open.retain(|connection| !connection.is_over.load(Ordering::SeqCst));
            open.push(Connection { end, is_over: Arc::clone(&is_over) });
        }
        let (link, over) = (Arc::clone(&self), Arc::clone(&is_over));
        let back = thread::spawn(move || link.copy(server.read, client.write, &over));
        self.copy(client.read, server.write, &is_over);
        back.join().unwrap();
    }

    fn copy(&self, mut from: Box<dyn Read + Send>, mut to: Box<dyn Write + Send>, is_over: &AtomicBool) {
        let mut chunk = vec![0; CHUNK];
        loop {
            let read = from.read(&mut chunk).unwrap_or(0);
            self.wait(is_over);
            if read == 0 || to.write_all(&chunk[..read]).is_err() {
                break;
            }
        }
        // One side is done, so both are: nobody here half closes.
        is_over.store(true, Ordering::SeqCst);
        let mut open = self.open.lock().unwrap();
        open.iter().filter(|connection| connection.is_over.load(Ordering::SeqCst)).for_each(|done| (done.end)());
        open.retain(|connection| !connection.is_over.load(Ordering::SeqCst));
        drop(open);
        self.changed.notify_all();
    }

    /// Waits as long as the link is held up, or as a slow one lets one wait.
    fn wait(&self, is_over: &AtomicBool) {
        let mode = self.mode.lock().unwrap();
        match *mode {
            Mode::Open => {}
            Mode::Slow => drop(self.changed.wait_timeout(mode, SLOW)),
            Mode::HeldUp => {
                let held = |mode: &mut Mode| *mode == Mode::HeldUp && !is_over.load(Ordering::SeqCst);
                drop(self.changed.wait_while(mode, held));
            }
        }
    }
}

fn connect(upstream: &Upstream) -> io::Result<Side> {
    match upstream {
        Upstream::Tcp(address) => side_of_tcp(TcpStream::connect(address)?),
        Upstream::Unix(path) => {
            let stream = UnixStream::connect(path)?;
            let (read, write) = (stream.try_clone()?, stream.try_clone()?);
            let end = Box::new(move || drop(stream.shutdown(Shutdown::Both)));
            Ok(Side { read: Box::new(read), write: Box::new(write), end })
        }
    }
}

fn side_of_tcp(stream: TcpStream) -> io::Result<Side> {
    stream.set_nodelay(true)?;
    let (read, write) = (stream.try_clone()?, stream.try_clone()?);
    let end = Box::new(move || drop(stream.shutdown(Shutdown::Both)));
    Ok(Side { read: Box::new(read), write: Box::new(write), end })
}
