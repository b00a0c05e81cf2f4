//! Words that say that a secret comes, in Spanish, Portuguese and English, as [`super::read::folded`] writes them.

use super::read::Read;

/// What kind of secret a label leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// Security code of a card: 3 or 4 digits.
    SecurityCode,
    /// Digits only.
    Pin,
    /// A one-time code: 4 to 8 digits.
    Code,
    /// A password that is never anything else.
    Password,
    /// `clave`, which is also the key to something: `la clave es pagar a tiempo`.
    Clave,
}

/// Longer ones first.
const LABELS: [(&[&str], Class); 77] = [
    (&["respuesta", "secreta"], Class::Password),
    (&["palabra", "secreta"], Class::Password),
    (&["resposta", "secreta"], Class::Password),
    (&["palavra", "secreta"], Class::Password),
    (&["secret", "answer"], Class::Password),
    (&["secret", "word"], Class::Password),
    (&["codigo", "de", "seguridad"], Class::SecurityCode),
    (&["cod", "de", "seguridad"], Class::SecurityCode),
    (&["cod", "seguridad"], Class::SecurityCode),
    (&["codigo", "seguridad"], Class::SecurityCode),
    (&["numero", "de", "seguridad"], Class::SecurityCode),
    (&["numeros", "de", "atras"], Class::SecurityCode),
    (&["numeritos", "de", "atras"], Class::SecurityCode),
    (&["digitos", "de", "atras"], Class::SecurityCode),
    (&["numeros", "del", "respaldo"], Class::SecurityCode),
    (&["digitos", "del", "respaldo"], Class::SecurityCode),
    (&["numeros", "del", "reverso"], Class::SecurityCode),
    (&["digitos", "del", "reverso"], Class::SecurityCode),
    (&["codigo", "de", "seguranca"], Class::SecurityCode),
    (&["numeros", "do", "verso"], Class::SecurityCode),
    (&["digitos", "do", "verso"], Class::SecurityCode),
    (&["numeros", "de", "tras"], Class::SecurityCode),
    (&["security", "code"], Class::SecurityCode),
    (&["security", "number"], Class::SecurityCode),
    (&["numbers", "on", "the", "back"], Class::SecurityCode),
    (&["digits", "on", "the", "back"], Class::SecurityCode),
    (&["cvv"], Class::SecurityCode),
    (&["cvc"], Class::SecurityCode),
    (&["cvn"], Class::SecurityCode),
    (&["csc"], Class::SecurityCode),
    (&["c", "v", "v"], Class::SecurityCode),
    (&["c", "v", "c"], Class::SecurityCode),
    (&["c", "v", "n"], Class::SecurityCode),
    (&["c", "c", "v"], Class::SecurityCode),
    (&["ccv"], Class::SecurityCode),
    (&["numero", "que", "me", "llego"], Class::Code),
    (&["numero", "que", "me", "enviaron"], Class::Code),
    (&["numero", "que", "me", "mandaron"], Class::Code),
    (&["numeros", "que", "me", "llegaron"], Class::Code),
    (&["numero", "que", "chegou"], Class::Code),
    (&["number", "you", "sent"], Class::Code),
    (&["number", "i", "got"], Class::Code),
    (&["codigo"], Class::Code),
    (&["codigos"], Class::Code),
    (&["codiguito"], Class::Code),
    (&["code"], Class::Code),
    (&["otp"], Class::Code),
    (&["dinamica"], Class::Code),
    (&["token"], Class::Code),
    (&["pin"], Class::Pin),
    (&["nip"], Class::Pin),
    (&["p", "i", "n"], Class::Pin),
    (&["n", "i", "p"], Class::Pin),
    (&["palavra", "passe"], Class::Password),
    (&["palabra", "clave"], Class::Password),
    (&["contrasena"], Class::Password),
    (&["contrasenas"], Class::Password),
    (&["contrasenia"], Class::Password),
    (&["contracena"], Class::Password),
    (&["contraseno"], Class::Password),
    (&["kontrasena"], Class::Password),
    (&["password"], Class::Password),
    (&["pasword"], Class::Password),
    (&["passwort"], Class::Password),
    (&["passcode"], Class::Password),
    (&["pwd"], Class::Password),
    (&["pw"], Class::Password),
    (&["passwd"], Class::Password),
    (&["pswd"], Class::Password),
    (&["psw"], Class::Password),
    (&["psswd"], Class::Password),
    (&["senha"], Class::Password),
    (&["senhas"], Class::Password),
    (&["clave"], Class::Clave),
    (&["claves"], Class::Clave),
    (&["klave"], Class::Clave),
    (&["pass"], Class::Clave),
];

