//! Single turns that conversations do not show: late inputs, faults and limits, ids, timers.
#![expect(clippy::wildcard_enum_match_arm, reason = "a test looks at the effects that it is about")]

use super::{MOTOR, facts, folder};
use crate::domain::assurance::Assurance;
use crate::domain::debt::Acceptance;
use crate::domain::ids::{FlowId, StepId, Wamid};
use crate::domain::time::Millis;
use crate::flow::effect::{ActionCall, Effect, Shown};
use crate::flow::engine::{self, begins_anew, expectation, open_options, outcome, step};
use crate::flow::facts::{Facts, Limits};
use crate::flow::input::{Input, Said, TimerName};
use crate::flow::model::{FlowSet, StepKind};
use crate::flow::state::{OptionRef, Session, Status, Turn};
use crate::flow::value::Value;
use crate::understand::intent::Intent;
use crate::understand::language::{Language, LanguageFound};
use crate::understand::options::{OptionHow, OptionMatch};
use crate::understand::{Expectation, IntentGuess, IntentSource, Understanding};
use std::collections::BTreeMap;

fn says(words: &str) -> Input {
    let understanding = Box::new(Understanding { normalised: words.to_owned(), ..Understanding::default() });
    Input::Message {
        wamid: Wamid::new("w"),
        said: Said::Text { body: words.to_owned().into(), understanding },
        held_secret: false,
    }
}

fn means(words: &str, understanding: Understanding) -> Input {
    let understanding = Box::new(Understanding { normalised: words.to_owned(), ..understanding });
    Input::Message {
        wamid: Wamid::new("w"),
        said: Said::Text { body: words.to_owned().into(), understanding },
        held_secret: false,
    }
}

fn taps(id: &str) -> Input {
    taps_titled(id, "título")
}

fn taps_titled(id: &str, title: &str) -> Input {
    let understanding =
        Box::new(Understanding { normalised: "titulo".to_owned(), ..Understanding::default() });
    Input::Message {
        wamid: Wamid::new("w"),
        said: Said::Option { id: id.to_owned(), title: title.to_owned().into(), understanding },
        held_secret: false,
    }
}

fn certain(intent: Intent) -> Option<IntentGuess> {
    Some(IntentGuess { intent, confidence_bps: 9_000, how: IntentSource::Phrase })
}

fn new_session() -> Session {
    Session::new(MOTOR.hash.clone(), "es", facts().now)
}

fn turn(session: Session, input: &Input) -> Turn {
    step(&MOTOR, session, input, &facts(), &Limits::default())
}

pub fn verified() -> Facts {
    Facts { assurance: Assurance::Verificada, ..facts() }
}

/// A session at the named step of a flow, as if it had just been entered there.
pub fn at(flows: &FlowSet, flow: &str, step_id: &str) -> Session {
    let mut run = engine::run::Run::new(flows, new_session(), &*Box::leak(Box::new(facts())), &LIMITS);
    run.push(&FlowId::from(flow), crate::flow::state::EnteredBy::Start).unwrap();
    run.move_to(&StepId::from(step_id)).unwrap();
    run.session
}

pub static LIMITS: Limits = Limits { steps_max: 100, frames_max: 8, messages_max: 5 };

fn sent(turn: &Turn) -> Vec<String> {
    let text = |effect: &Effect| match effect {
        Effect::Send { content, .. } => Some(content.readable()),
        _ => None,
    };
    turn.effects.iter().filter_map(text).collect()
}

fn visits(turn: &Turn) -> Vec<&str> {
    turn.trail.iter().map(|visit| visit.what.as_str()).collect()
}

fn option_id(turn: &Turn, title: &str) -> String {
    let find = |effect: &Effect| match effect {
        Effect::Send { content, .. } => {
            content.options().into_iter().find(|(_, shown)| *shown == title).map(|(id, _)| id.to_owned())
        }
        _ => None,
    };
    turn.effects.iter().find_map(find).unwrap_or_else(|| panic!("no button {title}"))
}

fn faults(turn: &Turn) -> Vec<&str> {
    let what = |effect: &'_ Effect| match effect {
        Effect::Fault { what, .. } => Some(what.clone()),
        _ => None,
    };
    turn.effects.iter().filter_map(what).map(|what| &*what.leak()).collect()
}

