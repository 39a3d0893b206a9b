use std::fmt;

use super::prepare::Edit;

/// How the changes of a scenario are told to the controller. The end must always be the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// All changes of a stage in one epoch.
    AtOnce,
    /// One change per epoch, and quiet before the next.
    ObjectByObject,
    /// One change per epoch, and quiet only after the last.
    ManyEpochs,
    /// The last change first, and quiet before the next.
    Reversed,
    /// In some order and in some groups.
    Shuffled {
        /// Which order and which groups.
        seed: u64,
    },
    /// As at once, but the controller sees each of its own writes before it does the next.
    OneWriteAtATime,
    /// As at once, in a cluster where much else is going on.
    BesideNoise,
    /// As at once, and in the end each object is deleted and put back.
    PutBack,
    /// Only what is there in the end, in one epoch.
    FromTheEnd,
}

/// Some changes in one epoch, and whether the controller gets the time to become quiet after them.
pub(super) struct Batch {
    pub(super) edits: Vec<Edit>,
    pub(super) settle: bool,
}

impl Way {
    /// All ways, the one that decides what the end is first.
    pub fn all() -> Vec<Self> {
        let mut ways = vec![Self::AtOnce, Self::ObjectByObject, Self::ManyEpochs, Self::Reversed];
        ways.extend((1..=5).map(|seed| Self::Shuffled { seed }));
        ways.extend([Self::OneWriteAtATime, Self::BesideNoise, Self::PutBack, Self::FromTheEnd]);
        ways
    }

    /// Whether it can lead to the same end where the end depends on what came before.
    pub(super) const fn keeps_history(self) -> bool {
        !matches!(self, Self::PutBack | Self::FromTheEnd)
    }

    /// Tasks that are done per epoch.
    pub(super) const fn writes_per_round(self) -> usize {
        if matches!(self, Self::OneWriteAtATime) { 1 } else { usize::MAX }
    }

    /// The changes of a stage in the order and the groups of this way. What the surroundings do comes first.
    pub(super) fn batches(self, edits: &[Edit]) -> Vec<Batch> {
        let is_change = |edit: &Edit| matches!(edit, Edit::Put(_) | Edit::Delete(_) | Edit::Tamper(_));
        let (mut changes, surroundings): (Vec<Edit>, Vec<Edit>) = edits.iter().cloned().partition(is_change);
        let mut batches = vec![Batch { edits: surroundings, settle: false }];
        let single = |settle: bool| move |edit: Edit| Batch { edits: vec![edit], settle };
        match self {
            Self::ObjectByObject => batches.extend(changes.into_iter().map(single(true))),
            Self::ManyEpochs => batches.extend(changes.into_iter().map(single(false))),
            Self::Reversed => batches.extend(changes.into_iter().rev().map(single(true))),
            Self::Shuffled { seed } => {
                let mut random = Random(seed);
                for last in (1..changes.len()).rev() {
                    changes.swap(last, random.below(last + 1));
                }
                while !changes.is_empty() {
                    let count = 1 + random.below(changes.len().min(4));
                    let edits = changes.drain(..count).collect();
                    batches.push(Batch { edits, settle: random.below(2) == 0 });
                }
            }
            _ => batches.push(Batch { edits: changes, settle: false }),
        }
        batches
    }
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AtOnce => f.write_str("all at once"),
            Self::ObjectByObject => f.write_str("object by object"),
            Self::ManyEpochs => f.write_str("one change per epoch without a pause"),
            Self::Reversed => f.write_str("in reverse"),
            Self::Shuffled { seed } => write!(f, "shuffled by seed {seed}"),
            Self::OneWriteAtATime => f.write_str("one write at a time"),
            Self::BesideNoise => f.write_str("beside unrelated objects"),
            Self::PutBack => f.write_str("every object deleted and put back"),
            Self::FromTheEnd => f.write_str("only what is there in the end"),
        }
    }
}

/// Numbers that are the same on every machine: <https://prng.di.unimi.it/splitmix64.c>.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        usize::try_from(mixed % end as u64).unwrap_or_default()
    }
}
