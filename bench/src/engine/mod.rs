//! The dataflow alone: no API server and no writes. What the cluster would answer is answered here at once.

mod edits;
mod measure;
mod world;

use crate::objects::Shape;
use crate::progress;
use crate::record::{Figure, Line, Run};
use crate::subprocess;

/// Gateways over which routes are spread; the other runs have one hot Gateway.
const GATEWAYS: u32 = 100;
const NAMESPACES: u32 = 100;

/// What the case is called in which one Gateway holds all routes.
const HOT: &str = "one hot Gateway";
const SPREAD: &str = "100 Gateways";

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Numbers of routes to measure, each in a process of its own.
    #[arg(long, value_delimiter = ',', default_value = "1000,10000,100000,1000000")]
    routes: Vec<u32>,
    /// Measures one size with so many Gateways here, instead of each size in a process of its own.
    #[arg(long, hide = true)]
    gateways: Option<u32>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), subprocess::Failed> {
    if let Some(gateways) = arguments.gateways {
        for &routes in &arguments.routes {
            let crowd = if gateways == 1 { HOT } else { SPREAD };
            measure::all(crowd, Shape { routes, gateways, namespaces: NAMESPACES });
        }
        return Ok(());
    }
    Line::Run(Run::here()).tell();
    let bar = progress::bar(arguments.routes.len() * 2);
    let mut figures = Vec::new();
    for &routes in &arguments.routes {
        for gateways in [GATEWAYS, 1] {
            bar.set_message(format!("{routes} routes on {gateways} Gateways"));
            // A process of its own starts from the same memory each time.
            let numbers = [routes.to_string(), gateways.to_string()];
            let part = ["engine", "--routes", &numbers[0], "--gateways", &numbers[1]];
            subprocess::follow(&part, |line| {
                if let Line::Figure(figure) = &line {
                    figures.push(figure.clone());
                }
                line.tell();
            })?;
            bar.inc(1);
        }
    }
    bar.finish_and_clear();
    ratios(&figures).into_iter().for_each(Figure::tell);
    Ok(())
}

/// How an edit slows down with a thousand times the routes, and on a hot Gateway: medians over medians.
fn ratios(figures: &[Figure]) -> Vec<Figure> {
    const RATIO_MAX: f64 = 1.3;
    let is_edit =
        |figure: &&Figure| figure.measure == measure::EDIT_MEDIAN && !figure.case.starts_with(measure::WORKERS);
    let medians: Vec<_> = figures.iter().filter(is_edit).collect();
    let (small, large) = (medians.iter().map(|f| f.routes).min(), medians.iter().map(|f| f.routes).max());
    let find = |case: &str, routes| medians.iter().find(|f| f.case == case && f.routes == routes);
    let mut ratios = Vec::new();
    for figure in &medians {
        if Some(figure.routes) == large
            && let Some(least) = small.filter(|small| Some(*small) != large).and_then(|small| find(&figure.case, small))
        {
            let measure = format!("median over that at {} routes", least.routes);
            let ratio = figure.value / least.value;
            ratios.push(Figure::new("M4", &figure.case, &measure, figure.routes, ratio, "×").aim(RATIO_MAX));
        }
        let other = figure.case.strip_suffix(HOT).map(|edit| format!("{edit}{SPREAD}"));
        if let Some(spread) = other.and_then(|case| find(&case, figure.routes)) {
            let ratio = figure.value / spread.value;
            let measure = "median over that on many Gateways";
            ratios.push(Figure::new("M4", &figure.case, measure, figure.routes, ratio, "×").aim(RATIO_MAX));
        }
    }
    ratios
}
