//! One process serves an SQLite file. The operating system's lock on a file beside it says which one, and goes with
//! that process however it ends. What is written in the file goes only when it ends as it should: who finds it there
//! knows that the last one did not.

use crate::ports::StoreError;
use crate::store::error::failed;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// The right to serve a database file, until it is dropped or the process ends.
#[derive(Debug)]
pub(in crate::store) struct Owner {
    locked: File,
    /// The process that served before was killed, or the machine went down.
    after_a_crash: bool,
}

impl Drop for Owner {
    fn drop(&mut self) {
        // If it stays, the next start looks through the file once more than it need.
        let _ = self.locked.set_len(0);
    }
}

impl Owner {
    /// Takes the lock beside an existing database file.
    ///
    /// # Errors
    ///
    /// `Failed` when another live process serves the file, with its process id where the system lets us read it.
    pub fn take(database: &Path) -> Result<Self, StoreError> {
        let path = lock_path(database);
        let told = |error: std::io::Error| {
            failed(format!("the lock file {} cannot be used ({})", path.display(), error.kind()))
        };
        let mut file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .mode(0o600)
            .open(&path)
            .map_err(told)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(served(&mut file)),
            Err(TryLockError::Error(error)) => return Err(told(error)),
        }
        let after_a_crash = file.metadata().map_err(told)?.len() > 0;
        // For the message above and for the next owner; the lock itself is what counts.
        file.set_len(0).map_err(told)?;
        write!(file, "{}", std::process::id()).map_err(told)?;
        Ok(Self { locked: file, after_a_crash })
    }

    pub const fn after_a_crash(&self) -> bool {
        self.after_a_crash
    }
}

/// Two names of one file have one lock.
fn lock_path(database: &Path) -> PathBuf {
    let mut path = database.canonicalize().unwrap_or_else(|_| database.to_owned()).into_os_string();
    path.push(".lock");
    path.into()
}

fn served(file: &mut File) -> StoreError {
    let mut text = String::new();
    let read = file.take(20).read_to_string(&mut text);
    let who = match text.trim() {
        id if read.is_ok() && !id.is_empty() => format!("process {id}"),
        _ => "another process".to_owned(),
    };
    failed(format!(
        "{who} serves this SQLite file already, and one process must have it for itself: stop that one first, or \
         use PostgreSQL for several"
    ))
}
