//! The vocabulary of the views: differential's operators over [`Row`]s, each with a name.
//!
//! All of differential's generic code is instantiated here, once, over one key and one row type; the closures of the
//! views are boxed. That is what keeps the crate's build near a minute: forty stages with types and closures of their
//! own cost more than two. [`Rows`] and [`Arrangement`] give the types back: what a collection holds is known to the
//! compiler, so a view cannot join the wrong relation.

use std::marker::PhantomData;
use std::sync::Arc;

use differential_dataflow::AsCollection;
use differential_dataflow::VecCollection;
use differential_dataflow::consolidation::ConsolidatingContainerBuilder;
use differential_dataflow::operators::CountTotal;
use differential_dataflow::operators::arrange::{Arranged, TraceAgent};
use differential_dataflow::operators::join::join_traces;
use differential_dataflow::trace::implementations::{ValBuilder, ValSpine};
use timely::container::PushInto;

use crate::model::{AnyRow, Count, Key, Ref, Relation, Row};

/// The timestamp: one closed batch of changes.
pub type Epoch = u64;
/// Multiplicity of a row: plus or minus one.
pub type Diff = isize;

type Raw<'s> = VecCollection<'s, Epoch, (Key, Row), Diff>;
type Trace = TraceAgent<ValSpine<Key, Row, Epoch, Diff>>;
type RawArranged<'s> = Arranged<'s, Trace>;
type MapRow = Box<dyn Fn(Key, &Row, &mut Vec<(Key, Row)>)>;
type JoinRows = Box<dyn Fn(Key, &Row, &Row, &mut Vec<(Key, Row)>)>;
type CorrectRows = Box<dyn Fn(Key, &Row, &Row, &mut Vec<((Key, Row), Diff)>)>;
type ReduceRows = Box<dyn Fn(Key, &[(&Row, Diff)], &mut Vec<Row>)>;

/// Rows of one relation that change over epochs.
pub struct Rows<'s, T> {
    raw: Raw<'s>,
    relation: PhantomData<fn() -> T>,
}

/// Rows indexed by their key, shared by whoever joins with them.
pub struct Arrangement<'s, T> {
    raw: RawArranged<'s>,
    relation: PhantomData<fn() -> T>,
}

impl<T> Clone for Rows<'_, T> {
    fn clone(&self) -> Self {
        Self::of(self.raw.clone())
    }
}

impl<T> Clone for Arrangement<'_, T> {
    fn clone(&self) -> Self {
        Self { raw: self.raw.clone(), relation: PhantomData }
    }
}

impl<'s, T> Rows<'s, T> {
    pub(crate) const fn of(raw: Raw<'s>) -> Self {
        Self { raw, relation: PhantomData }
    }

    pub(crate) fn raw(self) -> Raw<'s> {
        self.raw
    }

    /// Forgets of which relation the rows are, so that they can stand beside others.
    pub fn any(self) -> Rows<'s, AnyRow> {
        Rows::of(self.raw)
    }

    /// Indexes the rows by key. `name` is `<rows> by <key>`.
    pub fn arrange(self, name: &str) -> Arrangement<'s, T> {
        Arrangement { raw: self.raw.arrange_by_key_named(name), relation: PhantomData }
    }

    /// Both collections, one after the other.
    #[must_use]
    pub fn concat(self, other: Self) -> Self {
        Self::of(self.raw.concat(other.raw))
    }

    /// Counts the rows per key without ever looking at a group. A key without rows has no count.
    pub fn count(self, name: &str) -> Rows<'s, Count> {
        let counts = map_keys(self.raw)
            .arrange_by_self_named(name)
            .count_total()
            .map(|(key, count)| (key, Row::new(Count { count: count as i64 })));
        Rows::of(counts)
    }
}

impl<'s, T: Relation> Rows<'s, T> {
    /// Derives any number of rows from each row.
    pub fn flat_map<U, I>(self, logic: impl Fn(Key, &Ref<T>) -> I + 'static) -> Rows<'s, U>
    where
        U: Relation,
        I: IntoIterator<Item = (Key, U)>,
    {
        Rows::of(flat_map_rows(self.raw, boxed_flat_map(logic)))
    }

    /// Keeps the values and gives each another key, several, or none.
    #[must_use]
    pub fn rekey<I: IntoIterator<Item = Key>>(self, logic: impl Fn(Key, &Ref<T>) -> I + 'static) -> Self {
        Self::of(flat_map_rows(self.raw, boxed_rekey(logic)))
    }
}

impl<'s, T> Arrangement<'s, T> {
    /// The rows again.
    pub fn rows(self) -> Rows<'s, T> {
        Rows::of(collect_rows(self.raw))
    }
}

