//! Durable storage: SQLite and PostgreSQL behind the same verbs.