// ── opening ────────────────────────────────────────────────────────────────────────────────────────────────────

#[test]
fn a_greeting_opens_the_start_flow_in_one_message() {
    let opened = turn(
        new_session(),
        &means("hola", Understanding { intent: certain(Intent::Greeting), ..Understanding::default() }),
    );
    assert_eq!(sent(&opened).len(), 1, "{:?}", sent(&opened));
    assert!(sent(&opened)[0].starts_with("Hola, soy Lina de Finanzas Sol.\n\n¿En qué le ayudo?"));
    assert_eq!(opened.session.pending_intent, None);
}

#[test]
fn option_ids_carry_hash_step_and_turn() {
    let opened = turn(new_session(), &says("hola"));
    let id = OptionRef::parse(&option_id(&opened, "Mi deuda")).unwrap();
    assert_eq!(id.hash, MOTOR.hash.as_str()[..8]);
    assert_eq!(
        (id.flow.as_str(), id.step.as_str(), id.turn, id.option.as_str()),
        ("inicio", "menu", 1, "deuda")
    );
}

#[test]
fn an_option_whose_condition_does_not_hold_is_neither_shown_nor_taken() {
    let mut closed = facts();
    closed.roots.insert("agentes".to_owned(), Value::record([("abierto", Value::Bool(false))]));
    let opened = step(&MOTOR, new_session(), &says("hola"), &facts(), &LIMITS);
    let persona = option_id(&opened, "Una persona");
    let tapped = step(&MOTOR, opened.session, &taps(&persona), &closed, &LIMITS);
    assert_eq!(visits(&tapped), ["stale"]);
    assert!(!sent(&tapped)[0].contains("Una persona"));
    assert_eq!(open_options(&MOTOR, &tapped.session, &closed).len(), 2);
}

#[test]
fn the_understanding_stage_is_told_what_is_open() {
    let opened = turn(new_session(), &says("hola"));
    let hints = open_options(&MOTOR, &opened.session, &facts());
    assert_eq!(hints.iter().map(|hint| hint.id.as_str()).collect::<Vec<_>>(), ["deuda", "datos", "persona"]);
    assert_eq!(expectation(&MOTOR, &opened.session), Expectation::Option);
    assert_eq!(expectation(&MOTOR, &new_session()), Expectation::Nothing);
}

#[test]
fn a_doubt_in_the_first_message_is_asked_about_before_the_start_flow() {
    let doubt = Understanding { doubt: Some(Intent::Distress), ..Understanding::default() };
    let opened = turn(new_session(), &means("no doy mas", doubt));
    assert_eq!(visits(&opened), ["doubt:distress", "enter"]);
    let no = option_id(&opened, "No");
    let back = turn(opened.session, &taps(&no));
    assert!(sent(&back)[0].starts_with("Hola, soy Lina"), "{:?}", sent(&back));
}

#[test]
fn idle_chats_begin_anew_but_a_late_tap_on_the_open_question_counts() {
    let opened = turn(new_session(), &says("hola"));
    let late = facts().now.plus(Millis::hours(13));
    let idle = MOTOR.bot.idle;
    let tap = taps(&option_id(&opened, "Mi deuda"));
    assert!(begins_anew(&opened.session, &says("hola"), late, idle));
    assert!(!begins_anew(&opened.session, &tap, late, idle));
    assert!(!begins_anew(&opened.session, &says("hola"), facts().now, idle));
}

// ── answers ────────────────────────────────────────────────────────────────────────────────────────────────────

#[test]
fn safety_wins_over_a_vague_option_but_not_over_its_very_words() {
    let named = |how| Understanding {
        option: Some(OptionMatch { id: "datos".to_owned(), how }),
        intent: certain(Intent::Dispute),
        ..Understanding::default()
    };
    let opened = turn(new_session(), &says("hola")).session;
    let vague = turn(opened.clone(), &means("mensaje de disputa", named(OptionHow::Contained)));
    assert_eq!(visits(&vague)[0], "interrupt:disputa");
    let exact = turn(opened, &means("dejar un mensaje", named(OptionHow::Exact)));
    assert_eq!(visits(&exact)[0], "answer:datos");
}

