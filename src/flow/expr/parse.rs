//! Tokens to a tree: a Pratt parser.

use crate::domain::money::Money;
use crate::flow::expr::lex::{ExprError, Token, lex};
use crate::flow::expr::tree::{Name, Tree, TreeKind};
use crate::flow::expr::{BinaryOp, Function};
use std::ops::Range;

/// Deepest nesting of brackets and operators.
const DEPTH_MAX: usize = 24;

/// Parses a whole expression.
///
/// # Errors
/// At the first token that does not fit, with the bytes it has in `text`.
pub fn parse(text: &str) -> Result<Tree, ExprError> {
    let tokens = lex(text)?;
    let mut parser = Parser { tokens, next: 0, end: text.len(), depth: 0 };
    let tree = parser.expression(0)?;
    match parser.peek() {
        None => Ok(tree),
        Some((token, at)) => Err(unexpected(token, at.clone())),
    }
}

/// Parses a path alone, as in a placeholder.
///
/// # Errors
/// When it is anything else than names joined by dots.
pub fn parse_path(text: &str) -> Result<Tree, ExprError> {
    let tree = parse(text)?;
    match tree.kind {
        TreeKind::Path(_) => Ok(tree),
        TreeKind::Bool(_)
        | TreeKind::Int(_)
        | TreeKind::Text(_)
        | TreeKind::Money(_)
        | TreeKind::Date(_)
        | TreeKind::Percent(_)
        | TreeKind::Days(_)
        | TreeKind::Not(_)
        | TreeKind::Binary(..)
        | TreeKind::In(..)
        | TreeKind::Call(..) => {
            Err(ExprError::new(0..text.len(), "a placeholder shows a variable, nothing else")
                .help("`set` a variable with the expression first, then show that"))
        }
    }
}

/// Left and right binding power; higher binds tighter.
const fn power(op: BinaryOp) -> u8 {
    match op {
        BinaryOp::Or => 1,
        BinaryOp::And => 2,
        BinaryOp::Eq | BinaryOp::Ne | BinaryOp::Lt | BinaryOp::Le | BinaryOp::Gt | BinaryOp::Ge => COMPARE,
        BinaryOp::Add | BinaryOp::Sub => 5,
        BinaryOp::Mul => 6,
    }
}

/// `not` binds looser than a comparison, so that `not a == b` is `not (a == b)`.
const NOT: u8 = 3;
const COMPARE: u8 = 4;

struct Parser {
    tokens: Vec<(Token, Range<usize>)>,
    next: usize,
    end: usize,
    depth: usize,
}

impl Parser {
    fn peek(&self) -> Option<&(Token, Range<usize>)> {
        self.tokens.get(self.next)
    }

    fn take(&mut self) -> Option<(Token, Range<usize>)> {
        let token = self.tokens.get(self.next).cloned();
        self.next += usize::from(token.is_some());
        token
    }

    fn at_sign(&self, sign: &str) -> bool {
        matches!(self.peek(), Some((Token::Sign(found), _)) if *found == sign)
    }

    fn at_word(&self, word: &str) -> bool {
        matches!(self.peek(), Some((Token::Name(found), _)) if found == word)
    }

    fn expect(&mut self, sign: &'static str) -> Result<usize, ExprError> {
        match self.take() {
            Some((Token::Sign(found), at)) if found == sign => Ok(at.end),
            Some((token, at)) => Err(unexpected(&token, at).help(format!("expected `{sign}` here"))),
            None => Err(ExprError::new(self.end..self.end, format!("`{sign}` is missing at the end"))),
        }
    }

