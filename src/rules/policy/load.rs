//! From the text of a policy file to a checked [`Policy`]; every mistake with its place and remedy.

use crate::domain::ids::LenderId;
use crate::domain::money::Currency;
use crate::domain::time::Zone;
use crate::rules::dpd::StageLimits;
use crate::rules::hours::{Span, WeekHours};
use crate::rules::policy::country::{other_currency, other_zone};
use crate::rules::policy::document::{Diagnostic, Node};
use crate::rules::policy::load_rules;
use crate::rules::policy::model::{
    Agents, BankTransfer, CashPoint, Checkout, Contact, Limits, PaymentMethods, Policy, Rule,
};
use crate::rules::policy::payee::{self, Own};
use crate::rules::policy::persons;
use crate::rules::policy::reached;
use crate::rules::policy::read::Reader;
use crate::rules::schedule::BusinessDayRule;
use crate::rules::settlement::ComponentBps;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// A longer address would crowd the message that shows it.
const PRIVACY_URL_BYTES_MAX: usize = 80;
/// A whole, in hundredths of a percent.
const WHOLE_BPS: i64 = 10_000;

/// Working days for the answer to a wish to take an agreement back, where the policy says none.
const WITHDRAWAL_DAYS: i64 = 2;

/// Languages that debtors may be answered in.
const LANGUAGES: [&str; 3] = ["es", "pt", "en"];

const KEYS: [&str; 13] = [
    "lender",
    "name",
    "country",
    "currency",
    "time_zone",
    "stages",
    "buckets",
    "business_days",
    "limits",
    "rules",
    "payment",
    "agents",
    "contact",
];

/// Parses and checks one lender's policy; `file` is named in the diagnostics.
pub fn policy(file: &str, text: &str) -> Result<Policy, Vec<Diagnostic>> {
    let node = Node::parse(file, text).map_err(|diagnostic| vec![diagnostic])?;
    let reader = Reader::new(file);
    let version = hex::encode(Sha256::digest(text.as_bytes()));
    let policy = read(&reader, &node, version);
    reader.finish(policy)
}

/// Parses texts by language and key: `es: { plan.titulo: "…" }`.
pub fn wording(
    file: &str,
    text: &str,
) -> Result<BTreeMap<String, BTreeMap<String, String>>, Vec<Diagnostic>> {
    let node = Node::parse(file, text).map_err(|diagnostic| vec![diagnostic])?;
    let reader = Reader::new(file);
    let languages = reader.fields(&node, &LANGUAGES).map(|languages| {
        let texts = |language: &str| {
            languages.optional(language, |node| reader.entries(node)).flatten().unwrap_or_default()
        };
        LANGUAGES.into_iter().map(|language| (language.to_owned(), texts(language))).collect()
    });
    reader.finish(languages)
}

