//! Offers of the shipped policies: by stage, within limits, explained, and the same for the same facts.

use super::{Hold, OfferInput, PersonFacts, explain, offers, promise, promise_range};
use crate::domain::debt::{AgreementKind, Balance, Obligation, ObligationStatus, Offer};
use crate::domain::ids::{LenderId, ObligationId, PersonId};
use crate::domain::money::{Currency, Money};
use crate::domain::time::{Day, Timestamp, Zone};
use crate::rules::calendar::Calendar;
use crate::rules::policy::{self, PolicySet, model::Policy};
use crate::rules::rate::MonthlyRate;
use crate::rules::rate_cap::{RateCap, RateCaps};
use crate::rules::true_rate::Loan;
use proptest::prelude::{ProptestConfig, any, proptest};
use rust_decimal::Decimal;
use uuid::Uuid;

const ANDINO: &str = include_str!("../../../flows/policies/andino.yaml");
const NORTE: &str = include_str!("../../../flows/policies/norte.yaml");

fn set() -> PolicySet {
    PolicySet::parse([
        ("andino.yaml", ANDINO),
        ("norte.yaml", NORTE),
        ("rate_caps.yaml", include_str!("../../../flows/policies/rate_caps.yaml")),
        ("holidays.csv", include_str!("../../../flows/policies/holidays.csv")),
    ])
    .unwrap()
}

struct World {
    policy: Policy,
    calendar: Calendar,
    caps: RateCaps,
    today: Day,
}

impl World {
    /// Banco Andino on 20 August 2026, a Thursday in a month whose cap is known.
    fn andino() -> Self {
        Self::of("andino", "2026-08-20")
    }

    fn of(lender: &str, today: &str) -> Self {
        let set = set();
        let policy = set.policy(&LenderId::from(lender)).unwrap().clone();
        let calendar = set.calendar(&policy.lender).unwrap().clone();
        Self { policy, calendar, caps: set.caps, today: Day::parse(today).unwrap() }
    }

    fn late(&self, days: i64, parts: [i64; 4]) -> Obligation {
        let money = |minor| Money::new(minor, self.policy.currency);
        Obligation {
            id: ObligationId(Uuid::from_u128(7)),
            lender: self.policy.lender.clone(),
            person: PersonId(Uuid::from_u128(1)),
            external_ref: "5001".to_owned(),
            product: "credito_consumo".to_owned(),
            product_name: "Crédito de libre inversión".to_owned(),
            status: ObligationStatus::Active,
            currency: self.policy.currency,
            balance: Balance {
                as_of: Zone::utc().at(self.today, 0),
                principal: money(parts[0]),
                interest: money(parts[1]),
                late_interest: money(parts[2]),
                fees: money(parts[3]),
                principal_outstanding: Some(money(parts[0].saturating_mul(3))),
            },
            oldest_unpaid_due: Some(self.today.plus_days(-days)),
            next_due: None,
            instalments: Vec::new(),
            rate_ea_bps: None,
        }
    }

    fn input<'a>(&'a self, obligation: &'a Obligation) -> OfferInput<'a> {
        OfferInput {
            obligation,
            person: PersonFacts::default(),
            today: self.today,
            now: Zone::utc().at(self.today, 720),
            caps: &self.caps,
            calendar: &self.calendar,
            has_active_agreement: false,
        }
    }

    fn offers(&self, obligation: &Obligation) -> Vec<Offer> {
        offers(&self.policy, &self.input(obligation))
    }
}

fn summary(offers: &[Offer]) -> Vec<(AgreementKind, usize)> {
    offers.iter().map(|offer| (offer.kind, offer.payments.len())).collect()
}

const ARREARS: [i64; 4] = [60_000_000, 8_000_000, 2_000_000, 1_000_000];

