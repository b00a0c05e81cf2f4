//! Loops and their supervisor.
