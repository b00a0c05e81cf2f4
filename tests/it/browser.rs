//! The simulator's page in a real browser, with mouse and keyboard.

use crate::phone::Phone;
use crate::simulator_bot::{Stage, start};

const DESKTOP: (u32, u32) = (1280, 860);
const ENTER: &str = "\u{e007}";
const ESCAPE: &str = "\u{e00c}";
const DOWN: &str = "\u{e015}";

async fn as_ana(stage: &Stage) -> Phone {
    let phone = Phone::open(&stage.base, DESKTOP).await;
    phone.pick("Ana Lucía Pérez").await;
    phone
}

#[actix_web::test]
async fn a_written_message_gets_its_ticks_and_an_answer() {
    let stage = start();
    let phone = as_ana(&stage).await;

    phone.write("Buenas tardes").await;

    phone.wait_reply("Usted dijo: Buenas tardes").await;
    phone.wait_own("Buenas tardes", "read").await;
    phone.wait_inspector("elegir_cuotas").await;
    stage
        .until("read status", async |stage| stage.statuses().into_iter().find(|s| s["status"] == "read"))
        .await;
    phone.close().await;
}

#[actix_web::test]
async fn a_reply_button_can_be_tapped() {
    let stage = start();
    let phone = as_ana(&stage).await;
    phone.write("botones").await;

    phone.tap("En cuotas").await;

    phone.wait_reply("Usted eligió cuotas").await;
    phone.close().await;
}

#[actix_web::test]
async fn a_list_row_is_chosen_with_the_keyboard_alone() {
    let stage = start();
    let phone = as_ana(&stage).await;
    phone.write("lista").await;
    phone.wait_reply("Ver opciones").await;

    let focus = "document.querySelector('#log .open-list').focus()";
    phone.eval(focus).await;
    phone.keys(ENTER).await;
    phone.wait(".sheet[role=dialog]").await;
    assert_eq!(phone.eval("document.getElementById('people').inert").await, true);
    phone.keys(DOWN).await;
    phone.keys(DOWN).await;
    assert_eq!(phone.eval("document.activeElement.dataset.option").await, "c6");
    phone.keys(ENTER).await;

    phone.wait_reply("Usted eligió c6").await;
    phone.wait_gone(".sheet").await;
    phone.close().await;
}

#[actix_web::test]
async fn escape_closes_the_sheet_and_gives_the_focus_back() {
    let stage = start();
    let phone = as_ana(&stage).await;
    phone.write("lista").await;
    phone.open_list().await;

    phone.keys(ESCAPE).await;

    phone.wait_gone(".sheet").await;
    assert_eq!(phone.eval("document.activeElement.className").await, "open-list");
    assert_eq!(phone.eval("document.getElementById('screen').inert").await, false);

    phone.open_list().await;
    phone.choose_row("3 cuotas").await;
    phone.wait_reply("Usted eligió c3").await;
    phone.close().await;
}

#[actix_web::test]
async fn text_of_people_and_business_is_never_markup() {
    let stage = start();
    let phone = as_ana(&stage).await;

    phone.write("<img src=x onerror=alert(1)> *fuerte*").await;

    phone.wait_reply("<img src=x onerror=alert(1)>").await;
    assert_eq!(phone.eval("document.querySelectorAll('#log .text img').length").await, 0);
    assert_eq!(phone.eval("document.querySelector('#log .text strong').textContent").await, "fuerte");
    phone.close().await;
}

#[actix_web::test]
async fn whatsapps_marks_are_drawn_and_links_open_elsewhere() {
    let stage = start();
    let phone = as_ana(&stage).await;

    phone.write("formato").await;
    phone.wait_reply("Su cuota vence el 28 30 de octubre.").await;

    let drawn = "[...document.querySelector('#log [data-mine=false] .text').querySelectorAll('strong,em,s,code,a')]\
                 .map(node => node.tagName + ' ' + node.textContent)";
    let expected = [
        "STRONG Ana",
        "EM vence",
        "S 28",
        "STRONG 30 de octubre",
        "CODE $ 150.000",
        "CODE M7 204",
        "A https://acuerdo.example/ayuda",
    ];
    assert_eq!(phone.eval(drawn).await, serde_json::json!(expected));
    assert_eq!(phone.eval("document.querySelector('#log .text a').target").await, "_blank");
    phone.close().await;
}

#[actix_web::test]
async fn on_a_small_screen_the_panels_are_views() {
    let stage = start();
    // Chromium's narrowest window is 500 pixels; the narrow layout starts below 720.
    let phone = Phone::open(&stage.base, (500, 860)).await;
    assert_eq!(phone.eval("document.body.dataset.view").await, "people");

    phone.pick("Jorge Iván Castaño").await;
    assert_eq!(phone.eval("document.body.dataset.view").await, "chat");
    phone.write("hola").await;
    phone.wait_reply("Usted dijo: hola").await;

    phone.wait(".views button[data-view=inspector]").await.click().await.unwrap();
    phone.wait_inspector("webhook").await;
    assert_eq!(phone.eval("document.documentElement.scrollWidth <= window.innerWidth").await, true);
    phone.close().await;
}
