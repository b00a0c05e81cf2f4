//! Names of the kinds that flows and the store share.

/// Situation of one obligation.
///
/// `por_aplicar`: an agreement was kept after the day of the balance, so nothing that the balance says is claimed.
pub const SITUATIONS: [&str; 7] =
    ["al_dia", "por_vencer", "vencida", "saldada", "en_disputa", "con_acuerdo", "por_aplicar"];

pub const OFFER_KINDS: [&str; 4] = ["promesa", "plan", "refinanciacion", "descuento"];

pub const CASE_KINDS: [&str; 22] = [
    "disputa",
    "no_es_mia",
    "tercero",
    "fraude",
    "fallecido",
    "angustia",
    "violencia",
    "amenaza",
    "menor",
    "abuso",
    "paz_y_salvo",
    "datos_acceso",
    "datos_correccion",
    "datos_supresion",
    "datos_revocacion",
    "datos_autorizacion",
    "queja",
    "peticion",
    "insolvencia",
    // The wish to take an agreement back.
    "retiro_acuerdo",
    // A claim about what was reported to the credit bureaus.
    "centrales",
    "otro",
];

/// What a chat may be reserved for: a reported death, another person than the holder who writes, or a proceeding of
/// insolvency, which bars us from collecting.
pub const RESERVATIONS: [&str; 3] = ["duelo", "tercero", "insolvencia"];
