//! What the kernel says of a process.

use std::time::Duration;

/// Memory that a process holds now, KiB.
pub fn rss_kib(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches("kB").trim().parse().unwrap()
}

pub fn parent_of(pid: u32) -> u32 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("PPid:")).unwrap();
    line.trim().parse().unwrap()
}

fn stat_of(pid: u32) -> Option<Vec<String>> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The second field is the name in brackets, with whatever spaces it likes.
    Some(stat.rsplit_once(") ")?.1.split(' ').map(str::to_owned).collect())
}

/// CPU time that a process has used. The kernel counts in hundredths of a second on every Linux that Rust runs on.
pub fn cpu_of(pid: u32) -> Duration {
    let Some(fields) = stat_of(pid) else { return Duration::ZERO };
    let ticks: u64 = [11, 12].iter().map(|index: &usize| fields[*index].parse::<u64>().unwrap()).sum();
    Duration::from_millis(ticks * 10)
}

/// CPU time of a process' living children: the backends of a PostgreSQL.
pub fn cpu_of_children(parent: u32) -> Duration {
    let processes = std::fs::read_dir("/proc").unwrap();
    processes
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<u32>().ok())
        .filter(|pid| stat_of(*pid).is_some_and(|fields| fields[1] == parent.to_string()))
        .map(cpu_of)
        .sum()
}
