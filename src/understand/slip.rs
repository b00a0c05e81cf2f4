//! One slip of the finger between two words.

/// Whether exactly one letter is wrong, missing or too many, or two neighbours have changed places: an
/// [optimal string alignment](strsim::osa_distance) of 1, without a table.
pub fn is_one_slip(name: &str, word: &str) -> bool {
    if name.is_ascii() && word.is_ascii() {
        return are_one_slip(name.as_bytes(), word.as_bytes());
    }
    let letters = |text: &str| text.chars().collect::<Vec<char>>();
    are_one_slip(&letters(name), &letters(word))
}

fn are_one_slip<T: PartialEq>(name: &[T], word: &[T]) -> bool {
    if name.len().abs_diff(word.len()) > 1 {
        return false;
    }
    let begin = name.iter().zip(word).take_while(|(a, b)| a == b).count();
    let (name, word) = (name.get(begin..).unwrap_or_default(), word.get(begin..).unwrap_or_default());
    let end = name.iter().rev().zip(word.iter().rev()).take_while(|(a, b)| a == b).count();
    let before = |text: &'_ [T]| text.len() - end;
    match (name.get(..before(name)).unwrap_or_default(), word.get(..before(word)).unwrap_or_default()) {
        ([_], [] | [_]) | ([], [_]) => true,
        ([a, b], [x, y]) => a == y && b == x,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::is_one_slip;

    #[test]
    fn it_is_an_alignment_of_one() {
        // Every word of up to four of three letters, one of them outside ASCII.
        let mut words = vec![String::new()];
        for from in 0.. {
            let Some(word) = words.get(from).filter(|word| word.chars().count() < 4).cloned() else { break };
            words.extend(['a', 'b', 'я'].map(|letter| format!("{word}{letter}")));
        }
        for name in &words {
            for word in &words {
                let distance = strsim::osa_distance(name, word);
                assert_eq!(is_one_slip(name, word), distance == 1, "{name} {word}");
            }
        }
    }
}
