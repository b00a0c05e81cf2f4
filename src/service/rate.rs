//! How fast one phone number of ours may send: learnt from what the Graph API takes and refuses.
//!
//! A token bucket, a window of requests on their way, and a rate that sinks at a refusal and grows while there is none;
//! so several processes, which know nothing of each other, come to share what Meta allows their number. Pure.

use crate::domain::time::{Millis, Timestamp};
use std::collections::{BTreeMap, VecDeque};

/// Requests that are on their way at once at least, however slow the number is.
const WINDOW_MIN: u32 = 4;
/// The time of a request until the first one was answered.
const RTT_UNKNOWN: Millis = Millis(100);
/// A request that takes longer than four round trips hangs, and holds up nobody else: not before the first of these, and
/// always after the second, since requests that were answered late make round trips look long.
const HANGING_MIN: Millis = Millis(500);
const HANGING_MAX: Millis = Millis::seconds(10);
/// Connections may have been closed when nothing was answered for so long: the next requests open them few by few.
const COLD_AFTER: Millis = Millis::seconds(25);
/// Of the highest rate, added in the first quiet second after a cut; twice as much in each one that follows.
const GROWTH_PERCENT: i64 = 3;
/// The most that is added in one second.
const GROWTH_MAX_PERCENT: i64 = 25;
/// A number that is refused again and again still tries this part of its highest rate, and never less than one a second.
const LEAST_PART: i64 = 40;
const SECOND: Millis = Millis::seconds(1);

/// What became of a request that was answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Landing {
    Taken,
    /// The number sends too fast; nothing of it for so long at least, which may be nothing.
    Throttled {
        wait: Millis,
    },
}

/// The rate of one number. Rates and tokens are thousandths of messages, so that slow ones do not round to nothing.
#[derive(Debug)]
pub struct Rate {
    cap: i64,
    rate: i64,
    tokens: i64,
    /// When the tokens were counted.
    at: Timestamp,
    /// Since when the bucket has never been full: there was more to send than could be.
    busy_since: Timestamp,
    paused_until: Timestamp,
    /// Refusals of what left before this belong to the last cut.
    cut_at: Timestamp,
    /// When the rate grew last, or the pause after the last refusal ended.
    grown_at: Timestamp,
    growth: i64,
    rtt: Option<Millis>,
    /// Places given to messages that are not on their way yet.
    reserved: u32,
    flights: BTreeMap<u64, Timestamp>,
    n_flights: u64,
    /// Requests that may be on their way at once for the sake of connections that stand: each answer opens one more.
    opened: u32,
    answered_at: Timestamp,
    /// What was taken within the last second, one entry for each millisecond.
    taken: VecDeque<(Timestamp, u32)>,
}

impl Rate {
    /// At `per_second` messages a second, which is also the most that it ever grows to.
    pub fn new(per_second: u32, now: Timestamp) -> Self {
        let cap = i64::from(per_second.max(1)) * 1_000;
        Self {
            cap,
            rate: cap,
            tokens: burst(cap),
            at: now,
            busy_since: now,
            paused_until: Timestamp(0),
            cut_at: Timestamp(i64::MIN),
            grown_at: now,
            growth: cap * GROWTH_PERCENT / 100,
            rtt: None,
            reserved: 0,
            flights: BTreeMap::new(),
            n_flights: 0,
            opened: WINDOW_MIN,
            answered_at: now,
            taken: VecDeque::new(),
        }
    }

    /// Messages that may be claimed now.
    pub fn room(&mut self, now: Timestamp) -> u32 {
        self.advance(now);
        if self.paused_until > now {
            return 0;
        }
        let tokens = u32::try_from(self.tokens / 1_000).unwrap_or(u32::MAX);
        let on_their_way = self.reserved.saturating_add(self.n_young(now));
        tokens.min(self.window().saturating_sub(on_their_way))
    }

    /// When there may be room again, where there is none now.
    pub fn next_room(&mut self, now: Timestamp) -> Option<Timestamp> {
        if self.room(now) > 0 {
            return None;
        }
        if self.paused_until > now {
            return Some(self.paused_until);
        }
        let missing = 1_000 - self.tokens;
        let wait = if missing > 0 { (missing * 1_000 + self.rate - 1) / self.rate } else { self.rtt().0 / 2 };
        Some(now.plus(Millis(wait.max(1))))
    }

    /// Takes the tokens of up to `most` messages, and places for them; returns of how many.
    pub fn reserve(&mut self, most: u32, now: Timestamp) -> u32 {
        let taken = self.room(now).min(most);
        self.tokens -= i64::from(taken) * 1_000;
        self.reserved += taken;
        taken
    }

