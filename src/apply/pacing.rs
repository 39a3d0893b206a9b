//! How many requests may be on their way at once, from what the API server answers.

use std::time::{Duration, Instant};

use crate::observations::pause::growing;

/// Requests at once that even a struggling API server is trusted with.
const LIMIT_MIN: f64 = 4.0;

/// Requests at once at most: as many as keep a healthy API server busy from one client without starving others.
const LIMIT_MAX: f64 = 64.0;

/// Where to begin: a burst at start is carried by growth, not by hope.
const LIMIT_FIRST: f64 = 16.0;

/// How much longer an answer may take than one to a request that is alone. Past that, more requests at once only wait in
/// the API server, in front of those of others.
const STRETCH: f64 = 3.0;

/// Weights of the newest answer in what answers usually take, and take alone.
const USUAL: f64 = 1.0 / 16.0;
const ALONE: f64 = 1.0 / 8.0;

/// One cut per so long, for the requests that were sent before it all report the same trouble.
const CUT_PAUSE: Duration = Duration::from_secs(1);

const PROBE_FIRST: Duration = Duration::from_millis(200);
const PROBE_MAX: Duration = Duration::from_secs(5);

/// What an answer says about the API server rather than about the object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// It keeps up.
    Fine,
    /// It asks for less, or took too long.
    Congested,
    /// It cannot be reached.
    Unreachable,
}

/// How long an answer took.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Took {
    /// From the start of the request to its answer.
    pub time: Duration,
    /// Whether no other request was on its way when it started.
    pub alone: bool,
}

/// A change worth a line in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// It cannot be reached any more.
    Lost,
    /// It can be reached again after so long.
    Regained(Duration),
}

#[derive(Debug)]
struct Outage {
    since: Instant,
    probe_at: Instant,
    failures: u32,
}

/// The limit, raised by one per round of good answers as long as they come about as soon as to one request alone, lowered
/// by one when they do not, and halved by a bad one. So the API server is kept busy and no more, and what others ask of it
/// is answered soon. While it is away a single request at a time looks whether it is back.
#[derive(Debug)]
pub struct Pacing {
    limit: f64,
    /// What answers usually take, and take to a request that is alone, in seconds.
    usual: Option<f64>,
    alone: Option<f64>,
    in_flight: usize,
    cut_at: Option<Instant>,
    outage: Option<Outage>,
}

impl Default for Pacing {
    fn default() -> Self {
        Self { limit: LIMIT_FIRST, usual: None, alone: None, in_flight: 0, cut_at: None, outage: None }
    }
}

impl Pacing {
    /// Whether one more request may start.
    pub fn allows(&self, now: Instant) -> bool {
        match &self.outage {
            Some(outage) => self.in_flight == 0 && now >= outage.probe_at,
            None => self.in_flight < self.limit(),
        }
    }

    /// When a request may start that may not now, if time alone decides.
    pub fn opens_at(&self) -> Option<Instant> {
        self.outage.as_ref().filter(|_| self.in_flight == 0).map(|outage| outage.probe_at)
    }

    /// Requests that may be on their way at once.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // Between 4 and 64.
    pub const fn limit(&self) -> usize {
        self.limit as usize
    }

    /// Requests on their way.
    pub const fn in_flight(&self) -> usize {
        self.in_flight
    }

    /// Notes that a request starts, and says whether it is alone.
    pub const fn started(&mut self) -> bool {
        self.in_flight += 1;
        self.in_flight == 1
    }

    /// Notes that a request was not needed after all.
    pub const fn returned(&mut self) {
        self.in_flight = self.in_flight.saturating_sub(1);
    }

    /// Notes an answer.
    pub fn landed(&mut self, signal: Signal, took: Took, now: Instant) -> Option<Turn> {
        self.in_flight = self.in_flight.saturating_sub(1);
        match signal {
            Signal::Unreachable => self.unreachable(now),
            Signal::Congested => {
                self.cut(now);
                self.regained(now)
            }
            Signal::Fine => {
                self.adapt(took);
                self.regained(now)
            }
        }
    }

