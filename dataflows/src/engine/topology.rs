//! The shape of the running dataflow, as timely reports it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

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

/// What the log tells of operators and channels.
#[derive(Default)]
pub(super) struct Graph {
    operators: BTreeMap<Vec<usize>, (usize, String)>,
    channels: Vec<(Vec<usize>, usize, usize)>,
}

impl Graph {
    pub(super) fn operator(&mut self, id: usize, address: Vec<usize>, name: String) {
        self.operators.insert(address, (id, name));
    }

    pub(super) fn channel(&mut self, scope: Vec<usize>, source: usize, target: usize) {
        self.channels.push((scope, source, target));
    }

    /// Regions are the operators one level below the dataflow that have operators inside. Operators beside them pass
    /// rows on: an edge from view to view may lead through any number of them.
    pub(super) fn topology(&self) -> Topology {
        let is_view = |address: &[usize]| {
            address.len() == 2 && self.operators.keys().any(|other| other.len() > 2 && other.starts_with(address))
        };
        let views: BTreeMap<usize, (usize, &str)> = self
            .operators
            .iter()
            .filter(|(address, _)| is_view(address))
            .map(|(address, (id, name))| (address[1], (*id, name.as_str())))
            .collect();
        let mut next: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (_, source, target) in self.channels.iter().filter(|(scope, ..)| scope.len() == 1) {
            next.entry(*source).or_default().push(*target);
        }
        let mut edges = BTreeSet::new();
        for (&node, (_, from)) in &views {
            let mut seen = BTreeSet::new();
            let mut open = next.get(&node).cloned().unwrap_or_default();
            while let Some(at) = open.pop() {
                if !seen.insert(at) {
                    continue;
                }
                match views.get(&at) {
                    Some((_, to)) => {
                        edges.insert(Edge { from: (*from).to_owned(), to: (*to).to_owned() });
                    }
                    None => open.extend(next.get(&at).into_iter().flatten()),
                }
            }
        }
        let mut ordered: Vec<_> = views.into_values().collect();
        ordered.sort_unstable();
        Topology { views: ordered.into_iter().map(|(_, name)| name.to_owned()).collect(), edges }
    }
}
