//! Kinds of saying a secret beside its name, and what sounds like them and is none, as data: other words in between, other
//! names for it, how it came, numbers in words.

use super::tests::{marked, touched, wrongly_masked};
use super::{mask, mask_lone_code};

/// Texts with `[secret]` where the mask must stand.
const SECRETS: &[&str] = &[
    // Other words between a password and its name.
    "la contraseña de toda la vida [Cebra88]",
    "la clave, por si le hace falta, es [Tucan31]",
    "la clave, si la ocupan, es [6603]",
    "clave modificada a [Delfin27]",
    "mi clave sigue igual, [Panda64]",
    "la clave sigue siendo [6604]",
    "el del banco me pidió la clave y yo le di [Koala93]",
    "me pidieron la clave y les di [6605]",
    "mi clave son los números [6606]",
    "la clave es la misma de siempre, [6607]",
    "a senha, se precisar, é [Onca47]",
    "a senha de sempre [Arara52]",
    "pediram a senha e eu dei [Lobo618]",
    "senha mudada para [Tatu33]",
    "the usual password is [Otter41]",
    "they asked for my password and I gave them [Finch92]",
    "my password, just in case, is [Heron15]",
    // Other names for one.
    "mi contra es [Venado17]",
    "mi contra del correo: [Iguana58]",
    "usuario pedro, contra: [6608]",
    "la contra nueva [Pantera6]",
    "contra seña: [Caiman240]",
    "mi contraceña es [Gaviota22]",
    "mi contraseñia [Gorila81]",
    "s.e.n.h.a [Puma19]",
    "mi c-l-a-v-e es [Nutria12]",
    "la c l a v e es [Zorro11]",
    "mi cl4ve es [Buho76]",
    // Before its name.
    "[6609] ← clave",
    "[6610] (clave)",
    "[6611] <- senha",
    "[6612] pin",
    "[Marmota45] <- contraseña",
    "[tortuga verde 45] es mi clave",
    // More than one.
    "las claves son [6613] y [6614]",
    "mis claves: [6615], [6616]",
    "senhas [6617] e [6618]",
    "la clave es [6619] o [6620]",
    "el pin es [6621] y el otro [6622]",
    "códigos [660023] y [660024]",
    // Codes, how they came and what makes them.
    "me enviaron un mensaje con [660025]",
    "me mandaron un sms con [660026] y no sé qué es",
    "recibí un sms con el número [660027]",
    "me acaba de llegar un sms: [660028]",
    "mandaram um sms com [660029]",
    "they texted me [660030]",
    "I got a text with [660031]",
    "[660 032] me llegó al celular",
    "[660033] me mandaron por sms",
    "[660034] chegou por sms",
    "softoken [660035]",
    "soft token: [660036]",
    "mi segundo factor es [660037]",
    "el autenticador marca [660 038]",
    "google authenticator shows [660039]",
    "mi 2fa es [660040]",
    "o autenticador diz [660041]",
    // Of a card.
    "la tarjeta termina en 6613, código [482]",
    "cartão final 6613, código [483]",
    "card ending in 6613, code [484]",
    "mi visa y el código de seguridad [485]",
    "los tres numeritos son [4 8 6]",
    "los 3 números de la tarjeta: [4, 8 y 7]",
    "os três números do cartão são [488]",
    "the 3 little numbers are [489]",
    "mi visa [cuatro mil quinientos treinta y nueve mil cuatrocientos ochenta y ocho 0343 6467]",
    "visa [4539 mil cuatrocientos ochenta y ocho 0343 6467]",
    "cartão [quatro mil quinhentos e trinta e nove 1488 0343 6467]",
    // What has a password of its own.
    "la del correo es [6623]",
    "la de nequi es [6624]",
    "la de la app es [Coati72]",
    "a do app é [6625]",
    "the one for the app is [6626]",
    "mi clave es [caracoles rosados 31]",
    "¿cuál es su clave? [caracoles rosados 31]",
    "la contraseña son [mariposas negras 88]",
];

