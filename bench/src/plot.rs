//! One measure over the number of routes, a line per case.

use std::collections::BTreeMap;
use std::path::Path;

use plotters::prelude::*;

use crate::record::Figure;
use crate::results::Unreadable;

const SIZE: (u32, u32) = (960, 540);

/// Draws figures of one measure into a file.
pub(crate) fn draw(path: &Path, measure: &str, figures: &[&Figure]) -> Result<(), Unreadable> {
    drawn(path, measure, figures).map_err(|error| Unreadable::Draw(path.to_owned(), error.to_string()))
}

fn drawn(path: &Path, measure: &str, figures: &[&Figure]) -> Result<(), Box<dyn std::error::Error>> {
    let mut lines = BTreeMap::<&str, Vec<(f64, f64)>>::new();
    for figure in figures {
        lines.entry(&figure.case).or_default().push((f64::from(figure.routes), figure.value));
    }
    let sizes = figures.iter().map(|figure| f64::from(figure.routes));
    let (least, most) = (sizes.clone().fold(f64::MAX, f64::min), sizes.fold(1.0, f64::max));
    let top = figures.iter().map(|figure| figure.value).fold(1.0, f64::max) * 1.1;
    let unit = figures.first().map(|figure| figure.unit.as_str()).unwrap_or_default();
    let area = SVGBackend::new(path, SIZE).into_drawing_area();
    area.fill(&WHITE)?;
    let mut chart = ChartBuilder::on(&area)
        .caption(measure, ("sans-serif", 20))
        .margin(12)
        .x_label_area_size(36)
        .y_label_area_size(72)
        .build_cartesian_2d((least..most).log_scale(), 0.0..top)?;
    chart.configure_mesh().x_desc("routes").y_desc(unit).draw()?;
    for (at, (case, mut points)) in lines.into_iter().enumerate() {
        points.sort_by(|left, right| left.0.total_cmp(&right.0));
        let color = Palette99::pick(at).to_rgba();
        chart
            .draw_series(LineSeries::new(points, color.stroke_width(2)))?
            .label(case)
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 16, y)], color.stroke_width(2)));
    }
    let position = SeriesLabelPosition::UpperLeft;
    chart.configure_series_labels().position(position).background_style(WHITE.mix(0.8)).draw()?;
    area.present()?;
    Ok(())
}
