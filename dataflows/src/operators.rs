//! The vocabulary of the views: differential's operators over [`Row`]s, each with a name.
//!
//! All of differential's generic code is instantiated here, once, over one key and one row type; the closures of the
//! views are boxed. That is what keeps the crate's build near a minute: forty stages with types and closures of their
//! own cost more than two. [`Rows`] and [`Arrangement`] give the types back: what a collection holds is known to the
//! compiler, so a view cannot join the wrong relation.

mod arrange;
mod gather;
mod group;
mod inbox;
mod join;
mod split;
mod tally;

use std::marker::PhantomData;
use std::rc::Rc;

use differential_dataflow::logging::{DifferentialEventBuilder, Logger};
use differential_dataflow::operators::arrange::{Arranged, TraceAgent};
use differential_dataflow::trace::TraceReader;
use differential_dataflow::trace::implementations::ValSpine;
use timely::dataflow::{Scope, Stream};

use gather::{Logic, Part, gather, negate, unshare};
pub(crate) use split::split;

use crate::model::{AnyRow, Count, Key, Ref, Relation, Row};

/// The timestamp: one closed batch of changes.
pub type Epoch = u64;
/// How many copies of a row come (positive) or go (negative).
pub type Diff = i32;

pub(crate) type Change = ((Key, Row), Epoch, Diff);
/// Changes as they are passed on: by reference, for most of those who take them leave most of them out.
pub(crate) type Raw<'s> = Stream<'s, Epoch, Rc<Vec<Change>>>;
/// Changes that one consumer has for itself.
pub(crate) type Unshared<'s> = Stream<'s, Epoch, Vec<Change>>;
type Spine = ValSpine<Key, Row, Epoch, Diff>;
type Batch = <Spine as TraceReader>::Batch;
type Trace = TraceAgent<Spine>;
type RawArranged<'s> = Arranged<'s, Trace>;

/// Where arrangements say what they take in, if anybody listens.
fn log_of_arrangements(scope: Scope<'_, Epoch>) -> Option<Logger> {
    scope.worker().logger_for::<DifferentialEventBuilder>("differential/arrange").map(Into::into)
}

/// Rows of one relation that change over epochs, and the steps without memory that make them. Each consumer takes those
/// steps for itself; see [`Rows::shared`], and [`Rows::divide`] where most want few of the rows.
pub struct Rows<'s, T> {
    parts: Vec<Part<'s>>,
    relation: PhantomData<fn() -> T>,
}

/// Rows indexed by their key, shared by whoever joins with them.
pub struct Arrangement<'s, T> {
    raw: RawArranged<'s>,
    relation: PhantomData<fn() -> T>,
}

impl<T> Clone for Rows<'_, T> {
    fn clone(&self) -> Self {
        Self::of(self.parts.clone())
    }
}

impl<T> Clone for Arrangement<'_, T> {
    fn clone(&self) -> Self {
        Self { raw: self.raw.clone(), relation: PhantomData }
    }
}

impl<'s, T> Rows<'s, T> {
    const fn of(parts: Vec<Part<'s>>) -> Self {
        Self { parts, relation: PhantomData }
    }

    pub(crate) fn from_raw(raw: Raw<'s>) -> Self {
        Self::of(vec![Part::rows(raw)])
    }

    pub(crate) fn unshared(self, name: &str) -> Unshared<'s> {
        unshare(name, self.parts)
    }

    /// Forgets of which relation the rows are, so that they can stand beside others.
    pub fn any(self) -> Rows<'s, AnyRow> {
        Rows::of(self.parts)
    }

    /// Indexes the rows by key. `name` is `<rows> by <key>`.
    pub fn arrange(self, name: &str) -> Arrangement<'s, T> {
        Arrangement { raw: arrange::arrange(name, self.parts), relation: PhantomData }
    }

    /// The same rows, made once for all who take them: for rows with several consumers that are dear to make or have
    /// many parts.
    #[must_use]
    pub fn shared(self, name: &str) -> Self {
        Self::from_raw(gather(name, self.parts))
    }

    /// Both collections, one after the other.
    #[must_use]
    pub fn concat(self, other: Self) -> Self {
        Self::of(self.parts.into_iter().chain(other.parts).collect())
    }

    /// The rows without those of the other collection, all of which must be among them.
    #[must_use]
    pub fn minus(self, other: Self) -> Self {
        self.concat(Self::from_raw(negate("rows to take out", other.parts)))
    }

    /// Each row once, however often it is there. Counted by difference, without ever looking at a group.
    #[must_use]
    pub fn distinct(self, name: &str) -> Self {
        Self::from_raw(tally::distinct(name, self.parts))
    }

    /// Counts the rows per key without ever looking at a group. A key without rows has no count.
    pub fn count(self, name: &str) -> Rows<'s, Count> {
        Rows::from_raw(tally::count(name, self.parts))
    }

    fn then(self, logic: Logic) -> Vec<Part<'s>> {
        self.parts.into_iter().map(|part| part.then(logic.clone())).collect()
    }
}

