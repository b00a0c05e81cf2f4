//! Drives the simulator's page in a real browser: pick a person, type, tap, choose, wait for bubbles.

use crate::harness::PATIENCE;
use fantoccini::elements::Element;
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::json;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};
use tokio::process::{Child, Command};

/// A browser window with the simulator in it. Call [`Phone::close`] at the end; a test that fails closes it too.
pub struct Phone {
    pub client: Client,
    _driver: Driver,
    _profile: tempfile::TempDir,
}

/// chromedriver; it takes its browser with it, however the test ends.
struct Driver {
    process: Child,
    port: u16,
}

impl Drop for Driver {
    fn drop(&mut self) {
        // Killed, the driver would leave its browser behind; asked, it ends both.
        if let Ok(mut stream) = TcpStream::connect(("127.0.0.1", self.port)) {
            let _ = stream.set_read_timeout(Some(Duration::from_secs(5)));
            let _ =
                stream.write_all(b"GET /shutdown HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n");
            let _ = stream.read_to_end(&mut Vec::new());
        }
        let _ = self.process.start_kill();
    }
}

impl Phone {
    /// Opens `{base}/simulator` in a window of `width` × `height` CSS pixels.
    pub async fn open(base: &str, (width, height): (u32, u32)) -> Self {
        Self::start(base, json!({"args": [format!("--window-size={width},{height}")]})).await
    }

    /// Opens it on a handset's screen, narrower than any window can be.
    pub async fn open_handset(base: &str, (width, height): (u32, u32)) -> Self {
        let screen = json!({"width": width, "height": height, "pixelRatio": 2, "touch": true});
        Self::start(base, json!({"args": [], "mobileEmulation": {"deviceMetrics": screen}})).await
    }

    async fn start(base: &str, options: serde_json::Value) -> Self {
        let profile = tempfile::tempdir().unwrap();
        let port = TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port();
        let process = Command::new("chromedriver")
            .arg(format!("--port={port}"))
            // The browser's processes and libfaketime (`scripts/test --on`) stop each other.
            .env_remove("LD_PRELOAD")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("chromedriver is needed: apt-get install chromium chromium-driver");
        let driver = Driver { process, port };
        let client = connect(port, profile.path().to_str().unwrap(), options).await;
        client.goto(&format!("{base}/simulator")).await.unwrap();
        let phone = Self { client, _driver: driver, _profile: profile };
        phone.wait("#people-list button").await;
        phone
    }

    /// Chooses a person of the list by name.
    pub async fn pick(&self, name: &str) {
        let xpath = format!("//*[@id='people-list']//button[.//b[normalize-space()='{name}']]");
        self.wait_xpath(&xpath).await.click().await.unwrap();
        self.wait("#chat:not([hidden])").await;
    }

    /// Writes a message and sends it with Enter.
    pub async fn write(&self, text: &str) {
        let composer = self.wait("#composer-text").await;
        self.ready(&composer).await;
        composer.send_keys(&format!("{text}\u{e007}")).await.unwrap();
    }

    /// Taps a reply button of the newest message that offers it.
    pub async fn tap(&self, title: &str) {
        let xpath = format!(
            "(//*[@id='log']//button[contains(@class,'option')][normalize-space()='{title}'])[last()]"
        );
        self.wait_xpath(&xpath).await.click().await.unwrap();
    }

    /// Opens the newest list message.
    pub async fn open_list(&self) {
        let xpath = "(//*[@id='log']//button[contains(@class,'open-list')])[last()]";
        self.wait_xpath(xpath).await.click().await.unwrap();
        self.wait(".sheet[role=dialog]").await;
    }

    /// Chooses a row of the open sheet by its title, and sends it.
    pub async fn choose_row(&self, title: &str) {
        let xpath = format!("//*[@role='radio'][.//b[normalize-space()='{title}']]");
        self.wait_xpath(&xpath).await.click().await.unwrap();
        self.wait(".sheet-send").await.click().await.unwrap();
        self.wait_gone(".sheet").await;
    }

