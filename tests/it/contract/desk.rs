//! Tickets: one agent each, leases, acts.

use super::make::*;
use super::sending::{accepted, finish, outgoing};
use acuerdo::domain::assurance::Label;
use acuerdo::domain::ids::{AgentId, ConversationId, OutboxId, PersonId, TicketId};
use acuerdo::domain::outbound::Outbound;
use acuerdo::domain::pii::Pii;
use acuerdo::domain::time::Timestamp;
use acuerdo::ports::Store;
use acuerdo::ports::conversations::Origin;
use acuerdo::ports::outbox::OutboxStatus;
use acuerdo::ports::records::{NewTicket, Priority, Record};
use acuerdo::ports::tickets::{
    AgentAct, Lease, Shown, Ticket, TicketPage, TicketPlace, TicketRefused, TicketStatus,
};

fn agent(name: &str) -> AgentId {
    AgentId(id(name))
}

fn the_ticket() -> TicketId {
    ticket("t1").id
}

async fn assign(store: &dyn Store, who: &str, now: Timestamp) -> Result<Lease, TicketRefused> {
    let until = now.plus(LEASE);
    let ticket = store.assign(&andina(), the_ticket(), agent(who), until, now).await.unwrap()?;
    let TicketStatus::Assigned { agent, token, until: given } = ticket.status else { panic!("not assigned") };
    assert_eq!(given, until);
    Ok(Lease { ticket: ticket.id, agent, token })
}

async fn act(
    store: &dyn Store,
    lease: Lease,
    act: AgentAct,
    now: Timestamp,
) -> Result<Ticket, TicketRefused> {
    store.act(&andina(), lease, &act, now).await.unwrap()
}

fn send(name: &str) -> AgentAct {
    let content = Outbound::Text { body: Pii::new(name.to_owned()) };
    AgentAct::Send { id: OutboxId(id(name)), content, label: Label::Publico }
}

fn resolve() -> AgentAct {
    AgentAct::Resolve { outcome: "agreed".into(), note: Some(Pii::new("llamar el lunes".into())) }
}

fn note() -> AgentAct {
    AgentAct::Note { text: Pii::new("prefiere correo".into()) }
}

async fn events_of(store: &dyn Store, chat: ConversationId) -> Vec<String> {
    store.events(chat, 0, 100).await.unwrap().into_iter().map(|(_, event)| event.kind).collect()
}

pub async fn fifty_agents_get_one_ticket_once(store: &dyn Store) {
    handed_off(store, ANA, "t1", T0).await;
    let agents: Vec<String> = (0..50).map(|n| format!("agent {n}")).collect();
    let results = futures_util::future::join_all(agents.iter().map(|who| assign(store, who, after(1)))).await;
    let winners: Vec<_> = results.iter().filter_map(|result| result.as_ref().ok()).collect();
    assert_eq!(winners.len(), 1);
    assert!(results.iter().all(|result| matches!(result, Ok(_) | Err(TicketRefused::NotYours))));
    let now = store.ticket(&andina(), the_ticket()).await.unwrap().unwrap();
    let held = TicketStatus::Assigned { agent: winners[0].agent, token: winners[0].token, until: after(31) };
    assert_eq!(now.status, held);
}

pub async fn a_lost_lease_is_refused_everywhere(store: &dyn Store) {
    let chat = handed_off(store, ANA, "t1", T0).await;
    let old = assign(store, "ines", T0).await.unwrap();
    for act_now in [send("late"), note(), resolve()] {
        assert_eq!(act(store, old, act_now, after(30)).await.unwrap_err(), TicketRefused::LeaseLost);
    }
    assert_eq!(
        store.renew(&andina(), old, after(90), after(30)).await.unwrap(),
        Err(TicketRefused::LeaseLost)
    );
    let new = assign(store, "juan", after(30)).await.unwrap();
    assert!(new.token > old.token);
    assert_eq!(act(store, old, send("late"), after(31)).await.unwrap_err(), TicketRefused::NotYours);
    assert_eq!(store.give_up(&andina(), old, after(31)).await.unwrap(), Err(TicketRefused::NotYours));
    assert!(store.sent_messages(chat.id, 10).await.unwrap().is_empty(), "nothing of it was written");
    assert_eq!(events_of(store, chat.id).await, ["input"]);
    // An older token of the same agent is no better.
    let newest = assign(store, "juan", after(40)).await.unwrap();
    assert_eq!(act(store, new, note(), after(41)).await.unwrap_err(), TicketRefused::LeaseLost);
    assert!(act(store, newest, note(), after(41)).await.is_ok());
    let unknown = Lease { ticket: TicketId(id("no")), ..newest };
    assert_eq!(act(store, unknown, note(), after(41)).await.unwrap_err(), TicketRefused::Unknown);
}