/// What a code or PIN may be of that is no secret: codes for paying, of places, laws and goods.
const OPEN: [&str; 66] = [
    "pago",
    "pagos",
    "pagar",
    "pague",
    "recaudo",
    "recaudos",
    "credito",
    "cliente",
    "referencia",
    "postal",
    "barras",
    "producto",
    "convenio",
    "sucursal",
    "acuerdo",
    "area",
    "obligacion",
    "ciudad",
    "dane",
    "pais",
    "prestamo",
    "factura",
    "cuenta",
    "contrato",
    "radicado",
    "reclamo",
    "caso",
    "transaccion",
    "aprobacion",
    "comprobante",
    "recibo",
    "corresponsal",
    "oficina",
    "tienda",
    "promocional",
    "descuento",
    "comercio",
    "civil",
    "penal",
    "trabajo",
    "articulo",
    "ley",
    "pedido",
    "empresa",
    "establecimiento",
    "compra",
    "deposito",
    "consignacion",
    "consigne",
    "interbancaria",
    "elector",
    "catastral",
    "unica",
    "pix",
    "boleto",
    "fatura",
    "pagamento",
    "cep",
    "payment",
    "customer",
    "reference",
    "zip",
    "order",
    "discount",
    "swift",
    "promo",
];

/// Words that stand between a label and a secret without changing what it is.
const FILLERS: [&str; 65] = [
    "de",
    "del",
    "la",
    "las",
    "el",
    "los",
    "mi",
    "mis",
    "su",
    "tu",
    "para",
    "por",
    "en",
    "banca",
    "banco",
    "virtual",
    "app",
    "cajero",
    "tarjeta",
    "internet",
    "correo",
    "nequi",
    "daviplata",
    "bancolombia",
    "principal",
    "dinamica",
    "secreta",
    "segunda",
    "primera",
    "web",
    "portal",
    "wifi",
    "facebook",
    "gmail",
    "bancaria",
    "digital",
    "anterior",
    "nueva",
    "actual",
    "temporal",
    "numerica",
    "debito",
    "do",
    "da",
    "no",
    "cartao",
    "conta",
    "aplicativo",
    "of",
    "for",
    "my",
    "the",
    "bank",
    "account",
    "card",
    "email",
    "new",
    "old",
    "otp",
    "sms",
    "visa",
    "unico",
    "d",
    "dl",
    "l",
];

/// Owners, without which `clave` may be the key to anything.
const MINE: [&str; 8] = ["mi", "mis", "mia", "minha", "meu", "my", "tu", "su"];

/// Forms of `is`.
const IS: [&str; 11] = ["es", "is", "era", "sera", "seria", "son", "are", "was", "sao", "eh", "s"];

/// Words that may stand between a secret and the label behind it: `4821 es mi clave`.
const BACK: [&str; 27] = [
    "tu", "su", "your", "es", "is", "e", "era", "eh", "el", "la", "mi", "the", "my", "de", "o", "a", "meu",
    "minha", "como", "fue", "numero", "este", "ese", "esta", "esa", "was", "del",
];

/// No password, though it may stand where one does: `mi clave es muy segura`.
const NO_VALUE: [&str; 76] = [
    "de",
    "del",
    "la",
    "el",
    "los",
    "las",
    "un",
    "una",
    "mi",
    "mis",
    "su",
    "tu",
    "muy",
    "mas",
    "menos",
    "que",
    "cual",
    "para",
    "por",
    "en",
    "con",
    "sin",
    "no",
    "si",
    "ya",
    "lo",
    "le",
    "se",
    "me",
    "esa",
    "ese",
    "esta",
    "este",
    "eso",
    "mia",
    "misma",
    "mismo",
    "segura",
    "seguro",
    "personal",
    "privada",
    "privado",
    "secreta",
    "secreto",
    "incorrecta",
    "incorrecto",
    "correcta",
    "correcto",
    "importante",
    "dificil",
    "facil",
    "larga",
    "corta",
    "nueva",
    "vieja",
    "valida",
    "invalida",
    "confidencial",
    "intransferible",
    "necesaria",
    "obligatoria",
    "numerica",
    "the",
    "my",
    "a",
    "an",
    "not",
    "very",
    "wrong",
    "right",
    "secret",
    "private",
    "minha",
    "muito",
    "uma",
    "pessoal",
];

/// Words that begin what is said besides a password.
const ELSE: [&str; 30] = [
    "y", "e", "o", "and", "pero", "quiero", "para", "porque", "que", "me", "necesito", "puedo", "por",
    "gracias", "ayudeme", "ayuda", "but", "please", "i", "want", "mas", "mais", "quero", "preciso", "cuando",
    "si", "no", "a", "cuanto", "como",
];