    /// A message whose place was reserved does not leave now.
    pub fn give_back(&mut self) {
        self.reserved = self.reserved.saturating_sub(1);
        self.tokens = (self.tokens + 1_000).min(burst(self.rate));
    }

    /// A message whose place was reserved leaves now; returns its flight.
    pub fn begin(&mut self, now: Timestamp) -> u64 {
        self.reserved = self.reserved.saturating_sub(1);
        self.n_flights += 1;
        self.flights.insert(self.n_flights, now);
        self.n_flights
    }

    /// A request ended without an answer that says anything of the number.
    pub fn lost(&mut self, flight: u64) {
        self.flights.remove(&flight);
    }

    pub fn landed(&mut self, flight: u64, landing: Landing, now: Timestamp) {
        let Some(begun_at) = self.flights.remove(&flight) else { return };
        self.advance(now);
        match landing {
            Landing::Taken => {
                self.measure(now.since(begun_at));
                self.opened = self.opened.saturating_add(1);
                self.answered_at = now;
                match self.taken.back_mut() {
                    Some((at, n)) if *at == now => *n += 1,
                    Some(_) | None => self.taken.push_back((now, 1)),
                }
            }
            Landing::Throttled { wait } => self.throttled(begun_at, wait, now),
        }
    }

    /// Whether the number sends as fast as it ever may, so that there is room for what is only polite.
    pub fn is_unhindered(&mut self, now: Timestamp) -> bool {
        self.advance(now);
        self.rate >= self.cap && self.paused_until <= now
    }

    /// At most one cut for all that flew together.
    fn throttled(&mut self, begun_at: Timestamp, wait: Millis, now: Timestamp) {
        let wait = wait.max(self.rtt());
        self.paused_until = self.paused_until.max(now.plus(wait));
        // A second in which nothing may leave is not quiet.
        self.grown_at = self.paused_until;
        if begun_at <= self.cut_at {
            return;
        }
        let gentle = self.rate * 9 / 10;
        // What was taken says nothing when there was less to send than could be.
        let known = now.since(self.busy_since) >= SECOND;
        let proved = i64::from(self.n_taken(now)) * 950;
        let least = (self.cap / LEAST_PART).max(1_000);
        self.rate = if known { gentle.min(proved) } else { gentle }.max(least);
        self.growth = self.cap * GROWTH_PERCENT / 100;
        self.tokens = 0;
        self.cut_at = now;
    }

    /// Brings tokens and rate up to `now`.
    fn advance(&mut self, now: Timestamp) {
        let since = now.since(self.at).0;
        if since > 0 {
            self.tokens = self.tokens.saturating_add(self.rate.saturating_mul(since) / 1_000);
            self.at = now;
        }
        if self.tokens >= burst(self.rate) {
            self.tokens = burst(self.rate);
            self.busy_since = now;
        }
        while self.rate < self.cap && now.since(self.grown_at) >= SECOND {
            self.grown_at = self.grown_at.plus(SECOND);
            self.rate = (self.rate + self.growth).min(self.cap);
            self.growth = (self.growth * 2).min(self.cap * GROWTH_MAX_PERCENT / 100);
        }
        if now.since(self.answered_at) >= COLD_AFTER {
            self.opened = WINDOW_MIN;
        }
    }

    /// Twice what is on its way when all goes well.
    fn window(&self) -> u32 {
        let twice = 2_i64.saturating_mul(self.rate).saturating_mul(self.rtt().0) / 1_000_000;
        let window = u32::try_from(twice).unwrap_or(u32::MAX).max(WINDOW_MIN);
        window.min(self.opened)
    }

    fn n_young(&self, now: Timestamp) -> u32 {
        let hanging = Millis(self.rtt().0.saturating_mul(4)).clamp(HANGING_MIN, HANGING_MAX);
        let young =
            self.flights.values().rev().take_while(|begun_at| now.since(**begun_at) < hanging).count();
        u32::try_from(young).unwrap_or(u32::MAX)
    }

    fn n_taken(&mut self, now: Timestamp) -> u32 {
        while self.taken.front().is_some_and(|(at, _)| now.since(*at) >= SECOND) {
            self.taken.pop_front();
        }
        self.taken.iter().map(|(_, n)| n).sum()
    }

    fn rtt(&self) -> Millis {
        self.rtt.unwrap_or(RTT_UNKNOWN)
    }

