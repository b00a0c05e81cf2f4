//! A small lender for scenarios over the pure engine: the sample debts, the shipped policies, real offers, no storage.
//!
//! It answers each action of the catalogue as the service does, so that the flows are tested with true figures.

mod records;

use crate::scenario_answers::{Answer, answer, bare, limits, refused};
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
use acuerdo::rules::covered::rest_beside;
use acuerdo::rules::data_rights::{answer_by, working_days_after};
use acuerdo::rules::offer::{Hold, OfferInput, PersonFacts, offers, promise, promise_range};
use acuerdo::rules::policy::PolicySet;
use acuerdo::service::cases::WITHDRAWAL;
use acuerdo::service::wording::Wording;
use std::collections::BTreeSet;
use std::path::Path;

/// An accepted offer.
struct Accepted {
    once: String,
    reference: String,
    offer: Offer,
    at: Timestamp,
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
        self.accepted.push(Accepted {
            once: "before".to_owned(),
            reference: "AN-0001".to_owned(),
            offer,
            at: self.now.minus(Millis::hours(48)),
        });
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

    /// What is overdue and no agreement covers.
    fn unagreed(&self, obligation: &Obligation) -> Money {
        let overdue = obligation.balance.overdue().unwrap();
        let accepted = self.accepted.iter().find(|accepted| accepted.offer.obligation == obligation.id);
        let as_of = self.zone.day(obligation.balance.as_of);
        accepted.map_or(overdue, |accepted| rest_beside(overdue, &accepted.offer, as_of))
    }

    fn with_input<T>(&self, obligation: &Obligation, run: impl Fn(&OfferInput<'_>) -> T) -> T {
        let hold = self.cases.iter().any(|case| {
            ["disputa", "fraude", "fallecido", "angustia", "violencia", "menor", "queja", "insolvencia"]
                .contains(&case.as_str())
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

    fn newest(&self, accepted: Option<&Accepted>) -> Answer {
        accepted.map_or_else(|| bare("ninguno"), |one| answer("ok", [("acuerdo", self.acuerdo(one))]))
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
        let total = Money::sum(first.currency, obligations.iter().map(|one| self.unagreed(one))).unwrap();
        let payoffs: Option<Vec<Money>> = obligations.iter().map(Obligation::payoff).collect();
        let payoff = payoffs.map(|payoffs| Money::sum(first.currency, payoffs).unwrap());
        let outcome = match obligations.len() {
            _ if !amounts.iter().any(|amount| amount.is_positive()) => "al_dia",
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
        self.accepted.push(Accepted { once, reference, offer, at: self.now });
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
            "acuerdo.reciente" => {
                let recent = |one: &&Accepted| self.now.since(one.at) <= Millis::minutes(30);
                self.newest(self.accepted.last().filter(recent))
            }
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
                let withdrawal = (kind == WITHDRAWAL).then(|| working_days_after(self.today(), 2, calendar));
                let by = answer_by("CO", kind, self.today(), calendar).map(|by| by.day).or(withdrawal);
                match by {
                    Some(day) => answer(outcome, [number, ("plazo", Value::Date(day))]),
                    None => answer(outcome, [number]),
                }
            }
            "chat.reservar" | "chat.liberar" | "ticket.dejar" | "ticket.proteger" => bare("ok"),
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
