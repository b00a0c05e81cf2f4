//! From the terms of a rule to complete offers: amounts, dates, derivation and id.

use crate::domain::debt::{AgreementKind, Derivation, Offer, ScheduledPayment};
use crate::domain::money::Money;
use crate::domain::time::Day;
use crate::rules::amortisation::{Rounding, Row, Shape, dated};
use crate::rules::offer::{Facts, OUTSTANDING, PromiseRange, RATE_CAP, Refusal};
use crate::rules::policy::model::{
    Method, Pace, PlanTerms, PromiseTerms, RefinancingTerms, Rule, SettlementTerms, Terms,
};
use crate::rules::rate_cap::{RateCap, RateCapError};
use crate::rules::rounding::half_up_to_step;
use crate::rules::schedule::{Frequency, due_dates};
use crate::rules::settlement::{self, WHOLE_BPS};
use crate::rules::split::split;
use crate::rules::true_rate::Loan;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use sha2::{Digest, Sha256};

/// Hexadecimal digits of an offer's id: 64 bits, unique among the offers that one person can see.
const ID_DIGITS: usize = 16;

/// What a rule gives and which of its variants it does not.
type Given = (Vec<Offer>, Vec<Refusal>);

/// The parts of an offer that differ between kinds.
struct Draft {
    kind: AgreementKind,
    discount: Money,
    /// What is left of the whole debt afterwards, when that is known.
    leaves: Option<Money>,
    payments: Vec<ScheduledPayment>,
    monthly_rate_ppm: Option<i64>,
    rate_ea_ppm: Option<i64>,
    valid_until: Day,
    parameters: Vec<(&'static str, String)>,
}

pub fn offers_of(rule: &Rule, facts: &Facts<'_>) -> Result<Given, Refusal> {
    match &rule.terms {
        Terms::Promise(terms) => {
            let range = promise_range(terms, facts);
            promise_of(rule, terms, facts, range.most, range.last_day).map(|offer| (vec![offer], Vec::new()))
        }
        Terms::InstalmentPlan(terms) => {
            Ok(variants(&terms.payments, |count| plan(rule, terms, facts, count)))
        }
        Terms::Refinancing(terms) => {
            Ok(variants(&terms.months, |count| refinancing(rule, terms, facts, count)))
        }
        Terms::Settlement(terms) => Ok(variants(&terms.payments, |count| settle(rule, terms, facts, count))),
        Terms::Withhold(_) => Ok((Vec::new(), Vec::new())),
    }
}

fn variants(counts: &[u32], offer: impl Fn(u32) -> Result<Offer, Refusal>) -> Given {
    let mut given = (Vec::new(), Vec::new());
    for &count in counts {
        match offer(count) {
            Ok(offer) => given.0.push(offer),
            Err(refusal) => given.1.push(refusal),
        }
    }
    given
}

/// The last day is a business day, so that a transfer made on it is booked on it.
pub fn promise_range(terms: &PromiseTerms, facts: &Facts<'_>) -> PromiseRange {
    let today = facts.input.today;
    let last_day = facts.input.calendar.preceding(today.plus_days(terms.max_days)).max(today);
    let least = share(facts.payable, terms.min_share_bps).unwrap_or(facts.payable);
    PromiseRange { first_day: today, last_day, least, most: facts.payable }
}

pub fn promise_of(
    rule: &Rule,
    terms: &PromiseTerms,
    facts: &Facts<'_>,
    amount: Money,
    due: Day,
) -> Result<Offer, Refusal> {
    let range = promise_range(terms, facts);
    if amount.currency != range.most.currency {
        return Err(Refusal::new("currency", range.most.currency, amount.currency));
    }
    if due < range.first_day {
        return Err(Refusal::new("first_day", range.first_day, due));
    }
    if due > range.last_day {
        return Err(Refusal::new("last_day", range.last_day, due));
    }
    if amount.minor < range.least.minor {
        return Err(Refusal::new("min_share", range.least.minor, amount.minor));
    }
    if amount.minor > range.most.minor {
        return Err(Refusal::new("total_due", range.most.minor, amount.minor));
    }
    if amount.minor % amount.currency.step_minor() != 0 {
        return Err(Refusal::new("step", amount.currency.step_minor(), amount.minor));
    }
    let valid_until = facts.input.today.plus_days(terms.valid_days).min(due);
    finish(
        rule,
        facts,
        Draft {
            kind: AgreementKind::Promise,
            discount: Money::zero(amount.currency),
            // What is below a payable step is not asked for.
            leaves: facts.left_after(if amount == facts.payable { facts.overdue } else { amount }),
            payments: payments(&[due], &[amount], &[]),
            monthly_rate_ppm: None,
            rate_ea_ppm: None,
            valid_until,
            parameters: vec![
                ("max_days", terms.max_days.to_string()),
                ("min_share_bps", terms.min_share_bps.to_string()),
            ],
        },
    )
}

fn plan(rule: &Rule, terms: &PlanTerms, facts: &Facts<'_>, count: u32) -> Result<Offer, Refusal> {
    let amounts = plan_amounts(terms, facts.payable, count)?;
    check_least(&amounts, terms.min_instalment)?;
    let dates = dates(facts, terms.pace, count)?;
    finish(
        rule,
        facts,
        Draft {
            kind: AgreementKind::InstalmentPlan,
            discount: Money::zero(facts.payable.currency),
            leaves: facts.left_after(facts.overdue),
            payments: payments(&dates, &amounts, &[]),
            monthly_rate_ppm: None,
            rate_ea_ppm: None,
            valid_until: valid_until(facts, terms.valid_days, &dates),
            parameters: vec![
                ("payments", count.to_string()),
                ("min_instalment_minor", terms.min_instalment.minor.to_string()),
                ("down_payment_bps", terms.down_payment_bps.to_string()),
                ("first_payment_days", terms.pace.first_payment_days.to_string()),
                ("frequency", terms.pace.frequency.name().to_owned()),
            ],
        },
    )
}

fn plan_amounts(terms: &PlanTerms, total: Money, count: u32) -> Result<Vec<Money>, Refusal> {
    let too_small = |error| Refusal::new("payments", count, error);
    if terms.down_payment_bps == 0 {
        return split(total, count).map_err(too_small);
    }
    let down = share(total, terms.down_payment_bps)?;
    let rest = total.checked_sub(down).map_err(|error| Refusal::new("down_payment", "a part", error))?;
    let mut amounts = vec![down];
    amounts.extend(split(rest, count.saturating_sub(1)).map_err(too_small)?);
    Ok(amounts)
}

/// New terms for the whole principal; interest, late interest and fees in arrears are spread over the payments without
/// interest on them (Código de Comercio art. 886 restricts interest on interest; oracle O20).
///
/// The first period costs its days. The cap is compared with the true yearly rate of the very table, without the
/// arrears, which cost nothing and would only lower it.
fn refinancing(
    rule: &Rule,
    terms: &RefinancingTerms,
    facts: &Facts<'_>,
    count: u32,
) -> Result<Offer, Refusal> {
    let cap = cap_of(terms, facts)?;
    let pace = Pace { first_payment_days: terms.first_payment_days, frequency: Frequency::Monthly };
    let dates = dates(facts, pace, count)?;
    let table = priced(terms, facts, &dates, cap)?;
    let amounts = with_arrears(&table.rows, facts, count)?;
    check_least(&amounts, terms.min_instalment)?;
    let interest: Vec<Money> = table.rows.iter().map(|row| row.interest).collect();
    let valid_until = valid_until(facts, terms.valid_days, &dates);
    let mut parameters = vec![
        ("months", count.to_string()),
        ("monthly_rate_ppm", terms.rate_ppm.to_string()),
        ("true_rate_ea", table.rate_ea.to_string()),
        ("modality", terms.modality.clone()),
        ("method", terms.method.name().to_owned()),
        ("periods", terms.periods.name().to_owned()),
        ("min_instalment_minor", terms.min_instalment.minor.to_string()),
    ];
    if let Some(cap) = cap {
        let cap_ea = cap.cap_ea.map_or_else(|| "none".to_owned(), |ea| ea.to_string());
        parameters.extend([("rate_cap_ea", cap_ea), ("rate_cap_source", cap.source.clone())]);
    }
    finish(
        rule,
        facts,
        Draft {
            kind: AgreementKind::Refinancing,
            discount: Money::zero(facts.payable.currency),
            // The new terms are about the whole debt.
            leaves: Some(Money::zero(facts.payable.currency)),
            payments: payments(&dates, &amounts, &interest),
            monthly_rate_ppm: Some(terms.rate_ppm),
            rate_ea_ppm: (table.rate_ea * Decimal::from(1_000_000)).round().to_i64(),
            // The cap of the next month may be lower.
            valid_until: cap.map_or(valid_until, |cap| valid_until.min(cap.to)),
            parameters,
        },
    )
}

/// The cap that the interest must keep; none without interest.
fn cap_of<'f>(terms: &RefinancingTerms, facts: &Facts<'f>) -> Result<Option<&'f RateCap>, Refusal> {
    if terms.rate_ppm == 0 {
        return Ok(None);
    }
    let cap = facts.input.caps.find(&facts.policy.country, &terms.modality, facts.input.today);
    let cap = cap.map_err(above_cap)?;
    cap.allows(terms.rate).map_err(above_cap)?;
    Ok(Some(cap))
}

