//! What is blotted out and what stays, as data.

use super::{MASK, mask, mask_lone_code, without_masks};

/// Texts with `[secret]` where the mask must stand.
const SECRETS: &[&str] = &[
    "el código de atrás es [siete tres nueve]",
    "me llegó [cuatro ocho uno nueve dos cero]",
    "mi cl@ve es [Pez7745]",
    "k0ntraseña [Ola9967]",
    "c.l.a.v.e [5577]",
    "la c l a v e es [5577]",
    "p1n [8841]",
    "mi C0D1G0 es [482911]",
    "tarjeta [4111 1111 1111 1111] vence [05]/[28] codigo [331]",
    "atrás dice [331]",
    "el pin es [४८२१]",
    "mi clave [๔๘๒๑]",
    "el código es [٤٨٢٩١١]",
    "G-[481920] es su código",
    // Card numbers, however they are grouped.
    "[4111111111111111]",
    "mi tarjeta es [4111 1111 1111 1111]",
    "[4111-1111-1111-1111]",
    "[4111.1111.1111.1111] para el pago",
    "[4111\n1111\n1111\n1111]",
    "[4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1]",
    "[41 11 11 11 11 11 11 11]",
    "anote [4111 y luego 1111 despues 1111 y al final 1111]",
    "[378282246310005]",
    "amex [3782 822463 10005]",
    "diners [3056 930902 5904]",
    "[5555555555554444] y quiero pagar",
    "[2223003122003222]",
    "[6011111111111117]",
    "[3530111333300000]",
    "[4222222222222]",
    "[4000000000000000006]",
    "[6062825624254001]",
    "tarjeta[4111111111111111]",
    // Three of its four groups.
    "[4532 0151 1283]",
    "son [5412-7512-3412]",
    "foto 1 [4111111111111111].pdf",
    "[４１１１１１１１１１１１１１１１]",
    "[4️⃣1️⃣1️⃣1️⃣ 1️⃣1️⃣1️⃣1️⃣ 1️⃣1️⃣1️⃣1️⃣ 1️⃣1️⃣1️⃣1️⃣]",
    "[cuatro uno uno uno uno uno uno uno uno uno uno uno uno uno uno uno]",
    "[cuarenta y uno once once once once once once once]",
    "[four one one one, one one one one, one one one one, one one one one]",
    "mi tarjeta maestro [6759 6498 2643 8453]",
    "la tarjeta es [4111 1111 1111 1112]",
    // Expiry and security code.
    "[4111 1111 1111 1111] [12]/[27] [123]",
    "[4111 1111 1111 1111] vence [12]/[27] cvv [123]",
    "cvv [123]",
    "el CVC es [0821]",
    "cvv2: [987]",
    "código de seguridad [321]",
    "los tres números de atrás son [321]",
    "[123] es el cvv",
    "the security code is [123]",
    "o código de segurança é [123]",
    // Passwords.
    "mi clave es [1234]",
    "mi clave es [tigre22]",
    "mi clave es [Tigre]",
    "la contraseña es [Juanito]",
    "mi contraseña es [perro azul]",
    "mi contraseña: [P@ssw0rd!x]",
    "contraseña [abc12345]",
    "mi clave del cajero es [4821]",
    "clave dinámica [482913]",
    "clave:[9988]",
    "la clave de 6 dígitos es [482913]",
    "minha senha é [1234]",
    "senha [gato2020]",
    "my password is [hunter2]",
    "password: [swordfish]",
    "[4821] es mi clave",
    "mi clave es [uno dos tres cuatro]",
    // PINs and one-time codes.
    "pin [4821]",
    "mi pin es [4821]",
    "NIP: [48-21]",
    "[4821] is my pin",
    "código [123456] que me llegó",
    "el código que me llegó al celular es [482913]",
    "me llegó el código [482 913]",
    "[482913] es el código",
    "o código que chegou é [482913]",
    "the code you sent me is [482913]",
    "otp [482913]",
    "token [123456]",
    "mi codigo es [482-913]",
    "mi PIN: [4 8 2 1]",
    "cvv es [uno dos tres]",
    "[123456] es tu código de verificación de WhatsApp",
    "clave principal [4821] y dinámica [482913]",
    "les paso mi clave: [4821] y mi cédula 1090004821",
    "quiero pagar 450000, el código es [482913]",
    "usuario jperez clave [Tigre#2020]",
    "usuario juanp pass [Juan123*]",
    "http://x.co/[4111111111111111]",
    "el número que me llegó al celular es [482913]",
    // The value before its name.
    "[cuatro uno dos nueve] es mi clave",
    "[siete siete cero dos] es mi pin",
    "[4 8 2 1] es mi clave",
    "hola, [4821] es mi clave",
    "[482 913] es el código",
    "[Zorro99], mi contraseña",
    "[Zorro99] es mi contraseña",
    "[lunaLL3na] es mi clave",
    "[gato2020] é minha senha",
    "[rover77] is my password",
    "[A7K9Q2] es el código",
    // Codes of letters and digits.
    "otp [A7K9Q2]",
    "otp: [7BX2KM]",
    "mi código es [k29dm4]",
    "token [X81Y22Z]",
    // As people type, and as somebody types who does not want to be read.
    "la contraseña d la app s [Perro331]",
    "mi contraseña dl correo es [gato2019]",
    "mi cоntrаseña es [Loro552]",
    "la сlave es [tigre]",
    "psw: [Zorra101]",
    "PW [Mula4040]",
    "clave del correo, [Toro612]",
    "c v v [318]",
    "C.V.V. [318]",
    "mi p i n es [5519]",
    // What nothing names.
    "la del correo es [Martes410]",
    "la de internet: [Enero2020]",
    "usuario: jperez / [Cabra919]",
    "login luz/[Yegua12]",
    "me llegó [519283]",
    "ya me llegó, espere... me llegó al celular [519 283].",
    "llegó el [519283], ¿y ahora?",
    "chegou [519283]",
    "los tres de atrás: [nueve tres siete]",
    "el de atrás es [938]",
    "los 3 de atrás son [938]",
    "los del reverso: [417]",
    "os três do verso são [417]",
    "the three on the back: [412]",
    "usuario rosagil y la de entrar es [Perla4471]",
    "la de ingresar es [Toro9912]",
    "entro con [Manzana123] a la app",
    "ingreso con la [Luna4455]",
    "mi pregunta secreta: nombre de mi perro [Tobby551]",
    "la respuesta secreta es [Tobby551]",
    "respuesta secreta: [Firulais]",
    "my secret question is my dog [Rex4411]",
    "[4532Ol234589O663]",
    "mi tarjeta [4532 Ol23 4589 O663]",
    "[4l11 1111 1111 1111]",
    "[cuarenta y uno once once once once once once once]",
    "[cuarentaiuno once once once once once once once]",
    "[cuarenta y cinco treinta y nueve cincuenta y siete ochenta y siete sesenta y tres sesenta y dos catorce ochenta y seis]",
    "[cuarenta cinco treinta nueve cincuenta siete ochenta siete sesenta tres sesenta dos catorce ochenta seis]",
];

