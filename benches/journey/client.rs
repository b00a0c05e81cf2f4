//! An HTTP client that costs as little as it can: the machine that is measured also carries the load.

use http_body_util::{BodyExt, Full};
use hyper::Request;
use hyper::body::Bytes;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use std::sync::Mutex;
use tokio::net::TcpStream;
use tokio::sync::Semaphore;

/// A pool of connections to one server, each with one request at a time.
pub struct Client {
    address: String,
    idle: Mutex<Vec<SendRequest<Full<Bytes>>>>,
    places: Semaphore,
}

impl Client {
    /// `url` is `http://HOST:PORT`.
    pub fn new(url: &str, connections: usize) -> Self {
        Self {
            address: url.trim_start_matches("http://").to_owned(),
            idle: Mutex::default(),
            places: Semaphore::new(connections),
        }
    }

    /// Posts and reads the whole answer; 0 when there was none.
    pub async fn post(&self, path: &str, signature: &str, body: Vec<u8>) -> u16 {
        let _place = self.places.acquire().await.unwrap();
        let Ok(mut connection) = self.connection().await else { return 0 };
        let request = Request::post(path)
            .header("host", &self.address)
            .header("content-type", "application/json")
            .header("x-hub-signature-256", signature)
            .body(Full::new(Bytes::from(body)))
            .unwrap();
        let Ok(answer) = connection.send_request(request).await else { return 0 };
        let status = answer.status().as_u16();
        if answer.into_body().collect().await.is_err() {
            return 0;
        }
        self.idle.lock().unwrap().push(connection);
        status
    }

    async fn connection(&self) -> Result<SendRequest<Full<Bytes>>, Box<dyn std::error::Error + Send + Sync>> {
        loop {
            let kept = self.idle.lock().unwrap().pop();
            let Some(mut kept) = kept else { break };
            if kept.ready().await.is_ok() {
                return Ok(kept);
            }
        }
        let stream = TcpStream::connect(&self.address).await?;
        stream.set_nodelay(true)?;
        let (sender, connection) = handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        Ok(sender)
    }
}
