//! The `rules:` part of a policy file.

use crate::domain::debt::{AgreementKind, ObligationStatus};
use crate::domain::money::{Currency, Money};
use crate::rules::amortisation::Periods;
use crate::rules::dpd::Stage;
use crate::rules::policy::document::Node;
use crate::rules::policy::load::{identifier, shares};
use crate::rules::policy::model::{
    Conditions, Method, Pace, PlanTerms, PromiseTerms, Range, RefinancingTerms, Rule, SettlementTerms, Terms,
};
use crate::rules::policy::read::{Fields, Reader};
use crate::rules::rate::MonthlyRate;
use crate::rules::schedule::Frequency;
use crate::rules::settlement::{ComponentBps, SettlementError, Settles, check};
use crate::rules::split::PAYMENTS_MAX;

const TERMS: [&str; 5] = ["promise", "instalment_plan", "refinancing", "settlement", "withhold"];
const KEYS: [&str; 7] = ["id", "when", "promise", "instalment_plan", "refinancing", "settlement", "withhold"];
/// Offers of one rule; a list message has 10 rows.
const VARIANTS_MAX: usize = 5;
/// Days an offer stands when the rule does not say.
const VALID_DAYS: i64 = 3;
const STATUSES: [(&str, ObligationStatus); 2] =
    [("active", ObligationStatus::Active), ("written_off", ObligationStatus::WrittenOff)];

pub fn rules(
    reader: &Reader<'_>,
    node: &Node,
    currency: Currency,
    waiver_max: ComponentBps,
) -> Option<Vec<Rule>> {
    let rules = reader.list(node, |item| rule(reader, item, currency, waiver_max))?;
    for (index, rule) in rules.iter().enumerate() {
        for earlier in &rules[..index] {
            if earlier.id == rule.id {
                let what = format!("`{}` is the id of the rule in line {} too", rule.id, earlier.place.line);
                reader.report(rule.place, what, "give each rule its own id");
            } else if earlier.when.covers(&rule.when)
                && rule.terms.kinds().iter().all(|kind| earlier.terms.kinds().contains(kind))
            {
                let what = format!("`{}` is never reached: `{}` takes all of it", rule.id, earlier.id);
                reader.report(rule.place, what, "remove it, narrow the first, or move it up");
            }
        }
    }
    Some(rules)
}

fn rule(reader: &Reader<'_>, node: &Node, currency: Currency, waiver_max: ComponentBps) -> Option<Rule> {
    let fields = reader.fields(node, &KEYS)?;
    let id = fields.required("id", "promesa_1_30").and_then(|node| identifier(reader, node));
    let when = fields.optional("when", |node| conditions(reader, node, currency));
    let present: Vec<&str> = TERMS.into_iter().filter(|key| fields.get(key).is_some()).collect();
    let &[key] = present.as_slice() else {
        let what =
            format!("a rule gives exactly one of `{}`; this one gives {}", TERMS.join("`, `"), present.len());
        reader.report(fields.place, what, "write one rule for each");
        return None;
    };
    let terms = terms(reader, fields.get(key)?, key, currency, waiver_max);
    Some(Rule { id: id?, place: fields.place, when: when?.unwrap_or_else(active), terms: terms? })
}

fn terms(
    reader: &Reader<'_>,
    node: &Node,
    key: &str,
    currency: Currency,
    waiver_max: ComponentBps,
) -> Option<Terms> {
    match key {
        "promise" => promise(reader, node).map(Terms::Promise),
        "instalment_plan" => plan(reader, node, currency).map(Terms::InstalmentPlan),
        "refinancing" => refinancing(reader, node, currency).map(Terms::Refinancing),
        "settlement" => settlement(reader, node, waiver_max).map(Terms::Settlement),
        _ => {
            let names = AgreementKind::ALL.map(AgreementKind::name);
            let parse = |text: &str| AgreementKind::ALL.into_iter().find(|kind| kind.name() == text);
            reader
                .list(node, |item| reader.one_of(item, "a kind of offer", &names, parse))
                .map(Terms::Withhold)
        }
    }
}

fn active() -> Conditions {
    Conditions { statuses: vec![ObligationStatus::Active], ..Conditions::default() }
}

