//! Everything that a figure is measured with, and the counting of what the controller did.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use kit::apiserver::{self, User};

use super::calibration::Ceiling;
use super::controller::Controller;
use super::load::Load;
use super::metrics::Metrics;
use super::observer::Observer;
use super::place::Place;
use super::trouble::Trouble;
use crate::objects::Shape;
use crate::record::Figure;

/// How long nothing must be written until a change counts as done.
const QUIET: Duration = Duration::from_secs(1);

/// Time between two looks at the controller, each of which costs it something.
const LOOK: Duration = Duration::from_millis(200);

/// Time for the controller to finish whatever it was given.
const SETTLED_MAX: Duration = Duration::from_secs(300);

/// Time for one small change to be seen.
pub(super) const SEEN_MAX: Duration = Duration::from_secs(60);

pub(crate) struct Rig {
    pub(super) place: Place,
    pub(super) load: Load,
    pub(super) observer: Observer,
    pub(super) program: PathBuf,
    pub(super) ceiling: Ceiling,
    /// The routes that surround every change.
    pub(super) shape: Shape,
}

/// A moment, with all counters as they were.
pub(super) struct Mark {
    pub(super) at: Instant,
    metrics: Metrics,
    log: Option<apiserver::Mark>,
    processor_time: Duration,
    events: u64,
}

/// What the controller did since a mark.
pub(super) struct Cost {
    /// What it counted itself.
    pub(super) metrics: Metrics,
    /// Writes, successful or not, as the API server logged them.
    pub(super) logged: Option<usize>,
    pub(super) processor_time: Duration,
    /// Events of the kinds that it writes, those of users included.
    pub(super) events: u64,
}

impl Rig {
    pub(super) fn start(&self) -> Result<Controller, Trouble> {
        Controller::start(&self.program, &self.place)
    }

    pub(super) fn mark(&self, controller: &Controller) -> Result<Mark, Trouble> {
        Ok(Mark {
            metrics: controller.metrics(),
            log: self.place.audit().map(|audit| audit.mark()).transpose()?,
            events: self.observer.events(),
            processor_time: controller.processor_time(),
            at: Instant::now(),
        })
    }

    pub(super) fn cost(&self, controller: &Controller, mark: &Mark) -> Result<Cost, Trouble> {
        let processor_time = controller.processor_time().saturating_sub(mark.processor_time);
        let metrics = controller.metrics().since(&mark.metrics);
        let log = self.place.audit().zip(mark.log).map(|(audit, mark)| audit.since(mark));
        let logged = log.map(|log| log.writes_of(User::Deltagate)).transpose()?.map(|writes| writes.len());
        Ok(Cost { metrics, logged, processor_time, events: self.observer.events() - mark.events })
    }

    /// Waits until nothing is left to write and nothing was written for a while; says when it was so first.
    pub(super) async fn settle(&self, controller: &Controller) -> Result<Instant, Trouble> {
        let begin = Instant::now();
        let (mut writes, mut since) = (f64::NAN, begin);
        while begin.elapsed() < SETTLED_MAX {
            let metrics = controller.metrics();
            let idle = metrics.sum("deltagate_pending", &[]) + metrics.sum("deltagate_writes_in_flight", &[]) == 0.0;
            let same = metrics.writes().total_cmp(&writes).is_eq();
            if !(idle && same) {
                (writes, since) = (metrics.writes(), Instant::now());
            } else if since.elapsed() >= QUIET {
                return Ok(since);
            }
            tokio::time::sleep(LOOK).await;
        }
        Err(Trouble::Late { what: "the controller does not come to rest".to_owned(), limit: SETTLED_MAX })
    }
}

impl Cost {
    /// Requests, and whether both counts of them agree.
    pub(super) fn tell_requests(&self, headline: &str, case: &str, routes: u32, target: Option<f64>) {
        let writes = self.metrics.writes();
        let figure = Figure::new(headline, case, "requests", routes, writes, "");
        Figure { target, ..figure }.tell();
        if let Some(logged) = self.logged {
            // A count of requests is far below the 2^52 that a float can hold.
            #[allow(clippy::cast_precision_loss)]
            let difference = (writes - logged as f64).abs();
            Figure::new(headline, case, "requests that only one of both counts has", routes, difference, "")
                .aim(0.0)
                .tell();
        }
        Figure::new(headline, case, "answers 409", routes, self.metrics.conflicts(), "").aim(0.0).tell();
    }

    /// Processor time per something.
    pub(super) fn tell_processor_time(
        &self,
        headline: &str,
        case: &str,
        measure: &str,
        routes: u32,
        of: u32,
    ) -> Figure {
        let millis = self.processor_time.as_secs_f64() * 1e3 / f64::from(of.max(1));
        Figure::new(headline, case, measure, routes, millis, "ms")
    }
}
