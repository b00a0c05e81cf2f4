//! The table, and in words what it counts against us.

use crate::verdict::Verdict;
use std::time::Duration;

/// Prints it; true when nothing was lost, doubled or out of order.
pub fn print(verdicts: &[(&'static str, Verdict)]) -> bool {
    println!(
        "\n{:<20} {:>12} {:>8} {:>5} {:>7} {:>12} {:>10} {:>8} {:>7} {:>7} {:>5} {:>12} {:>12}",
        "fault",
        "acknowledged",
        "answered",
        "lost",
        "doubled",
        "out of order",
        "agreements",
        "in doubt",
        "proved",
        "ran out",
        "open",
        "first answer",
        "longest wait",
    );
    for (name, verdict) in verdicts {
        let doubts = &verdict.doubts;
        println!(
            "{name:<20} {:>12} {:>8} {:>5} {:>7} {:>12} {:>10} {:>8} {:>7} {:>7} {:>5} {:>12} {:>12}",
            verdict.acknowledged,
            verdict.answered,
            verdict.lost,
            verdict.doubled,
            verdict.disordered,
            verdict.agreements,
            doubts.proved + doubts.ran_out + doubts.open,
            doubts.proved,
            doubts.ran_out,
            doubts.open,
            seconds(verdict.first_answer),
            seconds(verdict.longest_wait),
        );
    }
    for (name, verdict) in verdicts {
        if verdict.asked_again > 0 {
            println!("{name}: {} times a yes was asked for again", verdict.asked_again);
        }
        if verdict.doubts.twice > 0 {
            println!("{name}: {} public messages in doubt came twice", verdict.doubts.twice);
        }
        if !verdict.note.is_empty() {
            println!("{name}: {}", verdict.note);
        }
        for finding in &verdict.findings {
            println!("{name}: AGAINST US: {finding}");
        }
    }
    verdicts.iter().all(|(_, verdict)| verdict.holds())
}

fn seconds(time: Option<Duration>) -> String {
    time.map_or_else(|| "-".to_owned(), |time| format!("{:.1} s", time.as_secs_f64()))
}
