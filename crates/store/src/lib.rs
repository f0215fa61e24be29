//! Appends events and reads them back, on SQLite or PostgreSQL.