fn conditions(reader: &Reader<'_>, node: &Node, currency: Currency) -> Option<Conditions> {
    let keys = ["products", "stages", "statuses", "days_past_due", "total_due", "broken_promises"];
    let fields = reader.fields(node, &keys)?;
    let products = fields.optional("products", |node| reader.list(node, |item| identifier(reader, item)));
    let stages = fields.optional("stages", |node| {
        let names = Stage::ALL.map(Stage::name);
        reader.list(node, |item| reader.one_of(item, "a stage", &names, Stage::parse))
    });
    let statuses = fields.optional("statuses", |node| {
        let names = STATUSES.map(|(name, _)| name);
        let parse =
            |text: &str| STATUSES.into_iter().find(|(name, _)| *name == text).map(|(_, status)| status);
        reader.list(node, |item| reader.one_of(item, "a status that can have offers", &names, parse))
    });
    let days = fields.optional("days_past_due", |node| range(reader, node, 1));
    let total = fields.optional("total_due", |node| range(reader, node, currency.unit_minor()));
    let broken = fields.optional("broken_promises", |node| range(reader, node, 1));
    Some(Conditions {
        products: products?.unwrap_or_default(),
        stages: stages?.unwrap_or_default(),
        statuses: statuses?.unwrap_or_else(|| active().statuses),
        days_past_due: days?,
        total_due: total?,
        broken_promises: broken?,
    })
}

/// `1-30`, `91+` or `5`, each number times `unit`.
fn range(reader: &Reader<'_>, node: &Node, unit: i64) -> Option<Range> {
    let wanted = "a range such as `1-30`, `91+` or `5`";
    let remedy = |text: &str| match text.split_once('-') {
        Some((from, to)) if from.trim().parse::<i64>().is_ok() && to.trim().parse::<i64>().is_ok() => {
            format!("write the smaller number first: `{}-{}`", to.trim(), from.trim())
        }
        _ => "write it as `1-30`, `91+` or `5`".to_owned(),
    };
    reader.parsed_or(node, wanted, remedy, |text| {
        let number = |text: &str| text.trim().parse::<i64>().ok()?.checked_mul(unit);
        if let Some(from) = text.strip_suffix('+') {
            return Some(Range { from: number(from)?, to: None });
        }
        let (from, to) = text.split_once('-').unwrap_or((text, text));
        let (from, to) = (number(from)?, number(to)?);
        (from <= to).then_some(Range { from, to: Some(to) })
    })
}

fn promise(reader: &Reader<'_>, node: &Node) -> Option<PromiseTerms> {
    let fields = reader.fields(node, &["max_days", "min_share", "valid_days"])?;
    let max_days = fields.required("max_days", "10").and_then(|node| reader.integer(node, 0..=60));
    let min_share = fields.optional("min_share", |node| reader.share_bps(node));
    let valid_days = valid_days(reader, &fields);
    Some(PromiseTerms {
        max_days: max_days?,
        min_share_bps: min_share?.unwrap_or(10_000),
        valid_days: valid_days?,
    })
}

fn plan(reader: &Reader<'_>, node: &Node, currency: Currency) -> Option<PlanTerms> {
    let keys =
        ["payments", "min_instalment", "down_payment", "first_payment_days", "frequency", "valid_days"];
    let fields = reader.fields(node, &keys)?;
    let payments = fields.required("payments", "[2, 3]").and_then(|node| counts(reader, node, 2));
    let min_instalment = min_instalment(reader, &fields, currency);
    let down_payment = fields.optional("down_payment", |node| reader.share_bps(node));
    let (pace, valid_days) = (pace(reader, &fields), valid_days(reader, &fields));
    Some(PlanTerms {
        payments: payments?,
        min_instalment: min_instalment?,
        down_payment_bps: down_payment?.unwrap_or_default(),
        pace: pace?,
        valid_days: valid_days?,
    })
}

