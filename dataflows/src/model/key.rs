use std::fmt;

use serde::{Deserialize, Serialize};

use super::Kind;

/// Identity of an object, or of a part of one: 128 bits of BLAKE3 hashes.
///
/// Equal on every worker and in every process, so that rows can be exchanged without a dictionary.
///
/// What belongs to an object lies side by side: the parts of a key, and what it is paired with, begin with its first half.
/// So whatever is made of routes is in one order wherever it is kept, and neighbours in that order are neighbours in memory.
/// Two objects with one key would have to be a collision of 128 bits; two parts of one object are told apart by the second
/// half alone, so a key that others may choose the parts of is not one of these, but a [`Key::hash`] of all it consists of.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Key([u64; 2]);

impl Key {
    /// The key of an object. `namespace` is empty for cluster-scoped kinds.
    pub fn of(kind: Kind, namespace: &str, name: &str) -> Self {
        Self::hash(&[kind.name().as_bytes(), namespace.as_bytes(), name.as_bytes()])
    }

    /// The key of one named part of what this key identifies, e.g. a listener of a Gateway.
    #[must_use]
    pub fn part(self, what: &str, name: &str) -> Self {
        self.beside(Self::hash(&[&self.bytes(), what.as_bytes(), name.as_bytes()]))
    }

    /// The key of one numbered part of what this key identifies, e.g. the third parentRef of a route.
    #[must_use]
    pub fn item(self, what: &str, index: u32) -> Self {
        self.beside(Self::hash(&[&self.bytes(), what.as_bytes(), &index.to_be_bytes()]))
    }

    /// The key of a pair, e.g. a route on a listener. The order of the two matters, and the pair lies beside the first.
    #[must_use]
    pub fn pair(self, other: Self) -> Self {
        self.beside(Self::hash(&[&self.bytes(), &other.bytes()]))
    }

    const fn beside(self, part: Self) -> Self {
        Self([self.0[0], part.0[1]])
    }

    /// The key of a sequence of fields. Each field is preceded by its length, so that no two sequences hash alike.
    pub fn hash(fields: &[&[u8]]) -> Self {
        // Most keys are of a few short names: one buffer on the stack, hashed in one go.
        const SHORT: usize = 256;
        let length: usize = fields.iter().map(|field| field.len() + 8).sum();
        let mut buffer = [0; SHORT];
        let digest = if length <= SHORT {
            let mut at = 0;
            for field in fields {
                buffer[at..at + 8].copy_from_slice(&(field.len() as u64).to_be_bytes());
                buffer[at + 8..at + 8 + field.len()].copy_from_slice(field);
                at += 8 + field.len();
            }
            blake3::hash(&buffer[..length])
        } else {
            let mut hasher = blake3::Hasher::new();
            for field in fields {
                hasher.update(&(field.len() as u64).to_be_bytes());
                hasher.update(field);
            }
            hasher.finalize()
        };
        let word = |at: usize| {
            let mut bytes = [0; 8];
            bytes.copy_from_slice(&digest.as_bytes()[at..at + 8]);
            u64::from_be_bytes(bytes)
        };
        Self([word(0), word(8)])
    }

    /// The sixteen bytes of the key, most significant first.
    pub fn bytes(self) -> [u8; 16] {
        (u128::from(self.0[0]) << 64 | u128::from(self.0[1])).to_be_bytes()
    }

    /// A number that says which worker rows of this key are with.
    pub const fn worker(self) -> u64 {
        self.0[1]
    }

    /// Sixteen hexadecimal digits for names that people read: half of the key of a whole object.
    pub fn short(self) -> String {
        format!("{:016x}", self.0[0])
    }

    /// The same of the half in which also the parts of one object differ.
    pub fn short_of_part(self) -> String {
        format!("{:016x}", self.0[1])
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}{:016x}", self.0[0], self.0[1])
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}-{:08x}", self.0[0] >> 32, self.0[1] >> 32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_do_not_run_into_each_other() {
        assert_ne!(Key::of(Kind::Gateway, "a-b", "c"), Key::of(Kind::Gateway, "a", "b-c"));
        assert_ne!(Key::of(Kind::Gateway, "ab", "c"), Key::of(Kind::Gateway, "a", "bc"));
        assert_ne!(Key::of(Kind::Gateway, "a", "b"), Key::of(Kind::HttpRoute, "a", "b"));
    }

    #[test]
    fn long_fields_hash_like_short_ones() {
        let long = "n".repeat(300);
        assert_ne!(Key::of(Kind::Gateway, &long, "a"), Key::of(Kind::Gateway, "a", &long));
        assert_eq!(Key::of(Kind::Gateway, &long, "a"), Key::of(Kind::Gateway, &long, "a"));
    }

    /// Names of objects in users' clusters are made of these digits.
    #[test]
    fn a_key_is_the_same_in_every_process() {
        let route = Key::of(Kind::HttpRoute, "shop", "web");
        assert_eq!(route.to_string(), "987ddaa77fce082caca7e7c861d13fb1");
        assert_eq!(route.pair(Key::of(Kind::Gateway, "infra", "edge")).to_string(), "987ddaa77fce082c99ff6867fbd1d3e7");
    }

    #[test]
    fn what_belongs_to_an_object_lies_side_by_side_and_is_told_apart() {
        let objects = ["a", "b", "c", "d"].map(|name| Key::of(Kind::HttpRoute, "shop", name));
        let of = |key: Key| [key, key.part("status", ""), key.part("status", "x"), key.item("parentRef", 0)];
        let of = |key: Key| [of(key).as_slice(), &[key.item("parentRef", 1), key.pair(objects[0])]].concat();
        let mut keys: Vec<(Key, usize)> = objects
            .iter()
            .enumerate()
            .flat_map(|(object, key)| of(*key).into_iter().map(move |key| (key, object)))
            .collect();
        keys.sort_unstable();
        let runs = keys.chunk_by(|(_, one), (_, other)| one == other).count();
        assert_eq!(runs, objects.len(), "{keys:?}");
        let different = |digits: fn(&Key) -> String| {
            keys.iter().map(|(key, _)| digits(key)).collect::<std::collections::BTreeSet<_>>().len()
        };
        assert_eq!(different(|key| key.short_of_part()), keys.len());
        assert_eq!(different(|key| format!("{key:?}")), keys.len());
        assert_eq!(different(|key| key.worker().to_string()), keys.len());
        assert_ne!(objects[0].pair(objects[1]), objects[1].pair(objects[0]));
    }
}
