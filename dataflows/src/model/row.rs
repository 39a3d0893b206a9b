use std::cmp::Ordering;
use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::*;

/// A value of some relation, shared and with its content hash at hand.
///
/// All collections hold this one type, so that every join and reduce of the dataflow is the same machine code, and
/// arrangements share what they hold. The order is by hash and means nothing to people: rules that choose by order
/// name the order they choose by.
#[derive(Clone, Serialize, Deserialize)]
pub struct Row {
    hash: u64,
    datum: Datum,
}

impl Row {
    /// Wraps a value of any relation.
    pub fn new<T: Relation>(value: T) -> Self {
        Self::shared(Arc::new(value))
    }

    /// Wraps a value that is shared already.
    pub fn shared<T: Relation>(value: Arc<T>) -> Self {
        // SipHash with fixed keys: equal in every process of a build, which is all that an order of rows has to be.
        let mut hasher = DefaultHasher::new();
        value.hash(&mut hasher);
        Self { hash: hasher.finish(), datum: T::wrap(value) }
    }

    /// The value, if it is one of relation `T`.
    pub fn get<T: Relation>(&self) -> Option<&Arc<T>> {
        T::unwrap(&self.datum)
    }

    /// The value with its type.
    pub const fn datum(&self) -> &Datum {
        &self.datum
    }
}

impl PartialEq for Row {
    fn eq(&self, other: &Self) -> bool {
        self.hash == other.hash && self.datum.same(&other.datum)
    }
}

impl Eq for Row {}

impl Ord for Row {
    fn cmp(&self, other: &Self) -> Ordering {
        self.hash.cmp(&other.hash).then_with(|| {
            if self.datum.identical(&other.datum) { Ordering::Equal } else { self.datum.cmp(&other.datum) }
        })
    }
}

impl PartialOrd for Row {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Hash for Row {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.hash.hash(state);
    }
}

impl fmt::Debug for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.datum.fmt(f)
    }
}

/// What the values of a collection are. Implemented by every row type of this module.
pub trait Relation: Hash + Ord + fmt::Debug + Send + Sync + 'static {
    /// The value as one of all.
    fn wrap(value: Arc<Self>) -> Datum;
    /// One of all as the value, if it is one.
    fn unwrap(datum: &Datum) -> Option<&Arc<Self>>;
}

/// Any relation at all: the type of collections that hold rows of several relations side by side.
#[derive(Clone, Copy, Debug)]
pub struct AnyRow;

macro_rules! relations {
    ($($relation:ident),* $(,)?) => {
        /// A value of one of the relations.
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
        #[allow(missing_docs)] // Each variant is the relation whose name it bears.
        pub enum Datum { $($relation(Arc<$relation>)),* }

        impl Datum {
            fn identical(&self, other: &Self) -> bool {
                match (self, other) {
                    $((Self::$relation(left), Self::$relation(right)) => Arc::ptr_eq(left, right),)*
                    _ => false,
                }
            }

            fn same(&self, other: &Self) -> bool {
                self.identical(other) || self == other
            }

            /// The name of the relation.
            pub const fn relation(&self) -> &'static str {
                match self { $(Self::$relation(_) => stringify!($relation)),* }
            }
        }

        impl fmt::Debug for Datum {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self { $(Self::$relation(value) => value.fmt(f)),* }
            }
        }

        $(impl Relation for $relation {
            fn wrap(value: Arc<Self>) -> Datum {
                Datum::$relation(value)
            }

            fn unwrap(datum: &Datum) -> Option<&Arc<Self>> {
                match datum {
                    Datum::$relation(value) => Some(value),
                    _ => None,
                }
            }
        })*
    };
}

relations! {
    Attachment, AttachPoint, BackendRef, Blocked, Claim, Class, ClassParameters, ClassStatus, ClassVerdict, Count,
    Desired, Destination, Floor, Gateway, GatewayAddress, GatewayStatus, Generation, Grant, GrantedReference, Held,
    InstancePlan, Listener, ListenerReport, ListenerState, ManagedGateway, Mesh, MeshChoice, MeshGatewayPlan, MeshHttpRoutePlan,
    NamespaceLabels, Observed, ParentCandidate, ParentRef, ParentVerdict, Pending, Refusal, ResolvedBackend,
    RouteMatches, RouteRules, RouteStatus, Rule, Serving, Shadowed, Task,
}
