//! Who writes, and what: people 20 days late who say who they are, ask for their balance and agree on a plan.

use std::fmt::Write;

/// Messages of [`line`], each answered with one message.
pub const STEPS: usize = 7;
/// The first of them, at the end of which a person has read [`OWED`].
pub const STEPS_TO_BALANCE: usize = 4;
/// What each of them owes.
pub const OWED: &str = "$432.350";

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

/// `n` people of the lender Andino as a file for `acuerdo import`, all with the same debt and the same end of its
/// number, so that their chats read alike.
pub fn csv(n: usize) -> String {
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
    csv
}
