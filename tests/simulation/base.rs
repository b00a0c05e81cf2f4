//! What every run shares: flows, policies, the trained understander and the sample people. Loaded once.

use crate::store::memory::MemoryStore;
use acuerdo::app::read_policies;
use acuerdo::cli::sample;
use acuerdo::domain::debt::{Obligation, Person};
use acuerdo::domain::ids::{LenderId, PhoneNumberId};
use acuerdo::domain::time::{Day, Timestamp};
use acuerdo::flow;
use acuerdo::flow::text::words::language;
use acuerdo::payments::hosted_checkout::{Checkout, HostedCheckouts};
use acuerdo::ports::Store;
use acuerdo::ports::people::PeopleStore;
use acuerdo::rules::lint::Lint;
use acuerdo::rules::policy::PolicySet;
use acuerdo::service::flow_library::FlowLibrary;
use acuerdo::service::lenders::{Lender, Lenders};
use acuerdo::service::wording::Wording;
use acuerdo::understand::Understander;
use secrecy::SecretString;
use std::collections::BTreeMap;
use std::future::Future;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

pub const NUMBER: &str = "100000000000001";
/// Midnight in Bogotá of Monday 2026-11-23, far from holidays.
const MIDNIGHT: &str = "2026-11-23T05:00:00Z";
/// Debtors whose debts lead to different talks.
const SUBJECTS: &[&str] =
    &["C-1003", "C-1004", "C-1005", "C-1006", "C-1007", "C-1009", "C-1013", "C-1014", "C-1016"];

pub struct Base {
    pub midnight: Timestamp,
    pub lender: LenderId,
    pub lenders: Arc<Lenders>,
    pub library: Arc<FlowLibrary>,
    pub understander: Arc<Understander>,
    pub lint: Arc<Lint>,
    pub subjects: Vec<Subject>,
}

/// A debtor who may write, and what this person knows of themself.
#[derive(Clone)]
pub struct Subject {
    pub person: Person,
    pub obligations: Vec<Obligation>,
    pub phone: String,
    pub last4: String,
    pub birthday: String,
    /// Who uses the same phone.
    pub housemate: Option<Box<Subject>>,
}

impl Base {
    pub fn load() -> Self {
        let midnight = Timestamp::parse_rfc3339(MIDNIGHT).unwrap();
        let lender = LenderId::from("andino");
        let policies = policies();
        let store: Arc<dyn Store> = Arc::new(MemoryStore::default());
        now(sample::import(&store, &lender, &policies, midnight)).unwrap();
        let files = flow::read_folder(Path::new("flows")).unwrap();
        let set = flow::load(&files).unwrap_or_else(|_| panic!("the shipped flows load")).set;
        let library = FlowLibrary::new(Arc::new(MemoryStore::default()));
        now(library.publish(&lender, &files, set, midnight)).unwrap();
        let persons = now(PeopleStore::persons(store.as_ref(), &lender, 100)).unwrap();
        let known = persons.iter().filter(|person| SUBJECTS.contains(&person.external_ref.as_str()));
        let subjects = known.map(|person| subject(store.as_ref(), &lender, person, &persons)).collect();
        Self {
            midnight,
            lenders: Arc::new(Lenders::new([lender_of(&lender, &policies)])),
            lender,
            library: Arc::new(library),
            understander: Arc::new(Understander::load(Path::new("flows/understanding")).unwrap()),
            lint: Arc::new(
                Lint::parse(&std::fs::read_to_string("flows/policies/lint.yaml").unwrap()).unwrap(),
            ),
            subjects,
        }
    }
}

/// The shipped policies with the invented caps on interest, so that a refinancing is offered on any day.
fn policies() -> PolicySet {
    read_policies(Path::new("flows")).unwrap();
    let mut files = BTreeMap::new();
    for entry in std::fs::read_dir("flows/policies").unwrap() {
        let path: PathBuf = entry.unwrap().path();
        let text = match path.file_name().and_then(|name| name.to_str()) {
            Some("rate_caps.yaml") => sample::RATE_CAPS.to_owned(),
            _ => std::fs::read_to_string(&path).unwrap(),
        };
        files.insert(path.display().to_string(), text);
    }
    let texts = files.iter().map(|(path, text)| (path.as_str(), text.as_str()));
    PolicySet::parse(texts).unwrap_or_else(|_| panic!("the shipped policies are read"))
}

fn lender_of(id: &LenderId, policies: &PolicySet) -> Lender {
    let policy = policies.policy(id).unwrap().clone();
    let checkout = policy.payment.checkout.as_ref().map(|checkout| {
        let valid = acuerdo::domain::time::Millis::minutes(checkout.valid_minutes);
        Checkout::new(&checkout.url, SecretString::from("checkout-secret-of-the-simulation"), valid).unwrap()
    });
    let payments = HostedCheckouts::new(checkout.map(|checkout| (id.clone(), checkout)));
    Lender {
        id: id.clone(),
        access_token: SecretString::from("token"),
        waba_id: None,
        phone_number_ids: vec![PhoneNumberId::from(NUMBER)],
        calendar: policies.calendar(id).unwrap().clone(),
        caps: policies.caps.clone(),
        wording: Wording::new(&policies.wording).unwrap(),
        payments: Some(Arc::new(payments)),
        policy,
    }
}

fn subject(store: &dyn Store, lender: &LenderId, person: &Person, all: &[Person]) -> Subject {
    let shares = |other: &&Person| other.id != person.id && other.phones.contains(&person.phones[0]);
    let housemate = all.iter().find(shares).map(|other| Box::new(subject(store, lender, other, &[])));
    let file = now(store.person_file(lender, person.id)).unwrap().unwrap();
    let document = person.document.expose();
    Subject {
        phone: person.phones[0].expose().trim_start_matches('+').to_owned(),
        last4: document[document.len() - 4..].to_owned(),
        birthday: birthday(*person.birth_date.as_ref().unwrap().expose()),
        obligations: file.obligations,
        person: person.clone(),
        housemate,
    }
}

fn birthday(date: Day) -> String {
    let months = &language("es").months;
    format!("{} de {}", date.day(), months[usize::try_from(date.month() - 1).unwrap()])
}

/// Runs what never waits.
pub fn now<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(done) => done,
        Poll::Pending => panic!("the memory store never waits"),
    }
}
