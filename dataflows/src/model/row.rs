use std::cmp::Ordering;
use std::fmt;
use std::hash::{BuildHasher, Hash, Hasher};
use std::ops::Deref;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use triomphe::Arc;

use super::{
    AttachPoint, Attachment, BackendRef, Blocked, Bundle, Certificate, CertificateUse, Claim, Class, ClassParameters,
    ClassStatus, ClassUse, ClassVerdict, CopyUse, Count, CrdVersion, Desired, Destination, Everything, Floor,
    FoundCertificate, Gateway, GatewayAddress, GatewayStatus, Generation, Grant, GrantedCertificate, GrantedReference,
    GrpcListener, Held, HostnamePlace, InstancePlan, JudgedServiceParent, LabelledSet, Listener, ListenerHostname,
    ListenerReport, ListenerSet, ListenerSetStatus, ListenerState, ManagedGateway, ManagedSet, Mesh, MeshChoice,
    MeshGatewayPlan, MeshHttpRoutePlan, MeshTcpRoutePlan, NamespaceLabels, Observed, Padded, ParentCandidate,
    ParentRef, ParentVerdict, Pending, PortConnections, Refusal, RequestsServed, ResolvedBackend, RouteConflict,
    RouteParent, RouteRules, RouteStatus, Rule, SecretCopyPlan, ServiceFloor, ServiceParent, ServiceRoutePlan,
    ServiceTcpRoutePlan, Serving, Shadowed, Task, YieldedPort,
};

/// A shared value with its content hash at hand: comparing, hashing and copying one costs the same whatever it holds.
///
/// Rows are made of such values, so that a row that holds others never looks into them. The order is by hash and means
/// nothing to people: rules that choose by order name the order they choose by.
pub struct Ref<T>(Arc<Hashed<T>>);

/// The hash lies beside the value: rows are compared by key and prefix first, so it is seldom looked at.
struct Hashed<T> {
    hash: u64,
    value: T,
}

impl<T: Hash> Ref<T> {
    /// Shares a value.
    pub fn new(value: T) -> Self {
        // A fixed seed: equal in every process of a build, which is all that an order of rows has to be.
        let hash = foldhash::quality::FixedState::with_seed(0).hash_one(&value);
        Self(Arc::new(Hashed { hash, value }))
    }
}

/// The first half of the hash of a value, by which most values are told apart.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Prefix(u32);

impl<T> Ref<T> {
    const PREFIX_SHIFT: u32 = u64::BITS - u32::BITS;

    /// The prefix of the hash. The shift leaves so many bits.
    #[allow(clippy::cast_possible_truncation)]
    fn prefix(&self) -> Prefix {
        Prefix((self.0.hash >> Self::PREFIX_SHIFT) as u32)
    }
}

impl<T: Hash> From<T> for Ref<T> {
    fn from(value: T) -> Self {
        Self::new(value)
    }
}

impl<T: Hash + Default> Default for Ref<T> {
    fn default() -> Self {
        Self::new(T::default())
    }
}

impl<T> Clone for Ref<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T> Deref for Ref<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.0.value
    }
}

impl<T: PartialEq> PartialEq for Ref<T> {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || (self.0.hash == other.0.hash && self.0.value == other.0.value)
    }
}

impl<T: Eq> Eq for Ref<T> {}

impl<T: Ord> Ord for Ref<T> {
    fn cmp(&self, other: &Self) -> Ordering {
        if Arc::ptr_eq(&self.0, &other.0) {
            return Ordering::Equal;
        }
        self.0.hash.cmp(&other.0.hash).then_with(|| self.0.value.cmp(&other.0.value))
    }
}

impl<T: Ord> PartialOrd for Ref<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<T> Hash for Ref<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.0.hash);
    }
}

impl<T: fmt::Debug> fmt::Debug for Ref<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.value.fmt(f)
    }
}

impl<T: Serialize> Serialize for Ref<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.value.serialize(serializer)
    }
}

impl<'de, T: Deserialize<'de> + Hash> Deserialize<'de> for Ref<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::deserialize(deserializer).map(Self::new)
    }
}

/// A value of some relation.
///
/// All collections hold this one type, so that every join and reduce of the dataflow is the same machine code, and
/// arrangements share what they hold.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Row(Datum);

impl Row {
    /// Wraps a value of any relation.
    pub fn new<T: Relation>(value: T) -> Self {
        Self(T::wrap(Ref::new(value)))
    }

    /// The value, if it is one of relation `T`.
    pub fn get<T: Relation>(&self) -> Option<&Ref<T>> {
        T::unwrap(&self.0)
    }

