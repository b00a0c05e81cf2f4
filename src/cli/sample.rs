//! The sample lenders of the demo and of the tests: debts from `fixtures/demo/`, and what a debt file cannot say.

use crate::debts::{self, ImportContext, Tag};
use crate::domain::assurance::Assurance;
use crate::domain::debt::{Agreement, AgreementKind, AgreementStatus, Evidence, Obligation, Person};
use crate::domain::identity::{WaId, WaIdentity};
use crate::domain::ids::{AgreementId, LenderId, derive};
use crate::domain::pii::Pii;
use crate::domain::time::Timestamp;
use crate::ports::Store;
use crate::ports::records::OptOutScope;
use crate::rules::offer::{OfferInput, PersonFacts, offers};
use crate::rules::policy::PolicySet;
use anyhow::Context;
use sha2::{Digest, Sha256};
use std::sync::Arc;

const ANDINO: &str = include_str!("../../fixtures/demo/andino.csv");
const NORTE: &str = include_str!("../../fixtures/demo/norte.csv");
/// Invented caps on interest, so that the sample lender can show a refinancing in any month.
pub const RATE_CAPS: &str = include_str!("../../fixtures/demo/rate_caps.yaml");

/// One sample person with the columns that only the demo reads.
#[derive(Debug, Clone)]
pub struct Sample {
    pub person: Person,
    /// What makes this person interesting to try, in Spanish.
    pub situation: String,
    /// The number on file is somebody else's.
    pub stranger: bool,
}

/// Imports the sample debts of a lender as of `now`; repeats on the same day change nothing. On a later day the debts
/// are as late as before, and the promise that has run out in the meantime is made again.
pub async fn import(
    store: &Arc<dyn Store>,
    lender: &LenderId,
    policies: &PolicySet,
    now: Timestamp,
) -> anyhow::Result<()> {
    let file = parse(lender, policies, now)?;
    store.import(lender, &file.persons, &file.obligations, now).await?;
    for tag in &file.tags {
        let person = file.persons.iter().find(|person| person.id == tag.person);
        let person = person.context("a tag of nobody")?;
        let obligation = file.obligations.iter().find(|obligation| Some(obligation.id) == tag.obligation);
        apply(store, policies, (person, obligation), tag, now).await?;
    }
    Ok(())
}

/// The sample people in the order of the file.
pub fn people(lender: &LenderId, policies: &PolicySet, now: Timestamp) -> anyhow::Result<Vec<Sample>> {
    let file = parse(lender, policies, now)?;
    let policy = policies.policy(lender).context("the sample lender has no policy")?;
    let today = policy.zone.day(now);
    Ok(file
        .persons
        .iter()
        .map(|person| {
            let tags: Vec<&str> =
                file.tags.iter().filter(|tag| tag.person == person.id).map(|tag| tag.tag.as_str()).collect();
            let owed: Vec<&Obligation> =
                file.obligations.iter().filter(|obligation| obligation.person == person.id).collect();
            Sample {
                person: person.clone(),
                situation: situation::of(&tags, &owed, today),
                stranger: tags.contains(&"numero_ajeno"),
            }
        })
        .collect())
}

fn parse(lender: &LenderId, policies: &PolicySet, now: Timestamp) -> anyhow::Result<debts::DebtFile> {
    let policy = policies.policy(lender).context("the sample lender has no policy")?;
    let text = if lender.as_str() == "norte" { NORTE } else { ANDINO };
    let context = ImportContext { now, zone: policy.zone.clone(), currency: policy.currency };
    let import = debts::parse(text.as_bytes(), &context);
    import.all_or_nothing().map_err(|errors| {
        anyhow::anyhow!("sample debts: {}", errors.first().map_or_else(String::new, ToString::to_string))
    })
}