#[test]
fn each_stage_gets_its_own_kinds() {
    use AgreementKind::{InstalmentPlan, Promise, Refinancing, Settlement};
    let world = World::andino();
    let kinds = |days| summary(&world.offers(&world.late(days, ARREARS)));
    assert_eq!(kinds(0), []);
    assert_eq!(kinds(-3), []);
    assert_eq!(kinds(20), [(Promise, 1), (InstalmentPlan, 2), (InstalmentPlan, 3)]);
    assert_eq!(
        kinds(75),
        [(Promise, 1), (InstalmentPlan, 3), (InstalmentPlan, 4), (InstalmentPlan, 6), (Refinancing, 12)]
    );
    assert_eq!(kinds(200), [(Settlement, 1), (Settlement, 2), (InstalmentPlan, 6), (InstalmentPlan, 12)]);
}

#[test]
fn a_settlement_shows_payments_on_business_days_and_its_derivation() {
    let world = World::andino();
    // Oracle O21: 3 676 175 of 4 812 350 in two payments; all of the debt is overdue.
    let mut obligation = world.late(200, [380_000_000, 51_235_000, 43_000_000, 7_000_000]);
    obligation.balance.principal_outstanding = Some(obligation.balance.principal);
    let offers = world.offers(&obligation);
    let offer = &offers[1];
    let payments: Vec<(String, i64)> =
        offer.payments.iter().map(|p| (p.due.to_string(), p.amount.minor)).collect();
    assert_eq!(payments, [("2026-08-25".to_owned(), 183_808_800), ("2026-09-25".to_owned(), 183_808_700)]);
    assert_eq!(offer.discount.minor, 113_617_500);
    assert_eq!(offer.valid_until.to_string(), "2026-08-25");
    let input = |name: &str| offer.derivation.inputs.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str());
    assert_eq!(offer.derivation.rule, "cierre_con_descuento");
    assert!(offer.closes());
    assert_eq!(offer.derivation.policy_version, world.policy.version);
    assert_eq!(input("stage"), Some("prelegal"));
    assert_eq!(input("bucket"), Some("181-360"));
    assert_eq!(input("waived_principal_minor"), Some("38000000"));
}

/// A loan of which 1 728 000 is overdue and 9 860 000 of principal is owed.
const LOAN: [i64; 4] = [126_840_000, 34_270_000, 7_190_000, 4_500_000];

#[test]
fn a_settlement_of_arrears_says_what_it_leaves_and_closes_nothing() {
    let world = World::andino();
    let mut obligation = world.late(95, LOAN);
    let leaves = |obligation: &Obligation| {
        let offers = world.offers(obligation);
        let offer = offers.iter().find(|offer| offer.kind == AgreementKind::Settlement).unwrap();
        assert_eq!(offer.total.minor + offer.discount.minor, 172_800_000);
        (offer.leaves.map(|left| left.minor), offer.closes())
    };
    obligation.balance.principal_outstanding = Some(Money::new(986_000_000, Currency::Cop));
    assert_eq!(leaves(&obligation), (Some(859_160_000), false));
    // The file does not say what the whole debt is: nothing is said to close it.
    obligation.balance.principal_outstanding = None;
    assert_eq!(leaves(&obligation), (None, false));
    // All is overdue: then the same settlement does close it.
    obligation.balance.principal_outstanding = Some(obligation.balance.principal);
    assert_eq!(leaves(&obligation), (Some(0), true));
}

#[test]
fn a_settlement_of_the_whole_debt_takes_what_is_not_yet_due_too() {
    let world = World::andino();
    let mut obligation = world.late(200, LOAN);
    let settlement = |obligation: &Obligation| {
        let explanation = explain(&world.policy, &world.input(obligation));
        let offer = explanation.offers.into_iter().find(|offer| offer.kind == AgreementKind::Settlement);
        offer.ok_or_else(|| {
            let about = |refusal: &&super::Refusal| refusal.rule.as_deref() == Some("cierre_con_descuento");
            explanation.refusals.iter().find(about).unwrap().condition
        })
    };
    obligation.balance.principal_outstanding = Some(Money::new(986_000_000, Currency::Cop));
    let offer = settlement(&obligation).unwrap();
    // 90 % of 9 860 000 and half of 342 700; late interest and fees are waived.
    assert_eq!((offer.total.minor, offer.closes()), (887_400_000 + 17_135_000, true));
    obligation.balance.principal_outstanding = None;
    assert_eq!(settlement(&obligation), Err("principal_outstanding"));
    // An instalment to come of a principal that is all overdue: the file contradicts itself.
    obligation.balance.principal_outstanding = Some(obligation.balance.principal);
    obligation.next_due = Some(crate::domain::debt::Instalment {
        number: 9,
        due: world.today.plus_days(10),
        amount: Money::new(56_130_000, Currency::Cop),
        paid: false,
    });
    assert_eq!(settlement(&obligation), Err("principal_outstanding"));
}

