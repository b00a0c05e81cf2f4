//! Files that people send: wanted with the turn, fetched by one process at a time, opened by whoever may see the chat.

use super::make::*;
use acuerdo::domain::ids::{AgentId, InboxId, TicketId, Wamid};
use acuerdo::domain::inbound::MediaKind;
use acuerdo::domain::pii::Pii;
use acuerdo::domain::time::{Millis, Timestamp};
use acuerdo::ports::Store;
use acuerdo::ports::conversations::{CommitRefused, Conversation, TurnCommit};
use acuerdo::ports::media::{Lost, MediaClaim, MediaFile, MediaState, NewMedia, Opening, StoredMedia};
use acuerdo::ports::records::Record;
use acuerdo::ports::retention::{Act, Aged, Place};
use acuerdo::ports::rights::{Erasure, Fate, PersonAct, PersonActKind};

const MEDIA_LEASE: Millis = Millis::minutes(2);

fn file_id(wamid: &str) -> InboxId {
    InboxId(id(&format!("file of {wamid}")))
}

fn wanted(wamid: &str, at: Timestamp) -> Record {
    Record::Media(NewMedia {
        id: file_id(wamid),
        wamid: Wamid::from(wamid),
        phone_number_id: number(),
        media_id: format!("media of {wamid}"),
        kind: MediaKind::Image,
        mime_type: "image/jpeg".to_owned(),
        sha256: Some("told".to_owned()),
        filename: Some(Pii::new("recibo\0.jpg".to_owned())),
        received_at: at,
    })
}

fn file() -> MediaFile {
    MediaFile { bytes: vec![0, 0xFF, 7], mime_type: "image/png".to_owned(), sha256: "00ff07".to_owned() }
}

fn by() -> Opening {
    Opening { ticket: TicketId(id("a ticket")), agent: AgentId(id("ines")) }
}

/// Whoever writes sends a picture.
async fn sends(store: &dyn Store, digits: &str, wamid: &str, at: Timestamp) -> Conversation {
    writes(store, digits, wamid, at).await;
    turn(store, at, vec![wanted(wamid, at)]).await
}

async fn claim_files(store: &dyn Store, now: Timestamp) -> Vec<MediaClaim> {
    store.claim_media(now, MEDIA_LEASE, 10).await.unwrap()
}

async fn claim_file(store: &dyn Store, now: Timestamp) -> MediaClaim {
    let mut claims = claim_files(store, now).await;
    assert_eq!(claims.len(), 1, "exactly one file is due");
    claims.remove(0)
}

async fn of_message(store: &dyn Store, chat: &Conversation, wamid: &str) -> Option<StoredMedia> {
    let found = store.media_of(&chat.lender, chat.id, &[Wamid::from(wamid), Wamid::from("x")]).await.unwrap();
    assert!(found.len() <= 1);
    found.into_iter().next()
}

pub async fn a_file_is_wanted_with_its_turn_and_once(store: &dyn Store) {
    writes(store, ANA, "w1", T0).await;
    let claim = claim_one(store, T0).await;
    let stale = TurnCommit {
        records: vec![wanted("w1", T0)],
        expected_version: claim.conversation.version + 1,
        ..commit_of(&claim, T0)
    };
    assert_eq!(commit(store, stale).await, Err(CommitRefused::Stale));
    assert_eq!(claim_files(store, T0).await, [], "a turn that was not committed wants nothing");

    let records = vec![wanted("w1", T0), wanted("w1", T0)];
    commit(store, TurnCommit { records, ..commit_of(&claim, T0) }).await.unwrap();
    let chat = reload(store, claim.conversation.id).await;
    let media = of_message(store, &chat, "w1").await.unwrap();
    assert_eq!((media.id, media.kind, &media.state), (file_id("w1"), MediaKind::Image, &MediaState::Wanted));
    assert_eq!(media.filename.unwrap().expose(), "recibo.jpg", "a zero character blocks nobody");
    let claimed = claim_file(store, T0).await;
    assert_eq!((claimed.id, claimed.tries, claimed.kept_of_day), (file_id("w1"), 1, 0));
    assert_eq!((claimed.media_id.as_str(), claimed.sha256.as_deref()), ("media of w1", Some("told")));
    assert_eq!((claimed.lender.clone(), claimed.phone_number_id.clone()), (andina(), number()));
    assert!(store.keep_media(&claimed, &file(), after(1)).await.unwrap());

    // The turn of a dead letter is run again: what is kept stays kept.
    writes(store, ANA, "w2", after(2)).await;
    turn(store, after(2), vec![wanted("w1", T0)]).await;
    assert_eq!(claim_files(store, after(3)).await, []);
    assert_eq!(of_message(store, &chat, "w1").await.unwrap().state, MediaState::Kept { size_bytes: 3 });
}

