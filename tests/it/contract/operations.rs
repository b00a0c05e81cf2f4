//! Agents, flow versions, stops, health.

use super::lenders::agent_of;
use super::make::*;
use acuerdo::domain::ids::FlowHash;
use acuerdo::ports::Store;
use acuerdo::ports::StoreError;
use acuerdo::ports::flows::FlowFiles;
use acuerdo::ports::outbox::Wanted;
use acuerdo::ports::switches::Stop;

pub async fn agents_are_known_by_their_token(store: &dyn Store) {
    let ines = agent_of(&andina());
    store.add_agent(&ines, [7; 32]).await.unwrap();
    store.add_agent(&ines, [7; 32]).await.unwrap();
    assert_eq!(store.agents(&andina()).await.unwrap(), std::slice::from_ref(&ines));
    assert_eq!(store.agent_by_token([7; 32]).await.unwrap(), Some(ines.clone()));
    assert_eq!(store.agent_by_token([8; 32]).await.unwrap(), None);
    let mut twin = ines.clone();
    twin.id.0 = id("twin");
    let clash = store.add_agent(&twin, [7; 32]).await;
    assert!(matches!(clash, Err(StoreError::Conflict { .. })), "{clash:?}");
    assert!(store.set_agent_active(&andina(), ines.id, false).await.unwrap());
    assert_eq!(store.agent_by_token([7; 32]).await.unwrap(), None);
    assert!(!store.agents(&andina()).await.unwrap()[0].active);
    assert!(!store.set_agent_active(&andina(), twin.id, true).await.unwrap());
}

pub async fn flow_versions_are_kept_as_published(store: &dyn Store) {
    let files = |text: &str| FlowFiles::from([("menu.yaml".to_owned(), text.to_owned())]);
    let hash = FlowHash::from("h1");
    store.save_flow_version(&hash, &files("one"), T0).await.unwrap();
    store.save_flow_version(&hash, &files("two"), after(1)).await.unwrap();
    assert_eq!(store.flow_version(&hash).await.unwrap(), Some(files("one")));
    assert_eq!(store.flow_version(&FlowHash::from("h2")).await.unwrap(), None);
    assert!(store.pinned_hashes().await.unwrap().is_empty());
}

pub async fn stops_survive_and_keep_their_time(store: &dyn Store) {
    let stop =
        |scope: &str, since| Stop { lender: andina(), scope: scope.into(), reason: "quality".into(), since };
    store.stop(&stop("template:aviso", T0)).await.unwrap();
    store.stop(&stop("outbound", T0)).await.unwrap();
    store.stop(&stop("outbound", after(9))).await.unwrap();
    assert_eq!(store.stops().await.unwrap(), [stop("outbound", T0), stop("template:aviso", T0)]);
    assert!(store.lift(&andina(), "outbound").await.unwrap());
    assert!(!store.lift(&andina(), "outbound").await.unwrap());
}

pub async fn a_closed_store_is_unavailable(store: &dyn Store) {
    store.ping(T0).await.unwrap();
    store.ping(after(1)).await.unwrap();
    store.close().await;
    let unavailable = |error: StoreError| assert!(error.is_transient(), "{error}");
    unavailable(store.ping(T0).await.unwrap_err());
    unavailable(store.accept(&[delivery(vec![message(phone(ANA), "w1", T0)], T0)]).await.unwrap_err());
    unavailable(store.claim_conversations(T0, LEASE, 1, 1).await.unwrap_err());
    unavailable(store.claim_outbox(T0, LEASE, DOUBT, Wanted::any(1)).await.unwrap_err());
    unavailable(store.persons(&andina(), 1).await.unwrap_err());
}

pub async fn the_schema_is_current(store: &dyn Store) {
    let (found, known) = store.schema_version().await.unwrap();
    assert!(known >= 1);
    assert_eq!(found, known);
}