#[test]
fn refinancing_needs_the_whole_debt() {
    let world = World::andino();
    let mut obligation = world.late(75, ARREARS);
    obligation.balance.principal_outstanding = None;
    let explanation = explain(&world.policy, &world.input(&obligation));
    assert!(explanation.offers.iter().all(|offer| offer.kind != AgreementKind::Refinancing));
    assert!(explanation.refinancing_is_off);
}

#[test]
fn what_is_left_after_a_promise_and_a_plan_is_told() {
    let world = World::andino();
    let mut obligation = world.late(20, ARREARS);
    obligation.balance.principal_outstanding = Some(Money::new(100_000_000, Currency::Cop));
    let offers = world.offers(&obligation);
    let left = |kind| offers.iter().find(|offer| offer.kind == kind).unwrap().leaves.unwrap().minor;
    assert_eq!(left(AgreementKind::InstalmentPlan), 40_000_000);
    assert_eq!(left(AgreementKind::Promise), 40_000_000);
    let day = world.today.plus_days(1);
    let part = promise(&world.policy, &world.input(&obligation), Money::new(50_000_000, Currency::Cop), day);
    assert_eq!(part.unwrap().leaves.unwrap().minor, 61_000_000);
}

#[test]
fn refinancing_spreads_arrears_without_interest_on_them() {
    // Oracle O20: 3 215 604 at 1.5 % in 18 months, 214 870 and 66 120 apart.
    // Months of one rate, the first of which is exactly a month: from Friday 21 August to Monday 21 September.
    let mut world = World::of("andino", "2026-08-21");
    let text = ANDINO
        .replace(
            "months: [12], monthly_rate: 1.8%",
            "months: [18], periods: whole_months, monthly_rate: 1.5%",
        )
        .replace("first_payment_days: 30", "first_payment_days: 31");
    world.policy = policy::parse("andino.yaml", &text).unwrap();
    let mut obligation = world.late(75, [40_000_000, 21_487_000, 6_612_000, 0]);
    obligation.balance.principal_outstanding = Some(Money::new(321_560_400, Currency::Cop));
    let offers = world.offers(&obligation);
    let offer = offers.iter().find(|offer| offer.kind == AgreementKind::Refinancing).unwrap();
    assert_eq!(offer.payments.len(), 18);
    assert_eq!(offer.payments[0].amount.minor, 22_078_400);
    assert_eq!(offer.payments[17].amount.minor, 22_079_600);
    assert_eq!(offer.total.minor, 397_412_400);
    assert_eq!(offer.monthly_rate_ppm, Some(15_000));
}

#[test]
fn a_month_without_a_known_cap_blocks_interest_and_says_so() {
    let world = World::of("andino", "2026-10-10");
    let obligation = world.late(75, ARREARS);
    let explanation = explain(&world.policy, &world.input(&obligation));
    assert!(explanation.offers.iter().all(|offer| offer.kind != AgreementKind::Refinancing));
    let refusal =
        explanation.refusals.iter().find(|r| r.rule.as_deref() == Some("refinanciacion_31_90")).unwrap();
    assert_eq!(refusal.condition, "rate_cap");
    assert!(
        refusal.found.contains("no cap is known for consumo_ordinario in CO on 2026-10-10"),
        "{refusal:?}"
    );
    assert!(explanation.refinancing_is_off);
}

