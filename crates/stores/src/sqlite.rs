//! Incidents in SQLite.
