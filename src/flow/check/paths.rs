//! Shortest paths through one flow, for errors that have to show how it gets there.

use crate::domain::ids::StepId;
use crate::flow::graph::{edges, title};
use crate::flow::model::{Flow, Step};
use std::collections::{BTreeSet, VecDeque};

/// The shortest way from the start to a step in which a state follows the path. `advance` gives the state behind the
/// n-th edge of a step, or `None` when the path may not go on there.
pub fn shortest<S: Clone + Ord>(
    flow: &Flow,
    start: S,
    advance: &dyn Fn(&S, &Step, usize, &str) -> Option<S>,
    found: &dyn Fn(&S, &StepId) -> bool,
    note: &dyn Fn(&S) -> String,
) -> Vec<String> {
    let mut seen = BTreeSet::from([(flow.start.clone(), start.clone())]);
    let mut open = VecDeque::from([(flow.start.clone(), start, Vec::<String>::new())]);
    while let Some((id, state, mut path)) = open.pop_front() {
        let Some(step) = flow.steps.get(&id) else { continue };
        path.push(format!("{}.{id} ({}){}", flow.id, title(step), note(&state)));
        if found(&state, &id) {
            return path;
        }
        for (nth, edge) in edges(step).into_iter().enumerate() {
            let Some(next) = advance(&state, step, nth, &edge.when) else { continue };
            if seen.insert((edge.to.clone(), next.clone())) {
                let mut path = path.clone();
                if !edge.when.is_empty()
                    && let Some(last) = path.last_mut()
                {
                    last.push_str(&format!(", {}", edge.when));
                }
                open.push_back((edge.to.clone(), next, path));
            }
        }
    }
    Vec::new()
}