/// Andino with other terms of its refinancing, and one cap on every day.
fn refinancing_world(terms: &str, cap_ea: Decimal) -> World {
    let mut world = World::andino();
    let rule = "months: [12], monthly_rate: 1.8%, modality: consumo_ordinario, method: french";
    let others = ", min_instalment: 50000, first_payment_days: 30";
    assert!(ANDINO.contains(&format!("{rule}{others}")));
    let text =
        ANDINO.replace(&format!("{rule}{others}"), &format!("modality: m, {terms}, min_instalment: 1"));
    world.policy = policy::parse("andino.yaml", &text).unwrap();
    world.caps = RateCaps(vec![RateCap {
        country: "CO".to_owned(),
        modality: "m".to_owned(),
        from: Day::parse("2020-01-01").unwrap(),
        to: Day::parse("2040-12-31").unwrap(),
        cap_ea: Some(cap_ea),
        source: "a test".to_owned(),
        line: 1,
    }]);
    world
}

/// Whether the schedule as people see it keeps the cap: all that is refinanced, on its days, to the last peso.
fn keeps(offer: &Offer, obligation: &Obligation, today: Day, cap_ea: Decimal) -> bool {
    let payments: Vec<(Day, Money)> = offer.payments.iter().map(|p| (p.due, p.amount)).collect();
    let principal = obligation.payoff().unwrap();
    Loan { principal, start: today, payments: &payments }.costs_at_most(cap_ea).unwrap()
}

#[test]
fn a_short_first_period_no_longer_hides_interest_above_the_cap() {
    let cap_ea = Decimal::new(2966, 4);
    for first in [1, 2, 15, 30, 45] {
        let terms = format!("months: [2, 12], monthly_rate: 2.18%, first_payment_days: {first}");
        let world = refinancing_world(&terms, cap_ea);
        let obligation = world.late(75, [321_560_400, 0, 0, 0]);
        let offers = world.offers(&obligation);
        let refinancing: Vec<&Offer> =
            offers.iter().filter(|offer| offer.kind == AgreementKind::Refinancing).collect();
        assert_eq!(refinancing.len(), 2, "{first}");
        for offer in refinancing {
            assert!(keeps(offer, &obligation, world.today, cap_ea), "{first}: {:?}", offer.payments);
            // 2.18 % a month is 29.536 % a year, whatever the first period is.
            assert!((295_000..=295_800).contains(&offer.rate_ea_ppm.unwrap()), "{:?}", offer.rate_ea_ppm);
        }
    }
}

#[test]
fn a_rate_at_the_very_cap_is_offered_and_one_above_is_not() {
    // 2 % a month is 26.824179…% a year.
    for (cap_ea, offered) in [(Decimal::new(26_824_180, 8), 4), (Decimal::new(26_824_179, 8), 0)] {
        let terms = "months: [3, 6, 12, 24], monthly_rate: 2%, first_payment_days: 17";
        let world = refinancing_world(terms, cap_ea);
        let obligation = world.late(75, [77_777_700, 0, 0, 0]);
        let offers = world.offers(&obligation);
        let refinancing = offers.iter().filter(|offer| offer.kind == AgreementKind::Refinancing);
        let kept = refinancing.filter(|offer| keeps(offer, &obligation, world.today, cap_ea)).count();
        assert_eq!(kept, offered, "{cap_ea}");
    }
}

#[test]
fn a_rate_above_the_cap_is_never_offered() {
    let mut world = World::andino();
    world.policy =
        policy::parse("andino.yaml", &ANDINO.replace("monthly_rate: 1.8%", "monthly_rate: 2.2%")).unwrap();
    let obligation = world.late(75, ARREARS);
    assert!(world.offers(&obligation).iter().all(|offer| offer.kind != AgreementKind::Refinancing));
}

#[test]
fn an_exception_for_a_product_stands_before_the_general_rule() {
    let world = World::andino();
    let mut obligation = world.late(75, ARREARS);
    obligation.product = "microcredito".to_owned();
    let explanation = explain(&world.policy, &world.input(&obligation));
    let plans: Vec<&str> = explanation.offers.iter().map(|offer| offer.derivation.rule.as_str()).collect();
    assert_eq!(plans, ["promesa_31_90", "microcredito_plan_quincenal", "microcredito_plan_quincenal"]);
    let why = |rule: &str| explanation.refusals.iter().find(|r| r.rule.as_deref() == Some(rule)).unwrap();
    assert_eq!(why("refinanciacion_31_90").found, "microcredito_sin_refinanciacion");
    assert_eq!(why("plan_31_90").condition, "order");
    let late = why("plan_91");
    assert_eq!((late.condition, late.wanted.as_str(), late.found.as_str()), ("days_past_due", "91+", "75"));
}

