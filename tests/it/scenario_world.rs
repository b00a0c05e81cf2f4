//! A small lender for scenarios over the pure engine: the sample debts, the shipped policies, real offers, no storage.
//!
//! It answers each action of the catalogue as the service does, so that the flows are tested with true figures.

use crate::scenario_answers::{Answer, Fields, answer, bare, kind_name, limits, refused};
use acuerdo::debts::{DebtFile, ImportContext, parse};
use acuerdo::domain::debt::{AgreementKind, Obligation, ObligationStatus, Offer, Person};
use acuerdo::domain::ids::LenderId;
use acuerdo::domain::money::{Currency, Money};
use acuerdo::domain::time::{Day, Millis, Timestamp, Zone};
use acuerdo::flow::effect::ActionCall;
use acuerdo::flow::talk::Outcomes;
use acuerdo::flow::value::Value;
use acuerdo::rules::assurance::{
    AfterWrong, AssuranceParameters, ChallengeDecision, ChallengeHistory, after_wrong, challenge, matches,
};
use acuerdo::rules::data_rights::{DataRight, answer_by};
use acuerdo::rules::dpd::days_past_due;
use acuerdo::rules::offer::{Hold, OfferInput, PersonFacts, offers, promise, promise_range};
use acuerdo::rules::policy::PolicySet;
use acuerdo::service::wording::Wording;
use std::collections::BTreeSet;
use std::path::Path;

/// An accepted offer.
struct Accepted {
    once: String,
    reference: String,
    offer: Offer,
}

pub struct World {
    pub zone: Zone,
    pub now: Timestamp,
    pub language: String,
    pub down: BTreeSet<String>,
    pub cases: Vec<String>,
    pub n_reported: usize,
    pub opted_out: bool,
    pub unlinked: bool,
    pub history: ChallengeHistory,
    pub no_payment_methods: bool,
    /// An agreement on each debt was kept after the day of its balance.
    pub agreement_kept: bool,
    lender: LenderId,
    policies: PolicySet,
    wording: Wording,
    file: DebtFile,
    person: Option<Person>,
    accepted: Vec<Accepted>,
}

