//! Persons, obligations, agreements, cases and claims as rows.

use crate::domain::debt::{Agreement, AgreementStatus, Balance, Evidence, Obligation, Offer, Person};
use crate::domain::ids::{AgreementId, LenderId, ObligationId, PersonId};
use crate::domain::money::{Currency, Money};
use crate::domain::pii::Pii;
use crate::domain::time::{Day, Timestamp};
use crate::ports::StoreError;
use crate::ports::cases::Closing;
use crate::ports::records::{Case, PaymentClaim};
use crate::store::rows::{Place, clean, json, name_of, named};
use sqlx::FromRow;
use uuid::Uuid;

/// `principal_outstanding_minor` of an obligation whose debt file does not say it: the column may not be null.
const NOT_TOLD: i64 = -1;

#[derive(Debug, Clone, FromRow)]
pub(in crate::store) struct PersonRow {
    pub id: Uuid,
    pub lender: String,
    pub external_ref: String,
    pub full_name: String,
    pub first_name: String,
    pub document_type: String,
    pub document: String,
    pub birth_date: Option<String>,
    pub language: String,
    pub phones: String,
    pub as_of: Option<i64>,
    pub reserved: Option<String>,
}

impl PersonRow {
    pub fn write(person: &Person, as_of: Option<i64>) -> Result<Self, StoreError> {
        let phones: Vec<String> = person.phones.iter().map(|phone| clean(phone.expose())).collect();
        Ok(Self {
            id: person.id.0,
            lender: person.lender.as_str().to_owned(),
            external_ref: clean(&person.external_ref),
            full_name: clean(person.full_name.expose()),
            first_name: clean(person.first_name.expose()),
            document_type: clean(&person.document_type),
            document: clean(person.document.expose()),
            birth_date: person.birth_date.as_ref().map(|date| date.expose().to_string()),
            language: clean(&person.language),
            phones: json(&phones)?,
            as_of,
            reserved: None,
        })
    }

    pub fn read(self) -> Result<Person, StoreError> {
        let place = Place { table: "persons", id: &self.id };
        let birth_date = self.birth_date.as_deref().map(|text| day(place, "birth_date", text)).transpose()?;
        let phones: Vec<String> = place.json("phones", &self.phones)?;
        Ok(Person {
            id: PersonId(self.id),
            lender: LenderId(self.lender),
            external_ref: self.external_ref,
            full_name: Pii::new(self.full_name),
            first_name: Pii::new(self.first_name),
            document_type: self.document_type,
            document: Pii::new(self.document),
            birth_date: birth_date.map(Pii::new),
            language: self.language,
            phones: phones.into_iter().map(Pii::new).collect(),
            reserved: self.reserved,
        })
    }

    /// Equal but for the id and the time.
    pub fn same_content(&self, other: &Self) -> bool {
        let content = |row: &Self| {
            (
                [row.full_name.clone(), row.first_name.clone(), row.document_type.clone()],
                [row.document.clone(), row.language.clone(), row.phones.clone()],
                row.birth_date.clone(),
            )
        };
        content(self) == content(other)
    }

    pub fn phone_list(&self) -> Result<Vec<String>, StoreError> {
        Place { table: "persons", id: &self.id }.json("phones", &self.phones)
    }
}

#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub(in crate::store) struct ObligationRow {
    pub id: Uuid,
    pub lender: String,
    pub person_id: Uuid,
    pub external_ref: String,
    pub product: String,
    pub product_name: String,
    pub status: String,
    pub currency: String,
    pub principal_minor: i64,
    pub interest_minor: i64,
    pub late_interest_minor: i64,
    pub fees_minor: i64,
    pub principal_outstanding_minor: i64,
    pub as_of: i64,
    pub oldest_unpaid_due: Option<String>,
    pub next_due: Option<String>,
    pub instalments: String,
    pub rate_ea_bps: Option<i64>,
}

impl ObligationRow {
    pub fn write(obligation: &Obligation) -> Result<Self, StoreError> {
        let balance = &obligation.balance;
        Ok(Self {
            id: obligation.id.0,
            lender: obligation.lender.as_str().to_owned(),
            person_id: obligation.person.0,
            external_ref: clean(&obligation.external_ref),
            product: clean(&obligation.product),
            product_name: clean(&obligation.product_name),
            status: name_of(&obligation.status)?,
            currency: obligation.currency.code().to_owned(),
            principal_minor: balance.principal.minor,
            interest_minor: balance.interest.minor,
            late_interest_minor: balance.late_interest.minor,
            fees_minor: balance.fees.minor,
            principal_outstanding_minor: balance.principal_outstanding.map_or(NOT_TOLD, |money| money.minor),
            as_of: balance.as_of.0,
            oldest_unpaid_due: obligation.oldest_unpaid_due.map(|date| date.to_string()),
            next_due: obligation.next_due.as_ref().map(json).transpose()?,
            instalments: json(&obligation.instalments)?,
            rate_ea_bps: obligation.rate_ea_bps,
        })
    }

