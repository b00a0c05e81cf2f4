//! The simulator over HTTP: what the application receives, and what its Graph requests do on the phone.

use crate::simulator_bot::{ANA, PHONE_NUMBER_ID, Stage, TOKEN, start};
use acuerdo::domain::ids::PhoneNumberId;
use acuerdo::domain::time::Millis;
use acuerdo::ports::media::MediaSource;
use acuerdo::ports::message_sender::SendAccount;
use acuerdo::whatsapp::client::{GraphClient, GraphConfig};
use serde_json::{Value, json};

fn text(body: &str) -> Value {
    json!({"what": {"kind": "text", "body": body, "reply_to": null}})
}

async fn bubble_with(stage: &Stage, chat: &str, words: &str) -> Value {
    stage
        .until(words, async |stage| {
            stage
                .bubbles(chat)
                .await
                .into_iter()
                .rev()
                .find(|bubble| bubble["mine"] == false && bubble["content"].to_string().contains(words))
        })
        .await
}

async fn status(stage: &Stage, name: &str) -> Value {
    stage
        .until(name, async |stage| stage.statuses().into_iter().find(|status| status["status"] == name))
        .await
}

#[actix_web::test]
async fn a_text_arrives_as_metas_signed_webhook_and_the_answer_appears_in_the_chat() {
    let stage = start();

    let wamid = stage.say(text("¿Cuánto debo? 😀")).await;
    bubble_with(&stage, "ana", "Usted dijo: ¿Cuánto debo? 😀").await;

    let delivered = stage.deliveries().remove(0);
    assert!(delivered.signed && delivered.ascii);
    let (value, message) = stage.messages().remove(0);
    assert_eq!(value["metadata"]["phone_number_id"], PHONE_NUMBER_ID);
    assert_eq!(value["contacts"][0]["wa_id"], ANA);
    assert_eq!(value["contacts"][0]["user_id"], message["from_user_id"]);
    assert_eq!(message["from"], ANA);
    assert_eq!(message["id"], wamid);
    assert!(message["timestamp"].is_string());
    assert_eq!(message["text"]["body"], "¿Cuánto debo? 😀");
}

#[actix_web::test]
async fn the_business_marking_a_message_as_read_turns_its_ticks_blue() {
    let stage = start();

    let wamid = stage.say(text("hola")).await;

    stage
        .until("ticks read", async |stage| {
            stage.bubbles("ana").await.into_iter().find(|b| b["wamid"] == wamid && b["state"] == "read")
        })
        .await;
}

#[actix_web::test]
async fn statuses_come_back_sent_delivered_and_read_once_the_person_looks() {
    let stage = start();

    let (code, answer) = stage
        .graph(json!({"messaging_product": "whatsapp", "to": format!("+{ANA}"), "type": "text",
                      "text": {"body": "Buenos días"}, "biz_opaque_callback_data": "out:1"}))
        .await;
    assert_eq!(code, 200);
    let wamid = answer["messages"][0]["id"].clone();
    assert_eq!(answer["contacts"][0]["wa_id"], ANA);

    let delivered = status(&stage, "delivered").await;
    assert_eq!(delivered["id"], wamid);
    assert_eq!(delivered["recipient_id"], ANA);
    assert_eq!(delivered["biz_opaque_callback_data"], "out:1");
    assert!(stage.statuses().iter().all(|status| status["status"] != "read"));

    assert_eq!(stage.post("/simulator/api/chats/ana/read").send().await.unwrap().status(), 204);
    assert_eq!(status(&stage, "read").await["id"], wamid);
    let order: Vec<Value> = stage.statuses().iter().map(|status| status["status"].clone()).collect();
    assert_eq!(order, ["sent", "delivered", "read"]);
    assert!(stage.deliveries().iter().all(|delivered| delivered.signed));
}

#[actix_web::test]
async fn statuses_that_are_due_together_come_in_one_delivery() {
    let stage = start();
    for body in ["uno", "dos", "tres"] {
        stage
            .graph(json!({"messaging_product": "whatsapp", "to": format!("+{ANA}"), "type": "text", "text": {"body": body}}))
            .await;
    }
    stage
        .until("three delivered", async |stage| {
            let delivered = stage.statuses().into_iter().filter(|status| status["status"] == "delivered");
            (delivered.count() == 3).then_some(())
        })
        .await;

    stage.post("/simulator/api/chats/ana/read").send().await.unwrap();

    status(&stage, "read").await;
    let last = stage.deliveries().pop().unwrap().body;
    assert_eq!(last["entry"][0]["changes"][0]["value"]["statuses"].as_array().unwrap().len(), 3);
}