#[test]
fn the_very_phrase_of_an_interrupt_beats_a_guess_but_not_a_pattern() {
    let opened = turn(new_session(), &says("hola"));
    let heard = |how: IntentSource, words: &str| {
        let intent = Some(IntentGuess { intent: Intent::Stop, confidence_bps: 9_000, how });
        turn(opened.session.clone(), &means(words, Understanding { intent, ..Understanding::default() }))
    };
    // `stop` is an `always` interrupt and stands first; `menu` is neither.
    assert!(visits(&heard(IntentSource::Classifier, "menu")).contains(&"interrupt:menu"));
    assert!(visits(&heard(IntentSource::Classifier, "buenas menu por favor")).contains(&"interrupt:menu"));
    assert!(visits(&heard(IntentSource::Phrase, "menu")).contains(&"interrupt:stop"));
    assert!(visits(&heard(IntentSource::Classifier, "el menu no")).contains(&"interrupt:stop"));
}

#[test]
fn the_words_below_a_picture_are_heard_and_a_picture_without_words_is_explained() {
    let opened = turn(new_session(), &says("hola"));
    let shows = |understanding: Option<Understanding>| {
        let said = Said::Media {
            kind: crate::domain::inbound::MediaKind::Image,
            media_id: "m".to_owned(),
            voice: false,
            caption: understanding.as_ref().map(|meaning| meaning.normalised.clone().into()),
            understanding: understanding.map(Box::new),
        };
        turn(opened.session.clone(), &Input::Message { wamid: Wamid::new("w"), said, held_secret: false })
    };
    let words = |words: &str, intent| Understanding {
        normalised: words.to_owned(),
        intent,
        ..Understanding::default()
    };
    assert!(visits(&shows(Some(words("no me escriban", certain(Intent::Stop))))).contains(&"interrupt:stop"));
    assert!(visits(&shows(Some(words("aqui esta", None)))).contains(&"not_text"));
    assert!(visits(&shows(None)).contains(&"not_text"));
}

#[test]
fn only_a_first_message_or_a_wish_changes_the_language_and_never_to_one_without_texts() {
    let flows = folder("fixtures/flows/mini");
    let hears = |session: Session, language: Language, wished: bool| {
        let language = Some(LanguageFound { language, wished });
        let said = means("x", Understanding { language, ..Understanding::default() });
        step(&flows, session, &said, &facts(), &Limits::default()).session
    };
    let new = || Session::new(flows.hash.clone(), "es", facts().now);
    let portuguese = hears(new(), Language::Pt, false);
    assert_eq!(portuguese.language, "pt");
    assert_eq!(hears(portuguese.clone(), Language::Es, false).language, "pt", "only the first message tells");
    assert_eq!(hears(portuguese, Language::Es, true).language, "es");
    assert_eq!(hears(new(), Language::En, true).language, "es", "the folder has no English");
    let set = Session { language_set: true, ..new() };
    assert_eq!(hears(set.clone(), Language::Pt, false).language, "es", "the lender has it on record");
    assert_eq!(hears(set, Language::Pt, true).language, "pt");
}

#[test]
fn an_uncertain_intent_interrupts_nothing() {
    let guess = IntentGuess { intent: Intent::Dispute, confidence_bps: 4_000, how: IntentSource::Classifier };
    let unsure = Understanding { intent: Some(guess), ..Understanding::default() };
    let opened = turn(new_session(), &says("hola")).session;
    assert_eq!(visits(&turn(opened, &means("quizas", unsure))), ["no_match:1"]);
}

#[test]
fn a_certain_safety_intent_that_no_interrupt_takes_is_asked_about() {
    let fraud = Understanding { intent: certain(Intent::FraudSuspicion), ..Understanding::default() };
    let opened = turn(new_session(), &says("hola")).session;
    assert_eq!(visits(&turn(opened, &means("de que empresa son", fraud)))[0], "doubt:fraud_suspicion");
}

