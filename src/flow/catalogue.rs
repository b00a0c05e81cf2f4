//! The typed catalogue: actions that flows may `do`, record types, facts.
//!
//! The checker proves flows against it; `service/actions/` runs them. A new action is one entry here, one file there.

mod facts;
mod kinds;

pub use facts::facts;
pub use kinds::{CASE_KINDS, OFFER_KINDS, RESERVATIONS, SITUATIONS};

use crate::domain::assurance::{Assurance, Label};
use crate::flow::value::{Field, Type};

/// What running an action means for the world.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EffectClass {
    /// Reads only; may be run again.
    Read,
    /// Writes records that a repeat does not double.
    Write,
    /// Binds money: needs `once` and `evidence`.
    Money,
    /// Talks to another system; may be down.
    External,
}

/// One action's contract.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Action {
    pub name: &'static str,
    pub about: &'static str,
    pub inputs: Vec<ActionInput>,
    pub outputs: Vec<Field>,
    pub outcomes: Vec<&'static str>,
    pub class: EffectClass,
    /// Level that must hold where it is called.
    pub needs: Assurance,
    /// Level that holds after this outcome.
    pub grants: Option<(&'static str, Assurance)>,
    /// What its outcome `ok` does with the chat as a whole.
    pub keeps: Option<Keeps>,
}

/// What an action does with the chat as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keeps {
    /// For what its input `para` names: see [`RESERVATIONS`].
    Reserved,
    Free,
    /// Leaves a ticket with people, for its input `motivo` and with its input `nota`; the chat stays with the bot.
    Ticket,
    /// Protects the open ticket, for its inputs `motivo` and `prioridad` and with its input `nota`.
    Protected,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActionInput {
    pub name: &'static str,
    pub ty: Type,
    pub required: bool,
}

fn field(name: &'static str, ty: Type, label: Label, longest: usize) -> Field {
    Field { name, ty, label, longest }
}

fn input(name: &'static str, ty: Type) -> ActionInput {
    ActionInput { name, ty, required: true }
}

fn optional(name: &'static str, ty: Type) -> ActionInput {
    ActionInput { name, ty, required: false }
}

fn record(name: &str) -> Type {
    Type::Record(name.to_owned())
}

fn list(of: Type) -> Type {
    Type::List(Box::new(of))
}

fn one_of(members: &[&str]) -> Type {
    Type::Enum(members.iter().map(|member| (*member).to_owned()).collect())
}

/// Longest money text: `$999.999.999.999`.
const MONEY: usize = 16;
/// Longest list of the parts of an amount: four names with their amounts.
const PARTS: usize = 160;
/// Longest sentences about what is left after an offer.
pub const AFTERWARDS: usize = 260;
/// Longest list of the days of all payments.
pub const CALENDAR: usize = 250;
/// Longest words for what a refinancing takes in.
const REFINANCED: usize = 110;
/// Longest long date: `miércoles 30 de septiembre`.
const DATE: usize = 27;

