//! The Graph client against a fake Graph API: what leaves, and what each failure says about it.

use crate::harness::graph_api::{File, GraphApi, Script};
use acuerdo::domain::identity::{Bsuid, WaId, WaIdentity};
use acuerdo::domain::ids::{PhoneNumberId, Wamid};
use acuerdo::domain::outbound::Outbound;
use acuerdo::domain::pii::Pii;
use acuerdo::domain::reaction::Reaction;
use acuerdo::domain::time::Millis;
use acuerdo::ports::media::{MediaFailure, MediaSource};
use acuerdo::ports::message_sender::{MessageSender, ReadReceipt, SendAccount, SendFailure};
use acuerdo::whatsapp::client::{ClientError, GraphClient, GraphConfig};
use secrecy::SecretString;
use std::io::Read;
use std::time::Duration;

const TOKEN: &str = "EAAB-secret-token";
const CALLBACK: &str = "out:0192f0c1-7f3c-7000-8000-000000000001";

fn account() -> SendAccount {
    SendAccount {
        phone_number_id: PhoneNumberId::new("106540352242922"),
        waba_id: Some("215589313241560".to_owned()),
        token: SecretString::from(TOKEN),
    }
}

fn ana() -> WaIdentity {
    WaIdentity { wa_id: WaId::parse("573001112233"), bsuid: Bsuid::parse("CO.1349120865530274") }
}

fn hello() -> Outbound {
    Outbound::Text { body: Pii::new("Buenos días, Ana".to_owned()) }
}

async fn send_once(api: &GraphApi, script: Script) -> SendFailure {
    api.script([script]);
    let client = GraphClient::new(&api.config()).unwrap();
    client.send(&account(), &ana(), &hello(), CALLBACK).await.unwrap_err()
}

#[tokio::test]
async fn a_message_arrives_whole_with_token_number_and_callback() {
    let api = GraphApi::start(TOKEN);
    let client = GraphClient::new(&api.config()).unwrap();
    let accepted = client.send(&account(), &ana(), &hello(), CALLBACK).await.unwrap();

    let (wamid, taken) = api.taken().remove(0);
    assert_eq!(accepted.wamid, wamid);
    assert_eq!(accepted.wa_id, WaId::parse("573001112233"));
    assert_eq!(taken.message, hello());
    assert_eq!(taken.callback.as_deref(), Some(CALLBACK));
    let received = api.received().remove(0);
    assert_eq!(received.bearer.as_deref(), Some(TOKEN));
    assert_eq!(received.phone_number_id, "106540352242922");
    assert_eq!(received.body["to"], "+573001112233");
}

#[tokio::test]
async fn a_person_without_phone_is_reached_by_user_id_and_the_answer_names_it() {
    let api = GraphApi::start(TOKEN);
    let client = GraphClient::new(&api.config()).unwrap();
    let hidden = WaIdentity { wa_id: None, ..ana() };
    let accepted = client.send(&account(), &hidden, &hello(), CALLBACK).await.unwrap();
    assert_eq!((accepted.wa_id, accepted.user_id), (None, Bsuid::parse("CO.1349120865530274")));
    assert_eq!(api.taken().remove(0).1.to, hidden);
}

#[tokio::test]
async fn read_receipt_and_typing_are_sent() {
    let api = GraphApi::start(TOKEN);
    let client = GraphClient::new(&api.config()).unwrap();
    let wamid = Wamid::new("wamid.1");
    client.mark_read(&account(), &wamid, ReadReceipt::Read).await.unwrap();
    client.mark_read(&account(), &wamid, ReadReceipt::ReadAndTyping).await.unwrap();
    assert_eq!(api.reads(), [(wamid.clone(), ReadReceipt::Read), (wamid, ReadReceipt::ReadAndTyping)]);
}

#[tokio::test]
async fn a_refusal_carries_code_trace_and_reaction() {
    let api = GraphApi::start(TOKEN);
    let refusal = Script::Refuse { http_status: 400, code: 131_047, details: "more than 24 hours" };
    let SendFailure::Rejected { reaction, code, http_status, fbtrace_id, details } =
        send_once(&api, refusal).await
    else {
        panic!()
    };
    assert_eq!((reaction, code, http_status), (Reaction::UseTemplate, Some(131_047), 400));
    assert_eq!(fbtrace_id.as_deref(), Some("AbCdEf123"));
    assert_eq!(details.unwrap().expose(), "more than 24 hours");
    assert!(api.taken().is_empty());
    let client = GraphClient::new(&api.config()).unwrap();
    assert_eq!(client.reaction(&[131_047]), Reaction::UseTemplate, "the same by status");
}

