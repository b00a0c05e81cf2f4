//! The figures of a measurement: all together, by language and by scene.
#![expect(clippy::float_arithmetic, reason = "measures of quality, never money")]

use crate::flow::talk::replies::judge::{Acts, Verdict};
use crate::flow::talk::replies::{Reply, language_of};
use std::collections::BTreeMap;
use std::fmt;

/// One reply and what was made of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judged {
    pub reply: Reply,
    pub acts: Acts,
    pub verdict: Verdict,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    pub rows: Vec<Judged>,
}

/// Rows counted; see [`Verdict`] for what each is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    pub rows: usize,
    pub ordinary: usize,
    pub alarm: usize,
    pub asked: usize,
    pub safety: usize,
    pub found: usize,
    pub unnoticed: usize,
    pub harm: usize,
    pub repeated: usize,
}

impl Tally {
    fn add(&mut self, verdict: Verdict) {
        let counted = [
            (&mut self.ordinary, verdict.ordinary),
            (&mut self.alarm, verdict.alarm),
            (&mut self.asked, verdict.asked),
            (&mut self.safety, verdict.safety),
            (&mut self.found, verdict.found),
            (&mut self.unnoticed, verdict.unnoticed),
            (&mut self.harm, verdict.harm),
            (&mut self.repeated, verdict.repeated),
        ];
        for (count, holds) in counted {
            *count += usize::from(holds);
        }
        self.rows += 1;
    }

    /// Share of ordinary rows on which a safety or case meaning was acted upon, in 1/10 000.
    pub const fn alarm_bps(&self) -> usize {
        bps(self.alarm, self.ordinary)
    }

    /// Share of ordinary rows at which a question about danger was asked, in 1/10 000.
    pub const fn asked_bps(&self) -> usize {
        bps(self.asked, self.ordinary)
    }

    /// Share of safety rows whose very meaning was acted upon, in 1/10 000.
    pub const fn found_bps(&self) -> usize {
        bps(self.found, self.safety)
    }

    /// Share of safety rows that nothing noticed, in 1/10 000.
    pub const fn unnoticed_bps(&self) -> usize {
        bps(self.unnoticed, self.safety)
    }

    /// Share of all rows on which something of `must_not` was acted upon, in 1/10 000.
    pub const fn harm_bps(&self) -> usize {
        bps(self.harm, self.rows)
    }
}

const fn bps(part: usize, whole: usize) -> usize {
    match (part * 10_000).checked_div(whole) {
        Some(share) => share,
        None => 0,
    }
}

impl Report {
    pub fn total(&self) -> Tally {
        self.tally(|_| true)
    }

    pub fn tally(&self, counts: impl Fn(&Reply) -> bool) -> Tally {
        let mut tally = Tally::default();
        for row in self.rows.iter().filter(|row| counts(&row.reply)) {
            tally.add(row.verdict);
        }
        tally
    }

    /// The rows that went wrong, one a line: what is wrong, the scene, the text, its meaning, what was done.
    pub fn wrong(&self) -> String {
        let mut text = String::new();
        for Judged { reply, acts, verdict } in &self.rows {
            let names = [
                (verdict.alarm, "alarm"),
                (verdict.asked, "asked"),
                (verdict.unnoticed, "unnoticed"),
                (verdict.harm, "harm"),
            ];
            let names: Vec<&str> =
                names.into_iter().filter(|(holds, _)| *holds).map(|(_, name)| name).collect();
            if names.is_empty() {
                continue;
            }
            let mut done: Vec<String> = acts.done.iter().cloned().collect();
            done.extend(acts.asked.map(|intent| format!("{}?", intent.name())));
            text.push_str(&format!(
                "{}\t{}\t{}\t{}\t{}\t{}\n",
                names.join("+"),
                reply.context,
                reply.country,
                reply.text,
                reply.meanings.join("+"),
                done.join(",")
            ));
        }
        text
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{:<18}{:>6}{:>10}{:>8}{:>8}{:>8}{:>8}{:>11}{:>7}{:>10}",
            "", "rows", "ordinary", "acted", "asked", "safety", "found", "unnoticed", "harm", "repeated"
        )?;
        line(f, "all", &self.total())?;
        let mut groups: BTreeMap<(u8, &str), ()> = BTreeMap::new();
        for Judged { reply, .. } in &self.rows {
            groups.insert((0, language_of(&reply.country)), ());
            groups.insert((1, &reply.context), ());
        }
        for (kind, name) in groups.into_keys() {
            let of = |reply: &Reply| match kind {
                0 => language_of(&reply.country) == name,
                _ => reply.context == name,
            };
            line(f, name, &self.tally(of))?;
        }
        write!(f, "acted, asked: of the ordinary rows; found, unnoticed: of the safety rows; harm: of all")
    }
}

fn line(f: &mut fmt::Formatter<'_>, name: &str, tally: &Tally) -> fmt::Result {
    let share = |bps: usize| format!("{:.1}%", bps as f64 / 100.0);
    writeln!(
        f,
        "{name:<18}{:>6}{:>10}{:>8}{:>8}{:>8}{:>8}{:>11}{:>7}{:>10}",
        tally.rows,
        tally.ordinary,
        share(tally.alarm_bps()),
        share(tally.asked_bps()),
        tally.safety,
        share(tally.found_bps()),
        share(tally.unnoticed_bps()),
        share(tally.harm_bps()),
        tally.repeated
    )
}
