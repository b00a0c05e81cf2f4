//! `acuerdo flow talk`: a chat with a flow folder in the terminal, over the whole application in memory.
//!
//! Offers, identity and agreements are the real ones, with the sample debts; nothing is stored or sent.

use crate::app::{self, App, World};
use crate::cli::sample;
use crate::config::Settings;
use crate::domain::identity::{WaId, WaIdentity};
use crate::domain::ids::{LenderId, PhoneNumberId, Wamid};
use crate::domain::inbound::{InboundContent, InboundMessage, OptionSource, WebhookItem};
use crate::domain::outbound::Outbound;
use crate::domain::pii::Pii;
use crate::domain::reaction::Reaction;
use crate::domain::time::{Millis, Timestamp};
use crate::flow::{self, state::Session};
use crate::ports::clock::Clock;
use crate::ports::inbox::{Delivery, DeliveryItem};
use crate::ports::message_sender::{
    Accepted, AccountCheck, MessageSender, ReadReceipt, SendAccount, SendFailure,
};
use crate::rules::secrets;
use anyhow::Context;
use async_trait::async_trait;
use std::io::BufRead;
use std::path::Path;
use std::process::ExitCode;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

const NUMBER: &str = "100000000000001";
/// The clock moves by this much with each message that the bot says: WhatsApp carries no more to one person (one per six
/// seconds), and whole chats are pasted here.
const PACE: Millis = Millis(6_000);
/// Rounds of work after one line; more is a flow that feeds itself.
const ROUNDS_MAX: u32 = 100;

/// The machine's clock, moved on by `/wait`.
struct MovedClock {
    real: Arc<dyn Clock>,
    ahead_ms: AtomicI64,
}

impl Clock for MovedClock {
    fn now(&self) -> Timestamp {
        self.real.now().plus(Millis(self.ahead_ms.load(Ordering::SeqCst)))
    }
}

/// Keeps what would have been sent.
#[derive(Default)]
struct Terminal {
    said: Mutex<Vec<Outbound>>,
    count: AtomicU64,
}

#[async_trait]
impl MessageSender for Terminal {
    async fn send(
        &self,
        _account: &SendAccount,
        _to: &WaIdentity,
        message: &Outbound,
        _callback: &str,
    ) -> Result<Accepted, SendFailure> {
        self.said.lock().unwrap_or_else(PoisonError::into_inner).push(message.clone());
        let n = self.count.fetch_add(1, Ordering::SeqCst);
        Ok(Accepted {
            wamid: Wamid::new(format!("talk.out.{n}")),
            wa_id: None,
            user_id: None,
            message_status: None,
        })
    }

    async fn mark_read(
        &self,
        _account: &SendAccount,
        _wamid: &Wamid,
        _receipt: ReadReceipt,
    ) -> Result<(), SendFailure> {
        Ok(())
    }

    async fn check(&self, _account: &SendAccount) -> Result<AccountCheck, SendFailure> {
        Err(SendFailure::NotSent { why: "a terminal has no account".to_owned() })
    }

    fn reaction(&self, _codes: &[i64]) -> Reaction {
        Reaction::NeverRetry
    }
}

/// What keeps a folder that can be tried from being served, to be mended before it is published.
fn unserved(dir: &Path) -> anyhow::Result<Option<String>> {
    let found = flow::load(&flow::read_folder(dir)?).err();
    Ok(found.map(|found| {
        format!(
            "This folder can be tried, not served: {} (`acuerdo flow check {}`).",
            flow::diagnostic::summary(&found),
            dir.display()
        )
    }))
}

struct Talk {
    app: App,
    terminal: Arc<Terminal>,
    clock: Arc<MovedClock>,
    who: WaIdentity,
    lender: LenderId,
    /// Ids and titles of the newest message's options.
    options: Vec<(String, String)>,
    count: u64,
}

/// Chats as the sample person `reference` until the input ends or `/quit`.
pub async fn run(dir: &Path, lender: &str, reference: &str) -> anyhow::Result<ExitCode> {
    let mut talk = Talk::begin(dir, lender, reference).await?;
    println!(
        "Chat with {} as {reference}. A number taps that option; /wait 4h moves the clock; /where tells the step; \
         /quit ends.\n",
        dir.display()
    );
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        let line = line.trim();
        match line.split_once(' ').unwrap_or((line, "")) {
            ("", _) => continue,
            ("/quit", _) => break,
            ("/where", _) => println!("  {}", talk.place().await?),
            ("/wait", length) => talk.wait(length).await?,
            _ => talk.say(line).await?,
        }
    }
    Ok(ExitCode::SUCCESS)
}

