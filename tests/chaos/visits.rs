//! Somebody who looks at the desk all the time.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
};

use otklik_tests::{Client, search};

/// Visits under way.
pub(crate) struct Visits {
    is_over: Arc<AtomicBool>,
    visitor: JoinHandle<(u32, Vec<String>)>,
}

impl Visits {
    /// Begins to look, one request after the other.
    pub(crate) fn begin(client: Client) -> Self {
        let is_over = Arc::new(AtomicBool::new(false));
        let over = Arc::clone(&is_over);
        let visitor = thread::spawn(move || {
            let paths = ["/api/v1/incidents?limit=5".to_owned(), search("вода"), "/api/v1/events?limit=5".to_owned()];
            let (mut visits, mut failed) = (0, Vec::new());
            for path in paths.iter().cycle() {
                match client.ask("GET", path, "") {
                    Some((200, _)) => {}
                    other => failed.push(format!("{path}: {other:?}")),
                }
                visits += 1;
                if over.load(Ordering::SeqCst) {
                    break;
                }
            }
            (visits, failed)
        });
        Self { is_over, visitor }
    }

    /// Ends them; gives their number and what went wrong.
    pub(crate) fn end(self) -> (u32, Vec<String>) {
        self.is_over.store(true, Ordering::SeqCst);
        self.visitor.join().unwrap()
    }
}
