//! The sentences that agents are shown to send instead, and the words that they are shown of their own.

use super::{lint, policies, situation};
use crate::domain::assurance::Assurance;
use std::collections::BTreeSet;

const LEVELS: [Assurance; 3] = [Assurance::Ninguna, Assurance::Canal, Assurance::Verificada];

#[test]
fn every_sentence_to_send_instead_passes_at_every_level_in_every_language() {
    let (set, lint) = (policies(), lint());
    for name in ["vehiculo", "tarjeta", "norte", "salazar", "nacida", "disputa", "nadie"] {
        let situation = situation(name, &set);
        for language in ["es", "pt", "en"] {
            let better = lint.better_sentences(&situation.instead(language, &set));
            let rules: BTreeSet<&str> = better.iter().map(|(rule, _)| *rule).collect();
            let missing: Vec<&str> = lint.ids().filter(|id| !rules.contains(id)).collect();
            assert!(missing.is_empty(), "no sentence of {language} for {name}: {missing:?}");
            for (rule, text) in better {
                for level in LEVELS {
                    let hits = situation.hits(&text, level, &set, &lint);
                    let hits: Vec<String> =
                        hits.into_iter().map(|hit| format!("{}: {}", hit.rule, hit.phrase)).collect();
                    assert!(hits.is_empty(), "{rule} {language} {}: {text} {hits:?}", level.name());
                }
            }
        }
    }
}

#[test]
fn an_agent_is_shown_the_own_words_and_never_a_pattern() {
    let (set, lint) = (policies(), lint());
    let situation = situation("vehiculo", &set);
    for (text, words) in [
        ("Buenas. Lo vamos a embargar mañana.", "embargar"),
        ("Mejor escríbame a mi WhatsApp.", "mi WhatsApp"),
        ("Use el convenio 110999 en Efecty.", "110999"),
    ] {
        let hits = situation.hits(text, Assurance::Verificada, &set, &lint);
        assert!(!hits.is_empty(), "{text}");
        for hit in hits {
            assert!(text.contains(&hit.phrase) && !hit.phrase.contains(['|', '*', '@']), "{}", hit.phrase);
            assert!(hit.phrase.contains(words) || words.contains(&hit.phrase), "{text}: {}", hit.phrase);
        }
    }
}

#[test]
fn a_sentence_to_send_instead_is_in_the_language_of_the_chat() {
    let (set, lint) = (policies(), lint());
    let situation = situation("vehiculo", &set);
    let texts = ["es", "pt", "en", "fr"].map(|language| {
        let instead = situation.instead(language, &set);
        let author = super::chat(Assurance::Verificada);
        lint.judge("Lo vamos a embargar", author, &[], &instead)[0].instead.clone().unwrap()
    });
    assert_eq!(texts.iter().collect::<BTreeSet<_>>().len(), 3);
    assert_eq!(texts[0], texts[3]);
}
