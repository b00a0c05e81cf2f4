//! What must be set.

use std::fmt;

/// A setting that has no default and is not set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Missing {
    pub variable: &'static str,
    pub remedy: &'static str,
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is not set: {}", self.variable, self.remedy)
    }
}