/// Counts of characters: `una clave de 4 dígitos`.
const LENGTHS: [&str; 14] = [
    "digito",
    "digitos",
    "numero",
    "numeros",
    "cifras",
    "caracteres",
    "letras",
    "veces",
    "digits",
    "numbers",
    "characters",
    "dias",
    "horas",
    "intentos",
];

impl Class {
    /// How many digits such a secret has.
    pub fn takes(self, n_digits: usize) -> bool {
        match self {
            Self::SecurityCode => (3..=8).contains(&n_digits),
            Self::Pin | Self::Code | Self::Password | Self::Clave => (4..=10).contains(&n_digits),
        }
    }

    /// Words that may stand between the label and the digits.
    pub const fn reach(self) -> usize {
        match self {
            Self::SecurityCode => 5,
            Self::Pin | Self::Password | Self::Clave => 6,
            Self::Code => 10,
        }
    }

    /// Whether it may be written in letters.
    pub const fn has_letters(self) -> bool {
        match self {
            Self::Password | Self::Clave => true,
            Self::SecurityCode | Self::Pin | Self::Code => false,
        }
    }
}

/// Where the security code of a card stands, and what it is called there: `el código de atrás`, `atrás dice`.
const BACKS: [&str; 6] = ["atras", "detras", "respaldo", "reverso", "verso", "tras"];
const CALLED: [&str; 8] = ["codigo", "cod", "clave", "numero", "numeros", "numeritos", "digitos", "numerito"];
const SAYS: [&str; 6] = ["dice", "dicen", "sale", "salen", "tiene", "diz"];

fn on_the_back(read: &Read<'_>, token: usize) -> Option<usize> {
    let back = |at: usize| BACKS.contains(&read.word(at));
    if back(token) {
        return SAYS.contains(&read.word(token + 1)).then_some(token + 2);
    }
    let joined = usize::from(matches!(read.word(token + 1), "de" | "del" | "do" | "por"));
    (CALLED.contains(&read.word(token)) && back(token + 1 + joined)).then_some(token + 2 + joined)
}

/// The label that begins at this token, and the token behind it.
pub fn label_at(read: &Read<'_>, token: usize) -> Option<(Class, usize)> {
    if let Some(behind) = on_the_back(read, token) {
        return Some((Class::SecurityCode, behind));
    }
    let fits = |words: &[&str]| words.iter().zip(token..).all(|(word, at)| read.word(at) == *word);
    LABELS.iter().find(|(words, _)| fits(words)).map(|(words, class)| (*class, token + words.len()))
}

pub fn is_open(word: &str) -> bool {
    OPEN.contains(&word)
}

pub fn is_filler(word: &str) -> bool {
    FILLERS.contains(&word)
}

pub fn is_mine(word: &str) -> bool {
    MINE.contains(&word)
}

pub fn is_verb(word: &str) -> bool {
    IS.contains(&word)
}

pub fn leads_back(word: &str) -> bool {
    BACK.contains(&word)
}

pub fn is_no_value(word: &str) -> bool {
    NO_VALUE.contains(&word)
}

pub fn is_said_besides(word: &str) -> bool {
    ELSE.contains(&word)
}

pub fn is_length(word: &str) -> bool {
    LENGTHS.contains(&word)
}

/// Words of labels and of what joins them to a secret; of no use without it.
pub fn leads_to_a_secret(word: &str) -> bool {
    let around = [
        "verificacion",
        "verificacao",
        "verification",
        "whatsapp",
        "sms",
        "me",
        "que",
        "llego",
        "recibi",
        "recebi",
        "chegou",
        "foi",
        "celular",
        "mensaje",
        "texto",
        "tarjeta",
        "tarjetas",
        "cartao",
        "card",
        "visa",
        "mastercard",
        "amex",
        "numero",
        "number",
        "vence",
        "exp",
        "y",
        "le",
        "les",
        "te",
        "paso",
        "doy",
        "dejo",
        "mando",
        "envio",
        "escribo",
        "comparto",
        "aqui",
        "ahi",
        "va",
        "tome",
        "anote",
        "apunte",
        "dije",
        "diria",
        "here",
        "take",
        "passo",
        "anota",
    ];
    word.is_empty()
        || around.contains(&word)
        || is_mine(word)
        || is_verb(word)
        || is_filler(word)
        || leads_back(word)
        || LABELS.iter().any(|(words, _)| words.contains(&word))
}