impl Talk {
    async fn begin(dir: &Path, lender: &str, reference: &str) -> anyhow::Result<Self> {
        let mut settings = Settings::from_toml("")?;
        settings.database_url = "sqlite::memory:".to_owned().into();
        settings.flows_dir = dir.to_path_buf();
        settings.lender_id = lender.to_owned();
        settings.read_receipts = false;
        settings.checkout_secret = Some("only-for-this-terminal".to_owned().into());
        settings.whatsapp_app_secret = Some("only-for-this-terminal".to_owned().into());
        settings.whatsapp_access_token = Some("only-for-this-terminal".to_owned().into());
        settings.whatsapp_phone_number_id = Some(NUMBER.to_owned());
        let terminal = Arc::new(Terminal::default());
        let real = super::world();
        let clock = Arc::new(MovedClock { real: real.clock, ahead_ms: AtomicI64::new(0) });
        let world = World {
            clock: clock.clone(),
            shares_clock: false,
            load_flows: crate::flow::load_to_try,
            random: real.random,
            understander: None,
            sender: Some(terminal.clone()),
        };
        if let Some(why) = unserved(dir)? {
            println!("{why}\n");
        }
        let app = App::assemble(settings, world).await?;
        let lender = LenderId::new(lender);
        let policies = app::read_policies(dir)?;
        sample::import(&app.store, &lender, &policies, clock.now()).await?;
        let people = sample::people(&lender, &policies, clock.now())?;
        let person = people.iter().find(|sample| sample.person.external_ref == reference);
        let person = person.with_context(|| {
            let known: Vec<&str> = people.iter().map(|sample| sample.person.external_ref.as_str()).collect();
            format!("nobody is called `{reference}`; the sample people are {}", known.join(", "))
        })?;
        let phone = person.person.phones.first().and_then(|phone| WaId::parse(phone.expose()));
        let who = WaIdentity::new(phone, None).context("this person has no phone")?;
        Ok(Self { app, terminal, clock, who, lender, options: Vec::new(), count: 0 })
    }

    async fn say(&mut self, line: &str) -> anyhow::Result<()> {
        let masked = secrets::mask(line);
        let held_secret = masked.is_some();
        let text = masked.map_or_else(|| line.to_owned(), |masked| masked.text);
        let tapped = line.parse::<usize>().ok().and_then(|n| self.options.get(n.checked_sub(1)?).cloned());
        let content = match tapped {
            Some((id, title)) => {
                println!("  [{title}]");
                InboundContent::Option { id, title: title.into(), source: OptionSource::Button }
            }
            None => InboundContent::Text { body: Pii::new(text) },
        };
        self.count += 1;
        let wamid = Wamid::new(format!("talk.in.{}", self.count));
        let now = self.clock.now();
        let item = WebhookItem::Message(InboundMessage {
            phone_number_id: PhoneNumberId::from(NUMBER),
            wamid,
            from: Some(self.who.clone()),
            profile_name: None,
            username: None,
            sent_at: now,
            content,
            context: None,
            forwarded: false,
            held_secret,
            untimely: false,
        });
        let random = &self.app.random;
        let row = DeliveryItem {
            id: random.uuid(now),
            lender: Some(self.lender.clone()),
            dedupe_key: format!("talk/{}", self.count),
            item,
        };
        let delivery = Delivery {
            id: random.uuid(now),
            received_at: now,
            body: Vec::new(),
            unreadable: None,
            items: vec![row],
        };
        self.app.store.accept(&[delivery]).await?;
        self.settle().await
    }

    async fn wait(&mut self, length: &str) -> anyhow::Result<()> {
        let length = crate::flow::syntax::parse_duration(length)
            .with_context(|| format!("`{length}` is no length: write 30m, 4h or 3d"))?;
        self.clock.ahead_ms.fetch_add(length.0, Ordering::SeqCst);
        self.settle().await
    }

    /// Runs the loops until nothing is left to do, and prints what was said meanwhile.
    async fn settle(&mut self) -> anyhow::Result<()> {
        for _ in 0..ROUNDS_MAX {
            let fired = self.app.store.fire_timers(self.clock.now(), 100).await?;
            let turned = self.app.converse.round(16).await?.conversations;
            let sent = self.app.dispatch.round(16).await?;
            if fired + turned + sent == 0 {
                break;
            }
        }
        let said: Vec<Outbound> =
            self.terminal.said.lock().unwrap_or_else(PoisonError::into_inner).drain(..).collect();
        for message in said {
            self.clock.ahead_ms.fetch_add(PACE.0, Ordering::SeqCst);
            let options = message.options();
            self.options = options.into_iter().map(|(id, title)| (id.to_owned(), title.to_owned())).collect();
            println!("\n{}\n", numbered(&message.readable(), &self.options));
        }
        Ok(())
    }

    async fn place(&self) -> anyhow::Result<String> {
        let number = PhoneNumberId::from(NUMBER);
        let Some(conversation) = self.app.store.conversation_of(&number, &self.who).await? else {
            return Ok("nothing was said yet".to_owned());
        };
        let session: Option<Session> = conversation.session.map(|session| session.parse()).transpose()?;
        let Some(session) = session else { return Ok("nothing was said yet".to_owned()) };
        let frames: Vec<String> =
            session.frames.iter().map(|frame| format!("{}.{}", frame.flow, frame.step)).collect();
        Ok(format!("{} · level {}", frames.join(" > "), session.assurance.name()))
    }
}

/// The message with the number that taps each option.
fn numbered(text: &str, options: &[(String, String)]) -> String {
    let mut text = text.to_owned();
    for (n, (_, title)) in (1..).zip(options) {
        for (open, close) in [("[", "]"), ("(", ")")] {
            text = text.replacen(&format!("{open}{title}{close}"), &format!("{n}{open}{title}{close}"), 1);
        }
    }
    text
}