impl<'s, T: Relation> Arrangement<'s, T> {
    /// Derives any number of rows from each row.
    pub fn flat_map<U, I>(self, logic: impl Fn(Key, &Ref<T>) -> I + 'static) -> Rows<'s, U>
    where
        U: Relation,
        I: IntoIterator<Item = (Key, U)>,
    {
        Rows::of(flat_map_arranged(self.raw, boxed_flat_map(logic)))
    }

    /// Keeps the values and gives each another key, several, or none.
    pub fn rekey<I: IntoIterator<Item = Key>>(self, logic: impl Fn(Key, &Ref<T>) -> I + 'static) -> Rows<'s, T> {
        Rows::of(flat_map_arranged(self.raw, boxed_rekey(logic)))
    }

    /// The rows that the logic makes for each pair of rows with one key.
    pub fn join<U: Relation, V: Relation, I: IntoIterator<Item = (Key, V)>>(
        self,
        other: Arrangement<'s, U>,
        logic: impl Fn(Key, &Ref<T>, &Ref<U>) -> I + 'static,
    ) -> Rows<'s, V> {
        Rows::of(join_rows(
            self.raw,
            other.raw,
            Box::new(move |key, left, right, out| {
                if let (Some(left), Some(right)) = (left.get::<T>(), right.get::<U>()) {
                    out.extend(logic(key, left, right).into_iter().map(|(key, value)| (key, Row::new(value))));
                }
            }),
        ))
    }

    /// Derives rows from all rows of each key whenever they change. The work is proportional to the group.
    pub fn group<V: Relation>(
        self,
        name: &str,
        logic: impl Fn(Key, &Group<'_>, &mut Vec<V>) + 'static,
    ) -> Arrangement<'s, V> {
        let reduced = reduce_rows(self.raw, name, boxed_reduce(logic));
        Arrangement { raw: reduced, relation: PhantomData }
    }

    /// Like [`Self::join`], with `None` for rows whose key has no row on the other side. The other side must have at
    /// most one row per key.
    pub fn left_join<U: Relation, V: Relation>(
        self,
        other: Arrangement<'s, U>,
        logic: impl Fn(Key, &Ref<T>, Option<&Ref<U>>) -> Option<(Key, V)> + 'static,
    ) -> Rows<'s, V> {
        let logic = Arc::new(logic);
        let (alone, matched, unmatched) = (logic.clone(), logic.clone(), logic);
        let alone = flat_map_arranged(
            self.raw.clone(),
            Box::new(move |key, row, out| {
                let made = row.get::<T>().and_then(|left| alone(key, left, None));
                out.extend(made.map(|(key, value)| (key, Row::new(value))));
            }),
        );
        // Each match puts the row with its partner in place of the row without one.
        let corrected = correct_rows(
            self.raw,
            other.raw,
            Box::new(move |key, left, right, out| {
                let (Some(left), Some(right)) = (left.get::<T>(), right.get::<U>()) else { return };
                let with = matched(key, left, Some(right));
                let without = unmatched(key, left, None);
                out.extend(with.map(|(key, value)| ((key, Row::new(value)), 1)));
                out.extend(without.map(|(key, value)| ((key, Row::new(value)), -1)));
            }),
        );
        Rows::of(alone.concat(corrected))
    }
}