#[test]
fn guards_stand_before_every_rule() {
    let world = World::andino();
    let base = world.late(20, ARREARS);
    let why = |obligation: &Obligation, change: &dyn Fn(&mut OfferInput<'_>)| {
        let mut input = world.input(obligation);
        change(&mut input);
        let explanation = explain(&world.policy, &input);
        assert!(explanation.offers.is_empty());
        explanation.refusals[0].condition
    };
    let mut disputed = base.clone();
    disputed.status = ObligationStatus::Disputed;
    let mut settled = base.clone();
    settled.status = ObligationStatus::Settled;
    let mut stale = base.clone();
    stale.balance.as_of = Timestamp(stale.balance.as_of.0 - 16 * 86_400_000);
    let mut foreign = base.clone();
    foreign.lender = LenderId::from("norte");
    assert_eq!(why(&disputed, &|_| {}), "status");
    assert_eq!(why(&settled, &|_| {}), "status");
    assert_eq!(why(&stale, &|_| {}), "balance_max_age_days");
    assert_eq!(why(&foreign, &|_| {}), "lender");
    assert_eq!(why(&base, &|input| input.has_active_agreement = true), "agreement");
    assert_eq!(why(&base, &|input| input.person.hold = Some(Hold::Deceased)), "hold");
}

#[test]
fn a_promise_takes_the_persons_day_and_amount_within_limits() {
    let world = World::andino();
    let obligation = world.late(20, ARREARS);
    let input = world.input(&obligation);
    let range = promise_range(&world.policy, &input).unwrap();
    // Ten days on is Sunday 30 August; the Friday before is the last that banks book.
    assert_eq!(range.last_day.to_string(), "2026-08-28");
    assert_eq!((range.least.minor, range.most.minor), (35_500_000, 71_000_000));
    let money = |minor| Money::new(minor, Currency::Cop);
    let day = |text| Day::parse(text).unwrap();
    let offer = promise(&world.policy, &input, money(40_000_000), day("2026-08-25")).unwrap();
    assert_eq!(
        (offer.kind, offer.total.minor, offer.payments.len()),
        (AgreementKind::Promise, 40_000_000, 1)
    );
    let refused =
        |amount, due| promise(&world.policy, &input, money(amount), day(due)).unwrap_err()[0].condition;
    assert_eq!(refused(40_000_000, "2026-08-31"), "last_day");
    assert_eq!(refused(40_000_000, "2026-08-19"), "first_day");
    assert_eq!(refused(30_000_000, "2026-08-25"), "min_share");
    assert_eq!(refused(80_000_000, "2026-08-25"), "total_due");
    assert_eq!(refused(40_000_050, "2026-08-25"), "step");
}

#[test]
fn after_two_broken_promises_only_plans_are_left() {
    let world = World::andino();
    let obligation = world.late(20, ARREARS);
    let mut input = world.input(&obligation);
    input.person.broken_promises = 2;
    let offers = offers(&world.policy, &input);
    assert!(offers.iter().all(|offer| offer.kind == AgreementKind::InstalmentPlan) && offers.len() == 2);
    assert!(promise_range(&world.policy, &input).is_none());
}