#[test]
fn an_interrupted_step_lets_in_only_what_it_names() {
    let mut session = at(&MOTOR, "deuda", "confirmar");
    session.frames[0].vars.insert("oferta".to_owned(), offer());
    session.assurance = Assurance::Verificada;
    let asked = resume_at(session, &verified());
    let doubted = Understanding { doubt: Some(Intent::Dispute), ..Understanding::default() };
    let disputed = Understanding { intent: certain(Intent::Dispute), ..Understanding::default() };
    let human = Understanding { intent: certain(Intent::Human), ..Understanding::default() };
    for (meaning, first) in [(doubted, "no_match:1"), (disputed, "no_match:1"), (human, "interrupt:agente")] {
        let turn = step(&MOTOR, asked.clone(), &means("algo", meaning), &verified(), &LIMITS);
        assert_eq!(visits(&turn)[0], first);
    }
}

pub fn offer() -> Value {
    let money = |units: i64| {
        Value::Money(crate::domain::money::Money::new(units * 100, crate::domain::money::Currency::Cop))
    };
    Value::record([("id", Value::text("o1")), ("cuotas", Value::Int(1)), ("cuota", money(900_000))])
}

/// Runs the step that the session stands at, as after an interrupt.
pub fn resume_at(session: Session, facts: &Facts) -> Session {
    let mut run = engine::run::Run::new(&MOTOR, session, facts, &LIMITS);
    run.proceed(Ok(engine::run::Next::Again)).unwrap();
    run.finish().session
}

// ── late inputs do nothing ─────────────────────────────────────────────────────────────────────────────────────

#[test]
fn late_inputs_change_nothing_but_the_turn_number() {
    let opened = turn(new_session(), &says("hola")).session;
    let late = [
        (Input::Timer { name: TimerName::Expire, turn: 7 }, "late_timer"),
        (Input::Timer { name: TimerName::Resume, turn: 1 }, "late_timer"),
        (
            Input::ActionOutcome { call: 1, outcome: "ok".to_owned(), values: BTreeMap::new(), proved: None },
            "late_outcome",
        ),
        (Input::AgentReturned { step: None, outcome: None }, "late_return"),
        (Input::TicketClosed { outcome: None }, "late_ticket_closed"),
        (
            Input::Message {
                wamid: Wamid::new("w"),
                said: Said::Ignored { why: "reaction".to_owned() },
                held_secret: false,
            },
            "ignored",
        ),
    ];
    for (input, what) in late {
        let after = turn(opened.clone(), &input);
        assert_eq!(visits(&after), [what]);
        assert_eq!(sent(&after), Vec::<String>::new());
        let timers = after.effects.iter().filter(|effect| matches!(effect, Effect::SetTimer { .. })).count();
        assert_eq!((after.effects.len(), timers), (2, 2), "the open wait keeps its timers");
        assert_eq!(Session { turn: opened.turn, ..after.session }, opened);
    }
}

#[test]
fn a_nudge_is_withheld_when_the_window_is_closed() {
    let opened = turn(new_session(), &says("hola")).session;
    let nudge = Input::Timer { name: TimerName::Nudge, turn: 1 };
    let open = Facts { window_until: Some(facts().now.plus(Millis::hours(1))), ..facts() };
    let sent_nudge = step(&MOTOR, opened.clone(), &nudge, &open, &LIMITS);
    assert!(matches!(sent_nudge.effects[0], Effect::Send { proactive: true, .. }));
    let withheld = step(&MOTOR, opened, &nudge, &facts(), &LIMITS);
    assert_eq!((visits(&withheld), sent(&withheld).len()), (vec!["nudge_withheld"], 0));
    assert!(matches!(withheld.session.status, Status::Waiting { nudged: true, .. }));
}

// ── money ──────────────────────────────────────────────────────────────────────────────────────────────────────

