//! What a check says: one line each, for people or as JSON.

use serde::Serialize;
use std::process::ExitCode;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Level {
    Ok,
    Warn,
    Fail,
}

#[derive(Debug, Serialize)]
struct Line {
    level: Level,
    what: String,
    detail: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    remedy: Option<String>,
}

/// How findings are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Each line as soon as it is known.
    Lines,
    /// One JSON document at the end.
    Json,
}

pub struct Findings {
    form: Form,
    lines: Vec<Line>,
}

impl Findings {
    pub const fn new(form: Form) -> Self {
        Self { form, lines: Vec::new() }
    }

    pub fn ok(&mut self, what: &str, detail: &str) {
        self.add(Level::Ok, what, detail, None);
    }

    pub fn warn(&mut self, what: &str, detail: &str) {
        self.add(Level::Warn, what, detail, None);
    }

    pub fn fail(&mut self, what: &str, detail: &str) {
        self.add(Level::Fail, what, detail, None);
    }

    /// A warning with its remedy.
    pub fn care(&mut self, what: &str, detail: &str, remedy: &str) {
        self.add(Level::Warn, what, detail, Some(remedy.to_owned()));
    }

    /// A failure with its remedy.
    pub fn mend(&mut self, what: &str, detail: &str, remedy: &str) {
        self.add(Level::Fail, what, detail, Some(remedy.to_owned()));
    }

    pub fn note<T>(
        &mut self,
        what: &str,
        result: anyhow::Result<T>,
        detail: impl FnOnce(&T) -> String,
    ) -> Option<T> {
        match result {
            Ok(value) => {
                self.ok(what, &detail(&value));
                Some(value)
            }
            Err(error) => {
                self.fail(what, &format!("{error:#}"));
                None
            }
        }
    }

    /// The last word, and the code for scripts: 1 when something is to be mended.
    pub fn finish(self) -> anyhow::Result<ExitCode> {
        let failed = self.lines.iter().filter(|line| line.level == Level::Fail).count();
        match self.form {
            Form::Json => println!("{}", serde_json::to_string_pretty(&self.lines)?),
            Form::Lines if failed == 0 => println!("\nready to serve"),
            Form::Lines => println!("\n{failed} problem(s) to mend"),
        }
        Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }

    fn add(&mut self, level: Level, what: &str, detail: &str, remedy: Option<String>) {
        if self.form == Form::Lines {
            let word = match level {
                Level::Ok => "ok  ",
                Level::Warn => "warn",
                Level::Fail => "FAIL",
            };
            let remedy = remedy.as_ref().map_or_else(String::new, |remedy| format!("; {remedy}"));
            println!("{word}  {what}: {detail}{remedy}");
        }
        self.lines.push(Line { level, what: what.to_owned(), detail: detail.to_owned(), remedy });
    }
}