impl<'s, T: Relation> Rows<'s, T> {
    /// Derives any number of rows from each row.
    pub fn flat_map<U, I>(self, logic: impl Fn(Key, &Ref<T>) -> I + 'static) -> Rows<'s, U>
    where
        U: Relation,
        I: IntoIterator<Item = (Key, U)>,
    {
        Rows::of(self.then(boxed_flat_map(logic)))
    }

    /// The rows that are chosen, and the others: told apart once for all who take either.
    pub fn divide(self, name: &str, chosen: impl Fn(&Ref<T>) -> bool + 'static) -> (Self, Self) {
        let chosen = move |row: &Row| row.get::<T>().is_some_and(&chosen);
        let [those, others] = split::divide(name, self.parts, chosen);
        (Self::from_raw(those), Self::from_raw(others))
    }

    /// Keeps the values and gives each another key, several, or none.
    #[must_use]
    pub fn rekey<I: IntoIterator<Item = Key>>(self, logic: impl Fn(Key, &Ref<T>) -> I + 'static) -> Self {
        Self::of(self.then(boxed_rekey(logic)))
    }
}

impl<'s, T> Arrangement<'s, T> {
    /// The rows again.
    pub fn rows(self) -> Rows<'s, T> {
        Rows::of(vec![Part::arranged(self.raw)])
    }

    /// Derives rows from all rows of each key whenever they change. The work is proportional to the group.
    pub fn group<V: Relation>(self, name: &str, logic: impl Fn(Key, &Group<'_>, &mut Vec<V>) + 'static) -> Rows<'s, V> {
        Rows::from_raw(group::group_arranged(name, self.raw, boxed_group(logic)))
    }
}

impl<'s, T: Relation> Arrangement<'s, T> {
    /// Derives any number of rows from each row.
    pub fn flat_map<U, I>(self, logic: impl Fn(Key, &Ref<T>) -> I + 'static) -> Rows<'s, U>
    where
        U: Relation,
        I: IntoIterator<Item = (Key, U)>,
    {
        self.rows().flat_map(logic)
    }

    /// Keeps the values and gives each another key, several, or none.
    pub fn rekey<I: IntoIterator<Item = Key>>(self, logic: impl Fn(Key, &Ref<T>) -> I + 'static) -> Rows<'s, T> {
        self.rows().rekey(logic)
    }

    /// The rows that the logic makes for each pair of rows with one key.
    pub fn join<U: Relation, V: Relation, I: IntoIterator<Item = (Key, V)>>(
        self,
        other: Arrangement<'s, U>,
        logic: impl Fn(Key, &Ref<T>, &Ref<U>) -> I + 'static,
    ) -> Rows<'s, V> {
        Rows::from_raw(join::join(
            self.raw,
            other.raw,
            "join",
            Box::new(move |key, left, right, out| {
                if let (Some(left), Some(right)) = (left.get::<T>(), right.get::<U>()) {
                    out.extend(logic(key, left, right).into_iter().map(|(key, value)| ((key, Row::new(value)), 1)));
                }
            }),
        ))
    }

    /// Like [`Self::join`], with `None` for rows whose key has no row on the other side. The other side must have at
    /// most one row per key.
    pub fn left_join<U: Relation, V: Relation>(
        self,
        other: Arrangement<'s, U>,
        logic: impl Fn(Key, &Ref<T>, Option<&Ref<U>>) -> Option<(Key, V)> + 'static,
    ) -> Rows<'s, V> {
        let logic = Rc::new(logic);
        let (alone, matched, unmatched) = (logic.clone(), logic.clone(), logic);
        let alone = self.clone().rows().flat_map(move |key, left| alone(key, left, None));
        // Each match puts the row with its partner in place of the row without one.
        let corrected = join::join(
            self.raw,
            other.raw,
            "correct",
            Box::new(move |key, left, right, out| {
                let (Some(left), Some(right)) = (left.get::<T>(), right.get::<U>()) else { return };
                let with = matched(key, left, Some(right));
                let without = unmatched(key, left, None);
                out.extend(with.map(|(key, value)| ((key, Row::new(value)), 1)));
                out.extend(without.map(|(key, value)| ((key, Row::new(value)), -1)));
            }),
        );
        alone.concat(Rows::from_raw(corrected))
    }
}

