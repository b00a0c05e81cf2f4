//! `acuerdo import` as an operator runs it: from a pipe, and stopped in the middle.

use crate::contract::backends;
use crate::harness::process::{PROGRAM, alone};
use sqlx::{Connection, PgConnection};
use std::io::Write;
use std::process::{Command, Stdio};
use std::time::Duration;

const SAMPLE: &str = "fixtures/demo/andino.csv";

fn import(url: &str, file: &str) -> Command {
    let mut program = alone(PROGRAM);
    program.args(["import", file]).env("DATABASE_URL", url);
    program.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    program
}

#[test]
fn a_file_comes_through_a_pipe() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("pipe.sqlite").display());
    let sample = std::fs::read(SAMPLE).unwrap();
    for (bytes, well, said) in [
        (sample.clone(), true, "persons: 16 new"),
        (sample, true, "16 same"),
        (b"lender,person_ref\n".to_vec(), false, "standard input: line 1, column `full_name`"),
        (b"PK\x03\x04".to_vec(), false, "standard input: line 1: the file is a workbook"),
    ] {
        let mut child = import(&url, "-").spawn().unwrap();
        child.stdin.take().unwrap().write_all(&bytes).unwrap();
        let output = child.wait_with_output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.success(), well, "{text}");
        assert!(text.contains(said), "{said}: {text}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_import_that_is_stopped_says_so_and_leaves_nothing() {
    let bench = backends::postgres().await;
    let (mut hand, mut look) =
        (PgConnection::connect(&bench.url).await.unwrap(), PgConnection::connect(&bench.url).await.unwrap());
    // The people are written and their debts wait.
    let mut held = hand.begin().await.unwrap();
    sqlx::query("LOCK TABLE obligations IN EXCLUSIVE MODE").execute(&mut *held).await.unwrap();
    let child = import(&bench.url, SAMPLE).spawn().unwrap();
    let waits =
        "SELECT COUNT(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%obligations%'";
    let mut is_waiting = false;
    for _ in 0..400 {
        let n: i64 = sqlx::query_scalar(waits).fetch_one(&mut look).await.unwrap();
        is_waiting = n > 0;
        if is_waiting {
            break;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    assert!(is_waiting, "the import waits for the debts");
    let signalled = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(signalled.success());
    let output = tokio::task::spawn_blocking(move || child.wait_with_output().unwrap()).await.unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(130), "{told}");
    assert!(told.contains("nothing was imported"), "{told}");
    held.rollback().await.unwrap();
    let n: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM persons").fetch_one(&mut look).await.unwrap();
    assert_eq!(n, 0, "people without their debts would be told that they owe nothing");

    let output = import(&bench.url, SAMPLE).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
