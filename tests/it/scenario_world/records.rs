//! What the actions answer about debts, offers and agreements, as the flows read it.

use super::{Accepted, World};
use crate::scenario_answers::{Fields, kind_name};
use acuerdo::domain::debt::{Obligation, ObligationStatus, Offer};
use acuerdo::domain::money::Money;
use acuerdo::flow::value::Value;
use acuerdo::rules::dpd::days_past_due;

impl World {
    pub(super) fn deuda(&self, obligation: &Obligation) -> Value {
        let balance = &obligation.balance;
        let total = balance.overdue().unwrap();
        let days = days_past_due(obligation.oldest_unpaid_due, self.today());
        let soon = obligation.next_due.as_ref().is_some_and(|next| next.due.days_since(self.today()) <= 7);
        let situation = match obligation.status {
            ObligationStatus::Settled => "saldada",
            ObligationStatus::Disputed => "en_disputa",
            ObligationStatus::Active | ObligationStatus::WrittenOff if self.agreement_kept => "por_aplicar",
            ObligationStatus::Active | ObligationStatus::WrittenOff if self.is_agreed(obligation) => {
                "con_acuerdo"
            }
            ObligationStatus::Active | ObligationStatus::WrittenOff if total.is_positive() => "vencida",
            ObligationStatus::Active | ObligationStatus::WrittenOff if soon => "por_vencer",
            ObligationStatus::Active | ObligationStatus::WrittenOff => "al_dia",
        };
        let some = |value: Option<Value>| value.unwrap_or(Value::Nothing);
        let next = obligation.next_due.as_ref();
        let mut record = Value::record([
            ("id", Value::text(obligation.id.to_string())),
            ("producto", Value::text(&obligation.product_name)),
            ("numero", Value::Text(format!("••{}", obligation.external_ref))),
            ("situacion", Value::Choice(situation.to_owned())),
            ("vencido", Value::Money(total)),
            ("pago_total", some(obligation.payoff().map(Value::Money))),
            (
                "sin_acordar",
                some(Some(self.unagreed(obligation)).filter(|rest| rest.is_positive()).map(Value::Money)),
            ),
            ("capital", Value::Money(balance.principal)),
            ("intereses", Value::Money(balance.interest)),
            ("mora", Value::Money(balance.late_interest)),
            ("gastos", Value::Money(balance.fees)),
            ("dias_mora", Value::Int(days)),
            ("vencio", some(obligation.oldest_unpaid_due.map(Value::Date))),
            ("proxima_fecha", some(next.map(|next| Value::Date(next.due)))),
            ("proxima_cuota", some(next.map(|next| Value::Money(next.amount)))),
            ("corte", Value::Date(self.zone.day(balance.as_of))),
            ("tasa_ea", some(obligation.rate_ea_bps.map(|bps| Value::Percent(bps * 100)))),
        ]);
        let title = self.wording.debt_title(&record, &self.language);
        if let Value::Record(fields) = &mut record {
            fields.insert("titulo".to_owned(), Value::Text(title));
        }
        let parts = self.wording.parts(&record, &self.language);
        if let Value::Record(fields) = &mut record {
            fields.insert("partes".to_owned(), Value::Text(parts));
        }
        record
    }

    pub(super) fn oferta(&self, offer: &Offer) -> Value {
        let kind = kind_name(offer.kind);
        let (first, last) = (offer.payments.first().unwrap(), offer.payments.last().unwrap());
        let min_share: i64 = offer.derivation.input("min_share_bps").unwrap_or("10000").parse().unwrap();
        let usual = offer.payments.get(1).filter(|_| offer.payments.len() > 2).unwrap_or(first);
        let interest = offer.payments.iter().map(|payment| payment.interest);
        let percent = |ppm: Option<i64>| ppm.map_or(Value::Nothing, Value::Percent);
        let currency = offer.total.currency;
        let mut fields = Fields::from(
            [
                ("id", Value::text(&offer.id)),
                ("tipo", Value::Choice(kind.to_owned())),
                ("total", Value::Money(offer.total)),
                ("descuento", Value::Money(offer.discount)),
                ("cierra", Value::Bool(offer.closes())),
                ("flexible", Value::Bool(min_share < 10_000)),
                ("queda", offer.leaves.map_or(Value::Nothing, Value::Money)),
                ("cuotas", Value::Int(i64::try_from(offer.payments.len()).unwrap())),
                ("cuota", Value::Money(usual.amount)),
                ("primera_cuota", Value::Money(first.amount)),
                ("ultima_cuota", Value::Money(last.amount)),
                ("primera_fecha", Value::Date(first.due)),
                ("ultima_fecha", Value::Date(last.due)),
                ("intereses", Value::Money(Money::sum(currency, interest).unwrap())),
                ("tasa_ea", percent(offer.rate_ea_ppm.map(|ppm| (ppm + 50) / 100 * 100))),
                ("tasa_mensual", percent(offer.monthly_rate_ppm)),
                ("vigencia", Value::Date(offer.valid_until)),
            ]
            .map(|(name, value)| (name.to_owned(), value)),
        );
        let debt = self.obligations().into_iter().find(|debt| debt.id == offer.obligation).unwrap();
        let record = Value::Record(fields.clone());
        let worded = self.wording.offer(kind, &record, &self.deuda(&debt), &self.language);
        assert!(worded.title.chars().count() <= 24, "`{}` is longer than a row's title", worded.title);
        assert!(worded.summary.chars().count() <= 72, "`{}` is longer than a description", worded.summary);
        fields.insert("titulo".to_owned(), Value::Text(worded.title));
        fields.insert("resumen".to_owned(), Value::Text(worded.summary));
        fields.insert("despues".to_owned(), Value::Text(worded.afterwards));
        let days: Vec<_> = offer.payments.iter().map(|payment| payment.due).collect();
        let rule = self.policies.policy(&self.lender).unwrap().business_days;
        fields
            .insert("calendario".to_owned(), Value::Text(self.wording.calendar(&days, rule, &self.language)));
        let refinanced = self.wording.refinanced(offer, &self.deuda(&debt), &self.language);
        fields.insert("refinancia".to_owned(), Value::Text(refinanced));
        let cost = self.wording.yearly_cost("CO", offer, &self.language);
        fields.insert("cat".to_owned(), Value::Text(cost));
        Value::Record(fields)
    }

    pub(super) fn acuerdo(&self, accepted: &Accepted) -> Value {
        let Value::Record(offer) = self.oferta(&accepted.offer) else { unreachable!("an offer is a record") };
        Value::record([
            ("referencia", Value::text(&accepted.reference)),
            ("tipo", offer["tipo"].clone()),
            ("producto", Value::text("Crédito de libre inversión")),
            ("total", offer["total"].clone()),
            ("cuota", offer["primera_cuota"].clone()),
            ("cuotas", offer["cuotas"].clone()),
            ("proxima_fecha", offer["primera_fecha"].clone()),
            ("ultima_fecha", offer["ultima_fecha"].clone()),
            ("calendario", offer["calendario"].clone()),
        ])
    }
}