    fn measure(&mut self, sample: Millis) {
        let sample = Millis(sample.0.max(1));
        self.rtt = Some(self.rtt.map_or(sample, |rtt| Millis((rtt.0 * 7 + sample.0 + 4) / 8)));
    }
}

/// A tenth of a second's messages, and never less than one.
fn burst(rate: i64) -> i64 {
    (rate / 10).max(1_000)
}

#[cfg(test)]
mod tests {
    use super::{Landing, Rate, WINDOW_MIN};
    use crate::domain::time::{Millis, Timestamp};
    use proptest::prelude::*;

    const CAP: u32 = 80;
    /// How often a process looks whether there is room, milliseconds.
    const LOOKS_MS: i64 = 10;

    /// What the Graph API takes of one number: a bucket like ours, which nobody tells us of.
    struct Graph {
        per_second: i64,
        burst: i64,
        tokens: i64,
        n_taken: u32,
        n_refused: u32,
    }

    impl Graph {
        fn new(per_second: i64, burst: i64) -> Self {
            Self { per_second, burst: burst * 1_000, tokens: burst * 1_000, n_taken: 0, n_refused: 0 }
        }

        fn ms_passes(&mut self) {
            self.tokens = (self.tokens + self.per_second).min(self.burst);
        }

        fn takes(&mut self) -> bool {
            let takes = self.tokens >= 1_000;
            if takes {
                self.tokens -= 1_000;
                self.n_taken += 1;
            } else {
                self.n_refused += 1;
            }
            takes
        }
    }

    /// Processes that always have more to send, on one number, each `rtt_ms` away from the Graph API.
    struct World {
        now: i64,
        rtt_ms: i64,
        graph: Graph,
        processes: Vec<Rate>,
        /// When each request is answered, by which process it was sent, its flight, and what the answer is.
        answers: Vec<(i64, usize, u64, bool)>,
    }

    impl World {
        fn new(n_processes: usize, rtt_ms: i64, graph: Graph) -> Self {
            let processes = (0..n_processes).map(|_| Rate::new(CAP, Timestamp(0))).collect();
            Self { now: 0, rtt_ms, graph, processes, answers: Vec::new() }
        }

        fn run(&mut self, ms: i64) -> u32 {
            let before = self.graph.n_taken;
            for _ in 0..ms {
                self.now += 1;
                let now = Timestamp(self.now);
                self.graph.ms_passes();
                let (due, later) =
                    std::mem::take(&mut self.answers).into_iter().partition(|a| a.0 <= self.now);
                self.answers = later;
                let due: Vec<(i64, usize, u64, bool)> = due;
                for (_, process, flight, taken) in due {
                    let landing = if taken { Landing::Taken } else { Landing::Throttled { wait: Millis(0) } };
                    self.processes[process].landed(flight, landing, now);
                }
                for process in 0..self.processes.len() {
                    // Not all at once.
                    if (self.now + i64::try_from(process).unwrap() * 3) % LOOKS_MS != 0 {
                        continue;
                    }
                    for _ in 0..self.processes[process].reserve(64, now) {
                        let flight = self.processes[process].begin(now);
                        let taken = self.graph.takes();
                        self.answers.push((self.now + self.rtt_ms, process, flight, taken));
                    }
                }
            }
            self.graph.n_taken - before
        }
    }

    fn at_least_nine_tenths(taken: u32, per_second: i64, seconds: i64) {
        let possible = per_second * seconds;
        assert!(i64::from(taken) * 10 >= possible * 9, "{taken} of {possible}");
    }

    #[test]
    fn what_the_graph_api_takes_is_used_within_ten_seconds_of_a_change() {
        for (n_processes, rtt_ms, burst) in [(1, 80, 5), (2, 80, 5), (1, 80, 80), (3, 150, 50), (2, 1, 5)] {
            let mut world = World::new(n_processes, rtt_ms, Graph::new(50, burst));
            world.run(10_000);
            at_least_nine_tenths(world.run(20_000), 50, 20);
            for per_second in [10, 80, 25, 70] {
                world.graph.per_second = per_second;
                world.run(10_000);
                at_least_nine_tenths(world.run(20_000), per_second, 20);
            }
        }
    }

    #[test]
    fn few_are_refused() {
        let mut world = World::new(1, 80, Graph::new(50, 5));
        world.run(60_000);
        let (taken, refused) = (world.graph.n_taken, world.graph.n_refused);
        assert!(refused * 10 < taken, "{refused} refused, {taken} taken");
    }