fn above_cap(error: RateCapError) -> Refusal {
    Refusal::new(RATE_CAP, "within the cap", error)
}

/// A table and the true yearly rate of it.
struct Priced {
    rows: Vec<Row>,
    rate_ea: Decimal,
}

/// The table of the whole principal. Where rounding alone would lift it above the cap, it is rounded down.
fn priced(
    terms: &RefinancingTerms,
    facts: &Facts<'_>,
    dates: &[Day],
    cap: Option<&RateCap>,
) -> Result<Priced, Refusal> {
    let outstanding = facts.input.obligation.balance.principal_outstanding;
    let principal = facts.payoff.and(outstanding).map(floor).ok_or_else(whole_debt_unknown)?;
    let shape = match terms.method {
        Method::French => Shape::Level,
        Method::German => Shape::LevelPrincipal,
    };
    let start = facts.input.today;
    let attempt = |rounding: Rounding| {
        let rows = dated(principal, terms.rate, (start, dates), (shape, terms.periods), rounding)
            .map_err(|error| Refusal::new("months", dates.len(), error))?;
        let paid: Vec<(Day, Money)> = dates.iter().copied().zip(rows.iter().map(|row| row.payment)).collect();
        let loan = Loan { principal, start, payments: &paid };
        if let Some(cap) = cap {
            cap.allows_schedule(&loan).map_err(above_cap)?;
        }
        let rate_ea =
            loan.effective_annual().ok_or_else(|| Refusal::new(RATE_CAP, "a rate", "beyond the range"))?;
        Ok(Priced { rows, rate_ea })
    };
    attempt(Rounding::HalfUp).or_else(|_: Refusal| attempt(Rounding::Down))
}

