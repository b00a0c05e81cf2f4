//! No sentence without a mechanism: whatever the shipped texts promise, in any language, something keeps.
//!
//! [`PROMISES`] finds words that promise; [`KEPT`] lists the promises that are kept, and by what. A text that promises
//! anything else fails here: build what keeps it and list it, or say what is true.

use acuerdo::domain::ids::FlowId;
use acuerdo::flow;
use acuerdo::flow::check::texts::texts;
use acuerdo::flow::model::{BotTexts, Flow, FlowSet, Localised, Step, StepKind};
use acuerdo::flow::text::Part;
use regex::Regex;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// What keeps a promise.
#[derive(Debug, Clone, Copy)]
enum By {
    /// A person: the text's flow hands over, or it names the word that brings one.
    Desk,
    /// The flow of those who wait, which says what the hours and `agentes.alcanza` allow, or what runs beside people.
    Waiting,
    /// An action that the flow, or one that it calls, does.
    Does(&'static str),
    /// What the bot does next, or has always done, as this scenario shows.
    Shown(&'static str),
}

use By::{Desk, Does, Shown, Waiting};

/// Words that promise something, by language.
const PROMISES: [(&str, &str); 3] = [
    (
        "es",
        r"\b(avisa(mos|remos|ré)|pausa(mos|remos)?|detenemos|les? (escrib|llam|env[ií]|respond|explic|atiend|revis|orient|acompañ|record|propon|ayud)\w*|les? paso|se lo (env[ií]a\w*|mand\w+)|seguimos con|volveremos|vuelven|no se cierra|l[oa] revisa|(quedó|queda) (con|en este|anotad|registrad)\w*|en turno|apenas \w+|podrá recibir|lo lee)",
    ),
    (
        "pt",
        r"\b(avisa(mos|remos)|pausa(mos|remos)|escreve (por|em)|vou passar|vamos (mais )?escrever|volta(m|remos) |atende você|verifica(mos)?\b|explica os|orienta|acompanha |fic(ou|a) (anotad|registrad|com|neste)\w*|ajuda(mos)? |ajudo|propomos|respondemos|envi(o|amos|aremos)\b|na fila|assim que\b|vai ler|não é encerrado)",
    ),
    (
        "en",
        r"\b(we'll|i'll|will|won't|i'm passing|is noted|is registered|stays|don't propose|as soon as|now in line|already with)",
    ),
];

/// The promises that are kept: words, and what keeps them.
const KEPT: [(&str, By); 33] = [
    (
        r"le paso con una persona|le (atiende|ayuda|atienda|escriba) una persona|l[oa] revisa una persona|una persona busca otra|y le responde por este chat",
        Desk,
    ),
    (
        r"le ayuda a confirmar|le explica los pasos|que le acompaña|equipo le orienta|en turno con nuestro|quedó con nuestro equipo|lo revisamos",
        Desk,
    ),
    (
        r"vou passar você para|uma pessoa (atende você|verifica)|equipe (verifica|explica|orienta)|na fila da nossa|que (ajuda a|acompanha)|ficou com a nossa|enquanto verificamos",
        Desk,
    ),
    (
        r"i'm passing you to|i'll pass you to|person will (check|help|look)|now in line|who will help|team will (check|explain|guide|look)|stays with someone|already with our team|we will look into it",
        Desk,
    ),
    (
        r"lo lee una persona de nuestro equipo|l[oa] revisa ya nuestro equipo|uma pessoa da nossa equipe vai ler",
        Desk,
    ),
    (
        r"le (escriben|escribe) por este chat|vuelven el|le atienden por orden|no se cierra|lo lee la persona que le atienda",
        Waiting,
    ),
    (r"lo lee una persona|lo revisa una persona adulta", Waiting),
    (r"escreve por este chat|voltam em|não é encerrado|vai ler", Waiting),
    (r"na fila|equipe verifica", Waiting),
    (r"will write in this chat|as soon as possible|will read it|stays open|already with the people", Waiting),
    (r"stays with someone", Shown("cuidado/salir_no_cierra_angustia")),
    (
        r"no le escribiremos más|le respondemos|vamos mais escrever|e respondemos|we won't write to you|we will not write to you|we'll answer",
        Does("contacto.excluir"),
    ),
    (r"vai ler que você tem quem o represente", Does("ticket.dejar")),
    (r"we'll gladly look at it", Shown("promesa/retira_y_vuelve_a_probar")),
    (r"podrá recibir de nuevo", Does("contacto.incluir")),
    (
        r"no volveremos a escribir a este número|não voltaremos a escrever para este|we won't write to this number",
        Does("contacto.numero_equivocado"),
    ),
    (r"no le cobra ni le propone", Does("chat.reservar")),
    (
        r"no le escribe por su cuenta|não escreve por conta própria|will not write on its own",
        Does("chat.reservar"),
    ),
    (r"no le proponemos acuerdos|não propomos acordos|(won't|don't) propose", Shown("opciones/en_disputa")),
    (
        r"quedó (anotado|registrad)|queda con (su|ese) reporte|queda en este chat|ficou (anotado|registrado)|fica com (o seu|esse)|fica neste chat|is noted|is registered|stays with (your|that) report|stays in this chat|balance stays|we'll leave it noted",
        Does("ticket.dejar"),
    ),
    (r"qued[óa] (registrad|anotad)|ficou (registrad|anotad)|is registered|is noted", Does("acuerdo.crear")),
    (r"ficou registrad|is registered", Does("caso.abrir")),
    (
        r"le envío (de una vez )?los datos|seguimos con su pago|envio (já )?os dados|i'll send you the details|i'll send",
        Does("pago.enlace"),
    ),
    (r"i'll show you the details|we'll look at other", Shown("opciones/plan")),
    (
        r"le ayudo apenas compruebe|ajudo nisso|assim que confirmar|i'll help with that as soon as",
        Shown("cuidado/lo_dicho_antes_de_probar"),
    ),
    (
        r"apenas compruebe|assim que eu confirmar|as soon as i confirm",
        Shown("identidad/menu_antes_de_verificar"),
    ),
    (r"en qué le ayudo", Shown("identidad/bien_y_menu")),
    (r"will never ask", Shown("apertura/saludo_conocido")),
    (r"they will listen", Shown("personas/angustia")),
    (r"team will read what you wrote", Desk),
    (r"le paso con ella", Desk),
    (r"apenas el acuerdo quede registrado|assim que o acordo ficar registrado", Shown("opciones/plan")),
    (r"lo revisa y decide|it stays as it is", Shown("promesa/retira_y_lo_ve_una_persona")),
];
/// The words that bring a person, in each language.
const WORDS_FOR_A_PERSON: [&str; 3] = ["asesor", "atendente", "agent"];

/// One text of the folder.
struct Said<'f> {
    key: String,
    language: String,
    words: String,
    /// `None` for a text of the engine itself.
    flow: Option<&'f Flow>,
}

fn root(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn all(flows: &FlowSet) -> Vec<Said<'_>> {
    let mut said = Vec::new();
    for flow in flows.flows.values() {
        for step in flow.steps.values() {
            for (field, _, text) in texts(step) {
                add(&mut said, &format!("{}.{}.{field}", flow.id, step.id), text, Some(flow));
            }
        }
    }
    let BotTexts { stale, not_text, voice, unreadable, fault, hello, kept, .. } = &flows.bot.texts;
    let engine = [
        Some(stale),
        Some(not_text),
        Some(voice),
        Some(unreadable),
        Some(fault),
        hello.as_ref(),
        kept.as_ref(),
    ];
    for (n, text) in engine.into_iter().enumerate() {
        if let Some(text) = text {
            add(&mut said, &format!("bot.texts {n}"), text, None);
        }
    }
    said
}

fn add<'f>(said: &mut Vec<Said<'f>>, key: &str, text: &Localised, flow: Option<&'f Flow>) {
    for (language, text) in &text.by_language {
        let words = text.parts.iter().map(|part| match part {
            Part::Literal(words) => words.to_lowercase(),
            Part::Slot { .. } => "x".to_owned(),
        });
        said.push(Said { key: key.to_owned(), language: language.clone(), words: words.collect(), flow });
    }
}

