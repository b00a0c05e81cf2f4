//! `say`: a text, perhaps with a button that opens a page.

use crate::domain::assurance::Label;
use crate::flow::engine::run::{Next, Run, Spoken, Stop};
use crate::flow::model::{Link, Say};
use crate::flow::render::Speech;

pub(crate) fn run<'f>(say: &'f Say, run: &mut Run<'f>) -> Result<Next<'f>, Stop> {
    let Spoken { text, label } = run.speak(&say.text)?;
    let speech = match &say.link {
        Some(link) => with_link(text, label, link, run)?,
        None => Speech::Say { text, label },
    };
    run.say(speech);
    Ok(Next::Goto(&say.goto))
}

fn with_link(text: String, label: Label, link: &Link, run: &Run<'_>) -> Result<Speech, Stop> {
    let title = run.speak(&link.title)?;
    if link.url.label.needs() > run.level {
        return Err(Stop::Level(link.url.label.needs()));
    }
    let url = run.write(&link.url, &run.names(None));
    Ok(Speech::Link { text, title: title.text, url, label: label.max(title.label).max(link.url.label) })
}
