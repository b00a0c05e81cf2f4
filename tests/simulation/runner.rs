//! One run: starts the processes, lets everything happen in order, ends the faults, and asks the oracle.

use crate::base::Base;
use crate::desk::{self, Consoles};
use crate::faults::Armed;
use crate::mutants::Mutant;
use crate::people::Somebody;
use crate::plan::{Fault, Plan, Who};
use crate::process::{self, Process, Task};
use crate::queue::QueueServer;
use crate::rng::Rng;
use crate::sim::{Event, Sim};
use acuerdo::ports::agents::AgentStore;
use acuerdo::ports::people::PeopleStore;
use acuerdo::ports::switches::SwitchStore;
use acuerdo::service::receive::{Parsed, ReceiveError, Signer};
use acuerdo::whatsapp::webhook;
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::task::{Context, Wake, Waker};

/// More than any run needs: reaching it means a loop that feeds itself.
const EVENTS_MAX: u32 = 60_000;
const CALM_MS: i64 = 5_000;
/// Parked statuses, doubts, leases and the longest back-off are over by then.
const TIMERS_REST_MS: i64 = 40 * 60_000;
const END_MS: i64 = 15 * 60_000;

/// What one run came to.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// Broken promises, in words; empty when all were kept.
    pub violations: Vec<String>,
    pub trace: Vec<String>,
    pub fingerprint: u64,
    pub n_faults: u32,
    pub n_events: u32,
    pub tally: crate::oracle::Tally,
}

struct Runner<'a> {
    base: &'a Base,
    plan: &'a Plan,
    mutant: Option<Mutant>,
    sim: Arc<Sim>,
    queue: Arc<QueueServer>,
    consoles: Consoles,
    processes: Vec<Option<Process>>,
    tasks: BTreeMap<u64, (usize, Task, Waker)>,
    ready: Arc<Ready>,
    next_task: u64,
}

#[derive(Default)]
struct Ready(Mutex<VecDeque<u64>>);

struct TaskWaker {
    id: u64,
    ready: Arc<Ready>,
}

impl Wake for TaskWaker {
    fn wake(self: Arc<Self>) {
        let mut ready = self.ready.0.lock().unwrap();
        if !ready.contains(&self.id) {
            ready.push_back(self.id);
        }
    }
}

pub fn run(base: &Base, plan: &Plan, mutant: Option<Mutant>, tracing: bool) -> Outcome {
    let beginning = base.midnight.0 + plan.begins_at;
    let faults = plan.faults.iter().map(|fault| Fault { at: beginning + fault.at, ..*fault });
    let sim = Arc::new(Sim::new(plan.seed, beginning, Armed::new(faults.collect()), tracing));
    let mut runner = Runner {
        base,
        plan,
        mutant,
        sim,
        queue: Arc::default(),
        consoles: desk::consoles(),
        processes: (0..plan.n_processes).map(|_| None).collect(),
        tasks: BTreeMap::new(),
        ready: Arc::default(),
        next_task: 0,
    };
    runner.set_up(beginning);
    let n_events = runner.go();
    runner.end(n_events)
}