/// A flow and all that it calls.
fn closure<'f>(flows: &'f FlowSet, flow: &'f Flow) -> Vec<&'f Flow> {
    let mut seen: BTreeSet<&FlowId> = BTreeSet::new();
    let mut open = vec![flow];
    let mut found = Vec::new();
    while let Some(flow) = open.pop() {
        if !seen.insert(&flow.id) {
            continue;
        }
        found.push(flow);
        open.extend(flow.steps.values().filter_map(|step| match &step.kind {
            StepKind::Call(call) => flows.flows.get(&call.flow),
            StepKind::Say(_)
            | StepKind::Ask(_)
            | StepKind::Choose(_)
            | StepKind::Do(_)
            | StepKind::Decide(_)
            | StepKind::Handoff(_)
            | StepKind::Pause(_)
            | StepKind::Set(_)
            | StepKind::End(_) => None,
        }));
    }
    found
}

fn is_kept(flows: &FlowSet, said: &Said<'_>, by: By) -> bool {
    let any = |is: &dyn Fn(&Step) -> bool| {
        said.flow.is_some_and(|flow| closure(flows, flow).iter().any(|flow| flow.steps.values().any(is)))
    };
    match by {
        Desk => {
            said.flow.is_none()
                || WORDS_FOR_A_PERSON.iter().any(|word| said.words.contains(word))
                || any(&|step| matches!(step.kind, StepKind::Handoff(_)))
                || runs_beside_people(flows, said)
        }
        Waiting => runs_beside_people(flows, said),
        Does(action) => any(&|step| matches!(&step.kind, StepKind::Do(done) if done.action == action)),
        Shown(scenario) => root("tests/scenarios").join(scenario).with_extension("yaml").exists(),
    }
}