async fn apply(
    store: &Arc<dyn Store>,
    policies: &PolicySet,
    (person, obligation): (&Person, Option<&Obligation>),
    tag: &Tag,
    now: Timestamp,
) -> anyhow::Result<()> {
    match tag.tag.as_str() {
        "promesa_activa" => {
            promises(store, policies, (person, obligation), 1, AgreementStatus::Active, now).await
        }
        "promesas_rotas_2" => {
            promises(store, policies, (person, obligation), 2, AgreementStatus::Broken, now).await
        }
        "excluido" => {
            let phone = person.phones.first().and_then(|phone| WaId::parse(phone.expose()));
            if let Some(identity) = WaIdentity::new(phone, None) {
                let scope = OptOutScope::All;
                store.set_opt_out(&person.lender, &identity, scope, true, "sample", now).await?;
            }
            Ok(())
        }
        _ => Ok(()),
    }
}

async fn promises(
    store: &Arc<dyn Store>,
    policies: &PolicySet,
    (person, obligation): (&Person, Option<&Obligation>),
    count: u32,
    status: AgreementStatus,
    now: Timestamp,
) -> anyhow::Result<()> {
    let obligation = obligation.context("the tag needs an obligation")?;
    let policy = policies.policy(&person.lender).context("no policy")?;
    let calendar = policies.calendar(&person.lender).context("no calendar")?;
    let input = OfferInput {
        obligation,
        person: PersonFacts::default(),
        today: policy.zone.day(now),
        now,
        caps: &policies.caps,
        calendar,
        has_active_agreement: false,
    };
    let offer = offers(policy, &input)
        .into_iter()
        .find(|offer| offer.kind == AgreementKind::Promise)
        .context("the sample policy offers no promise")?;
    let today = input.today;
    let file = store.person_file(&person.lender, person.id).await?.context("the sample was imported")?;
    let runs = |made: &&Agreement| {
        made.offer.obligation == obligation.id
            && made.status == AgreementStatus::Active
            && made.offer.payments.last().is_some_and(|last| last.due >= today)
    };
    if status == AgreementStatus::Active && file.agreements.iter().any(|made| runs(&made)) {
        return Ok(());
    }
    for n in 1..=count {
        let mut once_key = format!("sample/{}/{n}", obligation.external_ref);
        if status == AgreementStatus::Active {
            once_key = format!("{once_key}/{today}");
        }
        let id = AgreementId(derive(&obligation.id.0, &once_key));
        let rendered = format!("Promesa de muestra {n}");
        store
            .add_agreement(&Agreement {
                id,
                lender: person.lender.clone(),
                person: person.id,
                once_key,
                status,
                offer: offer.clone(),
                evidence: Evidence {
                    sha256: hex::encode(Sha256::digest(rendered.as_bytes())),
                    rendered: Pii::new(rendered),
                    shown_in: None,
                    accepted_by: None,
                    assurance: Assurance::Verificada,
                    acceptance: None,
                },
                accepted_at: now,
                // Of the id, so that no two samples are one reference.
                reference: format!("MUES-{:06X}", id.0.as_u128() >> (128 - 24)),
                ended_at: None,
            })
            .await?;
    }
    Ok(())
}

/// Situations in words for the simulator's list; its readers are developers and analysts who try the product.
mod situation {
    use crate::domain::debt::{Obligation, ObligationStatus};
    use crate::domain::time::Day;
    use crate::rules::dpd::days_past_due;

    pub fn of(tags: &[&str], owed: &[&Obligation], today: Day) -> String {
        let late = owed.iter().map(|o| days_past_due(o.oldest_unpaid_due, today)).max().unwrap_or(0);
        let special = tags.iter().find_map(|tag| match *tag {
            "promesa_activa" => Some("Tiene una promesa en curso"),
            "excluido" => Some("Pidió que no le escriban"),
            "numero_ajeno" => Some("El número es de otra persona"),
            "promesas_rotas_2" => Some("Rompió dos promesas"),
            _ => None,
        });
        let state = match owed {
            [] => "No tiene deudas".to_owned(),
            [one] if one.status == ObligationStatus::Settled => "Pagó todo".to_owned(),
            [one] if one.status == ObligationStatus::Disputed => "En disputa".to_owned(),
            [one] if late <= 0 => {
                let due = one.next_due.as_ref().map_or(0, |next| next.due.days_since(today));
                format!("Al día, vence en {due} días")
            }
            [_] => format!("{late} días de mora"),
            many => format!("{} obligaciones, {late} días de mora", many.len()),
        };
        special.map_or_else(|| state.clone(), |special| format!("{special} · {state}"))
    }
}
