//! The people who write: each has a screen, and does what a person would do with it.

use crate::base::{NUMBER, Subject};
use crate::meta::{self, Address, seen};
use crate::plan::PersonAct;
use crate::rng::Rng;
use crate::sim::Core;
use acuerdo::domain::debt::{Obligation, Person};
use acuerdo::domain::identity::WaIdentity;
use acuerdo::domain::ids::PersonId;
use acuerdo::domain::outbound::Outbound;
use serde_json::{Value, json};

#[derive(Default)]
pub struct Screens {
    pub people: Vec<Somebody>,
    n_sent: u32,
}

pub struct Somebody {
    pub subject: Subject,
    pub address: Address,
    /// What WhatsApp showed, in order: wamid and message.
    pub screen: Vec<(String, Outbound)>,
    /// Addresses this person had.
    pub phones: Vec<String>,
}

/// What leads on, the best first.
const LEADING: &[&str] = &[
    "Sí, acepto",
    "Sí, confirmo",
    "Todo el saldo vencido",
    "2 cuotas",
    "Acordar una fecha",
    "Elegir una fecha",
    "Opciones de pago",
    "Ver opciones",
    "Continuar",
    "Ver mi saldo",
    "Pagar ahora",
    "Sí, por favor",
    "Hoy",
];
const OPENINGS: &[&str] = &[
    "hola",
    "cuanto debo",
    "el viernes le pago",
    "quiero refinanciar",
    "opciones",
    "pagar",
    "menu",
    "saldo",
];

impl Screens {
    pub fn show(&mut self, to: &WaIdentity, wamid: &str, message: &Outbound) {
        let is = |somebody: &&mut Somebody| {
            let phone = to.wa_id.as_ref().map(|id| id.expose().to_owned());
            let user = to.bsuid.as_ref().map(|id| id.expose().to_owned());
            phone.is_some_and(|phone| somebody.phones.contains(&phone))
                || user.is_some() && user == somebody.address.bsuid
        };
        if let Some(somebody) = self.people.iter_mut().find(is) {
            somebody.screen.push((wamid.to_owned(), message.clone()));
        }
    }

    /// Whose products a text names, among all who may be there.
    pub fn told_of<'s>(&'s self, text: &'s str) -> impl Iterator<Item = PersonId> + 's {
        let all = self.people.iter().flat_map(|somebody| {
            [Some(&somebody.subject), somebody.subject.housemate.as_deref()].into_iter().flatten()
        });
        let named = |subject: &&Subject| {
            let mark = |debt: &Obligation| format!("••{}", debt.external_ref);
            subject.obligations.iter().any(|debt| text.contains(&mark(debt)))
        };
        all.filter(named).map(|subject| subject.person.id)
    }
}

impl Somebody {
    /// Some give WhatsApp's phone, some a business-scoped user id too, some only that.
    pub fn new(subject: Subject, rng: &mut Rng) -> Self {
        let bsuid = format!("CO.{}", subject.phone);
        let phone = subject.phone.clone();
        let address = match rng.below(10) {
            0..6 => Address { wa_id: Some(phone), bsuid: None },
            6..9 => Address { wa_id: Some(phone), bsuid: Some(bsuid) },
            _ => Address { wa_id: None, bsuid: Some(bsuid) },
        };
        Self { phones: vec![subject.phone.clone()], subject, address, screen: Vec::new() }
    }

    /// Those who use this phone.
    pub fn persons(&self) -> impl Iterator<Item = &Person> {
        let housemate = self.subject.housemate.as_deref();
        [Some(&self.subject), housemate].into_iter().flatten().map(|subject| &subject.person)
    }

    fn go_on(&self, rng: &mut Rng) -> Value {
        let Some((wamid, newest)) = self.screen.last() else { return text("hola") };
        let (body, options) = seen(newest);
        if !options.is_empty() {
            let wanted = LEADING.iter().find_map(|lead| options.iter().find(|(_, _, title)| title == lead));
            let option = match wanted {
                Some(leading) if rng.percent(75) => leading,
                Some(_) | None => rng.pick(&options),
            };
            return tap(wamid, option);
        }
        let careless = rng.percent(8);
        let last = body.rsplit("\n\n").next().unwrap_or("");
        if last.contains("4 números") || last.contains("últimos 4") {
            return text(if careless { "9999" } else { &self.subject.last4 });
        }
        if last.contains("mes") && (last.contains("naci") || last.contains("marzo")) {
            return text(if careless { "1 de enero" } else { &self.subject.birthday });
        }
        if last.contains("valor") && last.contains('?') {
            return text("todo");
        }
        if last.contains("día") || last.contains("fecha") {
            return text("el viernes");
        }
        text(rng.pick::<&str>(OPENINGS))
    }