impl Runner<'_> {
    fn set_up(&mut self, beginning: i64) {
        let mut rng = Rng::new(self.plan.seed, 3);
        let mut subjects = self.base.subjects.clone();
        let mut people = Vec::new();
        // Always as many: leaving out steps must not change who the others are.
        for _ in 0..3 {
            let place = usize::try_from(rng.below(subjects.len() as u64)).unwrap();
            people.push(Somebody::new(subjects.remove(place), &mut rng));
        }
        let persons: Vec<_> = people.iter().map(|somebody| somebody.subject.person.clone()).collect();
        let owed: Vec<_> = people.iter().flat_map(|somebody| somebody.subject.obligations.clone()).collect();
        let store = &self.sim.store;
        let at = self.base.midnight;
        crate::base::now(store.import(&self.base.lender, &persons, &owed, at)).unwrap();
        for n in 0..desk::N_AGENTS {
            let agent = desk::agent(n, &self.base.lender);
            let token = [u8::try_from(n).unwrap(); 32];
            crate::base::now(store.add_agent(&agent, token)).unwrap();
        }
        let mut core = self.sim.core();
        core.screens.people = people;
        for process in 0..self.plan.n_processes {
            core.schedule(beginning, Event::Start(process));
        }
        for (n, step) in self.plan.steps.iter().enumerate() {
            core.schedule(beginning + step.at, Event::Step(n));
        }
        let last = self.plan.steps.last().map_or(0, |step| step.at);
        let calm = beginning + last + CALM_MS;
        core.schedule(calm, Event::DrainBegins);
        core.schedule(calm + TIMERS_REST_MS, Event::TimersRest);
        core.schedule(calm + TIMERS_REST_MS + END_MS, Event::End);
    }

    fn go(&mut self) -> u32 {
        for n_events in 0..EVENTS_MAX {
            self.poll_ready();
            let event = {
                let mut core = self.sim.core();
                if core.watch.has_violations() {
                    return n_events;
                }
                core.next_event()
            };
            match event {
                Some(Event::End) | None => return n_events,
                Some(event) => self.happens(event),
            }
        }
        self.sim.core().watch.violated("the system never came to rest".to_owned());
        EVENTS_MAX
    }

    fn poll_ready(&mut self) {
        loop {
            let next = self.ready.0.lock().unwrap().pop_front();
            let Some(id) = next else { return };
            let Some((_, task, waker)) = self.tasks.get_mut(&id) else { continue };
            let done = task.as_mut().poll(&mut Context::from_waker(&waker.clone())).is_ready();
            if done {
                self.tasks.remove(&id);
            }
            let dying = self.sim.core().dying.take();
            if let Some((process, down_ms)) = dying {
                self.kill(process, down_ms);
            }
        }
    }

    fn kill(&mut self, process: usize, down_ms: i64) {
        self.processes[process] = None;
        // Dropping a future takes its awaits out of the plan; the core must be free for that.
        let dead: Vec<u64> =
            self.tasks.iter().filter(|(_, (owner, ..))| *owner == process).map(|(id, _)| *id).collect();
        for id in dead {
            self.tasks.remove(&id);
        }
        self.sim.core().after(down_ms, Event::Start(process));
    }

    fn spawn(&mut self, process: usize, task: Task) {
        let id = self.next_task;
        self.next_task += 1;
        let waker = Waker::from(Arc::new(TaskWaker { id, ready: self.ready.clone() }));
        waker.wake_by_ref();
        self.tasks.insert(id, (process, task, waker));
    }

    fn alive(&self) -> Option<usize> {
        let alive: Vec<usize> =
            (0..self.processes.len()).filter(|process| self.processes[*process].is_some()).collect();
        if alive.is_empty() { None } else { Some(*self.sim.core().drawn().pick(&alive)) }
    }

    fn happens(&mut self, event: Event) {
        match event {
            Event::Open(gate) => self.sim.core().open(gate),
            Event::Post(id) => self.post(id),
            Event::PostOverdue(id, tries) => self.sim.core().post_again(id, tries),
            Event::GraphArrival(id) => self.sim.graph_arrival(id),
            Event::Step(n) => self.step(n),
            Event::Start(process) => {
                self.sim.core().say(|| format!("p{process} starts"));
                let (services, tasks) =
                    process::start(self.base, &self.sim, &self.queue, process, self.mutant);
                self.processes[process] = Some(services);
                tasks.into_iter().for_each(|task| self.spawn(process, task));
            }
            Event::LiftStops => self.lift_stops(),
            Event::DrainBegins => {
                let mut core = self.sim.core();
                core.say(|| "   faults end, everything may come to rest".to_owned());
                core.armed.disarm();
                core.draining = true;
                drop(core);
                self.lift_stops();
            }
            Event::TimersRest => self.sim.core().timers_rest = true,
            Event::End => {}
        }
    }

    fn lift_stops(&self) {
        let store = &self.sim.store;
        for stop in crate::base::now(store.stops()).unwrap() {
            crate::base::now(store.lift(&stop.lender, &stop.scope)).unwrap();
        }
        self.sim.store_changed();
    }

    fn step(&mut self, n: usize) {
        let step = self.plan.steps[n];
        match step.who {
            Who::Person(person, act) => self.sim.core().person_acts(person, act, step.dice),
            Who::Agent(agent, act) => {
                let Some(process) = self.alive() else { return };
                let Some(services) = &self.processes[process] else { return };
                let (handoff, consoles) = (services.handoff.clone(), self.consoles.clone());
                let task =
                    desk::act(self.sim.clone(), handoff, consoles, agent, act, self.base.lender.clone());
                self.spawn(process, Box::pin(task));
            }
        }
    }

    fn post(&mut self, id: usize) {
        let Some(process) = self.alive() else {
            self.sim.core().after(1_000, Event::Post(id));
            return;
        };
        let Some(services) = &self.processes[process] else { return };
        let (sim, receive) = (self.sim.clone(), services.receive.clone());
        let (body, tries) = sim.core().posted(id);
        let task = async move {
            sim.pass(process, "webhook").await;
            let read = webhook::read(&body);
            let parsed = match read.items {
                Ok(items) => Parsed::Items(items),
                Err(error) => Parsed::NotJson(error.to_string()),
            };
            let answer = receive.receive(read.body, parsed, &Signer::Deployment).await;
            sim.pass(process, "acknowledge").await;
            sim.post_answered(id, tries, !matches!(answer, Err(ReceiveError::Unavailable(_))));
        };
        self.spawn(process, Box::pin(task));
    }

    fn end(mut self, n_events: u32) -> Outcome {
        let broken_early = self.sim.core().watch.has_violations();
        if !broken_early {
            self.sim.judge(&self.queue, self.base);
        }
        self.tasks.clear();
        self.processes.clear();
        let tally = self.sim.tally();
        let mut core = self.sim.core();
        Outcome {
            violations: core.watch.take_violations(),
            trace: core.trace.take().unwrap_or_default(),
            fingerprint: core.fingerprint,
            n_faults: core.armed.n_struck,
            n_events,
            tally,
        }
    }
}