fn read(reader: &Reader<'_>, node: &Node, version: String) -> Option<Policy> {
    let fields = reader.fields(node, &KEYS)?;
    // Every part is read before the first `?`, so that one run shows the mistakes of all parts.
    let lender = fields.required("lender", "andino").and_then(|node| identifier(reader, node));
    let name = fields.required("name", "Banco Andino").and_then(|node| reader.text(node));
    let country = fields.required("country", "CO").and_then(|node| country(reader, node));
    let currency = fields.required("currency", "COP").and_then(|node| {
        let found = currency(reader, node)?;
        if let Some(remedy) = country.as_deref().and_then(|country| other_currency(country, found)) {
            let what = format!(
                "`{}` is not the currency of {}",
                found.code(),
                country.as_deref().unwrap_or_default()
            );
            reader.report(node.place, what, remedy);
        }
        Some(found)
    });
    let zone = fields.required("time_zone", "America/Bogota").and_then(|node| {
        let found = reader.parsed(node, "a time zone of the IANA database", "America/Bogota", Zone::parse)?;
        if let Some(remedy) = country.as_deref().and_then(|country| other_zone(country, found.name())) {
            let what =
                format!("`{}` is not an hour of {}", found.name(), country.as_deref().unwrap_or_default());
            reader.report(node.place, what, remedy);
        }
        Some(found)
    });
    let stages = fields.required("stages", "{ preventive_days: 7, prelegal_from_days: 91 }");
    let stages = stages.and_then(|node| stage_limits(reader, node));
    let buckets = fields.required("buckets", "[0, 30, 60, 90]").and_then(|node| buckets(reader, node));
    let business_days = fields.optional("business_days", |node| {
        let names = BusinessDayRule::ALL.map(BusinessDayRule::name);
        reader.one_of(node, "a rule for days without banks", &names, BusinessDayRule::parse)
    });
    let limits = fields.required("limits", "{ waiver_max: …, discount_max: 30%, balance_max_age_days: 15 }");
    let limits = limits.and_then(|node| read_limits(reader, node));
    let rules = fields
        .required("rules", "[…]")
        .and_then(|node| load_rules::rules(reader, node, currency?, limits.map(|limits| limits.waiver_max)?));
    let agents = fields.required("agents", "{ monday_to_friday: 08:00-18:00, expected_wait_minutes: 10 }");
    let agents = agents.and_then(|node| read_agents(reader, node));
    let contact =
        fields.required("contact", "{ assistant: …, phone: …, web: …, email: …, crisis_line: …, hours: … }");
    let contact = contact.and_then(|node| read_contact(reader, node, country.as_deref()));
    let own = Own {
        name: name.clone(),
        country: country.clone(),
        web: contact.as_ref().map(|contact| contact.web.clone()),
    };
    let payment =
        fields.required("payment", "{ bank_transfer: … }").and_then(|node| payment(reader, node, &own));
    let rules: Vec<Rule> = rules?;
    Some(Policy {
        lender: LenderId(lender?),
        name: name?,
        country: country?,
        currency: currency?,
        zone: zone?,
        version,
        stages: stages?,
        buckets: buckets?,
        business_days: business_days?.unwrap_or_default(),
        limits: limits?,
        rules,
        payment: payment?,
        agents: agents?,
        contact: contact?,
    })
}

/// A name that goes into ids and files: lower case, digits, `_`, at most 40 characters.
pub fn identifier(reader: &Reader<'_>, node: &Node) -> Option<String> {
    let wanted = "a name of at most 40 lower-case letters, digits and `_`";
    reader.parsed(node, wanted, "promesa_1_30", |text| {
        let valid = text.len() <= 40
            && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
        valid.then(|| text.to_owned())
    })
}

pub fn country(reader: &Reader<'_>, node: &Node) -> Option<String> {
    reader.parsed(node, "a country code of two capital letters", "CO", |text| {
        let valid = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_uppercase());
        valid.then(|| text.to_owned())
    })
}

fn currency(reader: &Reader<'_>, node: &Node) -> Option<Currency> {
    reader.one_of(node, "a currency that is supported", &Currency::ALL.map(Currency::code), Currency::parse)
}

fn stage_limits(reader: &Reader<'_>, node: &Node) -> Option<StageLimits> {
    let fields = reader.fields(node, &["preventive_days", "prelegal_from_days"])?;
    let preventive = fields.required("preventive_days", "7").and_then(|node| reader.integer(node, 0..=30));
    let prelegal = fields.required("prelegal_from_days", "91").and_then(|node| reader.integer(node, 2..=720));
    Some(StageLimits { preventive_days: preventive?, prelegal_from_days: prelegal? })
}

fn buckets(reader: &Reader<'_>, node: &Node) -> Option<Vec<i64>> {
    let limits = reader.list(node, |item| reader.integer(item, 0..=3_650))?;
    if !limits.is_sorted_by(|a, b| a < b) {
        reader.report(node.place, "the buckets do not ascend", "write the upper limits from small to large");
        return None;
    }
    Some(limits)
}

