//! Where the bytes of a YAML text stand in the file, through quotes, escapes and folded lines.

/// How the scalar is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quotes {
    None,
    Single,
    Double,
    /// `|` or `>`.
    Block,
}

/// Runs of the text that stand in the file byte for byte: (offset in the text, offset in the file), ascending.
pub type Runs = Vec<(u32, u32)>;

/// Aligns a text with the source slice that it was read from; `base` is where the slice begins in the file.
///
/// `None` when an escape or a fold cannot be followed; the caller then points at the whole scalar.
pub fn align(text: &str, source: &str, quotes: Quotes, base: usize) -> Option<Runs> {
    let mut at = match quotes {
        Quotes::None => 0,
        Quotes::Single | Quotes::Double => 1,
        Quotes::Block => block_body(source)?,
    };
    let mut runs: Runs = Vec::new();
    let mut chars = text.char_indices().peekable();
    while let Some((offset, c)) = chars.next() {
        let (skip, length) = match quotes {
            Quotes::Double if source.get(at..)?.starts_with('\\') => (0, escape(source.get(at + 1..)?, c)?),
            Quotes::Single if c == '\'' && source.get(at..)?.starts_with("''") => (0, 2),
            Quotes::None | Quotes::Single | Quotes::Double | Quotes::Block => plain(source.get(at..)?, c)?,
        };
        at += skip;
        push(&mut runs, offset, base + at)?;
        at += length;
        if c == '\n' && quotes == Quotes::Block {
            let deeper = chars.peek().is_some_and(|(_, next)| *next == ' ');
            if !deeper {
                at += leading_spaces(source.get(at..)?);
            }
        }
    }
    Some(runs)
}

/// The place of one offset of the text.
pub fn locate(runs: &Runs, offset: u32) -> Option<u32> {
    let index = runs.partition_point(|(text, _)| *text <= offset).checked_sub(1)?;
    let (text, file) = runs.get(index)?;
    Some(file + (offset - text))
}

fn push(runs: &mut Runs, offset: usize, place: usize) -> Option<()> {
    let (offset, place) = (u32::try_from(offset).ok()?, u32::try_from(place).ok()?);
    let continues = runs.last().is_some_and(|(text, file)| {
        i64::from(place) - i64::from(*file) == i64::from(offset) - i64::from(*text)
    });
    if !continues {
        runs.push((offset, place));
    }
    Some(())
}

/// Bytes of an escape that stands for `c`, its backslash included.
fn escape(after: &str, c: char) -> Option<usize> {
    let letter = after.chars().next()?;
    let simple = match letter {
        'n' => '\n',
        't' => '\t',
        'r' => '\r',
        '"' | '\\' | '/' | ' ' => letter,
        'x' | 'u' | 'U' => {
            let digits = match letter {
                'x' => 2,
                'u' => 4,
                _ => 8,
            };
            let code = u32::from_str_radix(after.get(1..=digits)?, 16).ok()?;
            return (char::from_u32(code)? == c).then_some(2 + digits);
        }
        _ => return None,
    };
    (simple == c).then_some(1 + letter.len_utf8())
}

/// Bytes to skip and to take for a character that stands as it is, or for a fold.
fn plain(source: &str, c: char) -> Option<(usize, usize)> {
    let next = source.chars().next()?;
    if next == c {
        return Some((0, c.len_utf8()));
    }
    // A line break with its indentation was folded into one space.
    let is_break = matches!(next, '\n' | '\r' | ' ');
    if c == ' ' && is_break {
        let space = source.len() - source.trim_start().len();
        return Some((0, space));
    }
    None
}

fn leading_spaces(source: &str) -> usize {
    source.len() - source.trim_start_matches(' ').len()
}

/// The first byte of a block's text: behind its header line and the first indentation.
fn block_body(source: &str) -> Option<usize> {
    let line = if source.starts_with(['|', '>']) { source.find('\n')? + 1 } else { 0 };
    Some(line + leading_spaces(source.get(line..)?))
}

#[cfg(test)]
mod tests {
    use super::{Quotes, align, locate};

    /// The source from where the part of the text stands.
    fn found<'s>(text: &str, part: &str, source: &'s str, quotes: Quotes) -> Option<&'s str> {
        let runs = align(text, source, quotes, 0)?;
        let offset = u32::try_from(text.find(part)?).ok()?;
        let at = locate(&runs, offset)?;
        source.get(at as usize..)
    }

    #[test]
    fn places_survive_escapes_and_folds() {
        let double = r#""uno\ndos \"{x}\" fin""#;
        assert_eq!(found("uno\ndos \"{x}\" fin", "{x}", double, Quotes::Double), Some(r#"{x}\" fin""#));
        assert_eq!(found("d'a {x}", "{x}", "'d''a {x}'", Quotes::Single), Some("{x}'"));
        assert_eq!(found("uno dos {x}", "{x}", "uno\n   dos {x}", Quotes::None), Some("{x}"));
        assert_eq!(found("uno\ndos {x}\n", "{x}", "|\n    uno\n    dos {x}\n", Quotes::Block), Some("{x}\n"));
    }

    #[test]
    fn what_cannot_be_followed_is_no_place() {
        assert_eq!(align("a", "\"b\"", Quotes::Double, 0), None);
    }
}