fn read(path: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

impl World {
    pub fn new(now: Timestamp, person_ref: &str, language: &str) -> Result<Self, String> {
        let zone = Zone::parse("America/Bogota").unwrap();
        let context = ImportContext { now, zone: zone.clone(), currency: Currency::Cop };
        let file = parse(read("fixtures/demo/andino.csv").as_bytes(), &context).all_or_nothing().unwrap();
        let names = ["andino.yaml", "rate_caps.yaml", "holidays.csv", "wording.yaml"];
        let mut texts: Vec<(&str, String)> =
            names.map(|name| (name, read(&format!("flows/policies/{name}")))).to_vec();
        texts[1].1 = read("fixtures/demo/rate_caps.yaml");
        let policies = PolicySet::parse(texts.iter().map(|(name, text)| (*name, text.as_str()))).unwrap();
        let person = file.persons.iter().find(|person| person.external_ref == person_ref).cloned();
        if person.is_none() && !person_ref.is_empty() {
            return Err(format!("nobody is called `{person_ref}` in fixtures/demo/andino.csv"));
        }
        Ok(Self {
            zone,
            now,
            language: language.to_owned(),
            down: BTreeSet::new(),
            cases: Vec::new(),
            n_reported: 0,
            opted_out: false,
            unlinked: false,
            history: ChallengeHistory::default(),
            no_payment_methods: false,
            agreement_kept: false,
            lender: LenderId::new("andino"),
            wording: Wording::new(&policies.wording).unwrap(),
            policies,
            file,
            person,
            accepted: Vec::new(),
        })
    }

    pub fn person(&self) -> Option<&Person> {
        self.person.as_ref()
    }

    /// What the identity question asks for, with an example.
    pub fn document(&self, language: &str) -> (String, String) {
        let policy = self.policies.policy(&self.lender).unwrap();
        self.wording.document(&policy.country, language)
    }

    pub fn n_agreements(&self) -> usize {
        self.accepted.len()
    }

    /// `agentes.*` of this moment.
    pub fn agents(&self) -> Value {
        let policy = self.policies.policy(&self.lender).unwrap();
        let calendar = self.policies.calendar(&self.lender).unwrap();
        let open = policy.agents.hours.is_open(self.now, &self.zone, calendar);
        let opens = policy.agents.hours.next_open(self.now, &self.zone, calendar);
        Value::record([
            ("abierto", Value::Bool(open)),
            ("horario", Value::text("lunes a viernes de 8:00 a 18:00 y sábados de 8:00 a 13:00")),
            ("espera_minutos", Value::Int(policy.agents.expected_wait_minutes)),
            ("alcanza", Value::Bool(open || opens.is_some_and(|at| at <= self.now.plus(Millis::hours(23))))),
            ("abre", opens.map_or(Value::Nothing, |at| Value::Date(self.zone.day(at)))),
        ])
    }

    /// A promise for all that is due, made before the conversation.
    pub fn promise_before(&mut self) {
        let obligation = self.obligations().into_iter().next().unwrap();
        let offer = self
            .offers_of(&obligation)
            .into_iter()
            .find(|offer| offer.kind == AgreementKind::Promise)
            .unwrap();
        self.accepted.push(Accepted { once: "before".to_owned(), reference: "AN-0001".to_owned(), offer });
    }

    fn today(&self) -> Day {
        self.zone.day(self.now)
    }

    fn obligations(&self) -> Vec<Obligation> {
        let Some(person) = &self.person else { return Vec::new() };
        let own = self.file.obligations.iter().filter(|obligation| obligation.person == person.id);
        own.filter(|obligation| obligation.status != ObligationStatus::Settled).cloned().collect()
    }

    fn is_agreed(&self, obligation: &Obligation) -> bool {
        self.accepted.iter().any(|accepted| accepted.offer.obligation == obligation.id)
    }

    fn with_input<T>(&self, obligation: &Obligation, run: impl Fn(&OfferInput<'_>) -> T) -> T {
        let hold = self.cases.iter().any(|case| {
            ["disputa", "fraude", "fallecido", "angustia", "violencia", "menor"].contains(&case.as_str())
        });
        run(&OfferInput {
            obligation,
            person: PersonFacts { hold: hold.then_some(Hold::Dispute), broken_promises: 0 },
            today: self.today(),
            now: self.now,
            caps: &self.policies.caps,
            calendar: self.policies.calendar(&self.lender).unwrap(),
            has_active_agreement: self.is_agreed(obligation),
        })
    }

    fn offers_of(&self, obligation: &Obligation) -> Vec<Offer> {
        let policy = self.policies.policy(&self.lender).unwrap();
        self.with_input(obligation, |input| offers(policy, input))
    }

    /// Titles of what is offered for the first obligation.
    pub fn offer_titles(&self) -> Vec<String> {
        let Some(obligation) = self.obligations().into_iter().next() else { return Vec::new() };
        let title = |offer: &Offer| match self.oferta(offer).at(&["titulo".to_owned()]) {
            Some(Value::Text(title)) => title.clone(),
            other => panic!("an offer without a title: {other:?}"),
        };
        self.offers_of(&obligation).iter().map(title).collect()
    }

    fn deuda(&self, obligation: &Obligation) -> Value {
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
            ("capital", Value::Money(balance.principal)),
            ("intereses", Value::Money(balance.interest)),
            ("mora", Value::Money(balance.late_interest)),
            ("gastos", Value::Money(balance.fees)),
            ("dias_mora", Value::Int(days)),
            ("vencio", some(obligation.oldest_unpaid_due.map(Value::Date))),
            ("proxima_fecha", some(next.map(|next| Value::Date(next.due)))),
            ("proxima_cuota", some(next.map(|next| Value::Money(next.amount)))),
            ("corte", Value::Date(self.zone.day(balance.as_of))),
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

    fn oferta(&self, offer: &Offer) -> Value {
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
        Value::Record(fields)
    }

    fn newest(&self, accepted: Option<&Accepted>) -> Answer {
        accepted.map_or_else(|| bare("ninguno"), |one| answer("ok", [("acuerdo", self.acuerdo(one))]))
    }

    fn acuerdo(&self, accepted: &Accepted) -> Value {
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
        ])
    }

    fn named(&self, call: &ActionCall) -> Obligation {
        let Value::Record(fields) = &call.with["deuda"] else { panic!("`deuda` is a record") };
        let id = fields["id"].clone();
        let obligation = self.obligations().into_iter().find(|one| Value::text(one.id.to_string()) == id);
        obligation.expect("the flow names an obligation of this person")
    }

    fn start_identity(&self) -> Answer {
        match challenge(&self.history, self.now, &AssuranceParameters::default()) {
            ChallengeDecision::Allow { .. } => bare("listo"),
            ChallengeDecision::Locked { .. } => bare("bloqueada"),
            ChallengeDecision::Human => bare("humano"),
        }
    }

    fn verify(&mut self, call: &ActionCall) -> Answer {
        if self.person.is_none() {
            return bare("humano");
        }
        let text = |name: &str| {
            let Value::Text(text) = &call.with[name] else { panic!("`{name}` is a text") };
            text.clone()
        };
        let born = text("nacimiento");
        let (month, day) = born.split_once('-').unwrap();
        let said = Some((day.parse().unwrap(), month.parse().unwrap()));
        if self.person.as_ref().is_some_and(|person| matches(person, &text("documento"), said)) {
            self.history.wrong_in_challenge = 0;
            return bare("ok");
        }
        match after_wrong(&self.history, self.now, &AssuranceParameters::default()) {
            AfterWrong::TryAgain { tries_left } => {
                self.history.wrong_in_challenge += 1;
                answer("no_coincide", [("intentos", Value::Int(i64::from(tries_left)))])
            }
            AfterWrong::Lock { until } => {
                self.history.wrong_in_challenge = 0;
                self.history.locked_until = Some(until);
                self.history.locks_month += 1;
                bare("bloqueada")
            }
        }
    }

    fn debts(&self) -> Answer {
        let obligations = self.obligations();
        let amounts: Vec<Money> = obligations.iter().map(|one| one.balance.overdue().unwrap()).collect();
        let Some(first) = amounts.first() else { return bare("sin_deuda") };
        let total = Money::sum(first.currency, amounts.iter().copied()).unwrap();
        let payoffs: Option<Vec<Money>> = obligations.iter().map(Obligation::payoff).collect();
        let payoff = payoffs.map(|payoffs| Money::sum(first.currency, payoffs).unwrap());
        let outcome = match obligations.len() {
            _ if !total.is_positive() => "al_dia",
            1 => "una",
            _ => "varias",
        };
        let records: Vec<Value> = obligations.iter().map(|one| self.deuda(one)).collect();
        let only = if records.len() == 1 { records[0].clone() } else { Value::Nothing };
        let count = Value::Int(i64::try_from(records.len()).unwrap());
        answer(
            outcome,
            [
                ("deudas", Value::List(records)),
                ("vencido", Value::Money(total)),
                ("pago_total", payoff.map_or(Value::Nothing, Value::Money)),
                ("cantidad", count),
                ("unica", only),
            ],
        )
    }

    fn offers(&self, call: &ActionCall) -> Answer {
        let obligation = self.named(call);
        if obligation.status == ObligationStatus::Disputed || self.cases.iter().any(|case| case == "disputa")
        {
            return bare("en_disputa");
        }
        if self.is_agreed(&obligation) {
            return bare("acuerdo_vigente");
        }
        let mut found: Vec<Value> =
            self.offers_of(&obligation).iter().map(|offer| self.oferta(offer)).collect();
        if let Some(kind) = call.with.get("tipo") {
            found.retain(|offer| offer.at(&["tipo".to_owned()]) == Some(kind));
        }
        let Some(best) = found.first().cloned() else { return bare("sin_ofertas") };
        let count = Value::Int(i64::try_from(found.len()).unwrap());
        answer("ok", [("ofertas", Value::List(found)), ("cantidad", count), ("mejor", best)])
    }

    fn promise_limits(&self, call: &ActionCall) -> Answer {
        let policy = self.policies.policy(&self.lender).unwrap();
        match self.with_input(&self.named(call), |input| promise_range(policy, input)) {
            Some(range) => answer("ok", limits(&range)),
            None => bare("no_disponible"),
        }
    }

    fn propose(&self, call: &ActionCall) -> Answer {
        let obligation = self.named(call);
        let policy = self.policies.policy(&self.lender).unwrap();
        let (Value::Money(amount), Value::Date(day)) = (&call.with["monto"], &call.with["fecha"]) else {
            panic!("a promise needs an amount and a day")
        };
        let Some(range) = self.with_input(&obligation, |input| promise_range(policy, input)) else {
            return bare("no_disponible");
        };
        let limits = limits(&range);
        match self.with_input(&obligation, |input| promise(policy, input, *amount, *day)) {
            Ok(offer) => answer("ok", [("oferta", self.oferta(&offer))]),
            Err(refusals) => refused(refusals[0].condition, limits),
        }
    }

    fn accept(&mut self, call: &ActionCall) -> Answer {
        let once = call.once.clone().expect("money actions have a key");
        assert!(
            call.evidence.as_ref().is_some_and(|shown| shown.answered_by.is_some()),
            "accepted without evidence"
        );
        if let Some(before) = self.accepted.iter().find(|accepted| accepted.once == once) {
            return answer("ya_existe", [("referencia", Value::text(&before.reference))]);
        }
        let obligation = self.named(call);
        let (wanted, policy) = (&call.with["oferta"], self.policies.policy(&self.lender).unwrap());
        let mut found = self.offers_of(&obligation);
        if let (Some(Value::Money(amount)), Some(Value::Date(day))) =
            (wanted.at(&["total".to_owned()]), wanted.at(&["primera_fecha".to_owned()]))
        {
            found.extend(self.with_input(&obligation, |input| promise(policy, input, *amount, *day)));
        }
        let offer =
            found.into_iter().find(|offer| Some(&Value::text(&offer.id)) == wanted.at(&["id".to_owned()]));
        let Some(offer) = offer else { return bare("vencida") };
        let reference = format!("AN-{:04}", self.accepted.len() + 1);
        let values = answer("ok", [("referencia", Value::text(&reference))]);
        self.accepted.push(Accepted { once, reference, offer });
        values
    }

    fn methods(&self, call: &ActionCall) -> Answer {
        if self.no_payment_methods {
            return bare("no_disponible");
        }
        let number = self.named(call).external_ref;
        let payment = &self.policies.policy(&self.lender).unwrap().payment;
        let transfer = payment.bank_transfer.as_ref().unwrap();
        let transfer = self.wording.transfer(transfer, &number, &self.language);
        let points = self.wording.cash_points(&payment.cash_points, &number, &self.language);
        answer(
            "ok",
            [
                ("transferencia", Value::Text(transfer)),
                ("puntos", Value::Text(points)),
                ("referencia", Value::Text(number)),
            ],
        )
    }
}

impl Outcomes for World {
    fn of(&mut self, call: &ActionCall) -> Option<Answer> {
        if self.down.contains(&call.action) {
            return Some(bare("caido"));
        }
        Some(match call.action.as_str() {
            "identidad.iniciar" => self.start_identity(),
            "identidad.verificar" => self.verify(call),
            "deuda.consultar" => self.debts(),
            "oferta.consultar" => self.offers(call),
            "promesa.limites" => self.promise_limits(call),
            "promesa.proponer" => self.propose(call),
            "acuerdo.crear" => self.accept(call),
            "acuerdo.consultar" => self.newest(self.accepted.last()),
            // One that ran before the chat is no recent one.
            "acuerdo.reciente" => self.newest(self.accepted.last().filter(|one| one.once != "before")),
            "pago.enlace" if self.no_payment_methods => bare("no_disponible"),
            "pago.enlace" => answer(
                "ok",
                [
                    ("url", Value::text("https://pagos.bancoandino.example/pagar?r=1")),
                    ("referencia", Value::text("1")),
                    ("vence", Value::Date(self.today().plus_days(1))),
                ],
            ),
            "pago.medios" => self.methods(call),
            "pago.reportar" => {
                self.n_reported += 1;
                bare("ok")
            }
            "caso.abrir" => {
                let Value::Choice(kind) = &call.with["tipo"] else { panic!("a case has a kind") };
                let outcome = if self.cases.contains(kind) { "ya_abierto" } else { "ok" };
                if outcome == "ok" {
                    self.cases.push(kind.clone());
                }
                let calendar = self.policies.calendar(&self.lender).unwrap();
                let number = ("numero", Value::text("4KP-7TR"));
                match DataRight::of_case(kind) {
                    Some(right) => {
                        let by = answer_by("CO", right, self.today(), calendar).unwrap().day;
                        answer(outcome, [number, ("plazo", Value::Date(by))])
                    }
                    None => answer(outcome, [number]),
                }
            }
            "chat.reservar" | "chat.liberar" | "ticket.dejar" => bare("ok"),
            "contacto.excluir" => {
                self.opted_out = true;
                bare("ok")
            }
            "contacto.incluir" => {
                self.opted_out = false;
                bare("ok")
            }
            "contacto.numero_equivocado" => {
                self.unlinked = true;
                bare("ok")
            }
            _ => return None,
        })
    }
}
