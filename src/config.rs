//! Settings: built-in defaults < TOML file < environment.