    /// The value with its type.
    pub const fn datum(&self) -> &Datum {
        &self.0
    }
}

impl fmt::Debug for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What the values of a collection are. Implemented by every row type of this module.
pub trait Relation: Hash + Ord + fmt::Debug + Send + Sync + Sized + 'static {
    /// The value as one of all.
    fn wrap(value: Ref<Self>) -> Datum;
    /// One of all as the value, if it is one.
    fn unwrap(datum: &Datum) -> Option<&Ref<Self>>;
}

/// Any relation at all: the type of collections that hold rows of several relations side by side.
#[derive(Clone, Copy, Debug)]
pub struct AnyRow;

macro_rules! relations {
    ($($relation:ident),* $(,)?) => {
        /// A value of one of the relations. The prefix takes no room, and rows can be sorted without a look at their values.
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(from = "Sent", into = "Sent")]
        #[allow(missing_docs)] // Each variant is the relation whose name it bears.
        pub enum Datum { $($relation(Prefix, Ref<$relation>)),* }

        /// A value on its way to another process, which hashes it for itself.
        #[derive(Serialize, Deserialize)]
        enum Sent { $($relation(Ref<$relation>)),* }

        impl From<Sent> for Datum {
            fn from(sent: Sent) -> Self {
                match sent { $(Sent::$relation(value) => $relation::wrap(value)),* }
            }
        }

        impl From<Datum> for Sent {
            fn from(datum: Datum) -> Self {
                match datum { $(Datum::$relation(_, value) => Self::$relation(value)),* }
            }
        }

        impl Datum {
            /// The name of the relation.
            pub const fn relation(&self) -> &'static str {
                match self { $(Self::$relation(..) => stringify!($relation)),* }
            }
        }

        impl fmt::Debug for Datum {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self { $(Self::$relation(_, value) => value.fmt(f)),* }
            }
        }

        $(impl Relation for $relation {
            fn wrap(value: Ref<Self>) -> Datum {
                Datum::$relation(value.prefix(), value)
            }

            fn unwrap(datum: &Datum) -> Option<&Ref<Self>> {
                match datum {
                    Datum::$relation(_, value) => Some(value),
                    _ => None,
                }
            }
        })*
    };
}

relations! {
    Attachment, AttachPoint, BackendRef, Blocked, Bundle, Certificate, CertificateUse, Claim, Class, ClassParameters,
    ClassStatus, ClassUse, ClassVerdict, CopyUse, Count, CrdVersion, Desired, Destination, Everything, Floor, FoundCertificate,
    Gateway, GatewayAddress, GatewayStatus, Generation, Grant, GrantedCertificate, GrantedReference, GrpcListener,
    Held, HostnamePlace, InstancePlan, JudgedServiceParent, LabelledSet, Listener, ListenerHostname, ListenerReport,
    ListenerSet, ListenerSetStatus, ListenerState, ManagedGateway, ManagedSet, Mesh, MeshChoice, MeshGatewayPlan, MeshHttpRoutePlan, MeshTcpRoutePlan,
    NamespaceLabels, Observed, Padded, ParentCandidate, ParentRef, ParentVerdict, Pending, Refusal, ResolvedBackend,
    PortConnections, RequestsServed, RouteConflict, RouteParent, RouteRules, RouteStatus, Rule, SecretCopyPlan, ServiceFloor, ServiceParent, ServiceRoutePlan, ServiceTcpRoutePlan, Serving, Shadowed, Task, YieldedPort,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Few, Text};

    #[test]
    fn rows_are_small() {
        assert_eq!(size_of::<Row>(), 16);
        assert_eq!(
            [size_of::<Ref<Count>>(), size_of::<Text>(), size_of::<Option<Text>>(), size_of::<Few<u16>>()],
            [8; 4]
        );
    }

    #[test]
    fn rows_sort_as_their_values_do_and_come_back_from_another_process_as_they_were() {
        let values: Vec<Ref<Count>> = (0..200).map(|count| Ref::new(Count { count })).collect();
        let mut rows: Vec<Row> = values.iter().map(|value| Row(Count::wrap(value.clone()))).collect();
        let (mut sorted, sent) = (values, serde_json::to_string(&rows).unwrap());
        let back: Vec<Row> = serde_json::from_str(&sent).unwrap();
        assert_eq!(back, rows);
        assert!(back.iter().zip(&rows).all(|(back, row)| back.cmp(row).is_eq()));
        rows.sort_unstable();
        sorted.sort_unstable();
        assert!(rows.iter().filter_map(Row::get::<Count>).eq(&sorted));
    }
}