    pub fn read(self) -> Result<Obligation, StoreError> {
        let place = Place { table: "obligations", id: &self.id };
        let currency = place.name("currency", Currency::parse(&self.currency))?;
        let money = |minor| Money::new(minor, currency);
        let oldest = self.oldest_unpaid_due.as_deref();
        Ok(Obligation {
            id: ObligationId(self.id),
            lender: LenderId(self.lender),
            person: PersonId(self.person_id),
            external_ref: self.external_ref,
            product: self.product,
            product_name: self.product_name,
            status: place.name("status", named(&self.status))?,
            currency,
            balance: Balance {
                as_of: Timestamp(self.as_of),
                principal: money(self.principal_minor),
                interest: money(self.interest_minor),
                late_interest: money(self.late_interest_minor),
                fees: money(self.fees_minor),
                principal_outstanding: (self.principal_outstanding_minor != NOT_TOLD)
                    .then(|| money(self.principal_outstanding_minor)),
            },
            oldest_unpaid_due: oldest.map(|text| day(place, "oldest_unpaid_due", text)).transpose()?,
            next_due: self.next_due.as_deref().map(|text| place.json("next_due", text)).transpose()?,
            instalments: place.json("instalments", &self.instalments)?,
            rate_ea_bps: self.rate_ea_bps,
        })
    }
}

#[derive(Debug, Clone, FromRow)]
pub(in crate::store) struct AgreementRow {
    pub id: Uuid,
    pub lender: String,
    /// Only written: absent for agreements of imports and samples.
    #[sqlx(default)]
    pub conversation_id: Option<Uuid>,
    pub person_id: Uuid,
    #[sqlx(skip)]
    pub terms: Terms,
    pub once_key: String,
    pub status: String,
    pub offer: String,
    pub evidence: String,
    pub reference: String,
    pub accepted_at: i64,
    /// How it ended; written by whoever ends it.
    #[sqlx(default)]
    pub closing: Option<String>,
}

/// What reports select by, copied out of the offer.
#[derive(Debug, Clone, Default)]
pub(in crate::store) struct Terms {
    pub obligation_id: Uuid,
    pub kind: &'static str,
    pub currency: &'static str,
    pub total_minor: i64,
    pub discount_minor: i64,
}

/// A `once` key as it is stored: of one debt of one person, so that two people can never share one.
pub(in crate::store) fn scoped_key(person: Uuid, obligation: Uuid, key: &str) -> String {
    format!("{}/{}/{}", person.simple(), obligation.simple(), clean(key))
}

/// The key as the flow gave it; that of an earlier version is stored so.
fn unscoped_key(stored: String, person: Uuid, obligation: Uuid) -> String {
    let scope = scoped_key(person, obligation, "");
    stored.strip_prefix(&scope).map(str::to_owned).unwrap_or(stored)
}

impl AgreementRow {
    pub fn write(agreement: &Agreement, conversation_id: Option<Uuid>) -> Result<Self, StoreError> {
        let offer = &agreement.offer;
        Ok(Self {
            id: agreement.id.0,
            lender: agreement.lender.as_str().to_owned(),
            conversation_id,
            person_id: agreement.person.0,
            terms: Terms {
                obligation_id: offer.obligation.0,
                kind: offer.kind.name(),
                currency: offer.total.currency.code(),
                total_minor: offer.total.minor,
                discount_minor: offer.discount.minor,
            },
            once_key: scoped_key(agreement.person.0, offer.obligation.0, &agreement.once_key),
            status: name_of(&agreement.status)?,
            offer: json(offer)?,
            evidence: json(&agreement.evidence)?,
            reference: clean(&agreement.reference),
            accepted_at: agreement.accepted_at.0,
            closing: None,
        })
    }

    /// How it ended; also of one that runs again.
    pub fn ended(&self) -> Result<Option<Closing>, StoreError> {
        let place = Place { table: "agreements", id: &self.id };
        self.closing.as_deref().map(|text| place.json("closing", text)).transpose()
    }

    pub fn read(self) -> Result<Agreement, StoreError> {
        let place = Place { table: "agreements", id: &self.id };
        let status: AgreementStatus = place.name("status", named(&self.status))?;
        let offer: Offer = place.json("offer", &self.offer)?;
        let evidence: Evidence = place.json("evidence", &self.evidence)?;
        let closing = self.ended()?;
        Ok(Agreement {
            id: AgreementId(self.id),
            lender: LenderId(self.lender),
            person: PersonId(self.person_id),
            once_key: unscoped_key(self.once_key, self.person_id, offer.obligation.0),
            status,
            offer,
            evidence,
            accepted_at: Timestamp(self.accepted_at),
            reference: self.reference,
            ended_at: closing.map(|closing| closing.at),
        })
    }
}

/// A case or a payment claim: its document, with the columns that it is found by.
#[derive(Debug, Clone)]
pub(in crate::store) struct DocumentRow {
    pub id: Uuid,
    pub lender: String,
    pub conversation: Uuid,
    pub person: Option<Uuid>,
    pub obligation: Option<Uuid>,
    /// Of a case.
    pub kind: String,
    pub body: String,
    pub at: i64,
}

impl DocumentRow {
    pub fn claim(claim: &PaymentClaim, conversation: Uuid) -> Result<Self, StoreError> {
        Ok(Self {
            id: claim.id.0,
            lender: claim.lender.as_str().to_owned(),
            conversation,
            person: claim.person.map(|id| id.0),
            obligation: claim.obligation.map(|id| id.0),
            kind: "claim".to_owned(),
            body: json(claim)?,
            at: claim.at.0,
        })
    }

    pub fn case(case: &Case, conversation: Uuid) -> Result<Self, StoreError> {
        Ok(Self {
            id: case.id.0,
            lender: case.lender.as_str().to_owned(),
            conversation,
            person: case.person.map(|id| id.0),
            obligation: case.obligation.map(|id| id.0),
            kind: clean(&case.kind),
            body: json(case)?,
            at: case.at.0,
        })
    }
}

fn day(place: Place<'_>, column: &'static str, text: &str) -> Result<Day, StoreError> {
    place.name(column, Day::parse(text))
}
