//! How many requests may be on their way at once, from what the API server answers.

use std::time::{Duration, Instant};

use super::lines::Lane;
use crate::observations::pause::growing;

/// Requests at once that even a struggling API server is trusted with.
const LIMIT_MIN: f64 = 4.0;

/// Requests at once at most: as many as keep a healthy API server busy from one client without starving others.
const LIMIT_MAX: f64 = 64.0;

/// Where to begin: a burst at start is carried by growth, not by hope.
const LIMIT_FIRST: f64 = 16.0;

/// Requests at once that do not crowd the API server: one change is the object and the status of a route.
const FEW: usize = 2;

/// How much longer an answer may take than one to a request that is one of few. Past that, more requests at once only
/// wait in the API server, in front of those of others.
const STRETCH: f64 = 3.0;

/// Weights of the newest answer in what answers usually take, and take to one of few.
const USUAL: f64 = 1.0 / 16.0;
const UNCROWDED: f64 = 1.0 / 8.0;

/// Answers to one of few after which it is known what those take. Until then the limit stays where it began.
const KNOWN: u32 = 8;

/// By how much one answer lowers the limit at most: late answers are of a time with a higher limit.
const STEP_DOWN_MAX: f64 = 0.5;

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

/// The start of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Start {
    at: Instant,
    /// How many requests had started in a crowd before; `None` if this one does.
    crowds: Option<u64>,
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

/// The limit, raised by one per round of good answers as long as they come about as soon as to one of few, lowered by one when they do not, and halved by a bad one. So the API server is kept busy and no more, and what others ask of it
/// is answered soon. While it is away a single request at a time looks whether it is back.
#[derive(Debug)]
pub struct Pacing {
    limit: f64,
    /// What answers usually take, and take to one of few, in seconds.
    usual: Option<f64>,
    uncrowded: Option<f64>,
    /// How many answers to one of few there were.
    known: u32,
    in_flight: usize,
    /// Requests that started in a crowd.
    crowds: u64,
    cut_at: Option<Instant>,
    outage: Option<Outage>,
}

impl Default for Pacing {
    fn default() -> Self {
        let (usual, uncrowded, cut_at, outage) = Default::default();
        Self { limit: LIMIT_FIRST, usual, uncrowded, known: 0, in_flight: 0, crowds: 0, cut_at, outage }
    }
}

