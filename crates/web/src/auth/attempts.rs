//! Counts sign-ins that failed, so that passwords cannot be guessed by trying.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use jiff::Timestamp;

/// Failures count for so long.
const WINDOW_SECONDS: i64 = 15 * 60;
/// Logins and addresses remembered; the oldest go first.
const KEYS_MAX: usize = 10_000;

/// Attempts by login and by address. Kept in memory of this process.
#[derive(Debug, Default)]
pub(crate) struct Attempts(Mutex<HashMap<String, Window>>);

#[derive(Debug, Clone, Copy)]
struct Window {
    since: Timestamp,
    attempts: u32,
}

impl Attempts {
    /// Takes one of the attempts a key has; it counts before its end is known, so that many at once do not slip through.
    ///
    /// # Errors
    /// None are left: how long to wait.
    pub(crate) fn take(&self, key: &str, max: u32, now: Timestamp) -> Result<(), Duration> {
        let mut windows = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if windows.len() >= KEYS_MAX && !windows.contains_key(key) {
            make_room(&mut windows, now);
        }
        let window = windows.entry(key.to_owned()).or_insert(Window { since: now, attempts: 0 });
        let left = WINDOW_SECONDS - now.duration_since(window.since).as_secs();
        if left <= 0 {
            *window = Window { since: now, attempts: 0 };
        }
        if window.attempts >= max {
            return Err(Duration::from_secs(left.clamp(1, WINDOW_SECONDS).unsigned_abs()));
        }
        window.attempts += 1;
        Ok(())
    }

    /// Gives an attempt back: it was not a failure.
    pub(crate) fn give_back(&self, key: &str) {
        let mut windows = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(window) = windows.get_mut(key) {
            window.attempts = window.attempts.saturating_sub(1);
        }
    }
}

fn make_room(windows: &mut HashMap<String, Window>, now: Timestamp) {
    windows.retain(|_, window| now.duration_since(window.since).as_secs() < WINDOW_SECONDS);
    if windows.len() >= KEYS_MAX
        && let Some(oldest) = windows.iter().min_by_key(|(_, window)| window.since).map(|(key, _)| key.clone())
    {
        windows.remove(&oldest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_second(1_700_000_000 + minute * 60).unwrap()
    }

    #[test]
    fn waits_after_too_many_failures() {
        let attempts = Attempts::default();
        for _ in 0..3 {
            attempts.take("ivanova", 3, at(0)).unwrap();
        }
        assert_eq!(attempts.take("ivanova", 3, at(5)), Err(Duration::from_secs(600)));
        attempts.take("petrov", 3, at(5)).unwrap();
        attempts.take("ivanova", 3, at(15)).unwrap();
    }

    #[test]
    fn success_is_not_counted() {
        let attempts = Attempts::default();
        for _ in 0..100 {
            attempts.take("ivanova", 1, at(0)).unwrap();
            attempts.give_back("ivanova");
        }
    }

    #[test]
    fn memory_is_bounded() {
        let attempts = Attempts::default();
        for number in 0..KEYS_MAX + 100 {
            attempts.take(&number.to_string(), 1, at(0)).unwrap();
        }
        assert_eq!(attempts.0.lock().unwrap().len(), KEYS_MAX);
    }
}