/// The payments of the table with what is in arrears of interest and fees.
fn with_arrears(rows: &[Row], facts: &Facts<'_>, count: u32) -> Result<Vec<Money>, Refusal> {
    let balance = &facts.input.obligation.balance;
    let mut amounts: Vec<Money> = rows.iter().map(|row| row.payment).collect();
    for part in [balance.interest, balance.late_interest, balance.fees].map(floor) {
        // A part of a few pesos cannot be spread: it goes into the first payment.
        let shares = split(part, count).unwrap_or_else(|_| vec![part]);
        for (amount, share) in amounts.iter_mut().zip(shares) {
            *amount =
                amount.checked_add(share).map_err(|error| Refusal::new("balance", "an amount", error))?;
        }
    }
    Ok(amounts)
}

fn settle(rule: &Rule, terms: &SettlementTerms, facts: &Facts<'_>, count: u32) -> Result<Offer, Refusal> {
    let limits = facts.policy.limits;
    let balance = terms.settles.balance(facts.input.obligation).ok_or_else(whole_debt_unknown)?;
    let settlement = settlement::settle(&balance, terms.waiver, limits.waiver_max)
        .map_err(|error| Refusal::new("waiver", "within limits.waiver_max", error))?;
    let settled = balance.overdue().map_err(|error| Refusal::new("balance", "an amount", error))?;
    let discount_bps = settlement::discount_bps(settlement.discount, settled);
    if discount_bps > limits.discount_max_bps {
        return Err(Refusal::new("discount_max", limits.discount_max_bps, discount_bps));
    }
    let amounts = split(settlement.payable, count).map_err(|error| Refusal::new("payments", count, error))?;
    let dates = dates(facts, terms.pace, count)?;
    let mut parameters = vec![
        ("payments", count.to_string()),
        ("settles", terms.settles.name().to_owned()),
        ("settled_minor", settled.minor.to_string()),
        ("discount_bps", discount_bps.to_string()),
        ("waived_principal_minor", settlement.waived_principal.minor.to_string()),
        ("waived_interest_minor", settlement.waived_interest.minor.to_string()),
        ("waived_late_interest_minor", settlement.waived_late_interest.minor.to_string()),
        ("waived_fees_minor", settlement.waived_fees.minor.to_string()),
    ];
    let names =
        ["waiver_principal_bps", "waiver_interest_bps", "waiver_late_interest_bps", "waiver_fees_bps"];
    parameters.extend(names.into_iter().zip(terms.waiver.named().map(|(_, bps)| bps.to_string())));
    finish(
        rule,
        facts,
        Draft {
            kind: AgreementKind::Settlement,
            discount: settlement.discount,
            leaves: facts.left_after(settled),
            payments: payments(&dates, &amounts, &[]),
            monthly_rate_ppm: None,
            rate_ea_ppm: None,
            valid_until: valid_until(facts, terms.valid_days, &dates),
            parameters,
        },
    )
}