pub async fn a_confirmed_person_stays_with_the_agent(store: &dyn Store) {
    let chat = handed_off(store, ANA, "t1", T0).await;
    let lease = assign(store, "ines", T0).await.unwrap();
    let confirmed = AgentAct::Confirm {
        person: PersonId(id("ana")),
        reference: "C-1".into(),
        called: "573001112233".into(),
        reason: Pii::new("llamé".into()),
    };
    act(store, lease, confirmed, after(1)).await.unwrap();
    let claim = claim_one(store, after(1)).await;
    assert_eq!((claim.conversation.id, claim.conversation.ticket), (chat.id, Some(the_ticket())));
}

pub async fn a_renewed_lease_lives_on(store: &dyn Store) {
    handed_off(store, ANA, "t1", T0).await;
    let lease = assign(store, "ines", T0).await.unwrap();
    assert_eq!(store.renew(&andina(), lease, after(60), after(29)).await.unwrap(), Ok(()));
    assert_eq!(assign(store, "juan", after(59)).await.unwrap_err(), TicketRefused::NotYours);
    assert!(store.requeue_expired(after(59), 10).await.unwrap().is_empty());
    let back = store.requeue_expired(after(60), 10).await.unwrap();
    assert_eq!(back.iter().map(|ticket| ticket.id).collect::<Vec<_>>(), [the_ticket()]);
    assert_eq!((&back[0].status, back[0].waiting_since), (&TicketStatus::Queued, T0));
    let lease = assign(store, "juan", after(61)).await.unwrap();
    assert_eq!(store.give_up(&andina(), lease, after(62)).await.unwrap(), Ok(()));
    assert_eq!(store.give_up(&andina(), lease, after(62)).await.unwrap(), Err(TicketRefused::LeaseLost));
}

pub async fn an_agents_message_is_queued_once(store: &dyn Store) {
    let chat = handed_off(store, ANA, "t1", T0).await;
    let lease = assign(store, "ines", T0).await.unwrap();
    let first = act(store, lease, send("hola"), after(1)).await.unwrap();
    assert_eq!(first.first_response_at, Some(after(1)));
    let repeat = act(store, lease, send("hola"), after(2)).await.unwrap();
    assert_eq!(repeat.version, first.version);
    act(store, lease, send("adiós"), after(3)).await.unwrap();
    assert_eq!(events_of(store, chat.id).await, ["input", "agent", "agent"]);
    let out = outgoing(store, after(4)).await.remove(0);
    assert_eq!((out.origin, out.agent_lease), (Origin::Agent, Some((the_ticket(), lease.token))));
    finish(store, &out, after(4), accepted("wamid.1")).await;
    // Closing the ticket does not take back what was said before.
    act(store, lease, resolve(), after(5)).await.unwrap();
    assert_eq!(outgoing(store, after(6)).await.len(), 1);
}

pub async fn an_agents_message_waits_for_what_is_unread(store: &dyn Store) {
    handed_off(store, ANA, "t1", T0).await;
    let lease = assign(store, "ines", T0).await.unwrap();
    act(store, lease, send("hola"), after(1)).await.unwrap();
    writes(store, ANA, "w2", after(1)).await;
    assert!(outgoing(store, after(2)).await.is_empty(), "nobody has read what came");
    let claim = claim_one(store, after(2)).await;
    store.commit_turns(&[commit_of(&claim, after(3))]).await.unwrap().remove(0).unwrap();
    assert_eq!(outgoing(store, after(4)).await.len(), 1);
}

pub async fn an_agents_message_is_void_once_another_has_the_ticket(store: &dyn Store) {
    let chat = handed_off(store, ANA, "t1", T0).await;
    let ines = assign(store, "ines", T0).await.unwrap();
    act(store, ines, send("de Inés"), after(1)).await.unwrap();
    let juan = assign(store, "juan", after(30)).await.unwrap();
    act(store, juan, send("de Juan"), after(31)).await.unwrap();
    let out = outgoing(store, after(32)).await;
    assert_eq!(out.iter().map(|claim| claim.content.readable()).collect::<Vec<_>>(), ["de Juan"]);
    let sent = store.sent_messages(chat.id, 10).await.unwrap();
    assert_eq!(sent[0].status, OutboxStatus::Refused);
    assert!(sent[0].why.is_some());
}

