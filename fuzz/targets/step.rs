//! The engine over the shipped flows: any sequence of inputs keeps the laws of a turn and never ends in a dead end.
#![no_main]

use acuerdo::flow::model::FlowSet;
use acuerdo::understand::Understander;
use acuerdo_fuzz::chat::Chat;
use acuerdo_fuzz::folder;
use arbitrary::Unstructured;
use libfuzzer_sys::fuzz_target;
use std::path::Path;
use std::sync::LazyLock;

static FLOWS: LazyLock<FlowSet> =
    LazyLock::new(|| acuerdo::flow::load(&folder("flows")).expect("the shipped flows load").set);

static UNDERSTANDER: LazyLock<Understander> = LazyLock::new(|| {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../flows/understanding");
    Understander::load(&dir).expect("the shipped understanding loads")
});

// Before the first input, whose time is bounded: reading the folder takes longer than any chat.
fn read_the_folder() {
    LazyLock::force(&FLOWS);
    LazyLock::force(&UNDERSTANDER);
}

fuzz_target!(init: read_the_folder(), |bytes: &[u8]| {
    let mut u = Unstructured::new(bytes);
    let Ok(agents_are_there) = u.ratio(2, 3) else { return };
    let _ = Chat::new(&FLOWS, Some(&UNDERSTANDER), agents_are_there).play(&mut u);
});
