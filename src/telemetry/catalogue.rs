//! Every metric with what it counts. Counters of rare and grave things are born at 0: an alarm asks how much a counter
//! rose, and one that appears at its first event has not risen.

/// What a metric is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Counter,
    Gauge,
    Histogram,
}

pub(super) struct Metric {
    pub name: &'static str,
    pub kind: Kind,
    /// What `# HELP` says.
    pub help: &'static str,
    /// Series that are there from the start: a label with all its values; `""` for none. A counter whose values are known
    /// only later (lenders, flows) is born where they become known.
    pub born: Option<(&'static str, &'static [&'static str])>,
}

const fn counter(name: &'static str, help: &'static str) -> Metric {
    Metric { name, kind: Kind::Counter, help, born: Some(("", &[])) }
}

const fn counter_by(
    name: &'static str,
    help: &'static str,
    label: &'static str,
    values: &'static [&'static str],
) -> Metric {
    Metric { name, kind: Kind::Counter, help, born: Some((label, values)) }
}

/// A counter whose labels are known when it counts, or born elsewhere.
const fn counter_later(name: &'static str, help: &'static str) -> Metric {
    Metric { name, kind: Kind::Counter, help, born: None }
}

const fn gauge(name: &'static str, help: &'static str) -> Metric {
    Metric { name, kind: Kind::Gauge, help, born: None }
}

const fn histogram(name: &'static str, help: &'static str) -> Metric {
    Metric { name, kind: Kind::Histogram, help, born: None }
}

/// The loops that go round.
const LOOPS: &[&str] =
    &["clock", "converse", "dispatch", "doubts", "notices", "timers", "tickets", "media", "retention"];
/// Whatever the supervisor runs.
const TASKS: &[&str] = &[
    "clock",
    "converse",
    "dispatch",
    "doubts",
    "notices",
    "timers",
    "tickets",
    "media",
    "retention",
    "inbox",
    "presence",
    "traces",
];

pub(super) const METRICS: &[Metric] = &[
    // Receiving.
    counter_by(
        "acuerdo_webhook_items_total",
        "Messages, statuses and events of WhatsApp that were read, by what became of them.",
        "what",
        &["new", "duplicate", "foreign", "unreadable"],
    ),
    counter("acuerdo_webhook_unavailable_total", "Deliveries refused with 503: Meta repeats them."),
    counter(
        "acuerdo_webhook_unknown_total",
        "Updates of a kind that this program does not know; they are kept.",
    ),
    counter(
        "acuerdo_webhook_stale_total",
        "Signed updates older than 8 days, which Meta would not bring any more; nothing is done about them.",
    ),
    counter("acuerdo_webhook_handshakes_refused_total", "Handshakes with a wrong verify token."),
    counter_by(
        "acuerdo_webhook_signatures_refused_total",
        "Deliveries without a right signature.",
        "why",
        &["missing", "malformed", "wrong"],
    ),
    counter_by(
        "acuerdo_webhook_bodies_refused_total",
        "Bodies that were not read.",
        "why",
        &["encoded", "too_large", "too_slow", "busy", "broken"],
    ),
    histogram("acuerdo_webhook_seconds", "From a delivery's head to its acknowledgement."),
    histogram("acuerdo_inbox_batch", "Deliveries of one commit."),
    counter_by(
        "acuerdo_secrets_masked_total",
        "Card numbers, passwords and codes that were blotted out.",
        "where",
        &["webhook", "answer", "desk"],
    ),
    counter(
        "acuerdo_standby_total",
        "Messages that another agent of the number handles: they do not arrive here.",
    ),
    counter_by(
        "acuerdo_account_events_total",
        "What Meta said of an account, by its effect on sending.",
        "effect",
        &["stop_all", "may_resume", "hold_template", "resume_template", "inform"],
    ),
    counter("acuerdo_statuses_unmatched_total", "Statuses of messages that are not ours or not known."),
    // Turns.
    gauge("acuerdo_pending_inputs", "Inputs that no turn has read yet."),
    gauge("acuerdo_oldest_input_seconds", "Age of the oldest input that no turn has read yet."),
    gauge("acuerdo_pending_statuses", "Statuses that are not applied yet."),
    counter("acuerdo_turn_inputs_total", "Inputs that turns have read."),
    counter("acuerdo_turns_stale_total", "Turns that ran again because another process was there first."),
    counter("acuerdo_turns_failed_total", "Turns that failed and are tried again."),
    counter_later("acuerdo_actions_total", "Actions of flows by outcome."),
    counter_later("acuerdo_flow_faults_total", "Flows or actions that broke; the person got a human."),
    counter_by(
        "acuerdo_dead_letters_total",
        "Turns set aside for good and deliveries that nobody could read.",
        "cause",
        &["unreadable_delivery"],
    ),
    gauge("acuerdo_dead_letters_open", "Those that wait for an operator: `acuerdo dead list`."),
    // Identity.
    counter_later(
        "acuerdo_identity_not_comparable_total",
        "Answers that could not be compared with the file.",
    ),
    counter_later(
        "acuerdo_identity_enumeration_total",
        "Addresses that tried the identities of many people.",
    ),
    counter_later(
        "acuerdo_identity_barred_total",
        "Tries refused because the person was tried from elsewhere.",
    ),
    counter("acuerdo_identity_confirmed_total", "People whom an agent confirmed by a call."),
    counter("acuerdo_identity_conflicts_settled_total", "Conflicts of identity that somebody ended."),
    counter_by(
        "acuerdo_confirm_guesses_total",
        "Numbers not on file that an agent gave for a confirmation.",
        "outcome",
        &["refused", "wrong", "another_person"],
    ),
    // Sending.
    gauge("acuerdo_outbox_queued", "Messages that have not left yet."),
    gauge(
        "acuerdo_outbox_oldest_answer_seconds",
        "Age of the oldest answer of the bot or an agent that has not left.",
    ),
    gauge("acuerdo_outbox_in_doubt", "Messages that may or may not have reached WhatsApp."),
    counter_later("acuerdo_sends_total", "Tries to send by outcome, reason and kind of message."),
    counter_by(
        "acuerdo_doubts_ended_total",
        "Doubts that no status ended: said again, or left unconfirmed, when nobody knows whether it came.",
        "end",
        &["again", "unconfirmed"],
    ),
    counter(
        "acuerdo_replies_said_later_total",
        "Answers that were not said because a later one says the same.",
    ),
    counter("acuerdo_send_outages_total", "Incidents in which all sends of a number failed."),
    counter_later("acuerdo_replies_undelivered_total", "Answers that will never come, by reason."),
    counter_by(
        "acuerdo_stops_total",
        "Stops of sending that this process set.",
        "scope",
        &["outbound", "template"],
    ),
    gauge("acuerdo_outbound_stopped", "Lenders whose sending is stopped."),
    histogram("acuerdo_graph_seconds", "Requests to the Graph API to their answer, by kind of answer."),
    counter("acuerdo_read_marks_dropped_total", "Read marks that were not tried because too many waited."),
    counter("acuerdo_read_marks_failed_total", "Read marks that WhatsApp refused."),
    // Files.
    counter("acuerdo_media_kept_total", "Files of people that were fetched."),
    counter("acuerdo_media_retries_total", "Fetches that are tried again."),
    counter_by(
        "acuerdo_media_lost_total",
        "Files that were given up.",
        "why",
        &["expired", "unknown", "too_large", "foreign_host", "wrong_hash", "too_many"],
    ),
    // Desk.
    gauge("acuerdo_handoff_waiting", "People who wait for an agent."),
    gauge("acuerdo_handoff_oldest_wait_seconds", "How long the first of them has waited."),
    gauge(
        "acuerdo_handoff_windows_shutting",
        "People who wait and whose 24-hour window shuts within two hours.",
    ),
    gauge(
        "acuerdo_handoff_windows_shut",
        "People who wait and can be written to no more, unless by a template.",
    ),
    counter(
        "acuerdo_handoff_degraded_takes_total",
        "Tickets taken from the database because the live queue was down.",
    ),
    counter(
        "acuerdo_handoff_stale_offers_total",
        "Offers of the live queue that the database did not confirm.",
    ),
    counter("acuerdo_handoff_leases_lost_total", "Tickets that went back because an agent's lease ran out."),
    counter("acuerdo_handoff_messages_total", "Messages of agents."),
    counter("acuerdo_handoff_lint_blocks_total", "Words of agents that were refused."),
    counter(
        "acuerdo_handoff_contact_blocks_total",
        "Messages of agents that the rules of contact did not let leave.",
    ),
    counter_by(
        "acuerdo_agent_signins_refused_total",
        "Requests to the desk without a right token.",
        "why",
        &["no_token", "wrong_token", "too_many"],
    ),
    counter("acuerdo_agent_forbidden_total", "Requests of agents for what is not theirs."),
    counter(
        "acuerdo_desk_looks_total",
        "Agents that read a chat, once in an hour for each agent and ticket.",
    ),
    // Law.
    gauge("acuerdo_cases_open", "Open cases by kind."),
    gauge("acuerdo_cases_due_soon", "Cases that must be answered within three days, or are overdue."),
    gauge("acuerdo_cases_overdue", "Cases past the day that the law sets."),
    gauge(
        "acuerdo_rate_cap_days_left",
        "Days until the known caps on interest of a lender end; 0 when one is missing.",
    ),
    // The process.
    gauge("acuerdo_build_info", "1; the labels say which program this is."),
    gauge("acuerdo_database_connections", "Connections to the database by state."),
    gauge("acuerdo_loop_silent", "1 while a loop comes round no more; the process is not ready then."),
    counter_by(
        "acuerdo_loop_failures_total",
        "Rounds of a loop that failed and are repeated.",
        "loop",
        LOOPS,
    ),
    counter_by(
        "acuerdo_loop_panics_total",
        "Loops and tasks that panicked; loops were started again.",
        "loop",
        TASKS,
    ),
    gauge("acuerdo_clock_offset_seconds", "What the database's clock is ahead of this machine's."),
    counter("acuerdo_retention_yields_total", "Rounds of retention that were put off because people waited."),
    counter_by(
        "acuerdo_retention_removed_total",
        "Rows removed because the settings no longer keep them.",
        "kind",
        &["deliveries", "inputs", "notices", "chats"],
    ),
    counter("acuerdo_trace_spans_exported_total", "Spans that a collector took."),
    counter_by(
        "acuerdo_trace_stages_dropped_total",
        "Stages of traces that nobody will see.",
        "why",
        &["queue", "shutdown", "store", "collector"],
    ),
];

/// Describes all of them to the recorder and makes those that shall be there from the start.
pub(super) fn register() {
    for metric in METRICS {
        match metric.kind {
            Kind::Counter => metrics::describe_counter!(metric.name, metric.help),
            Kind::Gauge => metrics::describe_gauge!(metric.name, metric.help),
            Kind::Histogram => metrics::describe_histogram!(metric.name, metric.help),
        }
        match metric.born {
            None => {}
            Some((_, [])) => metrics::counter!(metric.name).increment(0),
            Some((label, values)) => {
                for value in values {
                    metrics::counter!(metric.name, label => *value).increment(0);
                }
            }
        }
    }
    metrics::gauge!("acuerdo_build_info", "version" => env!("CARGO_PKG_VERSION")).set(1);
}
