//! Numbers in words, as tests write them: independent of what reads them.

/// Millions, thousands and the rest, each below a thousand.
const fn parts(n: i64) -> (i64, i64, i64) {
    (n / 1_000_000, n / 1_000 % 1_000, n % 1_000)
}

fn joined(pieces: [String; 3]) -> String {
    pieces.into_iter().filter(|piece| !piece.is_empty()).collect::<Vec<_>>().join(" ")
}

/// Below a thousand millions: "treinta y un mil".
pub fn spanish(n: i64) -> String {
    let (millions, thousands, rest) = parts(n);
    let millions = match millions {
        0 => String::new(),
        1 => "un millón".to_owned(),
        n => format!("{} millones", spanish_below(n, true)),
    };
    let thousands = match thousands {
        0 => String::new(),
        1 => "mil".to_owned(),
        n => format!("{} mil", spanish_below(n, true)),
    };
    joined([millions, thousands, if rest == 0 { String::new() } else { spanish_below(rest, false) }])
}

/// Below a thousand; `short` before another number word: "veintiún mil".
fn spanish_below(n: i64, short: bool) -> String {
    const HUNDREDS: [&str; 10] = [
        "",
        "ciento",
        "doscientos",
        "trescientos",
        "cuatrocientos",
        "quinientos",
        "seiscientos",
        "setecientos",
        "ochocientos",
        "novecientos",
    ];
    const TENS: [&str; 10] =
        ["", "", "", "treinta", "cuarenta", "cincuenta", "sesenta", "setenta", "ochenta", "noventa"];
    const ONES: [&str; 30] = [
        "",
        "uno",
        "dos",
        "tres",
        "cuatro",
        "cinco",
        "seis",
        "siete",
        "ocho",
        "nueve",
        "diez",
        "once",
        "doce",
        "trece",
        "catorce",
        "quince",
        "dieciséis",
        "diecisiete",
        "dieciocho",
        "diecinueve",
        "veinte",
        "veintiuno",
        "veintidós",
        "veintitrés",
        "veinticuatro",
        "veinticinco",
        "veintiséis",
        "veintisiete",
        "veintiocho",
        "veintinueve",
    ];
    if n == 100 {
        return "cien".to_owned();
    }
    let (hundreds, low) = (HUNDREDS[at(n / 100)], n % 100);
    let low = match low {
        0 => String::new(),
        1 if short => "un".to_owned(),
        21 if short => "veintiún".to_owned(),
        n if n < 30 => ONES[at(n)].to_owned(),
        n if n % 10 == 0 => TENS[at(n / 10)].to_owned(),
        n if n % 10 == 1 && short => format!("{} y un", TENS[at(n / 10)]),
        n => format!("{} y {}", TENS[at(n / 10)], ONES[at(n % 10)]),
    };
    [hundreds.to_owned(), low].into_iter().filter(|piece| !piece.is_empty()).collect::<Vec<_>>().join(" ")
}

/// Each digit for itself: "cuatro uno dos nueve".
pub fn spanish_digits(digits: &str) -> String {
    let word = |c: char| match c {
        '0' => "cero".to_owned(),
        c => spanish(i64::from(c.to_digit(10).unwrap())),
    };
    digits.chars().map(word).collect::<Vec<_>>().join(" ")
}

/// Below a thousand millions: "trinta e um mil".
pub fn portuguese(n: i64) -> String {
    let (millions, thousands, rest) = parts(n);
    let millions = match millions {
        0 => String::new(),
        1 => "um milhão".to_owned(),
        n => format!("{} milhões", portuguese_below(n)),
    };
    let thousands = match thousands {
        0 => String::new(),
        1 => "mil".to_owned(),
        n => format!("{} mil", portuguese_below(n)),
    };
    let joint = if thousands.is_empty() || rest == 0 || (rest > 100 && rest % 100 != 0) { "" } else { "e " };
    let rest = if rest == 0 { String::new() } else { format!("{joint}{}", portuguese_below(rest)) };
    joined([millions, thousands, rest])
}

fn portuguese_below(n: i64) -> String {
    const HUNDREDS: [&str; 10] = [
        "",
        "cento",
        "duzentos",
        "trezentos",
        "quatrocentos",
        "quinhentos",
        "seiscentos",
        "setecentos",
        "oitocentos",
        "novecentos",
    ];
    const TENS: [&str; 10] =
        ["", "", "vinte", "trinta", "quarenta", "cinquenta", "sessenta", "setenta", "oitenta", "noventa"];
    const ONES: [&str; 20] = [
        "",
        "um",
        "dois",
        "três",
        "quatro",
        "cinco",
        "seis",
        "sete",
        "oito",
        "nove",
        "dez",
        "onze",
        "doze",
        "treze",
        "quatorze",
        "quinze",
        "dezesseis",
        "dezessete",
        "dezoito",
        "dezenove",
    ];
    if n == 100 {
        return "cem".to_owned();
    }
    let low = n % 100;
    let (tens, ones) = if low < 20 { (0, low) } else { (low / 10, low % 10) };
    let pieces = [HUNDREDS[at(n / 100)], TENS[at(tens)], ONES[at(ones)]];
    pieces.into_iter().filter(|piece| !piece.is_empty()).collect::<Vec<_>>().join(" e ")
}

/// "Twenty-one thousand and five": `dash` between tens and ones.
pub fn english(n: i64, dash: &str) -> String {
    let (millions, thousands, rest) = parts(n);
    let counted = |n: i64, word: &str| {
        if n == 0 { String::new() } else { format!("{} {word}", english_below(n, dash)) }
    };
    let rest = match rest {
        0 => String::new(),
        n if n < 100 => format!("and {}", english_below(n, dash)),
        n => english_below(n, dash),
    };
    joined([counted(millions, "million"), counted(thousands, "thousand"), rest])
}

fn english_below(n: i64, dash: &str) -> String {
    const TENS: [&str; 10] =
        ["", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"];
    const ONES: [&str; 20] = [
        "",
        "one",
        "two",
        "three",
        "four",
        "five",
        "six",
        "seven",
        "eight",
        "nine",
        "ten",
        "eleven",
        "twelve",
        "thirteen",
        "fourteen",
        "fifteen",
        "sixteen",
        "seventeen",
        "eighteen",
        "nineteen",
    ];
    let low = n % 100;
    let (tens, ones) = if low < 20 { (0, low) } else { (low / 10, low % 10) };
    let hundreds = if n >= 100 { format!("{} hundred", ONES[at(n / 100)]) } else { String::new() };
    let dash = if tens > 0 && ones > 0 { dash } else { "" };
    let low = format!("{}{dash}{}", TENS[at(tens)], ONES[at(ones)]);
    joined([hundreds, low, String::new()])
}

fn at(n: i64) -> usize {
    usize::try_from(n).unwrap()
}
