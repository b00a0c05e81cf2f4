//! What is told to an agent and must not be lost, and what the desk may do with a case that no word closes.

use crate::harness::app::TestApp;
use crate::harness::meta::Who;
use acuerdo::domain::assurance::Assurance;
use acuerdo::domain::ids::{AgentId, LenderId, TicketId};
use acuerdo::domain::time::{Millis, Timestamp};
use acuerdo::ports::agents::Agent;
use acuerdo::ports::clock::Clock;
use acuerdo::ports::records::{OptOutScope, Priority};
use acuerdo::service::handoff::story::StoryCursor;
use acuerdo::service::handoff::view::TicketView;
use acuerdo::service::handoff::{Back, Call, HandoffError, HandoffService};
use uuid::Uuid;

pub const KEVIN: &str = "573005550016";
pub const DIANA: &str = "573005550003";

fn agent() -> Agent {
    Agent {
        id: AgentId(Uuid::from_u128(0xCA)),
        lender: LenderId::from("andino"),
        name: "Agente".to_owned(),
        queues: Vec::new(),
        active: true,
        created_at: Timestamp(0),
    }
}

pub async fn say(app: &TestApp, who: &Who, text: &str) -> String {
    app.clock.advance(Millis::seconds(2));
    let before = app.graph.taken().len();
    app.says(who, text).await;
    let said =
        app.graph.taken()[before..].iter().map(|(_, sent)| sent.message.readable()).collect::<Vec<_>>();
    said.join("\n")
}

/// A chat whose ticket the agent holds.
pub struct Held {
    pub app: TestApp,
    pub who: Who,
    pub agent: Agent,
    pub ticket: TicketId,
    pub token: Option<i64>,
}

impl Held {
    pub async fn of(phone: &str) -> Self {
        let app = TestApp::new().await;
        let who = Who::phone(phone);
        say(&app, &who, "asesor").await;
        Self::taking(app, who).await
    }

    /// The agent takes the open ticket of this chat.
    pub async fn taking(app: TestApp, who: Who) -> Self {
        let agent = agent();
        app.started.store.add_agent(&agent, [9; 32]).await.unwrap();
        let mut held = Self { app, who, agent, ticket: TicketId(Uuid::nil()), token: None };
        held.take().await;
        held
    }

    pub async fn take(&mut self) {
        self.ticket = self.app.conversation(&self.who).await.ticket.unwrap();
        self.token = Some(self.desk().take(&self.agent, self.ticket).await.unwrap().token);
    }

    pub fn desk(&self) -> &HandoffService {
        &self.app.started.handoff
    }

    pub async fn say(&self, text: &str) -> String {
        say(&self.app, &self.who, text).await
    }

    pub async fn view(&self) -> TicketView {
        self.desk().view(&self.agent, self.ticket).await.unwrap()
    }

    pub async fn resolve(&self, outcome: &str, note: Option<&str>) -> Result<(), HandoffError> {
        self.desk().resolve(&self.agent, self.ticket, self.token, outcome, note).await?;
        self.app.drain().await;
        Ok(())
    }

    pub async fn give_back(&self, back: Back<'_>) -> Result<(), HandoffError> {
        self.desk().return_to_bot(&self.agent, self.ticket, self.token, back).await?;
        self.app.drain().await;
        Ok(())
    }

    pub async fn confirm(
        &self,
        person: &str,
        number: &str,
        different_person: bool,
    ) -> Result<(), HandoffError> {
        let call = Call { number, reason: "llamé; su clave es gatoblanco", different_person };
        self.desk().confirm(&self.agent, self.ticket, self.token, person, call).await?;
        self.app.drain().await;
        Ok(())
    }

    pub async fn story(&self) -> Vec<(String, String)> {
        let page = self.desk().story(&self.agent, self.ticket, StoryCursor::default(), 200).await.unwrap();
        let line = |item: acuerdo::service::handoff::story::StoryItem| {
            (item.kind, item.text.map_or_else(String::new, acuerdo::domain::pii::Pii::into_exposed))
        };
        page.items.into_iter().map(line).collect()
    }
}