pub async fn a_resolved_ticket_gives_the_chat_back(store: &dyn Store) {
    let chat = handed_off(store, ANA, "t1", T0).await;
    assert_eq!(chat.ticket, Some(the_ticket()));
    let lease = assign(store, "ines", T0).await.unwrap();
    let closed = act(store, lease, resolve(), after(5)).await.unwrap();
    assert_eq!((&closed.status, closed.closed_at), (&TicketStatus::Closed, Some(after(5))));
    assert_eq!(closed.outcome.as_deref(), Some("agreed"));
    let claim = claim_one(store, after(5)).await;
    assert_eq!((names(&claim), claim.conversation.ticket), (vec!["ticket closed".to_owned()], None));
    assert_eq!(events_of(store, chat.id).await, ["input", "note", "ticket"]);
    let events = store.events(chat.id, 1, 10).await.unwrap();
    assert_eq!((events[0].1.turn, &events[0].1.body.tree()["text"]), (1, &"llamar el lunes".into()));
    assert_eq!(act(store, lease, note(), after(6)).await.unwrap_err(), TicketRefused::Closed);
    assert_eq!(assign(store, "juan", after(6)).await.unwrap_err(), TicketRefused::Closed);
    commit(store, commit_of(&claim, after(7))).await.unwrap();
    assert_eq!(
        store.events(chat.id, 3, 10).await.unwrap()[0].0,
        4,
        "the log goes on behind the desk's events"
    );
    assert_eq!(store.tickets(&andina(), None, false, 10).await.unwrap().len(), 1);
    assert!(store.open_tickets(10).await.unwrap().is_empty());
}

pub async fn returning_to_the_bot_names_the_step(store: &dyn Store) {
    handed_off(store, ANA, "t1", T0).await;
    let lease = assign(store, "ines", T0).await.unwrap();
    act(
        store,
        lease,
        AgentAct::ReturnToBot { step: Some("menu".into()), outcome: None, note: None },
        after(1),
    )
    .await
    .unwrap();
    assert_eq!(names(&claim_one(store, after(1)).await), ["returned to Some(\"menu\")"]);
}

pub async fn a_transfer_keeps_the_wait(store: &dyn Store) {
    handed_off(store, ANA, "t1", T0).await;
    let lease = assign(store, "ines", after(5)).await.unwrap();
    let transfer = AgentAct::Transfer { queue: "legal".into(), reason: "asks for a lawyer".into() };
    let moved = act(store, lease, transfer, after(6)).await.unwrap();
    assert_eq!((&moved.status, moved.queue.as_str()), (&TicketStatus::Queued, "legal"));
    assert_eq!((moved.waiting_since, moved.priority), (T0, Priority::Normal));
    assert!(store.tickets(&andina(), Some("general"), true, 10).await.unwrap().is_empty());
    assert_eq!(store.tickets(&andina(), Some("legal"), true, 10).await.unwrap().len(), 1);
    assert!(assign(store, "juan", after(7)).await.unwrap().token > lease.token);
}

pub async fn the_wait_starts_again_when_the_person_writes(store: &dyn Store) {
    handed_off(store, ANA, "t1", T0).await;
    let spoke = || vec![Record::CustomerSpoke { ticket: the_ticket() }];
    let since = || async { store.ticket(&andina(), the_ticket()).await.unwrap().unwrap().waiting_since };
    writes(store, ANA, "w2", after(5)).await;
    turn(store, after(5), spoke()).await;
    assert_eq!(since().await, T0, "the wait goes on");
    let lease = assign(store, "ines", after(6)).await.unwrap();
    act(store, lease, send("hola"), after(7)).await.unwrap();
    writes(store, ANA, "w3", after(10)).await;
    turn(store, after(10), spoke()).await;
    assert_eq!(since().await, after(10));
}