#[actix_web::test]
async fn a_duplicate_delivery_is_the_same_webhook_twice() {
    let stage = start();

    stage.say(json!({"what": {"kind": "text", "body": "hola", "reply_to": null}, "duplicate": true})).await;

    let messages = stage
        .until("two deliveries", async |stage| (stage.messages().len() == 2).then(|| stage.messages()))
        .await;
    assert_eq!(messages[0], messages[1]);
    assert_eq!(stage.bubbles("ana").await.iter().filter(|bubble| bubble["mine"] == true).count(), 1);
}

#[actix_web::test]
async fn a_webhook_that_is_not_answered_with_200_comes_again() {
    let stage = start();

    let wamid = stage.say(text("la primera vez no")).await;
    let first = stage.until("the first try", async |stage| stage.messages().into_iter().next()).await;
    let pending = stage.bubbles("ana").await.into_iter().find(|b| b["wamid"] == wamid).unwrap();
    assert_eq!(pending["state"], "pending");

    bubble_with(&stage, "ana", "Usted dijo: la primera vez no").await;
    assert_eq!(stage.messages(), [first.clone(), first]);
}

#[actix_web::test]
async fn a_person_who_hides_the_phone_is_named_by_bsuid_only_and_is_reached_there() {
    let stage = start();

    stage.say(json!({"what": {"kind": "text", "body": "hola", "reply_to": null}, "hide_phone": true})).await;
    bubble_with(&stage, "ana", "Usted dijo: hola").await;

    let (value, message) = stage.messages().remove(0);
    assert!(message.get("from").is_none() && value["contacts"][0].get("wa_id").is_none());
    assert!(message["from_user_id"].as_str().unwrap().starts_with("CO."));
    let sent = status(&stage, "sent").await;
    assert!(sent.get("recipient_id").is_none());
    assert_eq!(sent["recipient_user_id"], message["from_user_id"]);
}

#[actix_web::test]
async fn a_tapped_button_and_a_chosen_row_come_back_in_their_own_shapes() {
    let stage = start();

    stage.say(text("botones")).await;
    let buttons = bubble_with(&stage, "ana", "Pagar hoy").await;
    stage.say(json!({"what": {"kind": "option", "wamid": buttons["wamid"], "option": "cuotas"}})).await;
    bubble_with(&stage, "ana", "*cuotas*").await;
    let (_, message) = stage.messages().pop().unwrap();
    assert_eq!(message["interactive"]["type"], "button_reply");
    assert_eq!(message["interactive"]["button_reply"], json!({"id": "cuotas", "title": "En cuotas"}));
    assert_eq!(message["context"]["id"], buttons["wamid"]);

    stage.say(text("lista")).await;
    let list = bubble_with(&stage, "ana", "Ver opciones").await;
    stage.say(json!({"what": {"kind": "option", "wamid": list["wamid"], "option": "c3"}})).await;
    bubble_with(&stage, "ana", "*c3*").await;
    let (_, message) = stage.messages().pop().unwrap();
    assert_eq!(message["interactive"]["type"], "list_reply");
    assert_eq!(message["interactive"]["list_reply"]["title"], "3 cuotas");
    assert!(message["interactive"]["list_reply"]["description"].as_str().unwrap().starts_with("$ 150.000"));
}

#[actix_web::test]
async fn an_option_that_was_not_offered_is_refused() {
    let stage = start();
    stage.say(text("botones")).await;
    let buttons = bubble_with(&stage, "ana", "Pagar hoy").await;

    let said = json!({"what": {"kind": "option", "wamid": buttons["wamid"], "option": "gratis"}});
    let answer = stage.post("/simulator/api/chats/ana/messages").json(&said).send().await.unwrap();

    assert_eq!(answer.status(), 422);
    assert_eq!(answer.json::<Value>().await.unwrap()["code"], "option_not_offered");
}

#[actix_web::test]
async fn a_template_shows_its_approved_text_and_its_button_answers_with_the_payload() {
    let stage = start();
    stage.say(text("plantilla")).await;
    let template = bubble_with(&stage, "ana", "Hola, Ana. Su cuota vence mañana.").await;
    assert_eq!(template["content"]["options"][0]["title"], "Ya pagué");

    stage.say(json!({"what": {"kind": "option", "wamid": template["wamid"], "option": "PAGUE"}})).await;

    bubble_with(&stage, "ana", "Botón PAGUE").await;
    let (_, message) = stage.messages().pop().unwrap();
    assert_eq!(message["button"], json!({"payload": "PAGUE", "text": "Ya pagué"}));
}