    /// Types keys into whatever has the focus.
    pub async fn keys(&self, keys: &str) {
        self.client.active_element().await.unwrap().send_keys(keys).await.unwrap();
    }

    /// Waits until the business says something that contains `words`.
    pub async fn wait_reply(&self, words: &str) -> Element {
        self.wait_xpath(&format!(
            "//*[@id='log']//*[@data-mine='false'][contains(normalize-space(.),'{words}')]"
        ))
        .await
    }

    /// Waits until the person's own message with `words` has reached `state` (`delivered`, `read` …).
    pub async fn wait_own(&self, words: &str, state: &str) -> Element {
        let own = "//*[@id='log']//*[@data-mine='true']";
        self.wait_xpath(&format!("{own}[@data-state='{state}'][contains(normalize-space(.),'{words}')]"))
            .await
    }

    /// Waits until the inspector shows `words`.
    pub async fn wait_inspector(&self, words: &str) {
        self.wait_xpath(&format!("//*[@id='inspector-body'][contains(normalize-space(.),'{words}')]")).await;
    }

    pub async fn wait(&self, css: &str) -> Element {
        let found = self.client.wait().at_most(PATIENCE).for_element(Locator::Css(css)).await;
        found.unwrap_or_else(|error| panic!("{css} never appeared: {error}"))
    }

    pub async fn wait_xpath(&self, xpath: &str) -> Element {
        let found = self.client.wait().at_most(PATIENCE).for_element(Locator::XPath(xpath)).await;
        found.unwrap_or_else(|error| panic!("{xpath} never appeared: {error}"))
    }

    /// Until a person could use it: a view that is changing has it already, but does not show it yet.
    async fn ready(&self, element: &Element) {
        let limit = Instant::now() + PATIENCE;
        while !(element.is_displayed().await.unwrap() && element.is_enabled().await.unwrap()) {
            assert!(Instant::now() < limit, "it is there and cannot be used");
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
    }

    pub async fn wait_gone(&self, css: &str) {
        let limit = Instant::now() + PATIENCE;
        while !self.client.find_all(Locator::Css(css)).await.unwrap().is_empty() {
            assert!(Instant::now() < limit, "{css} is still there");
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
    }

    /// The value of a JavaScript expression.
    pub async fn eval(&self, expression: &str) -> serde_json::Value {
        self.client.execute(&format!("return ({expression});"), Vec::new()).await.unwrap()
    }

    /// Keeps what the window shows as a PNG file.
    pub async fn picture(&self, file: &Path) {
        std::fs::write(file, self.client.screenshot().await.unwrap()).unwrap();
    }

    /// Ends the window and the driver.
    pub async fn close(self) {
        self.client.clone().close().await.unwrap();
    }
}

async fn connect(port: u16, profile: &str, mut options: serde_json::Value) -> Client {
    // A click is aimed before it lands: with motion, a sheet that is still rising would be missed.
    let fixed = json!([
        "--force-prefers-reduced-motion",
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--lang=es-CO",
        "--no-proxy-server",
        "--disable-dev-shm-usage",
        format!("--user-data-dir={profile}"),
    ]);
    options["args"].as_array_mut().unwrap().extend(fixed.as_array().unwrap().clone());
    options["binary"] = "/usr/bin/chromium".into();
    let mut capabilities = serde_json::Map::new();
    capabilities.insert("goog:chromeOptions".into(), options);
    let limit = Instant::now() + PATIENCE;
    loop {
        let mut builder = ClientBuilder::new(HttpConnector::new());
        let connected =
            builder.capabilities(capabilities.clone()).connect(&format!("http://127.0.0.1:{port}")).await;
        match connected {
            Ok(client) => return client,
            // The driver is still starting.
            Err(error) => assert!(Instant::now() < limit, "no browser: {error}"),
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}