/// Texts that nobody touches.
const PLAIN: &[&str] = &[
    "hace 3 meses atrás pagué 331",
    "escríbame a ana@correo.example el 4 de julio",
    "el plan B-481920",
    "me llegó el recibo y son cuatro cuotas de dos",
    "",
    "hola, buenos días",
    "1090004821",
    "4821",
    "mi cédula es 1090004821",
    "mi documento termina en 4821",
    "los últimos cuatro son 4821",
    "mi celular es 3005550003",
    "+57 300 555 0003",
    "+54 9 11 2345 6789",
    "llámeme al +4 915 112 345 678",
    "puedo pagar 432.350 el viernes",
    "le consigno $ 1.728.000 mañana",
    "pagué 450000 con el código 110245 en efecty",
    "el código de pago es 482913",
    "mi código postal es 110111",
    "código de cliente 482913",
    "referencia 4929123412341236",
    "mi crédito número 4539578763621486",
    "obligación 5425233430109903",
    "la factura 4485040371536584",
    "CUS 4024007103939509",
    "CLABE 012180001234567897",
    "mi cbu es 2850590940090418135201",
    "5412345678901234",
    "1234567890123456",
    "el boleto 34191.79001 01043.510047 91020.150008 2 84410026000",
    "cnpj 36.490.128/0001-10",
    "nací el 18 de septiembre de 1971",
    "2024 2025 2026 2027",
    "no tengo clave",
    "I will pass by on Monday",
    "olvidé mi clave",
    "¿me piden la clave?",
    "¿cuál es mi clave?",
    "mi clave es muy segura",
    "mi contraseña es incorrecta",
    "nunca les voy a dar mi clave ni el código",
    "necesito una clave de 4 dígitos",
    "la clave es pagar a tiempo cada mes",
    "no me ha llegado ningún código",
    "me llegó un recibo por 432350",
    "me piden 450000 con un código",
    "el código civil artículo 1653",
    "en mi opinión 3 cuotas está bien",
    "tarjeta terminada en 1111",
    "4111 11** **** 1111",
    "quiero 24 cuotas de 150 mil",
    "pin de pago 482913",
    "me llegó el recibo 482777 de la cuota",
    "me llegó la factura, 482777",
    "me llegó un cobro de 482777",
    "me llegó 482777 de intereses",
    "me llegó 450000",
    "la cuota me llegó 482777",
    "me llegó $482777",
    "la de la tarjeta es 450000",
    "la del banco es buena",
    "la de la app es mejor",
    "usuario nuevo, quiero pagar 450000",
    "no tengo usuario ni clave",
    "quiero el plan c, v y v",
    "привет, сколько я должен",
    "la clave de todo, como dicen, es pagar",
    "tres cuotas de cuatrocientos mil, la primera en dos semanas y las otras después",
    "puedo dar doscientos cincuenta mil el quince y cuatrocientos el treinta",
    "mi clave es pagar a tiempo",
    "la clave del éxito",
    "pagar el 15 es la clave",
    "pagué 450000, mi clave no sirve",
    "la cuota 3 es la clave de todo",
    "mi código es HPN-B97",
    "el código de cliente es AB12345",
    "el código H2O",
    "¿cuál es mi contraseña?",
    "los de atrás son 350 mil",
    "el mes de atrás pagué 350",
    "la de atrás es mi casa",
    "entro con mi cédula 1090004821",
    "entro a trabajar con 500 pesos",
    "¿cuál es la pregunta secreta?",
    "los créditos 4532 los pagué",
    "referencia OSL4532B",
    "puedo pagar cuarenta cinco mil",
];