pub async fn a_claimed_file_is_free_again_when_its_lease_ends(store: &dyn Store) {
    let chat = sends(store, ANA, "w1", T0).await;
    let dead = claim_file(store, T0).await;
    assert_eq!(claim_files(store, after(119)).await, [], "one process at a time");
    let next = claim_file(store, after(120)).await;
    assert_eq!((next.id, next.tries), (dead.id, 2));

    assert!(!store.keep_media(&dead, &file(), after(121)).await.unwrap(), "its claim is over");
    assert!(!store.postpone_media(&dead, after(122)).await.unwrap());
    assert!(!store.lose_media(&dead, Lost::Expired, after(122)).await.unwrap());
    assert_eq!(of_message(store, &chat, "w1").await.unwrap().state, MediaState::Wanted);
    assert!(store.keep_media(&next, &file(), after(123)).await.unwrap());
    assert!(!store.keep_media(&next, &file(), after(124)).await.unwrap(), "once");
    assert_eq!(claim_files(store, after(9_999)).await, []);
    let kept = of_message(store, &chat, "w1").await.unwrap();
    assert_eq!((kept.mime_type.as_str(), kept.state), ("image/png", MediaState::Kept { size_bytes: 3 }));
}

pub async fn a_file_is_tried_again_later_or_given_up_with_a_reason(store: &dyn Store) {
    let chat = sends(store, ANA, "w1", T0).await;
    let claim = claim_file(store, T0).await;
    assert!(store.postpone_media(&claim, after(60)).await.unwrap());
    assert_eq!(claim_files(store, after(59)).await, []);
    let claim = claim_file(store, after(60)).await;
    assert_eq!(claim.tries, 2);
    assert!(store.lose_media(&claim, Lost::TooLarge, after(61)).await.unwrap());
    assert_eq!(claim_files(store, after(9_999)).await, []);
    let state = of_message(store, &chat, "w1").await.unwrap().state;
    assert_eq!(state, MediaState::Lost { why: "too_large".to_owned() });
    let opened = store.open_media(&andina(), chat.id, file_id("w1"), by(), after(62)).await.unwrap().unwrap();
    assert_eq!((opened.media.state.name(), opened.bytes), ("lost", None));
    assert_eq!(store.events(chat.id, 0, 9).await.unwrap().len(), 1, "nobody has seen anything");
}

pub async fn the_files_of_a_chat_within_a_day_are_counted(store: &dyn Store) {
    for (n, wamid) in (0..).zip(["w1", "w2", "w3"]) {
        let chat = sends(store, ANA, wamid, after(n * 10)).await;
        let claim = claim_file(store, after(n * 10)).await;
        assert_eq!(i64::from(claim.kept_of_day), n);
        assert!(store.keep_media(&claim, &file(), after(n * 10)).await.unwrap());
        assert!(of_message(store, &chat, wamid).await.is_some());
    }
    sends(store, BETO, "w4", after(40)).await;
    assert_eq!(claim_file(store, after(40)).await.kept_of_day, 0, "of this chat alone");
    sends(store, ANA, "w5", after(86_400 + 15)).await;
    let claims = claim_files(store, after(86_400 + 15)).await;
    let of_ana = claims.iter().find(|claim| claim.id == file_id("w5")).unwrap();
    assert_eq!(of_ana.kept_of_day, 1, "w3 alone is of the last day");
}