/// What runs only while people have a ticket of the chat.
fn runs_beside_people(flows: &FlowSet, said: &Said<'_>) -> bool {
    let bot = &flows.bot;
    let claims = bot.claims.iter().map(|claims| &claims.run);
    let mut beside = bot.waiting.iter().chain(&bot.grave).chain(claims);
    said.flow.is_some_and(|flow| beside.any(|run| *run == flow.id))
}

#[test]
fn whatever_the_shipped_texts_promise_is_kept_by_something() {
    let files = flow::read_folder(&root("flows")).unwrap();
    let flows = flow::load(&files).unwrap_or_else(|found| panic!("{} findings", found.len())).set;
    let promises = PROMISES.map(|(language, words)| (language, Regex::new(words).unwrap()));
    let kept = KEPT.map(|(words, by)| (Regex::new(words).unwrap(), by));
    let mut broken = Vec::new();
    let mut used = BTreeSet::new();
    for said in all(&flows) {
        let words = promises.iter().filter(|(language, _)| *language == said.language);
        for promise in words.flat_map(|(_, promise)| promise.find_iter(&said.words)) {
            let covers = |kept: &Regex| {
                kept.find_iter(&said.words)
                    .any(|found| found.start() < promise.end() && promise.start() < found.end())
            };
            let by = kept.iter().position(|(words, by)| covers(words) && is_kept(&flows, &said, *by));
            match by {
                Some(at) => {
                    used.insert(at);
                }
                None => broken.push(format!(
                    "{} [{}]: “{}” in {}",
                    said.key,
                    said.language,
                    promise.as_str(),
                    said.words
                )),
            }
        }
    }
    assert!(broken.is_empty(), "nothing keeps {} promise(s):\n{}", broken.len(), broken.join("\n"));
    let idle: Vec<&str> = (0..KEPT.len()).filter(|at| !used.contains(at)).map(|at| KEPT[at].0).collect();
    assert!(idle.is_empty(), "nobody promises any more: {idle:?}");
}
