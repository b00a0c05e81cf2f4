//! The bare limits of this machine: a handler that only verifies the signature, and the same with a group-committed
//! insert. What the product adds to them is its price.

use super::SECRET;
use super::process::Server;
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use acuerdo::whatsapp::signature::AppSecrets;
use secrecy::SecretString;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{Connection, PgConnection, QueryBuilder, Sqlite, SqliteConnection};
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::process::{Command, Stdio};
use std::str::FromStr;
use std::sync::atomic::{AtomicI64, Ordering};
use tokio::sync::{mpsc, oneshot};

type Waiting = (i64, Vec<u8>, oneshot::Sender<()>);

/// Deliveries of one commit at most, as the product's default.
const BATCH: usize = 200;

struct Bare {
    secrets: AppSecrets,
    writer: Option<mpsc::Sender<Waiting>>,
    next: AtomicI64,
}

/// This program again in a process of its own, as one of these servers.
pub fn start(kind: &str, database: Option<&str>) -> Server {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["bare", kind]).args(database).stdout(Stdio::piped());
    let mut server = Server::spawn(command, String::new());
    let mut said = String::new();
    BufReader::new(server.output()).read_line(&mut said).unwrap();
    server.url = said.trim().to_owned();
    server
}

/// Serves until it is killed; prints its address first.
pub async fn serve(kind: &str, database: Option<&str>) {
    let writer = match (kind, database) {
        ("insert", Some(url)) => {
            let (sender, receiver) = mpsc::channel(4096);
            let url = url.to_owned();
            tokio::spawn(async move { write(&url, receiver).await });
            Some(sender)
        }
        _ => None,
    };
    let state = web::Data::new(Bare {
        secrets: AppSecrets::new(&[SecretString::from(SECRET)]).unwrap(),
        writer,
        next: AtomicI64::new(0),
    });
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut out = std::io::stdout();
    writeln!(out, "http://{}", listener.local_addr().unwrap()).unwrap();
    out.flush().unwrap();
    HttpServer::new(move || App::new().app_data(state.clone()).route("/webhook", web::post().to(take)))
        .listen(listener)
        .unwrap()
        .run()
        .await
        .unwrap();
}

async fn take(request: HttpRequest, body: web::Bytes, state: web::Data<Bare>) -> HttpResponse {
    let header =
        request.headers().get("x-hub-signature-256").map(actix_web::http::header::HeaderValue::as_bytes);
    if state.secrets.verify(header, &body).is_err() {
        return HttpResponse::Unauthorized().finish();
    }
    if let Some(writer) = &state.writer {
        let (done, waiting) = oneshot::channel();
        let id = state.next.fetch_add(1, Ordering::Relaxed);
        writer.send((id, body.to_vec(), done)).await.unwrap();
        waiting.await.unwrap();
    }
    HttpResponse::Ok().finish()
}

enum Database {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

async fn write(url: &str, mut queue: mpsc::Receiver<Waiting>) {
    let create = "CREATE TABLE bare (id BIGINT PRIMARY KEY, body ";
    let mut database = if url.starts_with("sqlite:") {
        let options = SqliteConnectOptions::from_str(url)
            .unwrap()
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full);
        let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
        let create = sqlx::AssertSqlSafe(format!("{create} BLOB)"));
        sqlx::query(create).execute(&mut connection).await.unwrap();
        Database::Sqlite(connection)
    } else {
        let mut connection = PgConnection::connect(url).await.unwrap();
        let create = sqlx::AssertSqlSafe(format!("{create} BYTEA)"));
        sqlx::query(create).execute(&mut connection).await.unwrap();
        Database::Postgres(connection)
    };
    while let Some(first) = queue.recv().await {
        let mut batch = vec![first];
        while batch.len() < BATCH
            && let Ok(next) = queue.try_recv()
        {
            batch.push(next);
        }
        match &mut database {
            Database::Sqlite(connection) => {
                let mut insert = QueryBuilder::<Sqlite>::new("INSERT INTO bare (id, body) ");
                insert.push_values(&batch, |mut row, (id, body, _)| {
                    row.push_bind(*id).push_bind(body.clone());
                });
                insert.build().persistent(false).execute(connection).await.unwrap();
            }
            Database::Postgres(connection) => {
                let ids: Vec<i64> = batch.iter().map(|(id, ..)| *id).collect();
                let bodies: Vec<&[u8]> = batch.iter().map(|(_, body, _)| body.as_slice()).collect();
                sqlx::query("INSERT INTO bare SELECT * FROM UNNEST($1::bigint[], $2::bytea[])")
                    .bind(ids)
                    .bind(bodies)
                    .execute(connection)
                    .await
                    .unwrap();
            }
        }
        for (_, _, done) in batch {
            let _ = done.send(());
        }
    }
}