/// Texts that nobody touches.
const PLAIN: &[&str] = &[
    "me llegó un mensaje con 250 mil de cobro",
    "me llegó un mensaje con 300000",
    "me mandaron un sms con una cuota de 432350",
    "me llegó un sms por 432350",
    "recibí 432350 de sueldo",
    "nos mandaron 432350 de remesa",
    "pagué 432350 y me llegó el recibo al correo",
    "432350 me llegó de cuota",
    "consigné 432350, me llegó al celular el comprobante",
    "en contra de mi voluntad pagué 432350",
    "la contra parte debe 4512",
    "la contraparte pidió 432350",
    "estoy en contra, pago 4512",
    "la contra es que no tengo plata",
    "contra la deuda abono 4512",
    "jugamos contra 11",
    "el contrato 4512 lo firmé",
    "mi contrato es CT4512",
    "olvidé la clave, mi cédula es 10900048",
    "olvidé la clave y los últimos cuatro son 4821",
    "no me sirve la clave, mi usuario es pedro22",
    "no tengo la clave, la factura es FV2031",
    "olvidé la clave, pago el 15mar",
    "no sé la clave, llámeme de 10am-2pm",
    "olvidé la clave y mi número es 6017788",
    "cambié la clave el 15-02-2026",
    "la clave la cambié en 2024",
    "la clave y el saldo son 4512",
    "perdí la clave y tengo 4512",
    "les di la clave y pagué 4512",
    "me pidieron la clave y 450 mil",
    "la clave del éxito son 3 cosas",
    "la clave es ahorrar 50",
    "¿cuál es la clave? quiero pagar 50",
    "¿cuál es mi clave? llámeme el lunes 15",
    "la clave es pagar antes del 15",
    "claves para pagar: 2 cuotas",
    "la clave fue pagar 4512 cada mes",
    "el código de convenio 110342",
    "tarjeta terminada en 6467",
    "la tarjeta termina en 6467, pago 300",
    "con la tarjeta pagué 331",
    "código 733 de la sucursal, pago con tarjeta",
    "pago con tarjeta, código de convenio 110",
    "el segundo factor es el sueldo, 1200500",
    "el factor 4512",
    "los 3 números de cuota son 1, 2 y 3",
    "los tres últimos son 482",
    "los 3 números son 350 mil",
    "pago las 3 cuotas de 150",
    "la de la app es 432350 de cuota",
    "la cuota de la app es 432350",
    "la de la app es 300000",
    "visa cuatro mil quinientos",
    "debo cuatro mil quinientos treinta y nueve en la visa",
    "puedo dar mil quinientos el 15 y dos mil el 30 con la tarjeta",
    "4512 pesos, y la clave es pagar a tiempo",
    "pago 4512 - clave del éxito",
];

#[test]
fn secrets_of_each_kind_are_blotted_out_and_the_rest_stays() {
    assert_eq!(wrongly_masked(SECRETS), "");
}

#[test]
fn what_sounds_like_them_stays_as_it_was() {
    assert_eq!(touched(PLAIN), "");
}

#[test]
fn masking_them_again_changes_nothing() {
    for text in SECRETS {
        let masked = mask(&marked(text).0).unwrap().text;
        assert_eq!(mask(&masked), None, "{masked}");
    }
}

#[test]
fn a_password_that_answers_who_asked_for_it_is_blotted_out() {
    for (text, masked) in [
        ("tortugas verdes 45", "████"),
        ("tortugas verdes 4512", "████"),
        ("es tortugas verdes 45.", "es ████."),
        ("Tortuga45", "████"),
        ("ok, es tortuga45", "ok, es ████"),
    ] {
        assert_eq!(mask_lone_code(text).as_deref(), Some(masked), "{text}");
    }
    for text in [
        "marzo 15",
        "el lunes 15",
        "cuota 2",
        "450mil",
        "el 15mar",
        "tengo ahorrados 350",
        "mi acuerdo es K7Q-2M9",
        "tortugas verdes",
        "no le voy a dar eso",
    ] {
        assert_eq!(mask_lone_code(text), None, "{text}");
    }
}
