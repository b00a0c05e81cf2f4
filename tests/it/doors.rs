//! What is answered on which address, and what every answer tells browsers and caches.

use crate::harness::app::{TOKEN, TestApp, lay_out_flows, settings};
use crate::harness::graph_api::GraphApi;
use crate::harness::process::{PROGRAM, Server, acuerdo, free_address, run, serve};
use reqwest::Method;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_answer_is_closed_to_browsers_and_caches() {
    let app = TestApp::new().await;
    for (method, path, status) in [
        (Method::GET, "/", 404),
        (Method::GET, "/webhook", 400),
        (Method::GET, "/webhook?hub.mode=subscribe&hub.challenge=1&hub.verify_token=no", 403),
        (Method::POST, "/webhook", 401),
        (Method::DELETE, "/webhook", 405),
        (Method::GET, "/health/live", 200),
        (Method::TRACE, "/health/live", 404),
        (Method::GET, "/health/ready", 200),
        (Method::GET, "/metrics", 200),
        (Method::GET, "/openapi.json", 200),
        (Method::GET, "/api/v1/me", 401),
        (Method::GET, "/api/v1/nothing", 401),
    ] {
        let answer = app.http.request(method.clone(), format!("{}{path}", app.url)).send().await.unwrap();
        assert_eq!(answer.status().as_u16(), status, "{method} {path}");
        let said = |name: &str| answer.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
        assert_eq!(said("x-content-type-options").as_deref(), Some("nosniff"), "{method} {path}");
        assert_eq!(said("cache-control").as_deref(), Some("no-store"), "{method} {path}");
        assert_eq!(said("referrer-policy").as_deref(), Some("no-referrer"), "{method} {path}");
        let policy = said("content-security-policy").unwrap();
        assert!(
            policy.starts_with("default-src 'none'") && policy.contains("frame-ancestors 'none'"),
            "{policy}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_an_internal_address_nothing_of_operators_is_on_the_public_one() {
    let folder = tempfile::tempdir().unwrap();
    let flows = folder.path().join("flows");
    lay_out_flows(&flows);
    let understanding = std::path::absolute("flows/understanding").unwrap();
    std::os::unix::fs::symlink(understanding, flows.join("understanding")).unwrap();
    let graph = GraphApi::start(TOKEN);
    let (public, internal) = (free_address(), free_address());
    let database = format!("sqlite:{}", folder.path().join("test.sqlite").display());
    let text = settings(&database, &flows, &graph.url, &format!("internal_bind = \"{internal}\""));
    let (config, log) = (folder.path().join("acuerdo.toml"), folder.path().join("log"));
    std::fs::write(&config, text).unwrap();
    let served = serve(PROGRAM, &config, &public, &log);
    let mut server = Server::spawn(served, format!("http://{internal}"));
    if let Err(ended) = server.ready().await {
        panic!("ended with {ended}: {}", std::fs::read_to_string(&log).unwrap());
    }
    let http =
        acuerdo::whatsapp::client::http_client(crate::harness::PATIENCE, crate::harness::PATIENCE).unwrap();
    let status = async |address: &str, path: &str| {
        http.get(format!("http://{address}{path}")).send().await.unwrap().status().as_u16()
    };
    for path in ["/health/live", "/health/ready", "/metrics", "/openapi.json"] {
        assert_eq!((status(&internal, path).await, status(&public, path).await), (200, 404), "{path}");
    }
    for (path, answered) in [("/webhook", 400), ("/api/v1/me", 401)] {
        assert_eq!((status(&internal, path).await, status(&public, path).await), (404, answered), "{path}");
    }
    // The container's own check follows the setting.
    assert!(run(acuerdo(PROGRAM, &config, &["health"])).contains("ready"));
}
