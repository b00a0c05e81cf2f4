//! `choose`: options, lists of options, and the variable that takes the answer.

use crate::domain::ids::StepId;
use crate::flow::check::names::{reserved, unknown_intents, valid_name};
use crate::flow::compile::flow::FlowCx;
use crate::flow::compile::steps::{retry, wait};
use crate::flow::compile::vars;
use crate::flow::diagnostic::{Code, Finding, suggestion};
use crate::flow::expr::types::{Known, Typed, type_name};
use crate::flow::model::{ChoiceOption, Choose, Each};
use crate::flow::source::Scalar;
use crate::flow::syntax::{ChooseSyntax, EachSyntax, KindSyntax, OptionSyntax, StepSyntax};
use crate::flow::text::fold::fold;
use crate::flow::value::Type;

/// What an `ask` may expect for `typed` to name it: values that stand out among other words.
const TYPED: [&str; 4] = ["money", "date", "past_date", "int"];

/// Compiles a `choose` step.
pub fn choose(cx: &mut FlowCx<'_, '_>, step: &StepSyntax, choose: &ChooseSyntax) -> Option<Choose> {
    let text = cx.text(&choose.text, step, "text");
    let footer = choose.footer.as_ref().map(|footer| cx.text(footer, step, "footer"));
    let goto = choose.goto.as_ref().map(|goto| cx.goto(goto, step, "goto"));
    let options: Vec<ChoiceOption> =
        choose.options.iter().map(|option| self::option(cx, step, choose, option)).collect();
    let each = match &choose.each {
        Some(each) => Some(self::each(cx, step, choose, each)?),
        None => {
            option_type(cx, choose);
            None
        }
    };
    if let Some(evidence) = &choose.evidence {
        let key = cx.key(step, "evidence");
        cx.notes.places.put(key, evidence.span);
    }
    let (retry, wait) = (retry(cx, step, choose.retry.as_ref()), wait(cx, step, choose.wait.as_ref()));
    Some(Choose {
        var: choose.var.text.clone(),
        text,
        footer,
        options,
        each,
        typed: choose.typed.iter().filter_map(|name| typed(cx, step, name)).collect(),
        use_pending_intent: choose.use_pending_intent,
        evidence: choose.evidence.as_ref().map(|name| name.text.clone()),
        accept_stale: choose.accept_stale,
        safety: choose.safety,
        below: choose.below.as_ref().map(|below| cx.goto(below, step, "below")),
        retry: retry?,
        wait: wait?,
        goto,
    })
}

/// An `ask` whose answer may be typed instead of an option.
fn typed(cx: &mut FlowCx<'_, '_>, step: &StepSyntax, name: &Scalar) -> Option<StepId> {
    let named = cx.syntax.steps.iter().find(|one| one.name.text == name.text);
    let readable = |expects: &Scalar| TYPED.contains(&expects.text.as_str());
    let fits = matches!(named.map(|one| &one.kind), Some(KindSyntax::Ask(ask)) if readable(&ask.expects));
    if named.is_some() && !fits {
        let message = format!("`{}` does not ask for something that can be told from other words", name.text);
        cx.report(
            Finding::new(Code::TypedAsk, name.span, message)
                .label("no `ask` of an amount, a day or a number")
                .help("`typed` names an `ask` step with `expects: money`, `date`, `past_date` or `int`"),
        );
        return None;
    }
    Some(cx.goto(name, step, "typed"))
}

fn option(
    cx: &mut FlowCx<'_, '_>,
    step: &StepSyntax,
    choose: &ChooseSyntax,
    option: &OptionSyntax,
) -> ChoiceOption {
    let id = option.id.as_str();
    cx.notes.findings.extend(valid_name(&option.id, "an option"));
    let key = cx.key(step, &format!("options.{id}"));
    cx.notes.places.put(key, option.id.span);
    let title = cx.text(&option.title, step, &format!("options.{id}.title"));
    let description =
        option.description.as_ref().map(|text| cx.text(text, step, &format!("options.{id}.description")));
    let when = option.when.as_ref().and_then(|when| cx.condition(when, None));
    let accepts = accepts(cx, step, option);
    cx.notes.findings.extend(unknown_intents(&option.intents));
    let intents = option.intents.iter().map(|intent| intent.text.clone()).collect();
    let goto = option_goto(cx, step, choose, option);
    let (holder, adult) = (option.holder, option.adult);
    let id = id.to_owned();
    ChoiceOption { id, title, description, when, accepts, intents, holder, adult, goto, binds: false }
}