    fn tap_anything(&self, rng: &mut Rng) -> Value {
        let offered: Vec<_> = self
            .screen
            .iter()
            .flat_map(|(wamid, message)| seen(message).1.into_iter().map(move |option| (wamid, option)))
            .collect();
        if offered.is_empty() {
            return text("hola");
        }
        let (wamid, option) = rng.pick(&offered);
        tap(wamid, option)
    }
}

fn text(body: &str) -> Value {
    json!({"type": "text", "text": {"body": body}})
}

fn tap(wamid: &str, (kind, id, title): &(&'static str, String, String)) -> Value {
    json!({
        "type": "interactive",
        "interactive": {"type": kind, *kind: {"id": id, "title": title}},
        "context": {"from": "576015550000", "id": wamid},
    })
}

impl Core {
    /// One step of a person: a message or two leave for Meta.
    pub fn person_acts(&mut self, person: usize, act: PersonAct, dice: u64) {
        let mut rng = Rng::new(dice, 4);
        let somebody = &self.screens.people[person];
        let content = match act {
            PersonAct::GoOn | PersonAct::GoOnTwice => somebody.go_on(&mut rng),
            PersonAct::TapAnything => somebody.tap_anything(&mut rng),
            PersonAct::Say(words) => text(words),
            PersonAct::SendImage => {
                json!({"type": "image", "image": {"id": "media-1", "mime_type": "image/jpeg", "sha256": "x"}})
            }
            PersonAct::React => match somebody.screen.last() {
                Some((wamid, _)) => {
                    json!({"type": "reaction", "reaction": {"message_id": wamid, "emoji": "👍"}})
                }
                None => text("hola"),
            },
            PersonAct::HandOver => {
                self.hand_over(person);
                return;
            }
            PersonAct::ChangeNumber => {
                self.change_number(person);
                return;
            }
        };
        let times = if act == PersonAct::GoOnTwice { 2 } else { 1 };
        for _ in 0..times {
            self.write(person, &content);
        }
    }

    fn write(&mut self, person: usize, content: &Value) {
        let (wamid, key) = self.next_wamid();
        let (address, now) = (self.screens.people[person].address.clone(), self.now);
        self.say(|| format!("   👤{person} {wamid} {}", short(content)));
        self.deliver(meta::message(&address, &wamid, now, content), Some(key), 0);
    }

    /// Whoever else uses this phone takes it.
    fn hand_over(&mut self, person: usize) {
        let somebody = &mut self.screens.people[person];
        let Some(mut next) = somebody.subject.housemate.take() else { return };
        let before = std::mem::replace(&mut somebody.subject, {
            next.housemate = None;
            *next
        });
        somebody.subject.housemate = Some(Box::new(before));
        self.say(|| format!("   👤{person} is somebody else from now on"));
    }

    fn change_number(&mut self, person: usize) {
        let (wamid, key) = self.next_wamid();
        let now = self.now;
        let somebody = &mut self.screens.people[person];
        let Some(old) = somebody.address.wa_id.clone() else { return };
        let new = format!("57320999{:04}", somebody.phones.len() + person * 10);
        somebody.address.wa_id = Some(new.clone());
        somebody.phones.push(new.clone());
        self.say(|| format!("   👤{person} {wamid} changes the number"));
        self.deliver(meta::number_changed(&old, &new, &wamid, now), Some(key), 0);
    }

    fn next_wamid(&mut self) -> (String, String) {
        self.screens.n_sent += 1;
        let wamid = format!("wamid.in.{}", self.screens.n_sent);
        let key = format!("m:{NUMBER}:{wamid}");
        (wamid, key)
    }
}

fn short(content: &Value) -> String {
    let pointers =
        ["/text/body", "/interactive/button_reply/title", "/interactive/list_reply/title", "/type"];
    let found = pointers.iter().find_map(|at| content.pointer(at)).and_then(Value::as_str);
    format!("«{}»", found.unwrap_or(""))
}