impl<'s, T: Relation> Arrangement<'s, T> {
    /// The rows by another key, each of them with what the logic makes of it and its partner in its place, if it makes
    /// anything. Rows that nothing is made of are not copied. The other side must have at most one row per key.
    pub fn overlay<U: Relation>(
        self,
        other: Arrangement<'s, U>,
        key: impl Fn(&T) -> Key + 'static,
        logic: impl Fn(&T, &U) -> Option<T> + 'static,
    ) -> Rows<'s, T> {
        let key = Rc::new(key);
        let key_of = key.clone();
        let plain = self.clone().rows().rekey(move |_, row| Some(key_of(row)));
        let corrected = join::join(
            self.raw,
            other.raw,
            "correct",
            Box::new(move |_, left, right, out| {
                let (Some(row), Some(partner)) = (left.get::<T>(), right.get::<U>()) else { return };
                if let Some(made) = logic(row, partner) {
                    out.push(((key(&made), Row::new(made)), 1));
                    out.push(((key(row), left.clone()), -1));
                }
            }),
        );
        plain.concat(Rows::from_raw(corrected))
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

impl<'s> Arrangement<'s, AnyRow> {
    /// The rows of one of the relations. The others are passed over where they are met.
    pub fn of<T: Relation>(self) -> Arrangement<'s, T> {
        Arrangement { raw: self.raw, relation: PhantomData }
    }
}

/// Indexes rows of several relations side by side by key.
pub fn together<'s>(name: &str, inputs: impl IntoIterator<Item = Rows<'s, AnyRow>>) -> Arrangement<'s, AnyRow> {
    let rows: Rows<'s, AnyRow> = Rows::of(inputs.into_iter().flat_map(|input| input.parts).collect());
    rows.arrange(name)
}

/// Puts rows of several relations side by side by key, and derives rows from each group whenever it changes.
///
/// The work is proportional to the group, so the key must be one whose groups are bounded by what one user object
/// holds, never by how many objects there are.
pub fn cogroup<'s, V: Relation>(
    name: &str,
    inputs: impl IntoIterator<Item = Rows<'s, AnyRow>>,
    logic: impl Fn(Key, &Group<'_>, &mut Vec<V>) + 'static,
) -> Rows<'s, V> {
    let parts = inputs.into_iter().flat_map(|input| input.parts).collect();
    Rows::from_raw(group::group_parts(name, parts, boxed_group(logic)))
}

fn boxed_flat_map<T: Relation, U: Relation, I: IntoIterator<Item = (Key, U)>>(
    logic: impl Fn(Key, &Ref<T>) -> I + 'static,
) -> Logic {
    Rc::new(move |key, row, out| {
        if let Some(value) = row.get::<T>() {
            out.extend(logic(key, value).into_iter().map(|(key, value)| (key, Row::new(value))));
        }
    })
}

fn boxed_rekey<T: Relation, I: IntoIterator<Item = Key>>(logic: impl Fn(Key, &Ref<T>) -> I + 'static) -> Logic {
    Rc::new(move |key, row, out| {
        if let Some(value) = row.get::<T>() {
            out.extend(logic(key, value).into_iter().map(|key| (key, row.clone())));
        }
    })
}

fn boxed_group<V: Relation>(logic: impl Fn(Key, &Group<'_>, &mut Vec<V>) + 'static) -> group::GroupLogic {
    Box::new(move |key, group, out| {
        let mut values = Vec::new();
        logic(key, &Group(group), &mut values);
        out.extend(values.into_iter().map(Row::new));
    })
}
