//! What every flow may read.

use super::{DATE, field, one_of};
use crate::domain::assurance::Label;
use crate::flow::value::{Field, Type};

/// Facts that every flow may read, by root name.
pub fn facts() -> Vec<(&'static str, Vec<Field>)> {
    use Label::{Contacto, Publico};
    vec![
        (
            "prestamista",
            vec![
                field("nombre", Type::Text, Publico, 40),
                field("asistente", Type::Text, Publico, 24),
                field("telefono", Type::Text, Publico, 20),
                field("web", Type::Text, Publico, 60),
                field("correo", Type::Text, Publico, 60),
                field("privacidad", Type::Text, Publico, 80),
                field("linea_crisis", Type::Text, Publico, 60),
                field("linea_emergencia", Type::Text, Publico, 60),
                field("documento", Type::Text, Publico, 80),
                field("documento_ejemplo", Type::Text, Publico, 12),
            ],
        ),
        (
            "agentes",
            vec![
                field("abierto", Type::Bool, Publico, 2),
                field("horario", Type::Text, Publico, 120),
                field("espera_minutos", Type::Int, Publico, 4),
                field("abre", Type::Date, Publico, DATE),
                // Whether they open before WhatsApp's 24 hours after the person's last message are over.
                field("alcanza", Type::Bool, Publico, 2),
            ],
        ),
        (
            "persona",
            vec![field("conocida", Type::Bool, Publico, 2), field("primer_nombre", Type::Text, Contacto, 24)],
        ),
        (
            "sesion",
            vec![
                field("nivel", one_of(&["ninguna", "canal", "verificada", "reforzada"]), Publico, 10),
                field("intencion", Type::Text, Publico, 20),
                field("idioma", one_of(&["es", "pt", "en"]), Publico, 2),
                // Of the hand-off that is open: its reason, and whether its ticket is protected.
                field("motivo", Type::Text, Publico, 40),
                field("protegida", Type::Bool, Publico, 2),
                // How many days the person has waited for it.
                field("espera_dias", Type::Int, Publico, 4),
                // Of the ticket that `ticket.dejar` left, while it is open: its reason.
                field("pendiente", Type::Text, Publico, 40),
                // What the chat is reserved for until a person decides.
                field("reserva", Type::Text, Publico, 20),
            ],
        ),
    ]
}