fn whole_debt_unknown() -> Refusal {
    Refusal::new(OUTSTANDING, "what the whole debt comes to, in the debt file", "not told")
}

fn finish(rule: &Rule, facts: &Facts<'_>, draft: Draft) -> Result<Offer, Refusal> {
    let currency = facts.payable.currency;
    let total = Money::sum(currency, draft.payments.iter().map(|payment| payment.amount))
        .map_err(|error| Refusal::new("balance", "an amount", error))?;
    let mut inputs = facts.derivation();
    inputs.extend(draft.parameters.into_iter().map(|(name, value)| (name.to_owned(), value)));
    let leaves = draft.leaves.map_or_else(|| "unknown".to_owned(), |left| left.minor.to_string());
    inputs.push(("leaves_minor".to_owned(), leaves));
    let mut offer = Offer {
        id: String::new(),
        kind: draft.kind,
        obligation: facts.input.obligation.id,
        total,
        discount: draft.discount,
        leaves: draft.leaves,
        payments: draft.payments,
        monthly_rate_ppm: draft.monthly_rate_ppm,
        rate_ea_ppm: draft.rate_ea_ppm,
        valid_until: draft.valid_until,
        derivation: Derivation {
            policy: facts.policy.lender.as_str().to_owned(),
            policy_version: facts.policy.version.clone(),
            rule: rule.id.clone(),
            inputs,
        },
    };
    offer.id = id_of(&offer, facts);
    Ok(offer)
}

/// The same obligation, rule, terms, policy version and amounts due give the same id.
fn id_of(offer: &Offer, facts: &Facts<'_>) -> String {
    let mut hash = Sha256::new();
    let mut add = |part: &str| {
        hash.update(part.as_bytes());
        hash.update([0]);
    };
    add(&offer.obligation.to_string());
    add(&offer.derivation.policy_version);
    add(&offer.derivation.rule);
    add(offer.kind.name());
    add(&facts.overdue.minor.to_string());
    add(&offer.discount.minor.to_string());
    // What a settlement leaves is one of its terms.
    if let (AgreementKind::Settlement, Some(left)) = (offer.kind, offer.leaves) {
        add(&left.minor.to_string());
    }
    add(&offer.valid_until.to_string());
    add(&offer.monthly_rate_ppm.unwrap_or_default().to_string());
    for payment in &offer.payments {
        add(&format!("{}/{}/{}", payment.due, payment.amount.minor, payment.interest.minor));
    }
    let mut id = hex::encode(hash.finalize());
    id.truncate(ID_DIGITS);
    id
}

/// Payments in order; `interest` may be empty for none.
fn payments(dates: &[Day], amounts: &[Money], interest: &[Money]) -> Vec<ScheduledPayment> {
    (1_u32..)
        .zip(dates.iter().zip(amounts))
        .enumerate()
        .map(|(index, (number, (due, amount)))| ScheduledPayment {
            number,
            due: *due,
            amount: *amount,
            interest: interest.get(index).copied().unwrap_or(Money::zero(amount.currency)),
        })
        .collect()
}

fn dates(facts: &Facts<'_>, pace: Pace, count: u32) -> Result<Vec<Day>, Refusal> {
    let first = facts.input.today.plus_days(pace.first_payment_days);
    let calendar = facts.input.calendar;
    let dates = due_dates(first, count, pace.frequency, facts.policy.business_days, calendar);
    match dates.iter().find(|day| !calendar.covers(**day)) {
        Some(day) => Err(Refusal::new("holidays", "a year in holidays.csv", day.year())),
        None => Ok(dates),
    }
}

fn valid_until(facts: &Facts<'_>, valid_days: i64, dates: &[Day]) -> Day {
    let until = facts.input.today.plus_days(valid_days);
    dates.first().map_or(until, |first| until.min(*first))
}

fn check_least(amounts: &[Money], least: Money) -> Result<(), Refusal> {
    match amounts.iter().find(|amount| amount.minor < least.minor) {
        Some(amount) => Err(Refusal::new("min_instalment", least.minor, amount.minor)),
        None => Ok(()),
    }
}

fn share(total: Money, bps: i64) -> Result<Money, Refusal> {
    if bps == WHOLE_BPS {
        return Ok(total);
    }
    let exact = Decimal::from(total.minor) * Decimal::new(bps, 4);
    let minor = half_up_to_step(exact, total.currency)
        .ok_or_else(|| Refusal::new("balance", "an amount", "an amount that is too large"))?;
    Ok(Money { minor: minor.min(total.minor), ..total })
}

fn floor(amount: Money) -> Money {
    Money { minor: crate::rules::rounding::floor_to_step(amount.minor, amount.currency), ..amount }
}
