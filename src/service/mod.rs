//! The use cases, one per file, over the ports.