    fn expression(&mut self, least: u8) -> Result<Tree, ExprError> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(ExprError::new(0..self.end, "the expression is nested too deeply")
                .help("`set` a variable with a part of it first"));
        }
        let mut left = self.prefix()?;
        loop {
            if self.at_word("in") && COMPARE > least {
                left = self.membership(left)?;
                self.not_chained(&left)?;
                continue;
            }
            let Some(op) = self.operator().filter(|op| power(*op) > least) else { break };
            self.next += 1;
            let right = self.expression(power(op))?;
            let at = left.at.start..right.at.end;
            left = Tree { at, kind: TreeKind::Binary(op, Box::new(left), Box::new(right)) };
            if power(op) == COMPARE {
                self.not_chained(&left)?;
            }
        }
        self.depth -= 1;
        Ok(left)
    }

    fn not_chained(&self, left: &Tree) -> Result<(), ExprError> {
        let chained = self.at_word("in") || self.operator().is_some_and(|next| power(next) == COMPARE);
        if !chained {
            return Ok(());
        }
        Err(ExprError::new(left.at.clone(), "comparisons cannot be chained")
            .help("write both: `a < b and b < c`, or use brackets"))
    }

    fn operator(&self) -> Option<BinaryOp> {
        let (token, _) = self.peek()?;
        let symbol = match token {
            Token::Sign(sign) => *sign,
            Token::Name(name) => name.as_str(),
            Token::Int(_)
            | Token::Text(_)
            | Token::Money(_)
            | Token::Date(_)
            | Token::Percent(_)
            | Token::Days(_) => return None,
        };
        [
            BinaryOp::Or,
            BinaryOp::And,
            BinaryOp::Eq,
            BinaryOp::Ne,
            BinaryOp::Lt,
            BinaryOp::Le,
            BinaryOp::Gt,
            BinaryOp::Ge,
            BinaryOp::Add,
            BinaryOp::Sub,
            BinaryOp::Mul,
        ]
        .into_iter()
        .find(|op| op.symbol() == symbol)
    }

    fn membership(&mut self, item: Tree) -> Result<Tree, ExprError> {
        self.next += 1;
        self.expect("[")?;
        let (list, end) = self.list("]")?;
        Ok(Tree { at: item.at.start..end, kind: TreeKind::In(Box::new(item), list) })
    }

    /// Comma-separated expressions up to the closing sign; gives the byte after it.
    fn list(&mut self, close: &'static str) -> Result<(Vec<Tree>, usize), ExprError> {
        let mut items = Vec::new();
        while !self.at_sign(close) {
            items.push(self.expression(0)?);
            if !self.at_sign(",") {
                break;
            }
            self.next += 1;
        }
        let end = self.expect(close)?;
        Ok((items, end))
    }

    fn prefix(&mut self) -> Result<Tree, ExprError> {
        let Some((token, at)) = self.take() else {
            return Err(ExprError::new(self.end..self.end, "the expression stops too early")
                .help("a value is missing here"));
        };
        let kind = match token {
            Token::Int(value) => TreeKind::Int(value),
            Token::Text(value) => TreeKind::Text(value),
            Token::Money(value) => TreeKind::Money(value),
            Token::Date(value) => TreeKind::Date(value),
            Token::Percent(value) => TreeKind::Percent(value),
            Token::Days(value) => TreeKind::Days(value),
            Token::Sign("(") => {
                let inner = self.expression(0)?;
                self.expect(")")?;
                return Ok(inner);
            }
            Token::Sign("-") => return self.negative(at),
            Token::Name(name) => return self.word(name, at),
            Token::Sign(_) => return Err(unexpected(&token, at)),
        };
        Ok(Tree { at, kind })
    }

    /// `-5`, `-100 COP`, `-1%`: only literals have a sign.
    fn negative(&mut self, sign: Range<usize>) -> Result<Tree, ExprError> {
        let Some((token, at)) = self.take() else {
            return Err(ExprError::new(sign, "a number is missing after `-`"));
        };
        let kind = match token {
            Token::Int(value) => TreeKind::Int(-value),
            Token::Money(value) => TreeKind::Money(Money::new(-value.minor, value.currency)),
            Token::Percent(value) => TreeKind::Percent(-value),
            Token::Name(_) | Token::Text(_) | Token::Date(_) | Token::Days(_) | Token::Sign(_) => {
                return Err(ExprError::new(sign.start..at.end, "only numbers have a sign")
                    .help("write `0 - x` for the opposite of a whole number"));
            }
        };
        Ok(Tree { at: sign.start..at.end, kind })
    }

    fn word(&mut self, name: String, at: Range<usize>) -> Result<Tree, ExprError> {
        match name.as_str() {
            "true" | "false" => return Ok(Tree { at, kind: TreeKind::Bool(name == "true") }),
            "not" => {
                let inner = self.expression(NOT)?;
                let at = at.start..inner.at.end;
                return Ok(Tree { at, kind: TreeKind::Not(Box::new(inner)) });
            }
            "and" | "or" | "in" => return Err(unexpected(&Token::Name(name), at)),
            _ => {}
        }
        if self.at_sign("(") {
            return self.call(&name, at);
        }
        let mut end = at.end;
        let mut path = vec![Name { at: at.clone(), text: name }];
        while self.at_sign(".") {
            self.next += 1;
            match self.take() {
                Some((Token::Name(text), at)) => {
                    end = at.end;
                    path.push(Name { at, text });
                }
                Some((_, at)) => return Err(ExprError::new(at, "a field's name is missing after the dot")),
                None => return Err(ExprError::new(end..self.end, "a field's name is missing after the dot")),
            }
        }
        Ok(Tree { at: at.start..end, kind: TreeKind::Path(path) })
    }

    fn call(&mut self, name: &str, at: Range<usize>) -> Result<Tree, ExprError> {
        let Some(function) = Function::parse(name) else {
            let known = Function::ALL.map(|function| format!("`{}`", function.name())).join(", ");
            return Err(ExprError::new(at, format!("there is no function `{name}`"))
                .help(format!("the functions are {known}")));
        };
        self.next += 1;
        let (arguments, end) = self.list(")")?;
        if arguments.len() != function.arity() {
            return Err(ExprError::new(
                at.start..end,
                format!("`{name}` takes {} value(s), not {}", function.arity(), arguments.len()),
            ));
        }
        Ok(Tree { at: at.start..end, kind: TreeKind::Call(function, arguments) })
    }
}

fn unexpected(token: &Token, at: Range<usize>) -> ExprError {
    let what = match token {
        Token::Name(name) => format!("`{name}`"),
        Token::Sign(sign) => format!("`{sign}`"),
        Token::Text(_) => "a text".to_owned(),
        Token::Int(_) | Token::Percent(_) | Token::Days(_) => "a number".to_owned(),
        Token::Money(_) => "an amount".to_owned(),
        Token::Date(_) => "a date".to_owned(),
    };
    ExprError::new(at, format!("{what} does not fit here"))
}