#[actix_web::test]
async fn media_location_contact_reaction_and_deletion_are_webhooks_of_their_types() {
    let stage = start();
    let text_wamid = stage.say(text("hola")).await;
    stage.say(json!({"what": {"kind": "media", "sample": "receipt"}})).await;
    stage.say(json!({"what": {"kind": "media", "sample": "voice"}})).await;
    stage.say(json!({"what": {"kind": "media", "sample": "document"}})).await;
    stage.say(json!({"what": {"kind": "location"}})).await;
    stage.say(json!({"what": {"kind": "contact"}})).await;
    stage.say(json!({"what": {"kind": "reaction", "wamid": text_wamid, "emoji": "👍"}})).await;
    stage.say(json!({"what": {"kind": "delete", "wamid": text_wamid}})).await;

    let messages = stage
        .until("eight messages", async |stage| (stage.messages().len() == 8).then(|| stage.messages()))
        .await;

    let kinds: Vec<&str> = messages.iter().map(|(_, message)| message["type"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["text", "image", "audio", "document", "location", "contacts", "reaction", "revoke"]);
    for (_, message) in &messages {
        assert!(message.get(message["type"].as_str().unwrap()).is_some(), "{message}");
    }
    assert_eq!(messages[2].1["audio"]["voice"], true);
    assert_eq!(messages[6].1["reaction"], json!({"message_id": text_wamid, "emoji": "👍"}));
    assert_eq!(messages[7].1["revoke"]["original_message_id"], text_wamid);
}

#[actix_web::test]
async fn sent_media_can_be_looked_up_and_downloaded_with_the_token_only() {
    let stage = start();
    stage.say(json!({"what": {"kind": "media", "sample": "receipt"}})).await;
    let (_, message) = stage.until("the image", async |stage| stage.messages().into_iter().next()).await;

    let path = format!("/simulator/graph/v25.0/{}", message["image"]["id"].as_str().unwrap());
    let object: Value = stage.get(&path).bearer_auth(TOKEN).send().await.unwrap().json().await.unwrap();
    let url = object["url"].as_str().unwrap();

    assert_eq!(stage.http.get(url).send().await.unwrap().status(), 401);
    let bytes = stage.http.get(url).bearer_auth(TOKEN).send().await.unwrap().bytes().await.unwrap();
    assert!(bytes.starts_with(b"\x89PNG"));
    assert_eq!(object["file_size"], bytes.len());

    // As the application does, with the hosts of production: whoever answers as the Graph API serves its files.
    let base_url = format!("{}/simulator/graph", stage.base);
    let client = GraphClient::new(&GraphConfig { base_url, ..GraphConfig::default() }).unwrap();
    let account = SendAccount {
        phone_number_id: PhoneNumberId::from(PHONE_NUMBER_ID),
        waba_id: None,
        token: TOKEN.to_owned().into(),
    };
    let (id, hash) = (message["image"]["id"].as_str().unwrap(), message["image"]["sha256"].as_str());
    let file = client.fetch(&account, id, hash, 1 << 20).await.unwrap();
    assert_eq!((file.bytes.as_slice(), file.mime_type.as_str()), (&bytes[..], "image/png"));
}

#[actix_web::test]
async fn a_changed_number_is_told_as_a_system_message_and_the_old_one_is_dead() {
    let stage = start();
    stage.say(text("hola")).await;
    stage.say(json!({"what": {"kind": "change_number"}})).await;

    let (value, message) = stage
        .until("the system message", async |stage| {
            stage.messages().into_iter().find(|(_, message)| message["type"] == "system")
        })
        .await;
    assert!(value.get("contacts").is_none());
    assert_eq!(message["from"], ANA);
    assert_eq!(message["system"]["type"], "user_changed_number");
    assert_ne!(message["system"]["wa_id"], ANA);
    assert_ne!(message["system"]["user_id"], message["system"]["previous_user_id"]);

    let to_old = json!({"messaging_product": "whatsapp", "to": ANA, "type": "text", "text": {"body": "¿?"}});
    assert_eq!(stage.graph(to_old).await.0, 200);
    assert_eq!(status(&stage, "failed").await["errors"][0]["code"], 131_026);
}

#[actix_web::test]
async fn a_bsuid_in_to_is_accepted_and_dies_later() {
    let stage = start();

    let (code, _) = stage
        .graph(json!({"messaging_product": "whatsapp", "to": "CO.123456", "type": "text", "text": {"body": "x"}}))
        .await;

    assert_eq!(code, 200);
    assert_eq!(status(&stage, "failed").await["errors"][0]["code"], 131_026);
}

#[actix_web::test]
async fn free_text_after_the_service_window_fails_and_a_template_goes_through() {
    let stage = start();
    stage.say(text("hola")).await;
    bubble_with(&stage, "ana", "Usted dijo: hola").await;
    stage.clock.jump(Millis::hours(25));

    let to = format!("+{ANA}");
    stage
        .graph(json!({"messaging_product": "whatsapp", "to": to, "type": "text", "text": {"body": "¿Sigue ahí?"}}))
        .await;
    assert_eq!(status(&stage, "failed").await["errors"][0]["code"], 131_047);

    let template = json!({"name": "recordatorio", "language": {"code": "es_CO"}});
    stage
        .graph(json!({"messaging_product": "whatsapp", "to": to, "type": "template", "template": template}))
        .await;
    bubble_with(&stage, "ana", "Su cuota vence").await;
    assert!(stage.bubbles("ana").await.iter().all(|bubble| !bubble.to_string().contains("¿Sigue ahí?")));
}

#[actix_web::test]
async fn a_wrong_token_is_metas_401_and_a_wrong_body_metas_400() {
    let stage = start();
    let path = format!("/simulator/graph/v25.0/{PHONE_NUMBER_ID}/messages");

    let answer = stage.post(&path).bearer_auth("wrong").json(&json!({})).send().await.unwrap();
    assert_eq!(answer.status(), 401);
    let error = answer.json::<Value>().await.unwrap()["error"].clone();
    assert_eq!((&error["code"], &error["type"]), (&json!(190), &json!("OAuthException")));

    for body in [
        json!({"to": ANA, "type": "text", "text": {"body": "x"}}),
        json!({"messaging_product": "whatsapp", "type": "text", "text": {"body": "x"}}),
        json!({"messaging_product": "whatsapp", "to": ANA, "type": "text", "text": {"body": ""}}),
        json!({"messaging_product": "whatsapp", "to": ANA, "type": "poem", "poem": {}}),
        json!({"messaging_product": "whatsapp", "to": ANA, "type": "interactive", "interactive": {
            "type": "button", "body": {"text": "x"}, "action": {"buttons": []}}}),
    ] {
        let (code, answer) = stage.graph(body).await;
        assert_eq!((code, &answer["error"]["code"]), (400, &json!(100)));
    }
}

#[actix_web::test]
async fn the_phone_number_object_answers_doctor() {
    let stage = start();
    let path = format!("/simulator/graph/v25.0/{PHONE_NUMBER_ID}");

    let object: Value = stage.get(&path).bearer_auth(TOKEN).send().await.unwrap().json().await.unwrap();

    assert_eq!(object["verified_name"], "Crédito Andino");
    assert_eq!(stage.get(&path).send().await.unwrap().status(), 401);
}

#[actix_web::test]
async fn an_unknown_number_gets_a_chat_of_its_own() {
    let stage = start();

    let chat: Value = stage.post("/simulator/api/chats").send().await.unwrap().json().await.unwrap();
    let id = chat["id"].as_str().unwrap();
    stage.post(&format!("/simulator/api/chats/{id}/messages")).json(&text("hola")).send().await.unwrap();

    bubble_with(&stage, id, "Usted dijo: hola").await;
    let people: Value = stage.get("/simulator/api/debtors").send().await.unwrap().json().await.unwrap();
    assert_eq!(people["strangers"][0]["id"], id);
}

#[actix_web::test]
async fn the_inspector_shows_the_state_and_the_newest_exchanges_first() {
    let stage = start();
    stage.say(text("hola")).await;
    bubble_with(&stage, "ana", "Usted dijo: hola").await;
    status(&stage, "delivered").await;

    let view: Value =
        stage.get("/simulator/api/chats/ana/inspect").send().await.unwrap().json().await.unwrap();

    assert_eq!(view["inspection"]["step"], "elegir_cuotas");
    let exchanges = view["exchanges"].as_array().unwrap();
    assert_eq!(exchanges.last().unwrap()["title"], "messages · text");
    assert_eq!(exchanges.last().unwrap()["direction"], "webhook");
    assert!(exchanges.iter().any(|e| e["direction"] == "graph" && e["title"] == "messages · read · typing"));
    assert!(!view.to_string().contains(TOKEN));
}

#[actix_web::test]
async fn the_page_allows_nothing_from_elsewhere() {
    let stage = start();
    for path in ["/simulator", "/simulator/main.js", "/simulator/phone.css"] {
        let answer = stage.get(path).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{path}");
        let policy = answer.headers()["content-security-policy"].to_str().unwrap();
        assert!(policy.starts_with("default-src 'self'") && !policy.contains("unsafe"), "{policy}");
    }
    assert_eq!(stage.get("/simulator/../Cargo.toml").send().await.unwrap().status(), 404);
}