/// The rows of one key, of whatever relations.
pub struct Group<'a>(&'a [(&'a Row, Diff)]);

impl<'a> Group<'a> {
    /// All rows of one relation, in an order that means nothing.
    pub fn all<T: Relation>(&self) -> impl Iterator<Item = &'a Ref<T>> + use<'a, T> {
        self.0.iter().filter_map(|(row, _)| row.get::<T>())
    }

    /// The row of a relation that has at most one per key.
    pub fn one<T: Relation>(&self) -> Option<&'a Ref<T>> {
        self.all::<T>().next()
    }
}

/// Puts rows of several relations side by side by key, and derives rows from each group whenever it changes.
///
/// The work is proportional to the group, so the key must be one whose groups are bounded by what one user object
/// holds, never by how many objects there are.
pub fn cogroup<'s, V: Relation>(
    name: &str,
    inputs: impl IntoIterator<Item = Rows<'s, AnyRow>>,
    logic: impl Fn(Key, &Group<'_>, &mut Vec<V>) + 'static,
) -> Arrangement<'s, V> {
    let mut inputs = inputs.into_iter().map(Rows::raw);
    let first = inputs.next().expect("a cogroup has an input");
    let together = first.concatenate(inputs);
    let reduced = reduce_rows(together.arrange_by_key_named(name), name, boxed_reduce(logic));
    Arrangement { raw: reduced, relation: PhantomData }
}

fn boxed_flat_map<T: Relation, U: Relation, I: IntoIterator<Item = (Key, U)>>(
    logic: impl Fn(Key, &Ref<T>) -> I + 'static,
) -> MapRow {
    Box::new(move |key, row, out| {
        if let Some(value) = row.get::<T>() {
            out.extend(logic(key, value).into_iter().map(|(key, value)| (key, Row::new(value))));
        }
    })
}

fn boxed_rekey<T: Relation, I: IntoIterator<Item = Key>>(logic: impl Fn(Key, &Ref<T>) -> I + 'static) -> MapRow {
    Box::new(move |key, row, out| {
        if let Some(value) = row.get::<T>() {
            out.extend(logic(key, value).into_iter().map(|key| (key, row.clone())));
        }
    })
}

fn boxed_reduce<V: Relation>(logic: impl Fn(Key, &Group<'_>, &mut Vec<V>) + 'static) -> ReduceRows {
    Box::new(move |key, group, out| {
        let mut values = Vec::new();
        logic(key, &Group(group), &mut values);
        out.extend(values.into_iter().map(Row::new));
    })
}

fn flat_map_rows(rows: Raw<'_>, logic: MapRow) -> Raw<'_> {
    let mut made = Vec::new();
    rows.flat_map(move |(key, row)| {
        logic(key, &row, &mut made);
        std::mem::take(&mut made)
    })
}

fn map_keys(rows: Raw<'_>) -> VecCollection<'_, Epoch, Key, Diff> {
    rows.map(|(key, _)| key)
}

fn collect_rows(rows: RawArranged<'_>) -> Raw<'_> {
    rows.as_collection(|key, row| (*key, row.clone()))
}

fn flat_map_arranged(rows: RawArranged<'_>, logic: MapRow) -> Raw<'_> {
    let mut made = Vec::new();
    rows.flat_map_ref(move |key, row| {
        logic(*key, row, &mut made);
        std::mem::take(&mut made)
    })
}

/// Like [`join_rows`], for logic that makes some rows and takes others back.
fn correct_rows<'s>(left: RawArranged<'s>, right: RawArranged<'s>, logic: CorrectRows) -> Raw<'s> {
    let mut made = Vec::new();
    join_traces::<_, _, _, _, ConsolidatingContainerBuilder<_>>(
        left,
        right,
        "Correct",
        move |key, left, right, time, one, other, out| {
            logic(*key, left, right, &mut made);
            for (row, diff) in made.drain(..) {
                out.push_into((row, time, diff * one * other));
            }
        },
    )
    .as_collection()
}

fn join_rows<'s>(left: RawArranged<'s>, right: RawArranged<'s>, logic: JoinRows) -> Raw<'s> {
    let mut made = Vec::new();
    left.join_core(right, move |key, left, right| {
        logic(*key, left, right, &mut made);
        std::mem::take(&mut made)
    })
}

fn reduce_rows<'s>(rows: RawArranged<'s>, name: &str, logic: ReduceRows) -> RawArranged<'s> {
    let mut made = Vec::new();
    rows.reduce_abelian::<_, ValBuilder<_, _, _, _>, ValSpine<_, _, _, _>, _, _>(
        name,
        move |key, group, out| {
            logic(*key, group, &mut made);
            made.sort_unstable();
            made.dedup();
            out.extend(made.drain(..).map(|row| (row, 1)));
        },
        |built, key, changes| {
            built.clear();
            built.extend(changes.drain(..).map(|(row, time, diff)| ((*key, row), time, diff)));
        },
    )
}