/// Record types by name.
pub fn records() -> Vec<(&'static str, Vec<Field>)> {
    use Label::Deuda;
    vec![
        (
            "deuda",
            vec![
                field("id", Type::Text, Deuda, 36),
                field("producto", Type::Text, Deuda, 40),
                field("numero", Type::Text, Deuda, 8),
                field("titulo", Type::Text, Deuda, 24),
                field("situacion", one_of(&SITUATIONS), Deuda, 12),
                field("vencido", Type::Money, Deuda, MONEY),
                // What the whole debt comes to; not there when the debt file does not say it.
                field("pago_total", Type::Money, Deuda, MONEY),
                // `vencido`, as flows called it that were published before the two were told apart.
                field("total", Type::Money, Deuda, MONEY),
                // What is overdue and no running agreement covers; not there when that is nothing.
                field("sin_acordar", Type::Money, Deuda, MONEY),
                // The parts of `vencido` that are not zero, in words.
                field("partes", Type::Text, Deuda, PARTS),
                field("capital", Type::Money, Deuda, MONEY),
                field("intereses", Type::Money, Deuda, MONEY),
                field("mora", Type::Money, Deuda, MONEY),
                field("gastos", Type::Money, Deuda, MONEY),
                field("dias_mora", Type::Int, Deuda, 5),
                field("vencio", Type::Date, Deuda, DATE),
                field("proxima_fecha", Type::Date, Deuda, DATE),
                field("proxima_cuota", Type::Money, Deuda, MONEY),
                field("corte", Type::Date, Deuda, DATE),
                // The effective annual rate of the contract; not there when the debt file does not say it.
                field("tasa_ea", Type::Percent, Deuda, 8),
            ],
        ),
        (
            "oferta",
            vec![
                field("id", Type::Text, Deuda, 64),
                field("tipo", one_of(&OFFER_KINDS), Deuda, 14),
                field("titulo", Type::Text, Deuda, 24),
                field("resumen", Type::Text, Deuda, 72),
                field("total", Type::Money, Deuda, MONEY),
                field("descuento", Type::Money, Deuda, MONEY),
                // Nothing is owed any more once all of it is paid: `queda` is known and zero.
                field("cierra", Type::Bool, Deuda, 2),
                // A promise that may be of less than all that is overdue.
                field("flexible", Type::Bool, Deuda, 2),
                // What is left of the whole debt afterwards; not there when that is not known.
                field("queda", Type::Money, Deuda, MONEY),
                // `queda` and the next regular instalment in words; empty where there is nothing to say.
                field("despues", Type::Text, Deuda, AFTERWARDS),
                field("cuotas", Type::Int, Deuda, 3),
                // How often it is paid and on which days; empty for one payment.
                field("calendario", Type::Text, Deuda, CALENDAR),
                // The principal and the arrears that a refinancing takes in; empty for other offers.
                field("refinancia", Type::Text, Deuda, REFINANCED),
                field("cuota", Type::Money, Deuda, MONEY),
                // Differs from `cuota` where the policy asks for a down payment.
                field("primera_cuota", Type::Money, Deuda, MONEY),
                field("ultima_cuota", Type::Money, Deuda, MONEY),
                field("primera_fecha", Type::Date, Deuda, DATE),
                field("ultima_fecha", Type::Date, Deuda, DATE),
                field("intereses", Type::Money, Deuda, MONEY),
                // The true effective annual rate of its schedule; not there without interest.
                field("tasa_ea", Type::Percent, Deuda, 8),
                field("tasa_mensual", Type::Percent, Deuda, 8),
                // The yearly cost that the law of the country has told beside the rates, such as the CAT; else empty.
                field("cat", Type::Text, Deuda, 32),
                field("vigencia", Type::Date, Deuda, DATE),
            ],
        ),
        (
            "acuerdo",
            vec![
                field("referencia", Type::Text, Deuda, 12),
                field("tipo", one_of(&OFFER_KINDS), Deuda, 14),
                field("producto", Type::Text, Deuda, 40),
                field("total", Type::Money, Deuda, MONEY),
                field("cuota", Type::Money, Deuda, MONEY),
                field("cuotas", Type::Int, Deuda, 3),
                field("proxima_fecha", Type::Date, Deuda, DATE),
                field("ultima_fecha", Type::Date, Deuda, DATE),
                // How often it is paid and on which days, past ones too; empty for one payment.
                field("calendario", Type::Text, Deuda, CALENDAR),
            ],
        ),
    ]
}

/// Every action, in the order of the documentation.
pub fn actions() -> Vec<Action> {
    let mut all = identity_actions();
    all.extend(debt_actions());
    all.extend(payment_actions());
    all.extend(contact_actions());
    all
}

fn identity_actions() -> Vec<Action> {
    vec![
        Action {
            name: "identidad.iniciar",
            about: "Whether the identity questions may be asked now (locks, daily and monthly caps).",
            outcomes: vec!["listo", "ya_verificada", "bloqueada", "humano"],
            grants: Some(("ya_verificada", Assurance::Verificada)),
            ..read_only(Assurance::Ninguna)
        },
        Action {
            name: "identidad.verificar",
            about: "Checks the last 4 of the document and the day and month of birth; never says which was wrong.",
            inputs: vec![input("documento", Type::Text), input("nacimiento", Type::Text)],
            outputs: vec![field("intentos", Type::Int, Label::Publico, 1)],
            outcomes: vec!["ok", "no_coincide", "bloqueada", "humano"],
            class: EffectClass::Write,
            needs: Assurance::Ninguna,
            grants: Some(("ok", Assurance::Verificada)),
            keeps: None,
        },
    ]
}

