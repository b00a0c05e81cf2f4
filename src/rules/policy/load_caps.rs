//! The dated caps on interest, `rate_caps.yaml`.

use crate::domain::time::Day;
use crate::rules::policy::document::{Diagnostic, Node};
use crate::rules::policy::load::{country, identifier};
use crate::rules::policy::read::Reader;
use crate::rules::rate_cap::{RateCap, RateCaps};
use rust_decimal::Decimal;

/// Parses the caps. Spans of one country and modality must not overlap: two answers for one day would be a guess.
pub fn rate_caps(file: &str, text: &str) -> Result<RateCaps, Vec<Diagnostic>> {
    let node = Node::parse(file, text).map_err(|diagnostic| vec![diagnostic])?;
    let reader = Reader::new(file);
    let caps = reader.fields(&node, &["caps"]).and_then(|fields| {
        let list = fields.required("caps", "[…]")?;
        let caps = reader.list(list, |item| cap(&reader, item).map(|cap| (item.place, cap)))?;
        for (index, (place, cap)) in caps.iter().enumerate() {
            if let Some((earlier, _)) = caps[..index].iter().find(|(_, other)| overlap(cap, other)) {
                let what = format!("these days overlap with the entry in line {}", earlier.line);
                reader.report(*place, what, "let each day have one cap");
            }
        }
        Some(RateCaps(caps.into_iter().map(|(_, cap)| cap).collect()))
    });
    reader.finish(caps)
}

/// Countries whose law sets a cap on interest: Colombia (Código de Comercio, art. 884; Código Penal, art. 305).
const CAPPED: [&str; 1] = ["CO"];

fn overlap(a: &RateCap, b: &RateCap) -> bool {
    let same = a.country == b.country && (a.modality == b.modality || a.modality == "*" || b.modality == "*");
    same && a.from <= b.to && b.from <= a.to
}

fn cap(reader: &Reader<'_>, node: &Node) -> Option<RateCap> {
    let fields = reader.fields(node, &["country", "modality", "from", "to", "cap_ea", "source"])?;
    let country = fields.required("country", "CO").and_then(|node| country(reader, node));
    let modality = fields.required("modality", "consumo_ordinario").and_then(|node| {
        if reader.text(node).as_deref() == Some("*") {
            Some("*".to_owned())
        } else {
            identifier(reader, node)
        }
    });
    let date = |key| {
        fields
            .required(key, "2026-08-31")
            .and_then(|node| reader.parsed(node, "a date YYYY-MM-DD", "2026-08-31", Day::parse))
    };
    let (from, to) = (date("from"), date("to"));
    let cap_ea = fields.required("cap_ea", "29.66%").and_then(|node| {
        if reader.text(node).as_deref() == Some("none") {
            if let Some(country) = country.as_deref().filter(|country| CAPPED.contains(country)) {
                let what = format!("the law of {country} sets a cap on interest, so it is never `none`");
                reader.report(node.place, what, "write what the authority has published, with its source");
            }
            return Some(None);
        }
        reader.rate_ppm(node).map(|ppm| Some(Decimal::new(ppm, 6).normalize()))
    });
    let source = fields.required("source", "\"SFC, Resolución …\"").and_then(|node| reader.text(node));
    let (from, to) = (from?, to?);
    if from > to {
        reader.report(fields.place, "`from` is after `to`", "exchange them");
    }
    Some(RateCap {
        country: country?,
        modality: modality?,
        from,
        to,
        cap_ea: cap_ea?,
        source: source?,
        line: fields.place.line,
    })
}
