//! Holds back what a Gateway or ListenerSet says while only its counts move, so that a thousand routes are not a thousand writes.
//!
//! The first change is told at once. What follows is told when the counts rest, and at the latest a while after they
//! began to move again. Every count that is told is one that was true.

use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};

use dataflows::model::{Content, GatewayStatus, Key, ListenerReport, ListenerSetStatus, Task};

/// Counts that have not moved for so long are at rest. Longer with each time that they moved again, as a server that is
/// busy brings changes in bursts; with the longest the last count is still right within half a second.
const REST: (Duration, Duration) = (Duration::from_millis(100), Duration::from_millis(400));

/// Counts that go on moving are told this often, so that a thousand routes made one after the other cost a dozen writes.
const LATEST: Duration = Duration::from_secs(1);

/// After so long without a word the next change is told at once.
const CALM: Duration = Duration::from_millis(1_500);

#[derive(Debug)]
struct Said {
    status: Content,
    at: Instant,
    /// How often it has been said without calm between.
    times: u32,
}

/// What Gateways and `ListenerSets` said lately. Bounded by how many write within [`CALM`].
#[derive(Debug, Default)]
pub(super) struct Settling {
    said: HashMap<Key, Said>,
    order: VecDeque<(Instant, Key)>,
}

impl Settling {
    /// Until when a task is held, whose object began to differ at `moved`; `None` if it is told at once.
    pub(super) fn until(&mut self, key: Key, task: &Task, moved: Instant, now: Instant) -> Option<Instant> {
        self.forget(now);
        let said = self.said.get(&key)?;
        let status = counting_status(task)?;
        let rest = REST.1.min(REST.0 * said.times);
        let due = (now + rest).min(moved + LATEST);
        (differs_in_counts_alone(&said.status, status) && due > now).then_some(due)
    }

    /// Notes that a task is being told.
    pub(super) fn told(&mut self, key: Key, task: &Task, now: Instant) {
        if let Some(status) = counting_status(task) {
            self.forget(now);
            let times = self.said.get(&key).map_or(0, |said| said.times) + 1;
            self.said.insert(key, Said { status: status.clone(), at: now, times });
            self.order.push_back((now, key));
        }
    }

    fn forget(&mut self, now: Instant) {
        while let Some((at, key)) = self.order.front().copied().filter(|(at, _)| now.duration_since(*at) >= CALM) {
            self.order.pop_front();
            if self.said.get(&key).is_some_and(|said| said.at == at) {
                self.said.remove(&key);
            }
        }
    }
}

/// What a task says of listeners, each with its count.
fn counting_status(task: &Task) -> Option<&Content> {
    let content = &task.pending.action.desired()?.content;
    matches!(content, Content::GatewayStatus(_) | Content::ListenerSetStatus(_)).then_some(content)
}

/// Whether two statuses of one object say the same but for how many routes are attached.
fn differs_in_counts_alone(before: &Content, after: &Content) -> bool {
    match (before, after) {
        (Content::GatewayStatus(before), Content::GatewayStatus(after)) => {
            recounted(&before.listeners, &after.listeners)
                .is_some_and(|listeners| GatewayStatus { listeners, ..(**before).clone() } == **after)
        }
        (Content::ListenerSetStatus(before), Content::ListenerSetStatus(after)) => {
            recounted(&before.listeners, &after.listeners)
                .is_some_and(|listeners| ListenerSetStatus { listeners, ..(**before).clone() } == **after)
        }
        _ => false,
    }
}

/// What was said of listeners with the counts of now; `None` if no count has moved.
fn recounted(before: &[ListenerReport], after: &[ListenerReport]) -> Option<Vec<ListenerReport>> {
    let counts = |listeners: &[ListenerReport]| -> Vec<i64> {
        listeners.iter().map(|listener| listener.attached_routes).collect()
    };
    let now = counts(after);
    (before.len() == after.len() && counts(before) != now).then(|| {
        let recount = |(listener, attached_routes): (&ListenerReport, i64)| ListenerReport {
            attached_routes,
            ..listener.clone()
        };
        before.iter().zip(now).map(recount).collect()
    })
}

#[cfg(test)]
mod tests;
