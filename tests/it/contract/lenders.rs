//! Two lenders in one database never see each other.

use super::make::*;
use acuerdo::domain::ids::{AgentId, LenderId};
use acuerdo::ports::Store;
use acuerdo::ports::agents::Agent;
use acuerdo::ports::conversations::TurnCommit;
use acuerdo::ports::inbox::DeliveryItem;
use acuerdo::ports::records::{IdentityTry, OptOutScope, Record};
use acuerdo::ports::switches::Stop;
use acuerdo::ports::tickets::{AgentAct, Lease, TicketRefused};

/// Everything of `andina`; the queries then come from `boreal`.
pub async fn no_query_crosses_lenders(store: &dyn Store) {
    let ana = person(&andina(), "Ana", &[ANA]);
    store.import(&andina(), std::slice::from_ref(&ana), &[obligation(&ana, "c-1", 1, T0)], T0).await.unwrap();
    writes(store, ANA, "w1", T0).await;
    let claim = claim_one(store, T0).await;
    let tried = IdentityTry {
        passed: None,
        candidates: vec![ana.id],
        at: T0,
        locked_until: Some(after(600)),
        starts_challenge: true,
        judged_after: 0,
    };
    let records = vec![
        Record::Agreement(agreement(&ana, "k1")),
        Record::OpenTicket(ticket("t1")),
        Record::IdentityTry(tried),
    ];
    commit(store, TurnCommit { records, ..commit_of(&claim, T0) }).await.unwrap();

    people_are_apart(store, &ana).await;
    chats_are_apart(store, &ana).await;
    tickets_are_apart(store).await;
    settings_are_apart(store).await;
}

async fn people_are_apart(store: &dyn Store, ana: &acuerdo::domain::debt::Person) {
    let boreal = other_lender();
    assert!(store.persons(&boreal, 10).await.unwrap().is_empty());
    assert!(store.persons_by_phone(&boreal, &[ANA.into()], 10).await.unwrap().is_empty());
    assert!(store.person_file(&boreal, ana.id).await.unwrap().is_none());
    assert!(kept(store, &boreal, ana.id, "k1").await.is_none());
    // The same references and keys are free for the other lender.
    let theirs = person(&boreal, "Ana", &[ANA]);
    let debt = obligation(&theirs, "c-1", 7, T0);
    let counts = store.import(&boreal, std::slice::from_ref(&theirs), &[debt], T0).await.unwrap();
    assert_eq!((counts.persons_new, counts.obligations_new), (1, 1));
    assert!(store.add_agreement(&agreement(&theirs, "k1")).await.unwrap());
    let ours = store.person_file(&andina(), ana.id).await.unwrap().unwrap();
    assert_eq!((ours.obligations.len(), ours.agreements.len()), (1, 1));
    assert_eq!(ours.obligations[0].balance.principal, cop(1));
}

async fn chats_are_apart(store: &dyn Store, ana: &acuerdo::domain::debt::Person) {
    let before = of(store, phone(ANA)).await;
    // The number moved to the other lender: the old chat stays where it is.
    let moved = DeliveryItem { lender: Some(other_lender()), ..message(phone(ANA), "w9", after(1)) };
    accept(store, vec![moved], after(1)).await;
    let theirs = claim_one(store, after(1)).await;
    assert_ne!(theirs.conversation.id, before.id);
    assert_eq!(theirs.conversation.lender, other_lender());
    let history = store.identity_history(theirs.conversation.id, &[ana.id], after(2)).await.unwrap();
    assert_eq!(history, acuerdo::ports::people::IdentityHistory::default());
    let set = store.set_opt_out(&other_lender(), &phone(ANA), OptOutScope::All, true, "x", T0).await;
    assert_eq!(set.unwrap(), 1);
    assert!(!reload(store, before.id).await.opted_out);
    // A turn of theirs cannot touch our ticket, nor use up our once key, nor mark our phone.
    let records = vec![
        Record::CloseTicket { ticket: ticket("t1").id, outcome: "x".into() },
        Record::CustomerSpoke { ticket: ticket("t1").id },
        Record::WrongNumber { person: Some(ana.id) },
    ];
    commit(store, TurnCommit { records, ..commit_of(&theirs, after(2)) }).await.unwrap();
    assert_eq!(store.persons_by_phone(&andina(), &[ANA.into()], 10).await.unwrap().len(), 1);
    assert_eq!(store.open_tickets(10).await.unwrap().len(), 1);
}

async fn tickets_are_apart(store: &dyn Store) {
    let (ours, theirs, id) = (andina(), other_lender(), ticket("t1").id);
    let agent = AgentId(super::make::id("ines"));
    assert!(store.ticket(&theirs, id).await.unwrap().is_none());
    assert!(store.tickets(&theirs, None, true, 10).await.unwrap().is_empty());
    let unknown = TicketRefused::Unknown;
    assert_eq!(store.assign(&theirs, id, agent, after(9), T0).await.unwrap().unwrap_err(), unknown);
    store.assign(&ours, id, agent, after(9), T0).await.unwrap().unwrap();
    let lease = Lease { ticket: id, agent, token: 1 };
    assert_eq!(store.renew(&theirs, lease, after(99), T0).await.unwrap().unwrap_err(), unknown);
    assert_eq!(store.give_up(&theirs, lease, T0).await.unwrap().unwrap_err(), unknown);
    let act = AgentAct::ReturnToBot { step: None, outcome: None, note: None };
    assert_eq!(store.act(&theirs, lease, &act, T0).await.unwrap().unwrap_err(), unknown);
}

async fn settings_are_apart(store: &dyn Store) {
    let (ours, theirs) = (andina(), other_lender());
    let ines = agent_of(&ours);
    store.add_agent(&ines, [7; 32]).await.unwrap();
    assert!(store.agents(&theirs).await.unwrap().is_empty());
    assert!(!store.set_agent_active(&theirs, ines.id, false).await.unwrap());
    let stop = Stop { lender: ours.clone(), scope: "outbound".into(), reason: "x".into(), since: T0 };
    store.stop(&stop).await.unwrap();
    assert!(!store.lift(&theirs, "outbound").await.unwrap());
    assert_eq!(store.stops().await.unwrap(), [stop]);
}

pub fn agent_of(lender: &LenderId) -> Agent {
    Agent {
        id: AgentId(id("ines")),
        lender: lender.clone(),
        name: "Inés".into(),
        queues: vec!["legal".into()],
        active: true,
        created_at: T0,
    }
}