#[test]
fn lenders_keep_their_own_rules_and_money() {
    let norte = World::of("norte", "2026-11-20");
    let obligation = norte.late(75, [500_000, 60_000, 20_000, 10_000]);
    let offers = norte.offers(&obligation);
    assert!(offers.iter().all(|offer| offer.total.currency == Currency::Mxn));
    assert_eq!(
        summary(&offers),
        [(AgreementKind::Settlement, 1), (AgreementKind::Refinancing, 6), (AgreementKind::Refinancing, 12)]
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]
    #[test]
    fn no_schedule_costs_more_than_the_cap(
        rate in 1_i64..600, above in -20_i64..20, first in 1_i64..45, pesos in 100_000_i64..90_000_000,
        arrears in 0_i64..4_000_000, months in 2_u32..30, german in any::<bool>(), whole in any::<bool>(),
    ) {
        let method = if german { "german" } else { "french" };
        let periods = if whole { "whole_months" } else { "actual_days" };
        let monthly = format!("{}.{:02}%", rate / 100, rate % 100);
        let terms = format!(
            "months: [{months}], monthly_rate: {monthly}, first_payment_days: {first}, method: {method}, periods: {periods}"
        );
        let ea = MonthlyRate::from_ppm(rate * 100).unwrap().effective_annual().unwrap();
        let cap_ea = (ea + Decimal::new(above, 6)).max(Decimal::ZERO);
        let world = refinancing_world(&terms, cap_ea);
        let mut obligation = world.late(75, [pesos * 100, arrears * 100, 0, 0]);
        obligation.balance.principal_outstanding = Some(Money::new(pesos * 250, Currency::Cop));
        for offer in world.offers(&obligation) {
            if offer.kind == AgreementKind::Refinancing {
                assert!(keeps(&offer, &obligation, world.today, cap_ea), "{terms}: {:?}", offer.payments);
                let months: std::collections::BTreeSet<(i16, i8)> =
                    offer.payments.iter().map(|p| (p.due.year(), p.due.month())).collect();
                assert_eq!(months.len(), offer.payments.len(), "two payments in one month");
            }
        }
    }

    #[test]
    #[test]
    fn offers_are_sound_for_any_balance(
        parts in proptest::array::uniform4(0_i64..3_000_000_000), days in -10_i64..400, broken in 0_u32..4,
        micro in any::<bool>(), lender in any::<bool>(),
    ) {
        let world = if lender { World::andino() } else { World::of("norte", "2026-11-20") };
        let mut obligation = world.late(days, parts);
        if micro {
            obligation.product = "microcredito".to_owned();
        }
        let mut input = world.input(&obligation);
        input.person.broken_promises = broken;
        let first = offers(&world.policy, &input);
        assert_eq!(first, offers(&world.policy, &input));
        let due = obligation.balance.overdue().unwrap();
        let ids: std::collections::BTreeSet<&str> = first.iter().map(|offer| offer.id.as_str()).collect();
        assert_eq!(ids.len(), first.len());
        for offer in &first {
            assert_sound(offer, due, &world);
        }
    }
}

fn assert_sound(offer: &Offer, due: Money, world: &World) {
    let currency = world.policy.currency;
    let step = currency.step_minor();
    assert_eq!(Money::sum(currency, offer.payments.iter().map(|p| p.amount)).unwrap(), offer.total);
    assert!(offer.payments.iter().all(|p| p.amount.is_positive() && p.interest.minor >= 0));
    assert!(offer.payments.iter().all(|p| p.amount.minor % step == 0 && p.due >= world.today));
    assert!(offer.payments.is_sorted_by(|a, b| a.due < b.due && a.number + 1 == b.number));
    assert!(offer.valid_until >= world.today && offer.valid_until <= offer.payments[0].due);
    let input = |name: &str| offer.derivation.inputs.iter().find(|(n, _)| n == name).map(|(_, v)| v.clone());
    if let Some(least) = input("min_instalment_minor") {
        let least: i64 = least.parse().unwrap();
        assert!(offer.payments.iter().all(|p| p.amount.minor >= least));
    }
    match offer.kind {
        AgreementKind::Settlement => {
            let settled = offer.total.checked_add(offer.discount).unwrap();
            assert_eq!(settled.minor.to_string(), input("settled_minor").unwrap());
            assert!(settled.minor >= due.minor && (settled == due || offer.closes()));
        }
        AgreementKind::Promise | AgreementKind::InstalmentPlan => {
            assert!(offer.discount.is_zero());
            assert!(offer.total.minor <= due.minor && due.minor - offer.total.minor < step);
        }
        AgreementKind::Refinancing => {
            assert!(offer.discount.is_zero());
            assert!(offer.payments.iter().all(|p| p.interest.minor < p.amount.minor));
        }
    }
}
