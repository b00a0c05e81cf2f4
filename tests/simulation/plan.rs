//! What one seed means: who writes what and when, and what goes wrong when. A list, so that parts can be left out.

use crate::rng::Rng;
use std::fmt;

/// Parts of a run that may be left out: bit `n` of a mask keeps part `n`.
pub const PARTS_MAX: usize = 64;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    pub seed: u64,
    pub n_processes: usize,
    /// Milliseconds after midnight in Bogotá.
    pub begins_at: i64,
    pub steps: Vec<Step>,
    pub faults: Vec<Fault>,
}

/// Something that a person or an agent does, `at` milliseconds after the beginning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    pub at: i64,
    pub who: Who,
    /// Decides between equal possibilities when the step is taken.
    pub dice: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    Person(usize, PersonAct),
    Agent(usize, AgentAct),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PersonAct {
    /// Does what the newest message asks for.
    GoOn,
    /// The same twice in one moment, as two messages.
    GoOnTwice,
    /// Taps anything that is on the screen, however old.
    TapAnything,
    Say(&'static str),
    SendImage,
    React,
    /// Somebody else of the household takes the phone.
    HandOver,
    ChangeNumber,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AgentAct {
    Take,
    Write,
    /// A double click: the same text with the same key, twice in one moment.
    WriteTwice,
    /// Sends the last text again with its key, as a console does that saw no answer.
    WriteAgain,
    Note,
    Renew,
    GiveUp,
    Resolve,
    ReturnToBot,
    Transfer,
}

/// Something that goes wrong at the first occasion from `at` on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fault {
    pub at: i64,
    pub kind: FaultKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaultKind {
    /// The process dies at its next await of this kind, and comes back later.
    Crash {
        place: Place,
        down_ms: i64,
    },
    /// The process is not scheduled at its next await (a pause of the machine): leases may end meanwhile.
    Stall {
        place: Place,
        length_ms: i64,
    },
    /// The next call of the store fails before it had an effect.
    StoreFails {
        place: Place,
    },
    /// The next call of the store takes effect, and its caller sees an error.
    OutcomeUnknown {
        place: Place,
    },
    StoreDown {
        length_ms: i64,
    },
    QueueDown {
        length_ms: i64,
    },
    /// The live queue forgets everything.
    QueueFlushed,
    /// The clock of one process, or of all, jumps.
    ClockJumps {
        process: Option<usize>,
        by_ms: i64,
    },
    Webhook(WebhookFault),
    Graph(GraphFault),
}

/// Where in a process: any await, or one whose call has this name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    Any,
    At(&'static str),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WebhookFault {
    Duplicate {
        after_ms: i64,
    },
    Late {
        by_ms: i64,
    },
    /// Meta does not see the acknowledgement.
    AckLost,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GraphFault {
    /// The message is taken, its answer never comes; statuses may or may not.
    AnswerLost {
        statuses: bool,
    },
    /// Neither message nor answer arrives, and the sender cannot know.
    RequestLost,
    /// The connection was refused: the request surely never left.
    NotSent,
    Rejected {
        http_status: u16,
        code: i64,
    },
    Slow {
        by_ms: i64,
    },
    /// Taken, and then given up by WhatsApp.
    FailsLater {
        code: i64,
    },
    NoStatuses,
}

const TEXTS: &[&str] = &[
    "hola",
    "menu",
    "cuanto debo",
    "el viernes le pago",
    "quiero refinanciar",
    "opciones",
    "pagar",
    "ya pagué",
    "no puedo pagar",
    "hay descuento?",
    "gracias",
    "asesor",
    "salir",
    "volver",
    "no soy yo",
    "qué es esto",
    "asdf qwer zxcv",
    "80 lucas",
    "0303",
    "25 de julio",
    "sí",
    "no",
    "la primera",
    "voy a demandarlos",
    "👍",
    "quiero hablar con una persona",
    "por qué debo",
    "paz y salvo",
    "mañana",
    "500000",
];
const PLACES: &[Place] = &[
    Place::Any,
    Place::Any,
    Place::Any,
    Place::At("accept"),
    Place::At("claim_conversations"),
    Place::At("commit_turns"),
    Place::At("commit_turns"),
    Place::At("claim_outbox"),
    Place::At("begin_sends"),
    Place::At("send"),
    Place::At("send"),
    Place::At("finish_outbox"),
    Place::At("finish_outbox"),
    Place::At("apply_statuses"),
    Place::At("fire_timers"),
    Place::At("act"),
    Place::At("assign"),
    Place::At("release"),
    Place::At("give_back"),
    Place::At("end_doubts"),
];
const SECOND: i64 = 1_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;

impl Plan {
    pub fn of(seed: u64) -> Self {
        let mut rng = Rng::new(seed, 1);
        let n_persons = 1 + usize::try_from(rng.below(3)).unwrap();
        let n_processes = 1 + usize::try_from(rng.below(2)).unwrap();
        let begins_at = rng.between(8 * HOUR, 20 * HOUR);
        let mut steps: Vec<Step> = (0..n_persons).flat_map(|person| talk(person, &mut rng)).collect();
        let with_agents = steps.iter().any(|step| {
            matches!(step.who, Who::Person(_, PersonAct::Say("asesor" | "quiero hablar con una persona")))
        });
        if with_agents || rng.percent(20) {
            steps.extend(desk(&mut rng));
        }
        steps.sort_by_key(|step| step.at);
        steps.truncate(PARTS_MAX);
        let mut faults = Vec::new();
        // Some runs are calm: what fails there fails without any fault.
        let n_faults = if rng.percent(10) { 0 } else { 1 + rng.below(7) };
        for _ in 0..n_faults {
            let near = rng.pick(&steps).at;
            faults.push(Fault { at: near + rng.between(0, 600), kind: fault(&mut rng) });
        }
        faults.sort_by_key(|fault| fault.at);
        Self { seed, n_processes, begins_at, steps, faults }
    }

    /// The same run without the parts that the masks leave out.
    pub fn only(&self, steps: u64, faults: u64) -> Self {
        let kept = |mask: u64, n: usize| mask & (1 << n) != 0;
        let choose = |n: &usize| kept(steps, *n);
        Self {
            steps: (0..self.steps.len()).filter(choose).map(|n| self.steps[n]).collect(),
            faults: (0..self.faults.len()).filter(|n| kept(faults, *n)).map(|n| self.faults[n]).collect(),
            ..self.clone()
        }
    }
}

fn talk(person: usize, rng: &mut Rng) -> Vec<Step> {
    let mut at = rng.between(0, 3 * SECOND);
    let mut steps = Vec::new();
    for _ in 0..4 + rng.below(12) {
        let act = match rng.below(100) {
            0..62 => PersonAct::GoOn,
            62..66 => PersonAct::GoOnTwice,
            66..73 => PersonAct::TapAnything,
            73..93 => PersonAct::Say(rng.pick::<&str>(TEXTS)),
            93..95 => PersonAct::SendImage,
            95..96 => PersonAct::React,
            96..98 => PersonAct::HandOver,
            _ => PersonAct::ChangeNumber,
        };
        steps.push(Step { at, who: Who::Person(person, act), dice: rng.next() });
        at += match rng.below(100) {
            // Long enough for the proof of the one before to have lapsed.
            0..60 if act == PersonAct::HandOver => rng.between(31 * MINUTE, 60 * MINUTE),
            0..15 => rng.between(0, 300),
            15..85 => rng.between(SECOND, 8 * SECOND),
            85..95 => rng.between(10 * SECOND, 3 * MINUTE),
            95..98 => rng.between(10 * MINUTE, 5 * HOUR),
            _ => rng.between(20 * HOUR, 30 * HOUR),
        };
    }
    steps
}

fn desk(rng: &mut Rng) -> Vec<Step> {
    let mut at = rng.between(10 * SECOND, MINUTE);
    let mut steps = Vec::new();
    for _ in 0..4 + rng.below(8) {
        let act = match rng.below(100) {
            0..35 => AgentAct::Take,
            35..46 => AgentAct::Write,
            46..53 => AgentAct::WriteTwice,
            53..58 => AgentAct::WriteAgain,
            58..61 => AgentAct::Note,
            61..73 => AgentAct::Renew,
            73..79 => AgentAct::GiveUp,
            79..86 => AgentAct::Resolve,
            86..95 => AgentAct::ReturnToBot,
            _ => AgentAct::Transfer,
        };
        let agent = usize::from(rng.percent(40));
        steps.push(Step { at, who: Who::Agent(agent, act), dice: rng.next() });
        at += if rng.percent(80) { rng.between(100, 15 * SECOND) } else { rng.between(MINUTE, 4 * MINUTE) };
    }
    steps
}

fn fault(rng: &mut Rng) -> FaultKind {
    let place = *rng.pick(PLACES);
    match rng.below(100) {
        0..22 => FaultKind::Crash { place, down_ms: rng.between(100, 90 * SECOND) },
        22..32 => stall(rng),
        32..41 => FaultKind::StoreFails { place },
        41..52 => FaultKind::OutcomeUnknown { place },
        52..55 => FaultKind::StoreDown { length_ms: rng.between(SECOND, 40 * SECOND) },
        55..58 => FaultKind::QueueDown { length_ms: rng.between(SECOND, 40 * SECOND) },
        58..62 => FaultKind::QueueFlushed,
        62..66 => clock_jump(rng),
        66..78 => FaultKind::Webhook(match rng.below(3) {
            0 => WebhookFault::Duplicate { after_ms: rng.between(0, 20 * SECOND) },
            1 => WebhookFault::Late { by_ms: rng.between(SECOND, 40 * SECOND) },
            _ => WebhookFault::AckLost,
        }),
        _ => FaultKind::Graph(match rng.below(20) {
            0..6 => GraphFault::AnswerLost { statuses: rng.percent(60) },
            6..8 => GraphFault::RequestLost,
            8..10 => GraphFault::NotSent,
            10..14 => rejection(rng),
            14..16 => GraphFault::Slow { by_ms: rng.between(SECOND, 30 * SECOND) },
            16..18 => GraphFault::FailsLater { code: *rng.pick(&[131_026, 131_047, 131_049, 131_000]) },
            _ => GraphFault::NoStatuses,
        }),
    }
}

/// Beyond the lease of a turn, but below lease and doubt of a send together: see docs/testing.md.
fn stall(rng: &mut Rng) -> FaultKind {
    let places = [
        Place::Any,
        Place::At("commit_turns"),
        Place::At("persons_by_phones"),
        Place::At("claim_outbox"),
        Place::At("begin_sends"),
        Place::At("sent"),
        Place::At("finish_outbox"),
        Place::At("mark_rebuilt"),
    ];
    let least = if rng.percent(60) { 31 * SECOND } else { SECOND };
    FaultKind::Stall { place: *rng.pick(&places), length_ms: rng.between(least, 55 * SECOND) }
}

fn clock_jump(rng: &mut Rng) -> FaultKind {
    if rng.percent(50) {
        let by_ms = rng.between(30 * SECOND, 20 * MINUTE);
        FaultKind::ClockJumps { process: None, by_ms }
    } else {
        let by_ms = rng.between(-2 * SECOND, 2 * SECOND);
        FaultKind::ClockJumps { process: Some(usize::try_from(rng.below(2)).unwrap()), by_ms }
    }
}

fn rejection(rng: &mut Rng) -> GraphFault {
    let (http_status, code) = *rng.pick(&[
        (500, 131_000),
        (400, 130_429),
        (400, 131_056),
        (400, 131_047),
        (400, 131_026),
        (401, 190),
    ]);
    GraphFault::Rejected { http_status, code }
}

/// A run to repeat: `SEED`, or `SEED:STEPS:FAULTS` with what is kept as hexadecimal masks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spec {
    pub seed: u64,
    pub steps: u64,
    pub faults: u64,
}

impl Spec {
    pub const fn whole(seed: u64) -> Self {
        Self { seed, steps: u64::MAX, faults: u64::MAX }
    }

    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split(':');
        let seed = parts.next()?.parse().ok()?;
        let mut mask = || parts.next().map_or(Some(u64::MAX), |part| u64::from_str_radix(part, 16).ok());
        Some(Self { seed, steps: mask()?, faults: mask()? })
    }

    pub fn plan(&self) -> Plan {
        Plan::of(self.seed).only(self.steps, self.faults)
    }
}

impl fmt::Display for Spec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.steps == u64::MAX && self.faults == u64::MAX {
            write!(f, "{}", self.seed)
        } else {
            write!(f, "{}:{:x}:{:x}", self.seed, self.steps, self.faults)
        }
    }
}