fn read_limits(reader: &Reader<'_>, node: &Node) -> Option<Limits> {
    let fields = reader.fields(node, &["waiver_max", "discount_max", "balance_max_age_days"])?;
    let waiver_max = fields
        .required("waiver_max", "{ principal: 10%, interest: 50%, late_interest: 100%, fees: 100% }")
        .and_then(|node| shares(reader, node));
    let discount = fields.required("discount_max", "30%").and_then(|node| {
        let found = reader.share_bps(node)?;
        if found >= WHOLE_BPS {
            let what = format!("`discount_max` of {} would give away the whole debt", node.text());
            reader.report(
                node.place,
                what,
                "write the greatest share that the credit committee lets go, such as `40%`",
            );
        }
        Some(found)
    });
    let age = fields.required("balance_max_age_days", "15").and_then(|node| reader.integer(node, 0..=365));
    Some(Limits { waiver_max: waiver_max?, discount_max_bps: discount?, balance_max_age_days: age? })
}

/// Shares by component; one that is not named is zero.
pub fn shares(reader: &Reader<'_>, node: &Node) -> Option<ComponentBps> {
    let fields = reader.fields(node, &ComponentBps::default().named().map(|(name, _)| name))?;
    let share = |key| fields.optional(key, |node| reader.share_bps(node)).map(Option::unwrap_or_default);
    let (principal, interest) = (share("principal"), share("interest"));
    let (late_interest, fees) = (share("late_interest"), share("fees"));
    Some(ComponentBps {
        principal: principal?,
        interest: interest?,
        late_interest: late_interest?,
        fees: fees?,
    })
}

fn payment(reader: &Reader<'_>, node: &Node, own: &Own) -> Option<PaymentMethods> {
    let fields = reader.fields(node, &["bank_transfer", "cash_points", "checkout"])?;
    let bank_transfer = fields.optional("bank_transfer", |node| read_bank_transfer(reader, node, own));
    let cash_points =
        fields.optional("cash_points", |node| reader.list(node, |item| read_cash_point(reader, item, own)));
    let checkout = fields.optional("checkout", |node| read_checkout(reader, node, own));
    if fields.keys().next().is_none() {
        reader.report(
            fields.place,
            "there is no way to pay",
            "add `bank_transfer`, `cash_points` or `checkout`",
        );
    }
    Some(PaymentMethods {
        bank_transfer: bank_transfer?,
        cash_points: cash_points?.unwrap_or_default(),
        checkout: checkout?,
    })
}

fn read_bank_transfer(reader: &Reader<'_>, node: &Node, own: &Own) -> Option<BankTransfer> {
    let keys = [
        "bank",
        "account_type",
        "account_number",
        "holder",
        "holder_tax_id",
        "holder_is_trustee",
        "reference",
    ];
    let fields = reader.fields(node, &keys)?;
    payee::check_holder(reader, &fields, own);
    persons::check_payee(reader, &fields, own);
    let text = |key, example| fields.required(key, example).and_then(|node| reader.text(node));
    let (bank, account_type) = (text("bank", "Banco Andino"), text("account_type", "Ahorros"));
    let account_number = text("account_number", "\"400-123456-78\"");
    let (holder, holder_tax_id) =
        (text("holder", "Banco Andino S.A."), text("holder_tax_id", "\"900123456-8\""));
    let reference =
        fields.required("reference", "\"{obligation}\"").and_then(|node| payee::reference(reader, node));
    Some(BankTransfer {
        bank: bank?,
        account_type: account_type?,
        account_number: account_number?,
        holder: holder?,
        holder_tax_id: holder_tax_id?,
        reference: reference?,
    })
}

fn read_cash_point(reader: &Reader<'_>, node: &Node, own: &Own) -> Option<CashPoint> {
    let fields = reader.fields(node, &["network", "convention", "reference"])?;
    persons::check_point(reader, &fields, own);
    let network = fields.required("network", "Efecty").and_then(|node| reader.text(node));
    let convention = fields.required("convention", "\"110342\"").and_then(|node| reader.text(node));
    let reference =
        fields.required("reference", "\"{obligation}\"").and_then(|node| payee::reference(reader, node));
    Some(CashPoint { network: network?, convention: convention?, reference: reference? })
}