/// What actions that only read have in common.
fn read_only(needs: Assurance) -> Action {
    Action {
        name: "",
        about: "",
        inputs: Vec::new(),
        outputs: Vec::new(),
        outcomes: Vec::new(),
        class: EffectClass::Read,
        needs,
        grants: None,
        keeps: None,
    }
}

fn debt_actions() -> Vec<Action> {
    let l2 = Assurance::Verificada;
    vec![
        Action {
            name: "deuda.consultar",
            about: "The person's obligations with their balance as of the last cut.",
            outputs: vec![
                field("deudas", list(record("deuda")), Label::Deuda, 0),
                field("total", Type::Money, Label::Deuda, MONEY),
                field("vencido", Type::Money, Label::Deuda, MONEY),
                field("pago_total", Type::Money, Label::Deuda, MONEY),
                field("cantidad", Type::Int, Label::Deuda, 3),
                field("unica", record("deuda"), Label::Deuda, 0),
            ],
            outcomes: vec!["una", "varias", "al_dia", "sin_deuda", "caido"],
            ..read_only(l2)
        },
        Action {
            name: "oferta.consultar",
            about: "What the policy offers for an obligation; `tipo` narrows it.",
            inputs: vec![input("deuda", record("deuda")), optional("tipo", one_of(&OFFER_KINDS))],
            outputs: vec![
                field("ofertas", list(record("oferta")), Label::Deuda, 0),
                field("cantidad", Type::Int, Label::Deuda, 3),
                field("saldo_antiguo", Type::Bool, Label::Deuda, 2),
                field("sin_refinanciacion", Type::Bool, Label::Deuda, 2),
                field("mejor", record("oferta"), Label::Deuda, 0),
            ],
            outcomes: vec!["ok", "sin_ofertas", "acuerdo_vigente", "en_disputa", "caido"],
            ..read_only(l2)
        },
        Action {
            name: "promesa.limites",
            about: "The least and most that may be promised for a debt and the last day, before anything is asked.",
            inputs: vec![input("deuda", record("deuda"))],
            outputs: vec![
                field("minimo", Type::Money, Label::Deuda, MONEY),
                field("maximo", Type::Money, Label::Deuda, MONEY),
                field("fecha_limite", Type::Date, Label::Deuda, DATE),
            ],
            outcomes: vec!["ok", "no_disponible", "caido"],
            ..read_only(l2)
        },
        Action {
            name: "promesa.proponer",
            about: "Turns an amount and a date into a promise offer, or says why not, with the limits.",
            inputs: vec![
                input("deuda", record("deuda")),
                input("monto", Type::Money),
                input("fecha", Type::Date),
            ],
            outputs: vec![
                field("oferta", record("oferta"), Label::Deuda, 0),
                field("minimo", Type::Money, Label::Deuda, MONEY),
                field("maximo", Type::Money, Label::Deuda, MONEY),
                field("fecha_limite", Type::Date, Label::Deuda, DATE),
            ],
            outcomes: vec![
                "ok",
                "monto_bajo",
                "monto_alto",
                "fecha_lejana",
                "fecha_pasada",
                "no_disponible",
                "caido",
            ],
            ..read_only(l2)
        },
        Action {
            name: "acuerdo.crear",
            about: "Records the agreement that the person accepted, exactly once.",
            inputs: vec![input("deuda", record("deuda")), input("oferta", record("oferta"))],
            outputs: vec![
                field("referencia", Type::Text, Label::Deuda, 12),
                field("acuerdo", record("acuerdo"), Label::Deuda, 0),
            ],
            outcomes: vec!["ok", "ya_existe", "vencida", "caido"],
            class: EffectClass::Money,
            needs: l2,
            grants: None,
            keeps: None,
        },
        Action {
            name: "acuerdo.consultar",
            about: "The newest agreement that is running, if any; with `deuda` the one about that debt.",
            inputs: vec![optional("deuda", record("deuda"))],
            outputs: vec![field("acuerdo", record("acuerdo"), Label::Deuda, 0)],
            outcomes: vec!["ok", "ninguno", "caido"],
            ..read_only(l2)
        },
        Action {
            name: "acuerdo.reciente",
            about: "The newest agreement that the person accepted in the last half hour, if it is running.",
            outputs: vec![field("acuerdo", record("acuerdo"), Label::Deuda, 0)],
            outcomes: vec!["ok", "ninguno", "caido"],
            ..read_only(l2)
        },
    ]
}