fn refinancing(reader: &Reader<'_>, node: &Node, currency: Currency) -> Option<RefinancingTerms> {
    let keys = [
        "months",
        "monthly_rate",
        "modality",
        "method",
        "periods",
        "min_instalment",
        "first_payment_days",
        "valid_days",
    ];
    let fields = reader.fields(node, &keys)?;
    let months = fields.required("months", "[12]").and_then(|node| counts(reader, node, 2));
    let rate_ppm = fields.required("monthly_rate", "1.8%").and_then(|node| reader.rate_ppm(node));
    let modality = fields.required("modality", "consumo_ordinario").and_then(|node| identifier(reader, node));
    let method = fields.optional("method", |node| {
        reader.one_of(node, "a method of repayment", &Method::ALL.map(Method::name), Method::parse)
    });
    let periods = fields.optional("periods", |node| {
        let names = Periods::ALL.map(Periods::name);
        reader.one_of(node, "how long periods are", &names, Periods::parse)
    });
    let min_instalment = min_instalment(reader, &fields, currency);
    let first = fields.required("first_payment_days", "30").and_then(|node| reader.integer(node, 1..=45));
    let valid_days = valid_days(reader, &fields);
    let rate_ppm = rate_ppm?;
    Some(RefinancingTerms {
        months: months?,
        rate: MonthlyRate::from_ppm(rate_ppm).ok()?,
        rate_ppm,
        modality: modality?,
        method: method?.unwrap_or(Method::French),
        periods: periods?.unwrap_or_default(),
        min_instalment: min_instalment?,
        first_payment_days: first?,
        valid_days: valid_days?,
    })
}

fn settlement(reader: &Reader<'_>, node: &Node, waiver_max: ComponentBps) -> Option<SettlementTerms> {
    let keys = ["settles", "waiver", "payments", "first_payment_days", "frequency", "valid_days"];
    let fields = reader.fields(node, &keys)?;
    let settles = fields.optional("settles", |node| {
        reader.one_of(node, "what a settlement can settle", &Settles::ALL.map(Settles::name), Settles::parse)
    });
    let waiver = fields.required("waiver", "{ interest: 50%, late_interest: 100% }");
    let waiver = waiver.and_then(|node| {
        let waiver = shares(reader, node)?;
        if let Err(SettlementError::AboveCap { component, waiver_bps, cap_bps }) = check(waiver, waiver_max) {
            let what = format!(
                "`{component}` waives {}, above `limits.waiver_max` of {}",
                percent(waiver_bps),
                percent(cap_bps)
            );
            reader.report(fields.key_place("waiver"), what, "lower it, or have the limit raised");
        }
        Some(waiver)
    });
    let payments = fields.required("payments", "[1]").and_then(|node| counts(reader, node, 1));
    let (pace, valid_days) = (pace(reader, &fields), valid_days(reader, &fields));
    Some(SettlementTerms {
        settles: settles?.unwrap_or_default(),
        waiver: waiver?,
        payments: payments?,
        pace: pace?,
        valid_days: valid_days?,
    })
}

fn percent(bps: i64) -> String {
    if bps % 100 == 0 { format!("{}%", bps / 100) } else { format!("{}.{:02}%", bps / 100, bps % 100) }
}

fn counts(reader: &Reader<'_>, node: &Node, least: i64) -> Option<Vec<u32>> {
    let counts = reader.list(node, |item| {
        reader.integer(item, least..=i64::from(PAYMENTS_MAX)).and_then(|count| u32::try_from(count).ok())
    })?;
    if counts.is_empty() || counts.len() > VARIANTS_MAX {
        let what = format!("{} numbers of payments are listed", counts.len());
        reader.report(node.place, what, format!("list from 1 to {VARIANTS_MAX}"));
        return None;
    }
    Some(counts)
}

fn min_instalment(reader: &Reader<'_>, fields: &Fields<'_>, currency: Currency) -> Option<Money> {
    fields.required("min_instalment", "50000").and_then(|node| reader.amount(node, currency))
}

fn pace(reader: &Reader<'_>, fields: &Fields<'_>) -> Option<Pace> {
    let first = fields.required("first_payment_days", "5").and_then(|node| reader.integer(node, 0..=45));
    let frequency = fields.optional("frequency", |node| {
        reader.one_of(node, "a frequency", &Frequency::ALL.map(Frequency::name), Frequency::parse)
    });
    Some(Pace { first_payment_days: first?, frequency: frequency?.unwrap_or(Frequency::Monthly) })
}

fn valid_days(reader: &Reader<'_>, fields: &Fields<'_>) -> Option<i64> {
    fields.optional("valid_days", |node| reader.integer(node, 0..=60)).map(|days| days.unwrap_or(VALID_DAYS))
}
