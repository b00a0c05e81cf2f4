//! What is read of a stranger's request before its signature can be looked at: head, then the body in pieces.
//!
//! Refused by the head exactly what the head tells; a body is read to its last byte or refused for a reason that holds; and
//! whatever was read, refused or broken off, all of the memory for bodies is free again afterwards.
#![no_main]

use actix_web::http::header::{CONTENT_ENCODING, CONTENT_LENGTH, HeaderValue};
use actix_web::test::TestRequest;
use actix_web::{FromRequest, HttpRequest, dev, error::PayloadError, web};
use acuerdo::http::delivery_body::{Body, BodyBudget, BodyError, refused_by_head};
use acuerdo::whatsapp::signature::{SignatureError, signature_shape};
use arbitrary::Arbitrary;
use futures_util::stream;
use libfuzzer_sys::fuzz_target;
use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

const MAX: usize = 3 << 20;

#[derive(Debug, Arbitrary)]
struct Request {
    encoding: Option<Vec<u8>>,
    length: Option<Vec<u8>>,
    signature: Option<Vec<u8>>,
    /// Of each piece the length, and whether the connection breaks there.
    pieces: Vec<(u32, bool)>,
    /// The body is held while the next ones are read.
    is_held: bool,
}

fuzz_target!(|requests: Vec<Request>| {
    let budget = BodyBudget::default();
    let mut held: Vec<Body> = Vec::new();
    for request in requests.iter().take(64) {
        judge_head(request);
        let Some(body) = read(&budget, request, held.len()) else { continue };
        if request.is_held {
            held.push(body);
        }
    }
    drop(held);
    let whole = Request {
        encoding: None,
        length: None,
        signature: None,
        pieces: vec![(MAX as u32, false)],
        is_held: false,
    };
    let mut all: Vec<Body> = Vec::new();
    // As many of the largest as fit: some of the memory would be missing if a share had been kept.
    for n in 0..15 {
        all.push(read(&budget, &whole, 0).unwrap_or_else(|| panic!("body {n} finds no room")));
    }
});

fn judge_head(request: &Request) {
    let mut head = TestRequest::default();
    let value =
        |bytes: &Option<Vec<u8>>| bytes.as_ref().and_then(|bytes| HeaderValue::from_bytes(bytes).ok());
    let (encoding, length) = (value(&request.encoding), value(&request.length));
    if let Some(encoding) = &encoding {
        head = head.insert_header((CONTENT_ENCODING, encoding.clone()));
    }
    if let Some(length) = &length {
        head = head.insert_header((CONTENT_LENGTH, length.clone()));
    }
    let told: Option<u128> = length.and_then(|length| {
        let digits = std::str::from_utf8(length.as_bytes()).ok()?.strip_prefix('+').map(str::to_owned);
        let text = digits.unwrap_or_else(|| String::from_utf8_lossy(length.as_bytes()).into_owned());
        (!text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.parse().ok())?
    });
    let wanted = match (encoding, told) {
        (Some(_), _) => Some(BodyError::Encoded),
        // What no number of this machine holds is told by reading the body.
        (None, Some(told)) if told > MAX as u128 && told <= usize::MAX as u128 => Some(BodyError::TooLarge),
        (None, _) => None,
    };
    assert_eq!(refused_by_head(&head.to_http_request(), MAX), wanted);
    let shape = signature_shape(request.signature.as_deref());
    match request.signature.as_deref() {
        None | Some([]) => assert_eq!(shape, Err(SignatureError::Missing)),
        Some(given) => {
            let is_one = given
                .strip_prefix(b"sha256=")
                .is_some_and(|digits| digits.len() == 64 && digits.iter().all(u8::is_ascii_hexdigit));
            assert_eq!(shape.is_ok(), is_one);
        }
    }
}

/// The body, judged by what was sent; `None` where it was refused.
fn read(budget: &BodyBudget, request: &Request, n_held: usize) -> Option<Body> {
    let pieces: Vec<Result<web::Bytes, PayloadError>> = request
        .pieces
        .iter()
        .take(32)
        .map(|(length, breaks)| match breaks {
            true => Err(PayloadError::Incomplete(None)),
            false => Ok(web::Bytes::from(vec![b'x'; *length as usize % (MAX + 2)])),
        })
        .collect();
    let mut sent = 0;
    let mut wanted = Ok(());
    for piece in &pieces {
        match piece {
            Ok(bytes) => sent += bytes.len(),
            Err(_) => wanted = Err(BodyError::Broken),
        }
        if sent > MAX {
            wanted = Err(BodyError::TooLarge);
        }
        if wanted.is_err() {
            break;
        }
    }
    let payload = payload(pieces);
    // All of it is there, so nothing waits, and there is no clock to be asked.
    let (runtime, read) = (runtime(), budget.read(payload, MAX));
    let _entered = runtime.enter();
    let mut reading = pin!(read);
    let Poll::Ready(outcome) = reading.as_mut().poll(&mut Context::from_waker(Waker::noop())) else {
        panic!("a body that is there is waited for");
    };
    match outcome {
        Ok(body) => {
            assert_eq!((wanted, body.bytes.len()), (Ok(()), sent));
            Some(body)
        }
        Err(BodyError::Busy) => {
            assert!(n_held > 0, "no room, and nobody has any");
            None
        }
        Err(error) => {
            assert_eq!(Err(error), wanted);
            None
        }
    }
}

fn payload(pieces: Vec<Result<web::Bytes, PayloadError>>) -> web::Payload {
    let pieces: std::pin::Pin<Box<dyn futures_util::Stream<Item = Result<web::Bytes, PayloadError>>>> =
        Box::pin(stream::iter(pieces));
    let mut payload = dev::Payload::Stream { payload: pieces };
    let request: HttpRequest = TestRequest::default().to_http_request();
    let mut taking = pin!(web::Payload::from_request(&request, &mut payload));
    match taking.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(Ok(payload)) => payload,
        _ => panic!("a payload is always there"),
    }
}

fn runtime() -> &'static tokio::runtime::Runtime {
    static SHARED: std::sync::LazyLock<tokio::runtime::Runtime> = std::sync::LazyLock::new(|| {
        tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime")
    });
    &SHARED
}