#[tokio::test]
async fn a_wrong_token_stops_everything() {
    let api = GraphApi::start("another token");
    let client = GraphClient::new(&api.config()).unwrap();
    let failure = client.send(&account(), &ana(), &hello(), CALLBACK).await.unwrap_err();
    assert!(matches!(
        failure,
        SendFailure::Rejected { reaction: Reaction::StopAll, code: Some(190), http_status: 401, .. }
    ));
}

fn answer(http_status: u16, body: &str) -> Script {
    Script::Answer { http_status, headers: Vec::new(), body: body.to_owned() }
}

#[tokio::test]
async fn throttling_and_outage_back_off_and_the_servers_own_wait_is_obeyed() {
    let api = GraphApi::start(TOKEN);
    let mut throttled = answer(429, "slow down");
    if let Script::Answer { headers, .. } = &mut throttled {
        headers.push(("retry-after", "90".to_owned()));
    }
    for (script, wait) in [
        (throttled, Millis::seconds(90)),
        (answer(429, ""), Millis(0)),
        (answer(503, "Service Unavailable"), Millis::seconds(5)),
        (answer(500, ""), Millis::seconds(5)),
    ] {
        let failure = send_once(&api, script.clone()).await;
        let SendFailure::Rejected { reaction, code: None, .. } = failure else {
            panic!("{script:?}: {failure:?}")
        };
        assert_eq!(reaction, Reaction::BackOffGlobal { wait }, "{script:?}");
    }
}

#[tokio::test]
async fn after_an_outage_the_same_client_goes_on() {
    let api = GraphApi::start(TOKEN);
    let client = GraphClient::new(&api.config()).unwrap();
    api.always(Some(answer(503, "Service Unavailable")));
    for _ in 0..5 {
        let failure = client.send(&account(), &ana(), &hello(), CALLBACK).await.unwrap_err();
        assert!(
            matches!(failure, SendFailure::Rejected { reaction, .. } if reaction.may_repeat()),
            "{failure:?}"
        );
    }
    assert!(api.taken().is_empty());

    api.always(None);
    let sends = (0..20).map(|_| {
        let client = client.clone();
        tokio::spawn(async move { client.send(&account(), &ana(), &hello(), CALLBACK).await.unwrap().wamid })
    });
    let sends: Vec<_> = sends.collect();
    let taken = api.wait_for_taken(20, crate::harness::PATIENCE).await;
    let mut wamids: Vec<Wamid> = taken.into_iter().map(|(wamid, _)| wamid).collect();
    let mut accepted = Vec::new();
    for send in sends {
        accepted.push(send.await.unwrap());
    }
    wamids.sort();
    accepted.sort();
    assert_eq!(accepted, wamids, "each send was taken once and knows its own id");
}

#[tokio::test]
async fn whatever_may_have_left_is_in_doubt() {
    let api = GraphApi::start(TOKEN);
    for script in [Script::BreakOff, Script::Garbage, Script::NoWamid, Script::Endless] {
        let before = api.taken().len();
        let failure = send_once(&api, script.clone()).await;
        assert!(matches!(failure, SendFailure::InDoubt { .. }), "{script:?}: {failure:?}");
        assert_eq!(api.taken().len(), before + 1, "{script:?}: the message had left indeed");
    }
    for script in [answer(502, "bad gateway"), answer(504, "gateway timeout")] {
        let failure = send_once(&api, script.clone()).await;
        assert!(matches!(failure, SendFailure::InDoubt { .. }), "{script:?}: {failure:?}");
    }
}

#[tokio::test]
async fn a_late_answer_is_in_doubt() {
    let api = GraphApi::start(TOKEN);
    api.script([Script::Slow(Duration::from_secs(5))]);
    let config = GraphConfig { timeout: Duration::from_millis(200), ..api.config() };
    let client = GraphClient::new(&config).unwrap();
    let failure = client.send(&account(), &ana(), &hello(), CALLBACK).await.unwrap_err();
    assert_eq!(failure, SendFailure::InDoubt { why: "the Graph API did not answer in time".to_owned() });
    assert_eq!(api.taken().len(), 1, "the message had left indeed");
}

