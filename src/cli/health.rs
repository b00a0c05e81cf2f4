//! `acuerdo health`: asks the server of this machine whether it is ready, or lives, for container health checks.

use anyhow::{Context, bail};
use clap::Args;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::process::ExitCode;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Longer than the server's own limit for one check, shorter than the container's.
const ANSWER_MAX: Duration = Duration::from_secs(4);
/// The answer is a few hundred bytes.
const BODY_BYTES_MAX: u64 = 64 * 1024;

#[derive(Args)]
pub struct HealthArgs {
    /// Only whether the process runs: what a container is restarted for. A database that is down is no reason.
    #[arg(long)]
    live: bool,
}

/// Prints what `/health/ready`, or `/health/live`, says at the address that the server binds; succeeds when it is 200.
///
/// Plain HTTP/1.0 over TCP: the only peer is this program on this machine.
pub async fn run(bind: &str, args: &HealthArgs) -> anyhow::Result<ExitCode> {
    let path = if args.live { "/health/live" } else { "/health/ready" };
    let address = reachable(bind).await?;
    let answer = tokio::time::timeout(ANSWER_MAX, ask(address, path))
        .await
        .with_context(|| format!("{address} gave no answer within {} s", ANSWER_MAX.as_secs()))?
        .with_context(|| format!("no server answers on {address}"))?;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    let status = head.split_whitespace().nth(1).unwrap_or("none");
    println!("{body}");
    if status == "200" {
        return Ok(ExitCode::SUCCESS);
    }
    bail!("{path} of {address} answered with status {status}")
}

async fn ask(address: SocketAddr, path: &str) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(address).await?;
    let request = format!("GET {path} HTTP/1.0\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    stream.take(BODY_BYTES_MAX).read_to_end(&mut answer).await?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

/// Where a client reaches a server that binds `bind`: `0.0.0.0` and `[::]` are every address of this machine.
async fn reachable(bind: &str) -> anyhow::Result<SocketAddr> {
    let mut found = tokio::net::lookup_host(bind).await.with_context(|| {
        format!("`{bind}` (ACUERDO_BIND or ACUERDO_INTERNAL_BIND) is not an address and port such as 127.0.0.1:8080")
    })?;
    let mut address = found
        .next()
        .with_context(|| format!("`{bind}` (ACUERDO_BIND or ACUERDO_INTERNAL_BIND) has no address"))?;
    if address.ip().is_unspecified() {
        address.set_ip(match address.ip() {
            IpAddr::V4(_) => IpAddr::V4(Ipv4Addr::LOCALHOST),
            IpAddr::V6(_) => IpAddr::V6(Ipv6Addr::LOCALHOST),
        });
    }
    Ok(address)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::net::TcpListener;

    /// A server that gives one answer, and its address.
    async fn server(answer: &'static str, path: &'static str) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = [0; 1024];
            let n_read = stream.read(&mut request).await.unwrap();
            assert!(request[..n_read].starts_with(format!("GET {path} HTTP/1.0\r\n").as_bytes()));
            stream.write_all(answer.as_bytes()).await.unwrap();
        });
        address.to_string()
    }

    #[tokio::test]
    async fn a_ready_server_is_healthy() {
        let bind = server("HTTP/1.1 200 OK\r\n\r\n{\"status\":\"ready\"}", "/health/ready").await;
        assert_eq!(run(&bind, &HealthArgs { live: false }).await.unwrap(), ExitCode::SUCCESS);
    }

    #[tokio::test]
    async fn whether_it_lives_is_another_question() {
        let bind = server("HTTP/1.1 200 OK\r\n\r\n{\"status\":\"live\"}", "/health/live").await;
        assert_eq!(run(&bind, &HealthArgs { live: true }).await.unwrap(), ExitCode::SUCCESS);
    }

    #[tokio::test]
    async fn a_server_without_database_is_not() {
        let bind = server("HTTP/1.1 503 Service Unavailable\r\n\r\n{}", "/health/ready").await;
        assert!(
            run(&bind, &HealthArgs { live: false }).await.unwrap_err().to_string().contains("status 503")
        );
    }

    #[tokio::test]
    async fn nobody_there_is_told_with_the_address() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let bind = listener.local_addr().unwrap().to_string();
        drop(listener);
        assert!(run(&bind, &HealthArgs { live: false }).await.unwrap_err().to_string().contains(&bind));
    }

    #[tokio::test]
    async fn a_server_on_every_address_is_asked_on_loopback() {
        assert_eq!(reachable("0.0.0.0:8080").await.unwrap().to_string(), "127.0.0.1:8080");
        assert_eq!(reachable("[::]:8080").await.unwrap().to_string(), "[::1]:8080");
    }
}