#[test]
fn money_is_bound_only_by_terms_that_were_shown_and_answered() {
    let mut session = at(&MOTOR, "deuda", "confirmar");
    session.frames[0].vars.insert("oferta".to_owned(), offer());
    session.frames[0].vars.insert("deuda".to_owned(), Value::record([("id", Value::text("d1"))]));
    session.assurance = Assurance::Verificada;
    let asked = resume_at(session, &verified());
    let id = format!("{}:deuda.confirmar:{}:si", &MOTOR.hash.as_str()[..8], asked.turn);
    let stale = step(&MOTOR, asked.clone(), &taps(&id), &verified(), &LIMITS);
    assert!(
        !stale.effects.iter().any(|effect| matches!(effect, Effect::RunAction(_))),
        "no button says that"
    );
    let accepted = step(&MOTOR, asked, &taps_titled(&id, "Sí, acepto"), &verified(), &LIMITS);
    let [Effect::RunAction(ActionCall { call, once, evidence: Some(shown), .. })] =
        accepted.effects.as_slice()
    else {
        panic!("{:?}", accepted.effects)
    };
    assert_eq!((*call, once.as_deref()), (3, Some("d1/o1")));
    let Shown { rendered, answered_by, turn, index, sha256, answer } = shown;
    assert_eq!(answer, &Some(Acceptance::Tap { title: "Sí, acepto".to_owned().into() }));
    assert_eq!(rendered.expose(), "¿Confirma 1 cuota de $900.000?\n[Sí, acepto]\n[No]");
    assert_eq!((answered_by, *turn, *index, sha256.len()), (&Some(Wamid::new("w")), 2, 0, 64));
}

#[test]
fn money_without_an_answer_to_its_terms_is_a_fault() {
    let mut session = at(&MOTOR, "deuda", "firmar");
    session.assurance = Assurance::Verificada;
    session.status = Status::AwaitingAction { call: 9 };
    let turn = step(&MOTOR, session, &says("hola"), &verified(), &LIMITS);
    assert_eq!(faults(&turn), ["action `acuerdo.crear` binds money and nobody accepted its terms"]);
    assert!(!turn.effects.iter().any(|effect| matches!(effect, Effect::RunAction(_))));
}

#[test]
fn terms_that_read_differently_make_older_buttons_stale() {
    let mut session = at(&MOTOR, "deuda", "confirmar");
    session.frames[0].vars.insert("oferta".to_owned(), offer());
    session.assurance = Assurance::Verificada;
    let first = resume_at(session, &verified());
    let same = resume_at(first.clone(), &verified());
    assert_eq!(same.frames[0].since_turn, first.frames[0].since_turn);
    let mut other = same;
    other.frames[0].vars.insert("oferta".to_owned(), Value::record([("cuotas", Value::Int(2))]));
    let changed = resume_at(other, &verified());
    assert_eq!(changed.frames[0].since_turn, changed.turn);
}

// ── faults and limits ──────────────────────────────────────────────────────────────────────────────────────────

#[test]
fn each_limit_is_a_fault_that_ends_in_a_person() {
    let tables = [
        (Limits { steps_max: 1, ..LIMITS }, "more than 1 steps in one turn"),
        (Limits { frames_max: 0, ..LIMITS }, "more than 0 flows inside each other"),
        (Limits { messages_max: 0, ..LIMITS }, "more than 0 messages in one turn"),
    ];
    for (limits, what) in tables {
        let turn = step(&MOTOR, new_session(), &says("hola"), &facts(), &limits);
        assert_eq!(faults(&turn), [what]);
        assert_eq!(sent(&turn), ["Algo falló de nuestro lado. Le paso con una persona."]);
        assert!(
            turn.effects
                .iter()
                .any(|e| matches!(e, Effect::OpenTicket { queue, .. } if queue == "cobranzas"))
        );
        assert!(matches!(turn.session.status, Status::WithAgent { .. }));
    }
}

#[test]
fn a_wrong_flow_is_a_fault_not_a_panic() {
    let mut lost = turn(new_session(), &says("hola")).session;
    lost.frames[0].step = StepId::from("nowhere");
    assert_eq!(faults(&turn(lost, &says("hola"))), ["flow `inicio` has no step `nowhere`"]);

    let mut unrouted = folder("fixtures/flows/motor");
    let flow = unrouted.flows.get_mut(&FlowId::from("salida")).unwrap();
    let StepKind::Do(action) = &mut flow.steps.get_mut(&StepId::from("excluir")).unwrap().kind else {
        panic!()
    };
    action.on.clear();
    let asked = step(&unrouted, new_session(), &says("stop"), &facts(), &LIMITS).session;
    let outcome =
        Input::ActionOutcome { call: 1, outcome: "ok".to_owned(), values: BTreeMap::new(), proved: None };
    let turn = step(&unrouted, asked, &outcome, &facts(), &LIMITS);
    assert_eq!(faults(&turn), ["outcome `ok` of action `contacto.excluir` has no route"]);
}