/// The field and the reason of a refused value.
pub fn refused(result: Result<(), HandoffError>) -> (&'static str, String) {
    match result {
        Err(HandoffError::Invalid { field, why }) => (field, why),
        other => panic!("not a refused value: {other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cry_for_help_told_to_an_agent_is_not_lost() {
    for (text, reason, help) in [
        ("la verdad no quiero vivir más, me voy a matar", "angustia", "106"),
        ("mi esposo me golpea si no pago", "violencia", "llame ya al"),
    ] {
        let held = Held::of(KEVIN).await;
        let said = held.say(text).await;
        assert!(said.contains(help), "{text}: {said}");
        let seen = held.view().await;
        assert_eq!((seen.ticket.priority, seen.ticket.reason.as_str()), (Priority::Urgent, reason));
        assert!(seen.ticket.is_protected() && !seen.ticket.summary["note"].as_str().unwrap().is_empty());
        assert!(held.story().await.contains(&("ticket_raised".to_owned(), reason.to_owned())));
        assert_eq!(held.say(text).await, "", "the line is said once, and nobody talks over the agent");

        held.desk().give_up(&held.agent, held.ticket, held.token).await.unwrap();
        let said = held.say("menú").await;
        assert!(said.contains("no se cierra") && said.contains(help), "{said}");
        let kept = held.view().await.ticket;
        assert_eq!((kept.id, kept.priority), (seen.ticket.id, Priority::Urgent), "one ticket, as urgent");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_protected_case_is_closed_with_a_note_and_an_outcome_that_the_flows_name() {
    let held = Held::of(KEVIN).await;
    assert!(!held.view().await.ticket.is_protected());
    held.say("me quiero matar").await;
    let (field, why) = refused(held.resolve("sin_respuesta", Some("No contestó.")).await);
    assert_eq!(field, "outcome");
    assert!(why.contains("atendido, remitido") && !why.contains("no_fallecido"), "{why}");
    assert_eq!(refused(held.resolve("atendido", None).await).0, "note");
    assert_eq!(refused(held.resolve("4111-1111-1111-1111", Some("Listo.")).await).0, "outcome");
    held.resolve("atendido", Some("Habló con la línea y está con su hermana.")).await.unwrap();
    assert_eq!(held.app.conversation(&held.who).await.ticket, None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_death_told_to_an_agent_keeps_the_chat_for_a_person() {
    let mut held = Held::of(DIANA).await;
    let said = held.say("soy el hijo, la señora Yolanda falleció el mes pasado").await;
    assert_eq!(said, "", "the agent speaks");
    let seen = held.view().await;
    assert_eq!((seen.ticket.reason.as_str(), seen.ticket.priority), ("fallecido", Priority::High));
    assert_eq!(seen.person.unwrap().open_cases, ["fallecido"]);
    assert_eq!(seen.chat.reserved.as_deref(), Some("duelo"));
    let result = held.confirm("C-1003", "+57 300 555 0003", false).await;
    let Err(HandoffError::Reserved { lifted_by }) = result else { panic!("{result:?}") };
    assert_eq!(lifted_by, ["no_fallecido"]);
    assert!(!held.view().await.chat.debt_allowed);

    assert_eq!(refused(held.give_back(Back::default()).await).0, "outcome");
    let (outcome, note) = (Some("pasos_explicados"), Some("Se le explicó."));
    assert_eq!(refused(held.give_back(Back { outcome, ..Back::default() }).await).0, "note");
    let (field, why) = refused(held.give_back(Back { step: Some("menu.elegir"), outcome, note }).await);
    assert!(field == "step" && why.contains("no_fallecido"), "{field} {why}");
    held.give_back(Back { step: None, outcome, note }).await.unwrap();
    let said = held.app.hear().join("\n") + &held.say("hola").await;
    assert!(said.contains("De este caso se ocupa una persona"), "{said}");
    assert!(!said.contains("últimos 4") && !said.contains("Diana"), "{said}");

    held.take().await;
    assert!(refused(held.resolve("sin_respuesta", Some("No.")).await).1.contains("no_fallecido"));
    held.resolve("no_fallecido", Some("Era otra señora.")).await.unwrap();
    assert!(held.say("hola").await.contains("últimos 4"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_chat_that_was_proved_allows_no_debt_once_a_death_is_told() {
    let held = Held::of(DIANA).await;
    held.confirm("C-1003", "+57 300 555 0003", false).await.unwrap();
    let seen = held.view().await;
    assert!(seen.chat.debt_allowed && seen.chat.assurance == Assurance::Verificada);
    assert_eq!(seen.ticket.summary["person"]["reference"], "C-1003");
    assert!(!seen.ticket.summary["debts"].as_array().unwrap().is_empty(), "{}", seen.ticket.summary);
    let confirmed = held.story().await.into_iter().find(|(kind, _)| kind == "identity_confirmed").unwrap();
    assert!(!confirmed.1.contains("gatoblanco") && confirmed.1.contains("████"), "{}", confirmed.1);

    held.say("buenas, le escribo porque el titular falleció el domingo").await;
    let seen = held.view().await;
    assert!(!seen.chat.debt_allowed && seen.chat.reserved.is_some());
    let text = "Su saldo vencido es de $442.200.";
    let sent = held.desk().send(&held.agent, held.ticket, held.token, text, "k1").await;
    assert!(matches!(sent, Err(HandoffError::Lint(_))), "{sent:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn somebody_else_than_the_person_of_the_chat_is_confirmed_only_on_purpose() {
    let held = Held::of(DIANA).await;
    let (field, why) = refused(held.confirm("C-1004", "+57 300 555 0004", false).await);
    assert_eq!(field, "different_person");
    assert!(why.contains("true"), "{why}");
    held.confirm("C-1004", "+57 300 555 0004", true).await.unwrap();
    assert_eq!(held.view().await.ticket.summary["person"]["reference"], "C-1004");
    held.confirm("C-1004", "+57 300 555 0004", false).await.unwrap();
    let (field, why) = refused(held.confirm("C-1003", "+57 300 555 0003", true).await);
    assert!(field == "person" && why.contains("new ticket"), "one ticket, one person: {field} {why}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_step_or_queue_that_does_not_exist_is_refused_with_those_that_do() {
    let held = Held::of(DIANA).await;
    let back = async |step| {
        held.desk()
            .return_to_bot(&held.agent, held.ticket, held.token, Back { step: Some(step), ..Back::default() })
            .await
            .map(drop)
    };
    let (field, why) = refused(back("no.existe").await);
    assert_eq!(field, "step");
    assert!(why.contains("menu") && why.contains("opciones"), "{why}");
    assert!(refused(back("menu.no_existe").await).1.contains("elegir"));
    assert!(refused(back("no_existe").await).1.contains("vuelta"), "steps of the open flow are named too");

    let mut judge = agent();
    (judge.id, judge.queues) = (AgentId(Uuid::from_u128(0xCB)), vec!["juridico".to_owned()]);
    held.app.started.store.add_agent(&judge, [8; 32]).await.unwrap();
    let pass = async |queue| {
        held.desk().transfer(&held.agent, held.ticket, held.token, queue, "pregunta").await.map(drop)
    };
    let (field, why) = refused(pass("juridica").await);
    assert_eq!(field, "queue");
    assert!(why.contains("cobranzas, juridico"), "{why}");
    pass("juridico").await.unwrap();
}

/// `stop` is a property of the address: a chat that begins later, or anew after an erasure, knows it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_opted_out_before_the_chat_began_has_opted_out() {
    let app = TestApp::new().await;
    let (who, lender) = (Who::phone(KEVIN), LenderId::from("andino"));
    let identity = crate::harness::app::identity(&who);
    let now = app.clock.now();
    app.started.store.set_opt_out(&lender, &identity, OptOutScope::All, true, "carta", now).await.unwrap();
    assert!(say(&app, &who, "hola").await.contains("Kevin"), "who writes is answered");
    say(&app, &who, "asesor").await;
    let ticket = app.conversation(&who).await.ticket.unwrap();
    assert!(app.started.handoff.view(&agent(), ticket).await.unwrap().chat.opted_out);
    say(&app, &who, "quiero volver a recibir mensajes").await;
    assert!(!app.conversation(&who).await.opted_out);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_ticket_of_a_reported_payment_tells_day_way_and_amount() {
    let app = TestApp::new().await;
    let who = Who::phone(DIANA);
    for text in ["hola", "0303", "25 de julio", "ya pagué ayer por efecty 150 mil", "no tengo"] {
        say(&app, &who, text).await;
    }
    let ticket = app.conversation(&who).await.ticket.expect("the payment is left with people");
    let ticket = app.started.store.ticket(&LenderId::from("andino"), ticket).await.unwrap().unwrap();
    let claim = &ticket.summary["claims"][0];
    assert_eq!(claim["paid_on"], "2026-11-22", "{}", ticket.summary);
    assert_eq!((&claim["amount_minor"], &claim["currency"]), (&15_000_000.into(), &"COP".into()));
    assert!(claim["means"].as_str().unwrap().to_lowercase().contains("efecty"), "{claim}");
}