#[tokio::test]
async fn a_connection_that_breaks_before_the_answer_is_in_doubt() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let base_url = format!("http://{}", listener.local_addr().unwrap());
    let server = std::thread::spawn(move || {
        let (mut socket, _) = listener.accept().unwrap();
        socket.read(&mut [0; 4096]).unwrap()
    });
    let client = GraphClient::new(&GraphConfig { base_url, ..GraphConfig::default() }).unwrap();
    let failure = client.send(&account(), &ana(), &hello(), CALLBACK).await.unwrap_err();
    assert!(matches!(failure, SendFailure::InDoubt { .. }), "{failure:?}");
    assert!(server.join().unwrap() > 0);
}

#[tokio::test]
async fn without_a_connection_nothing_was_sent() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    // A name that cannot be resolved, and a port on which nobody listens.
    for base_url in [format!("http://{free}"), "http://graph.invalid".to_owned()] {
        let client = GraphClient::new(&GraphConfig { base_url, ..GraphConfig::default() }).unwrap();
        let failure = client.send(&account(), &ana(), &hello(), CALLBACK).await.unwrap_err();
        assert!(matches!(failure, SendFailure::NotSent { .. }), "{failure:?}");
    }
}

#[tokio::test]
async fn a_tls_failure_means_not_sent() {
    let api = GraphApi::start(TOKEN);
    let base_url = api.url.replace("http://", "https://");
    let client = GraphClient::new(&GraphConfig { base_url, ..GraphConfig::default() }).unwrap();
    let failure = client.send(&account(), &ana(), &hello(), CALLBACK).await.unwrap_err();
    assert!(matches!(failure, SendFailure::NotSent { .. }), "{failure:?}");
}

#[tokio::test]
async fn a_redirect_is_never_followed_with_our_token() {
    let (api, thief) = (GraphApi::start(TOKEN), GraphApi::start(TOKEN));
    let script = Script::Answer {
        http_status: 307,
        headers: vec![("location", format!("{}/v25.0/1/messages", thief.url))],
        body: String::new(),
    };
    let failure = send_once(&api, script).await;
    assert!(matches!(failure, SendFailure::Rejected { reaction: Reaction::StopAll, .. }), "{failure:?}");
    assert!(thief.received().is_empty());
}

#[tokio::test]
async fn what_breaks_a_limit_or_a_setting_never_leaves() {
    let api = GraphApi::start(TOKEN);
    let client = GraphClient::new(&api.config()).unwrap();
    let long = Outbound::Text { body: Pii::new("x".repeat(4097)) };
    let failure = client.send(&account(), &ana(), &long, CALLBACK).await.unwrap_err();
    assert_eq!(failure.to_string(), "not sendable: `body` has 4097 characters; WhatsApp allows 4096");

    let sneaky = SendAccount { phone_number_id: PhoneNumberId::new("1/../2"), ..account() };
    let failure = client.send(&sneaky, &ana(), &hello(), CALLBACK).await.unwrap_err();
    assert!(matches!(failure, SendFailure::NotSent { .. }), "{failure:?}");

    let broken = SendAccount { token: SecretString::from("two\nlines"), ..account() };
    let failure = client.send(&broken, &ana(), &hello(), CALLBACK).await.unwrap_err();
    assert!(matches!(failure, SendFailure::NotSent { .. }), "{failure:?}");
    assert!(api.received().is_empty());
}

#[tokio::test]
async fn no_failure_prints_token_phone_or_text() {
    let api = GraphApi::start(TOKEN);
    let mut printed = format!("{:?}", account());
    let refusal = Script::Refuse { http_status: 400, code: 100, details: "573001112233 Buenos días" };
    for script in [refusal, Script::Garbage, answer(503, TOKEN), answer(400, "573001112233")] {
        let failure = send_once(&api, script).await;
        printed.push_str(&format!("{failure} {failure:?}"));
    }
    let client =
        GraphClient::new(&GraphConfig { base_url: "http://graph.invalid".into(), ..api.config() }).unwrap();
    let failure = client.send(&account(), &ana(), &hello(), CALLBACK).await.unwrap_err();
    printed.push_str(&format!("{failure} {failure:?}"));
    for secret in [TOKEN, "573001112233", "Buenos"] {
        assert!(!printed.contains(secret), "{secret} in {printed}");
    }
}