pub async fn who_opens_a_file_stands_in_the_log_of_the_chat(store: &dyn Store) {
    let chat = sends(store, ANA, "w1", T0).await;
    let beto = sends(store, BETO, "w2", T0).await;
    for claim in claim_files(store, T0).await {
        assert!(store.keep_media(&claim, &file(), T0).await.unwrap());
    }
    let open = async |lender, conversation, wamid: &str| {
        store.open_media(&lender, conversation, file_id(wamid), by(), after(5)).await.unwrap()
    };
    assert_eq!(open(other_lender(), chat.id, "w1").await, None, "nothing crosses lenders");
    assert_eq!(open(andina(), beto.id, "w1").await, None, "nor chats");
    assert_eq!(open(andina(), chat.id, "w9").await, None);
    assert_eq!(store.media_of(&other_lender(), chat.id, &[Wamid::from("w1")]).await.unwrap(), []);
    assert_eq!(store.events(chat.id, 0, 9).await.unwrap().len(), 1);

    let opened = open(andina(), chat.id, "w1").await.unwrap();
    assert_eq!(opened.bytes.as_deref(), Some(&[0, 0xFF, 7][..]));
    let events = store.events(chat.id, 1, 9).await.unwrap();
    let (_, event) = &events[0];
    let body = event.body.tree();
    assert_eq!((events.len(), event.kind.as_str(), event.at), (1, "media_opened", after(5)));
    assert_eq!(body["by"], by().agent.to_string());
    assert_eq!(body["media"], file_id("w1").to_string());
    // The next turn goes on behind it.
    writes(store, ANA, "w3", after(6)).await;
    turn(store, after(6), vec![]).await;
    assert_eq!(store.events(chat.id, 0, 9).await.unwrap().len(), 3);
}

pub async fn files_go_with_an_erasure_and_with_the_log_of_their_chat(store: &dyn Store) {
    let ana = person(&andina(), "Ana", &[ANA]);
    store.import(&andina(), std::slice::from_ref(&ana), &[], T0).await.unwrap();
    let (hers, his) = (sends(store, ANA, "w1", T0).await, sends(store, BETO, "w2", T0).await);
    sends(store, ANA, "w3", T0).await;
    let claims = claim_files(store, T0).await;
    let under_way = claims.iter().find(|claim| claim.id == file_id("w3")).unwrap();
    for claim in claims.iter().filter(|claim| *claim != under_way) {
        assert!(store.keep_media(claim, &file(), T0).await.unwrap());
    }
    let copy = store.export_person(&andina(), "Ana").await.unwrap().unwrap();
    assert_eq!(copy["files_received"].as_array().unwrap().len(), 2);

    let record = PersonAct {
        id: id("erases"),
        lender: andina(),
        ref_key: b"a key of Ana".to_vec(),
        kind: PersonActKind::Erase,
        by: "an operator".to_owned(),
        reason: None,
        at: after(100),
    };
    let done = store.erase_person("Ana", &record, false, Act::Remove).await.unwrap();
    let Erasure::Done(met) = done else { panic!("{done:?}") };
    let files = met.iter().find(|met| met.what == "files received").unwrap();
    assert_eq!((files.n, files.fate), (2, Fate::Removed));
    assert_eq!(of_message(store, &hers, "w1").await, None);
    assert!(!store.keep_media(under_way, &file(), after(101)).await.unwrap(), "what comes late is not kept");
    assert!(of_message(store, &his, "w2").await.is_some(), "nothing of others");

    let old = after(1_000);
    store.sweep(Aged::Chats, old, Place::default(), 100, Act::Look).await.unwrap();
    assert!(of_message(store, &his, "w2").await.is_some(), "looking removes nothing");
    store.sweep(Aged::Chats, old, Place::default(), 100, Act::Remove).await.unwrap();
    assert_eq!(of_message(store, &his, "w2").await, None);
}