fn payment_actions() -> Vec<Action> {
    let l2 = Assurance::Verificada;
    vec![
        Action {
            name: "pago.enlace",
            about: "A link of the lender's hosted checkout for this amount.",
            inputs: vec![input("deuda", record("deuda")), input("monto", Type::Money)],
            outputs: vec![
                field("url", Type::Text, Label::Pago, 400),
                field("referencia", Type::Text, Label::Pago, 32),
                field("vence", Type::Date, Label::Pago, DATE),
            ],
            outcomes: vec!["ok", "no_disponible", "caido"],
            class: EffectClass::External,
            needs: l2,
            grants: None,
            keeps: None,
        },
        Action {
            name: "pago.medios",
            about: "Bank transfer and cash points of the lender, with the reference to use.",
            inputs: vec![input("deuda", record("deuda"))],
            outputs: vec![
                field("transferencia", Type::Text, Label::Pago, 200),
                field("puntos", Type::Text, Label::Pago, 300),
                field("referencia", Type::Text, Label::Pago, 32),
            ],
            outcomes: vec!["ok", "no_disponible"],
            ..read_only(l2)
        },
        Action {
            name: "pago.reportar",
            about: "Notes that the person says to have paid: reminders pause, the balance stays.",
            inputs: vec![
                optional("fecha", Type::Date),
                optional("monto", Type::Money),
                optional("medio", Type::Text),
                optional("comprobante", Type::Text),
            ],
            outputs: vec![],
            outcomes: vec!["ok", "caido"],
            class: EffectClass::Write,
            needs: Assurance::Ninguna,
            grants: None,
            keeps: None,
        },
    ]
}

fn contact_actions() -> Vec<Action> {
    let write = |name, about, inputs, outcomes: &[&'static str]| Action {
        name,
        about,
        inputs,
        outputs: vec![],
        outcomes: outcomes.to_vec(),
        class: EffectClass::Write,
        needs: Assurance::Ninguna,
        grants: None,
        keeps: None,
    };
    let keep =
        |name, about, inputs, keeps| Action { keeps: Some(keeps), ..write(name, about, inputs, &["ok"]) };
    vec![
        Action {
            outputs: vec![
                field("numero", Type::Text, Label::Publico, 12),
                // By when the law or the lender's policy wants an answer; not there for a kind without such a term.
                field("plazo", Type::Date, Label::Publico, DATE),
            ],
            ..write(
                "caso.abrir",
                "Opens a case; a dispute, complaint, insolvency, fraud or death holds offers and reminders.",
                vec![
                    input("tipo", one_of(&CASE_KINDS)),
                    optional("nota", Type::Text),
                    optional("deuda", record("deuda")),
                    // The agreement that the case is about; the case is then of its debt.
                    optional("acuerdo", record("acuerdo")),
                ],
                &["ok", "ya_abierto", "caido"],
            )
        },
        write(
            "contacto.excluir",
            "Opt-out of everything but answers, from this very moment.",
            vec![],
            &["ok"],
        ),
        write("contacto.incluir", "Takes the opt-out back.", vec![], &["ok"]),
        write(
            "contacto.numero_equivocado",
            "Cuts the link between this number and the person on file.",
            vec![],
            &["ok"],
        ),
        keep(
            "chat.reservar",
            "Keeps the chat free of the debt and of identity questions until a person decides.",
            vec![input("para", one_of(&RESERVATIONS))],
            Keeps::Reserved,
        ),
        keep(
            "ticket.dejar",
            "Leaves a ticket with people, so that they find what was asked for; the chat stays with the bot.",
            vec![input("motivo", Type::Text), optional("nota", Type::Text)],
            Keeps::Ticket,
        ),
        keep(
            "ticket.proteger",
            "The ticket beside which this runs is of this matter from now on, and no word of the person closes it.",
            vec![
                input("motivo", Type::Text),
                optional("nota", Type::Text),
                optional("prioridad", one_of(&["urgent", "high", "normal", "low"])),
            ],
            Keeps::Protected,
        ),
        keep(
            "chat.liberar",
            "The holder writes after all: the chat is no longer reserved.",
            vec![],
            Keeps::Free,
        ),
    ]
}