#[test]
fn an_agent_gives_a_faulted_chat_back_to_the_start() {
    let limits = Limits { steps_max: 1, ..LIMITS };
    let faulted = step(&MOTOR, new_session(), &says("hola"), &facts(), &limits).session;
    let returned =
        turn(faulted.clone(), &Input::AgentReturned { step: Some("deuda.saldo".to_owned()), outcome: None });
    assert!(sent(&returned)[0].starts_with("Hola, soy Lina"), "above the level, so not there");
    let named =
        turn(faulted.clone(), &Input::AgentReturned { step: Some("datos.foto".to_owned()), outcome: None });
    assert_eq!(sent(&named), ["Ahora envíe una foto del recibo."]);
    let closed = turn(faulted, &Input::TicketClosed { outcome: None });
    assert_eq!(closed.session.status, Status::Ended { outcome: outcome::CLOSED.to_owned() });
}

#[test]
fn an_agent_cannot_give_a_chat_back_to_a_greeting_whose_level_never_held() {
    let shipped = folder("flows");
    let on = |session, input: &Input| step(&shipped, session, input, &facts(), &LIMITS);
    let asked = on(Session::new(shipped.hash.clone(), "es", facts().now), &says("hola")).session;
    let Status::AwaitingAction { call } = asked.status else { panic!("{:?}", asked.status) };
    let human =
        Input::ActionOutcome { call, outcome: "humano".to_owned(), values: BTreeMap::new(), proved: None };
    let with_agent = on(asked, &human).session;
    assert!(matches!(with_agent.status, Status::WithAgent { .. }));
    let plain = on(with_agent.clone(), &Input::AgentReturned { step: None, outcome: None });
    for named in ["identidad.saludo_conocido", "saludo_conocido", "saludo.hola"] {
        let returned =
            on(with_agent.clone(), &Input::AgentReturned { step: Some(named.to_owned()), outcome: None });
        assert_eq!(faults(&returned), [""; 0], "{named}");
        assert_eq!(returned.session.status, plain.session.status, "{named}: as if no step was named");
    }
}

#[test]
fn an_interrupt_beside_the_agent_closes_the_ticket_only_when_it_replaces() {
    let with_agent = turn(turn(new_session(), &says("hola")).session, &says("asesor")).session;
    assert!(matches!(with_agent.status, Status::WithAgent { .. }));
    let forwarded = turn(with_agent.clone(), &says("sigo aqui"));
    assert_eq!(forwarded.effects, [Effect::ForwardToAgent]);
    let replaced = turn(with_agent.clone(), &says("menu"));
    assert!(replaced.effects.contains(&Effect::CloseTicket { outcome: "menu".to_owned() }));
    let not_let_in = turn(with_agent, &says("asesor"));
    assert_eq!(not_let_in.effects, [Effect::ForwardToAgent]);
}

#[test]
fn another_identity_ends_the_open_matter_and_the_level() {
    let verified_session = step(
        &MOTOR,
        Session { assurance: Assurance::Verificada, ..new_session() },
        &says("hola"),
        &verified(),
        &LIMITS,
    )
    .session;
    let changed = step(&MOTOR, verified_session, &Input::IdentityChanged, &verified(), &LIMITS);
    assert_eq!(changed.session.assurance, Assurance::Ninguna);
    assert_eq!(changed.session.status, Status::Ended { outcome: outcome::IDENTITY.to_owned() });
    assert!(changed.session.frames.is_empty());
    assert!(changed.effects.contains(&Effect::Assurance { level: Assurance::Ninguna }));
}

#[test]
fn a_session_alone_grants_no_level_and_facts_alone_grant_the_channel_only() {
    let session = Session { assurance: Assurance::Verificada, ..new_session() };
    assert_eq!(turn(session, &says("hola")).session.assurance, Assurance::Ninguna);
    let opened = step(&MOTOR, new_session(), &says("hola"), &verified(), &LIMITS);
    assert_eq!(opened.session.assurance, Assurance::Canal);
}