    fn adapt(&mut self, took: Took) {
        let time = took.time.as_secs_f64();
        let average =
            |before: Option<f64>, weight: f64| before.map_or(time, |before| before + (time - before) * weight);
        let usual = average(self.usual, USUAL);
        self.usual = Some(usual);
        if took.alone || self.alone.is_none() {
            self.alone = Some(average(self.alone, ALONE));
        }
        let is_soon = self.alone.is_none_or(|alone| usual <= alone * STRETCH);
        let step = 1.0 / self.limit;
        self.limit = (self.limit + if is_soon { step } else { -step }).clamp(LIMIT_MIN, LIMIT_MAX);
    }

    fn unreachable(&mut self, now: Instant) -> Option<Turn> {
        self.limit = LIMIT_MIN;
        match &mut self.outage {
            // Requests from before the outage report it as well; only probes say that it lasts.
            Some(outage) if now < outage.probe_at => None,
            Some(outage) => {
                outage.failures += 1;
                outage.probe_at = now + growing(PROBE_FIRST, PROBE_MAX, outage.failures);
                None
            }
            None => {
                self.outage = Some(Outage { since: now, probe_at: now + PROBE_FIRST, failures: 1 });
                Some(Turn::Lost)
            }
        }
    }

    fn regained(&mut self, now: Instant) -> Option<Turn> {
        self.outage.take().map(|outage| Turn::Regained(now.duration_since(outage.since)))
    }

    fn cut(&mut self, now: Instant) {
        if self.cut_at.is_none_or(|at| now.duration_since(at) >= CUT_PAUSE) {
            self.cut_at = Some(now);
            self.limit = (self.limit / 2.0).max(LIMIT_MIN);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn took(millis: u64) -> Took {
        Took { time: Duration::from_millis(millis), alone: false }
    }

    /// An API server that answers a request in 4 ms, 500 of them in a second however many are asked at once.
    #[test]
    fn the_limit_is_what_keeps_the_api_server_busy() {
        let (mut pacing, now) = (Pacing::default(), Instant::now());
        pacing.landed(Signal::Fine, Took { alone: true, ..took(4) }, now);
        for _ in 0..2_000 {
            let time = u64::try_from(pacing.limit()).unwrap() * 2;
            pacing.landed(Signal::Fine, took(time.max(4)), now);
        }
        assert!((5..=7).contains(&pacing.limit()), "{}", pacing.limit());
    }

    #[test]
    fn the_limit_grows_by_one_a_round_and_halves_once_per_trouble() {
        let (mut pacing, now) = (Pacing::default(), Instant::now());
        for _ in 0..17 {
            pacing.landed(Signal::Fine, took(4), now);
        }
        assert_eq!(pacing.limit(), 17);
        for _ in 0..10 {
            pacing.landed(Signal::Congested, took(4), now);
        }
        assert_eq!(pacing.limit(), 8);
        for second in 1..9 {
            pacing.landed(Signal::Congested, took(4), now + Duration::from_secs(second));
        }
        assert_eq!(pacing.limit(), 4);
        for _ in 0..10_000 {
            pacing.landed(Signal::Fine, took(4), now);
        }
        assert_eq!(pacing.limit(), 64);
    }

    #[test]
    fn an_outage_is_reported_once_and_probed_by_one_request() {
        let (mut pacing, start) = (Pacing::default(), Instant::now());
        pacing.started();
        pacing.started();
        assert_eq!(pacing.landed(Signal::Unreachable, took(4), start), Some(Turn::Lost));
        assert_eq!(pacing.landed(Signal::Unreachable, took(4), start), None);
        assert!(!pacing.allows(start));

        let later = pacing.opens_at().unwrap();
        assert!(pacing.allows(later));
        pacing.started();
        assert!(!pacing.allows(later));
        assert_eq!(pacing.landed(Signal::Unreachable, took(4), later), None);
        assert_eq!(pacing.opens_at().unwrap() - later, Duration::from_millis(400));

        pacing.started();
        let end = start + Duration::from_secs(9);
        assert_eq!(pacing.landed(Signal::Fine, took(4), end), Some(Turn::Regained(Duration::from_secs(9))));
        assert!(pacing.allows(end));
    }
}
