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
    /// `la contra`, which is also what speaks against something: `la contra es que no tengo plata`.
    Contra,
}

/// Longer ones first.
const LABELS: [(&[&str], Class); 96] = [
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
    (&["tokens"], Class::Code),
    (&["softoken"], Class::Code),
    (&["softtoken"], Class::Code),
    (&["mtoken"], Class::Code),
    (&["etoken"], Class::Code),
    (&["codes"], Class::Code),
    (&["otps"], Class::Code),
    (&["pin"], Class::Pin),
    (&["nip"], Class::Pin),
    (&["pins"], Class::Pin),
    (&["pines"], Class::Pin),
    (&["nips"], Class::Pin),
    (&["p", "i", "n"], Class::Pin),
    (&["n", "i", "p"], Class::Pin),
    (&["palavra", "passe"], Class::Password),
    (&["contra", "sena"], Class::Password),
    (&["contra", "cena"], Class::Password),
    (&["contra", "senha"], Class::Password),
    (&["pass", "word"], Class::Password),
    (&["pass", "phrase"], Class::Password),
    (&["passphrase"], Class::Password),
    (&["passwords"], Class::Password),
    (&["passcodes"], Class::Password),
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
    (&["klaves"], Class::Clave),
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
const BACK: [&str; 34] = [
    "tu", "su", "your", "es", "is", "e", "era", "eh", "el", "la", "mi", "the", "my", "de", "o", "a", "meu",
    "minha", "como", "fue", "numero", "este", "ese", "esta", "esa", "was", "del", "usual", "actual", "atual",
    "nueva", "nova", "new", "current",
];

impl Class {
    /// How many digits such a secret has.
    pub fn takes(self, n_digits: usize) -> bool {
        match self {
            Self::SecurityCode => (3..=8).contains(&n_digits),
            Self::Pin | Self::Code | Self::Password | Self::Clave | Self::Contra => {
                (4..=10).contains(&n_digits)
            }
        }
    }

    /// Words that may stand between the label and the digits.
    pub const fn reach(self) -> usize {
        match self {
            Self::SecurityCode => 5,
            Self::Pin | Self::Password | Self::Clave | Self::Contra => 6,
            Self::Code => 10,
        }
    }

    /// Whether it may be written in letters.
    pub const fn has_letters(self) -> bool {
        match self {
            Self::Password | Self::Clave | Self::Contra => true,
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

/// Before `contra` where it is short for a word for a password, and behind it where it is not.
const THE: [&str; 13] =
    ["la", "las", "mi", "mis", "tu", "su", "sus", "esta", "esa", "misma", "nueva", "vieja", "minha"];
const AGAINST: [&str; 14] = [
    "parte",
    "partes",
    "orden",
    "reloj",
    "oferta",
    "propuesta",
    "cara",
    "luz",
    "demanda",
    "indicacion",
    "prestacion",
    "la",
    "los",
    "las",
];

/// `la contra es Tigre45`, `usuario ana, contra: Tigre45`; not `en contra`, `la contra parte`.
fn contra(read: &Read<'_>, token: usize) -> Option<usize> {
    if !matches!(read.word(token), "contra" | "contras" | "kontra") || AGAINST.contains(&read.word(token + 1))
    {
        return None;
    }
    let the = token.checked_sub(1).is_some_and(|before| THE.contains(&read.word(before)));
    let begins = token == 0 || read.gap_before(token).contains([',', ';', ':', '/', '\n', '.']);
    let told = read.gap_before(token + 1).contains([':', '=']);
    (the || (begins && told)).then_some(token + 1)
}

/// However the end of it is misspelt: `contraseñia`, `contrasema`.
const BEGINNINGS: [&str; 4] = ["contrase", "contrace", "kontrase", "contrasn"];

/// The label that begins at this token, and the token behind it.
pub fn label_at(read: &Read<'_>, token: usize) -> Option<(Class, usize)> {
    let word = read.word(token);
    if word.is_empty() {
        return None;
    }
    if let Some(behind) = on_the_back(read, token) {
        return Some((Class::SecurityCode, behind));
    }
    let fits = |words: &[&str]| {
        words.first() == Some(&word) && words.iter().zip(token..).all(|(word, at)| read.word(at) == *word)
    };
    let listed = LABELS.iter().find(|(words, _)| fits(words));
    listed
        .map(|(words, class)| (*class, token + words.len()))
        .or_else(|| contra(read, token).map(|behind| (Class::Contra, behind)))
        .or_else(|| {
            let misspelt = BEGINNINGS.iter().any(|beginning| word.starts_with(beginning));
            misspelt.then_some((Class::Password, token + 1))
        })
}

/// Whether the word is one of a label.
pub fn is_of_a_label(word: &str) -> bool {
    LABELS.iter().any(|(words, _)| words.contains(&word))
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