#[tokio::test]
async fn doctor_learns_about_number_and_subscription() {
    let api = GraphApi::start(TOKEN);
    let client: Box<dyn MessageSender> = Box::new(GraphClient::new(&api.config()).unwrap());
    let check = client.check(&account()).await.unwrap();
    assert_eq!(check.verified_name.as_deref(), Some("Acuerdo"));
    assert_eq!(check.status.as_deref(), Some("CONNECTED"));
    assert_eq!(check.throughput.as_deref(), Some("STANDARD"));
    assert_eq!(check.subscribed_apps, Some(vec!["Acuerdo".to_owned()]));

    api.set_subscribed_apps(&[]);
    assert_eq!(client.check(&account()).await.unwrap().subscribed_apps, Some(Vec::new()));
    let unknown = SendAccount { waba_id: None, ..account() };
    assert_eq!(client.check(&unknown).await.unwrap().subscribed_apps, None);
    let stranger = SendAccount { token: SecretString::from("x"), ..account() };
    let failure = client.check(&stranger).await.unwrap_err();
    assert!(matches!(failure, SendFailure::Rejected { reaction: Reaction::StopAll, .. }), "{failure:?}");
}

#[test]
fn wrong_settings_are_refused_with_the_remedy() {
    let with = |base_url: &str, version: &str| {
        let config =
            GraphConfig { base_url: base_url.into(), version: version.into(), ..GraphConfig::default() };
        GraphClient::new(&config).map(|_| ())
    };
    assert!(with("https://graph.facebook.com/", "v25.0").is_ok());
    for base_url in ["", "graph.facebook.com", "file:///etc", "https://x?y=1"] {
        assert!(matches!(with(base_url, "v25.0"), Err(ClientError::BaseUrl)), "{base_url}");
    }
    for version in ["", "25.0", "v", "v25/../.."] {
        assert!(
            matches!(with("https://graph.facebook.com", version), Err(ClientError::Version(_))),
            "{version}"
        );
    }
}

/// SHA-256 of `comprobante`.
const HASH_HEX: &str = "a6b3e0ef2b6c597727c5f5d776c0714e7515d0d919ea4b5e8b83a698803dcdec";
const HASH_BASE64: &str = "prPg7ytsWXcnxfXXdsBxTnUV0NkZ6ktei4OmmIA9zew=";

fn receipt() -> File {
    File { bytes: b"comprobante".to_vec(), sha256: HASH_HEX.to_owned(), url: None }
}

#[tokio::test]
async fn a_file_is_fetched_whole_and_checked_against_both_hashes() {
    let api = GraphApi::start(TOKEN);
    api.put_file("77", receipt());
    let client = GraphClient::new(&api.config()).unwrap();
    for hash in [Some(HASH_BASE64), Some(HASH_HEX), None] {
        let file = client.fetch(&account(), "77", hash, 1_000).await.unwrap();
        assert_eq!((file.bytes.as_slice(), file.sha256.as_str()), (b"comprobante".as_slice(), HASH_HEX));
        assert_eq!(file.mime_type, "image/jpeg");
    }
    let other = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
    for hash in [other, "no hash"] {
        let error = client.fetch(&account(), "77", Some(hash), 1_000).await.unwrap_err();
        assert_eq!(error, MediaFailure::WrongHash);
    }
    let error = client.fetch(&account(), "77", None, 5).await.unwrap_err();
    assert_eq!(error, MediaFailure::TooLarge { max: 5 });
    for (id, expected) in [("7/7", MediaFailure::Unknown), ("", MediaFailure::Unknown)] {
        assert_eq!(client.fetch(&account(), id, None, 5).await.unwrap_err(), expected);
    }
    api.kill_addresses(1);
    let error = client.fetch(&account(), "77", None, 1_000).await.unwrap_err();
    assert!(matches!(error, MediaFailure::Passing { .. }), "a new address is asked for next time: {error}");
}

#[tokio::test]
async fn our_token_goes_to_no_foreign_host() {
    let (api, thief) = (GraphApi::start(TOKEN), GraphApi::start(TOKEN));
    let client =
        GraphClient::new(&GraphConfig { media_hosts: GraphConfig::default().media_hosts, ..api.config() });
    let client = client.unwrap();
    let spoofs =
        ["https://lookaside.fbsbx.com.evil.example/x", "https://evilfbcdn.net/x", "file:///etc/passwd"];
    let stolen = format!("{}/files/of/meta/77", thief.url);
    for url in spoofs.into_iter().chain([stolen.as_str()]) {
        api.put_file("77", File { url: Some(url.to_owned()), ..receipt() });
        let error = client.fetch(&account(), "77", None, 1_000).await.unwrap_err();
        assert_eq!(error, MediaFailure::ForeignHost, "{url}");
    }
    api.put_file("78", File { url: Some("not an address".to_owned()), ..receipt() });
    let error = client.fetch(&account(), "78", None, 1_000).await.unwrap_err();
    assert!(matches!(error, MediaFailure::Passing { .. }), "{error}");
}
