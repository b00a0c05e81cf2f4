//! Who writes, and what: people 20 days late who say who they are, ask for their balance and agree on a plan.

use acuerdo::ports::clock::Clock;
use acuerdo::system::SystemClock;
use acuerdo::whatsapp::signature::AppSecrets;
use serde_json::json;
use std::fmt::Write;
use std::path::Path;

pub const NUMBER: &str = "100000000000001";
/// Messages of [`line`], each answered with one message.
pub const STEPS: usize = 7;

pub fn wa_id(n: usize) -> String {
    format!("57310{n:07}")
}

/// The person behind an address of [`wa_id`].
pub fn number_of(to: &str) -> usize {
    to[to.len() - 7..].parse().unwrap()
}

/// What person `n` writes at that step.
pub fn line(n: usize, step: usize) -> String {
    match step {
        0 => "hola".to_owned(),
        1 => format!("{:04}", n % 10_000),
        2 => "25 de julio".to_owned(),
        3 => "cuanto debo".to_owned(),
        4 => "quiero un acuerdo de pago".to_owned(),
        5 => "2 cuotas".to_owned(),
        _ => "si acepto".to_owned(),
    }
}

/// A file for `acuerdo import`.
pub fn write_csv(path: &Path, n: usize) {
    let sample = std::fs::read_to_string("fixtures/demo/andino.csv").expect("run it in the project's folder");
    let mut csv = format!("{}\n", sample.lines().next().unwrap());
    for n in 0..n {
        writeln!(
            csv,
            "andino,L-{n},Diana Carolina Mejía Soto,Diana,CC,{},1992-07-25,es,+{},L-{n}-5003,credito_consumo,\
             Crédito de libre inversión,active,COP,D,358200,64300,9850,0,4725000,D-20,D+10,432350,24.36%,,",
            1_020_000_000 + n,
            wa_id(n),
        )
        .unwrap();
    }
    std::fs::write(path, csv).unwrap();
}

/// A delivery with one text message, as Meta words it, and its signature.
pub fn delivery(secrets: &AppSecrets, n: usize, wamid: &str, text: &str) -> (Vec<u8>, String) {
    let seconds = SystemClock.now().0 / 1_000;
    let from = wa_id(n);
    let body = json!({"object": "whatsapp_business_account", "entry": [{"id": "200000000000001", "changes": [{
        "field": "messages",
        "value": {
            "messaging_product": "whatsapp",
            "metadata": {"display_phone_number": "576010000001", "phone_number_id": NUMBER},
            "contacts": [{"profile": {"name": "Diana"}, "wa_id": from}],
            "messages": [{
                "from": from, "id": wamid, "timestamp": seconds.to_string(),
                "type": "text", "text": {"body": text},
            }],
        },
    }]}]});
    let body = serde_json::to_vec(&body).unwrap();
    let signature = secrets.sign(&body);
    (body, signature)
}