pub async fn the_live_queue_hears_of_each_change_once(store: &dyn Store) {
    let chat = handed_off(store, ANA, "t1", T0).await;
    let news = || async {
        let tickets = store.unpublished_tickets(10).await.unwrap();
        let seen: Vec<_> = tickets.iter().map(|ticket| (ticket.id, ticket.version)).collect();
        store.mark_published(&seen).await.unwrap();
        tickets.into_iter().map(|ticket| ticket.status).collect::<Vec<_>>()
    };
    assert_eq!(news().await, [TicketStatus::Queued]);
    assert!(news().await.is_empty());
    let lease = assign(store, "ines", T0).await.unwrap();
    assert!(news().await.is_empty(), "an assignment comes from the queue itself");
    store.give_up(&andina(), lease, after(1)).await.unwrap().unwrap();
    let seen = store.unpublished_tickets(10).await.unwrap()[0].version;
    // Something changes between reading and marking: it is told again.
    writes(store, ANA, "w2", after(2)).await;
    let close = Record::CloseTicket { ticket: the_ticket(), outcome: "went back".into() };
    assert_eq!(turn(store, after(2), vec![close]).await.ticket, None);
    store.mark_published(&[(the_ticket(), seen)]).await.unwrap();
    assert_eq!(news().await, [TicketStatus::Closed]);
    assert!(claim(store, after(3)).await.is_empty(), "the bot closed it itself: no input");
    assert_eq!(reload(store, chat.id).await.ticket, None);
}

pub async fn a_conversation_has_one_open_ticket(store: &dyn Store) {
    handed_off(store, ANA, "t1", T0).await;
    writes(store, ANA, "w2", after(1)).await;
    let chat = turn(store, after(1), vec![Record::OpenTicket(ticket("t2"))]).await;
    assert_eq!(chat.ticket, Some(the_ticket()));
    assert_eq!(store.open_tickets(10).await.unwrap().len(), 1);
    // Closing and opening in one turn.
    writes(store, ANA, "w3", after(2)).await;
    let close = Record::CloseTicket { ticket: the_ticket(), outcome: "x".into() };
    let chat = turn(store, after(2), vec![close, Record::OpenTicket(ticket("t3"))]).await;
    assert_eq!(chat.ticket, Some(ticket("t3").id));
}

/// People were left a ticket; then the person asks for one of them, urgently.
pub async fn an_open_ticket_is_raised_by_a_later_reason(store: &dyn Store) {
    handed_off(store, ANA, "t1", T0).await;
    let before = store.ticket(&andina(), the_ticket()).await.unwrap().expect("it is open");
    writes(store, ANA, "w2", after(1)).await;
    let urgent = NewTicket {
        id: before.id,
        priority: Priority::Urgent,
        reason: "angustia".to_owned(),
        summary: serde_json::json!({"v": 1, "note": "urgent"}),
        ..ticket("t1")
    };
    turn(store, after(1), vec![Record::OpenTicket(urgent.clone())]).await;
    let raised = store.ticket(&andina(), before.id).await.unwrap().expect("it is still open");
    assert_eq!((raised.priority, raised.reason.as_str()), (Priority::Urgent, "angustia"));
    assert_eq!(
        (raised.summary["note"].as_str(), raised.waiting_since),
        (Some("urgent"), before.waiting_since)
    );
    assert!(raised.version > before.version, "the live queue hears of it");
    // A lesser reason does not make it less urgent.
    writes(store, ANA, "w3", after(2)).await;
    let low = NewTicket { priority: Priority::Low, reason: "ya_pague".to_owned(), ..urgent };
    turn(store, after(2), vec![Record::OpenTicket(low)]).await;
    let raised = store.ticket(&andina(), before.id).await.unwrap().expect("it is still open");
    assert_eq!((raised.priority, raised.reason.as_str()), (Priority::Urgent, "ya_pague"));
    assert_eq!(store.open_tickets(10).await.unwrap().len(), 1);
}

/// Somebody asks for a person and writes «menú» before the first message was worked off.
pub async fn a_ticket_opened_and_left_in_one_commit_is_closed(store: &dyn Store) {
    writes(store, ANA, "w1", T0).await;
    let leave = Record::CloseTicket { ticket: the_ticket(), outcome: "volvió".into() };
    let chat = turn(store, T0, vec![Record::OpenTicket(ticket("t1")), leave]).await;
    assert_eq!(chat.ticket, None);
    assert!(store.open_tickets(10).await.unwrap().is_empty());
    let kept = store.ticket(&andina(), the_ticket()).await.unwrap().expect("the ticket is kept");
    assert_eq!((kept.status, kept.closed_at), (TicketStatus::Closed, Some(T0)));
    assert_eq!(kept.outcome.as_deref(), Some("volvió"));
    assert_eq!(store.unpublished_tickets(10).await.unwrap().len(), 1, "the live queue hears that it is gone");
    // And again, and then to a person after all.
    writes(store, ANA, "w2", after(1)).await;
    let leave = Record::CloseTicket { ticket: ticket("t2").id, outcome: "volvió".into() };
    let back_and_forth = vec![Record::OpenTicket(ticket("t2")), leave, Record::OpenTicket(ticket("t3"))];
    assert_eq!(turn(store, after(1), back_and_forth).await.ticket, Some(ticket("t3").id));
    let open: Vec<TicketId> =
        store.open_tickets(10).await.unwrap().into_iter().map(|ticket| ticket.id).collect();
    assert_eq!(open, [ticket("t3").id]);
}

