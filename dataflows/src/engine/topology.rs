//! The shape of the running dataflow, as timely reports it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::ops::Range;

use timely::dataflow::Scope;

use crate::operators::Epoch;

/// The views of a dataflow and what flows between them, without the operators inside.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Topology {
    /// Names of the views, in the order in which they were built.
    pub views: Vec<String>,
    /// From one view to another.
    pub edges: BTreeSet<Edge>,
}

/// Rows flow from one view to another.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Edge {
    /// The view that makes the rows.
    pub from: String,
    /// The view that takes them.
    pub to: String,
}

/// A Mermaid flow chart, line by line the same for the same dataflow.
impl fmt::Display for Topology {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "flowchart LR")?;
        for view in &self.views {
            writeln!(f, "    {view}")?;
        }
        for edge in &self.edges {
            writeln!(f, "    {} --> {}", edge.from, edge.to)?;
        }
        Ok(())
    }
}

/// The views of a dataflow under construction: which operators each is made of.
///
/// Timely numbers operators in the order in which they are built, so a view is a range of numbers. A region per view
/// would tell the same and cost a third of an epoch.
pub struct Plan<'s> {
    scope: Scope<'s, Epoch>,
    views: Vec<(&'static str, Range<usize>)>,
}

impl<'s> Plan<'s> {
    pub(super) const fn new(scope: Scope<'s, Epoch>) -> Self {
        Self { scope, views: Vec::new() }
    }

    pub(super) fn views(self) -> Vec<(&'static str, Range<usize>)> {
        self.views
    }

    /// Builds a view and notes under its name which operators it is made of.
    pub(crate) fn view<R>(&mut self, name: &'static str, build: impl FnOnce() -> R) -> R {
        let start = self.scope.worker().peek_identifier();
        let built = build();
        self.views.push((name, start..self.scope.worker().peek_identifier()));
        built
    }
}

/// What the log tells of operators and channels.
#[derive(Default)]
pub(super) struct Graph {
    /// Number of each operator by its place in the dataflow.
    operators: BTreeMap<usize, usize>,
    /// From place to place.
    channels: Vec<(usize, usize)>,
    views: Vec<(&'static str, Range<usize>)>,
}

impl Graph {
    pub(super) fn operator(&mut self, id: usize, address: &[usize]) {
        if let [_, place] = address {
            self.operators.insert(*place, id);
        }
    }

    pub(super) fn channel(&mut self, scope: &[usize], source: usize, target: usize) {
        if scope.len() == 1 {
            self.channels.push((source, target));
        }
    }

    pub(super) fn plan(&mut self, views: Vec<(&'static str, Range<usize>)>) {
        self.views = views;
    }

    /// Operators between views pass rows on: an edge from view to view may lead through any number of them.
    pub(super) fn topology(&self) -> Topology {
        let view_of = |place: usize| {
            let id = self.operators.get(&place)?;
            self.views.iter().find(|(_, ids)| ids.contains(id)).map(|(name, _)| *name)
        };
        let mut next: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (source, target) in &self.channels {
            next.entry(*source).or_default().push(*target);
        }
        let mut edges = BTreeSet::new();
        for (&place, targets) in &next {
            let Some(from) = view_of(place) else { continue };
            let (mut seen, mut open) = (BTreeSet::new(), targets.clone());
            while let Some(at) = open.pop() {
                match view_of(at) {
                    Some(to) if to != from => {
                        edges.insert(Edge { from: from.to_owned(), to: to.to_owned() });
                    }
                    None if seen.insert(at) => open.extend(next.get(&at).into_iter().flatten()),
                    _ => {}
                }
            }
        }
        Topology { views: self.views.iter().map(|(name, _)| (*name).to_owned()).collect(), edges }
    }
}