    #[test]
    fn two_processes_share() {
        let mut world = World::new(2, 80, Graph::new(50, 5));
        world.run(30_000);
        let mut shares = [0_u32; 2];
        for _ in 0..30_000 {
            let before: Vec<u64> = world.processes.iter().map(|rate| rate.n_flights).collect();
            world.run(1);
            for (share, (rate, before)) in shares.iter_mut().zip(world.processes.iter().zip(before)) {
                *share += u32::try_from(rate.n_flights - before).unwrap();
            }
        }
        let (least, most) = (shares[0].min(shares[1]), shares[0].max(shares[1]));
        assert!(least * 4 > most, "{shares:?}");
    }

    #[test]
    fn a_wait_that_is_asked_for_is_kept() {
        let mut rate = Rate::new(CAP, Timestamp(0));
        assert_eq!(rate.reserve(1, Timestamp(0)), 1);
        let flight = rate.begin(Timestamp(0));
        rate.landed(flight, Landing::Throttled { wait: Millis::seconds(7) }, Timestamp(80));
        assert_eq!(rate.room(Timestamp(7_079)), 0);
        assert_eq!(rate.next_room(Timestamp(100)), Some(Timestamp(7_080)));
        assert!(rate.room(Timestamp(7_080)) > 0);
        assert!(!rate.is_unhindered(Timestamp(7_080)));
    }

    #[test]
    fn what_flew_together_is_one_cut() {
        let mut rate = Rate::new(CAP, Timestamp(0));
        let n = rate.reserve(64, Timestamp(0));
        assert_eq!(n, WINDOW_MIN, "connections are opened few by few");
        let flights: Vec<u64> = (0..n).map(|_| rate.begin(Timestamp(0))).collect();
        for flight in flights {
            rate.landed(flight, Landing::Throttled { wait: Millis(0) }, Timestamp(80));
        }
        assert_eq!(rate.rate, 72_000);
    }

    #[test]
    fn requests_that_hang_hold_up_nobody_else() {
        let mut rate = Rate::new(CAP, Timestamp(0));
        for _ in 0..rate.reserve(64, Timestamp(0)) {
            rate.begin(Timestamp(0));
        }
        assert_eq!(rate.room(Timestamp(499)), 0);
        assert_eq!(rate.room(Timestamp(500)), WINDOW_MIN);
    }

    #[test]
    fn late_answers_do_not_let_requests_that_hang_hold_up_others_for_long() {
        let mut rate = Rate::new(CAP, Timestamp(0));
        assert_eq!(rate.reserve(1, Timestamp(0)), 1);
        let late = rate.begin(Timestamp(0));
        rate.landed(late, Landing::Taken, Timestamp(19_000));
        for _ in 0..rate.reserve(64, Timestamp(19_000)) {
            rate.begin(Timestamp(19_000));
        }
        assert_eq!(rate.room(Timestamp(28_999)), 0);
        assert!(rate.room(Timestamp(29_000)) > 0);
    }

    proptest! {
        /// Whatever happens in whatever order: no token from nowhere, and no place for ever lost.
        #[test]
        fn it_never_gives_more_than_rate_and_window(
            steps in proptest::collection::vec((0..400_i64, 0..4_u8, 0..20_u32), 1..200),
            per_second in 1..400_u32,
        ) {
            let mut rate = Rate::new(per_second, Timestamp(0));
            let (mut now, mut begun, mut flights) = (0, 0_i64, Vec::new());
            for (passes, what, n) in steps {
                now += passes;
                let at = Timestamp(now);
                let n = rate.reserve(n, at);
                for _ in 0..n {
                    if what == 3 {
                        rate.give_back();
                    } else {
                        begun += 1;
                        flights.push(rate.begin(at));
                    }
                }
                if let (Some(flight), 0..=2) = (flights.pop(), what) {
                    match what {
                        0 => rate.landed(flight, Landing::Taken, at),
                        1 => rate.landed(flight, Landing::Throttled { wait: Millis(0) }, at),
                        _ => rate.lost(flight),
                    }
                }
                prop_assert_eq!(rate.reserved, 0);
                prop_assert!(rate.rate <= rate.cap && rate.rate >= 1_000);
                let most = i64::from(per_second) * now / 1_000 + i64::from(per_second / 10).max(1) + 1;
                prop_assert!(begun <= most, "{begun} within {now} ms at {per_second} a second");
            }
            // A minute later all is as at the beginning.
            rate.advance(Timestamp(now + 60_000));
            prop_assert_eq!(rate.rate, rate.cap);
            prop_assert!(rate.room(Timestamp(now + 60_000)) > 0);
        }
    }
}