fn read_checkout(reader: &Reader<'_>, node: &Node, own: &Own) -> Option<Checkout> {
    let fields = reader.fields(node, &["url", "is_gateway", "valid_minutes"])?;
    payee::check_page(reader, &fields, own);
    let url = fields.required("url", "https://pagos.example.com/pagar").and_then(|node| {
        reader.parsed(
            node,
            "an https address without `?` or `#`",
            "https://pagos.example.com/pagar",
            |text| {
                let host = text.strip_prefix("https://")?.split('/').next()?;
                let valid = host.contains('.') && !text.contains(['?', '#', ' ', '@']);
                valid.then(|| text.to_owned())
            },
        )
    });
    let valid = fields.required("valid_minutes", "1440").and_then(|node| reader.integer(node, 5..=43_200));
    Some(Checkout { url: url?, valid_minutes: valid? })
}

fn read_agents(reader: &Reader<'_>, node: &Node) -> Option<Agents> {
    let keys =
        ["monday_to_friday", "saturday", "sunday", "holiday", "expected_wait_minutes", "withdrawal_days"];
    let fields = reader.fields(node, &keys)?;
    let hours = |key| {
        fields.optional(key, |node| {
            reader.parsed(node, "hours of a day, opening first", "08:00-18:00", Span::parse)
        })
    };
    let (week, saturday) = (hours("monday_to_friday"), hours("saturday"));
    let (sunday, holiday) = (hours("sunday"), hours("holiday"));
    let wait =
        fields.required("expected_wait_minutes", "10").and_then(|node| reader.integer(node, 0..=1_440));
    let withdrawal = fields.optional("withdrawal_days", |node| reader.integer(node, 1..=15));
    Some(Agents {
        hours: WeekHours { monday_to_friday: week?, saturday: saturday?, sunday: sunday?, holiday: holiday? },
        expected_wait_minutes: wait?,
        withdrawal_days: withdrawal?.unwrap_or(WITHDRAWAL_DAYS),
    })
}

fn read_contact(reader: &Reader<'_>, node: &Node, country: Option<&str>) -> Option<Contact> {
    let known =
        ["assistant", "phone", "web", "email", "privacy_url", "crisis_line", "emergency_line", "hours"];
    let fields = reader.fields(node, &known)?;
    let text = |key, example| fields.required(key, example).and_then(|node| reader.text(node));
    let assistant = text("assistant", "asistente virtual");
    let (phone, web) = (text("phone", "601 555 0100"), text("web", "bancoandino.example"));
    let (email, crisis_line) =
        (text("email", "ayuda@bancoandino.example"), text("crisis_line", "la línea 106"));
    for line in ["crisis_line", "emergency_line"] {
        payee::check_line(reader, &fields, line);
    }
    reached::check(reader, &fields, country);
    let privacy_url = fields.optional("privacy_url", |node| {
        let example = "https://www.bancoandino.example/privacidad";
        reader.parsed(node, "an https address", example, |text| {
            let fits = text.starts_with("https://") && text.len() <= PRIVACY_URL_BYTES_MAX;
            (fits && !text.contains(char::is_whitespace)).then(|| text.to_owned())
        })
    });
    let emergency_line = fields.optional("emergency_line", |node| reader.text(node));
    let hours = fields.required("hours", "{ es: lunes a viernes de 8 a. m. a 6 p. m. }");
    let hours = hours.and_then(|node| {
        let languages = reader.fields(node, &LANGUAGES)?;
        let default = languages.required("es", "lunes a viernes de 8 a. m. a 6 p. m.");
        let mut by_language =
            BTreeMap::from([("es".to_owned(), default.and_then(|node| reader.text(node))?)]);
        for language in LANGUAGES {
            if let Some(Some(text)) = languages.optional(language, |node| reader.text(node)) {
                by_language.insert(language.to_owned(), text);
            }
        }
        Some(by_language)
    });
    Some(Contact {
        assistant: assistant?,
        phone: phone?,
        web: web?,
        email: email?,
        privacy_url: privacy_url?,
        crisis_line: crisis_line?,
        emergency_line: emergency_line?,
        hours: hours?,
    })
}