fn accepts(cx: &mut FlowCx<'_, '_>, step: &StepSyntax, option: &OptionSyntax) -> Vec<String> {
    let mut accepts = Vec::new();
    for (n, word) in option.accepts.iter().enumerate() {
        let key = cx.key(step, &format!("options.{}.accepts.{}", option.id.text, n + 1));
        cx.notes.places.put(key, word.span);
        accepts.push(fold(&word.text));
    }
    accepts
}

fn option_goto(
    cx: &mut FlowCx<'_, '_>,
    step: &StepSyntax,
    choose: &ChooseSyntax,
    option: &OptionSyntax,
) -> Option<StepId> {
    let own =
        option.goto.as_ref().map(|goto| cx.goto(goto, step, &format!("options.{}.goto", option.id.text)));
    let shared = if choose.each.is_some() { None } else { choose.goto.as_ref() };
    if own.is_none() && shared.is_none() {
        let message = format!("option `{}` leads nowhere", option.id.text);
        let help = if choose.each.is_some() {
            "beside `each` every written option needs its own `goto`"
        } else {
            "give it a `goto`, or the whole step one for all options"
        };
        cx.report(Finding::new(Code::NoGoto, option.id.span, message).label("no `goto`").help(help));
    }
    own
}

/// The variable must hold the ids of the options.
fn option_type(cx: &mut FlowCx<'_, '_>, choose: &ChooseSyntax) {
    let Some(var) = cx.vars.get(&choose.var.text) else { return };
    let Type::Enum(members) = &var.ty else {
        let found = type_name(&var.ty);
        let ids = choose.options.iter().map(|option| option.id.as_str()).collect::<Vec<_>>().join(", ");
        let message = format!("the answer is one of ({ids}), but `{}` is {found}", choose.var.text);
        cx.report(
            Finding::new(Code::AnswerType, choose.var.span, message)
                .label(format!("this variable is {found}"))
                .help("use a new name, which then needs no declaration, or declare it as an enum of the option ids"),
        );
        return;
    };
    let wrong: Vec<Scalar> = choose
        .options
        .iter()
        .filter(|option| !members.contains(&option.id.text))
        .map(|option| option.id.clone())
        .collect();
    let members = members.clone();
    for id in wrong {
        let message = format!("`{}` cannot be `{}`", choose.var.text, id.text);
        cx.report(
            Finding::new(Code::EnumMember, id.span, message)
                .label("not one of the variable's values")
                .maybe_help(suggestion(&id.text, members.iter().map(String::as_str))),
        );
    }
}

fn each(
    cx: &mut FlowCx<'_, '_>,
    step: &StepSyntax,
    choose: &ChooseSyntax,
    each: &EachSyntax,
) -> Option<Each> {
    cx.notes.findings.extend(valid_name(&each.bind, "an element"));
    if reserved(&each.bind.text) || cx.vars.contains_key(&each.bind.text) {
        let message = format!("`{}` already means something here", each.bind.text);
        cx.report(
            Finding::new(Code::BadName, each.bind.span, message)
                .help("choose another name, for instance `o`"),
        );
    }
    let Typed { expr: list, known } = cx.expr(&each.list, None)?;
    let Type::List(of) = known.ty else {
        let message = format!("`each` needs a list, not {}", type_name(&known.ty));
        cx.report(Finding::new(Code::ExpressionType, each.list.span, message));
        return None;
    };
    let element = Known { ty: *of, label: known.label, longest: known.longest };
    let what = format!("an element of `{}`", each.list.text);
    if let Err(finding) = vars::receives(&choose.var, &element.ty, &what, &cx.vars, Code::AnswerType) {
        cx.report(*finding);
    }
    let bind = Some((each.bind.as_str(), &element));
    let title = cx.text_with(&each.title, step, "each.title", bind);
    let description =
        each.description.as_ref().map(|text| cx.text_with(text, step, "each.description", bind));
    let when = each.when.as_ref().and_then(|when| cx.condition(when, bind));
    let goto = each.goto.as_ref().map(|goto| cx.goto(goto, step, "each.goto"));
    if goto.is_none() && choose.goto.is_none() {
        let finding = Finding::new(Code::NoGoto, each.list.span, "a chosen element leads nowhere");
        cx.report(finding.label("no `goto`").help("give `each` a `goto`, or the step"));
    }
    Some(Each { list, bind: each.bind.text.clone(), title, description, when, goto, binds: false })
}