impl Pacing {
    /// Whether one more request may start. There is always room for what few users wait for.
    pub fn allows(&self, lane: Lane, now: Instant) -> bool {
        let room = match lane {
            Lane::Interactive => FEW,
            Lane::Bulk => 0,
        };
        match &self.outage {
            Some(outage) => self.in_flight == 0 && now >= outage.probe_at,
            None => self.in_flight < self.limit() + room,
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

    /// Notes that a request starts.
    pub const fn started(&mut self, now: Instant) -> Start {
        self.in_flight += 1;
        let crowded = self.in_flight > FEW;
        if crowded {
            self.crowds += 1;
        }
        Start { at: now, crowds: if crowded { None } else { Some(self.crowds) } }
    }

    /// Notes that a request was not needed after all.
    pub const fn returned(&mut self) {
        self.in_flight = self.in_flight.saturating_sub(1);
    }

    /// Notes an answer.
    pub fn landed(&mut self, signal: Signal, start: Start, now: Instant) -> Option<Turn> {
        self.in_flight = self.in_flight.saturating_sub(1);
        match signal {
            Signal::Unreachable => self.unreachable(now),
            Signal::Congested => {
                self.cut(now);
                self.regained(now)
            }
            Signal::Fine => {
                self.adapt(start, now);
                self.regained(now)
            }
        }
    }

    fn adapt(&mut self, start: Start, now: Instant) {
        let time = now.duration_since(start.at).as_secs_f64();
        let average =
            |before: Option<f64>, weight: f64| before.map_or(time, |before| before + (time - before) * weight);
        let usual = average(self.usual, USUAL);
        self.usual = Some(usual);
        if start.crowds == Some(self.crowds) {
            self.uncrowded = Some(average(self.uncrowded, UNCROWDED));
            self.known = self.known.saturating_add(1);
        }
        let Some(uncrowded) = self.uncrowded.filter(|_| self.known >= KNOWN) else { return };
        let share = uncrowded * STRETCH / usual;
        let is_used = self.in_flight + 1 >= self.limit();
        let step = match share {
            ..1.0 => (share - 1.0).max(-STEP_DOWN_MAX),
            _ if is_used => 1.0 / self.limit,
            // Nobody knows what more would do.
            _ => 0.0,
        };
        self.limit = (self.limit + step).clamp(LIMIT_MIN, LIMIT_MAX);
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

    /// Answers that come so many milliseconds after the start of a request, each.
    fn answer(pacing: &mut Pacing, signal: Signal, millis: u64, at: Instant) -> Option<Turn> {
        let start = pacing.started(at);
        pacing.landed(signal, start, at + Duration::from_millis(millis))
    }

    /// An API server that answers a request in 4 ms, 500 of them in a second however many are asked at once.
    fn busy(pacing: &mut Pacing, now: Instant, rounds: usize) {
        for _ in 0..rounds {
            let starts: Vec<Start> = (0..pacing.limit()).map(|_| pacing.started(now)).collect();
            let time = Duration::from_millis((starts.len() as u64 * 2).max(4));
            for start in starts {
                pacing.landed(Signal::Fine, start, now + time);
            }
        }
    }

    fn known(pacing: &mut Pacing, now: Instant) {
        for _ in 0..KNOWN {
            answer(pacing, Signal::Fine, 4, now);
        }
    }

    /// An API server that is never too busy.
    fn idle(pacing: &mut Pacing, now: Instant, rounds: usize) {
        for _ in 0..rounds {
            let starts: Vec<Start> = (0..pacing.limit()).map(|_| pacing.started(now)).collect();
            for start in starts {
                pacing.landed(Signal::Fine, start, now + Duration::from_millis(4));
            }
        }
    }

    #[test]
    fn the_limit_is_what_keeps_the_api_server_busy() {
        let (mut pacing, now) = (Pacing::default(), Instant::now());
        known(&mut pacing, now);
        busy(&mut pacing, now, 300);
        assert!((5..=7).contains(&pacing.limit()), "{}", pacing.limit());
    }

    #[test]
    fn what_is_answered_in_a_crowd_does_not_count_as_what_one_of_few_takes() {
        let (mut pacing, now) = (Pacing::default(), Instant::now());
        known(&mut pacing, now);
        let first = pacing.started(now);
        let others: Vec<Start> = (0..3).map(|_| pacing.started(now)).collect();
        for start in others.into_iter().chain([first]) {
            pacing.landed(Signal::Fine, start, now + Duration::from_secs(1));
        }
        assert_eq!(pacing.uncrowded, Some(0.004));
        let pair = [pacing.started(now), pacing.started(now)];
        for start in pair {
            pacing.landed(Signal::Fine, start, now + Duration::from_millis(12));
        }
        assert!(pacing.uncrowded > Some(0.005), "two at once are few");
    }

    #[test]
    fn nothing_is_judged_before_it_is_known_what_few_take() {
        let (mut pacing, now) = (Pacing::default(), Instant::now());
        busy(&mut pacing, now, 300);
        assert_eq!(pacing.limit(), 16);
    }

    #[test]
    fn a_limit_that_is_not_used_stays_and_one_that_is_too_high_falls_at_once() {
        let (mut pacing, now) = (Pacing::default(), Instant::now());
        for _ in 0..1_000 {
            answer(&mut pacing, Signal::Fine, 4, now);
        }
        assert_eq!(pacing.limit(), 16);
        busy(&mut pacing, now, 4);
        assert!(pacing.limit() < 9, "{}", pacing.limit());
    }

    #[test]
    fn users_find_room_beside_the_bulk() {
        let (mut pacing, now) = (Pacing::default(), Instant::now());
        while pacing.allows(Lane::Bulk, now) {
            pacing.started(now);
        }
        assert_eq!(pacing.in_flight(), pacing.limit());
        while pacing.allows(Lane::Interactive, now) {
            pacing.started(now);
        }
        assert_eq!(pacing.in_flight(), pacing.limit() + 2);
    }

    #[test]
    fn the_limit_grows_by_one_a_round_and_halves_once_per_trouble() {
        let (mut pacing, now) = (Pacing::default(), Instant::now());
        known(&mut pacing, now);
        idle(&mut pacing, now, 40);
        assert!(pacing.limit() > 16, "{}", pacing.limit());
        pacing.limit = 17.0;
        for _ in 0..10 {
            answer(&mut pacing, Signal::Congested, 4, now);
        }
        assert_eq!(pacing.limit(), 8);
        for second in 1..9 {
            answer(&mut pacing, Signal::Congested, 4, now + Duration::from_secs(second));
        }
        assert_eq!(pacing.limit(), 4);
        idle(&mut pacing, now, 4_000);
        assert_eq!(pacing.limit(), 64);
    }

    #[test]
    fn an_outage_is_reported_once_and_probed_by_one_request() {
        let (mut pacing, begin) = (Pacing::default(), Instant::now());
        let [first, second] = [pacing.started(begin), pacing.started(begin)];
        assert_eq!(pacing.landed(Signal::Unreachable, first, begin), Some(Turn::Lost));
        assert_eq!(pacing.landed(Signal::Unreachable, second, begin), None);
        assert!(!pacing.allows(Lane::Interactive, begin));

        let later = pacing.opens_at().unwrap();
        assert!(pacing.allows(Lane::Interactive, later));
        let probe = pacing.started(later);
        assert!(!pacing.allows(Lane::Interactive, later));
        assert_eq!(pacing.landed(Signal::Unreachable, probe, later), None);
        assert_eq!(pacing.opens_at().unwrap() - later, Duration::from_millis(400));

        let end = begin + Duration::from_secs(9);
        let probe = pacing.started(end);
        assert_eq!(pacing.landed(Signal::Fine, probe, end), Some(Turn::Regained(Duration::from_secs(9))));
        assert!(pacing.allows(Lane::Bulk, end));
    }
}