pub async fn people_whose_window_shuts_while_they_wait_are_counted(store: &dyn Store) {
    handed_off(store, ANA, "t1", T0).await;
    for (hours, shutting, shut) in [(21, 0, 0), (22, 1, 0), (24, 0, 1)] {
        let backlog = store.backlog(after(hours * 3_600)).await.unwrap();
        assert_eq!((backlog.windows_shutting, backlog.windows_shut), (shutting, shut), "after {hours} h");
    }
    // Whoever writes again opens the window again.
    accept(store, vec![message(phone(ANA), "w9", after(22 * 3_600))], after(22 * 3_600)).await;
    let backlog = store.backlog(after(24 * 3_600)).await.unwrap();
    assert_eq!((backlog.windows_shutting, backlog.windows_shut), (0, 0));
}

pub async fn a_list_of_tickets_is_read_whole_page_by_page(store: &dyn Store) {
    let mut waiting = Vec::new();
    for n in 0..7 {
        let digits = format!("5730000000{n:02}");
        let name = format!("t{n}");
        handed_off(store, &digits, &name, after(n)).await;
        waiting.push(ticket(&name).id);
    }
    let ana = agent("ana");
    let held = waiting[1];
    store.assign(&andina(), held, ana, after(1_000), after(10)).await.unwrap().unwrap();
    let page = |shown, after, served: &[&str]| TicketPage {
        agent: ana,
        served: served.iter().map(|queue| (*queue).to_owned()).collect(),
        queue: None,
        shown,
        after,
        limit: 3,
    };
    let mut seen = Vec::new();
    let mut behind = None;
    loop {
        let some = store.ticket_page(&andina(), &page(Shown::Open, behind, &[])).await.unwrap();
        seen.extend(some.iter().map(|ticket| ticket.id));
        behind = some.last().map(TicketPlace::of);
        if some.len() < 3 {
            break;
        }
    }
    assert_eq!(seen, waiting, "in the order in which they are served, each once");
    let ids = |tickets: Vec<Ticket>| tickets.iter().map(|ticket| ticket.id).collect::<Vec<_>>();
    // What one holds is seen whatever its queue.
    for shown in [Shown::Open, Shown::Mine, Shown::Assigned] {
        let mine = store.ticket_page(&andina(), &page(shown, None, &["nowhere"])).await.unwrap();
        assert_eq!(ids(mine), [held], "{shown:?}");
    }
    let queued = store.ticket_page(&andina(), &page(Shown::Queued, None, &[])).await.unwrap();
    assert_eq!(ids(queued), [waiting[0], waiting[2], waiting[3]]);
    assert!(store.ticket_page(&other_lender(), &page(Shown::Open, None, &[])).await.unwrap().is_empty());

    // Closed ones newest first.
    for ticket in &waiting[2..6] {
        let taken = store.assign(&andina(), *ticket, ana, after(1_000), after(20)).await.unwrap().unwrap();
        let TicketStatus::Assigned { token, .. } = taken.status else { panic!("{:?}", taken.status) };
        let lease = Lease { ticket: *ticket, agent: ana, token };
        let done = AgentAct::Resolve { outcome: "fin".into(), note: None };
        store.act(&andina(), lease, &done, after(21)).await.unwrap().unwrap();
    }
    let first = store.ticket_page(&andina(), &page(Shown::Closed, None, &[])).await.unwrap();
    let behind = first.last().map(TicketPlace::of);
    let rest = store.ticket_page(&andina(), &page(Shown::Closed, behind, &[])).await.unwrap();
    assert_eq!(ids(first), [waiting[5], waiting[4], waiting[3]]);
    assert_eq!(ids(rest), [waiting[2]]);
}