pub fn marked(text: &str) -> (String, String) {
    let (mut plain, mut masked) = (String::new(), String::new());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('[') {
        let (secret, behind) = after.split_once(']').unwrap();
        plain = plain + before + secret;
        masked = masked + before + MASK;
        rest = behind;
    }
    (plain + rest, masked + rest)
}

/// What is not masked as it is marked.
pub fn wrongly_masked(texts: &[&str]) -> String {
    let wrong = texts.iter().map(|text| marked(text)).filter_map(|(plain, masked)| {
        let found = mask(&plain).map_or_else(|| plain.clone(), |masked| masked.text);
        (found != masked).then(|| format!("{plain}\n   is {found}\n  not {masked}\n"))
    });
    wrong.collect()
}

/// What is masked at all.
pub fn touched(texts: &[&str]) -> String {
    texts.iter().filter_map(|text| Some(format!("{text}\n   is {}\n", mask(text)?.text))).collect()
}

#[test]
fn secrets_are_blotted_out_and_the_rest_stays() {
    assert_eq!(wrongly_masked(SECRETS), "");
}

#[test]
fn what_is_no_secret_stays_as_it_was() {
    assert_eq!(touched(PLAIN), "");
}

#[test]
fn masking_again_changes_nothing() {
    for text in SECRETS {
        let masked = mask(&marked(text).0).unwrap().text;
        assert_eq!(mask(&masked), None, "{masked}");
    }
}

#[test]
fn what_only_led_to_a_secret_is_not_left_to_understand() {
    for (text, left) in [
        ("mi clave es ████", ""),
        ("████ cvv ████", ""),
        ("le paso la contraseña: ████", ""),
        ("tome, mi pin es ████", ""),
        ("quiero pagar con mi tarjeta ████ cvv ████ el viernes", "quiero pagar con el viernes"),
        ("cuánto debo", "cuánto debo"),
        ("████ ¿cuánto debo?", "¿cuánto debo?"),
    ] {
        assert_eq!(without_masks(text), left, "{text}");
    }
}

/// One of ten numbers of a card's length passes Luhn; few of them may be touched when nothing speaks of a card.
#[test]
fn few_random_references_look_like_cards() {
    let mut state: u64 = 7;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        state >> 11
    };
    let mut touched = 0;
    for _ in 0..2_000 {
        let number = format!("{:016}", next() % 10_000_000_000_000_000);
        touched += usize::from(mask(&format!("le dejo el dato {number}")).is_some());
        assert_eq!(mask(&format!("mi crédito {number}")), None, "{number}");
        assert_eq!(mask(&format!("{:010}", next() % 10_000_000_000)), None, "documents stay");
    }
    assert!(touched < 80, "{touched} of 2000");
}

#[test]
fn a_code_that_is_read_back_alone_is_blotted_out() {
    for (text, masked) in [
        ("483201", "████"),
        ("ok 483 201", "ok ████"),
        ("es 4 8 3 2", "es ████"),
        ("listo: 48-32-01.", "listo: ████."),
        ("me llego KX7Q2", "me llego ████"),
    ] {
        assert_eq!(mask_lone_code(text).as_deref(), Some(masked), "{text}");
    }
    for text in [
        "hola",
        "15",
        "$ 483201",
        "250000",
        "son 250.000",
        "el 5 a las 4:30",
        "pagué 483201 ayer en la tarde por el corresponsal",
        "3001234567",
        "12/05/2026",
    ] {
        assert_eq!(mask_lone_code(text), None, "{text}");
    }
}
